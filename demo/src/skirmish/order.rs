//! [`Order`], what a player tells their units.

use phalanx_engine::{Command, Id, State};

use super::building::{Building, Structure};
use super::patch::Patch;
use super::place::{Area, Place};
use super::unit::{Kind, Target, Unit};

/// Most units that an order names one by one.
pub const NAMED_MAX: u32 = 16;

/// What a player tells their units. Orders come from outside: one that cannot be followed, in part or
/// at all, because somebody is dead, a stranger's or too poor, is not followed, in that part or at
/// all.
#[derive(State, Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Walk, in formation.
    Move {
        /// Who walks.
        who: Who,
        /// To the middle of the formation.
        to: Place,
        /// After where they are to go already, instead of at once.
        queued: bool,
    },
    /// Soldiers: follow an enemy and shoot at it.
    Attack {
        /// Who attacks.
        who: Who,
        /// Whom.
        target: Target,
    },
    /// Workers: dig ore and carry it home, again and again.
    Gather {
        /// Who gathers.
        who: Who,
        /// Where to begin.
        patch: Id<Patch>,
    },
    /// A worker: pay for a building and build it. A site that is there already, at that very place,
    /// is paid for, and only worked on.
    Build {
        /// Who builds.
        worker: Id<Unit>,
        /// What.
        structure: Structure,
        /// Its middle.
        at: Place,
    },
    /// A building: pay for a unit of the kind that it trains, and train it.
    Train {
        /// Where.
        building: Id<Building>,
    },
    /// Stop doing whatever it is.
    Stop {
        /// Who stops.
        who: Who,
    },
}

impl Command for Order {
    /// With 16 units it is 143 bytes.
    const MAX_BYTES: u32 = 200;
}

/// Which of their own units a player means.
#[derive(State, Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// These; the first [`NAMED_MAX`] of them.
    Units(Vec<Id<Unit>>),
    /// All of a kind that are in an area when the order is executed.
    In {
        /// The kind.
        kind: Kind,
        /// The area.
        area: Area,
    },
}

impl Who {
    /// The first [`NAMED_MAX`] of `ids`.
    pub fn units(ids: impl IntoIterator<Item = Id<Unit>>) -> Self {
        Self::Units(ids.into_iter().take(NAMED_MAX as usize).collect())
    }
}
