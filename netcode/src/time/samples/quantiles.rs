//! [`Quantiles`]: how values are spread, exactly.

/// Of some values, each the least one that so many per cent of them do not exceed. Of fewer than a
/// thousand values `p0_1` is the least; of fewer than a hundred `p1` is, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Quantiles {
    pub min: i64,
    pub p0_1: i64,
    pub p1: i64,
    pub p50: i64,
    pub p75: i64,
    pub p99: i64,
    pub p99_9: i64,
    pub max: i64,
}

impl Quantiles {
    /// Those of `values`, which are sorted for it; `None` if there are none.
    #[must_use]
    pub fn of(values: &mut [i64]) -> Option<Self> {
        values.sort_unstable();
        let (&min, &max) = (values.first()?, values.last()?);
        let at = |per_mille: usize| {
            let rank = (values.len() * per_mille).div_ceil(1000);
            values[rank.saturating_sub(1)]
        };
        Some(Self {
            min,
            p0_1: at(1),
            p1: at(10),
            p50: at(500),
            p75: at(750),
            p99: at(990),
            p99_9: at(999),
            max,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, by counting.
    fn naive(values: &[i64], per_mille: usize) -> i64 {
        let below = |limit: i64| values.iter().filter(|value| **value <= limit).count();
        let enough = |limit: &&i64| below(**limit) * 1000 >= values.len() * per_mille;
        *values.iter().filter(enough).min().unwrap()
    }

    proptest! {
        #[test]
        fn they_are_what_they_say(
            wide in prop::collection::vec(any::<i64>(), 1..300),
            narrow in prop::collection::vec(-3..3_i64, 1..2500),
        ) {
            for values in [wide, narrow] {
                let quantiles = Quantiles::of(&mut values.clone()).unwrap();
                let Quantiles { min, p0_1, p1, p50, p75, p99, p99_9, max } = quantiles;
                let seen = [p0_1, p1, p50, p75, p99, p99_9];
                let expected = [1, 10, 500, 750, 990, 999].map(|part| naive(&values, part));
                prop_assert_eq!(seen, expected);
                prop_assert_eq!(Some(&min), values.iter().min());
                prop_assert_eq!(Some(&max), values.iter().max());
            }
        }
    }

    #[test]
    fn nothing_has_none() {
        assert_eq!(Quantiles::of(&mut []), None);
    }
}
