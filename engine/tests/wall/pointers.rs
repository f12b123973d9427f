use phalanx_engine::State;

#[derive(State)]
struct Target {
    raw: *const u32,
    changed: *mut u32,
    name: &'static str,
    all: Vec<&'static u32>,
}

fn main() {}
