//! [`SnapshotError`].

use phalanx_engine::{DecodeError, SnapshotHash};

use super::FORMAT;
use crate::limits::SNAPSHOT_BYTES_MAX;

/// Why bytes are no packed snapshot, or cannot be unpacked here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// They do not begin as one.
    #[error("this is no snapshot")]
    NoSnapshot,
    /// They are written in another format.
    #[error("the snapshot is written in format {0}, and here is known {FORMAT}")]
    OtherFormat(u16),
    /// They end too early, or hold what no snapshot has.
    #[error("the snapshot is damaged: {0}")]
    Malformed(#[from] DecodeError),
    /// The columns do not lie in the snapshot, one after the other.
    #[error("the snapshot is damaged: its columns are not where columns can be")]
    Columns,
    /// What is compressed is not, or something follows it.
    #[error("the snapshot is damaged: its content cannot be decompressed")]
    Compression,
    /// The content has another hash than it was written with.
    #[error("the snapshot is damaged: its content has another hash than it was written with")]
    Damaged,
    /// There are too many bytes.
    #[error("a snapshot holds at most {SNAPSHOT_BYTES_MAX} bytes")]
    TooLarge,
    /// It says only what differs from the snapshot with this hash.
    #[error("the snapshot says only what differs from another one, {0}")]
    NeedsBase(SnapshotHash),
    /// It says what differs from another snapshot than the one given.
    #[error("the snapshot says what differs from {wanted}, and not from {given}")]
    OtherBase {
        /// Hash of the snapshot it needs.
        wanted: SnapshotHash,
        /// Hash of the one that was given.
        given: SnapshotHash,
    },
}
