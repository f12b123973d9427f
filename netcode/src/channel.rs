//! The two ways between a client and the relay, and why they end.

use core::fmt;

use serde::{Deserialize, Serialize};

/// A connection, as its relay's driver numbers it; a number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u64);

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// How bytes travel between a client and the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// One ordered, reliable stream of bytes in each direction; messages in it carry their length,
    /// so it may be cut into pieces anywhere.
    Control,
    /// Unordered, unreliable, whole: lost, repeated or late, but never changed or cut.
    Datagram,
}

/// Why a connection was closed by one of its ends. The number of each is fixed: it is the
/// application's close code in QUIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CloseReason {
    /// The session ended as planned.
    Ended,
    /// The player left.
    Left,
    /// Refused: the peer speaks another version of the protocol.
    ProtocolVersion,
    /// Refused: the session plays another game.
    WrongGame,
    /// Refused: the same game with other rules.
    WrongVersion,
    /// Refused: the same game with another state schema, input or content.
    WrongContent,
    /// Refused: every slot is taken.
    SessionFull,
    /// Refused: the session has begun.
    SessionBegun,
    /// The peer sent bytes that are not a message.
    Malformed,
    /// The peer sent a message that does not belong there.
    Unexpected,
    /// The peer sent more than its budget allows.
    Flooding,
    /// Nothing was heard from the peer for too long.
    TimedOut,
    /// The relay stops.
    RelayStopped = 13, // Nobody was ever told 12, which was for frames that are no longer kept.
    /// Refused: the slot is not, or no longer, the one of the player who claims it.
    UnknownToken,
    /// The player came back over another connection.
    Replaced,
    /// What the relay sent is no snapshot that the player can go on from.
    BadSnapshot,
}

impl CloseReason {
    /// All reasons, in the order of their codes.
    pub const ALL: [Self; 16] = [
        Self::Ended,
        Self::Left,
        Self::ProtocolVersion,
        Self::WrongGame,
        Self::WrongVersion,
        Self::WrongContent,
        Self::SessionFull,
        Self::SessionBegun,
        Self::Malformed,
        Self::Unexpected,
        Self::Flooding,
        Self::TimedOut,
        Self::RelayStopped,
        Self::UnknownToken,
        Self::Replaced,
        Self::BadSnapshot,
    ];

    /// The close code on the wire.
    #[must_use]
    pub const fn code(self) -> u32 {
        self as u32
    }

    /// The reason behind a close code.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|reason| u64::from(reason.code()) == code)
    }

    /// Whether the relay refused the peer, rather than ending what had begun.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::ProtocolVersion
                | Self::WrongGame
                | Self::WrongVersion
                | Self::WrongContent
                | Self::SessionFull
                | Self::SessionBegun
                | Self::UnknownToken
                | Self::Malformed
                | Self::Unexpected
                | Self::Flooding
        )
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ended => "the session ended",
            Self::Left => "the player left",
            Self::ProtocolVersion => "the relay speaks another version of the protocol",
            Self::WrongGame => "the session plays another game",
            Self::WrongVersion => "the session plays another version of the game's rules",
            Self::WrongContent => "the session's game has another state, input, command or content",
            Self::SessionFull => "every slot of the session is taken",
            Self::SessionBegun => "the session has already begun",
            Self::Malformed => "bytes that are not a message",
            Self::Unexpected => "a message that does not belong there",
            Self::Flooding => "more messages than allowed",
            Self::TimedOut => "nothing was heard for too long",
            Self::RelayStopped => "the relay stopped",
            Self::UnknownToken => "no slot of the session is kept for this player",
            Self::Replaced => "the player came back over another connection",
            Self::BadSnapshot => "a snapshot that is not one of the session",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_code() {
        for reason in CloseReason::ALL {
            assert_eq!(CloseReason::from_code(reason.code().into()), Some(reason));
        }
        for unknown in [12, 17, u64::MAX] {
            assert_eq!(CloseReason::from_code(unknown), None);
        }
        assert!(CloseReason::ALL.is_sorted());
        assert_eq!(
            (CloseReason::TimedOut.code(), CloseReason::Replaced.code()),
            (11, 15)
        );
    }
}
