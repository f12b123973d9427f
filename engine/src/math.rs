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
//! The numbers are `fixed`'s types inside (`to_fixed`, `from_fixed`), but not its operators: those
//! wrap in one profile and panic in another.

mod angle;
mod arc;
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
