//! [`Ngo`]: Unity's Netcode for GameObjects (`NetworkTimeSystem.cs`, October 2024).

use crate::clock::rule::{Rule, ServerPacket, Stamps};
use crate::clock::{MS, RATE, TICK, due};

/// `k_DefaultAdjustmentRatio`.
const ADJUSTMENT: f64 = 0.01;

/// Further off than this it is set (`k_HardResetThresholdSeconds`).
const HARD_RESET: f64 = (200 * MS) as f64;

/// The server's tick once a second, continued in between; a whole round trip (the last one) and a tick
/// ahead of it. Always too fast or too slow by 1 %: there is no dead band.
#[derive(Debug, Default)]
pub(super) struct Ngo {
    /// Tick of the last synchronisation, its time, and when it was heard.
    sync: Option<(i64, i64, i64)>,
    round_trip: Option<f64>,
    stamps: Option<Stamps>,
}

impl Ngo {
    fn steer(&mut self, now: i64) {
        let (Some((_, server, heard)), Some(round_trip)) = (self.sync, self.round_trip) else {
            return;
        };
        let wanted = (server - heard) as f64 + round_trip + TICK;
        let stamps = self.stamps.get_or_insert_with(|| Stamps::new(now, wanted));
        stamps.advance(now);
        if (wanted - stamps.ahead).abs() > HARD_RESET {
            stamps.reset(wanted);
        } else if wanted > stamps.ahead {
            stamps.rate = 1.0 + ADJUSTMENT;
        } else {
            stamps.rate = 1.0 - ADJUSTMENT;
        }
    }
}

impl Rule for Ngo {
    fn hear(&mut self, now: i64, packet: &ServerPacket) {
        if let Some(echo) = packet.echo {
            let round_trip = echo.round_trip(now, packet);
            if round_trip > 0.0 {
                self.round_trip = Some(round_trip);
            }
        }
        if self
            .sync
            .is_none_or(|(tick, ..)| packet.tick - tick >= RATE)
        {
            self.sync = Some((packet.tick, due(packet.tick - 1), now));
        }
        self.steer(now);
    }

    fn wake(&mut self, now: i64) {
        self.steer(now);
    }

    fn stamps(&mut self) -> Option<&mut Stamps> {
        self.stamps.as_mut()
    }
}
