//! [`World`]: the session and the game's state, stepped and undone together.

use alloc::vec::Vec;

use crate::codec::{DecodeError, Decoder, Encoder};
use crate::command::{Command, GivenCommand};
use crate::digest::{Digest, DigestVisitor, Node};
use crate::effects::Effects;
use crate::frame::InputFrame;
use crate::index::at;
use crate::limits::COMMAND_BYTES_MAX;
use crate::session::{Entry, Presence, Session, Slot};
use crate::simulation::{Setup, Simulation};
use crate::state::{PathStep, Schema, State};
use crate::tick::Tick;

/// What a tick changes: the engine's [`Session`] and the game's state.
pub(crate) struct World<S: Simulation> {
    pub(crate) session: Session,
    pub(crate) state: S::State,
    /// Seed of all digests: names and types of the state.
    key: u64,
    bots: Bots<S>,
}

/// What a tick is executed with if the computer holds a slot: memory that is used again.
struct Bots<S: Simulation> {
    inputs: Vec<S::Input>,
    commands: Vec<GivenCommand<S::Command>>,
}

impl<S: Simulation<State: Clone>> Clone for World<S> {
    fn clone(&self) -> Self {
        Self {
            session: self.session.clone(),
            state: self.state.clone(),
            key: self.key,
            bots: Bots::default(),
        }
    }
}

impl<S: Simulation> Default for Bots<S> {
    fn default() -> Self {
        Self {
            inputs: Vec::new(),
            commands: Vec::new(),
        }
    }
}

impl<S: Simulation> Bots<S> {
    /// Adds what the computer does to what was given.
    fn join<'a>(
        &'a mut self,
        simulation: &S,
        state: &S::State,
        session: &Session,
        given: &Given<'a, S>,
    ) -> Given<'a, S> {
        let bots =
            || Slot::all(session.slots()).filter(|slot| session.presence(*slot) == Presence::Bot);
        if bots().next().is_none() {
            return *given;
        }
        let Self { inputs, commands } = self;
        inputs.clear();
        inputs.extend_from_slice(given.inputs);
        commands.clear();
        commands.extend_from_slice(given.commands);
        for slot in bots() {
            inputs[at(slot.0.into())] = simulation.bot(state, slot);
            let orders = simulation.bot_commands(state, slot);
            commands.extend(
                orders
                    .into_iter()
                    .map(|order| GivenCommand::new(slot, order)),
            );
        }
        // Stable: what one slot orders stays in order.
        commands.sort_by_key(|given| given.slot);
        Given {
            entries: given.entries,
            commands,
            inputs,
        }
    }
}

/// What a tick is executed with.
pub(crate) struct Given<'a, S: Simulation> {
    pub(crate) entries: &'a [Entry],
    pub(crate) commands: &'a [GivenCommand<S::Command>],
    pub(crate) inputs: &'a [S::Input],
}

impl<S: Simulation> Copy for Given<'_, S> {}

impl<S: Simulation> Clone for Given<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

/// What it takes to go back by one tick.
pub(crate) struct WorldUndo<S: Simulation> {
    session: <Session as State>::Undo,
    state: <S::State as State>::Undo,
}

impl<S: Simulation> Clone for WorldUndo<S> {
    fn clone(&self) -> Self {
        Self {
            session: self.session.clone(),
            state: self.state.clone(),
        }
    }
}

impl<S: Simulation> Default for WorldUndo<S> {
    fn default() -> Self {
        Self {
            session: Default::default(),
            state: Default::default(),
        }
    }
}

/// Session and state are the root's children.
const SESSION: u32 = 0;
const STATE: u32 = 1;

impl<S: Simulation> World<S> {
    pub(crate) fn start(simulation: &S, setup: &Setup) -> Self {
        const {
            let bytes = S::Command::MAX_BYTES;
            assert!(
                1 <= bytes && bytes <= COMMAND_BYTES_MAX,
                "the MAX_BYTES of a command are 1 to 4096"
            );
        }
        Self {
            session: Session::new(setup),
            state: simulation.start(setup),
            key: Schema::of::<S::State>().fingerprint(),
            bots: Bots::default(),
        }
    }

    /// Executes `tick` with what is given, and what the computer does where it plays, telling `effects`; of
    /// a pause nothing but the entries. Returns the checksum of the world after it.
    pub(crate) fn step(
        &mut self,
        simulation: &S,
        tick: Tick,
        given: &Given<'_, S>,
        undo: &mut WorldUndo<S>,
        scratch: &mut Encoder,
        effects: &mut Effects<S::Effect>,
    ) -> Digest {
        self.change(undo, scratch, |world| {
            let Self {
                session,
                state,
                bots,
                ..
            } = world;
            session.begin(tick, given.entries);
            if session.paused() {
                return;
            }
            let Given {
                entries,
                commands,
                inputs,
            } = bots.join(simulation, state, session, given);
            let frame = InputFrame::new(tick, session, entries, commands, inputs);
            simulation.step(state, &frame, effects);
        })
    }

    /// Changes the world as a tick does; returns its checksum then.
    pub(crate) fn change(
        &mut self,
        undo: &mut WorldUndo<S>,
        scratch: &mut Encoder,
        change: impl FnOnce(&mut Self),
    ) -> Digest {
        self.session.open(&mut undo.session);
        self.state.open(&mut undo.state);
        change(self);
        let mut root = Node::root(self.key, scratch);
        let session = self.session.close(&mut undo.session, root.child(SESSION));
        let state = self.state.close(&mut undo.state, root.child(STATE));
        root.fold(&[session, state])
    }

    /// Goes back to before the tick that filled `undo`.
    pub(crate) fn undo(&mut self, undo: &mut WorldUndo<S>) {
        self.state.undo(&mut undo.state);
        self.session.undo(&mut undo.session);
    }

    /// Takes back the undoing of the tick that filled `undo`.
    pub(crate) fn redo(&mut self, undo: &mut WorldUndo<S>) {
        self.session.redo(&mut undo.session);
        self.state.redo(&mut undo.state);
    }

    /// The checksum computed from scratch.
    pub(crate) fn digest(&self, scratch: &mut Encoder) -> Digest {
        let mut root = Node::root(self.key, scratch);
        let session = self.session.digest(root.child(SESSION));
        let state = self.state.digest(root.child(STATE));
        root.fold(&[session, state])
    }

    /// Shows the digest of every node, the session and the state being the root's fields.
    pub(crate) fn visit_digests(
        &self,
        scratch: &mut Encoder,
        visitor: &mut dyn DigestVisitor,
    ) -> Digest {
        let mut root = Node::root(self.key, scratch);
        visitor.enter(PathStep::Field("session"));
        let session = self.session.visit_digests(root.child(SESSION), visitor);
        visitor.leave();
        visitor.enter(PathStep::Field("state"));
        let state = self.state.visit_digests(root.child(STATE), visitor);
        visitor.leave();
        root.show(&[session, state], visitor)
    }

    pub(crate) fn encode(&self, out: &mut Encoder) {
        self.session.encode(out);
        self.state.encode(out);
    }

    /// What the caches hold, for comparison.
    pub(crate) fn encode_caches(&self, out: &mut Encoder) {
        self.state.encode_caches(out);
    }

    /// Reads a world as it was encoded, without its caches: [`World::rebuild`] it before it is played.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut from = Decoder::new(bytes);
        let (session, state) = (Session::decode(&mut from)?, S::State::decode(&mut from)?);
        from.finish()?;
        Ok(Self {
            session,
            state,
            key: Schema::of::<S::State>().fingerprint(),
            bots: Bots::default(),
        })
    }

    /// Makes the caches of a decoded world again.
    pub(crate) fn rebuild(&mut self, simulation: &S) {
        simulation.rebuild(&mut self.state);
    }
}
