//! Chunks: what a file of a replay consists of.

use phalanx_engine::{FrameHash, SnapshotHash, Tick};

use crate::limits::REPLAY_CHUNK_BYTES_MAX;

/// What a chunk holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// What is recorded.
    Head = 1,
    /// Sealed frames.
    Frames = 2,
    /// Chained digests.
    Digests = 3,
    /// A world to begin at.
    Keyframe = 4,
    /// That all frames so far are the relay's.
    Signature = 5,
    /// Where all chunks are.
    Index = 6,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::Head,
        Self::Frames,
        Self::Digests,
        Self::Keyframe,
        Self::Signature,
        Self::Index,
    ];

    pub(super) fn of(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// Bytes that each part of a file takes, the heads of chunks included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Sealed frames.
    pub frames: u64,
    /// Chained digests.
    pub digests: u64,
    /// Keyframes.
    pub keyframes: u64,
    /// The rest: head, signatures, index.
    pub other: u64,
}

impl Sizes {
    /// All of it.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.frames + self.digests + self.keyframes + self.other
    }

    pub(super) const fn add(&mut self, kind: Kind, bytes: u64) {
        *match kind {
            Kind::Frames => &mut self.frames,
            Kind::Digests => &mut self.digests,
            Kind::Keyframe => &mut self.keyframes,
            Kind::Head | Kind::Signature | Kind::Index => &mut self.other,
        } += bytes;
    }
}

/// Bytes before the content of a chunk.
pub(super) const HEADER_BYTES: usize = 1 + 4 + 8;

/// What stands before the content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) length: u64,
    check: [u8; 8],
}

impl Header {
    /// `None` if no chunk begins so.
    pub(super) fn decode(bytes: [u8; HEADER_BYTES]) -> Option<Self> {
        let [kind, l0, l1, l2, l3, check @ ..] = bytes;
        let length = u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
        let kind = Kind::of(kind).filter(|_| length <= REPLAY_CHUNK_BYTES_MAX)?;
        Some(Self {
            kind,
            length,
            check,
        })
    }

    /// Whether `content` is what was written at `at`.
    pub(super) fn fits(&self, at: u64, content: &[u8], scratch: &mut Vec<u8>) -> bool {
        content.len() as u64 == self.length && check(at, self.kind, content, scratch) == self.check
    }
}

/// What a chunk's place, kind and content come to.
fn check(at: u64, kind: Kind, content: &[u8], scratch: &mut Vec<u8>) -> [u8; 8] {
    scratch.clear();
    scratch.extend(at.to_le_bytes());
    scratch.push(kind as u8);
    scratch.extend(length_bytes(content));
    scratch.extend_from_slice(content);
    let [a, b, c, d, e, f, g, h, ..] = SnapshotHash::of(scratch).0;
    [a, b, c, d, e, f, g, h]
}

fn length_bytes(content: &[u8]) -> [u8; 4] {
    // Writers keep to the limit, which is below.
    u32::try_from(content.len())
        .unwrap_or(u32::MAX)
        .to_le_bytes()
}

/// Appends the chunk that begins at `at`.
pub(super) fn put(out: &mut Vec<u8>, at: u64, kind: Kind, content: &[u8], scratch: &mut Vec<u8>) {
    out.push(kind as u8);
    out.extend(length_bytes(content));
    out.extend(check(at, kind, content, scratch));
    out.extend_from_slice(content);
}

/// Where a chunk is, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) kind: Kind,
    /// Where it begins.
    pub(super) at: u64,
    /// The first tick of frames or digests, the tick of others.
    pub(super) first: Tick,
    /// Of how many ticks.
    pub(super) count: u32,
    /// Hash of the last frame; zeros of other kinds.
    pub(super) head: FrameHash,
}

/// Bytes of a place in the index.
pub(super) const PLACE_BYTES: usize = 1 + 8 + 8 + 4 + 32;

impl Place {
    /// The tick after its last one.
    pub(super) fn end(&self) -> Tick {
        Tick(self.first.0.saturating_add(self.count.into()))
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.kind as u8);
        out.extend(self.at.to_le_bytes());
        out.extend(self.first.0.to_le_bytes());
        out.extend(self.count.to_le_bytes());
        out.extend(self.head.0);
    }

    pub(super) fn decode(from: &mut Bytes<'_>) -> Option<Self> {
        Some(Self {
            kind: Kind::of(from.take::<1>()?[0])?,
            at: from.take_u64()?,
            first: Tick(from.take_u64()?),
            count: u32::from_le_bytes(from.take()?),
            head: FrameHash(from.take()?),
        })
    }
}

/// Bytes to be read from the front.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl Bytes<'_> {
    pub(super) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn take_u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }
}
