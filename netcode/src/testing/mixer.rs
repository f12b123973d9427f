//! [`Mixer`]: the smallest game in which everything matters.

use phalanx_engine::{Entry, InputFrame, Presence, Rng, Setup, Simulation, Slot, State, mix};

/// A game whose state is a hash of everything that ever happened: one different input, presence or
/// entry, at any tick, and two worlds never meet again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mixer;

/// The state of [`Mixer`].
#[derive(State, Clone, Debug, PartialEq, Eq)]
pub struct Mixed {
    /// Hash of all frames so far.
    pub hash: u64,
    /// Ticks so far.
    pub ticks: u64,
    /// Per slot the sum of its inputs.
    pub sums: Vec<u32>,
    /// Drawn from once per tick.
    pub rng: Rng,
}

impl Simulation for Mixer {
    const ID: &'static str = "mixer";
    const VERSION: u32 = 1;
    type State = Mixed;
    type Input = u16;

    fn start(&self, setup: &Setup) -> Mixed {
        let sums = vec![0; setup.slots.into()];
        Mixed {
            hash: setup.seed,
            ticks: 0,
            sums,
            rng: Rng::new(setup.seed),
        }
    }

    fn step(&self, state: &mut Mixed, frame: &InputFrame<'_, Self>) {
        let mut hash = mix(state.hash ^ state.rng.next_u64());
        for ((_, presence, input), sum) in frame.slots().zip(&mut state.sums) {
            hash = mix(hash ^ (u64::from(input) << 1) ^ u64::from(presence == Presence::Player));
            *sum = sum.wrapping_add(input.into());
        }
        for entry in frame.entries() {
            hash = mix(hash
                ^ match entry {
                    Entry::Join(slot) => 0x100 | u64::from(slot.0),
                    Entry::Leave(slot) => 0x200 | u64::from(slot.0),
                    Entry::End => 0x300,
                });
        }
        state.hash = hash;
        state.ticks = state.ticks.wrapping_add(1);
    }

    /// Holds a number for six ticks or so.
    fn bot(&self, state: &Mixed, slot: Slot) -> u16 {
        let phase = mix((state.ticks / 6) ^ (u64::from(slot.0) << 32));
        (phase & 0xff).try_into().unwrap_or(0)
    }
}
