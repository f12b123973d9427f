//! [`Console`]: what the program says, and where: results to stdout, all else to stderr. All of it is
//! [`printable`], wherever the text came from.

use std::borrow::Cow;
use std::fmt::Write as _;
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
    match writeln!(stdout, "{}", printable(text)).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let message = format!("cannot write the results: {}", in_words(&error));
            Err(Failure::internal(message))
        }
        _ => Ok(()),
    }
}

/// Writes to stderr.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", printable(text));
}

/// Text in which nothing but the ends of lines moves a terminal: what stands in files and comes from peers
/// may be of anybody. Other control characters are said as JSON says them, so that an object stays one.
fn printable(text: &str) -> Cow<'_, str> {
    let moves = |c: char| c.is_control() && c != '\n';
    if !text.contains(moves) {
        return Cow::Borrowed(text);
    }
    let mut said = String::new();
    for c in text.chars() {
        if moves(c) {
            // Writing to a string cannot fail.
            let _ = write!(said, "\\u{:04x}", u32::from(c));
        } else {
            said.push(c);
        }
    }
    said.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_said() {
        let plain = "ticks ± 3\n  \u{1F600} 2";
        assert!(matches!(printable(plain), Cow::Borrowed(text) if text == plain));
        let said = printable("a\u{1b}[31m\r\t\u{7f}\u{9b}\0b\n");
        assert_eq!(said, "a\\u001b[31m\\u000d\\u0009\\u007f\\u009b\\u0000b\n");
    }
}
