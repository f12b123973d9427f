//! [`Outbox`]: the commands that this client gave and the relay has not acknowledged.

use std::collections::VecDeque;

use phalanx_engine::{CommandWay, Tick};

use crate::limits::{
    COMMAND_HEADER_BYTES_MAX, COMMAND_NUMBER_MAX, COMMANDS_PER_DATAGRAM_MAX, COMMANDS_ROOM,
    COMMANDS_UNDER_WAY_MAX, DATAGRAM_BYTES_MAX, LARGE_COMMANDS_UNDER_WAY_MAX,
};
use crate::wire::{
    BitWriter, CommandNumbers, FromClient, LargeCommand, encode_control, put_command,
};

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
    #[error("too many commands are under way to the relay already; give it again later")]
    TooMany,
    /// This client is still [catching up](crate::Event::CatchingUp); give it again later.
    #[error("this client is still catching up; give it again later")]
    NotYet,
    /// The match has not begun, or is over.
    #[error("the match does not run")]
    NotPlaying,
}

/// Commands of one way in the order in which they were given, numbered from 0.
#[derive(Clone, Debug, Default)]
struct Lane {
    /// The relay acknowledged every command before this one.
    acked: u64,
    /// From `acked` on: for which tick, and what.
    commands: VecDeque<(Tick, Vec<u8>)>,
}

impl Lane {
    /// The number of the next command to be given.
    fn given(&self) -> u64 {
        self.acked + self.commands.len() as u64
    }

    /// Forgets every command before `next`. More than were given is a lie.
    fn acknowledge(&mut self, next: u64) -> bool {
        let given = self.given();
        while self.acked < next && self.commands.pop_front().is_some() {
            self.acked += 1;
        }
        next <= given
    }
}

/// Commands in the order in which they were given: small ones go into every datagram until they have
/// arrived, large ones onto the stream, as many as the relay has room for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    /// Acknowledged when they have arrived.
    small: Lane,
    /// Acknowledged when they are sealed: then there is room for others.
    large: Lane,
    /// Every large command before this one is on the stream, or was before the connection was lost.
    streamed: u64,
}

impl Outbox {
    /// Takes a command for `tick`, or for the earliest one after it that the relay has not sealed; returns
    /// its number.
    ///
    /// # Errors
    /// [`CommandError::TooMany`] if too many are under way.
    pub(crate) fn push(&mut self, tick: Tick, bytes: Vec<u8>) -> Result<u64, CommandError> {
        let (lane, most) = match CommandWay::of(bytes.len() as u64) {
            CommandWay::Small => (&mut self.small, COMMANDS_UNDER_WAY_MAX),
            CommandWay::Large => (&mut self.large, LARGE_COMMANDS_UNDER_WAY_MAX),
        };
        if lane.commands.len() as u64 >= most {
            return Err(CommandError::TooMany);
        }
        let sequence = lane.given();
        lane.commands.push_back((tick, bytes));
        Ok(sequence)
    }

    /// The relay has every small command before one number, and sealed every large one before the other.
    /// More than were given, or are on the stream, is a lie.
    pub(crate) fn acknowledge(&mut self, next: CommandNumbers) -> bool {
        next.large <= self.streamed
            && self.small.acknowledge(next.small)
            && self.large.acknowledge(next.large)
    }

    /// Begins over another connection: the relay has every command of the slot before these and lacks the
    /// rest, which goes out again; of what it has, nothing does. If no command is under way, as for a player
    /// whose machine has just started, the next ones are numbered from there; else numbers of commands
    /// that were never given, or were acknowledged before, are a lie.
    pub(crate) fn resume(&mut self, relay: CommandNumbers) -> bool {
        if relay.small.max(relay.large) > COMMAND_NUMBER_MAX {
            return false;
        }
        let fits = |lane: &Lane, next| (lane.acked..=lane.given()).contains(&next);
        for (lane, next) in [
            (&mut self.small, relay.small),
            (&mut self.large, relay.large),
        ] {
            if lane.commands.is_empty() {
                lane.acked = next;
            } else if !fits(lane, next) {
                return false;
            }
        }
        self.streamed = relay.large;
        self.small.acknowledge(relay.small)
    }

    /// Appends the large commands that are not on the stream yet.
    pub(crate) fn stream(&mut self, control: &mut Vec<u8>) {
        let unsent = self.streamed - self.large.acked;
        let unsent = usize::try_from(unsent).unwrap_or(usize::MAX);
        for (stamped, bytes) in self.large.commands.iter().skip(unsent) {
            let command = LargeCommand {
                sequence: self.streamed,
                stamped: *stamped,
                bytes: bytes.clone(),
            };
            encode_control(&FromClient::Command(command), control);
            self.streamed += 1;
        }
    }

    /// Bytes to keep free for commands in a datagram with many inputs.
    pub(crate) fn room(&self) -> usize {
        let oldest = self.small.commands.iter().take(COMMANDS_PER_DATAGRAM_MAX);
        let bytes: usize = oldest
            .map(|(_, bytes)| bytes.len() + COMMAND_HEADER_BYTES_MAX)
            .sum();
        bytes.min(COMMANDS_ROOM)
    }

    /// Writes the oldest small commands, as many as fit into a datagram: all of them into every datagram,
    /// until they are acknowledged. `near` is a tick that the relay knows from the same datagram.
    pub(crate) fn write(&self, near: Tick, bits: &mut BitWriter<'_>) {
        let Lane { acked, commands } = &self.small;
        bits.put_bool(!commands.is_empty());
        if commands.is_empty() {
            return;
        }
        bits.put_count(*acked);
        for (tick, bytes) in commands.iter().take(COMMANDS_PER_DATAGRAM_MAX) {
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

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: usize = 9;
    const LARGE: usize = 1000;

    fn numbers(small: u64, large: u64) -> CommandNumbers {
        CommandNumbers { small, large }
    }

    /// An outbox with three commands of each way under way.
    fn outbox() -> Outbox {
        let mut outbox = Outbox::default();
        for sequence in 0..3 {
            for length in [SMALL, LARGE] {
                let given = outbox.push(Tick(7), vec![1; length]);
                assert_eq!(given, Ok(sequence), "a sequence of its own for each way");
            }
        }
        outbox
    }

    /// Numbers of the large commands that go onto the stream now.
    fn streamed(outbox: &mut Outbox) -> Vec<u64> {
        let mut control = Vec::new();
        outbox.stream(&mut control);
        let mut reader = crate::wire::ControlReader::default();
        reader.push(&control);
        let each = core::iter::from_fn(|| reader.next().unwrap());
        let each = each.map(|message| match message {
            FromClient::Command(command) => command.sequence,
            other => panic!("{other:?}"),
        });
        each.collect()
    }

    #[test]
    fn each_large_command_goes_onto_the_stream_once() {
        let mut outbox = outbox();
        assert_eq!(streamed(&mut outbox), [0, 1, 2]);
        assert_eq!(streamed(&mut outbox), [0; 0]);
        assert!(outbox.acknowledge(numbers(3, 1)));
        assert_eq!(outbox.push(Tick(8), vec![1; LARGE]), Ok(3));
        assert_eq!(streamed(&mut outbox), [3]);
    }

    #[test]
    fn as_many_are_under_way_as_the_relay_has_room_for() {
        let mut outbox = Outbox::default();
        for (length, most) in [
            (SMALL, COMMANDS_UNDER_WAY_MAX),
            (LARGE, LARGE_COMMANDS_UNDER_WAY_MAX),
        ] {
            for sequence in 0..most {
                assert_eq!(outbox.push(Tick(7), vec![1; length]), Ok(sequence));
            }
            let refused = outbox.push(Tick(7), vec![1; length]);
            assert_eq!(refused, Err(CommandError::TooMany));
        }
        streamed(&mut outbox);
        assert!(outbox.acknowledge(numbers(1, 1)));
        assert!(outbox.push(Tick(8), vec![1; SMALL]).is_ok());
        assert!(outbox.push(Tick(8), vec![1; LARGE]).is_ok());
    }

    #[test]
    fn what_was_never_given_or_sent_is_not_acknowledged() {
        assert!(!outbox().acknowledge(numbers(4, 0)));
        assert!(!outbox().acknowledge(numbers(0, 1)), "not on the stream");
        let mut outbox = outbox();
        streamed(&mut outbox);
        assert!(!outbox.acknowledge(numbers(0, 4)));
    }

    #[test]
    fn a_new_connection_goes_on_where_the_relay_is() {
        let mut outbox = outbox();
        streamed(&mut outbox);
        assert!(outbox.acknowledge(numbers(1, 0)));
        assert!(outbox.resume(numbers(2, 1)));
        assert_eq!(streamed(&mut outbox), [1, 2]);
        assert_eq!((outbox.small.acked, outbox.small.given()), (2, 3));
        // The first large one was there, but is not sealed.
        assert_eq!((outbox.large.acked, outbox.large.given()), (0, 3));
        assert!(outbox.acknowledge(numbers(3, 3)));
    }

    #[test]
    fn who_has_just_started_goes_on_with_the_relays_numbers() {
        let mut outbox = Outbox::default();
        assert!(outbox.resume(numbers(40, 5)));
        assert_eq!(outbox.push(Tick(7), vec![1; SMALL]), Ok(40));
        assert_eq!(outbox.push(Tick(7), vec![1; LARGE]), Ok(5));
        assert_eq!(streamed(&mut outbox), [5]);
        // Not all that it had before is sealed yet.
        assert!(outbox.acknowledge(numbers(40, 3)));
    }

    #[test]
    fn numbers_that_nobody_reaches_are_refused() {
        for (small, large) in [(u64::MAX, 0), (0, COMMAND_NUMBER_MAX + 1)] {
            assert!(!Outbox::default().resume(numbers(small, large)));
        }
        let most = numbers(COMMAND_NUMBER_MAX, COMMAND_NUMBER_MAX);
        let mut outbox = Outbox::default();
        assert!(outbox.resume(most));
        assert!(outbox.push(Tick(7), vec![1; SMALL]).is_ok());
    }

    #[test]
    fn a_relay_that_forgot_commands_or_has_others_is_found_out() {
        for (small, large) in [(0, 1), (4, 1), (2, 4)] {
            let mut outbox = outbox();
            streamed(&mut outbox);
            assert!(outbox.acknowledge(numbers(1, 0)));
            assert!(!outbox.resume(numbers(small, large)), "{small}, {large}");
        }
    }
}
