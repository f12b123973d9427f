//! Products and quotients of numbers' bits, over words of the machine.
//!
//! A machine with 64-bit registers multiplies and divides 128 bits in an instruction or two. One
//! with narrower registers, and WebAssembly, calls a slow routine for it; there, the same numbers
//! come from 64-bit words alone: measured in WebAssembly, a product in half and a quotient in a
//! third of the time.

macro_rules! twice_as_wide {
    ($module:ident, bits $bits:ty as $unsigned:ty, wide $wide:ty as $unsigned_wide:ty) => {
        /// By an integer of twice the bits.
        pub(super) mod $module {
            use core::hint::cold_path;

            /// The fraction is half of the bits.
            const FRACTION_BITS: u32 = <$bits>::BITS / 2;

            /// The low bits of `a * b / 2^FRACTION_BITS`, rounded down.
            #[inline]
            pub(in super::super) const fn floor_product(a: $bits, b: $bits) -> $bits {
                let product = (a as $wide).wrapping_mul(b as $wide);
                #[expect(clippy::cast_possible_truncation, reason = "the low bits are meant")]
                let bits = (product >> FRACTION_BITS) as $bits;
                bits
            }

            /// `a * b / 2^FRACTION_BITS` to the nearest, halves away from zero: its low bits, and
            /// what stands above its lower half.
            #[inline]
            pub(in super::super) const fn product(a: $bits, b: $bits) -> ($bits, $bits) {
                // A half, less one step if the product is negative, makes the floor of the shift
                // the nearest number with halves away from zero. Its sign is taken from the
                // factors, so as not to wait for the product.
                let half = (1 << (FRACTION_BITS - 1)) + ((a ^ b) >> (<$bits>::BITS - 1));
                // Neither wraps: a product needs two bits less than the wide type has.
                let sum = (a as $wide)
                    .wrapping_mul(b as $wide)
                    .wrapping_add(half as $wide);
                #[expect(clippy::cast_possible_truncation, reason = "words of it are meant")]
                let words = (
                    (sum >> FRACTION_BITS) as $bits,
                    (sum >> <$bits>::BITS) as $bits,
                );
                words
            }

            /// `n * 2^FRACTION_BITS / d` to the nearest, halves up. `None` if `d` is 0 or the
            /// quotient has more bits than the type.
            #[inline]
            pub(in super::super) const fn quotient(
                n: $unsigned,
                d: $unsigned,
            ) -> Option<$unsigned> {
                // True for the divisor 0 as well. Past it, n ≤ d·2^F - 1, and n is at most
                // 2^(BITS-1). If d ≤ 2^F, the quotient is at most 2^BITS - 2^F/d, a whole step
                // below 2^BITS; if d is more, the quotient is below n. So it fits also rounded up.
                if n >> FRACTION_BITS >= d {
                    cold_path();
                    return None;
                }
                // floor(n/d + 1/2) = floor((n + floor(d/2)) / d), since n is whole: no remainder
                // is needed. Unsigned and with a narrow quotient, the wide division is one
                // instruction behind a call on x86-64.
                let n = (n as $unsigned_wide) << FRACTION_BITS;
                let rounded = n.wrapping_add((d >> 1) as $unsigned_wide);
                #[expect(clippy::cast_possible_truncation, reason = "fits, shown above")]
                let quotient = (rounded / d as $unsigned_wide) as $unsigned;
                Some(quotient)
            }
        }
    };
}

twice_as_wide!(small, bits i32 as u32, wide i64 as u64);
#[cfg(any(test, target_pointer_width = "64"))]
twice_as_wide!(wide, bits i64 as u64, wide i128 as u128);

#[cfg(target_pointer_width = "64")]
pub(super) use wide as world;

#[cfg(not(target_pointer_width = "64"))]
pub(super) use narrow as world;

/// By words of 64 bits: what `wide` does, bit for bit.
#[cfg(any(test, not(target_pointer_width = "64")))]
pub(super) mod narrow {
    use core::hint::cold_path;

    /// The lower half of a word.
    const fn low(word: i64) -> u64 {
        word.cast_unsigned() & 0xffff_ffff
    }

    /// As `wide::floor_product`.
    #[inline]
    pub(in super::super) const fn floor_product(a: i64, b: i64) -> i64 {
        // a·b = ah·2^32·b + al·bh·2^32 + al·bl.
        let lowest = (low(a).wrapping_mul(low(b)) >> 32).cast_signed();
        (a >> 32)
            .wrapping_mul(b)
            .wrapping_add(low(a).cast_signed().wrapping_mul(b >> 32))
            .wrapping_add(lowest)
    }

    /// As `wide::product`.
    #[inline]
    pub(in super::super) const fn product(a: i64, b: i64) -> (i64, i64) {
        let half = (1 << 31) - ((a ^ b).cast_unsigned() >> 63);
        // None of these wraps: halves are at most 2^32 - 1 and, with a sign, 2^31.
        let lowest = low(a).wrapping_mul(low(b)).wrapping_add(half) >> 32;
        let first = (a >> 32)
            .wrapping_mul(low(b).cast_signed())
            .wrapping_add(lowest.cast_signed());
        let second = low(a).cast_signed().wrapping_mul(b >> 32);
        // Their sum may have a bit more than a word: by halves, then.
        let middle = low(first).wrapping_add(low(second)).cast_signed();
        let high = (a >> 32)
            .wrapping_mul(b >> 32)
            .wrapping_add(first >> 32)
            .wrapping_add(second >> 32)
            .wrapping_add(middle >> 32);
        ((high << 32) | low(middle).cast_signed(), high)
    }

    /// As `wide::quotient`: long division by two digits of 32 bits.
    #[inline]
    pub(in super::super) const fn quotient(n: u64, d: u64) -> Option<u64> {
        // For the proof that the rounded quotient fits, see there.
        if n >> 32 >= d {
            cold_path();
            return None;
        }
        let (whole, rest) = (n / d, n % d);
        let (digit, rest) = if d >> 32 == 0 {
            ((rest << 32) / d, (rest << 32) % d)
        } else {
            digit(rest, d)
        };
        // At least half of the divisor is left.
        let up = rest >= d.wrapping_sub(rest);
        Some(((whole << 32) | digit).wrapping_add(up as u64))
    }

    /// `rest * 2^32 / d` and its remainder, for `rest < d` and a `d` of more than 32 bits.
    ///
    /// Knuth, The Art of Computer Programming 4.3.1, algorithm D, step D3: the upper half of a
    /// divisor shifted to the left estimates the digit at most two too high.
    #[inline]
    const fn digit(rest: u64, d: u64) -> (u64, u64) {
        let shift = d.leading_zeros();
        let (rest, d) = (rest << shift, d << shift);
        let (upper, lower) = (d >> 32, d & 0xffff_ffff);
        let (mut digit, mut over) = (rest / upper, rest % upper);
        // rest·2^32 - digit·d = over·2^32 - digit·lower, negative while the digit is too high.
        // The digit is at most 2^32 + 1, so that its product fits; an `over` of more than 32 bits
        // is more than any.
        while over >> 32 == 0 && digit.wrapping_mul(lower) > over << 32 {
            digit = digit.wrapping_sub(1);
            over = over.wrapping_add(upper);
        }
        let rest = (over << 32).wrapping_sub(digit.wrapping_mul(lower));
        (digit, rest >> shift)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::any_fix;
    use super::*;

    #[test]
    fn digits_that_are_guessed_too_high() {
        // Upper halves alone say 2^32 and more; each is corrected, once or twice.
        for (n, d) in [
            ((1 << 63) - 1, (1 << 63) - 1),
            ((1 << 63) - 2, (1 << 63) - 1),
            (0x7fff_ffff_0000_0000, 0x7fff_ffff_ffff_ffff),
            (0x8000_0000_ffff_fffe, 0x8000_0000_ffff_ffff),
            (0x1_0000_0000, 0x1_ffff_ffff),
        ] {
            assert_eq!(narrow::quotient(n, d), wide::quotient(n, d), "{n} / {d}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn narrow_words_give_the_same_bits(a in any_fix(), b in any_fix()) {
            let (a, b) = (a.to_bits(), b.to_bits());
            prop_assert_eq!(narrow::floor_product(a, b), wide::floor_product(a, b));
            prop_assert_eq!(narrow::product(a, b), wide::product(a, b));
            let (n, d) = (a.unsigned_abs(), b.unsigned_abs());
            prop_assert_eq!(narrow::quotient(n, d), wide::quotient(n, d));
        }

        #[test]
        fn narrow_quotients_of_close_numbers_are_the_same(d in any_fix(), off in 0..1000_u64) {
            // Where a digit is all ones, its guess is worst.
            let d = d.to_bits().unsigned_abs();
            let n = d.saturating_sub(off);
            prop_assert_eq!(narrow::quotient(n, d), wide::quotient(n, d));
        }
    }
}
