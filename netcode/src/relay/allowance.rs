//! [`Allowance`]: how much of its budget of commands a slot has left, a token bucket in integers.

use phalanx_engine::SealedCommand;

use crate::config::CommandBudget;
use crate::time::Time;

/// What a token is counted in: a budget of one per second grows by one in a nanosecond.
const TOKEN: u64 = 1_000_000_000;

/// Commands and bytes that may be sealed now, in parts of a [`TOKEN`]. It grows with the relay's clock up to
/// what the budget gives in a second.
#[derive(Clone, Debug)]
pub(crate) struct Allowance {
    at: Time,
    commands: u64,
    bytes: u64,
}

impl Default for Allowance {
    /// Full, however large the budget.
    fn default() -> Self {
        Self {
            at: Time::ZERO,
            commands: u64::MAX,
            bytes: u64::MAX,
        }
    }
}

impl Allowance {
    /// Adds what the time since the last call brought.
    pub(crate) fn refill(&mut self, now: Time, budget: CommandBudget) {
        let nanos = u64::try_from(now.since(self.at).as_nanos()).unwrap_or(u64::MAX);
        self.at = self.at.max(now);
        let grown = |left: u64, per_second: u32| {
            let full = u64::from(per_second) * TOKEN;
            let more = nanos.min(TOKEN) * u64::from(per_second);
            left.saturating_add(more).min(full)
        };
        self.commands = grown(self.commands, budget.commands_per_s);
        self.bytes = grown(self.bytes, budget.bytes_per_s);
    }

    /// Whether there is enough for `command`.
    pub(crate) fn covers(&self, command: &SealedCommand) -> bool {
        self.commands >= TOKEN && self.bytes >= Self::cost(command)
    }

    /// Takes away what `command` costs.
    pub(crate) fn pay(&mut self, command: &SealedCommand) {
        self.commands = self.commands.saturating_sub(TOKEN);
        self.bytes = self.bytes.saturating_sub(Self::cost(command));
    }

    fn cost(command: &SealedCommand) -> u64 {
        command.bytes.len() as u64 * TOKEN
    }
}
