//! [`Keyframes`]: the newest snapshot that the players agree on, for those who come later.

use std::sync::Arc;

use phalanx_engine::{Slot, SnapshotHash, Tick};

use crate::channel::CloseReason;
use crate::limits::{UPLOAD_BYTES_MAX, UPLOAD_KEYFRAMES_MAX};
use crate::snapshot;

/// A snapshot as it came, which the relay cannot read: that it is the one the players voted for is checked by its hash.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) tick: Tick,
    pub(crate) hash: SnapshotHash,
    pub(crate) packed: Arc<[u8]>,
}

/// A snapshot on its way from a player.
#[derive(Clone, Debug)]
struct Upload {
    slot: Slot,
    tick: Tick,
    hash: SnapshotHash,
    /// What came of it, and how much is to come, once that is known.
    packed: Vec<u8>,
    left: Option<u64>,
}

/// What players hold after ticks that all of them know: every `interval` ticks.
///
/// When more than half of those who play hold the same, and nobody another, one of them is asked for
/// the snapshot: each in turn, one at a time, the others' votes being for nothing meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct Keyframes {
    first: Tick,
    interval: u64,
    /// The newest tick that anybody voted for, and what each slot said.
    tick: Tick,
    votes: Vec<Option<SnapshotHash>>,
    upload: Option<Upload>,
    accepted: Option<Accepted>,
    /// The slot that is asked first next time.
    turn: u8,
}

impl Keyframes {
    /// None yet, of a session of `slots` slots that begins at `first`, with a keyframe every `interval` ticks; 0: never.
    pub(crate) fn new(first: Tick, slots: u8, interval: u32) -> Self {
        Self {
            first,
            interval: interval.into(),
            tick: first,
            votes: vec![None; slots.into()],
            upload: None,
            accepted: None,
            turn: 0,
        }
    }

    /// The newest one.
    pub(crate) const fn accepted(&self) -> Option<&Accepted> {
        self.accepted.as_ref()
    }

    /// Notes what `slot` holds after `tick`, one of `players` who play; returns whom to ask for it.
    ///
    /// # Errors
    /// [`CloseReason`] if that is no keyframe tick.
    pub(crate) fn vote(
        &mut self,
        slot: Slot,
        tick: Tick,
        hash: SnapshotHash,
        players: usize,
    ) -> Result<Option<(Slot, Tick)>, CloseReason> {
        if !is_keyframe(self.first, self.interval, tick) {
            return Err(CloseReason::Malformed);
        }
        if tick < self.tick {
            return Ok(None);
        }
        if tick > self.tick {
            self.tick = tick;
            self.votes.fill(None);
        }
        self.votes[usize::from(slot.0)].get_or_insert(hash);
        // Who was asked long ago does not send it.
        let patience = UPLOAD_KEYFRAMES_MAX * self.interval;
        self.upload.take_if(|upload| upload.tick + patience <= tick);
        let known = self
            .accepted
            .as_ref()
            .is_some_and(|known| known.tick >= tick);
        let said = || self.votes.iter().flatten();
        let enough = 2 * said().count() > players && said().all(|said| *said == hash);
        if known || self.upload.is_some() || !enough {
            return Ok(None);
        }
        let slots = u8::try_from(self.votes.len()).unwrap_or(u8::MAX);
        let turns = Slot::all(slots).chain(Slot::all(slots));
        let voted = |slot: &Slot| self.votes[usize::from(slot.0)].is_some();
        let Some(asked) = turns.skip(self.turn.into()).find(voted) else {
            return Ok(None);
        };
        self.turn = (asked.0 + 1) % slots;
        self.upload = Some(Upload {
            slot: asked,
            tick,
            hash,
            packed: Vec::new(),
            left: None,
        });
        Ok(Some((asked, tick)))
    }

    /// Takes a piece of the snapshot that `slot` was asked for, after which `left` bytes come; an empty one
    /// says that it does not have it any more.
    ///
    /// # Errors
    /// [`CloseReason`] if it is too large, or another one than was voted for.
    pub(crate) fn take(
        &mut self,
        slot: Slot,
        left: u64,
        piece: &[u8],
    ) -> Result<Piece, CloseReason> {
        let Some(upload) = self.upload.as_mut().filter(|upload| upload.slot == slot) else {
            return Ok(Piece::NotAsked);
        };
        let length = piece.len() as u64;
        if (length, left, upload.left) == (0, 0, None) {
            self.upload = None;
            return Ok(Piece::More);
        }
        let announced = *upload.left.get_or_insert(length.saturating_add(left));
        if length == 0
            || announced > UPLOAD_BYTES_MAX
            || announced.checked_sub(length) != Some(left)
        {
            return Err(CloseReason::Malformed);
        }
        upload.left = Some(left);
        upload.packed.extend_from_slice(piece);
        if left > 0 {
            return Ok(Piece::More);
        }
        let Some(Upload {
            tick, hash, packed, ..
        }) = self.upload.take()
        else {
            return Ok(Piece::NotAsked);
        };
        let whole = snapshot::open(&packed, hash).ok();
        if whole.is_none_or(|whole| whole.tick != tick) {
            return Err(CloseReason::Malformed);
        }
        self.accepted = Some(Accepted {
            tick,
            hash,
            packed: packed.into(),
        });
        Ok(Piece::Last(tick))
    }

    /// The player in `slot` is gone, and what it had not sent.
    pub(crate) fn vacate(&mut self, slot: Slot) {
        self.upload.take_if(|upload| upload.slot == slot);
        self.votes[usize::from(slot.0)] = None;
    }
}

/// What became of a piece of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Nobody asked its sender for one.
    NotAsked,
    /// Others are to come.
    More,
    /// It was the last one: the snapshot of that tick is accepted.
    Last(Tick),
}

/// Whether players hold a snapshot after `tick`, in a session that begins at `first`: after every `interval` ticks.
pub(crate) fn is_keyframe(first: Tick, interval: u64, tick: Tick) -> bool {
    let ticks = tick.next().since(first).max(0).unsigned_abs();
    interval > 0 && ticks > 0 && ticks.is_multiple_of(interval)
}
