//! The games of Phalanx and the program around them.

pub mod duel;
pub mod tui;
