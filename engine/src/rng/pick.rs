//! Drawing from a slice.

use super::Rng;
use crate::index::slice_index;

impl Rng {
    /// Puts `items` in an order of which each is equally likely (Fisher and Yates 1938, Durstenfeld
    /// 1964), with one draw for each item but the last.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        self.sample(items, u32::MAX);
    }

    /// Moves `count` items to the front and returns them: each choice and order is equally likely.
    /// All items, if there are fewer. The first steps of a shuffle; the rest changes its order too.
    pub fn sample<'a, T>(&mut self, items: &'a mut [T], count: u32) -> &'a mut [T] {
        let all = items.len() as u64;
        let count = all.min(count.into());
        for place in 0..count.min(all.saturating_sub(1)) {
            let other = place + self.position(all - place);
            items.swap(slice_index(place), slice_index(other));
        }
        &mut items[..slice_index(count)]
    }

    /// One of `items`, each equally likely; `None`, without a draw, if there is none.
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() {
            return None;
        }
        items.get(slice_index(self.position(items.len() as u64)))
    }

    /// One of `items`, each as likely as its share of all weights; `None`, without a draw, if they
    /// add up to 0. Looks at every weight once or twice: it has to be the same number each time.
    pub fn choose_weighted<'a, T>(
        &mut self,
        items: &'a [T],
        weight: impl Fn(&T) -> u32,
    ) -> Option<&'a T> {
        let weight = |item: &T| u64::from(weight(item));
        let total = items.iter().map(weight).fold(0, u64::saturating_add);
        if total == 0 {
            return None;
        }
        let mut left = self.below_u64(total);
        items.iter().find(|item| {
            let weight = weight(item);
            let here = left < weight;
            left = left.saturating_sub(weight);
            here
        })
    }

    /// A position below `count`, out of one word if that is enough.
    fn position(&mut self, count: u64) -> u64 {
        match u32::try_from(count) {
            Ok(count) => self.below(count).into(),
            Err(_) => self.below_u64(count),
        }
    }
}
