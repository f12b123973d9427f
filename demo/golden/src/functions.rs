//! The functions of `phalanx_engine::math` beyond the scalars' operators, one line each. A new one
//! is a line here, named after its type and itself.

use phalanx_engine::{Angle, Fix, Fix32, Vec2};

use crate::Component;
use crate::sweep::components;

pub(crate) const COMPONENTS: &[Component] = components!("math",
    "fix_from_fix32" => |a: Fix32| Fix::from(a),
    "angle_add" => |(a, b): (Angle, Angle)| a + b,
    "angle_sub" => |(a, b): (Angle, Angle)| a - b,
    "angle_neg" => |a: Angle| -a,
    "angle_turns" => |(a, b): (u32, u32)| Angle::turns(a, b),
    "angle_sin" => Angle::sin,
    "angle_cos" => Angle::cos,
    "angle_sin_cos" => Angle::sin_cos,
    "vec2_add" => |(a, b): (Vec2, Vec2)| a + b,
    "vec2_sub" => |(a, b): (Vec2, Vec2)| a - b,
    "vec2_neg" => |a: Vec2| -a,
    "vec2_times" => |(a, factor): (Vec2, Fix)| a * factor,
    "vec2_dot" => |(a, b): (Vec2, Vec2)| a.dot(b),
    "vec2_length" => Vec2::length,
    "vec2_from_angle" => Vec2::from_angle,
);
