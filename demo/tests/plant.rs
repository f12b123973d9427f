//! The canary of the desync test: a flipped bit in one player's duel is found at its tick.

use std::collections::BTreeSet;

use phalanx::duel::Duel;
use phalanx_engine::{Slot, Tick};
use phalanx_netcode::testing::{Plant, Preset, Scenario, World};

/// `Arena` has this many top-level fields.
const FIELDS: u64 = 4;

#[test]
fn a_flipped_bit_is_found_at_its_tick_whatever_the_field() {
    let net = Preset::Wifi.conditions();
    let mut fields = BTreeSet::new();
    for seed in 0..100 {
        let tick = Tick(60 + seed * 4);
        let slot = Slot(u8::from(seed % 3 == 0));
        let plant = Some(Plant { slot, tick, seed });
        let scenario = Scenario {
            up: net,
            down: net,
            seed,
            plant,
            ticks: 1200,
            ..Scenario::default()
        };
        let mut world = World::new(&scenario, Duel::default)
            .unwrap()
            .stop_at_desync();
        world.run_bots();
        assert_eq!(world.report().desync, Some(tick), "seed {seed}");
        let planted = world
            .client(slot)
            .timeline()
            .unwrap()
            .simulation()
            .field()
            .unwrap();
        assert_eq!(planted, seed % FIELDS, "seed {seed}");
        fields.insert(planted);
    }
    assert_eq!(fields.len() as u64, FIELDS, "every top-level field was hit");
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
