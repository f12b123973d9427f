use phalanx_engine::Input;

#[derive(Input, Clone, Copy, Default, PartialEq)]
struct Pad {
    stick: f32,
    row: usize,
}

fn main() {}
