use std::collections::{HashMap, HashSet};

use phalanx_engine::State;

/// Stands for the crate of that name.
mod hashbrown {
    pub struct HashMap<K, V>(Vec<(K, V)>);
}

#[derive(State)]
struct Names {
    ids: HashMap<String, u32>,
    seen: HashSet<u32>,
}

#[derive(State)]
struct Nested {
    maybe: Option<HashMap<u32, u32>>,
}

#[derive(State)]
struct Other {
    scores: hashbrown::HashMap<u32, u32>,
}

fn main() {}
