//! [`Cue`]: what is heard and seen of a fight.

use phalanx_engine::{Effect, EffectKey, Slot};

/// What is heard and seen of a fight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cue {
    /// An attack or a projectile hits this fighter.
    Hit {
        /// Who is hit.
        slot: Slot,
        /// Lost health, points.
        damage: u16,
    },
    /// This fighter blocks one.
    Block(Slot),
    /// An attack of this fighter is over and has hit nobody.
    Whiff(Slot),
    /// This fighter throws a projectile.
    Throw(Slot),
    /// This fighter is knocked out.
    KnockOut(Slot),
    /// The round is over.
    RoundOver,
}

impl Cue {
    /// Whose it is, if it is somebody's.
    #[must_use]
    pub const fn slot(self) -> Option<Slot> {
        match self {
            Self::Hit { slot, .. }
            | Self::Block(slot)
            | Self::Whiff(slot)
            | Self::Throw(slot)
            | Self::KnockOut(slot) => Some(slot),
            Self::RoundOver => None,
        }
    }
}

impl Effect for Cue {
    fn key(&self) -> EffectKey {
        let kind = match self {
            Self::Hit { .. } => 0,
            Self::Block(_) => 1,
            Self::Whiff(_) => 2,
            Self::Throw(_) => 3,
            Self::KnockOut(_) => 4,
            Self::RoundOver => 5,
        };
        EffectKey::new(kind, self.slot().map_or(0, |slot| slot.0))
    }

    /// Nobody hits the same opponent twice in so short a time.
    fn tolerance(&self) -> u32 {
        3
    }

    /// Who has been knocked out does not get up again.
    fn confirmed_only(&self) -> bool {
        matches!(self, Self::KnockOut(_) | Self::RoundOver)
    }
}
