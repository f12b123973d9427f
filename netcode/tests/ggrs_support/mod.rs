//! ggrs as an oracle: our games played through its `P2PSession`, over a network in memory.
//!
//! What ggrs saves, loads and advances here is written against the public API of the engine
//! alone: states are cloned and hashed from scratch. So it also checks our undo and our
//! incremental digests.
#![allow(dead_code, unreachable_pub, reason = "every test uses a part of it")]

pub mod ours;
pub mod wire;

use core::marker::PhantomData;
use core::time::Duration;

use ggrs::{
    DesyncDetection, GgrsError, GgrsEvent, GgrsRequest, P2PSession, PlayerType, PredictRepeatLast,
    SessionBuilder,
};
use phalanx_engine::{
    Digest, Effects, Encoder, Entry, InputFrame, Node, Schema, Session, Setup, Simulation, Slot,
    State, Tick, TickRate, mix,
};
use serde::{Serialize, de::DeserializeOwned};

use self::wire::{Latency, Socket, Wire};

/// A game that ggrs can play: its state is cloned, its input goes through serde.
pub trait Game: Simulation<State: Clone, Input: Serialize + DeserializeOwned> {}
impl<S: Simulation<State: Clone, Input: Serialize + DeserializeOwned>> Game for S {}

/// Ticks without input at the start of every script. Our clients stamp their first input some
/// ticks after tick 0, ggrs with an input delay as well; before that slots are neutral.
pub const NEUTRAL: u64 = 64;

/// A number per slot and tick, held for some ticks: the raw material of scripted inputs.
pub fn scripted(seed: u64, slot: Slot, tick: Tick) -> u64 {
    if tick < Tick(NEUTRAL) {
        return 0;
    }
    // Every slot at its own pace, so that changes do not coincide.
    let held = tick.0 / (3 + u64::from(slot.0));
    mix(seed ^ mix(held) ^ (u64::from(slot.0) << 56))
}

/// A world and its session, executed without a timeline.
pub struct Replica<S: Simulation> {
    state: S::State,
    session: Session,
    next: Tick,
}

impl<S: Game> Clone for Replica<S> {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
            session: self.session.clone(),
            next: self.next,
        }
    }
}

impl<S: Game> Replica<S> {
    pub fn new(simulation: &S, setup: &Setup) -> Self {
        Self {
            state: simulation.start(setup),
            session: Session::new(setup),
            next: Tick::ZERO,
        }
    }

    /// Executes the next tick as the relay would have sealed it: everybody joins with the first
    /// tick, and the last one of `ticks` ends the session.
    pub fn step(&mut self, simulation: &S, ticks: u64, inputs: &[S::Input]) {
        let tick = self.next;
        self.next = tick.next();
        if self.session.ended() {
            return;
        }
        let mut entries = Vec::new();
        if tick == Tick::ZERO {
            entries.extend(Slot::all(self.session.slots()).map(Entry::Join));
        }
        if tick.0 + 1 == ticks {
            entries.push(Entry::End);
        }
        self.session.begin(tick, &entries);
        let frame = InputFrame::new(tick, &self.session, &entries, &[], inputs);
        simulation.step(&mut self.state, &frame, &mut Effects::new());
    }

    pub const fn state(&self) -> &S::State {
        &self.state
    }

    /// The root digest, from scratch.
    pub fn digest(&self) -> Digest {
        let mut scratch = Encoder::new();
        let mut root = Node::root(Schema::of::<S::State>().fingerprint(), &mut scratch);
        let session = self.session.digest(root.child(0));
        let state = self.state.digest(root.child(1));
        root.fold(&[session, state])
    }
}

/// ggrs's bundle of types.
pub struct Types<S>(PhantomData<S>);

impl<S: Game> ggrs::Config for Types<S> {
    type Input = S::Input;
    type InputPredictor = PredictRepeatLast;
    type State = Replica<S>;
    type Address = usize;
}

/// A match as ggrs is to play it.
#[derive(Clone, Debug)]
pub struct Match {
    pub setup: Setup,
    pub ticks: u64,
    /// Most predicted frames; 0 is its lockstep.
    pub window: usize,
    /// Input delay of each player, frames.
    pub delays: Vec<u64>,
    pub latency: Latency,
}

impl Match {
    /// All players with the same delay.
    pub fn new(players: u8, ticks: u64, (delay, window): (u64, usize), latency: Latency) -> Self {
        let rate = TickRate::hz(60);
        let setup = Setup::new(1, players, rate);
        Self {
            setup,
            ticks,
            window,
            delays: vec![delay; players.into()],
            latency,
        }
    }
}

/// One player in a match of ggrs.
pub struct Peer<S: Game> {
    slot: Slot,
    delay: u64,
    ticks: u64,
    simulation: S,
    session: P2PSession<Types<S>>,
    replica: Replica<S>,
    /// The newest checksum of every tick executed.
    pub checksums: Vec<Digest>,
    /// Frames executed, those executed again included.
    pub executed: u64,
    pub desyncs: u64,
}

impl<S: Game> Peer<S> {
    fn new(simulation: S, config: &Match, index: usize, wire: &Wire) -> Result<Self, GgrsError> {
        let players = usize::from(config.setup.slots);
        let mut builder = SessionBuilder::<Types<S>>::new()
            .with_num_players(players)?
            .with_max_prediction_window(config.window)
            .with_input_delay(usize::try_from(config.delays[index]).unwrap_or(0))
            .with_desync_detection_mode(DesyncDetection::On { interval: 10 })
            // It reads the wall clock; a slow machine is no reason to give up.
            .with_disconnect_timeout(Duration::from_secs(3600))
            .with_disconnect_notify_delay(Duration::from_secs(3600));
        for other in 0..players {
            let player = if other == index {
                PlayerType::Local
            } else {
                PlayerType::Remote(other)
            };
            builder = builder.add_player(player, other)?;
        }
        let session = builder.start_p2p_session(Socket::new(wire, index))?;
        Ok(Self {
            slot: Slot(u8::try_from(index).unwrap_or(u8::MAX)),
            delay: config.delays[index],
            ticks: config.ticks,
            replica: Replica::new(&simulation, &config.setup),
            simulation,
            session,
            checksums: Vec::new(),
            executed: 0,
            desyncs: 0,
        })
    }

    /// Whether the handshakes are done.
    fn is_running(&mut self) -> bool {
        self.session.poll_remote_clients();
        self.session.current_state() == ggrs::SessionState::Running
    }

    /// The tick executed next.
    pub fn next(&self) -> Tick {
        self.replica.next
    }

    /// One frame of the game loop.
    fn advance(&mut self, script: &impl Fn(Slot, Tick) -> S::Input) -> Result<(), GgrsError> {
        let frame = u64::try_from(self.session.current_frame()).unwrap_or(0);
        let input = script(self.slot, Tick(frame + self.delay));
        self.session.add_local_input(self.slot.0.into(), input)?;
        for request in self.session.advance_frame()? {
            match request {
                GgrsRequest::SaveGameState { cell, frame } => {
                    let checksum = self.replica.digest().0;
                    cell.save(frame, Some(self.replica.clone()), Some(checksum.into()));
                }
                GgrsRequest::LoadGameState { cell, .. } => {
                    self.replica = cell.load().expect("what was saved can be loaded");
                }
                GgrsRequest::AdvanceFrame { inputs } => {
                    let inputs: Vec<_> = inputs.iter().map(|(input, _)| *input).collect();
                    let tick = usize::try_from(self.replica.next.0).unwrap_or(usize::MAX);
                    self.replica.step(&self.simulation, self.ticks, &inputs);
                    self.checksums.truncate(tick);
                    self.checksums.push(self.replica.digest());
                    self.executed += 1;
                }
            }
        }
        let desync = |event: &GgrsEvent<_>| matches!(event, GgrsEvent::DesyncDetected { .. });
        self.desyncs += self.session.events().filter(desync).count() as u64;
        Ok(())
    }
}

/// Waits for ggrs, whose protocol repeats what was lost by the wall clock, every 200 ms.
#[derive(Default)]
struct Patience(u32);

impl Patience {
    fn wait(&mut self) {
        self.0 += 1;
        assert!(self.0 < 60_000, "ggrs is stuck");
        if self.0 > 200 {
            #[allow(clippy::disallowed_methods, reason = "its clock is the wall's")]
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// All players of a match and the wire between them.
pub struct Peers<S: Game> {
    pub peers: Vec<Peer<S>>,
    wire: Wire,
}

impl<S: Game> Peers<S> {
    /// Everybody has shaken hands with everybody.
    pub fn connect(config: &Match, simulation: impl Fn() -> S) -> Result<Self, GgrsError> {
        let mut wire = Wire::new(usize::from(config.setup.slots), config.latency);
        let peers = (0..usize::from(config.setup.slots))
            .map(|index| Peer::new(simulation(), config, index, &wire))
            .collect::<Result<Vec<_>, _>>()?;
        let mut all = Self {
            peers,
            wire: wire.clone(),
        };
        let mut patience = Patience::default();
        loop {
            // All are polled, also after one that is not done.
            let mut running = 0;
            for peer in &mut all.peers {
                running += usize::from(peer.is_running());
            }
            if running == all.peers.len() {
                break;
            }
            patience.wait();
            wire.tick();
        }
        Ok(all)
    }

    /// Every peer runs its loop once, and the network moves on by a tick.
    pub fn tick(&mut self, script: &impl Fn(Slot, Tick) -> S::Input) -> Result<(), GgrsError> {
        for peer in &mut self.peers {
            peer.advance(script)?;
        }
        self.wire.tick();
        Ok(())
    }

    /// The tick that the slowest peer executes next.
    pub fn slowest(&self) -> Tick {
        self.peers.iter().map(Peer::next).min().unwrap_or_default()
    }

    /// Plays until `ticks` ticks are confirmed everywhere.
    pub fn play(
        &mut self,
        config: &Match,
        script: &impl Fn(Slot, Tick) -> S::Input,
    ) -> Result<(), GgrsError> {
        // Nobody predicts further than the window: what lies behind it is confirmed.
        let enough = Tick(config.ticks + config.window as u64 + 1);
        let (mut patience, mut slowest) = (Patience::default(), self.slowest());
        while slowest < enough {
            patience.wait();
            self.tick(script)?;
            if self.slowest() > slowest {
                patience = Patience::default();
                slowest = self.slowest();
            }
        }
        for peer in &mut self.peers {
            peer.checksums
                .truncate(usize::try_from(config.ticks).unwrap_or(0));
        }
        Ok(())
    }
}
