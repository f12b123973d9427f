//! [`Timeline`]: one live world and a ring of records, one per tick; prediction, rollback and
//! confirmation.

mod resume;

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use crate::codec::Encoder;
use crate::command::{GivenCommand, SealedCommand};
use crate::digest::{At, Digest, DigestVisitor};
use crate::effects::{EffectEvent, Ledger};
use crate::frame::{Provenance, Repeat, SealedFrame};
use crate::index::{at, ring};
use crate::input::Input;
use crate::limits::{HISTORY_TICKS_MAX, HORIZON_TICKS_MAX, WINDOW_TICKS_MAX};
use crate::predicted::Predicted;
use crate::session::{Entry, Session, Slot};
use crate::simulation::{GameIdentity, Setup, Simulation};
use crate::snapshot::Snapshot;
use crate::state::PathStep;
use crate::tick::Tick;
use crate::world::{Given, World, WorldUndo};
pub use resume::ResumeError;

/// How far a timeline may run ahead of what is confirmed, and how it guesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Most predicted ticks; 0 is pure lockstep.
    pub ticks: u32,
    /// The guess for inputs that are not known yet.
    pub repeat: Repeat,
}

/// Why a [`Window`] was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// More predicted ticks than [`WINDOW_TICKS_MAX`].
    #[error("a window holds at most {WINDOW_TICKS_MAX} ticks")]
    TooLong,
    /// Inputs would become neutral inside the window, and every such tick a rollback.
    #[error("inputs must be repeated for at least as many ticks as the window has")]
    RepeatTooShort,
}

impl Window {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`WindowError`] says which is out of range.
    pub const fn validate(self) -> Result<Self, WindowError> {
        if self.ticks > WINDOW_TICKS_MAX {
            Err(WindowError::TooLong)
        } else if self.repeat.ticks < self.ticks {
            Err(WindowError::RepeatTooShort)
        } else {
            Ok(self)
        }
    }
}

/// What a sealed frame did to the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealing {
    /// Its tick was not executed yet, or an earlier one is still unsealed: it is kept.
    Kept,
    /// Its tick, and perhaps kept ones after it, are now confirmed.
    Confirmed,
    /// The tick had been executed with something else, or it makes a later guess a wrong one: the
    /// world is back before the first such tick, and [`Timeline::advance`] executes it again.
    RolledBack {
        /// The first tick to be executed again.
        from: Tick,
    },
    /// It was known already.
    Known,
}

/// Why a sealed frame or input was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The tick lies beyond the horizon; it is to be sent again later.
    #[error("tick {0} lies beyond the horizon")]
    BeyondHorizon(Tick),
    /// The frame is not made for this session's slots and inputs.
    #[error("the frame of tick {0} has the wrong number of slots or bytes")]
    WrongShape(Tick),
}

/// Why [`Timeline::advance`] did not execute a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stall {
    /// As many ticks are predicted as the window allows; in lockstep: the frame is missing.
    WindowFull,
    /// The session's last tick was executed.
    Ended,
}

/// Figures of a timeline since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimelineStats {
    /// How often ticks were undone and executed again.
    pub rollbacks: u64,
    /// Most ticks executed again by one rollback.
    pub rollback_depth_max: u64,
    /// Ticks executed again, in all.
    pub resimulated_ticks: u64,
    /// Confirmed ticks on which any slot's input differed from the tick before, or a command was executed.
    pub input_changes: u64,
    /// Players' commands that confirmed ticks executed: none of a paused tick, and nothing that bots ordered.
    pub commands: u64,
    /// Sealed commands that were no value of the game's command and were left out.
    pub invalid_commands: u64,
    /// Sealed inputs that were no value of the game's input and became neutral.
    pub invalid_inputs: u64,
    /// Effects of confirmed ticks that were left out, for there were more than
    /// [`EFFECTS_PER_TICK_MAX`](crate::limits::EFFECTS_PER_TICK_MAX).
    pub effects_left_out: u64,
    /// Events of effects that nobody fetched in time.
    pub effects_missed: u64,
}

/// What is known of one slot's input at one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Knowledge {
    Guessed,
    Provisional,
    Sealed(Provenance),
}

impl Knowledge {
    /// Whether the slot itself made the value.
    const fn is_real(self) -> bool {
        matches!(self, Self::Provisional | Self::Sealed(Provenance::Real))
    }
}

/// Everything about one tick. `values`, `commands` and `entries` are what the tick was executed with, if it was
/// executed, and what it is going to be executed with otherwise.
struct Record<S: Simulation> {
    tick: Tick,
    values: Vec<S::Input>,
    knowledge: Vec<Knowledge>,
    entries: Vec<Entry>,
    commands: Vec<GivenCommand<S::Command>>,
    sealed: bool,
    /// Whether the tick was one of a pause when it was executed.
    paused: bool,
    /// Per slot the ticks without a real value up to this one; known once the tick is confirmed.
    missing: Vec<u32>,
    undo: WorldUndo<S>,
    effects_left_out: u32,
    checksum: Digest,
    chained: Digest,
}

impl<S: Simulation> Record<S> {
    fn new(slots: u8) -> Self {
        let slots = at(slots.into());
        Self {
            tick: Tick::ZERO,
            values: vec![S::Input::default(); slots],
            knowledge: vec![Knowledge::Guessed; slots],
            entries: Vec::new(),
            commands: Vec::new(),
            sealed: false,
            paused: false,
            missing: vec![0; slots],
            undo: WorldUndo::default(),
            effects_left_out: 0,
            checksum: Digest::default(),
            chained: Digest::default(),
        }
    }

    /// Makes the record one of `tick`, of which nothing is known.
    fn reset(&mut self, tick: Tick) {
        self.tick = tick;
        self.values.fill(S::Input::default());
        self.knowledge.fill(Knowledge::Guessed);
        self.entries.clear();
        self.commands.clear();
        self.sealed = false;
        self.paused = false;
    }

    /// What `slot` did, as the ticks after this one see it: nothing in a pause.
    fn did(&self, slot: Slot) -> S::Input {
        if self.paused {
            S::Input::default()
        } else {
            self.values[at(slot.0.into())]
        }
    }
}

impl<S: Simulation> Clone for Record<S> {
    fn clone(&self) -> Self {
        Self {
            tick: self.tick,
            values: self.values.clone(),
            knowledge: self.knowledge.clone(),
            entries: self.entries.clone(),
            commands: self.commands.clone(),
            sealed: self.sealed,
            paused: self.paused,
            missing: self.missing.clone(),
            undo: self.undo.clone(),
            effects_left_out: self.effects_left_out,
            checksum: self.checksum,
            chained: self.chained,
        }
    }
}

/// Records in the ring: behind and beyond the confirmed tick.
const RECORDS: u32 = HISTORY_TICKS_MAX + HORIZON_TICKS_MAX;

/// Executes ticks with what is known of them, and again when more is known.
///
/// There is one live world. Every executed tick leaves a record of what it used and how to undo it.
/// Inputs that are not known are guessed by [`Repeat`]; when a forwarded input or a sealed frame
/// tells otherwise, the world goes back to before that tick at once, and [`Timeline::advance`]
/// executes it again. Rolling back is going back; catching up is going on.
///
/// ```text
///  oldest kept      confirmed()          next()              horizon
///      |  confirmed     |     predicted    |   known, not yet   |
///      |  (checksums)   |   (may change)   |     executed       |
/// ```
pub struct Timeline<S: Simulation> {
    simulation: S,
    setup: Setup,
    world: World<S>,
    window: Window,
    records: Box<[Record<S>]>,
    /// The player's own commands that no frame has shown yet.
    own: Predicted<S::Command>,
    confirmed: Tick,
    next: Tick,
    /// The tick after the newest one that was ever executed: up to here it is "again".
    reached: Tick,
    scratch: Encoder,
    effects: Ledger<S::Effect>,
    stats: TimelineStats,
}

/// A second one that goes on from here like the first, and shares nothing with it.
impl<S: Simulation<State: Clone> + Clone> Clone for Timeline<S> {
    fn clone(&self) -> Self {
        Self {
            simulation: self.simulation.clone(),
            setup: self.setup,
            world: self.world.clone(),
            window: self.window,
            records: self.records.clone(),
            own: self.own.clone(),
            confirmed: self.confirmed,
            next: self.next,
            reached: self.reached,
            scratch: Encoder::new(),
            effects: self.effects.clone(),
            stats: self.stats,
        }
    }
}

/// A timeline whose world is back after `tick`. It goes forth again when this is dropped, so also
/// if whoever looks at it panics.
struct Past<'a, S: Simulation> {
    timeline: &'a mut Timeline<S>,
    tick: Tick,
}

impl<S: Simulation> Drop for Past<'_, S> {
    fn drop(&mut self) {
        let Timeline {
            world,
            records,
            next,
            ..
        } = &mut *self.timeline;
        for later in self.tick.next().until(*next) {
            world.redo(&mut records[ring(later.0, at(RECORDS))].undo);
        }
    }
}

impl<S: Simulation> Timeline<S> {
    /// The timeline of a session that starts from `setup`.
    ///
    /// # Errors
    /// [`WindowError`] if `window` is not valid.
    ///
    /// # Panics
    /// If `setup` is not [valid](Setup::validate).
    pub fn new(simulation: S, setup: &Setup, window: Window) -> Result<Self, WindowError> {
        let window = window.validate()?;
        let world = World::start(&simulation, setup);
        let mut records: Box<[Record<S>]> =
            (0..RECORDS).map(|_| Record::new(setup.slots)).collect();
        let first = setup.first;
        for tick in first.until(first + u64::from(RECORDS)) {
            records[ring(tick.0, at(RECORDS))].reset(tick);
        }
        Ok(Self {
            simulation,
            setup: *setup,
            world,
            window,
            records,
            own: Predicted::new(),
            confirmed: first,
            next: first,
            reached: first,
            scratch: Encoder::new(),
            effects: Ledger::new(),
            stats: TimelineStats::default(),
        })
    }

    /// What the session started from.
    pub const fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The game's rules.
    pub const fn simulation(&self) -> &S {
        &self.simulation
    }

    /// The live state: after the tick before [`Timeline::next`].
    pub const fn state(&self) -> &S::State {
        &self.world.state
    }

    /// The session as of the live state.
    pub const fn session(&self) -> &Session {
        &self.world.session
    }

    /// The first tick that is not confirmed; all before it are.
    pub const fn confirmed(&self) -> Tick {
        self.confirmed
    }

    /// The tick that [`Timeline::advance`] executes next.
    pub const fn next(&self) -> Tick {
        self.next
    }

    /// The window.
    pub const fn window(&self) -> Window {
        self.window
    }

    /// The first tick beyond those of which anything is accepted.
    pub fn horizon(&self) -> Tick {
        self.confirmed + u64::from(HORIZON_TICKS_MAX)
    }

    /// Figures since the start.
    pub const fn stats(&self) -> TimelineStats {
        TimelineStats {
            effects_missed: self.effects.missed(),
            ..self.stats
        }
    }

    /// Takes what there is to tell of effects since the last call: each predicted at most once and
    /// then confirmed or cancelled once. [`effects`](crate::effects) says when, and in which order.
    ///
    /// What nobody has fetched when its tick is [`HISTORY_TICKS_MAX`] behind the confirmed one is
    /// forgotten and counted, and so is what is more than
    /// [`EFFECT_EVENTS_MAX`](crate::limits::EFFECT_EVENTS_MAX): whoever wants none need not call this. Who
    /// begins late hears the end of some effects whose beginning it has missed.
    pub fn effects(&mut self) -> impl Iterator<Item = EffectEvent<S::Effect>> + '_ {
        core::iter::from_fn(|| self.effects.pop())
    }

    /// Digest of the world after `tick`; `None` if that tick is not executed or no longer kept.
    /// For a confirmed tick it is the checksum.
    pub fn digest(&self, tick: Tick) -> Option<Digest> {
        self.executed(tick).map(|record| record.checksum)
    }

    /// Chained digest of all ticks up to `tick`; `None` if it is not confirmed or no longer kept.
    pub fn chained(&self, tick: Tick) -> Option<Digest> {
        self.executed(tick)
            .filter(|_| tick < self.confirmed)
            .map(|record| record.chained)
    }

    /// Shows the state after an executed `tick` that is still kept; `None` for any other.
    ///
    /// The live world goes back to that tick, is looked at, and goes forth again by the records that
    /// it left on the way: nothing is executed and nothing allocated, and the cost is twice what the
    /// ticks since `tick` changed. For the newest tick it costs nothing. Two timelines are looked at at
    /// once by a look inside a look, as [`diff`](crate::diff()) needs it.
    pub fn look<T>(&mut self, tick: Tick, see: impl FnOnce(&S::State) -> T) -> Option<T> {
        self.past(tick).map(|past| see(&past.timeline.world.state))
    }

    /// Shows the digest of every node of the world after an executed `tick` that is still kept, down
    /// to the blocks of columns; returns the root's, which is [`Timeline::digest`]; `None` for any other
    /// tick. The root's fields are `session` and `state`.
    ///
    /// It costs what [`Timeline::look`] does, and the hash of all that is not in columns.
    pub fn visit_digests(&mut self, tick: Tick, visitor: &mut dyn DigestVisitor) -> Option<Digest> {
        let past = self.past(tick)?;
        let Self { world, scratch, .. } = &mut *past.timeline;
        Some(world.visit_digests(scratch, visitor))
    }

    /// The digest of one of these nodes, such as the fields `state`, `units`, `columns` and `position`,
    /// for two peers to find out where they differ; `None` if there is no such node or tick.
    ///
    /// It costs what [`Timeline::visit_digests`] does.
    pub fn digest_at(&mut self, tick: Tick, path: &[PathStep]) -> Option<Digest> {
        let mut at = At::new(path);
        self.visit_digests(tick, &mut at)?;
        at.found
    }

    /// The world after an executed `tick` that is still kept, and what a match needs to go on from it;
    /// `None` for any other tick.
    ///
    /// Of a predicted tick it is what this timeline believes: nobody else needs to hold the same. It
    /// costs what [`Timeline::look`] does, and the encoding of the whole world.
    pub fn snapshot(&mut self, tick: Tick) -> Option<Snapshot> {
        let record = self.executed(tick)?;
        let checksum = record.checksum;
        let mut inputs = vec![0; record.values.len() * at(S::Input::BYTES)];
        let packed = inputs.chunks_exact_mut(at(S::Input::BYTES));
        for (slot, packed) in Slot::all(self.setup.slots).zip(packed) {
            record.did(slot).pack(packed);
        }
        let slots = Slot::all(self.setup.slots);
        let missing = slots.map(|slot| self.missing_after(tick, slot)).collect();
        let chained = self.chained_up_to(tick);
        let past = self.past(tick)?;
        let mut out = Encoder::marking();
        past.timeline.world.encode(&mut out);
        let (world, marks) = out.into_marked();
        Some(Snapshot {
            game: GameIdentity::of(&past.timeline.simulation),
            setup: past.timeline.setup,
            tick,
            checksum,
            chained,
            inputs,
            missing,
            world,
            marks,
        })
    }

    /// The chained digest of an executed tick, as it is or as it will be if what is predicted is right.
    fn chained_up_to(&self, tick: Tick) -> Digest {
        let sure = self.confirmed.min(tick.next());
        let chained = self.before(sure).map(|sure| self.record(sure).chained);
        let predicted = sure
            .until(tick.next())
            .map(|tick| self.record(tick).checksum);
        predicted.fold(chained.unwrap_or_default(), Digest::chain)
    }

    /// The world as it was after `tick`, for as long as the result lives.
    fn past(&mut self, tick: Tick) -> Option<Past<'_, S>> {
        self.executed(tick)?;
        for later in tick.next().until(self.next).rev() {
            let record = &mut self.records[ring(later.0, at(RECORDS))];
            self.world.undo(&mut record.undo);
        }
        Some(Past {
            timeline: self,
            tick,
        })
    }

    /// What `slot` did in the executed `tick`, as far as is known: nothing in a pause, and nothing that has
    /// to be known if the computer holds it.
    pub fn input(&self, tick: Tick, slot: Slot) -> Option<S::Input> {
        self.executed(tick)
            .filter(|_| slot.0 < self.setup.slots)
            .map(|record| record.did(slot))
    }

    /// The tick before `tick`, if the session has one.
    const fn before(&self, tick: Tick) -> Option<Tick> {
        tick.previous_since(self.setup.first)
    }

    fn executed(&self, tick: Tick) -> Option<&Record<S>> {
        let record = self.record(tick);
        (tick < self.next && record.tick == tick).then_some(record)
    }

    fn record(&self, tick: Tick) -> &Record<S> {
        // By the constant: a mask, where the length of the slice would be a division.
        &self.records[ring(tick.0, at(RECORDS))]
    }

    fn record_mut(&mut self, tick: Tick) -> &mut Record<S> {
        &mut self.records[ring(tick.0, at(RECORDS))]
    }

    /// Whether [`Timeline::advance`] would execute a tick.
    pub fn can_advance(&self) -> Result<(), Stall> {
        if self.world.session.ended() {
            return Err(Stall::Ended);
        }
        let predictable = self.next < self.confirmed + u64::from(self.window.ticks);
        let certain = self.next == self.confirmed && self.record(self.next).sealed;
        if predictable || certain {
            Ok(())
        } else {
            Err(Stall::WindowFull)
        }
    }

    /// Executes the next tick: with its sealed frame if that is known, else with the provisional
    /// inputs, the player's own commands, and with guesses for the rest.
    ///
    /// # Errors
    /// [`Stall`] if the window does not allow it or the session has ended; nothing happened then.
    pub fn advance(&mut self) -> Result<Tick, Stall> {
        self.can_advance()?;
        let tick = self.next;
        self.guess(tick);

        let certain = self.confirmed == tick && self.record(tick).sealed;
        let record = &mut self.records[ring(tick.0, at(RECORDS))];
        record.checksum = self.world.step(
            &self.simulation,
            tick,
            &Given {
                entries: &record.entries,
                commands: &record.commands,
                inputs: &record.values,
            },
            &mut record.undo,
            &mut self.scratch,
            self.effects.begin(),
        );
        record.paused = self.world.session.paused();
        record.effects_left_out = self.effects.executed(tick, certain);
        self.next = tick.next();
        if tick < self.reached {
            self.stats.resimulated_ticks += 1;
        }
        self.reached = self.reached.max(self.next);
        self.confirm();
        Ok(tick)
    }

    /// Fills in what is not known of `tick`: from the tick before, and what the player itself ordered.
    fn guess(&mut self, tick: Tick) {
        let record = &mut self.records[ring(tick.0, at(RECORDS))];
        if !record.sealed {
            record.commands.clear();
            record.commands.extend(self.own.at(tick));
        }
        let Some(before) = self.before(tick) else {
            return;
        };
        for slot in Slot::all(self.world.session.slots()) {
            let index = at(slot.0.into());
            if self.record(tick).knowledge[index] == Knowledge::Guessed {
                let missing = if self.may_expire(slot) {
                    self.missing_after(before, slot).saturating_add(1)
                } else {
                    0 // Repeated, however many there are.
                };
                let last = self.record(before).did(slot);
                self.record_mut(tick).values[index] = self.window.repeat.guess(last, missing);
            }
        }
    }

    /// Whether a guess for the slot could be neutral for its age at any tick up to the next one: if
    /// not, as in every steady session, ticks without a real value need not be counted.
    fn may_expire(&self, slot: Slot) -> bool {
        let confirmed = self.before(self.confirmed);
        let missing = confirmed.map_or(0, |tick| self.record(tick).missing[at(slot.0.into())]);
        let most = u64::from(missing) + (self.next.0 - self.confirmed.0) + 1;
        most > u64::from(self.window.repeat.ticks)
    }

    /// How many ticks up to `tick` the slot has been without a real value.
    fn missing_after(&self, tick: Tick, slot: Slot) -> u32 {
        let index = at(slot.0.into());
        let mut missing = 0_u32;
        for tick in self.setup.first.until(tick.next()).rev() {
            let record = self.record(tick);
            if tick < self.confirmed {
                return record.missing[index].saturating_add(missing);
            }
            if record.knowledge[index].is_real() {
                return missing;
            }
            missing += 1;
        }
        missing
    }

    /// Takes an input that is not sealed yet: the player's own, or one that the relay forwarded.
    /// The first one for a slot and tick counts. Returns the tick that has to be executed again
    /// first, if it was guessed wrong.
    pub fn provide(&mut self, tick: Tick, slot: Slot, input: S::Input) -> Option<Tick> {
        if tick < self.confirmed || tick >= self.horizon() {
            return None;
        }
        let index = at(slot.0.into());
        let record = self.record_mut(tick);
        if record.sealed || *record.knowledge.get(index)? != Knowledge::Guessed {
            return None;
        }
        self.learn(tick, slot, input, Knowledge::Provisional)
            .map(|from| self.rewind(from))
    }

    /// Takes a command of the player's own, as it will be sealed, before it is sent: it is executed at the
    /// first tick from its stamp on of which the frame is not known, until it is found in one. So a command
    /// whose frame comes with it is right, and one that the relay puts off moves along; in the end it is
    /// executed where it was sealed and nowhere else. Returns the tick that has to be executed again first,
    /// if that one was.
    ///
    /// For games whose commands are [`PREDICTED`](crate::Command::PREDICTED). What is no command, or more
    /// than [`COMMANDS_PREDICTED_MAX`](crate::limits::COMMANDS_PREDICTED_MAX), is not predicted.
    pub fn provide_command(&mut self, command: &SealedCommand) -> Option<Tick> {
        let place = self.open_from(command.stamped);
        let known = command.slot.0 < self.world.session.slots();
        let taken = known && self.own.insert(command, place);
        (taken && place < self.next).then(|| self.rewind(place))
    }

    /// Forgets the player's own commands that no frame has shown: they will not be sealed. Returns the tick that has to
    /// be executed again first, if one was executed with any.
    pub fn forget_commands(&mut self) -> Option<Tick> {
        let first = self.own.first();
        self.own = Predicted::new();
        let executed = first.filter(|first| *first < self.next);
        executed.map(|from| self.rewind(from))
    }

    /// The first tick from `tick` on of which the frame is not known.
    fn open_from(&self, tick: Tick) -> Tick {
        let (first, horizon) = (tick.max(self.confirmed), self.horizon());
        let open = |tick: &Tick| !self.record(*tick).sealed;
        let kept = first.until(horizon).find(open);
        kept.unwrap_or(first.max(horizon))
    }

    /// Notes what `slot` does at `tick`. Returns the first executed tick that used something else.
    fn learn(
        &mut self,
        tick: Tick,
        slot: Slot,
        value: S::Input,
        knowledge: Knowledge,
    ) -> Option<Tick> {
        let index = at(slot.0.into());
        let executed = tick < self.next;
        let ages = executed && self.may_expire(slot);
        let missing = if ages {
            self.missing_after(tick, slot)
        } else {
            0
        };
        let record = self.record_mut(tick);
        let right = record.values[index] == value || record.paused;
        record.values[index] = value;
        record.knowledge[index] = knowledge;
        match (executed, right) {
            (false, _) => None,
            (true, false) => Some(tick),
            (true, true) if ages => self.stale_guess(tick, slot, missing),
            (true, true) => None,
        }
    }

    /// The first executed tick after `tick` whose guess is not what [`Repeat`] makes of what is
    /// known now. `tick` was guessed right, but whether its value is real decides when later
    /// guesses become neutral; `missing` is the count of ticks without a real value before that was
    /// known.
    fn stale_guess(&self, tick: Tick, slot: Slot, missing: u32) -> Option<Tick> {
        let index = at(slot.0.into());
        let repeat = self.window.repeat;
        let mut now = self.missing_after(tick, slot);
        let most = u64::from(now.max(missing)) + (self.next.0 - tick.0);
        if now == missing || most <= u64::from(repeat.ticks) {
            return None;
        }
        let mut last = self.record(tick).did(slot);
        for later in tick.next().until(self.next) {
            let record = self.record(later);
            let (value, knowledge) = (record.did(slot), record.knowledge[index]);
            if knowledge.is_real() {
                return None;
            }
            now = now.saturating_add(1);
            // A tick sealed out of order counts, too, but is no guess.
            if knowledge == Knowledge::Guessed && !record.paused && value != repeat.guess(last, now)
            {
                return Some(later);
            }
            last = value;
        }
        None
    }

    /// Takes the sealed frame of a tick; frames may come in any order up to the horizon.
    ///
    /// # Errors
    /// [`SealError`] if it cannot be taken; nothing happened then.
    pub fn seal(&mut self, frame: &SealedFrame) -> Result<Sealing, SealError> {
        let tick = frame.tick;
        let slots = self.world.session.slots();
        if frame.provenance.len() as u64 != u64::from(slots)
            || frame.inputs.len() as u64 != u64::from(slots) * u64::from(S::Input::BYTES)
        {
            return Err(SealError::WrongShape(tick));
        }
        if tick < self.confirmed || (tick < self.horizon() && self.record(tick).sealed) {
            return Ok(Sealing::Known);
        }
        if tick >= self.horizon() {
            return Err(SealError::BeyondHorizon(tick));
        }

        let ordered = self.order(tick, frame);
        let record = self.record_mut(tick);
        let entered = (record.entries != frame.entries).then_some(tick);
        record.entries.clone_from(&frame.entries);
        let wrong = ordered.into_iter().chain(entered).min();
        let mut wrong = wrong.filter(|tick| *tick < self.next);
        let inputs = frame.inputs.chunks_exact(at(S::Input::BYTES));
        for ((slot, packed), provenance) in Slot::all(slots).zip(inputs).zip(&frame.provenance) {
            self.stats.invalid_inputs += u64::from(!S::Input::is_valid(packed));
            let value = S::Input::unpack(packed);
            let learned = self.learn(tick, slot, value, Knowledge::Sealed(*provenance));
            wrong = wrong.into_iter().chain(learned).min();
        }

        let rewound = wrong.map(|from| self.rewind(from));
        let before = self.confirmed;
        self.confirm();
        if let Some(from) = rewound {
            return Ok(Sealing::RolledBack { from });
        }
        Ok(if self.confirmed > before {
            Sealing::Confirmed
        } else {
            Sealing::Kept
        })
    }

    /// Takes the commands of `tick` from its frame, which seals it. Returns the first tick that was to be
    /// executed with other ones: commands are never guessed but by whom they are.
    fn order(&mut self, tick: Tick, frame: &SealedFrame) -> Option<Tick> {
        let slots = self.world.session.slots();
        let record = &mut self.records[ring(tick.0, at(RECORDS))];
        record.sealed = true;
        // None is executed then.
        let paused = record.paused;
        record.commands.clear();
        let known = |command: &&SealedCommand| command.slot.0 < slots;
        let commands = frame.commands.iter().filter(known);
        record
            .commands
            .extend(commands.filter_map(|command| command.given(tick)));
        let invalid = frame.commands.len() - record.commands.len();
        self.stats.invalid_commands += invalid as u64;
        if self.own.is_empty() {
            return (!record.commands.is_empty() && !paused).then_some(tick);
        }
        let valid =
            |command: &&SealedCommand| known(command) && command.decode::<S::Command>().is_some();
        let right = self.own.are(tick, frame.commands.iter().filter(valid));
        let elsewhere = self.own.seen(tick, &frame.commands);
        let to = self.open_from(tick);
        let moved = self.own.put_off(tick, to);
        // Also from a tick of a pause, which is not executed again for it.
        let there = (moved && to < self.next && !self.record(to).paused).then_some(to);
        let here = (!right && !paused).then_some(tick);
        here.into_iter().chain(elsewhere).chain(there).min()
    }

    /// Takes the world back to before `to`, which was executed and is not confirmed.
    fn rewind(&mut self, to: Tick) -> Tick {
        assert!(
            self.confirmed <= to && to < self.next,
            "only predicted ticks are undone"
        );
        // Ticks undone twice without being executed in between are one rollback.
        if self.next == self.reached {
            self.stats.rollbacks += 1;
        }
        for tick in to.until(self.next).rev() {
            let record = &mut self.records[ring(tick.0, at(RECORDS))];
            self.world.undo(&mut record.undo);
        }
        self.next = to;
        self.effects.undone(to);
        let depth = self.reached.0 - to.0;
        self.stats.rollback_depth_max = self.stats.rollback_depth_max.max(depth);
        to
    }

    /// Moves the confirmed tick over all that are executed and sealed.
    fn confirm(&mut self) {
        while self.confirmed < self.next && self.record(self.confirmed).sealed {
            let tick = self.confirmed;
            let before = self.before(tick).map(|before| self.record(before));
            let chained = before.map_or(Digest::default(), |before| before.chained);
            let chained = chained.chain(self.record(tick).checksum);
            for index in 0..self.record(tick).missing.len() {
                let before = self
                    .before(tick)
                    .map_or(0, |tick| self.record(tick).missing[index]);
                let record = self.record_mut(tick);
                let real = record.knowledge[index].is_real();
                record.missing[index] = if real { 0 } else { before.saturating_add(1) };
            }
            self.record_mut(tick).chained = chained;
            let changed = self.before(tick).is_some_and(|before| {
                let (before, now) = (self.record(before), self.record(tick));
                Slot::all(self.setup.slots).any(|slot| before.did(slot) != now.did(slot))
            });
            let record = self.record(tick);
            let commands = if record.paused {
                0
            } else {
                record.commands.len() as u64
            };
            self.stats.input_changes += u64::from(changed || commands > 0);
            self.stats.commands += commands;
            self.stats.effects_left_out += u64::from(self.record(tick).effects_left_out);
            let newly_visible = self.horizon();
            self.confirmed = tick.next();
            let last = self.confirmed == self.next && self.world.session.ended();
            self.effects.confirmed(tick, last);
            self.record_mut(newly_visible).reset(newly_visible);
        }
    }
}
