//! Snapshots of worlds that nobody played, for the tests of a relay, which cannot play them either.

use phalanx_engine::{Digest, GameIdentity, Setup, Snapshot, Tick, TickRate, mix};

use super::shelf::Accepted;
use crate::snapshot::pack;
use crate::testing::Mixer;
use crate::wire::SnapshotId;

/// A world of so many bytes, drawn from `seed`; the first 8 are the tick's.
pub(super) fn world(tick: u64, bytes: usize, seed: u64) -> Snapshot {
    let game = GameIdentity::of(&Mixer);
    let setup = Setup::new(seed, 3, TickRate::hz(60));
    let mut world = tick.to_le_bytes().to_vec();
    world.extend((0..bytes as u64 / 8).flat_map(|at| mix(at ^ (seed << 40)).to_le_bytes()));
    Snapshot {
        inputs: vec![0; 3 * usize::try_from(game.input_bytes).unwrap()],
        game,
        setup,
        tick: Tick(tick),
        checksum: Digest(tick),
        chained: Digest(seed),
        missing: vec![0; 3],
        world,
        marks: Vec::new(),
    }
}

pub(super) fn accepted(snapshot: &Snapshot) -> Accepted {
    Accepted {
        tick: snapshot.tick,
        hash: snapshot.hash(),
        packed: pack(snapshot, None).unwrap().into(),
    }
}

pub(super) fn id(snapshot: &Snapshot) -> SnapshotId {
    let (tick, hash) = (snapshot.tick, snapshot.hash());
    SnapshotId { tick, hash }
}
