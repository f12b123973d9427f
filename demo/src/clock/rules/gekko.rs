//! [`Gekko`]: `GekkoNet`'s (July 2026), with the frame times of its example.

use crate::clock::pair::{Frame, Pace};

/// Frames that advantages are averaged over.
const FRAMES: usize = 26;

/// Further ahead than this, in frames, a frame takes longer by this factor.
const AHEAD: f64 = 0.5;
const STRETCH: f64 = 1.016;

/// The peer that is ahead plays slower. There is no round trip in its estimate: both leave it out.
#[derive(Debug)]
pub(super) struct Gekko {
    mine: [i32; FRAMES],
    others: [i32; FRAMES],
    advantage: i32,
}

impl Default for Gekko {
    fn default() -> Self {
        Self {
            mine: [0; FRAMES],
            others: [0; FRAMES],
            advantage: 0,
        }
    }
}

impl Pace for Gekko {
    fn executed(&mut self, frame: &Frame) {
        self.advantage = (frame.heard - frame.number) as i32;
        let slot = frame.number.rem_euclid(FRAMES as i64) as usize;
        self.mine[slot] = self.advantage;
        self.others[slot] = frame.other;
    }

    fn advantage(&self) -> i32 {
        self.advantage
    }

    fn skip(&mut self, _: i64) -> i64 {
        0
    }

    fn stretch(&self) -> f64 {
        let difference = self.others.iter().sum::<i32>() - self.mine.iter().sum::<i32>();
        let ahead = f64::from(difference) / FRAMES as f64 / 2.0;
        if ahead > AHEAD { STRETCH } else { 1.0 }
    }
}
