//! Duel: a small fighting game for two fighters, or up to eight in one arena.
//!
//! Fighters walk, jump, crouch and block; they hit with a light and a heavy attack and throw
//! projectiles. A round ends when at most one of them stands or the time is up; rounds follow one
//! another for as long as the session lasts, and the score counts.
//!
//! One tick is 1/60 s. Lengths are in world units (a fighter is 1.8 units tall), x is counted from
//! the middle of the arena to the right and y from the floor up; speeds are in units per tick.

mod arena;
mod bot;
mod combat;
mod cue;
mod fighter;
mod moves;
mod pad;
mod projectile;
mod rules;

pub use arena::{Arena, HALF_WIDTH, INTERMISSION_TICKS, Phase, ROUND_TICKS, Round};
pub use cue::Cue;
pub use fighter::{Action, FIGHTERS_MAX, Facing, Fighter, HEALTH_MAX, Stance};
pub use moves::{HEAVY, LIGHT, Move, MovePhase, Reach, SPECIAL};
pub use pad::Pad;
pub use projectile::{PER_FIGHTER, Projectile};

use phalanx_engine::{Effects, InputFrame, NoCommand, Setup, Simulation, Slot};

/// The rules of the game. Slots from [`FIGHTERS_MAX`] on only watch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Duel;

impl Simulation for Duel {
    const ID: &'static str = "duel";
    const VERSION: u32 = 1;
    type State = Arena;
    type Input = Pad;
    type Command = NoCommand;
    type Effect = Cue;

    fn start(&self, setup: &Setup) -> Arena {
        Arena::new(setup.seed)
    }

    fn step(&self, state: &mut Arena, frame: &InputFrame<'_, Self>, cues: &mut Effects<Cue>) {
        rules::step(state, frame, cues);
    }

    fn bot(&self, state: &Arena, slot: Slot) -> Pad {
        bot::pad(state, slot)
    }
}
