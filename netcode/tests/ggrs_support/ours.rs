//! The same match in our own session, in the virtual world.

use core::time::Duration;

use phalanx_engine::{Digest, Simulation, Slot, Tick};
use phalanx_netcode::testing::{LinkConditions, Scenario, World};
use phalanx_netcode::{LatePolicy, Time};

/// A scenario over links that take `ticks` ticks each, up and down.
pub fn over_ticks(ticks: u64) -> Scenario {
    let period = Scenario::default().rate.period_nanos();
    let net = LinkConditions::constant(Duration::from_nanos(ticks * period));
    Scenario {
        up: net,
        down: net,
        ..Scenario::default()
    }
}

/// Makes the inputs of `scenario` a function of slot and tick alone: nobody is ever given up.
pub fn waiting(scenario: Scenario) -> Scenario {
    let mut rules = scenario.rules;
    rules.policy = LatePolicy::Wait { bound_ms: 30_000 };
    Scenario { rules, ..scenario }
}

/// Plays a scenario to its end; returns every client's checksum of every confirmed tick.
pub fn checksums<S: Simulation>(
    world: &mut World<S>,
    scenario: &Scenario,
    script: impl Fn(Slot, Tick) -> S::Input,
) -> Vec<Vec<Digest>> {
    let mut all = vec![Vec::new(); scenario.players.into()];
    let mut until = Time::ZERO;
    // A timeline keeps 256 ticks behind the confirmed one: read it once a second.
    while !world.relay().is_finished() {
        until += Duration::from_secs(1);
        assert!(until < Time::from_nanos(600_000_000_000), "it is stuck");
        world.run_until(until, |slot, tick, _| Some(script(slot, tick)));
        for (slot, checksums) in Slot::all(scenario.players).zip(&mut all) {
            let Some(timeline) = world.client(slot).timeline() else {
                continue;
            };
            for tick in Tick(checksums.len() as u64).until(timeline.confirmed()) {
                checksums.push(timeline.digest(tick).expect("it is confirmed and kept"));
            }
        }
    }
    all
}
