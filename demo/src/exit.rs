//! [`Exit`]: how the program ends, as a number that scripts may rely on.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Fine,
    /// A fault of the program or the machine.
    Internal,
    /// Flags that are unknown, out of range or contradict each other.
    Usage,
    /// Two players held different states for one tick; two snapshots differ.
    Desync,
    /// The run proves nothing.
    Vacuous,
    /// A replay is not what was played, or not signed as asked.
    Unverified,
    /// A file that was damaged, or is none of those it should be.
    Damaged,
    /// A file of another game, version or format.
    OtherVersion,
    /// Another checker than the comparison of players failed.
    Checker,
    /// The relay did not take the player in.
    Refused,
    /// The relay was lost, or stopped, before the session ended.
    RelayLost,
    /// Nobody answered.
    TimedOut,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// All of them, by number.
    pub const ALL: [Self; 13] = [
        Self::Fine,
        Self::Internal,
        Self::Usage,
        Self::Desync,
        Self::Vacuous,
        Self::Unverified,
        Self::Damaged,
        Self::OtherVersion,
        Self::Checker,
        Self::Refused,
        Self::RelayLost,
        Self::TimedOut,
        Self::Interrupted,
    ];

    /// The number that the process returns.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Desync => 10,
            Self::Vacuous => 11,
            Self::Unverified => 12,
            Self::Damaged => 13,
            Self::OtherVersion => 14,
            Self::Checker => 15,
            Self::Refused => 20,
            Self::RelayLost => 21,
            Self::TimedOut => 22,
            Self::Interrupted => 130,
        }
    }

    /// What it means, in words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Internal => "internal error",
            Self::Usage => "wrong usage",
            Self::Desync => "desync found",
            Self::Vacuous => "vacuous run: it proves nothing",
            Self::Unverified => "replay does not verify",
            Self::Damaged => "damaged file",
            Self::OtherVersion => "other version",
            Self::Checker => "another checker failed",
            Self::Refused => "refused by the relay",
            Self::RelayLost => "relay lost",
            Self::TimedOut => "timed out",
            Self::Interrupted => "interrupted (a summary is still printed)",
        }
    }

    /// What the run came to, unless something that it was to write could not be written.
    pub(crate) fn unless_failed(self, written: &Result<(), Failure>) -> Self {
        written
            .as_ref()
            .map_or_else(|failure| failure.exit, |()| self)
    }

    /// The paragraph of `--help`.
    #[must_use]
    pub fn help() -> String {
        let lines = Self::ALL.map(|exit| format!("{:>5}  {}", exit.code(), exit.meaning()));
        format!("Exit codes:\n{}", lines.join("\n"))
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// An ending without a summary: a number for scripts and a sentence for people.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl ToString) -> Self {
        Self {
            exit,
            message: message.to_string(),
        }
    }

    /// Flags that cannot be obeyed; the message names those that can.
    pub(crate) fn usage(message: impl ToString) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn internal(message: impl ToString) -> Self {
        Self::new(Exit::Internal, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_differ_and_rise() {
        let codes = Exit::ALL.map(Exit::code);
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    }
}
