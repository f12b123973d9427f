//! [`Vec2`], a point or displacement in the plane.

use core::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

use super::vector::vector;
use super::{Angle, Fix, Rot2, Squared, wide};
use crate::State;

/// A point or displacement in the plane, in world units. Its arithmetic is total; see
/// [the module](crate::math).
///
/// ```
/// use phalanx_engine::{Angle, Fix, Vec2};
/// let way = Vec2::new(Fix::int(3), Fix::int(4));
/// assert_eq!(way.length(), Fix::int(5));
/// assert_eq!(way.rotated(Angle::turns(1, 4)), Vec2::new(Fix::int(-4), Fix::int(3)));
/// assert_eq!(Vec2::ZERO.moved_towards(way, Fix::int(6)), way);
/// assert!(!Vec2::ZERO.is_within(way, Fix::int(5) - Fix::STEP));
/// ```
#[derive(
    State,
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    bytemuck::Pod,
    bytemuck::Zeroable,
)]
#[serde(from = "(Fix, Fix)", into = "(Fix, Fix)")]
#[repr(C)]
#[state(bytes)]
pub struct Vec2 {
    /// First coordinate.
    pub x: Fix,
    /// Second coordinate.
    pub y: Fix,
}

vector!(Vec2, 2, (Fix, Fix), x, y);

impl Vec2 {
    /// The unit vector in the direction of `angle`, counted from x towards y.
    #[must_use]
    pub const fn from_angle(angle: Angle) -> Self {
        let (sin, cos) = angle.sin_cos();
        Self { x: cos, y: sin }
    }

    /// The direction, counted from x towards y; see [`Angle::atan2`]. 0 of the zero vector.
    #[must_use]
    pub fn angle(self) -> Angle {
        Angle::atan2(self.y, self.x)
    }

    /// `x·y' - y·x'`: positive if `other` lies on the side to which x turns towards y. Exact until
    /// it is rounded once, saturated.
    #[must_use]
    pub fn cross(self, other: Self) -> Fix {
        let (a, b) = (
            wide::product(self.x, other.y),
            wide::product(self.y, other.x),
        );
        wide::rounded(a.saturating_sub(b))
    }

    /// This vector turned by a quarter, from x towards y.
    #[must_use]
    pub fn perpendicular(self) -> Self {
        Self::new(-self.y, self.x)
    }

    /// This vector turned by an [`Angle`] or a [`Rot2`], from x towards y, each coordinate rounded
    /// once for the rotation as it is given. Many vectors that turn alike want one `Rot2`.
    #[must_use]
    pub fn rotated(self, by: impl Into<Rot2>) -> Self {
        let Rot2 { cos, sin } = by.into();
        Self {
            x: self.dot(Self::new(cos, -sin)),
            y: self.dot(Self::new(sin, cos)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::math::testing::{Transform, any_fix, any_symmetry, mirrorable, steps, units, vec2};
    use crate::math::wide::Wide;

    fn at(x: i32, y: i32) -> Vec2 {
        Vec2::new(Fix::int(x), Fix::int(y))
    }

    fn square(part: Fix, more: i64) -> u128 {
        let bits = i128::from(part.to_bits().unsigned_abs()) + i128::from(more);
        bits.max(0).pow(2).unsigned_abs()
    }

    #[test]
    fn lengths_do_not_overflow_inside() {
        assert_eq!(at(3, -4).length(), Fix::int(5));
        let far = Fix::int(1_000_000_000);
        assert_eq!(Vec2::new(far, Fix::ZERO).length(), far);
        assert_eq!(Vec2::new(Fix::MIN, Fix::MIN).length(), Fix::MAX);
        assert_eq!(Vec2::new(Fix::STEP, Fix::STEP).length(), Fix::STEP);
        assert_eq!(Vec2::new(Fix::STEP, Fix::STEP * 2).length(), Fix::STEP * 2);
        let corners = [Vec2::new(Fix::MIN, Fix::MIN), Vec2::new(Fix::MAX, Fix::MAX)];
        assert_eq!(corners[0].distance(corners[1]), Fix::MAX);
        assert!(!corners[0].is_within(corners[1], Fix::MAX));
    }

    #[test]
    fn within_includes_the_edge() {
        let (origin, there) = (Vec2::ZERO, at(-30_000, 40_000));
        assert!(origin.is_within(there, Fix::int(50_000)));
        assert!(!origin.is_within(there, Fix::int(50_000) - Fix::STEP));
        assert!(!origin.is_within(origin, -Fix::STEP) && origin.is_within(origin, Fix::ZERO));
    }

    #[test]
    fn directions_are_unit_vectors() {
        let east = Vec2::from_angle(Angle::turns(0, 1));
        assert_eq!(east, Vec2::new(Fix::ONE, Fix::ZERO));
        assert_eq!(Vec2::from_angle(Angle::turns(1, 4)).dot(east), Fix::ZERO);
        assert_eq!(east.cross(Vec2::from_angle(Angle::turns(1, 4))), Fix::ONE);
    }

    #[test]
    fn sums_of_products_are_rounded_once() {
        // A quarter of a step twice is half a step, which goes away from zero.
        let halves = Vec2::new(Fix::ratio(1, 2), Fix::ratio(1, 2));
        let halves_of_a_step = Vec2::new(Fix::from_bits(1), Fix::ZERO);
        assert_eq!(halves.dot(halves_of_a_step), Fix::STEP);
        let quarters = Vec2::new(Fix::ratio(1, 4), Fix::ratio(1, 4));
        let steps = Vec2::new(Fix::STEP, Fix::STEP);
        assert_eq!(quarters.dot(steps), Fix::STEP);
        assert_eq!(quarters.dot(-steps), -Fix::STEP);
        // What saturates alone may cancel.
        let far = Vec2::new(Fix::MAX, Fix::MAX);
        assert_eq!(far.dot(far.perpendicular()), Fix::ZERO);
        assert_eq!(far.cross(far), Fix::ZERO);
        let lowest = Vec2::new(Fix::MIN, Fix::MIN);
        assert_eq!((lowest.dot(lowest), lowest.dot(far)), (Fix::MAX, Fix::MIN));
    }

    #[test]
    fn vectors_are_thrown_back_and_projected() {
        let wall = at(0, 1);
        assert_eq!(at(3, -2).reflected(wall), at(3, 2));
        assert_eq!(at(3, -2).projected_on(at(0, 7)), at(0, -2));
        assert_eq!(at(4, 0).projected_on(at(1, 1)), at(2, 2));
        assert_eq!(at(4, 0).projected_on(Vec2::ZERO), Vec2::ZERO);
        let far = Vec2::new(Fix::MIN, Fix::MIN);
        assert_eq!(far.projected_on(Vec2::new(Fix::STEP, Fix::STEP)), far);
        assert_eq!(at(30, 40).clamped_length(Fix::int(5)), at(3, 4));
        assert_eq!(at(30, 40).clamped_length(Fix::int(50)), at(30, 40));
        assert_eq!(at(30, 40).clamped_length(Fix::MIN), Vec2::ZERO);
    }

    proptest! {
        #[test]
        fn unit_vectors_are_within_a_step(vector in vec2(any_fix())) {
            let unit = vector.normalized();
            let whole = vector.length_squared().to_bits();
            for (part, exact) in [(unit.x, vector.x), (unit.y, vector.y)] {
                // |part| ± 1 step around |exact|·2^32 / length; squared, without a root.
                let exact_square = Wide::product(square(exact, 0), square(Fix::ONE, 0));
                prop_assert!(Wide::product(square(part, -1), whole) <= exact_square);
                prop_assert!(Wide::product(square(part, 1), whole) >= exact_square);
                prop_assert!(part == Fix::ZERO || part.signum() == exact.signum());
            }
            prop_assert_eq!(vector == Vec2::ZERO, unit == Vec2::ZERO);
        }

        #[test]
        fn lengths_are_what_was_asked(vector in vec2(any_fix()), length in any_fix()) {
            let made = vector.with_length(length);
            let steps = if length.abs() <= Fix::int(1 << 28) { 1 } else { 4 };
            let whole = vector.length_squared().to_bits();
            for (part, exact) in [(made.x, vector.x), (made.y, vector.y)] {
                let exact_square = Wide::product(square(exact, 0), square(length, 0));
                prop_assert!(Wide::product(square(part, -steps), whole) <= exact_square);
                prop_assert!(Wide::product(square(part, steps), whole) >= exact_square);
            }
            let clamped = vector.clamped_length(length);
            let reach = length.max(Fix::ZERO) + Fix::from_bits(2 * steps);
            let fits = clamped.is_within(Vec2::ZERO, reach) || reach == Fix::MAX;
            prop_assert!(clamped == vector || fits);
        }

        #[test]
        fn what_moves_arrives(from in vec2(steps()), to in vec2(steps()), step in 1_i64..5) {
            let (mut place, step) = (from, Fix::from_bits(step));
            for _ in 0..32 {
                let left = place.distance_squared(to);
                place = place.moved_towards(to, step);
                prop_assert!(place == to || place.distance_squared(to) < left);
            }
            prop_assert_eq!(place, to);
        }

        #[test]
        fn what_moves_goes_straight(
            from in vec2(any_fix()),
            to in vec2(any_fix()),
            step in any_fix(),
        ) {
            let there = from.moved_towards(to, step);
            if from.is_within(to, step) {
                prop_assert_eq!(there, to);
            } else if step <= Fix::int(1 << 28) {
                let moved = from.distance(there);
                prop_assert!((moved - step.max(Fix::ZERO)).abs() <= Fix::from_bits(2));
            }
        }

        #[test]
        fn lerp_begins_and_ends_exactly(
            from in vec2(any_fix()),
            to in vec2(any_fix()),
            fraction in any_fix(),
        ) {
            prop_assert_eq!(from.lerp(to, Fix::ZERO), from);
            prop_assert_eq!(from.lerp(to, Fix::ONE), to);
            let part = Fix::from_bits(fraction.to_bits() & i64::from(u32::MAX));
            prop_assert_eq!(from.lerp(to, part), to.lerp(from, Fix::ONE - part));
            let there = from.lerp(to, part);
            prop_assert_eq!(there, there.max(from.min(to)).min(from.max(to)));
            prop_assert!(from.lerp(to, fraction).length() >= Fix::ZERO);
        }

        #[test]
        fn what_is_projected_leaves_a_right_angle(a in vec2(units()), b in vec2(units())) {
            let rest = a - a.projected_on(b);
            // Half a step in each coordinate, as long as b is.
            let slack = (b.length() * Fix::STEP) + Fix::STEP;
            prop_assert!(rest.dot(b).abs() <= slack);
        }

        #[test]
        fn turning_keeps_lengths_and_turns_back(vector in vec2(units()), units: u32) {
            let turned = vector.rotated(Angle(units));
            // The rotation's own rounding reaches as far as the vector.
            let slack = Fix::from_bits((vector.length().to_bits() >> 31) + 3);
            prop_assert!((turned.length() - vector.length()).abs() <= slack);
            prop_assert!(turned.rotated(-Angle(units)).is_within(vector, slack * 2));
            prop_assert_eq!(vector.rotated(Angle::turns(1, 4)), vector.perpendicular());
        }

        #[test]
        fn a_mirrored_world_moves_mirrored(
            a in vec2(mirrorable()),
            b in vec2(mirrorable()),
            number in mirrorable(),
            symmetry in any_symmetry(),
        ) {
            let (c, d) = (a.under(symmetry), b.under(symmetry));
            let ends = [Fix::MIN, Fix::MAX];
            let exact = |v: Vec2| !ends.contains(&v.x) && !ends.contains(&v.y);
            prop_assert_eq!(a.dot(b), c.dot(d));
            prop_assert_eq!(a.distance(b), c.distance(d));
            prop_assert_eq!(a.is_within(b, number), c.is_within(d, number));
            for (seen, mirrored) in [
                (a.lerp(b, number), c.lerp(d, number)),
                (a.with_length(number), c.with_length(number)),
                (a.moved_towards(b, number), c.moved_towards(d, number)),
                (a.projected_on(b), c.projected_on(d)),
                (a * number, c * number),
                (a / number, c / number),
            ] {
                prop_assert!(!exact(seen) || seen.under(symmetry) == mirrored);
            }
        }

        #[test]
        fn everything_is_total(
            a in vec2(any_fix()),
            b in vec2(any_fix()),
            number in any_fix(),
            units: u32,
        ) {
            let turned = a.rotated(Angle(units)).rotated(Rot2 { cos: b.x, sin: b.y });
            let thrown = a.reflected(b).clamped_length(number) / number;
            prop_assert!(turned.cross(thrown).abs() >= Fix::ZERO);
            prop_assert!(a.perpendicular().abs().length() >= Fix::ZERO);
        }
    }
}
