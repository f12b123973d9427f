use bytemuck::NoUninit;
use phalanx_engine::State;

#[derive(State, Clone, Copy, NoUninit)]
#[repr(C)]
#[state(byte)]
struct Misspelt {
    health: u32,
}

#[derive(State, Clone, Copy)]
#[state(bytes)]
struct Shuffled {
    health: u32,
}

#[derive(State, Clone, Copy)]
#[repr(C)]
#[state(bytes)]
struct Cached {
    health: u32,
    #[state(cache)]
    strength: u32,
}

#[derive(State, Clone, Copy, NoUninit)]
#[repr(u8)]
#[state(bytes)]
enum Numbered {
    Standing = 1,
    Crouching = 2,
}

#[derive(State, Clone, Copy, NoUninit)]
#[repr(u8)]
enum Stance {
    Standing,
}

#[derive(State, Clone, Copy, NoUninit)]
#[repr(C)]
#[state(bytes)]
struct Body {
    health: u8,
    stance: Stance,
}

fn main() {}
