//! [`Inbox`]: one slot's commands that have arrived and are not sealed yet.

use std::collections::VecDeque;

use phalanx_engine::{CommandWay, SealedCommand, Tick};

use super::allowance::Allowance;
#[cfg(test)]
use super::plant::{self, Fault};
use crate::channel::CloseReason;
use crate::config::CommandBudget;
use crate::limits::{COMMANDS_UNDER_WAY_MAX, LARGE_COMMANDS_UNDER_WAY_MAX};
use crate::time::Time;
use crate::wire::CommandNumbers;

/// Commands of one way in the order in which their owner gave them: none comes twice, none overtakes
/// another.
#[derive(Clone, Debug, Default)]
struct Lane {
    /// Every command before this one has arrived.
    next: u64,
    /// Those before `next` that wait to be sealed.
    waiting: VecDeque<SealedCommand>,
}

impl Lane {
    fn receive(&mut self, command: SealedCommand) {
        #[cfg(test)]
        if plant::strikes(Fault::Loses) {
            self.next += 1;
            return;
        }
        #[cfg(test)]
        if command.way() == CommandWay::Small && plant::strikes(Fault::Doubles) {
            self.waiting.push_back(command);
            return;
        }
        self.waiting.push_back(command);
        self.next += 1;
    }

    /// The first one that is not sealed.
    fn sealed_next(&self) -> u64 {
        self.next - self.waiting.len() as u64
    }
}

/// A slot's commands, and how many of them may be sealed now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inbox {
    small: Lane,
    large: Lane,
    allowance: Allowance,
}

impl Inbox {
    /// That one was sealed before this relay was there; `false` if it is not the next one of its way, as in every log
    /// that a relay sealed.
    pub(crate) fn sealed_before(&mut self, command: &SealedCommand) -> bool {
        let lane = self.lane_mut(command.way());
        let follows = command.sequence == lane.next;
        lane.next += u64::from(follows);
        follows
    }

    /// Every command before these has arrived: what a returning owner is told.
    pub(crate) const fn next(&self) -> CommandNumbers {
        CommandNumbers {
            small: self.small.next,
            large: self.large.next,
        }
    }

    /// What the owner is told all the time: the small ones that have arrived, and the large ones that are
    /// sealed, so that it gives no more than there is room for.
    pub(crate) fn acknowledged(&self) -> CommandNumbers {
        CommandNumbers {
            small: self.small.next,
            large: self.large.sealed_next(),
        }
    }

    /// Takes a small command, if it is the next one and there is room: what is not taken is not
    /// acknowledged, and comes again.
    pub(crate) fn receive_small(&mut self, command: SealedCommand) {
        let room = (self.small.waiting.len() as u64) < COMMANDS_UNDER_WAY_MAX;
        if command.sequence == self.small.next && room {
            self.small.receive(command);
        }
    }

    /// Takes a large command, if it is the next one; returns whether it was. One that came before is
    /// nothing new.
    ///
    /// # Errors
    /// [`CloseReason`] if there is no room, which its owner knew, or those before it are missing.
    pub(crate) fn receive_large(&mut self, command: SealedCommand) -> Result<bool, CloseReason> {
        if command.sequence > self.large.next {
            return Err(CloseReason::Malformed);
        }
        if command.sequence < self.large.next {
            return Ok(false);
        }
        if self.large.waiting.len() as u64 >= LARGE_COMMANDS_UNDER_WAY_MAX {
            return Err(CloseReason::Flooding);
        }
        self.large.receive(command);
        Ok(true)
    }

    /// Adds to the allowance what the time since brought.
    pub(crate) fn allow(&mut self, now: Time, budget: CommandBudget) {
        self.allowance.refill(now, budget);
    }

    /// The oldest command of `way`, if it is for `tick` or an earlier one and within the budget: how many
    /// bytes it takes in a frame.
    pub(crate) fn due(&self, way: CommandWay, tick: Tick) -> Option<u64> {
        let command = self.lane(way).waiting.front()?;
        let due = command.stamped <= tick && self.allowance.covers(command);
        due.then(|| command.frame_bytes())
    }

    /// Takes that command out.
    pub(crate) fn take(&mut self, way: CommandWay) -> Option<SealedCommand> {
        let command = self.lane_mut(way).waiting.pop_front()?;
        self.allowance.pay(&command);
        Some(command)
    }

    const fn lane_mut(&mut self, way: CommandWay) -> &mut Lane {
        match way {
            CommandWay::Small => &mut self.small,
            CommandWay::Large => &mut self.large,
        }
    }

    const fn lane(&self, way: CommandWay) -> &Lane {
        match way {
            CommandWay::Small => &self.small,
            CommandWay::Large => &self.large,
        }
    }

    /// Forgets what waits: its owner is gone for good. What is given in this slot next has those numbers,
    /// so that over all frames there is no gap.
    pub(crate) fn vacate(&mut self) {
        for lane in [&mut self.small, &mut self.large] {
            lane.next = lane.sealed_next();
            lane.waiting.clear();
        }
    }
}
