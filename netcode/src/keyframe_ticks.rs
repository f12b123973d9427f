//! [`KeyframeTicks`]: after which ticks of a session everybody holds a snapshot.

use phalanx_engine::Tick;

/// Every `interval` ticks: the last of the first `interval`, of the next `interval`, and so on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyframeTicks {
    first: Tick,
    interval: u64,
}

impl KeyframeTicks {
    /// Those of a session that begins at `first`; with an interval of 0 there are none.
    pub(crate) fn new(first: Tick, interval: u32) -> Self {
        let interval = interval.into();
        Self { first, interval }
    }

    /// From one to the next.
    pub(crate) const fn interval(self) -> u64 {
        self.interval
    }

    /// Whether `tick` is one.
    pub(crate) fn contains(self, tick: Tick) -> bool {
        self.newest_before(tick.next()) == Some(tick)
    }

    /// The newest one before `tick`.
    pub(crate) fn newest_before(self, tick: Tick) -> Option<Tick> {
        let ticks = tick.since(self.first).max(0).unsigned_abs();
        let intervals = ticks.checked_div(self.interval)?;
        (self.first + intervals * self.interval).previous_since(self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All up to `end`, as one asks tick by tick.
    fn listed(ticks: KeyframeTicks, end: u64) -> Vec<u64> {
        let all = Tick::ZERO.until(Tick(end));
        all.filter(|tick| ticks.contains(*tick))
            .map(|tick| tick.0)
            .collect()
    }

    #[test]
    fn the_last_of_every_interval_is_one() {
        let listed = |first, interval| listed(KeyframeTicks::new(Tick(first), interval), 40);
        assert_eq!(listed(0, 10), [9, 19, 29, 39]);
        assert_eq!(listed(7, 10), [16, 26, 36]);
        assert_eq!(listed(38, 1), [38, 39]);
        assert_eq!(listed(40, 1), [0; 0]);
    }

    #[test]
    fn without_an_interval_there_are_none() {
        for first in [0, 7] {
            let ticks = KeyframeTicks::new(Tick(first), 0);
            assert_eq!(listed(ticks, 40), [0; 0]);
            assert_eq!(ticks.newest_before(Tick(u64::MAX)), None);
        }
    }

    #[test]
    fn the_newest_before_a_tick_is_the_last_that_was_listed() {
        for (first, interval) in [(0, 10), (7, 10), (7, 1), (7, 100), (7, 0)] {
            let ticks = KeyframeTicks::new(Tick(first), interval);
            for tick in 0..60 {
                let last = listed(ticks, tick).last().copied().map(Tick);
                assert_eq!(ticks.newest_before(Tick(tick)), last, "{ticks:?} at {tick}");
            }
        }
    }

    /// Peers name any tick.
    #[test]
    fn the_ends_of_time_are_ticks_like_others() {
        let ticks = KeyframeTicks::new(Tick(1 << 60), 10);
        for tick in [0, 1, (1 << 60) - 1, 1 << 60, u64::MAX - 1, u64::MAX] {
            assert!(!ticks.contains(Tick(tick)), "{tick}");
        }
        assert!(ticks.contains(Tick((1 << 60) + 9)));
    }
}
