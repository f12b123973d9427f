//! [`Unit`]: workers and soldiers.

use phalanx_engine::{Cell, Fix, Id, Row, Slot, State};

use super::building::Building;
use super::patch::Patch;
use super::place::Place;

/// Most places that a unit walks to one after the other.
pub const WAYPOINTS_MAX: u32 = 8;

/// Who walks about and does what its owner orders.
///
/// What changes at every tick stands apart from what changes now and then: a column that nobody
/// writes to costs a tick nothing. So a unit keeps no countdowns, but when something is due.
#[derive(Row, Clone, Debug, PartialEq)]
pub struct Unit {
    /// Where it is. The one field that changes at every tick.
    pub position: Place,
    /// What a tick adds to the position, units. It changes once in a beat.
    pub velocity: Place,
    /// Whose it is.
    pub owner: Slot,
    /// What it is.
    pub kind: Kind,
    /// Points; who has none is removed at the end of the tick.
    pub health: u16,
    /// What it is about.
    pub task: Task,
    /// The age of the round at which it may shoot again, ticks.
    pub ready: u16,
    /// Where it goes, the next place first; at most [`WAYPOINTS_MAX`].
    pub waypoints: Vec<Place>,
}

/// What a [`Unit`] is.
#[derive(State, Cell, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Gathers ore and builds.
    #[default]
    Worker,
    /// Shoots at whoever is near.
    Soldier,
}

/// What a [`Unit`] is about.
#[derive(State, Cell, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Task {
    /// Nothing: it stays, and makes room.
    #[default]
    Idle,
    /// Walks to its waypoints.
    Move,
    /// Follows somebody and shoots at nobody else, as long as they are in range.
    Attack(Target),
    /// Walks to a patch to dig there.
    Gather(Id<Patch>),
    /// Digs.
    Dig {
        /// Where.
        patch: Id<Patch>,
        /// The age of the round at which it has dug a load, ticks.
        until: u16,
    },
    /// Carries ore to the nearest base, and then goes back.
    Carry {
        /// Where the ore is from.
        patch: Id<Patch>,
        /// How much it is.
        load: u16,
    },
    /// Walks to a site and works there until the building stands.
    Build(Id<Building>),
}

/// Who can be shot at.
#[derive(State, Cell, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A unit.
    Unit(Id<Unit>),
    /// A building.
    Building(Id<Building>),
}

impl Kind {
    /// Health of a new one, points.
    #[must_use]
    pub const fn health(self) -> u16 {
        match self {
            Self::Worker => 40,
            Self::Soldier => 80,
        }
    }

    /// What it costs, ore.
    #[must_use]
    pub const fn cost(self) -> u32 {
        match self {
            Self::Worker => 50,
            Self::Soldier => 60,
        }
    }

    /// How long it takes to train one, ticks.
    #[must_use]
    pub const fn training_ticks(self) -> u16 {
        match self {
            Self::Worker => 120,
            Self::Soldier => 80,
        }
    }

    /// Units per tick.
    #[must_use]
    pub const fn speed(self) -> Fix {
        match self {
            Self::Worker => Fix::ratio(22, 100),
            Self::Soldier => Fix::ratio(20, 100),
        }
    }
}

impl Unit {
    /// A new one that stands at `position`.
    #[must_use]
    pub const fn new(owner: Slot, kind: Kind, position: Place) -> Self {
        Self {
            position,
            velocity: Place::ZERO,
            owner,
            kind,
            health: kind.health(),
            task: Task::Idle,
            ready: 0,
            waypoints: Vec::new(),
        }
    }
}
