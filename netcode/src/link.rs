//! [`Link`]: a client's end of the connection, in bytes: stages, acknowledgements, lead. It knows
//! no game.

mod downlink;
mod outbox;
mod stagger;
mod stamps;
mod uplink;

use core::time::Duration;
use std::collections::VecDeque;

use phalanx_engine::limits::HISTORY_TICKS_MAX;
use phalanx_engine::{
    Digest, FrameHash, GameIdentity, SealedCommand, SealedFrame, Setup, Slot, Tick,
};

use self::downlink::Downlink;
pub(crate) use self::downlink::PROVISIONAL_COUNT_BITS;
pub use self::outbox::CommandError;
use self::outbox::Outbox;
pub use self::stagger::PathStats;
use self::stagger::Stagger;
use self::stamps::{Stamps, Start};
use self::uplink::Uplink;
use crate::channel::{Channel, CloseReason};
use crate::config::LatePolicy;
use crate::limits::{
    KEEP_ALIVE_INTERVAL, PROBE_INTERVAL, PROBES, PROTOCOL_VERSION, RESEND_INTERVAL,
    VOTES_PER_DATAGRAM_MAX,
};
use crate::time::samples::{Sample, Samples};
use crate::time::{
    LateWorth, NetTime, Observation, Server, TickMap, Time, TimeEvent, TimeProvider, low16,
};
use crate::wire::{
    BitReader, ControlReader, Datagram, FromClient, FromRelay, Hello, InputHeader, RelayHeader,
    ToClient, Welcome, encode_control,
};

/// What becomes of the frames and inputs that a link receives.
pub(crate) trait Receiver {
    /// The next sealed frame; `false` if there is no room for it yet.
    fn sealed(&mut self, frame: &SealedFrame) -> bool;
    /// A forwarded input that is not sealed yet.
    fn provisional(&mut self, tick: Tick, slot: Slot, packed: &[u8]);
    /// Chained digest of the confirmed `tick`, if it is still kept.
    fn vote(&self, tick: Tick) -> Option<Digest>;
    /// The first tick that is not confirmed.
    fn confirmed(&self) -> Tick;
}

/// What a link tells its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinkEvent {
    Welcome(Welcome),
    Started,
    Desync(Tick),
    Time(TimeEvent),
}

/// How far the connection has come.
#[derive(Clone, Debug)]
enum Stage {
    /// The greeting is sent.
    Greeting,
    /// Taken in; the round trip is being measured.
    Measuring(Measuring),
    /// Ready; the match has not begun.
    Waiting {
        measured: Measured,
        /// When the relay hears from this client again.
        next_probe: Time,
    },
    /// The match runs.
    Running(Box<Running>),
}

/// Probes of the relay's clock.
#[derive(Clone, Debug, Default)]
struct Measuring {
    next_probe: Time,
    answers: Vec<Answer>,
}

/// A probe that came back: when it was sent, the relay's clock, when the answer came.
#[derive(Clone, Copy, Debug)]
struct Answer {
    sent: Time,
    relay: Time,
    received: Time,
}

impl Answer {
    fn round_trip(&self) -> Duration {
        self.received.since(self.sent)
    }

    /// Nanoseconds by which the relay's clock is ahead of this machine's, if it answered halfway.
    fn relay_ahead(&self) -> i64 {
        self.relay.nanos_since(self.sent + self.round_trip() / 2)
    }
}

/// What the probes told.
#[derive(Clone, Debug)]
struct Measured {
    answers: Vec<Answer>,
    /// The one with the fastest round trip.
    best: Answer,
}

#[derive(Clone, Debug)]
struct Running {
    /// The fastest round trip measured before the match.
    round_trip: Duration,
    stamps: Stamps,
    uplink: Uplink,
    outbox: Outbox,
    downlink: Downlink,
    /// When every input before this one came is known, as far as it was told.
    reported_next: Tick,
    stagger: Stagger,
    /// The relay has every vote before this one.
    votes_next: Tick,
    /// Every tick before this one is agreed.
    agreed_next: Tick,
    /// When the next datagram goes out, whether or not there is a new input.
    send_at: Time,
}

/// A client's end of the connection.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    stage: Stage,
    game: GameIdentity,
    neutral: Vec<u8>,
    /// So many of the session's first ticks are not stamped.
    unstamped: u32,
    worth: LateWorth,
    welcome: Option<Welcome>,
    control_in: ControlReader,
    control_out: Vec<u8>,
    events: VecDeque<LinkEvent>,
}

impl Link {
    /// A connection that greets the relay. `neutral` is the packed neutral input; the session's
    /// first `unstamped` ticks are not stamped.
    pub(crate) fn new(
        game: GameIdentity,
        neutral: Vec<u8>,
        unstamped: u32,
        worth: LateWorth,
    ) -> Self {
        let mut control_out = Vec::new();
        let hello = Hello {
            protocol: PROTOCOL_VERSION,
            game: game.clone(),
        };
        encode_control(&FromClient::Hello(hello), &mut control_out);
        Self {
            stage: Stage::Greeting,
            game,
            neutral,
            unstamped,
            worth,
            welcome: None,
            control_in: ControlReader::default(),
            control_out,
            events: VecDeque::new(),
        }
    }

    pub(crate) fn poll_event(&mut self) -> Option<LinkEvent> {
        self.events.pop_front()
    }

    /// Every tick before this one is agreed.
    pub(crate) fn agreed_next(&self) -> Tick {
        let begin = self.welcome.as_ref().map(|welcome| welcome.setup.first);
        let running = self.running().map(|running| running.agreed_next);
        running.or(begin).unwrap_or_default()
    }

    /// The lead in force, nanoseconds.
    pub(crate) fn lead_nanos(&self) -> Option<i64> {
        self.running().map(|running| running.stamps.lead_nanos())
    }

    /// The fastest round trip seen while measuring.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        match &self.stage {
            Stage::Greeting => None,
            Stage::Running(running) => Some(running.round_trip),
            Stage::Measuring(measuring) => measuring.best().map(|best| best.round_trip()),
            Stage::Waiting { measured, .. } => Some(measured.best.round_trip()),
        }
    }

    /// What is known of the way up, while the match runs.
    pub(crate) fn path(&self) -> Option<PathStats> {
        self.running().map(|running| running.stagger.stats())
    }

    /// Hash of the newest sealed frame taken.
    pub(crate) fn head(&self) -> Option<FrameHash> {
        self.running().map(|running| running.downlink.head())
    }

    fn running(&self) -> Option<&Running> {
        match &self.stage {
            Stage::Running(running) => Some(running),
            _ => None,
        }
    }

    /// Asks the relay for a pause, or to go on.
    pub(crate) fn pause(&mut self, pauses: bool) {
        let message = if pauses {
            FromClient::Pause
        } else {
            FromClient::Resume
        };
        encode_control(&message, &mut self.control_out);
    }

    /// Tells the relay that the player leaves.
    pub(crate) fn leave(&mut self) {
        encode_control(&FromClient::Leave, &mut self.control_out);
    }

    /// The next tick whose input is to be sampled and given to [`Link::stamp`], if it is due.
    pub(crate) fn advance(&mut self, now: Time) -> Option<Tick> {
        let Stage::Running(running) = &mut self.stage else {
            return None;
        };
        if running.uplink.is_full() {
            return None;
        }
        let stamp = running.stamps.advance(now);
        while let Some(event) = running.stamps.poll_event() {
            self.events.push_back(LinkEvent::Time(event));
        }
        stamp
    }

    /// Lets another provider tell the time, in place of the one that is given back; not before the match runs.
    pub(crate) fn replace_provider(
        &mut self,
        provider: Box<dyn TimeProvider>,
    ) -> Result<Box<dyn TimeProvider>, Box<dyn TimeProvider>> {
        match &mut self.stage {
            Stage::Running(running) => Ok(running.stamps.replace(provider)),
            _ => Err(provider),
        }
    }

    /// Takes the input that was sampled for `tick`; it goes out with the next datagram.
    pub(crate) fn stamp(&mut self, now: Time, tick: Tick, packed: &[u8]) {
        if let Stage::Running(running) = &mut self.stage {
            running.uplink.stamp(tick, packed);
            running.stagger.stamped();
            running.send_at = now;
        }
    }

    /// Notes what the client knows of the input that was just stamped.
    pub(crate) fn note(&mut self, sample: Sample) {
        if let Stage::Running(running) = &mut self.stage {
            running.stamps.note(sample);
        }
    }

    /// What the clock did for the newest inputs.
    pub(crate) fn samples(&self) -> Option<&Samples> {
        self.running().map(|running| running.stamps.samples())
    }

    /// Takes an encoded command; it goes out with the next input, for the same tick, or at once if it is
    /// large. Returns it as it will be sealed.
    ///
    /// # Errors
    /// [`CommandError`] before the match runs, and if too many are under way.
    pub(crate) fn command(
        &mut self,
        slot: Slot,
        bytes: Vec<u8>,
    ) -> Result<SealedCommand, CommandError> {
        let Stage::Running(running) = &mut self.stage else {
            return Err(CommandError::NotPlaying);
        };
        let stamped = running.uplink.next();
        let sequence = running.outbox.push(stamped, bytes.clone())?;
        running.outbox.stream(&mut self.control_out);
        Ok(SealedCommand {
            slot,
            sequence,
            stamped,
            bytes,
        })
    }

    /// When the stamping clock ticks next; never while the relay has to take inputs first.
    pub(crate) fn next_stamp(&self) -> Time {
        let running = self.running().filter(|running| !running.uplink.is_full());
        running.map_or(Time::NEVER, |running| running.stamps.next_time())
    }

    /// How long a tick is now, nanoseconds; once the match runs.
    pub(crate) fn period_nanos(&self) -> Option<u64> {
        self.running().map(|running| running.stamps.period_nanos())
    }

    /// Where the relay's time is at `now`, once the match runs.
    pub(crate) fn relay_time(&self, now: Time) -> Option<NetTime<Server>> {
        self.running()?.stamps.relay(now)
    }

    /// When [`Link::poll_transmit`] has something to say without having heard anything.
    pub(crate) fn timeout(&self) -> Time {
        match &self.stage {
            Stage::Measuring(measuring) => measuring.next_probe,
            Stage::Waiting { next_probe, .. } => *next_probe,
            Stage::Running(running) => running.send_at,
            Stage::Greeting => Time::NEVER,
        }
    }

    /// Takes bytes from the relay.
    ///
    /// # Errors
    /// Why the connection has to be closed.
    pub(crate) fn handle(
        &mut self,
        now: Time,
        channel: Channel,
        bytes: &[u8],
        receiver: &mut impl Receiver,
    ) -> Result<(), CloseReason> {
        match channel {
            Channel::Datagram => self.datagram(now, bytes, receiver),
            Channel::Control => {
                self.control_in.push(bytes);
                while let Some(message) =
                    self.control_in.next().map_err(|_| CloseReason::Malformed)?
                {
                    self.control(now, message, receiver)?;
                }
                Ok(())
            }
        }
    }

    fn control(
        &mut self,
        now: Time,
        message: FromRelay,
        receiver: &mut impl Receiver,
    ) -> Result<(), CloseReason> {
        match (message, &mut self.stage) {
            (FromRelay::Welcome(welcome), Stage::Greeting) => {
                if welcome.slot.0 >= welcome.setup.slots || welcome.setup.validate().is_err() {
                    return Err(CloseReason::Malformed);
                }
                self.welcome = Some(welcome.clone());
                self.events.push_back(LinkEvent::Welcome(welcome));
                self.stage = Stage::Measuring(Measuring {
                    next_probe: now,
                    ..Default::default()
                });
            }
            (FromRelay::Start { deadline }, Stage::Waiting { measured, .. }) => {
                let measured = measured.clone();
                self.start(now, &measured, deadline)?;
            }
            (FromRelay::Frames(body), Stage::Running(running)) => {
                let datagram =
                    ToClient::decode_frames(&body).map_err(|_| CloseReason::Malformed)?;
                if let ToClient::Frames(header, bits) = datagram {
                    running.take(now, &header, bits, receiver)?;
                    running.send_at = now;
                }
            }
            (FromRelay::Desync(tick), Stage::Running(_)) => {
                self.events.push_back(LinkEvent::Desync(tick));
            }
            _ => return Err(CloseReason::Unexpected),
        }
        Ok(())
    }

    fn start(&mut self, now: Time, measured: &Measured, deadline: u64) -> Result<(), CloseReason> {
        let welcome = self.welcome.as_ref().ok_or(CloseReason::Unexpected)?;
        let waits = matches!(welcome.rules.policy, LatePolicy::Wait { .. });
        let deadline = Time::from_nanos(deadline);
        let Setup { rate, first, .. } = welcome.setup;
        let map = |deadline| TickMap::new(deadline, NetTime::start_of(first), rate);
        let relay = map(deadline);
        let echoes = measured.answers.iter().map(|answer| Observation::Echo {
            sent: answer.sent,
            relay: relay.at(answer.relay),
            received: answer.received,
        });
        let start = Start {
            map: map(deadline.offset(measured.best.relay_ahead().saturating_neg())),
            echoes: &echoes.collect::<Vec<_>>(),
            first: first + u64::from(self.unstamped),
            worth: self.worth,
            waits,
        };
        let stamps = Stamps::start(now, &start);
        let stamped = stamps.next();
        encode_control(&FromClient::Stamping(stamped), &mut self.control_out);
        let mut outbox = Outbox::default();
        if !outbox.resume(welcome.commands) {
            return Err(CloseReason::Malformed);
        }
        outbox.stream(&mut self.control_out);
        let genesis = FrameHash::genesis(&self.game, &welcome.setup);
        self.stage = Stage::Running(Box::new(Running {
            round_trip: measured.best.round_trip(),
            stamps,
            uplink: Uplink::new(self.neutral.clone(), stamped, waits),
            outbox,
            downlink: Downlink::new(welcome, self.neutral.clone(), genesis),
            reported_next: first,
            stagger: Stagger::default(),
            votes_next: first,
            agreed_next: first,
            send_at: now + RESEND_INTERVAL,
        }));
        self.events.push_back(LinkEvent::Started);
        Ok(())
    }

    fn datagram(
        &mut self,
        now: Time,
        bytes: &[u8],
        receiver: &mut impl Receiver,
    ) -> Result<(), CloseReason> {
        let datagram = ToClient::decode(bytes).map_err(|_| CloseReason::Malformed)?;
        match (datagram, &mut self.stage) {
            (ToClient::Echo { sent, relay }, Stage::Measuring(measuring)) => {
                if let Some(measured) = measuring.echo(now, sent, relay)? {
                    encode_control(&FromClient::Ready, &mut self.control_out);
                    self.stage = Stage::Waiting {
                        measured,
                        next_probe: now + KEEP_ALIVE_INTERVAL,
                    };
                }
                Ok(())
            }
            (ToClient::Frames(header, bits), Stage::Running(running)) => {
                running.take_datagram(now, &header, bits, receiver)
            }
            (ToClient::Fragment(header, piece), Stage::Running(running)) => {
                let Some(whole) = running.downlink.fragment(header, piece) else {
                    return Ok(());
                };
                match ToClient::decode_frames(&whole).map_err(|_| CloseReason::Malformed)? {
                    ToClient::Frames(header, bits) => {
                        running.take_datagram(now, &header, bits, receiver)
                    }
                    _ => Ok(()),
                }
            }
            // Overtook the start, or came after it: not needed.
            _ => Ok(()),
        }
    }

    /// Writes the next message into `buffer`, which is empty.
    pub(crate) fn poll_transmit(
        &mut self,
        now: Time,
        buffer: &mut Vec<u8>,
        receiver: &impl Receiver,
    ) -> Option<Channel> {
        if !self.control_out.is_empty() {
            buffer.append(&mut self.control_out);
            return Some(Channel::Control);
        }
        match &mut self.stage {
            Stage::Measuring(measuring) if measuring.next_probe <= now => {
                measuring.next_probe = now + PROBE_INTERVAL;
                Datagram::probe(buffer, now.as_nanos());
                Some(Channel::Datagram)
            }
            Stage::Waiting { next_probe, .. } if *next_probe <= now => {
                *next_probe = now + KEEP_ALIVE_INTERVAL;
                Datagram::probe(buffer, now.as_nanos());
                Some(Channel::Datagram)
            }
            Stage::Running(running) if running.send_at <= now => {
                running.stamps.see(now);
                running.write(buffer, receiver);
                running.send_at = now + running.stagger.send(running.stamps.period_nanos());
                Some(Channel::Datagram)
            }
            _ => None,
        }
    }
}

impl Measuring {
    /// Takes an echo; returns what all told when there were enough.
    fn echo(&mut self, now: Time, sent: u64, relay: u64) -> Result<Option<Measured>, CloseReason> {
        let sent = Time::from_nanos(sent);
        if sent > now {
            return Err(CloseReason::Malformed); // We never sent it.
        }
        self.answers.push(Answer {
            sent,
            relay: Time::from_nanos(relay),
            received: now,
        });
        if self.answers.len() < PROBES {
            return Ok(None);
        }
        Ok(self.best().map(|best| Measured {
            answers: core::mem::take(&mut self.answers),
            best,
        }))
    }

    fn best(&self) -> Option<Answer> {
        self.answers.iter().copied().min_by_key(Answer::round_trip)
    }
}

impl Running {
    /// Takes frames and forwarded inputs.
    fn take(
        &mut self,
        now: Time,
        header: &RelayHeader,
        bits: BitReader<'_>,
        receiver: &mut impl Receiver,
    ) -> Result<(), CloseReason> {
        let taken = self.downlink.take(header, bits, receiver);
        for change in self.downlink.rate_changes() {
            self.stamps.rate(now, change);
        }
        taken
    }

    /// Takes those of a datagram, which always brings the newest: it tells the time, what came on the stream
    /// does not.
    fn take_datagram(
        &mut self,
        now: Time,
        header: &RelayHeader,
        bits: BitReader<'_>,
        receiver: &mut impl Receiver,
    ) -> Result<(), CloseReason> {
        self.acknowledged(now, header, receiver)?;
        let before = self.downlink.seen();
        self.take(now, header, bits, receiver)?;
        let seen = self.downlink.seen();
        if let Some(newest) = seen.previous().filter(|_| seen > before) {
            self.stamps.frame(now, newest);
        }
        Ok(())
    }

    fn acknowledged(
        &mut self,
        now: Time,
        header: &RelayHeader,
        receiver: &impl Receiver,
    ) -> Result<(), CloseReason> {
        if !self.uplink.acknowledge(header.inputs_next)
            || !self.outbox.acknowledge(header.commands)
            || header.votes_next > receiver.confirmed()
            || !header
                .path
                .is_none_or(|path| self.stagger.report(now, path))
        {
            return Err(CloseReason::Malformed); // We never sent that.
        }
        self.votes_next = self.votes_next.max(header.votes_next);
        self.agreed_next = self.agreed_next.max(header.agreed_next);
        for arrival in header.arrivals.as_slice() {
            // Arrivals are told twice, and in the order of their ticks.
            self.stamps.arrived(now, *arrival, self.reported_next);
            self.reported_next = self.reported_next.max(arrival.end());
        }
        Ok(())
    }

    /// Writes a datagram of all unacknowledged votes, inputs and commands; a copy without the votes, which
    /// nothing waits for.
    fn write(&self, buffer: &mut Vec<u8>, receiver: &impl Receiver) {
        // A vote that is no longer kept cannot be cast: start with the first one that is.
        let confirmed = receiver.confirmed();
        let kept = confirmed.saturating_sub(HISTORY_TICKS_MAX.into());
        let mut votes_first = self.votes_next.max(kept);
        while votes_first < confirmed && receiver.vote(votes_first).is_none() {
            votes_first = votes_first.next();
        }
        let votes_end = if self.stagger.copies() {
            votes_first
        } else {
            confirmed.min(votes_first + VOTES_PER_DATAGRAM_MAX)
        };
        let votes = votes_end.since(votes_first).max(0).unsigned_abs();
        let mut header = InputHeader {
            number: low16(Tick(self.stagger.sent())),
            frames_next: self.downlink.next(),
            first: Tick::ZERO,
            count: 0,
            acked_baseline: false,
            votes_first,
        };
        self.uplink.plan(&mut header, votes, self.outbox.room());
        let votes = votes_first
            .until(votes_end)
            .map_while(|tick| receiver.vote(tick));
        let mut bits = Datagram::inputs(buffer, &header, votes);
        self.uplink.write(&header, &mut bits);
        self.outbox.write(header.frames_next, &mut bits);
        bits.finish();
    }
}

#[cfg(test)]
mod tests;
