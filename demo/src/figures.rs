//! What clients in real time came to, as the virtual world's [`Report`].

use core::time::Duration;

use phalanx_engine::{Simulation, Tick};
use phalanx_netcode::testing::Report;
use phalanx_netcode::{Client, Histogram};

/// The figures that `clients` have themselves; everything before `agreed` was agreed. What only a
/// relay or the network knows is left zero.
pub(crate) fn figures<S: Simulation>(clients: &[&Client<S>], agreed: Tick) -> Report {
    let timelines = || clients.iter().filter_map(|client| client.timeline());
    let stats: Vec<_> = clients.iter().map(|client| client.stats()).collect();
    let checksum = agreed.previous().and_then(|tick| {
        let digest = timelines().find_map(|timeline| timeline.digest(tick));
        digest.map(|digest| (tick, digest))
    });
    let mut latency = Histogram::default();
    stats
        .iter()
        .for_each(|stats| latency.merge(&stats.input_latency_ms));
    let deepest = stats
        .iter()
        .map(|stats| stats.timeline.rollback_depth_max)
        .max();
    let commands = stats.iter().map(|stats| stats.timeline.commands).max();
    let changes = stats.iter().map(|stats| stats.timeline.input_changes).max();
    Report {
        ticks: timelines()
            .map(|timeline| timeline.next().0)
            .min()
            .unwrap_or(0),
        confirmed_ticks: timelines()
            .map(|timeline| timeline.confirmed().0)
            .min()
            .unwrap_or(0),
        agreed_ticks: agreed.0,
        checksum,
        desync: None,
        rollbacks: stats.iter().map(|stats| stats.timeline.rollbacks).sum(),
        rollback_depth_max: deepest.unwrap_or(0),
        resimulated_ticks: stats
            .iter()
            .map(|stats| stats.timeline.resimulated_ticks)
            .sum(),
        stalls: stats.iter().map(|stats| stats.stalls).sum(),
        late_inputs: 0,
        slots: Vec::new(),
        input_changes: changes.unwrap_or(0),
        commands: commands.unwrap_or(0),
        bytes_up_per_s: 0,
        bytes_down_per_s: 0,
        input_latency_ms: latency,
        played: Duration::ZERO,
    }
}

/// `bytes` of `clients` clients together, per client and second of `played`; 0 if nothing was.
pub(crate) fn per_second(bytes: u64, clients: u64, played: Duration) -> u64 {
    let millis = u64::try_from(played.as_millis()).unwrap_or(u64::MAX);
    let second = bytes.saturating_mul(1000).checked_div(millis);
    second.unwrap_or(0) / clients.max(1)
}
