//! [`Fixed`]: what the first round trips ask for, for ever.

use super::probes::Probes;
use crate::clock::TICK;
use crate::clock::rule::{Rule, ServerPacket, Stamps};

const PROBES: u32 = 5;

/// Half the longest of five round trips, and a tick.
#[derive(Debug, Default)]
pub(super) struct Fixed {
    probes: Probes,
    stamps: Option<Stamps>,
}

impl Rule for Fixed {
    fn hear(&mut self, now: i64, packet: &ServerPacket) {
        self.probes.hear(now, packet);
        if self.stamps.is_none() && self.probes.count() >= PROBES {
            let recent = &self.probes.recent;
            let offset = recent.iter().map(|probe| probe.offset).sum::<f64>() / recent.len() as f64;
            let ahead = offset + self.probes.longest() / 2.0 + TICK;
            self.stamps = Some(Stamps::new(now, ahead));
        }
    }

    fn stamps(&mut self) -> Option<&mut Stamps> {
        self.stamps.as_mut()
    }
}
