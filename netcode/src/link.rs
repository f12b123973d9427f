//! [`Link`]: a client's end of the connection, in bytes: stages, acknowledgements, lead. It knows
//! no game.

mod downlink;
mod download;
mod measuring;
mod outbox;
mod running;
mod stagger;
mod stamps;
mod uplink;
mod upload;

use core::time::Duration;
use std::collections::VecDeque;

use phalanx_engine::{
    Digest, FrameHash, GameIdentity, Pace, SealedCommand, SealedFrame, Slot, Snapshot,
    SnapshotHash, Tick,
};

use self::downlink::Downlink;
pub(crate) use self::downlink::PROVISIONAL_COUNT_BITS;
use self::download::Download;
use self::measuring::{Measured, Measuring};
pub use self::outbox::CommandError;
use self::outbox::Outbox;
use self::running::Running;
pub use self::stagger::PathStats;
use self::stagger::Stagger;
use self::stamps::{Stamps, Start};
use self::uplink::Uplink;
use self::upload::Upload;
use crate::channel::{Channel, CloseReason};
use crate::config::LatePolicy;
use crate::limits::{
    KEEP_ALIVE_INTERVAL, PROBE_INTERVAL, PROTOCOL_VERSION, RESEND_INTERVAL, UPLOAD_BYTES_MAX,
};
use crate::resume::ResumeToken;
use crate::time::samples::{Sample, Samples};
use crate::time::{
    LateWorth, NetTime, Observation, Server, TickMap, Time, TimeEvent, TimeProvider,
};
use crate::wire::{
    ControlReader, Datagram, FromClient, FromRelay, Hello, Origin, SnapshotId, ToClient, Welcome,
    encode_control,
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
    /// It is welcome.
    Welcome {
        /// Whether it claimed no slot: what it ordered before is executed by nobody.
        as_new: bool,
    },
    /// The snapshot that the welcome told of is there.
    Snapshot(Vec<u8>),
    /// The match begins, or runs.
    Started {
        /// The first tick whose frame is not here,
        from: Tick,
        /// and the first that is not sealed.
        at: Tick,
    },
    /// The relay wants the snapshot of that tick,
    Wanted(Tick),
    /// or takes it from somebody else.
    Chosen(Tick),
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
    /// Measured; the match has not begun, or what it goes on from has not come.
    Waiting {
        measured: Measured,
        /// When the relay hears from this client again.
        next_probe: Time,
    },
    /// The match runs.
    Running(Box<Running>),
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
    /// What the player claims its slot with, if it has one.
    token: Option<ResumeToken>,
    /// Whether it wants every frame.
    whole: bool,
    /// The snapshots that it can be told differences from.
    named: Vec<SnapshotId>,
    welcome: Option<Welcome>,
    /// Where the frames go on, once that is known; while the match runs, that is there.
    stands: Option<Downlink>,
    /// What was ordered over an earlier connection and has not arrived, as far as is known.
    outbox: Outbox,
    /// What was agreed when the connection was lost.
    agreed_next: Tick,
    /// What was stamped over earlier connections lies before this tick.
    unstamped_from: Tick,
    download: Option<Download>,
    /// Bytes of snapshots that came.
    fetched: u64,
    upload: Option<Upload>,
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
        let mut link = Self {
            stage: Stage::Greeting,
            game,
            neutral,
            unstamped,
            worth,
            token: None,
            whole: false,
            named: Vec::new(),
            welcome: None,
            stands: None,
            outbox: Outbox::default(),
            agreed_next: Tick::ZERO,
            unstamped_from: Tick::ZERO,
            download: None,
            fetched: 0,
            upload: None,
            control_in: ControlReader::default(),
            control_out: Vec::new(),
            events: VecDeque::new(),
        };
        link.greet();
        link
    }

    fn greet(&mut self) {
        let hello = Hello {
            protocol: PROTOCOL_VERSION,
            game: self.game.clone(),
            token: self.token,
            held: self.stands.as_ref().and_then(Downlink::position),
            whole: self.whole,
            snapshots: self.named.clone(),
        };
        self.control_out.clear();
        encode_control(&FromClient::Hello(hello), &mut self.control_out);
    }

    /// Claims a slot that this player had before. To be called before anything is sent.
    pub(crate) fn claim(&mut self, token: ResumeToken) {
        self.token = Some(token);
        self.greet();
    }

    /// Wants every frame. To be called before anything is sent.
    pub(crate) fn keep_whole(&mut self) {
        self.whole = true;
        self.greet();
    }

    /// What came was not the snapshot that the welcome told of. If it was to be whole, none is wanted over the next
    /// connection.
    pub(crate) fn refuse_snapshot(&mut self) {
        let origin = self.welcome.as_ref().map(|welcome| welcome.origin);
        self.whole |= matches!(origin, Some(Origin::Snapshot { base: None, .. }));
    }

    /// What the relay answered, once it has.
    pub(crate) const fn welcome(&self) -> Option<&Welcome> {
        self.welcome.as_ref()
    }

    /// What the slot is claimed with.
    pub(crate) const fn token(&self) -> Option<ResumeToken> {
        self.token
    }

    /// Greets the relay over a fresh connection. The frames taken so far are kept, and what was ordered; `named` are the
    /// snapshots that are held.
    pub(crate) fn reconnect(&mut self, named: Vec<SnapshotId>) {
        self.named = named;
        if let Stage::Running(running) = core::mem::replace(&mut self.stage, Stage::Greeting) {
            self.unstamped_from = self.unstamped_from.max(running.uplink.next());
            self.agreed_next = running.agreed_next;
            self.stands = Some(running.downlink);
            self.outbox = running.outbox;
        }
        (self.download, self.upload) = (None, None);
        self.control_in = ControlReader::default();
        self.greet();
    }

    /// The frames go on where the welcome says: at the session's first tick, or where they were held to.
    pub(crate) fn stand(&mut self) -> Result<(), CloseReason> {
        let welcome = self.welcome.as_ref().ok_or(CloseReason::Unexpected)?;
        if welcome.origin == Origin::Begin {
            let genesis = FrameHash::genesis(&self.game, &welcome.setup);
            let pace = Pace::new(welcome.setup.rate);
            let neutral = self.neutral.clone();
            self.stands = Some(Downlink::new(welcome, neutral, genesis, pace));
        }
        // Who says that we hold what we never said is a liar.
        let stands = self.stands.as_mut().ok_or(CloseReason::Malformed)?;
        stands.resume(welcome.epoch)
    }

    /// They go on after that snapshot, whose session has that pace.
    pub(crate) fn stand_after(&mut self, snapshot: &Snapshot, pace: Pace) {
        if let Some(welcome) = &self.welcome
            && let Origin::Snapshot { head, .. } = welcome.origin
        {
            let mut downlink = Downlink::new(welcome, self.neutral.clone(), head, pace);
            downlink.go_to(snapshot.tick, &snapshot.inputs);
            self.stands = Some(downlink);
            if let Some(download) = self.download.take() {
                let whole = FromClient::Received(download.whole());
                encode_control(&whole, &mut self.control_out);
            }
        }
    }

    /// Sends the packed snapshot of `tick`, which the relay wanted; none if it is not there any more.
    pub(crate) fn upload(&mut self, now: Time, tick: Tick, packed: Option<Vec<u8>>) {
        let packed = packed.filter(|packed| packed.len() as u64 <= UPLOAD_BYTES_MAX);
        match (packed, &self.welcome) {
            (Some(packed), Some(welcome)) => {
                let per_second = welcome.rules.upload_bytes_per_s;
                self.upload = Some(Upload::new(now, tick, packed, per_second));
            }
            _ => {
                let (left, piece) = (0, Vec::new());
                let none = FromClient::Upload { tick, left, piece };
                encode_control(&none, &mut self.control_out);
            }
        }
    }

    /// Tells the relay what is held after a keyframe tick.
    pub(crate) fn keyframe(&mut self, tick: Tick, (hash, bytes): (SnapshotHash, u64)) {
        let keyframe = FromClient::Keyframe { tick, hash, bytes };
        encode_control(&keyframe, &mut self.control_out);
    }

    /// The tick after the newest that was sealed, as far as is known, if this client has yet to execute what was
    /// sealed before it was there.
    pub(crate) fn catches_up(&self) -> Option<Tick> {
        self.running()?.catches_up()
    }

    /// Whether it plays.
    pub(crate) fn is_live(&self) -> bool {
        self.running()
            .is_some_and(|running| running.catches_up().is_none())
    }

    /// Whether no tick that is due at `now` was stamped over an earlier connection: a client that went live before
    /// would stand still until then.
    pub(crate) fn may_go_live(&mut self, now: Time) -> bool {
        let floor = self.unstamped_from;
        match &mut self.stage {
            Stage::Running(running) => floor <= running.stamps.upcoming(now),
            _ => false,
        }
    }

    /// Everything is executed: from now on this client stamps.
    pub(crate) fn go_live(&mut self, now: Time) {
        if let Stage::Running(running) = &mut self.stage {
            let stamped = running.go_live(now, &self.neutral, self.unstamped_from);
            encode_control(&FromClient::Stamping(stamped), &mut self.control_out);
        }
    }

    /// There is something to tell the relay.
    pub(crate) fn send_now(&mut self, now: Time) {
        if let Stage::Running(running) = &mut self.stage {
            running.send_at = now;
        }
    }

    pub(crate) fn poll_event(&mut self) -> Option<LinkEvent> {
        self.events.pop_front()
    }

    /// Every tick before this one is agreed.
    pub(crate) fn agreed_next(&self) -> Tick {
        let begin = self.welcome.as_ref().map(|welcome| welcome.setup.first);
        let running = self.running().map(|running| running.agreed_next);
        running.or(begin).unwrap_or_default().max(self.agreed_next)
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

    /// Bytes of snapshots that came.
    pub(crate) const fn fetched(&self) -> u64 {
        self.fetched
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
        if running.uplink.is_full() || running.catching_up.is_some() {
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
        if running.catching_up.is_some() {
            return Err(CommandError::NotYet);
        }
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
        let running = self.running();
        let running =
            running.filter(|running| !running.uplink.is_full() && running.catching_up.is_none());
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
        let upload = self.upload.as_ref().map_or(Time::NEVER, Upload::due);
        upload.min(match &self.stage {
            Stage::Measuring(measuring) => measuring.next_probe,
            Stage::Waiting { next_probe, .. } => *next_probe,
            Stage::Running(running) => running.send_at,
            Stage::Greeting => Time::NEVER,
        })
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
            (FromRelay::Welcome(welcome), Stage::Greeting) => self.welcomed(now, *welcome)?,
            (
                FromRelay::Start {
                    at,
                    deadline,
                    rate,
                    change,
                },
                Stage::Waiting { measured, .. },
            ) => {
                let measured = measured.clone();
                let map = |deadline| -> Option<TickMap> {
                    let mut map = TickMap::new(deadline, NetTime::start_of(at), rate);
                    match change {
                        Some((tick, rate)) => map.change_rate(tick, rate).ok().map(|()| map),
                        None => Some(map),
                    }
                };
                let deadline = Time::from_nanos(deadline);
                let ours = deadline.offset(measured.best.relay_ahead().saturating_neg());
                let maps = map(deadline).zip(map(ours));
                let (relay, ours) = maps.ok_or(CloseReason::Malformed)?;
                let told = change.map_or(at, |(tick, _)| tick);
                self.start(now, &measured, at, (&relay, ours), told)?;
            }
            (FromRelay::Snapshot(piece), Stage::Waiting { .. }) => {
                let download = self.download.as_mut().ok_or(CloseReason::Unexpected)?;
                if let Some(received) = download.take(&piece)? {
                    encode_control(&FromClient::Received(received), &mut self.control_out);
                }
                if download.is_over() {
                    self.fetched += download.whole();
                    let packed = download.take_bytes();
                    self.events.push_back(LinkEvent::Snapshot(packed));
                }
            }
            (FromRelay::Received(bytes), Stage::Running(_)) => {
                let told = self
                    .upload
                    .as_mut()
                    .is_none_or(|upload| upload.received(bytes));
                if !told {
                    return Err(CloseReason::Malformed);
                }
            }
            (FromRelay::Wanted(tick), Stage::Running(_)) => {
                self.events.push_back(LinkEvent::Wanted(tick));
            }
            (FromRelay::Chosen(tick), Stage::Running(_)) => {
                self.events.push_back(LinkEvent::Chosen(tick));
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

    fn welcomed(&mut self, now: Time, welcome: Welcome) -> Result<(), CloseReason> {
        let Welcome {
            slot,
            setup,
            rules,
            origin,
            ..
        } = &welcome;
        if slot.0 >= setup.slots || setup.validate().is_err() || welcome.stamps < setup.first {
            return Err(CloseReason::Malformed);
        }
        // Another session than the one that this client is in, or another slot than it claimed.
        let claims = self.token.is_some();
        let other = |before: &Welcome| {
            (before.setup, before.rules) != (*setup, *rules) || (claims && before.slot != *slot)
        };
        if self.welcome.as_ref().is_some_and(other) {
            return Err(CloseReason::Malformed);
        }
        if !claims {
            self.outbox = Outbox::default();
        }
        if let Origin::Snapshot { bytes, base, .. } = *origin {
            let is_held = |base| self.named.iter().any(|named| named.hash == base);
            if !base.is_none_or(is_held) {
                return Err(CloseReason::Malformed);
            }
            self.download = Some(Download::new(bytes)?);
        }
        if *origin != Origin::Held {
            self.stands = None;
        }
        self.token = welcome.token;
        self.unstamped_from = self.unstamped_from.max(welcome.stamps);
        self.welcome = Some(welcome);
        self.events
            .push_back(LinkEvent::Welcome { as_new: !claims });
        self.stage = Stage::Measuring(Measuring {
            next_probe: now,
            ..Default::default()
        });
        Ok(())
    }

    /// The match begins, or runs: the relay is about to seal `at`, by the first of the maps on its clock, and the
    /// second on ours, in which every change of the rate up to `told` is.
    fn start(
        &mut self,
        now: Time,
        measured: &Measured,
        at: Tick,
        (relay, map): (&TickMap, TickMap),
        told: Tick,
    ) -> Result<(), CloseReason> {
        let welcome = self.welcome.as_ref().ok_or(CloseReason::Unexpected)?;
        let mut downlink = self.stands.take().ok_or(CloseReason::Unexpected)?;
        if at < downlink.next() {
            return Err(CloseReason::Malformed);
        }
        let from = downlink.next();
        let live = from == at;
        downlink.expect(at);
        let waits = matches!(welcome.rules.policy, LatePolicy::Wait { .. });
        let echoes = measured.answers.iter().map(|answer| Observation::Echo {
            sent: answer.sent,
            relay: relay.at(answer.relay),
            received: answer.received,
        });
        let first = welcome.setup.first + u64::from(self.unstamped);
        self.unstamped_from = self.unstamped_from.max(first);
        let stamps = Stamps::start(
            now,
            &Start {
                map,
                echoes: &echoes.collect::<Vec<_>>(),
                first: self.unstamped_from,
                worth: self.worth,
                waits,
            },
        );
        let stamped = if live {
            stamps.next()
        } else {
            self.unstamped_from
        };
        if live {
            encode_control(&FromClient::Stamping(stamped), &mut self.control_out);
        }
        let mut outbox = core::mem::take(&mut self.outbox);
        if !outbox.resume(welcome.commands) {
            return Err(CloseReason::Malformed);
        }
        outbox.stream(&mut self.control_out);
        let first = welcome.setup.first;
        self.stage = Stage::Running(Box::new(Running {
            round_trip: measured.best.round_trip(),
            stamps,
            uplink: Uplink::new(self.neutral.clone(), stamped, waits),
            outbox,
            downlink,
            catching_up: (!live).then_some(at),
            waits,
            told,
            reported_next: first,
            stagger: Stagger::default(),
            votes_next: first,
            agreed_next: self.agreed_next.max(first),
            send_at: now + RESEND_INTERVAL,
        }));
        self.events.push_back(LinkEvent::Started { from, at });
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
                    self.stage = Stage::Waiting {
                        measured,
                        next_probe: now + KEEP_ALIVE_INTERVAL,
                    };
                    encode_control(&FromClient::Ready, &mut self.control_out);
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
        if let Some(upload) = &mut self.upload
            && let (tick, Some((left, piece))) = (upload.tick(), upload.piece(now))
        {
            let piece = piece.to_vec();
            let piece = FromClient::Upload { tick, left, piece };
            encode_control(&piece, &mut self.control_out);
            self.upload.take_if(|_| left == 0);
        }
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

#[cfg(test)]
mod tests;
