//! [`Lightyear`]: lightyear's input timeline (August 2026), without input delay.

use super::round_trip::RoundTrip;
use crate::clock::rule::{Rule, ServerPacket, Stamps};
use crate::clock::{MS, TICK, due};

/// A ping this often, and so many before it begins.
const PING: i64 = 100 * MS;
const HANDSHAKE: u32 = 3;

/// Jitters that the lead covers, and ticks beyond: margin, the way through the frame, dead band.
const JITTERS: f64 = 4.0;
const TICKS: f64 = 3.0;

/// The gain of the server's time falls from the first to the second over these jitters.
const GAINS: (f64, f64) = (0.10, 0.02);
const JITTER_OF_GAINS: (f64, f64) = (MS as f64, (10 * MS) as f64);

/// Errors, in ticks: none is corrected below the first, and beyond the second the clock is set.
const DEAD_BAND: f64 = 1.0;
const SNAP: f64 = 10.0;

/// Errors of one sign in a row before one is corrected.
const PATIENCE: u32 = 3;

/// The server's time plus half a smoothed round trip, four jitters and three ticks.
#[derive(Debug, Default)]
pub(super) struct Lightyear {
    trips: RoundTrip,
    pinged: Option<i64>,
    /// How much further the server's clock is, smoothed.
    offset: Option<f64>,
    behind: bool,
    in_a_row: u32,
    stamps: Option<Stamps>,
}

impl Lightyear {
    fn ping(&mut self, now: i64, packet: &ServerPacket) {
        let Some(echo) = packet.echo else {
            return;
        };
        let round_trip = echo.round_trip(now, packet);
        if round_trip > 0.0 && self.pinged.is_none_or(|last| now - last >= PING) {
            self.pinged = Some(now);
            self.trips.sample(round_trip);
        }
    }

    fn offset(&mut self, now: i64, packet: &ServerPacket) -> f64 {
        let heard = (due(packet.tick - 1) - now) as f64 + self.trips.mean / 2.0;
        let (least, most) = JITTER_OF_GAINS;
        let rough = ((self.trips.jitter() - least) / (most - least)).clamp(0.0, 1.0);
        let gain = GAINS.0 + (GAINS.1 - GAINS.0) * rough;
        let offset = self
            .offset
            .map_or(heard, |offset| offset * (1.0 - gain) + heard * gain);
        self.offset = Some(offset);
        offset
    }

    fn steer(&mut self, wanted: f64) {
        let Some(stamps) = &mut self.stamps else {
            return;
        };
        let error = (stamps.ahead - wanted) / TICK;
        let turned = self.behind == (error >= 0.0);
        self.behind = error < 0.0;
        if error.abs() > SNAP {
            self.in_a_row = 0;
            stamps.jump(wanted);
            return;
        }
        self.in_a_row = if error.abs() > DEAD_BAND {
            self.in_a_row + 1
        } else {
            0
        };
        if turned || self.in_a_row < PATIENCE {
            if (stamps.rate - 1.0).abs() > 0.001 {
                stamps.rate += (1.0 - stamps.rate) * 0.1;
            }
        } else {
            let faster = 1.0 + 0.05 * 2.0 * error.abs() / SNAP;
            stamps.rate = if error > 0.0 { 1.0 / faster } else { faster };
        }
    }
}

impl Rule for Lightyear {
    fn hear(&mut self, now: i64, packet: &ServerPacket) {
        if let Some(stamps) = &mut self.stamps {
            stamps.advance(now);
        }
        self.ping(now, packet);
        if self.trips.samples < HANDSHAKE {
            return;
        }
        let offset = self.offset(now, packet);
        let wanted = offset + self.trips.mean / 2.0 + JITTERS * self.trips.jitter() + TICKS * TICK;
        if self.stamps.is_none() {
            self.stamps = Some(Stamps::new(now, wanted));
        } else {
            self.steer(wanted);
        }
    }

    fn stamps(&mut self) -> Option<&mut Stamps> {
        self.stamps.as_mut()
    }
}
