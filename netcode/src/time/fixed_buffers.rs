//! [`FixedBuffers`]: a client's time by the shortest of the last round trips and constant buffers.

use core::time::Duration;

use super::watch::Watch;
use super::{
    Advance, Local, NetTime, Observation, ResetReason, Scale, Server, TickMap, Time, TimeConfig,
    TimeConfigError, TimeEvent, TimeProvider, nanos,
};

/// Round trips among which the shortest is believed.
const ECHOES: usize = 8;

/// The simplest client: it estimates where the server is, and keeps constant buffers beside that.
///
/// An answer that was under way for a short time says best where the server is, so the shortest of
/// the last eight is believed (the clock filter of NTP, RFC 5905, section 10); the server is taken to
/// have stood there at the middle of that round trip. Then
///
/// - server time is half the round trip (what it sent since cannot be here) and the receiving buffer
///   behind the server,
/// - local time is half the round trip (so long an input needs) and the sending buffer ahead of it.
///
/// If the two ways differ, the estimate is wrong by half the difference, and the way up by the same
/// amount the other way: the error cancels in local time, which is right for inputs.
///
/// It steers nothing: it moves by as much as a better estimate does, at once, back too, at scale 1,
/// and tells it if that is beyond the threshold. [`Slewed`](super::Slewed) or
/// [`StepOnly`](super::StepOnly) around it makes a smooth or a stepping clock of it.
#[derive(Clone, Debug)]
pub struct FixedBuffers {
    map: TickMap,
    config: TimeConfig,
    watch: Watch,
    /// The last answers; the first `count` of them, in no order.
    echoes: [Echo; ECHOES],
    count: usize,
    next: usize,
    /// The one that is believed.
    best: Echo,
    /// Whether nothing has answered yet.
    first: bool,
    /// A reset that was not told yet: what was believed before, and why no more.
    reset: Option<(Echo, ResetReason)>,
}

/// How long a question and its answer were under way, and how far the map has to be read ahead to be
/// right, nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Echo {
    round_trip: u64,
    offset: i64,
}

impl Echo {
    /// One way, nanoseconds, if both are alike.
    fn way(self) -> i64 {
        i64::try_from(self.round_trip / 2).unwrap_or(i64::MAX)
    }

    /// Whether both cannot be true of one clock: the server's answer lies somewhere in the round trip,
    /// and these two leave no moment in common.
    fn contradicts(self, other: Self) -> bool {
        let apart = self.offset.abs_diff(other.offset);
        apart > (self.round_trip / 2).saturating_add(other.round_trip / 2)
    }

    /// How far the map is to be read ahead for what is here by now, nanoseconds.
    fn server(self) -> i64 {
        self.offset.saturating_sub(self.way())
    }

    /// How far for where the server will be when what is sent now arrives, nanoseconds.
    fn local(self) -> i64 {
        self.offset.saturating_add(self.way())
    }
}

impl FixedBuffers {
    /// Follows a server that stands where `map` says until it answers; that may be a guess.
    ///
    /// # Errors
    /// [`TimeConfigError`] if the configuration is invalid.
    pub fn new(map: TickMap, config: &TimeConfig) -> Result<Self, TimeConfigError> {
        config.validate()?;
        Ok(Self {
            map,
            config: *config,
            watch: Watch::new(config),
            echoes: [Echo::default(); ECHOES],
            count: 0,
            next: 0,
            best: Echo::default(),
            first: true,
            reset: None,
        })
    }

    /// Where the server is thought to be at `now`.
    #[must_use]
    pub fn estimate(&self, now: Time) -> NetTime<Server> {
        self.map.at_offset(now, self.best.offset)
    }

    /// The most by which [`FixedBuffers::estimate`] is wrong, if the clock has not drifted since: half the
    /// round trip that is believed, as the server answered somewhere in it. `None` until it has.
    #[must_use]
    pub fn uncertainty(&self) -> Option<Duration> {
        (self.count > 0).then(|| Duration::from_nanos(self.best.round_trip.div_ceil(2)))
    }

    /// Forgets what was measured: a clock may have stopped meanwhile.
    const fn forget(&mut self) {
        (self.count, self.next) = (0, 0);
    }

    fn echo(&mut self, sent: Time, relay: NetTime<Server>, received: Time) {
        // An answer to what was asked before a sleep, or that came before it was asked for, measures
        // no way.
        if received < sent || sent < self.watch.awake_since() {
            return;
        }
        let round_trip = received.as_nanos() - sent.as_nanos();
        let middle = i128::from(sent.as_nanos()) + i128::from(round_trip / 2);
        let Ok(offset) = i64::try_from(self.map.due_nanos(relay) - middle) else {
            return;
        };
        let echo = Echo { round_trip, offset };
        if self.count > 0 && echo.contradicts(self.best) {
            self.forget();
        }
        self.echoes[self.next] = echo;
        self.next = (self.next + 1) % ECHOES;
        self.count = (self.count + 1).min(ECHOES);
        let shortest = self.echoes[..self.count]
            .iter()
            .min_by_key(|echo| echo.round_trip);
        self.believe(*shortest.unwrap_or(&self.best));
    }

    fn believe(&mut self, best: Echo) {
        let before = core::mem::replace(&mut self.best, best);
        let first = core::mem::take(&mut self.first);
        let reason = if first {
            ResetReason::First
        } else {
            ResetReason::Threshold
        };
        if best.server().abs_diff(before.server()) > nanos(self.config.hard_reset()) {
            self.reset.get_or_insert((before, reason));
        }
    }

    /// Server time at `now` by what `echo` says.
    fn server(&self, now: Time, echo: Echo) -> NetTime<Server> {
        self.map.at_offset(now, echo.server()) - self.config.receive_buffer()
    }

    /// Local time likewise.
    fn local(&self, now: Time, echo: Echo) -> NetTime<Local> {
        let arrival = self.map.at_offset(now, echo.local());
        arrival.into_space() + self.config.send_buffer()
    }
}

impl TimeProvider for FixedBuffers {
    fn observe(&mut self, now: Time, observation: &Observation) {
        let (_, slept) = self.watch.see(now);
        if !slept.is_zero() {
            self.forget();
        }
        match *observation {
            Observation::Echo {
                sent,
                relay,
                received,
            } => self.echo(sent, relay, received),
            Observation::Rate { .. } => observation.change_rate(&mut self.map),
            Observation::Arrival { .. } | Observation::Frame { .. } => {}
        }
    }

    fn advance(&mut self, now: Time) -> Advance {
        let (now, slept) = self.watch.see(now);
        if !slept.is_zero() {
            self.forget();
        }
        let (server, local) = (self.server(now, self.best), self.local(now, self.best));
        let slept = self.watch.event();
        let event = match self.reset.take() {
            Some((before, reason)) => {
                let reason = if slept.is_some() {
                    ResetReason::Suspended
                } else {
                    reason
                };
                Some(TimeEvent::HardReset {
                    from: self.server(now, before),
                    to: server,
                    reason,
                })
            }
            None => slept,
        };
        Advance {
            server,
            local,
            scale: Scale::ONE,
            event,
        }
    }
}
