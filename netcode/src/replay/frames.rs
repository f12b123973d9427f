//! Frames as bits: what differs from the frame before.

use phalanx_engine::{
    Decoder, Encoder, FrameHash, GameIdentity, Provenance, SealedFrame, Setup, Slot, Tick,
};

use crate::limits::FRAME_BYTES_MAX;
use crate::wire::{BitReader, BitWriter, FrameShape, WireError};

/// Of tick, epoch and hash of the frame before, in a frame's canonical bytes. A chunk says them once.
const PREFIX: usize = 8 + 4 + 32;

/// Frames of which one says how the next one differs.
#[derive(Debug)]
pub(super) struct Differ {
    shape: FrameShape,
    inputs: Vec<u8>,
    provenance: Vec<Provenance>,
    /// Entries and commands alone.
    rare: SealedFrame,
    bytes: Encoder,
}

impl Differ {
    pub(super) fn new(game: &GameIdentity, setup: &Setup) -> Self {
        let shape = FrameShape {
            slots: setup.slots,
            input_bytes: game.input_bytes,
        };
        Self {
            shape,
            inputs: vec![0; shape.inputs_len()],
            provenance: vec![Provenance::Real; shape.slots.into()],
            rare: SealedFrame::empty(FrameHash([0; 32])),
            bytes: Encoder::new(),
        }
    }

    /// Whether frames are of this shape.
    pub(super) fn fits(&self, frame: &SealedFrame) -> bool {
        frame.inputs.len() == self.inputs.len() && frame.provenance.len() == self.provenance.len()
    }

    /// Begins a chunk, which needs no other one.
    pub(super) fn reset(&mut self) {
        self.inputs.fill(0);
        self.provenance.fill(Provenance::Real);
    }

    pub(super) fn put(&mut self, bits: &mut BitWriter<'_>, frame: &SealedFrame) {
        let rare = !(frame.entries.is_empty() && frame.commands.is_empty());
        let others = self.provenance != frame.provenance;
        let same = !rare && !others && self.inputs == frame.inputs;
        bits.put_bool(same);
        if same {
            return;
        }
        bits.put_bool(rare);
        if rare {
            self.rare.entries.clone_from(&frame.entries);
            self.rare.commands.clone_from(&frame.commands);
            self.bytes.clear();
            self.rare.encode(&mut self.bytes);
            let bytes = &self.bytes.bytes()[PREFIX..];
            bits.put_count(bytes.len() as u64);
            bytes.iter().for_each(|byte| bits.put((*byte).into(), 8));
        }
        bits.put_bool(others);
        if others {
            for provenance in &frame.provenance {
                bits.put(*provenance as u32, 2);
            }
            self.provenance.clone_from(&frame.provenance);
        }
        for slot in Slot::all(self.shape.slots) {
            let range = self.shape.range(slot);
            bits.put_delta(&self.inputs[range.clone()], &frame.inputs[range]);
        }
        self.inputs.clone_from(&frame.inputs);
    }

    /// Reads the frame of `tick` into `frame`, but for its epoch and the hash of the one before.
    pub(super) fn take(
        &mut self,
        bits: &mut BitReader<'_>,
        tick: Tick,
        frame: &mut SealedFrame,
    ) -> Result<(), WireError> {
        frame.entries.clear();
        frame.commands.clear();
        let same = bits.take_bool()?;
        if !same {
            if bits.take_bool()? {
                self.take_rare(bits, tick)?;
                frame.entries.clone_from(&self.rare.entries);
                frame.commands.clone_from(&self.rare.commands);
            }
            if bits.take_bool()? {
                for provenance in &mut self.provenance {
                    *provenance = match bits.take(2)? {
                        0 => Provenance::Real,
                        1 => Provenance::Repeated,
                        2 => Provenance::Neutral,
                        _ => return Err(WireError::OutOfRange("the provenance of an input")),
                    };
                }
            }
            for slot in Slot::all(self.shape.slots) {
                bits.take_delta(&mut self.inputs[self.shape.range(slot)])?;
            }
        }
        frame.tick = tick;
        frame.provenance.clone_from(&self.provenance);
        frame.inputs.clone_from(&self.inputs);
        Ok(())
    }

    fn take_rare(&mut self, bits: &mut BitReader<'_>, tick: Tick) -> Result<(), WireError> {
        const WHAT: WireError = WireError::OutOfRange("the entries of a frame");
        let count = bits.take_count()?;
        if count > FRAME_BYTES_MAX as u64 {
            return Err(WHAT);
        }
        self.bytes.clear();
        // Commands are of a tick.
        self.bytes.put(&tick.0.to_le_bytes());
        self.bytes.put(&[0; PREFIX - 8]);
        for _ in 0..count {
            self.bytes.put_u8(bits.take_u8()?);
        }
        let mut from = Decoder::new(self.bytes.bytes());
        let decoded = self.rare.decode(&mut from);
        decoded.and_then(|()| from.finish()).map_err(|_| WHAT)?;
        let alone = self.rare.inputs.is_empty() && self.rare.provenance.is_empty();
        if alone { Ok(()) } else { Err(WHAT) }
    }
}
