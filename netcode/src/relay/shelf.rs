//! [`Shelf`]: the snapshots that a relay keeps for those who come later.

use std::collections::VecDeque;
use std::sync::Arc;

use phalanx_engine::{SnapshotHash, Tick};

#[cfg(test)]
use super::plant::{self, Fault};
use crate::limits::{
    DIFFERENCES_BYTES_MAX, SNAPSHOTS_KEPT, SNAPSHOTS_KEPT_BYTES, SNAPSHOTS_NAMED_MAX,
};
use crate::snapshot;
use crate::wire::SnapshotId;

/// A snapshot as it came, which the relay cannot play: that it is the one the players voted for is checked by its hash.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) tick: Tick,
    pub(crate) hash: SnapshotHash,
    pub(crate) packed: Arc<[u8]>,
}

/// What a player is sent to go on from a snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    /// The snapshot that it has then,
    pub(crate) tick: Tick,
    pub(crate) hash: SnapshotHash,
    /// and the one that this tells the differences from; `None` if it is whole.
    pub(crate) base: Option<SnapshotHash>,
    pub(crate) packed: Arc<[u8]>,
}

/// The newest snapshot, and as many older ones as there is room for: who comes back with one of these is sent only what
/// differs.
///
/// Whatever peers say that they hold, differences are packed once for each pair, of one pair for each who comes, and for
/// each newest snapshot only as long as these are [`DIFFERENCES_BYTES_MAX`] together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf {
    /// The newest is the last.
    kept: VecDeque<Accepted>,
    /// What differs in the newest from others; `None` where that is not less than the whole.
    differences: Vec<(SnapshotHash, Option<Arc<[u8]>>)>,
    /// So many canonical bytes it took to pack these.
    spent: u64,
}

impl Shelf {
    /// The newest one.
    pub(crate) fn newest(&self) -> Option<&Accepted> {
        self.kept.back()
    }

    /// From now on this is the newest.
    pub(crate) fn put(&mut self, accepted: Accepted) {
        self.differences.clear();
        self.spent = 0;
        // One from which no differences are packed is not kept for that.
        self.kept
            .retain(|kept| kept.hash != accepted.hash && is_small(kept));
        self.kept.push_back(accepted);
        while self.kept.len() > SNAPSHOTS_KEPT || self.older_bytes() > SNAPSHOTS_KEPT_BYTES {
            self.kept.pop_front();
        }
    }

    /// Packed bytes of all but the newest.
    fn older_bytes(&self) -> usize {
        let older = self.kept.iter().rev().skip(1);
        older.map(|kept| kept.packed.len()).sum()
    }

    /// What brings a player who says that it holds `held` to the newest snapshot: that is believed for nothing else.
    pub(crate) fn parcel(&mut self, held: &[SnapshotId]) -> Option<Parcel> {
        let Accepted { tick, hash, packed } = self.newest()?.clone();
        let is_kept = |held: &&SnapshotId| self.find(**held).is_some();
        let named = held.iter().take(SNAPSHOTS_NAMED_MAX).find(is_kept).copied();
        let differences = named.and_then(|held| Some((Some(held.hash), self.differences(held)?)));
        let (base, packed) = differences.unwrap_or((None, packed));
        #[cfg(test)]
        let packed = if plant::strikes(Fault::Damages) {
            let mut damaged = packed.to_vec();
            damaged[packed.len() / 2] ^= 4;
            damaged.into()
        } else {
            packed
        };
        Some(Parcel {
            tick,
            hash,
            base,
            packed,
        })
    }

    /// What differs in the newest from `held`, if that is kept and it is worth it.
    fn differences(&mut self, held: SnapshotId) -> Option<Arc<[u8]>> {
        let base = self.find(held)?;
        let known = self.differences.iter().find(|(from, _)| *from == held.hash);
        if let Some((_, packed)) = known {
            return packed.clone();
        }
        let newest = self.newest()?;
        let bytes = snapshot::length_of(&newest.packed).ok()?;
        let spent = self.spent.saturating_add(bytes);
        if spent > DIFFERENCES_BYTES_MAX {
            return None;
        }
        let packed = pack(newest, base);
        self.spent = spent;
        self.differences.push((held.hash, packed.clone()));
        packed
    }

    fn find(&self, held: SnapshotId) -> Option<&Accepted> {
        let is_held = |kept: &&Accepted| (kept.tick, kept.hash) == (held.tick, held.hash);
        self.kept.iter().find(is_held)
    }
}

/// Whether differences to and from it are packed while a session waits.
fn is_small(kept: &Accepted) -> bool {
    snapshot::length_of(&kept.packed).is_ok_and(|bytes| bytes <= DIFFERENCES_BYTES_MAX)
}

/// What differs in `newest` from `base`, if that is less than the whole.
fn pack(newest: &Accepted, base: &Accepted) -> Option<Arc<[u8]>> {
    if !is_small(newest) || !is_small(base) {
        return None;
    }
    let base = snapshot::unpack(&base.packed, None).ok()?;
    let snapshot = snapshot::unpack(&newest.packed, None).ok()?;
    let packed = snapshot::pack(&snapshot, Some(&base)).ok()?;
    (packed.len() < newest.packed.len()).then(|| packed.into())
}

#[cfg(test)]
mod tests;
