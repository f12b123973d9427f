//! [`SyncTest`]: one process, no network, and every reason for which two machines could part.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use crate::codec::{DecodeError, Encoder};
use crate::digest::Digest;
use crate::session::{Entry, Slot};
use crate::simulation::{Setup, Simulation};
use crate::state::first_difference;
use crate::tick::Tick;
use crate::world::{World, WorldUndo};

/// Runs a game alone and, at every tick, goes back and plays the last ticks again, recomputes the
/// digest from scratch, encodes and decodes the world, rebuilds its caches, and plays on with what was
/// decoded. All must agree.
///
/// ```
/// # use phalanx_engine::*;
/// # #[derive(State, Clone)] struct Count { sum: u32 }
/// # struct Counting;
/// # impl Simulation for Counting {
/// #     const ID: &'static str = "counting"; const VERSION: u32 = 1;
/// #     type State = Count; type Input = u8;
/// #     fn start(&self, _: &Setup) -> Count { Count { sum: 0 } }
/// #     fn step(&self, state: &mut Count, frame: &InputFrame<'_, Self>) {
/// #         state.sum += u32::from(frame.input(Slot(0)));
/// #     }
/// # }
/// let setup = Setup { seed: 1, slots: 2, rate: TickRate::hz(60) };
/// let report = SyncTest::new(Counting, setup).rewind(7).run(600, |tick, _, _| tick.0 as u8)?;
/// assert_eq!(report.ticks, 600);
/// # Ok::<(), SyncTestError>(())
/// ```
#[derive(Debug)]
pub struct SyncTest<S> {
    simulation: S,
    setup: Setup,
    rewind: u32,
}

/// What a passed sync test did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncReport {
    /// Ticks played.
    pub ticks: u64,
    /// Ticks executed again.
    pub resimulated_ticks: u64,
    /// Checksum after the last tick.
    pub checksum: Digest,
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
}

impl SyncTestError {
    /// The tick at which it was found.
    #[must_use]
    pub const fn tick(&self) -> Tick {
        match self {
            Self::Resimulation { tick, .. }
            | Self::Digest { tick, .. }
            | Self::Decode { tick, .. }
            | Self::RoundTrip { tick }
            | Self::Rebuild { tick }
            | Self::Cache { tick, .. }
            | Self::Decoded { tick, .. } => *tick,
        }
    }
}

/// One executed tick that may be undone.
struct Played<S: Simulation> {
    tick: Tick,
    inputs: Vec<S::Input>,
    checksum: Digest,
    undo: WorldUndo<S>,
}

impl<S: Simulation> SyncTest<S> {
    /// A test of `simulation` that goes back by 8 ticks.
    pub const fn new(simulation: S, setup: Setup) -> Self {
        Self {
            simulation,
            setup,
            rewind: 8,
        }
    }

    /// Goes back by `ticks` at every tick; 0 does not go back.
    #[must_use]
    pub fn rewind(mut self, ticks: u32) -> Self {
        self.rewind = ticks;
        self
    }

    /// Plays `ticks` ticks with all slots held by players, with the inputs that `input` gives.
    ///
    /// # Errors
    /// The first [`SyncTestError`] found.
    pub fn run(
        self,
        ticks: u64,
        mut input: impl FnMut(Tick, Slot, &S::State) -> S::Input,
    ) -> Result<SyncReport, SyncTestError> {
        let mut world = World::start(&self.simulation, &self.setup);
        let mut played = VecDeque::<Played<S>>::new();
        let mut decoded = None;
        let mut scratch = Encoder::new();
        let mut report = SyncReport {
            ticks,
            resimulated_ticks: 0,
            checksum: Digest::default(),
        };

        for tick in Tick::ZERO.until(Tick(ticks)) {
            let inputs: Vec<_> = Slot::all(self.setup.slots)
                .map(|slot| input(tick, slot, &world.state))
                .collect();
            let mut undo = WorldUndo::default();
            let checksum = self.execute(&mut world, tick, &inputs, &mut undo, &mut scratch);
            report.checksum = checksum;
            let mut copy = check_encoding(&world, tick, checksum, &mut scratch)?;
            self.check_caches(&world, &mut copy, tick)?;
            let joined = decoded.replace(copy);

            played.push_back(Played {
                tick,
                inputs: inputs.clone(),
                checksum,
                undo,
            });
            if played.len() as u64 > u64::from(self.rewind) {
                played.pop_front();
            }
            report.resimulated_ticks += played.len() as u64;
            self.play_again(&mut world, &mut played, &mut scratch)?;
            // The world as a peer would have it that joined with the snapshot of the tick before.
            if let Some(mut joined) = joined {
                let again = self.execute(
                    &mut joined,
                    tick,
                    &inputs,
                    &mut WorldUndo::default(),
                    &mut scratch,
                );
                if again != checksum {
                    let first = checksum;
                    return Err(SyncTestError::Decoded { tick, first, again });
                }
            }
        }
        Ok(report)
    }

    fn execute(
        &self,
        world: &mut World<S>,
        tick: Tick,
        inputs: &[S::Input],
        undo: &mut WorldUndo<S>,
        scratch: &mut Encoder,
    ) -> Digest {
        let joins: Vec<_> = match tick {
            Tick::ZERO => Slot::all(self.setup.slots).map(Entry::Join).collect(),
            _ => Vec::new(),
        };
        world.step(&self.simulation, tick, &joins, inputs, undo, scratch)
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

    /// Undoes all of `played`, newest first, and executes it again.
    fn play_again(
        &self,
        world: &mut World<S>,
        played: &mut VecDeque<Played<S>>,
        scratch: &mut Encoder,
    ) -> Result<(), SyncTestError> {
        played
            .iter_mut()
            .rev()
            .for_each(|played| world.undo(&mut played.undo));
        for Played {
            tick,
            inputs,
            checksum,
            undo,
        } in played
        {
            let again = self.execute(world, *tick, inputs, undo, scratch);
            if again != *checksum {
                let (tick, first) = (*tick, *checksum);
                return Err(SyncTestError::Resimulation { tick, first, again });
            }
        }
        Ok(())
    }
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
