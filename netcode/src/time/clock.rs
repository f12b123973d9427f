//! [`NetClock`]: a machine's session time, by a provider that can be replaced.

use core::fmt;

use super::{Advance, NetTime, Observation, ResetReason, Server, Time, TimeEvent, TimeProvider};

/// Holds the [`TimeProvider`] in force; another can take its place while the session runs.
pub struct NetClock {
    provider: Box<dyn TimeProvider>,
    last: Option<NetTime<Server>>,
    replaced: bool,
}

impl NetClock {
    /// Time as `provider` says.
    #[must_use]
    pub const fn new(provider: Box<dyn TimeProvider>) -> Self {
        Self {
            provider,
            last: None,
            replaced: false,
        }
    }

    /// Passes on what was learnt.
    pub fn observe(&mut self, now: Time, observation: &Observation) {
        self.provider.observe(now, observation);
    }

    /// Where the machine stands at `now`. The first time after a replacement it says so, with a
    /// [`TimeEvent::HardReset`] from where server time stood last; it takes the place of any other
    /// event.
    pub fn advance(&mut self, now: Time) -> Advance {
        let mut advance = self.provider.advance(now);
        let before = self.last.replace(advance.server);
        if let (true, Some(from)) = (core::mem::take(&mut self.replaced), before) {
            let (to, reason) = (advance.server, ResetReason::Replaced);
            advance.event = Some(TimeEvent::HardReset { from, to, reason });
        }
        advance
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
