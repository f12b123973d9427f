//! What the relay takes from a player: inputs, commands, votes.

use phalanx_engine::{CommandWay, SealedCommand, Slot, Tick};

use super::peer::Stage;
use super::{Phase, Relay, RelayEvent, malformed};
use crate::channel::{CloseReason, PeerId};
use crate::limits::{DATAGRAMS_PER_SECOND_MAX, FORWARDING_HOLD_PARTS, INPUTS_AHEAD_MAX};
use crate::time::Time;
use crate::wire::{
    Arrival, BitReader, FromRelay, InputHeader, LargeCommand, ToRelay, WireError, encode_control,
};

impl Relay {
    pub(super) fn datagram(
        &mut self,
        now: Time,
        id: PeerId,
        bytes: &[u8],
    ) -> Result<(), CloseReason> {
        let Some(peer) = self.peers.get_mut(&id) else {
            return Ok(());
        };
        peer.heard = now;
        let per_second = self.schedule.ticks_per_second();
        peer.budget
            .datagram(now, per_second * 10 + DATAGRAMS_PER_SECOND_MAX)?;
        match ToRelay::decode(bytes).map_err(malformed)? {
            ToRelay::Probe(sent) => {
                if !matches!(peer.stage, Stage::Seated { .. }) {
                    return Err(CloseReason::Unexpected);
                }
                peer.echo = Some((sent, now));
                Ok(())
            }
            ToRelay::Inputs(header, bits) => {
                let Some((slot, downstream)) = peer.running() else {
                    return Err(CloseReason::Unexpected);
                };
                if header.frames_next > self.sealer.next() {
                    return Err(CloseReason::Malformed);
                }
                downstream.received(header.number);
                downstream.acknowledge(now, header.frames_next);
                downstream.acknowledge_soon(now);
                self.inputs(now, slot, &header, bits)
            }
        }
    }

    /// Takes the small commands of `slot` that are for ticks before `limit`; they are written as distances from `near`.
    fn commands(
        &mut self,
        slot: Slot,
        limit: Tick,
        near: Tick,
        bits: &mut BitReader<'_>,
    ) -> Result<(), WireError> {
        let longest = self.config.game.command_bytes as usize;
        let inbox = &mut self.seats[usize::from(slot.0)].commands;
        let (known, mut first) = (inbox.next().small, None);
        ToRelay::commands(near, bits, |sequence, tick, bytes| {
            // What lies before the first was acknowledged, or is a lie.
            if *first.get_or_insert(sequence) > known || bytes.len() > longest {
                return Err(WireError::OutOfRange("a command"));
            }
            if tick < limit {
                let command = SealedCommand {
                    slot,
                    sequence,
                    stamped: tick,
                    bytes,
                };
                inbox.receive_small(command);
            }
            Ok(())
        })
    }

    /// Takes votes, inputs and commands of `slot`.
    fn inputs(
        &mut self,
        now: Time,
        slot: Slot,
        header: &InputHeader,
        mut bits: BitReader<'_>,
    ) -> Result<(), CloseReason> {
        self.votes(slot, header, &mut bits)?;
        if self.phase != Phase::Running {
            return Ok(());
        }
        // Beyond this nothing is taken nor acknowledged: while one player is waited for, the
        // clocks of the others go on, and they send it again.
        let sealed = self.sealer.next();
        let limit = sealed + INPUTS_AHEAD_MAX;
        let seat = &mut self.seats[usize::from(slot.0)];
        if header.count > 0 {
            seat.from.get_or_insert(header.first);
        }
        if header.acked_baseline {
            let before = header.first.previous_since(self.config.setup.first);
            let before = before.ok_or(CloseReason::Malformed)?;
            if before >= seat.next() {
                return Err(CloseReason::Malformed); // We never acknowledged it.
            }
            let Some(input) = seat.input(before) else {
                return Ok(());
            }; // Overtaken long ago.
            self.input.copy_from_slice(input);
        } else {
            self.input.copy_from_slice(&self.config.neutral);
        }
        let mut new = Arrival::default();
        for tick in header.first.until(header.first + header.count) {
            bits.take_delta(&mut self.input).map_err(malformed)?;
            if tick >= seat.next() && tick < limit {
                if tick < sealed && seat.was_lacking(tick, sealed) {
                    let late = now.since(self.schedule.deadline(tick));
                    seat.stats.came_late(late);
                }
                seat.receive(tick, &self.input);
                seat.given_up &= tick < sealed;
                new.first = if new.count == 0 { tick } else { new.first };
                new.count += 1;
            }
        }
        self.commands(slot, limit, header.frames_next, &mut bits)
            .map_err(malformed)?;
        bits.finish().map_err(malformed)?;
        if new.count > 0 {
            self.arrived(now, slot, new);
        }
        Ok(())
    }

    fn votes(
        &mut self,
        slot: Slot,
        header: &InputHeader,
        bits: &mut BitReader<'_>,
    ) -> Result<(), CloseReason> {
        let (mut tick, sealed) = (header.votes_first, self.sealer.next());
        let (ballot, mut first) = (&mut self.ballot, false);
        ToRelay::votes(bits, |digest| {
            if tick < sealed {
                first |= ballot.vote(slot, tick, digest);
            }
            tick = tick.next();
        })
        .map_err(malformed)?;
        if tick > sealed && tick > header.votes_first {
            return Err(CloseReason::Malformed); // A vote for what is not sealed.
        }
        self.ballot.agree();
        self.tell_verdicts();
        if first && let Some(disagreement) = self.ballot.disagreement() {
            let disagreement = disagreement.clone();
            for peer in self.peers.values_mut() {
                if peer.running().is_some() {
                    encode_control(&FromRelay::Desync(disagreement.tick), &mut peer.control_out);
                }
            }
            self.events.push_back(RelayEvent::Desync(disagreement));
        }
        Ok(())
    }

    /// Notes that inputs of `slot` have just come.
    fn arrived(&mut self, now: Time, slot: Slot, mut new: Arrival) {
        new.margin_us = self.schedule.deadline(new.first).nanos_since(now) / 1000;
        let hold = self.schedule.period() / FORWARDING_HOLD_PARTS;
        let forwards = self.config.forwards() && self.seats[usize::from(slot.0)].plays();
        for peer in self.peers.values_mut() {
            let Some((other, downstream)) = peer.running() else {
                continue;
            };
            if other == slot {
                downstream.arrived(new);
            } else if forwards {
                downstream.forward(now + hold);
            }
        }
    }

    /// Takes a large command of `slot`; returns whether it is new.
    pub(super) fn large_command(
        &mut self,
        slot: Slot,
        command: LargeCommand,
    ) -> Result<bool, CloseReason> {
        let LargeCommand {
            sequence,
            stamped,
            bytes,
        } = command;
        let fits = bytes.len() as u64 <= u64::from(self.config.game.command_bytes);
        if !fits || CommandWay::of(bytes.len() as u64) != CommandWay::Large {
            return Err(CloseReason::Malformed);
        }
        match self.phase {
            Phase::Gathering => Err(CloseReason::Unexpected),
            // It was under way when the last tick was sealed.
            Phase::Ended { .. } | Phase::Finished => Ok(false),
            Phase::Running => {
                let inbox = &mut self.seats[usize::from(slot.0)].commands;
                inbox.receive_large(SealedCommand {
                    slot,
                    sequence,
                    stamped,
                    bytes,
                })
            }
        }
    }
}
