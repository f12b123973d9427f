//! [`Kalman`]: the server's clock by a Kalman filter that trusts short round trips, as time daemons do.

use super::probes::{Probe, Probes};
use crate::clock::rule::{Rule, ServerPacket, Stamps};
use crate::clock::{MS, TICK};

const PROBES: u32 = 10;

/// Jitters and ticks that the lead covers beyond half a round trip.
const JITTERS: f64 = 4.0;
const TICKS: f64 = 0.5;

/// Further off than this a clock is set, of the filter as of the stamps.
const LOST: f64 = (250 * MS) as f64;

/// Most drift that a clock may have.
const MOST_DRIFT: f64 = 5e-4;

/// Surprises of one sign in a row after which the route is another one.
const SURPRISES: u32 = 10;

/// Half a smoothed round trip, four jitters and half a tick ahead of the filtered clock.
#[derive(Debug, Default)]
pub(super) struct Kalman {
    probes: Probes,
    filter: Option<Filter>,
    stamps: Option<Stamps>,
}

/// Offset and drift, with their covariance.
#[derive(Clone, Debug)]
struct Filter {
    at: i64,
    offset: f64,
    drift: f64,
    variance: f64,
    covariance: f64,
    drift_variance: f64,
    late: bool,
    in_a_row: u32,
}

/// What a probe told the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    Nothing,
    /// The clock jumped: what was known is worthless.
    Jump,
    /// The route changed: only the last probe counts.
    Route,
}

impl Filter {
    fn new(probe: Probe) -> Self {
        Self {
            at: probe.at,
            offset: probe.offset,
            drift: 0.0,
            variance: (probe.round_trip / 2.0).powi(2),
            covariance: 0.0,
            drift_variance: 1e-8,
            late: false,
            in_a_row: 0,
        }
    }

    fn predict(&mut self, now: i64) {
        let dt = (now - self.at) as f64;
        self.at = now;
        self.offset += self.drift * dt;
        self.variance += 2.0 * dt * self.covariance + dt * dt * self.drift_variance + 1e-3 * dt;
        self.covariance += dt * self.drift_variance;
        self.drift_variance += 1e-23 * dt;
    }

    fn update(&mut self, probe: Probe, shortest: f64) -> News {
        self.predict(probe.at);
        let surprise = probe.offset - self.offset;
        if surprise.abs() > LOST {
            let drift = Self::new(probe);
            *self = Self {
                late: self.late,
                ..drift
            };
            return News::Jump;
        }
        let large = surprise.abs() > 2e6 + 3.0 * self.variance.sqrt();
        let same = self.late == (surprise >= 0.0);
        self.late = surprise >= 0.0;
        self.in_a_row = if large && same { self.in_a_row + 1 } else { 0 };
        if self.in_a_row >= SURPRISES {
            let (late, drift) = (self.late, self.drift);
            *self = Self {
                late,
                drift,
                ..Self::new(probe)
            };
            return News::Route;
        }
        let noise = 0.3e6_f64.powi(2) + (probe.round_trip - shortest).powi(2);
        let total = self.variance + noise;
        let (gain, drift_gain) = (self.variance / total, self.covariance / total);
        self.offset += gain * surprise;
        self.drift = (self.drift + drift_gain * surprise).clamp(-MOST_DRIFT, MOST_DRIFT);
        self.drift_variance -= drift_gain * self.covariance;
        self.variance *= 1.0 - gain;
        self.covariance *= 1.0 - gain;
        News::Nothing
    }
}

impl Rule for Kalman {
    fn hear(&mut self, now: i64, packet: &ServerPacket) {
        if let Some(stamps) = &mut self.stamps {
            stamps.advance(now);
        }
        if let Some(probe) = self.probes.hear(now, packet) {
            let shortest = self.probes.shortest();
            match &mut self.filter {
                None => self.filter = Some(Filter::new(probe)),
                Some(filter) => match filter.update(probe, shortest) {
                    News::Nothing => {}
                    News::Jump => self.probes.recent.clear(),
                    News::Route => {
                        self.probes.recent.clear();
                        self.probes.recent.push_back(probe);
                    }
                },
            }
        }
        let Some(filter) = self
            .filter
            .as_ref()
            .filter(|_| self.probes.count() >= PROBES)
        else {
            return;
        };
        let trips = &self.probes.smoothed;
        let wanted = filter.offset + trips.mean / 2.0 + JITTERS * trips.jitter() + TICKS * TICK;
        let stamps = match &mut self.stamps {
            Some(stamps) => stamps,
            none => {
                *none = Some(Stamps::new(now, wanted));
                return;
            }
        };
        let error = wanted - stamps.ahead;
        if error.abs() > LOST {
            stamps.reset(wanted);
        } else {
            stamps.rate = 1.0 + (error / 0.5e9).clamp(-0.005, 0.05);
        }
    }

    fn stamps(&mut self) -> Option<&mut Stamps> {
        self.stamps.as_mut()
    }
}
