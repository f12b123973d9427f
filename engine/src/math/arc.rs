//! Inverse trigonometry: the angle of a vector, arc sine and arc cosine.
//!
//! One function turns the ratio of two magnitudes into a phase (2⁻⁶⁴ of a turn) of at most an eighth
//! of a turn; quadrants and signs are mirrored from there, exactly. Around the nearest of 65 points
//! it is Taylor's series of the arc tangent. Which quadrant comes next no processor can foresee, so
//! it is selected, never branched to.

use core::hint::select_unpredictable as select;

use super::{Angle, Fix, Fix32, exact};

/// An eighth of a turn, as a phase.
const EIGHTH: u64 = 1 << 61;

impl Angle {
    /// The direction of the vector (x, y), counted from x towards y; within 0.51 units of 2⁻³² of a
    /// turn. Zero for the zero vector.
    ///
    /// Mirrored and quarter-turned vectors have exactly mirrored and turned directions.
    ///
    /// ```
    /// use phalanx_engine::{Angle, Fix};
    /// assert_eq!(Angle::atan2(Fix::int(3), Fix::int(-3)), Angle::turns(3, 8));
    /// ```
    #[must_use]
    #[inline]
    pub fn atan2(y: Fix, x: Fix) -> Self {
        let (up, right) = (y.to_bits().unsigned_abs(), x.to_bits().unsigned_abs());
        // Rounded before it is mirrored, so that ties cannot break the symmetry.
        let units = eighth(up.min(right), up.max(right)).wrapping_add(1 << 31) >> 32;
        let units = select(up > right, (1_u64 << 30).wrapping_sub(units), units);
        let units = select(x < Fix::ZERO, (1_u64 << 31).wrapping_sub(units), units);
        #[expect(clippy::cast_possible_truncation, reason = "at most half a turn")]
        let units = units as u32;
        Self(select(y < Fix::ZERO, units.wrapping_neg(), units))
    }
}

impl Fix {
    /// The direction of the vector (x, self) in radians, from -π to π, within 0.54 steps of the exact
    /// value. Zero for the zero vector.
    ///
    /// ```
    /// use phalanx_engine::Fix;
    /// assert_eq!(format!("{:.9}", Fix::ONE.atan2(Fix::ZERO)), "1.570796327");
    /// ```
    #[must_use]
    #[inline]
    pub fn atan2(self, x: Self) -> Self {
        let (up, right) = (self.to_bits().unsigned_abs(), x.to_bits().unsigned_abs());
        radians(half_turn(up, right, x < Self::ZERO)).negated_if(self < Self::ZERO)
    }

    /// Arc sine in radians, from -π/2 to π/2, within 0.6 steps of the exact value. Of numbers beyond ±1
    /// it is that of ±1.
    #[must_use]
    pub fn asin(self) -> Self {
        let (sine, cosine) = self.legs();
        radians(half_turn(sine, cosine, false)).negated_if(self < Self::ZERO)
    }

    /// Arc cosine in radians, from 0 to π, within 0.6 steps of the exact value. Of numbers beyond
    /// ±1 it is that of ±1.
    #[must_use]
    pub fn acos(self) -> Self {
        let (sine, cosine) = self.legs();
        radians(half_turn(cosine, sine, self < Self::ZERO))
    }

    /// The magnitude as one leg of a right triangle of hypotenuse 1, and the other leg, in Q47.
    fn legs(self) -> (u64, u64) {
        let one = Self::ONE.to_bits().cast_unsigned();
        let leg = self.to_bits().unsigned_abs().min(one);
        // 1 - x² = (1 - x)(1 + x)
        (leg << 15, exact::sqrt_product(one - leg, one + leg, 15))
    }
}

impl Fix32 {
    /// The direction of the vector (x, self) in radians, from -π to π. Zero for the zero vector.
    #[must_use]
    pub fn atan2(self, x: Self) -> Self {
        Fix::from(self).atan2(x.into()).saturating_to_fix32()
    }

    /// Arc sine in radians, from -π/2 to π/2. Of numbers beyond ±1 it is that of ±1.
    #[must_use]
    pub fn asin(self) -> Self {
        Fix::from(self).asin().saturating_to_fix32()
    }

    /// Arc cosine in radians, from 0 to π. Of numbers beyond ±1 it is that of ±1.
    #[must_use]
    pub fn acos(self) -> Self {
        Fix::from(self).acos().saturating_to_fix32()
    }
}

/// The phase of the vector (right, up), or, if it points to the `left`, (-right, up).
#[inline]
fn half_turn(up: u64, right: u64, left: bool) -> u64 {
    let phase = eighth(up.min(right), up.max(right));
    let phase = select(up > right, (2 * EIGHTH).wrapping_sub(phase), phase);
    select(left, (4 * EIGHTH).wrapping_sub(phase), phase)
}

/// A phase of at most half a turn in radians.
#[inline]
pub(super) const fn radians(phase: u64) -> Fix {
    /// 2π in Q61.
    const TAU: u64 = 14_488_038_916_154_245_685;
    let q61 = ((phase as u128 * TAU as u128) >> 64) as u64;
    Fix::from_bits((q61.wrapping_add(1 << 28) >> 29).cast_signed())
}

/// Points of the table: one, and so many more up to a ratio of one.
const POINTS: u32 = 64;

/// The arc tangent around each point.
static ARCS: [Arc; crate::index::at(POINTS + 1)] = arcs();

/// At a point, the value in units of 2⁻⁶⁴ of a turn, and the factors of the distance's first four
/// powers, in Q34 of a turn.
#[derive(Clone, Copy)]
struct Arc {
    value: i64,
    factors: [i64; 4],
}

/// The phase of `atan(small / large)`, at most an eighth of a turn; 0 of 0 / 0.
#[inline]
fn eighth(small: u64, large: u64) -> u64 {
    if small == 0 {
        return 0;
    }
    let ratio = exact::ratio(small, large).cast_signed();
    // The nearest point, and the distance from it in Q38: at most 2⁻⁷.
    // No step can overflow: a number in Qn below 2^m has n + m bits. `wrapping` spares the checks.
    let point = ratio.wrapping_add(1 << 37) >> 38;
    let x = ratio.wrapping_sub(point << 38).wrapping_add(1 << 5) >> 6;
    let Arc { value, factors } = &ARCS[crate::index::at(point as u32)];
    // The next term, with x⁵, is below 2⁻⁴⁰ of a turn.
    let sum = factors[2].wrapping_add(factors[3].wrapping_mul(x) >> 38);
    let sum = factors[1].wrapping_add(sum.wrapping_mul(x) >> 38);
    let sum = factors[0].wrapping_add(sum.wrapping_mul(x) >> 38);
    // Q34 · Q38 of a turn, in 2⁻⁶⁴.
    value.wrapping_add(sum.wrapping_mul(x) >> 8).cast_unsigned()
}

const fn arcs() -> [Arc; ARCS.len()] {
    /// 1 / 2π in Q64.
    const TURNS: i128 = 0x28be_60db_9391_054a;
    let mut table = [Arc {
        value: 0,
        factors: [0; 4],
    }; ARCS.len()];
    let (mut radians, mut point) = (0_i128, 0);
    while point <= POINTS {
        // With c = point / 64 and u = 1 / (1 + c²), in Q40, the factors are u, -c·u²,
        // (c² - 1/3)·u³ and c·(1 - c²)·u⁴.
        let one = 1_i128 << 40;
        let c = (point as i128) << 34;
        let cc = (c * c) >> 40;
        let u = (one << 40) / (one + cc);
        let uu = (u * u) >> 40;
        let factors = [
            u,
            -((c * uu) >> 40),
            ((cc - one / 3) * ((uu * u) >> 40)) >> 40,
            ((c * ((((one - cc) * uu) >> 40) * uu)) >> 40) >> 40,
        ];
        let mut power = 0;
        while power < factors.len() {
            // Q40 · Q64 to Q34.
            table[crate::index::at(point)].factors[power] =
                ((factors[power] * TURNS + (1 << 69)) >> 70) as i64;
            power += 1;
        }
        // Radians in Q100, to 2⁻⁶⁴ of a turn.
        table[crate::index::at(point)].value = (((radians >> 36) * TURNS) >> 64) as i64;
        radians += small_arc(64, 4096 + point as i128 * (point as i128 + 1));
        point += 1;
    }
    table
}

/// `atan(numerator / denominator)` in Q100, by its series around zero; for ratios of at most 1/64.
/// From one point of the table to the next it is `atan(64 / (64² + i·(i + 1)))`, by the tangent of
/// a difference.
const fn small_arc(numerator: i128, denominator: i128) -> i128 {
    let mut power = (numerator << 100) / denominator;
    let (mut sum, mut degree) = (0, 1);
    while power != 0 {
        sum += power / degree;
        power = -power * numerator / denominator * numerator / denominator;
        degree += 2;
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_axes_and_diagonals_are_exact() {
        let one = Fix::ONE;
        let zero = Fix::ZERO;
        let around = [
            (zero, one),
            (one, one),
            (one, zero),
            (one, -one),
            (zero, -one),
        ];
        for (eighth, (y, x)) in (0..).zip(around) {
            assert_eq!(Angle::atan2(y, x), Angle::turns(eighth, 8));
            assert_eq!(Angle::atan2(-y, x), -Angle::turns(eighth, 8));
        }
        assert_eq!(Angle::atan2(zero, zero), Angle(0));
        assert_eq!(Angle::atan2(Fix::MIN, Fix::MIN), Angle::turns(5, 8));
        assert_eq!(zero.atan2(zero), zero);
        assert_eq!((-one).atan2(-one).to_bits(), -10_119_778_278);
    }

    #[test]
    fn arcs_of_numbers_out_of_range_are_those_of_one() {
        assert_eq!(Fix::MAX.asin(), Fix::ONE.atan2(Fix::ZERO));
        assert_eq!(Fix::MIN.asin(), -Fix::MAX.asin());
        assert_eq!((Fix::MAX.acos(), Fix::ONE.acos()), (Fix::ZERO, Fix::ZERO));
        assert_eq!(Fix::MIN.acos(), Fix::ZERO.atan2(-Fix::ONE));
        assert_eq!(
            (Fix::ZERO.asin(), Fix32::MIN.acos()),
            (Fix::ZERO, Fix32::ZERO.atan2(-Fix32::ONE))
        );
    }

    proptest! {
        #[test]
        fn a_mirrored_or_turned_vector_has_the_mirrored_or_turned_direction(
            y: i64, x: i64, shift in 0..64_u32,
        ) {
            let (y, x) = (Fix::from_bits(y.max(-i64::MAX) >> shift), Fix::from_bits(x.max(-i64::MAX)));
            prop_assume!(x != Fix::ZERO && y != Fix::ZERO);
            let angle = Angle::atan2(y, x);
            prop_assert_eq!(Angle::atan2(-y, x), -angle);
            prop_assert_eq!(Angle::atan2(y, -x), Angle::turns(1, 2) - angle);
            prop_assert_eq!(Angle::atan2(x, -y), angle + Angle::turns(1, 4));
            prop_assert_eq!(Angle::atan2(x, y), Angle::turns(1, 4) - angle);
            prop_assert_eq!((-y).atan2(x), -y.atan2(x));
        }
    }
}
