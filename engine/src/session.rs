//! [`Session`]: the part of the world that the engine itself keeps. Only entries of the sealed
//! log change it.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::State;
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::digest::{Digest, Node};
use crate::index::at;
use crate::limits::SLOTS_MAX;
use crate::pace::{Pace, Speed};
use crate::simulation::Setup;
use crate::state::{Schema, Visitor, VisitorMut};
use crate::tick::{Tick, TickRate};

/// A place in the session that produces inputs, numbered from 0.
#[derive(
    State,
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    bytemuck::Pod,
    bytemuck::Zeroable,
)]
#[repr(transparent)]
#[state(bytes)]
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
    /// The computer: every machine asks [`Simulation::bot`](crate::Simulation::bot), and what it orders is
    /// executed at once.
    Bot,
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
    /// The tick rate changes, at a later tick: [`Pace::begin`] says when that changes nothing.
    Rate {
        /// The first tick at the new rate.
        at: Tick,
        /// The new rate.
        rate: TickRate,
    },
    /// The computer takes the slot.
    Bot(Slot),
    /// The speed changes, at a later tick, likewise.
    Speed {
        /// The first tick at the new speed.
        at: Tick,
        /// The new speed.
        speed: Speed,
    },
    /// The session stands still, from a later tick on: ticks are sealed, but not executed.
    Pause {
        /// The first tick of the pause.
        at: Tick,
    },
    /// It goes on.
    Resume {
        /// The first tick that is executed again.
        at: Tick,
    },
    /// Something that the game's rules know, and whoever runs the relay says: a referee's call, a wave
    /// of an event.
    Game {
        /// What.
        kind: u32,
        /// More of it.
        value: u64,
    },
}

/// Who holds each slot: a vector in every respect, but of no other length than a session can have.
#[expect(
    unnameable_types,
    reason = "named only by the undo record of a public type"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster(Vec<Presence>);

impl State for Roster {
    type Undo = Vec<Presence>;
    fn open(&mut self, undo: &mut Vec<Presence>) {
        self.0.open(undo);
    }
    fn close(&mut self, undo: &mut Vec<Presence>, node: Node<'_>) -> Digest {
        self.0.close(undo, node)
    }
    fn redo(&mut self, undo: &mut Vec<Presence>) {
        self.0.redo(undo);
    }
    fn undo(&mut self, undo: &mut Vec<Presence>) {
        self.0.undo(undo);
    }
    fn schema(schema: &mut Schema) {
        Vec::<Presence>::schema(schema);
    }
    fn encode(&self, out: &mut Encoder) {
        self.0.encode(out);
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let places = Vec::<Presence>::decode(from)?;
        match u8::try_from(places.len()) {
            Ok(1..=SLOTS_MAX) => Ok(Self(places)),
            _ => Err(DecodeError::Invalid("a roster's number of slots")),
        }
    }
    fn visit(&self, visitor: &mut dyn Visitor) {
        self.0.visit(visitor);
    }
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        self.0.visit_mut(visitor);
    }
}

/// Roster, seed, pace and end of the session; part of the world and of its digest.
#[derive(State, Clone, Debug, PartialEq, Eq)]
pub struct Session {
    seed: u64,
    roster: Roster,
    pace: Pace,
    ended: bool,
}

impl Session {
    /// The session before its first tick: every slot absent.
    ///
    /// # Panics
    /// If `setup` is not [valid](Setup::validate).
    #[must_use]
    pub fn new(setup: &Setup) -> Self {
        if let Err(error) = setup.validate() {
            panic!("{error}");
        }
        Self {
            seed: setup.seed,
            roster: Roster(vec![Presence::Absent; at(setup.slots.into())]),
            pace: Pace::new(setup.rate),
            ended: false,
        }
    }

    /// Begins `tick`: what was to happen at it happens, then its entries are applied. An entry that
    /// does not fit (no such slot, already so, [a rate](Pace::begin) too late) changes nothing: what is
    /// sealed must be executable by all.
    pub fn begin(&mut self, tick: Tick, entries: &[Entry]) {
        self.pace.begin(tick, entries);
        for entry in entries {
            match *entry {
                Entry::Join(slot) => self.seat(slot, Presence::Player),
                Entry::Leave(slot) => self.seat(slot, Presence::Absent),
                Entry::Bot(slot) => self.seat(slot, Presence::Bot),
                Entry::End => self.ended = true,
                // The pace's.
                Entry::Rate { .. }
                | Entry::Speed { .. }
                | Entry::Pause { .. }
                | Entry::Resume { .. } => {}
                // The rules'.
                Entry::Game { .. } => {}
            }
        }
    }

    fn seat(&mut self, slot: Slot, presence: Presence) {
        if let Some(place) = self.roster.0.get_mut(at(slot.0.into())) {
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
        u8::try_from(self.roster.0.len()).unwrap_or(SLOTS_MAX)
    }

    /// Who holds `slot`; [`Presence::Absent`] if there is no such slot.
    #[must_use]
    pub fn presence(&self, slot: Slot) -> Presence {
        self.roster
            .0
            .get(at(slot.0.into()))
            .copied()
            .unwrap_or_default()
    }

    /// The tick rate in force. A game that moves things by [`TickRate::seconds_per_tick`] takes it from
    /// here: a change of it is an entry of the log, so that every machine steps by as much.
    #[must_use]
    pub const fn rate(&self) -> TickRate {
        self.pace.rate()
    }

    /// Rate, speed and pause, and the changes that are to come.
    #[must_use]
    pub const fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Whether this tick is of a pause, and was not executed.
    #[must_use]
    pub const fn paused(&self) -> bool {
        self.pace.paused()
    }

    /// Whether the last tick was executed.
    #[must_use]
    pub const fn ended(&self) -> bool {
        self.ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{from_bytes, to_bytes};

    fn session(slots: u8) -> Session {
        Session::new(&Setup::new(3, slots, TickRate::hz(60)))
    }

    /// A session of any number of slots was decoded, which no other part could have made.
    #[test]
    fn a_session_decodes_with_as_many_slots_as_there_can_be() {
        for slots in [1, 2, SLOTS_MAX] {
            let session = session(slots);
            assert_eq!(from_bytes(&to_bytes(&session)), Ok(session));
        }
        for slots in [0, u32::from(SLOTS_MAX) + 1, 300] {
            let mut session = session(1);
            session.roster.0.resize(at(slots), Presence::Player);
            let refused = from_bytes::<Session>(&to_bytes(&session));
            let expected = DecodeError::Invalid("a roster's number of slots");
            assert_eq!(refused, Err(expected), "{slots} slots");
        }
    }

    /// The roster is written as the vector that it is.
    #[test]
    fn a_session_has_the_schema_of_its_fields() {
        let schema = Schema::of::<Session>();
        let roster = "Vec<Presence{Absent:(),Player:(),Bot:()}>";
        let rate = "TickRate{numerator:u32,denominator:u32}";
        let speed = "Speed{numerator:u16,denominator:u16}";
        let change = alloc::format!("PaceChange{{at:Tick{{0:u64}},rate:{rate},speed:{speed}}}");
        let pace = alloc::format!(
            "Pace{{rate:{rate},speed:{speed},pending:Option<{change}>,paused:bool,turns:Option<Tick{{0:u64}}>}}"
        );
        let text = alloc::format!("Session{{seed:u64,roster:{roster},pace:{pace},ended:bool}}");
        assert_eq!(schema.text(), text);
    }
}
