//! [`Aabb`], an axis-aligned box.

use phalanx_engine::{Fix, Vec2};

/// A box in the arena, in world units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aabb {
    /// The corner with the lowest coordinates.
    pub min: Vec2,
    /// The corner with the highest coordinates.
    pub max: Vec2,
}

impl Aabb {
    /// The box of height `high` whose lower edge has its middle at `foot`.
    pub(super) fn standing_at(foot: Vec2, half_width: Fix, high: Fix) -> Self {
        let half = Vec2::new(half_width, Fix::ZERO);
        Self {
            min: foot - half,
            max: foot + half + Vec2::new(Fix::ZERO, high),
        }
    }

    /// Whether the two have more than an edge in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.min.x < other.max.x
            && other.min.x < self.max.x
            && self.min.y < other.max.y
            && other.min.y < self.max.y
    }
}
