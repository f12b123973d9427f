//! Who comes, begins, comes back and goes.

use core::time::Duration;
use std::sync::Arc;

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
    pub(super) fn greet(
        &mut self,
        now: Time,
        id: PeerId,
        hello: &Hello,
    ) -> Result<(), CloseReason> {
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
        }
        let (origin, from, packed) = self.origin(hello);
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
                progressed: now,
                downstream: Box::new(Downstream::new(slot, from)),
                download: packed.map(Download::new),
            };
            let welcome = FromRelay::Welcome(Box::new(welcome));
            encode_control(&welcome, &mut peer.control_out);
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
        // Of a slot that nobody had, nobody was given one.
        let given = |slot: &Slot| {
            self.seats[usize::from(slot.0)].holders > 0 && self.token(*slot) == Some(token)
        };
        let slot = Slot::all(self.config.setup.slots).find(given);
        slot.ok_or(CloseReason::UnknownToken)
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

    /// What a client with that greeting executes the session's frames from, the first one that it is sent, and what it
    /// is sent before.
    fn origin(&mut self, hello: &Hello) -> (Origin, Tick, Option<Arc<[u8]>>) {
        let (first, next) = (self.sealer.first(), self.sealer.next());
        let held = hello
            .held
            .filter(|held| first < held.next && held.next <= next);
        let held =
            held.filter(|held| self.sealer.head_before(held.next, &mut self.frame) == held.head);
        let newest = self.keyframes.newest().filter(|_| !hello.whole);
        let newest = newest.map(|newest| newest.tick);
        if let Some(held) = held
            && newest.is_none_or(|newest| newest < held.next + HELD_TICKS_MAX)
        {
            return (Origin::Held, held.next, None);
        }
        let parcel = newest.and_then(|_| self.keyframes.parcel(&hello.snapshots));
        let Some(parcel) = parcel else {
            return (Origin::Begin, first, None);
        };
        let from = parcel.tick.next();
        let origin = Origin::Snapshot {
            hash: parcel.hash,
            bytes: parcel.packed.len() as u64,
            head: self.sealer.head_before(from, &mut self.frame),
            base: parcel.base,
        };
        (origin, from, Some(parcel.packed))
    }

    /// A player has measured the clocks: it gets what it goes on from.
    pub(super) fn measured(&mut self, now: Time, id: PeerId) -> Result<(), CloseReason> {
        let peer = self.peers.get_mut(&id);
        if let Some(peer) = peer
            && let Stage::Seated {
                standing: standing @ Standing::Arriving,
                progressed,
                download,
                ..
            } = &mut peer.stage
        {
            *progressed = now;
            if download.is_some() {
                *standing = Standing::Loading;
                return Ok(());
            }
            *standing = Standing::Ready;
            self.ready(now, id);
            return Ok(());
        }
        Err(CloseReason::Unexpected)
    }

    /// So many bytes have come of the snapshot that a player goes on from.
    pub(super) fn received(
        &mut self,
        now: Time,
        id: PeerId,
        bytes: u64,
    ) -> Result<(), CloseReason> {
        let peer = self.peers.get_mut(&id);
        if let Some(peer) = peer
            && let Stage::Seated {
                standing: standing @ Standing::Loading,
                progressed,
                download: download @ Some(_),
                ..
            } = &mut peer.stage
        {
            *progressed = now;
            let told = download.as_mut().map(|download| download.received(bytes));
            if told != Some(true) {
                return Err(CloseReason::Malformed);
            }
            if download.take_if(|download| download.is_over()).is_some() {
                *standing = Standing::Ready;
                self.ready(now, id);
            }
            return Ok(());
        }
        Err(CloseReason::Unexpected)
    }

    /// A player has all that it needs for the match.
    fn ready(&mut self, now: Time, id: PeerId) {
        match self.phase {
            Phase::Gathering => self.begin_if_ready(now),
            Phase::Running | Phase::Ended { .. } => self.start(now, id),
            Phase::Finished => {}
        }
    }

    /// Begins the match if there are as many players as it needs.
    pub(super) fn begin_if_ready(&mut self, now: Time) {
        if self.phase != Phase::Gathering {
            return;
        }
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
        if ready.len() < usize::from(self.config.players_min) {
            return;
        }
        self.phase = Phase::Running;
        self.schedule.begin(now + START_DELAY);
        self.events.push_back(RelayEvent::Started);
        let first = self.sealer.first();
        for slot in Slot::all(self.config.setup.slots) {
            let peer = self.seats[usize::from(slot.0)].peer;
            // Where a log is gone on with, all come late.
            if self.sealer.next() == first && peer.is_some_and(|peer| ready.contains(&peer)) {
                self.admit(slot, first);
            }
        }
        for id in ready {
            self.start(now, id);
        }
    }

    /// Tells a player when which tick is, and sends it frames from now on.
    fn start(&mut self, now: Time, id: PeerId) {
        let next = self.sealer.next();
        let disagreement = self.ballot.disagreement();
        if let Some(peer) = self.peers.get_mut(&id)
            && let Stage::Seated {
                standing,
                downstream,
                progressed,
                ..
            } = &mut peer.stage
        {
            (*standing, *progressed) = (Standing::Running, now);
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
            if let Some(disagreement) = disagreement {
                encode_control(&FromRelay::Desync(disagreement.tick), &mut peer.control_out);
            }
        }
    }

    /// The player in `slot` says that it stamps every tick from `from` on: from there on it plays, and is
    /// waited for.
    pub(super) fn stamping(&mut self, slot: Slot, from: Tick) -> Result<(), CloseReason> {
        let seat = &mut self.seats[usize::from(slot.0)];
        if seat.announced || self.phase == Phase::Gathering {
            return Err(CloseReason::Unexpected);
        }
        seat.announced = true;
        seat.from.get_or_insert(from);
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
        seat.stats.returned += u64::from(seat.away.is_some());
        (seat.left, seat.away) = (None, None);
        seat.reserved = self.config.resume.is_some();
        let id = seat.peer;
        let peer = id.and_then(|id| self.peers.get_mut(&id));
        let running = peer.and_then(|peer| peer.running());
        // It votes for what it executes from here on.
        let from = running.map_or(tick, |(_, downstream)| downstream.acked());
        self.ballot.sit(slot, from);
        if tick > self.sealer.first() {
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

    /// Gives up the slots of players who have been away for too long at `tick`, which is sealed next.
    pub(super) fn release_slots(&mut self, tick: Tick) {
        let Some(reserve) = self.config.reserve else {
            return;
        };
        let now = self.schedule.deadline(tick);
        for seat in &mut self.seats {
            let away = seat.away.filter(|_| seat.peer.is_none());
            if away.is_some_and(|away| now.since(self.schedule.deadline(away)) >= reserve) {
                seat.release();
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

    /// Frees the slot of a peer that is gone; in a running match that is an entry of the log. Unless it is `for_good`,
    /// the slot is kept for a player who can come back.
    pub(super) fn vacate(&mut self, gone: &Peer, reason: Option<CloseReason>, for_good: bool) {
        let Stage::Seated { slot, .. } = &gone.stage else {
            return;
        };
        let (slot, next) = (*slot, self.sealer.next());
        let seat = &mut self.seats[usize::from(slot.0)];
        let plays = seat.plays();
        seat.vacate();
        if for_good {
            seat.release();
        } else if seat.reserved {
            seat.away.get_or_insert(next);
        } else {
            // Before the match, and on the way into it: a claim to the slot counts until it is taken.
            seat.free();
        }
        self.keyframes.vacate(slot);
        self.ballot.rise(slot);
        self.ballot.agree();
        self.events.push_back(RelayEvent::Left { slot, reason });
        if self.phase == Phase::Running && plays {
            let seat = &mut self.seats[usize::from(slot.0)];
            let stops = reason == Some(CloseReason::RelayStopped);
            seat.stats.lost += u64::from(!for_good && !stops);
            seat.left = Some(next);
            self.enter(slot, Presence::Absent);
        }
    }
}
