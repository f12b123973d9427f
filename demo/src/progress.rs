//! [`Progress`]: one status line, on stderr.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use phalanx_netcode::Time;

use crate::console::Console;

/// On a terminal the line is rewritten this often.
const ON_TERMINAL: Duration = Duration::from_secs(1);

/// Elsewhere there is a new line this often, and at each tenth of the whole.
const ON_FILE: Duration = Duration::from_secs(5);

/// Where a run stands, for whoever waits for it: rewritten in place on a terminal, line by line
/// elsewhere.
#[derive(Debug)]
pub(crate) struct Progress {
    kind: Kind,
    shown: Time,
    tenths: u64,
    /// A line stands on the terminal that is to be wiped.
    open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Silent,
    Terminal,
    File,
}

impl Progress {
    pub(crate) fn new(console: Console) -> Self {
        let kind = if console.quiet {
            Kind::Silent
        } else if io::stderr().is_terminal() {
            Kind::Terminal
        } else {
            Kind::File
        };
        Self::of(kind)
    }

    const fn of(kind: Kind) -> Self {
        Self {
            kind,
            shown: Time::ZERO,
            tenths: 0,
            open: false,
        }
    }

    /// Whether it is time for a line, `done` of `whole` being behind us.
    pub(crate) fn is_due(&mut self, now: Time, done: u64, whole: u64) -> bool {
        let tenths = done.saturating_mul(10) / whole.max(1);
        let due = match self.kind {
            Kind::Silent => false,
            Kind::Terminal => now.since(self.shown) >= ON_TERMINAL,
            Kind::File => now.since(self.shown) >= ON_FILE || tenths > self.tenths,
        };
        if due {
            self.shown = now;
            self.tenths = tenths;
        }
        due
    }

    /// Shows a line.
    pub(crate) fn show(&mut self, line: &str) {
        let mut stderr = io::stderr().lock();
        let _ = match self.kind {
            Kind::Silent => Ok(()),
            Kind::Terminal => {
                self.open = true;
                write!(stderr, "\r{line}\x1b[K").and_then(|()| stderr.flush())
            }
            Kind::File => writeln!(stderr, "{line}"),
        };
    }

    /// Wipes the line, so that what follows stands alone.
    pub(crate) fn wipe(&mut self) {
        if self.open {
            let mut stderr = io::stderr().lock();
            let _ = write!(stderr, "\r\x1b[K").and_then(|()| stderr.flush());
            self.open = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn a_terminal_has_a_line_per_second() {
        let mut progress = Progress::of(Kind::Terminal);
        let lines = (0..10_000).filter(|millis| progress.is_due(at(*millis), *millis, 10_000));
        assert_eq!(
            lines.collect::<Vec<_>>(),
            (1..10).map(|s| s * 1000).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_file_has_a_line_per_tenth_or_five_seconds() {
        let mut fast = Progress::of(Kind::File);
        let lines = (0..=100).filter(|done| fast.is_due(at(0), *done, 100));
        assert_eq!(
            lines.collect::<Vec<_>>(),
            (1..=10).map(|t| t * 10).collect::<Vec<_>>()
        );
        let mut slow = Progress::of(Kind::File);
        let lines = (0..=20).filter(|second| slow.is_due(at(second * 1000), *second, 1000));
        assert_eq!(lines.collect::<Vec<_>>(), [5, 10, 15, 20]);
    }

    #[test]
    fn quiet_means_quiet() {
        let mut progress = Progress::of(Kind::Silent);
        assert!(!progress.is_due(at(1_000_000), 1, 1));
    }
}
