//! [`InputDelay`]: how much of the path is felt as delay and how much is predicted; [`Split`], which
//! divides it by measure.

use core::fmt;
use core::time::Duration;

use phalanx_engine::limits::HORIZON_TICKS_MAX;
use serde::{Deserialize, Serialize};

use crate::limits::INPUT_DELAY_TICKS_MAX;
use crate::time::Time;

/// Input delay x: an input sampled when the clock stands at tick n is for tick n + x.
///
/// What the path takes beyond it is predicted. It may change while the session runs, on one machine alone:
/// stamps go on one by one, only which tick is shown with them changes. When it rises the picture holds
/// for as many ticks, when it falls it makes up for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InputDelay {
    /// So many ticks.
    Ticks(u32),
    /// As many as it takes, within bounds, to predict hardly ever more than `predicted` ticks. It changes
    /// rarely: a steady delay is felt less than one that alternates.
    Measured {
        /// At least so many.
        least: u32,
        /// At most so many.
        most: u32,
        /// So many are predicted; 0 for lockstep.
        predicted: u32,
    },
}

impl InputDelay {
    /// The delay before anything is measured, ticks.
    #[must_use]
    pub const fn at_start(self) -> u32 {
        match self {
            Self::Ticks(ticks) => ticks,
            Self::Measured { least, .. } => least,
        }
    }

    /// The longest that it may become, ticks.
    #[must_use]
    pub const fn most(self) -> u32 {
        match self {
            Self::Ticks(ticks) => ticks,
            Self::Measured { most, .. } => most,
        }
    }

    pub(crate) const fn is_valid(self) -> bool {
        self.at_start() <= self.most() && self.most() <= INPUT_DELAY_TICKS_MAX
    }
}

/// Ticks, or `auto`.
impl fmt::Display for InputDelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ticks(ticks) => fmt::Display::fmt(ticks, f),
            Self::Measured { .. } => f.pad("auto"),
        }
    }
}

/// How long the path is watched before the delay may change; at the start, before it is first chosen.
const WATCH: Duration = Duration::from_secs(2);
const WATCH_FIRST: Duration = Duration::from_millis(500);

/// So many watches in a row have to be content with less before the delay falls, by a tick.
const CALM: u32 = 5;

/// Of a hundred ticks so many may find more predicted than wanted; one of any number.
const BEYOND_PER_HUNDRED: u32 = 2;

/// Paths are counted up to so many ticks.
const PATHS: usize = HORIZON_TICKS_MAX as usize;

/// Divides the path between delay and prediction.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    delay: InputDelay,
    ticks: u32,
    /// How often the path took so many ticks, in this watch.
    paths: Box<[u32]>,
    seen: u32,
    until: Option<Time>,
    /// Watches in a row that would have been content with less, and with how much all of them.
    calm: (u32, u32),
}

impl Split {
    pub(crate) fn new(delay: InputDelay) -> Self {
        Self {
            delay,
            ticks: delay.at_start(),
            paths: vec![0; PATHS + 1].into(),
            seen: 0,
            until: None,
            calm: (0, 0),
        }
    }

    /// Goes on with that delay. What is measured begins with as many ticks as are in force, as far as its bounds allow.
    pub(crate) fn change(&mut self, delay: InputDelay) {
        let ticks = match delay {
            InputDelay::Ticks(ticks) => ticks,
            InputDelay::Measured { least, most, .. } => self.ticks.clamp(least, most),
        };
        *self = Self {
            ticks,
            ..Self::new(delay)
        };
    }

    /// The delay in force, ticks.
    pub(crate) const fn ticks(&self) -> u32 {
        self.ticks
    }

    /// So many ticks are not sealed, as far as is known here, up to that of the input that was just stamped
    /// and with it: so many would be predicted without a delay.
    pub(crate) fn stamped(&mut self, now: Time, path: u64) {
        let InputDelay::Measured {
            least,
            most,
            predicted,
        } = self.delay
        else {
            return;
        };
        self.paths[usize::try_from(path).map_or(PATHS, |path| path.min(PATHS))] += 1;
        self.seen += 1;
        if now < *self.until.get_or_insert(now + WATCH_FIRST) {
            return;
        }
        self.until = Some(now + WATCH);
        let wanted = self.common().saturating_sub(predicted).clamp(least, most);
        self.paths.fill(0);
        self.seen = 0;
        if wanted >= self.ticks {
            (self.ticks, self.calm) = (wanted, (0, 0));
            return;
        }
        let (watches, before) = self.calm;
        self.calm = (watches + 1, before.max(wanted));
        if self.calm.0 == CALM {
            (self.ticks, self.calm) = (self.ticks - 1, (0, 0));
        }
    }

    /// What all paths of this watch but a few did not exceed.
    fn common(&self) -> u32 {
        let mut left = (self.seen * BEYOND_PER_HUNDRED / 100).max(1);
        let common = self.paths.iter().rposition(|count| {
            let more = *count > left;
            left = left.saturating_sub(*count);
            more
        });
        common.map_or(0, |path| u32::try_from(path).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTO: InputDelay = InputDelay::Measured {
        least: 1,
        most: 10,
        predicted: 2,
    };

    /// The delay after every second of paths at 60 Hz, and how often it changed.
    fn delays(seconds: u64, delay: InputDelay, path: impl Fn(u64) -> u64) -> (Vec<u32>, u32) {
        let mut split = Split::new(delay);
        let (mut after, mut changes) = (Vec::new(), 0);
        for tick in 0..seconds * 60 {
            let before = split.ticks();
            split.stamped(Time::from_nanos(tick * 16_666_667), path(tick));
            changes += u32::from(split.ticks() != before);
            if tick % 60 == 59 {
                after.push(split.ticks());
            }
        }
        (after, changes)
    }

    #[test]
    fn what_is_beyond_the_prediction_is_delay_within_bounds() {
        assert_eq!(delays(3, AUTO, |_| 7), (vec![5, 5, 5], 1));
        assert_eq!(delays(3, AUTO, |_| 2), (vec![1, 1, 1], 0));
        assert_eq!(delays(3, AUTO, |_| 1_000_000), (vec![10, 10, 10], 1));
        assert_eq!(delays(3, InputDelay::Ticks(3), |_| 9), (vec![3, 3, 3], 0));
    }

    /// A longer route is followed within a watch, a shorter one after five, a tick at a time.
    #[test]
    fn it_rises_at_once_and_falls_slowly() {
        let path = |tick| if (600..1200).contains(&tick) { 9 } else { 5 };
        let (after, changes) = delays(70, AUTO, path);
        assert_eq!((after[9], after[12], after[28]), (3, 7, 7));
        let falls: Vec<_> = (20..70).filter(|at| after[*at] < after[*at - 1]).collect();
        assert_eq!(falls.len(), 4, "{after:?}");
        assert!(
            falls.windows(2).all(|pair| pair[1] - pair[0] == 10),
            "{falls:?}"
        );
        assert_eq!((after[69], changes), (3, 6));
    }

    #[test]
    fn it_may_be_changed_on_the_way() {
        let mut split = Split::new(InputDelay::Ticks(7));
        split.change(AUTO);
        assert_eq!(split.ticks(), 7, "until it is measured");
        for tick in 0..60 {
            split.stamped(Time::from_nanos(tick * 16_666_667), 11);
        }
        assert_eq!(split.ticks(), 9);
        split.change(InputDelay::Measured {
            least: 2,
            most: 4,
            predicted: 0,
        });
        assert_eq!(split.ticks(), 4);
        split.change(InputDelay::Ticks(0));
        for tick in 60..180 {
            split.stamped(Time::from_nanos(tick * 16_666_667), 11);
        }
        assert_eq!(split.ticks(), 0);
    }

    /// One path in a hundred that is longer, or one watch in four, does not make it go up and down.
    #[test]
    fn it_does_not_alternate() {
        let (after, changes) = delays(60, AUTO, |tick| if tick % 100 == 0 { 9 } else { 5 });
        assert_eq!((after[59], changes), (3, 1));
        let (after, changes) = delays(60, AUTO, |tick| if tick / 120 % 4 == 1 { 9 } else { 5 });
        assert_eq!((after[59], changes), (7, 2));
    }
}
