use phalanx_engine::State;

#[derive(State)]
struct Cursor {
    row: usize,
    column: Option<isize>,
}

fn main() {}
