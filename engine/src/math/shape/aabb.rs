//! [`Aabb`], an axis-aligned box.

use super::{Segment, Touches, Way};
use crate::math::wide::{self, Ratio};
use crate::{Fix, State, Vec2};

/// An axis-aligned box, with its edges. Empty if `min` is above `max` in a coordinate.
#[derive(State, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Aabb {
    /// The corner with the lowest coordinates.
    pub min: Vec2,
    /// The corner with the highest coordinates.
    pub max: Vec2,
}

impl Aabb {
    /// The smallest box with both points.
    #[must_use]
    pub fn spanning(one: Vec2, other: Vec2) -> Self {
        Self {
            min: one.min(other),
            max: one.max(other),
        }
    }

    /// The box that reaches `half` to each side of `centre`.
    #[must_use]
    pub fn around(centre: Vec2, half: Vec2) -> Self {
        Self {
            min: centre - half,
            max: centre + half,
        }
    }

    /// Whether it holds no point.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.min.x > self.max.x || self.min.y > self.max.y
    }

    /// Whether `point` is inside or on the edge. Exact.
    #[must_use]
    pub fn contains(&self, point: Vec2) -> bool {
        self.min.x <= point.x
            && point.x <= self.max.x
            && self.min.y <= point.y
            && point.y <= self.max.y
    }

    /// Whether the two have more than an edge in common. Exact.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let common = self.common(other);
        common.min.x < common.max.x && common.min.y < common.max.y
    }

    /// The box of the common points, if there are any. Exact.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        Some(self.common(other)).filter(|common| !common.is_empty())
    }

    /// The smallest box around both, neither of which is empty. Exact.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }

    /// The point of the box that is closest to `point`. An empty box has none, and the answer means
    /// nothing.
    #[must_use]
    pub fn closest_to(&self, point: Vec2) -> Vec2 {
        point.min(self.max).max(self.min)
    }

    /// The fraction of `ray` at which it first touches the box, 0 if it begins inside; to the
    /// nearest step. By slabs (Kay and Kajiya 1986).
    #[must_use]
    pub fn hit_by(&self, ray: &Segment) -> Option<Fix> {
        if !self.touches(ray) {
            return None;
        }
        let Way { x, y } = ray.way();
        let across = entry(ray.start.x, x, self.min.x, self.max.x);
        let up = entry(ray.start.y, y, self.min.y, self.max.y);
        // The later of both: across.0 / across.1 against up.0 / up.1.
        let across_is_later = wide::times(across.0, up.1) > wide::times(up.0, across.1);
        let (numerator, denominator) = if across_is_later { across } else { up };
        let ratio = Ratio::positive(numerator.into(), denominator.into());
        Some(ratio.up_to_one().to_fix())
    }

    /// The corners, in turning order from x towards y, from `min` on.
    #[must_use]
    pub const fn corners(&self) -> [Vec2; 4] {
        let Self { min, max } = *self;
        [min, Vec2::new(max.x, min.y), max, Vec2::new(min.x, max.y)]
    }

    fn common(&self, other: &Self) -> Self {
        Self {
            min: self.min.max(other.min),
            max: self.max.min(other.max),
        }
    }
}

/// When what starts at `start` and goes by `way` comes into the slab from `low` to `high`, as a
/// fraction: 0 if it is in there.
fn entry(start: Fix, way: i64, low: Fix, high: Fix) -> (i64, i64) {
    let distance = match way {
        0 => 0,
        1.. => wide::span(low, start),
        _ => wide::span(start, high),
    };
    // Without a way there is nothing to wait for.
    (distance.max(0), way.abs().max(1))
}

impl Touches<Self> for Aabb {
    fn touches(&self, other: &Self) -> bool {
        !self.common(other).is_empty()
    }
}

/// By separating axes: those of the box, and the segment's normal.
impl Touches<Segment> for Aabb {
    fn touches(&self, segment: &Segment) -> bool {
        self.touches(&segment.bounds()) && segment.parts(&self.corners())
    }
}
