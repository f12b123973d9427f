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
//! | | exact result in range | out of range | by zero |
//! | --- | --- | --- | --- |
//! | `a + b`, `a - b`, `-a`, `abs` | exact | the end of the range | |
//! | `a * b`, `lerp` | rounded | the end of the range | |
//! | `a * 3` | exact | the end of the range | |
//! | `a / b`, `a / 3` | rounded | the end of the range | the end on the side of `a`; 0 if `a` is |
//! | `a % b`, `rem_euclid` | exact | never | 0 |
//! | `floor`, `ceil`, `round`, `trunc` | as named | the end of the range | |
//! | a sum of an iterator | exact | the end of the range, once, so in any order | |
//!
//! - *Rounded* is always to the nearest step, halfway cases away from zero. It is symmetric,
//!   `-(a * b) == (-a) * b`, so a mirrored world plays mirrored.
//! - `%` is the remainder of truncated division, with the sign of the dividend; that of
//!   `rem_euclid` is never negative.
//! - There is no product of an iterator: products round, so it would depend on the order.
//!
//! The operators are the `saturating_` forms, which are also for constants. `checked_` and
//! `wrapping_` forms say otherwise what happens at the ends of the range; only `wrapping_mul`
//! rounds in another way, down. [Their table](Fix#sums-products-and-quotients-by-name) compares
//! them. Where the numbers of a game touch the ends of the range, the feature `count-overflows`
//! tells.
//!
//! **Literals** are [`fix!(1.5)`](crate::fix!) and [`fix32!(-0.001)`](crate::fix32!): checked when
//! compiled, rounded without a float. [`parse`](Fix::parse) reads text in the same way, and reads
//! back what was printed.
//!
//! **Conversions**: `From` is exact; else the name says what happens, such as
//! [`saturating_int`](Fix::saturating_int), [`round_int`](Fix::round_int) or
//! [`checked_to_fix32`](Fix::checked_to_fix32). serde's data are the bits. Out to a picture goes
//! [`to_fixed().to_num::<f64>()`](Fix::to_fixed); floats are given no way in.
//! The traits of `num-traits` come with the feature of that name.
//!
//! **Functions**: roots are the nearest number; sines, arcs, logarithms and powers are less than a
//! step off, [as measured below](#accuracy). They take no longer for great arguments than for small
//! ones, and have a value for every argument, which each states. What turns is an [`Angle`], a binary
//! fraction of a turn that wraps without error; the scalars' `sin`, `cos` and `atan2` are in radians.
//!
//! [`Vec2`] and [`Vec3`] are points and displacements of `Fix`, [`Rot2`] a rotation, [`Squared`] a
//! square that `Fix` has no room for; [`shape`] tells what touches what. Their methods are total as
//! well: sums of products are exact until they are rounded once, halves away from zero.
//!
//! # Many at once
//!
//! A world that keeps a column per coordinate works on whole columns: `add_each`, `add_scaled_each`,
//! `rotate_each`, `within_each`, `sin_each`, `cos_each`, `sin_cos_each` and `sqrt_each` of [`Fix`] and
//! [`Fix32`], and `sin_cos_each` of [`Angle`], give bit for bit what a loop over the operators, the
//! functions and [`Vec2::rotated`] gives, in vector instructions where the processor has such.
//! [`Fix32`] is the faster: its columns move at about half the speed of `f32`'s.
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
//!
#![doc = include_str!("math/accuracy.md")]

mod angle;
mod arc;
mod batch;
mod exact;
mod fix;
mod overflow;
mod power;
mod root;
mod rot2;
pub mod shape;
mod squared;
#[cfg(test)]
mod testing;
mod trig;
mod vec2;
mod vec3;
mod vector;
mod wide;

pub use angle::Angle;
pub use fix::{Fix, Fix32, FixRangeError, ParseFixError};
#[cfg(feature = "count-overflows")]
pub use overflow::{overflows, reset_overflows};
pub use rot2::Rot2;
pub use squared::Squared;
pub use vec2::Vec2;
pub use vec3::Vec3;

pub(crate) use fix::display_fixed;
