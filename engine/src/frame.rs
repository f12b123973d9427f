//! Frames: [`InputFrame`], what a step sees of one tick, and [`SealedFrame`], what the relay fixed.

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::State;
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::command::{GivenCommand, SealedCommand};
use crate::index::at;
use crate::input::{Input, repeat_bits};
use crate::limits::{ENTRIES_MAX, INPUT_BYTES_MAX, SLOTS_MAX};
use crate::session::{Entry, Presence, Session, Slot};
use crate::simulation::{GameIdentity, Setup, Simulation};
use crate::tick::Tick;

/// What [`Simulation::step`] sees of one tick: the session, its entries of this tick, the commands,
/// and per slot a value and its presence. Never how a value came about.
pub struct InputFrame<'a, S: Simulation> {
    tick: Tick,
    session: &'a Session,
    entries: &'a [Entry],
    commands: &'a [GivenCommand<S::Command>],
    inputs: &'a [S::Input],
}

impl<'a, S: Simulation> InputFrame<'a, S> {
    /// A frame of `inputs`, one per slot of `session`, which has applied `entries` already, and of
    /// `commands` in the order of their slots.
    ///
    /// # Panics
    /// If there is not one input per slot.
    #[must_use]
    pub fn new(
        tick: Tick,
        session: &'a Session,
        entries: &'a [Entry],
        commands: &'a [GivenCommand<S::Command>],
        inputs: &'a [S::Input],
    ) -> Self {
        assert_eq!(
            inputs.len() as u64,
            u64::from(session.slots()),
            "one input per slot"
        );
        Self {
            tick,
            session,
            entries,
            commands,
            inputs,
        }
    }

    /// The same frame for the rules inside a simulation that wraps others.
    #[must_use]
    pub const fn handed_on<T>(&self) -> InputFrame<'a, T>
    where
        T: Simulation<Input = S::Input, Command = S::Command>,
    {
        InputFrame {
            tick: self.tick,
            session: self.session,
            entries: self.entries,
            commands: self.commands,
            inputs: self.inputs,
        }
    }

    /// The tick being executed.
    #[must_use]
    pub const fn tick(&self) -> Tick {
        self.tick
    }

    /// The session, after the entries of this tick.
    #[must_use]
    pub const fn session(&self) -> &'a Session {
        self.session
    }

    /// What happened to the session at this tick.
    ///
    /// Ticks of a pause are not executed, and what happens in them is seen in the [session](InputFrame::session)
    /// afterwards; the game's own entries wait for its end.
    #[must_use]
    pub const fn entries(&self) -> &'a [Entry] {
        self.entries
    }

    /// What was ordered, by slot: by a player first the small ones and then the large ones, each in the order
    /// in which they were given, and each in one tick of the session and in no other; by a bot what
    /// [`Simulation::bot_commands`] says of this tick.
    #[must_use]
    pub const fn commands(&self) -> &'a [GivenCommand<S::Command>] {
        self.commands
    }

    /// The inputs of all slots, by slot.
    #[must_use]
    pub const fn inputs(&self) -> &'a [S::Input] {
        self.inputs
    }

    /// The input of `slot`; neutral if there is no such slot.
    #[must_use]
    pub fn input(&self, slot: Slot) -> S::Input {
        self.inputs
            .get(at(slot.0.into()))
            .copied()
            .unwrap_or_default()
    }

    /// Every slot with its presence and input.
    pub fn slots(&self) -> impl Iterator<Item = (Slot, Presence, S::Input)> {
        Slot::all(self.session.slots())
            .map(|slot| (slot, self.session.presence(slot), self.input(slot)))
    }
}

/// How the value of a slot in a sealed frame came about; for fairness figures, never for a step.
#[derive(State, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Provenance {
    /// It arrived in time.
    Real,
    /// It did not: the tick before was repeated.
    Repeated,
    /// It did not, and the policy or the time that passed made it neutral; or nobody was there.
    #[default]
    Neutral,
}

/// Hash of a sealed frame, which its successor carries: BLAKE3 of its canonical bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FrameHash(pub [u8; 32]);

impl FrameHash {
    /// Hash of a frame's canonical bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// What the first frame of a session carries: a hash of what the session is.
    #[must_use]
    pub fn genesis(game: &GameIdentity, setup: &Setup) -> Self {
        let mut out = Encoder::new();
        game.encode(&mut out);
        setup.encode(&mut out);
        Self::of(out.bytes())
    }
}

impl fmt::Display for FrameHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FrameHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrameHash({self})")
    }
}

/// What the relay fixed for a tick. The sequence of sealed frames is the session's only truth.
///
/// Inputs are packed: the relay knows no game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedFrame {
    /// The tick.
    pub tick: Tick,
    /// The epoch of the relay that sealed it.
    pub epoch: u32,
    /// Hash of the frame before.
    pub previous: FrameHash,
    /// Session entries, applied before the step.
    pub entries: Vec<Entry>,
    /// What players ordered, by slot, way and sequence.
    pub commands: Vec<SealedCommand>,
    /// How each slot's value came about; as many as there are slots.
    pub provenance: Vec<Provenance>,
    /// The packed inputs of all slots, one after the other.
    pub inputs: Vec<u8>,
}

impl SealedFrame {
    /// A frame with nothing in it yet, of no tick in particular.
    #[must_use]
    pub fn empty(genesis: FrameHash) -> Self {
        Self {
            tick: Tick::ZERO,
            epoch: 0,
            previous: genesis,
            entries: Vec::new(),
            commands: Vec::new(),
            provenance: Vec::new(),
            inputs: Vec::new(),
        }
    }

    /// The packed input of `slot`, `input_bytes` long; `None` if the frame has no such slot.
    #[must_use]
    pub fn input(&self, slot: Slot, input_bytes: u32) -> Option<&[u8]> {
        let start = u32::from(slot.0).checked_mul(input_bytes)?;
        let end = start.checked_add(input_bytes)?;
        self.inputs.get(at(start)..at(end))
    }

    /// Appends the canonical bytes: what is hashed and stored.
    pub fn encode(&self, out: &mut Encoder) {
        self.tick.0.encode(out);
        self.epoch.encode(out);
        out.put(&self.previous.0);
        self.entries.encode(out);
        SealedCommand::encode_all(&self.commands, out);
        self.provenance.encode(out);
        out.put_count(self.inputs.len());
        out.put(&self.inputs);
    }

    /// Reads the canonical bytes into this frame, reusing its memory.
    ///
    /// # Errors
    /// [`DecodeError`]; the content of the frame is then unspecified.
    pub fn decode(&mut self, from: &mut Decoder<'_>) -> Result<(), DecodeError> {
        self.tick = Tick(u64::decode(from)?);
        self.epoch = u32::decode(from)?;
        self.previous = FrameHash(from.take()?);
        let count = |from: &mut Decoder<'_>, limit, what| match from.take_count()? {
            (count, _) if count <= limit => Ok(count),
            _ => Err(DecodeError::TooMany(what)),
        };
        self.entries.clear();
        for _ in 0..count(from, ENTRIES_MAX, "the entries of a frame")? {
            self.entries.push(Entry::decode(from)?);
        }
        SealedCommand::decode_all(self.tick, from, &mut self.commands)?;
        self.provenance.clear();
        for _ in 0..count(from, SLOTS_MAX.into(), "the slots of a frame")? {
            self.provenance.push(Provenance::decode(from)?);
        }
        let inputs = count(
            from,
            u32::from(SLOTS_MAX) * INPUT_BYTES_MAX,
            "the inputs of a frame",
        )?;
        self.inputs.clear();
        self.inputs.extend_from_slice(from.take_slice(inputs)?);
        Ok(())
    }

    /// The frame's hash. `scratch` is a buffer to reuse.
    #[must_use]
    pub fn hash(&self, scratch: &mut Encoder) -> FrameHash {
        scratch.clear();
        self.encode(scratch);
        FrameHash::of(scratch.bytes())
    }
}

/// How long a missing input is repeated before it becomes neutral. A player's guess and the
/// relay's repetition are this one function, so that a tick the relay fills is no rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Repeat {
    /// Ticks without a real value after which the input is neutral; at least the window.
    pub ticks: u32,
}

impl Repeat {
    /// Turns `value`, the packed input of the tick before, into the one for this tick, which has
    /// no real value. `missing` counts such ticks up to and including this one.
    pub fn fill(self, value: &mut [u8], missing: u32, neutral: &[u8], mask: &[u8]) -> Provenance {
        if missing > self.ticks {
            value.copy_from_slice(neutral);
            Provenance::Neutral
        } else {
            repeat_bits(value, neutral, mask);
            Provenance::Repeated
        }
    }

    /// The same for an unpacked input.
    #[must_use]
    pub fn guess<I: Input>(self, last: I, missing: u32) -> I {
        if missing > self.ticks {
            I::default()
        } else if I::REPEAT.iter().all(|mask| *mask == 0xff) {
            last // Every bit is repeated; the mask is a constant, so this costs nothing.
        } else {
            last.repeated()
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::limits::ENTRY_BYTES_MAX;
    use crate::state::{from_bytes, to_bytes};
    use crate::tick::{TickRate, TickRateError};

    fn rate(at: u64, rate: Result<TickRate, TickRateError>) -> Entry {
        let (at, rate) = (Tick(at), rate.unwrap());
        Entry::Rate { at, rate }
    }

    fn sample() -> SealedFrame {
        SealedFrame {
            tick: Tick(7),
            epoch: 2,
            previous: FrameHash([9; 32]),
            entries: vec![
                Entry::Join(Slot(1)),
                Entry::End,
                rate(258, TickRate::new(30_000, 1001)),
            ],
            commands: vec![SealedCommand {
                slot: Slot(1),
                sequence: 258,
                stamped: Tick(5),
                bytes: vec![8, 9],
            }],
            provenance: vec![Provenance::Real, Provenance::Repeated],
            inputs: vec![1, 2, 3, 4],
        }
    }

    #[test]
    fn canonical_bytes_are_golden() {
        let mut out = Encoder::new();
        sample().encode(&mut out);
        let mut golden = vec![7, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0];
        golden.extend([9; 32]);
        golden.extend([3, 0, 0, 0, 0, 1, 2]);
        golden.extend([3, 2, 1, 0, 0, 0, 0, 0, 0, 0x30, 0x75, 0, 0, 0xe9, 3, 0, 0]);
        golden.extend([1, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0]);
        golden.extend([5, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 8, 9]);
        golden.extend([2, 0, 0, 0, 0, 1]);
        golden.extend([4, 0, 0, 0, 1, 2, 3, 4]);
        assert_eq!(out.bytes(), golden);

        let mut back = SealedFrame::empty(FrameHash([0; 32]));
        let mut from = Decoder::new(out.bytes());
        back.decode(&mut from).unwrap();
        from.finish().unwrap();
        assert_eq!(back, sample());
    }

    #[test]
    fn every_truncation_is_refused() {
        let mut out = Encoder::new();
        sample().encode(&mut out);
        let mut back = SealedFrame::empty(FrameHash([0; 32]));
        for len in 0..out.bytes().len() {
            assert!(
                back.decode(&mut Decoder::new(&out.bytes()[..len])).is_err(),
                "{len}"
            );
        }
    }

    #[test]
    fn an_entry_holds_no_rate_that_there_is_not() {
        let bytes = to_bytes(&rate(258, TickRate::new(30_000, 1001)));
        assert_eq!(bytes.len(), at(ENTRY_BYTES_MAX));
        for (numerator, denominator) in [(0, 1), (1, 0), (1, 2), (1001, 1), (u32::MAX, 4_294_967)] {
            let mut bytes = bytes.clone();
            bytes.truncate(9);
            bytes.extend(to_bytes(&(numerator, denominator)));
            let refused = from_bytes::<Entry>(&bytes);
            assert_eq!(refused, Err(DecodeError::Invalid("a tick rate")));
        }
    }

    #[test]
    fn everything_is_in_the_hash() {
        let mut scratch = Encoder::new();
        let hash = sample().hash(&mut scratch);
        let changes: [fn(&mut SealedFrame); 11] = [
            |frame| frame.tick += 1,
            |frame| frame.epoch += 1,
            |frame| frame.previous.0[31] ^= 1,
            |frame| frame.entries.truncate(1),
            |frame| frame.entries[2] = rate(259, TickRate::new(30_000, 1001)),
            |frame| frame.entries[2] = rate(258, TickRate::new(30_000, 1002)),
            |frame| frame.commands[0].slot = Slot(0),
            |frame| frame.commands[0].sequence += 1,
            |frame| frame.commands[0].bytes[1] ^= 1,
            |frame| frame.provenance[1] = Provenance::Real,
            |frame| frame.inputs[3] ^= 1,
        ];
        for change in changes {
            let mut changed = sample();
            change(&mut changed);
            assert_ne!(changed.hash(&mut scratch), hash);
        }
    }

    #[test]
    fn repetition_ends() {
        let repeat = Repeat { ticks: 2 };
        assert_eq!(repeat.guess(5_u8, 1), 5);
        assert_eq!(repeat.guess(5_u8, 2), 5);
        assert_eq!(repeat.guess(5_u8, 3), 0);
    }
}
