use phalanx_engine::{Fix, State};

#[derive(State)]
struct Ball {
    height: Fix,
}

fn main() {}
