//! [`Angle`], a binary fraction of a turn.

use core::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

use super::Fix;
use crate::State;
use crate::input::Bits;

/// An angle in units of 2⁻³² of a turn. Addition wraps, as turning does, and reduction to one turn
/// costs nothing.
///
/// ```
/// use phalanx_engine::{Angle, Fix};
/// assert_eq!(Angle::turns(1, 4).sin(), Fix::ONE);
/// assert_eq!(Angle::turns(1, 2).cos(), -Fix::ONE);
/// assert_eq!(Angle::turns(3, 4) + Angle::turns(1, 2), Angle::turns(1, 4));
/// ```
#[derive(
    State,
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    bytemuck::Pod,
    bytemuck::Zeroable,
)]
#[repr(transparent)]
#[state(bytes)]
pub struct Angle(pub u32);

impl Angle {
    /// The fraction `numerator / denominator` of a turn, rounded down. 0 if the denominator is.
    #[must_use]
    pub const fn turns(numerator: u32, denominator: u32) -> Self {
        if denominator == 0 {
            return Self(0);
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole turns are nothing")]
        let units = (((numerator as u64) << 32) / denominator as u64) as u32;
        Self(units)
    }

    /// So many degrees, to the nearest unit.
    #[must_use]
    pub const fn degrees(degrees: i32) -> Self {
        let (degrees, negative) = (degrees.unsigned_abs() % 360, degrees < 0);
        #[expect(clippy::cast_possible_truncation, reason = "less than a turn")]
        let units = ((((degrees as u64) << 33) / 360 + 1) >> 1) as u32;
        Self(if negative {
            units.wrapping_neg()
        } else {
            units
        })
    }

    /// So many radians, within 0.51 units; whole turns are nothing.
    #[must_use]
    pub const fn from_radians(radians: Fix) -> Self {
        let phase = super::trig::phase(radians.to_bits().unsigned_abs());
        let units = (phase.wrapping_add(1 << 31) >> 32) as u32;
        Self(if radians.to_bits() < 0 {
            units.wrapping_neg()
        } else {
            units
        })
    }

    /// The angle in radians, from -π (half a turn) to π, within 0.51 steps.
    #[must_use]
    pub const fn to_radians(self) -> Fix {
        let magnitude = (self.signed().unsigned_abs() as u64) << 32;
        super::arc::radians(magnitude).negated_if(self.signed() < 0)
    }

    /// The angle as a turn one way or the other, from half a turn back (the lowest number) to almost
    /// half a turn forth, in units of 2⁻³² of a turn.
    ///
    /// `(to - from).signed()` is the short way from one direction to another.
    #[must_use]
    pub const fn signed(self) -> i32 {
        self.0.cast_signed()
    }

    /// This angle turned the short way towards `target`, by at most `step`: it arrives exactly. From the
    /// opposite direction it turns back, against the count. A step is taken forwards whatever it is;
    /// one of half a turn or more always arrives.
    #[must_use]
    pub const fn turned_towards(self, target: Self, step: Self) -> Self {
        let way = target.0.wrapping_sub(self.0).cast_signed();
        if way.unsigned_abs() <= step.0 {
            target
        } else if way < 0 {
            Self(self.0.wrapping_sub(step.0))
        } else {
            Self(self.0.wrapping_add(step.0))
        }
    }
}

impl Add for Angle {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}

impl Sub for Angle {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }
}

impl Neg for Angle {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.wrapping_neg())
    }
}

impl AddAssign for Angle {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Angle {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Bits for Angle {
    const BITS: u32 = u32::BITS;
    fn to_bits(self) -> u64 {
        self.0.into()
    }
    fn from_bits(bits: u64) -> Self {
        Self(Bits::from_bits(bits))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn degrees_and_radians() {
        assert_eq!(Angle::degrees(90), Angle::turns(1, 4));
        assert_eq!(Angle::degrees(-45), Angle::turns(7, 8));
        assert_eq!(Angle::degrees(i32::MIN), -Angle::degrees(128));
        assert_eq!(Angle::degrees(1).0, 11_930_465);
        assert_eq!(Angle::turns(1, 2).to_radians(), -Fix::ZERO.atan2(-Fix::ONE));
        assert_eq!(
            Angle::from_radians(Fix::int(-1)),
            -Angle::from_radians(Fix::ONE)
        );
        assert_eq!(Angle::from_radians(Fix::ONE).0, 683_565_276);
    }

    #[test]
    fn turning_arrives() {
        let (north, west) = (Angle::degrees(90), Angle::degrees(180));
        assert_eq!(
            north.turned_towards(west, Angle::degrees(60)),
            Angle::degrees(150)
        );
        assert_eq!(north.turned_towards(west, Angle::degrees(91)), west);
        assert_eq!(
            north.turned_towards(Angle(0), Angle::degrees(1)),
            Angle::degrees(89)
        );
        assert_eq!(
            north.turned_towards(-north, Angle::degrees(30)),
            Angle::degrees(60)
        );
        assert_eq!(north.turned_towards(-north, -Angle::degrees(1)), -north);
    }

    proptest! {
        #[test]
        fn radians_and_back(units: u32) {
            // A unit is 6.3 steps of a radian, so the way back finds it.
            prop_assert_eq!(Angle::from_radians(Angle(units).to_radians()), Angle(units));
        }
    }
}
