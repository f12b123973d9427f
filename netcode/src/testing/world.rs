//! [`World`]: clients, relay and network in one thread, on a virtual clock, drawn from one seed.

#[cfg(test)]
mod commands;
#[cfg(test)]
mod differences;
mod faults;
mod membership;
mod node;
#[cfg(test)]
mod strangers;

use core::time::Duration;
use std::collections::VecDeque;

use phalanx_engine::{Digest, EffectEvent, PathStep, Simulation, Slot, Snapshot, Tick, mix};

use self::node::Node;
use super::machine::Machine;
use super::{Detour, LinkId, Network, Planted, Scenario};
use crate::channel::{Channel, CloseReason, PeerId};
use crate::client::{Client, ClientConfigError, Event, Output};
use crate::config::{ConfigError, SessionConfig};
use crate::delay::InputDelay;
use crate::histogram::Histogram;
use crate::link::CommandError;
use crate::present::View;
use crate::relay::{PaceError, Relay, RelayEvent, RelayOutput, SlotStats};
use crate::time::Time;

/// Any number of clients and a relay, joined by an emulated network, in one thread.
///
/// Time jumps from event to event. The same scenario runs the same way, bit for bit, every time
/// and on every machine.
///
/// ```
/// use phalanx_netcode::testing::{Mixer, Preset, Scenario, World};
///
/// let net = Preset::Awful.conditions();
/// let scenario = Scenario { up: net, down: net, seed: 7, ..Scenario::default() };
/// let mut world = World::new(&scenario, || Mixer)?;
/// world.run_bots();
/// assert_eq!(world.report().desync, None);
/// assert_eq!(world.report().agreed_ticks, 600);
/// # Ok::<(), phalanx_netcode::testing::WorldError>(())
/// ```
pub struct World<S: Simulation> {
    now: Time,
    network: Network,
    relay: Relay,
    relay_due: Time,
    /// The relay does nothing before.
    relay_awake: Time,
    /// What came to it meanwhile.
    relay_held: VecDeque<(PeerId, Channel, Vec<u8>)>,
    relay_events: Vec<RelayEvent>,
    nodes: Vec<Node<S>>,
    /// How many connections there were.
    peers: u64,
    bot: S,
    buffer: Vec<u8>,
    started: Time,
    ended: Time,
    detour: Option<Detour>,
    /// When it begins; never if it has.
    detour_due: Time,
    stop_at_desync: bool,
}

/// A second world that goes on from this moment like the first, bit for bit, and shares nothing with it: what
/// is done to one of them shows what would have been without.
impl<S: Simulation<State: Clone> + Clone> Clone for World<S> {
    fn clone(&self) -> Self {
        Self {
            network: self.network.clone(),
            relay: self.relay.clone(),
            relay_held: self.relay_held.clone(),
            relay_events: self.relay_events.clone(),
            nodes: self.nodes.clone(),
            bot: self.bot.clone(),
            buffer: Vec::new(),
            ..*self
        }
    }
}

/// Why a [`World`] could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// The session's configuration is out of range.
    #[error(transparent)]
    Session(#[from] ConfigError),
    /// A client's configuration is out of range.
    #[error(transparent)]
    Client(#[from] ClientConfigError),
}

/// What a match came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// Ticks executed on the slowest peer.
    pub ticks: u64,
    /// Ticks confirmed on the slowest peer.
    pub confirmed_ticks: u64,
    /// Ticks that all agreed on.
    pub agreed_ticks: u64,
    /// Checksum of the last agreed tick, and that tick.
    pub checksum: Option<(Tick, Digest)>,
    /// The first tick after which two players held different worlds.
    pub desync: Option<Tick>,
    /// Rollbacks of all clients.
    pub rollbacks: u64,
    /// Deepest rollback of any client, ticks.
    pub rollback_depth_max: u64,
    /// Ticks executed again, by all clients.
    pub resimulated_ticks: u64,
    /// Ticks not executed when first due, on all clients.
    pub stalls: u64,
    /// Ticks sealed without an awaited input, over all slots.
    pub late_inputs: u64,
    /// What the relay counted of every slot, in the order of slots.
    pub slots: Vec<SlotStats>,
    /// Ticks on which any slot's input changed or a command came.
    pub input_changes: u64,
    /// Commands executed.
    pub commands: u64,
    /// Datagram and control bytes sent, mean per client and second of play.
    pub bytes_up_per_s: u64,
    /// Datagram and control bytes received, mean per client and second of play.
    pub bytes_down_per_s: u64,
    /// From sampling an input to executing its tick from the log.
    pub input_latency_ms: Histogram,
    /// From the deadline of the first tick to the end, virtual time.
    pub played: Duration,
}

impl<S: Simulation> World<S> {
    /// A world in which every client has just connected. `simulation` makes the rules, once for
    /// each client.
    ///
    /// # Errors
    /// [`WorldError`] if the scenario is out of range.
    pub fn new(scenario: &Scenario, simulation: impl Fn() -> S) -> Result<Self, WorldError> {
        let session = scenario.session(&simulation());
        let mut world = Self::vacant(scenario, session, simulation())?;
        for slot in Slot::all(scenario.players) {
            let planted = Planted::new(simulation(), scenario.plant).late(scenario.late_leave);
            // Clocks have nothing in common: up to twelve days apart.
            let skew = mix(scenario.seed ^ mix(u64::from(slot.0) + 1)) >> 14;
            let client = Client::new(planted, scenario.client)?;
            let machine = Machine::new(skew, scenario.clock_ppm(slot));
            world.add(client, machine, (scenario.up, scenario.down));
        }
        Ok(world)
    }

    /// A world with nobody but a relay, which hosts that `session`; of the scenario it takes the seed and the
    /// detour. Players [come](World::come).
    ///
    /// # Errors
    /// [`WorldError`] if the session's configuration is out of range.
    pub fn vacant(
        scenario: &Scenario,
        session: SessionConfig,
        simulation: S,
    ) -> Result<Self, WorldError> {
        Ok(Self::around(scenario, Relay::new(session)?, simulation))
    }

    /// A world with nobody but that relay, at which nobody has been, likewise.
    #[must_use]
    pub fn around(scenario: &Scenario, relay: Relay, simulation: S) -> Self {
        Self {
            now: Time::ZERO,
            network: Network::new(mix(scenario.seed)),
            relay,
            relay_due: Time::ZERO,
            relay_awake: Time::ZERO,
            relay_held: VecDeque::new(),
            relay_events: Vec::new(),
            peers: 0,
            nodes: Vec::new(),
            bot: simulation,
            buffer: Vec::new(),
            started: Time::NEVER,
            ended: Time::NEVER,
            detour: scenario.detour,
            detour_due: Time::NEVER,
            stop_at_desync: false,
        }
    }

    /// Makes room in the relay's log for this many ticks.
    pub fn reserve(&mut self, ticks: u32) {
        self.relay.reserve(ticks);
    }

    /// Ends the run as soon as a desync is found.
    #[must_use]
    pub fn stop_at_desync(mut self) -> Self {
        self.stop_at_desync = true;
        self
    }

    /// Lets a run go on that ended at a desync.
    pub fn go_on(&mut self) {
        self.stop_at_desync = false;
    }

    /// The virtual time.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// The relay.
    pub const fn relay(&self) -> &Relay {
        &self.relay
    }

    /// The relay with all it has sealed, to be served elsewhere, on a clock that goes on from [`World::now`]. Players
    /// whose connection was not [cut](World::kill) before are lost to it when it hears nothing from them.
    #[must_use]
    pub fn into_relay(self) -> Relay {
        self.relay
    }

    /// The client in a slot.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn client(&self, slot: Slot) -> &Client<Planted<S>> {
        &self.node(slot).client
    }

    /// The world of the client in a slot after an executed tick that it still keeps.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn snapshot(&mut self, slot: Slot, tick: Tick) -> Option<Snapshot> {
        let index = self.node_index(slot);
        self.nodes[index].client.snapshot(tick)
    }

    /// Shows the state of the client in a slot after an executed tick that it still keeps.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn look<T>(
        &mut self,
        slot: Slot,
        tick: Tick,
        see: impl FnOnce(&S::State) -> T,
    ) -> Option<T> {
        let index = self.node_index(slot);
        self.nodes[index].client.look(tick, see)
    }

    /// The digest at a path in the world of the client in a slot after such a tick.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn digest_at(&mut self, slot: Slot, tick: Tick, path: &[PathStep]) -> Option<Digest> {
        let index = self.node_index(slot);
        self.nodes[index].client.digest_at(tick, path)
    }

    /// By how many millionths the clock of the client in a slot runs faster than the relay's.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn clock_ppm(&self, slot: Slot) -> i32 {
        self.node(slot).machine.ppm()
    }

    /// What the client in a slot has to draw now.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn view(&mut self, slot: Slot) -> Option<View<'_, Planted<S>>> {
        let index = self.node_index(slot);
        let node = &mut self.nodes[index];
        let local = node.local(self.now);
        node.client.view(local)
    }

    /// What there is to tell the client in a slot of effects: [`Client::effects`].
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn effects(&mut self, slot: Slot) -> impl Iterator<Item = EffectEvent<S::Effect>> + '_ {
        let index = self.node_index(slot);
        self.nodes[index].client.effects()
    }

    /// What the client in a slot told its game so far, or since it was taken.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn events(&self, slot: Slot) -> &[Event] {
        &self.node(slot).events
    }

    /// Takes that, so that it is not kept.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn take_events(&mut self, slot: Slot) -> Vec<Event> {
        let index = self.node_index(slot);
        core::mem::take(&mut self.nodes[index].events)
    }

    /// What the relay told its host so far.
    pub fn relay_events(&self) -> &[RelayEvent] {
        &self.relay_events
    }

    fn node(&self, slot: Slot) -> &Node<S> {
        &self.nodes[self.node_index(slot)]
    }

    /// Who has, or had, the slot last.
    fn node_index(&self, slot: Slot) -> usize {
        // Slots are given in the order in which greetings arrive, which the network decides.
        let held = |node: &Node<S>| node.client.slot().or(node.slot) == Some(slot);
        self.nodes.iter().rposition(held).unwrap_or(slot.0.into())
    }

    /// The network, and the links up and down of the client in `slot`, for a test to change.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn network(&mut self, slot: Slot) -> (&mut Network, LinkId, LinkId) {
        let node = self.node(slot);
        let (up, down) = (node.up, node.down);
        (&mut self.network, up, down)
    }

    /// Lets the player in a slot divide the path in another way: [`Client::set_delay`].
    ///
    /// # Errors
    /// [`ClientConfigError`] if `delay` is out of range.
    pub fn set_delay(&mut self, slot: Slot, delay: InputDelay) -> Result<(), ClientConfigError> {
        let index = self.node_index(slot);
        self.nodes[index].client.set_delay(delay)
    }

    /// Lets the player in a slot ask for a pause.
    ///
    /// # Errors
    /// [`PaceError`], as for [`Client::pause`].
    pub fn pause(&mut self, slot: Slot) -> Result<(), PaceError> {
        let index = self.node_index(slot);
        let node = &mut self.nodes[index];
        node.due = node.machine.acts(self.now);
        node.client.pause()
    }

    /// Lets the player in a slot ask to go on.
    ///
    /// # Errors
    /// [`PaceError`], as for [`Client::resume`].
    pub fn resume(&mut self, slot: Slot) -> Result<(), PaceError> {
        let index = self.node_index(slot);
        let node = &mut self.nodes[index];
        node.due = node.machine.acts(self.now);
        node.client.resume()
    }

    /// The relay, for its host to act: what is asked of it is in the next frame.
    pub const fn relay_mut(&mut self) -> &mut Relay {
        &mut self.relay
    }

    /// Plays to the end with the game's bots.
    pub fn run_bots(&mut self) {
        let end = Time::NEVER;
        self.run_until(end, |_, _, _| None);
    }

    /// Lets the client in `slot` order something.
    ///
    /// # Errors
    /// [`CommandError`] if it was not taken.
    pub fn command(&mut self, slot: Slot, command: &S::Command) -> Result<(), CommandError> {
        let index = self.node_index(slot);
        self.nodes[index].client.command(command)
    }

    /// Plays until everybody is gone, or until `end`; `sample` gives the inputs. Where it returns
    /// `None` the game's bot plays, with its commands.
    pub fn run_until(
        &mut self,
        end: Time,
        mut sample: impl FnMut(Slot, Tick, &S::State) -> Option<S::Input>,
    ) {
        while !self.is_over() {
            let dues = self.nodes.iter().map(|node| node.due);
            let arrival = self.network.next_arrival().unwrap_or(Time::NEVER);
            let others = arrival.min(self.relay_due).min(self.detour_due);
            let next = dues.fold(others, Time::min);
            if next >= end {
                self.now = self
                    .now
                    .max(if end == Time::NEVER { self.now } else { end });
                break;
            }
            self.now = self.now.max(next);
            self.turn();
            self.deliver();
            for index in 0..self.nodes.len() {
                if self.nodes[index].due <= self.now {
                    self.pump_client(index, &mut sample);
                }
            }
            if self.relay_due <= self.now {
                self.pump_relay();
            }
        }
    }

    /// Makes the ways up longer if it is time.
    fn turn(&mut self) {
        if let Some(detour) = self.detour.filter(|_| self.detour_due <= self.now) {
            self.detour_due = Time::NEVER;
            for node in &self.nodes {
                let conditions = detour.after(*self.network.conditions(node.up));
                self.network.set_conditions(self.now, node.up, conditions);
            }
        }
    }

    fn is_over(&self) -> bool {
        let desync = self.stop_at_desync && self.relay.disagreement().is_some();
        let nobody_came =
            self.started == Time::NEVER && self.nodes.iter().all(|node| !node.connected);
        desync || self.relay.is_finished() || nobody_came
    }

    fn deliver(&mut self) {
        while let Some(arrival) = self.network.receive(self.now) {
            for node in &mut self.nodes {
                if !node.connected {
                    continue;
                }
                if node.down == arrival.link {
                    node.due = node.machine.acts(self.now);
                    if node.due > self.now || node.machine.holds() {
                        node.machine.hold(self.now, arrival.channel, arrival.bytes);
                    } else {
                        let local = node.local(self.now);
                        node.client.handle(local, arrival.channel, arrival.bytes);
                    }
                } else if node.up == arrival.link {
                    self.relay_due = self.now.max(self.relay_awake);
                    let (peer, channel, bytes) = (node.peer, arrival.channel, arrival.bytes);
                    if self.relay_due > self.now || !self.relay_held.is_empty() {
                        self.relay_held.push_back((peer, channel, bytes.to_vec()));
                    } else {
                        self.relay.handle(self.now, peer, channel, bytes);
                    }
                }
            }
        }
    }

    fn pump_client(
        &mut self,
        index: usize,
        sample: &mut impl FnMut(Slot, Tick, &S::State) -> Option<S::Input>,
    ) {
        let node = &mut self.nodes[index];
        let local = node.local(self.now);
        while let Some((channel, bytes)) = node.machine.held() {
            node.client.handle(local, channel, &bytes);
        }
        loop {
            match node.client.poll(local, &mut self.buffer) {
                Output::Transmit(channel) => {
                    self.network.send(self.now, node.up, channel, &self.buffer);
                }
                Output::Event(event) => node.told(event),
                Output::Close(reason) => {
                    node.connected = false;
                    self.relay.disconnected(node.peer, Some(reason));
                    self.relay_due = self.now.max(self.relay_awake);
                }
                Output::Timeout(due) if due <= local => {
                    let (bot, slot) = (&self.bot, node.client.slot().unwrap_or(Slot(0)));
                    // A bot whose commands pile up orders nothing new before they are given.
                    let (thinks, orders) = (node.orders.is_empty(), &mut node.orders);
                    node.client.update(local, |tick, state| {
                        sample(slot, tick, state).unwrap_or_else(|| {
                            if thinks {
                                orders.extend(bot.bot_commands(state, slot));
                            }
                            bot.bot(state, slot)
                        })
                    });
                    // Refused for good is only what is ordered after the end.
                    let _ = node.client.commands(&mut node.orders);
                }
                Output::Timeout(due) => {
                    node.due = node.machine.acts(node.machine.world(due));
                    break;
                }
            }
        }
    }

    fn pump_relay(&mut self) {
        while let Some((peer, channel, bytes)) = self.relay_held.pop_front() {
            self.relay.handle(self.now, peer, channel, &bytes);
        }
        loop {
            match self.relay.poll(self.now, &mut self.buffer) {
                RelayOutput::Transmit { peer, channel } => {
                    if let Some(node) = self.nodes.iter().find(|node| node.peer == peer) {
                        self.network
                            .send(self.now, node.down, channel, &self.buffer);
                    }
                }
                RelayOutput::Close { peer, reason } => self.close(peer, reason),
                RelayOutput::Event(event) => {
                    match event {
                        RelayEvent::Started => {
                            self.started = self.now + crate::limits::START_DELAY;
                            if let Some(detour) = self.detour {
                                let setup = self.relay.config().setup;
                                self.detour_due = detour.moment(self.started, &setup);
                            }
                        }
                        RelayEvent::Ended => self.ended = self.now,
                        _ => {}
                    }
                    self.relay_events.push(event);
                }
                RelayOutput::Timeout(due) => {
                    self.relay_due = due;
                    break;
                }
            }
        }
    }

    fn close(&mut self, peer: PeerId, reason: CloseReason) {
        if let Some(node) = self.nodes.iter_mut().find(|node| node.peer == peer) {
            node.connected = false;
            node.client.disconnected(Some(reason));
            node.due = Time::NEVER;
            node.flush(self.now, &mut self.buffer);
        }
    }

    /// What the match came to so far.
    pub fn report(&self) -> Report {
        let timelines = || self.nodes.iter().filter_map(|node| node.client.timeline());
        let stats: Vec<_> = self.nodes.iter().map(|node| node.client.stats()).collect();
        let first = self.relay.config().setup.first;
        let played_before = |tick: Tick| tick.since(first).max(0).unsigned_abs();
        let slowest = |tick: &dyn Fn(usize) -> Option<Tick>| {
            (0..self.nodes.len())
                .filter_map(tick)
                .min()
                .map_or(0, played_before)
        };
        let timeline = |index: usize| self.nodes[index].client.timeline();
        let agreed = self.relay.agreed();
        let checksum = agreed.previous_since(first).and_then(|tick| {
            let digest = timelines().find_map(|timeline| timeline.digest(tick));
            digest.map(|digest| (tick, digest))
        });
        let played = self.ended.min(self.now).since(self.started);
        let clients = self.nodes.len().max(1) as u64;
        let per_second = |bytes: u64| {
            let millis = u64::try_from(played.as_millis()).unwrap_or(u64::MAX).max(1);
            bytes * 1000 / millis / clients
        };
        let sent = |link: LinkId| self.network.counters(link).sent_bytes;
        let mut latency = Histogram::default();
        stats
            .iter()
            .for_each(|stats| latency.merge(&stats.input_latency_ms));
        let slots = Slot::all(self.relay.config().setup.slots);
        let slots: Vec<_> = slots
            .filter_map(|slot| self.relay.slot_stats(slot))
            .collect();
        Report {
            ticks: slowest(&|index| timeline(index).map(|timeline| timeline.next())),
            confirmed_ticks: slowest(&|index| timeline(index).map(|timeline| timeline.confirmed())),
            agreed_ticks: played_before(agreed),
            checksum,
            desync: self
                .relay
                .disagreement()
                .map(|disagreement| disagreement.tick),
            rollbacks: stats.iter().map(|stats| stats.timeline.rollbacks).sum(),
            rollback_depth_max: stats
                .iter()
                .map(|stats| stats.timeline.rollback_depth_max)
                .max()
                .unwrap_or(0),
            resimulated_ticks: stats
                .iter()
                .map(|stats| stats.timeline.resimulated_ticks)
                .sum(),
            stalls: stats.iter().map(|stats| stats.stalls).sum(),
            late_inputs: slots.iter().map(|stats| stats.late).sum(),
            slots,
            input_changes: stats
                .iter()
                .map(|stats| stats.timeline.input_changes)
                .max()
                .unwrap_or(0),
            commands: stats
                .iter()
                .map(|stats| stats.timeline.commands)
                .max()
                .unwrap_or(0),
            bytes_up_per_s: per_second(self.nodes.iter().map(|node| sent(node.up)).sum()),
            bytes_down_per_s: per_second(self.nodes.iter().map(|node| sent(node.down)).sum()),
            input_latency_ms: latency,
            played,
        }
    }
}
