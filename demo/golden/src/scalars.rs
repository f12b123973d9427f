//! The scalars: what [`Fix`] and [`Fix32`] do without a function of [`functions`](crate::functions),
//! one line each: operators, forms by name, whole parts, conversions, text.

use phalanx_engine::math::ParseFixError;
use phalanx_engine::{Fix, Fix32, Rng, fix, fix32};

use crate::Component;
use crate::sweep::components;

macro_rules! operators {
    ($prefix:literal, $scalar:ident, $int:ty) => {
        components!($prefix,
            "add" => |(a, b): ($scalar, $scalar)| a + b,
            "sub" => |(a, b): ($scalar, $scalar)| a - b,
            "mul" => |(a, b): ($scalar, $scalar)| a * b,
            "div" => |(a, b): ($scalar, $scalar)| a / b,
            "rem" => |(a, b): ($scalar, $scalar)| a % b,
            "times" => |(a, times): ($scalar, $int)| a * times,
            "parts" => |(a, parts): ($scalar, $int)| a / parts,
            "neg" => |a: $scalar| -a,
            "abs" => $scalar::abs,
            "signum" => $scalar::signum,
            "less" => |(a, b): ($scalar, $scalar)| a < b,
            "is_negative" => $scalar::is_negative,
            "is_positive" => $scalar::is_positive,
            "sum" => |(a, b, c): ($scalar, $scalar, $scalar)| [a, b, c].iter().sum::<$scalar>(),
            "ratio" => |(a, b): ($int, $int)| $scalar::ratio(a, b),
            "clamped" => |(a, low, high): ($scalar, $scalar, $scalar)| a.clamped(low, high),
            "moved_towards" => |(a, target, step): ($scalar, $scalar, $scalar)| {
                a.moved_towards(target, step)
            },
            "lerp" => |(a, to, by): ($scalar, $scalar, $scalar)| a.lerp(to, by),
            "midpoint" => |(a, b): ($scalar, $scalar)| a.midpoint(b),
        )
    };
}

macro_rules! forms {
    ($prefix:literal, $scalar:ident, $int:ty) => {
        components!($prefix,
            "checked_add" => |(a, b): ($scalar, $scalar)| a.checked_add(b),
            "checked_sub" => |(a, b): ($scalar, $scalar)| a.checked_sub(b),
            "checked_mul" => |(a, b): ($scalar, $scalar)| a.checked_mul(b),
            "checked_div" => |(a, b): ($scalar, $scalar)| a.checked_div(b),
            "checked_rem" => |(a, b): ($scalar, $scalar)| a.checked_rem(b),
            "checked_neg" => $scalar::checked_neg,
            "checked_abs" => $scalar::checked_abs,
            "checked_mul_int" => |(a, times): ($scalar, $int)| a.checked_mul_int(times),
            "checked_div_int" => |(a, parts): ($scalar, $int)| a.checked_div_int(parts),
            "saturating_add" => |(a, b): ($scalar, $scalar)| a.saturating_add(b),
            "saturating_sub" => |(a, b): ($scalar, $scalar)| a.saturating_sub(b),
            "saturating_mul" => |(a, b): ($scalar, $scalar)| a.saturating_mul(b),
            "saturating_div" => |(a, b): ($scalar, $scalar)| a.saturating_div(b),
            "saturating_rem" => |(a, b): ($scalar, $scalar)| a.saturating_rem(b),
            "saturating_neg" => $scalar::saturating_neg,
            "saturating_abs" => $scalar::saturating_abs,
            "saturating_mul_int" => |(a, times): ($scalar, $int)| a.saturating_mul_int(times),
            "saturating_div_int" => |(a, parts): ($scalar, $int)| a.saturating_div_int(parts),
            "wrapping_add" => |(a, b): ($scalar, $scalar)| a.wrapping_add(b),
            "wrapping_sub" => |(a, b): ($scalar, $scalar)| a.wrapping_sub(b),
            "wrapping_mul" => |(a, b): ($scalar, $scalar)| a.wrapping_mul(b),
            "wrapping_div" => |(a, b): ($scalar, $scalar)| a.wrapping_div(b),
            "wrapping_rem" => |(a, b): ($scalar, $scalar)| a.wrapping_rem(b),
            "wrapping_neg" => $scalar::wrapping_neg,
            "wrapping_abs" => $scalar::wrapping_abs,
        )
    };
}

macro_rules! whole {
    ($prefix:literal, $scalar:ident, $int:ty) => {
        components!($prefix,
            "floor" => $scalar::floor,
            "ceil" => $scalar::ceil,
            "round" => $scalar::round,
            "trunc" => $scalar::trunc,
            "fract" => $scalar::fract,
            "floor_int" => $scalar::floor_int,
            "ceil_int" => $scalar::ceil_int,
            "round_int" => $scalar::round_int,
            "trunc_int" => $scalar::trunc_int,
            "rem_euclid" => |(a, b): ($scalar, $scalar)| a.rem_euclid(b),
            "div_euclid" => |(a, b): ($scalar, $scalar)| a.div_euclid(b),
            "int" => $scalar::int,
            "saturating_int" => $scalar::saturating_int,
            "from_bytes" => |a: u16| {
                let [unsigned, signed] = a.to_le_bytes();
                [$scalar::from(unsigned), $scalar::from(signed.cast_signed())]
            },
            "try_from_u32" => |a: u32| $scalar::try_from(a).ok(),
            "try_from_u64" => |a: u64| $scalar::try_from(a).ok(),
            "try_from_i64" => |a: i64| $scalar::try_from(a).ok(),
            "try_from_wide" => |(a, b): (i64, i64)| {
                let wide = i128::from(a) * i128::from(b);
                ($scalar::try_from(wide).ok(), $scalar::try_from(wide.unsigned_abs()).ok())
            },
            "fixed" => |a: $scalar| $scalar::from_fixed(a.to_fixed()),
        )
    };
}

macro_rules! text {
    ($prefix:literal, $scalar:ident, $literals:expr) => {
        components!($prefix,
            "display" => |a: $scalar| a.to_string(),
            "display_rounded" => |a: $scalar| format!("{a:.3}"),
            "display_to" => |(a, places): ($scalar, u16)| {
                format!("{a:.*}", usize::from(places % 40))
            },
            "display_padded" => |a: $scalar| format!("{a:+032.1}"),
            "parse_printed" => |a: $scalar| outcome($scalar::parse(&a.to_string())),
            "parse_exponent" => |(whole, fraction, exponent): (i64, u64, i16)| {
                let text = format!("{}.{fraction}e{}", whole >> 32, exponent % 30);
                outcome($scalar::parse(&text))
            },
            "parse_junk" => |seed: u64| outcome($scalar::parse(&junk(seed))),
            "literal" => |index: u16| $literals[usize::from(index % 4)],
        )
    };
}

/// Numbers of which the compiler made bits, beside what parses at run time.
const LITERALS: [Fix; 4] = [
    fix!(0.1),
    fix!(-2147483647.999_999_999_8),
    fix!(1e-9),
    fix!(-0.5),
];
const LITERALS32: [Fix32; 4] = [
    fix32!(0.1),
    fix32!(-32767.99998),
    fix32!(1e-4),
    fix32!(-0.5),
];

/// The number, or which error.
fn outcome<N>(parsed: Result<N, ParseFixError>) -> (Option<N>, bool) {
    let is_out_of_range = matches!(parsed, Err(ParseFixError::OutOfRange));
    (parsed.ok(), is_out_of_range)
}

/// Up to seven characters of which numbers are written, mostly in a wrong order.
fn junk(seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let length = rng.below(8);
    (0..length)
        .filter_map(|_| rng.choose(b"0123459.._+-eE").copied())
        .map(char::from)
        .collect()
}

pub(crate) const COMPONENTS: &[&[Component]] = &[
    operators!("fix", Fix, i32),
    forms!("fix", Fix, i32),
    whole!("fix", Fix, i32),
    text!("fix", Fix, LITERALS),
    components!("fix",
        "from_fix32" => |a: Fix32| Fix::from(a),
        "checked_to_fix32" => Fix::checked_to_fix32,
        "saturating_to_fix32" => Fix::saturating_to_fix32,
    ),
    operators!("fix32", Fix32, i16),
    forms!("fix32", Fix32, i16),
    whole!("fix32", Fix32, i16),
    text!("fix32", Fix32, LITERALS32),
    components!("fix32", "to_fix" => Fix32::to_fix),
];
