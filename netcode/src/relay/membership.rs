//! Who comes, begins, comes back and goes.

use core::time::Duration;

use phalanx_engine::{Entry, Presence, Slot, Tick};

use super::download::Download;
use super::downstream::Downstream;
use super::peer::{Peer, Stage, Standing};
use super::{Phase, Relay, RelayEvent};
use crate::channel::{CloseReason, PeerId};
use crate::limits::{HELD_TICKS_MAX, PROTOCOL_VERSION, START_DELAY};
use crate::resume::ResumeToken;
use crate::time::Time;
use crate::wire::{FromRelay, Hello, Origin, Welcome, encode_control};

impl Relay {
    /// Compares what a client plays with what the session plays, and gives it a slot: its own if it comes
    /// back, else one that nobody has.
    pub(super) fn greet(&mut self, id: PeerId, hello: &Hello) -> Result<(), CloseReason> {
        self.compare(hello)?;
        let slot = match hello.token {
            Some(token) => self.claimed(token)?,
            None => self.free_slot()?,
        };
        let seat = &mut self.seats[usize::from(slot.0)];
        if let Some(before) = seat.peer {
            // Its player noticed first that the connection is dead.
            self.close(before, CloseReason::Replaced);
        } else if hello.token.is_none() {
            seat.holders += 1;
            seat.pauses = 0;
        }
        let (origin, from) = self.origin(hello);
        let packed = match origin {
            Origin::Snapshot { .. } => self.keyframes.accepted().map(|known| known.packed.clone()),
            Origin::Begin | Origin::Held => None,
        };
        let token = self.token(slot);
        let seat = &mut self.seats[usize::from(slot.0)];
        seat.peer = Some(id);
        let welcome = Welcome {
            slot,
            setup: self.config.setup,
            rules: self.config.rules,
            epoch: self.config.epoch,
            token,
            commands: seat.commands.next(),
            stamps: seat.next(),
            origin,
        };
        self.events.push_back(RelayEvent::Joined { slot, peer: id });
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.stage = Stage::Seated {
                slot,
                standing: Standing::Arriving,
                downstream: Box::new(Downstream::new(slot, from)),
                download: packed.map(Download::new),
            };
            encode_control(&FromRelay::Welcome(welcome), &mut peer.control_out);
        }
        Ok(())
    }

    fn compare(&self, hello: &Hello) -> Result<(), CloseReason> {
        let (game, ours) = (&hello.game, &self.config.game);
        if hello.protocol != PROTOCOL_VERSION {
            Err(CloseReason::ProtocolVersion)
        } else if game.id != ours.id {
            Err(CloseReason::WrongGame)
        } else if game.version != ours.version {
            Err(CloseReason::WrongVersion)
        } else if game != ours {
            Err(CloseReason::WrongContent)
        } else {
            Ok(())
        }
    }

    /// What the last player of `slot` claims it with.
    fn token(&self, slot: Slot) -> Option<ResumeToken> {
        let holder = self.seats[usize::from(slot.0)].holders;
        let key = self.config.resume?;
        Some(key.token(self.config.genesis(), slot, holder))
    }

    /// The slot that `token` claims. As long as the match has not begun none is kept, but it is the player's own
    /// if nobody else took it.
    fn claimed(&self, token: ResumeToken) -> Result<Slot, CloseReason> {
        let gathering = self.phase == Phase::Gathering;
        let kept = |slot: &Slot| {
            let seat = &self.seats[usize::from(slot.0)];
            let held = seat.reserved || seat.peer.is_some();
            (held || gathering) && self.token(*slot) == Some(token)
        };
        let slot = Slot::all(self.config.setup.slots).find(kept);
        match self.phase {
            Phase::Gathering | Phase::Running => slot.ok_or(CloseReason::UnknownToken),
            Phase::Ended { .. } | Phase::Finished => Err(CloseReason::Ended),
        }
    }

    /// A slot for who was not here before.
    fn free_slot(&self) -> Result<Slot, CloseReason> {
        let open = match self.phase {
            Phase::Gathering => true,
            Phase::Running => self.config.late_join,
            Phase::Ended { .. } | Phase::Finished => false,
        };
        if !open {
            return Err(CloseReason::SessionBegun);
        }
        let mut places = Slot::all(self.config.setup.slots).zip(&self.seats);
        let free = places.find(|(_, seat)| seat.is_free());
        free.map(|(slot, _)| slot).ok_or(CloseReason::SessionFull)
    }

    /// What a client with that greeting executes the session's frames from, and the first one that it is sent.
    fn origin(&mut self, hello: &Hello) -> (Origin, Tick) {
        let (first, next) = (self.sealer.first(), self.sealer.next());
        let held = hello
            .held
            .filter(|held| first < held.next && held.next <= next);
        let held =
            held.filter(|held| self.sealer.head_before(held.next, &mut self.frame) == held.head);
        let newest = self.keyframes.accepted().filter(|_| !hello.whole);
        match (held, newest) {
            (Some(held), newest)
                if newest.is_none_or(|newest| newest.tick < held.next + HELD_TICKS_MAX) =>
            {
                (Origin::Held, held.next)
            }
            (_, Some(newest)) => {
                let (from, hash, bytes) =
                    (newest.tick.next(), newest.hash, newest.packed.len() as u64);
                let head = self.sealer.head_before(from, &mut self.frame);
                (Origin::Snapshot { hash, bytes, head }, from)
            }
            (_, None) => (Origin::Begin, first),
        }
    }

    /// A player has measured the clocks, and has what it goes on from.
    pub(super) fn ready(&mut self, now: Time, id: PeerId) -> Result<(), CloseReason> {
        if let Some(peer) = self.peers.get_mut(&id)
            && let Stage::Seated {
                standing: standing @ Standing::Arriving,
                download: None,
                ..
            } = &mut peer.stage
        {
            *standing = Standing::Ready;
        } else {
            return Err(CloseReason::Unexpected);
        }
        match self.phase {
            Phase::Gathering => self.begin_if_ready(now),
            Phase::Running | Phase::Ended { .. } => self.start(now, id),
            Phase::Finished => {}
        }
        Ok(())
    }

    /// Begins the match if there are as many players as it needs.
    pub(super) fn begin_if_ready(&mut self, now: Time) {
        let is_ready = |peer: &Peer| {
            matches!(
                peer.stage,
                Stage::Seated {
                    standing: Standing::Ready,
                    ..
                }
            )
        };
        let ready = self.peers.iter().filter(|(_, peer)| is_ready(peer));
        let ready: Vec<_> = ready.map(|(id, _)| *id).collect();
        if self.phase != Phase::Gathering || ready.len() < usize::from(self.config.players_min) {
            return;
        }
        self.phase = Phase::Running;
        self.schedule.begin(now + START_DELAY);
        self.events.push_back(RelayEvent::Started);
        for slot in Slot::all(self.config.setup.slots) {
            let peer = self.seats[usize::from(slot.0)].peer;
            if peer.is_some_and(|peer| ready.contains(&peer)) {
                self.admit(slot, self.sealer.first());
            }
        }
        for id in ready {
            self.start(now, id);
        }
    }

    /// Tells a player when which tick is, and sends it frames from now on.
    fn start(&mut self, now: Time, id: PeerId) {
        let next = self.sealer.next();
        if let Some(peer) = self.peers.get_mut(&id)
            && let Stage::Seated {
                standing,
                downstream,
                ..
            } = &mut peer.stage
        {
            *standing = Standing::Running;
            if downstream.acked() < next {
                downstream.frame_sealed(now);
            }
            let (deadline, rate, change) = self.schedule.from(next);
            let deadline = deadline.as_nanos();
            let at = next;
            encode_control(
                &FromRelay::Start {
                    at,
                    deadline,
                    rate,
                    change,
                },
                &mut peer.control_out,
            );
        }
    }

    /// The player in `slot` says that it stamps every tick from `from` on: from there on it plays, and is
    /// waited for.
    pub(super) fn stamping(
        &mut self,
        slot: Slot,
        from: Tick,
        acked: Tick,
    ) -> Result<(), CloseReason> {
        let seat = &mut self.seats[usize::from(slot.0)];
        if seat.from.is_some() || self.phase == Phase::Gathering {
            return Err(CloseReason::Unexpected);
        }
        seat.from = Some(from);
        if !seat.plays() {
            self.ballot.sit(slot, acked);
        }
        Ok(())
    }

    /// Admits who stamps `tick`, which is sealed next.
    pub(super) fn admit_stamping(&mut self, tick: Tick) {
        for slot in Slot::all(self.config.setup.slots) {
            let seat = &self.seats[usize::from(slot.0)];
            if seat.is_awaited(tick) && !seat.plays() {
                self.admit(slot, tick);
            }
        }
    }

    /// The player in `slot` is in the match.
    fn admit(&mut self, slot: Slot, tick: Tick) {
        self.enter(slot, Presence::Player);
        let seat = &mut self.seats[usize::from(slot.0)];
        seat.left = None;
        seat.reserved = self.config.resume.is_some();
        if tick == self.sealer.first() {
            self.ballot.sit(slot, tick);
        } else {
            self.events.push_back(RelayEvent::Live { slot, tick });
        }
    }

    /// The next frame says who has `slot`: once, whatever it was to say before.
    pub(super) fn enter(&mut self, slot: Slot, presence: Presence) {
        let of_slot = |entry: &Entry| matches!(entry, Entry::Join(other) | Entry::Leave(other) | Entry::Bot(other) if *other == slot);
        self.entries.retain(|entry| !of_slot(entry));
        self.entries.push(match presence {
            Presence::Absent => Entry::Leave(slot),
            Presence::Player => Entry::Join(slot),
            Presence::Bot => Entry::Bot(slot),
        });
        self.seats[usize::from(slot.0)].presence = presence;
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

    /// Ends a session in which nobody is: at once if nobody can come, and else when it has lingered.
    pub(super) fn end_if_deserted(&mut self, tick: Tick) {
        if self.players() > 0 {
            self.deserted = None;
            return;
        }
        let since = *self.deserted.get_or_insert(tick);
        let alone = self
            .schedule
            .deadline(tick)
            .since(self.schedule.deadline(since));
        let hopes = self.config.late_join || self.seats.iter().any(|seat| seat.reserved);
        if !hopes || self.config.linger.is_some_and(|linger| alone >= linger) {
            self.end();
        }
    }

    /// Frees the slot of a peer that is gone; in a running match that is an entry of the log. It is kept for
    /// a player who did not leave by its own will, and can come back.
    pub(super) fn vacate(&mut self, gone: &Peer, reason: Option<CloseReason>) {
        let Stage::Seated { slot, .. } = &gone.stage else {
            return;
        };
        let slot = *slot;
        let seat = &mut self.seats[usize::from(slot.0)];
        let (plays, comes_back) = (
            seat.plays(),
            seat.reserved && reason != Some(CloseReason::Left),
        );
        seat.vacate(comes_back);
        self.keyframes.vacate(slot);
        self.ballot.rise(slot);
        self.ballot.agree();
        self.events.push_back(RelayEvent::Left { slot, reason });
        if self.phase == Phase::Running && plays {
            self.seats[usize::from(slot.0)].left = Some(self.sealer.next());
            self.enter(slot, Presence::Absent);
        }
    }
}
