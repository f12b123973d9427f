//! Roots and ratios of whole numbers, exact to the last bit.
//!
//! **The one module with floats.** A processor's root and quotient of floats are many times faster
//! than any of integers, and differ from the exact result by less than one here. So a float only
//! *guesses*; integers then find the result, which is the same whatever was guessed within one of
//! it. The proofs ask of each float operation (conversion from an integer, `+`, `*`, `/`, root) a
//! relative error of at most 2⁻⁵², twice what IEEE 754 grants.

#![expect(
    clippy::float_arithmetic,
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "guesses only, corrected exactly"
)]

use core::hint::select_unpredictable;

/// The whole number nearest to `√(x · 4^shift)`, for `shift` of at most 16.
#[inline]
pub(super) fn sqrt(x: u64, shift: u32) -> u64 {
    // The root is below 2⁴⁸, four operations are done: before rounding, the guess is off by less
    // than a half.
    let guess = whole(libm::sqrt(float(x)) * float(1 << shift));
    nearest_root(guess, x << (2 * shift))
}

/// The whole number nearest to `√(x · y · 4^shift)`, if that is below 2⁴⁸.
#[inline]
pub(super) fn sqrt_product(x: u64, y: u64, shift: u32) -> u64 {
    let guess = whole(libm::sqrt(float(x) * float(y)) * float(1 << shift));
    nearest_root(guess, x.wrapping_mul(y) << (2 * shift))
}

/// The whole number nearest to `√(x² + y²)`.
#[inline]
pub(super) fn hypot(x: u64, y: u64) -> u64 {
    if (x | y) >> 47 != 0 {
        return hypot_far(x, y);
    }
    let (near_x, near_y) = (float(x), float(y));
    let guess = whole(libm::sqrt(near_x * near_x + near_y * near_y));
    nearest_root(guess, x.wrapping_mul(x).wrapping_add(y.wrapping_mul(y)))
}

/// [`hypot`] of numbers too large for a guess within one.
#[cold]
fn hypot_far(x: u64, y: u64) -> u64 {
    let square = |number: u64| u128::from(number) * u128::from(number);
    // At most √2 · 2⁶³, for the numbers come from signed ones.
    root_far(square(x) + square(y)) as u64
}

/// The whole number nearest to `√square`.
#[inline]
pub(super) fn root(square: u128) -> u128 {
    if square >> 94 != 0 {
        return root_far(square);
    }
    let (high, low) = ((square >> 32) as u64, square as u64 & 0xFFFF_FFFF);
    let guess = whole(libm::sqrt(float(high) * float(1 << 32) + float(low)));
    nearest_root(guess, square as u64).into()
}

/// [`root`] of a number too large for a guess within one.
#[cold]
fn root_far(square: u128) -> u128 {
    let root = square.isqrt();
    root + u128::from(square - root * root > root)
}

/// The whole number nearest to `2⁴⁸ / √x`, for `x` from 1 to 2⁶³.
#[inline]
pub(super) fn rsqrt(x: u64) -> u64 {
    // At most 2⁴⁸ after four operations, as for `sqrt`.
    let guess = whole(float(1 << 48) / libm::sqrt(float(x)));
    // The result is at most guess + ½ if and only if (2·guess + 1)² · x ≥ 2⁹⁸. That a square of an
    // odd number reaches a power of two exactly is only possible for x = 2⁹⁸, which does not occur.
    let beyond = |odd: u64| u128::from(odd) * u128::from(odd) * u128::from(x) > 1 << 98;
    let guess = guess + u64::from(!beyond(2 * guess + 1));
    guess - u64::from(beyond(2 * guess - 1))
}

/// The whole number nearest to `2²⁴ / √x`, for `x` from 1 to 2³¹.
#[inline]
pub(super) fn rsqrt_short(x: u32) -> u32 {
    let x = u64::from(x);
    let guess = whole(float(1 << 24) / libm::sqrt(float(x)));
    // As for `rsqrt`.
    let beyond = |odd: u64| odd.wrapping_mul(odd).wrapping_mul(x) > 1 << 50;
    let guess = guess + u64::from(!beyond(2 * guess + 1));
    (guess - u64::from(beyond(2 * guess - 1))) as u32
}

/// `small / large` in Q44, rounded down, for `small` at most `large`, and `large` from 1 to 2⁶³. Of
/// numbers from 2⁶² on the two last bits are ignored.
#[inline]
pub(super) fn ratio(small: u64, large: u64) -> u64 {
    let is_long = large >> 62 != 0;
    let small = select_unpredictable(is_long, small >> 2, small);
    let large = select_unpredictable(is_long, large >> 2, large);
    // At most 2⁴⁴ after four operations: off by less than 2⁻⁵ before it is rounded.
    let guess = whole(float(small) / float(large) * float(1 << 44));
    // Less than 2⁶³ from zero, so that the lower 64 bits tell all of it.
    let rest = (small << 44)
        .wrapping_sub(guess.wrapping_mul(large))
        .cast_signed();
    let up = u64::from(rest >= large.cast_signed());
    guess.wrapping_add(up).wrapping_sub(u64::from(rest < 0))
}

/// Of a number below 2⁶³. From a signed one, for which machines have an instruction.
#[inline]
fn float(number: u64) -> f64 {
    number.cast_signed() as f64
}

/// From 2⁵² to 2⁵³ a float's last bits are a whole number.
const WHOLE: f64 = (1_u64 << 52) as f64;

/// The nearest whole number, of a float from 0 to 2⁵¹.
#[inline]
fn whole(near: f64) -> u64 {
    (near + WHOLE).to_bits().wrapping_sub(WHOLE.to_bits())
}

/// The whole number nearest to the root of `square`, from a guess below 2⁶² within one of it. Of the
/// square the lower 64 bits are enough: it is less than 2⁶³ away from the guess's.
#[inline]
fn nearest_root(guess: u64, square: u64) -> u64 {
    let rest = square.wrapping_sub(guess.wrapping_mul(guess)).cast_signed();
    // (guess + ½)² = guess² + guess + ¼, and no whole number lies at the quarter.
    let half = guess.cast_signed();
    // Zero is its own root.
    let down = rest <= half.wrapping_neg() && guess > 0;
    guess
        .wrapping_add(u64::from(rest > half))
        .wrapping_sub(u64::from(down))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers of all magnitudes up to `bits` bits, and around squares of whole numbers.
    fn any_magnitude(bits: u32) -> impl Strategy<Value = u64> {
        prop_oneof![
            (any::<u64>(), 64 - bits..64).prop_map(|(number, shift)| number >> shift),
            (any::<u64>(), 33..64_u32, -1..=1_i64).prop_map(move |(root, shift, near)| {
                let root = root >> shift;
                (root * root).saturating_add_signed(near) & (u64::MAX >> (64 - bits))
            }),
        ]
    }

    /// `root - ½ < √square <= root + ½`, in whole numbers.
    fn is_nearest_root(root: u64, square: u128) -> bool {
        let root = u128::from(root);
        square <= root * (root + 1) && (root == 0 || square > root * (root - 1))
    }

    proptest! {
        #[test]
        fn roots_are_nearest(x in any_magnitude(63), shift in 0..=16_u32) {
            prop_assert!(is_nearest_root(sqrt(x, shift), u128::from(x) << (2 * shift)));
        }

        #[test]
        fn roots_of_products_are_nearest(x in any_magnitude(33), y in any_magnitude(31)) {
            let square = (u128::from(x) * u128::from(y)) << 30;
            prop_assert!(is_nearest_root(sqrt_product(x, y, 15), square));
        }

        #[test]
        fn hypotenuses_are_nearest(x in any_magnitude(63), y in any_magnitude(63), shift in 0..63_u32) {
            let y = y >> shift;
            let square = u128::from(x) * u128::from(x) + u128::from(y) * u128::from(y);
            prop_assert!(is_nearest_root(hypot(x, y), square));
        }

        #[test]
        fn roots_of_wide_numbers_are_nearest(square: u128, shift in 0..128_u32) {
            let square = square >> shift;
            let root = root(square);
            prop_assert!(root == 1 << 64 || is_nearest_root(root as u64, square));
        }

        #[test]
        fn inverse_roots_are_nearest(x in any_magnitude(63)) {
            let x = x.max(1);
            let root = rsqrt(x);
            // (2·root ± 1)²·x on both sides of 2⁹⁸.
            let scaled = |odd: u64| u128::from(odd) * u128::from(odd) * u128::from(x);
            prop_assert!(scaled(2 * root - 1) < 1 << 98 && scaled(2 * root + 1) > 1 << 98);
        }

        #[test]
        fn short_inverse_roots_are_nearest(x in 1..=1_u32 << 31) {
            let root = u128::from(rsqrt_short(x));
            let scaled = |odd: u128| odd * odd * u128::from(x);
            prop_assert!(scaled(2 * root - 1) < 1 << 50 && scaled(2 * root + 1) > 1 << 50);
        }

        #[test]
        fn ratios_are_cut_off(a in any_magnitude(63), b in any_magnitude(63)) {
            let (small, large) = (a.min(b), a.max(b).max(1));
            let ignored = if large >> 62 == 0 { 0 } else { 2 };
            let exact = (u128::from(small >> ignored) << 44) / u128::from(large >> ignored);
            prop_assert_eq!(u128::from(ratio(small, large)), exact);
        }
    }

    #[test]
    fn the_ends_of_the_range() {
        let most = i64::MIN.unsigned_abs();
        assert!(is_nearest_root(hypot(most, most), 1 << 127));
        assert_eq!(hypot(most, 0), most);
        assert_eq!((sqrt(0, 16), hypot(0, 0), root(0)), (0, 0, 0));
        assert_eq!(root(u128::MAX), 1 << 64);
        assert_eq!((rsqrt(1), rsqrt_short(1)), (1 << 48, 1 << 24));
        assert_eq!((ratio(most, most), ratio(0, 1)), (1 << 44, 0));
    }
}
