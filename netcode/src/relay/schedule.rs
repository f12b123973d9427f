//! [`Schedule`]: when each tick has to be sealed, at a rate that may change.

use core::time::Duration;

use phalanx_engine::{Entry, Pace, RateChange, SealedFrame, Setup, Tick, TickRate};

use super::RateError;
use crate::limits::RATE_NOTICE;
use crate::time::{NetTime, Server, TickMap, Time};

/// The session's tick line on the relay's clock, and the change of rate that is under way.
#[derive(Debug)]
pub(crate) struct Schedule {
    /// Where the session begins.
    first: NetTime<Server>,
    /// As the sealed frames tell it.
    pace: Pace,
    map: TickMap,
    /// The rate before the one in force.
    before: TickRate,
    /// A rate that the next frame is to name.
    wanted: Option<TickRate>,
}

impl Schedule {
    /// Of a session that has not begun: no tick is ever due.
    pub(crate) fn new(setup: &Setup) -> Self {
        let Setup { first, rate, .. } = *setup;
        Self {
            first: NetTime::start_of(first),
            pace: Pace::new(rate),
            map: TickMap::new(Time::NEVER, NetTime::start_of(first), rate),
            before: rate,
            wanted: None,
        }
    }

    /// The deadline of the first tick is at `start`.
    pub(crate) fn begin(&mut self, start: Time) {
        self.map = TickMap::new(start, self.first, self.pace.rate());
    }

    /// When `tick` has to be sealed.
    pub(crate) fn deadline(&self, tick: Tick) -> Time {
        self.map.due(tick)
    }

    /// How long a tick takes at the rate in force.
    pub(crate) fn period(&self) -> Duration {
        Duration::from_nanos(self.pace.rate().period_nanos())
    }

    /// At least the ticks per second for which a client sends now: its clock is ahead of the sealed
    /// frames, and what it sent before a change may come after it.
    pub(crate) fn ticks_per_second(&self) -> u32 {
        let pending = self.pace.pending().map(|change| change.rate);
        let rates = [self.before, self.pace.rate()].into_iter().chain(pending);
        let whole = rates.map(|rate| rate.numerator() / rate.denominator() + 1);
        whole.max().unwrap_or(0)
    }

    /// Has the next frame name a change to `rate`.
    pub(crate) fn change_rate(&mut self, rate: TickRate) -> Result<(), RateError> {
        if self.wanted.is_some() || self.pace.pending().is_some() {
            return Err(RateError::Pending);
        }
        if rate == self.pace.rate() {
            return Err(RateError::Same);
        }
        self.wanted = Some(rate);
        Ok(())
    }

    /// The entry that the frame sealed at `now` has to name, if one is wanted; `stamped` is the first
    /// tick for which no input has come. The tick at which it takes effect is chosen only now: a frame
    /// that was waited for is sealed late, and the clients' clocks went on.
    pub(crate) fn entry(&mut self, now: Time, stamped: Tick) -> Option<Entry> {
        let rate = self.wanted.take()?;
        let noticed = self.map.at(now + RATE_NOTICE).to_tick();
        let at = noticed.unwrap_or(Tick::ZERO).next().max(stamped);
        Some(Entry::Rate { at, rate })
    }

    /// Takes note of a frame that was sealed; returns the change that it names.
    pub(crate) fn sealed(&mut self, frame: &SealedFrame) -> Option<RateChange> {
        let rate = self.pace.rate();
        let change = self.pace.begin(frame.tick, &frame.entries);
        if self.pace.rate() != rate {
            self.before = rate;
        }
        let change = change?;
        self.map
            .change_rate(change.at, change.rate)
            .expect("a change is pending alone, for a tick that is not sealed");
        Some(change)
    }
}
