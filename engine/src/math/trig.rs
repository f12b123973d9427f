//! Sine, cosine and tangent, of angles and of radians.
//!
//! A **phase** is a binary fraction of a turn in 64 bits. It is folded into the first quarter of the
//! turn, where a table holds the sine at 257 points, and the sum formulas with the first terms of
//! Taylor's series go from the nearest point to the phase ("table lookup with residual", Tang
//! 1991). Folding and series treat the phase and its mirror images alike, so that a mirrored or
//! quarter-turned world plays the same, to the last bit.

#![expect(
    clippy::cast_possible_truncation,
    reason = "each is in range, or the lower bits are what is wanted"
)]

use super::{Angle, Fix, Fix32};

/// A quarter of a turn, as a phase.
const QUARTER: u64 = 1 << 62;

/// Points of the table per quarter of a turn, and their distance as a power of two of the phase.
const POINTS: u32 = 256;
const SPACING: u32 = 54;

/// The sine at each point of the quarter turn, in Q60. At the mirrored place stands the cosine.
static SINES: [i64; crate::index::at(POINTS + 1)] = sines();

/// 2π in Q60.
const TAU: i64 = 7_244_019_458_077_122_842;

impl Angle {
    /// Sine and cosine, within 0.54 steps of the exact value.
    ///
    /// Mirroring and quarter turns give exactly the mirrored and turned result.
    #[must_use]
    #[inline]
    pub const fn sin_cos(self) -> (Fix, Fix) {
        sin_cos(self.phase())
    }

    /// Sine, within 0.54 steps of the exact value.
    #[must_use]
    #[inline]
    pub const fn sin(self) -> Fix {
        self.sin_cos().0
    }

    /// Cosine, within 0.54 steps of the exact value.
    #[must_use]
    #[inline]
    pub const fn cos(self) -> Fix {
        self.sin_cos().1
    }

    /// Tangent. [`Fix::MAX`] at a quarter turn, [`Fix::MIN`] at three quarters.
    #[must_use]
    pub const fn tan(self) -> Fix {
        tan((self.0 as u128) << 96, false)
    }

    pub(super) const fn phase(self) -> u64 {
        (self.0 as u64) << 32
    }
}

impl Fix {
    /// Sine and cosine of so many radians, within 0.54 steps of the exact value.
    #[must_use]
    #[inline]
    pub const fn sin_cos(self) -> (Self, Self) {
        // Of the magnitude, so that sine is odd and cosine even to the last bit.
        let (sin, cos) = sin_cos(phase(self.to_bits().unsigned_abs()));
        (
            Self::from_bits(negated_if(sin.to_bits(), self.to_bits())),
            cos,
        )
    }

    /// Sine of so many radians, within 0.54 steps of the exact value.
    #[must_use]
    #[inline]
    pub const fn sin(self) -> Self {
        self.sin_cos().0
    }

    /// Cosine of so many radians, within 0.54 steps of the exact value.
    #[must_use]
    #[inline]
    pub const fn cos(self) -> Self {
        self.sin_cos().1
    }

    /// Tangent of so many radians, saturated.
    #[must_use]
    pub const fn tan(self) -> Self {
        // 2¹²⁸ · 2⁻³² / 2π, in three digits of 2⁶⁴: near a pole every bit of the phase counts.
        const HIGH: u128 = 0x28be_60db;
        const MIDDLE: u128 = 0x9391_054a_7f09_d5f4;
        const LOW: u128 = 0x7d4d_3770_36d8_a566;
        let magnitude = self.to_bits().unsigned_abs() as u128;
        let phase = ((magnitude * HIGH) << 64)
            .wrapping_add(magnitude * MIDDLE)
            .wrapping_add((magnitude * LOW) >> 64);
        tan(phase, self.to_bits() < 0)
    }

    pub(super) const fn negated_if(self, negative: bool) -> Self {
        // Only of numbers within ±MAX.
        if negative {
            Self::from_bits(self.to_bits().wrapping_neg())
        } else {
            self
        }
    }
}

impl Fix32 {
    /// Sine and cosine of so many radians, within 0.55 steps of the exact value.
    #[must_use]
    #[inline]
    pub const fn sin_cos(self) -> (Self, Self) {
        (self.sin(), self.cos())
    }

    /// Sine of so many radians, within 0.55 steps of the exact value.
    #[must_use]
    #[inline]
    pub const fn sin(self) -> Self {
        let phase = short_phase(self.to_bits().unsigned_abs());
        // The sine is odd: another half turn turns its sign.
        short_sine(phase.wrapping_add((self.to_bits() as u32) & (1 << 31)))
    }

    /// Cosine of so many radians, within 0.55 steps of the exact value.
    #[must_use]
    #[inline]
    pub const fn cos(self) -> Self {
        short_sine(short_phase(self.to_bits().unsigned_abs()).wrapping_add(1 << 30))
    }

    /// Tangent of so many radians, saturated.
    #[must_use]
    pub fn tan(self) -> Self {
        Fix::from(self).tan().saturating_to_fix32()
    }
}

/// The phase of `bits` steps of a radian.
#[inline]
pub(super) const fn phase(bits: u64) -> u64 {
    // 2⁶⁴ · 2⁻³² / 2π, in front of the point and behind it: so the phase of every number is
    // off by less than two units.
    const WHOLE: u64 = 0x28be_60db;
    const FRACTION: u64 = 0x9391_054a_7f09_d5f4;
    bits.wrapping_mul(WHOLE)
        .wrapping_add(high_product(bits, FRACTION))
}

/// Sine and cosine of a phase.
#[inline]
const fn sin_cos(phase: u64) -> (Fix, Fix) {
    // The distance from the nearest of 0 and a half turn: odd quarters are walked backwards, and
    // only their signs differ from the first.
    let folded = ((phase << 1).cast_signed() >> 1).unsigned_abs();
    // The nearest point; of two equally near ones that towards the middle, so that a phase and
    // its mirror image in the quarter take mirrored points.
    let half = (1_u64 << (SPACING - 1)).wrapping_sub(folded >> 61);
    let point = folded.wrapping_add(half) >> SPACING;
    let offset = folded.wrapping_sub(point << SPACING).cast_signed();
    let point = point as u32;
    let sine = SINES[crate::index::at(point)];
    let cosine = SINES[crate::index::at(POINTS.wrapping_sub(point))];

    // The distance from the point in radians in Q39 (x < 2⁻⁸ · 0.8), less a sixth of its cube; and
    // half its square in Q46. The next term, x⁴ / 24, is below 2⁻³⁷. What is cut off is cut off
    // from positive numbers, so on both sides of the point alike.
    //
    // No step can overflow: a number in Qn below 2^m has n + m bits. `wrapping` spares the checks.
    let x = (offset.wrapping_abs() >> 22).wrapping_mul(TAU >> 32) >> 31;
    let half_square = x.wrapping_mul(x) >> 33;
    let shrink = (1_i64 << 32).wrapping_sub(half_square.wrapping_mul(0x5555_5555) >> 46);
    let x = x.wrapping_mul(shrink) >> 32;

    let (sine_q30, cosine_q30) = (sine >> 30, cosine >> 30);
    let sin = sine
        .wrapping_add(negated_if(cosine_q30.wrapping_mul(x) >> 9, offset))
        .wrapping_sub(sine_q30.wrapping_mul(half_square) >> 16);
    let cos = cosine
        .wrapping_sub(negated_if(sine_q30.wrapping_mul(x) >> 9, offset))
        .wrapping_sub(cosine_q30.wrapping_mul(half_square) >> 16);
    // The second half turn is below the axis, the second and third quarters are left of it.
    let (below, left) = (phase, phase.wrapping_add(QUARTER));
    (
        Fix::from_bits(negated_if(from_q60(sin), below.cast_signed())),
        Fix::from_bits(negated_if(from_q60(cos), left.cast_signed())),
    )
}

/// The number, with its sign turned if the other is negative. Without a branch: signs of phases
/// are as good as random.
#[inline]
const fn negated_if(number: i64, other: i64) -> i64 {
    let mask = other >> 63;
    (number ^ mask).wrapping_sub(mask)
}

/// In Q32, to the nearest.
#[inline]
const fn from_q60(number: i64) -> i64 {
    number.wrapping_add(1 << 27) >> 28
}

/// The upper half of the product.
#[inline]
const fn high_product(a: u64, b: u64) -> u64 {
    ((a as u128 * b as u128) >> 64) as u64
}

/// The tangent of a phase in 128 bits: a half turn further it repeats, a quarter turn further it is
/// the cotangent. Negated or not, saturated. Sine and cosine are Taylor's series, and the relative
/// error below 2⁻⁶¹.
const fn tan(phase: u128, negated: bool) -> Fix {
    const QUARTER: u128 = 1 << 126;
    let within = phase & (QUARTER - 1);
    let rising = (phase >> 126) & 1 == 0;
    let folded = if rising { within } else { QUARTER - within };
    if folded == QUARTER {
        return Fix::end((phase == QUARTER) == negated);
    }
    if folded == 0 {
        return Fix::ZERO;
    }
    let steep = folded > QUARTER / 2;
    // In quarter turns in Q126; its 64 first bits that count, and where they stand.
    let x = if steep { QUARTER - folded } else { folded };
    let zeros = x.leading_zeros();
    let digits = ((x << zeros) >> 64) as u64;
    let square = high_product((x >> 62) as u64, (x >> 62) as u64);
    let (sine, cosine) = (series(square, &SINE_SERIES), series(square, &COSINE_SERIES));
    let magnitude = if steep {
        let quotient = ((cosine as u128) << 64) / high_product(digits, sine) as u128;
        if zeros > 33 {
            u128::MAX
        } else {
            shifted(quotient, 34 - zeros)
        }
    } else {
        shifted(digits as u128 * sine as u128 / cosine as u128, 30 + zeros)
    };
    let negative = rising == negated;
    if magnitude > i64::MAX as u128 {
        return Fix::end(negative);
    }
    Fix::from_bits((magnitude as u64).cast_signed()).negated_if(negative)
}

/// `number / 2^shift`, to the nearest, for numbers below 2¹²⁷.
const fn shifted(number: u128, shift: u32) -> u128 {
    if shift > 127 {
        0
    } else {
        (number + (1 << (shift - 1))) >> shift
    }
}

/// Alternating series in `square` (Q64), with terms in Q62.
const fn series(square: u64, terms: &[u64; 10]) -> u64 {
    let mut index = terms.len() - 1;
    let mut sum = terms[index];
    while index > 0 {
        index -= 1;
        sum = terms[index] - high_product(square, sum);
    }
    sum
}

/// `sin(π/2 · x) / x` and `cos(π/2 · x)` as series in x², in Q62.
const SINE_SERIES: [u64; 10] = taylor(HALF_PI, 1);
const COSINE_SERIES: [u64; 10] = taylor(1 << 62, 0);

/// π/2 in Q62.
const HALF_PI: u64 = 7_244_019_458_077_122_842;

/// The terms of sine (`first` = 1) or cosine (0) of `π/2 · x`, without their signs.
const fn taylor(mut term: u64, first: u32) -> [u64; 10] {
    let square = high_product(HALF_PI, HALF_PI) as u128;
    let (mut terms, mut index, mut degree) = ([0; 10], 0, first);
    while index < terms.len() {
        terms[index] = term;
        degree += 2;
        // Q62 · Q60 / 2⁶⁰
        term = ((term as u128 * square) >> 60) as u64 / (degree as u64 * (degree as u64 - 1));
        index += 1;
    }
    terms
}

/// The sine at the points of the quarter turn, in Q60.
const fn sines() -> [i64; SINES.len()] {
    let mut table = [0; SINES.len()];
    let mut point = 0;
    while point <= POINTS / 2 {
        // In quarter turns in Q64, at most a half.
        let x = (point as u64) << 56;
        let square = high_product(x, x);
        let sine = high_product(x, series(square, &SINE_SERIES));
        let cosine = series(square, &COSINE_SERIES);
        table[crate::index::at(point)] = ((sine + 2) >> 2).cast_signed();
        table[crate::index::at(POINTS - point)] = ((cosine + 2) >> 2).cast_signed();
        point += 1;
    }
    table
}

/// The phase, in 2⁻³² of a turn, of `bits` steps of [`Fix32`].
#[inline]
const fn short_phase(bits: u32) -> u32 {
    // 2⁶⁴ · 2⁻¹⁶ / 2π. Of the product, whole turns run over; the rest is off by less than 2³⁰.
    const UNITS: u64 = 44_798_133_900_177;
    ((bits as u64).wrapping_mul(UNITS).wrapping_add(1 << 31) >> 32) as u32
}

/// The sine of a phase in 2⁻³² of a turn: a polynomial with the least greatest error (Remez 1934)
/// on the quarter turn, 0.04 steps, in products of 32-bit numbers only. So compilers make vectors
/// of it.
#[inline]
const fn short_sine(phase: u32) -> Fix32 {
    const TERMS: [u64; 4] = [1_686_624_005, 693_522_167, 85_291_978, 4_652_626];
    let within = phase & ((1 << 30) - 1);
    let rising = phase & (1 << 30) == 0;
    // In quarter turns in Q30.
    let x = (if rising {
        within
    } else {
        (1_u32 << 30).wrapping_sub(within)
    }) as u64;
    let square = x.wrapping_mul(x) >> 30;
    let sum = TERMS[2].wrapping_sub(square.wrapping_mul(TERMS[3]) >> 30);
    let sum = TERMS[1].wrapping_sub(square.wrapping_mul(sum) >> 30);
    let sum = TERMS[0].wrapping_sub(square.wrapping_mul(sum) >> 30);
    let sine = (x.wrapping_mul(sum).wrapping_add(1 << 43) >> 44) as i32;
    Fix32::from_bits(if phase >> 31 == 0 {
        sine
    } else {
        sine.wrapping_neg()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_axes_are_exact() {
        let one = Fix::ONE;
        for (turns, sin, cos) in [
            (0, Fix::ZERO, one),
            (1, one, Fix::ZERO),
            (2, Fix::ZERO, -one),
            (3, -one, Fix::ZERO),
        ] {
            assert_eq!(Angle::turns(turns, 4).sin_cos(), (sin, cos));
        }
    }

    #[test]
    fn known_values() {
        // sin 30° = 1/2; sin 45° = sqrt(1/2).
        // A twelfth of a turn is itself rounded, by up to 2π steps of sine.
        assert!((Angle::turns(1, 12).sin() - Fix::ratio(1, 2)).abs() <= Fix::from_bits(6));
        assert!((Angle::turns(1, 8).sin() - Fix::ratio(1, 2).sqrt()).abs() <= Fix::STEP);
    }

    #[test]
    #[expect(clippy::disallowed_types, reason = "an independent reference")]
    fn within_one_step_of_the_exact_value() {
        let mut worst = 0.0_f64;
        for index in 0..200_000_u32 {
            let angle = Angle(index.wrapping_mul(0x9e37_79b9));
            let radians = f64::from(angle.0) / 4_294_967_296.0 * core::f64::consts::TAU;
            let (sin, cos) = angle.sin_cos();
            let error =
                |number: Fix, exact: f64| (number.to_bits() as f64 - exact * 4_294_967_296.0).abs();
            worst = worst
                .max(error(sin, radians.sin()))
                .max(error(cos, radians.cos()));
        }
        assert!(worst <= 1.0, "{worst} steps");
    }

    #[test]
    fn tangents_at_the_poles_and_axes() {
        for (turns, tan) in [(0, Fix::ZERO), (1, Fix::MAX), (2, Fix::ZERO), (3, Fix::MIN)] {
            assert_eq!(Angle::turns(turns, 4).tan(), tan);
        }
        assert_eq!(Angle::turns(1, 8).tan(), Fix::ONE);
        assert_eq!(Angle::turns(3, 8).tan(), -Fix::ONE);
        // The number nearest to any pole, on either side.
        let nearest = Fix::from_bits(0x7FFF_FFFF_C287_B28E);
        assert_eq!((nearest.tan(), (-nearest).tan()), (Fix::MIN, Fix::MAX));
    }

    #[test]
    fn the_ends_of_the_range_have_values() {
        for number in [Fix::MIN, Fix::MAX, Fix::ZERO, Fix::STEP, -Fix::STEP] {
            let (sin, cos) = number.sin_cos();
            assert!((sin * sin + cos * cos - Fix::ONE).abs() <= Fix::from_bits(4));
            let _ = number.tan();
        }
        assert_eq!(Fix::STEP.sin(), Fix::STEP);
        assert_eq!(Fix::ZERO.cos(), Fix::ONE);
    }

    proptest! {
        #[test]
        fn a_quarter_turned_world_plays_the_same(units: u32, tie: u16) {
            // Also right between two points of the table.
            for units in [units, u32::from(tie) << 22 | 1 << 21] {
                let (sin, cos) = Angle(units).sin_cos();
                prop_assert_eq!((Angle(units) + Angle::turns(1, 4)).sin_cos(), (cos, -sin));
                prop_assert_eq!((Angle::turns(1, 4) - Angle(units)).sin_cos(), (cos, sin));
                prop_assert_eq!((Angle::turns(1, 2) - Angle(units)).sin_cos(), (sin, -cos));
            }
        }

        #[test]
        fn radians_mirror(bits: i64, short: i32) {
            let (sin, cos) = Fix::from_bits(bits).sin_cos();
            prop_assert_eq!(Fix::from_bits(bits.wrapping_neg()).cos(), cos);
            prop_assert!(bits == i64::MIN || Fix::from_bits(-bits).sin() == -sin);
            let (sin, cos) = Fix32::from_bits(short).sin_cos();
            prop_assert_eq!(Fix32::from_bits(short.wrapping_neg()).cos(), cos);
            prop_assert!(short == i32::MIN || Fix32::from_bits(-short).sin() == -sin);
        }

        #[test]
        fn sine_is_odd_and_cosine_even(units: u32) {
            let angle = Angle(units);
            prop_assert_eq!((-angle).sin(), -angle.sin());
            prop_assert_eq!((-angle).cos(), angle.cos());
        }

        #[test]
        fn squares_add_up_to_one(units: u32) {
            let (sin, cos) = Angle(units).sin_cos();
            prop_assert!((sin * sin + cos * cos - Fix::ONE).abs() <= Fix::from_bits(4));
        }
    }
}
