//! [`Command`]: what a player orders now and then.

use alloc::vec::Vec;

use crate::State;
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::digest::{Digest, Node};
use crate::limits::{COMMAND_BYTES_MAX, COMMAND_BYTES_PER_FRAME_MAX, COMMANDS_PER_FRAME_MAX};
use crate::session::Slot;
use crate::state::{Schema, Visitor, VisitorMut, from_bytes};

/// What a player orders now and then, of any size up to a limit: a group of units to a place, a
/// building to be built. Every peer executes it exactly once, at the same tick; nobody guesses it.
///
/// What is held or pressed all the time is an [`Input`](crate::Input); what is rare is a command.
/// A command is written as a [`State`] is, so the derive makes both:
///
/// ```
/// use phalanx_engine::{Command, Id, State, Vec2};
/// # #[derive(phalanx_engine::Row, Clone)] struct Unit { health: u16 }
///
/// #[derive(State, Clone)]
/// enum Order {
///     Move { units: Vec<Id<Unit>>, to: Vec2 },
///     Stop { units: Vec<Id<Unit>> },
/// }
///
/// impl Command for Order {
///     const MAX_BYTES: u32 = 150; // 16 units, and where to
/// }
/// ```
///
/// The bytes come from another machine. They are a value of the type, or are left out of the frame on
/// every peer alike; whether the value makes sense (a unit that is dead, or not the player's own) is
/// for the rules to say, and what makes none has to do nothing.
pub trait Command: State + Clone {
    /// Most bytes of its encoding, 1 to [`COMMAND_BYTES_MAX`]. Longer ones are not sent, and the relay
    /// closes a peer that sends one; [`SyncTest`](crate::SyncTest) finds bots that order them. A game
    /// with any other limit does not compile.
    ///
    /// ```compile_fail,E0080
    /// # use phalanx_engine::*;
    /// # struct Rules;
    /// # impl Simulation for Rules {
    /// #     const ID: &'static str = "rules"; const VERSION: u32 = 1;
    /// #     type State = u8; type Input = u8; type Command = Order; type Effect = NoEffect;
    /// #     fn start(&self, _: &Setup) -> u8 { 0 }
    /// #     fn step(&self, _: &mut u8, _: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {}
    /// # }
    /// # #[derive(State, Clone)] struct Order(u8);
    /// impl Command for Order { const MAX_BYTES: u32 = 201; }
    /// # let setup = Setup::new(1, 1, TickRate::hz(60));
    /// # let _ = SyncTest::new(Rules, setup).run(1, |_, _, _| 0);
    /// ```
    const MAX_BYTES: u32;
}

/// For games without commands: there is no such value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCommand {}

impl Command for NoCommand {
    const MAX_BYTES: u32 = 1;
}

impl State for NoCommand {
    type Undo = ();
    fn open(&mut self, (): &mut ()) {
        match *self {}
    }
    fn close(&mut self, (): &mut (), _node: Node<'_>) -> Digest {
        match *self {}
    }
    fn undo(&mut self, (): &mut ()) {
        match *self {}
    }
    fn redo(&mut self, (): &mut ()) {
        match *self {}
    }
    fn schema(schema: &mut Schema) {
        schema.leaf("NoCommand");
    }
    fn encode(&self, _out: &mut Encoder) {
        match *self {}
    }
    fn decode(_from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Err(DecodeError::Invalid("a game without commands"))
    }
    fn visit(&self, _visitor: &mut dyn Visitor) {
        match *self {}
    }
    fn visit_mut(&mut self, _visitor: &mut dyn VisitorMut) {
        match *self {}
    }
}

/// A command in a sealed frame. Its bytes are as the player's machine wrote them: the relay knows no
/// game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedCommand {
    /// Whose it is.
    pub slot: Slot,
    /// Numbers the slot's commands from 0, without a gap over all frames.
    pub sequence: u64,
    /// Its encoding, at most [`COMMAND_BYTES_MAX`] bytes.
    pub bytes: Vec<u8>,
}

impl SealedCommand {
    /// Bytes that it takes in a frame's canonical encoding beside its own.
    pub const OVERHEAD: u32 = 1 + 8 + 4;

    /// What was ordered; `None` if the bytes are no such command.
    #[must_use]
    pub fn decode<C: Command>(&self) -> Option<C> {
        let short = self.bytes.len() as u64 <= u64::from(C::MAX_BYTES);
        short.then(|| from_bytes(&self.bytes).ok()).flatten()
    }

    /// Bytes that it takes in a frame's canonical encoding.
    #[must_use]
    pub fn frame_bytes(&self) -> u64 {
        u64::from(Self::OVERHEAD) + self.bytes.len() as u64
    }

    /// Whether a frame may hold `commands`: not too many, none too long, and in order, by slot and
    /// sequence.
    #[must_use]
    pub fn fit(commands: &[Self]) -> bool {
        let bytes: u64 = commands.iter().map(Self::frame_bytes).sum();
        let short = |command: &Self| command.bytes.len() as u64 <= u64::from(COMMAND_BYTES_MAX);
        let place = |command: &Self| (command.slot, command.sequence);
        commands.len() as u64 <= u64::from(COMMANDS_PER_FRAME_MAX)
            && bytes <= u64::from(COMMAND_BYTES_PER_FRAME_MAX)
            && commands.iter().all(short)
            && commands.is_sorted_by(|a, b| place(a) < place(b))
    }

    pub(crate) fn encode_all(commands: &[Self], out: &mut Encoder) {
        out.put_count(commands.len());
        for Self {
            slot,
            sequence,
            bytes,
        } in commands
        {
            slot.encode(out);
            sequence.encode(out);
            out.put_count(bytes.len());
            out.put(bytes);
        }
    }

    /// Reads what [`SealedCommand::encode_all`] wrote into `commands`.
    pub(crate) fn decode_all(
        from: &mut Decoder<'_>,
        commands: &mut Vec<Self>,
    ) -> Result<(), DecodeError> {
        commands.clear();
        let (count, _) = from.take_count()?;
        if count > COMMANDS_PER_FRAME_MAX {
            return Err(DecodeError::TooMany("the commands of a frame"));
        }
        for _ in 0..count {
            let (slot, sequence) = (Slot::decode(from)?, u64::decode(from)?);
            let (length, _) = from.take_count()?;
            if length > COMMAND_BYTES_MAX {
                return Err(DecodeError::TooMany("the bytes of a command"));
            }
            let bytes = from.take_slice(length)?.to_vec();
            commands.push(Self {
                slot,
                sequence,
                bytes,
            });
        }
        if Self::fit(commands) {
            Ok(())
        } else {
            Err(DecodeError::Invalid("the commands of a frame"))
        }
    }
}
