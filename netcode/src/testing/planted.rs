//! [`Planted`]: any game, with a fault put in on purpose: the canary of every desync check.

use std::cell::Cell;

use phalanx_engine::{Effects, Entry, InputFrame, Setup, Simulation, Slot, Tick, flip_leaf};

/// Where a fault goes, and which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plant {
    /// The one player whose world is changed.
    pub slot: Slot,
    /// After the step of this tick, whenever it is executed.
    pub tick: Tick,
    /// Draws field, leaf and bit.
    pub seed: u64,
}

/// A game that flips one valid bit of one leaf of its state after every execution of one tick; or one that hears
/// too late who left.
///
/// It writes through the state's own setters, before the tick is closed, and knows nothing of
/// digests: whoever compares digests has to find it. Without a fault it is the game itself.
///
/// A clone has its own notes of where it was planted, and shares nothing with this one.
#[derive(Clone, Debug)]
pub struct Planted<S> {
    inner: S,
    plant: Option<Plant>,
    /// Whose rules hear too late who left.
    late: Option<Slot>,
    /// The slot that this player was given.
    slot: Cell<Option<Slot>>,
    field: Cell<Option<u64>>,
}

impl<S> Planted<S> {
    /// The game of a player who does not know its slot yet: say it with [`Planted::seat`].
    pub const fn new(inner: S, plant: Option<Plant>) -> Self {
        Self {
            inner,
            plant,
            late: None,
            slot: Cell::new(None),
            field: Cell::new(None),
        }
    }

    /// If this player gets `slot`, its rules hear a tick too late that somebody left, whenever they are executed.
    #[must_use]
    pub const fn late(mut self, slot: Option<Slot>) -> Self {
        self.late = slot;
        self
    }

    /// The relay gave this player `slot`: the fault is its own if it was meant for that slot.
    pub fn seat(&self, slot: Slot) {
        self.slot.set(Some(slot));
    }

    /// The top-level field that was changed, by position among those that have a leaf.
    pub const fn field(&self) -> Option<u64> {
        self.field.get()
    }
}

impl<S: Simulation> Planted<S> {
    /// Executes a tick as if nobody had left at it.
    fn step_late(
        &self,
        state: &mut S::State,
        frame: &InputFrame<'_, Self>,
        effects: &mut Effects<S::Effect>,
    ) {
        let (tick, mut session, mut entries) = (frame.tick(), frame.session().clone(), Vec::new());
        for entry in frame.entries() {
            match *entry {
                Entry::Leave(slot) => session.begin(tick, &[Entry::Join(slot)]),
                other => entries.push(other),
            }
        }
        let (commands, inputs) = (frame.commands(), frame.inputs());
        let frame = InputFrame::new(tick, &session, &entries, commands, inputs);
        self.inner.step(state, &frame, effects);
    }
}

impl<S: Simulation> Simulation for Planted<S> {
    const ID: &'static str = S::ID;
    const VERSION: u32 = S::VERSION;
    type State = S::State;
    type Input = S::Input;
    type Command = S::Command;
    type Effect = S::Effect;

    fn content_hash(&self) -> [u8; 32] {
        self.inner.content_hash()
    }

    fn start(&self, setup: &Setup) -> S::State {
        self.inner.start(setup)
    }

    fn step(
        &self,
        state: &mut S::State,
        frame: &InputFrame<'_, Self>,
        effects: &mut Effects<S::Effect>,
    ) {
        if self.late.is_some() && self.late == self.slot.get() {
            self.step_late(state, frame, effects);
        } else {
            self.inner.step(state, &frame.handed_on(), effects);
        }
        if let Some(plant) = self.plant
            && self.slot.get() == Some(plant.slot)
            && plant.tick == frame.tick()
        {
            self.field.set(flip_leaf(state, plant.seed));
            // The fault is the bit, and no stale cache besides.
            self.inner.rebuild(state);
        }
    }

    fn rebuild(&self, state: &mut S::State) {
        self.inner.rebuild(state);
    }

    fn bot(&self, state: &S::State, slot: Slot) -> S::Input {
        self.inner.bot(state, slot)
    }

    fn bot_commands(&self, state: &S::State, slot: Slot) -> Vec<S::Command> {
        self.inner.bot_commands(state, slot)
    }
}
