//! [`Ggrs`]: GGPO's time synchronisation, as in ggrs 0.13.

use crate::clock::TICK;
use crate::clock::pair::{Frame, Pace};

/// Frames that advantages are averaged over.
const FRAMES: usize = 30;

/// Fewer frames ahead are let be (`MIN_RECOMMENDATION`), and one is not asked again so soon
/// (`RECOMMENDATION_INTERVAL`).
const LEAST: i64 = 3;
const INTERVAL: i64 = 60;

/// The peer that is ahead by three frames or more skips as many.
#[derive(Debug)]
pub(super) struct Ggrs {
    mine: [i32; FRAMES],
    others: [i32; FRAMES],
    advantage: i32,
    next: i64,
}

impl Default for Ggrs {
    fn default() -> Self {
        Self {
            mine: [0; FRAMES],
            others: [0; FRAMES],
            advantage: 0,
            next: 0,
        }
    }
}

impl Pace for Ggrs {
    fn executed(&mut self, frame: &Frame) {
        let other_frame = frame.heard + (frame.round_trip / 2.0 / TICK) as i64;
        self.advantage = (other_frame - frame.number) as i32;
        let slot = frame.number.rem_euclid(FRAMES as i64) as usize;
        self.mine[slot] = self.advantage;
        self.others[slot] = frame.other;
    }

    fn advantage(&self) -> i32 {
        self.advantage
    }

    fn skip(&mut self, frame: i64) -> i64 {
        let difference = self.others.iter().sum::<i32>() - self.mine.iter().sum::<i32>();
        let ahead = (f64::from(difference) / FRAMES as f64 / 2.0) as i64;
        if frame <= self.next || ahead < LEAST {
            return 0;
        }
        self.next = frame + INTERVAL;
        ahead
    }

    fn stretch(&self) -> f64 {
        1.0
    }
}
