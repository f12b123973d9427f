//! [`LocalClock`]: the clock of a client.

use super::scenario::{EVENT, SLEEP, Scenario, Sleep};

/// Where a client's clock stands when the run begins: a rule that takes it for the server's is far off.
const START: i64 = 987_654_321_000;

/// A clock that is too fast or too slow, and may stand still while its machine sleeps.
#[derive(Clone, Copy, Debug)]
pub(super) struct LocalClock {
    ppm: f64,
    stops: bool,
}

impl LocalClock {
    pub(super) fn new(scenario: &Scenario) -> Self {
        Self {
            ppm: scenario.ppm,
            stops: scenario.sleep == Some(Sleep::ClockStops),
        }
    }

    /// What it shows.
    pub(super) fn read(self, time: i64) -> i64 {
        let counted = if self.stops && time > EVENT {
            (time - SLEEP).max(EVENT)
        } else {
            time
        };
        counted + (counted as f64 * self.ppm / 1e6) as i64 + START
    }

    /// How long it takes for so much to pass on this clock.
    pub(super) fn takes(self, local: f64) -> f64 {
        local / (1.0 + self.ppm / 1e6)
    }
}
