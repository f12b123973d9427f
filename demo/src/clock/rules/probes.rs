//! [`Probes`]: round trips, as often as a rule asks for them.

use std::collections::VecDeque;

use super::round_trip::RoundTrip;
use crate::clock::rule::ServerPacket;
use crate::clock::{MS, SECOND};

/// Probes of the handshake, and how far they are apart; then less often.
const HANDSHAKE: u32 = 10;
const AT_FIRST: i64 = 50 * MS;
const LATER: i64 = 100 * MS;

/// How long a probe is remembered.
const MEMORY: i64 = 10 * SECOND;

/// A round trip and what it says of the server's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probe {
    pub(super) at: i64,
    pub(super) round_trip: f64,
    pub(super) offset: f64,
}

#[derive(Debug, Default)]
pub(super) struct Probes {
    pub(super) recent: VecDeque<Probe>,
    pub(super) smoothed: RoundTrip,
    last: Option<i64>,
}

impl Probes {
    /// Takes the echo in a packet, if it is time for one.
    pub(super) fn hear(&mut self, now: i64, packet: &ServerPacket) -> Option<Probe> {
        let echo = packet.echo?;
        let round_trip = echo.round_trip(now, packet);
        let apart = if self.count() < HANDSHAKE {
            AT_FIRST
        } else {
            LATER
        };
        if round_trip <= 0.0 || self.last.is_some_and(|last| now - last < apart) {
            return None;
        }
        let probe = Probe {
            at: now,
            round_trip,
            offset: echo.offset(now, packet),
        };
        self.last = Some(now);
        self.smoothed.sample(round_trip);
        self.recent.push_back(probe);
        while self.recent.front().is_some_and(|old| now - old.at > MEMORY) {
            self.recent.pop_front();
        }
        Some(probe)
    }

    /// How many there have been.
    pub(super) fn count(&self) -> u32 {
        self.smoothed.samples
    }

    pub(super) fn shortest(&self) -> f64 {
        let trips = self.recent.iter().map(|probe| probe.round_trip);
        trips.fold(f64::INFINITY, f64::min)
    }

    pub(super) fn longest(&self) -> f64 {
        let trips = self.recent.iter().map(|probe| probe.round_trip);
        trips.fold(0.0, f64::max)
    }
}
