//! [`Mixer`]: the smallest game in which everything matters.

use phalanx_engine::{
    Command, Effect, EffectKey, Effects, Entry, GivenCommand, InputFrame, Presence, Rng, Setup,
    Simulation, Slot, State, mix,
};

/// A game whose state is a hash of everything that ever happened: one different input, presence,
/// command or entry, at any tick, and two worlds never meet again.
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
    /// Commands so far.
    pub notes: u32,
    /// Drawn from once per tick.
    pub rng: Rng,
}

/// What players of [`Mixer`] order: a number, and at most 150 bytes beside it.
#[derive(State, Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Any number.
    pub number: u32,
    /// Any bytes.
    pub text: Vec<u8>,
}

impl Command for Note {
    const MAX_BYTES: u32 = 158;
}

/// What [`Mixer`] tells: of some inputs at some ticks, and of every note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ping {
    /// Of this slot's input.
    Input(Slot, u16),
    /// Of a note of this slot with this number; told when it is confirmed.
    Note(Slot, u32),
}

impl Effect for Ping {
    fn key(&self) -> EffectKey {
        match self {
            Self::Input(slot, _) => EffectKey::new(0, slot.0),
            Self::Note(slot, _) => EffectKey::new(1, slot.0),
        }
    }

    fn confirmed_only(&self) -> bool {
        matches!(self, Self::Note(..))
    }
}

impl Simulation for Mixer {
    const ID: &'static str = "mixer";
    const VERSION: u32 = 1;
    type State = Mixed;
    type Input = u16;
    type Command = Note;
    type Effect = Ping;

    fn start(&self, setup: &Setup) -> Mixed {
        let sums = vec![0; setup.slots.into()];
        Mixed {
            hash: setup.seed,
            ticks: 0,
            sums,
            notes: 0,
            rng: Rng::new(setup.seed),
        }
    }

    fn step(&self, state: &mut Mixed, frame: &InputFrame<'_, Self>, effects: &mut Effects<Ping>) {
        let mut hash = mix(state.hash ^ state.rng.next_u64());
        for ((slot, presence, input), sum) in frame.slots().zip(&mut state.sums) {
            hash = mix(hash ^ (u64::from(input) << 1) ^ u64::from(presence == Presence::Player));
            *sum = sum.wrapping_add(input.into());
            if hash & 7 == 0 {
                effects.emit(Ping::Input(slot, input));
            }
        }
        for GivenCommand { slot, command, .. } in frame.commands() {
            let note = command;
            for byte in &note.text {
                hash = mix(hash ^ u64::from(*byte));
            }
            hash = mix(hash ^ u64::from(note.number) << 8 ^ u64::from(slot.0));
            state.notes = state.notes.wrapping_add(1);
            effects.emit(Ping::Note(*slot, note.number));
        }
        for entry in frame.entries() {
            hash = mix(hash
                ^ match entry {
                    Entry::Join(slot) => 0x100 | u64::from(slot.0),
                    Entry::Leave(slot) => 0x200 | u64::from(slot.0),
                    Entry::End => 0x300,
                    Entry::Rate { at, rate } => {
                        let parts =
                            u64::from(rate.numerator()) << 32 | u64::from(rate.denominator());
                        0x400 ^ mix(at.0 ^ mix(parts))
                    }
                    Entry::Bot(slot) => 0x500 | u64::from(slot.0),
                    Entry::Speed { at, speed } => {
                        let parts = u64::from(speed.numerator) << 16 | u64::from(speed.denominator);
                        0x600 ^ mix(at.0 ^ mix(parts))
                    }
                    Entry::Pause { at } => 0x700 ^ mix(at.0),
                    Entry::Resume { at } => 0x800 ^ mix(at.0),
                    Entry::Game { kind, value } => 0x900 ^ mix(*value ^ mix((*kind).into())),
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

    /// A note at one tick of 32 or so, now and then two.
    fn bot_commands(&self, state: &Mixed, slot: Slot) -> Vec<Note> {
        let draw = mix(state.hash ^ u64::from(slot.0));
        let notes = match draw & 63 {
            0 => 2,
            1 => 1,
            _ => 0,
        };
        let note = |number| Note {
            number,
            text: vec![slot.0; usize::try_from(draw >> 58).unwrap_or(0)],
        };
        (0..notes).map(note).collect()
    }
}
