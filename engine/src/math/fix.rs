//! [`Fix`] and [`Fix32`], the scalars.

use core::fmt;
use core::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, Sub, SubAssign};

use fixed::types::{I16F16, I32F32};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::{DecodeError, Decoder, Encoder};
use crate::digest::{Digest, Node};
use crate::input::Bits;
use crate::state::{Leaf, LeafMut, Schema, State, Visitor, VisitorMut};

macro_rules! scalar {
    (
        $(#[$doc:meta])* $name:ident, inner $inner:ty, bits $bits:ty as $unsigned:ty,
        wide $wide:ty, fraction $fraction:literal, integer $int:ty
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($inner);

        impl $name {
            /// How many bits stand behind the point.
            pub const FRACTION_BITS: u32 = $fraction;
            /// Zero.
            pub const ZERO: Self = Self::from_bits(0);
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
            pub const fn from_bits(bits: $bits) -> Self {
                Self(<$inner>::from_bits(bits))
            }

            /// The number times `2^FRACTION_BITS`.
            #[must_use]
            pub const fn to_bits(self) -> $bits {
                self.0.to_bits()
            }

            /// The same number as a type of the `fixed` crate.
            #[must_use]
            pub const fn to_fixed(self) -> $inner {
                self.0
            }

            /// The same number from a type of the `fixed` crate.
            #[must_use]
            pub const fn from_fixed(number: $inner) -> Self {
                Self(number)
            }

            /// A whole number; every one fits.
            #[must_use]
            pub const fn int(number: $int) -> Self {
                Self::from_bits((number as $bits) << $fraction)
            }

            /// The fraction `numerator / denominator`, rounded and saturated as `/` does. Made
            /// for constants: `Fix::ratio(3, 2)` is one and a half.
            #[must_use]
            pub const fn ratio(numerator: $int, denominator: $int) -> Self {
                Self::quotient((numerator as $wide) << $fraction, denominator as $wide)
            }

            /// The nearest number in range to `bits / 2^FRACTION_BITS`.
            const fn saturated(bits: $wide) -> Self {
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

            /// `numerator / divisor`, to the nearest, halves away from zero; total.
            const fn quotient(numerator: $wide, divisor: $wide) -> Self {
                if divisor == 0 {
                    return match numerator {
                        0 => Self::ZERO,
                        1.. => Self::MAX,
                        _ => Self::MIN,
                    };
                }
                let (quotient, remainder) = (numerator / divisor, numerator % divisor);
                // Both fit: the numerator is at most a quarter of the wide type's range.
                let half_or_more = remainder.unsigned_abs() * 2 >= divisor.unsigned_abs();
                let away = if !half_or_more {
                    0
                } else if (numerator < 0) == (divisor < 0) {
                    1
                } else {
                    -1
                };
                Self::saturated(quotient + away)
            }

            /// Distance from zero, saturated.
            #[must_use]
            pub const fn abs(self) -> Self {
                Self::from_bits(self.to_bits().saturating_abs())
            }

            /// -1, 0 or 1, as the number's sign.
            #[must_use]
            pub const fn signum(self) -> Self {
                Self::int(self.to_bits().signum() as $int)
            }

            /// The greatest whole number not above, saturated to the integer's range.
            #[must_use]
            pub const fn floor_int(self) -> $int {
                (self.to_bits() >> $fraction) as $int
            }

            /// The nearest whole number, halves away from zero, saturated.
            #[must_use]
            pub const fn round_int(self) -> $int {
                let half: $wide = 1 << ($fraction - 1);
                let bits = self.to_bits() as $wide;
                // Shifting the distance from zero keeps the rounding symmetric.
                let rounded = (bits.unsigned_abs() + half.unsigned_abs()) >> $fraction;
                let rounded = rounded as $wide;
                let rounded = if bits < 0 { -rounded } else { rounded };
                #[expect(clippy::cast_possible_truncation, reason = "in range, checked")]
                let in_range = rounded as $int;
                if rounded > <$int>::MAX as $wide { <$int>::MAX } else { in_range }
            }

            /// The number between `low` and `high` that is nearest. If `low > high`, `low`.
            #[must_use]
            pub fn clamped(self, low: Self, high: Self) -> Self {
                self.min(high).max(low)
            }

            /// This number moved towards `target` by at most `step`; a negative step is none.
            #[must_use]
            pub fn moved_towards(self, target: Self, step: Self) -> Self {
                let step = step.max(Self::ZERO);
                if self < target { (self + step).min(target) } else { (self - step).max(target) }
            }
        }

        impl Add for $name {
            type Output = Self;
            #[inline]
            fn add(self, other: Self) -> Self {
                Self::from_bits(self.to_bits().saturating_add(other.to_bits()))
            }
        }

        impl Sub for $name {
            type Output = Self;
            #[inline]
            fn sub(self, other: Self) -> Self {
                Self::from_bits(self.to_bits().saturating_sub(other.to_bits()))
            }
        }

        impl Neg for $name {
            type Output = Self;
            #[inline]
            fn neg(self) -> Self {
                Self::from_bits(self.to_bits().saturating_neg())
            }
        }

        impl Mul for $name {
            type Output = Self;
            #[inline]
            fn mul(self, other: Self) -> Self {
                let product = <$wide>::from(self.to_bits()) * <$wide>::from(other.to_bits());
                // Adding a half, less one step below zero, makes the floor of the shift the
                // nearest number with halves away from zero.
                let half = (1 << ($fraction - 1)) + (product >> (<$wide>::BITS - 1));
                Self::saturated((product + half) >> $fraction)
            }
        }

        impl Div for $name {
            type Output = Self;
            #[inline]
            fn div(self, other: Self) -> Self {
                let numerator = <$wide>::from(self.to_bits()) * (1 << $fraction);
                Self::quotient(numerator, other.to_bits().into())
            }
        }

        impl Rem for $name {
            type Output = Self;
            #[inline]
            fn rem(self, other: Self) -> Self {
                // wrapping_rem: the lowest number modulo -1 step is 0.
                if other == Self::ZERO {
                    return Self::ZERO;
                }
                Self::from_bits(self.to_bits().wrapping_rem(other.to_bits()))
            }
        }

        /// Times a whole number: exact, or saturated.
        impl Mul<$int> for $name {
            type Output = Self;
            #[inline]
            fn mul(self, times: $int) -> Self {
                Self::saturated(<$wide>::from(self.to_bits()) * <$wide>::from(times))
            }
        }

        impl AddAssign for $name {
            #[inline]
            fn add_assign(&mut self, other: Self) { *self = *self + other; }
        }
        impl SubAssign for $name {
            #[inline]
            fn sub_assign(&mut self, other: Self) { *self = *self - other; }
        }
        impl MulAssign for $name {
            #[inline]
            fn mul_assign(&mut self, other: Self) { *self = *self * other; }
        }
        impl DivAssign for $name {
            #[inline]
            fn div_assign(&mut self, other: Self) { *self = *self / other; }
        }

        /// Serialised as its bits.
        impl Serialize for $name {
            fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
                self.to_bits().serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<Z: Deserializer<'de>>(deserializer: Z) -> Result<Self, Z::Error> {
                <$bits>::deserialize(deserializer).map(Self::from_bits)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                display_fixed(f, self.to_bits().into(), $fraction)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl State for $name {
            type Undo = Self;
            #[inline]
            fn open(&mut self, undo: &mut Self) { *undo = *self; }
            #[inline]
            fn close(&mut self, _undo: &mut Self, node: Node<'_>) -> Digest { self.digest(node) }
            #[inline]
            fn undo(&mut self, undo: &mut Self) { *self = *undo; }
            fn schema(schema: &mut Schema) { schema.leaf(stringify!($name)); }
            #[inline]
            fn encode(&self, out: &mut Encoder) { self.to_bits().encode(out); }
            fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                <$bits>::decode(from).map(Self::from_bits)
            }
            fn visit(&self, visitor: &mut dyn Visitor) {
                let bits = self.to_bits().into();
                visitor.leaf(Leaf::Fixed { bits, fraction_bits: $fraction });
            }
            fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) { visitor.leaf(self); }
        }

        impl LeafMut for $name {
            fn bits(&self) -> u32 { <$bits>::BITS }
            fn flip(&mut self, bit: u32) { *self = Self::from_bits(self.to_bits() ^ (1 << bit)); }
        }

        impl Bits for $name {
            const BITS: u32 = <$bits>::BITS;
            fn to_bits(self) -> u64 { Bits::to_bits(self.0.to_bits()) }
            fn from_bits(bits: u64) -> Self { Self(<$inner>::from_bits(Bits::from_bits(bits))) }
        }
    };
}

scalar! {
    /// The world scalar: Q32.32 in an `i64`. Its operators are total and saturate; see
    /// [the module](crate::math).
    ///
    /// ```
    /// use phalanx_engine::Fix;
    /// const GRAVITY: Fix = Fix::ratio(-1, 4);
    /// let mut speed = Fix::int(2);
    /// speed += GRAVITY;
    /// assert_eq!(speed, Fix::ratio(7, 4));
    /// assert_eq!(Fix::MAX * speed, Fix::MAX);
    /// assert_eq!(Fix::ONE / Fix::ZERO, Fix::MAX);
    /// assert_eq!(speed.to_string(), "1.75");
    /// ```
    Fix, inner I32F32, bits i64 as u64, wide i128, fraction 32, integer i32
}

scalar! {
    /// The small scalar: Q16.16 in an `i32`, for values that need neither range nor precision.
    /// The same rules as [`Fix`].
    Fix32, inner I16F16, bits i32 as u32, wide i64, fraction 16, integer i16
}

impl From<Fix32> for Fix {
    /// Exact.
    fn from(number: Fix32) -> Self {
        Self::from_bits(i64::from(number.to_bits()) << (Self::FRACTION_BITS - Fix32::FRACTION_BITS))
    }
}

/// Writes `bits / 2^fraction_bits` exactly, in as many decimal places as it has, or rounded to the
/// formatter's precision (halves away from zero). No float is involved.
pub(crate) fn display_fixed(
    f: &mut fmt::Formatter<'_>,
    bits: i128,
    fraction_bits: u32,
) -> fmt::Result {
    use core::fmt::Write;

    let one = 1_u128 << fraction_bits;
    let mut magnitude = bits.unsigned_abs();
    let places = f
        .precision()
        .map(|places| u32::try_from(places).unwrap_or(u32::MAX).min(30));
    if let Some(places) = places {
        // Half a unit of the last place, so that cutting off rounds.
        magnitude += one.div_ceil(2 * 10_u128.pow(places));
    }
    let mut text = heapless::Text::default();
    write!(text, "{}", magnitude >> fraction_bits)?;
    let mut rest = magnitude & (one - 1);
    if places.map_or(rest != 0, |places| places > 0) {
        text.write_char('.')?;
    }
    for _ in 0..places.unwrap_or(fraction_bits) {
        if places.is_none() && rest == 0 {
            break;
        }
        rest *= 10;
        write!(text, "{}", rest >> fraction_bits)?;
        rest &= one - 1;
    }
    f.pad_integral(bits >= 0, "", text.as_str())
}

/// A short text on the stack.
mod heapless {
    use core::fmt;

    /// Longest: ten digits, a point, and 32 places.
    const BYTES: u32 = 64;

    pub(super) struct Text {
        bytes: [u8; crate::index::at(BYTES)],
        len: u32,
    }

    impl Default for Text {
        fn default() -> Self {
            Self {
                bytes: [0; crate::index::at(BYTES)],
                len: 0,
            }
        }
    }

    impl Text {
        pub(super) fn as_str(&self) -> &str {
            let bytes = &self.bytes[..crate::index::at(self.len)];
            // Only whole strings are appended.
            core::str::from_utf8(bytes).unwrap_or("?")
        }
    }

    impl fmt::Write for Text {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let end = self.len + u32::try_from(text.len()).map_err(|_| fmt::Error)?;
            let room = self
                .bytes
                .get_mut(crate::index::at(self.len)..crate::index::at(end));
            room.ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
            self.len = end;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use proptest::prelude::*;

    use super::*;

    /// The defined result of `*`, the slow and obvious way.
    fn model_mul(a: Fix, b: Fix) -> Fix {
        let product = i128::from(a.to_bits()) * i128::from(b.to_bits());
        let one = 1_u128 << 32;
        let (whole, rest) = (product.unsigned_abs() / one, product.unsigned_abs() % one);
        let rounded = (whole + u128::from(rest * 2 >= one)) as i128;
        let signed = if product < 0 { -rounded } else { rounded };
        let end = if signed < 0 { Fix::MIN } else { Fix::MAX };
        i64::try_from(signed).map_or(end, Fix::from_bits)
    }

    fn any_fix() -> impl Strategy<Value = Fix> {
        // All magnitudes alike, and the ends of the range often.
        prop_oneof![
            (any::<i64>(), 0_u32..64).prop_map(|(bits, shift)| Fix::from_bits(bits >> shift)),
            Just(Fix::MAX),
            Just(Fix::MIN),
            Just(Fix::ZERO),
        ]
    }

    #[test]
    fn operators_mean_the_same_in_every_profile() {
        assert_eq!(Fix::MAX + Fix::STEP, Fix::MAX);
        assert_eq!(Fix::MIN - Fix::STEP, Fix::MIN);
        assert_eq!(-Fix::MIN, Fix::MAX);
        assert_eq!(Fix::MIN.abs(), Fix::MAX);
        assert_eq!(Fix::int(70_000) * Fix::int(70_000), Fix::MAX);
        assert_eq!(Fix::int(70_000) * Fix::int(-70_000), Fix::MIN);
        assert_eq!(Fix::MAX / Fix::STEP, Fix::MAX);
        assert_eq!(Fix::MIN / -Fix::STEP, Fix::MAX);
        assert_eq!(Fix::ZERO / Fix::ZERO, Fix::ZERO);
        assert_eq!(-Fix::ONE / Fix::ZERO, Fix::MIN);
        assert_eq!(Fix::MIN % -Fix::STEP, Fix::ZERO);
        assert_eq!(Fix::ONE % Fix::ZERO, Fix::ZERO);
        assert_eq!(Fix::int(-4).sqrt(), Fix::ZERO);
        assert_eq!(Fix32::MAX * Fix32::int(2), Fix32::MAX);
        assert_eq!(Fix32::int(3) / Fix32::int(2), Fix32::ratio(3, 2));
        assert_eq!(Fix::MAX * 3, Fix::MAX);
    }

    #[test]
    fn rounding_is_to_the_nearest_and_symmetric() {
        let half = Fix::ratio(1, 2);
        assert_eq!(Fix::STEP * half, Fix::STEP);
        assert_eq!(-Fix::STEP * half, -Fix::STEP);
        assert_eq!(Fix::STEP / Fix::int(2), Fix::STEP);
        assert_eq!(-Fix::STEP / Fix::int(2), -Fix::STEP);
        assert_eq!(Fix::STEP / Fix::int(3), Fix::ZERO);
        assert_eq!(Fix::ratio(5, 2).round_int(), 3);
        assert_eq!(Fix::ratio(-5, 2).round_int(), -3);
        assert_eq!(Fix::ratio(-5, 2).floor_int(), -3);
        assert_eq!(
            (Fix::MAX.round_int(), Fix::MIN.round_int()),
            (i32::MAX, i32::MIN)
        );
    }

    #[test]
    fn numbers_print_exactly() {
        assert_eq!(Fix::ratio(-7, 4).to_string_lossless(), "-1.75");
        assert_eq!(Fix::ZERO.to_string_lossless(), "0");
        assert_eq!(
            Fix::STEP.to_string_lossless(),
            "0.00000000023283064365386962890625"
        );
        assert_eq!(format!("{:.3}", Fix::ratio(2, 3)), "0.667");
        assert_eq!(format!("{:.0}", Fix::ratio(5, 2)), "3");
        assert_eq!(format!("{:>8.1}|", Fix::int(-3)), "    -3.0|");
        assert_eq!(format!("{:?}", Fix32::MIN), "-32768");
    }

    impl Fix {
        fn to_string_lossless(self) -> alloc::string::String {
            format!("{self}")
        }
    }

    proptest! {
        #[test]
        fn mul_is_its_model(a in any_fix(), b in any_fix()) {
            prop_assert_eq!(a * b, model_mul(a, b));
        }

        #[test]
        fn a_mirrored_world_plays_mirrored(a in any_fix(), b in any_fix()) {
            let ends = [Fix::MIN, Fix::MAX];
            prop_assume!([a, a * b, a / b].iter().all(|number| !ends.contains(number)));
            prop_assert_eq!(-(a * b), -a * b);
            prop_assert!(b == Fix::ZERO || -(a / b) == -a / b);
        }

        #[test]
        fn division_is_the_nearest(a in any_fix(), b in any_fix()) {
            prop_assume!(b != Fix::ZERO);
            let q = a / b;
            prop_assume!(q != Fix::MAX && q != Fix::MIN);
            // |q*b - a| <= |b|/2, without rounding: scaled by 2^32.
            let error = i128::from(q.to_bits()) * i128::from(b.to_bits())
                - (i128::from(a.to_bits()) << 32);
            prop_assert!(error.unsigned_abs() * 2 <= i128::from(b.to_bits()).unsigned_abs());
        }

    }
}
