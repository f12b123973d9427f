//! Numbers to whole numbers, and the division that leaves whole numbers.

use super::{Fix, Fix32};

macro_rules! whole {
    ($name:ident, bits $bits:ty, integer $int:ty) => {
        impl $name {
            /// The greatest whole number not above. It is always in range.
            #[must_use]
            #[inline]
            pub const fn floor(self) -> Self {
                Self::from_bits(self.to_bits() >> Self::FRACTION_BITS << Self::FRACTION_BITS)
            }

            /// The least whole number not below. Saturated, so that above the highest whole number
            /// it is [`MAX`](Self::MAX).
            #[must_use]
            #[inline]
            pub const fn ceil(self) -> Self {
                match self.to_bits().checked_add(Self::ONE.to_bits() - 1) {
                    Some(bits) => Self::from_bits(bits).floor(),
                    None => Self::MAX,
                }
            }

            /// The nearest whole number, halves away from zero. Saturated as [`ceil`](Self::ceil).
            #[must_use]
            #[inline]
            pub const fn round(self) -> Self {
                // Cutting off the distance from zero keeps the rounding symmetric.
                let raised = self.to_bits().unsigned_abs() + Self::HALF.to_bits().unsigned_abs();
                let magnitude = raised >> Self::FRACTION_BITS << Self::FRACTION_BITS;
                match Self::signed(magnitude, self.is_negative()) {
                    Some(whole) => whole,
                    None => Self::MAX,
                }
            }

            /// The whole number on the way to zero: the fraction cut off.
            #[must_use]
            #[inline]
            pub const fn trunc(self) -> Self {
                Self::from_bits(self.to_bits() - self.fract().to_bits())
            }

            /// What [`trunc`](Self::trunc) cuts off, with the sign of the number. For the part above
            /// the floor, take `rem_euclid(ONE)`.
            #[must_use]
            #[inline]
            pub const fn fract(self) -> Self {
                Self::from_bits(self.to_bits() % Self::ONE.to_bits())
            }

            /// The greatest whole number not above.
            #[must_use]
            #[inline]
            pub const fn floor_int(self) -> $int {
                (self.to_bits() >> Self::FRACTION_BITS) as $int
            }

            /// The least whole number not below, saturated.
            #[must_use]
            #[inline]
            pub const fn ceil_int(self) -> $int {
                // Of MAX, which a saturated ceil is, the floor is the highest integer.
                self.ceil().floor_int()
            }

            /// The nearest whole number, halves away from zero, saturated.
            #[must_use]
            #[inline]
            pub const fn round_int(self) -> $int {
                self.round().floor_int()
            }

            /// The whole number on the way to zero.
            #[must_use]
            #[inline]
            pub const fn trunc_int(self) -> $int {
                self.trunc().floor_int()
            }

            /// The remainder from 0 up to, not including, the distance of `other` from zero: what is
            /// left of `self` after a whole number of `other`. Exact; `x.rem_euclid(0)` is 0.
            ///
            /// ```
            #[doc = concat!("use phalanx_engine::", stringify!($name), " as Number;")]
            /// // A place on a loop of length 10, however often and whichever way around.
            /// assert_eq!(Number::int(-3).rem_euclid(Number::int(10)), Number::int(7));
            /// ```
            #[must_use]
            #[inline]
            pub const fn rem_euclid(self, other: Self) -> Self {
                if other.to_bits() == 0 {
                    return Self::ZERO;
                }
                // Wrapping: the lowest number modulo -1 step is 0.
                Self::from_bits(self.to_bits().wrapping_rem_euclid(other.to_bits()))
            }

            /// How many whole `other` there are in `self`, so that
            /// [`rem_euclid`](Self::rem_euclid) is left: for a positive `other` the exact floor of
            /// the quotient, which `(self / other).floor()` is not always, since `/` rounds.
            /// Saturated; by 0 as `/`.
            #[must_use]
            pub const fn div_euclid(self, other: Self) -> Self {
                match self.to_bits().checked_div_euclid(other.to_bits()) {
                    Some(times) if times < <$int>::MIN as $bits => Self::MIN,
                    Some(times) if times > <$int>::MAX as $bits => Self::MAX,
                    Some(times) => Self::from_bits(times << Self::FRACTION_BITS),
                    // By 0, or more than the highest number.
                    None => self.end_of_quotient(other),
                }
            }
        }
    };
}

whole!(Fix, bits i64, integer i32);
whole!(Fix32, bits i32, integer i16);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{any_fix, any_fix32};
    use super::*;

    #[test]
    fn halves_go_away_from_zero() {
        let half = Fix::ratio(5, 2);
        assert_eq!((half.round_int(), (-half).round_int()), (3, -3));
        assert_eq!((half.floor_int(), (-half).floor_int()), (2, -3));
        assert_eq!((half.ceil_int(), (-half).ceil_int()), (3, -2));
        assert_eq!((half.trunc_int(), (-half).trunc_int()), (2, -2));
        assert_eq!((half.fract(), (-half).fract()), (Fix::HALF, -Fix::HALF));
    }

    #[test]
    fn the_ends_of_the_range_saturate() {
        let ints = |number: Fix| {
            let (floor, ceil) = (number.floor_int(), number.ceil_int());
            [floor, ceil, number.round_int(), number.trunc_int()]
        };
        assert_eq!(ints(Fix::MAX), [i32::MAX; 4]);
        assert_eq!(ints(Fix::MIN), [i32::MIN; 4]);
        assert_eq!(Fix::MAX.floor(), Fix::int(i32::MAX));
        assert_eq!(Fix::MAX.ceil(), Fix::MAX);
        assert_eq!(Fix::MAX.round(), Fix::MAX);
        assert_eq!(Fix::MIN.round(), Fix::MIN);
        // Rounded to the lowest whole number, whose distance from zero is out of range.
        assert_eq!((Fix::MIN + Fix::STEP).round(), Fix::MIN);
        assert_eq!(Fix32::int(i16::MAX).ceil(), Fix32::int(i16::MAX));
    }

    #[test]
    fn euclid_at_its_edges() {
        for x in [Fix::MIN, -Fix::ONE, Fix::ZERO, Fix::ONE, Fix::MAX] {
            assert_eq!(x.rem_euclid(Fix::ZERO), Fix::ZERO);
            assert_eq!(x.div_euclid(Fix::ZERO), x / Fix::ZERO);
        }
        assert_eq!(Fix::MIN.rem_euclid(-Fix::STEP), Fix::ZERO);
        assert_eq!(Fix::MIN.div_euclid(-Fix::STEP), Fix::MAX);
        assert_eq!(Fix::MIN.div_euclid(Fix::STEP), Fix::MIN);
        assert_eq!(Fix::ONE.rem_euclid(Fix::MIN), Fix::ONE);
        assert_eq!(
            (-Fix::ONE).rem_euclid(Fix::MIN),
            Fix::MAX - Fix::ONE + Fix::STEP
        );
        // A quotient that rounds up to a whole number is not yet that many.
        let (almost, third) = (Fix::ONE - Fix::STEP, Fix::int(3000) * Fix::ONE);
        assert_eq!((almost * 3000 / third).floor_int(), 0);
        assert_eq!((third - Fix::STEP).div_euclid(third), Fix::ZERO);
        assert_eq!(((third - Fix::STEP) / third).floor(), Fix::ONE);
    }

    macro_rules! whole_numbers_are_their_model {
        ($test:ident, $any:ident, $name:ident, $bits:ty) => {
            proptest! {
                #[test]
                fn $test(x in $any(), y in $any()) {
                    let (one, bits) = (i128::from($name::ONE.to_bits()), i128::from(x.to_bits()));
                    let of = |whole: i128| {
                        let bits = (whole * one).clamp(<$bits>::MIN.into(), <$bits>::MAX.into());
                        $name::from_bits(bits.try_into().unwrap())
                    };
                    let round = (2 * bits.abs() + one) / (2 * one) * bits.signum();
                    prop_assert_eq!(x.floor(), of(bits.div_euclid(one)));
                    prop_assert_eq!(x.ceil(), of(-(-bits).div_euclid(one)));
                    prop_assert_eq!(x.trunc(), of(bits / one));
                    prop_assert_eq!(x.round(), of(round));
                    prop_assert_eq!(x.trunc() + x.fract(), x);
                    // The integers are the numbers, but for the saturated ones.
                    for (number, int) in [
                        (x.floor(), x.floor_int()),
                        (x.ceil(), x.ceil_int()),
                        (x.round(), x.round_int()),
                        (x.trunc(), x.trunc_int()),
                    ] {
                        prop_assert_eq!($name::int(int), number.min($name::MAX.floor()));
                    }
                    prop_assume!(y != $name::ZERO);
                    let divisor = i128::from(y.to_bits());
                    prop_assert_eq!(i128::from(x.rem_euclid(y).to_bits()), bits.rem_euclid(divisor));
                    prop_assert_eq!(x.div_euclid(y), of(bits.div_euclid(divisor)));
                }
            }
        };
    }
    whole_numbers_are_their_model!(world_scalars, any_fix, Fix, i64);
    whole_numbers_are_their_model!(small_scalars, any_fix32, Fix32, i32);

    proptest! {
        #[test]
        fn whole_numbers_are_mirrored(x in any_fix()) {
            prop_assume!(x != Fix::MIN);
            prop_assert_eq!((-x).trunc(), -x.trunc());
            prop_assert_eq!((-x).fract(), -x.fract());
            prop_assume!(x.ceil() != Fix::MAX && (-x).ceil() != Fix::MAX);
            prop_assert_eq!((-x).floor(), -x.ceil());
            prop_assert_eq!((-x).round(), -x.round());
        }
    }
}
