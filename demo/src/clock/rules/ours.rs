//! [`Ours`]: the provider that a client's clock runs by, told what packets say.

use phalanx_engine::{Tick, TickRate};
use phalanx_netcode::Time;
use phalanx_netcode::time::{
    Adaptive, LateWorth, LeadConfig, NetTime, Observation, TickMap, TimeConfig, TimeEvent,
    TimeProvider,
};

use super::probes::Probes;
use crate::clock::RATE;
use crate::clock::rule::{Rule, ServerPacket, Stamps};

/// Probes before the first input.
const PROBES: u32 = 10;

/// Our rule.
pub(super) struct Ours {
    probes: Probes,
    /// The server's line of ticks, on its own clock.
    server: TickMap,
    provider: Adaptive,
    stamps: Option<Stamps>,
}

impl Ours {
    pub(super) fn new(policy: LateWorth) -> Self {
        let server = TickMap::new(Time::ZERO, NetTime::ZERO, TickRate::hz(RATE as u32));
        // That the client's clock is the server's is as wrong a guess as any.
        let lead = LeadConfig::new(policy);
        let provider = Adaptive::new(server, &lead, &TimeConfig::default());
        Self {
            probes: Probes::default(),
            server,
            provider: provider.expect("the constants are valid"),
            stamps: None,
        }
    }

    fn steer(&mut self, now: i64) {
        let advance = self.provider.advance(moment(now));
        let due = self.server.due_at(advance.local.into_space());
        let ahead = (moment_nanos(due) - now) as f64;
        match &mut self.stamps {
            Some(stamps) if matches!(advance.event, Some(TimeEvent::HardReset { .. })) => {
                stamps.reset(ahead);
            }
            _ => {}
        }
        let stamps = self.stamps.get_or_insert(Stamps::new(now, ahead));
        stamps.advance(now);
        stamps.ahead = ahead;
        stamps.rate = 1.0 + f64::from(advance.scale.deviation()) / 4_294_967_296.0;
    }
}

fn moment(nanos: i64) -> Time {
    Time::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

fn moment_nanos(time: Time) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

impl Rule for Ours {
    fn hear(&mut self, now: i64, packet: &ServerPacket) {
        let received = moment(now);
        if self.stamps.is_none() {
            if let (Some(_), Some(echo)) = (self.probes.hear(now, packet), packet.echo) {
                // What the probe lay at the server is no part of its way.
                let lay = packet.sent - echo.received;
                let echo = Observation::Echo {
                    sent: moment(echo.sent + lay),
                    relay: self.server.at(moment(packet.sent)),
                    received,
                };
                self.provider.observe(received, &echo);
            }
            if self.probes.count() < PROBES {
                return;
            }
        }
        let tick = Tick(u64::try_from(packet.tick - 1).unwrap_or(0));
        self.provider
            .observe(received, &Observation::Frame { tick, received });
        for arrival in &packet.arrivals {
            let due = moment_nanos(self.server.due(tick));
            let arrival = Observation::Arrival {
                tick,
                sampled: moment(arrival.sampled),
                margin_ns: due - arrival.arrived,
            };
            self.provider.observe(received, &arrival);
        }
        self.steer(now);
    }

    fn wake(&mut self, now: i64) {
        if self.stamps.is_some() {
            self.steer(now);
        }
    }

    fn stamps(&mut self) -> Option<&mut Stamps> {
        self.stamps.as_mut()
    }
}
