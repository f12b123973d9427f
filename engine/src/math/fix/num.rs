//! The traits of `num-traits` whose meaning fits (feature `num-traits`).
//!
//! Left out is what would bring a float in, and what has no total meaning here.

use num_traits::{
    Bounded, CheckedAdd, CheckedDiv, CheckedMul, CheckedNeg, CheckedRem, CheckedSub, Euclid,
    FromPrimitive, Num, One, SaturatingAdd, SaturatingMul, SaturatingSub, Signed, ToPrimitive,
    WrappingAdd, WrappingMul, WrappingNeg, WrappingSub, Zero,
};

use super::{Fix, Fix32, ParseFixError};

/// The floats that `num-traits` names: none comes in, and the way out is for pictures only.
#[expect(clippy::disallowed_types, reason = "named by the traits")]
mod float {
    pub(super) type Single = f32;
    pub(super) type Double = f64;
}

macro_rules! by_name {
    ($name:ident: $($trait:ident $method:ident -> $output:ty),*) => {$(
        impl $trait for $name {
            #[inline]
            fn $method(&self, other: &Self) -> $output {
                Self::$method(*self, *other)
            }
        }
    )*};
}

macro_rules! num {
    ($name:ident) => {
        impl Zero for $name {
            fn zero() -> Self {
                Self::ZERO
            }
            fn is_zero(&self) -> bool {
                *self == Self::ZERO
            }
        }

        impl One for $name {
            fn one() -> Self {
                Self::ONE
            }
        }

        impl Bounded for $name {
            fn min_value() -> Self {
                Self::MIN
            }
            fn max_value() -> Self {
                Self::MAX
            }
        }

        impl Num for $name {
            type FromStrRadixErr = ParseFixError;
            /// Only in radix 10; in another, nothing is a number.
            fn from_str_radix(text: &str, radix: u32) -> Result<Self, ParseFixError> {
                if radix == 10 {
                    Self::parse(text)
                } else {
                    Err(ParseFixError::NotANumber)
                }
            }
        }

        impl Signed for $name {
            fn abs(&self) -> Self {
                Self::abs(*self)
            }
            fn abs_sub(&self, other: &Self) -> Self {
                Self::saturating_sub(*self, *other).max(Self::ZERO)
            }
            fn signum(&self) -> Self {
                Self::signum(*self)
            }
            fn is_positive(&self) -> bool {
                Self::is_positive(*self)
            }
            fn is_negative(&self) -> bool {
                Self::is_negative(*self)
            }
        }

        impl Euclid for $name {
            fn div_euclid(&self, other: &Self) -> Self {
                Self::div_euclid(*self, *other)
            }
            fn rem_euclid(&self, other: &Self) -> Self {
                Self::rem_euclid(*self, *other)
            }
        }

        by_name! { $name:
            CheckedAdd checked_add -> Option<Self>,
            CheckedSub checked_sub -> Option<Self>,
            CheckedMul checked_mul -> Option<Self>,
            CheckedDiv checked_div -> Option<Self>,
            CheckedRem checked_rem -> Option<Self>,
            SaturatingAdd saturating_add -> Self,
            SaturatingSub saturating_sub -> Self,
            SaturatingMul saturating_mul -> Self,
            WrappingAdd wrapping_add -> Self,
            WrappingSub wrapping_sub -> Self,
            WrappingMul wrapping_mul -> Self
        }

        impl CheckedNeg for $name {
            fn checked_neg(&self) -> Option<Self> {
                Self::checked_neg(*self)
            }
        }

        impl WrappingNeg for $name {
            fn wrapping_neg(&self) -> Self {
                Self::wrapping_neg(*self)
            }
        }

        /// From whole numbers in range. From a float, `None`: none comes into a simulation.
        impl FromPrimitive for $name {
            fn from_i64(number: i64) -> Option<Self> {
                number.try_into().ok()
            }
            fn from_u64(number: u64) -> Option<Self> {
                number.try_into().ok()
            }
            fn from_f32(_: float::Single) -> Option<Self> {
                None
            }
            fn from_f64(_: float::Double) -> Option<Self> {
                None
            }
        }

        /// To integers by cutting off the fraction, as `num-traits` has it for floats. To the
        /// nearest float, for pictures.
        impl ToPrimitive for $name {
            fn to_i64(&self) -> Option<i64> {
                Some(self.trunc_int().into())
            }
            fn to_u64(&self) -> Option<u64> {
                u64::try_from(self.trunc_int()).ok()
            }
            fn to_f32(&self) -> Option<float::Single> {
                Some(self.to_fixed().to_num())
            }
            fn to_f64(&self) -> Option<float::Double> {
                Some(self.to_fixed().to_num())
            }
        }
    };
}

num!(Fix);
num!(Fix32);

#[cfg(test)]
mod tests {
    use super::*;

    /// A sum of squares, as a crate would write it that has never heard of us.
    fn squares<T: Num + Copy>(numbers: &[T]) -> T {
        numbers
            .iter()
            .fold(T::zero(), |sum, &number| sum + number * number)
    }

    #[test]
    fn generic_code_computes() {
        assert_eq!(squares(&[Fix::int(3), Fix::HALF]), Fix::ratio(37, 4));
        assert_eq!(squares(&[Fix32::int(300), Fix32::ONE]), Fix32::MAX);
        assert_eq!(Signed::abs_sub(&Fix::ONE, &Fix::int(3)), Fix::ZERO);
        assert_eq!(Fix::from_str_radix("1.5", 10), Ok(Fix::ratio(3, 2)));
        assert_eq!(Fix::from_str_radix("11", 2), Err(ParseFixError::NotANumber));
        assert_eq!(CheckedDiv::checked_div(&Fix::ONE, &Fix::ZERO), None);
        assert_eq!(
            SaturatingMul::saturating_mul(&Fix::MAX, &Fix::MAX),
            Fix::MAX
        );
        assert_eq!(Euclid::rem_euclid(&-Fix::ONE, &Fix::int(3)), Fix::int(2));
    }

    #[test]
    fn no_float_comes_in() {
        assert_eq!(Fix::from_f64(1.5), None);
        assert_eq!(Fix32::from_f32(1.0), None);
        assert_eq!(Fix::from_i32(-3), Some(Fix::int(-3)));
        assert_eq!(Fix::from_u64(1 << 31), None);
        assert_eq!(Fix32::from_i64(1 << 15), None);
    }

    #[test]
    fn out_to_primitives() {
        let number = Fix::ratio(-7, 4);
        assert_eq!(number.to_i32(), Some(-1));
        assert_eq!(number.to_u32(), None);
        assert_eq!((-Fix::HALF).to_u8(), Some(0));
        assert_eq!(number.to_f64(), Some(-1.75));
        assert_eq!(Fix32::HALF.to_f32(), Some(0.5));
    }
}
