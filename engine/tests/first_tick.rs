//! A session that begins at any tick is the one that begins at tick 0, moved: prediction, rollback,
//! confirmation, snapshots, replay and `SyncTest`, over every place where a shorter tick would wrap.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use phalanx_engine::limits::FIRST_TICK_MAX;
use phalanx_engine::{
    DecodeError, Digest, Effects, Encoder, Entry, FrameHash, GameIdentity, InputFrame, Log,
    NoCommand, NoEffect, Presence, Provenance, Repeat, Rng, SealError, SealedFrame, Sealing,
    Session, Setup, SetupError, Simulation, Slot, Snapshot, State, SyncTest, Tick, TickRate,
    Timeline, TimelineStats, Window, mix, to_bytes,
};

const FIRSTS: [Tick; 6] = [
    Tick(1),
    Tick((1 << 16) - 600),
    Tick((1 << 31) - 600),
    Tick((1 << 32) - 600),
    Tick(1 << 48),
    Tick(FIRST_TICK_MAX),
];

const TICKS: u64 = 1500;
const SLOTS: u8 = 3;
const REPEAT: Repeat = Repeat { ticks: 12 };

/// A hash of everything that was seen, but of no tick.
#[derive(Debug)]
struct Mix;

#[derive(State, Clone, Debug, PartialEq, Eq)]
struct Sum {
    hash: u64,
    rows: Vec<u32>,
}

impl Simulation for Mix {
    const ID: &'static str = "mix";
    const VERSION: u32 = 1;
    type State = Sum;
    type Input = u8;
    type Command = NoCommand;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Sum {
        let (hash, rows) = (setup.seed, vec![0; setup.slots.into()]);
        Sum { hash, rows }
    }

    fn step(&self, state: &mut Sum, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        for ((_, presence, input), row) in frame.slots().zip(&mut state.rows) {
            let seen = u64::from(input) << 1 | u64::from(presence == Presence::Player);
            state.hash = mix(state.hash ^ seen);
            *row = row.wrapping_add(input.into());
        }
    }
}

fn setup(first: Tick) -> Setup {
    Setup {
        first,
        ..Setup::new(11, SLOTS, TickRate::hz(60))
    }
}

fn timeline(first: Tick) -> Timeline<Mix> {
    let window = Window {
        ticks: 10,
        repeat: REPEAT,
    };
    Timeline::new(Mix, &setup(first), window).unwrap()
}

/// What is sealed of the `nth` tick: inputs that last for a while, some of which never came.
fn frame(first: Tick, nth: u64, previous: FrameHash) -> SealedFrame {
    let mut frame = SealedFrame::empty(previous);
    frame.tick = first + nth;
    if nth == 0 {
        frame.entries = Slot::all(SLOTS).map(Entry::Join).collect();
    }
    for slot in 0..u64::from(SLOTS) {
        let filled = mix((nth / 20) ^ (slot << 40)).is_multiple_of(5);
        let value = mix((nth / 7) ^ (slot << 50)).to_le_bytes()[0] % 3;
        frame.inputs.push(value);
        frame.provenance.push(if filled {
            Provenance::Repeated
        } else {
            Provenance::Real
        });
    }
    frame
}

/// What one operation came to, with ticks counted from the first.
#[derive(Debug, PartialEq)]
enum Seen {
    Advanced(Option<u64>),
    Provided(Option<u64>),
    Sealed(Result<&'static str, &'static str>, Option<u64>),
    Snapshot(Option<Box<Snapshot>>),
    Stands(u64, u64, Option<Digest>, Option<Digest>, TimelineStats),
}

/// The same draws for every `first`; `tell` is what the timeline is told that a frame's tick is.
fn play(first: Tick, seed: u64, tell: impl Fn(Tick) -> Tick) -> Vec<Seen> {
    let nth = |tick: Tick| tick.0 - first.0;
    let (mut timeline, mut rng) = (timeline(first), Rng::new(seed));
    let (mut seen, mut sealed) = (Vec::new(), 0);
    while sealed < TICKS {
        match rng.below(8) {
            0..3 => {
                for _ in 0..3 {
                    seen.push(Seen::Advanced(timeline.advance().ok().map(nth)));
                }
            }
            3 | 4 => {
                // What a player sends is what will be sealed, mostly.
                let ahead = sealed + u64::from(rng.below(8));
                let slot = Slot(rng.below(SLOTS.into()).try_into().unwrap());
                let truth = frame(first, ahead, FrameHash([0; 32]));
                let value = truth.input(slot, 1).unwrap()[0] ^ u8::from(rng.below(8) == 0);
                let from = timeline.provide(tell(first + ahead), slot, value);
                seen.push(Seen::Provided(from.map(nth)));
            }
            5 | 6 => {
                // Now and then the frame after the next comes first.
                let ahead = u64::from(rng.below(6) == 0);
                for step in [ahead, 1 - ahead] {
                    let mut frame = frame(first, sealed + step, FrameHash([0; 32]));
                    frame.tick = tell(frame.tick);
                    let (what, from) = match timeline.seal(&frame) {
                        Ok(Sealing::Kept) => (Ok("kept"), None),
                        Ok(Sealing::Confirmed) => (Ok("confirmed"), None),
                        Ok(Sealing::Known) => (Ok("known"), None),
                        Ok(Sealing::RolledBack { from }) => (Ok("rolled back"), Some(nth(from))),
                        Err(SealError::BeyondHorizon(_)) => (Err("beyond"), None),
                        Err(SealError::WrongShape(_)) => (Err("shape"), None),
                    };
                    seen.push(Seen::Sealed(what, from));
                }
                sealed += 2;
            }
            _ => {
                let tick = timeline
                    .next()
                    .saturating_sub(1 + u64::from(rng.below(40)))
                    .max(first);
                let snapshot = timeline.snapshot(tick);
                seen.push(Seen::Snapshot(snapshot.map(|snapshot| {
                    assert_eq!(snapshot.setup, setup(first));
                    let (_, state) = snapshot.restore(&Mix).unwrap();
                    assert_eq!(timeline.look(tick, Clone::clone), Some(state));
                    Box::new(Snapshot {
                        setup: setup(Tick::ZERO),
                        tick: Tick(nth(snapshot.tick)),
                        ..snapshot
                    })
                })));
            }
        }
        let (next, confirmed) = (timeline.next(), timeline.confirmed());
        let newest = next.previous_since(first);
        seen.push(Seen::Stands(
            nth(next),
            nth(confirmed),
            newest.and_then(|tick| timeline.digest(tick)),
            confirmed
                .previous_since(first)
                .and_then(|tick| timeline.chained(tick)),
            timeline.stats(),
        ));
    }
    seen
}

#[test]
fn every_schedule_is_the_one_from_tick_0_moved() {
    for seed in 0..4 {
        let plain = play(Tick::ZERO, seed, |tick| tick);
        let Some(Seen::Stands(_, confirmed, _, _, stats)) = plain.last() else {
            unreachable!("every operation ends with it");
        };
        assert!(*confirmed > TICKS / 2, "seed {seed}: {confirmed}");
        assert!(stats.rollbacks > 50, "seed {seed}: {stats:?}");
        for first in FIRSTS {
            let moved = play(first, seed, |tick| tick);
            assert!(moved == plain, "seed {seed} from {first}");
        }
    }
}

/// The canary: ticks of 31, 32 or 48 bits would be seen.
#[test]
fn a_shorter_tick_is_seen() {
    let plain = play(Tick::ZERO, 1, |tick| tick);
    for (first, bits) in [(FIRSTS[2], 31), (FIRSTS[3], 32), (FIRSTS[4], 48)] {
        let wrapped = play(first, 1, |tick| Tick(tick.0 & ((1 << bits) - 1)));
        assert!(wrapped != plain, "{bits} bits");
    }
}

#[test]
fn before_the_first_tick_there_is_nothing() {
    for first in FIRSTS {
        let mut timeline = timeline(first);
        let before = first.saturating_sub(1);
        assert_eq!(timeline.setup().first, first);
        assert_eq!((timeline.next(), timeline.confirmed()), (first, first));
        assert_eq!(timeline.provide(before, Slot(0), 1), None);
        let mut early = frame(first, 0, FrameHash([0; 32]));
        early.tick = before;
        assert_eq!(timeline.seal(&early), Ok(Sealing::Known));
        assert_eq!(timeline.advance(), Ok(first));
        for tick in [before, Tick::ZERO, first.saturating_sub(512)] {
            assert_eq!(timeline.digest(tick), None);
            assert_eq!(timeline.input(tick, Slot(0)), None);
            assert_eq!(timeline.snapshot(tick), None);
        }
    }
}

/// A snapshot from before a boundary, and the log: who has nothing else comes to the same world behind it.
#[test]
fn a_match_goes_on_over_the_boundary_from_a_snapshot() {
    for first in FIRSTS {
        let genesis = FrameHash::genesis(&GameIdentity::of(&Mix), &setup(first));
        let (mut timeline, mut log) = (timeline(first), Log::new(genesis, first));
        let mut taken = None;
        for nth in 0..TICKS {
            let frame = frame(first, nth, log.head());
            log.append(&frame);
            timeline.seal(&frame).unwrap();
            timeline.advance().unwrap();
            if nth == 500 {
                let mut out = Encoder::new();
                timeline.snapshot(frame.tick).unwrap().encode(&mut out);
                taken = Some(out.into_bytes());
            }
        }
        log.verify().unwrap();
        let snapshot = Snapshot::decode(&taken.unwrap()).unwrap();
        assert_eq!(snapshot.tick, first + 500);
        let (mut session, mut state): (Session, Sum) = snapshot.restore(&Mix).unwrap();
        for frame in log.frames().skip(501) {
            let frame = frame.unwrap();
            session.begin(frame.tick, &frame.entries);
            let step = InputFrame::new(frame.tick, &session, &frame.entries, &[], &frame.inputs);
            Mix.step(&mut state, &step, &mut Effects::new());
        }
        assert_eq!(to_bytes(&state), to_bytes(timeline.state()));
        assert_eq!(&session, timeline.session());
    }
}

#[test]
fn sync_test_plays_from_the_first_tick() {
    let report = |first| {
        let mut ticks = Vec::new();
        let report = SyncTest::new(Mix, setup(first)).run(700, |tick, slot, _| {
            ticks.push(tick.0 - first.0);
            mix(((tick.0 - first.0) / 5) ^ (u64::from(slot.0) << 32)).to_le_bytes()[0]
        });
        (report.unwrap(), ticks)
    };
    let plain = report(Tick::ZERO);
    assert!(plain.0.resimulated_ticks > 0 && plain.0.changed_leaves > 0);
    for first in FIRSTS {
        assert_eq!(report(first), plain, "from {first}");
    }
}

#[test]
fn where_a_session_begins_is_part_of_what_it_is() {
    let genesis = |first| FrameHash::genesis(&GameIdentity::of(&Mix), &setup(first));
    for first in FIRSTS {
        assert_ne!(genesis(first), genesis(Tick::ZERO));
        assert_ne!(genesis(first), genesis(first.next()));
    }
}

#[test]
fn a_session_does_not_begin_where_ticks_run_out() {
    let first = Tick(FIRST_TICK_MAX);
    assert_eq!(setup(first).validate(), Ok(()));
    for first in [first.next(), Tick(u64::MAX - 1), Tick(u64::MAX)] {
        assert_eq!(setup(first).validate(), Err(SetupError::First));
        let mut snapshot = {
            let mut timeline = timeline(Tick::ZERO);
            timeline.advance().unwrap();
            timeline.snapshot(Tick::ZERO).unwrap()
        };
        let decoded = |snapshot: &Snapshot| {
            let mut out = Encoder::new();
            snapshot.encode(&mut out);
            Snapshot::decode(out.bytes()).map(|snapshot| snapshot.tick)
        };
        assert_eq!(decoded(&snapshot), Ok(Tick::ZERO));
        (snapshot.setup.first, snapshot.tick) = (first, first);
        assert_eq!(
            decoded(&snapshot),
            Err(DecodeError::Invalid("a first tick"))
        );
        (snapshot.setup.first, snapshot.tick) = (Tick(2), Tick(1));
        let early = DecodeError::Invalid("a tick before the first");
        assert_eq!(decoded(&snapshot), Err(early));
    }
    for slots in [0, 65] {
        let setup = Setup::new(1, slots, TickRate::hz(60));
        assert_eq!(setup.validate(), Err(SetupError::Slots));
    }
}
