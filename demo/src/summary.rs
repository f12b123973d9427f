//! [`Summary`]: what a run came to, for people and for programs.

use core::fmt::{self, Write};
use core::time::Duration;

use phalanx_engine::{Digest, Tick, TickRate};
use phalanx_netcode::Histogram;
use phalanx_netcode::testing::Report;
use serde::{Serialize, Serializer};

use crate::exit::Exit;
use crate::fairness::Fairness;
use crate::plan::Plan;
use crate::vacuity::Evidence;

/// Version of the JSON object; keys are added within one, but none changes its meaning.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// A number with three decimals. (No float decides anything here, so none is computed.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Thousandths(pub(crate) u64);

impl Thousandths {
    /// `duration` in seconds.
    pub(crate) fn seconds(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    /// `duration` in milliseconds.
    pub(crate) fn millis(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
    }

    /// `a / b`.
    pub(crate) fn ratio(a: Duration, b: Duration) -> Self {
        let ratio = a.as_nanos().saturating_mul(1000) / b.as_nanos().max(1);
        Self(u64::try_from(ratio).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

impl Serialize for Thousandths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // By way of its text: seconds and millis added as floats would have more digits.
        let number = serde_json::from_str::<serde_json::Number>(&self.to_string());
        number
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

/// From sampling an input to executing its tick from the log, milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50: Option<u64>,
    pub(crate) p99: Option<u64>,
    pub(crate) mean: Option<Thousandths>,
}

impl Latency {
    pub(crate) fn of(histogram: &Histogram) -> Self {
        Self {
            p50: histogram.quantile_ms(500),
            p99: histogram.quantile_ms(990),
            mean: histogram.mean().map(Thousandths::millis),
        }
    }
}

/// What a run came to. The fields are the keys of the JSON object, in its order.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) schema_version: u32,
    pub(crate) command: &'static str,
    pub(crate) game: &'static str,
    /// Text, as not every reader of JSON has 64-bit integers.
    pub(crate) seed: String,
    pub(crate) ticks: u64,
    pub(crate) confirmed_ticks: u64,
    pub(crate) agreed_ticks: u64,
    pub(crate) checksum: Option<String>,
    pub(crate) checksum_tick: Option<u64>,
    pub(crate) desyncs: u64,
    pub(crate) first_bad_tick: Option<u64>,
    pub(crate) rollbacks: u64,
    pub(crate) rollback_depth_max: u64,
    pub(crate) stalls: u64,
    pub(crate) late_inputs: Option<u64>,
    pub(crate) input_changes: u64,
    pub(crate) commands: u64,
    pub(crate) rounds: Option<u64>,
    pub(crate) bytes_up_per_s: u64,
    pub(crate) bytes_down_per_s: u64,
    pub(crate) input_latency_ms: Latency,
    pub(crate) wall_s: Thousandths,
    pub(crate) speed: Thousandths,
    /// Why the run proves nothing.
    pub(crate) vacuous: Vec<String>,
    /// The first thing in which two players differ; only `desync-test` knows both.
    pub(crate) first_difference: Option<String>,
    /// Most bytes of the state outside tables; only `sync-test` looks.
    pub(crate) plain_bytes: Option<u64>,
    /// What the relay counted of every slot; nothing where there is none, or only it knows.
    pub(crate) fairness: Option<Vec<Fairness>>,
    pub(crate) exit_code: u8,
}

/// How a run went, beside its figures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Real time from beginning to end.
    pub(crate) wall: Duration,
    /// Rounds ended.
    pub(crate) rounds: Option<u64>,
    /// A match of this length has to end one.
    pub(crate) round_within: Option<Duration>,
    /// Whether Ctrl-C ended it.
    pub(crate) interrupted: bool,
}

impl Summary {
    /// The figures of `report` by themselves, without a judgement.
    pub(crate) fn of(
        (command, game, seed): (&'static str, &'static str, u64),
        report: &Report,
        run: &Run,
    ) -> Self {
        let (tick, digest): (Option<Tick>, Option<Digest>) = report.checksum.unzip();
        Self {
            schema_version: SCHEMA_VERSION,
            command,
            game,
            seed: seed.to_string(),
            ticks: report.ticks,
            confirmed_ticks: report.confirmed_ticks,
            agreed_ticks: report.agreed_ticks,
            checksum: digest.map(|digest| digest.to_string()),
            checksum_tick: tick.map(|tick| tick.0),
            desyncs: report.desync.is_some().into(),
            first_bad_tick: report.desync.map(|tick| tick.0),
            rollbacks: report.rollbacks,
            rollback_depth_max: report.rollback_depth_max,
            stalls: report.stalls,
            late_inputs: Some(report.late_inputs),
            input_changes: report.input_changes,
            commands: report.commands,
            rounds: run.rounds,
            bytes_up_per_s: report.bytes_up_per_s,
            bytes_down_per_s: report.bytes_down_per_s,
            input_latency_ms: Latency::of(&report.input_latency_ms),
            wall_s: Thousandths::seconds(run.wall),
            speed: Thousandths::ratio(report.played, run.wall),
            vacuous: Vec::new(),
            first_difference: None,
            plain_bytes: None,
            fairness: (!report.slots.is_empty()).then(|| Fairness::all(&report.slots)),
            exit_code: Exit::Fine.code(),
        }
    }

    /// The summary of a test, with its judgement. A desync counts more than an interruption, and an
    /// interrupted run is not asked what it proves.
    pub(crate) fn judge(
        plan: &Plan,
        game: &'static str,
        report: &Report,
        run: &Run,
    ) -> (Self, Exit) {
        let seed = plan.scenario.seed;
        let mut summary = Self::of((plan.command, game, seed), report, run);
        let evidence = Evidence {
            ticks: report.ticks,
            rate: plan.scenario.rate,
            input_changes: report.input_changes,
            rounds: run.rounds,
            round_within: run.round_within,
            rollbacks: report.rollbacks,
            predicts: plan.predicts(),
        };
        let exit = if report.desync.is_some() {
            Exit::Desync
        } else if run.interrupted {
            Exit::Interrupted
        } else {
            summary.vacuous = evidence.lacks();
            if summary.vacuous.is_empty() {
                Exit::Fine
            } else {
                Exit::Vacuous
            }
        };
        summary.exit_code = exit.code();
        (summary, exit)
    }

    /// The figures in words, a few lines.
    pub(crate) fn figures(&self, rate: TickRate) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_figures(&mut text, rate);
        text
    }

    fn write_figures(&self, f: &mut String, rate: TickRate) -> fmt::Result {
        writeln!(
            f,
            "ticks          {} in {} s ({} times real time), {} confirmed, {} agreed",
            self.ticks, self.wall_s, self.speed, self.confirmed_ticks, self.agreed_ticks
        )?;
        match (&self.checksum, self.checksum_tick) {
            (Some(checksum), Some(tick)) => {
                writeln!(f, "checksum       {checksum} after tick {tick}")?;
            }
            _ if self.agreed_ticks == 0 => writeln!(f, "checksum       none: nothing was agreed")?,
            _ => writeln!(
                f,
                "checksum       none: that of the last agreed tick is forgotten"
            )?,
        }
        let late = self.late_inputs.map(|late| format!(", {late} late inputs"));
        let late = late.unwrap_or_default();
        writeln!(
            f,
            "rollbacks      {} (deepest {} ticks), {} stalls{late}",
            self.rollbacks, self.rollback_depth_max, self.stalls
        )?;
        if let Some(told) = self.fairness.as_deref().and_then(Fairness::told) {
            writeln!(f, "fairness       {told}")?;
        }
        let percent = self.input_changes.saturating_mul(100) / self.ticks.max(1);
        write!(
            f,
            "input changes  on {} ticks ({percent} %)",
            self.input_changes
        )?;
        if self.commands > 0 {
            write!(f, "; {} commands", self.commands)?;
        }
        if let Some(rounds) = self.rounds {
            write!(f, "; {rounds} rounds ended")?;
        }
        writeln!(f)?;
        writeln!(
            f,
            "traffic        {} B/s up, {} B/s down per client, at {rate} Hz",
            self.bytes_up_per_s, self.bytes_down_per_s
        )?;
        let Latency { p50, p99, mean } = self.input_latency_ms;
        match (p50, p99, mean) {
            (Some(p50), Some(p99), Some(mean)) => {
                write!(
                    f,
                    "input latency  {p50} ms half of the time, {p99} ms at the 99th percentile, {mean} ms on average"
                )
            }
            _ => write!(f, "input latency  not measured"),
        }
    }

    /// The whole text of a test: figures, judgement, and how to see it again.
    pub(crate) fn text(&self, plan: &Plan, exit: Exit) -> String {
        let figures = self.figures(plan.scenario.rate);
        let judgement = match exit {
            Exit::Desync => format!(
                "DESYNC: two players hold different states since tick {} (the state after that tick's frame)",
                self.first_bad_tick.unwrap_or_default()
            ),
            Exit::Vacuous => format!("VACUOUS, proves nothing: {}", self.vacuous.join("; ")),
            Exit::Interrupted => "interrupted; no desync so far".into(),
            _ => "no desync".into(),
        };
        format!("{figures}\n{judgement}\nagain with: {plan}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_numbers() {
        let json = |thousandths| serde_json::to_string(&Thousandths(thousandths)).unwrap();
        assert_eq!(json(12_345), "12.345");
        assert_eq!(json(7), "0.007");
        assert_eq!(json(2236), "2.236");
        assert_eq!(json(2000), "2.0");
        assert_eq!(Thousandths(1_050).to_string(), "1.050");
        let ratio = Thousandths::ratio(Duration::from_secs(180), Duration::from_millis(400));
        assert_eq!(ratio.to_string(), "450.000");
        assert_eq!(
            Thousandths::ratio(Duration::from_secs(1), Duration::ZERO).0,
            1_000_000_000_000
        );
    }
}
