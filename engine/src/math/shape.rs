//! Shapes in the plane, and whether they touch.
//!
//! | [`touches`](Touches::touches) | exact for |
//! | --- | --- |
//! | circle and circle, circle and box, box and box; a point in either | all numbers |
//! | segment and segment, circle or box | coordinates and radii below 2³⁰ |
//! | oriented box and oriented box, box or circle; a point in it | coordinates, half extents and radii up to 2²⁷ |
//!
//! **Exact** means that no rounding decides: the squares and products are compared in wide
//! integers. **Touching counts**: shapes are closed sets, and one common point is enough. Beyond
//! the range differences are cut off: the answer may be wrong there, but every function is total,
//! `a.touches(&b)` is `b.touches(&a)`, and a world that is mirrored or turned by a quarter gives
//! the same answers ([`Fix::MIN`](crate::Fix::MIN) has no mirror image).
//!
//! A shape with a negative radius, a negative half extent or `min` above `max` is empty: it touches
//! nothing. A segment whose ends are one point is that point.
//!
//! `hit_by` casts a ray, as long as its segment: the fraction of the way at which it first touches,
//! rounded to the nearest step of the exact fraction (what an [`Obb`] adds, it says);
//! [`Segment::at`] is the place.
//!
//! ```
//! use phalanx_engine::math::shape::{Aabb, Circle, Segment, Touches};
//! use phalanx_engine::{Fix, Vec2};
//! let at = |x, y| Vec2::new(Fix::int(x), Fix::int(y));
//! let wall = Aabb::spanning(at(4, -1), at(5, 1));
//! let shot = Segment::new(at(0, 0), at(8, 0));
//! assert_eq!(wall.hit_by(&shot).map(|fraction| shot.at(fraction)), Some(at(4, 0)));
//! assert!(wall.touches(&Circle::new(at(6, 0), Fix::ONE)));
//! ```

mod aabb;
mod circle;
mod obb;
mod segment;
#[cfg(test)]
mod tests;

pub use aabb::Aabb;
pub use circle::Circle;
pub use obb::Obb;
pub use segment::Segment;

use super::{Vec2, wide};

/// Whether two shapes have a point in common; see [the module](self) for which pairs.
pub trait Touches<Other> {
    /// True if there is at least one common point.
    #[must_use]
    fn touches(&self, other: &Other) -> bool;
}

/// The other order of the same question.
macro_rules! also_the_other_way {
    ($($one:ident, $other:ident);*) => {$(
        impl Touches<$other> for $one {
            fn touches(&self, other: &$other) -> bool {
                other.touches(self)
            }
        }
    )*};
}

also_the_other_way!(Segment, Circle; Segment, Aabb; Aabb, Circle; Aabb, Obb; Circle, Obb);

/// A displacement in bits, each coordinate cut off at ±(2⁶³ - 1), so that no sum of two products
/// overflows.
#[derive(Clone, Copy)]
struct Way {
    x: i64,
    y: i64,
}

impl Way {
    fn between(from: Vec2, to: Vec2) -> Self {
        Self {
            x: wide::span(to.x, from.x),
            y: wide::span(to.y, from.y),
        }
    }

    fn dot(self, other: Self) -> i128 {
        wide::times(self.x, other.x) + wide::times(self.y, other.y)
    }

    fn cross(self, other: Self) -> i128 {
        wide::times(self.x, other.y) - wide::times(self.y, other.x)
    }

    fn square(self) -> u128 {
        self.dot(self).unsigned_abs()
    }
}
