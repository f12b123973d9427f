//! [`Cue`]: what is heard and seen of a war.

use phalanx_engine::{Effect, EffectKey, Id};

use super::building::Building;
use super::place::Place;
use super::unit::{Target, Unit};

/// What is heard and seen of a war, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cue {
    /// A soldier shoots.
    Shot {
        /// Who.
        unit: Id<Unit>,
        /// Where it stands.
        at: Place,
    },
    /// A unit dies, or a building falls.
    Death {
        /// Who.
        who: Target,
        /// Where.
        at: Place,
    },
    /// A building is finished.
    Built {
        /// Which.
        building: Id<Building>,
        /// Where it stands.
        at: Place,
    },
}

impl Cue {
    /// Where it is.
    #[must_use]
    pub const fn place(self) -> Place {
        match self {
            Self::Shot { at, .. } | Self::Death { at, .. } | Self::Built { at, .. } => at,
        }
    }
}

impl Effect for Cue {
    fn key(&self) -> EffectKey {
        match self {
            Self::Shot { unit, .. } => EffectKey::new(0, unit.to_bits()),
            Self::Death {
                who: Target::Unit(unit),
                ..
            } => EffectKey::new(1, unit.to_bits()),
            Self::Death {
                who: Target::Building(building),
                ..
            } => EffectKey::new(2, building.to_bits()),
            Self::Built { building, .. } => EffectKey::new(3, building.to_bits()),
        }
    }

    /// A beat, in which a soldier shoots at most once.
    fn tolerance(&self) -> u32 {
        4
    }

    /// Whoever dies stays dead.
    fn confirmed_only(&self) -> bool {
        matches!(self, Self::Death { .. })
    }
}
