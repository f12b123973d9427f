//! [`Simulation`]: the rules of a game, as the engine sees them.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::codec::{DecodeError, Decoder, Encoder};
use crate::command::Command;
use crate::effects::{Effect, Effects};
use crate::frame::InputFrame;
use crate::input::Input;
use crate::limits::{FIRST_TICK_MAX, SLOTS_MAX};
use crate::session::Slot;
use crate::state::{Schema, State};
use crate::tick::{Tick, TickRate};

/// What a session starts from; the same for all peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "SetupParts", into = "SetupParts")]
pub struct Setup {
    /// Seed of the session's randomness.
    pub seed: u64,
    /// How many slots the session has, 1 to [`SLOTS_MAX`].
    pub slots: u8,
    /// Ticks per second, until an [`Entry::Rate`](crate::Entry::Rate) changes it.
    pub rate: TickRate,
    /// The first tick of the session: 0, or where a session that is played on was cut; at most
    /// [`FIRST_TICK_MAX`].
    pub first: Tick,
}

/// Why a [`Setup`] is none that a session starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// No slot, or too many.
    #[error("a session has 1 to {SLOTS_MAX} slots")]
    Slots,
    /// A first tick from which the ticks would run out.
    #[error("the first tick of a session is at most {FIRST_TICK_MAX}")]
    First,
}

impl Setup {
    /// A session from tick 0 on.
    #[must_use]
    pub const fn new(seed: u64, slots: u8, rate: TickRate) -> Self {
        Self {
            seed,
            slots,
            rate,
            first: Tick::ZERO,
        }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// [`SetupError`] says which is out of range.
    pub const fn validate(&self) -> Result<(), SetupError> {
        if self.slots == 0 || self.slots > SLOTS_MAX {
            Err(SetupError::Slots)
        } else if self.first.0 > FIRST_TICK_MAX {
            Err(SetupError::First)
        } else {
            Ok(())
        }
    }

    /// Appends the canonical bytes.
    pub(crate) fn encode(&self, out: &mut Encoder) {
        let Self {
            seed,
            slots,
            rate,
            first,
        } = self;
        seed.encode(out);
        slots.encode(out);
        rate.encode(out);
        first.encode(out);
    }

    /// Reads canonical bytes.
    pub(crate) fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let setup = Self {
            seed: State::decode(from)?,
            slots: State::decode(from)?,
            rate: State::decode(from)?,
            first: State::decode(from)?,
        };
        match setup.validate() {
            Ok(()) => Ok(setup),
            Err(SetupError::Slots) => Err(DecodeError::Invalid("a number of slots")),
            Err(SetupError::First) => Err(DecodeError::Invalid("a first tick")),
        }
    }
}

/// A [`Setup`] as it is serialised.
type SetupParts = (u64, u8, TickRate, Tick);

impl From<SetupParts> for Setup {
    fn from((seed, slots, rate, first): SetupParts) -> Self {
        Self {
            seed,
            slots,
            rate,
            first,
        }
    }
}

impl From<Setup> for SetupParts {
    fn from(setup: Setup) -> Self {
        (setup.seed, setup.slots, setup.rate, setup.first)
    }
}

/// The rules of a game. `self` holds what does not change during a match: maps, unit tables.
///
/// `step` must be a function of its arguments alone: no clock, no global, no float, no order of a
/// hash map. Types keep most of that out of the state; [`SyncTest`](crate::SyncTest) finds the rest.
pub trait Simulation: Sized + 'static {
    /// Name of the game; peers compare it.
    const ID: &'static str;
    /// Version of the rules, which no schema can see: raise it with every change of `step`.
    const VERSION: u32;

    /// The state of the world.
    type State: State;
    /// What a slot contributes to a tick.
    type Input: Input;
    /// What a player orders now and then; [`NoCommand`](crate::NoCommand) if there is nothing to
    /// order.
    type Command: Command;
    /// What a step tells the presentation; [`NoEffect`](crate::NoEffect) if there is nothing to tell.
    type Effect: Effect;

    /// Hash of the immutable content; peers compare it.
    fn content_hash(&self) -> [u8; 32] {
        [0; 32]
    }

    /// The state before the first tick.
    fn start(&self, setup: &Setup) -> Self::State;

    /// Executes one tick. What is to be heard and seen of it goes into `effects`, which are no part of
    /// the state; see [`effects`](crate::effects).
    fn step(
        &self,
        state: &mut Self::State,
        frame: &InputFrame<'_, Self>,
        effects: &mut Effects<Self::Effect>,
    );

    /// Makes the caches of a decoded `state` again, from the rest of it alone and without changing that.
    /// [`Simulation::start`] and [`Simulation::step`] keep them right by themselves.
    fn rebuild(&self, _state: &mut Self::State) {}

    /// What a computer player in `slot` would do now. Where the computer holds a slot
    /// ([`Presence::Bot`](crate::Presence::Bot)) every machine asks for itself: it is a function of its arguments
    /// alone, as [`Simulation::step`] is, and so is [`Simulation::bot_commands`].
    fn bot(&self, _state: &Self::State, _slot: Slot) -> Self::Input {
        Self::Input::default()
    }

    /// What a computer player in `slot` would order now. It is asked at every tick, and what it orders is
    /// executed at that tick if the computer holds the slot, and some ticks later if it plays for somebody by
    /// way of a relay: a bot thinks at some ticks only, by what is in the state.
    fn bot_commands(&self, _state: &Self::State, _slot: Slot) -> Vec<Self::Command> {
        Vec::new()
    }
}

/// Everything two peers must have in common to play together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "IdentityParts", into = "IdentityParts")]
pub struct GameIdentity {
    /// [`Simulation::ID`].
    pub id: String,
    /// [`Simulation::VERSION`].
    pub version: u32,
    /// Fingerprint of the state's schema.
    pub schema: u64,
    /// Fingerprint of the schema of commands.
    pub commands: u64,
    /// [`Simulation::content_hash`].
    pub content: [u8; 32],
    /// [`Input::BYTES`].
    pub input_bytes: u32,
    /// [`Command::MAX_BYTES`].
    pub command_bytes: u32,
}

impl GameIdentity {
    /// The identity of `simulation`.
    #[must_use]
    pub fn of<S: Simulation>(simulation: &S) -> Self {
        Self {
            id: S::ID.into(),
            version: S::VERSION,
            schema: Schema::of::<S::State>().fingerprint(),
            commands: Schema::of::<S::Command>().fingerprint(),
            content: simulation.content_hash(),
            input_bytes: S::Input::BYTES,
            command_bytes: S::Command::MAX_BYTES,
        }
    }
}

impl GameIdentity {
    /// Appends the canonical bytes.
    pub(crate) fn encode(&self, out: &mut Encoder) {
        let Self {
            id,
            version,
            schema,
            commands,
            content,
            input_bytes,
            command_bytes,
        } = self;
        id.encode(out);
        version.encode(out);
        schema.encode(out);
        commands.encode(out);
        out.put(content);
        input_bytes.encode(out);
        command_bytes.encode(out);
    }
}

/// A [`GameIdentity`] as it is serialised.
type IdentityParts = (String, u32, u64, u64, [u8; 32], u32, u32);

impl From<IdentityParts> for GameIdentity {
    fn from(parts: IdentityParts) -> Self {
        let (id, version, schema, commands, content, input_bytes, command_bytes) = parts;
        Self {
            id,
            version,
            schema,
            commands,
            content,
            input_bytes,
            command_bytes,
        }
    }
}

impl From<GameIdentity> for IdentityParts {
    fn from(game: GameIdentity) -> Self {
        (
            game.id,
            game.version,
            game.schema,
            game.commands,
            game.content,
            game.input_bytes,
            game.command_bytes,
        )
    }
}
