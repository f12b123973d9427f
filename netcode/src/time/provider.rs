//! [`TimeProvider`]: what tells a machine where it stands on the session's tick line.

use core::fmt;
use core::time::Duration;

use phalanx_engine::{Tick, TickRate};

use super::{Local, NetTime, Scale, Server, Span, TickMap, Time, TimeSkipped};

/// What was learnt about the session's time. Times without a space are this machine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Observation {
    /// The server told when an input of ours came.
    Arrival {
        /// The tick that it was stamped with.
        tick: Tick,
        /// When it was sampled; of one that waited for the game to ask for it, when it was due to be.
        sampled: Time,
        /// How long before the deadline of that tick, nanoseconds; negative if it came late.
        margin_ns: i64,
    },
    /// A sealed frame came.
    Frame {
        /// Its tick.
        tick: Tick,
        /// When it came.
        received: Time,
    },
    /// The server answered.
    Echo {
        /// When the question was sent.
        sent: Time,
        /// Where the server stood when it answered (what it waited before that is taken off).
        relay: NetTime<Server>,
        /// When the answer came.
        received: Time,
    },
    /// The session's tick rate changes. Told again, it changes nothing.
    Rate {
        /// From this tick on.
        at: Tick,
        /// The rate.
        rate: TickRate,
    },
}

/// Why time was set instead of steered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResetReason {
    /// The first estimate, and nothing steered before it.
    First,
    /// The error was beyond the provider's threshold:
    /// [`TimeConfig::hard_reset_ms`](super::TimeConfig::hard_reset_ms), of [`Adaptive`](super::Adaptive)
    /// [`LeadConfig::set_beyond`](super::LeadConfig::set_beyond).
    Threshold,
    /// The machine was suspended.
    Suspended,
    /// Another provider took over.
    Replaced,
}

impl Observation {
    /// Changes the rate in `map` if that is what was heard; a change that is not later than the last one
    /// was told before.
    pub(super) fn change_rate(&self, map: &mut TickMap) {
        if let Self::Rate { at, rate } = *self {
            let _ = map.change_rate(at, rate);
        }
    }
}

/// What happened to time, besides passing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeEvent {
    /// It was set: server time, local time, or both. If it was local time alone, both points are one.
    HardReset {
        /// Where server time would have been.
        from: NetTime<Server>,
        /// Where it is.
        to: NetTime<Server>,
        /// Why.
        reason: ResetReason,
    },
    /// Ticks were skipped, for they were too many at once.
    Skipped(TimeSkipped),
    /// Nothing was heard of this process for longer than
    /// [`TimeConfig::suspended_ms`](super::TimeConfig::suspended_ms): it, or the machine, slept.
    Suspended {
        /// For how long, by a clock that may have stopped meanwhile.
        gap: Duration,
    },
}

/// In words.
impl fmt::Display for TimeEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HardReset { from, to, reason } => {
                let why = match reason {
                    ResetReason::First => "for the first time",
                    ResetReason::Threshold => "too far off to be steered",
                    ResetReason::Suspended => "it stood still",
                    ResetReason::Replaced => "another provider tells the time",
                };
                write!(
                    f,
                    "the clock was set, server time from {from} to {to}: {why}"
                )
            }
            Self::Skipped(TimeSkipped { first, ticks }) => {
                write!(
                    f,
                    "{ticks} ticks from {first} on were skipped: too late for them"
                )
            }
            Self::Suspended { gap } => write!(f, "nothing was heard of this process for {gap:.1?}"),
        }
    }
}

/// Where a machine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advance {
    /// What of the session can be known here by now. On the server: where it is.
    pub server: NetTime<Server>,
    /// The tick at which an input sampled now will be executed.
    pub local: NetTime<Local>,
    /// How fast both run just now.
    pub scale: Scale,
    /// What happened since the last time.
    pub event: Option<TimeEvent>,
}

impl Advance {
    /// Where the server is, as well as this machine can say: halfway between what can be known of it here
    /// and where it will be when what is sent now arrives. Off by half of what the ways there and back
    /// differ by, and by half of how much earlier than its deadline a frame is sealed. On the server: where
    /// it is.
    #[must_use]
    pub fn middle(&self) -> NetTime<Server> {
        let ahead = self.local.ahead_of(self.server).bits();
        self.server + Span::from_bits(ahead / 2)
    }
}

/// Tells a machine where it stands on the session's tick line, from its own clock and from what it
/// observed. There is one for every way to run a clock: the server's, a client's with fixed buffers,
/// one that measures, a game's own. It can be boxed, wrapped, and replaced in a running session
/// ([`NetClock`](super::NetClock)).
///
/// `now` never goes back from one call to the next; a provider that sees it do so stands still.
/// Neither call allocates or reads a clock. It is `Clone`, and a copy shares nothing with it: whoever copies a
/// session copies its time.
///
/// Your own, which stays 100 ms behind and ahead of the last answer:
///
/// ```
/// use phalanx_engine::TickRate;
/// use phalanx_netcode::Time;
/// use phalanx_netcode::time::{Advance, NetTime, Observation, Scale, Span, TickMap, TimeProvider};
///
/// #[derive(Clone)]
/// struct Fixed100 {
///     map: TickMap,
///     rate: TickRate,
/// }
///
/// impl TimeProvider for Fixed100 {
///     fn observe(&mut self, _now: Time, observation: &Observation) {
///         if let Observation::Echo { sent, relay, received } = *observation {
///             let way = received.since(sent) / 2;
///             self.map = TickMap::new(sent + way, relay, self.rate);
///         }
///     }
///     fn advance(&mut self, now: Time) -> Advance {
///         let (estimate, buffer) = (self.map.at(now), Span::from_nanos(100_000_000, self.rate));
///         let (server, local) = (estimate - buffer, (estimate + buffer).into_space());
///         Advance { server, local, scale: Scale::ONE, event: None }
///     }
/// }
///
/// let rate = TickRate::hz(50);
/// let map = TickMap::new(Time::ZERO, NetTime::ZERO, rate);
/// let mut provider: Box<dyn TimeProvider> = Box::new(Fixed100 { map, rate });
/// let (sent, received) = (Time::from_nanos(1_000_000_000), Time::from_nanos(1_040_000_000));
/// provider.observe(received, &Observation::Echo { sent, relay: NetTime::from_parts(700, 0), received });
/// let advance = provider.advance(received);
/// assert_eq!(advance.server, NetTime::from_parts(696, 0)); // 701 now, 5 ticks behind
/// assert_eq!(advance.local, NetTime::from_parts(706, 0));
/// ```
pub trait TimeProvider: BoxedProvider + Send {
    /// Takes what was learnt.
    fn observe(&mut self, now: Time, observation: &Observation);

    /// Where the machine stands at `now`.
    fn advance(&mut self, now: Time) -> Advance;
}

/// Copies a provider that is boxed. Every [`TimeProvider`] that is `Clone` has it: there is nothing to write.
pub trait BoxedProvider {
    /// A copy, in a box of its own.
    fn boxed(&self) -> Box<dyn TimeProvider>;
}

impl<P: TimeProvider + Clone + 'static> BoxedProvider for P {
    fn boxed(&self) -> Box<dyn TimeProvider> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn TimeProvider> {
    fn clone(&self) -> Self {
        (**self).boxed()
    }
}

impl TimeProvider for Box<dyn TimeProvider> {
    fn observe(&mut self, now: Time, observation: &Observation) {
        (**self).observe(now, observation);
    }

    fn advance(&mut self, now: Time) -> Advance {
        (**self).advance(now)
    }
}
