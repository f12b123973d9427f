//! Players who come back with an older snapshot, and are sent what differs from it.

use core::time::Duration;

use phalanx_engine::{
    Digest, Effects, InputFrame, NoCommand, NoEffect, Rng, Row, Setup, Simulation, Slot, State,
    Table, Tick, mix,
};

use super::World;
use crate::channel::CloseReason;
use crate::client::{ClientConfig, Event};
use crate::limits::{HELD_TICKS_MAX, KEYFRAME_TICKS_MIN, SNAPSHOTS_KEPT};
use crate::referee::Referee;
use crate::relay::RelayEvent;
use crate::relay::plant::{self, Fault};
use crate::testing::{Preset, Scenario};

const PLOTS: u32 = 1024;

/// Of these alone one changes now and then.
const TILLED: u64 = 64;

#[derive(Row, Clone)]
struct Plot {
    soil: u64,
    seed: u64,
}

#[derive(State, Clone)]
struct Land {
    ticks: u64,
    plots: Table<Plot>,
}

/// Much that stays, and a little that hangs on every input there was.
#[derive(Clone, Copy)]
struct Field;

impl Simulation for Field {
    const ID: &'static str = "field";
    const VERSION: u32 = 1;
    type State = Land;
    type Input = u16;
    type Command = NoCommand;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Land {
        let mut rng = Rng::new(setup.seed);
        let mut plots = Table::<Plot>::new();
        for _ in 0..PLOTS {
            let (soil, seed) = (rng.next_u64(), rng.next_u64());
            plots.insert(Plot { soil, seed });
        }
        Land { ticks: 0, plots }
    }

    fn step(&self, land: &mut Land, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        for (slot, presence, input) in frame.slots() {
            let draw = mix(land.ticks ^ u64::from(slot.0) << 40);
            let row = u32::try_from(draw % TILLED).unwrap();
            let what = u64::from(input) << 8 | presence as u64;
            land.plots
                .soil
                .update(row, |soil| *soil = mix(*soil ^ what));
        }
        land.ticks += 1;
    }

    fn bot(&self, land: &Land, slot: Slot) -> u16 {
        let [a, b, ..] = mix((land.ticks / 6) ^ u64::from(slot.0)).to_le_bytes();
        u16::from_le_bytes([a, b])
    }
}

/// Packed, most of the world does not compress.
const WHOLE: u64 = PLOTS as u64 * 16;

const INTERVAL: u64 = KEYFRAME_TICKS_MIN as u64;

/// Away for so long that frames alone do not bring anybody back.
const AWAY: u64 = HELD_TICKS_MAX + 2 * INTERVAL;

fn scenario() -> Scenario {
    let net = Preset::Wifi.conditions();
    let mut scenario = Scenario {
        players: 3,
        ticks: 700 + AWAY + 400,
        seed: 5,
        up: net,
        down: net,
        ..Scenario::default()
    };
    scenario.rules.keyframe_ticks = KEYFRAME_TICKS_MIN;
    scenario
}

fn world(scenario: &Scenario) -> World<Field> {
    World::new(scenario, || Field).unwrap()
}

/// The player who goes.
const GONE: Slot = Slot(2);

fn play(world: &mut World<Field>, millis: u64) {
    let end = world.now + Duration::from_millis(millis);
    world.run_until(end, |_, _, _| None);
}

fn play_to(world: &mut World<Field>, tick: u64) {
    while world.relay.log().next() <= Tick(tick) {
        play(world, 5);
    }
}

/// A match that one has been away from for so many ticks.
fn left(scenario: &Scenario, away: u64) -> World<Field> {
    let mut world = world(scenario);
    play_to(&mut world, 700);
    world.kill(GONE);
    play_to(&mut world, 700 + away);
    world
}

fn restart(world: &mut World<Field>) {
    let config = ClientConfig::default();
    world.restart(GONE, Field, config).unwrap();
}

fn fetched(world: &World<Field>) -> u64 {
    world.client(GONE).stats().snapshot_bytes
}

fn caught_up_from(world: &World<Field>) -> Option<u64> {
    let from = |event: &Event| match event {
        Event::CatchingUp { from, .. } => Some(from.0),
        _ => None,
    };
    world.events(GONE).iter().rev().find_map(from)
}

/// All three are in the match at its end, and hold the same.
fn assert_whole(world: &mut World<Field>) {
    world.run_bots();
    world.relay.log().verify().unwrap();
    assert_eq!(world.relay.disagreement(), None);
    let next = world.relay.log().next();
    assert_eq!(world.relay.agreed(), next);
    let last = next.previous().unwrap();
    let mut held = |slot| -> Option<Digest> {
        let snapshot = world.snapshot(Slot(slot), last);
        snapshot.map(|snapshot| snapshot.chained)
    };
    let [a, b, c] = [0, 1, 2].map(&mut held);
    assert!(a.is_some() && a == b && b == c, "{a:?} {b:?} {c:?}");
}

#[test]
fn who_comes_back_fetches_what_differs() {
    let gone = left(&scenario(), AWAY);
    let (mut back, mut anew) = (gone.clone(), gone);
    back.reconnect(GONE);
    assert_whole(&mut back);
    // Its process died: it holds nothing.
    restart(&mut anew);
    assert_whole(&mut anew);
    let (differences, whole) = (fetched(&back), fetched(&anew));
    assert!(whole > WHOLE, "{whole}");
    assert!(
        differences > 0 && differences * 8 < whole,
        "{differences} of {whole}"
    );
    let from = (caught_up_from(&back), caught_up_from(&anew));
    assert!(
        from.0 == from.1 && from.0 > Some(700 + HELD_TICKS_MAX),
        "{from:?}"
    );
}

/// The snapshot that it holds is too old for the relay.
#[test]
fn whose_snapshot_is_no_longer_kept_fetches_the_whole() {
    let away = (SNAPSHOTS_KEPT as u64 + 1) * INTERVAL;
    for (away, is_kept) in [(away - 3 * INTERVAL, true), (away, false)] {
        let mut scenario = scenario();
        scenario.ticks = 700 + away + 400;
        let mut world = left(&scenario, away);
        world.reconnect(GONE);
        assert_whole(&mut world);
        assert_eq!(
            fetched(&world) < WHOLE,
            is_kept,
            "{} bytes",
            fetched(&world)
        );
    }
}

/// Of most keyframes the relay has nothing, for one takes many of them to come: players hold what it has.
#[test]
fn players_hold_what_the_relay_keeps() {
    for seed in 0..6 {
        let mut scenario = scenario();
        scenario.seed = seed;
        scenario.rules.upload_bytes_per_s = 1500;
        scenario.ticks += 8 * INTERVAL;
        let mut world = world(&scenario);
        play_to(&mut world, 1500 + seed * 50);
        world.kill(GONE);
        play_to(&mut world, 1500 + seed * 50 + AWAY + 3 * INTERVAL);
        let keyframe = |event: &&RelayEvent| matches!(event, RelayEvent::Keyframe(_));
        let kept = world.relay_events.iter().filter(keyframe).count() as u64;
        assert!(
            kept > 2 && kept * 2 * INTERVAL < world.relay.log().next().0,
            "{kept}"
        );
        world.reconnect(GONE);
        assert_whole(&mut world);
        let fetched = fetched(&world);
        assert!(
            0 < fetched && fetched < WHOLE / 8,
            "{seed}: {fetched} bytes"
        );
    }
}

/// And what a referee gave it, which is there before the players have executed the tick.
#[test]
fn who_comes_back_fetches_what_differs_from_a_referees() {
    let mut world = world(&scenario());
    let mut referee = Referee::new(Field, world.relay.config()).unwrap();
    let mut play_to = |world: &mut World<Field>, tick| {
        while world.relay.log().next() <= Tick(tick) {
            play(world, 5);
            referee.follow(&mut world.relay, || true).unwrap();
        }
    };
    play_to(&mut world, 700);
    world.kill(GONE);
    play_to(&mut world, 700 + AWAY);
    world.reconnect(GONE);
    play_to(&mut world, 700 + AWAY + 200);
    assert_whole(&mut world);
    let fetched = fetched(&world);
    assert!(0 < fetched && fetched < WHOLE / 8, "{fetched} bytes");
}

/// In whatever moment of its coming back the connection is lost again: what it held, it holds.
#[test]
fn connections_may_be_lost_while_differences_come() {
    for millis in (0..500).step_by(20) {
        let mut world = left(&scenario(), AWAY);
        for _ in 0..2 {
            world.reconnect(GONE);
            play(&mut world, millis);
            world.kill(GONE);
            play(&mut world, 100);
        }
        world.reconnect(GONE);
        assert_whole(&mut world);
        let fetched = fetched(&world);
        assert!(
            0 < fetched && fetched < WHOLE / 2,
            "{millis}: {fetched} bytes"
        );
    }
}

/// A bit is wrong in what a relay sends: it is refused, and asked for in another way over the next connection.
#[test]
fn what_is_damaged_is_refused_and_not_asked_for_again() {
    let mut world = left(&scenario(), AWAY);
    let refused = |world: &mut World<Field>| {
        plant::set(Some((Fault::Damages, 0)));
        world.reconnect(GONE);
        play(world, 1000);
        assert_eq!(plant::set(None), None, "it struck");
        let told = Event::Closed(Some(CloseReason::BadSnapshot));
        assert_eq!(world.events(GONE).last(), Some(&told));
        assert!(world.relay.is_kept(GONE));
        fetched(world)
    };
    let differences = refused(&mut world);
    assert!(0 < differences && differences < WHOLE / 8, "{differences}");
    let mut once = world.clone();
    once.reconnect(GONE);
    assert_whole(&mut once);
    assert!(fetched(&once) > WHOLE, "the whole came");
    assert!(caught_up_from(&once) > Some(700 + HELD_TICKS_MAX));
    // That was damaged, too: every tick is executed.
    let both = refused(&mut world);
    assert!(both > differences + WHOLE);
    world.reconnect(GONE);
    assert_whole(&mut world);
    assert_eq!((fetched(&world), caught_up_from(&world)), (both, Some(0)));
}

/// A new process whose first snapshot is refused has its rules all the same.
#[test]
fn who_refuses_its_first_snapshot_plays_all_the_same() {
    let mut world = left(&scenario(), AWAY);
    plant::set(Some((Fault::Damages, 0)));
    restart(&mut world);
    play(&mut world, 1000);
    assert_eq!(plant::set(None), None, "it struck");
    let told = Event::Closed(Some(CloseReason::BadSnapshot));
    assert_eq!(world.events(GONE).last(), Some(&told));
    world.reconnect(GONE);
    assert_whole(&mut world);
    assert_eq!(caught_up_from(&world), Some(0), "every tick");
}
