use std::collections::HashMap;

use phalanx_engine::{State, to_bytes};

#[derive(State)]
struct Named<K> {
    ids: HashMap<K, u32>,
}

#[derive(State)]
struct Pair<T> {
    left: T,
    right: T,
}

fn main() {
    to_bytes(&Pair { left: 1.5_f32, right: 2.5 });
}
