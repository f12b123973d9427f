use phalanx_engine::State;

trait Behaviour {}

#[derive(State)]
struct Unit {
    behaviour: Box<dyn Behaviour>,
    on_hit: fn(u32) -> u32,
    effects: Vec<fn()>,
}

fn main() {}
