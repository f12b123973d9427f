//! Makes the recorded calls of one side again.

use std::hint::black_box;

use phalanx_engine::Tick;
use phalanx_netcode::{Client, PeerId, Relay, RelayOutput};

use super::player::pump;
use super::record::{Call, Calls, Scene, Trace};
use crate::clock::CpuTime;
use crate::tally::Tally;

/// What is sent goes here: a copy of the bytes, as a socket would make it.
#[derive(Debug, Default)]
struct Outlet(Vec<u8>);

impl Outlet {
    fn send(&mut self, bytes: &[u8]) {
        self.0.clear();
        self.0.extend_from_slice(bytes);
        black_box(&self.0);
    }
}

/// All clients of a match, before its measured part.
pub struct Clients<'a> {
    trace: &'a Trace,
    clients: Vec<Client<Tally>>,
    buffer: Vec<u8>,
    outlet: Outlet,
}

impl<'a> Clients<'a> {
    /// Plays the part that warms up.
    #[must_use]
    pub fn new(trace: &'a Trace) -> Self {
        let mut clients = Self {
            trace,
            clients: trace.scene.clients(),
            buffer: Vec::new(),
            outlet: Outlet::default(),
        };
        clients.make(&trace.clients.list[..trace.clients.warm]);
        clients
    }

    fn make(&mut self, calls: &[Call]) {
        let Calls { bytes, .. } = &self.trace.clients;
        let hold = self.trace.scene.hold;
        for call in calls {
            match call {
                Call::Handle {
                    at,
                    client,
                    channel,
                    bytes: range,
                } => {
                    let client = &mut self.clients[usize::from(*client)];
                    client.handle(*at, *channel, &bytes[range.clone()]);
                }
                Call::Pump { at, client } => {
                    let client = &mut self.clients[usize::from(*client)];
                    let outlet = &mut self.outlet;
                    pump(client, hold, *at, &mut self.buffer, |_, bytes| {
                        outlet.send(bytes);
                    });
                }
            }
        }
    }

    /// Plays the measured part; returns the nanoseconds of one client's tick.
    ///
    /// # Panics
    /// If a client ended elsewhere than when it was recorded.
    pub fn run(mut self) -> f64 {
        let begin = CpuTime::now();
        self.make(&self.trace.clients.list[self.trace.clients.warm..]);
        let nanos = begin.elapsed_nanos();
        for (client, confirmed) in self.clients.iter().zip(&self.trace.confirmed) {
            let timeline = client.timeline().expect("a client that played");
            assert_eq!(timeline.confirmed(), *confirmed, "a replay is the match");
        }
        per_tick(nanos, &self.trace.scene) / f64::from(self.trace.scene.players)
    }

    /// Ticks executed again per tick and client so far.
    #[must_use]
    pub fn resimulated_per_tick(trace: &'a Trace) -> f64 {
        let mut all = Self::new(trace);
        all.make(&trace.clients.list[trace.clients.warm..]);
        let stats = all.clients.iter().map(Client::stats);
        let again: u64 = stats.map(|stats| stats.timeline.resimulated_ticks).sum();
        let ticks: u64 = trace.confirmed.iter().map(|Tick(ticks)| ticks).sum();
        float(again) / float(ticks)
    }
}

/// The relay of a match, before its measured part.
pub struct Hub<'a> {
    trace: &'a Trace,
    relay: Relay,
    buffer: Vec<u8>,
    outlet: Outlet,
}

impl<'a> Hub<'a> {
    /// Plays the part that warms up.
    #[must_use]
    pub fn new(trace: &'a Trace) -> Self {
        let mut hub = Self {
            trace,
            relay: trace.scene.relay(),
            buffer: Vec::new(),
            outlet: Outlet::default(),
        };
        hub.make(&trace.relay.list[..trace.relay.warm]);
        hub
    }

    fn make(&mut self, calls: &[Call]) {
        let Calls { bytes, .. } = &self.trace.relay;
        for call in calls {
            match call {
                Call::Handle {
                    at,
                    client,
                    channel,
                    bytes: range,
                } => {
                    let peer = PeerId((*client).into());
                    self.relay
                        .handle(*at, peer, *channel, &bytes[range.clone()]);
                }
                Call::Pump { at, .. } => loop {
                    match self.relay.poll(*at, &mut self.buffer) {
                        RelayOutput::Transmit { .. } => self.outlet.send(&self.buffer),
                        RelayOutput::Timeout(_) => break,
                        RelayOutput::Event(_) | RelayOutput::Close { .. } => {}
                    }
                },
            }
        }
    }

    /// Plays the measured part; returns the nanoseconds of the relay's tick.
    ///
    /// # Panics
    /// If the relay ended elsewhere than when it was recorded.
    pub fn run(mut self) -> f64 {
        let begin = CpuTime::now();
        self.make(&self.trace.relay.list[self.trace.relay.warm..]);
        let nanos = begin.elapsed_nanos();
        assert_eq!(
            self.relay.log().next(),
            self.trace.sealed,
            "a replay is the match"
        );
        per_tick(nanos, &self.trace.scene)
    }
}

fn per_tick(nanos: u64, scene: &Scene) -> f64 {
    float(nanos) / float(scene.ticks)
}

#[expect(clippy::cast_precision_loss, reason = "figures have three digits")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::super::{Scene, record};
    use super::*;
    use crate::tally::Hold;

    #[test]
    fn a_replay_is_the_match() {
        for hold in Hold::ALL {
            let trace = record(Scene::new(3, hold, 60));
            assert_eq!(trace.sealed, Tick(360));
            // They assert it themselves.
            Clients::new(&trace).run();
            Hub::new(&trace).run();
        }
    }

    #[test]
    fn inputs_that_change_are_rolled_back() {
        let of = |hold| Clients::resimulated_per_tick(&record(Scene::new(4, hold, 120)));
        assert!(of(Hold::Ever) < 0.1);
        assert!(of(Hold::Ticks(8)) > 1.0);
        assert!(of(Hold::Ticks(1)) > of(Hold::Ticks(8)));
    }
}
