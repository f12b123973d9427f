//! ggrs: the game [`Tally`](crate::tally::Tally) through its `P2PSession`, in memory here and over
//! sockets in [`udp`], and any other game through its `SyncTestSession`.

pub mod udp;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use ggrs::{
    Config, GgrsError, GgrsRequest, Message, NonBlockingSocket, P2PSession, PlayerType,
    PredictRepeatLast, SessionBuilder, SessionState, SyncTestSession,
};
use phalanx_engine::{
    Digest, Effects, Encoder, Entry, InputFrame, Node, Schema, Session, Setup, Simulation, Slot,
    State, Tick,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::CpuTime;
use crate::session::float;
use crate::tally::{Hold, Sum};

/// Where a player is.
trait Address: Clone + Eq + Hash + Debug + 'static {}
impl<A: Clone + Eq + Hash + Debug + 'static> Address for A {}

/// Types of a session among players that are at addresses `A`.
struct TallyTypes<A>(PhantomData<A>);

impl<A: Address> Config for TallyTypes<A> {
    type Input = u32;
    type InputPredictor = PredictRepeatLast;
    type State = Sum;
    type Address = A;
}

/// A message under way, and when it arrives.
type Flight = (u64, usize, Message);

/// Messages to every peer, in order; all take equally long.
#[derive(Clone)]
struct Wire {
    now: Rc<RefCell<u64>>,
    queues: Rc<[RefCell<VecDeque<Flight>>]>,
    latency: u64,
}

struct Socket {
    wire: Wire,
    me: usize,
}

impl NonBlockingSocket<usize> for Socket {
    fn send_to(&mut self, message: &Message, to: &usize) {
        let due = *self.wire.now.borrow() + self.wire.latency;
        let flight = (due, self.me, message.clone());
        self.wire.queues[*to].borrow_mut().push_back(flight);
    }

    fn receive_all_messages(&mut self) -> Vec<(usize, Message)> {
        let now = *self.wire.now.borrow();
        let mut queue = self.wire.queues[self.me].borrow_mut();
        let due = queue.iter().take_while(|(due, ..)| *due <= now).count();
        let due = queue.drain(..due);
        due.map(|(_, from, message)| (from, message)).collect()
    }
}

/// One player, at an address of kind `A` like all others.
struct Player<A: Address> {
    slot: Slot,
    session: P2PSession<TallyTypes<A>>,
    state: Sum,
    executed: u64,
}

impl<A: Address> Player<A> {
    /// In a session with a window of `window`, without input delay and without checksums; the
    /// players' addresses are in the order of their slots.
    fn new(
        slot: Slot,
        addresses: &[A],
        window: usize,
        socket: impl NonBlockingSocket<A> + 'static,
    ) -> Self {
        let mut builder = SessionBuilder::<TallyTypes<A>>::new()
            .with_num_players(addresses.len())
            .expect("some players")
            .with_max_prediction_window(window)
            .with_input_delay(0)
            .with_disconnect_timeout(Duration::from_secs(3600))
            .with_disconnect_notify_delay(Duration::from_secs(3600));
        for (handle, address) in addresses.iter().enumerate() {
            let kind = if handle == usize::from(slot.0) {
                PlayerType::Local
            } else {
                PlayerType::Remote(address.clone())
            };
            builder = builder.add_player(kind, handle).expect("a new player");
        }
        Self {
            slot,
            session: builder.start_p2p_session(socket).expect("a whole session"),
            state: Sum::default(),
            executed: 0,
        }
    }

    fn advance(&mut self, hold: Hold) -> Result<(), GgrsError> {
        let frame = u64::try_from(self.session.current_frame()).unwrap_or(0);
        let input = hold.input(self.slot, Tick(frame));
        self.session.add_local_input(self.slot.0.into(), input)?;
        for request in self.session.advance_frame()? {
            match request {
                GgrsRequest::SaveGameState { cell, frame } => {
                    cell.save(frame, Some(self.state), None);
                }
                GgrsRequest::LoadGameState { cell, .. } => {
                    self.state = cell.load().expect("what was saved");
                }
                GgrsRequest::AdvanceFrame { inputs } => {
                    self.state.add(inputs.iter().map(|(input, _)| *input));
                    self.executed += 1;
                }
            }
        }
        self.session.events().for_each(drop);
        Ok(())
    }

    /// Shakes hands; returns whether that is done.
    fn poll(&mut self) -> bool {
        self.session.poll_remote_clients();
        self.session.current_state() == SessionState::Running
    }
}

/// All players of a match, every one with a session of its own.
pub struct Players {
    players: Vec<Player<usize>>,
    wire: Wire,
    hold: Hold,
    ticks: u64,
}

impl Players {
    /// A warm match with `latency` ticks from player to player, a window of `window`, without
    /// input delay and without checksums.
    ///
    /// # Panics
    /// If ggrs does not come to an agreement with itself.
    #[must_use]
    pub fn new(count: u8, hold: Hold, latency: u64, window: usize) -> Self {
        let wire = Wire {
            now: Rc::default(),
            queues: (0..count).map(|_| RefCell::default()).collect(),
            latency,
        };
        let addresses: Vec<_> = (0..count.into()).collect();
        let player = |slot: Slot| {
            let socket = Socket {
                wire: wire.clone(),
                me: slot.0.into(),
            };
            Player::new(slot, &addresses, window, socket)
        };
        let mut all = Self {
            players: Slot::all(count).map(player).collect(),
            wire: wire.clone(),
            hold,
            ticks: 0,
        };
        all.shake_hands();
        all.run(300);
        all
    }

    fn shake_hands(&mut self) {
        for _ in 0..10_000 {
            let mut running = 0;
            for player in &mut self.players {
                running += usize::from(player.poll());
            }
            *self.wire.now.borrow_mut() += 1;
            if running == self.players.len() {
                return;
            }
        }
        panic!("ggrs does not shake hands");
    }

    /// Plays `ticks` ticks; returns the nanoseconds of one player's tick.
    pub fn run(&mut self, ticks: u64) -> f64 {
        let begin = CpuTime::now();
        for _ in 0..ticks {
            for player in &mut self.players {
                player.advance(self.hold).expect("a running session");
            }
            *self.wire.now.borrow_mut() += 1;
        }
        self.ticks += ticks;
        float(begin.elapsed_nanos()) / float(ticks * self.players.len() as u64)
    }

    /// Frames executed again per tick and player so far.
    #[must_use]
    pub fn resimulated_per_tick(&self) -> f64 {
        let executed: u64 = self.players.iter().map(|player| player.executed).sum();
        float(executed) / float(self.ticks * self.players.len() as u64) - 1.0
    }
}

/// A game that ggrs can play.
pub trait Game: Simulation<State: Clone, Input: Serialize + DeserializeOwned> {}
impl<S: Simulation<State: Clone, Input: Serialize + DeserializeOwned>> Game for S {}

/// Types of a [`Rewinder`].
struct Types<S>(PhantomData<S>);

impl<S: Game> Config for Types<S> {
    type Input = S::Input;
    type InputPredictor = PredictRepeatLast;
    type State = (S::State, Tick);
    type Address = usize;
}

/// A game in ggrs's sync test: every frame it goes back by a distance and executes all again.
pub struct Rewinder<S: Game> {
    test: SyncTestSession<Types<S>>,
    simulation: S,
    session: Session,
    state: S::State,
    next: Tick,
    key: u64,
    scratch: Encoder,
}

impl<S: Game> Rewinder<S> {
    /// A match that goes back by `distance` at every frame.
    ///
    /// # Panics
    /// If ggrs refuses that.
    pub fn new(simulation: S, setup: &Setup, distance: usize) -> Self {
        let test = SessionBuilder::<Types<S>>::new()
            .with_num_players(setup.slots.into())
            .expect("some players")
            .with_max_prediction_window(distance + 1)
            .with_check_distance(distance)
            .start_synctest_session()
            .expect("a distance within the window");
        let mut session = Session::new(setup);
        let joins: Vec<_> = Slot::all(setup.slots).map(Entry::Join).collect();
        session.begin(Tick::ZERO, &joins);
        Self {
            test,
            state: simulation.start(setup),
            simulation,
            session,
            next: Tick::ZERO,
            key: Schema::of::<S::State>().fingerprint(),
            scratch: Encoder::new(),
        }
    }

    /// One frame and all that it repeats.
    ///
    /// # Panics
    /// If the game is not deterministic.
    pub fn advance(&mut self, input: impl Fn(Slot, Tick) -> S::Input) {
        let tick = Tick(u64::try_from(self.test.current_frame()).unwrap_or(0));
        for slot in Slot::all(self.session.slots()) {
            self.test
                .add_local_input(slot.0.into(), input(slot, tick))
                .expect("a player");
        }
        for request in self.test.advance_frame().expect("a deterministic game") {
            match request {
                GgrsRequest::SaveGameState { cell, frame } => {
                    let digest = self.digest();
                    cell.save(
                        frame,
                        Some((self.state.clone(), self.next)),
                        Some(digest.0.into()),
                    );
                }
                GgrsRequest::LoadGameState { cell, .. } => {
                    (self.state, self.next) = cell.load().expect("what was saved");
                }
                GgrsRequest::AdvanceFrame { inputs } => {
                    let inputs: Vec<_> = inputs.iter().map(|(input, _)| *input).collect();
                    let frame = InputFrame::new(self.next, &self.session, &[], &[], &inputs);
                    self.simulation
                        .step(&mut self.state, &frame, &mut Effects::new());
                    self.next = self.next.next();
                }
            }
        }
    }

    /// Plays `ticks` ticks; returns the nanoseconds of one.
    pub fn run(&mut self, ticks: u64, input: impl Fn(Slot, Tick) -> S::Input) -> f64 {
        let begin = CpuTime::now();
        (0..ticks).for_each(|_| self.advance(&input));
        float(begin.elapsed_nanos()) / float(ticks)
    }

    fn digest(&mut self) -> Digest {
        self.state.digest(Node::root(self.key, &mut self.scratch))
    }
}
