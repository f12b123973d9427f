//! [`Playing`]: a session that was joined.

use phalanx_engine::{
    Digest, FrameHash, GameIdentity, Input, Log, SealedFrame, Sealing, Simulation, Slot, Tick,
    Timeline,
};

use super::keyframes::Keyframes;
use crate::config::SessionRules;
use crate::histogram::Histogram;
use crate::link::Receiver;
use crate::ring::position;
use crate::time::Time;
use crate::time::samples::Sample;

/// Sampling times kept, ticks.
pub(super) const SAMPLES_KEPT: usize = 1024;

/// A session that was joined.
pub(super) struct Playing<S: Simulation> {
    pub(super) timeline: Timeline<S>,
    pub(super) slot: Slot,
    pub(super) keyframes: Keyframes,
    /// All sealed frames, if they are kept.
    pub(super) log: Option<Log>,
    /// The first tick whose sealed frame is not there yet; it may be ahead of what was executed.
    pub(super) sealed: Tick,
    /// The first tick that is not due yet.
    pub(super) due: Tick,
    /// Whether the last stamp made none due, for the input delay has become longer.
    pub(super) holds: bool,
    /// Stalls were counted for all ticks before this one.
    pub(super) stalls_counted: Tick,
    pub(super) stalls: u64,
    pub(super) sampled: Vec<(Tick, Time)>,
    pub(super) latency: Histogram,
    pub(super) now: Time,
    pub(super) ended: bool,
}

impl<S: Simulation<State: Clone> + Clone> Clone for Playing<S> {
    fn clone(&self) -> Self {
        Self {
            timeline: self.timeline.clone(),
            keyframes: self.keyframes.clone(),
            log: self.log.clone(),
            sampled: self.sampled.clone(),
            latency: self.latency.clone(),
            ..*self
        }
    }
}

impl<S: Simulation> Playing<S> {
    /// Goes on at `next`: everything before it is executed, and nothing after it is known.
    pub(super) fn go_on(&mut self, next: Tick) {
        self.sealed = next;
        self.due = next;
        self.holds = false;
        self.stalls_counted = next;
        self.keyframes.go_on(next);
    }

    /// An empty log of the session.
    pub(super) fn new_log(&self) -> Log {
        let setup = self.timeline.setup();
        let game = GameIdentity::of(self.timeline.simulation());
        Log::new(FrameHash::genesis(&game, setup), setup.first)
    }

    pub(super) fn new(timeline: Timeline<S>, slot: Slot, rules: SessionRules) -> Self {
        let first = timeline.setup().first;
        Self {
            keyframes: Keyframes::new(first, rules.keyframe_ticks),
            log: None,
            timeline,
            slot,
            sealed: first,
            due: first,
            holds: false,
            stalls_counted: first,
            stalls: 0,
            sampled: vec![(Tick::ZERO, Time::NEVER); SAMPLES_KEPT],
            latency: Histogram::default(),
            now: Time::ZERO,
            ended: false,
        }
    }

    /// What is known here of the input that is stamped now.
    pub(super) fn sample(&self, now: Time, stamp: Tick, delay: u32) -> Sample {
        let predicted = self.timeline.next().since(self.timeline.confirmed());
        Sample {
            stamp,
            at: now,
            // Both are bounded by limits far below.
            delay: u16::try_from(delay).unwrap_or(u16::MAX),
            depth: u16::try_from(predicted).unwrap_or(0),
            stalls: u32::try_from(self.stalls).unwrap_or(u32::MAX),
            ..Sample::default()
        }
    }

    /// Executes what is due, as long as there is time for `more`.
    pub(super) fn execute(&mut self, mut more: impl FnMut() -> bool) -> u64 {
        let mut executed = 0;
        while self.timeline.next() < self.due && (executed == 0 || more()) {
            let before = self.timeline.confirmed();
            if self.timeline.advance().is_err() {
                break;
            }
            executed += 1;
            self.record_latency(before);
        }
        executed
    }

    /// Counts every due tick that is not executed, once; returns whether there is one.
    pub(super) fn count_stalls(&mut self) -> bool {
        let next = self.timeline.next();
        if next >= self.due || self.timeline.session().ended() {
            return false;
        }
        let first = next.max(self.stalls_counted);
        self.stalls += self.due.since(first).max(0).unsigned_abs();
        self.stalls_counted = self.due;
        true
    }

    /// Records how long the inputs of newly confirmed ticks took.
    fn record_latency(&mut self, before: Tick) {
        for tick in before.until(self.timeline.confirmed()) {
            let (sampled, time) = self.sampled[position(tick, SAMPLES_KEPT as u64)];
            if sampled == tick && time != Time::NEVER {
                self.latency.record(self.now.since(time));
            }
        }
    }
}

impl<S: Simulation> Receiver for Playing<S> {
    fn sealed(&mut self, frame: &SealedFrame) -> bool {
        let before = self.timeline.confirmed();
        let result = self.timeline.seal(frame);
        self.record_latency(before);
        let taken = matches!(
            result,
            Ok(Sealing::Kept | Sealing::Confirmed | Sealing::RolledBack { .. } | Sealing::Known)
        );
        if taken {
            if let Some(log) = self.log.as_mut().filter(|log| log.next() == frame.tick) {
                log.append(frame);
            }
            self.sealed = self.sealed.max(frame.tick.next());
        }
        taken
    }

    fn provisional(&mut self, tick: Tick, slot: Slot, packed: &[u8]) {
        if slot != self.slot {
            self.timeline.provide(tick, slot, S::Input::unpack(packed));
        }
    }

    fn vote(&self, tick: Tick) -> Option<Digest> {
        self.timeline.chained(tick)
    }

    fn confirmed(&self) -> Tick {
        self.timeline.confirmed()
    }
}

/// Before the session is joined there is nobody to receive.
pub(super) struct Nobody;

impl Receiver for Nobody {
    fn sealed(&mut self, _frame: &SealedFrame) -> bool {
        false
    }
    fn provisional(&mut self, _tick: Tick, _slot: Slot, _packed: &[u8]) {}
    fn vote(&self, _tick: Tick) -> Option<Digest> {
        None
    }
    fn confirmed(&self) -> Tick {
        Tick::ZERO
    }
}
