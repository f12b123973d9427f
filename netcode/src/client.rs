//! [`Client`]: one player's end of a session.

mod event;
mod keyframes;
mod playing;

use core::time::Duration;
use std::collections::VecDeque;

use phalanx_engine::input::PackedInput;
use phalanx_engine::{
    Command, Digest, EffectEvent, FrameHash, GameIdentity, Input, Log, PathStep, Session,
    Simulation, Slot, Snapshot, Tick, Timeline, TimelineStats, Window, to_bytes,
};

pub use self::event::Event;
use self::playing::{Nobody, Playing, SAMPLES_KEPT};
use crate::channel::{Channel, CloseReason};
use crate::config::SessionRules;
use crate::delay::{InputDelay, Split};
use crate::histogram::Histogram;
use crate::limits::{CAUGHT_UP_TICKS, INPUT_DELAY_TICKS_MAX, INPUTS_AHEAD_MAX, SNAPSHOT_BYTES_MAX};
use crate::link::{CommandError, Link, LinkEvent, PathStats};
use crate::present::{Alpha, View};
use crate::relay::PaceError;
use crate::resume::ResumeToken;
use crate::ring::position;
use crate::snapshot;
use crate::time::samples::Samples;
use crate::time::{LateWorth, NetTime, Span, Time, TimeProvider};
use crate::wire::{Origin, Welcome};

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
    /// Bytes of the snapshots that it was sent to go on from, as they came: packed whole, or what differed from one
    /// that it had.
    pub snapshot_bytes: u64,
}

impl ClientStats {
    /// The most by which the client is wrong about the relay's clock when the match begins: half of the
    /// fastest round trip, as the relay answered somewhere in it.
    #[must_use]
    pub fn uncertainty(&self) -> Option<Duration> {
        self.round_trip.map(|round_trip| round_trip / 2)
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

    /// Divides the path in another way from the next input on. Nobody else has to be told: no input is stamped
    /// twice and no tick is left out, only which tick is shown with it changes, see [`InputDelay`].
    ///
    /// # Errors
    /// [`ClientConfigError`] if it is out of range; the old one is in force then.
    pub fn set_delay(&mut self, delay: InputDelay) -> Result<(), ClientConfigError> {
        if !delay.is_valid() {
            return Err(ClientConfigError::Delay);
        }
        self.split.change(delay);
        Ok(())
    }

    /// Claims the slot that this player had before in the session, from whatever process. To be called
    /// before the client is polled.
    pub fn claim(&mut self, token: ResumeToken) {
        self.link.claim(token);
    }

    /// What this player's slot can be claimed with over another connection, once the session is joined; `None` if the
    /// relay does not take players back. To be kept where another process finds it that is started after this one died.
    pub const fn token(&self) -> Option<ResumeToken> {
        self.link.token()
    }

    /// Begins again over a fresh connection, after the old one was [closed](Event::Closed): with what it
    /// executed, the commands that have not arrived, and its claim to its slot. What was sealed
    /// meanwhile, it catches up with; if that is very much, from a snapshot, of which only that is fetched which differs
    /// from one that it holds, if the relay has that one, too.
    ///
    /// Without a claim, as the relay gave it no [token](Client::token), it comes as a new player does: it may get another
    /// slot, and what it ordered and the relay had not sealed is executed by nobody.
    pub fn reconnect(&mut self) {
        self.closed = false;
        self.closing = None;
        let playing = self.playing.as_mut();
        let named = playing.map(|playing| playing.keyframes.name());
        self.link.reconnect(named.unwrap_or_default());
    }

    /// How many ticks this client has yet to execute before it plays, while it [catches up](Event::CatchingUp).
    pub fn behind(&self) -> Option<u64> {
        let target = self.link.catches_up()?;
        let next = self.playing.as_ref()?.timeline.next();
        Some(target.since(next).max(0).unsigned_abs())
    }

    /// The timeline, once the session is joined. Who goes on from a snapshot has none before that has come: at
    /// [`Event::Started`] at the latest.
    pub fn timeline(&self) -> Option<&Timeline<S>> {
        self.playing.as_ref().map(|playing| &playing.timeline)
    }

    /// The world after an executed tick that is still kept, once the session is joined.
    pub fn snapshot(&mut self, tick: Tick) -> Option<Snapshot> {
        let playing = self.playing.as_mut();
        playing.and_then(|playing| playing.timeline.snapshot(tick))
    }

    /// Keeps every sealed frame from now on, for [`Client::log`]: some 70 bytes each in a session of two.
    /// To be called before the client is polled. Whoever keeps them gets them all, and does not go on from a
    /// snapshot: a client that comes late executes every tick.
    pub fn keep_log(&mut self) {
        self.keeps_log = true;
        self.link.keep_whole();
    }

    /// All frames sealed so far, if they are kept and the session is joined.
    pub fn log(&self) -> Option<&Log> {
        self.playing.as_ref()?.log.as_ref()
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

    /// The live state, once there is a [timeline](Client::timeline).
    pub fn state(&self) -> Option<&S::State> {
        self.timeline().map(Timeline::state)
    }

    /// The session as of the live state, likewise.
    pub fn session(&self) -> Option<&Session> {
        self.timeline().map(Timeline::session)
    }

    /// This player's slot, once the session is joined.
    pub fn slot(&self) -> Option<Slot> {
        let playing = self.playing.as_ref().map(|playing| playing.slot);
        playing.or_else(|| self.link.welcome().map(|welcome| welcome.slot))
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
            snapshot_bytes: self.link.fetched(),
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
                Err(CommandError::TooMany | CommandError::NotYet) => break,
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
        self.link_events(now);
        self.due_while_behind();
        self.notice_end();
    }

    /// While this client catches up, everything is due that was sealed.
    fn due_while_behind(&mut self) {
        if let Some(playing) = &mut self.playing
            && self.link.catches_up().is_some()
        {
            playing.due = playing.due.max(playing.sealed);
        }
    }

    fn link_events(&mut self, now: Time) {
        while let Some(event) = self.link.poll_event() {
            if let Err(reason) = self.link_event(now, event) {
                self.closing = Some(reason);
            }
        }
    }

    fn link_event(&mut self, now: Time, event: LinkEvent) -> Result<(), CloseReason> {
        match event {
            LinkEvent::Started { from, at } => {
                self.events.push_back(Event::Started);
                if from < at {
                    self.events.push_back(Event::CatchingUp { from, to: at });
                }
            }
            LinkEvent::Desync(tick) => self.events.push_back(Event::Desync(tick)),
            LinkEvent::Time(event) => self.events.push_back(Event::Time(event)),
            LinkEvent::Chosen(tick) => self.choose(tick),
            LinkEvent::Wanted(tick) => {
                self.choose(tick);
                let held = self.playing.as_ref();
                let held = held.and_then(|playing| playing.keyframes.held(tick));
                let packed = held.and_then(|held| snapshot::pack(held, None).ok());
                self.link.upload(now, tick, packed);
            }
            LinkEvent::Welcome { as_new } => {
                let welcome = self.link.welcome().ok_or(CloseReason::Unexpected)?.clone();
                self.events.push_back(Event::Joined {
                    slot: welcome.slot,
                    setup: welcome.setup,
                    rules: welcome.rules,
                });
                if let Some(playing) = self.playing.as_mut().filter(|_| as_new) {
                    playing.slot = welcome.slot;
                    playing.timeline.forget_commands();
                }
                self.begin(welcome)?;
            }
            LinkEvent::Snapshot(packed) => {
                return self.begin_after(&packed).map_err(|_| {
                    self.refuse_snapshot();
                    CloseReason::BadSnapshot
                });
            }
        }
        Ok(())
    }

    fn choose(&mut self, tick: Tick) {
        if let Some(playing) = &mut self.playing {
            playing.keyframes.choose(tick);
        }
    }

    /// What came is no world to go on from. Over the next connection none is asked for that is told in differences,
    /// and if this one was whole, none at all.
    fn refuse_snapshot(&mut self) {
        if let Some(playing) = &mut self.playing {
            playing.keyframes.forget();
        }
        self.link.refuse_snapshot();
    }

    /// Goes to where the relay's frames go on, if that is known already.
    fn begin(&mut self, welcome: Welcome) -> Result<(), CloseReason> {
        let setup = welcome.setup;
        match (&mut self.playing, welcome.origin) {
            (Some(playing), Origin::Begin) => {
                playing.timeline.restart();
                playing.go_on(setup.first);
                playing.log = self.keeps_log.then(|| playing.new_log());
            }
            (Some(playing), Origin::Held) => {
                let next = playing.sealed;
                playing.go_on(next);
            }
            (None, Origin::Begin) => self.join(&welcome)?,
            (None, Origin::Held) => return Err(CloseReason::Malformed),
            // It would not be the whole log.
            (_, Origin::Snapshot { .. }) if self.keeps_log => return Err(CloseReason::Malformed),
            (_, Origin::Snapshot { .. }) => return Ok(()),
        }
        self.link.stand()
    }

    /// Stands before the session's first tick.
    fn join(&mut self, welcome: &Welcome) -> Result<(), CloseReason> {
        let simulation = self.simulation.take().ok_or(CloseReason::Unexpected)?;
        let window = self.window(&welcome.rules);
        // The window was checked against its limit, and is within the repetition now.
        let timeline = Timeline::new(simulation, &welcome.setup, window);
        let timeline = timeline.map_err(|_| CloseReason::Malformed)?;
        let mut playing = Playing::new(timeline, welcome.slot, welcome.rules);
        playing.log = self.keeps_log.then(|| playing.new_log());
        self.playing = Some(playing);
        Ok(())
    }

    /// Goes on after the snapshot that the welcome told of.
    fn begin_after(&mut self, packed: &[u8]) -> Result<(), CloseReason> {
        let welcome = self.link.welcome().ok_or(CloseReason::Unexpected)?.clone();
        let Origin::Snapshot { hash, base, .. } = welcome.origin else {
            return Err(CloseReason::Unexpected);
        };
        let playing = self.playing.as_ref();
        let base = base.and_then(|base| playing?.keyframes.base(base));
        let snapshot = snapshot::open(packed, hash, base, SNAPSHOT_BYTES_MAX);
        let snapshot = snapshot.map_err(|_| CloseReason::Malformed)?;
        if snapshot.setup != welcome.setup {
            return Err(CloseReason::Malformed);
        }
        let next = snapshot.tick.next();
        if self.playing.is_none() {
            self.join(&welcome)?;
        }
        let playing = self.playing.as_mut().ok_or(CloseReason::Unexpected)?;
        let jumped = playing.timeline.jump(&snapshot);
        jumped.map_err(|_| CloseReason::Malformed)?;
        playing.go_on(next);
        self.link
            .stand_after(&snapshot, playing.timeline.session().pace().clone());
        playing.keyframes.fetched(snapshot);
        Ok(())
    }

    fn window(&self, rules: &SessionRules) -> Window {
        Window {
            ticks: self.window.min(rules.repeat.ticks),
            repeat: rules.repeat,
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
        sample: impl FnMut(Tick, &S::State) -> S::Input,
    ) -> Progress {
        self.update_within(now, sample, || true)
    }

    /// The same, but another tick is executed only as long as there is time for `more`, which is asked before
    /// each but the first: a client that [catches up](Event::CatchingUp) has thousands to execute, and a game goes on
    /// drawing meanwhile. Call it again soon for the rest.
    pub fn update_within(
        &mut self,
        now: Time,
        mut sample: impl FnMut(Tick, &S::State) -> S::Input,
        more: impl FnMut() -> bool,
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
        progress.executed = playing.execute(more);
        progress.stalled = self.link.catches_up().is_none() && playing.count_stalls();
        self.catch_up(now, progress.executed > 0);
        self.keep();
        self.link_events(now);
        self.notice_end();
        progress
    }

    /// Goes live if everything is executed that was sealed, but for what is under way.
    fn catch_up(&mut self, now: Time, executed: bool) {
        let (Some(target), Some(playing)) = (self.link.catches_up(), &self.playing) else {
            return;
        };
        let caught_up = playing.timeline.confirmed() + CAUGHT_UP_TICKS >= target;
        if caught_up && self.link.may_go_live(now) {
            self.link.go_live(now);
            self.events.push_back(Event::Live);
        } else if executed {
            // There is room for more.
            self.link.send_now(now);
        }
    }

    /// Keeps the world after a keyframe tick, for whoever comes later.
    fn keep(&mut self) {
        if let Some(playing) = &mut self.playing
            && self.link.is_live()
            && let Some((tick, held)) = playing.keyframes.take(&mut playing.timeline)
        {
            self.link.keyframe(tick, held);
        }
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
