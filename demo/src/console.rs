//! [`Console`]: what the program says, and where: results to stdout, all else to stderr.

use std::io::{self, Write};

use serde::Serialize;

use crate::cli::OutputArgs;

/// Where results go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    /// Results are JSON objects, one a line.
    pub(crate) json: bool,
    /// No progress.
    pub(crate) quiet: bool,
}

impl Console {
    pub(crate) const fn new(args: &OutputArgs) -> Self {
        Self {
            json: args.json,
            quiet: args.quiet,
        }
    }

    /// Says one result: as an object to programs, as text to people.
    pub(crate) fn result(self, object: &impl Serialize, text: &str) {
        if self.json {
            let line = serde_json::to_string(object).unwrap_or_else(|error| error.to_string());
            print(&line);
        } else {
            print(text);
        }
    }

    /// Tells people what is going on, between results.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            complain(text);
        }
    }
}

/// Writes to stdout. A reader that has gone away is no error of ours.
pub(crate) fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// Writes to stderr.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
