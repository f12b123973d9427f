//! [`Rot2`], a rotation of the plane.

use core::ops::{Mul, MulAssign};

use super::{Angle, Fix, Vec2};
use crate::State;

/// A rotation of the plane, as the cosine and sine of its angle: what an [`Angle`] costs to apply
/// is paid once.
///
/// A composition is rounded by up to 0.71 · 2⁻³² and adds the error of what it is composed with, up
/// to 0.76 · 2⁻³²: after n compositions what it turns is at most 1.47 n · 2⁻³² of its length too long or
/// short, and turned by as many radians too far or not far enough.
/// [`renormalized`](Self::renormalized) mends the length, not the angle. What turns by angles tick
/// after tick keeps an `Angle`, which adds without error, and makes its `Rot2` from it.
///
/// ```
/// use phalanx_engine::{Angle, Fix, Rot2, Vec2};
/// let eighth = Rot2::from(Angle::turns(1, 8));
/// let east = Vec2::new(Fix::ONE, Fix::ZERO);
/// assert!(east.rotated(eighth * eighth).distance(east.perpendicular()) <= Fix::from_bits(2));
/// ```
#[derive(State, Clone, Copy, Debug, PartialEq, Eq, Hash, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
#[state(bytes)]
pub struct Rot2 {
    /// Cosine of the angle.
    pub cos: Fix,
    /// Sine of the angle.
    pub sin: Fix,
}

impl Rot2 {
    /// No rotation.
    pub const IDENTITY: Self = Self {
        cos: Fix::ONE,
        sin: Fix::ZERO,
    };

    /// The rotation that turns x into the direction of `vector`, each part within one step of the
    /// exact value; none for zero.
    #[must_use]
    pub fn facing(vector: Vec2) -> Self {
        if vector == Vec2::ZERO {
            return Self::IDENTITY;
        }
        let Vec2 { x: cos, y: sin } = vector.normalized();
        Self { cos, sin }
    }

    /// The angle that it turns by; see [`Angle::atan2`]. Its length does not matter.
    #[must_use]
    pub fn angle(self) -> Angle {
        Angle::atan2(self.sin, self.cos)
    }

    /// The rotation back.
    #[must_use]
    pub fn inverse(self) -> Self {
        Self {
            cos: self.cos,
            sin: -self.sin,
        }
    }

    /// The same rotation with a length of one again, each part within one step; none out of zeros.
    #[must_use]
    pub fn renormalized(self) -> Self {
        Self::facing(Vec2::new(self.cos, self.sin))
    }
}

impl Default for Rot2 {
    fn default() -> Self {
        Self::IDENTITY
    }
}

impl From<Angle> for Rot2 {
    /// Each part as exact as [`Angle::sin_cos`].
    fn from(angle: Angle) -> Self {
        let (sin, cos) = angle.sin_cos();
        Self { cos, sin }
    }
}

/// First the one, then the other; in the plane the order does not matter. Each part is rounded once.
impl Mul for Rot2 {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let Vec2 { x: cos, y: sin } = Vec2::new(self.cos, self.sin).rotated(other);
        Self { cos, sin }
    }
}

impl MulAssign for Rot2 {
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::math::testing::any_fix;

    fn length(rotation: Rot2) -> Fix {
        Vec2::new(rotation.cos, rotation.sin).length()
    }

    #[test]
    fn quarters_are_exact() {
        let quarter = Rot2::from(Angle::turns(1, 4));
        assert_eq!(quarter * quarter * quarter * quarter, Rot2::default());
        assert_eq!(quarter * quarter.inverse(), Rot2::IDENTITY);
        let west = Vec2::new(Fix::int(-9), Fix::ZERO);
        assert_eq!(Rot2::facing(west), quarter * quarter);
        assert_eq!(Rot2::facing(Vec2::ZERO), Rot2::IDENTITY);
    }

    #[test]
    fn drift_is_as_stated_and_mended() {
        let step = Rot2::from(Angle(0x0123_4567));
        let (mut turned, mut angle) = (Rot2::IDENTITY, Angle(0));
        for count in 1..=10_000 {
            turned *= step;
            angle += Angle(0x0123_4567);
            assert!((length(turned) - Fix::ONE).abs() <= Fix::from_bits(count * 147 / 100 + 1));
        }
        // A canary: without drift this proves nothing.
        assert_ne!(turned, Rot2::from(angle));
        assert!((length(turned.renormalized()) - Fix::ONE).abs() <= Fix::STEP);
        let aside = Vec2::from_angle(angle).cross(Vec2::new(turned.cos, turned.sin));
        assert!(aside.abs() <= Fix::from_bits(14_700));
    }

    proptest! {
        #[test]
        fn composition_adds_angles(a: u32, b: u32) {
            let (a, b) = (Angle(a), Angle(b));
            let both = Rot2::from(a) * Rot2::from(b);
            prop_assert_eq!(both, Rot2::from(b) * Rot2::from(a));
            let (cos, sin) = (both.cos, both.sin);
            let exact = Vec2::from_angle(a + b);
            prop_assert!(exact.is_within(Vec2::new(cos, sin), Fix::from_bits(5)));
            prop_assert_eq!(Rot2::from(-a), Rot2::from(a).inverse());
            // Parts within a step know the angle within a unit.
            prop_assert!((Rot2::from(a).angle() - a).signed().abs() <= 1);
        }

        #[test]
        fn every_pair_of_numbers_is_accepted(cos in any_fix(), sin in any_fix()) {
            let mended = Rot2 { cos, sin }.renormalized();
            prop_assert!((length(mended) - Fix::ONE).abs() <= Fix::STEP * 2);
            let _ = Rot2 { cos, sin } * Rot2 { cos, sin }.inverse();
        }
    }
}
