//! [`Console`]: what the program says, and where: results to stdout, all else to stderr.

use std::io::{self, ErrorKind, Write};

use serde::Serialize;

use crate::cli::OutputArgs;
use crate::exit::Failure;
use crate::file::in_words;

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

    /// Says one result: as an object to programs, as text to people. Fails if it cannot be written.
    pub(crate) fn result(self, object: &impl Serialize, text: &str) -> Result<(), Failure> {
        if self.json {
            print(&serde_json::to_string(object).map_err(Failure::internal)?)
        } else {
            print(text)
        }
    }

    /// Tells people what is going on, between results.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            complain(text);
        }
    }
}

/// Writes to stdout. A reader that has gone away is no error of ours; a full disk is one.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let message = format!("cannot write the results: {}", in_words(&error));
            Err(Failure::internal(message))
        }
        _ => Ok(()),
    }
}

/// Writes to stderr.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
