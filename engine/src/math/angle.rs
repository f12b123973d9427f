//! [`Angle`], a binary fraction of a turn.

use core::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

use super::Fix;
use crate::State;
use crate::input::Bits;

/// An angle in units of 2⁻³² of a turn. Addition wraps, as turning does, and reduction to one turn
/// costs nothing.
///
/// ```
/// use phalanx_engine::{Angle, Fix};
/// assert_eq!(Angle::turns(1, 4).sin(), Fix::ONE);
/// assert_eq!(Angle::turns(1, 2).cos(), -Fix::ONE);
/// assert_eq!(Angle::turns(3, 4) + Angle::turns(1, 2), Angle::turns(1, 4));
/// ```
#[derive(
    State, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Angle(pub u32);

/// Bits behind the point of the polynomials' numbers.
const Q: u32 = 62;

/// π/2 in Q62.
const HALF_PI: i128 = 7_244_019_458_077_122_842;

/// Horner's scheme for `1 - z/(a·b) · (1 - z/(c·d) · …)`, the shape of both Taylor series, in Q62.
const fn series(z: i128, divisors: &[i128]) -> i128 {
    let mut sum = 1 << Q;
    let mut index = divisors.len();
    while index > 0 {
        index -= 1;
        sum = (1 << Q) - ((z * sum) >> Q) / divisors[index];
    }
    sum
}

impl Angle {
    /// The fraction `numerator / denominator` of a turn, rounded down. 0 if the denominator is.
    #[must_use]
    pub const fn turns(numerator: u32, denominator: u32) -> Self {
        if denominator == 0 {
            return Self(0);
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole turns are nothing")]
        let units = (((numerator as u64) << 32) / denominator as u64) as u32;
        Self(units)
    }

    /// Sine and cosine, each within one step of [`Fix`] of the exact value.
    #[must_use]
    pub const fn sin_cos(self) -> (Fix, Fix) {
        // Reduce to the eighth of a turn around the nearest axis.
        let quarter = self.0.wrapping_add(1 << 29) >> 30;
        let offset = self.0.wrapping_sub(quarter << 30).cast_signed() as i128;
        // offset / 2^30 quarters of a turn, in radians: at most π/4.
        let x = (offset * HALF_PI) >> 30;
        let z = (x * x) >> Q;
        // Taylor's series to x^15 and x^14: the remainders are below 2^-42 on ±π/4.
        let sin = (x * series(z, &[2 * 3, 4 * 5, 6 * 7, 8 * 9, 10 * 11, 12 * 13, 14 * 15])) >> Q;
        let cos = series(z, &[2, 3 * 4, 5 * 6, 7 * 8, 9 * 10, 11 * 12, 13 * 14]);
        let (sin, cos) = (rounded(sin), rounded(cos));
        match quarter {
            0 | 4 => (sin, cos),
            1 => (cos, negated(sin)),
            2 => (negated(sin), negated(cos)),
            _ => (negated(cos), sin),
        }
    }

    /// Sine, within one step of [`Fix`] of the exact value.
    #[must_use]
    pub const fn sin(self) -> Fix {
        self.sin_cos().0
    }

    /// Cosine, within one step of [`Fix`] of the exact value.
    #[must_use]
    pub const fn cos(self) -> Fix {
        self.sin_cos().1
    }
}

/// From Q62 to the nearest step, halves away from zero, so that sine stays odd.
const fn rounded(q62: i128) -> Fix {
    const SHIFT: u32 = Q - Fix::FRACTION_BITS;
    let magnitude = (q62.unsigned_abs() + (1 << (SHIFT - 1))) >> SHIFT;
    #[expect(clippy::cast_possible_truncation, reason = "at most one")]
    let magnitude = (magnitude as u64).cast_signed();
    Fix::from_bits(if q62 < 0 { -magnitude } else { magnitude })
}

const fn negated(number: Fix) -> Fix {
    Fix::from_bits(-number.to_bits())
}

impl Add for Angle {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}

impl Sub for Angle {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }
}

impl Neg for Angle {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.wrapping_neg())
    }
}

impl AddAssign for Angle {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Angle {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Bits for Angle {
    const BITS: u32 = u32::BITS;
    fn to_bits(self) -> u64 {
        self.0.into()
    }
    fn from_bits(bits: u64) -> Self {
        Self(Bits::from_bits(bits))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_axes_are_exact() {
        let one = Fix::ONE;
        for (turns, sin, cos) in [
            (0, Fix::ZERO, one),
            (1, one, Fix::ZERO),
            (2, Fix::ZERO, -one),
            (3, -one, Fix::ZERO),
        ] {
            assert_eq!(Angle::turns(turns, 4).sin_cos(), (sin, cos));
        }
    }

    #[test]
    fn known_values() {
        // sin 30° = 1/2; sin 45° = sqrt(1/2).
        // A twelfth of a turn is itself rounded, by up to 2π steps of sine.
        assert!((Angle::turns(1, 12).sin() - Fix::ratio(1, 2)).abs() <= Fix::from_bits(6));
        assert!((Angle::turns(1, 8).sin() - Fix::ratio(1, 2).sqrt()).abs() <= Fix::STEP);
    }

    #[test]
    #[expect(clippy::disallowed_types, reason = "an independent reference")]
    fn within_one_step_of_the_exact_value() {
        let mut worst = 0.0_f64;
        for index in 0..200_000_u32 {
            let angle = Angle(index.wrapping_mul(0x9e37_79b9));
            let radians = f64::from(angle.0) / 4_294_967_296.0 * core::f64::consts::TAU;
            let (sin, cos) = angle.sin_cos();
            let error =
                |number: Fix, exact: f64| (number.to_bits() as f64 - exact * 4_294_967_296.0).abs();
            worst = worst
                .max(error(sin, radians.sin()))
                .max(error(cos, radians.cos()));
        }
        assert!(worst <= 1.0, "{worst} steps");
    }

    proptest! {
        #[test]
        fn sine_is_odd_and_cosine_even(units: u32) {
            let angle = Angle(units);
            prop_assert_eq!((-angle).sin(), -angle.sin());
            prop_assert_eq!((-angle).cos(), angle.cos());
        }

        #[test]
        fn squares_add_up_to_one(units: u32) {
            let (sin, cos) = Angle(units).sin_cos();
            prop_assert!((sin * sin + cos * cos - Fix::ONE).abs() <= Fix::from_bits(4));
        }
    }
}
