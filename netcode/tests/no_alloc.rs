//! No allocation per steady tick, in the client and in the relay.
//!
//! The counter stands in for the global allocator and counts, per thread, what happens inside the
//! calls it is given: the network of this test may allocate, the calls into the session may not.
#![expect(clippy::unwrap_used, reason = "a test")]

use core::hint::black_box;
use core::time::Duration;

use allocation_counter::measure;
use phalanx_engine::{Effects, Setup, Simulation, Slot, Tick, TickRate, mix};
use phalanx_netcode::testing::{LinkConditions, LinkId, Mixer, Network, Ping};
use phalanx_netcode::{
    Client, ClientConfig, Output, PeerId, Relay, RelayOutput, SessionConfig, Time,
};

const RATE: TickRate = TickRate::hz(60);
const PLAYERS: u8 = 8;
/// One way, ticks.
const LATENCY: u64 = 4;
/// A player changes its input every so many ticks.
const HOLD: u64 = 8;
/// From here on nothing may allocate: rings are full, buffers have their size.
const WARM: Tick = Tick(600);
const STEADY_TICKS: u64 = 600;

/// One client and its links.
struct Node<S: Simulation> {
    client: Client<S>,
    up: LinkId,
    down: LinkId,
    due: Time,
    allocations: u64,
    effects: u64,
}

/// A whole session in one thread, in which every call into client and relay is counted.
struct Rig<S: Simulation> {
    now: Time,
    network: Network,
    nodes: Vec<Node<S>>,
    relay: Relay,
    relay_due: Time,
    relay_allocations: u64,
    buffer: Vec<u8>,
}

impl<S: Simulation> Rig<S> {
    fn new(simulation: impl Fn() -> S) -> Self {
        let setup = Setup::new(1, PLAYERS, RATE);
        let mut config = SessionConfig::new(&simulation(), setup);
        // A keyframe is no steady tick: it takes as much memory as the world.
        config.rules.keyframe_ticks = 0;
        let mut relay = Relay::new(config).unwrap();
        relay.reserve(u32::try_from(WARM.0 + STEADY_TICKS + 600).unwrap());
        let mut network = Network::new(1);
        let way = LinkConditions::constant(Duration::from_nanos(LATENCY * RATE.period_nanos()));
        let config = ClientConfig::new(1, 12);
        let mut nodes = Vec::new();
        for peer in 0..PLAYERS {
            relay.connected(Time::ZERO, PeerId(peer.into()));
            nodes.push(Node {
                client: Client::new(simulation(), config).unwrap(),
                up: network.add_link(way),
                down: network.add_link(way),
                due: Time::ZERO,
                allocations: 0,
                effects: 0,
            });
        }
        Self {
            now: Time::ZERO,
            network,
            nodes,
            relay,
            relay_due: Time::ZERO,
            relay_allocations: 0,
            buffer: Vec::with_capacity(2048),
        }
    }

    /// Plays until the slowest client has confirmed everything before `tick`.
    fn run_until(&mut self, tick: Tick, input: impl Fn(Slot, Tick) -> S::Input) {
        while self.confirmed() < tick {
            let dues = self.nodes.iter().map(|node| node.due);
            let arrival = self.network.next_arrival().unwrap_or(Time::NEVER);
            self.now = dues.fold(arrival.min(self.relay_due), Time::min);
            self.deliver();
            self.pump_clients(&input);
            if self.relay_due <= self.now {
                self.pump_relay();
            }
        }
    }

    fn confirmed(&self) -> Tick {
        let timelines = self.nodes.iter().map(|node| node.client.timeline());
        timelines
            .map(|timeline| timeline.map_or(Tick::ZERO, |timeline| timeline.confirmed()))
            .min()
            .unwrap()
    }

    fn deliver(&mut self) {
        while let Some(arrival) = self.network.receive(self.now) {
            for (peer, node) in (0..).zip(&mut self.nodes) {
                if node.down == arrival.link {
                    let call = || node.client.handle(self.now, arrival.channel, arrival.bytes);
                    node.allocations += measure(call).count_total;
                    node.due = self.now;
                } else if node.up == arrival.link {
                    let call = || {
                        let peer = PeerId(peer);
                        self.relay
                            .handle(self.now, peer, arrival.channel, arrival.bytes);
                    };
                    self.relay_allocations += measure(call).count_total;
                    self.relay_due = self.now;
                }
            }
        }
    }

    fn pump_clients(&mut self, input: &impl Fn(Slot, Tick) -> S::Input) {
        let now = self.now;
        for node in self.nodes.iter_mut().filter(|node| node.due <= now) {
            loop {
                let mut output = None;
                let call = || output = Some(node.client.poll(now, &mut self.buffer));
                node.allocations += measure(call).count_total;
                match output.unwrap() {
                    Output::Transmit(channel) => {
                        self.network.send(now, node.up, channel, &self.buffer);
                    }
                    Output::Timeout(due) if due <= now => {
                        let slot = node.client.slot().unwrap_or(Slot(0));
                        let call = || {
                            node.client.update(now, |tick, _| input(slot, tick));
                            node.effects += node.client.effects().count() as u64;
                        };
                        node.allocations += measure(call).count_total;
                    }
                    Output::Timeout(due) => {
                        node.due = due;
                        break;
                    }
                    Output::Event(_) => {}
                    Output::Close(reason) => panic!("closed: {reason:?}"),
                }
            }
        }
    }

    fn pump_relay(&mut self) {
        loop {
            let mut output = None;
            let call = || output = Some(self.relay.poll(self.now, &mut self.buffer));
            self.relay_allocations += measure(call).count_total;
            match output.unwrap() {
                RelayOutput::Transmit { peer, channel } => {
                    let down = self.nodes[usize::try_from(peer.0).unwrap()].down;
                    self.network.send(self.now, down, channel, &self.buffer);
                }
                RelayOutput::Timeout(due) => {
                    self.relay_due = due;
                    break;
                }
                RelayOutput::Event(_) => {}
                RelayOutput::Close { reason, .. } => panic!("closed: {reason:?}"),
            }
        }
    }

    /// Allocations so far: of each client, and of the relay.
    fn allocations(&self) -> (Vec<u64>, u64) {
        let clients = self.nodes.iter().map(|node| node.allocations);
        (clients.collect(), self.relay_allocations)
    }
}

/// Everybody's input, changed every [`HOLD`] ticks, not at the same tick for all.
fn held(slot: Slot, tick: Tick) -> u16 {
    let phase = (tick.0 + u64::from(slot.0)) / HOLD;
    u16::try_from(mix(phase ^ (u64::from(slot.0) << 32)) & 0xffff).unwrap()
}

#[test]
fn a_steady_tick_allocates_nothing() {
    let mut rig = Rig::new(|| Mixer);
    rig.run_until(WARM, held);
    let (clients, relay) = rig.allocations();
    assert!(
        clients.iter().all(|count| *count > 0) && relay > 0,
        "the start-up is counted"
    );

    for tick in WARM.until(WARM + STEADY_TICKS) {
        rig.run_until(tick.next(), held);
        let (clients_now, relay_now) = rig.allocations();
        assert_eq!(clients_now, clients, "a client's tick {tick:?}");
        assert_eq!(relay_now, relay, "the relay's tick {tick:?}");
    }
    let stats = rig.nodes[0].client.stats();
    assert!(
        stats.timeline.rollbacks > STEADY_TICKS / HOLD,
        "it was no idle session: {stats:?}"
    );
    assert_eq!(stats.stalls, 0);
    let effects = rig.nodes[0].effects;
    assert!(effects > STEADY_TICKS, "{effects} events of effects");
}

/// [`Mixer`] that allocates once in one step.
struct Leaky(Tick);

impl Simulation for Leaky {
    const ID: &'static str = Mixer::ID;
    const VERSION: u32 = Mixer::VERSION;
    type State = <Mixer as Simulation>::State;
    type Input = u16;
    type Command = <Mixer as Simulation>::Command;
    type Effect = Ping;

    fn start(&self, setup: &Setup) -> Self::State {
        Mixer.start(setup)
    }

    fn step(
        &self,
        state: &mut Self::State,
        frame: &phalanx_engine::InputFrame<'_, Self>,
        effects: &mut Effects<Ping>,
    ) {
        Mixer.step(state, &frame.handed_on(), effects);
        if frame.tick() == self.0 {
            drop(black_box(Box::new(1_u8)));
        }
    }
}

#[test]
fn one_allocation_in_one_step_is_seen() {
    let planted = WARM + 20;
    let mut rig = Rig::new(|| Leaky(planted));
    rig.run_until(WARM, held);
    let (clients, relay) = rig.allocations();
    rig.run_until(planted + 40, held);
    let (clients_now, relay_now) = rig.allocations();
    assert_eq!(relay_now, relay);
    for (now, before) in clients_now.iter().zip(clients) {
        assert!(*now > before, "every execution of the tick allocates");
        assert!(*now - before <= 14, "and nothing else: {}", *now - before);
    }
}
