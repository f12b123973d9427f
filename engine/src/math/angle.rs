//! [`Angle`], a binary fraction of a turn.

use core::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

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
    State, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
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
