//! [`Fix`] and [`Fix32`], the scalars.
//!
//! Here are the types, their constants and what needs no rounding; each of the other things a
//! number does has a module of its own. What both types share is written once, in a macro per
//! module.

mod arithmetic;
mod blend;
mod convert;
#[cfg(feature = "num-traits")]
mod num;
mod operators;
mod parse;
mod print;
#[cfg(test)]
pub(super) mod samples;
mod state;
mod whole;
mod words;

use fixed::types::{I16F16, I32F32};

pub use convert::FixRangeError;
pub use parse::ParseFixError;
pub(crate) use print::display_fixed;

macro_rules! scalar {
    (
        $(#[$doc:meta])* $name:ident, inner $inner:ty, bits $bits:ty, wide $wide:ty,
        fraction $fraction:literal, integer $int:ty
    ) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, bytemuck::Pod, bytemuck::Zeroable,
        )]
        #[repr(transparent)]
        pub struct $name($inner);

        impl $name {
            /// How many bits stand behind the point.
            pub const FRACTION_BITS: u32 = $fraction;
            /// Zero.
            pub const ZERO: Self = Self::from_bits(0);
            /// One half.
            pub const HALF: Self = Self::from_bits(1 << ($fraction - 1));
            /// One.
            pub const ONE: Self = Self::from_bits(1 << $fraction);
            /// The smallest step above zero.
            pub const STEP: Self = Self::from_bits(1);
            /// The highest number.
            pub const MAX: Self = Self::from_bits(<$bits>::MAX);
            /// The lowest number.
            pub const MIN: Self = Self::from_bits(<$bits>::MIN);

            /// The number `bits / 2^FRACTION_BITS`.
            #[must_use]
            #[inline]
            pub const fn from_bits(bits: $bits) -> Self {
                Self(<$inner>::from_bits(bits))
            }

            /// The number times `2^FRACTION_BITS`.
            #[must_use]
            #[inline]
            pub const fn to_bits(self) -> $bits {
                self.0.to_bits()
            }

            /// The same number as a type of the `fixed` crate, and by it as any other number.
            ///
            /// This is also the way out to a picture, and only there belong floats:
            /// `number.to_fixed().to_num::<f64>()` is the nearest `f64`.
            #[must_use]
            #[inline]
            pub const fn to_fixed(self) -> $inner {
                self.0
            }

            /// The same number from a type of the `fixed` crate. From its other types, say how to
            /// get into range: `from_fixed(number.saturating_to_num())` does, rounding down.
            #[must_use]
            #[inline]
            pub const fn from_fixed(number: $inner) -> Self {
                Self(number)
            }

            /// A whole number; every one fits.
            #[must_use]
            #[inline]
            pub const fn int(number: $int) -> Self {
                Self::from_bits((number as $bits) << $fraction)
            }

            /// Distance from zero, saturated.
            #[must_use]
            #[inline]
            pub const fn abs(self) -> Self {
                Self::from_bits(self.to_bits().saturating_abs())
            }

            /// -1, 0 or 1, as the number's sign.
            #[must_use]
            #[inline]
            pub const fn signum(self) -> Self {
                Self::int(self.to_bits().signum() as $int)
            }

            /// Whether the number is below zero.
            #[must_use]
            #[inline]
            pub const fn is_negative(self) -> bool {
                self.to_bits() < 0
            }

            /// Whether the number is above zero.
            #[must_use]
            #[inline]
            pub const fn is_positive(self) -> bool {
                self.to_bits() > 0
            }

            /// The number between `low` and `high` that is nearest. If `low > high`, `low`.
            #[must_use]
            #[inline]
            pub fn clamped(self, low: Self, high: Self) -> Self {
                self.min(high).max(low)
            }

            /// The nearest number in range to `bits / 2^FRACTION_BITS`.
            pub(super) const fn saturated(bits: $wide) -> Self {
                if bits > <$bits>::MAX as $wide {
                    Self::MAX
                } else if bits < <$bits>::MIN as $wide {
                    Self::MIN
                } else {
                    #[expect(clippy::cast_possible_truncation, reason = "in range, checked above")]
                    let bits = bits as $bits;
                    Self::from_bits(bits)
                }
            }

            /// The end of the range on one side.
            pub(super) const fn end(negative: bool) -> Self {
                if negative { Self::MIN } else { Self::MAX }
            }
        }
    };
}

scalar! {
    /// The world scalar: Q32.32 in an `i64`. Its operators are total and saturate; see
    /// [the module](crate::math).
    ///
    /// ```
    /// use phalanx_engine::{Fix, fix};
    /// const GRAVITY: Fix = fix!(-0.25);
    /// let mut speed = Fix::int(2);
    /// speed += GRAVITY;
    /// assert_eq!(speed, Fix::ratio(7, 4));
    /// assert_eq!(Fix::MAX * speed, Fix::MAX);
    /// assert_eq!(Fix::ONE / Fix::ZERO, Fix::MAX);
    /// assert_eq!(speed.to_string(), "1.75");
    /// assert_eq!("1.75".parse(), Ok(speed));
    /// // Out to a picture, never back into the simulation.
    /// assert_eq!(speed.to_fixed().to_num::<f64>(), 1.75);
    /// ```
    Fix, inner I32F32, bits i64, wide i128, fraction 32, integer i32
}

scalar! {
    /// The small scalar: Q16.16 in an `i32`, for values that need neither range nor precision.
    /// The same rules as [`Fix`].
    ///
    /// ```
    /// use phalanx_engine::{Fix, Fix32, fix32};
    /// let turn_rate = fix32!(2.75);
    /// assert_eq!(turn_rate * 2, fix32!(5.5));
    /// assert_eq!(Fix::from(turn_rate), Fix::ratio(11, 4));
    /// ```
    Fix32, inner I16F16, bits i32, wide i64, fraction 16, integer i16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::samples::{any_fix, any_fix32};
    use super::*;

    #[test]
    fn signs() {
        assert_eq!(Fix::MIN.abs(), Fix::MAX);
        assert_eq!(Fix::int(-3).signum(), Fix::int(-1));
        assert_eq!(Fix32::ZERO.signum(), Fix32::ZERO);
        assert!(Fix::STEP.is_positive() && (-Fix::STEP).is_negative());
        assert!(!Fix32::ZERO.is_positive() && !Fix32::ZERO.is_negative());
    }

    #[test]
    fn clamping_prefers_the_low_end() {
        let (low, high) = (Fix::int(-1), Fix::int(2));
        assert_eq!(Fix::int(3).clamped(low, high), high);
        assert_eq!(Fix::int(-3).clamped(low, high), low);
        assert_eq!(Fix::ZERO.clamped(high, low), high);
    }

    proptest! {
        #[test]
        fn signs_are_mirrored(a in any_fix(), b in any_fix32()) {
            prop_assert_eq!((-a).abs(), a.abs());
            prop_assert_eq!((-a).signum(), -a.signum());
            prop_assert_eq!((-b).abs(), b.abs());
            prop_assert_eq!((-b).signum(), -b.signum());
        }
    }
}
