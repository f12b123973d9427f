//! [`Tally`]: the game that costs next to nothing, so that what is measured is the session.

use phalanx_engine::{
    Effects, Input, InputFrame, NoCommand, NoEffect, Setup, Simulation, Slot, State, Tick, mix,
};

/// Adds up inputs; a step is one multiplication per slot.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally;

/// The state of [`Tally`].
#[derive(State, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Depends on every input so far, and on their order.
    pub sum: u64,
}

impl Sum {
    /// One tick with these inputs.
    pub fn add(&mut self, inputs: impl Iterator<Item = u32>) {
        for input in inputs {
            self.sum = (self.sum ^ u64::from(input)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }
}

impl Simulation for Tally {
    const ID: &'static str = "tally";
    const VERSION: u32 = 1;
    type State = Sum;
    type Input = u32;
    type Command = NoCommand;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Sum {
        Sum { sum: setup.seed }
    }

    fn step(&self, state: &mut Sum, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        state.add(frame.inputs().iter().copied());
    }
}

const _: () = assert!(<u32 as Input>::BYTES == 4);

/// How often players change their input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Never.
    Ever,
    /// After this many ticks, each player at another tick.
    Ticks(u64),
}

impl Hold {
    /// All that are measured.
    pub const ALL: [Self; 4] = [Self::Ever, Self::Ticks(30), Self::Ticks(8), Self::Ticks(1)];

    /// The input of `slot` at `tick`.
    #[must_use]
    pub fn input(self, slot: Slot, tick: Tick) -> u32 {
        let Self::Ticks(ticks) = self else { return 0 };
        let held = (tick.0 + u64::from(slot.0) * 3) / ticks;
        let [.., a, b, c, d] = mix(held ^ (u64::from(slot.0) << 32)).to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }
}

impl core::fmt::Display for Hold {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Ever => f.write_str("never"),
            Self::Ticks(ticks) => write!(f, "{ticks}"),
        }
    }
}
