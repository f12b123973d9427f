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
//!
#![doc = include_str!("math/accuracy.md")]

mod angle;
mod fix;
mod vec2;

pub use angle::Angle;
pub use fix::{Fix, Fix32};
pub use vec2::Vec2;

pub(crate) use fix::display_fixed;
