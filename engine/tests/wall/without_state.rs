use phalanx_engine::State;

struct Armour {
    plates: u32,
}

#[derive(State)]
struct Tank {
    armour: Armour,
}

fn main() {}
