//! Golden checksums of matches between bots. They are the same on every machine and in every
//! profile; they change only when the rules, the bots or the canonical encoding do.
//!
//! After a change of the rules that is meant, raise `Duel::VERSION`, run this test and copy the
//! checksums that it prints.

use phalanx::duel::Duel;
use phalanx_engine::{Digest, Setup, Simulation, SyncTest, TickRate};

/// One minute.
const TICKS: u64 = 3600;

fn checksum(seed: u64, slots: u8) -> Digest {
    let rate = TickRate::hz(60);
    let test = SyncTest::new(Duel, Setup { seed, slots, rate }).rewind(1);
    let report = test.run(TICKS, |_, slot, arena| Duel.bot(arena, slot));
    report.expect("a deterministic match").checksum
}

#[test]
fn matches_between_bots_are_golden() {
    let checksums = [(1, 2), (2, 4), (3, 8)].map(|(seed, slots)| checksum(seed, slots));
    let golden = [
        Digest(0x48db_fcef_7a02_1fc4),
        Digest(0x0c65_91c8_ed4c_1c72),
        Digest(0x6a51_4c7f_9f6a_1034),
    ];
    assert_eq!(checksums, golden);
}
