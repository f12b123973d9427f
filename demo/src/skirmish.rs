//! Skirmish: a small real-time strategy game for one to eight players.
//!
//! Workers dig ore and carry it home; ore buys more workers, barracks and soldiers; soldiers shoot
//! at whoever comes near. Who has no base left is out, and the last one wins the round; rounds
//! follow one another for as long as the session lasts, and the score counts.
//!
//! Players hold nothing: they give [`Order`]s, now and then, to as many units as they like. Units,
//! buildings and patches of ore live in [tables](phalanx_engine::Table), a few of them or ten
//! thousand.
//!
//! One tick is 1/20 s. Lengths are in world units (two units stand about one apart), counted from
//! the middle of a square plain; speeds are in units per tick.

mod battle;
mod bot;
mod building;
mod combat;
mod cue;
mod economy;
mod movement;
mod obey;
mod order;
mod patch;
mod place;
mod round;
mod rules;
mod unit;

pub use battle::{Battle, INTERMISSION_TICKS, PLAYERS_MAX, Phase, Player, ROUND_TICKS, Round};
pub use building::{
    BUILDING_GAP, BUILDING_RADIUS, BUILDINGS_MAX, Building, BuildingColumns, Structure,
    TRAINING_MAX,
};
pub use combat::{DAMAGE, RANGE, RELOAD_TICKS};
pub use cue::Cue;
pub use economy::{DIG_TICKS, LOAD};
pub use movement::{BEAT_TICKS, SPACE};
pub use order::{NAMED_MAX, Order, Who};
pub use patch::{Patch, PatchColumns};
pub use place::{Area, Place};
pub use unit::{Kind, Target, Task, Unit, UnitColumns, WAYPOINTS_MAX};

use phalanx_engine::{Effects, InputFrame, NoInput, Setup, Simulation, Slot};

/// Most soldiers that a round begins with.
pub const SOLDIERS_MAX: u32 = 20_000;

/// The rules of the game. Slots from [`PLAYERS_MAX`] on only watch.
#[derive(Clone, Copy, Debug)]
pub struct Skirmish {
    /// Soldiers that a round begins with, of all players together; at most [`SOLDIERS_MAX`]. The
    /// plain is as large as they need.
    pub units: u32,
}

impl Default for Skirmish {
    fn default() -> Self {
        Self { units: 64 }
    }
}

impl Skirmish {
    /// The rules whose [`content_hash`](Simulation::content_hash) this is; some others, if it is none.
    #[must_use]
    pub fn of_content(content: &[u8; 32]) -> Self {
        let [a, b, c, d, ..] = *content;
        let units = u32::from_le_bytes([a, b, c, d]).min(SOLDIERS_MAX);
        Self { units }
    }

    fn soldiers(&self) -> u32 {
        self.units.min(SOLDIERS_MAX)
    }
}

impl Simulation for Skirmish {
    const ID: &'static str = "skirmish";
    const VERSION: u32 = 1;
    type State = Battle;
    type Input = NoInput;
    type Command = Order;
    type Effect = Cue;

    fn content_hash(&self) -> [u8; 32] {
        let mut content = [0; 32];
        content[..4].copy_from_slice(&self.soldiers().to_le_bytes());
        content
    }

    fn start(&self, setup: &Setup) -> Battle {
        Battle::new(setup.seed)
    }

    fn step(&self, state: &mut Battle, frame: &InputFrame<'_, Self>, cues: &mut Effects<Cue>) {
        rules::step(self, state, frame, cues);
    }

    fn bot_commands(&self, state: &Battle, slot: Slot) -> Vec<Order> {
        bot::orders(state, slot)
    }
}
