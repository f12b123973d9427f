//! [`Row`]: what a cell says, to people and to programs.

use core::fmt;

use serde::Serialize;

use super::bench::{Cell, dominated};

/// One scenario played by one rule. The fields are the keys, in this order.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    schema_version: u32,
    command: &'static str,
    scenario: &'static str,
    rule: &'static str,
    seeds: usize,
    late_percent: f64,
    late_percent_interval: Option<f64>,
    latency_ms: f64,
    latency_ms_interval: Option<f64>,
    latency_p99_ms: f64,
    rate_sigma_percent: f64,
    recovery_s: Option<f64>,
    resets: f64,
    stalls_per_minute: f64,
    late_run: f64,
    dominated_by: Vec<&'static str>,
}

impl Row {
    /// Those of all cells.
    #[must_use]
    pub fn all(cells: &[Cell], schema_version: u32) -> Vec<Self> {
        let dominated = dominated(cells);
        let by = |cell: &Cell| {
            let pairs = dominated
                .iter()
                .filter(|pair| core::ptr::eq(pair.ours, cell));
            pairs.map(|pair| pair.by.rule.name()).collect()
        };
        cells
            .iter()
            .map(|cell| Self::of(cell, by(cell), schema_version))
            .collect()
    }

    fn of(cell: &Cell, dominated_by: Vec<&'static str>, schema_version: u32) -> Self {
        let late = cell.mean(|f| f.late_percent);
        let latency = cell.mean(|f| f.latency_ms);
        let finite = |half: f64| half.is_finite().then_some(half);
        let event = cell.scenario.recovery_begins();
        Self {
            schema_version,
            command: "time-bench",
            scenario: cell.scenario.name,
            rule: cell.rule.name(),
            seeds: cell.runs.len(),
            late_percent: late.mean,
            late_percent_interval: finite(late.half),
            latency_ms: latency.mean,
            latency_ms_interval: finite(latency.half),
            latency_p99_ms: cell.mean(|f| f.latency_p99_ms).mean,
            rate_sigma_percent: cell.mean(|f| f.rate_sigma_percent).mean,
            recovery_s: event.map(|_| cell.mean(|f| f.recovery_s.unwrap_or(0.0)).mean),
            resets: cell.mean(|f| f.resets).mean,
            stalls_per_minute: cell.mean(|f| f.stalls_per_minute).mean,
            late_run: cell.each(|f| f.late_run).into_iter().fold(0.0, f64::max),
            dominated_by,
        }
    }

    /// Whether a peer's rule is better in both.
    #[must_use]
    pub const fn is_dominated(&self) -> bool {
        !self.dominated_by.is_empty()
    }
}

/// The rows of a table under its head, each scenario apart.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a>(pub &'a [Row]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<13} {:<18} {:>15} {:>15} {:>7} {:>7} {:>7} {:>6} {:>7} {:>4}",
            "scenario",
            "rule",
            "late %",
            "latency ms",
            "p99 ms",
            "rate s%",
            "back s",
            "resets",
            "stall/m",
            "run"
        )?;
        let mut last = "";
        for row in self.0 {
            let scenario = if row.scenario == last {
                ""
            } else {
                row.scenario
            };
            f.write_str(if scenario.is_empty() { "\n" } else { "\n\n" })?;
            last = row.scenario;
            let back = row.recovery_s.map_or("-".into(), |s| format!("{s:.2}"));
            write!(
                f,
                "{:<13} {:<18} {:>15} {:>15} {:>7.1} {:>7.3} {:>7} {:>6.1} {:>7.2} {:>4.0}",
                scenario,
                row.rule,
                Beside(row.late_percent, row.late_percent_interval, 3).to_string(),
                Beside(row.latency_ms, row.latency_ms_interval, 1).to_string(),
                row.latency_p99_ms,
                row.rate_sigma_percent,
                back,
                row.resets,
                row.stalls_per_minute,
                row.late_run,
            )?;
            if row.is_dominated() {
                write!(f, "  DOMINATED by {}", row.dominated_by.join(", "))?;
            }
        }
        Ok(())
    }
}

/// A mean with its interval and so many digits.
struct Beside(f64, Option<f64>, usize);

impl fmt::Display for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(mean, half, digits) = *self;
        match half {
            Some(half) => write!(f, "{mean:.digits$} ±{half:.digits$}"),
            None => write!(f, "{mean:.digits$}"),
        }
    }
}
