//! What peers may claim, and how a lie ends: the liar is closed with a reason, or ignored.

mod hostile_pump;

use hostile_pump::model::{News, commands, control, inputs, varint};
use hostile_pump::siege::{HONEST, LENGTH, MALLORY, SECOND, Stage, honest_ends_whole, session_at};
use hostile_pump::{Packet, Pump, config};
use phalanx_engine::limits::FIRST_TICK_MAX;
use phalanx_engine::{Entry, Tick};
use phalanx_netcode::testing::Mixer;
use phalanx_netcode::{CloseReason, Event, PeerId, Relay, Time};

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
            commands_next: 1_000_000,
            ..News::NONE
        },
        News {
            large_next: 1,
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
}

#[test]
fn a_relay_that_lies_about_the_way_is_left() {
    let running = |news: News| closed_by(Stage::Running, true, news.datagram());
    let true_ones = News {
        inputs_next: 5,
        arrivals: &[(1, 1), (0, 2)],
        path: Some([3, 2, 2]),
        ..News::NONE
    };
    assert_eq!(running(true_ones), None);
    let lies = [
        News {
            inputs_next: 20,
            arrivals: &[(0, 1); 17],
            ..News::NONE
        },
        News {
            inputs_next: 20,
            arrivals: &[(0, 0)],
            ..News::NONE
        },
        News {
            inputs_next: 1,
            arrivals: &[(0, 2)],
            ..News::NONE
        },
        News {
            path: Some([1_000_000, 0, 0]),
            ..News::NONE
        },
        News {
            path: Some([3, 2, 3]),
            ..News::NONE
        },
    ];
    for news in lies {
        assert_eq!(running(news), Some(CloseReason::Malformed), "{news:?}");
    }
}

/// A start at tick 0, 60 times a second, whose deadline is then.
fn start(deadline: u64) -> Vec<u8> {
    [&[0][..], &varint(deadline), &[60, 1, 0]].concat()
}

#[test]
fn frames_that_break_their_own_format_are_refused() {
    let running = |bytes| closed_by(Stage::Running, true, bytes);
    let malformed = Some(CloseReason::Malformed);
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
        bits.flag(true).flag(false).flag(false).flag(true)
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
        closed_by(Stage::Greeting, false, control(1, &start(7))),
        unexpected
    );
    assert_eq!(
        closed_by(Stage::Running, false, control(1, &start(7))),
        unexpected
    );
    assert_eq!(
        closed_by(Stage::Lobby, false, control(3, &varint(7))),
        unexpected
    );
    assert_eq!(closed_by(Stage::Running, false, control(9, &[])), malformed);
    assert_eq!(closed_by(Stage::Running, false, vec![0xff; 4]), malformed);
}

/// No commands, of a slot that is not there, from the future, of the other way or too long for any, twice
/// the same, what follows upon nothing, and more than fit into a frame; a right one is taken.
#[test]
fn commands_that_break_the_format_of_a_frame_are_refused() {
    // Of the frame of tick 0: slot and sequence, if it does not follow; age, whether it is large, length.
    type One = (Option<(u64, u64)>, u64, bool, u64);
    let malformed = Some(CloseReason::Malformed);
    let first = |slot, sequence| Some((slot, sequence));
    let many = |length: u64, count: usize| -> Vec<One> {
        let following = vec![(None, 0, length > 200, length); count - 1];
        [vec![(first(1, 0), 0, length > 200, length)], following].concat()
    };
    let commands: [(Vec<One>, _); 12] = [
        (vec![(first(1, 4), 0, false, 1)], None),
        (many(4075, 2), None),
        (vec![], malformed),
        (vec![(first(2, 0), 0, false, 1)], malformed),
        (vec![(first(0, 0), 1, false, 1)], malformed),
        (vec![(first(0, 0), 0, false, 201)], malformed),
        (vec![(first(0, 0), 0, true, 200)], malformed),
        (vec![(first(0, 0), 0, true, 4097)], malformed),
        (vec![(first(1, 4), 0, false, 1); 2], malformed),
        (vec![(None, 0, false, 1)], malformed),
        (many(200, 60), malformed),
        (many(4096, 2), malformed),
    ];
    for (commands, expected) in commands {
        let bits = News::NONE.header().flag(true).flag(false).flag(true);
        let bits = commands.iter().fold(
            bits.bits(commands.len() as u64, 8),
            |bits, (place, age, large, length)| {
                let bits = bits.flag(place.is_none());
                let bits = match place {
                    Some((slot, sequence)) => bits.bits(*slot, 8).count(*sequence),
                    None => bits,
                };
                let bits = bits.count(*age).flag(*large);
                let bits = bits.bits(*length, if *large { 13 } else { 8 });
                (0..*length).fold(bits, |bits, _| bits.bits(7, 8))
            },
        );
        let bytes = bits.flag(true).flag(false).flag(false).message(2);
        // What is larger than a datagram comes by the stream.
        let closed = if bytes.len() > 1150 {
            let body = [&varint(bytes.len() as u64 - 1)[..], &bytes[1..]].concat();
            closed_by(Stage::Running, false, control(2, &body))
        } else {
            closed_by(Stage::Running, true, bytes)
        };
        assert_eq!(closed, expected, "{commands:?}");
    }
}

/// A welcome: slot, seed, slots, rate, first tick 0, policy (repeat), repetition, forwarding, the budget of
/// commands, bots and pauses, epoch, and the numbers of commands.
fn welcome(slot: u8, slots: u8, rate: (u64, u64), repeat: u64) -> Vec<u8> {
    welcome_from(0, slot, slots, rate, repeat)
}

/// The same to a session that begins at `first`.
fn welcome_from(first: u64, slot: u8, slots: u8, rate: (u64, u64), repeat: u64) -> Vec<u8> {
    welcome_to(&[0], first, (slot, slots), rate, repeat)
}

/// And one whose frames go on from that `origin`.
fn welcome_to(
    origin: &[u8],
    first: u64,
    (slot, slots): (u8, u8),
    rate: (u64, u64),
    repeat: u64,
) -> Vec<u8> {
    let (numerator, denominator) = (varint(rate.0), varint(rate.1));
    let (first, repeat) = (varint(first), varint(repeat));
    let parts: [&[u8]; 16] = [
        &[slot],
        &[5],
        &[slots],
        &numerator,
        &denominator,
        &first,
        &[1],
        &repeat,
        &[1],
        // 256 commands and 65,536 bytes per second.
        &[0x80, 2, 0x80, 0x80, 4],
        // No bots, no pauses by players, no snapshots.
        &[0, 0, 0, 1],
        // The epoch, no token, no commands.
        &[1],
        &[0],
        &[0, 0],
        // Stamps begin, as the frames do, with the session.
        &first,
        origin,
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
    let from = |first| closed(welcome_from(first, 0, 2, (60, 1), 30));
    assert_eq!(from(FIRST_TICK_MAX), None);
    for first in [FIRST_TICK_MAX + 1, u64::MAX - 600, u64::MAX] {
        assert_eq!(from(first), malformed, "{first}");
    }
}

/// A snapshot of so many bytes: the whole, or what differs from one that this client never said it had.
#[test]
fn a_snapshot_that_cannot_be_read_is_not_fetched() {
    let closed = |bytes: u64, base: &[u8]| {
        let origin = [&[2][..], &[7; 32], &varint(bytes), &[8; 32], base].concat();
        let welcome = welcome_to(&origin, 0, (0, 2), (60, 1), 30);
        closed_by(Stage::Greeting, false, welcome)
    };
    let malformed = Some(CloseReason::Malformed);
    assert_eq!(closed(300, &[0]), None, "the whole is waited for");
    assert_eq!(closed(0, &[0]), malformed);
    assert_eq!(closed(u64::MAX, &[0]), malformed);
    let differences = [&[1][..], &[9; 32]].concat();
    assert_eq!(closed(300, &differences), malformed);
}

/// A player of the game as it is comes to a session of another one.
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
    assert_eq!(
        refused(&|config| config.game.commands ^= 1),
        CloseReason::WrongContent
    );
    assert_eq!(
        refused(&|config| config.game.command_bytes += 1),
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
    assert_eq!(hello.bytes[5], 5, "the version of the protocol");
    hello.bytes[5] = 4;
    let late = pump.join(Mixer);
    pump.chairs[2].connected = false;
    hello.peer = late;
    pump.inject(&hello);
    pump.pump_relay();
    assert_eq!(pump.closed[&late], CloseReason::ProtocolVersion);
    // Version 4 as it was: a greeting names no snapshots.
    hello.bytes.pop();
    hello.bytes[0] -= 1;
    hello.peer = pump.join(Mixer);
    pump.chairs[3].connected = false;
    pump.inject(&hello);
    pump.pump_relay();
    assert_eq!(pump.closed[&hello.peer], CloseReason::ProtocolVersion);

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
        closes_only_mallory(&packets, reason);
    }
}

/// A command that was never preceded, one longer than the game's, and seventeen.
#[test]
fn commands_that_nobody_may_give_close_only_their_sender() {
    let cases = [
        (1, vec![(9, &[1][..])]),
        (0, vec![(9, &[1; 159])]),
        (0, vec![(9, &[1]); 17]),
    ];
    for (first, orders) in cases {
        let bytes = commands(inputs(0, 0, 0, 0, &[]), first, &orders).message(1);
        closes_only_mallory(&[mallory(true, bytes)], CloseReason::Malformed);
    }
}

fn mallory(datagram: bool, bytes: Vec<u8>) -> Packet {
    Packet {
        peer: PeerId(MALLORY as u64),
        up: true,
        datagram,
        bytes,
    }
}

fn closes_only_mallory(packets: &[Packet], reason: CloseReason) {
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
            .flat_map(|frame| frame.expect("a log in memory").entries);
        entries
            .filter(|entry| matches!(entry, Entry::Leave(_)))
            .count()
    };
    pump.run(SECOND / 5);
    assert_eq!(leaves(&pump), 1, "{case}");
    honest_ends_whole(pump, &case);
}

#[test]
fn what_claims_nothing_is_ignored() {
    for bytes in [
        inputs(0, u64::MAX, 0, u64::MAX, &[]).flag(false).message(1),
        inputs(0, u64::MAX - 1, 1, 0, &[])
            .flag(false)
            .flag(false)
            .message(1),
        // A command for a tick that never comes.
        commands(inputs(0, 0, 0, 0, &[]), 0, &[(u64::MAX, &[1])]).message(1),
    ] {
        let mut pump = session_at(Stage::Running);
        pump.chairs[MALLORY].connected = false;
        pump.inject(&Packet {
            peer: PeerId(MALLORY as u64),
            up: true,
            datagram: true,
            bytes,
        });
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
