//! [`Surprises`]: by how much inputs took longer than was expected of them.

use super::MS;

/// The surprises of the inputs, counted in bins; older ones count less.
///
/// Instead of making the old ones lighter at every input, which would touch every bin, the new ones are made
/// heavier, and all are made lighter now and then.
#[derive(Clone, Debug)]
pub(super) struct Surprises {
    bins: Box<[u32; BINS]>,
    /// All from here on are empty: most are, and nobody walks them.
    end: usize,
    /// What all weigh.
    all: i64,
    /// What the next one weighs.
    weight: u32,
    pushed: u32,
}

/// A bin is a quarter of a millisecond; the last one is everything above.
const BIN: i64 = MS / 4;
const BINS: usize = 1024;

/// The lightest and the heaviest an input may weigh when it comes. All bins together weigh less than the
/// heaviest times [`MEMORY_MAX`], and half as much again, and fit in a bin.
const LIGHTEST: u32 = 1 << 10;
const HEAVIEST: u32 = 1 << 18;

/// How often the weight of the next ones is raised, inputs.
pub(super) const RAISED_EVERY: u32 = 64;

/// Longest memory, inputs.
pub(super) const MEMORY_MAX: u32 = 1 << 13;

impl Default for Surprises {
    fn default() -> Self {
        Self {
            bins: Box::new([0; BINS]),
            end: 0,
            all: 0,
            weight: LIGHTEST,
            pushed: 0,
        }
    }
}

impl Surprises {
    pub(super) fn push(&mut self, surprise: i64, memory: u32) {
        let bin = usize::try_from(surprise / BIN).map_or(0, |bin| bin.min(BINS - 1));
        self.bins[bin] += self.weight;
        self.end = self.end.max(bin + 1);
        self.all += i64::from(self.weight);
        self.pushed = self.pushed.wrapping_add(1);
        if self.pushed.is_multiple_of(RAISED_EVERY) {
            let epochs = memory.max(RAISED_EVERY) / RAISED_EVERY;
            self.weight += self.weight / epochs;
        }
        if self.weight >= HEAVIEST {
            let lighter = HEAVIEST / LIGHTEST;
            self.weight /= lighter;
            for bin in &mut self.bins[..self.end] {
                *bin /= lighter;
            }
            let filled = self.filled().iter().rposition(|weight| *weight > 0);
            self.end = filled.map_or(0, |last| last + 1);
            self.all = self.filled().iter().map(|weight| i64::from(*weight)).sum();
        }
    }

    fn filled(&self) -> &[u32] {
        &self.bins[..self.end]
    }

    /// What half of them do not exceed.
    pub(super) fn median(&self) -> i64 {
        let mut left = self.all / 2;
        let bin = self.filled().iter().position(|weight| {
            left -= i64::from(*weight);
            left < 0
        });
        bin.unwrap_or(0) as i64 * BIN
    }

    /// The one at which latency and the cost of those above it are least together; at least the median.
    pub(super) fn cheapest(&self, late_cost: i64) -> Option<i64> {
        let all = self.all;
        let mut above = 0;
        let mut best = None;
        let filled = self.filled().iter().enumerate().filter(|(_, n)| **n > 0);
        for (bin, weight) in filled.rev() {
            if above > all / 2 {
                break;
            }
            let surprise = (bin as i64 + 1) * BIN;
            let late = i128::from(late_cost) * i128::from(above) / i128::from(all);
            let cost = i128::from(surprise) + late;
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, surprise));
            }
            above += i64::from(*weight);
        }
        best.map(|(_, surprise)| surprise)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn old_surprises_fade() {
        let mut surprises = Surprises::default();
        (0..3600).for_each(|_| surprises.push(100 * MS, 3600));
        (0..3600).for_each(|_| surprises.push(0, 3600));
        let thousandths = i64::from(surprises.bins[400]) * 1000 / surprises.all;
        // e^-1 of e^-1 + 1.
        assert!((thousandths - 269).abs() < 30, "{thousandths}");
        (0..100_000).for_each(|_| surprises.push(0, 3600));
        assert_eq!(surprises.bins[400], 0);
    }

    proptest! {
        /// The weights of the longest memory fit, whatever falls into one bin.
        #[test]
        fn weights_fit(surprise in any::<i64>(), memory in 1..=MEMORY_MAX) {
            let mut surprises = Surprises::default();
            (0..200_000).for_each(|_| surprises.push(surprise, memory));
            prop_assert!(surprises.cheapest(i64::MAX).is_some());
        }
    }
}
