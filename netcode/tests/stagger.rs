//! Whole matches over ways that lose: inputs are sent twice where that helps, and only there.
#![expect(clippy::unwrap_used, reason = "a test")]

use core::time::Duration;

use phalanx_engine::Slot;
use phalanx_netcode::testing::{LinkConditions, Mixer, Scenario, World};

const TICKS: u64 = 7200;

/// Datagrams that a client sends for ten ticks, and bytes in a second, over a way that loses so much of
/// the time in bursts of such a length.
fn sent(loss_per_10k: u32, burst_ms: u64) -> (u64, u64) {
    let down = LinkConditions {
        jitter: Duration::from_millis(2),
        ..LinkConditions::constant(Duration::from_millis(30))
    };
    let up = LinkConditions {
        loss_per_10k,
        loss_burst: Duration::from_millis(burst_ms),
        ..down
    };
    let scenario = Scenario {
        ticks: TICKS,
        up,
        down,
        ..Scenario::default()
    };
    let mut world = World::new(&scenario, || Mixer).unwrap();
    world.run_bots();
    assert_eq!(world.report().desync, None);
    assert_eq!(world.report().agreed_ticks, TICKS);
    let (network, up, _) = world.network(Slot(0));
    let datagrams = network.counters(up).sent * 10 / TICKS;
    (datagrams, world.report().bytes_up_per_s)
}

#[test]
fn single_losses_are_answered_and_bursts_are_not() {
    let (kind, bytes) = sent(0, 1);
    assert!((10..=11).contains(&kind), "{kind} of a kind way");
    let (single, more) = sent(300, 1);
    assert!(
        (18..=21).contains(&single),
        "{single}, each loss for itself"
    );
    // Votes are most of a datagram, and are not sent twice.
    assert!(more * 2 < bytes * 3, "{more} bytes instead of {bytes}");
    let (bursts, _) = sent(300, 50);
    assert!((10..=12).contains(&bursts), "{bursts}, in bursts of 50 ms");
}
