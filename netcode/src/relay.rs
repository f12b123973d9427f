//! [`Relay`]: gathers every player's input for each tick, seals the frame, stores and broadcasts
//! it. It knows no game.

mod allowance;
mod budget;
mod download;
mod downstream;
mod event;
mod inbox;
mod intake;
mod keyframes;
mod membership;
mod peer;
#[cfg(test)]
pub(crate) mod plant;
mod play_on;
mod reception;
mod reporter;
mod schedule;
mod sealer;
mod seat;
mod shelf;
mod slot_stats;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod worlds;

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use phalanx_engine::limits::GAME_ENTRIES_MAX;
use phalanx_engine::{
    Digest, Entry, Log, Presence, SealedFrame, Setup, Slot, Snapshot, Speed, Tick, TickRate,
};

use self::budget::Budget;
use self::download::Download;
use self::downstream::{News, View};
pub use self::event::{PaceError, RelayEvent, RelayOutput};
use self::keyframes::{Held, Keyframes, Piece};
use self::peer::{Peer, Stage, Standing};
pub use self::play_on::PlayOnError;
use self::schedule::Schedule;
use self::sealer::{Sealer, scratch_frame};
use self::seat::Seat;
pub use self::slot_stats::SlotStats;
use crate::channel::{Channel, CloseReason, PeerId};
use crate::config::{ConfigError, SessionConfig};
use crate::limits::{
    ARRIVAL_TIMEOUT, GREETING_TIMEOUT, LAST_VOTES_TIMEOUT, PAUSE_NOTICE, RESUME_COUNTDOWN,
    SAYINGS_MAX, SEAL_EARLY_MAX, SILENCE_TIMEOUT, UPLOAD_WINDOW_BYTES,
};
use crate::snapshot::SnapshotError;
use crate::time::Time;
use crate::vote::{Ballot, Disagreement};
use crate::wire::{ControlReader, Datagram, FromClient, FromRelay, WireError, encode_control};

/// How far the session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Players come and get ready.
    Gathering,
    /// Ticks are sealed by the schedule.
    Running,
    /// The last tick was sealed; last votes come in until `until`.
    Ended { until: Time },
    /// Everybody is gone.
    Finished,
}

/// One session's relay.
///
/// Sans-I/O: tell it who connects and what arrives, and after each call drain [`Relay::poll`] until
/// it returns [`RelayOutput::Timeout`].
#[derive(Clone, Debug)]
pub struct Relay {
    config: SessionConfig,
    phase: Phase,
    peers: BTreeMap<PeerId, Peer>,
    seats: Vec<Seat>,
    /// Entries of the next tick to be sealed.
    entries: Vec<Entry>,
    /// Entries of the game's own that were not sealed yet.
    sayings: VecDeque<Entry>,
    schedule: Schedule,
    sealer: Sealer,
    ballot: Ballot,
    keyframes: Keyframes,
    /// Up to here it is counted for whom the next tick waited.
    waited_until: Time,
    /// Since which tick nobody is here.
    deserted: Option<Tick>,
    /// Of so many verdicts the host was told.
    told: usize,
    events: VecDeque<RelayEvent>,
    closing: VecDeque<(PeerId, CloseReason)>,
    input: Vec<u8>,
    frame: SealedFrame,
}

impl Relay {
    /// A relay for the session that `config` describes.
    ///
    /// # Errors
    /// [`ConfigError`] if the configuration is out of range.
    pub fn new(config: SessionConfig) -> Result<Self, ConfigError> {
        config.validate()?;
        let Setup { slots, first, .. } = config.setup;
        let input_bytes = config.shape().input_len();
        Ok(Self {
            phase: Phase::Gathering,
            peers: BTreeMap::new(),
            seats: (0..slots).map(|_| Seat::new(input_bytes, first)).collect(),
            entries: Vec::new(),
            sayings: VecDeque::new(),
            schedule: Schedule::new(&config.setup),
            sealer: Sealer::new(&config),
            ballot: Ballot::new(slots, first),
            keyframes: Keyframes::new(first, slots, config.rules.keyframe_ticks),
            waited_until: Time::ZERO,
            deserted: None,
            told: 0,
            events: VecDeque::new(),
            closing: VecDeque::new(),
            input: vec![0; input_bytes],
            frame: scratch_frame(&config),
            config,
        })
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &SessionConfig {
        &self.config
    }

    /// All frames sealed so far.
    #[must_use]
    pub const fn log(&self) -> &Log {
        self.sealer.log()
    }

    /// Every tick before this one is agreed.
    #[must_use]
    pub const fn agreed(&self) -> Tick {
        self.ballot.agreed_next()
    }

    /// The chained digest after an agreed `tick` of the newest [`VOTES_KEPT`](crate::limits::VOTES_KEPT);
    /// `None` if it is not agreed or no longer known.
    #[must_use]
    pub fn chained(&self, tick: Tick) -> Option<Digest> {
        self.ballot.agreed(tick)
    }

    /// Where the players parted, if they did.
    #[must_use]
    pub const fn disagreement(&self) -> Option<&Disagreement> {
        self.ballot.disagreement()
    }

    /// A [`Referee`](crate::Referee) holds that world after a sealed `tick`: who voted, or votes, for another one, is wrong.
    pub fn judge(&mut self, tick: Tick, chained: Digest) {
        self.ballot.judge(tick, chained);
        self.tell_verdicts();
    }

    /// Slots whose players held another world than a referee, and the first tick after which one did.
    #[must_use]
    pub fn verdicts(&self) -> &[(Slot, Tick)] {
        self.ballot.wrong()
    }

    /// Keeps a referee's snapshot of the session for those who come later. From now on no player is asked for one.
    ///
    /// # Errors
    /// [`SnapshotError`] if it is too large.
    pub fn keep(&mut self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        self.keyframes.keep(snapshot)?;
        self.tell_chosen(snapshot.tick, None);
        self.events.push_back(RelayEvent::Keyframe(snapshot.tick));
        Ok(())
    }

    /// The newest snapshot that those who come late or back go on from, [packed](crate::snapshot), and its tick; `None`
    /// as long as it is one of players who do not agree on that tick.
    #[must_use]
    pub fn newest_keyframe(&self) -> Option<(Tick, &[u8])> {
        let held = self.keyframes.newest()?;
        let sure = self.keyframes.is_refereed() || held.tick < self.agreed();
        sure.then_some((held.tick, &*held.packed))
    }

    /// What became of every tick of one slot, and for how long others waited for it; `None` if there is no such slot. It
    /// counts on until the session has ended, and can be asked for at any time. After [`Relay::play_on`] it begins at the end of
    /// that log.
    #[must_use]
    pub fn slot_stats(&self, slot: Slot) -> Option<SlotStats> {
        self.seats.get(usize::from(slot.0)).map(|seat| seat.stats)
    }

    /// Whether everybody is gone.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.phase == Phase::Finished
    }

    /// When `tick` has to be sealed, on the relay's clock and not counting whom it waits for;
    /// [`Time::NEVER`] before the match has begun.
    #[must_use]
    pub fn deadline(&self, tick: Tick) -> Time {
        self.schedule.deadline(tick)
    }

    /// How many players have a connection and a slot, those on their way into the match included.
    #[must_use]
    pub fn players(&self) -> usize {
        self.seats.iter().filter(|seat| seat.peer.is_some()).count()
    }

    /// Whether a slot is kept for a player who has been in the match: nobody else gets it, also while the player
    /// is away.
    #[must_use]
    pub fn is_kept(&self, slot: Slot) -> bool {
        let seat = self.seats.get(usize::from(slot.0));
        seat.is_some_and(|seat| seat.reserved)
    }

    /// Makes room in the log, so that this many ticks are sealed without allocation.
    pub fn reserve(&mut self, ticks: u32) {
        self.sealer.reserve(ticks);
    }

    /// Changes the tick rate. The next frame to be sealed names the change, for a tick some
    /// [`RATE_NOTICE`](crate::limits::RATE_NOTICE) later that nobody has stamped yet, and
    /// [`RelayEvent::PaceChanges`] tells which one that is.
    ///
    /// # Errors
    /// [`PaceError`] if it does not change then.
    pub fn change_rate(&mut self, rate: TickRate) -> Result<(), PaceError> {
        self.running()?.change_rate(rate)
    }

    /// Changes how fast the session runs, likewise: a tick is as much of the game's time as before.
    ///
    /// # Errors
    /// [`PaceError`] if it does not change then.
    pub fn change_speed(&mut self, speed: Speed) -> Result<(), PaceError> {
        self.running()?.change_speed(speed)
    }

    /// Pauses the session. The next frame names the tick from which on nothing is executed: about `notice`
    /// later, and one for which no input has come yet. Ticks are sealed all the same, without inputs, and
    /// commands wait. What is stamped for ticks of the pause is not sealed; with less than
    /// [`RATE_NOTICE`](crate::limits::RATE_NOTICE) some of that may have been stamped before its owner
    /// heard of the pause.
    ///
    /// # Errors
    /// [`PaceError`] if it does not pause then.
    pub fn pause(&mut self, notice: Duration) -> Result<(), PaceError> {
        self.running()?.pause(notice)
    }

    /// Ends the pause, about `countdown` later.
    ///
    /// # Errors
    /// [`PaceError`] if it does not go on then.
    pub fn resume(&mut self, countdown: Duration) -> Result<(), PaceError> {
        self.running()?.resume(countdown)
    }

    /// Says something that the game's rules know, with the next frame that has room for it; `false` if the match
    /// does not run, or very much was said already. What no frame had room for by the session's last one is dropped.
    pub fn say(&mut self, kind: u32, value: u64) -> bool {
        let room = self.sayings.len() < SAYINGS_MAX && self.phase == Phase::Running;
        if room {
            self.sayings.push_back(Entry::Game { kind, value });
        }
        room
    }

    /// Lets the computer play in a slot in which no player does, until one has caught up who is on the way there; `false`
    /// if somebody plays, or the match does not run, or there is no such slot.
    pub fn seat_bot(&mut self, slot: Slot) -> bool {
        let seat = self.seats.get_mut(usize::from(slot.0));
        let free = seat.filter(|seat| !seat.plays() && seat.presence != Presence::Bot);
        let Some(seat) = free.filter(|_| self.phase == Phase::Running) else {
            return false;
        };
        seat.left = None;
        self.enter(slot, Presence::Bot);
        self.events.push_back(RelayEvent::Bot(slot));
        true
    }

    /// Gives up the slot that is kept for a player who lost its connection: it does not come back, and others may take
    /// it. `false` if none is.
    pub fn release(&mut self, slot: Slot) -> bool {
        let seat = self.seats.get_mut(usize::from(slot.0));
        let kept = seat.filter(|seat| seat.reserved && seat.peer.is_none());
        kept.map(Seat::release).is_some()
    }

    /// Ends the session with the next frame; `false` if the match does not run.
    pub fn end(&mut self) -> bool {
        let running = self.phase == Phase::Running;
        if running && !self.entries.contains(&Entry::End) {
            self.entries.push(Entry::End);
        }
        running
    }

    const fn running(&mut self) -> Result<&mut Schedule, PaceError> {
        match self.phase {
            Phase::Running => Ok(&mut self.schedule),
            _ => Err(PaceError::NotRunning),
        }
    }

    /// A peer has connected.
    pub fn connected(&mut self, now: Time, peer: PeerId) {
        self.peers.insert(
            peer,
            Peer {
                stage: Stage::Greeting { since: now },
                control_in: ControlReader::default(),
                control_out: Vec::new(),
                echo: None,
                heard: now,
                budget: Budget::default(),
            },
        );
    }

    /// A peer's connection is gone.
    pub fn disconnected(&mut self, peer: PeerId, reason: Option<CloseReason>) {
        if let Some(gone) = self.peers.remove(&peer) {
            // Whoever leaves for good says so beforehand: of a connection it is not known who dropped it.
            self.vacate(&gone, reason, false);
        }
    }

    /// Stops: everybody is sent away.
    pub fn stop(&mut self) {
        if self.is_finished() {
            return;
        }
        let peers: Vec<_> = self.peers.keys().copied().collect();
        for peer in peers {
            self.close(peer, CloseReason::RelayStopped);
        }
        self.phase = Phase::Finished;
        self.events.push_back(RelayEvent::Finished);
    }

    /// Pauses the session for the player in `slot`, who may do so a few times; what comes when it is paused
    /// already, or not yet running again, costs nothing and does nothing.
    fn player_pauses(&mut self, slot: Slot) {
        let most = self.config.rules.pauses;
        let seat = &self.seats[usize::from(slot.0)];
        if seat.plays() && seat.pauses < most && self.pause(PAUSE_NOTICE).is_ok() {
            self.seats[usize::from(slot.0)].pauses += 1;
        }
    }

    /// Closes a peer: it is told why, and forgotten.
    fn close(&mut self, peer: PeerId, reason: CloseReason) {
        if let Some(gone) = self.peers.remove(&peer) {
            let for_good = matches!(
                reason,
                CloseReason::Left
                    | CloseReason::Malformed
                    | CloseReason::Unexpected
                    | CloseReason::Flooding
            );
            self.vacate(&gone, Some(reason), for_good);
            self.closing.push_back((peer, reason));
        }
    }

    /// Takes bytes from a peer. Bytes that are no message close that peer and nobody else.
    pub fn handle(&mut self, now: Time, peer: PeerId, channel: Channel, bytes: &[u8]) {
        self.count_waiting(now);
        let result = match channel {
            Channel::Datagram => self.datagram(now, peer, bytes),
            Channel::Control => self.control_bytes(now, peer, bytes),
        };
        if let Err(reason) = result {
            if reason != CloseReason::Left {
                self.events.push_back(RelayEvent::Rejected { peer, reason });
            }
            self.close(peer, reason);
        }
    }

    fn control_bytes(&mut self, now: Time, id: PeerId, bytes: &[u8]) -> Result<(), CloseReason> {
        let Some(peer) = self.peers.get_mut(&id) else {
            return Ok(());
        };
        peer.heard = now;
        peer.control_in.push(bytes);
        while let Some(peer) = self.peers.get_mut(&id)
            && let Some(message) = peer.control_in.next().map_err(|_| peer.unreadable())?
        {
            // Commands and snapshots have budgets of their own.
            let counted = !matches!(
                message,
                FromClient::Command(_) | FromClient::Upload { .. } | FromClient::Received(_)
            );
            if counted {
                peer.budget.message(now)?;
            }
            self.control(now, id, message)?;
        }
        Ok(())
    }

    fn control(&mut self, now: Time, id: PeerId, message: FromClient) -> Result<(), CloseReason> {
        let Some(peer) = self.peers.get_mut(&id) else {
            return Ok(());
        };
        match (message, &mut peer.stage) {
            (FromClient::Hello(hello), Stage::Greeting { .. }) => self.greet(now, id, &hello),
            (FromClient::Ready, Stage::Seated { .. }) => self.measured(now, id),
            (FromClient::Received(bytes), Stage::Seated { .. }) => self.received(now, id, bytes),
            (
                FromClient::Stamping(from),
                Stage::Seated {
                    slot,
                    standing: Standing::Running,
                    ..
                },
            ) => {
                let slot = *slot;
                self.stamping(slot, from)
            }
            (FromClient::Keyframe { tick, hash, bytes }, Stage::Seated { slot, .. }) => {
                let slot = *slot;
                self.keyframe(slot, tick, Held { hash, bytes })
            }
            (FromClient::Upload { tick, left, piece }, Stage::Seated { slot, .. }) => {
                let slot = *slot;
                self.upload(id, slot, tick, (left, &piece))
            }
            (FromClient::Leave, Stage::Seated { .. }) => Err(CloseReason::Left),
            (FromClient::Pause, Stage::Seated { slot, .. }) => {
                let slot = *slot;
                self.player_pauses(slot);
                Ok(())
            }
            (FromClient::Resume, Stage::Seated { slot, .. }) => {
                let plays = self.seats[usize::from(slot.0)].plays();
                if self.config.rules.pauses > 0 && plays {
                    self.schedule.resume_for_player(RESUME_COUNTDOWN);
                }
                Ok(())
            }
            (
                FromClient::Command(command),
                Stage::Seated {
                    slot,
                    standing: Standing::Running,
                    ..
                },
            ) => {
                let slot = *slot;
                if !self.large_command(slot, command)?
                    && let Some(peer) = self.peers.get_mut(&id)
                {
                    // Once is enough: saying it again is counted like anything else.
                    peer.budget.message(now)?;
                }
                Ok(())
            }
            _ => Err(CloseReason::Unexpected),
        }
    }

    fn tell_verdicts(&mut self) {
        let new = &self.ballot.wrong()[self.told..];
        let verdict = |(slot, tick): &(Slot, Tick)| RelayEvent::Verdict {
            slot: *slot,
            tick: *tick,
        };
        self.events.extend(new.iter().map(verdict));
        self.told = self.ballot.wrong().len();
    }

    /// Notes what `slot` holds after a keyframe tick, and asks for it if that is what they all hold.
    fn keyframe(&mut self, slot: Slot, tick: Tick, held: Held) -> Result<(), CloseReason> {
        if tick >= self.sealer.next() {
            return Err(CloseReason::Malformed);
        }
        if !self.seats[usize::from(slot.0)].plays() {
            return Ok(());
        }
        let players = self.seats.iter().filter(|seat| seat.plays()).count();
        let asked = self.keyframes.vote(slot, tick, held, players)?;
        if asked.is_some() {
            self.tell_chosen(tick, asked);
        }
        Ok(())
    }

    /// Tells the players that the snapshot of `tick` is the one that is kept, and whoever is `asked` to send it.
    fn tell_chosen(&mut self, tick: Tick, asked: Option<Slot>) {
        for peer in self.peers.values_mut() {
            let Some((slot, _)) = peer.running() else {
                continue;
            };
            let message = if asked == Some(slot) {
                FromRelay::Wanted(tick)
            } else {
                FromRelay::Chosen(tick)
            };
            encode_control(&message, &mut peer.control_out);
        }
    }

    /// Takes a piece of a snapshot from `slot`. One of another session, or of a world that the players do not
    /// agree on, is not for those who come later.
    fn upload(
        &mut self,
        id: PeerId,
        slot: Slot,
        tick: Tick,
        (left, piece): (u64, &[u8]),
    ) -> Result<(), CloseReason> {
        let came = match self.keyframes.take(slot, tick, left, piece)? {
            Piece::TooLate => return Ok(()),
            Piece::More(came) => came,
            Piece::Last(accepted, snapshot) => {
                let ours = (&self.config.game, &self.config.setup);
                if (&snapshot.game, &snapshot.setup) != ours {
                    return Err(CloseReason::Malformed);
                }
                let agreed = self.ballot.agreed(tick);
                if agreed.is_none_or(|agreed| agreed == snapshot.chained) {
                    self.keyframes.accept(accepted);
                    self.events.push_back(RelayEvent::Keyframe(tick));
                }
                return Ok(());
            }
        };
        if came.is_multiple_of(UPLOAD_WINDOW_BYTES as u64 / 2)
            && let Some(peer) = self.peers.get_mut(&id)
        {
            encode_control(&FromRelay::Received(came), &mut peer.control_out);
        }
        Ok(())
    }

    /// When the next tick has to be sealed at the latest, and whether it may be sealed now. Who was waited for in
    /// vain is not waited for again beyond a deadline until it is back in time: one bound is lost, not one at
    /// every tick.
    fn seal_time(&self) -> Time {
        let tick = self.sealer.next();
        let deadline = self.schedule.deadline(tick);
        let awaited = || self.seats.iter().filter(|seat| seat.is_awaited(tick));
        let mut missing = awaited().filter(|seat| seat.next() <= tick).peekable();
        if self.schedule.pauses(tick) || awaited().next().is_none() {
            deadline
        } else if missing.peek().is_none() {
            deadline - SEAL_EARLY_MAX
        } else if missing.any(|seat| seat.holds_up(tick)) {
            deadline + self.config.wait_bound()
        } else {
            deadline
        }
    }

    /// Counts how long the next tick has been held back, and for whom. It waits from its deadline on, or since the one
    /// before was sealed if that is later, and for nobody longer than the policy's bound.
    fn count_waiting(&mut self, now: Time) {
        let tick = self.sealer.next();
        let deadline = self.schedule.deadline(tick);
        let (since, until) = (
            deadline.max(self.waited_until),
            deadline + self.config.wait_bound(),
        );
        let time = now.min(until).since(since);
        if self.phase == Phase::Running && !time.is_zero() && !self.schedule.pauses(tick) {
            let waits = self.seats.iter_mut().filter(|seat| seat.holds_up(tick));
            waits.for_each(|seat| seat.waited(tick, time));
        }
        self.waited_until = now;
    }

    /// Seals every tick that is due.
    fn seal(&mut self, now: Time) {
        while self.phase == Phase::Running && self.seal_time() <= now {
            let tick = self.sealer.next();
            let length = self.config.length;
            if length.is_some_and(|length| tick.next() >= self.sealer.first() + length)
                && !self.entries.contains(&Entry::End)
            {
                self.entries.push(Entry::End);
            }
            self.admit_stamping(tick);
            self.seat_bots(tick);
            self.release_slots(tick);
            self.end_if_deserted(tick);
            let last = self.entries.contains(&Entry::End);
            let stamped = self.seats.iter().map(Seat::next).max();
            let changes = self.schedule.entries(now, stamped.unwrap_or(tick));
            self.entries.extend(changes);
            let paused = self.schedule.pauses(tick);
            if !paused {
                let room = self.sayings.len().min(GAME_ENTRIES_MAX as usize);
                self.entries.extend(self.sayings.drain(..room));
            }
            self.sealer.seal(
                now,
                &self.config,
                &mut self.entries,
                &mut self.seats,
                paused,
            );
            self.sealed(tick);
            for peer in self.peers.values_mut() {
                if let Some((_, downstream)) = peer.running() {
                    downstream.frame_sealed(now);
                }
            }
            if last {
                self.phase = Phase::Ended {
                    until: now + LAST_VOTES_TIMEOUT,
                };
                self.events.push_back(RelayEvent::Ended);
            }
        }
    }

    /// Takes note of the entries of a frame that was just sealed.
    fn sealed(&mut self, tick: Tick) {
        let turns = self.schedule.turns();
        let change = self.schedule.sealed(self.sealer.frame(tick));
        self.events.extend(change.map(RelayEvent::PaceChanges));
        if let Some(at) = self.schedule.turns().filter(|_| turns.is_none()) {
            let pauses = !self.schedule.paused();
            self.events.push_back(RelayEvent::Turns { pauses, at });
        }
    }

    /// Sends away who is silent, and after the end who has voted for the last tick.
    fn send_away(&mut self, now: Time) {
        let (sealed, ballot, phase) = (self.sealer.next(), &self.ballot, self.phase);
        let seats = &self.seats;
        let reason = |peer: &Peer| match (&peer.stage, phase) {
            (Stage::Greeting { since }, _) if *since + GREETING_TIMEOUT <= now => {
                Some(CloseReason::TimedOut)
            }
            (_, Phase::Ended { until }) if until <= now => Some(CloseReason::Ended),
            (
                Stage::Seated {
                    slot, downstream, ..
                },
                Phase::Ended { .. },
            ) // After a disagreement the players get the time to hear of it.
                if downstream.acked() == sealed
                    && ballot.next(*slot) == sealed
                    && ballot.disagreement().is_none() => {
                Some(CloseReason::Ended)
            }
            _ if peer.heard + SILENCE_TIMEOUT <= now || arrives_by(seats, peer) <= now => {
                Some(CloseReason::TimedOut)
            }
            _ => None,
        };
        while let Some((peer, reason)) = self
            .peers
            .iter()
            .find_map(|(id, peer)| reason(peer).map(|reason| (*id, reason)))
        {
            // Closing frees the slot; after the end that is no news.
            let Some(gone) = self.peers.remove(&peer) else {
                break;
            };
            self.closing.push_back((peer, reason));
            if reason == CloseReason::Ended {
                continue;
            }
            self.events.push_back(RelayEvent::Rejected { peer, reason });
            return self.vacate(&gone, Some(reason), false);
        }
        if self.peers.is_empty() && matches!(self.phase, Phase::Ended { .. }) {
            self.phase = Phase::Finished;
            self.events.push_back(RelayEvent::Finished);
        }
    }

    /// What is to be done next. Transmissions are written into `buffer`, which is cleared first.
    pub fn poll(&mut self, now: Time, buffer: &mut Vec<u8>) -> RelayOutput {
        buffer.clear();
        self.begin_if_ready(now);
        self.count_waiting(now);
        self.seal(now);
        self.send_away(now);
        if let Some((peer, reason)) = self.closing.pop_front() {
            return RelayOutput::Close { peer, reason };
        }
        if let Some((peer, channel)) = self.transmit(now, buffer) {
            return RelayOutput::Transmit { peer, channel };
        }
        if let Some(event) = self.events.pop_front() {
            return RelayOutput::Event(event);
        }
        RelayOutput::Timeout(self.timeout())
    }

    fn transmit(&mut self, now: Time, buffer: &mut Vec<u8>) -> Option<(PeerId, Channel)> {
        let period = self.schedule.period();
        let view = View {
            shape: self.config.shape(),
            sealer: &self.sealer,
            seats: &self.seats,
            forwards: self.config.forwards() && !self.schedule.pauses(self.sealer.next()),
        };
        for (id, peer) in &mut self.peers {
            if peer.control_out.is_empty()
                && let Some((sent, heard)) = peer.echo.take()
            {
                Datagram::echo(buffer, sent, heard.as_nanos());
                return Some((*id, Channel::Datagram));
            }
            if let Stage::Seated {
                slot,
                standing,
                downstream,
                download,
                ..
            } = &mut peer.stage
            {
                let seat = &self.seats[usize::from(slot.0)];
                let news = News {
                    inputs_next: seat.next(),
                    commands: seat.commands.acknowledged(),
                    votes_next: self.ballot.next(*slot),
                    agreed_next: self.ballot.agreed_next(),
                    epoch: self.config.epoch,
                };
                if *standing == Standing::Running {
                    downstream.fall_back(now, &view, news, &mut self.frame, &mut peer.control_out);
                    if peer.control_out.is_empty()
                        && downstream.timeout() <= now
                        && downstream.write(now, &view, news, period, buffer)
                    {
                        return Some((*id, Channel::Datagram));
                    }
                }
                if *standing == Standing::Loading
                    && let Some(piece) = download.as_mut().and_then(Download::piece)
                {
                    let piece = FromRelay::Snapshot(piece.to_vec());
                    encode_control(&piece, &mut peer.control_out);
                }
            }
            if !peer.control_out.is_empty() {
                buffer.append(&mut peer.control_out);
                return Some((*id, Channel::Control));
            }
        }
        None
    }

    fn timeout(&self) -> Time {
        let seal = match self.phase {
            Phase::Running => self.seal_time(),
            Phase::Ended { until } => until,
            Phase::Gathering | Phase::Finished => Time::NEVER,
        };
        let peers = self.peers.values().map(|peer| match &peer.stage {
            Stage::Greeting { since } => *since + GREETING_TIMEOUT,
            Stage::Seated { downstream, .. } => downstream
                .timeout()
                .min(peer.heard + SILENCE_TIMEOUT)
                .min(arrives_by(&self.seats, peer)),
        });
        peers.fold(seal, Time::min)
    }
}

/// By when a peer has to come further on its way into the match; never, if it plays or waits for others.
fn arrives_by(seats: &[Seat], peer: &Peer) -> Time {
    match &peer.stage {
        Stage::Seated {
            slot,
            standing,
            progressed,
            downstream,
            ..
        } if *standing != Standing::Ready && !seats[usize::from(slot.0)].plays() => {
            (*progressed).max(downstream.progressed()) + ARRIVAL_TIMEOUT
        }
        _ => Time::NEVER,
    }
}

fn malformed(_: WireError) -> CloseReason {
    CloseReason::Malformed
}
