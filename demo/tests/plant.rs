//! The canary of the desync test: a flipped bit in one player's game is found at its tick.

use std::collections::BTreeSet;

use phalanx::duel::Duel;
use phalanx::skirmish::Skirmish;
use phalanx_engine::{Simulation, Slot, Tick, TickRate};
use phalanx_netcode::testing::{Plant, Preset, Scenario, World};

/// Plants into every top-level field of `game`'s state that has a leaf; there are `fields` of them.
fn is_found_in_every_field<S: Simulation + Default>(rate: TickRate, fields: u64) {
    let net = Preset::Wifi.conditions();
    let mut hit = BTreeSet::new();
    for seed in 0..100 {
        let tick = Tick(60 + seed * 4);
        let slot = Slot(u8::from(seed % 3 == 0));
        let plant = Some(Plant { slot, tick, seed });
        let scenario = Scenario {
            up: net,
            down: net,
            seed,
            plant,
            rate,
            ticks: 1200,
            ..Scenario::default()
        };
        let mut world = World::new(&scenario, S::default)
            .expect("a scenario within limits")
            .stop_at_desync();
        world.run_bots();
        assert_eq!(world.report().desync, Some(tick), "seed {seed}");
        let timeline = world.client(slot).timeline().expect("it plays");
        let planted = timeline.simulation().field().expect("it is planted");
        assert_eq!(planted, seed % fields, "seed {seed}");
        hit.insert(planted);
    }
    assert_eq!(hit.len() as u64, fields, "every top-level field was hit");
}

#[test]
fn a_flipped_bit_is_found_at_its_tick_whatever_the_field() {
    is_found_in_every_field::<Duel>(TickRate::hz(60), 4);
}

#[test]
fn a_flipped_bit_of_a_table_is_found_at_its_tick() {
    is_found_in_every_field::<Skirmish>(TickRate::hz(20), 6);
}

#[test]
fn without_a_fault_nothing_is_found() {
    let net = Preset::Awful.conditions();
    for players in [2, 5, 8] {
        let scenario = Scenario {
            up: net,
            down: net,
            players,
            ticks: 1800,
            ..Scenario::default()
        };
        let mut world = World::new(&scenario, Duel::default).unwrap();
        world.run_bots();
        let report = world.report();
        assert_eq!(
            (report.desync, report.agreed_ticks),
            (None, 1800),
            "{players} players"
        );
    }
}
