//! [`Offset`]: what can be shown somewhere else than where it is.

use core::f64::consts::{PI, TAU};
use core::fmt::Debug;

/// A value that is shown, or by how much it is shown elsewhere: a number, a vector, an angle.
///
/// Numbers that are not finite are never smoothed.
pub trait Offset: Copy + Debug {
    /// Shown where it is.
    const ZERO: Self;

    /// The sum.
    #[must_use]
    fn plus(self, other: Self) -> Self;

    /// The product with a number.
    #[must_use]
    fn times(self, factor: f64) -> Self;

    /// Its length, in the value's own unit.
    fn size(self) -> f64;

    /// The shortest value that shows the same: an angle within half a turn of 0. All others are
    /// what they are.
    #[must_use]
    fn shortest(self) -> Self {
        self
    }

    /// What leads from `other` to this value, the shortest way.
    #[must_use]
    fn minus(self, other: Self) -> Self {
        self.plus(other.times(-1.0)).shortest()
    }
}

impl Offset for f64 {
    const ZERO: Self = 0.0;

    fn plus(self, other: Self) -> Self {
        self + other
    }

    fn times(self, factor: f64) -> Self {
        self * factor
    }

    fn size(self) -> f64 {
        self.abs()
    }
}

impl Offset for f32 {
    const ZERO: Self = 0.0;

    fn plus(self, other: Self) -> Self {
        self + other
    }

    #[expect(clippy::cast_possible_truncation, reason = "rounds to the nearest")]
    fn times(self, factor: f64) -> Self {
        (f64::from(self) * factor) as Self
    }

    fn size(self) -> f64 {
        f64::from(self).abs()
    }
}

/// An angle in radians, which turns the shorter way round.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Turn(pub f64);

impl Offset for Turn {
    const ZERO: Self = Self(0.0);

    fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    fn times(self, factor: f64) -> Self {
        Self(self.0 * factor)
    }

    fn size(self) -> f64 {
        self.0.abs()
    }

    fn shortest(self) -> Self {
        let turned = self.0.rem_euclid(TAU);
        Self(if turned > PI { turned - TAU } else { turned })
    }
}

impl<T: Offset, const N: usize> Offset for [T; N] {
    const ZERO: Self = [T::ZERO; N];

    fn plus(mut self, other: Self) -> Self {
        for (own, other) in self.iter_mut().zip(other) {
            *own = own.plus(other);
        }
        self
    }

    fn times(self, factor: f64) -> Self {
        self.map(|own| own.times(factor))
    }

    /// The Euclidean length.
    fn size(self) -> f64 {
        let squares = self.map(|own| own.size() * own.size());
        squares.iter().sum::<f64>().sqrt()
    }

    fn shortest(self) -> Self {
        self.map(T::shortest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_turn_the_shorter_way() {
        let (left, right) = (Turn(179_f64.to_radians()), Turn(-(179_f64.to_radians())));
        let way = right.minus(left);
        assert!((way.0.to_degrees() - 2.0).abs() < 1e-9, "{way:?}");
        let way = Turn(7.0 * TAU + 0.5).shortest();
        assert!((way.0 - 0.5).abs() < 1e-9, "{way:?}");
    }

    #[test]
    fn a_vector_is_as_long_as_it_is() {
        assert!(([3.0_f32, -4.0].size() - 5.0).abs() < 1e-12);
        assert!(![f64::NAN, 1.0].size().is_finite());
    }
}
