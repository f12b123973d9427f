//! What travels: control messages, datagrams, and how they are packed.
//!
//! Every decoder takes bytes of a stranger: it returns [`WireError`], never panics, and allocates
//! nothing that its own limits do not bound.

mod bits;
mod control;
mod datagram;
mod frames;
mod report;

pub(crate) use bits::{BitReader, BitWriter};

pub(crate) use control::{
    CommandNumbers, ControlReader, FromClient, FromRelay, Hello, LargeCommand, Origin, Position,
    SnapshotId, Welcome, encode_control,
};
pub(crate) use datagram::{Datagram, FragmentHeader, InputHeader, RelayHeader, ToClient, ToRelay};
pub(crate) use frames::{FrameShape, FramesReader, FramesWriter, blank_frame, put_command};
pub(crate) use report::{Arrival, Arrivals, PathReport};

use crate::limits::{CONTROL_MESSAGE_BYTES_MAX, DATAGRAM_BYTES_MAX};

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WireError {
    /// The bytes end before the message does.
    #[error("the message is cut short")]
    UnexpectedEnd,
    /// There is no message of this kind.
    #[error("there is no message of kind {0}")]
    UnknownKind(u8),
    /// A number is outside its limits.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
    /// Bytes are left over after the message.
    #[error("bytes are left over after the message")]
    TrailingBytes,
    /// A message is larger than allowed.
    #[error(
        "a message is larger than {CONTROL_MESSAGE_BYTES_MAX} bytes, or a datagram than {DATAGRAM_BYTES_MAX}"
    )]
    TooLarge,
    /// A control message is not the canonical encoding of what it says.
    #[error("a control message is not encoded as it should be")]
    NotCanonical,
}

#[cfg(test)]
mod tests;
