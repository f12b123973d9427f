//! Whole numbers, scalars of the other size, and the `fixed` crate's types into each other.
//!
//! `From` is exact. Where a number may not fit, the name says what happens then.

use fixed::types::{I16F16, I32F32};
use thiserror::Error;

use super::{Fix, Fix32};

/// A whole number is out of range of the scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("out of range of the fixed-point number")]
pub struct FixRangeError;

macro_rules! convert {
    ($name:ident, $inner:ty, $int:ty, from $($small:ty)*, try from $($large:ty)*) => {
        impl $name {
            /// The nearest number in range to a whole number.
            #[must_use]
            #[inline]
            pub const fn saturating_int(number: i64) -> Self {
                if number < <$int>::MIN as i64 {
                    Self::MIN
                } else if number > <$int>::MAX as i64 {
                    Self::MAX
                } else {
                    #[expect(clippy::cast_possible_truncation, reason = "in range, checked above")]
                    let number = number as $int;
                    Self::int(number)
                }
            }
        }

        $(
            /// Exact.
            impl From<$small> for $name {
                #[inline]
                fn from(number: $small) -> Self {
                    Self::int(number.into())
                }
            }
        )*

        $(
            /// Exact, or an error.
            impl TryFrom<$large> for $name {
                type Error = FixRangeError;
                #[inline]
                fn try_from(number: $large) -> Result<Self, FixRangeError> {
                    number.try_into().map(Self::int).map_err(|_| FixRangeError)
                }
            }
        )*

        /// The same number.
        impl From<$inner> for $name {
            #[inline]
            fn from(number: $inner) -> Self {
                Self::from_fixed(number)
            }
        }

        /// The same number.
        impl From<$name> for $inner {
            #[inline]
            fn from(number: $name) -> Self {
                number.to_fixed()
            }
        }
    };
}

convert!(Fix, I32F32, i32, from i8 u8 i16 u16 i32, try from u32 i64 u64 i128 u128);
convert!(Fix32, I16F16, i16, from i8 u8 i16, try from u16 i32 u32 i64 u64 i128 u128);

/// How many bits of a [`Fix`] stand behind the last of a [`Fix32`].
const FINER_BITS: u32 = Fix::FRACTION_BITS - Fix32::FRACTION_BITS;

/// Exact.
impl From<Fix32> for Fix {
    #[inline]
    fn from(number: Fix32) -> Self {
        number.to_fix()
    }
}

impl Fix32 {
    /// The same number in the world's scalar; `From`, for constants.
    #[must_use]
    #[inline]
    pub const fn to_fix(self) -> Fix {
        Fix::from_bits((self.to_bits() as i64) << FINER_BITS)
    }
}

impl Fix {
    /// The nearest small number, halves away from zero; `None` if out of its range.
    #[must_use]
    #[inline]
    pub const fn checked_to_fix32(self) -> Option<Fix32> {
        let half = 1_u64 << (FINER_BITS - 1);
        // Cutting off the distance from zero keeps the rounding symmetric.
        let magnitude = ((self.to_bits().unsigned_abs() + half) >> FINER_BITS).cast_signed();
        let rounded = if self.is_negative() {
            -magnitude
        } else {
            magnitude
        };
        if rounded < i32::MIN as i64 || rounded > i32::MAX as i64 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "in range, checked above")]
        let bits = rounded as i32;
        Some(Fix32::from_bits(bits))
    }

    /// The nearest small number, halves away from zero, saturated.
    #[must_use]
    #[inline]
    pub const fn saturating_to_fix32(self) -> Fix32 {
        match self.checked_to_fix32() {
            Some(number) => number,
            None => Fix32::end(self.is_negative()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{any_fix, any_fix32};
    use super::*;

    #[test]
    fn whole_numbers_come_exactly_or_not_at_all() {
        assert_eq!(Fix::from(-7_i8), Fix::int(-7));
        assert_eq!(Fix::from(u16::MAX), Fix::int(65_535));
        assert_eq!(Fix::try_from(i64::from(i32::MIN)), Ok(Fix::int(i32::MIN)));
        assert_eq!(Fix::try_from(i64::from(i32::MIN) - 1), Err(FixRangeError));
        assert_eq!(Fix::try_from(1_u32 << 31), Err(FixRangeError));
        assert_eq!(Fix32::from(u8::MAX), Fix32::int(255));
        assert_eq!(Fix32::try_from(32_767_u128), Ok(Fix32::int(i16::MAX)));
        assert_eq!(Fix32::try_from(32_768_i32), Err(FixRangeError));
        assert_eq!(Fix::saturating_int(i64::MIN), Fix::MIN);
        assert_eq!(Fix::saturating_int(1 << 31), Fix::MAX);
        assert_eq!(Fix32::saturating_int(-32_768), Fix32::MIN);
        assert_eq!(Fix32::saturating_int(32_768), Fix32::MAX);
        assert_eq!(Fix32::saturating_int(-5), Fix32::int(-5));
    }

    #[test]
    fn down_to_the_small_scalar() {
        let half_step = Fix::from(Fix32::STEP) / 2;
        assert_eq!(half_step.saturating_to_fix32(), Fix32::STEP);
        assert_eq!((-half_step).saturating_to_fix32(), -Fix32::STEP);
        assert_eq!((half_step - Fix::STEP).saturating_to_fix32(), Fix32::ZERO);
        assert_eq!(Fix::MIN.saturating_to_fix32(), Fix32::MIN);
        assert_eq!(Fix::MAX.saturating_to_fix32(), Fix32::MAX);
        assert_eq!(Fix::MAX.checked_to_fix32(), None);
        // In range after rounding, or just not.
        let top = Fix::from(Fix32::MAX) + half_step;
        assert_eq!((top - Fix::STEP).checked_to_fix32(), Some(Fix32::MAX));
        assert_eq!(top.checked_to_fix32(), None);
        let bottom = Fix::from(Fix32::MIN) - half_step;
        assert_eq!((bottom + Fix::STEP).checked_to_fix32(), Some(Fix32::MIN));
        assert_eq!(bottom.checked_to_fix32(), None);
    }

    #[test]
    fn other_types_of_fixed_come_through_ours() {
        let coarse = fixed::types::I48F16::from_num(-1.5);
        assert_eq!(
            Fix::from_fixed(coarse.saturating_to_num()),
            Fix::ratio(-3, 2)
        );
        let far = fixed::types::I48F16::MAX;
        assert_eq!(Fix::from_fixed(far.saturating_to_num()), Fix::MAX);
    }

    proptest! {
        #[test]
        fn there_and_back(number in any_fix(), small in any_fix32()) {
            prop_assert_eq!(Fix::from(I32F32::from(number)), number);
            prop_assert_eq!(Fix32::from(I16F16::from(small)), small);
            prop_assert_eq!(Fix::from(small).checked_to_fix32(), Some(small));
        }

        #[test]
        fn down_is_the_nearest_and_mirrored(number in any_fix()) {
            let Some(small) = number.checked_to_fix32() else { return Ok(()) };
            let error = i128::from(Fix::from(small).to_bits()) - i128::from(number.to_bits());
            prop_assert!(error.unsigned_abs() <= 1 << 15);
            prop_assume!(small != Fix32::MIN);
            prop_assert_eq!((-number).checked_to_fix32(), Some(-small));
        }
    }
}
