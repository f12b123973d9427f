//! Fixed-point maths with one meaning in every build profile and on every machine.
//!
//! | | [`Fix`] (world scalar) | [`Fix32`] |
//! | --- | --- | --- |
//! | format | Q32.32 in an `i64` | Q16.16 in an `i32` |
//! | range | about ±2.1 · 10⁹ | about ±32,767 |
//! | step | 2⁻³² ≈ 2.3 · 10⁻¹⁰ | 2⁻¹⁶ ≈ 1.5 · 10⁻⁵ |
//!
//! **The operators are total and saturate.** They never panic and never wrap, in debug and release
//! alike:
//!
//! - `+`, `-`, unary `-`, `abs`: exact, or the nearest end of the range.
//! - `*` and `/`: the exact result rounded to the nearest step, halfway cases away from zero, then
//!   saturated. Rounding is symmetric (`-(a * b) == (-a) * b`), so a mirrored world plays mirrored.
//! - `x / 0` is the end of the range on the side of `x`; `0 / 0` is 0.
//! - `%`: the remainder of truncated division, with the sign of the dividend; `x % 0` is 0.
//! - conversions from integers saturate; to integers they round as their name says and saturate.
//!
//! # Many at once
//!
//! A world that keeps a column per coordinate works on whole columns: `add_each`, `add_scaled_each`,
//! `rotate_each`, `within_each`, `sin_each`, `cos_each`, `sin_cos_each` and `sqrt_each` of [`Fix`] and
//! [`Fix32`], and `sin_cos_each` of [`Angle`], give bit for bit what a loop over the operators gives,
//! in vector instructions where the processor has such. [`Fix32`] is the faster: its columns move at
//! about half the speed of `f32`'s.
//!
//! ```
//! use phalanx_engine::Fix32;
//! let (mut x, speed) = ([Fix32::ZERO, Fix32::MAX], [Fix32::int(6); 2]);
//! Fix32::add_scaled_each(&mut x, &speed, Fix32::ratio(1, 4));
//! assert_eq!(x, [Fix32::ratio(3, 2), Fix32::MAX]);
//! ```
//!
//! Columns of different length are a mistake of the caller, and a panic.
//!
//! # Relation to `fixed`
//!
//! The numbers are `fixed`'s types inside (`to_fixed`, `from_fixed`), but not its operators: those
//! wrap in one profile and panic in another.

mod angle;
mod arc;
mod batch;
mod exact;
mod fix;
mod power;
mod root;
mod trig;
mod vec2;

pub use angle::Angle;
pub use fix::{Fix, Fix32};
pub use vec2::Vec2;

pub(crate) use fix::display_fixed;

/// The nearest [`Fix32`], halves away from zero, saturated.
const fn narrow(number: Fix) -> Fix32 {
    let bits = number.to_bits();
    let magnitude = (bits.unsigned_abs() + (1 << 15)) >> 16;
    #[expect(clippy::cast_possible_truncation, reason = "in range, checked")]
    let bits = if magnitude > i32::MAX as u64 {
        if bits < 0 { i32::MIN } else { i32::MAX }
    } else {
        (magnitude as i32) * (bits.signum() as i32)
    };
    Fix32::from_bits(bits)
}
