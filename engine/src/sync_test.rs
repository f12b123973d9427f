//! [`SyncTest`]: one process, no network, and every reason for which two machines could part.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::codec::{DecodeError, Encoder};
use crate::command::{Command, GivenCommand};
use crate::digest::Digest;
use crate::effects::{Effect, Effects};
use crate::index::at;
use crate::input::Input;
use crate::rng::{Rng, mix};
use crate::session::{Entry, Slot};
use crate::simulation::{Setup, Simulation};
use crate::state::{
    Leaf, PathStep, PlainState, State, Visitor, first_difference, flip_leaf_number, from_bytes,
    leaves, to_bytes,
};
use crate::tick::Tick;
use crate::world::{Given, World, WorldUndo};

/// Runs a game alone and looks for what could make two machines part. At every tick it
///
/// - goes back and plays the last ticks again: half of them, and before it has caught up, all;
/// - recomputes the digest from scratch, also after somebody looked at the state;
/// - encodes and decodes the world, rebuilds its caches, and plays on with what was decoded, for one
///   tick, and with what was decoded some time ago, for a thousand;
/// - executes the bots' commands as everybody receives them, read from their own encoding;
/// - compares the effects that a tick emits with those that it emits when it is executed again;
///
/// and now and then it changes a bit of every leaf (of some, if there are many), which the digest
/// must show and the undo take back. Then it plays as many ticks again, a thousand at most, with inputs
/// of random bits and with the bots' commands garbled, old, and given by anybody. All must agree, and nothing
/// panic.
///
/// ```
/// # use phalanx_engine::*;
/// # #[derive(State, Clone)] struct Count { sum: u32 }
/// # struct Counting;
/// # impl Simulation for Counting {
/// #     const ID: &'static str = "counting"; const VERSION: u32 = 1;
/// #     type State = Count; type Input = u8; type Command = NoCommand; type Effect = NoEffect;
/// #     fn start(&self, _: &Setup) -> Count { Count { sum: 0 } }
/// #     fn step(&self, state: &mut Count, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
/// #         state.sum += u32::from(frame.input(Slot(0)));
/// #     }
/// # }
/// let setup = Setup::new(1, 2, TickRate::hz(60));
/// let report = SyncTest::new(Counting, setup).rewind(7).run(600, |tick, _, _| tick.0 as u8)?;
/// assert_eq!(report.ticks, 600);
/// # Ok::<(), SyncTestError>(())
/// ```
#[derive(Debug)]
pub struct SyncTest<S> {
    simulation: S,
    setup: Setup,
    rewind: u32,
    entries: Vec<(Tick, Entry)>,
}

/// What a passed sync test did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncReport {
    /// Ticks played.
    pub ticks: u64,
    /// Ticks executed again.
    pub resimulated_ticks: u64,
    /// Leaves of which a bit was changed.
    pub changed_leaves: u64,
    /// Ticks played with random inputs.
    pub random_ticks: u64,
    /// Commands that the game's bots gave and that were executed, before the random ones.
    pub commands: u64,
    /// Checksum after the last tick.
    pub checksum: Digest,
    /// What of the state lies outside tables, when that was most. It is copied at every tick: what is
    /// beyond [`PLAIN_STATE_BYTES_HINT`](crate::limits::PLAIN_STATE_BYTES_HINT) belongs into a
    /// [`Table`](crate::Table), or into the rules if it does not change.
    pub plain: PlainState,
}

/// What a sync test found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyncTestError {
    /// A tick, executed again with the same inputs, had another result: `step` depends on something
    /// that is not in the state, or the state does not undo.
    #[error(
        "tick {tick} gave {first} and, executed again, {again}: step depends on something outside the state"
    )]
    Resimulation {
        /// The first tick that differed.
        tick: Tick,
        /// Its digest when it was first executed.
        first: Digest,
        /// Its digest when it was executed again.
        again: Digest,
    },
    /// A tick, executed again with the same inputs or on the decoded state, told other effects: they
    /// depend on something that is not in the state, and a player would hear what did not happen.
    #[error(
        "tick {tick} told {first} and, executed again, {again}: effects depend on something outside the state"
    )]
    Effects {
        /// The first tick that differed.
        tick: Tick,
        /// The first effect that differed, as it was first told, and which of the tick's it is; or that
        /// there was none.
        first: String,
        /// The same when it was executed again.
        again: String,
    },
    /// The digest kept up to date is not the digest computed from scratch.
    #[error("after tick {tick} the digest is {incremental}, from scratch {scratch}")]
    Digest {
        /// The tick.
        tick: Tick,
        /// As `close` returned it.
        incremental: Digest,
        /// As computed from scratch.
        scratch: Digest,
    },
    /// A bot gave a command that nobody would receive.
    #[error("at tick {tick} the bot in slot {slot} gave a command {what}")]
    Command {
        /// The tick.
        tick: Tick,
        /// Whose it is.
        slot: Slot,
        /// What is wrong.
        what: &'static str,
    },
    /// The world does not come back from its own encoding.
    #[error("after tick {tick} the encoded state cannot be read: {source}")]
    Decode {
        /// The tick.
        tick: Tick,
        /// Why not.
        source: DecodeError,
    },
    /// The world comes back from its encoding as another one.
    #[error("after tick {tick} the decoded state differs from the encoded one")]
    RoundTrip {
        /// The tick.
        tick: Tick,
    },
    /// [`Simulation::rebuild`] changed what is not a cache.
    #[error(
        "after tick {tick} rebuild changes the decoded state: it may only make the caches again"
    )]
    Rebuild {
        /// The tick.
        tick: Tick,
    },
    /// A cache is not what [`Simulation::rebuild`] makes of the state: it was not kept up to date, or
    /// is not made again, and a peer that joins late would hold another one.
    #[error(
        "after tick {tick} the cache {cache} is not what rebuild makes of the state: stale, or not rebuilt"
    )]
    Cache {
        /// The tick.
        tick: Tick,
        /// Type and field, and which one of all in the state, as in `Army.strength[0]`.
        cache: String,
    },
    /// A tick, executed on the world decoded from its own encoding, had another result: `step`
    /// depends on something that the encoding leaves out, and a peer that joins late would part.
    #[error(
        "tick {tick} gave {first} and, executed on the decoded state, {again}: step depends on something outside the encoding"
    )]
    Decoded {
        /// The tick.
        tick: Tick,
        /// Its digest when it was executed on the live world.
        first: Digest,
        /// Its digest on the decoded world.
        again: Digest,
    },
    /// The state was only looked at, and is another one.
    #[error("before tick {tick} the state changed while it was looked at")]
    Looked {
        /// The tick that was to be executed next.
        tick: Tick,
    },
    /// A bit of the state changed, and the digest did not, or not as it does from scratch; or the
    /// undo did not bring it back.
    #[error("after tick {tick} a bit of {leaf} changed: {what}")]
    Unseen {
        /// The tick.
        tick: Tick,
        /// The leaf, such as `units[41:3].position.x`.
        leaf: String,
        /// What is wrong.
        what: &'static str,
    },
}

impl SyncTestError {
    /// The tick at which it was found.
    #[must_use]
    pub const fn tick(&self) -> Tick {
        match self {
            Self::Resimulation { tick, .. }
            | Self::Effects { tick, .. }
            | Self::Digest { tick, .. }
            | Self::Command { tick, .. }
            | Self::Decode { tick, .. }
            | Self::RoundTrip { tick }
            | Self::Rebuild { tick }
            | Self::Cache { tick, .. }
            | Self::Decoded { tick, .. }
            | Self::Looked { tick }
            | Self::Unseen { tick, .. } => *tick,
        }
    }
}

/// Most ticks with random inputs.
const RANDOM_TICKS: u64 = 1000;

/// Commands in the random ticks are up to so many ticks old.
const COMMAND_AGE: u32 = 30;

/// So long plays on whoever joined.
const JOINED_TICKS: u64 = 1000;

/// Most leaves of which a bit is changed at one tick.
const LEAVES_MAX: u64 = 256;

/// What the players do at one tick.
struct Turn<S: Simulation> {
    inputs: Vec<S::Input>,
    commands: Vec<GivenCommand<S::Command>>,
}

/// One executed tick that may be undone.
struct Played<S: Simulation> {
    tick: Tick,
    turn: Rc<Turn<S>>,
    checksum: Digest,
    effects: Rc<[S::Effect]>,
    undo: WorldUndo<S>,
}

/// What every execution of a tick needs and leaves.
struct Scratch<E> {
    encoder: Encoder,
    /// Of the tick executed last.
    effects: Effects<E>,
}

impl<E> Scratch<E> {
    const fn new() -> Self {
        Self {
            encoder: Encoder::new(),
            effects: Effects::new(),
        }
    }
}

impl<S: Simulation> SyncTest<S> {
    /// A test of `simulation` that goes back by 8 ticks.
    pub const fn new(simulation: S, setup: Setup) -> Self {
        Self {
            simulation,
            setup,
            rewind: 8,
            entries: Vec::new(),
        }
    }

    /// Goes back by `ticks` at every tick; 0 does not go back.
    #[must_use]
    pub fn rewind(mut self, ticks: u32) -> Self {
        self.rewind = ticks;
        self
    }

    /// Has the frame of `tick` contain `entry`, too: somebody leaves, or the tick rate changes.
    #[must_use]
    pub fn entry(mut self, tick: Tick, entry: Entry) -> Self {
        self.entries.push((tick, entry));
        self
    }

    /// Plays `ticks` ticks with all slots held by players, with the inputs that `input` gives and the
    /// commands of the game's bots; then some with random ones, and some with all slots held by the computer.
    ///
    /// # Errors
    /// The first [`SyncTestError`] found.
    pub fn run(
        mut self,
        ticks: u64,
        input: impl FnMut(Tick, Slot, &S::State) -> S::Input,
    ) -> Result<SyncReport, SyncTestError> {
        let mut report = self.play(ticks, input, |_| {})?;
        let mut rng = Rng::new(self.setup.seed);
        let mut bytes = vec![0; S::Input::BYTES as _];
        report.random_ticks = ticks.min(RANDOM_TICKS);
        let mut draws = Rng::new(mix(self.setup.seed));
        let random_input = |_, _, _: &_| {
            bytes.fill_with(|| rng.below(256).try_into().unwrap_or_default());
            S::Input::unpack(&bytes)
        };
        self.play(report.random_ticks, random_input, |commands| {
            for given in commands.iter_mut() {
                given.slot = Slot(draws.below(self.setup.slots.into()).try_into().unwrap_or(0));
                given.age = draws.below(COMMAND_AGE).into();
                garble(&mut given.command, &mut draws);
            }
            commands.sort_by_key(|given| given.slot);
        })?;
        // The computer, too, is asked on every machine.
        let taken =
            Slot::all(self.setup.slots).map(|slot| (self.setup.first.next(), Entry::Bot(slot)));
        self.entries.extend(taken);
        self.play(
            report.random_ticks,
            |_, _, _| S::Input::default(),
            Vec::clear,
        )?;
        Ok(report)
    }

    fn play(
        &self,
        ticks: u64,
        mut input: impl FnMut(Tick, Slot, &S::State) -> S::Input,
        mut change: impl FnMut(&mut Vec<GivenCommand<S::Command>>),
    ) -> Result<SyncReport, SyncTestError> {
        let mut world = World::start(&self.simulation, &self.setup);
        let mut played = VecDeque::<Played<S>>::new();
        let (mut decoded, mut joined_before) = (None, None);
        let mut marking = Encoder::marking();
        let mut scratch = Scratch::new();
        let mut report = SyncReport {
            ticks,
            resimulated_ticks: 0,
            changed_leaves: 0,
            random_ticks: 0,
            commands: 0,
            checksum: Digest::default(),
            plain: PlainState::default(),
        };

        let first = self.setup.first;
        for tick in first.until(first + ticks) {
            let played_before = tick.0 - first.0;
            let mut turn = self.turn(&world.state, |slot, state| input(tick, slot, state));
            for GivenCommand { slot, command, .. } in &mut turn.commands {
                let slot = *slot;
                *command =
                    sent(command).map_err(|what| SyncTestError::Command { tick, slot, what })?;
            }
            change(&mut turn.commands);
            report.commands += turn.commands.len() as u64;
            let turn = Rc::new(turn);
            world.state.visit(&mut Onlooker);
            if tick != first && world.digest(&mut scratch.encoder) != report.checksum {
                return Err(SyncTestError::Looked { tick });
            }
            let mut undo = WorldUndo::default();
            let checksum = self.execute(&mut world, tick, &turn, &mut undo, &mut scratch);
            report.checksum = checksum;
            let effects = Rc::<[_]>::from(scratch.effects.emitted());
            let plain = PlainState::of(&world.state, &mut marking);
            if plain.bytes > report.plain.bytes {
                report.plain = plain;
            }
            let mut copy = check_encoding(&world, tick, checksum, &mut scratch.encoder)?;
            self.check_caches(&world, &mut copy, tick)?;
            if played_before.is_power_of_two() || played_before.is_multiple_of(JOINED_TICKS) {
                report.changed_leaves += change_leaves(&mut copy, tick, &mut scratch.encoder)?;
            }
            let mut joined = decoded.replace(copy);

            played.push_back(Played {
                tick,
                turn: Rc::clone(&turn),
                checksum,
                effects: Rc::clone(&effects),
                undo,
            });
            if played.len() as u64 > u64::from(self.rewind) {
                played.pop_front();
            }
            report.resimulated_ticks += self.go_back(&mut world, &mut played, &mut scratch)?;
            // The world as a peer would have it that joined with the snapshot of the tick before; and as
            // one has it that joined some time ago.
            for world in [&mut joined_before, &mut joined].into_iter().flatten() {
                let mut undo = WorldUndo::default();
                let again = self.execute(world, tick, &turn, &mut undo, &mut scratch);
                if again != checksum {
                    let first = checksum;
                    return Err(SyncTestError::Decoded { tick, first, again });
                }
                check_effects(tick, &effects, scratch.effects.emitted())?;
            }
            if joined_before.is_none() || played_before.is_multiple_of(JOINED_TICKS) {
                joined_before = joined;
            }
        }
        Ok(report)
    }

    /// What all players do, with `state` before them.
    fn turn(
        &self,
        state: &S::State,
        mut input: impl FnMut(Slot, &S::State) -> S::Input,
    ) -> Turn<S> {
        let slots = || Slot::all(self.setup.slots);
        let commands = |slot| {
            let commands = self.simulation.bot_commands(state, slot);
            let given = move |command| GivenCommand::new(slot, command);
            commands.into_iter().map(given)
        };
        Turn {
            inputs: slots().map(|slot| input(slot, state)).collect(),
            commands: slots().flat_map(commands).collect(),
        }
    }

    fn execute(
        &self,
        world: &mut World<S>,
        tick: Tick,
        turn: &Turn<S>,
        undo: &mut WorldUndo<S>,
        scratch: &mut Scratch<S::Effect>,
    ) -> Digest {
        let mut entries: Vec<_> = if tick == self.setup.first {
            Slot::all(self.setup.slots).map(Entry::Join).collect()
        } else {
            Vec::new()
        };
        let more = self.entries.iter().filter(|(at, _)| *at == tick);
        entries.extend(more.map(|(_, entry)| *entry));
        let given = Given {
            entries: &entries,
            commands: &turn.commands,
            inputs: &turn.inputs,
        };
        let Scratch { encoder, effects } = scratch;
        effects.clear();
        world.step(&self.simulation, tick, &given, undo, encoder, effects)
    }

    /// Rebuilds the caches of `decoded`, as for a peer that joins, and compares them with the live ones.
    fn check_caches(
        &self,
        live: &World<S>,
        decoded: &mut World<S>,
        tick: Tick,
    ) -> Result<(), SyncTestError> {
        let written = |write: &dyn Fn(&mut Encoder)| {
            let mut out = Encoder::new();
            write(&mut out);
            out.into_bytes()
        };
        decoded.rebuild(&self.simulation);
        if written(&|out| decoded.encode(out)) != written(&|out| live.encode(out)) {
            return Err(SyncTestError::Rebuild { tick });
        }
        let kept = written(&|out| live.encode_caches(out));
        let rebuilt = written(&|out| decoded.encode_caches(out));
        match first_difference(&kept, &rebuilt) {
            Some(cache) => Err(SyncTestError::Cache { tick, cache }),
            None => Ok(()),
        }
    }

    /// Undoes the younger half of `played`, executes one tick of it again, undoes all, and executes
    /// that. Returns how many ticks were executed.
    fn go_back(
        &self,
        world: &mut World<S>,
        played: &mut VecDeque<Played<S>>,
        scratch: &mut Scratch<S::Effect>,
    ) -> Result<u64, SyncTestError> {
        let played = played.make_contiguous();
        let (older, younger) = played.split_at_mut(played.len() / 2);
        let undo = |world: &mut World<S>, played: &mut [Played<S>]| {
            let newest_first = played.iter_mut().rev();
            newest_first.for_each(|played| world.undo(&mut played.undo));
        };
        undo(world, younger);
        let first = younger.split_at_mut(1.min(younger.len())).0;
        self.execute_again(world, first, scratch)?;
        undo(world, first);
        undo(world, older);
        let again = (first.len() + played.len()) as u64;
        self.execute_again(world, played, scratch)?;
        Ok(again)
    }

    fn execute_again(
        &self,
        world: &mut World<S>,
        played: &mut [Played<S>],
        scratch: &mut Scratch<S::Effect>,
    ) -> Result<(), SyncTestError> {
        for Played {
            tick,
            turn,
            checksum,
            effects,
            undo,
        } in played
        {
            let again = self.execute(world, *tick, turn, undo, scratch);
            if again != *checksum {
                let (tick, first) = (*tick, *checksum);
                return Err(SyncTestError::Resimulation { tick, first, again });
            }
            check_effects(*tick, effects, scratch.effects.emitted())?;
        }
        Ok(())
    }
}

/// Whether a tick executed again told the same.
fn check_effects<E: Effect>(tick: Tick, first: &[E], again: &[E]) -> Result<(), SyncTestError> {
    let longer = first.len().max(again.len());
    let differs = (0..longer).find(|index| first.get(*index) != again.get(*index));
    let Some(index) = differs else {
        return Ok(());
    };
    let told = |effects: &[E]| match effects.get(index) {
        Some(effect) => format!("{effect:?} as its effect {index}"),
        None => format!("no effect {index}"),
    };
    let (first, again) = (told(first), told(again));
    Err(SyncTestError::Effects { tick, first, again })
}

/// A command as everybody receives it, or why nobody does.
fn sent<C: Command>(command: &C) -> Result<C, &'static str> {
    let bytes = to_bytes(command);
    if bytes.len() as u64 > u64::from(C::MAX_BYTES) {
        return Err("that is longer than its type says");
    }
    from_bytes(&bytes).map_err(|_| "that cannot be read from its own encoding")
}

/// Flips some bits of `command`, if that leaves a command.
fn garble<C: State>(command: &mut C, draws: &mut Rng) {
    let mut bytes = to_bytes(command);
    for _ in 0..=draws.below(3) {
        let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let Some(byte) = bytes.get_mut(at(draws.below(count.max(1)))) else {
            return;
        };
        *byte ^= 1 << draws.below(8);
    }
    if let Ok(garbled) = from_bytes(&bytes) {
        *command = garbled;
    }
}

/// Somebody who only looks.
struct Onlooker;

impl Visitor for Onlooker {
    fn enter(&mut self, _step: PathStep) {}
    fn leaf(&mut self, _value: Leaf) {}
    fn leave(&mut self) {}
}

/// Changes a bit of each leaf, or of some drawn ones, and takes it back. Returns how many.
fn change_leaves<S: Simulation>(
    world: &mut World<S>,
    tick: Tick,
    buffer: &mut Encoder,
) -> Result<u64, SyncTestError> {
    let mut undo = WorldUndo::default();
    // So that what was decoded has its digests.
    let before = world.change(&mut undo, buffer, |_| {});
    let all = leaves(&mut world.state);
    for count in 0..all.min(LEAVES_MAX) {
        let draw = mix(tick.0 ^ mix(count));
        let number = if all > LEAVES_MAX { draw % all } else { count };
        let mut leaf = None;
        let changed = world.change(&mut undo, buffer, |world| {
            leaf = flip_leaf_number(&mut world.state, number, mix(draw));
        });
        let scratch = world.digest(buffer);
        world.undo(&mut undo);
        let what = if changed == before {
            "the digest is as before"
        } else if scratch != changed {
            "the digest from scratch is another one"
        } else if world.digest(buffer) != before {
            "the undo did not bring it back"
        } else {
            continue;
        };
        let leaf = leaf.unwrap_or_default();
        let leaf = leaf.trim_start_matches('.').into();
        return Err(SyncTestError::Unseen { tick, leaf, what });
    }
    Ok(all.min(LEAVES_MAX))
}

/// Compares the incremental digest with the one from scratch, and the world with what its own
/// encoding gives back; returns that.
fn check_encoding<S: Simulation>(
    world: &World<S>,
    tick: Tick,
    incremental: Digest,
    buffer: &mut Encoder,
) -> Result<World<S>, SyncTestError> {
    let scratch = world.digest(buffer);
    if scratch != incremental {
        return Err(SyncTestError::Digest {
            tick,
            incremental,
            scratch,
        });
    }
    let mut encoded = Encoder::new();
    world.encode(&mut encoded);
    let decoded = World::<S>::decode(encoded.bytes())
        .map_err(|source| SyncTestError::Decode { tick, source })?;
    let mut again = Encoder::new();
    decoded.encode(&mut again);
    if again.bytes() != encoded.bytes() || decoded.digest(buffer) != scratch {
        return Err(SyncTestError::RoundTrip { tick });
    }
    Ok(decoded)
}
