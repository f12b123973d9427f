//! Vectors, rotations and squares of lengths: everything that they compute, one line each.

use phalanx_engine::{Angle, Fix, Rng, Rot2, Squared, Vec2, Vec3};

use crate::Component;
use crate::sweep::{Operand, components};

macro_rules! vector {
    ($prefix:literal, $vector:ident, $tuple:ty) => {
        components!($prefix,
            "add" => |(a, b): ($vector, $vector)| a + b,
            "sub" => |(a, b): ($vector, $vector)| a - b,
            "neg" => |a: $vector| -a,
            "times" => |(a, factor): ($vector, Fix)| a * factor,
            "over" => |(a, divisor): ($vector, Fix)| a / divisor,
            "dot" => |(a, b): ($vector, $vector)| a.dot(b),
            "cross" => |(a, b): ($vector, $vector)| a.cross(b),
            "length_squared" => |a: $vector| words(a.length_squared()),
            "length" => $vector::length,
            "distance_squared" => |(a, b): ($vector, $vector)| words(a.distance_squared(b)),
            "distance" => |(a, b): ($vector, $vector)| a.distance(b),
            "is_within" => |(a, b, radius): ($vector, $vector, Fix)| a.is_within(b, radius),
            "normalized" => $vector::normalized,
            "with_length" => |(a, length): ($vector, Fix)| a.with_length(length),
            "clamped_length" => |(a, length): ($vector, Fix)| a.clamped_length(length),
            "moved_towards" => |(a, target, step): ($vector, $vector, Fix)| {
                a.moved_towards(target, step)
            },
            "lerp" => |(a, b, fraction): ($vector, $vector, Fix)| a.lerp(b, fraction),
            "projected_on" => |(a, b): ($vector, $vector)| a.projected_on(b),
            "reflected" => |(a, normal): ($vector, $vector)| a.reflected(normal),
            "min" => |(a, b): ($vector, $vector)| a.min(b),
            "max" => |(a, b): ($vector, $vector)| a.max(b),
            "abs" => $vector::abs,
            "tuple" => |a: $vector| <$tuple>::from(a),
        )
    };
}

pub(crate) const COMPONENTS: &[&[Component]] = &[
    components!("squared",
        "of" => |a: Fix| words(Squared::of(a)),
        "root" => |a: Vec2| (a.length_squared().root(), Squared::of(a.x).root()),
        "less" => |(a, b): (Vec2, Fix)| a.length_squared() < Squared::of(b),
    ),
    vector!("vec2", Vec2, (Fix, Fix)),
    components!("vec2",
        "from_angle" => Vec2::from_angle,
        "angle" => Vec2::angle,
        "perpendicular" => Vec2::perpendicular,
        "rotated" => |(a, by): (Vec2, Rot2)| a.rotated(by),
        "rotated_by_angle" => |(a, by): (Vec2, Angle)| a.rotated(by),
    ),
    vector!("vec3", Vec3, (Fix, Fix, Fix)),
    components!("vec3", "xy" => Vec3::xy),
    components!("rot2",
        "from_angle" => |angle: Angle| Rot2::from(angle),
        "facing" => Rot2::facing,
        "angle" => Rot2::angle,
        "inverse" => Rot2::inverse,
        "renormalized" => Rot2::renormalized,
        "mul" => |(a, b): (Rot2, Rot2)| a * b,
    ),
];

/// High and low half.
fn words(square: Squared) -> [u64; 2] {
    let word = |shift: u32| u64::try_from(square.to_bits() >> shift & u128::from(u64::MAX));
    [64, 0].map(|shift| word(shift).expect("a word"))
}

impl Operand for Vec2 {
    fn edges() -> Vec<Self> {
        let numbers = [Fix::MIN, -Fix::ONE, Fix::ZERO, Fix::STEP, Fix::MAX];
        let with = |x| numbers.map(|y| Self::new(x, y));
        numbers.into_iter().flat_map(with).collect()
    }
    fn draw(rng: &mut Rng) -> Self {
        let x = Fix::draw(rng);
        Self::new(x, Fix::draw(rng))
    }
}

impl Operand for Vec3 {
    fn edges() -> Vec<Self> {
        // Fewer than a plane has: they are combined with one another.
        let numbers = [Fix::MIN, Fix::STEP, Fix::MAX];
        let with = |x| numbers.map(|y| numbers.map(|z| Self::new(x, y, z)));
        numbers.into_iter().flat_map(with).flatten().collect()
    }
    fn draw(rng: &mut Rng) -> Self {
        let (x, y) = (Fix::draw(rng), Fix::draw(rng));
        Self::new(x, y, Fix::draw(rng))
    }
}

impl Operand for Rot2 {
    fn edges() -> Vec<Self> {
        let unit = Angle::edges().into_iter().map(Self::from);
        let any = Vec2::edges()
            .into_iter()
            .map(|Vec2 { x: cos, y: sin }| Self { cos, sin });
        unit.chain(any).collect()
    }
    /// Mostly a rotation; sometimes what an arithmetic of its own, or damage, made of it.
    fn draw(rng: &mut Rng) -> Self {
        if rng.chance(3, 4) {
            return Self::from(Angle::draw(rng));
        }
        let Vec2 { x: cos, y: sin } = Vec2::draw(rng);
        Self { cos, sin }
    }
}
