//! [`Samples`]: what a client's clock did and what came of it, input by input.
//!
//! A client notes when it stamps an input, when the relay tells how that arrived, and when its clock is
//! set. The newest ones are kept, in memory that is allocated once. [`Samples::summary`] says what they
//! come to, [`Summary::explain`] says it in words, and [`Samples::write_csv`] lets them be read elsewhere.
//!
//! ```
//! use phalanx_engine::{Tick, TickRate};
//! use phalanx_netcode::Time;
//! use phalanx_netcode::time::samples::{Sample, Samples};
//!
//! let rate = TickRate::hz(50);
//! let mut samples = Samples::new(rate);
//! for tick in 0..500 {
//!     let at = Time::from_nanos(rate.nanos_at(Tick(tick)));
//!     samples.stamped(Sample { stamp: Tick(tick), at, lead_us: 45_600, ..Sample::default() });
//!     samples.arrived(Tick(tick), 5_600); // 40 ms later
//! }
//! let summary = samples.summary();
//! assert_eq!(summary.way_us.map(|way| way.p50), Some(40_000));
//! assert_eq!(summary.explain(), "all in time: 5.6 ms of slack to spare");
//! ```

mod cause;
mod csv;
mod explain;
mod quantiles;
mod summary;

use std::collections::VecDeque;

use phalanx_engine::{Tick, TickRate};

pub use cause::Cause;
pub use csv::{CsvError, CsvProblem};
pub use quantiles::Quantiles;
pub use summary::Summary;

use super::{ResetReason, Time, TimeEvent};
use crate::limits::{CLOCK_EVENTS_MAX, CLOCK_SAMPLES_MAX};

/// One stamped input, as the clock saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// The tick that it was stamped with.
    pub stamp: Tick,
    /// When it was sampled, on the client's clock.
    pub at: Time,
    /// How long before the relay's deadline of that tick, as the client believed when the match began;
    /// negative if after it. A drift of the two clocks adds to it.
    pub lead_us: i32,
    /// How much faster than the tick rate the clock ran, millionths.
    pub scale_ppm: i32,
    /// Input delay in force, ticks.
    pub delay: u16,
    /// Ticks that were predicted.
    pub depth: u16,
    /// Ticks that were not executed when due, since the session began.
    pub stalls: u32,
    /// How long before that deadline it arrived, as the relay told; negative if late. [`Samples::arrived`]
    /// fills it in.
    pub margin_us: Option<i32>,
}

impl Sample {
    /// How long the way up took, plus by how much the client is wrong about the deadline: of one
    /// client's inputs the differences are those of the way.
    #[must_use]
    pub fn way_us(&self) -> Option<i64> {
        let margin = self.margin_us?;
        Some(i64::from(self.lead_us) - i64::from(margin))
    }
}

/// What happened to the clock, besides running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It was set.
    Reset {
        /// By how much server time was, microseconds; positive: forward. The leads of the inputs tell of
        /// local time.
        by_us: i64,
        /// Why.
        reason: ResetReason,
    },
    /// The process, or the machine, slept.
    Suspended {
        /// For how long, microseconds, by a clock that may have stopped meanwhile.
        gap_us: u64,
    },
    /// Ticks were left out because an update came too late.
    Skipped {
        /// How many.
        ticks: u64,
    },
}

/// The newest [`CLOCK_SAMPLES_MAX`] inputs and [`CLOCK_EVENTS_MAX`] events of a client's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Samples {
    rate: TickRate,
    /// Stamps rise.
    inputs: VecDeque<Sample>,
    events: VecDeque<(Time, Happening)>,
}

impl Samples {
    /// None yet, of a session that has `rate` ticks per second. Nothing else here allocates but
    /// [`Samples::summary`] and what reads or writes files.
    #[must_use]
    pub fn new(rate: TickRate) -> Self {
        Self {
            rate,
            inputs: VecDeque::with_capacity(CLOCK_SAMPLES_MAX),
            events: VecDeque::with_capacity(CLOCK_EVENTS_MAX),
        }
    }

    /// From now on there are so many ticks per second: what is said of the inputs that are kept goes by
    /// the newest rate.
    pub const fn tick_rate(&mut self, rate: TickRate) {
        self.rate = rate;
    }

    /// Ticks per second.
    #[must_use]
    pub const fn rate(&self) -> TickRate {
        self.rate
    }

    /// An input was stamped. One that is not for a later tick than the last one is not taken: stamps
    /// rise, and the first one counts. Time does not go back.
    pub fn stamped(&mut self, mut sample: Sample) {
        if let Some(last) = self.inputs.back() {
            if sample.stamp <= last.stamp {
                return;
            }
            sample.at = sample.at.max(last.at);
        }
        push(&mut self.inputs, CLOCK_SAMPLES_MAX, sample);
    }

    /// The relay told that the input of `tick` came `margin_us` microseconds before its deadline. The
    /// first word counts; of ticks that are not kept there is none.
    pub fn arrived(&mut self, tick: Tick, margin_us: i64) {
        let found = self
            .inputs
            .binary_search_by_key(&tick, |sample| sample.stamp);
        if let Ok(index) = found {
            let margin = margin_us.clamp(i32::MIN.into(), i32::MAX.into());
            let margin = i32::try_from(margin).unwrap_or(0);
            self.inputs[index].margin_us.get_or_insert(margin);
        }
    }

    /// Something happened to the clock.
    pub fn event(&mut self, at: Time, event: TimeEvent) {
        self.happened(at, Happening::of(event, self.rate));
    }

    /// The same, in microseconds.
    pub fn happened(&mut self, at: Time, happening: Happening) {
        let at = self.events.back().map_or(at, |(last, _)| at.max(*last));
        push(&mut self.events, CLOCK_EVENTS_MAX, (at, happening));
    }

    /// The inputs, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Sample> + ExactSizeIterator {
        self.inputs.iter()
    }

    /// The events, oldest first.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = (Time, Happening)> + ExactSizeIterator {
        self.events.iter().copied()
    }
}

/// Without growing: the oldest goes.
fn push<T>(ring: &mut VecDeque<T>, most: usize, entry: T) {
    if ring.len() == most {
        ring.pop_front();
    }
    ring.push_back(entry);
}

impl Happening {
    fn of(event: TimeEvent, rate: TickRate) -> Self {
        match event {
            TimeEvent::HardReset { from, to, reason } => {
                let moved = to
                    .checked_since(from)
                    .map_or(0, |moved| moved.to_nanos(rate));
                let by_us = moved / 1000;
                Self::Reset { by_us, reason }
            }
            TimeEvent::Skipped(skipped) => Self::Skipped {
                ticks: skipped.ticks,
            },
            TimeEvent::Suspended { gap } => {
                let gap_us = u64::try_from(gap.as_micros()).unwrap_or(u64::MAX);
                Self::Suspended { gap_us }
            }
        }
    }
}
