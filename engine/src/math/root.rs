//! Square roots: [`Fix::sqrt`], [`Fix::rsqrt`], [`Fix::hypot`].

use super::{Fix, Fix32, exact};

impl Fix {
    /// The square root, to the nearest step; 0 for negative numbers.
    ///
    /// ```
    /// use phalanx_engine::Fix;
    /// assert_eq!(Fix::int(9).sqrt(), Fix::int(3));
    /// ```
    #[must_use]
    #[inline]
    pub fn sqrt(self) -> Self {
        let bits = self.to_bits().max(0).cast_unsigned();
        Self::from_bits(exact::sqrt(bits, 16).cast_signed())
    }

    /// `1 / √self`, to the nearest step. [`Fix::MAX`] for zero and negative numbers.
    #[must_use]
    #[inline]
    pub fn rsqrt(self) -> Self {
        if self <= Self::ZERO {
            return Self::MAX;
        }
        Self::from_bits(exact::rsqrt(self.to_bits().cast_unsigned()).cast_signed())
    }

    /// `√(self² + other²)`, to the nearest step; saturated, but nothing overflows inside.
    #[must_use]
    #[inline]
    pub fn hypot(self, other: Self) -> Self {
        let root = exact::hypot(
            self.to_bits().unsigned_abs(),
            other.to_bits().unsigned_abs(),
        );
        Self::from_bits(i64::try_from(root).unwrap_or(i64::MAX))
    }
}

impl Fix32 {
    /// The square root, to the nearest step; 0 for negative numbers.
    #[must_use]
    #[inline]
    pub fn sqrt(self) -> Self {
        let bits = u64::from(self.to_bits().max(0).cast_unsigned());
        #[expect(clippy::cast_possible_truncation, reason = "below 2^24")]
        Self::from_bits(exact::sqrt(bits, 8) as i32)
    }

    /// `1 / √self`, to the nearest step. [`Fix32::MAX`] for zero and negative numbers.
    #[must_use]
    #[inline]
    pub fn rsqrt(self) -> Self {
        let Ok(bits @ 1..) = u32::try_from(self.to_bits()) else {
            return Self::MAX;
        };
        Self::from_bits(exact::rsqrt_short(bits).cast_signed())
    }

    /// `√(self² + other²)`, to the nearest step, saturated.
    #[must_use]
    #[inline]
    pub fn hypot(self, other: Self) -> Self {
        let root = exact::hypot(
            self.to_bits().unsigned_abs().into(),
            other.to_bits().unsigned_abs().into(),
        );
        Self::from_bits(i32::try_from(root).unwrap_or(i32::MAX))
    }
}
