//! A [`Timeline`] that goes on from a [`Snapshot`], as late joiners and replays do.

use alloc::boxed::Box;

use super::{Knowledge, RECORDS, Record, Timeline, TimelineStats, Window, WindowError};
use crate::codec::Encoder;
use crate::effects::Ledger;
use crate::frame::Provenance;
use crate::index::{at, ring};
use crate::input::Input;
use crate::limits::FIRST_TICK_MAX;
use crate::predicted::Predicted;
use crate::simulation::Simulation;
use crate::snapshot::{RestoreError, Snapshot};
use crate::tick::Tick;
use crate::world::World;

/// Why a timeline does not go on from a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResumeError {
    /// The window is not valid.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// The snapshot is no world of the game.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// It has not one input and one count for each slot.
    #[error("the snapshot has not one input for each slot")]
    Inputs,
    /// Its tick is beyond what can be played.
    #[error("tick {0} is beyond what can be played")]
    Tick(Tick),
    /// It is of another session than the timeline's.
    #[error("the snapshot is of another session")]
    OtherSession,
}

impl<S: Simulation> Timeline<S> {
    /// A timeline that goes on from `snapshot`, after its tick: fed the same frames, it is the one that
    /// began with the session, in states, digests, chained digests and guesses. Of its past it knows
    /// the snapshot's tick alone. Its [figures](Timeline::stats) begin here.
    ///
    /// # Errors
    /// [`ResumeError`] if the window is not valid, or the snapshot not one of this game.
    pub fn resume(simulation: S, snapshot: &Snapshot, window: Window) -> Result<Self, ResumeError> {
        let window = window.validate()?;
        check(snapshot)?;
        let world = snapshot.open(&simulation)?;
        let slots = snapshot.setup.slots;
        let records: Box<[Record<S>]> = (0..RECORDS).map(|_| Record::new(slots)).collect();
        let mut timeline = Self {
            simulation,
            setup: snapshot.setup,
            world,
            window,
            records,
            own: Predicted::new(),
            confirmed: Tick::ZERO,
            next: Tick::ZERO,
            reached: Tick::ZERO,
            scratch: Encoder::new(),
            effects: Ledger::new(),
            stats: TimelineStats::default(),
        };
        timeline.continue_from(snapshot);
        Ok(timeline)
    }

    /// Goes to `snapshot`, a tick of the same session before or after this one, and on from there, in the
    /// memory that this timeline has. What was known of other ticks is forgotten.
    ///
    /// # Errors
    /// [`ResumeError`] as for [`Timeline::resume`]; the timeline is what it was then.
    pub fn jump(&mut self, snapshot: &Snapshot) -> Result<(), ResumeError> {
        if snapshot.setup != self.setup {
            return Err(ResumeError::OtherSession);
        }
        check(snapshot)?;
        self.world = snapshot.open(&self.simulation)?;
        self.continue_from(snapshot);
        Ok(())
    }

    /// Goes back to before the first tick of the session. What was known of ticks is forgotten.
    pub fn restart(&mut self) {
        self.world = World::start(&self.simulation, &self.setup);
        self.stand_before(self.setup.first);
    }

    /// Makes the snapshot's tick the newest one, confirmed.
    fn continue_from(&mut self, snapshot: &Snapshot) {
        let tick = snapshot.tick;
        self.stand_before(tick.next());
        // In the place of a tick so far ahead that it is made anew before anything asks for it.
        let record = &mut self.records[ring(tick.0, at(RECORDS))];
        record.reset(tick);
        let inputs = snapshot.inputs.chunks_exact(at(S::Input::BYTES));
        for (value, packed) in record.values.iter_mut().zip(inputs) {
            *value = S::Input::unpack(packed);
        }
        record.missing.clone_from(&snapshot.missing);
        for (knowledge, missing) in record.knowledge.iter_mut().zip(&snapshot.missing) {
            *knowledge = Knowledge::Sealed(match missing {
                0 => Provenance::Real,
                _ => Provenance::Repeated,
            });
        }
        record.sealed = true;
        record.paused = self.world.session.paused();
        record.checksum = snapshot.checksum;
        record.chained = snapshot.chained;
    }

    /// Nothing is known of `next` and what comes after it; all before it is over.
    fn stand_before(&mut self, next: Tick) {
        self.confirmed = next;
        self.next = next;
        self.reached = next;
        self.own = Predicted::new();
        self.effects.abandon();
        for tick in next.until(next + u64::from(RECORDS)) {
            self.records[ring(tick.0, at(RECORDS))].reset(tick);
        }
    }
}

/// Whether the numbers of a snapshot, which may come from anywhere, are some to go on from.
fn check(snapshot: &Snapshot) -> Result<(), ResumeError> {
    let slots = u64::from(snapshot.setup.slots);
    let bytes = slots * u64::from(snapshot.game.input_bytes);
    if snapshot.inputs.len() as u64 != bytes || snapshot.missing.len() as u64 != slots {
        Err(ResumeError::Inputs)
    } else if snapshot.tick.0 > 2 * FIRST_TICK_MAX {
        Err(ResumeError::Tick(snapshot.tick))
    } else {
        Ok(())
    }
}
