//! Real traffic, damaged in every way, and bytes of strangers: nothing panics, and nobody but the
//! sender is touched.
#![expect(clippy::unwrap_used, reason = "a test")]

mod hostile_pump;

use hostile_pump::siege::{
    HONEST, MALLORY, SECOND, STAGES, Stage, golden, honest_ends_whole, session_at,
};
use hostile_pump::{Packet, Pump, Wide, config};
use phalanx_engine::{FrameHash, Slot, Tick, mix};
use phalanx_netcode::testing::{LinkConditions, Mixer, Preset, Scenario, World};
use phalanx_netcode::{CloseReason, Event, PeerId, Time};

/// Every truncation and every flip of one bit; of a long packet the ends of the beginning, and every
/// 97th bit of the rest.
fn damaged(packet: &Packet) -> Vec<Packet> {
    let with = |bytes: Vec<u8>| Packet {
        bytes,
        ..packet.clone()
    };
    let len = packet.bytes.len();
    let truncated = (0..len).filter(|cut| *cut < 48 || cut % 97 == 0);
    let truncated = truncated.map(|cut| with(packet.bytes[..cut].to_vec()));
    let flipped = (0..len * 8).filter(|bit| *bit < 48 * 8 || bit % 97 == 0);
    let flipped = flipped.map(|bit| {
        let mut bytes = packet.bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        with(bytes)
    });
    truncated.chain(flipped).collect()
}

/// Sends `packets` to the relay in Mallory's name; a session is used until it closes her.
fn bombard_relay(stage: Stage, packets: &[Packet], case: &str) {
    let fresh = || {
        let mut pump = session_at(stage);
        pump.chairs[MALLORY].connected = false;
        pump
    };
    let (mut pump, mut sent) = (fresh(), 0);
    for packet in packets {
        let packet = Packet {
            peer: PeerId(MALLORY as u64),
            up: true,
            ..packet.clone()
        };
        pump.inject(&packet);
        pump.pump_relay();
        sent += 1;
        if pump.closed.contains_key(&packet.peer) || sent > 400 {
            honest_ends_whole(core::mem::replace(&mut pump, fresh()), case);
            sent = 0;
        }
    }
    honest_ends_whole(pump, case);
}

/// Sends `packets` to the first client in the relay's name.
fn bombard_client(stage: Stage, packets: &[Packet], case: &str) {
    let mut pump = session_at(stage);
    for packet in packets {
        pump.inject(&Packet {
            peer: PeerId(HONEST as u64),
            up: false,
            ..packet.clone()
        });
        pump.step();
        let chair = &pump.chairs[HONEST];
        if !chair.connected || pump.relay.is_finished() {
            let last = chair.events.last();
            assert!(
                matches!(last, Some(Event::Closed(Some(_)))),
                "{case}: {last:?}"
            );
            pump = session_at(stage);
        }
    }
}

#[test]
fn damaged_packets_do_not_harm_a_relay() {
    for packet in golden(3).iter().filter(|packet| packet.up) {
        let damaged = damaged(packet);
        for stage in STAGES {
            bombard_relay(stage, &damaged, &format!("{stage:?}, from {packet:?}"));
        }
    }
}

#[test]
fn damaged_packets_do_not_harm_a_client() {
    for packet in golden(3).iter().filter(|packet| !packet.up) {
        let damaged = damaged(packet);
        for stage in STAGES {
            bombard_client(stage, &damaged, &format!("{stage:?}, from {packet:?}"));
        }
    }
}

/// Bytes of no meaning, some behind the beginning of a real packet.
fn random_packets(seed: u64, count: u64, golden: &[Packet]) -> Vec<Packet> {
    let packet = |number: u64| {
        let draw = |what: u64| mix(seed ^ mix(number << 16 | what));
        let like = &golden[usize::try_from(draw(0)).unwrap_or(0) % golden.len()];
        let keep = usize::try_from(draw(1) % 24).unwrap().min(like.bytes.len());
        let random = (0..draw(2) % 64).map(|byte| draw(16 + byte).to_le_bytes()[0]);
        let bytes = like.bytes[..keep].iter().copied().chain(random).collect();
        Packet {
            bytes,
            ..like.clone()
        }
    };
    (0..count).map(packet).collect()
}

#[test]
fn random_bytes_harm_nobody() {
    let golden = golden(8);
    let (up, down): (Vec<_>, Vec<_>) = golden.into_iter().partition(|packet| packet.up);
    for seed in 0..4 {
        for stage in STAGES {
            let case = format!("seed {seed}, {stage:?}");
            bombard_relay(stage, &random_packets(seed, 250, &up), &case);
            bombard_client(stage, &random_packets(seed, 250, &down), &case);
        }
    }
}

/// What a session of three came to for the first two, to whom `harm` is done in the middle of it by
/// the third or by others: the log, and the stalls and rollbacks of each.
fn toll(harm: impl FnOnce(&mut Pump<Mixer>)) -> (FrameHash, Vec<(u64, u64)>) {
    let mut pump = Pump::mixers(config(3, 90));
    // Further than the window reaches, and some packets are lost: there is something to compare.
    pump.latency = SECOND / 10;
    pump.lose_every = 7;
    pump.start();
    harm(&mut pump);
    pump.finish(20 * SECOND);
    let tolls = pump.chairs[..2].iter().map(|chair| {
        let end = Event::Closed(Some(CloseReason::Ended));
        assert_eq!(chair.events.last(), Some(&end));
        let stats = chair.client.stats();
        (stats.stalls, stats.timeline.rollbacks)
    });
    (pump.relay.log().head(), tolls.collect())
}

/// The third player is gone, and says nothing more.
fn silence(pump: &mut Pump<Mixer>) -> PeerId {
    pump.chairs[2].connected = false;
    PeerId(2)
}

#[test]
fn bad_bytes_cost_the_others_no_more_than_the_loss_of_that_slot() {
    let lost = toll(|pump| {
        let peer = silence(pump);
        pump.relay.disconnected(peer, None);
    });
    assert!(
        lost.1.iter().all(|toll| toll.0 > 0 && toll.1 > 0),
        "{lost:?}"
    );
    let mut closed = 0;
    for packet in golden(1).iter().filter(|packet| packet.up) {
        for bad in damaged(packet).into_iter().step_by(7) {
            let mut refused = false;
            let cost = toll(|pump| {
                let peer = silence(pump);
                pump.inject(&Packet {
                    peer,
                    ..bad.clone()
                });
                pump.pump_relay();
                refused = pump.closed.contains_key(&peer);
            });
            // What happens to be legal is no reason to close anybody.
            if refused {
                closed += 1;
                assert_eq!(cost, lost, "{bad:?}");
            }
        }
    }
    assert!(closed > 50, "{closed}");
}

#[test]
fn bad_bytes_of_strangers_cost_the_players_nothing() {
    let alone = toll(|_| {});
    for packet in golden(1).iter().filter(|packet| packet.up) {
        for bad in damaged(packet).into_iter().step_by(31) {
            let cost = toll(|pump| {
                let peer = pump.join(Mixer);
                pump.chairs[3].connected = false;
                pump.inject(&Packet {
                    peer,
                    ..bad.clone()
                });
                pump.pump_relay();
            });
            assert_eq!(cost, alone, "{bad:?}");
        }
    }
}

/// Every datagram comes again at any later time, to its receiver: nothing is executed twice.
#[test]
fn old_packets_change_nothing() {
    for seed in 0..6_u64 {
        let mut pump = Pump::mixers(config(3, 150));
        pump.lose_every = seed;
        pump.record = Some(Vec::new());
        let mut draw = mix(seed);
        while !pump.relay.is_finished() {
            pump.step();
            let record = pump.record.as_ref().unwrap();
            draw = mix(draw);
            let index = usize::try_from(draw >> 1).unwrap_or(0) % record.len().max(1);
            let again = record.get(index).filter(|(_, packet)| packet.datagram);
            if let Some((_, packet)) = again.cloned() {
                pump.inject(&packet);
            }
            assert!(pump.now < Time::from_nanos(60_000_000_000), "seed {seed}");
        }
        assert_eq!(pump.relay.disagreement(), None, "seed {seed}");
        assert_eq!(pump.relay.agreed(), Tick(150), "seed {seed}");
        pump.relay.log().verify().unwrap();
    }
}

/// Frames of many slots with large inputs do not fit into a datagram: fragments, the repetition of
/// lost ones, and the stream carry them.
#[test]
fn large_inputs_are_played_to_the_end_over_any_network() {
    for (players, preset) in [
        (8, Preset::Wifi),
        (16, Preset::Awful),
        (16, Preset::Mobile),
        (64, Preset::Far),
    ] {
        let net: LinkConditions = preset.conditions();
        let scenario = Scenario {
            players,
            up: net,
            down: net,
            ticks: if players > 16 { 90 } else { 300 },
            ..Scenario::default()
        };
        // By construction: an input that changes in every bit takes 72 bytes and more.
        let needs_fragments = u32::from(players) * 72 > 1150;
        assert_eq!(needs_fragments, players >= 16);
        let mut world = World::new(&scenario, || Wide).unwrap();
        world.run_bots();
        let report = world.report();
        let case = format!("{players} players, {preset}: {report:?}");
        assert_eq!(report.desync, None, "{case}");
        assert_eq!(report.confirmed_ticks, scenario.ticks, "{case}");
        assert_eq!(report.agreed_ticks, scenario.ticks, "{case}");
        world.relay().log().verify().unwrap();
        for slot in Slot::all(players) {
            assert_eq!(
                world.client(slot).log_head(),
                Some(world.relay().log().head()),
                "{case}"
            );
        }
    }
}
