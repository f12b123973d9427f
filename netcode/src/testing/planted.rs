//! [`Planted`]: any game, with a fault put in on purpose: the canary of every desync check.

use std::cell::Cell;

use phalanx_engine::{InputFrame, Setup, Simulation, Slot, Tick, flip_leaf};

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

/// A game that flips one valid bit of one leaf of its state after every execution of one tick.
///
/// It writes through the state's own setters, before the tick is closed, and knows nothing of
/// digests: whoever compares digests has to find it. Without a fault it is the game itself.
#[derive(Debug)]
pub struct Planted<S> {
    inner: S,
    fault: Option<(Tick, u64)>,
    field: Cell<Option<u64>>,
}

impl<S> Planted<S> {
    /// The game as it is.
    pub const fn without(inner: S) -> Self {
        Self {
            inner,
            fault: None,
            field: Cell::new(None),
        }
    }

    /// The game as `slot` plays it: with the fault if it is the planted one.
    pub fn for_slot(inner: S, slot: Slot, plant: Option<Plant>) -> Self {
        let plant = plant.filter(|plant| plant.slot == slot);
        let fault = plant.map(|plant| (plant.tick, plant.seed));
        Self {
            inner,
            fault,
            field: Cell::new(None),
        }
    }

    /// The game.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// The top-level field that was changed, by position among those that have a leaf.
    pub const fn field(&self) -> Option<u64> {
        self.field.get()
    }
}

impl<S: Simulation> Simulation for Planted<S> {
    const ID: &'static str = S::ID;
    const VERSION: u32 = S::VERSION;
    type State = S::State;
    type Input = S::Input;

    fn content_hash(&self) -> [u8; 32] {
        self.inner.content_hash()
    }

    fn start(&self, setup: &Setup) -> S::State {
        self.inner.start(setup)
    }

    fn step(&self, state: &mut S::State, frame: &InputFrame<'_, Self>) {
        let inner = InputFrame::new(
            frame.tick(),
            frame.session(),
            frame.entries(),
            frame.inputs(),
        );
        self.inner.step(state, &inner);
        if let Some((tick, seed)) = self.fault
            && tick == frame.tick()
        {
            self.field.set(flip_leaf(state, seed));
        }
    }

    fn bot(&self, state: &S::State, slot: Slot) -> S::Input {
        self.inner.bot(state, slot)
    }
}
