//! Numbers and symmetries for the geometry's tests.

use proptest::prelude::*;
use proptest::sample::select;

use super::{Fix, Vec2, Vec3};

/// A way to draw numbers.
pub(super) type Numbers = BoxedStrategy<Fix>;

/// Numbers of every size, with the ends of the range and the smallest often among them.
pub(super) fn any_fix() -> Numbers {
    const ENDS: [i64; 5] = [i64::MIN, i64::MIN + 1, i64::MAX, i64::MAX - 1, 1 << 62];
    prop_oneof![
        select(&ENDS[..]),
        -3_i64..4,
        (any::<i64>(), 0_u32..64).prop_map(|(bits, shift)| bits >> shift),
    ]
    .prop_map(Fix::from_bits)
    .boxed()
}

/// Numbers whose negation is exact.
pub(super) fn mirrorable() -> Numbers {
    any_fix().prop_map(|number| number.max(-Fix::MAX)).boxed()
}

/// A few steps around zero: there everything touches everything now and then.
pub(super) fn steps() -> Numbers {
    (-8_i64..9).prop_map(Fix::from_bits).boxed()
}

/// World units as games have them.
pub(super) fn units() -> Numbers {
    (-(1_i64 << 42)..(1 << 42)).prop_map(Fix::from_bits).boxed()
}

pub(super) fn vec2(part: Numbers) -> impl Strategy<Value = Vec2> {
    (part.clone(), part).prop_map(Vec2::from)
}

pub(super) fn vec3(part: Numbers) -> impl Strategy<Value = Vec3> {
    (part.clone(), part.clone(), part).prop_map(Vec3::from)
}

/// A symmetry of the plane that keeps the axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symmetry {
    /// x becomes -x.
    Mirror,
    /// x becomes y.
    Swap,
    /// x becomes y, and y becomes -x.
    Quarter,
}

pub(super) fn any_symmetry() -> impl Strategy<Value = Symmetry> {
    select(&[Symmetry::Mirror, Symmetry::Swap, Symmetry::Quarter][..])
}

/// What can be mirrored and turned.
pub(super) trait Transform: Sized {
    fn under(self, symmetry: Symmetry) -> Self;
}

impl Transform for Vec2 {
    fn under(self, symmetry: Symmetry) -> Self {
        match symmetry {
            Symmetry::Mirror => Self::new(-self.x, self.y),
            Symmetry::Swap => Self::new(self.y, self.x),
            Symmetry::Quarter => Self::new(-self.y, self.x),
        }
    }
}
