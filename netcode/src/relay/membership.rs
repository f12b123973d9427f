//! Who comes, begins and goes.

use core::time::Duration;

use phalanx_engine::{Entry, Slot, Tick};

use super::downstream::Downstream;
use super::peer::{Peer, Stage};
use super::{Phase, Relay, RelayEvent};
use crate::channel::{CloseReason, PeerId};
use crate::limits::{PROTOCOL_VERSION, START_DELAY};
use crate::time::Time;
use crate::wire::{FromRelay, Hello, Welcome, encode_control};

impl Relay {
    /// Compares what a client plays with what the session plays, and gives it a slot.
    pub(super) fn greet(&mut self, id: PeerId, hello: &Hello) -> Result<(), CloseReason> {
        let (game, ours) = (&hello.game, &self.config.game);
        if hello.protocol != PROTOCOL_VERSION {
            return Err(CloseReason::ProtocolVersion);
        }
        if game.id != ours.id {
            return Err(CloseReason::WrongGame);
        }
        if game.version != ours.version {
            return Err(CloseReason::WrongVersion);
        }
        if game != ours {
            return Err(CloseReason::WrongContent);
        }
        if self.phase != Phase::Gathering {
            return Err(CloseReason::SessionBegun);
        }
        let mut places = Slot::all(self.config.setup.slots).zip(&mut self.seats);
        let Some((slot, seat)) = places.find(|(_, seat)| seat.peer.is_none()) else {
            return Err(CloseReason::SessionFull);
        };
        seat.peer = Some(id);
        self.ballot.seat(slot, true);
        self.events.push_back(RelayEvent::Joined { slot, peer: id });
        if let Some(peer) = self.peers.get_mut(&id) {
            let downstream = Box::new(Downstream::new(slot, self.config.setup.first));
            peer.stage = Stage::Seated {
                slot,
                ready: false,
                downstream,
            };
            let welcome = Welcome {
                slot,
                setup: self.config.setup,
                rules: self.config.rules,
                epoch: self.config.epoch,
                commands: self.seats[usize::from(slot.0)].commands.next(),
            };
            encode_control(&FromRelay::Welcome(welcome), &mut peer.control_out);
        }
        Ok(())
    }

    pub(super) fn start_if_ready(&mut self, now: Time) {
        let ready = |peer: &&Peer| matches!(peer.stage, Stage::Seated { ready: true, .. });
        if self.phase != Phase::Gathering
            || self.peers.values().filter(ready).count() != self.seats.len()
        {
            return;
        }
        let start = now + START_DELAY;
        self.phase = Phase::Running;
        self.schedule.begin(start);
        self.entries
            .extend(Slot::all(self.config.setup.slots).map(Entry::Join));
        self.events.push_back(RelayEvent::Started);
        for peer in self.peers.values_mut() {
            if matches!(peer.stage, Stage::Seated { .. }) {
                let deadline = start.as_nanos();
                encode_control(&FromRelay::Start { deadline }, &mut peer.control_out);
            }
        }
    }

    /// Lets the computer play where a player has been gone for as long as the rules say at `tick`, which is
    /// sealed next.
    pub(super) fn seat_bots(&mut self, tick: Tick) {
        let Some(grace) = self.config.rules.bot_after_ms else {
            return;
        };
        let (grace, now) = (
            Duration::from_millis(grace.into()),
            self.schedule.deadline(tick),
        );
        for slot in Slot::all(self.config.setup.slots) {
            let left = self.seats[usize::from(slot.0)].left;
            if left.is_some_and(|left| now.since(self.schedule.deadline(left)) >= grace) {
                self.seat_bot(slot);
            }
        }
    }

    /// Frees the slot of a peer that is gone; in a running match that is an entry of the log.
    pub(super) fn vacate(&mut self, gone: &Peer, reason: Option<CloseReason>) {
        let Stage::Seated { slot, .. } = &gone.stage else {
            return;
        };
        let slot = *slot;
        self.seats[usize::from(slot.0)].vacate();
        self.ballot.seat(slot, false);
        self.ballot.agree();
        self.events.push_back(RelayEvent::Left { slot, reason });
        if self.phase == Phase::Running {
            self.seats[usize::from(slot.0)].left = Some(self.sealer.next());
            self.entries.push(Entry::Leave(slot));
            if self.players() == 0 {
                self.entries.push(Entry::End);
            }
        }
    }
}
