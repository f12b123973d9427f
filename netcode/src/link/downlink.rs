//! [`Downlink`]: sealed frames as they come in, put into order and chained.

use std::collections::BTreeMap;

use phalanx_engine::{Encoder, FrameHash, Pace, PaceChange, SealedFrame, Setup, Slot, Tick};

use super::Receiver;
use crate::channel::CloseReason;
use crate::limits::{
    FRAGMENTED_FRAMES_MAX, FRAMES_AHEAD_MAX, FRAMES_BEHIND_MAX, FRAMES_KEPT, PROVISIONAL_TICKS_MAX,
};
use crate::ring::position;
use crate::wire::{
    BitReader, FragmentHeader, FrameShape, FramesReader, Position, RelayHeader, Welcome, WireError,
    blank_frame,
};

/// A frame in pieces.
#[derive(Clone, Debug)]
struct Fragments {
    pieces: Vec<Option<Vec<u8>>>,
}

/// The frames taken so far: how many, the hash of the last, and what later ones may be written
/// against.
#[derive(Clone, Debug)]
struct Chain {
    epoch: u32,
    /// Every frame before this one was taken.
    next: Tick,
    /// Hash of the frame before `next`.
    head: FrameHash,
    /// Inputs of the newest frames taken, in a ring by tick.
    baselines: Vec<Vec<u8>>,
    encoder: Encoder,
    /// The tick rate, as the frames taken tell it.
    pace: Pace,
    /// Changes of it that the clock was not told of yet.
    changes: Vec<PaceChange>,
}

impl Chain {
    /// Hands the next frame on; `false` if the receiver has no room for it yet.
    fn accept(&mut self, frame: &mut SealedFrame, receiver: &mut impl Receiver) -> bool {
        frame.epoch = self.epoch;
        frame.previous = self.head;
        if !receiver.sealed(frame) {
            return false;
        }
        self.head = frame.hash(&mut self.encoder);
        self.baselines[position(frame.tick, FRAMES_KEPT)].copy_from_slice(&frame.inputs);
        self.next = frame.tick.next();
        self.changes
            .extend(self.pace.begin(frame.tick, &frame.entries));
        true
    }
}

/// Sealed frames from the relay: decoded, in order, each carrying the hash of the one before.
#[derive(Clone, Debug)]
pub(crate) struct Downlink {
    shape: FrameShape,
    /// The first tick of the session.
    first: Tick,
    neutral: Vec<u8>,
    chain: Chain,
    /// The tick after the newest frame that came.
    seen: Tick,
    /// What the relay sealed before this tick was sealed when the match began for this client.
    expected: Tick,
    /// Where frames are decoded into.
    frame: SealedFrame,
    /// Frames beyond a hole.
    ahead: BTreeMap<Tick, SealedFrame>,
    fragments: BTreeMap<Tick, Fragments>,
    entry_bytes: Vec<u8>,
    input: Vec<u8>,
}

impl Downlink {
    /// The frames of the session that `welcome` tells of; the first carries `head`, and the session has that
    /// `pace` before it.
    pub(crate) fn new(welcome: &Welcome, neutral: Vec<u8>, head: FrameHash, pace: Pace) -> Self {
        let Setup { slots, first, .. } = welcome.setup;
        let shape = FrameShape {
            slots,
            // Its own neutral input's, which is within limits.
            input_bytes: u32::try_from(neutral.len()).unwrap_or(u32::MAX),
        };
        let kept = usize::try_from(FRAMES_KEPT).unwrap_or(0);
        Self {
            shape,
            first,
            chain: Chain {
                epoch: welcome.epoch,
                next: first,
                head,
                baselines: vec![vec![0; shape.inputs_len()]; kept],
                encoder: Encoder::new(),
                pace,
                changes: Vec::new(),
            },
            seen: Tick::ZERO,
            expected: first,
            frame: blank_frame(shape, &neutral),
            input: neutral.clone(),
            neutral,
            ahead: BTreeMap::new(),
            fragments: BTreeMap::new(),
            entry_bytes: Vec::new(),
        }
    }

    /// Goes on after `tick`, at which the slots had those packed inputs.
    pub(crate) fn go_to(&mut self, tick: Tick, inputs: &[u8]) {
        self.chain.next = tick.next();
        self.chain.baselines[position(tick, FRAMES_KEPT)].copy_from_slice(inputs);
    }

    /// Goes on over another connection, to a relay of that epoch.
    ///
    /// # Errors
    /// [`CloseReason`] if this client knows a later one.
    pub(crate) fn resume(&mut self, epoch: u32) -> Result<(), CloseReason> {
        if epoch < self.chain.epoch {
            return Err(CloseReason::Unexpected);
        }
        self.chain.epoch = epoch;
        self.seen = self.chain.next;
        self.fragments.clear();
        Ok(())
    }

    /// The relay is about to seal `tick`.
    pub(crate) fn expect(&mut self, tick: Tick) {
        self.expected = tick;
    }

    /// Every frame before this one was taken.
    pub(crate) const fn next(&self) -> Tick {
        self.chain.next
    }

    /// The frames that were taken, if there are any.
    pub(crate) fn position(&self) -> Option<Position> {
        let Chain { next, head, .. } = self.chain;
        (next > self.first).then_some(Position { next, head })
    }

    /// The tick after the newest frame that came, whether or not those before it did.
    pub(crate) const fn seen(&self) -> Tick {
        self.seen
    }

    /// The changes of the tick rate that frames have named since the last call.
    pub(crate) fn rate_changes(&mut self) -> impl Iterator<Item = PaceChange> {
        self.chain.changes.drain(..)
    }

    /// Hash of the newest frame taken.
    pub(crate) const fn head(&self) -> FrameHash {
        self.chain.head
    }

    /// Takes the frames and provisional inputs behind `header`.
    pub(crate) fn take(
        &mut self,
        header: &RelayHeader,
        mut bits: BitReader<'_>,
        receiver: &mut impl Receiver,
    ) -> Result<(), CloseReason> {
        if header.epoch != self.chain.epoch {
            return Err(CloseReason::Unexpected);
        }
        if !self.set_baseline(header)? {
            return Ok(());
        }
        let mut entry_bytes = core::mem::take(&mut self.entry_bytes);
        let mut frames = FramesReader::new(self.shape, header.first, &mut entry_bytes);
        let mut last = header.first;
        while frames.next(&mut bits, &mut self.frame).map_err(malformed)? {
            last = self.frame.tick.next();
            self.place(receiver);
        }
        self.entry_bytes = entry_bytes;
        self.provisional(last, &mut bits, receiver)
            .map_err(malformed)?;
        bits.finish().map_err(malformed)
    }

    /// Prepares the frame to decode into; `false` if the datagram is written against a frame that
    /// is not kept: an old one that was overtaken, with nothing new in it.
    fn set_baseline(&mut self, header: &RelayHeader) -> Result<bool, CloseReason> {
        if !header.acked_baseline {
            for input in self.frame.inputs.chunks_exact_mut(self.shape.input_len()) {
                input.copy_from_slice(&self.neutral);
            }
            return Ok(true);
        }
        let before = header.first.previous_since(self.first);
        let before = before.ok_or(CloseReason::Malformed)?;
        if before >= self.chain.next {
            return Err(CloseReason::Malformed); // We never acknowledged it.
        }
        if before + FRAMES_KEPT < self.chain.next {
            return Ok(false);
        }
        self.frame
            .inputs
            .copy_from_slice(&self.chain.baselines[position(before, FRAMES_KEPT)]);
        Ok(true)
    }

    /// Takes the decoded frame if it is the next one, keeps it if it is a later one.
    fn place(&mut self, receiver: &mut impl Receiver) {
        let (tick, next) = (self.frame.tick, self.chain.next);
        if tick < next.max(self.expected) + FRAMES_BEHIND_MAX {
            self.seen = self.seen.max(tick.next());
        }
        if tick > next && tick < next + FRAMES_AHEAD_MAX {
            self.ahead.entry(tick).or_insert_with(|| self.frame.clone());
        }
        if tick != next || !self.chain.accept(&mut self.frame, receiver) {
            return;
        }
        while let Some(mut frame) = self.ahead.remove(&self.chain.next) {
            if !self.chain.accept(&mut frame, receiver) {
                break;
            }
        }
        if !(self.ahead.is_empty() && self.fragments.is_empty()) {
            let next = self.chain.next;
            self.ahead.retain(|tick, _| *tick >= next);
            self.fragments.retain(|tick, _| *tick >= next);
        }
    }

    /// Reads forwarded inputs: per slot a run that starts with the tick after the frames.
    fn provisional(
        &mut self,
        first: Tick,
        bits: &mut BitReader<'_>,
        receiver: &mut impl Receiver,
    ) -> Result<(), WireError> {
        if !bits.take_bool()? {
            return Ok(());
        }
        for slot in Slot::all(self.shape.slots) {
            let count = u64::from(bits.take(PROVISIONAL_COUNT_BITS)?);
            self.input.copy_from_slice(&self.neutral);
            for tick in first.until(first + count) {
                bits.take_delta(&mut self.input)?;
                receiver.provisional(tick, slot, &self.input);
            }
        }
        Ok(())
    }

    /// Takes one piece of a large datagram; returns the whole when it is complete.
    pub(crate) fn fragment(&mut self, header: FragmentHeader, piece: &[u8]) -> Option<Vec<u8>> {
        let near =
            header.tick >= self.chain.next && header.tick < self.chain.next + FRAMES_AHEAD_MAX;
        let known = self.fragments.contains_key(&header.tick);
        if !near || (!known && self.fragments.len() >= FRAGMENTED_FRAMES_MAX) {
            return None;
        }
        let count = usize::from(header.count);
        let fragments = self
            .fragments
            .entry(header.tick)
            .or_insert_with(|| Fragments {
                pieces: vec![None; count],
            });
        if fragments.pieces.len() != count {
            fragments.pieces = vec![None; count]; // Sent again, cut otherwise.
        }
        fragments.pieces[usize::from(header.index)] = Some(piece.to_vec());
        if fragments.pieces.iter().any(Option::is_none) {
            return None;
        }
        let whole = self.fragments.remove(&header.tick)?;
        Some(whole.pieces.into_iter().flatten().flatten().collect())
    }
}

/// Bits of the number of provisional inputs of a slot.
pub(crate) const PROVISIONAL_COUNT_BITS: u32 = 5;
const _: () = assert!(PROVISIONAL_TICKS_MAX < 1 << PROVISIONAL_COUNT_BITS);

fn malformed(_: WireError) -> CloseReason {
    CloseReason::Malformed
}
