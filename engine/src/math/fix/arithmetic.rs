//! Sum, difference, product, quotient and remainder in their named forms. The operators are the
//! `saturating_` ones.

use core::hint::cold_path;

use super::{Fix, Fix32, words};

macro_rules! arithmetic {
    (
        $name:ident, bits $bits:ty as $unsigned:ty, wide $unsigned_wide:ty, integer $int:ty,
        $words:ident
    ) => {
        /// # Sums, products and quotients by name
        ///
        /// Every form takes the exact result, rounded to the nearest step with halves away from
        /// zero. They differ where that is out of range, and where there is none because the
        /// divisor is zero:
        ///
        /// | form | out of range | `x / 0` | `x % 0` |
        /// | --- | --- | --- | --- |
        /// | the operators, `saturating_` | the end of the range | the end on the side of `x`; 0 if `x` is | 0 |
        /// | `checked_` | `None` | `None` | `None` |
        /// | `wrapping_` | its low bits | 0 | 0 |
        ///
        /// One form rounds in another way: [`wrapping_mul`](Self::wrapping_mul) rounds down, since
        /// whoever wraps products wants them as fast as the machine's own.
        impl $name {
            /// `self + other`; `None` if out of range.
            #[must_use]
            #[inline]
            pub const fn checked_add(self, other: Self) -> Option<Self> {
                match self.to_bits().checked_add(other.to_bits()) {
                    Some(bits) => Some(Self::from_bits(bits)),
                    None => None,
                }
            }

            /// `self + other`, saturated: the operator, for constants.
            #[must_use]
            #[inline]
            pub const fn saturating_add(self, other: Self) -> Self {
                Self::from_bits(self.to_bits().saturating_add(other.to_bits()))
            }

            /// `self + other`, modulo the range.
            #[must_use]
            #[inline]
            pub const fn wrapping_add(self, other: Self) -> Self {
                Self::from_bits(self.to_bits().wrapping_add(other.to_bits()))
            }

            /// `self - other`; `None` if out of range.
            #[must_use]
            #[inline]
            pub const fn checked_sub(self, other: Self) -> Option<Self> {
                match self.to_bits().checked_sub(other.to_bits()) {
                    Some(bits) => Some(Self::from_bits(bits)),
                    None => None,
                }
            }

            /// `self - other`, saturated: the operator, for constants.
            #[must_use]
            #[inline]
            pub const fn saturating_sub(self, other: Self) -> Self {
                Self::from_bits(self.to_bits().saturating_sub(other.to_bits()))
            }

            /// `self - other`, modulo the range.
            #[must_use]
            #[inline]
            pub const fn wrapping_sub(self, other: Self) -> Self {
                Self::from_bits(self.to_bits().wrapping_sub(other.to_bits()))
            }

            /// `-self`; `None` for the lowest number.
            #[must_use]
            #[inline]
            pub const fn checked_neg(self) -> Option<Self> {
                match self.to_bits().checked_neg() {
                    Some(bits) => Some(Self::from_bits(bits)),
                    None => None,
                }
            }

            /// `-self`, saturated: the operator, for constants.
            #[must_use]
            #[inline]
            pub const fn saturating_neg(self) -> Self {
                Self::from_bits(self.to_bits().saturating_neg())
            }

            /// `-self`, modulo the range: the lowest number is its own.
            #[must_use]
            #[inline]
            pub const fn wrapping_neg(self) -> Self {
                Self::from_bits(self.to_bits().wrapping_neg())
            }

            /// Distance from zero; `None` for the lowest number.
            #[must_use]
            #[inline]
            pub const fn checked_abs(self) -> Option<Self> {
                match self.to_bits().checked_abs() {
                    Some(bits) => Some(Self::from_bits(bits)),
                    None => None,
                }
            }

            /// Distance from zero, saturated, as [`abs`](Self::abs).
            #[must_use]
            #[inline]
            pub const fn saturating_abs(self) -> Self {
                self.abs()
            }

            /// Distance from zero, modulo the range: the lowest number stays itself.
            #[must_use]
            #[inline]
            pub const fn wrapping_abs(self) -> Self {
                Self::from_bits(self.to_bits().wrapping_abs())
            }

            /// `self * other`; `None` if out of range.
            #[must_use]
            #[inline]
            pub const fn checked_mul(self, other: Self) -> Option<Self> {
                match self.product(other) {
                    Ok(product) => Some(product),
                    Err(_) => None,
                }
            }

            /// `self * other`, saturated: the operator, for constants.
            #[must_use]
            #[inline]
            pub const fn saturating_mul(self, other: Self) -> Self {
                match self.product(other) {
                    Ok(product) | Err(product) => product,
                }
            }

            /// `self * other`, or as an error the end of the range that is nearest.
            #[inline]
            const fn product(self, other: Self) -> Result<Self, Self> {
                let (bits, high) = words::$words::product(self.to_bits(), other.to_bits());
                // In range if what stands above the result's lower half only repeats its highest
                // bit: the fraction is half of the bits, and so is the integer.
                #[expect(clippy::cast_possible_truncation, reason = "tested for truncation")]
                if high as $int as $bits != high {
                    cold_path();
                    return Err(Self::end(high < 0));
                }
                Ok(Self::from_bits(bits))
            }

            /// `self * other` rounded **down**, modulo the range. It costs what the machine's
            /// multiplication costs; where nothing wraps it is at most one step below `*`.
            #[must_use]
            #[inline]
            pub const fn wrapping_mul(self, other: Self) -> Self {
                Self::from_bits(words::$words::floor_product(
                    self.to_bits(),
                    other.to_bits(),
                ))
            }

            /// `self / other`; `None` if out of range or if `other` is 0.
            #[must_use]
            #[inline]
            pub const fn checked_div(self, other: Self) -> Option<Self> {
                let (a, b) = (self.to_bits(), other.to_bits());
                match words::$words::quotient(a.unsigned_abs(), b.unsigned_abs()) {
                    Some(magnitude) => Self::signed(magnitude, (a ^ b) < 0),
                    None => None,
                }
            }

            /// `self / other`, saturated: the operator, for constants.
            #[must_use]
            #[inline]
            pub const fn saturating_div(self, other: Self) -> Self {
                match self.checked_div(other) {
                    Some(quotient) => quotient,
                    None => self.end_of_quotient(other),
                }
            }

            /// `self / other`, modulo the range; 0 if `other` is 0.
            #[must_use]
            pub const fn wrapping_div(self, other: Self) -> Self {
                if let Some(quotient) = self.checked_div(other) {
                    return quotient;
                }
                let (a, b) = (self.to_bits(), other.to_bits());
                if b == 0 {
                    return Self::ZERO;
                }
                let divisor = b.unsigned_abs() as $unsigned_wide;
                let numerator = (a.unsigned_abs() as $unsigned_wide) << Self::FRACTION_BITS;
                #[expect(clippy::cast_possible_truncation, reason = "modulo the range")]
                let bits = ((numerator + divisor / 2) / divisor) as $bits;
                Self::from_bits(if (a ^ b) < 0 {
                    bits.wrapping_neg()
                } else {
                    bits
                })
            }

            /// `self % other`; `None` if `other` is 0.
            #[must_use]
            #[inline]
            pub const fn checked_rem(self, other: Self) -> Option<Self> {
                if other.to_bits() == 0 {
                    return None;
                }
                // wrapping_rem: the lowest number modulo -1 step is 0.
                Some(Self::from_bits(
                    self.to_bits().wrapping_rem(other.to_bits()),
                ))
            }

            /// `self % other`, 0 if `other` is 0: the operator, for constants. A remainder is
            /// never out of range.
            #[must_use]
            #[inline]
            pub const fn saturating_rem(self, other: Self) -> Self {
                match self.checked_rem(other) {
                    Some(remainder) => remainder,
                    None => Self::ZERO,
                }
            }

            /// `self % other`, 0 if `other` is 0, as the operator.
            #[must_use]
            #[inline]
            pub const fn wrapping_rem(self, other: Self) -> Self {
                self.saturating_rem(other)
            }

            /// The fraction `numerator / denominator`, rounded and saturated as `/` does. Made
            /// for constants: `Fix::ratio(3, 2)` is one and a half.
            #[must_use]
            #[inline]
            pub const fn ratio(numerator: $int, denominator: $int) -> Self {
                // The points of both cancel.
                let (numerator, denominator) = (numerator as $bits, denominator as $bits);
                Self::from_bits(numerator).saturating_div(Self::from_bits(denominator))
            }

            /// The number with this sign and these bits as its distance from zero, if in range.
            #[inline]
            pub(super) const fn signed(magnitude: $unsigned, negative: bool) -> Option<Self> {
                // The lower end is one step further than the upper.
                if magnitude > <$bits>::MAX.unsigned_abs() + negative as $unsigned {
                    cold_path();
                    return None;
                }
                let bits = magnitude.cast_signed();
                Some(Self::from_bits(if negative {
                    bits.wrapping_neg()
                } else {
                    bits
                }))
            }

            /// What `/` is where [`checked_div`](Self::checked_div) is `None`.
            pub(super) const fn end_of_quotient(self, other: Self) -> Self {
                match other.to_bits() {
                    0 if self.to_bits() == 0 => Self::ZERO,
                    0 => Self::end(self.is_negative()),
                    _ => Self::end(self.is_negative() != other.is_negative()),
                }
            }

            /// `self * times`, exact; `None` if out of range.
            #[must_use]
            #[inline]
            pub const fn checked_mul_int(self, times: $int) -> Option<Self> {
                match self.to_bits().checked_mul(times as $bits) {
                    Some(bits) => Some(Self::from_bits(bits)),
                    None => None,
                }
            }

            /// `self * times`, saturated: the operator, for constants.
            #[must_use]
            #[inline]
            pub const fn saturating_mul_int(self, times: $int) -> Self {
                Self::from_bits(self.to_bits().saturating_mul(times as $bits))
            }

            /// `self / parts` to the nearest step, halves away from zero; `None` if out of range or
            /// if `parts` is 0.
            #[must_use]
            #[inline]
            pub const fn checked_div_int(self, parts: $int) -> Option<Self> {
                let divisor = parts.unsigned_abs() as $unsigned;
                if divisor == 0 {
                    cold_path();
                    return None;
                }
                // A magnitude leaves the highest bit free.
                let rounded = self.to_bits().unsigned_abs().wrapping_add(divisor / 2);
                let magnitude = rounded / divisor;
                Self::signed(magnitude, self.is_negative() != (parts < 0))
            }

            /// `self / parts`, saturated; by 0 as `/` is. The operator, for constants.
            #[must_use]
            #[inline]
            pub const fn saturating_div_int(self, parts: $int) -> Self {
                match self.checked_div_int(parts) {
                    Some(quotient) => quotient,
                    None => self.end_of_quotient(Self::int(parts)),
                }
            }
        }
    };
}

arithmetic!(Fix, bits i64 as u64, wide u128, integer i32, world);
arithmetic!(Fix32, bits i32 as u32, wide u64, integer i16, small);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{any_fix, any_fix32};
    use super::*;

    #[test]
    fn the_ends_of_the_range() {
        assert_eq!(Fix::MIN.checked_neg(), None);
        assert_eq!(Fix::MIN.wrapping_neg(), Fix::MIN);
        assert_eq!(Fix::MIN.checked_abs(), None);
        assert_eq!(Fix::MIN.saturating_abs(), Fix::MAX);
        assert_eq!(Fix::MIN.wrapping_abs(), Fix::MIN);
        assert_eq!(Fix::MAX.wrapping_add(Fix::STEP), Fix::MIN);
        assert_eq!(Fix::MIN.wrapping_sub(Fix::STEP), Fix::MAX);
        // The lowest number is in range, the highest distance from zero is not.
        assert_eq!(Fix::MIN.checked_mul(Fix::ONE), Some(Fix::MIN));
        assert_eq!(Fix::MIN.checked_mul(-Fix::ONE), None);
        assert_eq!(Fix::MIN.checked_div(Fix::ONE), Some(Fix::MIN));
        assert_eq!(Fix::MIN.checked_div(-Fix::ONE), None);
        assert_eq!(Fix::MIN.wrapping_div(-Fix::ONE), Fix::MIN);
        assert_eq!(Fix::MIN.checked_div_int(-1), None);
        assert_eq!(Fix::MIN.saturating_div_int(-1), Fix::MAX);
        assert_eq!(Fix::MIN.checked_rem(-Fix::STEP), Some(Fix::ZERO));
        assert_eq!(Fix32::MIN.checked_div(Fix32::MIN), Some(Fix32::ONE));
    }

    #[test]
    fn halves_go_away_from_zero() {
        for (step, half) in [(Fix::STEP, Fix::HALF), (-Fix::STEP, -Fix::HALF)] {
            assert_eq!(step.checked_mul(half), Some(Fix::STEP));
            assert_eq!((-step).checked_mul(half), Some(-Fix::STEP));
            assert_eq!(step.checked_div(Fix::int(2)), Some(step));
            assert_eq!(step.checked_div(Fix::int(3)), Some(Fix::ZERO));
            assert_eq!(step.checked_div_int(-2), Some(-step));
        }
        assert_eq!((-Fix::STEP).wrapping_mul(Fix::HALF), -Fix::STEP);
        assert_eq!(Fix::STEP.wrapping_mul(Fix::HALF), Fix::ZERO);
    }

    #[test]
    fn all_forms_work_in_constants() {
        const SEVEN: Fix = Fix::int(3)
            .saturating_mul(Fix::int(2))
            .saturating_add(Fix::ONE);
        const THIRD: Fix = Fix::ONE.saturating_div(Fix::int(3));
        assert_eq!(SEVEN, Fix::int(7));
        assert_eq!(THIRD, Fix::ratio(1, 3));
        assert_eq!(Fix::ratio(i32::MIN, i32::MIN), Fix::ONE);
        assert_eq!(Fix::ratio(i32::MIN, -1), Fix::MAX);
        assert_eq!(Fix::ratio(-1, 0), Fix::MIN);
        assert_eq!(Fix32::ratio(0, 0), Fix32::ZERO);
    }

    /// `numerator / denominator` to the nearest whole, halves away from zero: slow and obvious.
    fn rounded(numerator: i128, denominator: i128) -> i128 {
        let (n, d) = (numerator.unsigned_abs(), denominator.unsigned_abs());
        let away = u128::from(n % d * 2 >= d);
        (n / d + away).cast_signed() * numerator.signum() * denominator.signum()
    }

    /// All forms against what they mean, and `x op y` against `-x op y`.
    macro_rules! forms_are_their_meaning {
        ($test:ident, $any:ident, $name:ident, $bits:ty, $int:ty) => {
            proptest! {
                #[test]
                fn $test(x in $any(), y in $any(), int: $int) {
                    let of = |exact: i128| <$bits>::try_from(exact).ok().map($name::from_bits);
                    let at_end = |exact: i128| if exact < 0 { $name::MIN } else { $name::MAX };
                    #[expect(clippy::cast_possible_truncation, reason = "modulo the range")]
                    let low_bits = |exact: i128| $name::from_bits(exact as $bits);
                    let (a, b) = (i128::from(x.to_bits()), i128::from(y.to_bits()));
                    let one = i128::from($name::ONE.to_bits());

                    let sum = a + b;
                    prop_assert_eq!(x.checked_add(y), of(sum));
                    prop_assert_eq!(x + y, of(sum).unwrap_or(at_end(sum)));
                    prop_assert_eq!(x.wrapping_add(y), low_bits(sum));

                    let difference = a - b;
                    prop_assert_eq!(x.checked_sub(y), of(difference));
                    prop_assert_eq!(x - y, of(difference).unwrap_or(at_end(difference)));
                    prop_assert_eq!(x.wrapping_sub(y), low_bits(difference));

                    prop_assert_eq!(x.checked_neg(), of(-a));
                    prop_assert_eq!(-x, of(-a).unwrap_or($name::MAX));
                    prop_assert_eq!(x.wrapping_neg(), low_bits(-a));

                    prop_assert_eq!(x.checked_abs(), of(a.abs()));
                    prop_assert_eq!(x.saturating_abs(), of(a.abs()).unwrap_or($name::MAX));
                    prop_assert_eq!(x.wrapping_abs(), low_bits(a.abs()));

                    let product = rounded(a * b, one);
                    prop_assert_eq!(x.checked_mul(y), of(product));
                    prop_assert_eq!(x * y, of(product).unwrap_or(at_end(product)));
                    prop_assert_eq!(x.wrapping_mul(y), low_bits((a * b).div_euclid(one)));

                    let times = a * i128::from(int);
                    prop_assert_eq!(x * int, of(times).unwrap_or(at_end(times)));
                    prop_assert_eq!(x.checked_mul_int(int), of(times));

                    let end = if a == 0 { $name::ZERO } else { at_end(a) };
                    if b == 0 {
                        prop_assert_eq!(x.checked_div(y), None);
                        prop_assert_eq!(x / y, end);
                        prop_assert_eq!(x.wrapping_div(y), $name::ZERO);
                        prop_assert_eq!(x.checked_rem(y), None);
                        prop_assert_eq!(x % y, $name::ZERO);
                    } else {
                        let quotient = rounded(a * one, b);
                        prop_assert_eq!(x.checked_div(y), of(quotient));
                        prop_assert_eq!(x / y, of(quotient).unwrap_or(at_end(quotient)));
                        prop_assert_eq!(x.wrapping_div(y), low_bits(quotient));
                        prop_assert_eq!(x.checked_rem(y), of(a % b));
                        prop_assert_eq!(x % y, low_bits(a % b));
                        prop_assert_eq!(x.wrapping_rem(y), x % y);
                    }
                    if int == 0 {
                        prop_assert_eq!(x / int, end);
                    } else {
                        let part = rounded(a, int.into());
                        prop_assert_eq!(x / int, of(part).unwrap_or(at_end(part)));
                        prop_assert_eq!(x.checked_div_int(int), of(part));
                    }
                }
            }
        };
    }
    forms_are_their_meaning!(world_forms, any_fix, Fix, i64, i32);
    forms_are_their_meaning!(small_forms, any_fix32, Fix32, i32, i16);

    macro_rules! a_mirrored_world_plays_mirrored {
        ($test:ident, $any:ident, $name:ident, $int:ty) => {
            proptest! {
                #[test]
                fn $test(x in $any(), y in $any(), int: $int) {
                    // The range itself is not symmetric: it has one number more below zero.
                    let mirrored = |number: $name| number != $name::MIN && number != $name::MAX;
                    prop_assume!(mirrored(x) && mirrored(y));
                    for (result, mirror) in [
                        (x * y, -x * y),
                        (x / y, -x / y),
                        (x % y, -x % y),
                        (x * int, -x * int),
                        (x / int, -x / int),
                        (x + y, -x - y),
                        (x - y, -x + y),
                    ] {
                        prop_assert!(mirror == -result || !mirrored(result), "{result} {mirror}");
                    }
                    prop_assert_eq!(x * y, y * x);
                    prop_assert_eq!(-x * -y, x * y);
                    prop_assert_eq!(x % -y, x % y);
                }
            }
        };
    }
    a_mirrored_world_plays_mirrored!(world_mirror, any_fix, Fix, i32);
    a_mirrored_world_plays_mirrored!(small_mirror, any_fix32, Fix32, i16);
}
