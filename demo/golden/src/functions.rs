//! The functions of `phalanx_engine::math`: roots, trigonometry, powers, and what an [`Angle`] does,
//! one line each.

use phalanx_engine::{Angle, Fix, Fix32, Rng};

use crate::Component;
use crate::sweep::{Operand, components};

macro_rules! functions {
    ($prefix:literal, $scalar:ident) => {
        components!($prefix,
            "sqrt" => $scalar::sqrt,
            "rsqrt" => $scalar::rsqrt,
            "hypot" => |(a, b): ($scalar, $scalar)| a.hypot(b),
            "sin" => $scalar::sin,
            "cos" => $scalar::cos,
            "sin_cos" => $scalar::sin_cos,
            "tan" => $scalar::tan,
            "atan2" => |(y, x): ($scalar, $scalar)| y.atan2(x),
            "asin" => $scalar::asin,
            "acos" => $scalar::acos,
            "exp2" => $scalar::exp2,
            "log2" => $scalar::log2,
            "pow" => |(base, exponent): ($scalar, $scalar)| base.pow(exponent),
            "pow_near_one" => |(Near(base), exponent): (Near<$scalar>, $scalar)| {
                base.pow(exponent)
            },
            "sqrt_at_halves" => |Halves(below, above): Halves<$scalar>| {
                [below.sqrt(), above.sqrt()]
            },
            "hypot_at_halves" => |Legs(below, above, other): Legs<$scalar>| {
                [below.hypot(other), above.hypot(other)]
            },
        )
    };
}

pub(crate) const COMPONENTS: &[&[Component]] = &[
    functions!("fix", Fix),
    functions!("fix32", Fix32),
    components!("angle",
        "add" => |(a, b): (Angle, Angle)| a + b,
        "sub" => |(a, b): (Angle, Angle)| a - b,
        "neg" => |a: Angle| -a,
        "turns" => |(a, b): (u32, u32)| Angle::turns(a, b),
        "degrees" => Angle::degrees,
        "from_radians" => Angle::from_radians,
        "to_radians" => Angle::to_radians,
        "signed" => Angle::signed,
        "turned_towards" => |(a, target, step): (Angle, Angle, Angle)| {
            a.turned_towards(target, step)
        },
        "atan2" => |(y, x): (Fix, Fix)| Angle::atan2(y, x),
        "sin" => Angle::sin,
        "cos" => Angle::cos,
        "sin_cos" => Angle::sin_cos,
        "tan" => Angle::tan,
    ),
];

/// A base of which high powers are in range.
#[derive(Clone, Copy)]
struct Near<N>(N);

/// Two neighbours with the root's halfway place between them: where a guess is corrected.
#[derive(Clone, Copy)]
struct Halves<N>(N, N);

/// The same for √(x² + y²): two neighbours for x, and y. In steps, x = y² is its own result, for
/// x² + x < (x + ½)²; x = y² - 1 is not, for x² + x + 1 is greater.
#[derive(Clone, Copy)]
struct Legs<N>(N, N, N);

macro_rules! operands {
    ($($scalar:ident: $bits:ident of $unsigned:ident as $wide:ident, near $half:ident;)*) => {$(
        impl Operand for Near<$scalar> {
            fn edges() -> Vec<Self> {
                let (one, step) = ($scalar::ONE, $scalar::STEP);
                [one - step, one, one + step, step - one, -one, -one - step].map(Self).into()
            }
            fn draw(rng: &mut Rng) -> Self {
                // At most a half away.
                let away = $bits::from($half::draw(rng));
                Self($scalar::from_bits($scalar::ONE.to_bits() + away))
            }
        }

        impl Halves<$scalar> {
            /// The numbers around (root + ½)² steps, for a root in steps.
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_lossless,
                clippy::unnecessary_cast,
                reason = "one macro for both widths; a square of a root in range is in range"
            )]
            fn around(root: $unsigned) -> Self {
                let root = (root >> ($scalar::FRACTION_BITS / 2 + 1)) as $wide;
                let below = ((root * root + root) >> $scalar::FRACTION_BITS) as $unsigned;
                let number = |bits: $unsigned| $scalar::from_bits(bits.cast_signed());
                Self(number(below), number(below + 1))
            }
        }

        impl Operand for Halves<$scalar> {
            fn edges() -> Vec<Self> {
                [0, $unsigned::MAX].map(Self::around).into()
            }
            fn draw(rng: &mut Rng) -> Self {
                Self::around($unsigned::draw(rng))
            }
        }

        impl Legs<$scalar> {
            /// For any y of which the square is in range, and not 0.
            fn of(leg: $unsigned) -> Self {
                let leg = (leg >> ($scalar::FRACTION_BITS + 1)).max(1).cast_signed();
                Self(
                    $scalar::from_bits(leg * leg - 1),
                    $scalar::from_bits(leg * leg),
                    $scalar::from_bits(leg),
                )
            }
        }

        impl Operand for Legs<$scalar> {
            fn edges() -> Vec<Self> {
                [0, $unsigned::MAX].map(Self::of).into()
            }
            fn draw(rng: &mut Rng) -> Self {
                Self::of($unsigned::draw(rng))
            }
        }
    )*};
}

operands! {
    Fix: i64 of u64 as u128, near i32;
    Fix32: i32 of u32 as u64, near i16;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_part_two_results() {
        let mut rng = Rng::new(1);
        for _ in 0..1000 {
            let Halves(below, above) = Halves::<Fix>::draw(&mut rng);
            // Below one, neighbours have more than one result between them.
            assert!(below < Fix::ONE || above.sqrt() == below.sqrt() + Fix::STEP);
            let Halves(below, above) = Halves::<Fix32>::draw(&mut rng);
            assert!(below < Fix32::ONE || above.sqrt() == below.sqrt() + Fix32::STEP);
            let Legs(below, above, other) = Legs::<Fix>::draw(&mut rng);
            assert_eq!([below.hypot(other), above.hypot(other)], [above; 2]);
            let Legs(below, above, other) = Legs::<Fix32>::draw(&mut rng);
            assert_eq!([below.hypot(other), above.hypot(other)], [above; 2]);
        }
    }
}
