//! [`Log`]: the sealed frames of a session, in order, chained by hash.

use alloc::vec::Vec;

use crate::codec::{DecodeError, Decoder, Encoder};
use crate::frame::{FrameHash, SealedFrame};
use crate::index::slice_index;
use crate::tick::Tick;

/// All sealed frames of a session from its first tick on. It only grows.
#[derive(Clone, Debug)]
pub struct Log {
    genesis: FrameHash,
    first: Tick,
    head: FrameHash,
    /// The frames' canonical bytes, one after the other.
    bytes: Encoder,
    /// Where each frame ends in `bytes`.
    ends: Vec<u64>,
}

/// Why a log does not hold together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// A frame's bytes cannot be read.
    #[error("the frame of tick {tick} is damaged: {source}")]
    Damaged {
        /// Which frame.
        tick: Tick,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// A frame does not carry the hash of the one before it.
    #[error("the frame of tick {0} does not follow the one before it")]
    Broken(Tick),
}

impl Log {
    /// An empty log; its first frame is that of the tick `first` and carries `genesis`.
    #[must_use]
    pub const fn new(genesis: FrameHash, first: Tick) -> Self {
        Self {
            genesis,
            first,
            head: genesis,
            bytes: Encoder::new(),
            ends: Vec::new(),
        }
    }

    /// Makes room for `ticks` more frames of about `frame_bytes` each.
    pub fn reserve(&mut self, ticks: u32, frame_bytes: u32) {
        self.ends.reserve(ticks as _);
        self.bytes
            .reserve(u64::from(ticks) * u64::from(frame_bytes));
    }

    /// The tick of the first frame.
    #[must_use]
    pub const fn first(&self) -> Tick {
        self.first
    }

    /// The tick that comes next.
    #[must_use]
    pub const fn next(&self) -> Tick {
        Tick(self.first.0.saturating_add(self.ends.len() as u64))
    }

    /// Hash of the newest frame, which the next one has to carry.
    #[must_use]
    pub const fn head(&self) -> FrameHash {
        self.head
    }

    /// Appends the frame of the next tick.
    ///
    /// # Panics
    /// If it is not the frame of the next tick or does not carry [`Log::head`]: the caller would
    /// write an untruth.
    pub fn append(&mut self, frame: &SealedFrame) {
        assert_eq!(frame.tick, self.next(), "frames are sealed in order");
        assert_eq!(
            frame.previous, self.head,
            "a frame carries the hash of the one before"
        );
        let start = self.bytes.bytes().len();
        frame.encode(&mut self.bytes);
        self.head = FrameHash::of(&self.bytes.bytes()[start..]);
        self.ends.push(self.bytes.bytes().len() as u64);
    }

    /// Reads the frame of `tick` into `frame`; `false` if there is none.
    ///
    /// # Errors
    /// [`LogError::Damaged`].
    pub fn read(&self, tick: Tick, frame: &mut SealedFrame) -> Result<bool, LogError> {
        if tick < self.first || tick >= self.next() {
            return Ok(false);
        }
        // Both are positions in memory that exists.
        let end_of = |tick: Tick| self.ends[slice_index(tick.0 - self.first.0)];
        let start = tick.previous_since(self.first).map_or(0, end_of);
        let bytes = &self.bytes.bytes()[slice_index(start)..slice_index(end_of(tick))];
        let mut from = Decoder::new(bytes);
        frame
            .decode(&mut from)
            .and_then(|()| from.finish())
            .map_err(|source| LogError::Damaged { tick, source })?;
        Ok(true)
    }

    /// All frames, in order.
    ///
    /// # Errors
    /// [`LogError::Damaged`] in place of a frame that cannot be read.
    pub fn frames(&self) -> impl Iterator<Item = Result<SealedFrame, LogError>> {
        self.first.until(self.next()).map(|tick| {
            let mut frame = SealedFrame::empty(self.genesis);
            self.read(tick, &mut frame).map(|_| frame)
        })
    }

    /// Checks the chain from the genesis to the head.
    ///
    /// # Errors
    /// [`LogError`] with the first tick that does not hold.
    pub fn verify(&self) -> Result<(), LogError> {
        let mut scratch = Encoder::new();
        let mut expected = self.genesis;
        for (tick, frame) in self.first.until(self.next()).zip(self.frames()) {
            let frame = frame?;
            if frame.tick != tick || frame.previous != expected {
                return Err(LogError::Broken(tick));
            }
            expected = frame.hash(&mut scratch);
        }
        if expected == self.head {
            Ok(())
        } else {
            Err(LogError::Broken(self.next()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_of(ticks: u64) -> Log {
        log_from(Tick::ZERO, ticks)
    }

    fn log_from(first: Tick, ticks: u64) -> Log {
        let mut log = Log::new(FrameHash([7; 32]), first);
        for tick in first.until(first + ticks) {
            let mut frame = SealedFrame::empty(log.head());
            frame.tick = tick;
            #[expect(clippy::cast_possible_truncation, reason = "any byte will do")]
            frame.inputs.push(tick.0 as u8);
            log.append(&frame);
        }
        log
    }

    #[test]
    fn frames_come_back_and_hold_together() {
        let log = log_of(5);
        assert_eq!(log.verify(), Ok(()));
        let inputs: Vec<_> = log.frames().map(|frame| frame.unwrap().inputs[0]).collect();
        assert_eq!(inputs, [0, 1, 2, 3, 4]);
        let mut frame = SealedFrame::empty(FrameHash([0; 32]));
        assert_eq!(log.read(Tick(5), &mut frame), Ok(false));
    }

    #[test]
    fn a_log_begins_where_its_session_does() {
        let first = Tick((1 << 32) - 2);
        let log = log_from(first, 5);
        assert_eq!((log.first(), log.next()), (first, first + 5));
        assert_eq!(log.verify(), Ok(()));
        let ticks: Vec<_> = log.frames().map(|frame| frame.unwrap().tick).collect();
        assert_eq!(ticks, first.until(first + 5).collect::<Vec<_>>());
        let mut frame = SealedFrame::empty(FrameHash([0; 32]));
        assert_eq!(log.read(first.saturating_sub(1), &mut frame), Ok(false));
        // The same tick by its low 32 bits is another one.
        assert_eq!(log.read(Tick(1), &mut frame), Ok(false));
        assert_eq!(log.read(Tick(1 + (1 << 32)), &mut frame), Ok(true));
        assert_eq!(frame.tick, Tick(1 + (1 << 32)));
    }

    #[test]
    fn a_changed_byte_is_found() {
        let log = log_of(3);
        for index in 0..log.bytes.bytes().len() {
            let mut bytes = log.bytes.bytes().to_vec();
            bytes[index] ^= 1;
            let mut changed = log.clone();
            changed.bytes = Encoder::from(bytes);
            assert!(changed.verify().is_err(), "byte {index}");
        }
    }

    #[test]
    #[should_panic(expected = "in order")]
    fn a_gap_is_refused() {
        let mut log = log_of(1);
        let mut frame = SealedFrame::empty(log.head());
        frame.tick = Tick(2);
        log.append(&frame);
    }
}
