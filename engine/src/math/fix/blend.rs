//! Numbers between numbers.

use super::{Fix, Fix32};

macro_rules! blend {
    ($name:ident, wide $wide:ty) => {
        impl $name {
            /// The way from `self` (`by` 0) to `to` (`by` 1), and beyond: the exact
            /// `self + (to - self) * by`, rounded once to the nearest step with halves away from
            /// zero, and saturated. Nothing overflows inside.
            ///
            /// So it is exact at both ends, never turns back while `by` goes one way, and
            /// `a.lerp(b, by) == b.lerp(a, ONE - by)` if `ONE - by` is in range.
            #[must_use]
            pub const fn lerp(self, to: Self, by: Self) -> Self {
                let (from, to, by) = (
                    self.to_bits() as $wide,
                    to.to_bits() as $wide,
                    by.to_bits() as $wide,
                );
                // The product just fits: a difference is below 2^BITS and `by` at most
                // 2^(BITS-1). Where the sums saturate, so does the result.
                let way = to.wrapping_sub(from).wrapping_mul(by);
                let exact = way.saturating_add(from << Self::FRACTION_BITS);
                let half = (Self::HALF.to_bits() as $wide) + (exact >> (<$wide>::BITS - 1));
                Self::saturated(exact.saturating_add(half) >> Self::FRACTION_BITS)
            }

            /// Halfway between two numbers, to the nearest step with halves away from zero.
            /// `a + (b - a) / 2` may saturate on the way; this does not.
            #[must_use]
            #[inline]
            pub const fn midpoint(self, other: Self) -> Self {
                let (a, b) = (self.to_bits(), other.to_bits());
                // What both have, and half of what one has: the floor of half of the sum.
                let floor = (a & b) + ((a ^ b) >> 1);
                // With half a step left over, away from zero is up from zero on.
                Self::from_bits(if floor >= 0 {
                    floor + ((a ^ b) & 1)
                } else {
                    floor
                })
            }

            /// This number moved towards `target` by at most `step`; a negative step is none.
            #[must_use]
            #[inline]
            pub fn moved_towards(self, target: Self, step: Self) -> Self {
                let step = step.max(Self::ZERO);
                if self < target {
                    self.saturating_add(step).min(target)
                } else {
                    self.saturating_sub(step).max(target)
                }
            }
        }
    };
}

blend!(Fix, wide i128);
blend!(Fix32, wide i64);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{any_fix, any_fix32};
    use super::*;

    #[test]
    fn known_blends() {
        let (a, b) = (Fix::int(-2), Fix::int(6));
        assert_eq!(a.lerp(b, Fix::ratio(1, 4)), Fix::ZERO);
        assert_eq!(a.lerp(b, Fix::int(2)), Fix::int(14));
        assert_eq!(Fix::MIN.lerp(Fix::MAX, Fix::MAX), Fix::MAX);
        assert_eq!(Fix::MIN.lerp(Fix::MAX, Fix::MIN), Fix::MIN);
        assert_eq!(Fix::ZERO.lerp(Fix::STEP, Fix::HALF), Fix::STEP);
        assert_eq!(Fix::ZERO.lerp(-Fix::STEP, Fix::HALF), -Fix::STEP);
        assert_eq!(Fix::MAX.midpoint(Fix::MAX), Fix::MAX);
        assert_eq!(Fix::MIN.midpoint(Fix::MAX), -Fix::STEP);
        assert_eq!(Fix32::MIN.midpoint(Fix32::MIN), Fix32::MIN);
    }

    #[test]
    fn moving_stops_at_the_target() {
        let (near, far) = (Fix::int(1), Fix::int(10));
        assert_eq!(near.moved_towards(far, Fix::int(4)), Fix::int(5));
        assert_eq!(near.moved_towards(far, Fix::int(40)), far);
        assert_eq!(far.moved_towards(near, Fix::int(40)), near);
        assert_eq!(far.moved_towards(near, Fix::int(-4)), far);
        assert_eq!(Fix::MIN.moved_towards(Fix::MAX, Fix::MAX), -Fix::STEP);
    }

    /// `numerator / denominator` to the nearest whole, halves away from zero.
    fn rounded(numerator: i128, denominator: i128) -> i128 {
        let (whole, rest) = (numerator / denominator, numerator % denominator);
        let away = i128::from(rest.unsigned_abs() * 2 >= denominator.unsigned_abs());
        whole + away * (numerator.signum() * denominator.signum())
    }

    proptest! {
        #[test]
        fn lerp_is_its_model(a in any_fix32(), b in any_fix32(), by in any_fix32()) {
            let [from, to, by_bits] = [a, b, by].map(|number| i128::from(number.to_bits()));
            let exact = (from << 16) + (to - from) * by_bits;
            let nearest = rounded(exact, 1 << 16).clamp(i32::MIN.into(), i32::MAX.into());
            prop_assert_eq!(i128::from(a.lerp(b, by).to_bits()), nearest);
        }

        #[test]
        fn lerp_of_the_world_scalar_is_that_of_the_small_one(
            a in any_fix32(), b in any_fix32(), by in any_fix32(),
        ) {
            let wide = Fix::from(a).lerp(b.into(), by.into());
            // Rounding twice could differ by a step at a half; the small one rounds once.
            let small = Fix::from(a.lerp(b, by));
            prop_assume!(a.lerp(b, by) > Fix32::MIN && a.lerp(b, by) < Fix32::MAX);
            prop_assert!((wide - small).abs() <= Fix::from(Fix32::STEP) / 2);
        }

        #[test]
        fn lerp_is_exact_at_its_ends_and_the_same_backwards(a in any_fix(), b in any_fix()) {
            prop_assert_eq!(a.lerp(b, Fix::ZERO), a);
            prop_assert_eq!(a.lerp(b, Fix::ONE), b);
            prop_assert_eq!(a.lerp(b, Fix::HALF), a.midpoint(b));
            prop_assert_eq!(a.midpoint(b), b.midpoint(a));
        }

        #[test]
        fn lerp_never_turns_back(
            a in any_fix(), b in any_fix(), by in any_fix(), other in any_fix(),
        ) {
            let (low, high) = (by.min(other), by.max(other));
            let (first, second) = (a.lerp(b, low), a.lerp(b, high));
            // From the first to the second goes the same way as from `a` to `b`.
            prop_assert!(first == second || first.cmp(&second) == a.cmp(&b));
            prop_assume!(by > Fix::int(-1000) && by < Fix::int(1000));
            prop_assert_eq!(a.lerp(b, by), b.lerp(a, Fix::ONE - by));
        }

        #[test]
        fn blends_are_mirrored(a in any_fix(), b in any_fix(), by in any_fix()) {
            prop_assume!(a != Fix::MIN && b != Fix::MIN);
            let blend = a.lerp(b, by);
            prop_assume!(blend != Fix::MIN && blend != Fix::MAX);
            prop_assert_eq!((-a).lerp(-b, by), -blend);
            prop_assert_eq!((-a).midpoint(-b), -a.midpoint(b));
            prop_assert_eq!((-a).moved_towards(-b, by), -a.moved_towards(b, by));
        }
    }
}
