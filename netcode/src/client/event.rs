//! [`Event`]: what a client tells the game.

use phalanx_engine::{Setup, Slot, Tick};

use crate::channel::CloseReason;
use crate::config::SessionRules;
use crate::time::TimeEvent;

/// What a client tells the game.
///
/// ```text
///             Joined           Started           Ended          Closed
///   Greeting ───────> Joined ──────────> Started ───────> Ended ───────> Closed
///      ^                                    │               ^              │
///      │                         CatchingUp │               │ Ended        │
///      │                                    v      Live     │              │
///      │                                CatchingUp ──────> Live            │
///      │                                                                   │
///      └───────────────────────── Client::reconnect ───────────────────────┘
/// ```
///
/// `Closed` may come in every state, and `Ended` already while a client catches up. Desyncs and what the clock tells come from
/// `Started` on, and lead nowhere.
///
/// What becomes of others, and of the session itself, is no event: it is in the log. A game sees it in `step`, and in
/// [`Client::session`](super::Client::session).
///
/// # Example
///
/// All of them, and what a game does. A player of this match loses the connection, and comes back.
///
/// ```
/// use core::time::Duration;
/// use phalanx_engine::Slot;
/// use phalanx_netcode::testing::{Mixer, Preset, Scenario, World};
/// use phalanx_netcode::{CloseReason, Event};
///
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// enum Screen {
///     Connecting,
///     Lobby,
///     Match,
///     /// With a bar: how many ticks `Client::behind` is at most.
///     CatchingUp(u64),
///     Result,
///     /// With the reason, and a button.
///     Lost(Option<CloseReason>),
/// }
///
/// impl Screen {
///     fn after(self, event: &Event) -> Self {
///         match event {
///             // Make the scene from the setup, and keep `Client::token` where another process finds it.
///             Event::Joined { .. } => Self::Lobby,
///             Event::Started => Self::Match,
///             // Drop what `Client::effects` tells until it plays: it is of long ago.
///             Event::CatchingUp { from, to } => Self::CatchingUp(to.since(*from).unsigned_abs()),
///             Event::Live => Self::Match,
///             // A bug of the rules. Keep the replay, and offer to report it.
///             Event::Desync(tick) => {
///                 eprintln!("players hold different worlds since tick {tick}");
///                 self
///             }
///             // For the log file: it explains late inputs.
///             Event::Time(event) => {
///                 eprintln!("{event}");
///                 self
///             }
///             // Only now is the result final.
///             Event::Ended => Self::Result,
///             Event::Closed(Some(CloseReason::Ended)) => self,
///             // Come back, or say why not: see there.
///             Event::Closed(reason) => Self::Lost(*reason),
///         }
///     }
/// }
///
/// let net = Preset::Wifi.conditions();
/// let mut world = World::new(&Scenario { up: net, down: net, ..Scenario::default() }, || Mixer)?;
/// let play = |world: &mut World<Mixer>, millis| {
///     let end = world.now() + Duration::from_millis(millis);
///     world.run_until(end, |_, _, _| None);
/// };
/// play(&mut world, 3_000);
/// world.kill(Slot(1));
/// play(&mut world, 2_000);
/// world.reconnect(Slot(1));
/// world.run_bots();
///
/// let mut screens = vec![Screen::Connecting];
/// for event in world.events(Slot(1)) {
///     let screen = screens[screens.len() - 1].after(event);
///     if !screens.ends_with(&[screen]) {
///         screens.push(screen);
///     }
/// }
/// use Screen::{CatchingUp, Connecting, Lobby, Lost, Match, Result};
/// let [Connecting, Lobby, Match, Lost(None), Lobby, Match, CatchingUp(ticks), Match, Result] = screens[..] else {
///     panic!("{screens:?}");
/// };
/// assert!(ticks >= 120, "two seconds, and the way back");
/// # Ok::<(), phalanx_netcode::testing::WorldError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The relay took this player in, or [back](super::Client::reconnect).
    Joined {
        /// The player's slot.
        slot: Slot,
        /// What the session starts from.
        setup: Setup,
        /// How it is played.
        rules: SessionRules,
    },
    /// The match begins in a moment, or runs already.
    Started,
    /// The match runs: this client executes what was sealed without it, [`Client::update`](super::Client::update) by update, and
    /// stamps nothing meanwhile.
    ///
    /// A game that draws 60 pictures a second gives it some of each, and shows how far it is:
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use phalanx_engine::{Simulation, Tick};
    /// use phalanx_netcode::{Client, Time};
    ///
    /// /// Between two pictures; returns what the bar shows, in ticks.
    /// fn update<S: Simulation>(
    ///     client: &mut Client<S>,
    ///     now: Time,
    ///     sample: impl FnMut(Tick, &S::State) -> S::Input,
    /// ) -> Option<u64> {
    ///     let enough = Instant::now() + Duration::from_millis(8);
    ///     client.update_within(now, sample, || Instant::now() < enough);
    ///     client.behind()
    /// }
    /// ```
    CatchingUp {
        /// The first tick that it executes: the session's first, if the relay has no snapshot to go on from.
        from: Tick,
        /// The first tick that was not sealed when it began.
        to: Tick,
    },
    /// It has caught up: it plays from now on.
    Live,
    /// Two players hold different worlds since this tick. The match goes on, but it is marked.
    Desync(Tick),
    /// The clock was set instead of steered, ticks were not sampled, or the machine was suspended.
    Time(TimeEvent),
    /// The session's last tick is confirmed.
    Ended,
    /// The connection is closed; nothing comes after this, unless the client [reconnects](super::Client::reconnect).
    ///
    /// What the network did is worth another attempt, over a fresh connection, and so is a snapshot that was none: it is
    /// asked for in another way then. What else one of the ends said is not.
    ///
    /// ```
    /// use phalanx_engine::Simulation;
    /// use phalanx_netcode::{Client, CloseReason};
    ///
    /// /// Whether the client greets the relay again: the driver connects then.
    /// fn comes_back<S: Simulation>(client: &mut Client<S>, reason: Option<CloseReason>) -> bool {
    ///     let is_loss = matches!(reason, None | Some(CloseReason::TimedOut | CloseReason::BadSnapshot));
    ///     let returns = is_loss && client.token().is_some();
    ///     if returns {
    ///         client.reconnect();
    ///     }
    ///     returns
    /// }
    /// ```
    ///
    /// If the process died, another one claims the slot with the token that it left behind, as text:
    ///
    /// ```
    /// use core::time::Duration;
    /// use phalanx_engine::Slot;
    /// use phalanx_netcode::ClientConfig;
    /// use phalanx_netcode::testing::{LinkConditions, Mixer, Scenario, World};
    ///
    /// let mut world = World::new(&Scenario::default(), || Mixer)?;
    /// let play = |world: &mut World<Mixer>, millis| {
    ///     let end = world.now() + Duration::from_millis(millis);
    ///     world.run_until(end, |_, _, _| None);
    /// };
    /// play(&mut world, 3_000);
    /// let token = world.client(Slot(1)).token().expect("the relay takes players back");
    /// let file = token.to_string();
    /// world.kill(Slot(1));
    ///
    /// let links = (LinkConditions::PERFECT, LinkConditions::PERFECT);
    /// let place = world.come(Mixer, ClientConfig::default(), links)?;
    /// // `Client::claim`, before it is polled.
    /// world.claim(place, file.parse()?);
    /// play(&mut world, 1_000);
    /// assert_eq!(world.slot_of(place), Some(Slot(1)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Closed(Option<CloseReason>),
}
