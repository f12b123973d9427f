//! [`Span`]: how far apart two points of the tick line lie.

use core::fmt;
use core::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use phalanx_engine::TickRate;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// A signed number of ticks and parts of one: whole ticks (`i64`, rounded down) and a fraction in
/// steps of 2^-64 tick. It knows no rate: how long it lasts is asked with one.
///
/// Operators saturate at [`Span::MIN`] and [`Span::MAX`], in every build profile.
///
/// ```
/// use phalanx_engine::TickRate;
/// use phalanx_netcode::time::Span;
/// let half = Span::from_parts(0, 1 << 63);
/// assert_eq!((-half).ticks(), -1); // rounded down
/// assert_eq!(half.to_nanos(TickRate::hz(50)), 10_000_000);
/// assert_eq!(Span::from_nanos(10_000_000, TickRate::hz(50)), half);
/// ```
// The two words of the value are the two words of an i128 in steps of 2^-64: all arithmetic is its.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i128);

impl Span {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One tick.
    pub const TICK: Self = Self::from_ticks(1);
    /// The longest back: -2^63 ticks.
    pub const MIN: Self = Self(i128::MIN);
    /// The longest: just below 2^63 ticks.
    pub const MAX: Self = Self(i128::MAX);

    /// Whole ticks.
    #[must_use]
    pub const fn from_ticks(ticks: i64) -> Self {
        Self::from_parts(ticks, 0)
    }

    /// `ticks`, and `fraction` * 2^-64 of one more.
    #[must_use]
    pub const fn from_parts(ticks: i64, fraction: u64) -> Self {
        Self(((ticks as i128) << 64) | fraction as i128)
    }

    /// The value in steps of 2^-64 tick.
    #[must_use]
    pub const fn from_bits(bits: i128) -> Self {
        Self(bits)
    }

    /// The value in steps of 2^-64 tick.
    #[must_use]
    pub const fn bits(self) -> i128 {
        self.0
    }

    /// Whole ticks, rounded down: half a tick back is -1, and half a tick on from there.
    #[must_use]
    pub const fn ticks(self) -> i64 {
        (self.0 >> 64) as i64
    }

    /// What lies beyond [`Span::ticks`], in steps of 2^-64 tick.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the lower word is asked for"
    )]
    pub const fn fraction(self) -> u64 {
        self.0.cast_unsigned() as u64
    }

    /// How many ticks last `nanos` nanoseconds at `rate`, rounded down to 2^-64 tick.
    #[must_use]
    pub const fn from_nanos(nanos: i64, rate: TickRate) -> Self {
        Self(ticks_of(nanos as i128, 0, rate))
    }

    /// How long this lasts at `rate`, nanoseconds, rounded down; saturates after 292 years.
    ///
    /// Going to nanoseconds and back may thus lose up to one; who places ticks in time asks a
    /// [`TickMap`](super::TickMap), which does not.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "clamped just before")]
    pub const fn to_nanos(self, rate: TickRate) -> i64 {
        let (numerator, length) = words(rate);
        // Exact: |ticks| * length is below 2^125, and what is cut off the second product is less
        // than one, which cannot reach the next whole nanosecond.
        let scaled = self.ticks() as i128 * length as i128
            + ((self.fraction() as u128 * length) >> 64).cast_signed();
        let nanos = scaled.div_euclid(numerator as i128);
        if nanos > i64::MAX as i128 {
            i64::MAX
        } else if nanos < i64::MIN as i128 {
            i64::MIN
        } else {
            nanos as i64
        }
    }

    /// The sum, or `None` beyond [`Span::MAX`] or [`Span::MIN`].
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(bits) => Some(Self(bits)),
            None => None,
        }
    }

    /// The difference, or `None` beyond [`Span::MAX`] or [`Span::MIN`].
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(bits) => Some(Self(bits)),
            None => None,
        }
    }

    /// `parts` * 2^-32 of it, rounded down; `parts` is at most 2^32 either way.
    pub(super) const fn times_q32(self, parts: i64) -> Self {
        // In two digits, so that 128 bits are enough: exact but for what the last shift cuts off.
        let (high, low) = (self.0 >> 32, self.0 & 0xFFFF_FFFF);
        let parts = parts as i128;
        Self((high * parts).saturating_add((low * parts) >> 32))
    }

    /// Its length, whatever its direction; saturates.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }
}

/// Two thousand years, nanoseconds: beyond every clock and offset, and few enough ticks at every rate.
const NANOS_MAX: i128 = 1 << 66;

/// Numerator of `rate`, and denominator times the nanoseconds of a second (below 2^62): a tick lasts
/// the second divided by the first, nanoseconds.
pub(super) const fn words(rate: TickRate) -> (u128, u128) {
    (
        rate.numerator() as u128,
        rate.denominator() as u128 * NANOS_PER_SECOND as u128,
    )
}

/// How many ticks, in steps of 2^-64 and rounded down, last `nanos` and `part` * 2^-64 nanoseconds.
/// Saturates after [`NANOS_MAX`].
pub(super) const fn ticks_of(nanos: i128, part: u64, rate: TickRate) -> i128 {
    let (numerator, length) = words(rate);
    let nanos = if nanos > NANOS_MAX {
        NANOS_MAX
    } else if nanos < -NANOS_MAX {
        -NANOS_MAX
    } else {
        nanos
    };
    // Long division in base 2^64, both digits exact: the first remainder is below 2^62.
    let scaled = nanos * numerator as i128;
    let whole = scaled.div_euclid(length as i128);
    let rest = scaled.rem_euclid(length as i128).cast_unsigned();
    let rest = ((rest << 64) + part as u128 * numerator) / length;
    (whole << 64) + rest.cast_signed()
}

/// How long `ticks`, in steps of 2^-64, last: whole nanoseconds, and 2^-64 ones rounded up.
#[expect(clippy::cast_possible_truncation, reason = "words are taken apart")]
pub(super) const fn nanos_of(ticks: i128, rate: TickRate) -> (i128, u64) {
    let (numerator, length) = words(rate);
    let scaled = (ticks >> 64) * length as i128;
    let whole = scaled.div_euclid(numerator as i128);
    let rest = scaled.rem_euclid(numerator as i128).cast_unsigned();
    let part = ticks.cast_unsigned() as u64;
    let rest = ((rest << 64) + part as u128 * length).div_ceil(numerator);
    (whole + (rest >> 64).cast_signed(), rest as u64)
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Span {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl SubAssign for Span {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Neg for Span {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

/// Ticks with three digits, rounded towards zero.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        let thousandths = ((size & u128::from(u64::MAX)) * 1000) >> 64;
        write!(f, "{sign}{}.{thousandths:03}", size >> 64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn rates() -> impl Strategy<Value = TickRate> {
        prop_oneof![
            Just(TickRate::hz(60)),
            Just(TickRate::hz(1)),
            Just(TickRate::hz(1000)),
            Just(TickRate::new(60_000, 1001).unwrap()),
            (1u32..=u32::MAX, 1u32..=1000)
                .prop_map(|(d, hz)| { TickRate::new(d.saturating_mul(hz).max(d), d).unwrap() }),
        ]
    }

    proptest! {
        #[test]
        fn nanoseconds_are_the_floor_of_the_exact_fraction(
            ticks in -(1i64 << 31)..1 << 31, fraction: u64, rate in rates(),
        ) {
            let nanos = i128::from(Span::from_parts(ticks, fraction).to_nanos(rate));
            // Multiplied out: nanos <= value * length / numerator < nanos + 1, in 2^-64 ticks. The
            // oracle compares the words one by one, as the products have up to 160 bits.
            let (numerator, length) = words(rate);
            let low = u128::from(fraction) * length;
            let whole = i128::from(ticks) * length.cast_signed() + (low >> 64).cast_signed();
            prop_assert!(nanos * numerator.cast_signed() <= whole);
            prop_assert!((nanos + 1) * numerator.cast_signed() > whole);
        }

        #[test]
        fn a_point_is_due_at_the_first_part_of_a_nanosecond_that_is_not_before_it(
            ticks in -(1i64 << 20)..1 << 20, fraction: u64, near in 0u64..200, pick in 0usize..4,
        ) {
            let rate = [(60, 1), (60_000, 1001), (1000, 1), (7, 3)][pick];
            let rate = TickRate::new(rate.0, rate.1).unwrap();
            // Also so near to a whole tick that a part of a nanosecond decides.
            for fraction in [fraction, near] {
                let span = Span::from_parts(ticks, fraction).bits();
                let (numerator, length) = words(rate);
                let (nanos, part) = nanos_of(span, rate);
                let due = ((nanos << 64) + i128::from(part)) * numerator.cast_signed();
                let exact = span * length.cast_signed();
                prop_assert!(due >= exact && due - exact < numerator.cast_signed());
            }
        }

        #[test]
        fn no_nanosecond_is_lost_by_rounding_up_what_was_rounded_down(
            nanos in -(1i128 << 64)..1 << 64, rate in rates(),
        ) {
            let (whole, part) = nanos_of(ticks_of(nanos, 0, rate), rate);
            prop_assert_eq!(whole + i128::from(part > 0), nanos);
        }
    }

    #[test]
    fn the_extremes_saturate_and_do_not_panic() {
        for rate in [
            TickRate::hz(1),
            TickRate::hz(1000),
            TickRate::new(u32::MAX, u32::MAX).unwrap(),
        ] {
            for span in [Span::MIN, Span::MAX] {
                let limit = if span < Span::ZERO {
                    i64::MIN
                } else {
                    i64::MAX
                };
                assert_eq!(span.to_nanos(rate), limit);
                let _ = nanos_of(span.bits(), rate);
            }
            for nanos in [i64::MIN, i64::MAX] {
                assert!(Span::from_nanos(nanos, rate).abs() > Span::TICK);
            }
        }
        assert_eq!(Span::MAX + Span::TICK, Span::MAX);
        assert_eq!(-Span::MIN, Span::MAX);
        assert_eq!(Span::MIN.checked_sub(Span::TICK), None);
        assert_eq!(Span::MAX.checked_add(Span::TICK), None);
    }

    #[test]
    fn it_reads_as_a_number() {
        assert_eq!(Span::from_parts(-2, 1 << 63).to_string(), "-1.500");
        assert_eq!(Span::from_parts(2, 1 << 62).to_string(), "2.250");
    }
}
