//! Tests of the game `duel` as its embedder sees it.

mod bots;
mod cues;
mod hostile;
mod mirror;
mod play;
mod roster;
mod rules;
