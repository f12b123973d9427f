//! [`Command`]: what a player orders now and then.

use alloc::vec::Vec;

use crate::State;
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::digest::{Digest, Node};
use crate::limits::{
    COMMAND_BYTES_MAX, COMMAND_BYTES_PER_FRAME_MAX, COMMANDS_PER_FRAME_MAX, SMALL_COMMAND_BYTES_MAX,
};
use crate::session::Slot;
use crate::state::{Schema, Visitor, VisitorMut, from_bytes};
use crate::tick::Tick;

/// What a player orders now and then, of any size up to a limit: a group of units to a place, a
/// building to be built. Every peer executes it exactly once, at the same tick; nobody else guesses it.
///
/// Up to [`SMALL_COMMAND_BYTES_MAX`] bytes are as fast as an input: they ride along with the inputs until
/// they have arrived. Larger ones take the reliable stream. A player's small ones never overtake one
/// another, nor do the large ones; between the two no order is promised.
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
    /// impl Command for Order { const MAX_BYTES: u32 = 4097; }
    /// # let setup = Setup::new(1, 1, TickRate::hz(60));
    /// # let _ = SyncTest::new(Rules, setup).run(1, |_, _, _| 0);
    /// ```
    const MAX_BYTES: u32;

    /// Whether who gives a command sees it at once: it is executed there at the tick that it was stamped
    /// with, or the next one that may still take it, before the relay has fixed the tick. If it is sealed
    /// there, and alone, that was right; if not, it is undone and executed where it was sealed. The others
    /// never guess it.
    const PREDICTED: bool = false;
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

/// What a step sees of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenCommand<C> {
    /// Whose it is.
    pub slot: Slot,
    /// Ticks from the one that its owner stamped to the one that executes it: 0 if it was in time. The
    /// stamp is the owner's word; rules that make up for the age bound it. Ticks of a pause count, too.
    pub age: u64,
    /// What is ordered.
    pub command: C,
}

impl<C> GivenCommand<C> {
    /// A command of `slot` that is in time.
    pub const fn new(slot: Slot, command: C) -> Self {
        Self {
            slot,
            age: 0,
            command,
        }
    }
}

/// How a command travels to the relay: by its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommandWay {
    /// At most [`SMALL_COMMAND_BYTES_MAX`] bytes: in every datagram until it has arrived.
    Small,
    /// More: on the stream.
    Large,
}

impl CommandWay {
    /// Both, in the order in which a frame holds a slot's commands.
    pub const ALL: [Self; 2] = [Self::Small, Self::Large];

    /// That of a command of so many bytes.
    #[must_use]
    pub const fn of(bytes: u64) -> Self {
        if bytes <= SMALL_COMMAND_BYTES_MAX as u64 {
            Self::Small
        } else {
            Self::Large
        }
    }
}

/// A command in a sealed frame. Its bytes are as the player's machine wrote them: the relay knows no
/// game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedCommand {
    /// Whose it is.
    pub slot: Slot,
    /// Numbers the slot's commands of the same way from 0, without a gap over all frames.
    pub sequence: u64,
    /// The tick that its owner meant; at most that of the frame.
    pub stamped: Tick,
    /// Its encoding, at most [`COMMAND_BYTES_MAX`] bytes.
    pub bytes: Vec<u8>,
}

impl SealedCommand {
    /// Bytes that it takes in a frame's canonical encoding beside its own.
    pub const OVERHEAD: u32 = 1 + 8 + 8 + 4;

    /// The way that it came.
    #[must_use]
    pub fn way(&self) -> CommandWay {
        CommandWay::of(self.bytes.len() as u64)
    }

    /// Where it stands among a frame's commands.
    #[must_use]
    pub fn place(&self) -> (Slot, CommandWay, u64) {
        (self.slot, self.way(), self.sequence)
    }

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

    /// Its age at `tick`, in ticks.
    #[must_use]
    pub const fn age(&self, tick: Tick) -> u64 {
        tick.0.saturating_sub(self.stamped.0)
    }

    /// What was ordered, as the step of `tick` sees it; `None` if the bytes are no such command.
    #[must_use]
    pub fn given<C: Command>(&self, tick: Tick) -> Option<GivenCommand<C>> {
        Some(GivenCommand {
            slot: self.slot,
            age: self.age(tick),
            command: self.decode()?,
        })
    }

    /// Whether the frame of `tick` may hold `commands`: not too many, none too long or from the future, and
    /// in order, by slot, way and sequence.
    #[must_use]
    pub fn fit(tick: Tick, commands: &[Self]) -> bool {
        let bytes: u64 = commands.iter().map(Self::frame_bytes).sum();
        let each = |command: &Self| {
            command.bytes.len() as u64 <= u64::from(COMMAND_BYTES_MAX) && command.stamped <= tick
        };
        commands.len() as u64 <= u64::from(COMMANDS_PER_FRAME_MAX)
            && bytes <= u64::from(COMMAND_BYTES_PER_FRAME_MAX)
            && commands.iter().all(each)
            && commands.is_sorted_by(|a, b| a.place() < b.place())
    }

    pub(crate) fn encode_all(commands: &[Self], out: &mut Encoder) {
        out.put_count(commands.len());
        for Self {
            slot,
            sequence,
            stamped,
            bytes,
        } in commands
        {
            slot.encode(out);
            sequence.encode(out);
            stamped.0.encode(out);
            out.put_count(bytes.len());
            out.put(bytes);
        }
    }

    /// Reads what [`SealedCommand::encode_all`] wrote of the frame of `tick` into `commands`.
    pub(crate) fn decode_all(
        tick: Tick,
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
            let stamped = Tick(u64::decode(from)?);
            let (length, _) = from.take_count()?;
            if length > COMMAND_BYTES_MAX {
                return Err(DecodeError::TooMany("the bytes of a command"));
            }
            let bytes = from.take_slice(length)?.to_vec();
            commands.push(Self {
                slot,
                sequence,
                stamped,
                bytes,
            });
        }
        if Self::fit(tick, commands) {
            Ok(())
        } else {
            Err(DecodeError::Invalid("the commands of a frame"))
        }
    }
}
