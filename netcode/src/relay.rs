//! [`Relay`]: gathers every player's input for each tick, seals the frame, stores and broadcasts
//! it. It knows no game.

mod allowance;
mod budget;
mod downstream;
mod inbox;
#[cfg(test)]
pub(crate) mod plant;
mod reception;
mod reporter;
mod schedule;
mod sealer;
mod seat;
#[cfg(test)]
mod tests;

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use phalanx_engine::limits::GAME_ENTRIES_MAX;
use phalanx_engine::{
    CommandWay, Digest, Entry, Log, PaceChange, SealedCommand, SealedFrame, Setup, Slot, Speed,
    Tick, TickRate,
};

use self::budget::Budget;
use self::downstream::{Downstream, News, View};
use self::schedule::Schedule;
use self::sealer::{Sealer, scratch_frame};
use self::seat::Seat;
pub use self::seat::SlotStats;
use crate::channel::{Channel, CloseReason, PeerId};
use crate::config::{ConfigError, SessionConfig};
use crate::limits::{
    DATAGRAMS_PER_SECOND_MAX, FORWARDING_HOLD_PARTS, GREETING_TIMEOUT, INPUTS_AHEAD_MAX,
    LAST_VOTES_TIMEOUT, PAUSE_NOTICE, PROTOCOL_VERSION, RESUME_COUNTDOWN, SAYINGS_MAX,
    SEAL_EARLY_MAX, SILENCE_TIMEOUT, START_DELAY,
};
use crate::time::Time;
use crate::vote::{Ballot, Disagreement};
use crate::wire::{
    Arrival, BitReader, ControlReader, Datagram, FromClient, FromRelay, Hello, InputHeader,
    LargeCommand, ToRelay, Welcome, WireError, encode_control,
};

/// What a relay tells its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayEvent {
    /// A player took a slot.
    Joined {
        /// The slot.
        slot: Slot,
        /// Whose it is.
        peer: PeerId,
    },
    /// All slots are ready; the first tick is about to begin.
    Started,
    /// A player is gone.
    Left {
        /// The slot it had.
        slot: Slot,
        /// Why; `None` if the connection was lost.
        reason: Option<CloseReason>,
    },
    /// A peer was refused, or closed because of what it sent.
    Rejected {
        /// The peer.
        peer: PeerId,
        /// Why.
        reason: CloseReason,
    },
    /// The tick rate or the speed is going to change: that is sealed now.
    PaceChanges(PaceChange),
    /// The session is going to stand still, or to go on, as was [asked](Relay::pause) by the host or, if
    /// the rules let it, by a player: that is sealed now.
    Turns {
        /// Whether it stands still then.
        pauses: bool,
        /// The first tick of that.
        at: Tick,
    },
    /// From now on the computer holds a slot.
    Bot(Slot),
    /// Two players hold different worlds. All players are told; the match goes on, marked.
    Desync(Disagreement),
    /// The last tick is sealed.
    Ended,
    /// Everybody is gone; nothing comes after this.
    Finished,
}

/// Why a change of tick rate, speed or pause was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaceError {
    /// The match does not run.
    #[error("that changes only while the match runs")]
    NotRunning,
    /// It is so already.
    #[error("it is so already")]
    Same,
    /// Another change of the kind has not taken effect yet.
    #[error("another change has not taken effect yet")]
    Pending,
    /// At that speed there would be too many ticks in a second, or too few.
    #[error(
        "there are 1 to {} ticks in a second of real time",
        phalanx_engine::limits::TICK_RATE_HZ_MAX
    )]
    OutOfRange,
}

/// What a relay wants of its driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayOutput {
    /// Send the content of the buffer to a peer.
    Transmit {
        /// To whom.
        peer: PeerId,
        /// How.
        channel: Channel,
    },
    /// Close a peer's connection; nothing more is heard from it.
    Close {
        /// Whose.
        peer: PeerId,
        /// Why.
        reason: CloseReason,
    },
    /// Tell the host.
    Event(RelayEvent),
    /// Nothing more for now: call again at this moment, or when something has arrived.
    Timeout(Time),
}

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

/// How far a peer has come.
#[derive(Clone, Debug)]
enum Stage {
    /// It has not greeted yet.
    Greeting { since: Time },
    /// It has a slot.
    Seated {
        ready: bool,
        downstream: Box<Downstream>,
        slot: Slot,
    },
}

/// A connection.
#[derive(Clone, Debug)]
struct Peer {
    stage: Stage,
    control_in: ControlReader,
    control_out: Vec<u8>,
    /// A probe to return.
    echo: Option<(u64, Time)>,
    heard: Time,
    /// What it sent within the present second.
    budget: Budget,
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

    /// Figures of one slot; `None` if there is no such slot.
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

    /// How many players have a slot.
    #[must_use]
    pub fn players(&self) -> usize {
        self.seats.iter().filter(|seat| seat.peer.is_some()).count()
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
    /// does not run, or very much was said already.
    pub fn say(&mut self, kind: u32, value: u64) -> bool {
        let room = self.sayings.len() < SAYINGS_MAX && self.phase == Phase::Running;
        if room {
            self.sayings.push_back(Entry::Game { kind, value });
        }
        room
    }

    /// Lets the computer play in a slot that nobody holds; `false` if somebody does, or the match does not
    /// run, or there is no such slot.
    pub fn seat_bot(&mut self, slot: Slot) -> bool {
        let seat = self.seats.get_mut(usize::from(slot.0));
        let free = seat.filter(|seat| seat.peer.is_none() && !seat.bot);
        let Some(seat) = free.filter(|_| self.phase == Phase::Running) else {
            return false;
        };
        (seat.bot, seat.left) = (true, None);
        // Of one frame it says the same, and a frame has room for two entries of a slot.
        self.entries.retain(|entry| *entry != Entry::Leave(slot));
        self.entries.push(Entry::Bot(slot));
        self.events.push_back(RelayEvent::Bot(slot));
        true
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
            self.vacate(&gone, reason);
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
        if self.seats[usize::from(slot.0)].pauses < most && self.pause(PAUSE_NOTICE).is_ok() {
            self.seats[usize::from(slot.0)].pauses += 1;
        }
    }

    /// Lets the computer play where a player has been gone for as long as the rules say at `tick`, which is
    /// sealed next.
    fn seat_bots(&mut self, tick: Tick) {
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
    fn vacate(&mut self, gone: &Peer, reason: Option<CloseReason>) {
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

    /// Closes a peer: it is told why, and forgotten.
    fn close(&mut self, peer: PeerId, reason: CloseReason) {
        if let Some(gone) = self.peers.remove(&peer) {
            self.vacate(&gone, Some(reason));
            self.closing.push_back((peer, reason));
        }
    }

    /// Takes bytes from a peer. Bytes that are no message close that peer and nobody else.
    pub fn handle(&mut self, now: Time, peer: PeerId, channel: Channel, bytes: &[u8]) {
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
            && let Some(message) = peer.control_in.next().map_err(|_| CloseReason::Malformed)?
        {
            // Commands have a budget of their own.
            if !matches!(message, FromClient::Command(_)) {
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
            (FromClient::Hello(hello), Stage::Greeting { .. }) => self.greet(id, &hello),
            (FromClient::Ready, Stage::Seated { ready, .. }) if !*ready => {
                *ready = true;
                self.start_if_ready(now);
                Ok(())
            }
            (FromClient::Stamping(from), Stage::Seated { slot, .. }) => {
                let seat = &mut self.seats[usize::from(slot.0)];
                if seat.from.is_some() || self.phase == Phase::Gathering {
                    return Err(CloseReason::Unexpected);
                }
                seat.from = Some(from);
                Ok(())
            }
            (FromClient::Leave, Stage::Seated { .. }) => Err(CloseReason::Left),
            (FromClient::Pause, Stage::Seated { slot, .. }) => {
                let slot = *slot;
                self.player_pauses(slot);
                Ok(())
            }
            (FromClient::Resume, Stage::Seated { .. }) => {
                if self.config.rules.pauses > 0 {
                    // Whoever comes second, or too late, has what he wanted.
                    let _ = self.resume(RESUME_COUNTDOWN);
                }
                Ok(())
            }
            (FromClient::Command(command), Stage::Seated { slot, .. }) => {
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

    /// Takes a large command of `slot`; returns whether it is new.
    fn large_command(&mut self, slot: Slot, command: LargeCommand) -> Result<bool, CloseReason> {
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

    /// Compares what a client plays with what the session plays, and gives it a slot.
    fn greet(&mut self, id: PeerId, hello: &Hello) -> Result<(), CloseReason> {
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

    fn start_if_ready(&mut self, now: Time) {
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

    fn datagram(&mut self, now: Time, id: PeerId, bytes: &[u8]) -> Result<(), CloseReason> {
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
                let Stage::Seated {
                    slot, downstream, ..
                } = &mut peer.stage
                else {
                    return Err(CloseReason::Unexpected);
                };
                if header.frames_next > self.sealer.next() {
                    return Err(CloseReason::Malformed);
                }
                downstream.received(header.number);
                downstream.acknowledge(now, header.frames_next);
                downstream.acknowledge_soon(now);
                let slot = *slot;
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
        let limit = self.sealer.next() + INPUTS_AHEAD_MAX;
        let seat = &mut self.seats[usize::from(slot.0)];
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
                seat.receive(tick, &self.input);
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
        if first && let Some(disagreement) = self.ballot.disagreement() {
            let disagreement = disagreement.clone();
            for peer in self.peers.values_mut() {
                if matches!(peer.stage, Stage::Seated { .. }) {
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
        let forwards = self.config.forwards();
        for peer in self.peers.values_mut() {
            let Stage::Seated {
                slot: other,
                downstream,
                ..
            } = &mut peer.stage
            else {
                continue;
            };
            if *other == slot {
                downstream.arrived(new);
            } else if forwards {
                downstream.forward(now + hold);
            }
        }
    }

    /// When the next tick has to be sealed at the latest, and whether it may be sealed now.
    fn seal_time(&self) -> Time {
        let tick = self.sealer.next();
        let deadline = self.schedule.deadline(tick);
        let awaited = || self.seats.iter().filter(|seat| seat.is_awaited(tick));
        if self.schedule.pauses(tick) || awaited().next().is_none() {
            deadline
        } else if awaited().all(|seat| seat.next() > tick) {
            deadline - SEAL_EARLY_MAX
        } else {
            deadline + self.config.wait_bound()
        }
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
            let last = self.entries.contains(&Entry::End);
            self.seat_bots(tick);
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
                if let Stage::Seated { downstream, .. } = &mut peer.stage {
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
            _ if peer.heard + SILENCE_TIMEOUT <= now => Some(CloseReason::TimedOut),
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
            return self.vacate(&gone, Some(reason));
        }
        if self.peers.is_empty() && matches!(self.phase, Phase::Ended { .. }) {
            self.phase = Phase::Finished;
            self.events.push_back(RelayEvent::Finished);
        }
    }

    /// What is to be done next. Transmissions are written into `buffer`, which is cleared first.
    pub fn poll(&mut self, now: Time, buffer: &mut Vec<u8>) -> RelayOutput {
        buffer.clear();
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
            if let Stage::Seated {
                slot, downstream, ..
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
                downstream.fall_back(now, &view, news, &mut self.frame, &mut peer.control_out);
                if peer.control_out.is_empty()
                    && let Some((sent, heard)) = peer.echo.take()
                {
                    Datagram::echo(buffer, sent, heard.as_nanos());
                    return Some((*id, Channel::Datagram));
                }
                if peer.control_out.is_empty()
                    && downstream.timeout() <= now
                    && downstream.write(now, &view, news, period, buffer)
                {
                    return Some((*id, Channel::Datagram));
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
            Stage::Seated { downstream, .. } => {
                downstream.timeout().min(peer.heard + SILENCE_TIMEOUT)
            }
        });
        peers.fold(seal, Time::min)
    }
}

fn malformed(_: WireError) -> CloseReason {
    CloseReason::Malformed
}
