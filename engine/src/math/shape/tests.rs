//! The shapes against slower models, and under mirrors.

use core::ops::Add;

use proptest::prelude::*;

use super::*;
use crate::math::testing::*;
use crate::{Angle, Fix, Rot2, Squared};

fn segment(part: Numbers) -> impl Strategy<Value = Segment> {
    (vec2(part.clone()), vec2(part)).prop_map(|(start, end)| Segment::new(start, end))
}

fn circle(part: Numbers) -> impl Strategy<Value = Circle> {
    (vec2(part.clone()), part).prop_map(|(centre, radius)| Circle::new(centre, radius))
}

/// Mostly not empty.
fn aabb(part: Numbers) -> impl Strategy<Value = Aabb> {
    (vec2(part.clone()), vec2(part), 0..8).prop_map(|(min, max, empty)| match empty {
        0 => Aabb { min, max },
        _ => Aabb::spanning(min, max),
    })
}

/// Mostly not empty, mostly with a rotation of unit length.
fn obb(part: Numbers) -> impl Strategy<Value = Obb> {
    let rotation = prop_oneof![
        6 => any::<u32>().prop_map(|units| Rot2::from(Angle(units))),
        2 => (0_u32..4).prop_map(|turns| Rot2::from(Angle::turns(turns, 4))),
        1 => (part.clone(), part.clone()).prop_map(|(cos, sin)| Rot2 { cos, sin }),
    ];
    let half = (vec2(part.clone()), 0..8).prop_map(|(half, empty)| match empty {
        0 => half,
        _ => half.abs(),
    });
    (vec2(part), half, rotation).prop_map(|(centre, half, rotation)| Obb {
        centre,
        half,
        rotation,
    })
}

impl Transform for Segment {
    fn under(self, symmetry: Symmetry) -> Self {
        Self::new(self.start.under(symmetry), self.end.under(symmetry))
    }
}

impl Transform for Circle {
    fn under(self, symmetry: Symmetry) -> Self {
        Self::new(self.centre.under(symmetry), self.radius)
    }
}

impl Transform for Aabb {
    fn under(self, symmetry: Symmetry) -> Self {
        let (one, other) = (self.min.under(symmetry), self.max.under(symmetry));
        let (min, max) = match symmetry {
            Symmetry::Swap => (one, other),
            Symmetry::Mirror | Symmetry::Quarter => {
                (Vec2::new(other.x, one.y), Vec2::new(one.x, other.y))
            }
        };
        Self { min, max }
    }
}

impl Transform for Obb {
    fn under(self, symmetry: Symmetry) -> Self {
        let Rot2 { cos, sin } = self.rotation;
        // A reflection turns the second axis around, which the box does not notice.
        let (cos, sin) = match symmetry {
            Symmetry::Mirror => (cos, -sin),
            Symmetry::Swap => (sin, cos),
            Symmetry::Quarter => (-sin, cos),
        };
        Self {
            centre: self.centre.under(symmetry),
            half: self.half,
            rotation: Rot2 { cos, sin },
        }
    }
}

/// Coordinates in bits, small enough to be multiplied at will.
fn bits(point: Vec2) -> (i128, i128) {
    (point.x.to_bits().into(), point.y.to_bits().into())
}

fn cross(a: Vec2, b: Vec2, c: Vec2) -> i128 {
    let ((ax, ay), (bx, by), (cx, cy)) = (bits(a), bits(b), bits(c));
    (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
}

/// Whether `point` lies on `segment`: on its line, and between its ends.
fn is_on(point: Vec2, segment: &Segment) -> bool {
    let ((x, y), (ax, ay), (bx, by)) = (bits(point), bits(segment.start), bits(segment.end));
    let between = |at: i128, a: i128, b: i128| a.min(b) <= at && at <= a.max(b);
    cross(segment.start, segment.end, point) == 0 && between(x, ax, bx) && between(y, ay, by)
}

/// The place of the crossing on both segments by Cramer's rule; parallels by their ends.
fn segments_meet(one: &Segment, other: &Segment) -> bool {
    let ((ax, ay), (bx, by)) = (bits(one.start), bits(one.end));
    let ((cx, cy), (dx, dy)) = (bits(other.start), bits(other.end));
    let turn = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx);
    if turn == 0 {
        return is_on(one.start, other)
            || is_on(one.end, other)
            || is_on(other.start, one)
            || is_on(other.end, one);
    }
    let on_one = (cx - ax) * (dy - cy) - (cy - ay) * (dx - cx);
    let on_other = (cx - ax) * (by - ay) - (cy - ay) * (bx - ax);
    let within = |part: i128| (0..=turn.abs()).contains(&(part * turn.signum()));
    within(on_one) && within(on_other)
}

/// The distance of the centre from the closest point, as a fraction of squares.
fn circle_meets_segment(circle: &Circle, segment: &Segment) -> bool {
    let ((ax, ay), (bx, by)) = (bits(segment.start), bits(segment.end));
    let ((x, y), radius) = (bits(circle.centre), i128::from(circle.radius.to_bits()));
    let square = (bx - ax).pow(2) + (by - ay).pow(2);
    let along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)).clamp(0, square);
    let whole = square.max(1);
    let (px, py) = (
        (x - ax) * whole - along * (bx - ax),
        (y - ay) * whole - along * (by - ay),
    );
    radius >= 0 && px.pow(2) + py.pow(2) <= (radius * whole).pow(2)
}

/// The part of the segment that is inside, cut by one edge after the other (Liang and Barsky 1984).
fn aabb_meets_segment(shape: &Aabb, segment: &Segment) -> bool {
    let ((ax, ay), (bx, by)) = (bits(segment.start), bits(segment.end));
    let ((left, low), (right, high)) = (bits(shape.min), bits(shape.max));
    // Fractions with a denominator above 0.
    let (mut from, mut to) = ((0, 1), (1, 1));
    let before = |a: (i128, i128), b: (i128, i128)| a.0 * b.1 < b.0 * a.1;
    for (way, room) in [
        (ax - bx, ax - left),
        (bx - ax, right - ax),
        (ay - by, ay - low),
        (by - ay, high - ay),
    ] {
        match way {
            0 if room < 0 => return false,
            0 => {}
            1.. if before((room, way), to) => to = (room, way),
            ..0 if before(from, (-room, -way)) => from = (-room, -way),
            _ => {}
        }
    }
    !shape.is_empty() && !before(to, from)
}

/// Whether two outlines cross or one holds a corner of the other.
fn outlines_meet(one: [Vec2; 4], other: [Vec2; 4]) -> bool {
    let edges = |corners: [Vec2; 4]| {
        [0, 1, 2, 3].map(|index| Segment::new(corners[index], corners[(index + 1) % 4]))
    };
    let holds = |corners: [Vec2; 4], point: Vec2| {
        edges(corners)
            .iter()
            .all(|edge| cross(edge.start, edge.end, point) >= 0)
    };
    let crossing = |edge: &Segment| edges(other).iter().any(|another| edge.touches(another));
    edges(one).iter().any(crossing) || holds(one, other[0]) || holds(other, one[0])
}

fn grown(shape: &Obb, by: i64) -> Obb {
    let by = Fix::from_bits(by);
    Obb {
        half: shape.half + Vec2::new(by, by),
        ..*shape
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn segments_are_their_model(one in segment(steps()), other in segment(steps())) {
        let meet = segments_meet(&one, &other);
        prop_assert_eq!(one.touches(&other), meet);
        prop_assert_eq!(one.crossing(&other).is_some(), meet);
        prop_assert_eq!(other.hit_by(&one).is_some(), meet);
    }

    #[test]
    fn circles_and_segments_are_their_model(
        circle in circle(steps()),
        segment in segment(steps()),
    ) {
        let meet = circle_meets_segment(&circle, &segment);
        prop_assert_eq!(circle.touches(&segment), meet);
        prop_assert_eq!(circle.hit_by(&segment).is_some(), meet);
    }

    #[test]
    fn boxes_and_segments_are_their_model(shape in aabb(steps()), segment in segment(steps())) {
        let meet = aabb_meets_segment(&shape, &segment);
        prop_assert_eq!(shape.touches(&segment), meet);
        prop_assert_eq!(shape.hit_by(&segment).is_some(), meet);
    }

    /// Few steps leave few shapes: every point can be asked.
    #[test]
    fn boxes_and_circles_are_their_points(
        one in aabb(steps()),
        other in aabb(steps()),
        circle in circle(steps()),
        another in circle(steps()),
    ) {
        let points = || (-20..21).flat_map(|x| {
            (-20..21).map(move |y| Vec2::new(Fix::from_bits(x), Fix::from_bits(y)))
        });
        prop_assert_eq!(
            one.touches(&other),
            points().any(|point| one.contains(point) && other.contains(point))
        );
        prop_assert_eq!(
            circle.touches(&one),
            points().any(|point| circle.contains(point) && one.contains(point))
        );
        // Two discs may share no whole point: only this way round.
        if points().any(|point| circle.contains(point) && another.contains(point)) {
            prop_assert!(circle.touches(&another));
        }
        let apart = circle.centre.distance_squared(another.centre);
        let reach = Squared::of(circle.radius + another.radius);
        let neither_is_empty = circle.radius.min(another.radius) >= Fix::ZERO;
        prop_assert_eq!(circle.touches(&another), neither_is_empty && apart <= reach);
    }

    #[test]
    fn oriented_boxes_meet_when_their_outlines_do(
        centre in vec2(units()),
        half in vec2(units()),
        way in vec2(units()),
        other_half in vec2(units()),
        turns: (u32, u32),
    ) {
        // Near enough to meet about every other time.
        let (way, half, other_half) = (way, half.abs(), other_half.abs());
        let one = Obb::new(centre, half, Angle(turns.0));
        let other = Obb::new(centre + way, other_half, Angle(turns.1));
        // Corners are rounded, and steep edges carry that along: a few steps decide nothing.
        let meet = |by| outlines_meet(grown(&one, by).corners(), grown(&other, by).corners());
        prop_assert!(!one.touches(&other) || meet(8));
        prop_assert!(one.touches(&other) || !meet(-8));
    }

    #[test]
    fn an_oriented_box_that_is_not_turned_is_a_box(
        centre in vec2(units()),
        half in vec2(units()),
        other in aabb(units()),
        circle in circle(units()),
        quarters in 0_u32..4,
    ) {
        let half = half.abs();
        let turned = Obb::new(centre, half, Angle::turns(quarters, 4));
        let half = if quarters % 2 == 0 { half } else { Vec2::new(half.y, half.x) };
        let straight = Aabb::around(centre, half);
        prop_assert_eq!(turned.touches(&other), straight.touches(&other));
        prop_assert_eq!(turned.touches(&circle), straight.touches(&circle));
        prop_assert_eq!(turned.contains(other.min), straight.contains(other.min));
        for corner in straight.corners() {
            prop_assert!(turned.contains(corner));
        }
    }

    #[test]
    fn an_oriented_box_is_what_it_sees(shape in obb(units()), point in vec2(units())) {
        let axis = Vec2::new(shape.rotation.cos, shape.rotation.sin);
        prop_assume!((axis.length() - Fix::ONE).abs() <= Fix::STEP);
        let local = shape.to_local(point).abs();
        let past = |by: i64| local.x > shape.half.x + Fix::from_bits(by)
            || local.y > shape.half.y + Fix::from_bits(by);
        // The axes are rounded, and carry that as far as the point is.
        let slack = (local.length().to_bits() >> 31) + 2;
        let is_empty = shape.half.x.min(shape.half.y) < Fix::ZERO;
        prop_assert!(!shape.contains(point) || (!past(slack) && !is_empty));
        prop_assert!(shape.contains(point) || past(-slack) || is_empty);
        prop_assert!(!shape.contains(point) || shape.bounds().contains(point));
        for corner in shape.corners() {
            prop_assert!(is_empty || shape.bounds().contains(corner));
        }
    }

    #[test]
    fn rays_stop_at_the_edge_of_circles(circle in circle(units()), ray in segment(units())) {
        let Some(fraction) = circle.hit_by(&ray) else {
            return Ok(());
        };
        // A step of the fraction, and the rounded point.
        let slack = Fix::from_bits((ray.start.distance(ray.end).to_bits() >> 32) + 2);
        prop_assert!(circle.centre.distance(ray.at(fraction)) <= circle.radius + slack);
        for part in 1..8 {
            let before = ray.at(fraction * Fix::ratio(part, 8));
            let is_outside = circle.centre.distance(before) >= circle.radius - slack;
            prop_assert!(is_outside || circle.contains(ray.start));
        }
    }

    /// Small shapes are hit as precisely as great ones.
    #[test]
    fn hits_do_not_depend_on_the_scale(
        circle in circle(steps()),
        ray in segment(steps()),
        scale in 1_u32..56,
    ) {
        let great = |number: Fix| Fix::from_bits(number.to_bits() << scale);
        let there = |point: Vec2| Vec2::new(great(point.x), great(point.y));
        let scaled = Circle::new(there(circle.centre), great(circle.radius));
        let hit = scaled.hit_by(&Segment::new(there(ray.start), there(ray.end)));
        prop_assert_eq!(circle.hit_by(&ray), hit);
    }

    #[test]
    fn rays_stop_at_the_edge_of_boxes(shape in aabb(units()), ray in segment(units())) {
        let Some(fraction) = shape.hit_by(&ray) else {
            return Ok(());
        };
        let slack = Fix::from_bits((ray.start.distance(ray.end).to_bits() >> 32) + 2);
        let there = ray.at(fraction);
        prop_assert!(shape.closest_to(there).is_within(there, slack));
        let less = Vec2::new(slack, slack);
        let inside = Aabb { min: shape.min + less, max: shape.max - less };
        for part in 1..8 {
            let before = ray.at(fraction * Fix::ratio(part, 8));
            prop_assert!(!inside.contains(before) || shape.contains(ray.start));
        }
    }

    #[test]
    fn rays_stop_at_the_edge_of_oriented_boxes(
        centre in vec2(units()),
        half in vec2(units()),
        turns: u32,
        ray in segment(units()),
    ) {
        let shape = Obb::new(centre, half.abs(), Angle(turns));
        // How far the farther end is, and a step of the fraction.
        let far = centre.distance(ray.start).max(centre.distance(ray.end));
        let slack = (far.to_bits() >> 30) + 4;
        let Some(fraction) = shape.hit_by(&ray) else {
            for part in 0..9 {
                prop_assert!(!grown(&shape, -slack).contains(ray.at(Fix::ratio(part, 8))));
            }
            return Ok(());
        };
        prop_assert!(grown(&shape, slack).contains(ray.at(fraction)));
        for part in 0..8 {
            let before = ray.at(fraction * Fix::ratio(part, 8));
            prop_assert!(fraction == Fix::ZERO || !grown(&shape, -slack).contains(before));
        }
    }

    #[test]
    fn crossings_lie_on_both(one in segment(units()), other in segment(units())) {
        let Some(there) = one.crossing(&other) else {
            return Ok(());
        };
        prop_assert_eq!(other.crossing(&one), Some(there));
        for segment in [one, other] {
            prop_assert!(segment.closest_to(there).is_within(there, Fix::from_bits(2)));
        }
        let fraction = other.hit_by(&one).unwrap();
        let slack = Fix::from_bits((one.start.distance(one.end).to_bits() >> 32) + 2);
        prop_assert!(one.at(fraction).is_within(there, slack));
    }

    #[test]
    fn the_closest_point_is_closest(segment in segment(units()), point in vec2(units())) {
        let closest = segment.closest_to(point).distance(point);
        for part in 0..9 {
            let there = segment.at(Fix::ratio(part, 8));
            prop_assert!(closest <= there.distance(point) + Fix::from_bits(3));
        }
        let reversed = Segment::new(segment.end, segment.start);
        prop_assert_eq!(reversed.closest_to(point), segment.closest_to(point));
    }

    /// Both for all numbers, and where everything touches.
    #[test]
    fn the_order_of_the_question_does_not_matter(
        (a, b) in prop_oneof![
            (segment(any_fix()).boxed(), segment(any_fix()).boxed()),
            (segment(steps()).boxed(), segment(steps()).boxed()),
        ],
        (c, d) in (circle(any_fix()), circle(any_fix())),
        (e, f) in (aabb(any_fix()), aabb(any_fix())),
        (g, h) in prop_oneof![
            (obb(any_fix()).boxed(), obb(any_fix()).boxed()),
            (obb(units()).boxed(), obb(units()).boxed()),
        ],
    ) {
        prop_assert_eq!(a.touches(&b), b.touches(&a));
        prop_assert_eq!(c.touches(&d), d.touches(&c));
        prop_assert_eq!(e.touches(&f), f.touches(&e));
        prop_assert_eq!(g.touches(&h), h.touches(&g));
        prop_assert_eq!(a.touches(&c), c.touches(&a));
        prop_assert_eq!(g.touches(&e), e.touches(&g));
    }

    /// With the first numbers this is also the proof that nothing panics.
    #[test]
    fn a_mirrored_world_touches_mirrored(
        world in prop_oneof![
            shapes(any_fix()),
            shapes(mirrorable()),
            shapes(units()),
            shapes(steps()),
        ],
        symmetry in any_symmetry(),
    ) {
        let mirrored = world.under(symmetry);
        let seen = (world.answers(), world.places().map(|place| place.map(|at| at.under(symmetry))));
        // The lowest number has no mirror image.
        let mirrorable = mirrored.under(symmetry).under(symmetry).under(symmetry) == world
            || mirrored.under(symmetry) == world;
        if mirrorable {
            prop_assert_eq!(seen, (mirrored.answers(), mirrored.places()));
        } else {
            mirrored.answers();
            mirrored.places();
        }
    }
}

/// One shape of each kind and a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shapes {
    point: Vec2,
    segments: [Segment; 2],
    circles: [Circle; 2],
    aabbs: [Aabb; 2],
    obbs: [Obb; 2],
}

fn shapes(part: Numbers) -> BoxedStrategy<Shapes> {
    let pair = |part: &Numbers| {
        (
            vec2(part.clone()),
            [segment(part.clone()), segment(part.clone())],
            [circle(part.clone()), circle(part.clone())],
            [aabb(part.clone()), aabb(part.clone())],
            [obb(part.clone()), obb(part.clone())],
        )
    };
    pair(&part)
        .prop_map(|(point, segments, circles, aabbs, obbs)| Shapes {
            point,
            segments,
            circles,
            aabbs,
            obbs,
        })
        .boxed()
}

impl Shapes {
    fn under(self, symmetry: Symmetry) -> Self {
        Self {
            point: self.point.under(symmetry),
            segments: self.segments.map(|shape| shape.under(symmetry)),
            circles: self.circles.map(|shape| shape.under(symmetry)),
            aabbs: self.aabbs.map(|shape| shape.under(symmetry)),
            obbs: self.obbs.map(|shape| shape.under(symmetry)),
        }
    }

    /// What a mirror does not change.
    fn answers(&self) -> ([bool; 13], [Option<Fix>; 4]) {
        let [segment, ray] = &self.segments;
        let [circle, disc] = &self.circles;
        let [aabb, room] = &self.aabbs;
        let [obb, another] = &self.obbs;
        let touches = [
            circle.contains(self.point),
            aabb.contains(self.point),
            obb.contains(self.point),
            segment.touches(ray),
            circle.touches(disc),
            aabb.touches(room),
            obb.touches(another),
            segment.touches(circle),
            segment.touches(aabb),
            circle.touches(aabb),
            obb.touches(aabb),
            obb.touches(circle),
            aabb.overlaps(room),
        ];
        let hits = [
            segment.hit_by(ray),
            circle.hit_by(ray),
            aabb.hit_by(ray),
            obb.hit_by(ray).filter(|_| self.is_near()),
        ];
        (touches, hits)
    }

    /// Whether no rounded number saturates: those are not mirrored.
    fn is_near(&self) -> bool {
        let [obb, _] = &self.obbs;
        let Rot2 { cos, sin } = obb.rotation;
        let is_small = |vector: Vec2, most| vector.is_within(Vec2::ZERO, Fix::int(most));
        is_small(obb.centre, 1 << 27)
            && is_small(obb.half, 1 << 27)
            && is_small(self.segments[1].start, 1 << 27)
            && is_small(self.segments[1].end, 1 << 27)
            && is_small(Vec2::new(cos, sin), 2)
    }

    /// What a mirror mirrors.
    fn places(&self) -> [Option<Vec2>; 6] {
        let [segment, other] = &self.segments;
        let aabb = self.aabbs[0];
        let [obb, _] = &self.obbs;
        let bounds = obb.bounds();
        let corners = obb.corners().into_iter().fold(Vec2::ZERO, Add::add);
        [
            segment.crossing(other),
            Some(segment.closest_to(self.point)),
            (!aabb.is_empty()).then(|| aabb.closest_to(self.point)),
            Some(segment.at(Fix::ratio(1, 3))),
            // Not the corners themselves: a mirror changes which is the first.
            Some(corners).filter(|_| self.is_near()),
            Some(bounds.min.lerp(bounds.max, Fix::ratio(1, 2))).filter(|_| self.is_near()),
        ]
    }
}

fn at(x: i32, y: i32) -> Vec2 {
    Vec2::new(Fix::int(x), Fix::int(y))
}

#[test]
fn touching_counts_and_one_step_less_does_not() {
    let step = Vec2::new(Fix::STEP, Fix::ZERO);
    let shape = Aabb::spanning(at(0, 0), at(2, 2));
    let beside = Aabb::spanning(at(2, 2), at(3, 3));
    assert!(shape.touches(&beside) && !shape.overlaps(&beside));
    assert_eq!(
        shape.intersection(&beside),
        Some(Aabb::spanning(at(2, 2), at(2, 2)))
    );
    let farther = Aabb {
        min: beside.min + step,
        ..beside
    };
    assert!(!shape.touches(&farther) && shape.intersection(&farther).is_none());

    let circle = Circle::new(at(5, 4), Fix::int(5));
    assert!(circle.touches(&Circle::new(at(-3, -2), Fix::int(5))));
    assert!(!circle.touches(&Circle::new(at(-3, -2) - step, Fix::int(5))));
    let tangent = Segment::new(at(0, -4), at(0, 12));
    assert!(circle.touches(&tangent));
    assert!(!circle.touches(&Segment::new(tangent.start - step, tangent.end - step)));
    assert_eq!(
        circle.hit_by(&tangent).map(|way| tangent.at(way)),
        Some(at(0, 4))
    );
    // (2, 0) is 3 and 4 away.
    let corner = Aabb::spanning(at(-2, -2), at(2, 0));
    assert!(circle.touches(&corner));
    assert!(!circle.touches(&Aabb {
        max: corner.max - step,
        ..corner
    }));
}

#[test]
fn the_far_corners_of_the_world_are_exact() {
    let far = Vec2::new(Fix::MAX, Fix::MAX);
    let circle = |radius| Circle::new(far, radius);
    let opposite = Vec2::new(Fix::MIN, Fix::MAX);
    // 2³² units less a step apart: as far as two radii reach, less a step.
    assert!(!circle(Fix::MAX).touches(&Circle::new(opposite, Fix::MAX)));
    let nearer = opposite + Vec2::new(Fix::STEP, Fix::ZERO);
    assert!(circle(Fix::MAX).touches(&Circle::new(nearer, Fix::MAX)));
    assert!(!circle(Fix::MAX).touches(&Circle::new(-far, Fix::MAX)));
    assert!(!circle(-Fix::STEP).touches(&circle(Fix::MAX)));
    assert!(!circle(-Fix::STEP).contains(far));
}

#[test]
fn segments_cross_where_they_should() {
    let one = Segment::new(at(0, 0), at(4, 4));
    assert_eq!(
        one.crossing(&Segment::new(at(0, 4), at(4, 0))),
        Some(at(2, 2))
    );
    assert_eq!(
        one.crossing(&Segment::new(at(4, 4), at(9, 0))),
        Some(at(4, 4))
    );
    assert_eq!(one.crossing(&Segment::new(at(5, 5), at(9, 9))), None);
    // On one line: the first point of the one that is asked.
    let ahead = Segment::new(at(6, 6), at(1, 1));
    assert_eq!(
        (one.crossing(&ahead), ahead.crossing(&one)),
        (Some(at(1, 1)), Some(at(4, 4)))
    );
    assert_eq!(ahead.hit_by(&one), Some(Fix::ratio(1, 4)));
    // A third is rounded.
    let third = Segment::new(at(0, 0), at(3, 1)).crossing(&Segment::new(at(1, -1), at(1, 1)));
    assert_eq!(third, Some(Vec2::new(Fix::ONE, Fix::ratio(1, 3))));
}

#[test]
fn oriented_boxes_known() {
    let diamond = Obb::new(at(0, 0), at(5, 5), Angle::turns(1, 8));
    // Its corner is at 7.07, where no axis of the other's shows the gap to (6, 6).
    assert!(diamond.contains(at(7, 0)) && !diamond.contains(at(7, 1)));
    assert!(diamond.touches(&Obb::new(at(8, 0), at(1, 1), Angle(0))));
    assert!(!diamond.touches(&Obb::new(at(6, 6), at(2, 2), Angle(0))));
    assert!(diamond.touches(&Aabb::around(at(5, 5), at(2, 2))));
    assert!(!diamond.touches(&Aabb::around(at(6, 6), at(2, 2))));
    assert!(diamond.touches(&Circle::new(at(6, 6), Fix::ratio(7, 2))));
    assert!(!diamond.touches(&Circle::new(at(6, 6), Fix::ratio(34, 10))));
    assert!(!grown(&diamond, i64::MIN).touches(&diamond));
    assert!(
        !Obb {
            rotation: Rot2::IDENTITY,
            ..diamond
        }
        .contains(at(7, 0))
    );
}
