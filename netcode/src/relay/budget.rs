//! [`Budget`]: how much a peer may send per second.

use crate::channel::CloseReason;
use crate::limits::CONTROL_MESSAGES_PER_SECOND_MAX;
use crate::time::Time;

/// What a peer sent within the present second of the relay's clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Budget {
    second: u64,
    datagrams: u32,
    messages: u32,
}

impl Budget {
    fn enter(&mut self, now: Time) {
        let second = now.as_nanos() / 1_000_000_000;
        if self.second != second {
            *self = Self {
                second,
                datagrams: 0,
                messages: 0,
            };
        }
    }

    /// Counts a datagram, `limit` of them per second.
    pub(crate) fn datagram(&mut self, now: Time, limit: u32) -> Result<(), CloseReason> {
        self.enter(now);
        self.datagrams += 1;
        if self.datagrams > limit {
            Err(CloseReason::Flooding)
        } else {
            Ok(())
        }
    }

    /// Counts a control message.
    pub(crate) fn message(&mut self, now: Time) -> Result<(), CloseReason> {
        self.enter(now);
        self.messages += 1;
        let limit = CONTROL_MESSAGES_PER_SECOND_MAX;
        if self.messages > limit {
            Err(CloseReason::Flooding)
        } else {
            Ok(())
        }
    }
}
