//! The games of Phalanx and the program around them.
//!
//! The games are held to the determinism lints of `clippy.toml`; the program lives beside them and
//! writes only to people: its figures are integers up to the last digit printed.

pub mod cli;
mod commands;
mod console;
mod driver;
pub mod duel;
mod exit;
mod fault;
mod figures;
mod game;
mod interrupt;
mod person;
mod plan;
mod progress;
mod summary;
pub mod tui;
mod vacuity;
mod watcher;

pub use commands::main;
pub use exit::Exit;

/// The README's program is a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
