//! [`Scale`]: how fast a clock runs beside its tick rate; [`SlewedScale`], one that changes slowly.

use core::fmt;

use super::Span;
use crate::limits::SCALE_PPM_MAX;

const ONE_BITS: i64 = 1 << 32;
const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// How fast a clock runs beside its tick rate: 1 and a deviation, in steps of 2^-32 (0.23 ppb), of at
/// most [`SCALE_PPM_MAX`] either way. 1 is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scale {
    deviation: i32,
}

/// A scale was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a clock runs at most {SCALE_PPM_MAX} ppm faster or slower")]
pub struct ScaleError;

impl Scale {
    /// As fast as the tick rate says, exactly.
    pub const ONE: Self = Self { deviation: 0 };
    /// The slowest.
    pub const MIN: Self = Self {
        deviation: -of_ppm(SCALE_PPM_MAX),
    };
    /// The fastest.
    pub const MAX: Self = Self {
        deviation: of_ppm(SCALE_PPM_MAX),
    };

    /// Faster than 1 by `deviation` * 2^-32, slower if negative.
    ///
    /// # Errors
    /// [`ScaleError`] beyond [`Scale::MIN`] or [`Scale::MAX`].
    pub const fn from_deviation(deviation: i32) -> Result<Self, ScaleError> {
        if deviation < Self::MIN.deviation || deviation > Self::MAX.deviation {
            return Err(ScaleError);
        }
        Ok(Self { deviation })
    }

    /// Faster than 1 by `ppm` millionths, slower if negative; rounded towards 1.
    ///
    /// # Errors
    /// [`ScaleError`] beyond [`SCALE_PPM_MAX`] either way.
    pub const fn from_ppm(ppm: i32) -> Result<Self, ScaleError> {
        if ppm.unsigned_abs() > SCALE_PPM_MAX {
            return Err(ScaleError);
        }
        let size = of_ppm(ppm.unsigned_abs());
        Ok(Self {
            deviation: if ppm < 0 { -size } else { size },
        })
    }

    /// The scale nearest to 1 + `deviation` * 2^-32 within the bounds.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "clamped just before")]
    pub fn clamped(deviation: i64) -> Self {
        let (min, max) = (Self::MIN.deviation.into(), Self::MAX.deviation.into());
        Self {
            deviation: deviation.clamp(min, max) as i32,
        }
    }

    /// How much faster than 1, in steps of 2^-32.
    #[must_use]
    pub const fn deviation(self) -> i32 {
        self.deviation
    }

    /// How much faster than 1, millionths; the nearest whole number.
    #[must_use]
    pub const fn ppm(self) -> i32 {
        let scaled = self.deviation as i64 * 1_000_000;
        ((scaled + ONE_BITS / 2) >> 32) as i32
    }

    /// The scale itself, in steps of 2^-32: 2^32 is 1.
    #[must_use]
    pub const fn bits(self) -> u64 {
        (ONE_BITS + self.deviation as i64).cast_unsigned()
    }

    /// How far a clock of this scale comes while one of scale 1 comes `span` far; rounded down.
    #[must_use]
    pub fn of(self, span: Span) -> Span {
        span + span.times_q32(self.deviation.into())
    }
}

/// `ppm` millionths in steps of 2^-32, rounded down; below 2^31 for every bound in use.
#[expect(clippy::cast_possible_truncation, reason = "a tenth of 2^32 at most")]
const fn of_ppm(ppm: u32) -> i32 {
    (((ppm as u64) << 32) / 1_000_000) as i32
}

const _: () = assert!(SCALE_PPM_MAX <= 100_000);

/// With six digits, rounded down.
impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millionths = (u128::from(self.bits()) * 1_000_000) >> 32;
        write!(
            f,
            "{}.{:06}",
            millionths / 1_000_000,
            millionths % 1_000_000
        )
    }
}

/// A [`Scale`] that moves towards a wanted one no faster than a limit, so that nobody hears or sees
/// it change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlewedScale {
    scale: Scale,
    /// Steps of 2^-32 per second.
    per_second: u64,
    /// What the last move rounded off, in billionths of such a step.
    carry: u64,
}

impl SlewedScale {
    /// At 1; changes by at most `ppm_per_second` millionths per second.
    #[must_use]
    pub const fn new(ppm_per_second: u32) -> Self {
        let per_second = ((ppm_per_second as u64) << 32) / 1_000_000;
        Self {
            scale: Scale::ONE,
            per_second,
            carry: 0,
        }
    }

    /// The scale in force.
    #[must_use]
    pub const fn get(&self) -> Scale {
        self.scale
    }

    /// Moves towards `wanted` for `nanos` nanoseconds, and says where it is then. Many short moves
    /// come exactly as far as a long one.
    pub fn move_towards(&mut self, wanted: Scale, nanos: u64) -> Scale {
        let earned = u128::from(self.per_second) * u128::from(nanos) + u128::from(self.carry);
        let steps = i64::try_from(earned / NANOS_PER_SECOND).unwrap_or(i64::MAX);
        let way = i64::from(wanted.deviation) - i64::from(self.scale.deviation);
        if way.abs() <= steps {
            (self.scale, self.carry) = (wanted, 0);
        } else {
            self.scale = Scale::clamped(i64::from(self.scale.deviation) + way.signum() * steps);
            self.carry = (earned % NANOS_PER_SECOND) as u64;
        }
        self.scale
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn millionths_read_back() {
        for ppm in [0, 1, -1, 500, -12_345, 100_000, -100_000] {
            assert_eq!(Scale::from_ppm(ppm).map(Scale::ppm), Ok(ppm));
        }
    }

    #[test]
    fn one_is_exact_and_bounds_are_checked() {
        let span = Span::from_parts(-7, 12_345);
        assert_eq!(Scale::ONE.of(span), span);
        assert_eq!(Scale::ONE.bits(), 1 << 32);
        assert_eq!(Scale::from_ppm(100_001), Err(ScaleError));
        assert_eq!(Scale::from_ppm(i32::MIN), Err(ScaleError));
        assert_eq!(Scale::from_ppm(-100_000), Ok(Scale::MIN));
        assert_eq!(
            Scale::from_deviation(Scale::MAX.deviation() + 1),
            Err(ScaleError)
        );
        assert_eq!(
            Scale::from_deviation(Scale::MIN.deviation() - 1),
            Err(ScaleError)
        );
        assert_eq!(Scale::clamped(i64::MIN), Scale::MIN);
        assert_eq!(
            Scale::from_ppm(15_625).unwrap().of(Span::from_ticks(64)),
            Span::from_ticks(65)
        );
        assert_eq!(
            Scale::from_ppm(-15_625).unwrap().of(Span::from_ticks(64)),
            Span::from_ticks(63)
        );
        assert_eq!(Scale::from_ppm(15_625).unwrap().to_string(), "1.015625");
    }

    #[test]
    fn two_percent_a_second_take_half_a_second_for_one() {
        let wanted = Scale::from_ppm(10_000).unwrap();
        let mut slewed = SlewedScale::new(20_000);
        assert!(slewed.move_towards(wanted, 499_999_000) < wanted);
        assert_eq!(slewed.move_towards(wanted, 1_100), wanted);
        assert!(slewed.move_towards(Scale::ONE, 1_000_000) > Scale::ONE);
        assert_eq!(slewed.move_towards(Scale::ONE, 1_000_000_000), Scale::ONE);
        assert_eq!(slewed, SlewedScale::new(20_000));
    }

    proptest! {
        #[test]
        fn short_moves_come_as_far_as_a_long_one(
            limit in 1u32..=100_000, moves in proptest::collection::vec(0u64..3_000_000, 1..200),
        ) {
            let (mut short, mut long) = (SlewedScale::new(limit), SlewedScale::new(limit));
            for nanos in &moves {
                short.move_towards(Scale::MAX, *nanos);
            }
            long.move_towards(Scale::MAX, moves.iter().sum());
            prop_assert_eq!(short, long);
        }

        #[test]
        fn scaling_is_the_floor_of_the_product(ticks: i32, fraction: u64, deviation in -429_496_729i32..429_496_729) {
            let (span, scale) = (Span::from_parts(ticks.into(), fraction), Scale::from_deviation(deviation).unwrap());
            // 32 bits of ticks, 64 of fraction, 31 of deviation: the product has 127.
            let exact = span.bits() + ((span.bits() * i128::from(deviation)) >> 32);
            prop_assert_eq!(scale.of(span), Span::from_bits(exact));
        }
    }
}
