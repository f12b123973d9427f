//! [`ReplayWriter`]: what is to be appended to the file.

use phalanx_engine::{Digest, FrameHash, SealedFrame, Snapshot, Tick};

use super::chunk::{self, Kind, Place};
use super::frames::Differ;
use super::{END, Head, MAGIC, PREAMBLE_BYTES, REPLAY_FORMAT, Signature};
use crate::limits::{REPLAY_DIGESTS_PER_CHUNK, REPLAY_FRAMES_PER_CHUNK};
use crate::snapshot::{SnapshotError, base_of, pack};
use crate::wire::BitWriter;

/// Writes a replay. What it makes of what it is given waits in [`ReplayWriter::pending`] to be appended to
/// a file by whoever owns that.
///
/// Frames are kept back until there are 64 of them, digests until there are 256 (or
/// [`ReplayWriter::flush`]): so much does a crash cost.
#[derive(Debug)]
pub struct ReplayWriter {
    genesis: FrameHash,
    differ: Differ,
    /// Frames of the present chunk, as bits, behind room for what stands before them.
    bits: Vec<u8>,
    first: Tick,
    next: Tick,
    epoch: u32,
    head: FrameHash,
    encoder: phalanx_engine::Encoder,
    /// The frames of the present chunk: bits cannot be written in parts.
    frames: Vec<SealedFrame>,
    count: usize,
    digests: Vec<u8>,
    digests_next: Tick,
    /// The newest tick that has a keyframe.
    keyframe: Option<Tick>,
    pending: Vec<u8>,
    /// Where the next chunk begins.
    at: u64,
    places: Vec<Place>,
    scratch: Vec<u8>,
}

impl ReplayWriter {
    /// A replay of what `head` says, without a tick yet.
    #[must_use]
    pub fn new(head: &Head) -> Self {
        let first = head.setup.first;
        let genesis = FrameHash::genesis(&head.game, &head.setup);
        let mut writer = Self {
            genesis,
            differ: Differ::new(&head.game, &head.setup),
            bits: Vec::new(),
            first,
            next: first,
            epoch: 0,
            head: genesis,
            encoder: phalanx_engine::Encoder::new(),
            frames: vec![SealedFrame::empty(genesis); REPLAY_FRAMES_PER_CHUNK],
            count: 0,
            digests: Vec::new(),
            digests_next: first,
            keyframe: None,
            pending: Vec::new(),
            at: PREAMBLE_BYTES,
            places: Vec::new(),
            scratch: Vec::new(),
        };
        writer.pending.extend(MAGIC);
        writer.pending.extend(REPLAY_FORMAT.to_le_bytes());
        // A game's name is text of a program; all else has a size.
        let content = postcard::to_allocvec(head).unwrap_or_default();
        writer.put(Kind::Head, &content, (first, 0), FrameHash([0; 32]));
        writer
    }

    /// What the first frame carries.
    #[must_use]
    pub const fn genesis(&self) -> FrameHash {
        self.genesis
    }

    /// The tick whose frame comes next.
    #[must_use]
    pub const fn next(&self) -> Tick {
        self.next
    }

    /// Hash of the newest frame.
    #[must_use]
    pub const fn head(&self) -> FrameHash {
        self.head
    }

    /// What is to be appended to the file; [`ReplayWriter::taken`] when that is done.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// What was pending is in the file.
    pub fn taken(&mut self) {
        self.pending.clear();
    }

    /// Adds the frame of the next tick.
    ///
    /// # Panics
    /// If it is not the frame of the next tick, does not carry [`ReplayWriter::head`] or is not made for
    /// the session's slots and inputs.
    pub fn frame(&mut self, frame: &SealedFrame) {
        assert_eq!(frame.tick, self.next, "frames are recorded in order");
        assert_eq!(
            frame.previous, self.head,
            "a frame carries the hash of the one before"
        );
        assert!(self.differ.fits(frame), "a frame of the session");
        if self.count > 0 && frame.epoch != self.epoch {
            self.flush_frames();
        }
        self.epoch = frame.epoch;
        self.head = frame.hash(&mut self.encoder);
        self.next = frame.tick.next();
        self.frames[self.count].clone_from(frame);
        self.count += 1;
        if self.count == self.frames.len() {
            self.flush_frames();
        }
    }

    /// Adds the chained digest of a tick whose frame is there. One of an earlier tick than the newest is
    /// left out.
    pub fn digest(&mut self, tick: Tick, digest: Digest) {
        if tick < self.digests_next || tick >= self.next {
            return;
        }
        if tick != self.digests_next {
            self.flush_digests();
            self.digests_next = tick;
        }
        self.digests.extend(digest.0.to_le_bytes());
        self.digests_next = tick.next();
        if self.digests.len() >= 8 * REPLAY_DIGESTS_PER_CHUNK {
            self.flush_digests();
        }
    }

    /// Adds a keyframe. One of an earlier tick than the newest, or of one whose frame is not there, is left out.
    ///
    /// # Errors
    /// [`SnapshotError::TooLarge`]; nothing is added then.
    pub fn keyframe(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        if self.takes_keyframe(snapshot.tick) {
            self.packed_keyframe(snapshot.tick, &pack(snapshot, None)?)?;
        }
        Ok(())
    }

    /// Adds the keyframe of `tick` as [`pack`] made it, whole, likewise; what is in it is not looked at.
    ///
    /// # Errors
    /// [`SnapshotError`] if it is none, or only what differs from another one; nothing is added then.
    pub fn packed_keyframe(&mut self, tick: Tick, packed: &[u8]) -> Result<(), SnapshotError> {
        if let Some(base) = base_of(packed)? {
            return Err(SnapshotError::NeedsBase(base));
        }
        if !self.takes_keyframe(tick) {
            return Ok(());
        }
        let mut content = tick.0.to_le_bytes().to_vec();
        content.extend_from_slice(packed);
        // What a keyframe follows from is before it.
        self.flush();
        self.put(Kind::Keyframe, &content, (tick, 1), FrameHash([0; 32]));
        self.keyframe = Some(tick);
        Ok(())
    }

    fn takes_keyframe(&self, tick: Tick) -> bool {
        self.keyframe.is_none_or(|newest| newest < tick) && tick < self.next
    }

    /// Adds what was signed, all that it covers before it.
    pub fn signature(&mut self, signature: &Signature) {
        self.flush();
        let mut content = signature.tick.0.to_le_bytes().to_vec();
        content.extend(signature.head.0);
        content.extend(signature.key);
        content.extend(signature.bytes);
        self.put(
            Kind::Signature,
            &content,
            (signature.tick, 1),
            FrameHash([0; 32]),
        );
    }

    /// Keeps nothing back.
    pub fn flush(&mut self) {
        self.flush_frames();
        self.flush_digests();
    }

    /// Ends the file: with an index, by which it is opened quickly.
    pub fn close(&mut self) {
        self.flush();
        let at = self.at;
        let mut content = Vec::new();
        self.places
            .iter()
            .for_each(|place| place.encode(&mut content));
        self.put(Kind::Index, &content, (self.first, 0), FrameHash([0; 32]));
        self.pending.extend(at.to_le_bytes());
        self.pending.extend(END);
        self.at += super::TRAILER_BYTES;
    }

    fn flush_frames(&mut self) {
        if self.count == 0 {
            return;
        }
        let mut content = core::mem::take(&mut self.bits);
        content.clear();
        content.extend(self.first.0.to_le_bytes());
        content.extend(self.epoch.to_le_bytes());
        content.extend(u8::try_from(self.count).unwrap_or(u8::MAX).to_le_bytes());
        content.extend(self.head.0);
        self.differ.reset();
        let mut bits = BitWriter::new(&mut content);
        for frame in &self.frames[..self.count] {
            self.differ.put(&mut bits, frame);
        }
        bits.finish();
        let ticks = (self.first, u32::try_from(self.count).unwrap_or(u32::MAX));
        self.put(Kind::Frames, &content, ticks, self.head);
        self.bits = content;
        self.first = self.next;
        self.count = 0;
    }

    fn flush_digests(&mut self) {
        if self.digests.is_empty() {
            return;
        }
        // A digest never comes before its frame, so neither does it in the file.
        self.flush_frames();
        let count = self.digests.len() as u64 / 8;
        let first = self.digests_next.saturating_sub(count);
        let mut content = core::mem::take(&mut self.bits);
        content.clear();
        content.extend(first.0.to_le_bytes());
        content.extend_from_slice(&self.digests);
        self.digests.clear();
        let ticks = (first, u32::try_from(count).unwrap_or(u32::MAX));
        self.put(Kind::Digests, &content, ticks, FrameHash([0; 32]));
        self.bits = content;
    }

    fn put(&mut self, kind: Kind, content: &[u8], (first, count): (Tick, u32), head: FrameHash) {
        chunk::put(&mut self.pending, self.at, kind, content, &mut self.scratch);
        self.places.push(Place {
            kind,
            at: self.at,
            first,
            count,
            head,
        });
        self.at += (chunk::HEADER_BYTES + content.len()) as u64;
    }
}
