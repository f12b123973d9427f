//! [`Obb`], an oriented box.

use super::{Aabb, Circle, Segment, Touches};
use crate::math::wide::{self, Wide};
use crate::{Fix, Rot2, State, Vec2};

/// A box that is turned: it reaches `half` to each side of its centre, along axes that `rotation`
/// turns. Empty if a half extent is negative.
///
/// The questions are answered exactly for the axes that the rounded rotation gives; these are
/// taken to be of unit length, so that a rotation that is not makes a box of another size.
#[derive(State, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Obb {
    /// The middle.
    pub centre: Vec2,
    /// Half the width and half the height.
    pub half: Vec2,
    /// From the world's axes to the box's.
    pub rotation: Rot2,
}

impl Obb {
    /// From centre, half extents, and an [`Angle`](crate::Angle) or a [`Rot2`].
    #[must_use]
    pub fn new(centre: Vec2, half: Vec2, rotation: impl Into<Rot2>) -> Self {
        Self {
            centre,
            half,
            rotation: rotation.into(),
        }
    }

    /// Whether `point` is inside or on the edge.
    #[must_use]
    pub fn contains(&self, point: Vec2) -> bool {
        self.touches(&Circle::new(point, Fix::ZERO))
    }

    /// `point` as the box sees it, from its centre and along its axes; rounded as [`Vec2::rotated`]
    /// rounds.
    #[must_use]
    pub fn to_local(&self, point: Vec2) -> Vec2 {
        (point - self.centre).rotated(self.rotation.inverse())
    }

    /// The fraction of `ray` at which it first touches the box, 0 if it begins inside. The ends of
    /// the ray are turned into the box's axes first, which rounds them: the edges are met to within
    /// two steps and 2⁻³¹ of how far the ends are from the centre, and by as much a ray may pass or
    /// catch an edge that it should not.
    #[must_use]
    pub fn hit_by(&self, ray: &Segment) -> Option<Fix> {
        let local = Segment::new(self.to_local(ray.start), self.to_local(ray.end));
        Aabb::around(Vec2::ZERO, self.half).hit_by(&local)
    }

    /// The corners, in turning order from x towards y, each rounded to the nearest.
    #[must_use]
    pub fn corners(&self) -> [Vec2; 4] {
        let corners = Aabb::around(Vec2::ZERO, self.half).corners();
        corners.map(|corner| self.centre + corner.rotated(self.rotation))
    }

    /// The smallest box around it that has its edges at whole steps, and one step more.
    #[must_use]
    pub fn bounds(&self) -> Aabb {
        let axes = Vec2::new(self.rotation.cos, self.rotation.sin).abs();
        let reach = Vec2::new(
            self.half.dot(axes),
            self.half.dot(Vec2::new(axes.y, axes.x)),
        );
        Aabb::around(self.centre, reach + Vec2::new(Fix::STEP, Fix::STEP))
    }
}

/// What is cut off at: 2²⁸ units, doubled, in bits.
const MOST: i128 = 1 << 61;

/// A box in doubled bits, so that an [`Aabb`] has a centre too.
struct Doubled {
    centre: [i128; 2],
    half: [i128; 2],
    cos: i128,
    sin: i128,
}

impl From<&Obb> for Doubled {
    fn from(shape: &Obb) -> Self {
        let doubled = |number: Fix| 2 * i128::from(number.to_bits());
        let unit = |number: Fix| number.clamped(-Fix::ONE, Fix::ONE).to_bits().into();
        Self {
            centre: [shape.centre.x, shape.centre.y].map(doubled),
            half: [shape.half.x, shape.half.y].map(|half| doubled(half).min(MOST)),
            cos: unit(shape.rotation.cos),
            sin: unit(shape.rotation.sin),
        }
    }
}

impl From<&Aabb> for Doubled {
    fn from(shape: &Aabb) -> Self {
        let sum = |a: Fix, b: Fix| i128::from(a.to_bits()) + i128::from(b.to_bits());
        let Aabb { min, max } = *shape;
        Self {
            centre: [sum(min.x, max.x), sum(min.y, max.y)],
            half: [
                wide::difference(max.x, min.x),
                wide::difference(max.y, min.y),
            ]
            .map(|half| half.min(MOST)),
            cos: Fix::ONE.to_bits().into(),
            sin: 0,
        }
    }
}

impl Doubled {
    fn is_empty(&self) -> bool {
        self.half.iter().any(|half| *half < 0)
    }

    /// The square of the length of an axis.
    fn square(&self) -> i128 {
        self.cos * self.cos + self.sin * self.sin
    }

    /// How far `place` is from the centre, along each axis, times 2⁶⁴.
    fn distances(&self, place: [i128; 2]) -> [i128; 2] {
        let [x, y] = [0, 1].map(|axis| (place[axis] - self.centre[axis]).clamp(-MOST, MOST));
        [self.cos * x + self.sin * y, self.cos * y - self.sin * x]
            .map(|distance| distance.abs() << Fix::FRACTION_BITS)
    }

    /// Whether one of this box's axes shows a gap to the other.
    fn parts(&self, other: &Self) -> bool {
        let along = (self.cos * other.cos + self.sin * other.sin).abs();
        let across = (self.cos * other.sin - self.sin * other.cos).abs();
        let [x, y] = self.distances(other.centre);
        let [wide, high] = other.half;
        let reach = |half: i128, wide_by: i128, high_by: i128| {
            // Saturates for axes that are too long only.
            (half * self.square())
                .saturating_add(wide * wide_by)
                .saturating_add(high * high_by)
        };
        x > reach(self.half[0], along, across) || y > reach(self.half[1], across, along)
    }

    /// By separating axes (Gottschalk 1996): two convex sets without a common point have a gap
    /// along a normal of an edge.
    fn touches(&self, other: &Self) -> bool {
        !self.is_empty() && !other.is_empty() && !self.parts(other) && !other.parts(self)
    }
}

impl Touches<Self> for Obb {
    fn touches(&self, other: &Self) -> bool {
        Doubled::from(self).touches(&other.into())
    }
}

impl Touches<Aabb> for Obb {
    fn touches(&self, other: &Aabb) -> bool {
        Doubled::from(self).touches(&other.into())
    }
}

/// The centre's distance from the box, squared, against the radius, squared.
impl Touches<Circle> for Obb {
    fn touches(&self, circle: &Circle) -> bool {
        let shape = Doubled::from(self);
        if shape.is_empty() || circle.radius < Fix::ZERO {
            return false;
        }
        let doubled = |number: Fix| 2 * i128::from(number.to_bits());
        let distances = shape.distances([circle.centre.x, circle.centre.y].map(doubled));
        let [x, y] = [0, 1].map(|axis| {
            let past = distances[axis] - shape.half[axis] * shape.square();
            Wide::product(past.max(0).unsigned_abs(), past.max(0).unsigned_abs())
        });
        let radius = doubled(circle.radius).min(MOST).unsigned_abs();
        // (x² + y²) / square ≤ radius², where the distances carry a factor of 2⁶⁴ and the square one
        // of 2⁶⁴: 2⁶⁴ in all are missing on the right.
        let square = shape.square().unsigned_abs();
        x.plus(y) <= Wide::product((radius * radius) << 4, square << 60)
    }
}
