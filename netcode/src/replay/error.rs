//! [`ReplayFileError`].

use std::io;

use phalanx_engine::Tick;

use super::REPLAY_FORMAT;
use crate::snapshot::SnapshotError;

/// Why a replay cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReplayFileError {
    /// The bytes do not come.
    #[error("cannot read: {0}")]
    Io(#[from] io::Error),
    /// They do not begin as a replay does, or end before there is anything in it.
    #[error("this is no replay")]
    NoReplay,
    /// They are written in another format.
    #[error("the replay is written in format {0}, and here is known {REPLAY_FORMAT}")]
    OtherFormat(u16),
    /// A chunk is not what it was written as.
    #[error("the replay is damaged at byte {at}: {what}")]
    Damaged {
        /// Where the chunk begins.
        at: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A frame does not carry the hash of the one before it, or the last one of a chunk has another
    /// hash than it was written with.
    #[error("the frames up to tick {0} do not hold together")]
    Broken(Tick),
    /// A keyframe cannot be unpacked.
    #[error("the keyframe of tick {tick}: {source}")]
    Keyframe {
        /// Its tick.
        tick: Tick,
        /// Why.
        source: SnapshotError,
    },
}
