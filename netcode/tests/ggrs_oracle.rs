//! ggrs as the oracle: the same game and the same inputs through ggrs's `P2PSession` and through
//! our session, and the same checksum at every confirmed tick.
#![expect(clippy::unwrap_used, reason = "a test")]

mod ggrs_support;

use ggrs_support::ours::{checksums, waiting};
use ggrs_support::wire::Latency;
use ggrs_support::{Match, Peers, scripted};
use phalanx_engine::{Digest, Repeat, Slot, Tick};
use phalanx_netcode::ClientConfig;
use phalanx_netcode::testing::{Mixer, Preset, Scenario, World};

const TICKS: u64 = 400;

fn script(slot: Slot, tick: Tick) -> u16 {
    u16::try_from(scripted(7, slot, tick) & 0xffff).unwrap()
}

/// Every ggrs peer's checksums; a canary may change the script.
fn by_ggrs(config: &Match, script: &impl Fn(Slot, Tick) -> u16) -> Vec<Vec<Digest>> {
    let mut peers = Peers::connect(config, || Mixer).unwrap();
    peers.play(config, script).unwrap();
    let checksums = peers.peers.into_iter().map(|peer| {
        assert_eq!(peer.desyncs, 0);
        peer.checksums
    });
    checksums.collect()
}

fn by_us(players: u8, delay: u32, window: u32, preset: Preset) -> Vec<Vec<Digest>> {
    let net = preset.conditions();
    let mut scenario = waiting(Scenario {
        players,
        ticks: TICKS,
        client: ClientConfig::new(delay, window),
        up: net,
        down: net,
        ..Scenario::default()
    });
    scenario.rules.repeat = Repeat { ticks: 60 };
    let mut world = World::new(&scenario, || Mixer).unwrap();
    checksums(&mut world, &scenario, script)
}

fn assert_all_same(ours: &[Vec<Digest>], theirs: &[Vec<Digest>]) {
    let first = &theirs[0];
    assert_eq!(first.len() as u64, TICKS);
    for (slot, checksums) in ours.iter().chain(theirs).enumerate() {
        assert_eq!(checksums.len(), first.len(), "peer {slot}");
        let differs = checksums.iter().zip(first).position(|(a, b)| a != b);
        assert_eq!(
            differs, None,
            "peer {slot} parts from the oracle at this tick"
        );
    }
}

#[test]
fn rollback_comes_to_the_same_checksums_as_ggrs() {
    for players in 2..=4 {
        for (delay, preset) in [(0, Preset::Lan), (2, Preset::Wifi), (1, Preset::Awful)] {
            let latency = Latency {
                seed: u64::from(delay),
                shortest: 1,
                longest: 5,
                loss_percent: 5,
            };
            let config = Match::new(players, TICKS, (delay.into(), 8), latency);
            assert_all_same(
                &by_us(players, delay, 12, preset),
                &by_ggrs(&config, &script),
            );
        }
    }
}

#[test]
fn lockstep_comes_to_the_same_checksums_as_ggrs() {
    for players in 2..=4 {
        let config = Match::new(players, TICKS, (6, 0), Latency::constant(3));
        assert_all_same(
            &by_us(players, 6, 0, Preset::Wifi),
            &by_ggrs(&config, &script),
        );
    }
}

/// The canary: one bit of one input at one tick, and the worlds part there and never meet again.
#[test]
fn one_bit_of_one_input_parts_the_worlds() {
    let planted = Tick(200);
    let config = Match::new(2, TICKS, (1, 8), Latency::constant(2));
    let theirs = by_ggrs(&config, &|slot, tick| {
        script(slot, tick) ^ u16::from(tick == planted && slot == Slot(1))
    });
    let ours = by_us(2, 1, 8, Preset::Lan);
    for (index, (ours, theirs)) in ours[0].iter().zip(&theirs[0]).enumerate() {
        assert_eq!(ours == theirs, (index as u64) < planted.0, "tick {index}");
    }
}
