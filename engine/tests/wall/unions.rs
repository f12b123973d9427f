use phalanx_engine::State;

#[derive(State)]
union Either {
    small: u8,
    large: u64,
}

fn main() {}
