//! The operators: the `saturating_` forms, counted where they saturate if the feature
//! `count-overflows` is on.

use core::iter::Sum;
use core::ops::{
    Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign,
};

use super::{Fix, Fix32};
use crate::math::overflow;

macro_rules! operator {
    ($name:ident: $trait:ident $operator:ident, $assign:ident $assigned:ident, $other:ty,
        $checked:ident $saturating:ident $(, $doc:literal)?) => {
        $(#[doc = $doc])?
        impl $trait<$other> for $name {
            type Output = Self;
            #[inline]
            fn $operator(self, other: $other) -> Self {
                overflow::note(|| self.$checked(other).is_none());
                self.$saturating(other)
            }
        }

        $(#[doc = $doc])?
        impl $assign<$other> for $name {
            #[inline]
            fn $assigned(&mut self, other: $other) {
                *self = $trait::$operator(*self, other);
            }
        }
    };
}

macro_rules! operators {
    ($name:ident, bits $bits:ty, integer $int:ty) => {
        operator!($name: Add add, AddAssign add_assign, Self, checked_add saturating_add);
        operator!($name: Sub sub, SubAssign sub_assign, Self, checked_sub saturating_sub);
        operator!($name: Mul mul, MulAssign mul_assign, Self, checked_mul saturating_mul);
        operator!($name: Div div, DivAssign div_assign, Self, checked_div saturating_div);
        operator!($name: Rem rem, RemAssign rem_assign, Self, checked_rem saturating_rem);
        operator!($name: Mul mul, MulAssign mul_assign, $int, checked_mul_int saturating_mul_int,
            "Times a whole number: exact, or saturated.");
        operator!($name: Div div, DivAssign div_assign, $int, checked_div_int saturating_div_int,
            "By a whole number: rounded to the nearest step, halves away from zero; by 0 as `/`.");

        impl Neg for $name {
            type Output = Self;
            #[inline]
            fn neg(self) -> Self {
                overflow::note(|| self.checked_neg().is_none());
                self.saturating_neg()
            }
        }

        /// The exact sum, saturated once at the end. So it does not depend on the order, as a loop
        /// over `+` would if it touched an end of the range on the way.
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
                // 2^64 numbers would fit, and no iterator lives to give more. Fewer bits would do
                // for the small scalar, if one believed that no iterator gives 2^32.
                let sum = numbers.fold(0_i128, |sum, number| {
                    sum.wrapping_add(number.to_bits().into())
                });
                <$bits>::try_from(sum).map_or_else(
                    |_| {
                        overflow::note(|| true);
                        Self::end(sum < 0)
                    },
                    Self::from_bits,
                )
            }
        }

        /// As the sum of numbers by value.
        impl<'a> Sum<&'a Self> for $name {
            fn sum<I: Iterator<Item = &'a Self>>(numbers: I) -> Self {
                numbers.copied().sum()
            }
        }
    };
}

operators!(Fix, bits i64, integer i32);
operators!(Fix32, bits i32, integer i16);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::any_fix;
    use super::*;

    #[test]
    fn operators_mean_the_same_in_every_profile() {
        assert_eq!(Fix::MAX + Fix::STEP, Fix::MAX);
        assert_eq!(Fix::MIN - Fix::STEP, Fix::MIN);
        assert_eq!(-Fix::MIN, Fix::MAX);
        assert_eq!(Fix::int(70_000) * Fix::int(70_000), Fix::MAX);
        assert_eq!(Fix::int(70_000) * Fix::int(-70_000), Fix::MIN);
        assert_eq!(Fix::MAX / Fix::STEP, Fix::MAX);
        assert_eq!(Fix::MIN / -Fix::STEP, Fix::MAX);
        assert_eq!(Fix::ZERO / Fix::ZERO, Fix::ZERO);
        assert_eq!(-Fix::ONE / Fix::ZERO, Fix::MIN);
        assert_eq!(Fix::MIN % -Fix::STEP, Fix::ZERO);
        assert_eq!(Fix::ONE % Fix::ZERO, Fix::ZERO);
        assert_eq!(Fix32::MAX * Fix32::int(2), Fix32::MAX);
        assert_eq!(Fix32::int(3) / Fix32::int(2), Fix32::ratio(3, 2));
        assert_eq!(Fix::MAX * 3, Fix::MAX);
        assert_eq!(Fix::ONE / 0, Fix::MAX);
    }

    #[test]
    fn assignments_are_their_operators() {
        let mut number = Fix::int(7);
        number += Fix::ONE;
        number *= 3;
        number -= Fix::int(4);
        number /= Fix::int(8);
        number *= Fix::HALF;
        assert_eq!(number, Fix::ratio(5, 4));
        number /= 2;
        number %= Fix::HALF;
        assert_eq!(number, Fix::ratio(1, 8));
    }

    #[test]
    fn sums_saturate_once() {
        let there_and_back = [Fix::MAX, Fix::MAX, Fix::MIN, Fix::MIN];
        assert_eq!(there_and_back.iter().sum::<Fix>(), Fix::STEP * -2);
        assert_eq!([Fix::MIN; 3].into_iter().sum::<Fix>(), Fix::MIN);
        assert_eq!([Fix32::MAX; 3].into_iter().sum::<Fix32>(), Fix32::MAX);
        assert_eq!([].iter().sum::<Fix32>(), Fix32::ZERO);
    }

    proptest! {
        #[test]
        fn sums_do_not_depend_on_the_order(numbers in prop::collection::vec(any_fix(), 0..9)) {
            let mut sorted = numbers.clone();
            sorted.sort();
            prop_assert_eq!(sorted.iter().sum::<Fix>(), numbers.iter().sum::<Fix>());
        }
    }
}
