use std::rc::Rc;

use phalanx_engine::State;

#[derive(State, Clone)]
enum Shape {
    Circle(f32),
    Square { side: f64 },
}

#[derive(State, Clone)]
enum Order {
    Follow(Rc<u32>),
    Stop,
}

fn main() {}
