//! [`Inbox`]: one slot's commands that have arrived and are not sealed yet.

use std::collections::VecDeque;

use phalanx_engine::{SealedCommand, Slot, Tick};

use crate::limits::COMMANDS_UNDER_WAY_MAX;

/// Commands in the order in which their owner gave them: none comes twice, none overtakes another.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// Every command before this one has arrived.
    next: u64,
    /// Those before `next` that wait to be sealed, and for which ticks they are.
    waiting: VecDeque<(Tick, Vec<u8>)>,
}

impl Inbox {
    /// Every command before this one has arrived.
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// Takes command number `sequence`, if it is the next one and there is room: what is not taken is
    /// not acknowledged, and comes again.
    pub(crate) fn receive(&mut self, sequence: u64, tick: Tick, bytes: Vec<u8>) {
        if sequence == self.next && (self.waiting.len() as u64) < COMMANDS_UNDER_WAY_MAX {
            self.waiting.push_back((tick, bytes));
            self.next += 1;
        }
    }

    /// The oldest command that waits, if it is for `tick` or an earlier one: how many bytes it takes in
    /// a frame.
    pub(crate) fn due(&self, tick: Tick) -> Option<u64> {
        let (wanted, bytes) = self.waiting.front()?;
        let length = u64::from(SealedCommand::OVERHEAD) + bytes.len() as u64;
        (*wanted <= tick).then_some(length)
    }

    /// Takes that command out.
    pub(crate) fn take(&mut self, slot: Slot) -> Option<SealedCommand> {
        let sequence = self.next - self.waiting.len() as u64;
        let (_, bytes) = self.waiting.pop_front()?;
        Some(SealedCommand {
            slot,
            sequence,
            bytes,
        })
    }

    /// Forgets what waits: its owner is gone.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }
}
