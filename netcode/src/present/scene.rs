//! The moving platform: who stands on it stands on it everywhere, at all times and in every picture.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use expect_test::expect;
use phalanx_engine::{
    Effects, Entry, FrameHash, GameIdentity, Id, InputFrame, NoEffect, Provenance, Repeat, Row,
    SealedFrame, Setup, Simulation, Slot, State, Table, Tick, TickRate, Timeline, Window, mix,
};

use super::{Alpha, Entity, Smoother, Smoothing, View};
use crate::client::ClientConfig;
use crate::testing::{Mixer, Planted, Preset, Report, Scenario, World};
use crate::time::Time;

const RIGHT: u16 = 1;
const LEFT: u16 = 2;
const WALK: u16 = 4;
const BACK: u16 = 8;
const HOP: u16 = 16;
const DROP: u16 = 32;

/// Half the platform, and what a lever moves it by in a tick, thousandths of a pixel.
const HALF: i64 = 40_000;
const PULL: i64 = 3_000;

/// Every player pulls a lever of the platform that all stand on.
#[derive(Clone, Copy, Debug)]
struct Lift {
    /// What the bots do.
    buttons: u16,
}

#[derive(State, Clone, Debug)]
struct Hall {
    ticks: u64,
    platform: i64,
    riders: Vec<Rider>,
    dropped: u32,
    parcels: Vec<Parcel>,
    dust: Table<Dust>,
}

/// Raised by whoever pulls; the ids of those that are predicted and never come are given again.
#[derive(Row, Clone, Copy, Debug)]
struct Dust {
    x: i64,
    age: u32,
}

#[derive(State, Clone, Debug)]
struct Rider {
    x: i64,
    /// Where on the platform.
    seat: i64,
    on: bool,
}

#[derive(State, Clone, Debug)]
struct Parcel {
    id: u32,
    x: i64,
    age: u32,
}

impl Simulation for Lift {
    const ID: &'static str = "lift";
    const VERSION: u32 = 1;
    type State = Hall;
    type Input = u16;
    type Command = phalanx_engine::NoCommand;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Hall {
        let rider = |slot: Slot| {
            let (x, seat) = (i64::from(slot.0) * 1000, i64::from(slot.0) * 1000);
            Rider { x, seat, on: true }
        };
        Hall {
            ticks: 0,
            platform: 0,
            riders: Slot::all(setup.slots).map(rider).collect(),
            dropped: 0,
            parcels: Vec::new(),
            dust: Table::new(),
        }
    }

    fn step(&self, state: &mut Hall, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        assert_eq!(frame.tick(), Tick(state.ticks));
        let pulled =
            |input: u16, more, less| i64::from(input & more != 0) - i64::from(input & less != 0);
        let levers: i64 = frame
            .inputs()
            .iter()
            .map(|input| pulled(*input, RIGHT, LEFT))
            .sum();
        state.platform += levers * PULL;
        for (input, rider) in frame.inputs().iter().zip(&mut state.riders) {
            let walk = pulled(*input, WALK, BACK) * 1000;
            if rider.on {
                rider.seat = (rider.seat + walk).clamp(-HALF, HALF);
                rider.x +=
                    levers * PULL + (rider.seat - (rider.x + levers * PULL - state.platform));
            } else {
                rider.x += walk;
            }
            if input & HOP != 0 && state.ticks.is_multiple_of(16) {
                rider.seat = rider.x - state.platform;
                rider.on = !rider.on && rider.seat.abs() <= HALF;
            }
        }
        for thing in &mut state.parcels {
            thing.x += 500;
            thing.age += 1;
        }
        state.parcels.retain(|thing| thing.age < 60);
        if state.ticks.is_multiple_of(8) && frame.inputs().iter().any(|input| input & DROP != 0) {
            state.parcels.push(Parcel {
                id: state.dropped,
                x: state.platform,
                age: 0,
            });
            state.dropped += 1;
        }
        for id in state.dust.ids().collect::<Vec<_>>() {
            let Some(Dust { x, age }) = state.dust.get(id) else {
                continue;
            };
            if age < 30 {
                let (x, age) = (x + 250, age + 1);
                state.dust.set(id, Dust { x, age });
            } else {
                state.dust.remove(id);
            }
        }
        if levers != 0 {
            let (x, age) = (state.platform, 0);
            state.dust.insert(Dust { x, age });
        }
        state.ticks += 1;
    }

    fn bot(&self, state: &Hall, slot: Slot) -> u16 {
        let draw = mix((state.ticks / 12) ^ (u64::from(slot.0) << 32));
        u16::try_from(draw & 0xffff).unwrap_or(0) & self.buttons
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Platform,
    Rider(u8),
    Parcel(u32),
    Dust(Id<Dust>),
}

#[expect(clippy::cast_precision_loss, reason = "a picture")]
fn px(x: i64) -> f64 {
    x as f64 / 1000.0
}

fn things(state: &Hall, see: &mut dyn FnMut(Entity<Thing, f64>)) {
    see(Entity::new(Thing::Platform, px(state.platform)));
    for (slot, rider) in (0..).zip(&state.riders) {
        let entity = Entity::new(Thing::Rider(slot), px(rider.x));
        see(if rider.on {
            entity.on(Thing::Platform)
        } else {
            entity
        });
    }
    for thing in &state.parcels {
        see(Entity::new(Thing::Parcel(thing.id), px(thing.x)));
    }
    for id in state.dust.ids() {
        let x = state.dust.get(id).map_or(0, |dust| dust.x);
        see(Entity::new(Thing::Dust(id), px(x)));
    }
}

fn assert_aligned(state: &Hall) {
    for rider in state.riders.iter().filter(|rider| rider.on) {
        assert_eq!(rider.x - state.platform, rider.seat);
    }
}

fn scenario(preset: Preset, players: u8, client: ClientConfig) -> Scenario {
    let net = preset.conditions();
    Scenario {
        players,
        client,
        up: net,
        down: net,
        seed: 5,
        ticks: 600,
        ..Scenario::default()
    }
}

const ROLLBACK: ClientConfig = ClientConfig::new(1, 24);
const LOCKSTEP: ClientConfig = ClientConfig::new(20, 0);

const FPS: u64 = 144;

/// Plays to the end, and lets somebody look on at so many frames per second.
fn watch<S: Simulation>(
    scenario: &Scenario,
    fps: u64,
    rules: impl Fn() -> S,
    mut see: impl FnMut(&mut World<S>),
) -> World<S> {
    let mut world = World::new(scenario, rules).unwrap();
    loop {
        let frame = world.now() + Duration::from_nanos(1_000_000_000 / fps);
        world.run_until(frame, |_, _, _| None);
        if world.now() < frame {
            return world;
        }
        see(&mut world);
    }
}

fn assert_whole(report: &Report, scenario: &Scenario) {
    assert_eq!(report.desync, None);
    assert_eq!(report.agreed_ticks, scenario.ticks);
}

fn all_ways() -> impl Iterator<Item = (Scenario, bool)> {
    let ways = [(ROLLBACK, true), (LOCKSTEP, false)];
    let nets = [Preset::Wifi, Preset::Far];
    let all = nets
        .into_iter()
        .flat_map(|net| (2..=4).map(move |players| (net, players)));
    all.flat_map(move |(net, players)| {
        ways.map(|(client, rollback)| (scenario(net, players, client), rollback))
    })
}

/// In the time of the server (what is confirmed), of the player (what is live) and in between.
#[test]
fn platform_and_riders_agree_at_every_time() {
    for (scenario, _) in all_ways() {
        let (mut confirmed, mut shown) = (BTreeMap::new(), BTreeMap::new());
        let rules = || Lift { buttons: 0xffff };
        let world = watch(&scenario, FPS, rules, |world| {
            for slot in Slot::all(scenario.players) {
                let Some(mut view) = world.view(slot) else {
                    continue;
                };
                let last = shown.insert(slot, view.moment());
                // Ticks beyond the last one may have been predicted.
                let goes_on = last <= Some(view.moment()) || view.ended();
                assert!(goes_on, "{slot}: the picture goes back");
                assert_aligned(view.state());
                view.previous(assert_aligned);
                let Some(tick) = view.confirmed() else {
                    continue;
                };
                let places = view.look(tick, |state| {
                    assert_aligned(state);
                    let riders: Vec<_> = state.riders.iter().map(|rider| rider.x).collect();
                    (state.platform, riders)
                });
                let places = places.unwrap();
                let first = confirmed.entry(tick).or_insert_with(|| places.clone());
                assert_eq!(*first, places, "{tick}: not the same for {slot}");
            }
        });
        assert_whole(&world.report(), &scenario);
        assert!(confirmed.len() > 300);
        let boarded = world.client(Slot(0)).state().unwrap();
        assert!(
            boarded.platform != 0 && boarded.dropped > 10,
            "something happened"
        );
    }
}

/// What a picture is worth.
#[derive(Clone, Copy, Debug, Default)]
struct Picture {
    /// By how much a rider who does not walk is shown beside its place on the platform, px.
    apart: f64,
    /// The same if the platform were smoothed and the rider not.
    apart_without: f64,
    /// By how much the platform is shown elsewhere than it is, at most.
    offset: f64,
    /// The longest way of anything from one frame to the next, and that without smoothing.
    jump: f64,
    jump_without: f64,
}

fn picture(scenario: &Scenario, buttons: u16) -> Picture {
    let mut picture = Picture::default();
    let slots = || Slot::all(scenario.players);
    let mut smoothers: Vec<_> = slots().map(|_| Smoother::new(Smoothing::DEFAULT)).collect();
    let mut before = vec![BTreeMap::new(); smoothers.len()];
    let world = watch(
        scenario,
        FPS,
        || Lift { buttons },
        |world| {
            for (slot, (smoother, before)) in slots().zip(smoothers.iter_mut().zip(&mut before)) {
                let Some(mut view) = world.view(slot) else {
                    continue;
                };
                smoother.show(&mut view, things);
                let seats: Vec<_> = (view.state().riders.iter())
                    .map(|rider| (px(rider.seat), rider.on))
                    .collect();
                let platform = smoother.get(Thing::Platform).unwrap();
                let offset = smoother.offset(Thing::Platform);
                for (slot, (seat, on)) in (0..).zip(seats) {
                    let rider = smoother.get(Thing::Rider(slot)).unwrap();
                    if on && buttons & (WALK | BACK | HOP) == 0 {
                        let apart = (rider - platform - seat).abs();
                        picture.apart = picture.apart.max(apart);
                        picture.apart_without = picture.apart_without.max((apart - offset).abs());
                    }
                }
                picture.offset = picture.offset.max(offset.abs());
                let now: BTreeMap<_, _> = (smoother.iter())
                    .map(|(thing, shown)| (thing, (shown, shown - smoother.offset(thing))))
                    .collect();
                for (thing, (shown, is)) in &now {
                    if let Some((shown_before, is_before)) = before.get(thing) {
                        picture.jump = picture.jump.max(f64::abs(shown - shown_before));
                        picture.jump_without = picture.jump_without.max(f64::abs(is - is_before));
                    }
                }
                *before = now;
                assert!(smoother.remembered() < 100, "what is gone is forgotten");
            }
        },
    );
    assert_whole(&world.report(), scenario);
    picture
}

#[test]
fn a_rider_is_shown_where_it_stands() {
    let mut table = String::from("net   players  corrected by px  px in a frame, and without\n");
    for (scenario, rollback) in all_ways() {
        let picture = picture(&scenario, RIGHT | LEFT);
        assert!(picture.apart <= 1e-6, "{picture:?}");
        // The canaries: there was something to be smoothed, and it would have been seen.
        assert_eq!(picture.apart_without > 1.0, rollback, "{picture:?}");
        assert_eq!(picture.jump < picture.jump_without, rollback, "{picture:?}");
        if rollback {
            let name = if scenario.up == Preset::Far.conditions() {
                "far"
            } else {
                "wifi"
            };
            let (
                players,
                Picture {
                    offset,
                    jump,
                    jump_without,
                    ..
                },
            ) = (scenario.players, picture);
            writeln!(
                table,
                "{name:5} {players:7} {offset:16.1} {jump:15.1} {jump_without:12.1}"
            )
            .unwrap();
        }
    }
    expect![[r#"
        net   players  corrected by px  px in a frame, and without
        wifi        2             28.3             5.6         29.5
        wifi        3             53.5            18.7         55.5
        wifi        4             50.0            20.5         38.7
        far         2             70.8             8.7         78.6
        far         3            133.5             8.6        144.0
        far         4            169.3            15.0        195.0
    "#]]
    .assert_eq(&table);
}

/// Riders who walk, hop off and on; parcels that are predicted and never come, or come later.
#[test]
fn whoever_walks_on_and_off_jumps_less_than_unsmoothed() {
    let picture = picture(&scenario(Preset::Far, 3, ROLLBACK), 0xffff);
    let figures = format!("{:.1}, without {:.1}", picture.jump, picture.jump_without);
    expect!["8.6, without 144.1"].assert_eq(&figures);
}

/// Everything that a match came to, with somebody who looks on at every frame or nobody.
fn outcome<S: Simulation>(
    fps: u64,
    rules: impl Fn() -> S,
    see: impl FnMut(View<'_, Planted<S>>),
) -> String {
    let mut see = see;
    let scenario = scenario(Preset::Awful, 3, ROLLBACK);
    let world = watch(&scenario, fps, rules, |world| {
        for slot in Slot::all(3) {
            if let Some(view) = world.view(slot) {
                see(view);
            }
        }
    });
    let report = world.report();
    assert_whole(&report, &scenario);
    assert!(report.rollbacks > 100);
    let last = Tick(scenario.ticks - 1);
    let chained = world.client(Slot(0)).timeline().unwrap().chained(last);
    assert!(chained.is_some());
    let Report {
        checksum,
        rollbacks,
        stalls,
        resimulated_ticks,
        ..
    } = report;
    let (head, now) = (world.relay().log().head(), world.now());
    format!("{chained:?} {checksum:?} {head} {rollbacks} {stalls} {resimulated_ticks} {now}")
}

#[test]
fn nobody_can_tell_whether_it_was_looked_at() {
    let rules = || Lift { buttons: 0xffff };
    let unseen = outcome(FPS, rules, |_| ());
    for fps in [30, 240] {
        let mut smoother = Smoother::new(Smoothing::DEFAULT.teleport_beyond(100.0));
        let mut frames = 0;
        let seen = outcome(fps, rules, |mut view| {
            smoother.show(&mut view, things);
            let tick = view.moment().tick;
            let before = view.digest(tick);
            assert!(before.is_some());
            frames += u64::from(view.partial_step().is_some());
            assert_eq!(view.digest(tick), before);
        });
        assert!(frames > 20 * fps, "three players, ten seconds");
        assert_eq!(seen, unseen, "{fps} frames per second");
    }
    let mixed = outcome(
        FPS,
        || Mixer,
        |mut view| {
            let mut smoother = Smoother::new(Smoothing::DEFAULT);
            smoother.show(&mut view, |state, see| {
                see(Entity::new((), f64::from(state.notes)));
            });
            let _ = view.partial_step();
        },
    );
    assert_eq!(mixed, outcome(FPS, || Mixer, |_| ()));
}

/// One player, whose inputs are guessed until they are sealed.
struct Alone {
    timeline: Timeline<Lift>,
    now: Time,
    sealed: Tick,
}

impl Alone {
    fn new() -> Self {
        let setup = Setup::new(1, 1, TickRate::hz(60));
        let window = Window {
            ticks: 30,
            repeat: Repeat { ticks: 60 },
        };
        let timeline = Timeline::new(Lift { buttons: 0 }, &setup, window).unwrap();
        let (now, sealed) = (Time::from_nanos(1 << 40), Tick::ZERO);
        Self {
            timeline,
            now,
            sealed,
        }
    }

    fn seal(&mut self, end: u64, input: u16) {
        self.seal_with(end, input, &[]);
    }

    fn seal_with(&mut self, end: u64, input: u16, entries: &[Entry]) {
        for tick in self.sealed.until(Tick(end)) {
            let game = GameIdentity::of(self.timeline.simulation());
            let setup = Setup::new(1, 1, TickRate::hz(60));
            let frame = SealedFrame {
                tick,
                entries: entries.into(),
                provenance: vec![Provenance::Real],
                inputs: input.to_le_bytes().into(),
                ..SealedFrame::empty(FrameHash::genesis(&game, &setup))
            };
            self.timeline.seal(&frame).unwrap();
        }
        self.sealed = Tick(end);
    }

    fn play(&mut self, end: u64) {
        while self.timeline.next() < Tick(end) {
            self.timeline.advance().unwrap();
        }
    }

    fn show(&mut self, smoother: &mut Smoother<Thing, f64>) {
        self.now += Duration::from_millis(10);
        let mut view = View::new(&mut self.timeline, self.now, Alpha::ONE).unwrap();
        smoother.show(&mut view, things);
    }
}

const PARCEL: Thing = Thing::Parcel(0);

#[test]
fn what_comes_again_goes_from_where_it_was_shown() {
    for teleport in [f64::INFINITY, 10.0] {
        let smoothing = Smoothing::DEFAULT.teleport_beyond(teleport);
        let (mut alone, mut smoother) = (Alone::new(), Smoother::new(smoothing));
        // It goes to the right and holds the button, and is guessed to go on with both.
        alone.seal(1, RIGHT);
        alone.play(1);
        alone.seal(2, RIGHT | DROP);
        alone.play(10);
        alone.show(&mut smoother);
        let shown = smoother.get(PARCEL).unwrap();
        assert!(shown == 27.5, "9 pulls of 3 px, and half a pixel");
        // It had let go of both.
        alone.seal(9, 0);
        alone.play(11);
        alone.show(&mut smoother);
        assert_eq!(smoother.get(PARCEL), None);
        let platform = smoother.get(Thing::Platform).unwrap();
        let expected = if teleport > 24.0 { 30.0 } else { 6.0 };
        assert!((platform - expected).abs() < 0.1, "{platform}");
        // It presses again: the same parcel, elsewhere.
        alone.seal(17, DROP);
        alone.play(17);
        alone.show(&mut smoother);
        let again = smoother.get(PARCEL).unwrap();
        let expected = if teleport > 24.0 { shown } else { 6.0 };
        assert!((again - expected).abs() < 0.1, "{again}");
        // It goes there.
        alone.now += Duration::from_secs(2);
        alone.show(&mut smoother);
        assert!(smoother.get(PARCEL).unwrap() == 6.0 && smoother.offset(PARCEL) == 0.0);
    }
}

#[test]
fn what_is_gone_is_forgotten() {
    let (mut alone, mut smoother) = (Alone::new(), Smoother::new(Smoothing::DEFAULT));
    alone.seal(2, DROP);
    alone.play(10);
    alone.show(&mut smoother);
    assert_eq!(smoother.remembered(), 4, "platform, rider, two parcels");
    assert_eq!(smoother.iter().count(), 4);
    // The second parcel is undone: remembered for a while, shown to nobody.
    alone.seal(10, 0);
    alone.play(10);
    alone.show(&mut smoother);
    assert_eq!((smoother.remembered(), smoother.iter().count()), (4, 3));
    alone.now += Smoothing::DEFAULT.rest();
    alone.show(&mut smoother);
    assert_eq!(smoother.remembered(), 3);
    // The first one dies by the rules.
    alone.seal(70, 0);
    alone.play(70);
    alone.show(&mut smoother);
    assert_eq!(smoother.remembered(), 2);
}

#[test]
fn a_moment_that_is_undone_stays_the_last_picture() {
    let (mut alone, mut smoother) = (Alone::new(), Smoother::new(Smoothing::DEFAULT));
    alone.seal(1, RIGHT);
    alone.play(10);
    alone.show(&mut smoother);
    let shown = smoother.get(Thing::Platform);
    alone.seal(4, LEFT);
    // Back after tick 0, and not executed again yet.
    assert_eq!(alone.timeline.next(), Tick(1));
    alone.show(&mut smoother);
    assert_eq!(smoother.get(Thing::Platform), shown);
    alone.play(10);
    alone.show(&mut smoother);
    assert_eq!(smoother.get(Thing::Platform), shown);
}

#[test]
fn what_was_predicted_beyond_the_end_goes_back_smoothly() {
    let (mut alone, mut smoother) = (Alone::new(), Smoother::new(Smoothing::DEFAULT));
    alone.seal(1, RIGHT);
    alone.play(10);
    alone.show(&mut smoother);
    let shown = smoother.get(Thing::Platform);
    assert_eq!(shown, Some(30.0));
    alone.seal(5, RIGHT);
    alone.seal_with(6, RIGHT, &[Entry::End]);
    assert!(alone.timeline.advance().is_ok() && alone.timeline.advance().is_err());
    alone.show(&mut smoother);
    assert_eq!(smoother.get(Thing::Platform), shown);
    alone.now += Duration::from_secs(2);
    alone.show(&mut smoother);
    assert_eq!(smoother.get(Thing::Platform), Some(18.0));
}

/// A step ahead is what the next tick will be if everybody goes on.
#[test]
fn a_partial_step_leads_to_the_next_tick() {
    let mut alone = Alone::new();
    alone.seal(1, RIGHT | DROP);
    alone.play(8);
    let mut view = View::new(&mut alone.timeline, alone.now, Alpha::ONE).unwrap();
    let (live, before) = (view.state().platform, view.digest(Tick(7)));
    let ahead = view.partial_step().unwrap();
    assert_eq!(ahead.platform, live + PULL);
    assert_eq!(
        (view.state().platform, view.digest(Tick(7))),
        (live, before)
    );
    alone.play(9);
    let next = alone.timeline.state();
    assert_eq!(
        (ahead.platform, ahead.dropped),
        (next.platform, next.dropped)
    );
    // The canary: whoever does step the live one is seen by its digest.
    assert_ne!(alone.timeline.digest(Tick(8)), before);
}
