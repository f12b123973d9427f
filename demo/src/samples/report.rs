//! [`Report`]: what a recording comes to, for people and for programs.

use core::fmt;

use phalanx_netcode::time::samples::{Cause, Quantiles};
use serde::Serialize;

use super::Recording;
use crate::grouped::{Counted, Grouped};
use crate::summary::SCHEMA_VERSION;

/// What is said of one clock. The fields are the keys, in this order.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    schema_version: u32,
    command: &'static str,
    name: &'a str,
    explanation: String,
    advice: Vec<&'static str>,
    causes: Vec<Blamed>,
    tick_rate: String,
    length_ms: u64,
    inputs: u32,
    told: u32,
    untold: u32,
    late: u32,
    slack_us: Option<Spread>,
    lead_us: Option<Spread>,
    way_us: Option<Spread>,
    jitter_us: Option<Spread>,
    rate_ppm: Option<Spread>,
    predicted_ticks: Option<Spread>,
    delay_ticks: Option<Spread>,
    waited: u32,
    waited_longest_us: i64,
    stalls: u32,
    resets: u32,
    suspensions: u32,
    asleep_longest_ms: u64,
    skipped_ticks: u64,
}

/// A cause, and how many inputs it made late.
#[derive(Serialize)]
struct Blamed {
    cause: &'static str,
    late: u32,
}

/// How something is spread.
#[derive(Clone, Copy, Serialize)]
struct Spread {
    min: i64,
    p0_1: i64,
    p1: i64,
    p50: i64,
    p99: i64,
    p99_9: i64,
    max: i64,
}

impl Spread {
    const fn of(quantiles: Quantiles) -> Self {
        let Quantiles { min, p0_1, p1, .. } = quantiles;
        let Quantiles { p50, p99, .. } = quantiles;
        let Quantiles { p99_9, max, .. } = quantiles;
        Self {
            min,
            p0_1,
            p1,
            p50,
            p99,
            p99_9,
            max,
        }
    }

    const fn all(self) -> [i64; 7] {
        [
            self.min, self.p0_1, self.p1, self.p50, self.p99, self.p99_9, self.max,
        ]
    }
}

impl<'a> Report<'a> {
    pub(crate) fn of(recording: &'a Recording) -> Self {
        let summary = &recording.summary;
        let spread = |quantiles: Option<Quantiles>| quantiles.map(Spread::of);
        let millis =
            |length: core::time::Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        let causes = summary.causes();
        let blamed = |(cause, late): &(Cause, u32)| Blamed {
            cause: cause.name(),
            late: *late,
        };
        Self {
            schema_version: SCHEMA_VERSION,
            command: "time-report",
            name: &recording.name,
            explanation: summary.explain(),
            advice: causes.iter().map(|(cause, _)| cause.advice()).collect(),
            causes: causes.iter().map(blamed).collect(),
            tick_rate: summary.rate.to_string(),
            length_ms: millis(summary.length),
            inputs: summary.inputs,
            told: summary.told,
            untold: summary.untold,
            late: summary.late,
            slack_us: spread(summary.slack_us),
            lead_us: spread(summary.lead_us),
            way_us: spread(summary.way_us),
            jitter_us: spread(summary.jitter_us),
            rate_ppm: spread(summary.scale_ppm),
            predicted_ticks: spread(summary.depth_ticks),
            delay_ticks: spread(summary.delay_ticks),
            waited: summary.waited,
            waited_longest_us: summary.waited_longest_us,
            stalls: summary.stalls,
            resets: summary.resets,
            suspensions: summary.suspensions,
            asleep_longest_ms: millis(summary.asleep_longest),
            skipped_ticks: summary.skipped_ticks,
        }
    }

    fn write_spreads(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lead_us.is_none() {
            return Ok(());
        }
        let head = ["least", "p0.1", "p1", "p50", "p99", "p99.9", "most"];
        write!(f, "\n{:<16}", "")?;
        head.iter().try_for_each(|word| write!(f, "{word:>9}"))?;
        for (name, spread, divisor) in [
            ("slack ms", self.slack_us, 1000),
            ("lead ms", self.lead_us, 1000),
            ("way up ms", self.way_us, 1000),
            ("jitter ms", self.jitter_us, 1000),
            ("rate %", self.rate_ppm, 10_000),
            ("predicted ticks", self.predicted_ticks, 1),
            ("delay ticks", self.delay_ticks, 1),
        ] {
            let Some(spread) = spread else { continue };
            write!(f, "\n{name:<16}")?;
            for value in spread.all() {
                // With a gap, however long it is: a file may hold any number.
                write!(f, " {:>8}", Decimal(value, divisor).to_string())?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = |count: u32, one| Counted(count.into(), one);
        let (inputs, told) = (counted(self.inputs, "input"), Grouped(self.told.into()));
        let seconds = Decimal(i64::try_from(self.length_ms).unwrap_or(i64::MAX), 1000);
        writeln!(f, "{}: {}", self.name, self.explanation)?;
        write!(
            f,
            "{inputs} in {seconds} s at {} Hz, of {told} of which the relay told",
            self.tick_rate
        )?;
        self.write_spreads(f)?;
        if self.waited > 0 {
            let waited = counted(self.waited, "input");
            let most = Decimal(self.waited_longest_us, 1000);
            write!(
                f,
                "\n{waited} came with a later datagram, up to {most} ms after others"
            )?;
        }
        let (resets, stalls) = (counted(self.resets, "reset"), counted(self.stalls, "stall"));
        let suspensions = counted(self.suspensions, "suspension");
        let skipped = Counted(self.skipped_ticks, "tick");
        write!(f, "\n{resets}, {suspensions}, {stalls}, {skipped} skipped")?;
        let causes = self.causes.iter().zip(&self.advice);
        causes.into_iter().try_for_each(|(blamed, advice)| {
            let Blamed { cause, late } = blamed;
            write!(f, "\n{cause} ({late}): {advice}")
        })
    }
}

/// A quotient with so many decimals that no more than a tenth of a thousandth is lost: one where the
/// divisor is a thousand, three where it is ten thousand, none where it is one.
struct Decimal(i64, i64);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(value, divisor) = *self;
        let (digits, step) = match divisor {
            1 => return write!(f, "{value}"),
            1000 => (1, 100),
            _ => (3, divisor.unsigned_abs() / 1000),
        };
        let whole = (value.unsigned_abs() + step / 2) / step;
        let sign = if value < 0 && whole > 0 { "-" } else { "" };
        let ten = 10_u64.pow(digits);
        let width = digits as usize;
        write!(f, "{sign}{}.{:0width$}", whole / ten, whole % ten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_rounded() {
        for (value, divisor, text) in [
            (5649, 1000, "5.6"),
            (5650, 1000, "5.7"),
            (-5650, 1000, "-5.7"),
            (-49, 1000, "0.0"),
            (10_000, 10_000, "1.000"),
            (-12_345, 10_000, "-1.235"),
            (7, 1, "7"),
        ] {
            assert_eq!(Decimal(value, divisor).to_string(), text);
        }
    }
}
