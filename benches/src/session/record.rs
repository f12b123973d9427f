//! Plays a match and writes down every call.

use core::ops::Range;
use core::time::Duration;

use phalanx_engine::{Setup, Slot, Tick, TickRate};
use phalanx_netcode::testing::{LinkConditions, LinkId, Network};
use phalanx_netcode::{
    Channel, Client, ClientConfig, Output, PeerId, Relay, RelayOutput, SessionConfig, Time,
};

use crate::tally::{Hold, Tally};

/// Tick rate of all that is measured.
pub(super) const RATE: TickRate = TickRate::hz(60);

/// A match to be measured.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// Players, one per slot.
    pub players: u8,
    /// How often they change their input.
    pub hold: Hold,
    /// Ticks from a client to the relay, and as many back.
    pub way: u64,
    /// Most predicted ticks.
    pub window: u32,
    /// Ticks before those that are measured: rings are full then, buffers have their size.
    pub warm_ticks: u64,
    /// Ticks that are measured.
    pub ticks: u64,
}

impl Scene {
    /// The relay in the middle of four ticks from player to player, window 8, no input delay.
    #[must_use]
    pub const fn new(players: u8, hold: Hold, ticks: u64) -> Self {
        Self {
            players,
            hold,
            way: 2,
            window: 8,
            warm_ticks: 300,
            ticks,
        }
    }

    pub(super) fn clients(&self) -> Vec<Client<Tally>> {
        let config = ClientConfig {
            delay: 0,
            window: self.window,
        };
        (0..self.players)
            .map(|_| Client::new(Tally, config).expect("delay and window are within limits"))
            .collect()
    }

    pub(super) fn relay(&self) -> Relay {
        let setup = Setup {
            seed: 1,
            slots: self.players,
            rate: RATE,
        };
        let mut relay =
            Relay::new(SessionConfig::new(&Tally, setup)).expect("a session within limits");
        let ticks = self.warm_ticks + self.ticks + 600;
        relay.reserve(u32::try_from(ticks).unwrap_or(u32::MAX));
        for peer in 0..self.players {
            relay.connected(Time::ZERO, PeerId(peer.into()));
        }
        relay
    }
}

/// One call, or one round of polling.
#[derive(Clone, Debug)]
pub(super) enum Call {
    /// Bytes for, or from, a client.
    Handle {
        at: Time,
        client: u8,
        channel: Channel,
        bytes: Range<usize>,
    },
    /// Polled until there was nothing more to do.
    Pump { at: Time, client: u8 },
}

/// The calls of one side.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    pub(super) list: Vec<Call>,
    pub(super) bytes: Vec<u8>,
    /// Where the measured part begins.
    pub(super) warm: usize,
}

impl Calls {
    fn handle(&mut self, at: Time, client: u8, channel: Channel, bytes: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        let bytes = start..self.bytes.len();
        self.list.push(Call::Handle {
            at,
            client,
            channel,
            bytes,
        });
    }

    fn pump(&mut self, at: Time, client: u8) {
        self.list.push(Call::Pump { at, client });
    }
}

/// A recorded match.
#[derive(Clone, Debug)]
pub struct Trace {
    pub(super) scene: Scene,
    pub(super) clients: Calls,
    pub(super) relay: Calls,
    /// What every client had confirmed in the end.
    pub(super) confirmed: Vec<Tick>,
    /// How many ticks the relay had sealed in the end.
    pub(super) sealed: Tick,
}

struct Node {
    client: Client<Tally>,
    up: LinkId,
    down: LinkId,
    due: Time,
}

/// Plays `scene` and writes it down.
#[must_use]
pub fn record(scene: Scene) -> Trace {
    let mut network = Network::new(1);
    let way = LinkConditions::constant(Duration::from_nanos(scene.way * RATE.period_nanos()));
    let nodes = scene.clients().into_iter().map(|client| Node {
        client,
        up: network.add_link(way),
        down: network.add_link(way),
        due: Time::ZERO,
    });
    let mut recorder = Recorder {
        now: Time::ZERO,
        nodes: nodes.collect(),
        network,
        relay: scene.relay(),
        relay_due: Time::ZERO,
        buffer: Vec::new(),
        hold: scene.hold,
        for_clients: Calls::default(),
        for_relay: Calls::default(),
    };
    recorder.run_until(Tick(scene.warm_ticks));
    recorder.for_clients.warm = recorder.for_clients.list.len();
    recorder.for_relay.warm = recorder.for_relay.list.len();
    recorder.run_until(Tick(scene.warm_ticks + scene.ticks));
    Trace {
        scene,
        confirmed: recorder.nodes.iter().map(Node::confirmed).collect(),
        sealed: recorder.relay.log().next(),
        clients: recorder.for_clients,
        relay: recorder.for_relay,
    }
}

impl Node {
    fn confirmed(&self) -> Tick {
        let timeline = self.client.timeline();
        timeline.map_or(Tick::ZERO, |timeline| timeline.confirmed())
    }
}

struct Recorder {
    now: Time,
    nodes: Vec<Node>,
    network: Network,
    relay: Relay,
    relay_due: Time,
    buffer: Vec<u8>,
    hold: Hold,
    for_clients: Calls,
    for_relay: Calls,
}

impl Recorder {
    /// Until the relay has sealed everything before `tick`.
    fn run_until(&mut self, tick: Tick) {
        while self.relay.log().next() < tick {
            let arrival = self.network.next_arrival().unwrap_or(Time::NEVER);
            let dues = self.nodes.iter().map(|node| node.due);
            self.now = dues.fold(arrival.min(self.relay_due), Time::min);
            self.deliver();
            for (client, node) in (0..).zip(&mut self.nodes) {
                if node.due <= self.now {
                    self.for_clients.pump(self.now, client);
                    let (network, buffer) = (&mut self.network, &mut self.buffer);
                    let (now, up) = (self.now, node.up);
                    node.due = pump(
                        &mut node.client,
                        self.hold,
                        now,
                        buffer,
                        |channel, bytes| {
                            network.send(now, up, channel, bytes);
                        },
                    );
                }
            }
            if self.relay_due <= self.now {
                self.pump_relay();
            }
        }
    }

    fn deliver(&mut self) {
        while let Some(arrival) = self.network.receive(self.now) {
            for (client, node) in (0..).zip(&mut self.nodes) {
                let (channel, bytes) = (arrival.channel, arrival.bytes);
                if node.down == arrival.link {
                    self.for_clients.handle(self.now, client, channel, bytes);
                    node.client.handle(self.now, channel, bytes);
                    node.due = self.now;
                } else if node.up == arrival.link {
                    self.for_relay.handle(self.now, client, channel, bytes);
                    self.relay
                        .handle(self.now, PeerId(client.into()), channel, bytes);
                    self.relay_due = self.now;
                }
            }
        }
    }

    fn pump_relay(&mut self) {
        self.for_relay.pump(self.now, 0);
        loop {
            match self.relay.poll(self.now, &mut self.buffer) {
                RelayOutput::Transmit { peer, channel } => {
                    let node = usize::try_from(peer.0)
                        .ok()
                        .and_then(|at| self.nodes.get(at));
                    if let Some(node) = node {
                        self.network
                            .send(self.now, node.down, channel, &self.buffer);
                    }
                }
                RelayOutput::Timeout(due) => {
                    self.relay_due = due;
                    break;
                }
                RelayOutput::Event(_) => {}
                RelayOutput::Close { reason, .. } => panic!("a client was closed: {reason:?}"),
            }
        }
    }
}

/// Polls a client until there is nothing more to do; returns when there is again.
#[inline]
pub(super) fn pump(
    client: &mut Client<Tally>,
    hold: Hold,
    now: Time,
    buffer: &mut Vec<u8>,
    mut send: impl FnMut(Channel, &[u8]),
) -> Time {
    loop {
        match client.poll(now, buffer) {
            Output::Transmit(channel) => send(channel, buffer),
            Output::Timeout(due) if due <= now => {
                let slot = client.slot().unwrap_or(Slot(0));
                client.update(now, |tick, _| hold.input(slot, tick));
            }
            Output::Timeout(due) => return due,
            Output::Event(_) => {}
            Output::Close(reason) => panic!("the client closed: {reason:?}"),
        }
    }
}
