use phalanx_engine::{Cell, Row, State};

#[derive(Row)]
struct Unit {
    speed: f32,
    orders: Vec<&'static str>,
}

#[derive(Row)]
struct Squad {
    units: u32,
    #[state(cache)]
    strength: u32,
}

#[derive(Row)]
struct Pair<T> {
    left: T,
    right: T,
}

#[derive(State, Cell, Clone, Copy, PartialEq)]
struct Wound {
    depth: u32,
    #[state(cache)]
    bleeding: u32,
}

#[derive(Cell)]
struct Place {
    row: usize,
}

fn main() {}
