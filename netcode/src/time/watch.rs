//! [`Watch`]: sees that time passed without us.

use core::time::Duration;

use super::{Time, TimeConfig, TimeEvent};

/// Sees that a process was suspended by the time between two of its signs of life, and keeps `now`
/// from going back.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    limit: Duration,
    last: Option<Time>,
    awake_since: Time,
    gap: Option<Duration>,
}

impl Watch {
    pub(super) const fn new(config: &TimeConfig) -> Self {
        Self {
            limit: config.suspended(),
            last: None,
            awake_since: Time::ZERO,
            gap: None,
        }
    }

    /// A sign of life at `now`: the newest moment of all of them, and how long we slept until then.
    pub(super) fn see(&mut self, now: Time) -> (Time, Duration) {
        let last = self.last.unwrap_or(now);
        let now = now.max(last);
        self.last = Some(now);
        let gap = now.since(last);
        if gap <= self.limit {
            return (now, Duration::ZERO);
        }
        self.awake_since = now;
        self.gap = Some(self.gap.map_or(gap, |before| before.saturating_add(gap)));
        (now, gap)
    }

    /// Since when we have not been suspended. What began earlier measures the sleep, not the way.
    pub(super) const fn awake_since(&self) -> Time {
        self.awake_since
    }

    /// The suspension that was not told yet.
    pub(super) fn event(&mut self) -> Option<TimeEvent> {
        self.gap.take().map(|gap| TimeEvent::Suspended { gap })
    }
}
