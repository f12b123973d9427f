//! Sealed frames as differences, each to the one before it.

use phalanx_engine::limits::{
    COMMAND_BYTES_MAX, COMMANDS_PER_FRAME_MAX, ENTRIES_MAX, ENTRY_BYTES_MAX,
    SMALL_COMMAND_BYTES_MAX,
};
use phalanx_engine::{
    CommandWay, Decoder, Encoder, Entry, FrameHash, Provenance, SealedCommand, SealedFrame, Slot,
    State, Tick,
};

use super::WireError;
use super::bits::{BitReader, BitWriter};
use crate::limits::FRAMES_PER_DATAGRAM_MAX;

/// How many slots a session's frames have, and how long a packed input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameShape {
    pub(crate) slots: u8,
    pub(crate) input_bytes: u32,
}

impl FrameShape {
    /// Bytes of all packed inputs of a frame.
    pub(crate) fn inputs_len(self) -> usize {
        usize::from(self.slots) * self.input_len()
    }

    /// Bytes of one packed input.
    pub(crate) fn input_len(self) -> usize {
        self.input_bytes as usize
    }

    pub(crate) fn range(self, slot: Slot) -> core::ops::Range<usize> {
        let start = usize::from(slot.0) * self.input_len();
        start..start + self.input_len()
    }
}

/// Entries and provenance as bytes: a frame has few of them.
const ENTRY_COUNT_BITS: u32 = 8;

/// Bits of the number of commands of a frame, and of the number of bytes of a small and of a large one.
const COMMAND_COUNT_BITS: u32 = 8;
const SMALL_LENGTH_BITS: u32 = 8;
const LARGE_LENGTH_BITS: u32 = 13;
const _: () = assert!(ENTRIES_MAX < 1 << ENTRY_COUNT_BITS);
const _: () = assert!(COMMANDS_PER_FRAME_MAX < 1 << COMMAND_COUNT_BITS);
const _: () = assert!(SMALL_COMMAND_BYTES_MAX < 1 << SMALL_LENGTH_BITS);
const _: () = assert!(COMMAND_BYTES_MAX < 1 << LARGE_LENGTH_BITS);

const fn length_bits(way: CommandWay) -> u32 {
    match way {
        CommandWay::Small => SMALL_LENGTH_BITS,
        CommandWay::Large => LARGE_LENGTH_BITS,
    }
}

/// Writes the bytes of a command whose way the reader knows.
pub(crate) fn put_command(bits: &mut BitWriter<'_>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    bits.put(length, length_bits(CommandWay::of(length.into())));
    bytes.iter().for_each(|byte| bits.put((*byte).into(), 8));
}

/// Reads the bytes of a command that came by `way`.
pub(crate) fn take_command(
    way: CommandWay,
    bits: &mut BitReader<'_>,
) -> Result<Vec<u8>, WireError> {
    let length = bits.take(length_bits(way))?;
    if length > COMMAND_BYTES_MAX || CommandWay::of(length.into()) != way {
        return Err(WireError::OutOfRange("the length of a command"));
    }
    (0..length).map(|_| bits.take_u8()).collect()
}

/// Writes frames one after the other. A frame is written against the values of the one before;
/// the first one against the given baseline.
pub(crate) struct FramesWriter<'a, 'b> {
    bits: &'a mut BitWriter<'b>,
    shape: FrameShape,
    before: &'a [u8],
    scratch: &'a mut Encoder,
}

impl<'a, 'b> FramesWriter<'a, 'b> {
    pub(crate) fn new(
        bits: &'a mut BitWriter<'b>,
        shape: FrameShape,
        baseline: &'a [u8],
        scratch: &'a mut Encoder,
    ) -> Self {
        Self {
            bits,
            shape,
            before: baseline,
            scratch,
        }
    }

    /// Writes `frame`, unless the datagram would become longer than `limit` bytes.
    pub(crate) fn put(&mut self, frame: &'a SealedFrame, limit: usize) -> bool {
        let mark = self.bits.mark();
        self.bits.put_bool(true);
        self.put_entries(&frame.entries);
        self.put_commands(frame.tick, &frame.commands);
        let real = frame
            .provenance
            .iter()
            .all(|provenance| *provenance == Provenance::Real);
        let unchanged = self.before == frame.inputs;
        self.bits.put_bool(real && unchanged);
        if !(real && unchanged) {
            self.bits.put_bool(real);
            for (slot, provenance) in Slot::all(self.shape.slots).zip(&frame.provenance) {
                if !real {
                    self.put_provenance(*provenance);
                }
                let range = self.shape.range(slot);
                self.bits
                    .put_delta(&self.before[range.clone()], &frame.inputs[range]);
            }
        }
        // The closing bit must fit as well.
        if self.bits.len() >= limit {
            self.bits.rewind(mark);
            return false;
        }
        self.before = &frame.inputs;
        true
    }

    /// Ends the frames.
    pub(crate) fn finish(self) {
        self.bits.put_bool(false);
    }

    fn put_entries(&mut self, entries: &[Entry]) {
        self.bits.put_bool(!entries.is_empty());
        if entries.is_empty() {
            return;
        }
        self.scratch.clear();
        entries.iter().for_each(|entry| entry.encode(self.scratch));
        let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        self.bits.put(count, ENTRY_COUNT_BITS);
        self.bits.put_count(self.scratch.bytes().len() as u64);
        for byte in self.scratch.bytes() {
            self.bits.put(u32::from(*byte), 8);
        }
    }

    /// Writes the commands of `tick`: each with a number only if it does not follow upon the one before, and
    /// with its age.
    fn put_commands(&mut self, tick: Tick, commands: &[SealedCommand]) {
        self.bits.put_bool(!commands.is_empty());
        if commands.is_empty() {
            return;
        }
        let count = u32::try_from(commands.len()).unwrap_or(u32::MAX);
        self.bits.put(count, COMMAND_COUNT_BITS);
        let mut following = None;
        for command in commands {
            let SealedCommand { slot, sequence, .. } = *command;
            self.bits.put_bool(following == Some((slot, sequence)));
            if following != Some((slot, sequence)) {
                self.bits.put(slot.0.into(), 8);
                self.bits.put_count(sequence);
            }
            following = sequence.checked_add(1).map(|next| (slot, next));
            self.bits.put_count(command.age(tick));
            self.bits.put_bool(command.way() == CommandWay::Large);
            put_command(self.bits, &command.bytes);
        }
    }

    fn put_provenance(&mut self, provenance: Provenance) {
        self.bits.put(
            match provenance {
                Provenance::Real => 0,
                Provenance::Repeated => 1,
                Provenance::Neutral => 2,
            },
            2,
        );
    }
}

/// Reads frames one after the other into one frame.
pub(crate) struct FramesReader<'a> {
    shape: FrameShape,
    next: Tick,
    left: u64,
    scratch: &'a mut Vec<u8>,
}

impl<'a> FramesReader<'a> {
    /// Frames from `first` on.
    pub(crate) fn new(shape: FrameShape, first: Tick, scratch: &'a mut Vec<u8>) -> Self {
        Self {
            shape,
            next: first,
            left: FRAMES_PER_DATAGRAM_MAX,
            scratch,
        }
    }

    /// Turns `frame`, which holds the inputs of the tick before, into the next one; `false` after
    /// the last. Epoch and hash are the caller's.
    pub(crate) fn next(
        &mut self,
        bits: &mut BitReader<'_>,
        frame: &mut SealedFrame,
    ) -> Result<bool, WireError> {
        if !bits.take_bool()? {
            return Ok(false);
        }
        self.left = self
            .left
            .checked_sub(1)
            .ok_or(WireError::OutOfRange("the number of frames"))?;
        frame.tick = self.next;
        self.next = self.next.next();
        self.take_entries(bits, &mut frame.entries)?;
        self.take_commands(frame.tick, bits, &mut frame.commands)?;
        frame.provenance.clear();
        frame
            .provenance
            .resize(self.shape.slots.into(), Provenance::Real);
        if bits.take_bool()? {
            return Ok(true);
        }
        let real = bits.take_bool()?;
        for (slot, provenance) in Slot::all(self.shape.slots).zip(&mut frame.provenance) {
            if !real {
                *provenance = match bits.take(2)? {
                    0 => Provenance::Real,
                    1 => Provenance::Repeated,
                    2 => Provenance::Neutral,
                    _ => return Err(WireError::OutOfRange("the provenance of an input")),
                };
            }
            let range = self.shape.range(slot);
            let input = frame
                .inputs
                .get_mut(range)
                .ok_or(WireError::OutOfRange("the inputs"))?;
            bits.take_delta(input)?;
        }
        Ok(true)
    }

    fn take_entries(
        &mut self,
        bits: &mut BitReader<'_>,
        entries: &mut Vec<Entry>,
    ) -> Result<(), WireError> {
        const WHAT: WireError = WireError::OutOfRange("the entries of a frame");
        entries.clear();
        if !bits.take_bool()? {
            return Ok(());
        }
        let count = bits.take(ENTRY_COUNT_BITS)?;
        let len = bits.take_count()?;
        if count == 0 || count > ENTRIES_MAX || len > u64::from(count * ENTRY_BYTES_MAX) {
            return Err(WHAT);
        }
        self.scratch.clear();
        for _ in 0..len {
            self.scratch.push(bits.take_u8()?);
        }
        let mut from = Decoder::new(self.scratch);
        for _ in 0..count {
            entries.push(Entry::decode(&mut from).map_err(|_| WHAT)?);
        }
        from.finish().map_err(|_| WHAT)
    }

    fn take_commands(
        &self,
        tick: Tick,
        bits: &mut BitReader<'_>,
        commands: &mut Vec<SealedCommand>,
    ) -> Result<(), WireError> {
        commands.clear();
        if !bits.take_bool()? {
            return Ok(());
        }
        const WHAT: WireError = WireError::OutOfRange("the commands of a frame");
        let count = bits.take(COMMAND_COUNT_BITS)?;
        if count > COMMANDS_PER_FRAME_MAX {
            return Err(WHAT);
        }
        let mut following = None;
        for _ in 0..count {
            let (slot, sequence) = if bits.take_bool()? {
                following.ok_or(WHAT)?
            } else {
                (Slot(bits.take_u8()?), bits.take_count()?)
            };
            following = sequence.checked_add(1).map(|next| (slot, next));
            let stamped = tick.0.checked_sub(bits.take_count()?).ok_or(WHAT)?;
            let way = CommandWay::ALL[usize::from(bits.take_bool()?)];
            commands.push(SealedCommand {
                slot,
                sequence,
                stamped: Tick(stamped),
                bytes: take_command(way, bits)?,
            });
        }
        let known = |command: &SealedCommand| command.slot.0 < self.shape.slots;
        if !commands.is_empty() && commands.iter().all(known) && SealedCommand::fit(tick, commands)
        {
            Ok(())
        } else {
            Err(WHAT)
        }
    }
}

/// A frame to read into, with neutral inputs.
pub(crate) fn blank_frame(shape: FrameShape, neutral: &[u8]) -> SealedFrame {
    let mut frame = SealedFrame::empty(FrameHash([0; 32]));
    frame.inputs = neutral.repeat(shape.slots.into());
    frame
}
