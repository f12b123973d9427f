//! Exponential, logarithm and power.
//!
//! Both functions look up a power of two, or a logarithm, near the argument and add the first terms
//! of Taylor's series for the rest (Tang 1989 and 1990). Inside they carry more bits than a result
//! shows, so that [`Fix::pow`], one after the other, still has them.

#![expect(
    clippy::cast_possible_truncation,
    reason = "each is in range, or the lower bits are what is wanted"
)]

use super::{Fix, Fix32};

/// Points per octave in the tables.
const POINTS: u32 = 64;

/// ln 2, and the part of 1 / ln 2 behind the point, in Q128.
const LN_2: u128 = 0xb172_17f7_d1cf_79ab_c9e3_b398_03f2_f6af;
const LOG2_E: u128 = 0x7154_7652_b82f_e177_7d0f_fda0_d23a_7d11;

impl Fix {
    /// `2^self`, saturated.
    ///
    /// ```
    /// use phalanx_engine::Fix;
    /// assert_eq!(Fix::int(10).exp2(), Fix::int(1024));
    /// assert_eq!(Fix::int(-1).exp2(), Fix::ratio(1, 2));
    /// ```
    #[must_use]
    pub const fn exp2(self) -> Self {
        exp2(self.to_bits() >> 32, (self.to_bits() << 32).cast_unsigned())
    }

    /// The logarithm to base 2. [`Fix::MIN`] for zero and negative numbers.
    #[must_use]
    pub const fn log2(self) -> Self {
        if self.to_bits() <= 0 {
            return Self::MIN;
        }
        // Halves are rounded up: none occurs, for a logarithm is whole or irrational.
        let log = log2(self.to_bits().cast_unsigned()) + (1 << 87);
        Self::from_bits((log >> 88) as i64)
    }

    /// `self^exponent`, saturated.
    ///
    /// `x^0` is 1, and a negative power of 0 is [`Fix::MAX`]. Negative numbers have whole powers only;
    /// the others are 0.
    ///
    /// ```
    /// use phalanx_engine::Fix;
    /// assert_eq!(Fix::int(9).pow(Fix::ratio(1, 2)), Fix::int(3));
    /// assert_eq!(Fix::int(-2).pow(Fix::int(3)), Fix::int(-8));
    /// ```
    #[must_use]
    pub const fn pow(self, exponent: Self) -> Self {
        let (base, exponent) = (self.to_bits(), exponent.to_bits());
        let is_whole = exponent << 32 == 0;
        let is_odd = (exponent >> 32) & 1 == 1;
        match (base, exponent) {
            (_, 0) => Self::ONE,
            (0, ..0) => Self::MAX,
            (0, _) => Self::ZERO,
            (..0, _) if !is_whole => Self::ZERO,
            _ => {
                // Q120 · Q32 / 2⁶⁴ is Q88.
                let log = times(log2(base.unsigned_abs()), exponent.unsigned_abs());
                let log = if exponent < 0 { -log } else { log } + (1 << 23);
                exp2((log >> 88) as i64, (log >> 24) as u64).negated_if(base < 0 && is_odd)
            }
        }
    }
}

impl Fix32 {
    /// `2^self`, saturated.
    #[must_use]
    pub fn exp2(self) -> Self {
        Fix::from(self).exp2().saturating_to_fix32()
    }

    /// The logarithm to base 2. [`Fix32::MIN`] for zero and negative numbers.
    #[must_use]
    pub fn log2(self) -> Self {
        Fix::from(self).log2().saturating_to_fix32()
    }

    /// `self^exponent`, saturated; special cases as in [`Fix::pow`].
    #[must_use]
    pub fn pow(self, exponent: Self) -> Self {
        Fix::from(self).pow(exponent.into()).saturating_to_fix32()
    }
}

/// `2^octave · 2^fraction`, with the fraction in Q64.
const fn exp2(octave: i64, fraction: u64) -> Fix {
    if octave > 30 {
        return Fix::MAX;
    }
    if octave < -33 {
        return Fix::ZERO;
    }
    // The nearest of 64 points of the octave, and the distance from it in Q70: at most 2⁻⁷. The
    // point after the last is the first of the next octave.
    let point = (fraction >> 57).div_ceil(2);
    let distance = fraction.wrapping_sub(point << 58).cast_signed() << 6;
    let octave = octave + (point / POINTS as u64).cast_signed();

    // 2^x - 1 = y · (1 + y/2! + y²/3! + …) with y = x · ln 2: y in Q70, the sum in Q62.
    let y = times(distance as i128, (LN_2 >> 64) as u64) as i64;
    let mut sum = EXP_TERMS[EXP_TERMS.len() - 1];
    let mut term = EXP_TERMS.len() - 1;
    while term > 0 {
        term -= 1;
        sum = EXP_TERMS[term] + (high_product(y, sum) >> 6);
    }
    let rest = high_product(y, sum) as i128;

    // (1 + root) · (1 + rest), in Q68.
    let root = ROOTS[crate::index::at((point % POINTS as u64) as u32)];
    let power = (1 << 68) + ((root as i128) << 4) + rest + times(rest, root);
    let shift = 36 - octave;
    let bits = (power + (1 << (shift - 1))) >> shift;
    Fix::from_bits(if bits > i64::MAX as i128 {
        i64::MAX
    } else {
        bits as i64
    })
}

/// `1 / (n + 1)!` in Q62.
const EXP_TERMS: [i64; 7] = {
    let (mut terms, mut n, mut factorial) = ([0; 7], 0, 1);
    while n < terms.len() {
        factorial *= n as i64 + 1;
        terms[n] = (1 << 62) / factorial;
        n += 1;
    }
    terms
};

/// What `2^(point / 64)` is above one, in Q64.
static ROOTS: [u64; crate::index::at(POINTS)] = {
    let (mut table, mut point) = ([0; ROOTS.len()], 0);
    while point < POINTS {
        // Taylor's series of the exponential function, in Q96.
        let x = (LN_2 / POINTS as u128) * point as u128;
        let (mut sum, mut term, mut degree) = (0, 1 << 96, 1);
        while term > 0 {
            term = times_wide(term, x) / degree;
            sum += term;
            degree += 1;
        }
        table[crate::index::at(point)] = ((sum + (1 << 31)) >> 32) as u64;
        point += 1;
    }
    table
};

/// The logarithm to base 2, in Q120, of so many steps of [`Fix`]; at least one.
const fn log2(bits: u64) -> i128 {
    // As a mantissa from 3/4 to 3/2, so that numbers around one have no octave to cancel.
    let zeros = bits.leading_zeros();
    let digits = bits << zeros;
    let is_lower = digits >> 62 == 0b10;
    let octave = if is_lower { 31 } else { 32 } - zeros as i128;
    // Times the nearest inverse of 9 bits that is one in all but 2⁻⁶ of it: exact, in Q73.
    let Inverse { inverse, log } = INVERSES[crate::index::at((digits >> 57) as u32 - POINTS)];
    let product = (digits as u128 * inverse as u128) << (is_lower as u32);
    let rest = product.cast_signed() - (1 << 73);

    // ln(1 + x) = x + x² · (-1/2 + x/3 - x²/4 + …): x in Q68, the sum in Q62. Near one the
    // logarithm is small, and then x is exact.
    let x = (rest >> 5) as i64;
    let mut sum = LOG_TERMS[LOG_TERMS.len() - 1];
    let mut term = LOG_TERMS.len() - 1;
    while term > 0 {
        term -= 1;
        sum = LOG_TERMS[term] - (high_product(x, sum) >> 4);
    }
    let square = (x as i128 * x as i128) >> 14;
    let natural = (rest << 47) - times(square, sum.cast_unsigned());
    natural + times_wide_signed(natural, LOG2_E) + log + (octave << 120)
}

/// `1 / (n + 2)` in Q62.
const LOG_TERMS: [i64; 11] = {
    let (mut terms, mut n) = ([0; 11], 0);
    while n < terms.len() {
        terms[n] = (1 << 62) / (n as i64 + 2);
        n += 1;
    }
    terms
};

/// An inverse in Q9, and the logarithm of what it is the inverse of, in Q120.
#[derive(Clone, Copy)]
struct Inverse {
    inverse: u16,
    log: i128,
}

/// For each 64th of an octave, of the mantissa from 3/4 to 3/2 that [`log2`] makes of it.
static INVERSES: [Inverse; crate::index::at(POINTS)] = {
    let (mut table, mut point) = ([Inverse { inverse: 0, log: 0 }; INVERSES.len()], 0);
    while point < POINTS {
        // Of the middle of its part, (64 + point + 1/2) / 64, or half of that.
        let one: u32 = if point < POINTS / 2 { 1 << 16 } else { 1 << 17 };
        let middle = 2 * (POINTS + point) + 1;
        let inverse = if point == 0 || point == POINTS - 1 {
            512
        } else {
            (one + middle / 2) / middle
        };
        // ln(a/b) = 2·atanh((a - b) / (a + b)), by its series, in Q112.
        let (difference, total) = (512 - inverse as i128, 512 + inverse as i128);
        let mut power = (difference << 112) / total;
        let (mut sum, mut degree) = (0, 1);
        while power != 0 {
            sum += 2 * power / degree;
            power = power * difference / total * difference / total;
            degree += 2;
        }
        let log = (sum + times_wide_signed(sum, LOG2_E)) << 8;
        table[crate::index::at(point)] = Inverse {
            inverse: inverse as u16,
            log,
        };
        point += 1;
    }
    table
};

/// `number · factor / 2⁶⁴`, rounded down.
#[inline]
const fn times(number: i128, factor: u64) -> i128 {
    let low = (number as u64 as u128 * factor as u128) >> 64;
    (number >> 64) * factor as i128 + low.cast_signed()
}

/// `number · factor / 2¹²⁸`, rounded down, within two.
const fn times_wide_signed(number: i128, factor: u128) -> i128 {
    times(number, (factor >> 64) as u64) + (times(number, factor as u64) >> 64)
}

/// [`times_wide_signed`] of positive numbers.
const fn times_wide(number: u128, factor: u128) -> u128 {
    times_wide_signed(number.cast_signed(), factor).cast_unsigned()
}

/// The upper half of the product.
#[inline]
const fn high_product(a: i64, b: i64) -> i64 {
    ((a as i128 * b as i128) >> 64) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_exact() {
        for exponent in -32..31 {
            let power = Fix::from_bits(1 << (exponent + 32));
            assert_eq!(Fix::int(exponent).exp2(), power);
            assert_eq!(power.log2(), Fix::int(exponent));
        }
        assert_eq!(Fix::int(31).exp2(), Fix::MAX);
        assert_eq!((Fix::MAX.exp2(), Fix::MIN.exp2()), (Fix::MAX, Fix::ZERO));
        // Half a step is rounded away from zero; less is nothing.
        assert_eq!(Fix::int(-33).exp2(), Fix::STEP);
        assert_eq!((Fix::int(-33) - Fix::STEP).exp2(), Fix::ZERO);
    }

    #[test]
    fn undefined_powers_are_defined() {
        let (two, half) = (Fix::int(2), Fix::ratio(1, 2));
        assert_eq!(Fix::ZERO.log2(), Fix::MIN);
        assert_eq!((-two).log2(), Fix::MIN);
        assert_eq!(Fix::ZERO.pow(Fix::ZERO), Fix::ONE);
        assert_eq!(Fix::ZERO.pow(two), Fix::ZERO);
        assert_eq!(Fix::ZERO.pow(-two), Fix::MAX);
        assert_eq!((-two).pow(half), Fix::ZERO);
        assert_eq!((-two).pow(-Fix::ONE), -half);
        assert_eq!(Fix::MIN.pow(Fix::int(3)), -Fix::MAX);
        assert_eq!(Fix::MAX.pow(Fix::MIN), Fix::ZERO);
        assert_eq!(Fix32::ZERO.pow(-Fix32::ONE), Fix32::MAX);
        assert_eq!(Fix32::ZERO.log2(), Fix32::MIN);
    }

    #[test]
    fn a_logarithm_near_one_keeps_its_digits() {
        // log2(1 + x) = x / ln 2 · (1 - x/2): a 2⁻³² times 1.442695.
        let log = log2(Fix::ONE.to_bits().cast_unsigned() + 1);
        let expected = (1_i128 << 88) + ((LOG2_E >> 40).cast_signed() & ((1 << 88) - 1));
        assert!((log - expected).abs() < 1 << 56, "{log:#x} {expected:#x}");
    }
}
