//! Shapes: whether they touch, in both orders, where a ray hits, and what else they tell, one line
//! each.

use phalanx_engine::math::shape::{Aabb, Circle, Obb, Segment, Touches};
use phalanx_engine::{Angle, Fix, Rng, Vec2};

use crate::Component;
use crate::sweep::{Operand, components};

pub(crate) const COMPONENTS: &[&[Component]] = &[
    components!("segment",
        "at" => |(shape, fraction): (Segment, Fix)| shape.at(fraction),
        "bounds" => |shape: Segment| shape.bounds(),
        "closest_to" => |(shape, point): (Segment, Place)| shape.closest_to(point.0),
        "crossing" => |(shape, other): (Segment, Segment)| shape.crossing(&other),
        "hit_by" => |(shape, ray): (Segment, Segment)| shape.hit_by(&ray),
        "touches_segment" => both_ways::<Segment, Segment>,
        "touches_circle" => both_ways::<Segment, Circle>,
        "touches_aabb" => both_ways::<Segment, Aabb>,
    ),
    components!("circle",
        "contains" => |(shape, point): (Circle, Place)| shape.contains(point.0),
        "hit_by" => |(shape, ray): (Circle, Segment)| shape.hit_by(&ray),
        "touches_circle" => both_ways::<Circle, Circle>,
        "touches_aabb" => both_ways::<Circle, Aabb>,
    ),
    components!("aabb",
        "spanning" => |(one, other): (Vec2, Vec2)| Aabb::spanning(one, other),
        "around" => |(centre, half): (Vec2, Vec2)| Aabb::around(centre, half),
        "is_empty" => |shape: Aabb| shape.is_empty(),
        "contains" => |(shape, point): (Aabb, Place)| shape.contains(point.0),
        "overlaps" => |(shape, other): (Aabb, Aabb)| shape.overlaps(&other),
        "intersection" => |(shape, other): (Aabb, Aabb)| shape.intersection(&other),
        "joined" => |(shape, other): (Aabb, Aabb)| shape.joined(&other),
        "closest_to" => |(shape, point): (Aabb, Place)| shape.closest_to(point.0),
        "hit_by" => |(shape, ray): (Aabb, Segment)| shape.hit_by(&ray),
        "corners" => |shape: Aabb| shape.corners(),
        "touches_aabb" => both_ways::<Aabb, Aabb>,
    ),
    components!("obb",
        "contains" => |(shape, point): (Obb, Place)| shape.contains(point.0),
        "to_local" => |(shape, point): (Obb, Place)| shape.to_local(point.0),
        "hit_by" => |(shape, ray): (Obb, Segment)| shape.hit_by(&ray),
        "corners" => |shape: Obb| shape.corners(),
        "bounds" => |shape: Obb| shape.bounds(),
        "touches_obb" => both_ways::<Obb, Obb>,
        "touches_aabb" => both_ways::<Obb, Aabb>,
        "touches_circle" => both_ways::<Obb, Circle>,
    ),
];

fn both_ways<A: Touches<B>, B: Touches<A>>((one, other): (A, B)) -> [bool; 2] {
    [one.touches(&other), other.touches(&one)]
}

/// A point near the other shapes, as their own points are. Of points of all magnitudes hardly two
/// shapes would ever touch.
#[derive(Clone, Copy)]
struct Place(Vec2);

/// Most shapes lie this far around the origin, units.
const NEAR: i32 = 4;

impl Operand for Place {
    fn edges() -> Vec<Self> {
        let ends = [Fix::MIN, Fix::MAX].map(|end| Vec2::new(end, end));
        [Vec2::ZERO].into_iter().chain(ends).map(Self).collect()
    }
    fn draw(rng: &mut Rng) -> Self {
        Self(match rng.below(8) {
            0 => Vec2::draw(rng),
            // Whole numbers, so that shapes just touch.
            1..=3 => Vec2::new(number(rng).round(), number(rng).round()),
            _ => Vec2::new(number(rng), number(rng)),
        })
    }
}

fn number(rng: &mut Rng) -> Fix {
    rng.range(-Fix::int(NEAR)..Fix::int(NEAR))
}

/// Half extents and radii: sometimes zero, or below it, when the shape is empty.
fn size(rng: &mut Rng) -> Fix {
    let size = number(rng);
    match rng.below(8) {
        0 => size,
        1..=3 => size.round().abs(),
        _ => size.abs(),
    }
}

impl Operand for Segment {
    fn edges() -> Vec<Self> {
        let ends = <(Place, Place)>::edges().into_iter();
        ends.map(|(start, end)| Self::new(start.0, end.0)).collect()
    }
    fn draw(rng: &mut Rng) -> Self {
        let (start, end) = <(Place, Place)>::draw(rng);
        Self::new(start.0, end.0)
    }
}

impl Operand for Circle {
    fn edges() -> Vec<Self> {
        let radii = [-Fix::STEP, Fix::ZERO, Fix::ONE, Fix::MAX];
        let with = |Place(centre)| radii.map(|radius| Self::new(centre, radius));
        Place::edges().into_iter().flat_map(with).collect()
    }
    fn draw(rng: &mut Rng) -> Self {
        let Place(centre) = Place::draw(rng);
        Self::new(centre, size(rng))
    }
}

impl Operand for Aabb {
    fn edges() -> Vec<Self> {
        let ends = <(Place, Place)>::edges().into_iter();
        ends.map(|(min, max)| Self {
            min: min.0,
            max: max.0,
        })
        .collect()
    }
    fn draw(rng: &mut Rng) -> Self {
        let Place(centre) = Place::draw(rng);
        Self::around(centre, Vec2::new(size(rng), size(rng)))
    }
}

impl Operand for Obb {
    fn edges() -> Vec<Self> {
        let turns = [0, 1, 3].map(|eighths| Angle::turns(eighths, 8));
        let with = |shape: Circle| {
            turns.map(|turn| Self::new(shape.centre, Vec2::new(shape.radius, Fix::ONE), turn))
        };
        Circle::edges().into_iter().flat_map(with).collect()
    }
    fn draw(rng: &mut Rng) -> Self {
        let Place(centre) = Place::draw(rng);
        let half = Vec2::new(size(rng), size(rng));
        let turn = if rng.chance(1, 4) {
            Angle::turns(rng.below(8), 8)
        } else {
            rng.angle()
        };
        Self::new(centre, half, turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether at least a fifth of the drawn pairs touch and a fifth do not.
    fn is_mixed<A: Operand + Touches<B>, B: Operand>() -> bool {
        let mut rng = Rng::new(1);
        let touching = (0..1000).filter(|_| {
            let (one, other) = <(A, B)>::draw(&mut rng);
            one.touches(&other)
        });
        (200..800).contains(&touching.count())
    }

    #[test]
    fn drawn_shapes_touch_and_do_not() {
        assert!(is_mixed::<Segment, Segment>());
        assert!(is_mixed::<Segment, Circle>());
        assert!(is_mixed::<Segment, Aabb>());
        assert!(is_mixed::<Circle, Circle>());
        assert!(is_mixed::<Circle, Aabb>());
        assert!(is_mixed::<Aabb, Aabb>());
        assert!(is_mixed::<Obb, Obb>());
        assert!(is_mixed::<Obb, Aabb>());
        assert!(is_mixed::<Obb, Circle>());
    }
}
