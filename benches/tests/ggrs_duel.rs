//! The fighting game through ggrs and through our session: the same checksum at every confirmed
//! tick. (The oracle of `phalanx-netcode` plays the games that it knows itself.)
#![cfg(feature = "peers")]

#[path = "../../netcode/tests/ggrs_support/mod.rs"]
mod ggrs_support;

use ggrs_support::ours::{checksums, waiting};
use ggrs_support::wire::Latency;
use ggrs_support::{Match, NEUTRAL, Peers, Replica};
use phalanx::duel::{Duel, HEALTH_MAX, Pad};
use phalanx_engine::{Simulation, Slot, Tick};
use phalanx_netcode::ClientConfig;
use phalanx_netcode::testing::{Preset, Scenario, World};

const TICKS: u64 = 900;

/// What bots do in a match of their own: the script for both engines.
fn script(config: &Match) -> Vec<Vec<Pad>> {
    let mut replica = Replica::new(&Duel, &config.setup);
    let mut script = Vec::new();
    for tick in 0..config.ticks {
        let slots = Slot::all(config.setup.slots);
        let pads = slots.map(|slot| match tick {
            ..NEUTRAL => Pad::default(),
            _ => Duel.bot(replica.state(), slot),
        });
        let pads: Vec<_> = pads.collect();
        replica.step(&Duel, config.ticks, &pads);
        script.push(pads);
    }
    script
}

#[test]
fn duels_come_to_the_same_checksums_as_in_ggrs() {
    for (players, delay, preset) in [
        (2, 1, Preset::Wifi),
        (3, 0, Preset::Lan),
        (4, 0, Preset::Mobile),
    ] {
        let latency = Latency {
            seed: 4,
            shortest: 1,
            longest: 4,
            loss_percent: 2,
        };
        let config = Match::new(players, TICKS, (delay.into(), 8), latency);
        let script = script(&config);
        let pad = |slot: Slot, tick: Tick| {
            let pads = usize::try_from(tick.0)
                .ok()
                .and_then(|tick| script.get(tick));
            pads.map_or_else(Pad::default, |pads| pads[usize::from(slot.0)])
        };
        let mut ggrs = Peers::connect(&config, || Duel).unwrap();
        ggrs.play(&config, &pad).unwrap();

        let net = preset.conditions();
        let scenario = waiting(Scenario {
            players,
            ticks: TICKS,
            client: ClientConfig::new(delay, 12),
            up: net,
            down: net,
            ..Scenario::default()
        });
        let mut world = World::new(&scenario, || Duel).unwrap();
        let ours = checksums(&mut world, &scenario, pad);
        assert!(world.report().rollbacks > 0);

        let arena = world.client(Slot(0)).state().unwrap();
        let mut fighters = arena.fighters.iter().take(players.into());
        assert!(
            fighters.any(|fighter| fighter.health < HEALTH_MAX),
            "they fought"
        );

        let theirs = &ggrs.peers[0].checksums;
        assert_eq!(theirs.len() as u64, TICKS);
        let others = ggrs.peers.iter().map(|peer| &peer.checksums);
        for checksums in ours.iter().chain(others) {
            let differs = checksums.iter().zip(theirs).position(|(a, b)| a != b);
            assert_eq!((differs, checksums.len()), (None, theirs.len()));
        }
    }
}
