//! Replays as bytes: a session's log, keyframes, chained digests and the relay's signature, in one file
//! that is only ever appended to.
//!
//! All numbers are little-endian. A file begins with `phlxrply` and its format, 1 (2 bytes); then come
//! chunks:
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | kind |
//! | 4 | length of the content |
//! | 8 | the first bytes of BLAKE3 of: where the chunk begins (8 bytes), kind, length, content |
//! | rest | content |
//!
//! | kind | is | content |
//! | --- | --- | --- |
//! | 1 | head, the first one | postcard of game and setup |
//! | 2 | frames, at most 64 | first tick (8), epoch (4), how many (1), hash of the last (32), bits |
//! | 3 | chained digests | first tick (8), 8 bytes for each tick |
//! | 4 | keyframe | tick (8), a packed [`snapshot`](crate::snapshot) |
//! | 5 | signature | [`Signature`] |
//! | 6 | index, the last one | kind (1), place (8), first tick (8), how many (4), hash of the last frame (32) of every chunk before it |
//!
//! Frames are one after the other, without a gap; a chunk of them can be read without another one. A bit
//! says whether a frame is the one before it again (before the first one: inputs of zeros, all of them
//! [real](Provenance::Real)). If not: a bit, and if it is set a count of bytes and entries and commands as they are hashed; a
//! bit, and if it is set two bits of provenance for each slot; for each slot the difference of its
//! input. The hash of a chunk's last frame closes the chain: that of every other one is computed.
//!
//! After the index come its place (8) and `phlxindx`. Whoever finds them opens a file by the index; else
//! it is read from the beginning, as far as it is whole: what a crash left ends where it stopped.

mod chunk;
mod error;
mod frames;
mod reader;
mod recorder;
#[cfg(feature = "sign")]
mod signature;
mod writer;

use phalanx_engine::{GameIdentity, Setup};
use serde::{Deserialize, Serialize};

pub use self::chunk::{Kind, Sizes};
pub use self::error::ReplayFileError;
pub use self::reader::{Ending, ReplayReader};
pub use self::recorder::{OtherSession, Recorder};
#[cfg(feature = "sign")]
pub use self::signature::SigningKey;
pub use self::writer::ReplayWriter;

#[cfg(doc)]
use phalanx_engine::Provenance;

/// Of what is described above.
pub const REPLAY_FORMAT: u16 = 1;

/// The first bytes of every replay.
const MAGIC: [u8; 8] = *b"phlxrply";

/// The last bytes of one that was closed.
const END: [u8; 8] = *b"phlxindx";

/// Bytes before the first chunk.
const PREAMBLE_BYTES: u64 = 8 + 2;

/// Bytes after the index.
const TRAILER_BYTES: u64 = 8 + 8;

/// What is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The game.
    pub game: GameIdentity,
    /// What the session started from.
    pub setup: Setup,
}

/// That a relay sealed every frame up to a tick, said with its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The last tick that it covers.
    pub tick: phalanx_engine::Tick,
    /// Hash of that tick's frame, and so of all before it.
    pub head: phalanx_engine::FrameHash,
    /// Ed25519 public key of who signed.
    pub key: [u8; 32],
    /// Ed25519 signature of `phalanx replay 1`, a zero byte, the hash that the first frame carries, the
    /// tick and the hash.
    pub bytes: [u8; 64],
}

impl Signature {
    /// What is signed, `genesis` being the hash that the first frame carries.
    #[cfg(feature = "sign")]
    fn message(
        genesis: phalanx_engine::FrameHash,
        tick: phalanx_engine::Tick,
        head: phalanx_engine::FrameHash,
    ) -> Vec<u8> {
        let mut message = b"phalanx replay 1\0".to_vec();
        message.extend(genesis.0);
        message.extend(tick.0.to_le_bytes());
        message.extend(head.0);
        message
    }
}
