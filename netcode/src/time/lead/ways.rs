//! [`Ways`]: how long the newest inputs took.

use super::MS;

/// The last so many of something.
#[derive(Clone, Debug)]
pub(super) struct Ring<T, const N: usize> {
    entries: [T; N],
    /// How many there have been.
    pushed: usize,
}

impl<T: Copy + Default, const N: usize> Default for Ring<T, N> {
    fn default() -> Self {
        Self {
            entries: [T::default(); N],
            pushed: 0,
        }
    }
}

impl<T: Copy, const N: usize> Ring<T, N> {
    pub(super) fn push(&mut self, entry: T) {
        self.entries[self.pushed % N] = entry;
        self.pushed += 1;
    }

    /// From the newest on.
    pub(super) fn iter(&self) -> impl Iterator<Item = T> + '_ {
        let oldest = self.pushed.saturating_sub(N);
        (oldest..self.pushed).rev().map(|i| self.entries[i % N])
    }

    pub(super) fn newest(&self) -> Option<T> {
        self.iter().next()
    }

    fn newest_mut(&mut self) -> Option<&mut T> {
        let newest = self.pushed.checked_sub(1)?;
        Some(&mut self.entries[newest % N])
    }
}

/// How long an input took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way {
    heard: i64,
    pub(super) sampled: i64,
    way: i64,
}

/// The newest ways: more than are heard of in the floor's window.
#[derive(Clone, Debug, Default)]
pub(super) struct Ways {
    pub(super) heard: Ring<Way, 64>,
}

/// Ways that are heard of within so long are kept as one, so that the newest 64 reach back as far at any
/// tick rate.
const GRAIN: i64 = 8 * MS;

impl Ways {
    pub(super) fn hear(&mut self, now: i64, sampled: i64, way: i64) {
        if let Some(newest) = self.heard.newest_mut()
            && now - newest.heard < GRAIN
        {
            newest.sampled = newest.sampled.max(sampled);
            newest.way = newest.way.min(way);
            return;
        }
        let heard = now;
        self.heard.push(Way {
            heard,
            sampled,
            way,
        });
    }

    /// The shortest one that was heard of between these ages.
    pub(super) fn shortest(&self, now: i64, from: i64, to: i64) -> Option<i64> {
        self.heard
            .iter()
            .skip_while(|way| now - way.heard < from)
            .take_while(|way| now - way.heard <= to)
            .map(|way| way.way)
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At any rate the floor is the shortest way of half a second.
    #[test]
    fn a_thousand_ways_a_second_are_looked_back_on_as_far() {
        let mut ways = Ways::default();
        for ms in 0..2000 {
            ways.hear(ms * MS, ms * MS, if ms == 1510 { 10 } else { 20 });
        }
        assert_eq!(ways.shortest(1999 * MS, 0, 500 * MS), Some(10));
        assert_eq!(ways.shortest(1999 * MS, 0, 400 * MS), Some(20));
    }
}
