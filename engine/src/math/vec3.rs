//! [`Vec3`], a point or displacement in space.

use core::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

use super::vector::vector;
use super::{Fix, Squared, Vec2, wide};
use crate::State;

/// A point or displacement in space, in world units. Its arithmetic is total; see
/// [the module](crate::math).
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
#[serde(from = "(Fix, Fix, Fix)", into = "(Fix, Fix, Fix)")]
#[repr(C)]
#[state(bytes)]
pub struct Vec3 {
    /// First coordinate.
    pub x: Fix,
    /// Second coordinate.
    pub y: Fix,
    /// Third coordinate.
    pub z: Fix,
}

vector!(Vec3, 3, (Fix, Fix, Fix), x, y, z);

impl Vec3 {
    /// The vector product, right-handed: x cross y is z. Each coordinate is exact until it is
    /// rounded once, saturated.
    #[must_use]
    pub fn cross(self, other: Self) -> Self {
        let plane = |a, b, c, d| Vec2::new(a, b).cross(Vec2::new(c, d));
        Self {
            x: plane(self.y, self.z, other.y, other.z),
            y: plane(self.z, self.x, other.z, other.x),
            z: plane(self.x, self.y, other.x, other.y),
        }
    }

    /// The first two coordinates.
    #[must_use]
    pub const fn xy(self) -> Vec2 {
        Vec2::new(self.x, self.y)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::math::testing::{any_fix, units, vec3};
    use crate::{from_bytes, to_bytes};

    fn at(x: i32, y: i32, z: i32) -> Vec3 {
        Vec3::new(Fix::int(x), Fix::int(y), Fix::int(z))
    }

    #[test]
    fn the_axes_are_right_handed() {
        let (x, y, z) = (at(1, 0, 0), at(0, 1, 0), at(0, 0, 1));
        assert_eq!([x.cross(y), y.cross(z), z.cross(x)], [z, x, y]);
        assert_eq!(at(2, 3, 6).length(), Fix::int(7));
        assert_eq!(at(20, 30, 60).clamped_length(Fix::int(7)), at(2, 3, 6));
        assert_eq!(
            at(0, 0, 0).moved_towards(at(4, 6, 12), Fix::int(7)),
            at(2, 3, 6)
        );
        assert_eq!(at(1, -2, 3).reflected(z), at(1, -2, -3));
        assert_eq!(at(1, -2, 3).xy(), Vec2::new(Fix::int(1), Fix::int(-2)));
    }

    #[test]
    fn three_saturated_products_are_still_a_sum() {
        let lowest = Vec3::new(Fix::MIN, Fix::MIN, Fix::MIN);
        assert_eq!(lowest.dot(lowest), Fix::MAX);
        assert_eq!(lowest.length(), Fix::MAX);
        assert_eq!(lowest.length_squared().to_bits(), 3 << 126);
        let mixed = Vec3::new(Fix::MIN, Fix::MIN, Fix::MAX);
        assert_eq!(mixed.dot(lowest), Fix::MAX);
        assert_eq!(mixed.dot(-lowest), Fix::MIN);
    }

    proptest! {
        #[test]
        fn a_plane_in_space_is_the_plane(a in vec3(any_fix()), b in vec3(any_fix()), n in any_fix()) {
            let flat = |v: Vec3| Vec3::new(v.x, v.y, Fix::ZERO);
            let (p, q) = (flat(a), flat(b));
            let (u, v) = (a.xy(), b.xy());
            prop_assert_eq!(p.dot(q), u.dot(v));
            prop_assert_eq!(p.cross(q), Vec3::new(Fix::ZERO, Fix::ZERO, u.cross(v)));
            prop_assert_eq!(p.distance_squared(q), u.distance_squared(v));
            for (space, plane) in [
                (p.with_length(n), u.with_length(n)),
                (p.moved_towards(q, n), u.moved_towards(v, n)),
                (p.lerp(q, n), u.lerp(v, n)),
                (p.projected_on(q), u.projected_on(v)),
                (p.reflected(q), u.reflected(v)),
                (p / n, u / n),
            ] {
                prop_assert_eq!((space.xy(), space.z), (plane, Fix::ZERO));
            }
        }

        #[test]
        fn a_cross_product_stands_upright(a in vec3(units()), b in vec3(units())) {
            let upright = a.cross(b);
            prop_assume!(upright.length() < Fix::int(1 << 30));
            prop_assert!(upright.dot(a).abs() <= a.length() * Fix::STEP + Fix::STEP);
            prop_assert_eq!(b.cross(a), -upright);
        }

        #[test]
        fn everything_is_total(a in vec3(any_fix()), b in vec3(any_fix()), number in any_fix()) {
            let there = a.cross(b).reflected(a).normalized().moved_towards(b, number);
            prop_assert!(there.projected_on(a).length() >= Fix::ZERO);
            prop_assert_eq!(from_bytes::<Vec3>(&to_bytes(&a)), Ok(a));
        }
    }
}
