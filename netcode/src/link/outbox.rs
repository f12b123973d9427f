//! [`Outbox`]: the commands that this client gave and the relay has not acknowledged.

use std::collections::VecDeque;

use phalanx_engine::Tick;

use crate::limits::{
    COMMAND_HEADER_BYTES_MAX, COMMANDS_PER_DATAGRAM_MAX, COMMANDS_ROOM, COMMANDS_UNDER_WAY_MAX,
    DATAGRAM_BYTES_MAX,
};
use crate::wire::{BitWriter, put_command};

/// Why a command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Its encoding is longer than the game said.
    #[error("the command has {bytes} bytes, the game's have at most {most}")]
    TooLong {
        /// Bytes of its encoding.
        bytes: u64,
        /// [`Command::MAX_BYTES`](phalanx_engine::Command::MAX_BYTES).
        most: u32,
    },
    /// The relay has not acknowledged earlier ones yet; give it again later.
    #[error("{COMMANDS_UNDER_WAY_MAX} commands are under way to the relay already")]
    TooMany,
    /// The match has not begun, or is over.
    #[error("the match does not run")]
    NotPlaying,
}

/// Commands in the order in which they were given, numbered from 0.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// The relay has every command before this one.
    acked: u64,
    /// From `acked` on: for which tick, and what.
    commands: VecDeque<(Tick, Vec<u8>)>,
}

impl Outbox {
    /// Takes a command for `tick`, or for the earliest one after it that the relay has not sealed.
    ///
    /// # Errors
    /// [`CommandError::TooMany`] if too many are under way.
    pub(crate) fn push(&mut self, tick: Tick, bytes: Vec<u8>) -> Result<(), CommandError> {
        if self.commands.len() as u64 >= COMMANDS_UNDER_WAY_MAX {
            return Err(CommandError::TooMany);
        }
        self.commands.push_back((tick, bytes));
        Ok(())
    }

    /// The relay has every command before `next`. More than were given is a lie.
    pub(crate) fn acknowledge(&mut self, next: u64) -> bool {
        let given = self.acked + self.commands.len() as u64;
        while self.acked < next && self.commands.pop_front().is_some() {
            self.acked += 1;
        }
        next <= given
    }

    /// Bytes to keep free for commands in a datagram with many inputs.
    pub(crate) fn room(&self) -> usize {
        let oldest = self.commands.iter().take(COMMANDS_PER_DATAGRAM_MAX);
        let bytes: usize = oldest
            .map(|(_, bytes)| bytes.len() + COMMAND_HEADER_BYTES_MAX)
            .sum();
        bytes.min(COMMANDS_ROOM)
    }

    /// Writes the oldest commands, as many as fit into a datagram: all of them into every datagram,
    /// until they are acknowledged. `near` is a tick that the relay knows from the same datagram.
    pub(crate) fn write(&self, near: Tick, bits: &mut BitWriter<'_>) {
        bits.put_bool(!self.commands.is_empty());
        if self.commands.is_empty() {
            return;
        }
        bits.put_count(self.acked);
        for (tick, bytes) in self.commands.iter().take(COMMANDS_PER_DATAGRAM_MAX) {
            let mark = bits.mark();
            bits.put_bool(true);
            bits.put_tick(*tick, near);
            put_command(bits, bytes);
            // The closing bit must fit as well.
            if bits.len() >= DATAGRAM_BYTES_MAX {
                bits.rewind(mark);
                break;
            }
        }
        bits.put_bool(false);
    }
}
