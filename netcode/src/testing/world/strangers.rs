//! Peers that have a slot and are nobody in the match yet.

use core::time::Duration;

use phalanx_engine::{GameIdentity, Slot, SnapshotHash, Tick};

use super::World;
use crate::channel::{Channel, CloseReason, PeerId};
use crate::client::ClientConfig;
use crate::limits::PROTOCOL_VERSION;
use crate::relay::RelayEvent;
use crate::testing::{LinkConditions, Mixer, Scenario};
use crate::wire::{Datagram, FromClient, Hello, InputHeader, LargeCommand, encode_control};

const STRANGER: PeerId = PeerId(99);

/// A match of two in which a third one may join, some seconds after its beginning.
fn world() -> World<Mixer> {
    let mut scenario = Scenario {
        players: 3,
        ticks: 4000,
        ..Scenario::default()
    };
    scenario.rules.pauses = 5;
    scenario.rules.bot_after_ms = Some(500);
    let mut session = scenario.session(&Mixer);
    (session.late_join, session.players_min) = (true, 2);
    let mut world = World::vacant(&scenario, session, Mixer).unwrap();
    let way = LinkConditions::constant(Duration::from_millis(20));
    for _ in 0..2 {
        world
            .come(Mixer, ClientConfig::default(), (way, way))
            .unwrap();
    }
    play(&mut world, 4000);
    assert!(world.relay.log().next() > Tick(100));
    world
}

fn play(world: &mut World<Mixer>, millis: u64) {
    let end = world.now + Duration::from_millis(millis);
    world.run_until(end, |_, _, _| None);
}

fn say(world: &mut World<Mixer>, message: &FromClient) {
    let mut bytes = Vec::new();
    encode_control(message, &mut bytes);
    world
        .relay
        .handle(world.now, STRANGER, Channel::Control, &bytes);
    play(world, 50);
}

/// A stranger takes the free slot.
fn greet(world: &mut World<Mixer>) {
    world.relay.connected(world.now, STRANGER);
    let hello = Hello {
        protocol: PROTOCOL_VERSION,
        game: GameIdentity::of(&Mixer),
        token: None,
        held: None,
        whole: true,
        snapshots: Vec::new(),
    };
    say(world, &FromClient::Hello(hello));
    assert_eq!(world.relay.players(), 3);
}

fn told(world: &World<Mixer>, is: impl Fn(&RelayEvent) -> bool) -> bool {
    world.relay_events.iter().any(is)
}

/// As many as it likes, one after the other.
#[test]
fn a_stranger_neither_pauses_a_match_nor_ends_a_pause() {
    let mut world = world();
    for _ in 0..4 {
        greet(&mut world);
        say(&mut world, &FromClient::Pause);
        say(&mut world, &FromClient::Ready);
        say(&mut world, &FromClient::Pause);
        say(&mut world, &FromClient::Leave);
        assert_eq!(world.relay.players(), 2);
    }
    play(&mut world, 2000);
    assert!(!told(&world, |event| matches!(
        event,
        RelayEvent::Turns { .. }
    )));
    world.relay.pause(Duration::ZERO).unwrap();
    play(&mut world, 500);
    greet(&mut world);
    say(&mut world, &FromClient::Resume);
    play(&mut world, 4000);
    assert!(!told(&world, |event| matches!(
        event,
        RelayEvent::Turns { pauses: false, .. }
    )));
}

/// Its votes, its commands and its snapshots count for nothing, however it says that it will play one day.
#[test]
fn a_stranger_has_no_say() {
    let mut world = world();
    greet(&mut world);
    say(&mut world, &FromClient::Ready);
    say(&mut world, &FromClient::Stamping(Tick(u64::MAX)));
    let agreed = world.relay.agreed();
    for _ in 0..20 {
        let next = world.relay.log().next();
        let header = InputHeader {
            number: 0,
            frames_next: next,
            first: next,
            count: 0,
            acked_baseline: false,
            votes_first: next.saturating_sub(20),
        };
        let mut bytes = Vec::new();
        let votes = (0..10).map(|_| phalanx_engine::Digest(7));
        let mut bits = Datagram::inputs(&mut bytes, &header, votes);
        bits.put_bool(false);
        bits.finish();
        world
            .relay
            .handle(world.now, STRANGER, Channel::Datagram, &bytes);
        play(&mut world, 50);
    }
    let (hash, bytes) = (SnapshotHash([7; 32]), 100);
    let tick = Tick(599);
    play(&mut world, 10_000);
    say(&mut world, &FromClient::Keyframe { tick, hash, bytes });
    assert_eq!(world.relay.disagreement(), None);
    assert!(world.relay.agreed() > agreed + 400, "the others agree");
    assert!(world.relay.players() == 2, "it was silent, and is gone");
    assert!(!told(&world, |event| matches!(
        event,
        RelayEvent::Live { slot: Slot(2), .. }
    )));
}

/// Nor does it keep the computer from a slot, or the session from its end, for long.
#[test]
fn a_stranger_that_comes_no_further_is_sent_away() {
    let mut world = world();
    greet(&mut world);
    let sent_away = RelayEvent::Rejected {
        peer: STRANGER,
        reason: CloseReason::TimedOut,
    };
    for second in 0..40 {
        if world.relay_events.contains(&sent_away) {
            assert!((29..=31).contains(&second), "{second}");
            return;
        }
        // A probe, so that it is not silent.
        let mut bytes = Vec::new();
        Datagram::probe(&mut bytes, 5);
        world
            .relay
            .handle(world.now, STRANGER, Channel::Datagram, &bytes);
        play(&mut world, 1000);
    }
    panic!("it stayed");
}

/// What it orders before it plays is not sealed, and no reason to look into it.
#[test]
fn a_stranger_orders_nothing() {
    let mut world = world();
    greet(&mut world);
    let command = LargeCommand {
        sequence: 0,
        stamped: Tick(0),
        bytes: vec![0; 250],
    };
    say(&mut world, &FromClient::Command(command));
    let refused = |event: &RelayEvent| matches!(event, RelayEvent::Rejected { peer: STRANGER, .. });
    assert!(told(&world, refused));
    world.run_bots();
    for frame in world.relay.log().frames() {
        let commands = frame.unwrap().commands;
        assert!(commands.iter().all(|command| command.slot != Slot(2)));
    }
}

/// A connection may be closed with any reason: only who says that it leaves gives the slot up.
#[test]
fn a_dropped_connection_is_no_farewell() {
    let mut world = world();
    let peer = world.node(Slot(1)).peer;
    world.cut(Slot(1));
    world.relay.disconnected(peer, Some(CloseReason::Left));
    play(&mut world, 100);
    world.reconnect(Slot(1));
    play(&mut world, 1000);
    assert!(told(&world, |event| matches!(
        event,
        RelayEvent::Live { slot: Slot(1), .. }
    )));
}
