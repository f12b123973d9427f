use phalanx_engine::State;

type Metres = f32;

#[derive(State)]
struct Ball {
    height: Metres,
}

fn main() {}
