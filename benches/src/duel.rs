//! The fighting game, rolled back by eight ticks at every tick.

use phalanx::duel::{Duel, Pad};
use phalanx_engine::{
    Entry, FrameHash, Input, Provenance, Repeat, SealedFrame, Sealing, Setup, Slot, Tick, TickRate,
    Timeline, Window, mix,
};

use crate::clock::CpuTime;
use crate::session::float;

/// How deep every rollback is, ticks.
pub const DEPTH: u32 = 8;

/// Two fighters.
pub const SETUP: Setup = Setup::new(1, 2, TickRate::hz(60));

/// Inputs that no guess ever meets: everybody turns round at every tick.
#[must_use]
pub fn pad(slot: Slot, tick: Tick) -> Pad {
    let random = mix(tick.0 ^ (u64::from(slot.0) << 32));
    let left = tick.0.is_multiple_of(2);
    Pad {
        left,
        right: !left,
        up: random.is_multiple_of(16),
        light: random % 16 == 1,
        heavy: random % 16 == 2,
        special: random % 16 == 3,
        ..Pad::default()
    }
}

/// A timeline that learns of every tick when it has predicted [`DEPTH`] of them, and that it
/// guessed wrong.
pub struct Rewinder {
    timeline: Timeline<Duel>,
    frame: SealedFrame,
}

impl Default for Rewinder {
    fn default() -> Self {
        Self::new()
    }
}

impl Rewinder {
    /// A match before its first tick.
    ///
    /// # Panics
    /// Never: the window is within limits.
    #[must_use]
    pub fn new() -> Self {
        let repeat = Repeat { ticks: 30 };
        let window = Window {
            ticks: DEPTH,
            repeat,
        };
        let mut frame = SealedFrame::empty(FrameHash([0; 32]));
        frame.provenance = vec![Provenance::Real; SETUP.slots.into()];
        frame.inputs = vec![0; usize::from(SETUP.slots) * Pad::BYTES as usize];
        Self {
            timeline: Timeline::new(Duel, &SETUP, window).expect("a window within limits"),
            frame,
        }
    }

    /// One tick: nine are executed, eight of them again.
    ///
    /// # Panics
    /// If there was no rollback of that depth.
    pub fn advance(&mut self) {
        while self.timeline.advance().is_ok() {}
        let tick = self.timeline.confirmed();
        assert_eq!(self.timeline.next(), tick + u64::from(DEPTH));
        self.frame.tick = tick;
        self.frame.entries.clear();
        if tick == Tick::ZERO {
            let joins = Slot::all(SETUP.slots).map(Entry::Join);
            self.frame.entries.extend(joins);
        }
        let packed = self.frame.inputs.chunks_exact_mut(Pad::BYTES as usize);
        for (slot, packed) in Slot::all(SETUP.slots).zip(packed) {
            pad(slot, tick).pack(packed);
        }
        let sealing = self.timeline.seal(&self.frame);
        assert_eq!(sealing, Ok(Sealing::RolledBack { from: tick }));
    }

    /// Plays `ticks` ticks; returns the nanoseconds of one.
    pub fn run(&mut self, ticks: u64) -> f64 {
        let begin = CpuTime::now();
        (0..ticks).for_each(|_| self.advance());
        float(begin.elapsed_nanos()) / float(ticks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tick_is_rolled_back_by_eight() {
        let mut rewinder = Rewinder::new();
        rewinder.run(100);
        let stats = rewinder.timeline.stats();
        assert_eq!(stats.rollbacks, 100);
        assert_eq!(stats.rollback_depth_max, u64::from(DEPTH));
        assert_eq!(stats.resimulated_ticks, 99 * u64::from(DEPTH));
    }
}
