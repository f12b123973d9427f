//! [`Building`]: bases and barracks.

use phalanx_engine::{Cell, Fix, Row, Slot, State};

use super::place::Place;
use super::unit::Kind;

/// Most buildings of one player, sites among them.
pub const BUILDINGS_MAX: u32 = 12;
/// Most units that wait in one building to be trained.
pub const TRAINING_MAX: u32 = 5;
/// From its middle to its wall, units.
pub const BUILDING_RADIUS: Fix = Fix::ratio(3, 2);

/// Between the middle of a new building and that of everything else in the ground, units.
pub const BUILDING_GAP: Fix = Fix::int(4);

/// What stands, or is being built.
#[derive(Row, Clone, Debug, PartialEq)]
pub struct Building {
    /// Its middle.
    pub position: Place,
    /// Whose it is.
    pub owner: Slot,
    /// What it is, or will be.
    pub structure: Structure,
    /// Points; what has none is removed at the end of the tick.
    pub health: u16,
    /// Ticks of work that are missing until it stands.
    pub missing: u16,
    /// The age of the round at which the first in training is ready, ticks.
    pub ready: u16,
    /// Who is trained here, one after the other; at most [`TRAINING_MAX`].
    pub training: Vec<Kind>,
}

/// What a [`Building`] is.
#[derive(State, Cell, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Structure {
    /// Takes in the ore and trains workers. Who has none left is out of the round.
    #[default]
    Base,
    /// Trains soldiers.
    Barracks,
}

impl Structure {
    /// Health once it stands, points.
    #[must_use]
    pub const fn health(self) -> u16 {
        match self {
            Self::Base => 2500,
            Self::Barracks => 1200,
        }
    }

    /// What it costs, ore.
    #[must_use]
    pub const fn cost(self) -> u32 {
        match self {
            Self::Base => 400,
            Self::Barracks => 150,
        }
    }

    /// How long one worker builds it, ticks.
    #[must_use]
    pub const fn building_ticks(self) -> u16 {
        match self {
            Self::Base => 600,
            Self::Barracks => 300,
        }
    }

    /// Who is trained in it.
    #[must_use]
    pub const fn trains(self) -> Kind {
        match self {
            Self::Base => Kind::Worker,
            Self::Barracks => Kind::Soldier,
        }
    }
}

impl Building {
    /// One that stands at `position`.
    #[must_use]
    pub const fn new(owner: Slot, structure: Structure, position: Place) -> Self {
        Self {
            position,
            owner,
            structure,
            health: structure.health(),
            missing: 0,
            ready: 0,
            training: Vec::new(),
        }
    }

    /// A place where one is to be built. It bears a tenth of what it will bear.
    #[must_use]
    pub fn site(owner: Slot, structure: Structure, position: Place) -> Self {
        Self {
            health: structure.health() / 10,
            missing: structure.building_ticks(),
            ..Self::new(owner, structure, position)
        }
    }
}
