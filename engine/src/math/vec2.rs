//! [`Vec2`], a point or displacement in the plane.

use core::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

use super::{Angle, Fix};
use crate::State;

/// A point or displacement in the plane, in world units.
#[derive(State, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "(Fix, Fix)", into = "(Fix, Fix)")]
pub struct Vec2 {
    /// First coordinate.
    pub x: Fix,
    /// Second coordinate.
    pub y: Fix,
}

impl Vec2 {
    /// The origin.
    pub const ZERO: Self = Self::new(Fix::ZERO, Fix::ZERO);

    /// From coordinates.
    #[must_use]
    pub const fn new(x: Fix, y: Fix) -> Self {
        Self { x, y }
    }

    /// The unit vector in the direction of `angle`, counted from x towards y.
    #[must_use]
    pub const fn from_angle(angle: Angle) -> Self {
        let (sin, cos) = angle.sin_cos();
        Self { x: cos, y: sin }
    }

    /// `x·x' + y·y'`, each product rounded, saturated.
    #[must_use]
    pub fn dot(self, other: Self) -> Fix {
        self.x * other.x + self.y * other.y
    }

    /// Length, rounded down to a step; exact inside, so that it only saturates if the length
    /// itself is out of range.
    #[must_use]
    pub fn length(self) -> Fix {
        let square = |number: Fix| {
            let bits = u128::from(number.to_bits().unsigned_abs());
            bits * bits
        };
        // The root of a sum of squares of bits is the length in bits.
        let length = (square(self.x) + square(self.y)).isqrt();
        Fix::from_bits(i64::try_from(length).unwrap_or(i64::MAX))
    }
}

impl From<(Fix, Fix)> for Vec2 {
    fn from((x, y): (Fix, Fix)) -> Self {
        Self { x, y }
    }
}

impl From<Vec2> for (Fix, Fix) {
    fn from(vector: Vec2) -> Self {
        (vector.x, vector.y)
    }
}

impl Add for Vec2 {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }
}

impl Sub for Vec2 {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }
}

impl Neg for Vec2 {
    type Output = Self;
    fn neg(self) -> Self {
        Self::new(-self.x, -self.y)
    }
}

impl Mul<Fix> for Vec2 {
    type Output = Self;
    fn mul(self, factor: Fix) -> Self {
        Self::new(self.x * factor, self.y * factor)
    }
}

impl AddAssign for Vec2 {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Vec2 {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_do_not_overflow_inside() {
        assert_eq!(Vec2::new(Fix::int(3), Fix::int(-4)).length(), Fix::int(5));
        let far = Fix::int(1_000_000_000);
        assert_eq!(Vec2::new(far, Fix::ZERO).length(), far);
        assert_eq!(Vec2::new(Fix::MIN, Fix::MIN).length(), Fix::MAX);
    }

    #[test]
    fn directions_are_unit_vectors() {
        let east = Vec2::from_angle(Angle::turns(0, 1));
        assert_eq!(east, Vec2::new(Fix::ONE, Fix::ZERO));
        assert_eq!(Vec2::from_angle(Angle::turns(1, 4)).dot(east), Fix::ZERO);
    }
}
