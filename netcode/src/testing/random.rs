//! The random processes of a link, of integers only: the same from a seed on every machine.

use core::time::Duration;

use phalanx_engine::{Rng, mix};

use super::conditions::{Holds, LinkConditions, Ramps, WHOLE, bounded, paced};
use crate::Time;

/// What a stream of random numbers is for. One stream each, so that one purpose's draws do not
/// move another's.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    Bursts = 1,
    Holds,
    Ramps,
    Jitter,
    Duplicate,
    Reorder,
    StreamJitter,
}

/// The stream for `purpose` of the link with this seed.
pub(super) fn stream(seed: u64, purpose: Purpose) -> Rng {
    let sequence = purpose as u64;
    // Sequences that begin at one state are alike in their first draws, so each has its own.
    Rng::with_sequence(mix(seed ^ mix(sequence)), sequence)
}

/// `number` / 2^`bits`, which every caller knows to be below 2^64.
#[expect(
    clippy::cast_possible_truncation,
    reason = "in range by the callers' bounds"
)]
const fn shifted(number: u128, bits: u32) -> u64 {
    (number >> bits) as u64
}

/// The part of `range` that `bits` are of 2^64.
fn scale(bits: u64, range: u64) -> u64 {
    shifted(u128::from(bits) * u128::from(range), 64)
}

/// A number from `low` to `high`, each equally likely but for 2^-64 of the range.
pub(super) fn uniform(rng: &mut Rng, low: u64, high: u64) -> u64 {
    let range = high.saturating_sub(low).saturating_add(1);
    low.saturating_add(scale(rng.next_u64(), range))
}

/// A number from half of `mean` to one and a half of it.
pub(super) fn around(rng: &mut Rng, mean: u64) -> u64 {
    uniform(rng, mean / 2, mean.saturating_add(mean / 2))
}

/// `|N(0, sigma)|`, at most 6 sigma. The sum of twelve uniform numbers has variance one and is
/// normal to within what a test of a network can see (its mean is 0.4 % above a half-normal's).
pub(super) fn half_normal(rng: &mut Rng, sigma: u64) -> u64 {
    let sum: u64 = (0..12).map(|_| u64::from(rng.next_u32())).sum();
    let deviation = sum.abs_diff(6 << 32);
    shifted(u128::from(sigma) * u128::from(deviation), 32)
}

/// An exponentially distributed number with this mean, at least 1 and at most 45 means.
pub(super) fn exponential(rng: &mut Rng, mean: u64) -> u64 {
    /// ln 2 in units of 2^-32.
    const LN_2: u128 = 2_977_044_472;
    let neg_ln = (neg_log2(rng.next_u64().max(1)) * LN_2) >> 32;
    shifted(u128::from(mean) * neg_ln, 32).max(1)
}

/// -log2(`bits` / 2^64) in units of 2^-32, by squaring: each square's size is the next binary
/// digit of the logarithm. `bits` is not zero.
fn neg_log2(bits: u64) -> u128 {
    let shift = bits.leading_zeros();
    let mut mantissa = bits << shift; // From 1 to below 2, in units of 2^-63.
    let mut log = u128::from(63 - shift);
    for _ in 0..32 {
        let square = (u128::from(mantissa) * u128::from(mantissa)) >> 63;
        let digit = u32::from(square >= 1 << 64);
        mantissa = shifted(square, digit);
        log = (log << 1) | u128::from(digit);
    }
    (64 << 32) - log
}

/// The Gilbert-Elliott chain in continuous time: a link is lossy or not for exponentially
/// distributed times. It knows nothing of packets.
#[derive(Clone, Debug)]
pub(super) struct Bursts {
    rng: Rng,
    /// Mean nanoseconds of the times without and with loss; `None` if one of them is all there is.
    means: Option<[u64; 2]>,
    lossy: bool,
    until: Time,
}

impl Bursts {
    pub(super) fn new(conditions: &LinkConditions, mut rng: Rng) -> Self {
        let lossy = rng.below(WHOLE) < conditions.loss_per_10k;
        let mut bursts = Self {
            rng,
            means: None,
            lossy,
            until: Time::NEVER,
        };
        bursts.change(Time::ZERO, conditions);
        bursts
    }

    /// From `now` on, loss is that of `conditions`. What is left of the present time is drawn anew:
    /// exponential times have no memory.
    pub(super) fn change(&mut self, now: Time, conditions: &LinkConditions) {
        let loss = conditions.loss_per_10k.min(WHOLE);
        let burst = paced(conditions.loss_burst);
        if loss == 0 || loss == WHOLE {
            (self.means, self.lossy, self.until) = (None, loss == WHOLE, Time::NEVER);
            return;
        }
        // At most an hour times 10,000.
        let clear = burst * u64::from(WHOLE - loss) / u64::from(loss);
        self.means = Some([clear, burst]);
        self.until = now;
        self.prolong();
    }

    /// Moves the end of the present time by a newly drawn duration.
    fn prolong(&mut self) {
        let Some(means) = self.means else { return };
        let mean = means[usize::from(self.lossy)];
        self.until += Duration::from_nanos(exponential(&mut self.rng, mean));
    }

    /// Passes time until `now`.
    pub(super) fn advance(&mut self, now: Time) {
        while self.means.is_some() && self.until <= now {
            self.lossy = !self.lossy;
            self.prolong();
        }
    }

    /// Whether what is sent at the moment advanced to is lost.
    pub(super) const fn lossy(&self) -> bool {
        self.lossy
    }

    /// Whether what is sent at `later`, not before the moment advanced to, is lost.
    pub(super) fn lossy_at(&self, later: Time) -> bool {
        let mut ahead = self.clone();
        ahead.advance(later);
        ahead.lossy
    }

    /// When the present time ends.
    #[cfg(test)]
    pub(super) const fn until(&self) -> Time {
        self.until
    }
}

/// The present or next [hold](Holds) of a link, and the stream for those after it.
#[derive(Clone, Debug)]
pub(super) struct HoldTimes {
    rng: Rng,
    holds: Holds,
    from: Time,
    to: Time,
}

impl HoldTimes {
    /// The holds that follow `now`.
    pub(super) fn new(now: Time, holds: Holds, rng: Rng) -> Self {
        let mut times = Self {
            rng,
            holds,
            from: now,
            to: now,
        };
        times.next();
        times
    }

    fn next(&mut self) {
        let gap = around(&mut self.rng, paced(self.holds.period));
        let (low, high) = (bounded(self.holds.shortest), bounded(self.holds.longest));
        self.from = self.to + Duration::from_nanos(gap);
        self.to = self.from + Duration::from_nanos(uniform(&mut self.rng, low, high));
    }

    /// Forgets the holds that ended by `now`.
    pub(super) fn advance(&mut self, now: Time) {
        while self.to <= now {
            self.next();
        }
    }

    /// When that is delivered which is due at `due`, not before the moment advanced to.
    pub(super) fn release(&self, due: Time) -> Time {
        if due < self.from {
            return due;
        }
        let mut ahead = self.clone();
        ahead.advance(due);
        if due < ahead.from { due } else { ahead.to }
    }
}

/// The extra delay in nanoseconds of what is sent at `now`, when the ramps of a link began
/// `phase` / 2^64 of a period before time zero.
pub(super) fn ramp(now: Time, ramps: &Ramps, phase: u64) -> u64 {
    let (period, peak) = (paced(ramps.period), bounded(ramps.peak));
    let length = bounded(ramps.length).min(period);
    let position = (now.as_nanos() % period + scale(phase, period)) % period;
    let middle = length / 2;
    // An hour times an hour: beyond 64 bits, and the quotient is at most the peak.
    let part = |nanos: u64, of: u64| {
        let extra = u128::from(peak) * u128::from(nanos) / u128::from(of.max(1));
        shifted(extra, 0)
    };
    match position {
        _ if position < middle => part(position, middle),
        _ if position < length => part(length - position, length - middle),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_right() {
        // 2^32 times the logarithms to base 2 of 2, 2^64 and 4/3, rounded up.
        let one = 1_u128 << 32;
        assert_eq!(neg_log2(1 << 63), one);
        assert_eq!(neg_log2(1), 64 * one);
        assert_eq!(neg_log2(3 << 62), 1_782_572_487);
        assert_eq!(neg_log2(u64::MAX), 1);
    }

    #[test]
    fn exponential_has_its_mean_and_median() {
        let mut rng = Rng::new(1);
        let drawn: Vec<u64> = (0..200_000)
            .map(|_| exponential(&mut rng, 1_000_000))
            .collect();
        let mean = drawn.iter().sum::<u64>() / 200_000;
        let above = drawn.iter().filter(|&&nanos| nanos > 693_147).count();
        assert!((993_000..1_007_000).contains(&mean), "{mean}");
        assert!((99_000..101_000).contains(&above), "{above}");
    }

    #[test]
    fn half_normal_has_its_quantiles() {
        let mut rng = Rng::new(2);
        let drawn: Vec<u64> = (0..200_000)
            .map(|_| half_normal(&mut rng, 1_000_000))
            .collect();
        let within = |nanos: u64| drawn.iter().filter(|&&x| x < nanos).count();
        assert!(
            (135_500..137_500).contains(&within(1_000_000)),
            "{}",
            within(1_000_000)
        ); // 68.27 %
        assert!(
            (190_300..191_500).contains(&within(2_000_000)),
            "{}",
            within(2_000_000)
        ); // 95.45 %
        assert!(
            (199_300..199_600).contains(&within(3_000_000)),
            "{}",
            within(3_000_000)
        ); // 99.73 %
    }

    #[test]
    fn streams_differ_in_purpose_and_seed() {
        let first = |seed, purpose| stream(seed, purpose).next_u64();
        assert_ne!(first(1, Purpose::Jitter), first(1, Purpose::Reorder));
        assert_ne!(first(1, Purpose::Jitter), first(2, Purpose::Jitter));
    }

    #[test]
    fn ramp_rises_and_falls() {
        let seconds = Duration::from_secs;
        let peak = Duration::from_millis(150);
        let ramps = Ramps {
            period: seconds(30),
            length: seconds(6),
            peak,
        };
        let at = |millis: u64| ramp(Time::from_nanos(millis * 1_000_000), &ramps, 0) / 1_000_000;
        assert_eq!(
            [0, 1500, 3000, 4500, 6000, 29_999].map(at),
            [0, 75, 150, 75, 0, 0]
        );
        assert_eq!([30_000, 31_500, 33_000].map(at), [0, 75, 150]);
        // Half a period earlier.
        assert_eq!(
            ramp(Time::from_nanos(18_000_000_000), &ramps, 1 << 63),
            150_000_000
        );
    }
}
