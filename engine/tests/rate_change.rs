//! A session whose tick rate changes: the rate is part of the world, and comes from the log alone.

#![expect(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "drawn bits and helpers of tests"
)]

use core::cell::Cell;

use phalanx_engine::{
    Effects, Entry, Fix, FrameHash, GameIdentity, InputFrame, Log, NoCommand, NoEffect, Pace,
    PaceChange, Provenance, Repeat, RestoreError, Rng, SealedFrame, Sealing, Setup, Simulation,
    Slot, Speed, State, SyncTest, SyncTestError, Tick, TickRate, Timeline, Window, mix,
};
use proptest::prelude::*;

const HZ_20: TickRate = TickRate::hz(20);
const HZ_60: TickRate = TickRate::hz(60);

const SETUP: Setup = Setup::new(9, 2, HZ_60);

/// Everybody walks, at so many units a second.
struct Walk;

#[derive(State, Clone, Debug, PartialEq)]
struct Walked {
    places: Vec<Fix>,
    /// Since the start, sixtieths of a second.
    sixtieths: u64,
}

fn step<S: Simulation<Input = u8>>(walked: &mut Walked, frame: &InputFrame<'_, S>) {
    let rate = frame.session().rate();
    let seconds = rate.seconds_per_tick();
    for (place, speed) in walked.places.iter_mut().zip(frame.inputs()) {
        *place += Fix::int(i32::from(*speed)) * seconds;
    }
    walked.sixtieths += u64::from(60 * rate.denominator() / rate.numerator());
}

impl Simulation for Walk {
    const ID: &'static str = "walk";
    const VERSION: u32 = 1;
    type State = Walked;
    type Input = u8;
    type Command = NoCommand;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Walked {
        Walked {
            places: vec![Fix::ZERO; setup.slots.into()],
            sixtieths: 0,
        }
    }

    fn step(&self, walked: &mut Walked, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        step(walked, frame);
    }
}

fn input(tick: Tick, slot: Slot) -> u8 {
    mix((tick.0 / 7) << 8 | u64::from(slot.0)) as u8
}

const fn rate(at: u64, rate: TickRate) -> Entry {
    Entry::Rate { at: Tick(at), rate }
}

/// The sealed frames of a match of `ticks`, with `entries` in the frames of these ticks.
fn sealed(ticks: u64, entries: &[(u64, Entry)]) -> Log {
    let mut log = Log::new(
        FrameHash::genesis(&GameIdentity::of(&Walk), &SETUP),
        SETUP.first,
    );
    for tick in Tick::ZERO.until(Tick(ticks)) {
        let mut frame = SealedFrame::empty(log.head());
        frame.tick = tick;
        let named = entries.iter().filter(|(at, _)| *at == tick.0);
        frame.entries.extend(named.map(|(_, entry)| *entry));
        frame
            .inputs
            .extend(Slot::all(2).map(|slot| input(tick, slot)));
        frame.provenance = vec![Provenance::Real; 2];
        log.append(&frame);
    }
    log
}

fn timeline(window: u32) -> Timeline<Walk> {
    let repeat = Repeat { ticks: 16 };
    let ticks = window;
    Timeline::new(Walk, &SETUP, Window { ticks, repeat }).unwrap()
}

/// Plays the log tick by tick.
fn replay(log: &Log) -> Timeline<Walk> {
    let mut timeline = timeline(0);
    for frame in log.frames() {
        assert_eq!(timeline.seal(&frame.unwrap()), Ok(Sealing::Kept));
        timeline.advance().unwrap();
    }
    timeline
}

/// At 60 Hz for six seconds, at 20 for twelve, and at 60 again.
const THERE_AND_BACK: [(u64, Entry); 2] = [(100, rate(360, HZ_20)), (420, rate(600, HZ_60))];

#[test]
fn from_60_to_20_and_back_takes_the_time_it_takes() {
    let log = sealed(900, &THERE_AND_BACK);
    let timeline = replay(&log);
    assert_eq!(timeline.state().sixtieths, (6 + 12 + 5) * 60);
    assert_eq!(timeline.session().rate(), HZ_60);
    assert_ne!(
        timeline.digest(Tick(899)),
        replay(&sealed(900, &[])).digest(Tick(899))
    );
}

#[test]
fn a_replay_from_the_log_has_the_hashes_of_the_match() {
    let log = sealed(900, &THERE_AND_BACK);
    let (mut live, mut again) = (timeline(12), timeline(0));
    let mut draws = Rng::new(3);
    for frame in log.frames() {
        let frame = frame.unwrap();
        let tick = frame.tick;
        let ahead = u64::from(draws.below(12));
        while live.next() <= tick + ahead && live.advance().is_ok() {}
        live.seal(&frame).unwrap();
        while live.next() <= tick {
            live.advance().unwrap();
        }
        again.seal(&frame).unwrap();
        again.advance().unwrap();
        assert_eq!(live.confirmed(), tick.next());
        assert_eq!(live.digest(tick), again.digest(tick), "tick {tick}");
        assert_eq!(live.chained(tick), again.chained(tick), "tick {tick}");
    }
    assert!(live.stats().rollbacks > 100);
}

/// The rate in force after every tick, from the frames alone.
fn rates(log: &Log) -> Vec<TickRate> {
    let mut pace = Pace::new(SETUP.rate);
    let frames = log.frames().map(Result::unwrap);
    let rates = frames.map(|frame| {
        pace.begin(frame.tick, &frame.entries);
        pace.rate()
    });
    rates.collect()
}

#[test]
fn who_goes_back_before_a_change_has_the_old_rate_again() {
    let log = sealed(40, &[(4, rate(10, HZ_20))]);
    let mut frame = SealedFrame::empty(log.head());
    let mut timeline = timeline(12);
    for tick in Tick::ZERO.until(Tick(8)) {
        log.read(tick, &mut frame).unwrap();
        timeline.seal(&frame).unwrap();
    }
    let change = PaceChange {
        at: Tick(10),
        rate: HZ_20,
        speed: Speed::NORMAL,
    };
    while timeline.advance().is_ok() {}
    assert_eq!(timeline.next(), Tick(20));
    assert_eq!(
        (
            timeline.session().rate(),
            timeline.session().pace().pending()
        ),
        (HZ_20, None)
    );

    let from = timeline.provide(Tick(9), Slot(0), 200);
    assert_eq!(from, Some(Tick(9)));
    assert_eq!(timeline.session().rate(), HZ_60);
    assert_eq!(timeline.session().pace().pending(), Some(change));
    timeline.advance().unwrap();
    assert_eq!(timeline.session().rate(), HZ_60);
    timeline.advance().unwrap();
    assert_eq!(
        (
            timeline.session().rate(),
            timeline.session().pace().pending()
        ),
        (HZ_20, None)
    );
}

/// The frame that names the change is among those that were guessed.
#[test]
fn a_change_that_was_not_foreseen_is_executed_again() {
    let log = sealed(40, &[(4, rate(6, HZ_20))]);
    let mut frame = SealedFrame::empty(log.head());
    let mut timeline = timeline(12);
    while timeline.advance().is_ok() {}
    assert_eq!(timeline.session().rate(), HZ_60);
    log.read(Tick(4), &mut frame).unwrap();
    let from = Tick(4);
    assert_eq!(timeline.seal(&frame), Ok(Sealing::RolledBack { from }));
    while timeline.advance().is_ok() {}
    assert_eq!(timeline.session().rate(), HZ_20);
    assert_eq!(timeline.state().sixtieths, 6 + 6 * 3);
}

#[test]
fn a_snapshot_holds_the_rate_and_the_change_to_come() {
    let log = sealed(200, &[(50, rate(80, HZ_20)), (90, rate(150, HZ_60))]);
    let mut timeline = replay(&log);
    let mut named = None;
    for (tick, rate) in Tick::ZERO.until(Tick(200)).zip(rates(&log)) {
        let snapshot = timeline.snapshot(tick).unwrap();
        let (session, _) = snapshot.restore(&Walk).unwrap();
        assert_eq!(session.rate(), rate, "tick {tick}");
        if let Some(change) = session.pace().pending() {
            named = Some(change);
            // A world in which the change was to come, but at a tick that has passed.
            let passed = phalanx_engine::Snapshot {
                tick: change.at,
                ..snapshot
            };
            assert_eq!(passed.restore(&Walk).err(), Some(RestoreError::Session));
        }
    }
    assert_eq!(named.map(|change| change.at), Some(Tick(150)));
}

fn sync_test<S: Simulation<Input = u8>>(rules: S) -> Result<Tick, SyncTestError> {
    let test = THERE_AND_BACK
        .into_iter()
        .fold(SyncTest::new(rules, SETUP), |test, (tick, entry)| {
            test.entry(Tick(tick), entry)
        });
    let report = test.run(700, |tick, slot, _| input(tick, slot))?;
    Ok(Tick(report.ticks))
}

#[test]
fn sync_test_passes_over_the_changes() {
    assert_eq!(sync_test(Walk), Ok(Tick(700)));
}

/// A canary: the rate of the tick before, from outside the state.
#[derive(Default)]
struct Remembers {
    before: Cell<Option<TickRate>>,
}

impl Simulation for Remembers {
    const ID: &'static str = "remembers";
    const VERSION: u32 = 1;
    type State = Walked;
    type Input = u8;
    type Command = NoCommand;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Walked {
        Walk.start(setup)
    }

    fn step(&self, walked: &mut Walked, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        let rate = frame.session().rate();
        let before = self.before.replace(Some(rate)).unwrap_or(rate);
        walked.sixtieths += u64::from(before != rate);
        step(walked, frame);
    }
}

#[test]
fn sync_test_finds_rules_that_remember_a_rate() {
    let found = sync_test(Remembers::default()).unwrap_err();
    assert!((352..=368).contains(&found.tick().0), "{found}");
    assert!(
        SyncTest::new(Remembers::default(), SETUP)
            .run(700, |_, _, _| 1)
            .is_ok()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// However far behind the frames come: every world is that of the replay, before a rollback over
    /// any number of changes, in between, and after.
    #[test]
    fn rolling_back_over_changes_restores(
        changes in proptest::collection::vec((0_u64..100, 1_u64..12, 1_u32..=1000), 0..12),
        behind in proptest::collection::vec(0_u64..16, 120),
    ) {
        let entries: Vec<_> = changes
            .iter()
            .map(|(tick, ahead, hz)| (*tick, rate(tick + ahead, TickRate::hz(*hz))))
            .collect();
        let log = sealed(120, &entries);
        let expected = replay(&log);
        let rates = rates(&log);
        let mut timeline = timeline(16);
        for ((frame, rate), behind) in log.frames().zip(rates).zip(behind) {
            let frame = frame.unwrap();
            let tick = frame.tick;
            while timeline.next() <= tick + behind && timeline.advance().is_ok() {}
            timeline.seal(&frame).unwrap();
            while timeline.next() <= tick {
                timeline.advance().unwrap();
            }
            prop_assert_eq!(timeline.digest(tick), expected.digest(tick));
            if timeline.next() == tick.next() {
                prop_assert_eq!(timeline.session().rate(), rate);
            }
        }
    }
}
