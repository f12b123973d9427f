use phalanx_engine::State;

#[derive(State)]
struct Ball {
    height: f32,
    speeds: Vec<f64>,
    bounces: u32,
}

fn main() {}
