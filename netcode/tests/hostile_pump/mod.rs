//! A hand-driven session: relay and clients in one thread, every packet seen, kept or replaced by
//! the test. No randomness, one latency for all: a run is a function of what the test does.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "a test")]

pub mod model;
pub mod siege;

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use phalanx_engine::{
    Effects, Input, InputFrame, NoCommand, NoEffect, Setup, Simulation, Slot, State, TickRate, mix,
};
use phalanx_netcode::testing::Mixer;
use phalanx_netcode::{
    Channel, Client, ClientConfig, CloseReason, CommandError, Event, Output, PeerId, Relay,
    RelayEvent, RelayOutput, SessionConfig, Time,
};

/// Bytes on their way, to or from one peer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Packet {
    pub peer: PeerId,
    pub up: bool,
    pub datagram: bool,
    pub bytes: Vec<u8>,
}

impl Packet {
    pub fn channel(&self) -> Channel {
        if self.datagram {
            Channel::Datagram
        } else {
            Channel::Control
        }
    }
}

/// A client and what the test does to it.
pub struct Chair<S: Simulation> {
    pub client: Client<S>,
    pub connected: bool,
    /// The game hangs: packets are taken, nothing is sampled or executed.
    pub hangs: bool,
    /// Nothing that it sends arrives, and nothing arrives there.
    pub cut_up: bool,
    pub cut_down: bool,
    pub events: Vec<Event>,
}

/// The session.
pub struct Pump<S: Simulation> {
    pub now: Time,
    pub relay: Relay,
    pub chairs: Vec<Chair<S>>,
    pub relay_events: Vec<RelayEvent>,
    /// Whom the relay closed, and why.
    pub closed: BTreeMap<PeerId, CloseReason>,
    /// Everything that was sent, if it is to be kept.
    pub record: Option<Vec<(Time, Packet)>>,
    /// Every n-th datagram is lost; 0: none.
    pub lose_every: u64,
    /// Every packet is under way for so long.
    pub latency: Duration,
    sent: u64,
    under_way: VecDeque<(Time, Packet)>,
    buffer: Vec<u8>,
}

const STEP: Duration = Duration::from_millis(2);

/// A session of [`Mixer`] at 60 Hz.
pub fn config(slots: u8, length: u64) -> SessionConfig {
    let setup = Setup::new(5, slots, TickRate::hz(60));
    let mut config = SessionConfig::new(&Mixer, setup);
    config.length = Some(length);
    config
}

impl Pump<Mixer> {
    /// All seats of `config` taken by clients of [`Mixer`].
    pub fn mixers(config: SessionConfig) -> Self {
        Self::new(config, || Mixer)
    }
}

impl<S: Simulation> Pump<S> {
    pub fn new(config: SessionConfig, simulation: impl Fn() -> S) -> Self {
        let slots = config.setup.slots;
        let relay = Relay::new(config).unwrap();
        let now = Time::from_nanos(1_000_000_000);
        let mut pump = Self {
            now,
            relay,
            chairs: Vec::new(),
            relay_events: Vec::new(),
            closed: BTreeMap::new(),
            record: None,
            lose_every: 0,
            latency: Duration::from_millis(30),
            sent: 0,
            under_way: VecDeque::new(),
            buffer: Vec::new(),
        };
        for _ in 0..slots {
            pump.join(simulation());
        }
        pump
    }

    /// One more client connects; its peer is its position.
    pub fn join(&mut self, simulation: S) -> PeerId {
        let peer = PeerId(self.chairs.len() as u64);
        self.relay.connected(self.now, peer);
        self.chairs.push(Chair {
            client: Client::new(simulation, ClientConfig::default()).unwrap(),
            connected: true,
            hangs: false,
            cut_up: false,
            cut_down: false,
            events: Vec::new(),
        });
        peer
    }

    /// Sends bytes in the name of a peer or of the relay; they arrive now.
    pub fn inject(&mut self, packet: &Packet) {
        let index = usize::try_from(packet.peer.0).unwrap();
        if packet.up {
            self.relay
                .handle(self.now, packet.peer, packet.channel(), &packet.bytes);
        } else if self.chairs[index].connected {
            let client = &mut self.chairs[index].client;
            client.handle(self.now, packet.channel(), &packet.bytes);
        }
    }

    /// Whether the match has not begun.
    pub fn start_is_open(&self) -> bool {
        !self.relay_events.contains(&RelayEvent::Started)
    }

    /// Plays for `duration`, or until the relay has finished.
    pub fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.now < end && !self.relay.is_finished() {
            self.step();
        }
    }

    /// Plays until the session is over, at most for `duration`.
    pub fn finish(&mut self, duration: Duration) {
        self.run(duration);
        assert!(self.relay.is_finished(), "the session comes to its end");
    }

    /// Plays until the match runs.
    pub fn start(&mut self) {
        let end = self.now + Duration::from_secs(5);
        while self.start_is_open() {
            assert!(self.now < end, "the match begins");
            self.step();
        }
        self.run(Duration::from_millis(900));
    }

    pub fn step(&mut self) {
        self.now += STEP;
        while let Some((due, _)) = self.under_way.front()
            && *due <= self.now
        {
            let (_, packet) = self.under_way.pop_front().unwrap();
            self.inject(&packet);
        }
        for index in 0..self.chairs.len() {
            self.pump_client(index);
        }
        self.pump_relay();
    }

    fn send(&mut self, packet: Packet) {
        let (chair, length) = (
            &self.chairs[usize::try_from(packet.peer.0).unwrap()],
            packet.bytes.len(),
        );
        assert!(
            !packet.datagram || length <= 1150,
            "a datagram of {length} bytes"
        );
        self.sent += 1;
        if let Some(record) = &mut self.record {
            record.push((self.now, packet.clone()));
        }
        let cut = if packet.up {
            chair.cut_up
        } else {
            chair.cut_down
        };
        let lost = self.lose_every > 0 && self.sent.is_multiple_of(self.lose_every);
        if packet.datagram && (cut || lost) {
            return;
        }
        self.under_way.push_back((self.now + self.latency, packet));
    }

    fn pump_client(&mut self, index: usize) {
        let peer = PeerId(index as u64);
        let mut polls = 0;
        loop {
            polls += 1;
            assert!(polls < 10_000, "client {index} comes to rest");
            let chair = &mut self.chairs[index];
            if !chair.connected {
                return;
            }
            if !chair.hangs {
                let slot = chair.client.slot().unwrap_or(Slot(0));
                let update = chair
                    .client
                    .update(self.now, |tick, _| sample::<S>(slot, tick.0));
                if update.sampled > 0
                    && let Some(timeline) = chair.client.timeline()
                {
                    let (rules, state) = (timeline.simulation(), timeline.state());
                    let ended = timeline.session().ended();
                    for command in rules.bot_commands(state, slot) {
                        let given = chair.client.command(&command);
                        let refused = matches!(given, Err(CommandError::NotPlaying)) && !ended;
                        assert!(!refused && !matches!(given, Err(CommandError::TooLong { .. })));
                    }
                }
            }
            match chair.client.poll(self.now, &mut self.buffer) {
                Output::Transmit(channel) => {
                    let packet = Packet {
                        peer,
                        up: true,
                        datagram: channel == Channel::Datagram,
                        bytes: self.buffer.clone(),
                    };
                    self.send(packet);
                }
                Output::Event(event) => chair.events.push(event),
                Output::Close(reason) => {
                    chair.connected = false;
                    while let Output::Event(event) = chair.client.poll(self.now, &mut self.buffer) {
                        chair.events.push(event);
                    }
                    self.relay.disconnected(peer, Some(reason));
                }
                Output::Timeout(_) => return,
            }
        }
    }

    pub fn pump_relay(&mut self) {
        let mut polls = 0;
        loop {
            polls += 1;
            assert!(polls < 10_000, "the relay comes to rest");
            match self.relay.poll(self.now, &mut self.buffer) {
                RelayOutput::Transmit { peer, channel } => {
                    let packet = Packet {
                        peer,
                        up: false,
                        datagram: channel == Channel::Datagram,
                        bytes: self.buffer.clone(),
                    };
                    self.send(packet);
                }
                RelayOutput::Close { peer, reason } => {
                    self.closed.insert(peer, reason);
                    let chair = &mut self.chairs[usize::try_from(peer.0).unwrap()];
                    chair.connected = false;
                    chair.client.disconnected(Some(reason));
                    while let Output::Event(event) = chair.client.poll(self.now, &mut self.buffer) {
                        chair.events.push(event);
                    }
                }
                RelayOutput::Event(event) => self.relay_events.push(event),
                RelayOutput::Timeout(due) => {
                    assert!(due > self.now, "the relay is at rest");
                    return;
                }
            }
        }
    }
}

/// What a player does: something new every tick, never neutral.
fn sample<S: Simulation>(slot: Slot, tick: u64) -> S::Input {
    let packed: Vec<u8> = (0..u64::from(S::Input::BYTES))
        .map(|byte| {
            let value = mix(tick ^ u64::from(slot.0) << 20 ^ byte << 40);
            value.to_le_bytes()[0] | 1
        })
        .collect();
    S::Input::unpack(&packed)
}

/// A game with the largest inputs there are: sixteen of them do not fit into one datagram.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wide;

/// An input of 64 bytes.
#[derive(Input, Clone, Copy, Debug, Default, PartialEq)]
pub struct WideInput {
    a: u64,
    b: u64,
    c: u64,
    d: u64,
    e: u64,
    f: u64,
    g: u64,
    h: u64,
}

/// A hash of all inputs so far.
#[derive(State, Clone, Debug, PartialEq, Eq)]
pub struct WideState {
    hash: u64,
}

impl Simulation for Wide {
    const ID: &'static str = "wide";
    const VERSION: u32 = 1;
    type State = WideState;
    type Input = WideInput;
    type Command = NoCommand;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> WideState {
        WideState { hash: setup.seed }
    }

    fn step(&self, state: &mut WideState, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        let words = frame.inputs().iter().flat_map(|pad| {
            let WideInput {
                a,
                b,
                c,
                d,
                e,
                f,
                g,
                h,
            } = *pad;
            [a, b, c, d, e, f, g, h]
        });
        state.hash = words.fold(state.hash, |hash, word| mix(hash ^ word));
    }

    fn bot(&self, state: &WideState, slot: Slot) -> WideInput {
        let seed = state.hash ^ u64::from(slot.0);
        let [a, b, c, d, e, f, g, h] = [1, 2, 3, 4, 5, 6, 7, 8].map(|word| mix(seed ^ word << 8));
        WideInput {
            a,
            b,
            c,
            d,
            e,
            f,
            g,
            h,
        }
    }
}

/// A session of [`Wide`] at 60 Hz.
pub fn wide_config(slots: u8, length: u64) -> SessionConfig {
    let mut config = SessionConfig::new(&Wide, config(slots, length).setup);
    config.length = Some(length);
    config
}
