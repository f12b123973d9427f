//! Looking at old ticks: each is what it was, and the live world is afterwards what it was before.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "helpers of tests"
)]

mod rows;

use std::collections::BTreeMap;

use phalanx_engine::limits::HISTORY_TICKS_MAX;
use phalanx_engine::{
    Digest, Encoder, FrameHash, Node, Provenance, Repeat, Schema, SealedFrame, Setup, Slot, State,
    Tick, TickRate, Timeline, Window, mix, to_bytes,
};
use proptest::collection::vec;
use proptest::prelude::*;
use rows::{Kept, Rules};

type Past = BTreeMap<Tick, Vec<u8>>;

/// What is done to a timeline.
#[derive(Clone, Debug)]
enum Step {
    Advance(u8),
    /// Seals the next frames, which say what was guessed, or not.
    Seal(u8, u8),
    /// An input so many ticks after the confirmed one.
    Provide(u8, bool, u8),
    /// How far back.
    Look(u16),
}

struct Match<const REDO: bool> {
    timeline: Timeline<Rules<REDO>>,
    /// The next frame to be sealed.
    sealed: u64,
    past: Past,
    /// Ticks that were looked at and not the newest.
    looks: u32,
}

fn timeline<const REDO: bool>() -> Timeline<Rules<REDO>> {
    let rate = TickRate::hz(20);
    let setup = Setup::new(5, 2, rate);
    let repeat = Repeat { ticks: 12 };
    Timeline::new(Rules, &setup, Window { ticks: 12, repeat }).unwrap()
}

/// State and session.
fn bytes<const REDO: bool>(timeline: &Timeline<Rules<REDO>>) -> Vec<u8> {
    [to_bytes(timeline.state()), to_bytes(timeline.session())].concat()
}

/// The checksum of the live world, from scratch.
fn digest<const REDO: bool>(timeline: &Timeline<Rules<REDO>>) -> Digest {
    let mut scratch = Encoder::new();
    let key = Schema::of::<Kept<REDO>>().fingerprint();
    let mut root = Node::root(key, &mut scratch);
    let session = timeline.session().digest(root.child(0));
    let state = timeline.state().digest(root.child(1));
    root.fold(&[session, state])
}

impl<const REDO: bool> Match<REDO> {
    fn new() -> Self {
        Self {
            timeline: timeline(),
            sealed: 0,
            past: Past::new(),
            looks: 0,
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match *step {
            Step::Advance(ticks) => {
                for _ in 0..ticks {
                    let Ok(tick) = self.timeline.advance() else {
                        break;
                    };
                    self.past.insert(tick, bytes(&self.timeline));
                }
            }
            Step::Seal(ticks, seed) => {
                for _ in 0..ticks {
                    let mut frame = SealedFrame::empty(FrameHash([0; 32]));
                    frame.tick = Tick(self.sealed);
                    let draw = mix(u64::from(seed) ^ (self.sealed / 8));
                    frame.inputs = vec![draw as u8 % 4, (draw >> 8) as u8 % 4];
                    frame.provenance = vec![Provenance::Real; 2];
                    self.sealed += u64::from(self.timeline.seal(&frame).is_ok());
                }
            }
            Step::Provide(ahead, slot, input) => {
                let tick = self.timeline.confirmed() + u64::from(ahead);
                self.timeline.provide(tick, Slot(slot.into()), input);
            }
            Step::Look(back) => self.look(back)?,
        }
        Ok(())
    }

    fn look(&mut self, back: u16) -> Result<(), String> {
        let next = self.timeline.next();
        let before = bytes(&self.timeline);
        let tick = Tick(next.0.wrapping_sub(u64::from(back)));
        let seen = self.timeline.look(tick, to_bytes);
        let kept = self.timeline.digest(tick).is_some();
        assert_eq!(seen.is_some(), kept, "{tick}");
        if let Some(seen) = seen {
            let state = &self.past[&tick][..seen.len()];
            assert_eq!(seen, state, "{tick} of {next}");
            self.looks += u32::from(tick.next() < next);
        }
        if bytes(&self.timeline) != before {
            return Err(format!("after {tick} of {next} was looked at"));
        }
        let live = next.previous().and_then(|tick| self.timeline.digest(tick));
        if live.is_some_and(|live| live != digest(&self.timeline)) {
            return Err(format!("the digest after {tick} of {next} was looked at"));
        }
        Ok(())
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..9_u8).prop_map(Step::Advance),
        3 => (1..9_u8, any::<u8>()).prop_map(|(ticks, seed)| Step::Seal(ticks, seed)),
        2 => (0..12_u8, any::<bool>(), 0..4_u8).prop_map(|(tick, slot, input)| Step::Provide(tick, slot, input)),
        4 => (0..40_u16).prop_map(Step::Look),
    ]
}

proptest! {
    #[test]
    fn a_look_shows_what_was_and_changes_nothing(steps in vec(step(), 0..120)) {
        let mut game = Match::<true>::new();
        for step in &steps {
            game.step(step).map_err(TestCaseError::fail)?;
        }
        for back in 0..20 {
            game.look(back).map_err(TestCaseError::fail)?;
        }
    }
}

/// A long match, so that records are used again and the oldest ticks are no longer there.
fn long<const REDO: bool>() -> Result<Match<REDO>, String> {
    let mut game = Match::<REDO>::new();
    for round in 0..120_u8 {
        game.step(&Step::Advance(7))?;
        game.step(&Step::Seal(6, round))?;
        let back = mix(round.into()) % (u64::from(HISTORY_TICKS_MAX) + 40);
        game.step(&Step::Look(back as u16))?;
    }
    Ok(game)
}

#[test]
fn every_tick_of_the_window_can_be_looked_at() {
    let mut game = long::<true>().unwrap();
    assert!(game.timeline.confirmed() > Tick(600));
    assert!(game.timeline.stats().rollbacks > 50);
    assert!(game.looks > 80, "{}", game.looks);
    let oldest = game.timeline.confirmed().0 - u64::from(HISTORY_TICKS_MAX);
    assert_eq!(game.timeline.look(Tick(oldest - 1), |_| ()), None);
    assert_eq!(game.timeline.look(game.timeline.next(), |_| ()), None);
    let seen = game.timeline.look(Tick(oldest), to_bytes).unwrap();
    assert_eq!(seen, game.past[&Tick(oldest)][..seen.len()]);
}

/// The canary: a state that does not go forth again.
#[test]
fn a_state_that_does_not_redo_is_found() {
    assert!(long::<false>().is_err());
}

/// Whoever looks may panic.
#[test]
fn the_world_comes_back_from_a_panic() {
    let mut game = long::<true>().unwrap();
    let before = bytes(&game.timeline);
    let tick = Tick(game.timeline.next().0 - 9);
    let look = std::panic::AssertUnwindSafe(|| game.timeline.look(tick, |_| panic!("on purpose")));
    assert!(std::panic::catch_unwind(look).is_err());
    assert_eq!(bytes(&game.timeline), before);
    assert_eq!(game.timeline.digest(tick + 8), Some(digest(&game.timeline)));
}
