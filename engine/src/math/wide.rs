//! What does not fit a scalar: sums of products, squares and quotients, exact until one rounding.
//!
//! Numbers here are *bits*: a coordinate times 2³², a product of two times 2⁶⁴.

use core::cmp::Ordering;

use super::{Fix, exact};

/// The nearest number in range to `bits / 2^32`.
#[inline]
pub(super) fn saturated(bits: i128) -> Fix {
    let end = if bits < 0 { i64::MIN } else { i64::MAX };
    Fix::from_bits(i64::try_from(bits).unwrap_or(end))
}

/// The nearest number to `product / 2^64`, halves away from zero, saturated.
pub(super) fn rounded(product: i128) -> Fix {
    // What the half that is added takes beyond the ends is saturated either way.
    rounded_short(product.clamp(i128::MIN >> 1, i128::MAX >> 1))
}

/// The same of a product of at most 127 bits.
#[inline]
pub(super) fn rounded_short(product: i128) -> Fix {
    // A half, less one step below zero, makes the floor of the shift the nearest number.
    let half = (1 << (Fix::FRACTION_BITS - 1)) + (product >> 127);
    saturated(product.wrapping_add(half) >> Fix::FRACTION_BITS)
}

/// `numerator / denominator` to the nearest, halves away from zero; the denominator is not 0.
fn nearest_quotient(numerator: i128, denominator: u128) -> i128 {
    let magnitude = numerator.unsigned_abs();
    let (quotient, rest) = (magnitude / denominator, magnitude % denominator);
    signed(
        quotient + u128::from(rest >= denominator - rest),
        numerator < 0,
    )
}

/// A number out of its distance from zero and its sign, saturated.
fn signed(magnitude: u128, negative: bool) -> i128 {
    let magnitude = i128::try_from(magnitude).unwrap_or(i128::MAX);
    if negative { -magnitude } else { magnitude }
}

/// `a · b`, exact.
pub(super) fn product(a: Fix, b: Fix) -> i128 {
    i128::from(a.to_bits()) * i128::from(b.to_bits())
}

/// `a - b`, exact: up to 65 bits with the sign.
pub(super) fn difference(a: Fix, b: Fix) -> i128 {
    i128::from(a.to_bits()) - i128::from(b.to_bits())
}

/// `a - b`, exact up to 2³¹ units and cut off there on both sides alike, so that two products of
/// spans can be added.
pub(super) fn span(a: Fix, b: Fix) -> i64 {
    let most = i128::from(i64::MAX);
    i64::try_from(difference(a, b).clamp(-most, most)).unwrap_or_default()
}

/// `a · b` of two spans, exact.
pub(super) fn times(a: i64, b: i64) -> i128 {
    i128::from(a) * i128::from(b)
}

/// The square of a difference, exact up to 2⁶⁴ bits.
pub(super) fn square(bits: i128) -> u128 {
    bits.unsigned_abs().saturating_mul(bits.unsigned_abs())
}

/// A number of up to 256 bits, for comparisons: a high and a low half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wide {
    high: u128,
    low: u128,
}

impl Wide {
    /// `a · b`, exact.
    pub(super) fn product(a: u128, b: u128) -> Self {
        let (low, high) = a.carrying_mul(b, 0);
        Self { high, low }
    }

    /// `self + other`; below 2²⁵⁶ for all that is added here.
    pub(super) const fn plus(self, other: Self) -> Self {
        let (low, carry) = self.low.overflowing_add(other.low);
        let high = self.high.saturating_add(other.high);
        Self {
            high: high.saturating_add(carry as u128),
            low,
        }
    }

    /// `self - other`, at least 0.
    pub(super) fn minus(self, other: Self) -> Self {
        if self < other {
            return Self { high: 0, low: 0 };
        }
        let (low, borrow) = self.low.overflowing_sub(other.low);
        Self {
            high: self.high - other.high - u128::from(borrow),
            low,
        }
    }

    /// `self / 2^shift`, rounded down, for a shift of at most 128 that leaves at most 128 bits.
    const fn shifted_down(self, shift: u32) -> u128 {
        match shift {
            0 => self.low,
            u128::BITS => self.high,
            _ => self.high << (u128::BITS - shift) | self.low >> shift,
        }
    }

    /// The square root, rounded down. The root of the highest bits gives its highest bits, and the
    /// others are tried one by one: none for numbers up to 2¹²⁸, half of what is above for others.
    pub(super) fn root(self) -> u128 {
        let tried = (u128::BITS - self.high.leading_zeros()).div_ceil(2);
        let mut root = self.shifted_down(2 * tried).isqrt() << tried;
        let mut bit = 1 << tried >> 1;
        while bit > 0 {
            let trial = root | bit;
            if Self::product(trial, trial) <= self {
                root = trial;
            }
            bit >>= 1;
        }
        root
    }
}

/// A fraction that is not below 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ratio {
    numerator: u128,
    denominator: u128,
}

impl Ratio {
    /// Nothing.
    pub(super) const ZERO: Self = Self {
        numerator: 0,
        denominator: 1,
    };

    /// `numerator / denominator`; 0 if the denominator is.
    pub(super) const fn new(numerator: u128, denominator: u128) -> Self {
        if denominator == 0 {
            return Self::ZERO;
        }
        Self {
            numerator,
            denominator,
        }
    }

    /// `numerator / denominator`, or 0 if that is negative.
    pub(super) const fn positive(numerator: i128, denominator: i128) -> Self {
        if (numerator < 0) != (denominator < 0) {
            return Self::ZERO;
        }
        Self::new(numerator.unsigned_abs(), denominator.unsigned_abs())
    }

    /// The smaller of the ratio and 1.
    pub(super) const fn up_to_one(self) -> Self {
        if self.numerator > self.denominator {
            return Self::new(1, 1);
        }
        self
    }

    /// The nearest number, saturated.
    pub(super) fn to_fix(self) -> Fix {
        self.along(Fix::ZERO, 1 << Fix::FRACTION_BITS)
    }

    /// `from + self · bits`, to the nearest, halves away from zero, saturated.
    pub(super) fn along(self, from: Fix, bits: i128) -> Fix {
        let (whole, rest) = self.times(bits.unsigned_abs());
        // The exact place is `low + rest / denominator`.
        let from = i128::from(from.to_bits());
        let (low, rest) = if bits >= 0 {
            (from.saturating_add(signed(whole, false)), rest)
        } else {
            let ceiling = from.saturating_add(signed(whole, true));
            match rest {
                0 => (ceiling, 0),
                _ => (ceiling.saturating_sub(1), self.denominator - rest),
            }
        };
        let up = match rest.cmp(&(self.denominator - rest)) {
            Ordering::Less => false,
            Ordering::Equal => low >= 0,
            Ordering::Greater => true,
        };
        saturated(low.saturating_add(i128::from(up)))
    }

    /// `self · magnitude`, rounded down and saturated, and the rest over the denominator.
    fn times(self, magnitude: u128) -> (u128, u128) {
        let whole = (self.numerator / self.denominator).saturating_mul(magnitude);
        let numerator = self.numerator % self.denominator;
        if let Some(product) = numerator.checked_mul(magnitude) {
            let (quotient, rest) = (product / self.denominator, product % self.denominator);
            return (whole.saturating_add(quotient), rest);
        }
        // Horner's scheme over the bits of the magnitude, everything modulo the denominator.
        let (mut quotient, mut rest) = (0_u128, 0);
        for bit in (0..u128::BITS - magnitude.leading_zeros()).rev() {
            let (carried, doubled) = self.sum(rest, rest);
            (quotient, rest) = (quotient * 2 + carried, doubled);
            if magnitude >> bit & 1 == 1 {
                let (carried, sum) = self.sum(rest, numerator);
                (quotient, rest) = (quotient + carried, sum);
            }
        }
        (whole.saturating_add(quotient), rest)
    }

    /// `a + b` as a quotient by the denominator and a rest; both are below the denominator.
    fn sum(self, a: u128, b: u128) -> (u128, u128) {
        if a >= self.denominator - b {
            (1, a - (self.denominator - b))
        } else {
            (0, a + b)
        }
    }
}

/// How long a displacement is that is not zero, to 62 significant bits.
pub(super) struct Norm {
    /// What parts are shifted by, to the left, so that the greatest has 63 bits.
    shift: i32,
    /// The length of the shifted displacement.
    length: u128,
}

impl Norm {
    /// Of up to three parts of at most 65 bits, not all of them zero.
    pub(super) fn of(parts: &[i128]) -> Option<Self> {
        let greatest = parts.iter().map(|part| part.unsigned_abs()).max()?;
        if greatest == 0 {
            return None;
        }
        let shift = greatest.leading_zeros().cast_signed() - 65;
        let squares = parts.iter().map(|part| {
            let aligned = aligned(*part, shift);
            aligned * aligned
        });
        Some(Self {
            shift,
            length: exact::root(squares.sum()),
        })
    }

    /// `part · length / norm` to the nearest: within one step up to a length of 2²⁸ units, within
    /// four beyond.
    pub(super) fn scaled(&self, part: i128, length: Fix) -> i128 {
        let factor = u128::from(length.to_bits().unsigned_abs());
        let magnitude = aligned(part, self.shift) * factor;
        let negative = (part < 0) != (length < Fix::ZERO);
        nearest_quotient(signed(magnitude, negative), self.length)
    }
}

/// A part's distance from zero, shifted to at most 63 bits.
fn aligned(part: i128, shift: i32) -> u128 {
    if shift < 0 {
        part.unsigned_abs() >> shift.unsigned_abs()
    } else {
        part.unsigned_abs() << shift.unsigned_abs()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers of every size, not mostly of the greatest.
    fn sized() -> impl Strategy<Value = u128> {
        (any::<u128>(), 0..u128::BITS).prop_map(|(bits, shift)| bits >> shift)
    }

    proptest! {
        #[test]
        fn wide_roots_are_the_floor(a in sized(), b in sized()) {
            let square = Wide::product(a, b);
            let root = square.root();
            prop_assert!(Wide::product(root, root) <= square);
            prop_assert!(
                root == u128::MAX || Wide::product(root + 1, root + 1) > square
            );
        }

        #[test]
        fn wide_numbers_add_and_subtract(a in sized(), b in sized(), c: u64) {
            // a·c + b·c = (a + b)·c, and back.
            let (a, b, c) = (a >> 1, b >> 1, u128::from(c));
            let sum = Wide::product(a, c).plus(Wide::product(b, c));
            prop_assert_eq!(sum, Wide::product(a + b, c));
            prop_assert_eq!(sum.minus(Wide::product(b, c)), Wide::product(a, c));
            prop_assert_eq!(Wide::product(a, c).minus(sum).root(), 0);
        }

        #[test]
        fn products_are_rounded_to_the_nearest(product: i128, shift in 0..127_u32, tie: bool) {
            let mut product = product >> shift;
            if tie {
                product = (product >> 32 << 32) | 1 << 31;
            }
            let model = saturated(nearest_quotient(product, 1 << Fix::FRACTION_BITS));
            prop_assert_eq!(rounded(product), model);
        }

        #[test]
        fn ratios_are_rounded_once(n in sized(), d in sized(), magnitude: u64) {
            let (n, d) = (n % d.max(1), d.max(1));
            let (quotient, rest) = Ratio::new(n, d).times(magnitude.into());
            prop_assert!(rest < d);
            // quotient·d + rest = n·magnitude.
            let back = Wide::product(quotient, d).plus(Wide::product(rest, 1));
            prop_assert_eq!(back, Wide::product(n, magnitude.into()));
        }

        #[test]
        fn ratios_are_total_and_mirrored(n: u128, d: u128, from: i64, bits: i64) {
            let ratio = Ratio::new(n, d);
            let there = ratio.along(Fix::from_bits(from), bits.into());
            prop_assume!(from != i64::MIN && there != Fix::MAX && there != Fix::MIN);
            let mirrored = ratio.along(Fix::from_bits(-from), -i128::from(bits));
            prop_assert_eq!(mirrored, -there);
        }
    }

    #[test]
    fn halves_go_away_from_zero() {
        let half = Ratio::new(1, 2);
        for (from, bits, sum) in [(0, 1, 1), (0, -1, -1), (2, -1, 2), (-2, 1, -2), (-1, 1, -1)] {
            assert_eq!(half.along(Fix::from_bits(from), bits), Fix::from_bits(sum));
        }
        assert_eq!(rounded(1 << 31), Fix::STEP);
        assert_eq!(rounded(-(1 << 31)), -Fix::STEP);
        assert_eq!(rounded((1 << 31) - 1), Fix::ZERO);
    }

    #[test]
    fn the_ends_are_in_range() {
        assert_eq!(rounded(i128::MIN), Fix::MIN);
        assert_eq!(span(Fix::MAX, Fix::MIN), i64::MAX);
        assert_eq!(span(Fix::MIN, Fix::MAX), -i64::MAX);
        assert_eq!(
            square(difference(Fix::MIN, Fix::MAX)),
            (u128::MAX >> 64).pow(2)
        );
        assert_eq!(
            Ratio::new(u128::MAX, 1).along(Fix::MIN, i64::MIN.into()),
            Fix::MIN
        );
        assert_eq!(Ratio::new(3, 0).to_fix(), Fix::ZERO);
    }
}
