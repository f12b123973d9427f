//! Real traffic, damaged in every way, and bytes of strangers: nothing panics, and nobody but the
//! sender is touched.
#![expect(clippy::unwrap_used, reason = "a test")]

mod hostile_pump;

use core::time::Duration;
use std::collections::BTreeSet;

use hostile_pump::model::{News, control, inputs, varint};
use hostile_pump::{Packet, Pump, Wide, config, wide_config};
use phalanx_engine::{Entry, Slot, Tick, mix};
use phalanx_netcode::testing::{LinkConditions, Mixer, Preset, Scenario, World};
use phalanx_netcode::{CloseReason, Event, PeerId, Relay, Time};

const SECOND: Duration = Duration::from_secs(1);

/// The kind of a datagram with a part of a frame.
const FRAGMENT: u8 = 3;

/// Ticks of a short match.
const LENGTH: u64 = 30;

/// Where a session stands when the bytes come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Connected, nothing sent.
    Greeting,
    /// Taken in, not ready.
    Lobby,
    /// The match runs.
    Running,
    /// The last tick is sealed.
    Ended,
}

const STAGES: [Stage; 4] = [Stage::Greeting, Stage::Lobby, Stage::Running, Stage::Ended];

/// The honest player's position, and that of the one in whose name bytes are sent.
const HONEST: usize = 0;
const MALLORY: usize = 1;

/// A session of two at `stage`; from here on only the test speaks for the second.
fn session_at(stage: Stage) -> Pump<Mixer> {
    let mut pump = Pump::mixers(config(2, LENGTH));
    match stage {
        Stage::Greeting => {}
        Stage::Lobby => pump.run(SECOND / 10),
        Stage::Running => pump.start(),
        Stage::Ended => {
            pump.start();
            while pump.relay.log().next() < Tick(LENGTH) {
                pump.step();
            }
        }
    }
    pump
}

/// Packets of a real match, `count` of each kind and direction, spread over it. The kind is the
/// first byte of a datagram, and the message of control bytes.
fn golden(count: usize) -> Vec<Packet> {
    let mut pump = Pump::new(wide_config(16, LENGTH), || Wide);
    pump.record = Some(Vec::new());
    pump.run(20 * SECOND);
    let mut record = pump.record.take().unwrap();
    record.retain(|(_, packet)| packet.datagram && packet.bytes[0] == FRAGMENT);
    // A small game, with a hole that the stream fills, and one who leaves.
    let mut pump = Pump::mixers(config(2, 200));
    pump.record = Some(Vec::new());
    pump.start();
    pump.chairs[HONEST].cut_down = true;
    pump.run(3 * SECOND / 2);
    pump.chairs[HONEST].cut_down = false;
    pump.chairs[MALLORY].client.leave();
    pump.run(20 * SECOND);
    record.extend(pump.record.take().unwrap());

    let kind = |packet: &Packet| {
        let tag = if packet.datagram { 0 } else { 4 };
        (packet.up, packet.datagram, packet.bytes[tag])
    };
    let kinds: BTreeSet<_> = record.iter().map(|(_, packet)| kind(packet)).collect();
    // Datagrams: inputs, probe; frames, fragment, echo. Control: hello, ready, stamping, leave;
    // welcome, start, frames.
    assert_eq!(kinds.len(), 5 + 4 + 3, "{kinds:?}");
    let mut golden = Vec::new();
    for wanted in kinds {
        let of_kind = record.iter().map(|(_, packet)| packet);
        let of_kind: Vec<_> = of_kind.filter(|packet| kind(packet) == wanted).collect();
        let step = of_kind.len().div_ceil(count);
        golden.extend(of_kind.into_iter().step_by(step).cloned());
    }
    golden
}

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

/// Ends a session in which the second player did what it did: the first is unharmed.
fn honest_ends_whole(mut pump: Pump<Mixer>, case: &str) {
    pump.relay.disconnected(PeerId(MALLORY as u64), None);
    let begun = pump.relay.log().next() > Tick::ZERO || !pump.start_is_open();
    if !begun {
        pump.join(Mixer);
    }
    pump.finish(20 * SECOND);
    pump.relay.log().verify().unwrap();
    let honest = &pump.chairs[HONEST];
    let end = Event::Closed(Some(CloseReason::Ended));
    assert_eq!(honest.events.last(), Some(&end), "{case}");
    let confirmed = honest.client.timeline().unwrap().confirmed();
    assert_eq!(confirmed, pump.relay.log().next(), "{case}");
    let head = pump.relay.log().head();
    assert_eq!(honest.client.log_head(), Some(head), "{case}");
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

fn closed_by(stage: Stage, datagram: bool, bytes: Vec<u8>) -> Option<CloseReason> {
    let mut pump = session_at(stage);
    pump.inject(&Packet {
        peer: PeerId(HONEST as u64),
        up: false,
        datagram,
        bytes,
    });
    pump.step();
    match pump.chairs[HONEST].events.last() {
        Some(Event::Closed(reason)) => *reason,
        _ => None,
    }
}

#[test]
fn a_lying_relay_is_left_with_a_reason() {
    let running = |bytes| closed_by(Stage::Running, true, bytes);
    let malformed = Some(CloseReason::Malformed);
    for epoch in [0, 2, u32::MAX.into()] {
        let news = News {
            epoch,
            ..News::NONE
        };
        assert_eq!(
            running(news.datagram()),
            Some(CloseReason::Unexpected),
            "epoch {epoch}"
        );
    }
    let lies = [
        News {
            epoch: 1 << 32,
            ..News::NONE
        },
        News {
            inputs_next: 1_000_000,
            ..News::NONE
        },
        News {
            inputs_next: u64::MAX,
            ..News::NONE
        },
        News {
            votes_next: 1_000_000,
            ..News::NONE
        },
        News {
            acked_baseline: true,
            ..News::NONE
        },
        News {
            acked_baseline: true,
            first: u64::MAX,
            ..News::NONE
        },
    ];
    for news in lies {
        assert_eq!(running(news.datagram()), malformed, "{news:?}");
    }
    // An entry of no known kind, no entries, more than there may be, and more bytes than entries.
    for (count, bytes) in [
        (1, vec![9_u8, 0]),
        (0, vec![]),
        (200, vec![2; 200]),
        (1, vec![2; 40]),
    ] {
        let mut bits = News::NONE.header().flag(true).flag(true).bits(count, 8);
        bits = bits.count(bytes.len() as u64);
        bits = bytes
            .iter()
            .fold(bits, |bits, byte| bits.bits((*byte).into(), 8));
        let bytes = bits.flag(true).flag(false).flag(false).message(2);
        assert_eq!(running(bytes), malformed, "{count} entries");
    }
    // Frames without end.
    let endless = (0..65).fold(News::NONE.header(), |bits, _| {
        bits.flag(true).flag(false).flag(true)
    });
    assert_eq!(
        running(endless.flag(false).flag(false).message(2)),
        malformed
    );
    // Fragments that do not count.
    for (index, count) in [(0, 0), (3, 3), (0, 17), (255, 255)] {
        let bits = hostile_pump::model::Bits::default()
            .count(0)
            .bits(index, 8)
            .bits(count, 8);
        assert_eq!(
            running(bits.message(3)),
            malformed,
            "fragment {index} of {count}"
        );
    }
    // Messages that do not belong there.
    let unexpected = Some(CloseReason::Unexpected);
    assert_eq!(
        closed_by(Stage::Greeting, false, control(1, &varint(7))),
        unexpected
    );
    assert_eq!(
        closed_by(Stage::Running, false, control(1, &varint(7))),
        unexpected
    );
    assert_eq!(
        closed_by(Stage::Lobby, false, control(3, &varint(7))),
        unexpected
    );
    assert_eq!(closed_by(Stage::Running, false, control(9, &[])), malformed);
    assert_eq!(closed_by(Stage::Running, false, vec![0xff; 4]), malformed);
}

/// A welcome: slot, seed, slots, rate, policy (repeat), repetition, forwarding, epoch.
fn welcome(slot: u8, slots: u8, rate: (u64, u64), repeat: u64) -> Vec<u8> {
    let (numerator, denominator) = (varint(rate.0), varint(rate.1));
    let repeat = varint(repeat);
    let parts: [&[u8]; 8] = [
        &[slot],
        &[5],
        &[slots],
        &numerator,
        &denominator,
        &[1],
        &repeat,
        &[1, 1],
    ];
    control(0, &parts.concat())
}

#[test]
fn an_absurd_welcome_is_refused() {
    let closed = |bytes| closed_by(Stage::Greeting, false, bytes);
    let malformed = Some(CloseReason::Malformed);
    assert_eq!(
        closed(welcome(0, 2, (60, 1), 30)),
        None,
        "a true one is taken"
    );
    assert_eq!(closed(welcome(0, 64, (1000, 1), u32::MAX.into())), None);
    assert_eq!(
        closed(welcome(0, 2, (60, 1), 0)),
        None,
        "lockstep by its rules"
    );
    for (slot, slots) in [(0, 0), (2, 2), (255, 255), (0, 65), (70, 80)] {
        assert_eq!(
            closed(welcome(slot, slots, (60, 1), 30)),
            malformed,
            "{slot} of {slots}"
        );
    }
    for rate in [
        (0, 1),
        (1, 0),
        (1, 2),
        (1001, 1),
        (u32::MAX.into(), 1),
        (1 << 33, 1),
    ] {
        assert_eq!(closed(welcome(0, 2, rate, 30)), malformed, "{rate:?}");
    }
    assert_eq!(closed(welcome(0, 2, (60, 1), 1 << 33)), malformed);
}

/// Plays `change`d against Mallory, who joins a session that differs from hers.
#[test]
fn refusals_have_their_names() {
    let refused = |change: &dyn Fn(&mut phalanx_netcode::SessionConfig)| {
        let mut config = config(1, 30);
        change(&mut config);
        let mut pump = Pump::mixers(config);
        pump.run(SECOND / 2);
        let told = pump.chairs[0].events.last().cloned();
        assert_eq!(told, Some(Event::Closed(Some(pump.closed[&PeerId(0)]))));
        pump.closed[&PeerId(0)]
    };
    assert_eq!(
        refused(&|config| config.game.id.push('x')),
        CloseReason::WrongGame
    );
    assert_eq!(
        refused(&|config| config.game.version += 1),
        CloseReason::WrongVersion
    );
    assert_eq!(
        refused(&|config| config.game.schema ^= 1),
        CloseReason::WrongContent
    );
    assert_eq!(
        refused(&|config| config.game.content[31] ^= 1),
        CloseReason::WrongContent
    );
    let longer = |config: &mut phalanx_netcode::SessionConfig| {
        config.game.input_bytes += 1;
        config.neutral.push(0);
        config.repeat_mask.push(0);
    };
    assert_eq!(refused(&longer), CloseReason::WrongContent);
}

#[test]
fn another_protocol_a_full_and_a_begun_session_are_refused() {
    // The protocol's version is the first number of the greeting.
    let mut pump = Pump::mixers(config(2, 30));
    pump.record = Some(Vec::new());
    pump.step();
    let mut hello = pump.record.take().unwrap().remove(0).1;
    assert_eq!(hello.bytes[5], 1, "the version of the protocol");
    hello.bytes[5] = 2;
    let late = pump.join(Mixer);
    pump.chairs[2].connected = false;
    hello.peer = late;
    pump.inject(&hello);
    pump.pump_relay();
    assert_eq!(pump.closed[&late], CloseReason::ProtocolVersion);

    pump.run(SECOND / 10);
    let late = pump.join(Mixer);
    pump.run(SECOND / 5);
    assert_eq!(pump.closed[&late], CloseReason::SessionFull);
    pump.start();
    let late = pump.join(Mixer);
    pump.run(SECOND / 5);
    assert_eq!(pump.closed[&late], CloseReason::SessionBegun);
    pump.finish(20 * SECOND);
    assert_eq!(pump.relay.agreed(), Tick(30));
}

#[test]
fn floods_and_lies_close_only_their_sender() {
    let mallory = |datagram, bytes: Vec<u8>| Packet {
        peer: PeerId(MALLORY as u64),
        up: true,
        datagram,
        bytes,
    };
    let ready = [1, 0, 0, 0, 1];
    let cases = [
        (
            vec![mallory(true, vec![4, 0, 0, 0, 0, 0, 0, 0, 0]); 2000],
            CloseReason::Flooding,
        ),
        (
            vec![mallory(false, ready.to_vec())],
            CloseReason::Unexpected,
        ),
        (
            vec![mallory(false, control(2, &varint(0)))],
            CloseReason::Unexpected,
        ),
        (vec![mallory(false, control(3, &[]))], CloseReason::Left),
        (
            vec![mallory(true, inputs(u64::MAX, 0, 0, 0, &[]).message(1))],
            CloseReason::Malformed,
        ),
        (
            vec![mallory(true, inputs(0, 0, 129, 0, &[]).message(1))],
            CloseReason::Malformed,
        ),
        (
            vec![mallory(true, inputs(0, 0, 0, 29, &[1, 2]).message(1))],
            CloseReason::Malformed,
        ),
        (
            vec![mallory(true, inputs(0, 0, 0, 0, &[7; 65]).message(1))],
            CloseReason::Malformed,
        ),
        (vec![mallory(true, vec![0; 1151])], CloseReason::Malformed),
        (vec![mallory(true, vec![])], CloseReason::Malformed),
    ];
    for (packets, reason) in cases {
        let mut pump = session_at(Stage::Running);
        pump.chairs[MALLORY].connected = false;
        let case = format!("{:?}", packets[0]);
        packets.iter().for_each(|packet| pump.inject(packet));
        pump.pump_relay();
        assert_eq!(
            pump.closed.get(&PeerId(MALLORY as u64)),
            Some(&reason),
            "{case}"
        );
        let leaves = |pump: &Pump<Mixer>| {
            let entries = pump
                .relay
                .log()
                .frames()
                .flat_map(|frame| frame.unwrap().entries);
            entries
                .filter(|entry| matches!(entry, Entry::Leave(_)))
                .count()
        };
        pump.run(SECOND / 5);
        assert_eq!(leaves(&pump), 1, "{case}");
        honest_ends_whole(pump, &case);
    }
    // What lies beyond every limit but claims nothing is only ignored.
    for bytes in [
        inputs(0, u64::MAX, 0, u64::MAX, &[]).message(1),
        inputs(0, u64::MAX - 1, 1, 0, &[]).flag(false).message(1),
    ] {
        let mut pump = session_at(Stage::Running);
        pump.chairs[MALLORY].connected = false;
        pump.inject(&mallory(true, bytes));
        pump.pump_relay();
        assert_eq!(pump.closed, [].into());
        honest_ends_whole(pump, "ignored");
    }
}

/// A stamp that is never reached, or long past, does not hold the others up.
#[test]
fn a_lie_about_stamping_stalls_nobody() {
    for from in [0, 1, 1 << 40, u64::MAX] {
        let mut pump = Pump::mixers(config(2, LENGTH));
        while !pump
            .relay_events
            .contains(&phalanx_netcode::RelayEvent::Started)
        {
            pump.step();
        }
        pump.chairs[MALLORY].connected = false;
        pump.inject(&Packet {
            peer: PeerId(MALLORY as u64),
            up: true,
            datagram: false,
            bytes: control(2, &varint(from)),
        });
        pump.run(2 * SECOND);
        assert_eq!(
            pump.relay.log().next(),
            Tick(LENGTH),
            "stamping from {from}"
        );
        honest_ends_whole(pump, "stamping");
    }
}

/// A peer may be closed in any stage; a relay without players waits for others, or ends.
#[test]
fn relays_without_players_start_or_end() {
    let mut relay = Relay::new(config(1, 10)).unwrap();
    relay.disconnected(PeerId(9), None);
    relay.handle(
        Time::ZERO,
        PeerId(9),
        phalanx_netcode::Channel::Control,
        &[1, 2, 3],
    );
    assert!(!relay.is_finished());
    let mut pump = session_at(Stage::Running);
    for peer in [HONEST, MALLORY] {
        pump.chairs[peer].connected = false;
        pump.relay.disconnected(PeerId(peer as u64), None);
    }
    pump.finish(10 * SECOND);
    let last = pump.relay.log().frames().last().unwrap().unwrap();
    assert!(last.entries.contains(&Entry::End));
}
