//! What a timeline tells of effects: each predicted at most once, then confirmed or cancelled once.

#![expect(
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "lengths of vectors, drawn bits and helpers of tests"
)]

mod harness;

use allocation_counter::measure;
use harness::chaos::Chaos;
use harness::effects::{Kind, Spark, Tally, check};
use harness::rollback_model::{Case, Match, play};
use phalanx_engine::limits::{
    EFFECT_EVENTS_MAX, EFFECT_TOLERANCE_TICKS_MAX, EFFECTS_PER_TICK_MAX, EFFECTS_PREDICTED_MAX,
    HISTORY_TICKS_MAX,
};
use phalanx_engine::{
    Effect, EffectEvent, EffectId, EffectKey, Effects, FrameHash, InputFrame, NoCommand,
    Provenance, Repeat, Rng, SealedFrame, Setup, Simulation, Slot, SyncTest, SyncTestError, Tick,
    TickRate, Timeline, Window,
};

const SETUP: Setup = Setup::new(7, 1, TickRate::hz(60));

/// The random case of a seed.
fn case(seed: u64) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    (0..1000).map(|_| rng.below(256) as u8).collect()
}

#[test]
fn random_schedules_predict_move_change_and_cancel() {
    let mut sum = Tally::default();
    for seed in 100..160 {
        let tally = play(&case(seed), || Chaos).unwrap().effects;
        sum.predicted += tally.predicted;
        sum.confirmed += tally.confirmed;
        sum.cancelled += tally.cancelled;
        sum.moved += tally.moved;
        sum.changed += tally.changed;
    }
    assert!(sum.predicted > 5_000 && sum.confirmed > 10_000, "{sum:?}");
    assert!(sum.cancelled > 500 && sum.moved > 500, "{sum:?}");
    assert!(sum.changed > 2_000, "{sum:?}");
}

#[test]
fn a_model_that_does_not_know_what_moved_differs() {
    let differs = |seed: &u64| {
        let case = Case::from_bytes(&case(*seed));
        let mut game = Match::new(|| Chaos, case.setup, case.window);
        game.model.teller.stubborn = true;
        let failed = case
            .operations
            .iter()
            .find_map(|operation| game.apply(operation).err());
        failed.is_some_and(|what| what.starts_with("effects"))
    };
    let found = (0..40).filter(differs).count();
    assert!(found > 20, "found in {found} of 40 cases");
}

const fn spark(kind: Kind) -> Spark {
    Spark {
        kind,
        entity: 1,
        loud: 3,
    }
}

const fn predicted(id: u64, tick: u64, effect: Spark) -> EffectEvent<Spark> {
    let (id, tick) = (EffectId(id), Tick(tick));
    EffectEvent::Predicted { id, tick, effect }
}

const fn confirmed(
    id: u64,
    tick: u64,
    effect: Spark,
    predicted: Option<u64>,
) -> EffectEvent<Spark> {
    EffectEvent::Confirmed {
        id: EffectId(id),
        tick: Tick(tick),
        effect,
        predicted: match predicted {
            Some(tick) => Some(Tick(tick)),
            None => None,
        },
    }
}

const fn cancelled(id: u64, tick: u64, effect: Spark) -> EffectEvent<Spark> {
    let (id, tick) = (EffectId(id), Tick(tick));
    EffectEvent::Cancelled { id, tick, effect }
}

#[test]
fn whatever_is_told_wrongly_is_found() {
    const HUM: Spark = spark(Kind::Hum);
    const BURST: Spark = spark(Kind::Burst);
    let death = spark(Kind::Death);
    let told = [
        predicted(0, 4, HUM),
        predicted(1, 5, BURST),
        confirmed(0, 6, HUM, Some(4)),
        confirmed(1, 6, BURST, Some(5)),
        confirmed(2, 7, death, None),
        predicted(3, 8, HUM),
        cancelled(3, 8, HUM),
    ];
    let log = [(Tick(6), HUM), (Tick(6), BURST), (Tick(7), death)];
    let checked = |told: &[_]| check(told, &log, Tick(12), false, false);
    checked(&told).unwrap();
    for index in 0..told.len() {
        let mut less = told.to_vec();
        let left_out = less.remove(index);
        assert!(checked(&less).is_err(), "without {left_out:?}");
        let mut more = told.to_vec();
        more.push(told[index]);
        assert!(checked(&more).is_err(), "twice {left_out:?}");
    }
    let replaced = |index: usize, event| {
        let mut other = told.to_vec();
        other[index] = event;
        checked(&other).unwrap_err()
    };
    replaced(2, confirmed(0, 5, HUM, Some(4)));
    replaced(2, confirmed(0, 6, HUM, None));
    replaced(0, predicted(0, 1, HUM));
    replaced(3, cancelled(1, 5, BURST));
    replaced(6, cancelled(3, 9, HUM));
    replaced(4, confirmed(2, 7, spark(Kind::Rattle), None));
    let mut early = told.to_vec();
    early.insert(4, predicted(2, 7, death));
    checked(&early).unwrap_err();
    // What is predicted may stay so until its time is over, and no longer.
    check(&told[..6], &log, Tick(11), false, false).unwrap();
    check(&told[..6], &log, Tick(12), false, false).unwrap_err();
    check(&told[..6], &log, Tick(11), true, false).unwrap_err();
}

/// Tells what it is given: the upper half of an input is the kind, the lower half how often.
struct Echo;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sound(u8);

impl Effect for Sound {
    fn key(&self) -> EffectKey {
        EffectKey::new(self.0.into(), 0_u32)
    }
    /// Kind 0 may not move at all, and kind 15 as far as any.
    fn tolerance(&self) -> u32 {
        match self.0 {
            15 => u32::MAX,
            kind => kind.into(),
        }
    }
}

impl Simulation for Echo {
    const ID: &'static str = "echo";
    const VERSION: u32 = 1;
    type State = u8;
    type Input = u8;
    type Command = NoCommand;
    type Effect = Sound;

    fn start(&self, _: &Setup) -> u8 {
        0
    }

    fn step(&self, state: &mut u8, frame: &InputFrame<'_, Self>, sounds: &mut Effects<Sound>) {
        *state = frame.input(Slot(0));
        let count = match *state & 15 {
            15 => 3 * EFFECTS_PER_TICK_MAX,
            14 => EFFECTS_PER_TICK_MAX,
            count => count.into(),
        };
        for _ in 0..count {
            sounds.emit(Sound(*state >> 4));
        }
    }
}

fn timeline(ticks: u32) -> Timeline<Echo> {
    let repeat = Repeat { ticks };
    Timeline::new(Echo, &SETUP, Window { ticks, repeat }).unwrap()
}

fn seal(timeline: &mut Timeline<Echo>, tick: u64, input: u8) {
    let mut frame = SealedFrame::empty(FrameHash([0; 32]));
    frame.tick = Tick(tick);
    frame.inputs = vec![input];
    frame.provenance = vec![Provenance::Real];
    timeline.seal(&frame).unwrap();
    while timeline.advance().is_ok() {}
}

/// Events as text: `+` predicted, `=` confirmed, `-` cancelled; id, tick, kind.
fn told(timeline: &mut Timeline<Echo>) -> Vec<String> {
    let text = |event: EffectEvent<Sound>| match event {
        EffectEvent::Predicted { id, tick, effect } => format!("+{} {tick} {}", id.0, effect.0),
        EffectEvent::Cancelled { id, tick, effect } => format!("-{} {tick} {}", id.0, effect.0),
        EffectEvent::Confirmed {
            id,
            tick,
            effect,
            predicted,
        } => match predicted {
            Some(before) => format!("={} {before}>{tick} {}", id.0, effect.0),
            None => format!("={} {tick} {}", id.0, effect.0),
        },
    };
    timeline.effects().map(text).collect()
}

/// What is said in each slot's input: these effects, at this tick.
fn say(timeline: &mut Timeline<Echo>, inputs: &[(u64, u8)]) {
    for (tick, input) in inputs {
        timeline.provide(Tick(*tick), Slot(0), *input);
    }
    while timeline.advance().is_ok() {}
}

#[test]
fn in_lockstep_everything_is_confirmed_and_nothing_predicted() {
    let mut timeline = timeline(0);
    seal(&mut timeline, 0, 0x12);
    seal(&mut timeline, 1, 0x21);
    assert_eq!(told(&mut timeline), ["=0 0 1", "=1 0 1", "=2 1 2"]);
}

#[test]
fn a_right_prediction_is_predicted_and_confirmed() {
    let mut timeline = timeline(4);
    say(&mut timeline, &[(0, 0), (1, 0x12), (2, 0), (3, 0)]);
    assert_eq!(told(&mut timeline), ["+0 1 1", "+1 1 1"]);
    seal(&mut timeline, 0, 0);
    assert!(told(&mut timeline).is_empty());
    seal(&mut timeline, 1, 0x12);
    assert_eq!(told(&mut timeline), ["=0 1>1 1", "=1 1>1 1"]);
}

#[test]
fn what_moves_within_its_tolerance_is_the_same() {
    for (moved, expected) in [
        (0, ["=1 0 2", "-0 3 2"].as_slice()),
        (1, ["=0 3>1 2"].as_slice()),
        (2, ["=0 3>2 2"].as_slice()),
        (4, ["=0 3>4 2"].as_slice()),
        (5, ["=0 3>5 2"].as_slice()),
        (6, ["-0 3 2", "=1 6 2"].as_slice()),
    ] {
        let mut timeline = hit_at_3();
        // Where it was is known to be wrong before it is known where it is.
        let mut ticks: Vec<_> = (0..8).collect();
        if moved < 3 {
            ticks.reverse();
        }
        for tick in ticks {
            seal(&mut timeline, tick, if tick == moved { 0x21 } else { 0 });
        }
        assert_eq!(told(&mut timeline), expected, "moved to tick {moved}");
    }
}

#[test]
fn of_two_that_were_believed_at_once_the_wrong_one_is_cancelled() {
    let mut timeline = hit_at_3();
    seal(&mut timeline, 5, 0x21);
    assert_eq!(told(&mut timeline), ["+1 5 2"]);
    for tick in [0, 1, 2, 3, 4, 6, 7] {
        seal(&mut timeline, tick, 0);
    }
    assert_eq!(told(&mut timeline), ["=1 5>5 2", "-0 3 2"]);
}

/// A timeline that believes in one effect, of kind 2 at tick 3, and has told of it.
fn hit_at_3() -> Timeline<Echo> {
    let mut timeline = timeline(8);
    let inputs: Vec<_> = (0..8)
        .map(|tick| (tick, if tick == 3 { 0x21 } else { 0 }))
        .collect();
    say(&mut timeline, &inputs);
    assert_eq!(told(&mut timeline), ["+0 3 2"]);
    timeline
}

#[test]
fn what_never_was_is_cancelled_when_nothing_can_emit_it_any_more() {
    let mut timeline = timeline(8);
    say(&mut timeline, &[(0, 0), (1, 0x21), (2, 0), (3, 0)]);
    assert_eq!(told(&mut timeline), ["+0 1 2"]);
    for tick in 0..3 {
        seal(&mut timeline, tick, 0);
        assert!(told(&mut timeline).is_empty(), "after tick {tick}");
    }
    seal(&mut timeline, 3, 0);
    assert_eq!(told(&mut timeline), ["-0 1 2"]);
}

#[test]
fn looking_back_tells_nothing() {
    let mut timeline = timeline(4);
    say(&mut timeline, &[(0, 0x11), (1, 0x21), (2, 0), (3, 0)]);
    assert_eq!(told(&mut timeline).len(), 2);
    timeline.look(Tick(0), |_| ()).unwrap();
    timeline.snapshot(Tick(1)).unwrap();
    assert!(told(&mut timeline).is_empty());
}

#[test]
fn what_is_too_much_in_a_tick_is_left_out_and_counted_once() {
    let mut timeline = timeline(4);
    say(&mut timeline, &[(0, 0), (1, 0x1f), (2, 0), (3, 0)]);
    assert_eq!(told(&mut timeline).len(), EFFECTS_PER_TICK_MAX as usize);
    assert_eq!(timeline.stats().effects_left_out, 0, "not confirmed yet");
    seal(&mut timeline, 0, 1);
    (1..4).for_each(|tick| seal(&mut timeline, tick, if tick == 1 { 0x1f } else { 0 }));
    let left_out = timeline.stats().effects_left_out;
    assert_eq!(left_out, 2 * u64::from(EFFECTS_PER_TICK_MAX));
    let one_of_kind_0 = 1;
    assert_eq!(
        told(&mut timeline).len(),
        EFFECTS_PER_TICK_MAX as usize + one_of_kind_0
    );
}

#[test]
fn what_is_too_much_to_predict_is_told_when_it_is_sure() {
    let mut timeline = timeline(16);
    let full: Vec<_> = (0..12).map(|tick| (tick, 0xe0 | 14)).collect();
    say(&mut timeline, &full);
    let plus = told(&mut timeline);
    assert_eq!(plus.len(), EFFECTS_PREDICTED_MAX as usize);
    assert!(plus.iter().all(|told| told.starts_with('+')));
    (0..12).for_each(|tick| seal(&mut timeline, tick, 0xe0 | 14));
    let rest = told(&mut timeline);
    let count = |start: char| rest.iter().filter(|told| told.starts_with(start)).count();
    let all = 12 * EFFECTS_PER_TICK_MAX as usize;
    assert_eq!((count('='), count('-')), (all, 0), "each is confirmed once");
    let news = rest
        .iter()
        .filter(|told| told.starts_with('=') && !told.contains('>'))
        .count();
    let later = count('+');
    assert!(
        news > 0 && news + plus.len() + later >= all,
        "{news} {later}"
    );
}

#[test]
fn a_tolerance_has_a_limit() {
    let mut timeline = timeline(1);
    say(&mut timeline, &[(0, 0xf1)]);
    let last = u64::from(EFFECT_TOLERANCE_TICKS_MAX);
    let mut cancelled = None;
    for tick in 0..=last {
        assert_eq!(cancelled, None);
        seal(&mut timeline, tick, 0);
        let minus = told(&mut timeline).iter().any(|told| told == "-0 0 15");
        cancelled = minus.then_some(tick);
    }
    assert_eq!(cancelled, Some(last));
}

#[test]
fn what_nobody_fetches_is_forgotten_and_counted() {
    let mut timeline = timeline(0);
    let ticks = 2 * u64::from(HISTORY_TICKS_MAX);
    (0..ticks).for_each(|tick| seal(&mut timeline, tick, 0x11));
    let missed = timeline.stats().effects_missed;
    let rest = told(&mut timeline);
    assert_eq!(rest.len() as u64, u64::from(HISTORY_TICKS_MAX) + 1);
    assert_eq!(missed + rest.len() as u64, ticks);
    assert_eq!(rest[0], format!("={missed} {missed} 1"));

    let mut busy = self::timeline(0);
    (0..40).for_each(|tick| seal(&mut busy, tick, 0x1e));
    let missed = 40 * EFFECTS_PER_TICK_MAX - EFFECT_EVENTS_MAX;
    assert_eq!(busy.stats().effects_missed, u64::from(missed));
    assert_eq!(told(&mut busy).len(), EFFECT_EVENTS_MAX as usize);
}

#[test]
fn a_steady_tick_allocates_nothing() {
    // Everything there is: two of a kind, one that moves by a tick, one that never was.
    let play = |timeline: &mut Timeline<Echo>, tick: u64| {
        let guess = [0x12, 0x21, 0, 0x35][(tick % 4) as usize];
        let truth = [0x12, 0, 0x21, 0x30][(tick % 4) as usize];
        timeline.provide(Tick(tick + 6), Slot(0), guess);
        while timeline.advance().is_ok() {}
        let mut frame = SealedFrame::empty(FrameHash([0; 32]));
        frame.tick = Tick(tick);
        frame.inputs = vec![truth];
        frame.provenance = vec![Provenance::Real];
        let mut events = 0;
        let info = measure(|| {
            timeline.seal(&frame).unwrap();
            while timeline.advance().is_ok() {}
            events = timeline.effects().count();
        });
        (info.count_total, events)
    };
    let mut timeline = timeline(8);
    let warm: u64 = (0..600).map(|tick| play(&mut timeline, tick).0).sum();
    assert!(warm > 0, "the start is counted");
    let steady: Vec<_> = (600..1200).map(|tick| play(&mut timeline, tick)).collect();
    let events: usize = steady.iter().map(|(_, events)| events).sum();
    assert!(events > 1_000, "{events} events");
    assert!(timeline.stats().rollbacks > 400, "{:?}", timeline.stats());
    assert!(
        steady.iter().all(|(allocations, _)| *allocations == 0),
        "{steady:?}"
    );
}

/// The effects of a game are told by a counter that no state holds.
struct Hidden(core::cell::Cell<u8>);

impl Simulation for Hidden {
    const ID: &'static str = "hidden";
    const VERSION: u32 = 1;
    type State = u8;
    type Input = u8;
    type Command = NoCommand;
    type Effect = Sound;

    fn start(&self, _: &Setup) -> u8 {
        0
    }

    fn step(&self, state: &mut u8, frame: &InputFrame<'_, Self>, sounds: &mut Effects<Sound>) {
        *state = frame.input(Slot(0));
        if *state == 40 {
            self.0.set(self.0.get() + 1);
            sounds.emit(Sound(self.0.get()));
        }
    }
}

#[test]
fn sync_test_finds_effects_that_depend_on_something_hidden() {
    let input = |tick: Tick, _, _: &u8| tick.0 as u8;
    SyncTest::new(Echo, SETUP).run(300, input).unwrap();
    let hidden = SyncTest::new(Hidden(Default::default()), SETUP);
    let error = hidden.run(100, input).unwrap_err();
    let (first, again) = (
        "Sound(1) as its effect 0".into(),
        "Sound(2) as its effect 0".into(),
    );
    let tick = Tick(40);
    assert_eq!(error, SyncTestError::Effects { tick, first, again });
    // A world that was decoded some time ago tells the same, too.
    let hidden = SyncTest::new(Hidden(Default::default()), SETUP).rewind(0);
    assert_eq!(hidden.run(100, input).unwrap_err().tick(), tick);
}
