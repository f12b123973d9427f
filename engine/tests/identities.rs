//! What the functions of `phalanx_engine::math` have to do with one another.
//!
//! How near each is to the exact result says the test `accuracy`. The tolerances here follow from
//! its promises: a function is off by a step, and what is done with its result magnifies that.

use phalanx_engine::{Angle, Fix, Fix32};
use proptest::prelude::*;

const QUARTER: Angle = Angle(1 << 30);
const HALF: Angle = Angle(1 << 31);

/// Of every magnitude alike, but for the lowest number, which has no counterpart.
fn world() -> impl Strategy<Value = Fix> {
    (any::<i64>(), 0_u32..64)
        .prop_map(|(bits, shift)| Fix::from_bits((bits >> shift).max(-i64::MAX)))
}

/// Any, and often one at or beside an eighth of a turn, where the way of computing changes.
fn any_angle() -> impl Strategy<Value = Angle> {
    let beside =
        |(eighth, units): (u32, u32)| Angle((eighth << 29).wrapping_add(units.wrapping_sub(2)));
    prop_oneof![
        any::<u32>().prop_map(Angle),
        (0..8_u32, 0..5_u32).prop_map(beside),
    ]
}

proptest! {
    #[test]
    fn an_angle_mirrored_and_turned(angle in any_angle()) {
        let (sin, cos) = (angle.sin(), angle.cos());
        prop_assert_eq!(angle.sin_cos(), (sin, cos));
        prop_assert_eq!(((-angle).sin(), (-angle).cos()), (-sin, cos));
        prop_assert_eq!(((angle + QUARTER).sin(), (angle + QUARTER).cos()), (cos, -sin));
        prop_assert_eq!(((angle + HALF).sin(), (angle + HALF).cos()), (-sin, -cos));
        prop_assert_eq!(((HALF - angle).sin(), (HALF - angle).cos()), (sin, -cos));
        prop_assert_eq!(((QUARTER - angle).sin(), (QUARTER - angle).cos()), (cos, sin));
    }

    #[test]
    fn an_angle_is_found_again(angle in any_angle()) {
        // A step of sine or cosine turns by less than a quarter of an angle's unit.
        let away = Angle::atan2(angle.sin(), angle.cos()) - angle;
        prop_assert!(away.0.cast_signed().abs() <= 2, "{away:?}");
    }

    #[test]
    fn a_tangent_is_odd_and_repeats_after_half_a_turn(angle in any_angle()) {
        prop_assume!(angle != QUARTER && angle != -QUARTER);
        prop_assert_eq!((-angle).tan(), -angle.tan());
        prop_assert_eq!((angle + HALF).tan(), angle.tan());
    }

    #[test]
    fn directions_mirrored_and_turned(y in world(), x in world()) {
        prop_assume!((x, y) != (Fix::ZERO, Fix::ZERO));
        let angle = Angle::atan2(y, x);
        prop_assert_eq!(Angle::atan2(-y, x), -angle);
        prop_assert_eq!(Angle::atan2(x, y), QUARTER - angle);
        prop_assert_eq!(Angle::atan2(x, -y), QUARTER + angle);
        prop_assert_eq!(Angle::atan2(-y, -x), HALF + angle);
    }

    #[test]
    fn a_direction_is_the_same_in_radians_and_turns(y in world(), x in world()) {
        // Half a unit of an angle is 3.2 steps of radians.
        let turn = i128::from(2 * pi_fix().to_bits());
        let units = Angle::atan2(y, x).0.cast_signed();
        let in_turns = (i128::from(units) * turn) >> 32;
        let apart = (i128::from(y.atan2(x).to_bits()) - in_turns).rem_euclid(turn);
        prop_assert!(apart.min(turn - apart) <= 6, "{apart}");
    }
}

/// π in steps, rounded.
fn pi_fix() -> Fix {
    Fix::from_bits(13_493_037_705)
}

fn pi_fix32() -> Fix32 {
    Fix32::from_bits(205_887)
}

macro_rules! identities {
    ($module:ident, $scalar:ident, $bits:ty, $pi:expr) => {
        mod $module {
            use super::*;

            const WIDTH: u32 = <$bits>::BITS;
            const FRACTION: u32 = $scalar::FRACTION_BITS;

            /// Of every magnitude alike, but for the lowest number, which has no counterpart.
            fn any_number() -> impl Strategy<Value = $scalar> {
                (any::<$bits>(), 0..WIDTH)
                    .prop_map(|(bits, shift)| $scalar::from_bits((bits >> shift).max(-<$bits>::MAX)))
            }

            /// Between two fractions in hundredths.
            fn between(low: i16, high: i16) -> impl Strategy<Value = $scalar> {
                let hundredths = |number: i16| $scalar::ratio(number.into(), 100).to_bits();
                (hundredths(low)..=hundredths(high)).prop_map($scalar::from_bits)
            }

            fn apart(a: $scalar, b: $scalar) -> u64 {
                a.to_bits().abs_diff(b.to_bits()).into()
            }

            fn is_end(number: $scalar) -> bool {
                [$scalar::MIN, $scalar::MAX].contains(&number)
            }

            proptest! {
                #[test]
                fn mirrored(x in any_number()) {
                    prop_assert_eq!((-x).sin(), -x.sin());
                    prop_assert_eq!((-x).cos(), x.cos());
                    prop_assert!((-x).tan() == -x.tan() || is_end(x.tan()));
                    prop_assert_eq!((-x).asin(), -x.asin());
                    prop_assert!(apart((-x).acos(), $pi - x.acos()) <= 3);
                }

                #[test]
                fn squares_of_sine_and_cosine(x in any_number()) {
                    let (sin, cos) = (x.sin(), x.cos());
                    prop_assert!(apart(sin * sin + cos * cos, $scalar::ONE) <= 4);
                }

                #[test]
                fn tangent_is_a_quotient(x in between(-130, 130)) {
                    prop_assert!(apart(x.tan(), x.sin() / x.cos()) <= 20);
                }

                #[test]
                fn there_and_back(x in between(-100, 100)) {
                    prop_assert!(apart(x.asin().sin(), x) <= 2);
                    prop_assert!(apart(x.acos().cos(), x) <= 2);
                    prop_assert!(apart(x.asin() + x.acos(), $pi / $scalar::int(2)) <= 3);
                }

                #[test]
                fn back_and_there(x in between(20, 140)) {
                    // Sine flattens towards its top, and so does cosine: six times at most here.
                    prop_assert!(apart(x.sin().asin(), x) <= 8);
                    prop_assert!(apart(x.cos().acos(), x) <= 8);
                }

                #[test]
                fn a_direction_is_found_again(x in between(-314, 314)) {
                    prop_assert!(apart(x.sin().atan2(x.cos()), x) <= 3);
                }

                #[test]
                fn directions(y in any_number(), x in any_number()) {
                    prop_assert!(y.atan2(x).abs() <= $pi);
                    prop_assert!((-y).atan2(x) == -y.atan2(x) || y == $scalar::ZERO);
                    if x > $scalar::ZERO && y > $scalar::ZERO {
                        prop_assert!(apart(x.atan2(y) + y.atan2(x), $pi / $scalar::int(2)) <= 3);
                    }
                }

                #[test]
                fn hypotenuses(a in any_number(), b in any_number()) {
                    let c = a.hypot(b);
                    prop_assert_eq!(b.hypot(a), c);
                    prop_assert_eq!((-a).hypot(b), c);
                    prop_assert!(c >= a.abs().max(b.abs()) && c <= a.abs() + b.abs());
                    prop_assert_eq!(a.hypot($scalar::ZERO), a.abs());
                }

                #[test]
                fn roots(x in between(5, 32_000)) {
                    let (root, inverse) = (x.sqrt(), x.rsqrt());
                    // (r ± 1/2)^2 is r^2 ± r.
                    prop_assert!(apart(root * root, x) <= 2 + u64::from(root.floor_int().unsigned_abs()));
                    // Half a step of either, times the other, which is at most 18.
                    prop_assert!(apart(root * inverse, $scalar::ONE) <= 12);
                    prop_assert!(apart(x.hypot($scalar::ZERO), x) == 0);
                }

                #[test]
                fn a_whole_exponent_more_is_a_shift(x in between(-800, 400), whole in 0_u8..8) {
                    let more = (x + $scalar::int(whole.into())).exp2();
                    let shifted = $scalar::from_bits(x.exp2().to_bits() << whole);
                    prop_assert!(apart(more, shifted) <= (1 << whole) + 1);
                }

                #[test]
                fn logarithm_undoes_power(x in between(-400, 1_300)) {
                    // A step of a small power is 1.45 · 2^-x steps of its logarithm.
                    let magnified = 3_u64 << (-x.floor_int()).max(0);
                    prop_assert!(apart(x.exp2().log2(), x) <= magnified + 1);
                }

                #[test]
                fn power_undoes_logarithm(x in between(1, 32_000)) {
                    let magnified = u64::from(x.floor_int().unsigned_abs());
                    prop_assert!(apart(x.log2().exp2(), x) <= magnified + 2);
                }

                #[test]
                fn powers(x in any_number(), small in between(1, 1_000)) {
                    prop_assume!(x > $scalar::ZERO);
                    let two = $scalar::int(2);
                    prop_assert_eq!(x.pow($scalar::ZERO), $scalar::ONE);
                    prop_assert_eq!(x.pow($scalar::ONE), x);
                    prop_assert_eq!($scalar::ONE.pow(x), $scalar::ONE);
                    prop_assert!(apart(x.pow(two), x * x) <= 1);
                    prop_assert!(apart(x.pow(-$scalar::ONE), $scalar::ONE / x) <= 1);
                    prop_assert!(apart(x.pow($scalar::ratio(1, 2)), x.sqrt()) <= 1);
                    prop_assert!(apart(x.pow($scalar::ratio(-1, 2)), x.rsqrt()) <= 1);
                    prop_assert!(apart(two.pow(small), small.exp2()) <= 2);
                }
            }

            #[test]
            fn powers_of_two_are_exact() {
                for bit in 0..WIDTH - 1 {
                    let power = $scalar::from_bits(1 << bit);
                    let log2 = i16::try_from(bit.cast_signed() - FRACTION.cast_signed()).unwrap();
                    let log2 = $scalar::int(log2.into());
                    assert_eq!(power.log2(), log2);
                    assert_eq!(log2.exp2(), power);
                }
            }
        }
    };
}

identities!(world_scalar, Fix, i64, pi_fix());
identities!(small_scalar, Fix32, i32, pi_fix32());
