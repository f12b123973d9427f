//! [`Session`]: the part of the world that the engine itself keeps. Only entries of the sealed
//! log change it.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::State;
use crate::index::at;
use crate::limits::SLOTS_MAX;
use crate::simulation::Setup;

/// A place in the session that produces inputs, numbered from 0.
#[derive(
    State, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Slot(pub u8);

impl Slot {
    /// The slots `0..count`.
    pub fn all(count: u8) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (0..count).map(Self)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Who holds a slot.
#[derive(State, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    /// Nobody: its input is neutral.
    #[default]
    Absent,
    /// A player.
    Player,
}

/// What happens to the session itself, as part of the sealed frame of the tick at which it
/// happens; every peer applies it there, before the step.
#[derive(State, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A player takes the slot.
    Join(Slot),
    /// The slot's player is gone; the slot is absent from this tick on.
    Leave(Slot),
    /// This tick is the last one.
    End,
}

/// Roster, seed and end of the session; part of the world and of its digest.
#[derive(State, Clone, Debug, PartialEq, Eq)]
pub struct Session {
    seed: u64,
    roster: Vec<Presence>,
    ended: bool,
}

impl Session {
    /// The session before tick 0: every slot absent.
    ///
    /// # Panics
    /// If `setup` has no slot or more than [`SLOTS_MAX`].
    #[must_use]
    pub fn new(setup: &Setup) -> Self {
        assert!(
            (1..=SLOTS_MAX).contains(&setup.slots),
            "a session has 1 to {SLOTS_MAX} slots"
        );
        Self {
            seed: setup.seed,
            roster: vec![Presence::Absent; at(setup.slots.into())],
            ended: false,
        }
    }

    /// Applies one entry. An entry that does not fit (no such slot, already so) changes nothing:
    /// what is sealed must be executable by all.
    pub fn apply(&mut self, entry: Entry) {
        let (slot, presence) = match entry {
            Entry::Join(slot) => (slot, Presence::Player),
            Entry::Leave(slot) => (slot, Presence::Absent),
            Entry::End => {
                self.ended = true;
                return;
            }
        };
        if let Some(place) = self.roster.get_mut(at(slot.0.into())) {
            *place = presence;
        }
    }

    /// The seed of the session's randomness.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// How many slots there are.
    #[must_use]
    pub fn slots(&self) -> u8 {
        u8::try_from(self.roster.len()).unwrap_or(SLOTS_MAX)
    }

    /// Who holds `slot`; [`Presence::Absent`] if there is no such slot.
    #[must_use]
    pub fn presence(&self, slot: Slot) -> Presence {
        self.roster
            .get(at(slot.0.into()))
            .copied()
            .unwrap_or_default()
    }

    /// Whether the last tick was executed.
    #[must_use]
    pub const fn ended(&self) -> bool {
        self.ended
    }
}
