use std::time::{Duration, Instant, SystemTime};

use phalanx_engine::State;

#[derive(State)]
struct Fuse {
    lit: Instant,
    saved: Option<SystemTime>,
    burns: Duration,
}

fn main() {}
