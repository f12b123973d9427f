//! [`NetClock`]: a machine's session time, by a provider that can be replaced.

use core::fmt;

use super::{
    Advance, Local, NetTime, Observation, ResetReason, Scale, Server, TickMap, Time, TimeEvent,
    TimeProvider,
};

/// Holds the [`TimeProvider`] in force; another can take its place while the session runs.
#[derive(Clone)]
pub struct NetClock {
    provider: Box<dyn TimeProvider>,
    /// How long ticks are; its phase is a first guess.
    map: TickMap,
    /// When it was advanced last, and what it said.
    last: Option<(Time, Advance)>,
    /// The same of the newest moment before that one.
    before: Option<(Time, Advance)>,
    replaced: bool,
}

impl NetClock {
    /// Time as `provider` says. `map` tells how long ticks are, and where the server is at a first guess.
    #[must_use]
    pub const fn new(provider: Box<dyn TimeProvider>, map: TickMap) -> Self {
        Self {
            provider,
            map,
            last: None,
            before: None,
            replaced: false,
        }
    }

    /// Passes on what was learnt.
    pub fn observe(&mut self, now: Time, observation: &Observation) {
        observation.change_rate(&mut self.map);
        self.provider.observe(now, observation);
    }

    /// Where the machine stands at `now`. The first time after a replacement it says so, with a
    /// [`TimeEvent::HardReset`] from where server time stood last; it takes the place of any other
    /// event.
    pub fn advance(&mut self, now: Time) -> Advance {
        let mut advance = self.provider.advance(now);
        let before = self.last.replace((now, advance));
        if before.is_some_and(|(then, _)| then < now) {
            self.before = before;
        }
        if let (true, Some((_, before))) = (core::mem::take(&mut self.replaced), before) {
            let (from, to, reason) = (before.server, advance.server, ResetReason::Replaced);
            advance.event = Some(TimeEvent::HardReset { from, to, reason });
        }
        advance
    }

    /// How fast time runs since the last [`NetClock::advance`].
    #[must_use]
    pub fn scale(&self) -> Scale {
        self.last.map_or(Scale::ONE, |(_, advance)| advance.scale)
    }

    /// How long ticks are, and where the server is at the first guess.
    #[must_use]
    pub const fn map(&self) -> &TickMap {
        &self.map
    }

    /// When local time will be at a point if nothing changes from how it was at the last
    /// [`NetClock::advance`]; that moment itself if it is there, and zero before the first one.
    #[must_use]
    pub fn due(&self, point: NetTime<Local>) -> Time {
        self.last
            .map_or(Time::ZERO, |last| self.due_by(last, point))
    }

    /// When local time came to a point that it has come to: by how it was before the last
    /// [`NetClock::advance`], which may be long ago if nobody looked; that moment itself if it was set there
    /// then.
    #[must_use]
    pub fn was_due(&self, point: NetTime<Local>) -> Time {
        let now = self.last.map_or(Time::ZERO, |(now, _)| now);
        self.before
            .map_or(now, |before| self.due_by(before, point).min(now))
    }

    fn due_by(&self, (now, advance): (Time, Advance), point: NetTime<Local>) -> Time {
        let (from, to) = (advance.local.into_space(), point.into_space());
        if to <= from {
            return now;
        }
        let nanos = i128::from(self.map.nanos_between(from, to));
        let nanos = ((nanos << 32) / i128::from(advance.scale.bits())).max(1);
        now.offset(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// Where the server is at `now` if nothing changed since the last [`NetClock::advance`]:
    /// [`Advance::middle`]; `None` before the first one.
    #[must_use]
    pub fn server(&self, now: Time) -> Option<NetTime<Server>> {
        let (then, advance) = self.last?;
        let offset = self.map.due_nanos(advance.middle()) - i128::from(then.as_nanos());
        let offset = i64::try_from(offset).unwrap_or(if offset < 0 { i64::MIN } else { i64::MAX });
        Some(self.map.at_offset(now, offset))
    }

    /// By how much local time was further than the first guess of the server's, when it was last advanced;
    /// nanoseconds.
    #[must_use]
    pub fn lead(&self) -> i64 {
        self.last.map_or(0, |(now, advance)| {
            self.map
                .nanos_between(self.map.at(now), advance.local.into_space())
        })
    }

    /// How long after `now` the server would be at `point` by the first guess; nanoseconds, negative if
    /// before.
    #[must_use]
    pub fn ahead(&self, now: Time, point: NetTime<Local>) -> i64 {
        let nanos = self.map.due_nanos(point.into_space()) - i128::from(now.as_nanos());
        i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
    }

    /// Puts `provider` in the place of the one in force, which is given back. What was observed
    /// before is not told to it: it starts from what it was made with.
    pub fn replace(&mut self, provider: Box<dyn TimeProvider>) -> Box<dyn TimeProvider> {
        self.replaced = true;
        core::mem::replace(&mut self.provider, provider)
    }
}

impl fmt::Debug for NetClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetClock")
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}
