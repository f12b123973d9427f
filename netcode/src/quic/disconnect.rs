//! [`Disconnect`]: how a connection ended.

use quinn::{ConnectionError, VarInt};

use crate::CloseReason;

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disconnect {
    /// The other end closed it and said why.
    #[error("closed by the other end: {0}")]
    ByPeer(CloseReason),
    /// The other end closed it for a reason that this version does not know.
    #[error("closed by the other end with the unknown code {0}")]
    ByPeerUnknown(u64),
    /// This end closed it.
    #[error("closed here: {0}")]
    Locally(CloseReason),
    /// Nothing was heard for [`IDLE_TIMEOUT`](super::settings::IDLE_TIMEOUT).
    #[error("nothing was heard from the other end for too long")]
    TimedOut,
    /// The other end has forgotten the connection: it was started anew.
    #[error("the other end no longer knows the connection")]
    Lost,
    /// QUIC or TLS failed, by a fault of either end.
    #[error("the transport failed: {0}")]
    Transport(String),
}

impl Disconnect {
    /// The meaning of quinn's error, given the reason for which this end closed, if it did.
    pub(super) fn new(error: ConnectionError, local: Option<CloseReason>) -> Self {
        match error {
            ConnectionError::ApplicationClosed(close) => {
                let code = close.error_code.into_inner();
                CloseReason::from_code(code).map_or(Self::ByPeerUnknown(code), Self::ByPeer)
            }
            // Only a relay that stops closes an endpoint as a whole.
            ConnectionError::LocallyClosed => {
                Self::Locally(local.unwrap_or(CloseReason::RelayStopped))
            }
            ConnectionError::TimedOut => Self::TimedOut,
            ConnectionError::Reset => Self::Lost,
            error => Self::Transport(printable(&error.to_string())),
        }
    }
}

/// A reason as QUIC's application code.
pub(super) fn code(reason: CloseReason) -> VarInt {
    VarInt::from_u32(reason.code())
}

/// `text` without control characters: part of it may come from the other end.
fn printable(text: &str) -> String {
    text.chars()
        .map(|char| if char.is_control() { '\u{fffd}' } else { char })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_end_cannot_write_to_a_terminal() {
        assert_eq!(
            printable("bell \x07, escape \x1b[2J"),
            "bell \u{fffd}, escape \u{fffd}[2J"
        );
    }
}
