//! The scalars: every operator and conversion of [`Fix`] and [`Fix32`], one line each.

use phalanx_engine::{Fix, Fix32};

use crate::Component;
use crate::sweep::components;

macro_rules! scalar {
    ($prefix:literal, $scalar:ident, $int:ty) => {
        components!($prefix,
            "add" => |(a, b): ($scalar, $scalar)| a + b,
            "sub" => |(a, b): ($scalar, $scalar)| a - b,
            "mul" => |(a, b): ($scalar, $scalar)| a * b,
            "div" => |(a, b): ($scalar, $scalar)| a / b,
            "rem" => |(a, b): ($scalar, $scalar)| a % b,
            "times" => |(a, times): ($scalar, $int)| a * times,
            "neg" => |a: $scalar| -a,
            "abs" => $scalar::abs,
            "signum" => $scalar::signum,
            "less" => |(a, b): ($scalar, $scalar)| a < b,
            "int" => $scalar::int,
            "ratio" => |(a, b): ($int, $int)| $scalar::ratio(a, b),
            "floor_int" => $scalar::floor_int,
            "round_int" => $scalar::round_int,
            "clamped" => |(a, low, high): ($scalar, $scalar, $scalar)| a.clamped(low, high),
            "moved_towards" => |(a, target, step): ($scalar, $scalar, $scalar)| {
                a.moved_towards(target, step)
            },
            "sqrt" => $scalar::sqrt,
            "display" => |a: $scalar| a.to_string(),
            "display_rounded" => |a: $scalar| format!("{a:.3}"),
        )
    };
}

pub(crate) const FIX: &[Component] = scalar!("fix", Fix, i32);
pub(crate) const FIX32: &[Component] = scalar!("fix32", Fix32, i16);
