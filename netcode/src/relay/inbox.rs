//! [`Inbox`]: one slot's commands that have arrived and are not sealed yet.

use std::collections::VecDeque;

use phalanx_engine::{SealedCommand, Tick};

use crate::limits::COMMANDS_UNDER_WAY_MAX;

/// Commands in the order in which their owner gave them: none comes twice, none overtakes another.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// Every command before this one has arrived.
    next: u64,
    /// Those before `next` that wait to be sealed, and for which ticks they are.
    waiting: VecDeque<(Tick, SealedCommand)>,
}

impl Inbox {
    /// Every command before this one has arrived.
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// Takes a command for `tick`, if it is the next one and there is room: what is not taken is not
    /// acknowledged, and comes again.
    pub(crate) fn receive(&mut self, tick: Tick, command: SealedCommand) {
        let room = (self.waiting.len() as u64) < COMMANDS_UNDER_WAY_MAX;
        if command.sequence == self.next && room {
            self.waiting.push_back((tick, command));
            self.next += 1;
        }
    }

    /// The oldest command that waits, if it is for `tick` or an earlier one: how many bytes it takes in
    /// a frame.
    pub(crate) fn due(&self, tick: Tick) -> Option<u64> {
        let (wanted, command) = self.waiting.front()?;
        (*wanted <= tick).then(|| command.frame_bytes())
    }

    /// Takes that command out.
    pub(crate) fn take(&mut self) -> Option<SealedCommand> {
        self.waiting.pop_front().map(|(_, command)| command)
    }

    /// Forgets what waits: its owner is gone.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }
}
