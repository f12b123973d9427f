//! [`Histogram`]: durations by the millisecond, without allocation after its start.

use core::fmt;
use core::time::Duration;

/// Durations counted by whole milliseconds, up to [`Histogram::LIMIT_MS`].
#[derive(Clone, PartialEq, Eq)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    /// Of all durations, nanoseconds.
    sum: u64,
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (p50, p99) = (self.quantile_ms(500), self.quantile_ms(990));
        write!(
            f,
            "Histogram {{ total: {}, p50: {p50:?} ms, p99: {p99:?} ms }}",
            self.total
        )
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; Self::LIMIT_MS as usize + 1],
            total: 0,
            sum: 0,
        }
    }
}

impl Histogram {
    /// Everything from here on counts as this many milliseconds.
    pub const LIMIT_MS: u32 = 4000;

    /// Counts one duration.
    pub fn record(&mut self, duration: Duration) {
        let millis = duration.as_millis().min(Self::LIMIT_MS.into());
        self.counts[usize::try_from(millis).unwrap_or(0)] += 1;
        self.total += 1;
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.sum = self.sum.saturating_add(nanos);
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        self.counts
            .iter_mut()
            .zip(&other.counts)
            .for_each(|(count, other)| *count += other);
        self.total += other.total;
        self.sum = self.sum.saturating_add(other.sum);
    }

    /// How many were counted.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The mean, also of what is longer than [`Histogram::LIMIT_MS`]; `None` if nothing was counted.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        self.sum.checked_div(self.total).map(Duration::from_nanos)
    }

    /// The shortest time, in milliseconds, that `per_mille` of 1000 durations did not exceed; `None`
    /// if nothing was counted.
    #[must_use]
    pub fn quantile_ms(&self, per_mille: u64) -> Option<u64> {
        let rank = (self.total * per_mille).div_ceil(1000).max(1);
        let mut seen = 0;
        (0..).zip(&self.counts).find_map(|(millis, count)| {
            seen += count;
            (seen >= rank).then_some(millis)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_of_all_that_was_counted() {
        let (mut some, mut others) = (Histogram::default(), Histogram::default());
        assert_eq!(some.mean(), None);
        some.record(Duration::from_micros(1_500));
        others.record(Duration::from_micros(2_700));
        others.record(Duration::from_secs(6));
        some.merge(&others);
        assert_eq!(some.mean(), Some(Duration::from_micros(2_001_400)));
    }

    #[test]
    fn quantiles_are_exact_to_the_millisecond() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile_ms(500), None);
        for millis in 1..=100 {
            histogram.record(Duration::from_millis(millis));
        }
        histogram.record(Duration::from_secs(60));
        assert_eq!(histogram.quantile_ms(500), Some(51));
        assert_eq!(histogram.quantile_ms(990), Some(100));
        assert_eq!(histogram.quantile_ms(1000), Some(4000));
    }
}
