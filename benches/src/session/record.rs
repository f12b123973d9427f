//! Plays a match and writes down every call.

use core::ops::Range;
use core::time::Duration;

use phalanx_engine::{Setup, Tick, TickRate};
use phalanx_netcode::testing::{LinkConditions, LinkId, Network};
use phalanx_netcode::{
    Channel, Client, ClientConfig, PeerId, Relay, RelayOutput, SessionConfig, Time,
};

use super::player::{Local, Player};
use crate::tally::{Hold, Tally};

/// Tick rate of all that is measured.
pub(crate) const RATE: TickRate = TickRate::hz(60);

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
        let config = ClientConfig::new(0, self.window);
        (0..self.players)
            .map(|_| Client::new(Tally, config).expect("delay and window are within limits"))
            .collect()
    }

    pub(crate) fn players(&self) -> impl Iterator<Item = Local> {
        let hold = self.hold;
        let clients = self.clients().into_iter();
        clients.map(move |client| Local::new(client, hold))
    }

    pub(super) fn relay(&self) -> Relay {
        let setup = Setup::new(1, self.players, RATE);
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

/// Plays `scene` and writes it down.
#[must_use]
pub fn record(scene: Scene) -> Trace {
    let mut recorder = Recorder::new(scene, scene.players());
    let Ok(()) = recorder.run_until(Tick(scene.warm_ticks));
    recorder.for_clients.warm = recorder.for_clients.list.len();
    recorder.for_relay.warm = recorder.for_relay.list.len();
    let Ok(()) = recorder.run_until(Tick(scene.warm_ticks + scene.ticks));
    let players = recorder.nodes.iter().map(|node| &node.player);
    Trace {
        scene,
        confirmed: players.map(Local::confirmed).collect(),
        sealed: recorder.relay.log().next(),
        clients: recorder.for_clients,
        relay: recorder.for_relay,
    }
}

struct Node<P> {
    player: P,
    up: LinkId,
    down: LinkId,
    due: Time,
}

/// A match in the virtual world, with players of any kind.
pub(crate) struct Recorder<P> {
    now: Time,
    nodes: Vec<Node<P>>,
    network: Network,
    relay: Relay,
    relay_due: Time,
    buffer: Vec<u8>,
    for_clients: Calls,
    for_relay: Calls,
}

impl<P: Player> Recorder<P> {
    /// `scene` before its first moment.
    pub(crate) fn new(scene: Scene, players: impl Iterator<Item = P>) -> Self {
        let mut network = Network::new(1);
        let way = LinkConditions::constant(Duration::from_nanos(scene.way * RATE.period_nanos()));
        let nodes = players.map(|player| Node {
            player,
            up: network.add_link(way),
            down: network.add_link(way),
            due: Time::ZERO,
        });
        Self {
            now: Time::ZERO,
            nodes: nodes.collect(),
            network,
            relay: scene.relay(),
            relay_due: Time::ZERO,
            buffer: Vec::new(),
            for_clients: Calls::default(),
            for_relay: Calls::default(),
        }
    }

    /// Until the relay has sealed everything before `tick`.
    pub(crate) fn run_until(&mut self, tick: Tick) -> Result<(), P::Error> {
        while self.relay.log().next() < tick {
            let arrival = self.network.next_arrival().unwrap_or(Time::NEVER);
            let dues = self.nodes.iter().map(|node| node.due);
            self.now = dues.fold(arrival.min(self.relay_due), Time::min);
            self.deliver();
            for (client, node) in (0..).zip(&mut self.nodes) {
                if node.due <= self.now {
                    self.for_clients.pump(self.now, client);
                    let (network, now, up) = (&mut self.network, self.now, node.up);
                    node.due = node.player.pump(now, |channel, bytes| {
                        network.send(now, up, channel, bytes);
                    })?;
                }
            }
            if self.relay_due <= self.now {
                self.pump_relay();
            }
        }
        Ok(())
    }

    fn deliver(&mut self) {
        while let Some(arrival) = self.network.receive(self.now) {
            for (client, node) in (0..).zip(&mut self.nodes) {
                let (channel, bytes) = (arrival.channel, arrival.bytes);
                if node.down == arrival.link {
                    self.for_clients.handle(self.now, client, channel, bytes);
                    node.player.handle(self.now, channel, bytes);
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
