use phalanx_engine::{Cell, Row, State};

#[derive(Row)]
struct Unit {
    speed: f32,
    orders: Vec<&'static str>,
    seen: std::collections::HashSet<u32>,
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
