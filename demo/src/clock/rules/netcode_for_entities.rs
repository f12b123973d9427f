//! [`NetcodeForEntities`]: Unity's Netcode for Entities (`NetworkTimeSystem.cs`).

use std::collections::VecDeque;

use super::probes::Probes;
use crate::clock::rule::{Rule, ServerPacket, Stamps};
use crate::clock::{TICK, due};

const PROBES: u32 = 3;

/// `TargetCommandSlack`: how old commands should be when they are executed, ticks.
const SLACK: f64 = 2.0;

/// Share of the error that a tick corrects, and the most it may be.
const GAIN: f64 = 0.1;
const MOST: f64 = 0.1;

/// Further off, in ticks, it asks the round trip again, and is set if that says the same.
const LOST: f64 = 10.0;

/// The age of the newest command, as the server sees it, is held at two ticks. What was corrected within
/// the last round trip is taken off the error: the server has not seen it yet.
#[derive(Debug, Default)]
pub(super) struct NetcodeForEntities {
    probes: Probes,
    /// Smoothed age, ticks.
    age: Option<f64>,
    /// Corrections by when they were made, ticks.
    corrections: VecDeque<(i64, f64)>,
    stamps: Option<Stamps>,
    /// It has stamped: the packet that it begins with is not yet an answer.
    begun: bool,
}

impl NetcodeForEntities {
    fn steer(&mut self, now: i64, packet: &ServerPacket) {
        let Some(stamps) = &mut self.stamps else {
            return;
        };
        stamps.advance(now);
        let seen = packet.age as f64;
        let age = self.age.map_or(seen, |age| age * 0.875 + seen * 0.125);
        self.age = Some(age);
        let round_trip = self.probes.smoothed.mean;
        while self
            .corrections
            .front()
            .is_some_and(|(at, _)| now - at > round_trip as i64)
        {
            self.corrections.pop_front();
        }
        let unseen: f64 = self.corrections.iter().map(|(_, ticks)| ticks).sum();
        let mut error = age + SLACK - unseen;
        if error.abs() > LOST {
            let server = (due(packet.tick - 1) - now) as f64 + round_trip;
            let wanted = server + SLACK * TICK;
            error = (wanted - stamps.ahead) / TICK;
            if error.abs() > LOST {
                stamps.reset(wanted);
                self.corrections.clear();
                return;
            }
        }
        stamps.rate = 1.0 + (GAIN * error).clamp(-MOST, MOST);
        self.corrections.push_back((now, stamps.rate - 1.0));
    }
}

impl Rule for NetcodeForEntities {
    fn hear(&mut self, now: i64, packet: &ServerPacket) {
        self.probes.hear(now, packet);
        if self.begun {
            self.steer(now, packet);
        } else if self.probes.count() >= PROBES
            && let Some(last) = self.probes.recent.back()
        {
            let ahead = last.offset + self.probes.smoothed.mean / 2.0 + SLACK * TICK;
            self.stamps = Some(Stamps::new(now, ahead));
            self.begun = true;
        }
    }

    fn stamps(&mut self) -> Option<&mut Stamps> {
        self.stamps.as_mut()
    }
}
