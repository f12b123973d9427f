//! [`Segment`], a straight line between two points.

use super::{Aabb, Touches, Way};
use crate::math::wide::Ratio;
use crate::{Fix, State, Vec2};

/// The straight line from one point to another, with both; also a ray that ends.
#[derive(State, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Segment {
    /// Where it begins.
    pub start: Vec2,
    /// Where it ends.
    pub end: Vec2,
}

impl Segment {
    /// From its ends.
    #[must_use]
    pub const fn new(start: Vec2, end: Vec2) -> Self {
        Self { start, end }
    }

    /// The point `fraction` of the way; rounded as [`Vec2::lerp`] rounds.
    #[must_use]
    pub fn at(&self, fraction: Fix) -> Vec2 {
        self.start.lerp(self.end, fraction)
    }

    /// The smallest box around it.
    #[must_use]
    pub fn bounds(&self) -> Aabb {
        Aabb::spanning(self.start, self.end)
    }

    /// The point of the segment that is closest to `point`, each coordinate rounded to the nearest,
    /// halves away from zero. (For coordinates below 2³⁰; total beyond.)
    #[must_use]
    pub fn closest_to(&self, point: Vec2) -> Vec2 {
        let way = self.way();
        let along = Way::between(self.start, point).dot(way);
        self.place(Ratio::positive(along, way.dot(way)).up_to_one())
    }

    /// Where this segment crosses or touches `other`, each coordinate rounded to the nearest, halves
    /// away from zero: the same point whichever is asked. If they lie on one line, the first
    /// common point of this one. (For coordinates below 2³⁰; total beyond.)
    #[must_use]
    pub fn crossing(&self, other: &Self) -> Option<Vec2> {
        self.meeting(other).map(|ratio| self.place(ratio))
    }

    /// The fraction of `ray` at which it first touches this segment, to the nearest step.
    #[must_use]
    pub fn hit_by(&self, ray: &Self) -> Option<Fix> {
        ray.meeting(self).map(Ratio::to_fix)
    }

    pub(super) fn way(&self) -> Way {
        Way::between(self.start, self.end)
    }

    fn place(&self, ratio: Ratio) -> Vec2 {
        let way = self.way();
        Vec2 {
            x: ratio.along(self.start.x, way.x.into()),
            y: ratio.along(self.start.y, way.y.into()),
        }
    }

    /// The exact fraction of this segment at which it first touches `other`.
    fn meeting(&self, other: &Self) -> Option<Ratio> {
        if !self.touches(other) {
            return None;
        }
        let (way, others) = (self.way(), other.way());
        let turn = way.cross(others);
        let (first, second) = (
            Way::between(self.start, other.start),
            Way::between(self.start, other.end),
        );
        let ratio = if turn == 0 {
            // On one line, or one of them is a point.
            Ratio::positive(first.dot(way).min(second.dot(way)), way.dot(way))
        } else {
            Ratio::positive(first.cross(others), turn)
        };
        Some(ratio.up_to_one())
    }

    /// Whether `points` do not all lie on the same side of the line through this segment.
    pub(super) fn parts(&self, points: &[Vec2]) -> bool {
        let way = self.way();
        let sides = points
            .iter()
            .map(|point| way.cross(Way::between(self.start, *point)));
        let (low, high) = sides.fold((i128::MAX, i128::MIN), |(low, high), side| {
            (low.min(side), high.max(side))
        });
        low <= 0 && 0 <= high
    }
}

/// Each has its ends on both sides of the other's line, or on it; that settles all but segments on
/// one line, which their boxes settle.
impl Touches<Self> for Segment {
    fn touches(&self, other: &Self) -> bool {
        self.bounds().touches(&other.bounds())
            && self.parts(&[other.start, other.end])
            && other.parts(&[self.start, self.end])
    }
}
