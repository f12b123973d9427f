//! What the functions of `phalanx_engine::math` have to do with one another.
//!
//! How near each is to the exact result says the test `accuracy`. The tolerances here follow from
//! its promises: a function is off by a step, and what is done with its result magnifies that.

use phalanx_engine::Angle;
use proptest::prelude::*;

const QUARTER: Angle = Angle(1 << 30);
const HALF: Angle = Angle(1 << 31);

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
}
