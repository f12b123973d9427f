//! [`World`]: the session and the game's state, stepped and undone together.

use crate::codec::{DecodeError, Decoder, Encoder};
use crate::command::{Command, GivenCommand};
use crate::digest::{Digest, DigestVisitor, Node};
use crate::frame::InputFrame;
use crate::limits::COMMAND_BYTES_MAX;
use crate::session::{Entry, Session};
use crate::simulation::{Setup, Simulation};
use crate::state::{PathStep, Schema, State};
use crate::tick::Tick;

/// What a tick changes: the engine's [`Session`] and the game's state.
#[derive(Debug)]
pub(crate) struct World<S: Simulation> {
    pub(crate) session: Session,
    pub(crate) state: S::State,
    /// Seed of all digests: names and types of the state.
    key: u64,
}

/// What a tick is executed with.
pub(crate) struct Given<'a, S: Simulation> {
    pub(crate) entries: &'a [Entry],
    pub(crate) commands: &'a [GivenCommand<S::Command>],
    pub(crate) inputs: &'a [S::Input],
}

/// What it takes to go back by one tick.
pub(crate) struct WorldUndo<S: Simulation> {
    session: <Session as State>::Undo,
    state: <S::State as State>::Undo,
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
        }
    }

    /// Executes `tick` with what is given; returns the checksum of the world after it.
    pub(crate) fn step(
        &mut self,
        simulation: &S,
        tick: Tick,
        given: &Given<'_, S>,
        undo: &mut WorldUndo<S>,
        scratch: &mut Encoder,
    ) -> Digest {
        self.change(undo, scratch, |Self { session, state, .. }| {
            let Given {
                entries,
                commands,
                inputs,
            } = *given;
            session.begin(tick, entries);
            let frame = InputFrame::new(tick, session, entries, commands, inputs);
            simulation.step(state, &frame);
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
        })
    }

    /// Makes the caches of a decoded world again.
    pub(crate) fn rebuild(&mut self, simulation: &S) {
        simulation.rebuild(&mut self.state);
    }
}
