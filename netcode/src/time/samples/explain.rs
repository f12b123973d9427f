//! The summary of a clock's samples in words.

use core::fmt::{self, Write};
use core::time::Duration;

use super::{Cause, Summary};

/// Stalls at more than one tick in so many are those of a path that is longer than delay and window.
const OFTEN: u32 = 10;

impl Summary {
    /// How it went, in a line: `late 0.4 % (16 of 4000): uplink jitter p99 31 ms, at most 38 ms`. Of several causes the
    /// heaviest comes first, each with the number of inputs that it made late.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, f: &mut String) -> fmt::Result {
        let Self {
            inputs, told, late, ..
        } = *self;
        match (self.slack_us, late) {
            (None, _) if inputs == 0 => f.write_str("no inputs")?,
            (None, _) => write!(
                f,
                "nothing known: the relay told of none of {inputs} inputs"
            )?,
            (Some(slack), 0) => {
                let tick = i64::try_from(self.rate.period_nanos() / 1000).unwrap_or(i64::MAX);
                write!(f, "all in time: {} of slack to spare", Micros(slack.min))?;
                if slack.min > tick {
                    f.write_str(", more than a tick")?;
                }
            }
            (Some(_), _) => {
                write!(f, "late {} ({late} of {told}): ", Share(late, told))?;
                self.write_causes(f)?;
            }
        }
        self.write_remarks(f)
    }

    fn write_causes(&self, f: &mut String) -> fmt::Result {
        let causes = self.causes();
        for (index, (cause, late)) in causes.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            self.write_cause(f, *cause)?;
            if causes.len() > 1 {
                write!(f, " ({late})")?;
            }
        }
        Ok(())
    }

    fn write_cause(&self, f: &mut String, cause: Cause) -> fmt::Result {
        match cause {
            Cause::Suspension if self.suspensions == 0 => f.write_str("asleep"),
            Cause::Suspension => write!(f, "asleep for {}", Seconds(self.asleep_longest)),
            Cause::Reset => write!(f, "clock set, lead {} shorter", Micros(self.dropped_us)),
            Cause::Route => {
                let after = Seconds(self.risen_after.unwrap_or_default());
                let by = Micros(self.rise_us);
                write!(f, "way up {by} longer, first at {after}")
            }
            Cause::Loss => {
                let longest = Micros(self.waited_longest_us);
                write!(f, "datagrams lost or held, up to {longest}")
            }
            Cause::Jitter => {
                let (p99, most) = self.jitter_us.map_or((0, 0), |us| (us.p99, us.max));
                let (p99, most) = (Micros(p99), Micros(most));
                write!(f, "uplink jitter p99 {p99}, at most {most}")
            }
            Cause::Lead => write!(
                f,
                "lead up to {} too short for any way",
                Micros(self.short_us)
            ),
        }
    }

    /// What happened beside late inputs, or without any.
    fn write_remarks(&self, f: &mut String) -> fmt::Result {
        let blamed = |cause| self.causes().iter().any(|(blamed, _)| *blamed == cause);
        if self.suspensions > 0 && !blamed(Cause::Suspension) {
            write!(f, "; asleep for {}", Seconds(self.asleep_longest))?;
        }
        if self.resets > 0 && !blamed(Cause::Reset) {
            write!(f, "; clock set {}", Times(self.resets.into()))?;
        }
        match self.skipped_ticks {
            0 => {}
            1 => f.write_str("; 1 tick skipped")?,
            ticks => write!(f, "; {ticks} ticks skipped")?,
        }
        if self.stalls > self.inputs / OFTEN {
            let stalls = self.stalls;
            // Without a window, as in lockstep, nothing is ever predicted.
            let predicted = self.depth_ticks.is_some_and(|depth| depth.max > 0);
            let short = if predicted { "window" } else { "input delay" };
            write!(f, "; stalled at {stalls} ticks: the {short} is short")?;
        } else if self.stalls > 0 {
            write!(f, "; stalled {}", Times(self.stalls.into()))?;
        }
        Ok(())
    }
}

/// Microseconds as milliseconds, with a decimal below ten.
struct Micros(i64);

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0.unsigned_abs().saturating_add(50) / 100;
        if tenths < 100 {
            write!(f, "{}.{} ms", tenths / 10, tenths % 10)
        } else {
            write!(f, "{} ms", self.0.unsigned_abs().saturating_add(500) / 1000)
        }
    }
}

/// Seconds with a decimal.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0.as_millis().saturating_add(50) / 100;
        write!(f, "{}.{} s", tenths / 10, tenths % 10)
    }
}

/// A share in per cent, with a digit that is not 0.
struct Share(u32, u32);

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (part, whole) = (u64::from(self.0), u64::from(self.1.max(1)));
        let of = |parts: u64| (part * parts + whole / 2) / whole;
        match of(1000) {
            0 => write!(f, "0.{:02} %", of(10_000).max(1)),
            tenths => write!(f, "{}.{} %", tenths / 10, tenths % 10),
        }
    }
}

struct Times(u64);

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("once"),
            2 => f.write_str("twice"),
            more => write!(f, "{more} times"),
        }
    }
}
