//! The games of Phalanx and the program around them.
//!
//! The games are held to the determinism lints of `clippy.toml`; the program lives beside them and
//! writes only to people: its figures are integers up to the last digit printed. The one exception is
//! `clock`, a benchmark with floats and a virtual time of its own.
//!
//! Feature `program` (default): everything but the games.

pub mod duel;
pub mod skirmish;

#[cfg(feature = "program")]
pub mod cli;
#[cfg(feature = "program")]
pub mod clock;
#[cfg(feature = "program")]
mod commands;
#[cfg(feature = "program")]
mod compare;
#[cfg(feature = "program")]
mod console;
#[cfg(feature = "program")]
mod driver;
#[cfg(feature = "program")]
mod exit;
#[cfg(feature = "program")]
mod fairness;
#[cfg(feature = "program")]
mod fault;
#[cfg(feature = "program")]
mod figures;
#[cfg(feature = "program")]
mod file;
#[cfg(feature = "program")]
mod game;
#[cfg(feature = "program")]
mod grouped;
#[cfg(feature = "program")]
mod interrupt;
#[cfg(feature = "program")]
mod past;
#[cfg(feature = "program")]
mod person;
#[cfg(feature = "program")]
mod plan;
#[cfg(feature = "program")]
mod progress;
#[cfg(feature = "program")]
mod recording;
#[cfg(feature = "program")]
mod replay_file;
#[cfg(feature = "program")]
mod resume_file;
#[cfg(feature = "program")]
mod samples;
#[cfg(feature = "program")]
mod simulate;
#[cfg(feature = "program")]
mod snapshot_file;
#[cfg(feature = "program")]
mod summary;
#[cfg(feature = "program")]
pub mod tui;
#[cfg(feature = "program")]
mod vacuity;
#[cfg(feature = "program")]
mod virtual_match;
#[cfg(feature = "program")]
mod watcher;
#[cfg(feature = "program")]
mod worlds;

#[cfg(feature = "program")]
pub use commands::main;
#[cfg(feature = "program")]
pub use exit::Exit;

/// The README's program is a test.
#[cfg(all(doctest, feature = "program"))]
#[doc = include_str!("../../README.md")]
struct Readme;
