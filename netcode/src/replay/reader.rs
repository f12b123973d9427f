//! [`ReplayReader`]: a file of a replay.

use std::io::{Read, Seek, SeekFrom};

use phalanx_engine::limits::INPUT_BYTES_MAX;
use phalanx_engine::{Digest, FrameHash, Record, SealedFrame, Setup, Snapshot, Tick};

use super::chunk::{Bytes, HEADER_BYTES, Header, Kind, PLACE_BYTES, Place, Sizes};
use super::frames::Differ;
use super::{
    END, Head, MAGIC, PREAMBLE_BYTES, REPLAY_FORMAT, ReplayFileError, Signature, TRAILER_BYTES,
};
use crate::limits::{REPLAY_DIGESTS_PER_CHUNK, REPLAY_FRAMES_PER_CHUNK};
use crate::snapshot::unpack;
use crate::wire::BitReader;

/// How a file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was closed.
    Closed,
    /// It was not, but all that is there can be read up to this byte; what follows is less than a chunk.
    Cut {
        /// Where the readable part ends.
        at: u64,
    },
    /// What comes after this byte is not as it was written, and left out.
    Damaged {
        /// Where the readable part ends.
        at: u64,
    },
}

/// Reads a replay. Whatever the bytes are, what it returns was written by a
/// [`ReplayWriter`](super::ReplayWriter) or is an error. That nobody else wrote it only a [`Signature`] says.
/// It takes memory for what is there, not for what is said to be; and beside that for the 64 frames of one
/// chunk, and, while a keyframe is read, what [`unpack`] takes.
#[derive(Debug)]
pub struct ReplayReader<R> {
    source: R,
    head: Head,
    genesis: FrameHash,
    ending: Ending,
    sizes: Sizes,
    frames: Vec<Place>,
    digests: Vec<Place>,
    keyframes: Vec<Place>,
    signatures: Vec<Place>,
    next: Tick,
    /// The frames of one chunk, and which one.
    at_hand: Vec<SealedFrame>,
    frames_at_hand: Option<Place>,
    values: Vec<Digest>,
    digests_at_hand: Option<Place>,
    differ: Differ,
    content: Vec<u8>,
    scratch: Vec<u8>,
}

impl<R: Read + Seek> ReplayReader<R> {
    /// Opens a replay: by its index if it was closed, else by reading all of it.
    ///
    /// # Errors
    /// [`ReplayFileError`] if it is none, or nothing in it can be read.
    pub fn open(mut source: R) -> Result<Self, ReplayFileError> {
        let (mut content, mut scratch) = (Vec::new(), Vec::new());
        source.seek(SeekFrom::Start(0))?;
        read_up_to(&mut source, PREAMBLE_BYTES, &mut content)?;
        let mut preamble = Bytes(&content);
        let format = match (preamble.take(), preamble.take()) {
            (Some(MAGIC), Some(format)) => u16::from_le_bytes(format),
            _ => return Err(ReplayFileError::NoReplay),
        };
        if format != REPLAY_FORMAT {
            return Err(ReplayFileError::OtherFormat(format));
        }
        let header = chunk_at(&mut source, PREAMBLE_BYTES, &mut content, &mut scratch)?;
        let head = match header {
            Chunk::Whole(Kind::Head) => head_of(&content),
            Chunk::Whole(_) | Chunk::Damaged => None,
            Chunk::Cut => return Err(ReplayFileError::NoReplay),
        };
        let head = head.ok_or(ReplayFileError::Damaged {
            at: PREAMBLE_BYTES,
            what: "its head cannot be read",
        })?;
        let mut reader = Self {
            genesis: FrameHash::genesis(&head.game, &head.setup),
            ending: Ending::Closed,
            sizes: Sizes::default(),
            frames: Vec::new(),
            digests: Vec::new(),
            keyframes: Vec::new(),
            signatures: Vec::new(),
            next: head.setup.first,
            at_hand: Vec::new(),
            frames_at_hand: None,
            values: Vec::new(),
            digests_at_hand: None,
            differ: Differ::new(&head.game, &head.setup),
            head,
            source,
            content,
            scratch,
        };
        if !reader.by_index()? {
            reader.forget();
            reader.by_reading()?;
        }
        Ok(reader)
    }

    /// What is recorded.
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// What the first frame carries.
    pub const fn genesis(&self) -> FrameHash {
        self.genesis
    }

    /// How the file ends.
    pub const fn ending(&self) -> Ending {
        self.ending
    }

    /// What its parts take.
    pub const fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// The ticks that have a keyframe, in order.
    pub fn keyframes(&self) -> impl ExactSizeIterator<Item = Tick> {
        self.keyframes.iter().map(|place| place.first)
    }

    /// How many ticks have a chained digest.
    pub fn digests(&self) -> u64 {
        let counts = self.digests.iter().map(|place| u64::from(place.count));
        counts.sum()
    }

    /// The ticks up to which somebody has signed, in the order of the file.
    pub fn signed(&self) -> impl ExactSizeIterator<Item = Tick> {
        self.signatures.iter().map(|place| place.first)
    }

    /// The newest signature of exactly `tick`, whose hash is that of the tick's frame. Whether it is
    /// genuine, its `verify` says.
    ///
    /// # Errors
    /// [`ReplayFileError`] if it cannot be read, or is of other frames.
    pub fn signature(&mut self, tick: Tick) -> Result<Option<Signature>, ReplayFileError> {
        let mut places = self.signatures.iter().rev();
        let Some(place) = places.find(|place| place.first == tick).copied() else {
            return Ok(None);
        };
        self.load(&place)?;
        let signature = signature_of(&self.content).ok_or(ReplayFileError::Damaged {
            at: place.at,
            what: "a signature",
        })?;
        if self.hash(tick)? != Some(signature.head) {
            return Err(ReplayFileError::Damaged {
                at: place.at,
                what: "the signature is of other frames",
            });
        }
        Ok(Some(signature))
    }

    /// Hash of the frame of `tick`; `None` if there is none.
    ///
    /// # Errors
    /// [`ReplayFileError`] if it cannot be read.
    pub fn hash(&mut self, tick: Tick) -> Result<Option<FrameHash>, ReplayFileError> {
        let Some(place) = place_of(&self.frames, tick) else {
            return Ok(None);
        };
        if tick.next() == place.end() {
            return Ok(Some(place.head));
        }
        let mut frame = SealedFrame::empty(self.genesis);
        self.read(tick.next(), &mut frame)?;
        Ok(Some(frame.previous))
    }

    fn forget(&mut self) {
        let parts = [
            &mut self.frames,
            &mut self.digests,
            &mut self.keyframes,
            &mut self.signatures,
        ];
        parts.into_iter().for_each(Vec::clear);
        self.sizes = Sizes::default();
        self.next = self.head.setup.first;
    }

    /// Finds out by the index; `false` if there is none that holds together.
    fn by_index(&mut self) -> Result<bool, ReplayFileError> {
        let length = self.source.seek(SeekFrom::End(0))?;
        let Some(trailer) = length.checked_sub(TRAILER_BYTES) else {
            return Ok(false);
        };
        self.source.seek(SeekFrom::Start(trailer))?;
        read_up_to(&mut self.source, TRAILER_BYTES, &mut self.content)?;
        let mut from = Bytes(&self.content);
        let Some(at) = from.take_u64().filter(|at| *at < trailer) else {
            return Ok(false);
        };
        if from.take() != Some(END) {
            return Ok(false);
        }
        let found = chunk_at(&mut self.source, at, &mut self.content, &mut self.scratch)?;
        let ends = at + (HEADER_BYTES + self.content.len()) as u64 == trailer;
        if !(matches!(found, Chunk::Whole(Kind::Index)) && ends) {
            return Ok(false);
        }
        let content = core::mem::take(&mut self.content);
        let mut before: Option<Place> = None;
        let mut good = content.len().is_multiple_of(PLACE_BYTES);
        let mut from = Bytes(&content);
        while good && let Some(place) = Place::decode(&mut from) {
            let begins = before.map_or(PREAMBLE_BYTES, |before| before.at + 1);
            let first = before.is_none() == (place.kind == Kind::Head);
            good = first && place.at >= begins && place.at < at && self.admit(&place);
            if !good {
                break;
            }
            if let Some(before) = before {
                self.sizes.add(before.kind, place.at - before.at);
            }
            before = Some(place);
        }
        good &= from.0.is_empty() && before.is_some();
        if let Some(before) = before.filter(|_| good) {
            self.sizes.add(before.kind, at - before.at);
            self.sizes.add(Kind::Index, length - at);
        }
        self.content = content;
        self.ending = Ending::Closed;
        Ok(good)
    }

    /// Finds out by reading everything, as far as it is whole.
    fn by_reading(&mut self) -> Result<(), ReplayFileError> {
        let mut at = PREAMBLE_BYTES;
        self.ending = loop {
            match chunk_at(&mut self.source, at, &mut self.content, &mut self.scratch)? {
                Chunk::Cut => break Ending::Cut { at },
                Chunk::Damaged => break Ending::Damaged { at },
                // The trailer is missing or damaged.
                Chunk::Whole(Kind::Index) => break Ending::Cut { at },
                Chunk::Whole(kind) => {
                    let place = described(kind, at, &self.content);
                    let Some(place) = place.filter(|place| self.admit(place)) else {
                        break Ending::Damaged { at };
                    };
                    let bytes = (HEADER_BYTES + self.content.len()) as u64;
                    self.sizes.add(place.kind, bytes);
                    at += bytes;
                }
            }
        };
        Ok(())
    }

    /// Takes note of a chunk, if it can follow those so far.
    fn admit(&mut self, place: &Place) -> bool {
        let (frames, digests) = (REPLAY_FRAMES_PER_CHUNK, REPLAY_DIGESTS_PER_CHUNK);
        let known = place.first < self.next && place.first >= self.head.setup.first;
        let good = match place.kind {
            Kind::Head => place.at == PREAMBLE_BYTES,
            Kind::Index => false,
            Kind::Frames => {
                place.first == self.next && (1..=frames).contains(&(place.count as usize))
            }
            Kind::Digests => {
                let after = self.digests.last().map_or(Tick::ZERO, Place::end);
                known
                    && place.first >= after
                    && place.end() <= self.next
                    && (1..=digests).contains(&(place.count as usize))
            }
            Kind::Keyframe => {
                let last = self.keyframes.last();
                known && place.count == 1 && last.is_none_or(|last| place.first > last.first)
            }
            Kind::Signature => known && place.count == 1,
        };
        if good {
            match place.kind {
                Kind::Head | Kind::Index => {}
                Kind::Frames => {
                    self.next = place.end();
                    self.frames.push(*place);
                }
                Kind::Digests => self.digests.push(*place),
                Kind::Keyframe => self.keyframes.push(*place),
                Kind::Signature => self.signatures.push(*place),
            }
        }
        good
    }

    /// Reads the content of a chunk that is known.
    fn load(&mut self, place: &Place) -> Result<(), ReplayFileError> {
        let found = chunk_at(
            &mut self.source,
            place.at,
            &mut self.content,
            &mut self.scratch,
        )?;
        let same = match found {
            Chunk::Whole(kind) => described(kind, place.at, &self.content) == Some(*place),
            Chunk::Cut | Chunk::Damaged => false,
        };
        if same {
            Ok(())
        } else {
            Err(ReplayFileError::Damaged {
                at: place.at,
                what: "a chunk is not what was written",
            })
        }
    }

    /// Reads all frames of a chunk, and holds them against the hash of the last one.
    fn load_frames(&mut self, place: &Place) -> Result<(), ReplayFileError> {
        self.frames_at_hand = None;
        let before = place.first.previous_since(self.head.setup.first);
        let before = before.and_then(|tick| place_of(&self.frames, tick));
        let mut head = before.map_or(self.genesis, |before| before.head);
        self.load(place)?;
        let damaged = ReplayFileError::Damaged {
            at: place.at,
            what: "frames",
        };
        let mut from = Bytes(&self.content);
        let (_, epoch, _, _) = (
            from.take::<8>(),
            from.take::<4>(),
            from.take::<1>(),
            from.take::<32>(),
        );
        let epoch = epoch.map_or(0, u32::from_le_bytes);
        let mut bits = BitReader::new(from.0);
        self.differ.reset();
        self.at_hand
            .resize(place.count as usize, SealedFrame::empty(self.genesis));
        let mut encoder = phalanx_engine::Encoder::from(core::mem::take(&mut self.scratch));
        let mut whole = true;
        for (tick, frame) in place.first.until(place.end()).zip(&mut self.at_hand) {
            whole &= self.differ.take(&mut bits, tick, frame).is_ok();
            frame.epoch = epoch;
            frame.previous = head;
            head = frame.hash(&mut encoder);
        }
        self.scratch = encoder.into_bytes();
        if !whole || bits.finish().is_err() {
            return Err(damaged);
        }
        if head != place.head {
            return Err(ReplayFileError::Broken(place.end().saturating_sub(1)));
        }
        self.frames_at_hand = Some(*place);
        Ok(())
    }
}

impl<R: Read + Seek> Record for ReplayReader<R> {
    type Error = ReplayFileError;

    fn setup(&self) -> &Setup {
        &self.head.setup
    }

    fn next(&self) -> Tick {
        self.next
    }

    fn read(&mut self, tick: Tick, frame: &mut SealedFrame) -> Result<bool, ReplayFileError> {
        let at_hand = self.frames_at_hand.filter(|place| holds(place, tick));
        let Some(place) = at_hand.or_else(|| place_of(&self.frames, tick)) else {
            return Ok(false);
        };
        if at_hand.is_none() {
            self.load_frames(&place)?;
        }
        let at = usize::try_from(tick.0 - place.first.0).unwrap_or(usize::MAX);
        let Some(read) = self.at_hand.get(at) else {
            return Ok(false);
        };
        frame.clone_from(read);
        Ok(true)
    }

    fn digest(&mut self, tick: Tick) -> Result<Option<Digest>, ReplayFileError> {
        let at_hand = self.digests_at_hand.filter(|place| holds(place, tick));
        let Some(place) = at_hand.or_else(|| place_of(&self.digests, tick)) else {
            return Ok(None);
        };
        if at_hand.is_none() {
            self.digests_at_hand = None;
            self.load(&place)?;
            let values = self.content[8..].as_chunks::<8>().0.iter();
            self.values.clear();
            self.values
                .extend(values.map(|bytes| Digest(u64::from_le_bytes(*bytes))));
            self.digests_at_hand = Some(place);
        }
        let at = usize::try_from(tick.0 - place.first.0).unwrap_or(usize::MAX);
        Ok(self.values.get(at).copied())
    }

    fn keyframe_before(&self, tick: Tick) -> Option<Tick> {
        let after = self.keyframes.partition_point(|place| place.first <= tick);
        Some(self.keyframes.get(after.checked_sub(1)?)?.first)
    }

    fn keyframe(&mut self, tick: Tick) -> Result<Option<Snapshot>, ReplayFileError> {
        let Some(place) = place_of(&self.keyframes, tick) else {
            return Ok(None);
        };
        self.load(&place)?;
        let unpacked = unpack(&self.content[8..], None);
        let snapshot = unpacked.map_err(|source| ReplayFileError::Keyframe { tick, source })?;
        let ours = snapshot.game == self.head.game && snapshot.setup == self.head.setup;
        if !ours || snapshot.tick != tick {
            return Err(ReplayFileError::Damaged {
                at: place.at,
                what: "the keyframe is of another session or tick",
            });
        }
        Ok(Some(snapshot))
    }
}

fn holds(place: &Place, tick: Tick) -> bool {
    place.first <= tick && tick < place.end()
}

/// The chunk that holds something of `tick`.
fn place_of(places: &[Place], tick: Tick) -> Option<Place> {
    let after = places.partition_point(|place| place.first <= tick);
    let place = places.get(after.checked_sub(1)?)?;
    holds(place, tick).then_some(*place)
}

/// What was found where a chunk should be.
enum Chunk {
    /// A whole one.
    Whole(Kind),
    /// The end of the file.
    Cut,
    /// Something else.
    Damaged,
}

/// Reads the content of the chunk at `at`.
fn chunk_at<R: Read + Seek>(
    source: &mut R,
    at: u64,
    content: &mut Vec<u8>,
    scratch: &mut Vec<u8>,
) -> Result<Chunk, ReplayFileError> {
    source.seek(SeekFrom::Start(at))?;
    read_up_to(source, HEADER_BYTES as u64, content)?;
    let Some(header) = content.first_chunk::<HEADER_BYTES>() else {
        return Ok(Chunk::Cut);
    };
    let Some(header) = Header::decode(*header) else {
        return Ok(Chunk::Damaged);
    };
    read_up_to(source, header.length, content)?;
    Ok(if (content.len() as u64) < header.length {
        Chunk::Cut
    } else if header.fits(at, content, scratch) {
        Chunk::Whole(header.kind)
    } else {
        Chunk::Damaged
    })
}

/// Reads so many bytes, or as many as there are. No more memory is taken than those need.
fn read_up_to(
    source: &mut impl Read,
    bytes: u64,
    content: &mut Vec<u8>,
) -> Result<(), ReplayFileError> {
    content.clear();
    source.take(bytes).read_to_end(content)?;
    Ok(())
}

/// What a chunk's content says of where it belongs.
fn described(kind: Kind, at: u64, content: &[u8]) -> Option<Place> {
    let mut from = Bytes(content);
    let mut place = Place {
        kind,
        at,
        first: Tick::ZERO,
        count: 1,
        head: FrameHash([0; 32]),
    };
    match kind {
        Kind::Index => return None,
        Kind::Head => {
            place.first = head_of(content)?.setup.first;
            place.count = 0;
        }
        Kind::Frames => {
            place.first = Tick(from.take_u64()?);
            from.take::<4>()?;
            place.count = from.take::<1>()?[0].into();
            place.head = FrameHash(from.take()?);
        }
        Kind::Digests => {
            place.first = Tick(from.take_u64()?);
            place.count = u32::try_from(from.0.len() / 8).ok()?;
            from.0.len().is_multiple_of(8).then_some(())?;
        }
        Kind::Keyframe => place.first = Tick(from.take_u64()?),
        Kind::Signature => place.first = signature_of(content)?.tick,
    }
    Some(place)
}

fn head_of(content: &[u8]) -> Option<Head> {
    let (head, rest) = postcard::take_from_bytes::<Head>(content).ok()?;
    let inputs = (1..=INPUT_BYTES_MAX).contains(&head.game.input_bytes);
    (rest.is_empty() && inputs && head.setup.validate().is_ok()).then_some(head)
}

fn signature_of(content: &[u8]) -> Option<Signature> {
    let mut from = Bytes(content);
    let signature = Signature {
        tick: Tick(from.take_u64()?),
        head: FrameHash(from.take()?),
        key: from.take()?,
        bytes: from.take()?,
    };
    from.0.is_empty().then_some(signature)
}
