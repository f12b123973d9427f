//! [`Client`]: one player's end of a session.

use core::time::Duration;
use std::collections::VecDeque;

use phalanx_engine::input::PackedInput;
use phalanx_engine::{
    Command, Digest, EffectEvent, FrameHash, GameIdentity, Input, Log, PathStep, SealedFrame,
    Sealing, Session, Setup, Simulation, Slot, Snapshot, Tick, Timeline, TimelineStats, Window,
    to_bytes,
};

use crate::channel::{Channel, CloseReason};
use crate::config::SessionRules;
use crate::delay::{InputDelay, Split};
use crate::histogram::Histogram;
use crate::limits::{INPUT_DELAY_TICKS_MAX, INPUTS_AHEAD_MAX};
use crate::link::{CommandError, Link, LinkEvent, PathStats, Receiver};
use crate::present::{Alpha, View};
use crate::relay::PaceError;
use crate::ring::position;
use crate::time::samples::{Sample, Samples};
use crate::time::{LateWorth, NetTime, Span, Time, TimeEvent, TimeProvider};

/// How a client plays. Every client of a session may choose for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// How much of the path is felt as delay: an input sampled at tick n is for tick n + x.
    pub delay: InputDelay,
    /// Most predicted ticks; 0 is pure lockstep. The session's repetition bounds it, too.
    pub window: u32,
    /// What it is worth that inputs are in time.
    pub worth: LateWorth,
}

impl ClientConfig {
    /// So much delay and prediction, and a late input worth a little latency.
    #[must_use]
    pub const fn new(delay: u32, window: u32) -> Self {
        Self {
            delay: InputDelay::Ticks(delay),
            window,
            worth: LateWorth::Balanced,
        }
    }
}

impl Default for ClientConfig {
    /// A delay of one tick and a window of eight.
    fn default() -> Self {
        Self::new(1, 8)
    }
}

/// Why a [`ClientConfig`] was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientConfigError {
    /// The input delay is too long, or its bounds are the wrong way round.
    #[error(
        "an input delay is at most {INPUT_DELAY_TICKS_MAX} ticks, and the least not above the most"
    )]
    Delay,
    /// The window is too long.
    #[error(
        "a window holds at most {} ticks",
        phalanx_engine::limits::WINDOW_TICKS_MAX
    )]
    Window,
}

/// What a client tells the game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The relay took this player in.
    Joined {
        /// The player's slot.
        slot: Slot,
        /// What the session starts from.
        setup: Setup,
        /// How it is played.
        rules: SessionRules,
    },
    /// All are ready: the match begins in a moment.
    Started,
    /// Two players hold different worlds since this tick. The match goes on, but it is marked.
    Desync(Tick),
    /// The clock was set instead of steered, ticks were not sampled, or the machine was suspended.
    Time(TimeEvent),
    /// The session's last tick is confirmed.
    Ended,
    /// The connection is closed; nothing comes after this.
    Closed(Option<CloseReason>),
}

/// What a client wants of its driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send the content of the buffer.
    Transmit(Channel),
    /// Tell the game.
    Event(Event),
    /// Close the connection for this reason.
    Close(CloseReason),
    /// Nothing more for now: call again at this moment, or when something has arrived.
    Timeout(Time),
}

/// What one [`Client::update`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Inputs sampled.
    pub sampled: u64,
    /// Ticks executed, those executed again included.
    pub executed: u64,
    /// Whether a due tick could not be executed.
    pub stalled: bool,
}

/// Figures of a client since its start.
#[derive(Clone, Debug, Default)]
pub struct ClientStats {
    /// Rollbacks of the timeline.
    pub timeline: TimelineStats,
    /// Ticks that were not executed when first due.
    pub stalls: u64,
    /// From sampling an input to executing its tick from the log, whole milliseconds.
    pub input_latency_ms: Histogram,
    /// The lead in force, as if the relay's clock were what it was taken for when the match began: a drift of
    /// the two clocks adds to it.
    pub lead_nanos: i64,
    /// The input delay in force, ticks.
    pub delay: u32,
    /// Fastest round trip measured before the match.
    pub round_trip: Option<Duration>,
    /// What became of its datagrams, once the match runs.
    pub path: Option<PathStats>,
}

impl ClientStats {
    /// The most by which the client is wrong about the relay's clock when the match begins: half of the
    /// fastest round trip, as the relay answered somewhere in it.
    #[must_use]
    pub fn uncertainty(&self) -> Option<Duration> {
        self.round_trip.map(|round_trip| round_trip / 2)
    }
}

/// Sampling times kept, ticks.
const SAMPLES_KEPT: usize = 1024;

/// A session that was joined.
struct Playing<S: Simulation> {
    timeline: Timeline<S>,
    slot: Slot,
    rules: SessionRules,
    /// All sealed frames, if they are kept.
    log: Option<Log>,
    /// The first tick whose sealed frame is not there yet; it may be ahead of what was executed.
    sealed: Tick,
    /// The first tick that is not due yet.
    due: Tick,
    /// Whether the last stamp made none due, for the input delay has become longer.
    holds: bool,
    /// Stalls were counted for all ticks before this one.
    stalls_counted: Tick,
    stalls: u64,
    sampled: Vec<(Tick, Time)>,
    latency: Histogram,
    now: Time,
    ended: bool,
}

impl<S: Simulation<State: Clone> + Clone> Clone for Playing<S> {
    fn clone(&self) -> Self {
        Self {
            timeline: self.timeline.clone(),
            log: self.log.clone(),
            sampled: self.sampled.clone(),
            latency: self.latency.clone(),
            ..*self
        }
    }
}

/// One player's end of a session: the connection, the clock, and the [`Timeline`].
///
/// Sans-I/O: give it what arrives ([`Client::handle`]), let it play ([`Client::update`]), and after
/// each call drain [`Client::poll`] until it returns [`Output::Timeout`].
pub struct Client<S: Simulation> {
    link: Link,
    split: Split,
    window: u32,
    /// The rules, until the relay says what session they are for.
    simulation: Option<S>,
    playing: Option<Playing<S>>,
    events: VecDeque<Event>,
    closing: Option<CloseReason>,
    closed: bool,
    keeps_log: bool,
}

/// A second one that goes on from here like the first, and shares nothing with it: for tests that ask what would
/// have been. The relay knows one of them.
impl<S: Simulation<State: Clone> + Clone> Clone for Client<S> {
    fn clone(&self) -> Self {
        Self {
            link: self.link.clone(),
            split: self.split.clone(),
            simulation: self.simulation.clone(),
            playing: self.playing.clone(),
            events: self.events.clone(),
            ..*self
        }
    }
}

impl<S: Simulation> Client<S> {
    /// A client on a fresh connection.
    ///
    /// # Errors
    /// [`ClientConfigError`] if `config` is out of range.
    pub fn new(simulation: S, config: ClientConfig) -> Result<Self, ClientConfigError> {
        if !config.delay.is_valid() {
            return Err(ClientConfigError::Delay);
        }
        if config.window > phalanx_engine::limits::WINDOW_TICKS_MAX {
            return Err(ClientConfigError::Window);
        }
        let mut neutral = vec![0; S::Input::BYTES as usize];
        S::Input::default().pack(&mut neutral);
        Ok(Self {
            link: Link::new(
                GameIdentity::of(&simulation),
                neutral,
                config.delay.at_start(),
                config.worth,
            ),
            split: Split::new(config.delay),
            window: config.window,
            simulation: Some(simulation),
            playing: None,
            events: VecDeque::new(),
            closing: None,
            closed: false,
            keeps_log: false,
        })
    }

    /// The timeline, once the session is joined.
    pub fn timeline(&self) -> Option<&Timeline<S>> {
        self.playing.as_ref().map(|playing| &playing.timeline)
    }

    /// The world after an executed tick that is still kept, once the session is joined.
    pub fn snapshot(&mut self, tick: Tick) -> Option<Snapshot> {
        let playing = self.playing.as_mut();
        playing.and_then(|playing| playing.timeline.snapshot(tick))
    }

    /// Keeps every sealed frame from now on, for [`Client::log`]: some 70 bytes each in a session of two.
    /// To be called before the session is joined.
    pub const fn keep_log(&mut self) {
        self.keeps_log = true;
    }

    /// All frames sealed so far, if they are kept and the session is joined.
    pub fn log(&self) -> Option<&Log> {
        self.playing.as_ref()?.log.as_ref()
    }

    /// How the session is played, once it is joined.
    pub fn rules(&self) -> Option<SessionRules> {
        self.playing.as_ref().map(|playing| playing.rules)
    }

    /// Shows the state after an executed tick that is still kept, once the session is joined:
    /// [`Timeline::look`].
    pub fn look<T>(&mut self, tick: Tick, see: impl FnOnce(&S::State) -> T) -> Option<T> {
        self.playing.as_mut()?.timeline.look(tick, see)
    }

    /// The digest at a path after such a tick: [`Timeline::digest_at`].
    pub fn digest_at(&mut self, tick: Tick, path: &[PathStep]) -> Option<Digest> {
        self.playing.as_mut()?.timeline.digest_at(tick, path)
    }

    /// Takes what there is to tell of effects since the last call: [`Timeline::effects`]. Ask after
    /// [`Client::update`], as for what there is to draw; [`effects`](phalanx_engine::effects) says what is
    /// told when.
    ///
    /// ```
    /// use phalanx_engine::{Effect, EffectEvent, EffectId, Simulation};
    /// use phalanx_netcode::Client;
    ///
    /// trait Speaker<E> {
    ///     fn start(&mut self, id: EffectId, effect: E);
    ///     fn fade(&mut self, id: EffectId);
    ///     fn forget(&mut self, id: EffectId);
    /// }
    ///
    /// fn sound<S: Simulation>(client: &mut Client<S>, speaker: &mut impl Speaker<S::Effect>) {
    ///     for event in client.effects() {
    ///         match event {
    ///             // The first word of it, long before the relay's.
    ///             EffectEvent::Predicted { id, effect, .. } => speaker.start(id, effect),
    ///             // The first word of it, and the last: it came too late to be predicted, or is told
    ///             // only when it is sure.
    ///             EffectEvent::Confirmed { id, effect, predicted: None, .. } => {
    ///                 speaker.start(id, effect);
    ///                 speaker.forget(id);
    ///             }
    ///             // It plays already, and nothing more will be said of it.
    ///             EffectEvent::Confirmed { id, predicted: Some(_), .. } => speaker.forget(id),
    ///             // It never was.
    ///             EffectEvent::Cancelled { id, .. } => speaker.fade(id),
    ///         }
    ///     }
    /// }
    /// ```
    pub fn effects(&mut self) -> impl Iterator<Item = EffectEvent<S::Effect>> + '_ {
        let playing = self.playing.iter_mut();
        playing.flat_map(|playing| playing.timeline.effects())
    }

    /// What there is to draw at `now`, once the first tick is executed: ask after
    /// [`Client::update`], which catches up after a rollback. From when the next tick is due the view stands
    /// still until it is executed. See [`present`](crate::present).
    pub fn view(&mut self, now: Time) -> Option<View<'_, S>> {
        let (next_stamp, period) = (self.link.next_stamp(), self.link.period_nanos()?);
        let playing = self.playing.as_mut()?;
        let stands = playing.ended || playing.holds || playing.timeline.next() < playing.due;
        let alpha = if stands {
            Alpha::ONE
        } else {
            Alpha::towards(next_stamp, period, now)
        };
        View::new(&mut playing.timeline, now, alpha)
    }

    /// How old what was meant for `tick` is at `now`, in ticks and parts of one: how long ago the relay's
    /// deadline of that tick was, as well as this machine can say. Zero if it is still to come, `None` before
    /// the match runs.
    pub fn age(&self, now: Time, tick: Tick) -> Option<Span> {
        let relay = self.link.relay_time(now)?;
        Some(relay.since(NetTime::start_of(tick)))
    }

    /// The live state, once the session is joined.
    pub fn state(&self) -> Option<&S::State> {
        self.timeline().map(Timeline::state)
    }

    /// The session as of the live state.
    pub fn session(&self) -> Option<&Session> {
        self.timeline().map(Timeline::session)
    }

    /// This player's slot, once the session is joined.
    pub fn slot(&self) -> Option<Slot> {
        self.playing.as_ref().map(|playing| playing.slot)
    }

    /// Every tick before this one is agreed by all players.
    pub fn agreed(&self) -> Tick {
        self.link.agreed_next()
    }

    /// Hash of the newest sealed frame taken.
    pub fn log_head(&self) -> Option<FrameHash> {
        self.link.head()
    }

    /// Figures since the start.
    pub fn stats(&self) -> ClientStats {
        let mut stats = ClientStats {
            lead_nanos: self.link.lead_nanos().unwrap_or(0),
            delay: self.split.ticks(),
            round_trip: self.link.round_trip(),
            path: self.link.path(),
            ..ClientStats::default()
        };
        if let Some(playing) = &self.playing {
            stats.timeline = playing.timeline.stats();
            stats.stalls = playing.stalls;
            stats.input_latency_ms = playing.latency.clone();
        }
        stats
    }

    /// What the clock did for the newest inputs, and what came of them, once the match runs.
    pub fn clock_samples(&self) -> Option<&Samples> {
        self.link.samples()
    }

    /// Lets a provider of the game's own tell the time from now on, in place of the one in force, which is
    /// given back.
    ///
    /// # Errors
    /// The provider, before the match runs.
    pub fn replace_time_provider(
        &mut self,
        provider: Box<dyn TimeProvider>,
    ) -> Result<Box<dyn TimeProvider>, Box<dyn TimeProvider>> {
        self.link.replace_provider(provider)
    }

    /// Asks for a pause, which begins for all at the same tick, about [`PAUSE_NOTICE`] later, if the rules let
    /// this player [pause](SessionRules::pauses) once more; [`Session::paused`] tells that it began.
    ///
    /// # Errors
    /// [`PaceError`] if this client knows that there will be none.
    ///
    /// [`PAUSE_NOTICE`]: crate::limits::PAUSE_NOTICE
    pub fn pause(&mut self) -> Result<(), PaceError> {
        self.ask(true)
    }

    /// Asks to go on, which all do about [`RESUME_COUNTDOWN`](crate::limits::RESUME_COUNTDOWN) later. Every player
    /// may, in a session in which players pause.
    ///
    /// # Errors
    /// [`PaceError`] if this client knows that it will not.
    pub fn resume(&mut self) -> Result<(), PaceError> {
        self.ask(false)
    }

    fn ask(&mut self, pauses: bool) -> Result<(), PaceError> {
        let playing = self.playing.as_ref().filter(|playing| !playing.ended);
        let Some(playing) = playing.filter(|_| !self.closed) else {
            return Err(PaceError::NotRunning);
        };
        let pace = playing.timeline.session().pace();
        if pace.turns().is_some() {
            return Err(PaceError::Pending);
        }
        if pace.paused() == pauses {
            return Err(PaceError::Same);
        }
        self.link.pause(pauses);
        Ok(())
    }

    /// Leaves the session; the connection closes when the relay has heard of it.
    pub fn leave(&mut self) {
        self.link.leave();
    }

    /// Orders something, once: every player executes it at the same tick, which is that of the input
    /// sampled next or, if the relay has sealed that before the command arrives, the earliest one that
    /// is open. A player's commands are executed in the order in which they are given.
    ///
    /// It goes out with the next input, or by itself on the stream if it is
    /// [large](phalanx_engine::CommandWay); a small one and a large one may overtake each other. What the
    /// relay has not sealed when the player leaves, or when the session ends, is executed by nobody.
    ///
    /// # Errors
    /// [`CommandError`]; the command was not given then. To give it again later is what
    /// [`Client::commands`] is for.
    pub fn command(&mut self, command: &S::Command) -> Result<(), CommandError> {
        let bytes = to_bytes(command);
        let (length, most) = (bytes.len() as u64, S::Command::MAX_BYTES);
        if length > u64::from(most) {
            let bytes = length;
            return Err(CommandError::TooLong { bytes, most });
        }
        if self.closed || self.playing.as_ref().is_none_or(|playing| playing.ended) {
            return Err(CommandError::NotPlaying);
        }
        let Some(playing) = &mut self.playing else {
            return Err(CommandError::NotPlaying);
        };
        let command = self.link.command(playing.slot, bytes)?;
        if S::Command::PREDICTED {
            playing.timeline.provide_command(&command);
        }
        Ok(())
    }

    /// Gives what is `waiting`, in that order, and leaves there what has to wait until the relay has
    /// acknowledged others: to be called after every update, or when there is something new.
    ///
    /// # Errors
    /// Why the command that was in front is not given at all; it is taken out.
    pub fn commands(&mut self, waiting: &mut VecDeque<S::Command>) -> Result<(), CommandError> {
        while let Some(command) = waiting.front() {
            match self.command(command) {
                Err(CommandError::TooMany) => break,
                given => {
                    waiting.pop_front();
                    given?;
                }
            }
        }
        Ok(())
    }

    /// Takes bytes from the relay. Bytes that are no message close the connection.
    pub fn handle(&mut self, now: Time, channel: Channel, bytes: &[u8]) {
        if self.closed || self.closing.is_some() {
            return;
        }
        let result = match &mut self.playing {
            Some(playing) => {
                playing.now = now;
                self.link.handle(now, channel, bytes, playing)
            }
            None => self.link.handle(now, channel, bytes, &mut Nobody),
        };
        if let Err(reason) = result {
            self.closing = Some(reason);
        }
        while let Some(event) = self.link.poll_event() {
            self.link_event(event);
        }
        self.notice_end();
    }

    fn link_event(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Started => self.events.push_back(Event::Started),
            LinkEvent::Desync(tick) => self.events.push_back(Event::Desync(tick)),
            LinkEvent::Time(event) => self.events.push_back(Event::Time(event)),
            LinkEvent::Welcome(welcome) => {
                let Some(simulation) = self.simulation.take() else {
                    return;
                };
                let repeat = welcome.rules.repeat;
                let window = Window {
                    ticks: self.window.min(repeat.ticks),
                    repeat,
                };
                // The window was checked against its limit, and is within the repetition now.
                match Timeline::new(simulation, &welcome.setup, window) {
                    Err(_) => self.closing = Some(CloseReason::Malformed),
                    Ok(timeline) => {
                        let mut playing = Playing::new(timeline, welcome.slot, welcome.rules);
                        playing.log = self.keeps_log.then(|| playing.new_log());
                        self.playing = Some(playing);
                    }
                }
                self.events.push_back(Event::Joined {
                    slot: welcome.slot,
                    setup: welcome.setup,
                    rules: welcome.rules,
                });
            }
        }
    }

    /// Tells that the transport has closed the connection.
    pub fn disconnected(&mut self, reason: Option<CloseReason>) {
        if !self.closed {
            self.closed = true;
            self.events.push_back(Event::Closed(reason));
        }
    }

    /// Samples inputs that are due, with the live state at hand, and executes the ticks that are.
    pub fn update(
        &mut self,
        now: Time,
        mut sample: impl FnMut(Tick, &S::State) -> S::Input,
    ) -> Progress {
        let mut progress = Progress::default();
        let Some(playing) = &mut self.playing else {
            return progress;
        };
        if self.closed {
            return progress;
        }
        playing.now = now;
        let mut packed = PackedInput::default();
        let packed = packed.slice_mut(S::Input::BYTES);
        // After a long pause the rest comes with the next update.
        while progress.sampled < INPUTS_AHEAD_MAX
            && !playing.ended
            && let Some(stamp) = self.link.advance(now)
        {
            let input = sample(stamp, playing.timeline.state());
            input.pack(packed);
            self.link.stamp(now, stamp, packed);
            self.link
                .note(playing.sample(now, stamp, self.split.ticks()));
            playing.timeline.provide(stamp, playing.slot, input);
            playing.sampled[position(stamp, SAMPLES_KEPT as u64)] = (stamp, now);
            // Not up to what was executed: in lockstep that is what the delay lets through.
            let path = stamp.next().since(playing.sealed);
            self.split.stamped(now, path.max(0).unsigned_abs());
            let due = stamp.next().saturating_sub(self.split.ticks().into());
            playing.holds = due <= playing.due;
            playing.due = due.max(playing.due);
            progress.sampled += 1;
        }
        progress.executed = playing.execute();
        progress.stalled = playing.count_stalls();
        while let Some(event) = self.link.poll_event() {
            self.link_event(event);
        }
        self.notice_end();
        progress
    }

    fn notice_end(&mut self) {
        if let Some(playing) = &mut self.playing
            && !playing.ended
            && playing.timeline.session().ended()
            && playing.timeline.confirmed() == playing.timeline.next()
        {
            playing.ended = true;
            self.events.push_back(Event::Ended);
        }
    }

    /// When [`Client::update`] or [`Client::poll`] has something to do without having heard anything.
    fn timeout(&self, now: Time) -> Time {
        let Some(playing) = &self.playing else {
            return self.link.timeout();
        };
        if playing.ended {
            return self.link.timeout();
        }
        if playing.timeline.next() < playing.due && playing.timeline.can_advance().is_ok() {
            return now;
        }
        self.link.timeout().min(self.link.next_stamp())
    }

    /// What is to be done next. Transmissions are written into `buffer`, which is cleared first.
    pub fn poll(&mut self, now: Time, buffer: &mut Vec<u8>) -> Output {
        buffer.clear();
        if let Some(event) = self.events.pop_front() {
            return Output::Event(event);
        }
        if self.closed {
            return Output::Timeout(Time::NEVER);
        }
        if let Some(reason) = self.closing.take() {
            self.disconnected(Some(reason));
            return Output::Close(reason);
        }
        let channel = match &self.playing {
            Some(playing) => self.link.poll_transmit(now, buffer, playing),
            None => self.link.poll_transmit(now, buffer, &Nobody),
        };
        channel.map_or_else(|| Output::Timeout(self.timeout(now)), Output::Transmit)
    }
}

impl<S: Simulation> Playing<S> {
    /// An empty log of the session.
    fn new_log(&self) -> Log {
        let setup = self.timeline.setup();
        let game = GameIdentity::of(self.timeline.simulation());
        Log::new(FrameHash::genesis(&game, setup), setup.first)
    }

    fn new(timeline: Timeline<S>, slot: Slot, rules: SessionRules) -> Self {
        let first = timeline.setup().first;
        Self {
            rules,
            log: None,
            timeline,
            slot,
            sealed: first,
            due: first,
            holds: false,
            stalls_counted: first,
            stalls: 0,
            sampled: vec![(Tick::ZERO, Time::NEVER); SAMPLES_KEPT],
            latency: Histogram::default(),
            now: Time::ZERO,
            ended: false,
        }
    }

    /// What is known here of the input that is stamped now.
    fn sample(&self, now: Time, stamp: Tick, delay: u32) -> Sample {
        let predicted = self.timeline.next().since(self.timeline.confirmed());
        Sample {
            stamp,
            at: now,
            // Both are bounded by limits far below.
            delay: u16::try_from(delay).unwrap_or(u16::MAX),
            depth: u16::try_from(predicted).unwrap_or(0),
            stalls: u32::try_from(self.stalls).unwrap_or(u32::MAX),
            ..Sample::default()
        }
    }

    fn execute(&mut self) -> u64 {
        let mut executed = 0;
        while self.timeline.next() < self.due {
            let before = self.timeline.confirmed();
            if self.timeline.advance().is_err() {
                break;
            }
            executed += 1;
            self.record_latency(before);
        }
        executed
    }

    /// Counts every due tick that is not executed, once; returns whether there is one.
    fn count_stalls(&mut self) -> bool {
        let next = self.timeline.next();
        if next >= self.due || self.timeline.session().ended() {
            return false;
        }
        let first = next.max(self.stalls_counted);
        self.stalls += self.due.since(first).max(0).unsigned_abs();
        self.stalls_counted = self.due;
        true
    }

    /// Records how long the inputs of newly confirmed ticks took.
    fn record_latency(&mut self, before: Tick) {
        for tick in before.until(self.timeline.confirmed()) {
            let (sampled, time) = self.sampled[position(tick, SAMPLES_KEPT as u64)];
            if sampled == tick && time != Time::NEVER {
                self.latency.record(self.now.since(time));
            }
        }
    }
}

impl<S: Simulation> Receiver for Playing<S> {
    fn sealed(&mut self, frame: &SealedFrame) -> bool {
        let before = self.timeline.confirmed();
        let result = self.timeline.seal(frame);
        self.record_latency(before);
        let taken = matches!(
            result,
            Ok(Sealing::Kept | Sealing::Confirmed | Sealing::RolledBack { .. } | Sealing::Known)
        );
        if taken {
            if let Some(log) = self.log.as_mut().filter(|log| log.next() == frame.tick) {
                log.append(frame);
            }
            self.sealed = self.sealed.max(frame.tick.next());
        }
        taken
    }

    fn provisional(&mut self, tick: Tick, slot: Slot, packed: &[u8]) {
        if slot != self.slot {
            self.timeline.provide(tick, slot, S::Input::unpack(packed));
        }
    }

    fn vote(&self, tick: Tick) -> Option<Digest> {
        self.timeline.chained(tick)
    }

    fn confirmed(&self) -> Tick {
        self.timeline.confirmed()
    }
}

/// Before the session is joined there is nobody to receive.
struct Nobody;

impl Receiver for Nobody {
    fn sealed(&mut self, _frame: &SealedFrame) -> bool {
        false
    }
    fn provisional(&mut self, _tick: Tick, _slot: Slot, _packed: &[u8]) {}
    fn vote(&self, _tick: Tick) -> Option<Digest> {
        None
    }
    fn confirmed(&self) -> Tick {
        Tick::ZERO
    }
}
