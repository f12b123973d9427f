//! [`Sharing`]: rules for canaries.

use std::cell::Cell;
use std::rc::Rc;

use phalanx_engine::{Effects, InputFrame, Setup, Simulation, Slot};
use phalanx_netcode::testing::{Mixed, Mixer, Note, Ping};

/// Rules that share with their clones how far they came, and step otherwise if somebody was much further:
/// what no world without a clone can tell.
#[derive(Clone, Default)]
pub(crate) struct Sharing(Rc<Cell<u64>>);

impl Simulation for Sharing {
    const ID: &'static str = "sharing";
    const VERSION: u32 = 1;
    type State = Mixed;
    type Input = u16;
    type Command = Note;
    type Effect = Ping;

    fn start(&self, setup: &Setup) -> Mixed {
        Mixer.start(setup)
    }

    fn step(&self, state: &mut Mixed, frame: &InputFrame<'_, Self>, effects: &mut Effects<Ping>) {
        Mixer.step(state, &frame.handed_on(), effects);
        let furthest = self.0.get().max(frame.tick().0);
        self.0.set(furthest);
        state.hash ^= u64::from(furthest > frame.tick().0 + 60);
    }

    fn bot(&self, state: &Mixed, slot: Slot) -> u16 {
        Mixer.bot(state, slot)
    }
}
