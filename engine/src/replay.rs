//! [`Replay`]: a recorded session, executed again: verified, sought in, played on from.

use core::fmt;

use crate::digest::Digest;
use crate::effects::EffectEvent;
use crate::frame::{FrameHash, Repeat, SealedFrame};
use crate::log::Log;
use crate::session::Session;
use crate::simulation::{Setup, Simulation};
use crate::snapshot::Snapshot;
use crate::tick::Tick;
use crate::timeline::{ResumeError, SealError, Timeline, Window};

/// Where a recorded session is kept: its log, and what helps to find one's way in it. A [`Log`] is one
/// without anything else.
pub trait Record {
    /// Why something cannot be read.
    type Error;

    /// What the session started from.
    fn setup(&self) -> &Setup;

    /// The tick after the newest one whose frame there is.
    fn next(&self) -> Tick;

    /// Reads the frame of `tick` into `frame`, the hash of the one before included; `false` if there is
    /// none.
    ///
    /// # Errors
    /// If it cannot be read.
    fn read(&mut self, tick: Tick, frame: &mut SealedFrame) -> Result<bool, Self::Error>;

    /// The chained digest recorded after `tick`, if there is one.
    ///
    /// # Errors
    /// If it cannot be read.
    fn digest(&mut self, _tick: Tick) -> Result<Option<Digest>, Self::Error> {
        Ok(None)
    }

    /// The newest tick, `tick` or one before it, that has a keyframe.
    fn keyframe_before(&self, _tick: Tick) -> Option<Tick> {
        None
    }

    /// The keyframe of `tick`, if there is one.
    ///
    /// # Errors
    /// If it cannot be read.
    fn keyframe(&mut self, _tick: Tick) -> Result<Option<Snapshot>, Self::Error> {
        Ok(None)
    }
}

/// A log and what its session started from.
impl Record for (Setup, Log) {
    type Error = crate::log::LogError;

    fn setup(&self) -> &Setup {
        &self.0
    }

    fn next(&self) -> Tick {
        self.1.next()
    }

    fn read(&mut self, tick: Tick, frame: &mut SealedFrame) -> Result<bool, Self::Error> {
        self.1.read(tick, frame)
    }
}

/// Why a replay does not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError<E> {
    /// What is recorded cannot be read.
    #[error("{0}")]
    Record(E),
    /// A keyframe is none of this session.
    #[error("the keyframe of tick {tick} cannot be gone on from: {source}")]
    Keyframe {
        /// Its tick.
        tick: Tick,
        /// Why.
        source: ResumeError,
    },
    /// A frame is not made for this session's slots and inputs.
    #[error("{0}")]
    Frame(SealError),
    /// What was asked for lies before the first tick that was recorded, or after the last one.
    #[error("tick {0} was not recorded")]
    NotRecorded(Tick),
    /// The record has no frame or keyframe of a tick, and yet says that it does.
    #[error("what was recorded of tick {0} is missing")]
    Missing(Tick),
    /// The record has a frame of a tick that the session did not come to: an earlier one ended it.
    #[error("there is a frame of tick {0}, and the session ended before")]
    SessionOver(Tick),
}

/// How a tick was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// The keyframe that it was executed from; `None` if from where the replay stood, or the beginning.
    pub keyframe: Option<Tick>,
    /// Ticks executed.
    pub executed: u64,
}

/// What [`Replay::verify`] found so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Ticks executed.
    pub ticks: u64,
    /// Chained digests compared.
    pub digests: u64,
    /// Keyframes compared.
    pub keyframes: u64,
    /// The first tick after which the world is not the recorded one; nothing after it is executed.
    pub first_bad: Option<Tick>,
}

/// A recorded session of the rules `S`. It executes frames at full speed, predicts nothing, and stands
/// after some tick of it. Ticks behind that are looked at while the [`Timeline`] keeps them, and executed
/// again from the nearest keyframe otherwise.
pub struct Replay<S: Simulation, R> {
    record: R,
    timeline: Timeline<S>,
    frame: SealedFrame,
    /// Where it stands; `None` before the first tick.
    at: Option<Tick>,
}

impl<S: Simulation, R: fmt::Debug> fmt::Debug for Replay<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record, at, .. } = self;
        f.debug_struct("Replay")
            .field("record", record)
            .field("at", at)
            .finish_non_exhaustive()
    }
}

/// So many ticks forward are executed, whether or not a keyframe lies between: more than there are from one
/// picture to the next, also at many times the speed.
const NEAR: i64 = 32;

/// Nothing is predicted, so nothing guessed.
const WINDOW: Window = Window {
    ticks: 0,
    repeat: Repeat { ticks: 0 },
};

impl<S: Simulation, R: Record> Replay<S, R> {
    /// The replay of `record`, before its first tick.
    ///
    /// # Panics
    /// If the setup is not [valid](Setup::validate).
    #[must_use]
    pub fn new(simulation: S, record: R) -> Self {
        let timeline = Timeline::new(simulation, record.setup(), WINDOW);
        Self {
            timeline: timeline.expect("a window of nothing is valid"),
            record,
            frame: SealedFrame::empty(FrameHash([0; 32])),
            at: None,
        }
    }

    /// What is replayed.
    pub const fn record(&self) -> &R {
        &self.record
    }

    /// What is replayed, again.
    pub fn into_record(self) -> R {
        self.record
    }

    /// The tick after which it stands; `None` before the first one.
    pub const fn at(&self) -> Option<Tick> {
        self.at
    }

    /// The rules.
    pub const fn simulation(&self) -> &S {
        self.timeline.simulation()
    }

    /// Shows the state where it stands.
    pub fn look<T>(&mut self, see: impl FnOnce(&S::State) -> T) -> T {
        match self.at {
            Some(tick) if tick.next() < self.timeline.next() => {
                let shown = self.timeline.look(tick, see);
                shown.expect("it stands only at ticks that are kept")
            }
            _ => see(self.timeline.state()),
        }
    }

    /// What the ticks executed have told the presentation, as [`Timeline::effects`] does.
    pub fn effects(&mut self) -> impl Iterator<Item = EffectEvent<S::Effect>> + '_ {
        self.timeline.effects()
    }

    /// The session as of the newest tick executed.
    pub const fn session(&self) -> &Session {
        self.timeline.session()
    }

    /// The checksum where it stands; `None` before the first tick.
    pub fn checksum(&self) -> Option<Digest> {
        self.timeline.digest(self.at?)
    }

    /// The world where it stands, which [`Timeline::resume`] plays on from; `None` before the first tick.
    pub fn snapshot(&mut self) -> Option<Snapshot> {
        self.timeline.snapshot(self.at?)
    }

    /// Goes on by a tick; `false` at the end.
    ///
    /// # Errors
    /// [`ReplayError`]; it stands where it stood then.
    pub fn step(&mut self) -> Result<bool, ReplayError<R::Error>> {
        let first = self.record.setup().first;
        let to = self.at.map_or(first, Tick::next);
        if to >= self.record.next() {
            return Ok(false);
        }
        self.seek(to).map(|_| true)
    }

    /// Goes to after the tick `to`, before or after where it stands, by way of at most one keyframe: what
    /// is executed are the ticks since the one nearest before it, or a few dozen. Who goes by way of a keyframe
    /// hears of no effects before it.
    ///
    /// # Errors
    /// [`ReplayError::NotRecorded`] if there is no such tick, and it stands where it stood; else it stands where it came to.
    pub fn seek(&mut self, to: Tick) -> Result<Sought, ReplayError<R::Error>> {
        if to < self.record.setup().first || to >= self.record.next() {
            return Err(ReplayError::NotRecorded(to));
        }
        let mut sought = Sought::default();
        let gone = self.go(to, &mut sought);
        self.at = match gone {
            Ok(()) => Some(to),
            // It stands where it came to.
            Err(_) => self
                .timeline
                .next()
                .previous_since(self.record.setup().first),
        };
        gone.map(|()| sought)
    }

    fn go(&mut self, to: Tick, sought: &mut Sought) -> Result<(), ReplayError<R::Error>> {
        let next = self.timeline.next();
        if to < next && self.timeline.digest(to).is_some() {
            return Ok(());
        }
        let keyframe = self.record.keyframe_before(to);
        // A short way forward is executed: whoever jumps sees no effects, and forgets what was kept.
        let far = to.since(next) > NEAR;
        match keyframe.filter(|tick| to < next || (far && *tick >= next)) {
            Some(tick) => {
                self.jump(tick)?;
                sought.keyframe = Some(tick);
            }
            None if to < next => self.timeline.restart(),
            None => {}
        }
        while self.timeline.next() <= to {
            self.execute()?;
            sought.executed += 1;
        }
        Ok(())
    }

    fn jump(&mut self, tick: Tick) -> Result<(), ReplayError<R::Error>> {
        let keyframe = self.record.keyframe(tick).map_err(ReplayError::Record)?;
        let keyframe = keyframe.ok_or(ReplayError::Missing(tick))?;
        let jumped = self.timeline.jump(&keyframe);
        jumped.map_err(|source| ReplayError::Keyframe { tick, source })
    }

    /// Executes the timeline's next tick.
    fn execute(&mut self) -> Result<Tick, ReplayError<R::Error>> {
        let tick = self.timeline.next();
        let there = self.record.read(tick, &mut self.frame);
        if !there.map_err(ReplayError::Record)? {
            return Err(ReplayError::Missing(tick));
        }
        self.timeline
            .seal(&self.frame)
            .map_err(ReplayError::Frame)?;
        let executed = self.timeline.advance();
        executed.map_err(|_| ReplayError::SessionOver(tick))
    }

    /// Executes at most `ticks` more and compares with what is recorded: every chained digest and every
    /// keyframe. Adds to `verified`; call it until [`Verified::first_bad`] is known or the end reached, which
    /// is when it returns `false`. A digest covers all ticks before it, also those without one.
    ///
    /// It begins at the first tick: after anything else, go back by [`Replay::rewind`].
    ///
    /// # Errors
    /// [`ReplayError`] if it does not go on.
    pub fn verify(
        &mut self,
        ticks: u64,
        verified: &mut Verified,
    ) -> Result<bool, ReplayError<R::Error>> {
        for _ in 0..ticks {
            let tick = self.timeline.next();
            if verified.first_bad.is_some() || tick >= self.record.next() {
                return Ok(false);
            }
            self.execute()?;
            self.at = Some(tick);
            verified.ticks += 1;
            let recorded = self.record.digest(tick).map_err(ReplayError::Record)?;
            verified.digests += u64::from(recorded.is_some());
            let mut good =
                recorded.is_none_or(|digest| self.timeline.chained(tick) == Some(digest));
            if self.record.keyframe_before(tick) == Some(tick) {
                let keyframe = self.record.keyframe(tick).map_err(ReplayError::Record)?;
                let ours = self.timeline.snapshot(tick);
                good &= keyframe.map(|world| world.hash()) == ours.map(|world| world.hash());
                verified.keyframes += 1;
            }
            if !good {
                verified.first_bad = Some(tick);
            }
        }
        Ok(true)
    }

    /// Goes back to before the first tick.
    pub fn rewind(&mut self) {
        self.timeline.restart();
        self.at = None;
    }
}
