//! [`Handshake`]: what is known before the first input came.

use super::MS;

/// What round trips say before there are inputs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Handshake {
    best: Option<(i64, i64)>,
    longest: i64,
}

/// What is added to the lead that the shortest round trip asks for, beside the spread of the others.
const START_GUARD: i64 = 2 * MS;

impl Handshake {
    pub(super) fn probe(&mut self, round_trip: i64, offset: i64) {
        self.longest = self.longest.max(round_trip);
        if self.best.is_none_or(|(best, _)| round_trip < best) {
            self.best = Some((round_trip, offset));
        }
    }

    pub(super) fn lead(&self) -> Option<i64> {
        let (best, offset) = self.best?;
        Some(offset + best / 2 + (self.longest - best) + START_GUARD)
    }
}
