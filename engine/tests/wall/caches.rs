use phalanx_engine::State;

#[derive(State)]
struct Misspelt {
    units: u32,
    #[state(cached)]
    strength: u32,
}

#[derive(State)]
struct Nothing {
    #[state(cache)]
    strength: u32,
}

#[derive(State, Clone)]
enum Order {
    Attack {
        target: u32,
        #[state(cache)]
        path: Vec<u32>,
    },
}

#[derive(State)]
struct Painted {
    units: u32,
    #[state(cache)]
    brightness: f32,
}

fn main() {}
