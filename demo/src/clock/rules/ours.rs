//! [`Ours`]: the [`LeadController`], fed with what packets say.

use phalanx_netcode::time::{LateWorth, LeadConfig, LeadController, Steering};

use super::probes::Probes;
use crate::clock::rule::{Rule, ServerPacket, Stamps};

/// Probes before the first input.
const PROBES: u32 = 10;

/// Our rule.
#[derive(Debug)]
pub(super) struct Ours {
    probes: Probes,
    controller: LeadController,
    stamps: Option<Stamps>,
}

impl Ours {
    pub(super) fn new(policy: LateWorth) -> Self {
        Self {
            probes: Probes::default(),
            controller: LeadController::new(LeadConfig::new(policy)),
            stamps: None,
        }
    }

    fn steer(&mut self, now: i64) {
        let Some(stamps) = &mut self.stamps else {
            return;
        };
        stamps.advance(now);
        match self.controller.steer(stamps.ahead as i64) {
            Steering::Rate(millionths) => stamps.rate = 1.0 + millionths as f64 / 1e6,
            Steering::Set(lead) => stamps.reset(lead as f64),
        }
    }
}

impl Rule for Ours {
    fn hear(&mut self, now: i64, packet: &ServerPacket) {
        if self.stamps.is_none() {
            if let Some(probe) = self.probes.hear(now, packet) {
                self.controller
                    .probe(probe.round_trip as i64, probe.offset as i64);
            }
            if self.probes.count() >= PROBES
                && let Some(lead) = self.controller.wanted()
            {
                self.stamps = Some(Stamps::new(now, lead as f64));
            }
            return;
        }
        for arrival in &packet.arrivals {
            self.controller
                .arrival(now, arrival.sampled, arrival.arrived);
        }
        self.controller.decide(now);
        self.steer(now);
    }

    fn wake(&mut self, now: i64) {
        self.steer(now);
    }

    fn stamps(&mut self) -> Option<&mut Stamps> {
        self.stamps.as_mut()
    }
}
