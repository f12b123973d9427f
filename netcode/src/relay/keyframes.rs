//! [`Keyframes`]: the snapshots that the players agree on, for those who come later.

use phalanx_engine::{Slot, Snapshot, SnapshotHash, Tick};

use super::shelf::{Accepted, Parcel, Shelf};
use crate::channel::CloseReason;
use crate::keyframe_ticks::KeyframeTicks;
use crate::limits::{
    SNAPSHOT_HOSTED_BYTES_MAX, SNAPSHOT_PIECE_BYTES, UPLOAD_BYTES_MAX, UPLOAD_KEYFRAMES_MAX,
};
use crate::snapshot::{self, SnapshotError};
use crate::wire::SnapshotId;

/// What a player holds after a tick: the hash of its canonical bytes, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) hash: SnapshotHash,
    pub(crate) bytes: u64,
}

/// A snapshot on its way from a player.
#[derive(Clone, Debug)]
struct Upload {
    slot: Slot,
    tick: Tick,
    held: Held,
    /// What came of it, and how much is to come, once that is known.
    packed: Vec<u8>,
    left: Option<u64>,
    /// The newest keyframe tick when something of it came last.
    moved: Tick,
}

/// What players hold after ticks that all of them know.
///
/// When more than half of those who play hold the same, one of these is asked for the snapshot: each in
/// turn, one at a time, the others' votes being for nothing meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct Keyframes {
    ticks: KeyframeTicks,
    /// The newest tick that anybody voted for, and what each slot said.
    tick: Tick,
    votes: Vec<Option<Held>>,
    upload: Option<Upload>,
    /// The tick whose snapshot each slot was asked for last.
    asked: Vec<Option<Tick>>,
    shelf: Shelf,
    /// The slot that is asked first next time.
    turn: u8,
    /// Whether a referee gives them, and nobody is asked.
    refereed: bool,
}

impl Keyframes {
    /// None yet, of a session of `slots` slots that begins at `first`, with a keyframe every `interval` ticks; 0: never.
    pub(crate) fn new(first: Tick, slots: u8, interval: u32) -> Self {
        Self {
            ticks: KeyframeTicks::new(first, interval),
            tick: first,
            votes: vec![None; slots.into()],
            upload: None,
            asked: vec![None; slots.into()],
            shelf: Shelf::default(),
            turn: 0,
            refereed: false,
        }
    }

    /// The newest one.
    pub(crate) fn newest(&self) -> Option<&Accepted> {
        self.shelf.newest()
    }

    /// What brings a player who says that it holds `held` to the newest one.
    pub(crate) fn parcel(&mut self, held: &[SnapshotId]) -> Option<Parcel> {
        self.shelf.parcel(held)
    }

    /// Whether a referee gives them.
    pub(crate) const fn is_refereed(&self) -> bool {
        self.refereed
    }

    /// Notes what `slot` holds after `tick`, one of `players` who play; returns whom to ask for it.
    ///
    /// # Errors
    /// [`CloseReason`] if that is no keyframe tick.
    pub(crate) fn vote(
        &mut self,
        slot: Slot,
        tick: Tick,
        held: Held,
        players: usize,
    ) -> Result<Option<Slot>, CloseReason> {
        if !self.ticks.contains(tick) {
            return Err(CloseReason::Malformed);
        }
        if tick < self.tick {
            return Ok(None);
        }
        if tick > self.tick {
            self.tick = tick;
            self.votes.fill(None);
        }
        self.votes[usize::from(slot.0)].get_or_insert(held);
        // Who was asked long ago, and sends nothing.
        let patience = UPLOAD_KEYFRAMES_MAX * self.ticks.interval();
        self.upload
            .take_if(|upload| upload.moved + patience <= tick);
        let known = self.newest().is_some_and(|known| known.tick >= tick);
        let alike = self.votes.iter().filter(|vote| **vote == Some(held));
        let enough = 2 * alike.count() > players && held.bytes <= SNAPSHOT_HOSTED_BYTES_MAX;
        if known || self.upload.is_some() || !enough || self.refereed {
            return Ok(None);
        }
        let slots = u8::try_from(self.votes.len()).unwrap_or(u8::MAX);
        let turns = Slot::all(slots).chain(Slot::all(slots));
        let holds = |slot: &Slot| self.votes[usize::from(slot.0)] == Some(held);
        let Some(asked) = turns.skip(self.turn.into()).find(holds) else {
            return Ok(None);
        };
        self.turn = (asked.0 + 1) % slots;
        self.asked[usize::from(asked.0)] = Some(tick);
        self.upload = Some(Upload {
            slot: asked,
            tick,
            held,
            packed: Vec::new(),
            left: None,
            moved: tick,
        });
        Ok(Some(asked))
    }

    /// Takes a piece of the snapshot of `tick` that `slot` was asked for, after which `left` bytes come; an empty
    /// one says that it does not have it any more.
    ///
    /// # Errors
    /// [`CloseReason`] if it was not asked for, is too large, or is another one than was voted for.
    pub(crate) fn take(
        &mut self,
        slot: Slot,
        tick: Tick,
        left: u64,
        piece: &[u8],
    ) -> Result<Piece, CloseReason> {
        if self.asked[usize::from(slot.0)] != Some(tick) {
            return Err(CloseReason::Unexpected);
        }
        let current = |upload: &&mut Upload| (upload.slot, upload.tick) == (slot, tick);
        let Some(upload) = self.upload.as_mut().filter(current) else {
            // It was too slow.
            return Ok(Piece::TooLate);
        };
        let length = piece.len() as u64;
        if (length, left, upload.left) == (0, 0, None) {
            self.upload = None;
            return Ok(Piece::TooLate);
        }
        let announced = *upload.left.get_or_insert(length.saturating_add(left));
        let most = UPLOAD_BYTES_MAX.min(snapshot::packed_max(upload.held.bytes));
        let whole = left == 0 || piece.len() == SNAPSHOT_PIECE_BYTES;
        let follows = announced.checked_sub(length) == Some(left);
        if length == 0 || !whole || !follows || announced > most {
            return Err(CloseReason::Malformed);
        }
        (upload.left, upload.moved) = (Some(left), self.tick);
        upload.packed.extend_from_slice(piece);
        let came = upload.packed.len() as u64;
        if left > 0 {
            return Ok(Piece::More(came));
        }
        let Some(Upload { held, packed, .. }) = self.upload.take() else {
            return Ok(Piece::TooLate);
        };
        let Held { hash, bytes } = held;
        let read = snapshot::open(&packed, hash, None, bytes).ok();
        let read = read.filter(|read| read.tick == tick);
        let snapshot = read.ok_or(CloseReason::Malformed)?;
        let (packed, snapshot) = (packed.into(), Box::new(snapshot));
        Ok(Piece::Last(Accepted { tick, hash, packed }, snapshot))
    }

    /// Keeps a referee's; from now on nobody is asked.
    ///
    /// # Errors
    /// [`SnapshotError`] if it is too large.
    pub(crate) fn keep(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        let packed = snapshot::pack(snapshot, None)?;
        self.refereed = true;
        self.upload = None;
        self.shelf.put(Accepted {
            tick: snapshot.tick,
            hash: snapshot.hash(),
            packed: packed.into(),
        });
        Ok(())
    }

    /// Begins with one that the host has; players are asked for those after it.
    pub(crate) fn begin_from(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        self.keep(snapshot)?;
        self.refereed = false;
        Ok(())
    }

    /// From now on this is the newest.
    pub(crate) fn accept(&mut self, accepted: Accepted) {
        self.shelf.put(accepted);
    }

    /// The player in `slot` is gone, and what it had not sent.
    pub(crate) fn vacate(&mut self, slot: Slot) {
        self.upload.take_if(|upload| upload.slot == slot);
        self.votes[usize::from(slot.0)] = None;
        self.asked[usize::from(slot.0)] = None;
    }
}

/// What became of a piece of a snapshot.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// Nobody waits for it any more.
    TooLate,
    /// Others are to come; so many bytes came.
    More(u64),
    /// It was the last one of the snapshot that was voted for.
    Last(Accepted, Box<Snapshot>),
}

#[cfg(test)]
mod tests;
