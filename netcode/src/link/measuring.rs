//! [`Measuring`]: probes of the relay's clock, before the match.

use core::time::Duration;

use crate::channel::CloseReason;
use crate::limits::PROBES;
use crate::time::Time;

/// Probes of the relay's clock.
#[derive(Clone, Debug, Default)]
pub(super) struct Measuring {
    pub(super) next_probe: Time,
    pub(super) answers: Vec<Answer>,
}

/// A probe that came back: when it was sent, the relay's clock, when the answer came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) sent: Time,
    pub(super) relay: Time,
    pub(super) received: Time,
}

impl Answer {
    pub(super) fn round_trip(&self) -> Duration {
        self.received.since(self.sent)
    }

    /// Nanoseconds by which the relay's clock is ahead of this machine's, if it answered halfway.
    pub(super) fn relay_ahead(&self) -> i64 {
        self.relay.nanos_since(self.sent + self.round_trip() / 2)
    }
}

/// What the probes told.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    pub(super) answers: Vec<Answer>,
    /// The one with the fastest round trip.
    pub(super) best: Answer,
}

impl Measuring {
    /// Takes an echo; returns what all told when there were enough.
    pub(super) fn echo(
        &mut self,
        now: Time,
        sent: u64,
        relay: u64,
    ) -> Result<Option<Measured>, CloseReason> {
        let sent = Time::from_nanos(sent);
        if sent > now {
            return Err(CloseReason::Malformed); // We never sent it.
        }
        self.answers.push(Answer {
            sent,
            relay: Time::from_nanos(relay),
            received: now,
        });
        if self.answers.len() < PROBES {
            return Ok(None);
        }
        Ok(self.best().map(|best| Measured {
            answers: core::mem::take(&mut self.answers),
            best,
        }))
    }

    pub(super) fn best(&self) -> Option<Answer> {
        self.answers.iter().copied().min_by_key(Answer::round_trip)
    }
}
