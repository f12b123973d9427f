//! [`Schedule`]: when each tick has to be sealed, at a rate and a speed that may change, and whether the
//! session is paused.

use core::time::Duration;

use phalanx_engine::{Entry, Pace, PaceChange, SealedFrame, Setup, Speed, Tick, TickRate};

use super::PaceError;
use crate::limits::RATE_NOTICE;
use crate::time::{NetTime, Server, TickMap, Time};

/// What the next frame is to name.
#[derive(Clone, Copy, Debug)]
enum Wish {
    Rate(TickRate),
    Speed(Speed),
}

/// The same of a pause, and how long before it takes effect.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Pause(Duration),
    Resume(Duration),
}

/// The session's tick line on the relay's clock, and the changes that are under way.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    /// Where it begins here.
    first: NetTime<Server>,
    /// As the sealed frames tell it.
    pace: Pace,
    map: TickMap,
    /// Ticks per second of real time before the change that is in force.
    before: TickRate,
    wish: Option<Wish>,
    turn: Option<Turn>,
    /// The pause that is under way is to end again, that long after it has begun.
    resumes: Option<Duration>,
}

impl Schedule {
    /// Of a session that has not begun: no tick is ever due.
    pub(crate) fn new(setup: &Setup) -> Self {
        Self::go_on(setup.first, &Pace::new(setup.rate))
    }

    /// Of a session that stands still before `next`, at that `pace`: no tick is due before it goes on.
    pub(crate) fn go_on(next: Tick, pace: &Pace) -> Self {
        let rate = pace.real_rate();
        Self {
            first: NetTime::start_of(next),
            pace: pace.clone(),
            map: TickMap::new(Time::NEVER, NetTime::start_of(next), rate),
            before: rate,
            wish: None,
            turn: None,
            resumes: None,
        }
    }

    /// The deadline of the first tick is at `start`.
    pub(crate) fn begin(&mut self, start: Time) {
        self.map = TickMap::new(start, self.first, self.pace.real_rate());
        // Named before the session was played on from here.
        if let Some(change) = self.pace.pending() {
            let (at, rate) = (change.at, change.real_rate());
            if self.map.change_rate(at, rate).is_err() {
                self.map = TickMap::new(start, self.first, rate);
            }
        }
    }

    /// When `tick` has to be sealed.
    pub(crate) fn deadline(&self, tick: Tick) -> Time {
        self.map.due(tick)
    }

    /// When `tick`, the next one, is due, how many there are per second of real time from then on, and from when on there are others.
    pub(crate) fn from(&self, tick: Tick) -> (Time, TickRate, Option<(Tick, TickRate)>) {
        let rate = self.map.rate_at(NetTime::start_of(tick));
        let pending = self.pace.pending().filter(|change| change.at > tick);
        let change = pending.map(|change| (change.at, change.real_rate()));
        (self.deadline(tick), rate, change)
    }

    /// How long a tick takes at the rate and speed in force.
    pub(crate) fn period(&self) -> Duration {
        Duration::from_nanos(self.pace.real_rate().period_nanos())
    }

    /// At least the ticks per second for which a client sends now: its clock is ahead of the sealed
    /// frames, and what it sent before a change may come after it.
    pub(crate) fn ticks_per_second(&self) -> u32 {
        let pending = self.pace.pending().map(|change| change.real_rate());
        let rates = [self.before, self.pace.real_rate()]
            .into_iter()
            .chain(pending);
        let whole = rates.map(|rate| rate.numerator() / rate.denominator() + 1);
        whole.max().unwrap_or(0)
    }

    /// Whether the newest frame is of a pause.
    pub(crate) const fn paused(&self) -> bool {
        self.pace.paused()
    }

    /// When a pause begins or ends, if that is under way.
    pub(crate) const fn turns(&self) -> Option<Tick> {
        self.pace.turns()
    }

    /// Whether `tick`, the next one to be sealed, is of a pause.
    pub(crate) fn pauses(&self, tick: Tick) -> bool {
        self.pace.pauses(tick)
    }

    /// Has the next frame name a change to `rate`.
    pub(crate) fn change_rate(&mut self, rate: TickRate) -> Result<(), PaceError> {
        self.change(Wish::Rate(rate), rate, self.pace.speed())
    }

    /// Has the next frame name a change to `speed`.
    pub(crate) fn change_speed(&mut self, speed: Speed) -> Result<(), PaceError> {
        self.change(Wish::Speed(speed), self.pace.rate(), speed)
    }

    fn change(&mut self, wish: Wish, rate: TickRate, speed: Speed) -> Result<(), PaceError> {
        if self.wish.is_some() || self.pace.pending().is_some() {
            return Err(PaceError::Pending);
        }
        if (rate, speed) == (self.pace.rate(), self.pace.speed()) {
            return Err(PaceError::Same);
        }
        if speed.of(rate).is_none() {
            return Err(PaceError::OutOfRange);
        }
        self.wish = Some(wish);
        Ok(())
    }

    /// Has the next frame name a pause that begins about `notice` later.
    pub(crate) fn pause(&mut self, notice: Duration) -> Result<(), PaceError> {
        self.turn(Turn::Pause(notice), true)
    }

    /// Has it name the end of the pause.
    pub(crate) fn resume(&mut self, countdown: Duration) -> Result<(), PaceError> {
        self.turn(Turn::Resume(countdown), false)
    }

    /// The same for a player, who sees the pause before it is sealed: it ends when it has begun.
    pub(crate) fn resume_for_player(&mut self, countdown: Duration) {
        let pauses = matches!(self.turn, Some(Turn::Pause(_)));
        let begins = pauses || (!self.pace.paused() && self.pace.turns().is_some());
        if begins {
            self.resumes = Some(countdown);
        } else {
            // Whoever comes second, or too late, has what he wanted.
            let _ = self.resume(countdown);
        }
    }

    fn turn(&mut self, turn: Turn, pauses: bool) -> Result<(), PaceError> {
        if self.turn.is_some() || self.pace.turns().is_some() {
            return Err(PaceError::Pending);
        }
        if self.pace.paused() == pauses {
            return Err(PaceError::Same);
        }
        self.turn = Some(turn);
        Ok(())
    }

    /// The entries that the frame sealed at `now` has to name; `stamped` is the first
    /// tick for which no input has come. The tick at which each takes effect is chosen only now: a frame
    /// that was waited for is sealed late, and the clients' clocks went on.
    pub(crate) fn entries(&mut self, now: Time, stamped: Tick) -> impl Iterator<Item = Entry> {
        let next_after = |notice| {
            self.map
                .at(now + notice)
                .to_tick()
                .unwrap_or(Tick::ZERO)
                .next()
        };
        let noticed = next_after(RATE_NOTICE);
        let changed = noticed.max(stamped);
        let wish = self.wish.take().map(|wish| match wish {
            Wish::Rate(rate) => Entry::Rate { at: changed, rate },
            Wish::Speed(speed) => Entry::Speed { at: changed, speed },
        });
        if self.pace.paused() && self.turn.is_none() && self.pace.turns().is_none() {
            self.turn = self.resumes.take().map(Turn::Resume);
        }
        let turn = self.turn.take().map(|turn| match turn {
            Turn::Pause(notice) => Entry::Pause {
                // Nobody within limits is further ahead: who says so does not put the pause off.
                at: next_after(notice).max(stamped.min(noticed)),
            },
            Turn::Resume(countdown) => Entry::Resume {
                at: next_after(countdown),
            },
        });
        wish.into_iter().chain(turn)
    }

    /// Takes note of a frame that was sealed; returns the change that it names.
    pub(crate) fn sealed(&mut self, frame: &SealedFrame) -> Option<PaceChange> {
        let rate = self.pace.real_rate();
        let change = self.pace.begin(frame.tick, &frame.entries);
        if self.pace.real_rate() != rate {
            self.before = rate;
        }
        let change = change?;
        self.map
            .change_rate(change.at, change.real_rate())
            .expect("a change is pending alone, for a tick that is not sealed");
        Some(change)
    }
}
