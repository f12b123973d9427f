//! [`Place`], a point of the plain, and [`Area`], a rectangle of it.

use core::ops::AddAssign;

use phalanx_engine::{Cell, Fix, Fix32, State, Vec2};

/// A place, or the way from one to another. It is half as wide as a [`Vec2`]: where ten thousand
/// units are changes at every tick, and everything that changes is kept and hashed. One calculates
/// with `Vec2`.
#[derive(State, Cell, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// From the middle of the plain to the right, units.
    pub x: Fix32,
    /// From the middle of the plain up, units.
    pub y: Fix32,
}

impl Place {
    /// The middle of the plain, or no way at all.
    pub const ZERO: Self = Self::new(Fix32::ZERO, Fix32::ZERO);

    /// From coordinates.
    #[must_use]
    pub const fn new(x: Fix32, y: Fix32) -> Self {
        Self { x, y }
    }

    /// Whether `other` is at most `radius` away.
    #[must_use]
    pub fn is_within(self, other: Self, radius: Fix) -> bool {
        Vec2::from(self).is_within(other.into(), radius)
    }

    /// The nearest place of the plain that reaches from its middle `half` a side in all directions.
    #[must_use]
    pub fn on_plain(self, half: Fix32) -> Self {
        Self::new(self.x.clamped(-half, half), self.y.clamped(-half, half))
    }
}

/// Exact.
impl From<Place> for Vec2 {
    fn from(place: Place) -> Self {
        Self::new(place.x.to_fix(), place.y.to_fix())
    }
}

/// The nearest one.
impl From<Vec2> for Place {
    fn from(point: Vec2) -> Self {
        Self::new(point.x.saturating_to_fix32(), point.y.saturating_to_fix32())
    }
}

impl AddAssign for Place {
    fn add_assign(&mut self, way: Self) {
        self.x += way.x;
        self.y += way.y;
    }
}

/// A rectangle along the axes, between two opposite corners, whichever they are.
#[derive(State, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// A corner.
    pub from: Place,
    /// The opposite one.
    pub to: Place,
}

impl Area {
    /// The square that reaches from `middle` as far as `reach` in all four directions.
    #[must_use]
    pub fn around(middle: Place, reach: Fix32) -> Self {
        Self {
            from: Place::new(middle.x - reach, middle.y - reach),
            to: Place::new(middle.x + reach, middle.y + reach),
        }
    }

    /// Whether the place lies inside or on its border.
    #[must_use]
    pub fn contains(&self, place: Place) -> bool {
        let between = |a: Fix32, b: Fix32, c: Fix32| (a.min(b)..=a.max(b)).contains(&c);
        between(self.from.x, self.to.x, place.x) && between(self.from.y, self.to.y, place.y)
    }
}
