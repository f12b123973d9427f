//! Going on from a snapshot, and replays: whichever way a tick is reached, it is the same tick.

#![expect(
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "positions in vectors, drawn bits and helpers of tests"
)]
#![allow(dead_code, reason = "the rows are shared by several tests")]

mod rows;

use std::collections::BTreeMap;

use phalanx_engine::{
    Digest, Encoder, Entry, FrameHash, GameIdentity, Log, Provenance, Record, Repeat, Replay,
    ReplayError, ResumeError, SealedFrame, Setup, Slot, Snapshot, Tick, TickRate, Timeline, Window,
    mix, to_bytes,
};
use proptest::prelude::*;
use rows::Rules;

type Game = Rules<true>;
const RULES: Game = Rules;
const FIRST: Tick = Tick((1 << 32) - 100);
const SETUP: Setup = Setup {
    first: FIRST,
    ..Setup::new(5, 3, TickRate::hz(20))
};
const TICKS: u64 = 900;
const INTERVAL: u64 = 100;
const REPEAT: Repeat = Repeat { ticks: 12 };

const fn window(ticks: u32) -> Window {
    Window {
        ticks,
        repeat: REPEAT,
    }
}

/// The log of a match with joins and leaves, in which the second slot is often late.
fn log() -> Log {
    let genesis = FrameHash::genesis(&GameIdentity::of(&RULES), &SETUP);
    let mut log = Log::new(genesis, FIRST);
    let mut missing = 0;
    let mut second = 0;
    for at in 0..TICKS {
        let mut frame = SealedFrame::empty(log.head());
        frame.tick = FIRST + at;
        let draw = mix(at / 3) as u8 % 4;
        let late = at % 50 >= 30;
        missing = if late { missing + 1 } else { 0 };
        second = if late {
            REPEAT.guess(second, missing)
        } else {
            draw ^ 1
        };
        frame.inputs = vec![draw, second, 0];
        let filled = match missing {
            0 => Provenance::Real,
            1..=12 => Provenance::Repeated,
            _ => Provenance::Neutral,
        };
        frame.provenance = vec![Provenance::Real, filled, Provenance::Neutral];
        match at % 200 {
            0 => frame.entries.push(Entry::Join(Slot(2))),
            150 => frame.entries.push(Entry::Leave(Slot(2))),
            _ => {}
        }
        log.append(&frame);
    }
    log
}

fn frame(log: &Log, tick: Tick) -> SealedFrame {
    let mut frame = SealedFrame::empty(log.head());
    assert!(log.read(tick, &mut frame).unwrap());
    frame
}

/// A log with everything that a file of it has.
#[derive(Debug, Clone)]
struct Kept {
    log: Log,
    digests: Vec<Digest>,
    keyframes: BTreeMap<Tick, Snapshot>,
    /// Keyframes that were asked for.
    asked: u64,
    /// A tick of which nothing is there.
    damaged: Option<Tick>,
}

impl Record for Kept {
    type Error = phalanx_engine::LogError;
    fn setup(&self) -> &Setup {
        &SETUP
    }
    fn next(&self) -> Tick {
        self.log.next()
    }
    fn read(&mut self, tick: Tick, frame: &mut SealedFrame) -> Result<bool, Self::Error> {
        if self.damaged == Some(tick) {
            return Ok(false);
        }
        self.log.read(tick, frame)
    }
    fn digest(&mut self, tick: Tick) -> Result<Option<Digest>, Self::Error> {
        Ok(self.digests.get((tick.0 - FIRST.0) as usize).copied())
    }
    fn keyframe_before(&self, tick: Tick) -> Option<Tick> {
        self.keyframes
            .range(..=tick)
            .next_back()
            .map(|(tick, _)| *tick)
    }
    fn keyframe(&mut self, tick: Tick) -> Result<Option<Snapshot>, Self::Error> {
        self.asked += 1;
        let there = self.damaged != Some(tick);
        Ok(self.keyframes.get(&tick).filter(|_| there).cloned())
    }
}

/// The match executed in order, and its states.
fn kept() -> (Kept, Vec<Vec<u8>>) {
    let log = log();
    let mut timeline = Timeline::new(RULES, &SETUP, window(0)).unwrap();
    let (mut digests, mut keyframes, mut states) = (Vec::new(), BTreeMap::new(), Vec::new());
    for tick in FIRST.until(log.next()) {
        timeline.seal(&frame(&log, tick)).unwrap();
        timeline.advance().unwrap();
        digests.push(timeline.chained(tick).unwrap());
        states.push(to_bytes(timeline.state()));
        if (tick.0 - FIRST.0) % INTERVAL == INTERVAL - 1 {
            keyframes.insert(tick, timeline.snapshot(tick).unwrap());
        }
    }
    let asked = 0;
    let kept = Kept {
        log,
        digests,
        keyframes,
        asked,
        damaged: None,
    };
    (kept, states)
}

/// Feeds both the same frames, `lag` ticks after they predicted them, and compares all that they hold.
fn go_on(
    whole: &mut Timeline<Game>,
    resumed: &mut Timeline<Game>,
    log: &Log,
    lag: u64,
    ticks: u64,
) {
    let first = resumed.next();
    for tick in first.until((first + ticks).min(log.next())) {
        for timeline in [&mut *whole, &mut *resumed] {
            while timeline.next() < tick + lag && timeline.advance().is_ok() {}
            timeline.seal(&frame(log, tick)).unwrap();
            while timeline.next() <= tick {
                timeline.advance().unwrap();
            }
        }
        assert_eq!(whole.next(), resumed.next());
        assert_eq!(whole.chained(tick), resumed.chained(tick), "{tick}");
        assert_eq!(whole.digest(tick), resumed.digest(tick));
        let newest = Tick(whole.next().0 - 1);
        assert_eq!(
            whole.digest(newest),
            resumed.digest(newest),
            "a guess differs after {tick}"
        );
        assert_eq!(
            whole.snapshot(tick).unwrap().hash(),
            resumed.snapshot(tick).unwrap().hash()
        );
    }
    assert_eq!(to_bytes(whole.state()), to_bytes(resumed.state()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Guesses included: they go on from the snapshot's inputs and from how old these are.
    #[test]
    fn a_timeline_goes_on_from_any_tick_as_one_from_the_start(at in 0..TICKS - 1, lag in 0_u64..12) {
        let log = log();
        let mut whole = Timeline::new(RULES, &SETUP, window(12)).unwrap();
        for tick in FIRST.until(FIRST + at + 1) {
            whole.seal(&frame(&log, tick)).unwrap();
            whole.advance().unwrap();
        }
        let snapshot = whole.snapshot(FIRST + at).unwrap();
        let mut resumed = Timeline::resume(RULES, &snapshot, window(12)).unwrap();
        let tick = snapshot.tick;
        prop_assert_eq!(resumed.confirmed(), tick.next());
        prop_assert_eq!(resumed.digest(tick), Some(snapshot.checksum));
        prop_assert_eq!(resumed.chained(tick), whole.chained(tick));
        if at > 0 {
            prop_assert_eq!(resumed.digest(tick.saturating_sub(1)), None);
        }
        prop_assert_eq!(resumed.snapshot(tick).unwrap().hash(), snapshot.hash());
        go_on(&mut whole, &mut resumed, &log, lag, 120);
    }
}

#[test]
fn what_is_no_snapshot_of_the_game_is_refused() {
    let (mut kept, _) = kept();
    let good = kept.keyframes.pop_first().unwrap().1;
    let resume = |snapshot: &Snapshot| Timeline::resume(RULES, snapshot, window(8)).err();
    assert_eq!(resume(&good), None);
    let mut bad = good.clone();
    bad.inputs.pop();
    assert_eq!(resume(&bad), Some(ResumeError::Inputs));
    let mut bad = good.clone();
    bad.missing.pop();
    assert_eq!(resume(&bad), Some(ResumeError::Inputs));
    let mut bad = good.clone();
    bad.tick = Tick(u64::MAX - 1);
    assert_eq!(resume(&bad), Some(ResumeError::Tick(bad.tick)));
    let mut bad = good.clone();
    *bad.world.last_mut().unwrap() ^= 1;
    assert!(matches!(resume(&bad), Some(ResumeError::Restore(_))));
    let other = Setup { seed: 6, ..SETUP };
    let mut timeline = Timeline::new(RULES, &other, window(8)).unwrap();
    assert_eq!(timeline.jump(&good), Err(ResumeError::OtherSession));
    assert_eq!(timeline.next(), FIRST, "it is what it was");
}

#[test]
fn a_good_replay_verifies() {
    let (kept, _) = kept();
    let mut replay = Replay::new(RULES, kept);
    let mut verified = Default::default();
    while replay.verify(7, &mut verified).unwrap() {}
    assert_eq!(verified.first_bad, None);
    assert_eq!(
        (verified.ticks, verified.digests, verified.keyframes),
        (TICKS, TICKS, TICKS / INTERVAL)
    );
}

fn first_bad(kept: Kept) -> Option<Tick> {
    let mut replay = Replay::new(RULES, kept);
    let mut verified = Default::default();
    while replay.verify(1000, &mut verified).unwrap() {}
    verified.first_bad
}

/// The canaries of verification.
#[test]
fn the_first_bad_tick_is_named() {
    let (kept, _) = kept();
    for at in [0, 1, 99, 450, TICKS - 1] {
        let mut bad = kept.clone();
        bad.digests[at as usize].0 ^= 1;
        assert_eq!(first_bad(bad), Some(FIRST + at), "a digest");

        // An input, in a log that holds together.
        let mut bad = kept.clone();
        bad.log = Log::new(FrameHash::genesis(&GameIdentity::of(&RULES), &SETUP), FIRST);
        let mut scratch = Encoder::new();
        for tick in FIRST.until(kept.log.next()) {
            let mut frame = frame(&kept.log, tick);
            frame.previous = bad.log.head();
            frame.inputs[0] ^= u8::from(tick == FIRST + at);
            assert!(tick <= FIRST || frame.hash(&mut scratch) != bad.log.head());
            bad.log.append(&frame);
        }
        assert_eq!(bad.log.verify(), Ok(()));
        assert_eq!(first_bad(bad), Some(FIRST + at), "an input");
    }
    // A keyframe that is another tick's.
    let mut bad = kept.clone();
    let tick = FIRST + (2 * INTERVAL - 1);
    bad.keyframes.get_mut(&tick).unwrap().missing[1] += 1;
    assert_eq!(first_bad(bad), Some(tick), "a keyframe");
}

#[test]
fn any_tick_is_found_from_any_other_within_an_interval() {
    let (kept, states) = kept();
    let digests = kept.digests.clone();
    let mut replay = Replay::new(RULES, kept);
    let mut kept_near = 0;
    for turn in 0..300 {
        let at = if turn % 3 == 2 {
            // A little back or forth.
            let now = replay.at().map_or(0, |tick| tick.0 - FIRST.0);
            (now + 5).saturating_sub(mix(turn) % 10).min(TICKS - 1)
        } else {
            mix(turn) % TICKS
        };
        let tick = FIRST + at;
        let asked = replay.record().asked;
        let sought = replay.seek(tick).unwrap();
        assert!(sought.executed <= INTERVAL, "{sought:?}");
        assert!(replay.record().asked - asked <= 1, "more than one keyframe");
        kept_near += u64::from(turn % 3 == 2 && sought.executed <= 5);
        assert_eq!(replay.at(), Some(tick));
        assert_eq!(replay.look(to_bytes), states[at as usize]);
        let snapshot = replay.snapshot().unwrap();
        assert_eq!(
            (snapshot.tick, snapshot.chained),
            (tick, digests[at as usize])
        );
    }
    assert!(kept_near > 50, "a step back is looked up: {kept_near}");
    assert_eq!(
        replay.seek(FIRST + TICKS),
        Err(ReplayError::NotRecorded(FIRST + TICKS))
    );
    let before = FIRST.saturating_sub(1);
    assert_eq!(replay.seek(before), Err(ReplayError::NotRecorded(before)));
}

#[test]
fn a_log_alone_is_a_replay() {
    let (kept, states) = kept();
    let mut replay = Replay::new(RULES, (SETUP, kept.log));
    assert_eq!(replay.at(), None);
    let mut at = 0;
    while replay.step().unwrap() {
        assert_eq!(replay.look(to_bytes), states[at]);
        at += 1;
    }
    assert_eq!(at as u64, TICKS);
    let sought = replay.seek(FIRST + 3).unwrap();
    assert_eq!((sought.keyframe, sought.executed), (None, 4));
    replay.rewind();
    assert_eq!(replay.at(), None);
}

#[test]
fn a_replay_is_played_on_from_where_it_stands() {
    let (kept, states) = kept();
    let at = FIRST + 437;
    let whole = kept.log.clone();
    let mut replay = Replay::new(RULES, kept);
    replay.seek(at).unwrap();
    let snapshot = replay.snapshot().unwrap();
    assert_eq!(snapshot.tick, at);
    let mut timeline = Timeline::resume(RULES, &snapshot, window(0)).unwrap();
    assert_eq!(to_bytes(timeline.state()), states[437]);
    // On, with the same frames: the same match.
    for tick in at.next().until(whole.next()) {
        let frame = frame(&whole, tick);
        timeline.seal(&frame).unwrap();
        timeline.advance().unwrap();
    }
    assert_eq!(to_bytes(timeline.state()), *states.last().unwrap());
}

/// Keyframes were loaded instead of executed: their effects were not told, and their worlds believed.
#[test]
fn stepping_executes_keyframes_too() {
    let (kept, states) = kept();
    let mut replay = Replay::new(RULES, kept);
    for state in &states {
        assert!(replay.step().unwrap());
        assert_eq!(&replay.look(to_bytes), state);
    }
    assert!(!replay.step().unwrap());
    assert_eq!(replay.record().asked, 0);
}

/// It stood where nothing was kept any longer, and could not be looked at.
#[test]
fn a_damaged_record_leaves_a_replay_that_can_be_looked_at() {
    let (mut kept, states) = kept();
    let damaged = kept.log.next().saturating_sub(2);
    kept.damaged = Some(damaged);
    let mut replay = Replay::new(RULES, kept);
    replay.seek(FIRST + 5).unwrap();
    assert_eq!(replay.seek(damaged), Err(ReplayError::Missing(damaged)));
    assert_eq!(replay.at(), Some(damaged.saturating_sub(1)));
    assert_eq!(replay.look(to_bytes), states[states.len() - 3]);
    assert!(replay.checksum().is_some() && replay.snapshot().is_some());
}

/// Each error says which of the three it is: nothing of the kind was recorded, it is missing, or the session was over.
#[test]
fn what_a_replay_does_not_have_is_told_apart() {
    let (mut kept, _) = kept();
    let keyframe = kept.keyframe_before(FIRST + 500).unwrap();
    kept.damaged = Some(keyframe);
    let mut replay = Replay::new(RULES, kept);
    let missing = Err(ReplayError::Missing(keyframe));
    assert_eq!(replay.seek(FIRST + 500), missing);
    assert_eq!(replay.at(), None);

    let mut over = Log::new(frame(&log(), FIRST).previous, FIRST);
    for mut frame in log().frames().map(Result::unwrap).take(20) {
        frame.previous = over.head();
        if frame.tick == FIRST + 9 {
            frame.entries.push(Entry::End);
        }
        over.append(&frame);
    }
    let mut replay = Replay::new(RULES, (SETUP, over));
    let after = FIRST + 20;
    assert_eq!(replay.seek(after), Err(ReplayError::NotRecorded(after)));
    let next = FIRST + 10;
    assert_eq!(replay.seek(FIRST + 15), Err(ReplayError::SessionOver(next)));
    assert_eq!(replay.at(), Some(FIRST + 9));
}
