//! [`Playout`]: how far behind what arrives it is shown, so that there is always something to show.

use core::time::Duration;

use crate::time::{Time, nanos};

/// How often there may be nothing to show, for how short a delay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlayoutPolicy {
    /// Of 10,000 arrivals 100 may be too late.
    LatencyFirst,
    /// Of 10,000 arrivals 30 may be too late.
    #[default]
    Balanced,
    /// None that is as late as one of the last minutes is too late.
    NeverLate,
}

impl PlayoutPolicy {
    /// Of 10,000 arrivals this many may be too late.
    #[must_use]
    pub const fn late_per_10k(self) -> u64 {
        match self {
            Self::LatencyFirst => 100,
            Self::Balanced => 30,
            Self::NeverLate => 0,
        }
    }
}

/// Bins of the histogram, a millisecond each; what is later is counted in the last.
const BINS: usize = 1000;
const BIN: i64 = 1_000_000;

/// Weight of one arrival before any of it is forgotten.
const UNIT: u64 = 1 << 20;

/// Every tenth of a second 1/286 is forgotten: a time constant of 28.6 s, that of 0.9993 per 20 ms.
const FORGET_EVERY: Duration = Duration::from_millis(100);
const FORGET_PART: u64 = 286;

/// The least delay is that of the last 2 to 4 s.
const LEAST_OF: Duration = Duration::from_secs(2);

/// The delay beside the first arrival's own for as long as nothing is known.
const START: i64 = 80_000_000;

/// How long that is.
const START_FOR: Duration = Duration::from_secs(1);

/// Content is shown at most 2 % faster or slower than it was made.
const SPEED_PARTS: u64 = 50;

/// So long after there was nothing to show it is not shown faster.
const RIDE_OVER: Duration = Duration::from_secs(2);

/// How late arrivals were, counted by the millisecond, old ones less and less.
#[derive(Clone, Debug)]
struct Lateness {
    bins: Box<[u64]>,
    total: u64,
    forgotten: Time,
}

impl Lateness {
    fn new(now: Time) -> Self {
        Self {
            bins: vec![0; BINS].into(),
            total: 0,
            forgotten: now,
        }
    }

    fn record(&mut self, now: Time, late: i64) {
        self.forget(now);
        let bin = usize::try_from(late / BIN).unwrap_or(0);
        self.bins[bin.min(BINS - 1)] += UNIT;
        self.total += UNIT;
    }

    /// Forgets by time and not by arrivals, so that a silence makes no difference to what is later.
    fn forget(&mut self, now: Time) {
        let steps = nanos(now.since(self.forgotten)) / nanos(FORGET_EVERY);
        self.forgotten += Duration::from_nanos(steps.saturating_mul(nanos(FORGET_EVERY)));
        // A weight has at most 40 bits: after so many steps none is left.
        for _ in 0..steps.min(40 * FORGET_PART) {
            for bin in &mut self.bins {
                *bin -= bin.div_ceil(FORGET_PART);
            }
        }
        if steps > 0 {
            self.total = self.bins.iter().sum();
        }
    }

    /// Counts everything as so many bins later, or earlier: it is late by something else now.
    fn shift(&mut self, by: i64) {
        let bins = usize::try_from(by.unsigned_abs()).unwrap_or(BINS);
        for _ in 0..bins.min(BINS) {
            if by > 0 {
                self.bins.rotate_right(1);
                let beyond = core::mem::take(&mut self.bins[0]);
                self.bins[BINS - 1] += beyond;
            } else {
                self.bins[1] += core::mem::take(&mut self.bins[0]);
                self.bins.rotate_left(1);
            }
        }
    }

    /// The least time, nanoseconds, which all but `late_per_10k` did not exceed.
    fn quantile(&self, late_per_10k: u64) -> i64 {
        let beyond = u128::from(self.total) * u128::from(late_per_10k) / 10_000;
        let mut later = 0_u128;
        for (bin, weight) in (1..BINS + 1).zip(&self.bins).rev() {
            later += u128::from(*weight);
            if later > beyond {
                return i64::try_from(bin).unwrap_or(i64::MAX).saturating_mul(BIN);
            }
        }
        0
    }
}

/// Figures of a [`Playout`] since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlayoutStats {
    /// How often there was nothing more to show.
    pub underruns: u64,
    /// For how long, in all.
    pub stood: Duration,
}

/// The render time of what others send: a clock that runs behind what arrives by as much as arrivals
/// vary, and no more.
///
/// Content has a time of its own, nanoseconds since the sender's start (for ticks
/// [`TickRate::nanos_at`](phalanx_engine::TickRate::nanos_at)). What leads from one arrival's content to the next is
/// needed when the first has been shown to its end; the time from there to the arrival, less the
/// least such time of the last seconds, is its lateness. The delay goes to the quantile of lateness that the
/// policy allows, at no more than 2 % of speed in either direction. The render time never goes
/// back. When it has reached the newest content it stands still, and whatever the delay has grown by
/// is not made up for within 2 s: the next burst often comes soon.
///
/// The estimate is that of WebRTC's NetEq (`delay_manager.cc`, `relative_arrival_delay_tracker.cc`,
/// `histogram.cc`): delays relative to the least of 2 s, a histogram that forgets with 0.9993 per
/// 20 ms, a quantile, 80 ms to begin with. There the bins are 20 ms wide and forgetting goes by packets; here
/// they are 1 ms wide, it goes by time, and when the least delay changes what was counted from it
/// is counted anew; else the delay would be too short by as much as the least one varies.
///
/// ```
/// use core::time::Duration;
/// use phalanx_netcode::present::{Playout, PlayoutPolicy};
/// use phalanx_netcode::Time;
/// let mut playout = Playout::new(PlayoutPolicy::Balanced);
/// let frame = Duration::from_millis(20);
/// let (mut now, mut shown) = (Time::ZERO, None);
/// for packet in 0..500_u64 {
///     playout.arrived(now, Duration::from_millis(20 * packet));
///     now += frame;
///     shown = playout.advance(now);
/// }
/// // It arrives evenly, so it is shown a frame and a millisecond behind.
/// assert_eq!(shown, Some(Duration::from_millis(20 * 499 - 1)));
/// ```
#[derive(Clone, Debug)]
pub struct Playout {
    policy: PlayoutPolicy,
    playing: Option<Playing>,
    stats: PlayoutStats,
}

#[derive(Clone, Debug)]
struct Playing {
    began: Time,
    /// Content is complete up to here.
    newest: i64,
    lateness: Lateness,
    /// The least delays of the last whole interval and of this one, and when that began.
    least: [i64; 2],
    least_since: Time,
    /// What lateness is counted from: the least delay, to a bin.
    anchor: Option<i64>,
    /// How far the render time is behind the local time; both clocks have a zero of their own.
    delay: i64,
    shown: i64,
    advanced: Time,
    underrun: Option<Time>,
    standing: bool,
}

impl Playout {
    /// A clock that nothing has arrived for yet.
    #[must_use]
    pub fn new(policy: PlayoutPolicy) -> Self {
        Self {
            policy,
            playing: None,
            stats: PlayoutStats::default(),
        }
    }

    /// Content has arrived: all of it is there up to this time of its own. What is older than what
    /// was there already changes nothing.
    pub fn arrived(&mut self, now: Time, content: Duration) {
        let content = signed(content);
        match &mut self.playing {
            None => self.playing = Some(Playing::new(now, content)),
            Some(playing) => playing.arrived(now, content, self.policy),
        }
    }

    /// The content time to be shown at `now`, once something has arrived. It never goes back.
    pub fn advance(&mut self, now: Time) -> Option<Duration> {
        let playing = self.playing.as_mut()?;
        let passed = now.since(playing.advanced);
        let stood = playing.standing;
        playing.advance(now, self.policy);
        if playing.standing {
            self.stats.underruns += u64::from(!stood);
            if stood {
                self.stats.stood += passed;
            }
        }
        Some(Duration::from_nanos(playing.shown.max(0).unsigned_abs()))
    }

    /// How far the render time is behind the newest content; negative times do not occur.
    #[must_use]
    pub fn buffered(&self) -> Duration {
        let ahead = |playing: &Playing| playing.newest.saturating_sub(playing.shown);
        let nanos = self.playing.as_ref().map_or(0, ahead);
        Duration::from_nanos(nanos.max(0).unsigned_abs())
    }

    /// Figures since the start.
    #[must_use]
    pub const fn stats(&self) -> PlayoutStats {
        self.stats
    }
}

fn signed(duration: Duration) -> i64 {
    i64::try_from(nanos(duration)).unwrap_or(i64::MAX)
}

impl Playing {
    fn new(now: Time, content: i64) -> Self {
        let own = local(now).saturating_sub(content);
        Self {
            began: now,
            newest: content,
            lateness: Lateness::new(now),
            least: [i64::MAX; 2],
            least_since: now,
            anchor: None,
            delay: own.saturating_add(START),
            shown: content.saturating_sub(START),
            advanced: now,
            underrun: None,
            standing: false,
        }
    }

    fn arrived(&mut self, now: Time, content: i64, policy: PlayoutPolicy) {
        if content <= self.newest {
            return;
        }
        let delay = local(now).saturating_sub(self.newest);
        self.newest = content;
        if now.since(self.least_since) >= LEAST_OF {
            self.least = [self.least[1], i64::MAX];
            self.least_since = now;
        }
        self.least[1] = self.least[1].min(delay);
        let anchor = self.follow(policy);
        self.lateness.record(now, delay.saturating_sub(anchor));
    }

    /// Lets the anchor follow the least delay, and what was counted from it follow the anchor. If
    /// the least is below by more than the quantile, the way has become another one, and what was
    /// late on the old one was so by the old least.
    fn follow(&mut self, policy: PlayoutPolicy) -> i64 {
        let least = self.least[0].min(self.least[1]);
        let anchor = self.anchor.unwrap_or(least);
        let bins = least.saturating_sub(anchor).div_euclid(BIN);
        let moved = bins.saturating_mul(BIN);
        if moved.saturating_neg() <= self.lateness.quantile(policy.late_per_10k()) {
            self.lateness.shift(-bins);
        }
        *self.anchor.insert(anchor.saturating_add(moved))
    }

    fn advance(&mut self, now: Time, policy: PlayoutPolicy) {
        let step = signed(now.since(self.advanced) / u32::try_from(SPEED_PARTS).unwrap_or(1));
        self.advanced = self.advanced.max(now);
        if let Some(anchor) = self.anchor {
            let starting = now.since(self.began) < START_FOR;
            let early = if starting { START } else { 0 };
            let quantile = self.lateness.quantile(policy.late_per_10k());
            let wanted = anchor.saturating_add(quantile.max(early));
            let riding = |since: Time| now.since(since) < RIDE_OVER;
            if wanted > self.delay {
                self.delay = wanted.min(self.delay.saturating_add(step));
            } else if !self.underrun.is_some_and(riding) {
                self.delay = wanted.max(self.delay.saturating_sub(step));
            }
        }
        let due = local(now).saturating_sub(self.delay);
        self.standing = due > self.newest;
        if self.standing {
            self.delay = local(now).saturating_sub(self.newest);
            self.underrun = Some(now);
        }
        self.shown = self.shown.max(due.min(self.newest));
    }
}

fn local(now: Time) -> i64 {
    now.nanos_since(Time::ZERO)
}

#[cfg(test)]
mod tests;
