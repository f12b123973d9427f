//! [`Ledger`]: which inputs were sampled when, and which are there.

use super::rule::Arrival;

/// More ticks than are ever on their way.
const KEPT: usize = 4096;

/// Inputs by the tick they are stamped for.
#[derive(Debug)]
pub(super) struct Ledger {
    arrived: Vec<Option<i64>>,
    sampled: Vec<Option<Sample>>,
}

/// When an input was sampled.
#[derive(Clone, Copy, Debug)]
struct Sample {
    stamp: i64,
    time: i64,
    local: i64,
}

/// What the server finds when it executes a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Not there yet.
    Late,
    /// There, and sampled so long ago; `None`: nobody sampled it, the client skipped this tick and sent
    /// something in its place.
    InTime(Option<i64>),
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self {
            arrived: vec![None; KEPT],
            sampled: vec![None; KEPT],
        }
    }

    pub(super) fn sample(&mut self, stamp: i64, time: i64, local: i64) {
        self.sampled[slot(stamp)] = Some(Sample { stamp, time, local });
    }

    /// Takes inputs that arrived, and tells those that were not there before.
    pub(super) fn arrive(
        &mut self,
        stamps: core::ops::RangeInclusive<i64>,
        time: i64,
        mut first: impl FnMut(Arrival),
    ) {
        for stamp in stamps.filter(|stamp| *stamp >= 0) {
            if self.arrived[slot(stamp)] == Some(stamp) {
                continue;
            }
            self.arrived[slot(stamp)] = Some(stamp);
            if let Some(sample) = self.sample_of(stamp) {
                first(Arrival {
                    sampled: sample.local,
                    arrived: time,
                });
            }
        }
    }

    pub(super) fn execute(&self, tick: i64, time: i64) -> Found {
        if self.arrived[slot(tick)] == Some(tick) {
            Found::InTime(self.sample_of(tick).map(|sample| time - sample.time))
        } else {
            Found::Late
        }
    }

    fn sample_of(&self, stamp: i64) -> Option<Sample> {
        self.sampled[slot(stamp)].filter(|sample| sample.stamp == stamp)
    }
}

fn slot(stamp: i64) -> usize {
    stamp.rem_euclid(KEPT as i64) as usize
}
