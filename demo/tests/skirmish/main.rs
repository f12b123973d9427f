//! Tests of the game `skirmish` as its embedder sees it.

mod bots;
mod cues;
mod golden;
mod hostile;
mod memory;
mod orders;
mod play;
mod rounds;
mod rules;
