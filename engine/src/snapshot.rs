//! [`Snapshot`]: a complete world at a tick.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::State;
use crate::codec::{DecodeError, Decoder, Encoder, Mark};
use crate::digest::Digest;
use crate::limits::INPUT_BYTES_MAX;
use crate::session::Session;
use crate::simulation::{GameIdentity, Setup, Simulation};
use crate::tick::Tick;
use crate::world::World;

/// Everything from which a match goes on after a tick, as bytes that need no game to be kept and
/// compared. A [`Timeline`](crate::Timeline) takes it; [`Snapshot::restore`] reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The game.
    pub game: GameIdentity,
    /// What the session started from.
    pub setup: Setup,
    /// The world is that after this tick.
    pub tick: Tick,
    /// The world's digest.
    pub checksum: Digest,
    /// Chained digest of all ticks up to this one.
    pub chained: Digest,
    /// The packed inputs of all slots at this tick, one after the other: what
    /// [`Repeat`](crate::Repeat) goes on from.
    pub inputs: Vec<u8>,
    /// Per slot the ticks without a real input up to this one.
    pub missing: Vec<u32>,
    /// Canonical encoding of session and state.
    pub world: Vec<u8>,
    /// Where columns lie in [`world`](Snapshot::world). They help to pack it and are no part of what
    /// it is: neither encoded nor hashed. `==` compares them, too; [`Snapshot::hash`] does not.
    pub marks: Vec<Mark>,
}

/// Why a [`Snapshot`] is no world of a game.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// It is one of another game, or of other rules, content or types of this one.
    #[error("the snapshot is of {}, version {}, and not of this game as it is here", .0.id, .0.version)]
    OtherGame(GameIdentity),
    /// The bytes are no world of the game.
    #[error("the world cannot be read: {0}")]
    World(#[from] DecodeError),
    /// The session is not one that started from the setup and has come to that tick.
    #[error("the session is not one that started from the setup and has come to that tick")]
    Session,
    /// The world has another digest than the snapshot says.
    #[error("the world's checksum is {found}, not {told}")]
    Checksum {
        /// As the snapshot says.
        told: Digest,
        /// As computed.
        found: Digest,
    },
}

/// Hash of a snapshot: BLAKE3 of its canonical bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SnapshotHash(pub [u8; 32]);

impl SnapshotHash {
    /// Hash of a snapshot's canonical bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Display for SnapshotHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SnapshotHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SnapshotHash({self})")
    }
}

impl Snapshot {
    /// Appends the canonical bytes, which end with the [`world`](Snapshot::world): what is hashed and
    /// stored.
    pub fn encode(&self, out: &mut Encoder) {
        self.game.encode(out);
        self.setup.encode(out);
        self.tick.encode(out);
        out.put(&self.checksum.0.to_le_bytes());
        out.put(&self.chained.0.to_le_bytes());
        out.put(&self.inputs);
        self.missing.iter().for_each(|ticks| ticks.encode(out));
        out.put(&self.world);
    }

    /// Reads canonical bytes; there are no marks then.
    ///
    /// # Errors
    /// [`DecodeError`] if they are none. Whether the world is one of the game is left to
    /// [`Snapshot::restore`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let from = &mut Decoder::new(bytes);
        let game = GameIdentity {
            id: String::decode(from)?,
            version: State::decode(from)?,
            schema: State::decode(from)?,
            commands: State::decode(from)?,
            content: from.take()?,
            input_bytes: State::decode(from)?,
            command_bytes: State::decode(from)?,
        };
        if !(1..=INPUT_BYTES_MAX).contains(&game.input_bytes) {
            return Err(DecodeError::Invalid("the size of an input"));
        }
        let setup = Setup::decode(from)?;
        let slots = setup.slots;
        let tick = Tick::decode(from)?;
        if tick < setup.first {
            return Err(DecodeError::Invalid("a tick before the first"));
        }
        let (checksum, chained) = State::decode(from)?;
        let inputs = from.take_slice(u32::from(slots) * game.input_bytes)?.into();
        let missing = (0..slots).map(|_| u32::decode(from));
        Ok(Self {
            game,
            setup,
            tick,
            checksum: Digest(checksum),
            chained: Digest(chained),
            inputs,
            missing: missing.collect::<Result<_, _>>()?,
            world: from.take_rest().into(),
            marks: Vec::new(),
        })
    }

    /// Hash of the canonical bytes.
    #[must_use]
    pub fn hash(&self) -> SnapshotHash {
        let mut out = Encoder::new();
        self.encode(&mut out);
        SnapshotHash::of(out.bytes())
    }

    /// The world, with the caches of its state, after its checksum was computed again.
    ///
    /// # Errors
    /// [`RestoreError`] if it is no world of this game, or not the one that the snapshot says.
    pub fn restore<S: Simulation>(
        &self,
        simulation: &S,
    ) -> Result<(Session, S::State), RestoreError> {
        let World { session, state, .. } = self.open(simulation)?;
        Ok((session, state))
    }

    /// The same, to be played on.
    pub(crate) fn open<S: Simulation>(&self, simulation: &S) -> Result<World<S>, RestoreError> {
        if self.game != GameIdentity::of(simulation) {
            return Err(RestoreError::OtherGame(self.game.clone()));
        }
        let mut world = World::<S>::decode(&self.world)?;
        let session = &world.session;
        if (session.seed(), session.slots()) != (self.setup.seed, self.setup.slots)
            || !session.pace().is_after(self.tick)
        {
            return Err(RestoreError::Session);
        }
        let (told, found) = (self.checksum, world.digest(&mut Encoder::new()));
        if told != found {
            return Err(RestoreError::Checksum { told, found });
        }
        world.rebuild(simulation);
        Ok(world)
    }
}
