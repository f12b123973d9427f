//! [`Figures`]: what a run showed.

use super::scenario::Scenario;
use super::{MS, SECOND, WARM_UP};

/// A bin of latencies is a tenth of a millisecond, and the last one is everything above two seconds.
const BIN: i64 = MS / 10;
const BINS: usize = 20_001;

/// Late inputs further apart than this are not of one trouble.
const CALM: i64 = 3 * SECOND;

/// What one run showed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Ticks that the server executed without the input, percent.
    pub late_percent: f64,
    /// From sampling an input to executing it, those in time, mean, milliseconds.
    pub latency_ms: f64,
    /// What 99 % of them do not exceed, milliseconds.
    pub latency_p99_ms: f64,
    /// Root mean square of how much faster or slower than real the client played, percent.
    pub rate_sigma_percent: f64,
    /// Seconds from the event of the scenario to the last late input of the trouble it made, if there is
    /// an event.
    pub recovery_s: Option<f64>,
    /// How often the clock was set instead of steered.
    pub resets: f64,
    /// Ticks that were not executed when they were due, per minute: peers wait for each other.
    pub stalls_per_minute: f64,
    /// Most ticks in a row without the input.
    pub late_run: f64,
}

/// Counts what happens.
#[derive(Debug)]
pub(super) struct Tally {
    event: Option<i64>,
    length: i64,
    executed: u64,
    late: u64,
    run: u64,
    longest_run: u64,
    /// Last late input of the trouble that the event made.
    troubled: Option<i64>,
    latencies: Vec<u32>,
    latency_sum: f64,
    rate_squares: f64,
    rates: u64,
    pub(super) stalls: u64,
    pub(super) resets: u32,
}

impl Tally {
    pub(super) fn new(scenario: &Scenario) -> Self {
        Self {
            event: scenario.recovery_begins(),
            length: scenario.length,
            executed: 0,
            late: 0,
            run: 0,
            longest_run: 0,
            troubled: scenario.recovery_begins(),
            latencies: vec![0; BINS],
            latency_sum: 0.0,
            rate_squares: 0.0,
            rates: 0,
            stalls: 0,
            resets: 0,
        }
    }

    /// A tick was executed without its input.
    pub(super) fn late(&mut self, time: i64) {
        if time <= WARM_UP {
            return;
        }
        self.executed += 1;
        self.late += 1;
        self.run += 1;
        self.longest_run = self.longest_run.max(self.run);
        if let (Some(event), Some(last)) = (self.event, self.troubled)
            && time >= event
            && time - last <= CALM
        {
            self.troubled = Some(time);
        }
    }

    /// A tick was executed with its input.
    pub(super) fn in_time(&mut self, time: i64, latency: Option<i64>) {
        if time <= WARM_UP {
            return;
        }
        self.executed += 1;
        self.run = 0;
        if let Some(latency) = latency {
            self.latency_sum += latency as f64;
            self.latencies[((latency / BIN).max(0) as usize).min(BINS - 1)] += 1;
        }
    }

    /// The client played a tick at this rate.
    pub(super) fn played(&mut self, time: i64, rate: f64) {
        if time > WARM_UP {
            self.rate_squares += (rate - 1.0).powi(2);
            self.rates += 1;
        }
    }

    pub(super) fn figures(&self) -> Figures {
        let measured: u64 = self.latencies.iter().map(|n| u64::from(*n)).sum();
        let share = |part: f64, whole: u64| part / whole.max(1) as f64;
        let minutes = self.length as f64 / (60 * SECOND) as f64;
        Figures {
            late_percent: 100.0 * share(self.late as f64, self.executed),
            latency_ms: share(self.latency_sum, measured) / MS as f64,
            latency_p99_ms: self.quantile(measured, 0.99),
            rate_sigma_percent: 100.0 * share(self.rate_squares, self.rates).sqrt(),
            recovery_s: self
                .event
                .zip(self.troubled)
                .map(|(event, last)| (last - event) as f64 / SECOND as f64),
            resets: f64::from(self.resets),
            stalls_per_minute: self.stalls as f64 / minutes,
            late_run: self.longest_run as f64,
        }
    }

    fn quantile(&self, measured: u64, share: f64) -> f64 {
        let mut left = (measured.saturating_sub(1) as f64 * share) as u64;
        let bin = self.latencies.iter().position(|n| {
            let here = left < u64::from(*n);
            left = left.saturating_sub(u64::from(*n));
            here
        });
        bin.unwrap_or(0) as f64 * BIN as f64 / MS as f64
    }
}
