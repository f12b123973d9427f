//! [`Circle`].

use super::{Aabb, Segment, Touches, Way};
use crate::math::wide::{Ratio, Wide};
use crate::{Fix, Squared, State, Vec2};

/// A disc: the points within `radius` of `centre`. Empty if the radius is negative.
#[derive(State, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Circle {
    /// The middle.
    pub centre: Vec2,
    /// Distance from the middle to the edge.
    pub radius: Fix,
}

impl Circle {
    /// From centre and radius.
    #[must_use]
    pub const fn new(centre: Vec2, radius: Fix) -> Self {
        Self { centre, radius }
    }

    /// Whether `point` is inside or on the edge. Exact.
    #[must_use]
    pub fn contains(&self, point: Vec2) -> bool {
        self.centre.is_within(point, self.radius)
    }

    /// The fraction of `ray` at which it first touches the disc, 0 if it begins inside; within one
    /// step of the exact fraction, unless the ray is shorter than 2⁻⁴⁴ of the radius.
    #[must_use]
    pub fn hit_by(&self, ray: &Segment) -> Option<Fix> {
        if !self.touches(ray) {
            return None;
        }
        if self.contains(ray.start) {
            return Some(Fix::ZERO);
        }
        let (way, centre) = (ray.way(), Way::between(ray.start, self.centre));
        let radius = self.radius.to_bits();
        // A common factor leaves the fraction alone and the root more digits. The products of what
        // has 62 bits fit.
        let sizes = [way.x, way.y, centre.x, centre.y, radius].map(i64::unsigned_abs);
        let zeros = sizes.iter().fold(0, |all, size| all | size).leading_zeros();
        let factor = 1 << zeros.saturating_sub(2);
        let scaled = |way: Way| Way {
            x: way.x * factor,
            y: way.y * factor,
        };
        let (way, centre) = (scaled(way), scaled(centre));
        let radius = u128::from((radius * factor).unsigned_abs());
        // |centre - t·way| = radius, for the lower t: (way·centre - root) / way², where
        // root² = radius²·way² - (way × centre)².
        let aside = way.cross(centre).unsigned_abs();
        let root = Wide::product(radius * radius, way.square())
            .minus(Wide::product(aside, aside))
            .root();
        let along = way.dot(centre).saturating_sub_unsigned(root);
        Some(Ratio::positive(along, way.dot(way)).up_to_one().to_fix())
    }
}

impl Touches<Self> for Circle {
    fn touches(&self, other: &Self) -> bool {
        let radii = [self.radius, other.radius].map(|radius| u128::try_from(radius.to_bits()));
        let [Ok(one), Ok(another)] = radii else {
            return false;
        };
        // The sum has 64 bits.
        self.centre.distance_squared(other.centre).to_bits() <= (one + another).pow(2)
    }
}

impl Touches<Segment> for Circle {
    fn touches(&self, segment: &Segment) -> bool {
        if self.radius < Fix::ZERO {
            return false;
        }
        let (way, centre) = (segment.way(), Way::between(segment.start, self.centre));
        let along = way.dot(centre);
        if along <= 0 {
            return self.contains(segment.start);
        }
        if along >= way.dot(way) {
            return self.contains(segment.end);
        }
        // The distance from the line is (way × centre) / |way|.
        let aside = way.cross(centre).unsigned_abs();
        let radius = Squared::of(self.radius).to_bits();
        Wide::product(aside, aside) <= Wide::product(radius, way.square())
    }
}

impl Touches<Aabb> for Circle {
    fn touches(&self, other: &Aabb) -> bool {
        !other.is_empty() && self.contains(other.closest_to(self.centre))
    }
}
