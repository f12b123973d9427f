//! What a relay tells its host and wants of its driver.

use phalanx_engine::{PaceChange, Slot, Tick};

use crate::channel::{Channel, CloseReason, PeerId};
use crate::time::Time;
use crate::vote::Disagreement;

/// What a relay tells its host.
///
/// # Example
///
/// All of them, and what a host does: it keeps a list of who is there. In this match somebody is lost, and the computer
/// takes the slot until its player is back; there is a pause, and the end goes by twice as fast.
///
/// ```
/// use core::time::Duration;
/// use std::collections::BTreeMap;
/// use phalanx_engine::{Slot, Speed};
/// use phalanx_netcode::{PeerId, Relay, RelayEvent};
/// use phalanx_netcode::testing::{Mixer, Scenario, World};
///
/// #[derive(Default)]
/// struct Hall {
///     /// Whose connection has which slot.
///     here: BTreeMap<Slot, PeerId>,
///     notes: Vec<String>,
///     over: bool,
/// }
///
/// impl Hall {
///     fn told(&mut self, relay: &Relay, event: &RelayEvent) {
///         let note = match event {
///             RelayEvent::Joined { slot, peer } => {
///                 self.here.insert(*slot, *peer);
///                 return;
///             }
///             // Look no longer for players, but for those who come late.
///             RelayEvent::Started => "the match begins".into(),
///             RelayEvent::Live { slot, .. } => format!("slot {slot} plays"),
///             RelayEvent::Left { slot, .. } => {
///                 self.here.remove(slot);
///                 // `Relay::release` gives it to others, `Relay::seat_bot` to the computer.
///                 let kept = if relay.is_kept(*slot) { "lost" } else { "free" };
///                 format!("slot {slot} is {kept}")
///             }
///             // Whoever is often turned away comes from an address that can be blocked.
///             RelayEvent::Rejected { peer, reason } => format!("{peer} was turned away: {reason}"),
///             // From here on it is worth while to come back: nobody executes the whole match.
///             RelayEvent::Keyframe(_) => "there is a snapshot".into(),
///             RelayEvent::PaceChanges(change) => format!("{} ticks a second", change.real_rate()),
///             RelayEvent::Turns { pauses: true, .. } => "paused".into(),
///             RelayEvent::Turns { pauses: false, .. } => "goes on".into(),
///             RelayEvent::Bot(slot) => format!("the computer has slot {slot}"),
///             // Keep the log: executed again, it shows where. Or `Relay::end` the match.
///             RelayEvent::Desync(disagreement) => format!("desync at {}", disagreement.tick),
///             // Of a referee, if there is one: close its connection, or leave it to the others to say.
///             RelayEvent::Verdict { slot, tick } => format!("slot {slot} is wrong since {tick}"),
///             // The log is whole: write it down, and its result.
///             RelayEvent::Ended => format!("{} ticks", relay.log().next()),
///             // Nothing is to be sent any more: drop the relay.
///             RelayEvent::Finished => {
///                 self.over = true;
///                 return;
///             }
///         };
///         self.notes.push(note);
///     }
/// }
///
/// let mut scenario = Scenario { ticks: 1_500, ..Scenario::default() };
/// scenario.rules.bot_after_ms = Some(500);
/// let mut world = World::new(&scenario, || Mixer)?;
/// let play = |world: &mut World<Mixer>, millis| {
///     let end = world.now() + Duration::from_millis(millis);
///     world.run_until(end, |_, _, _| None);
/// };
/// play(&mut world, 3_000);
/// world.kill(Slot(1));
/// play(&mut world, 2_000);
/// world.reconnect(Slot(1));
/// play(&mut world, 1_000);
/// world.relay_mut().pause(Duration::from_millis(500))?;
/// play(&mut world, 1_000);
/// world.relay_mut().resume(Duration::from_millis(500))?;
/// play(&mut world, 6_000);
/// world.relay_mut().change_speed(Speed::times(2))?;
/// world.run_bots();
///
/// let mut hall = Hall::default();
/// for event in world.relay_events() {
///     hall.told(world.relay(), event);
/// }
/// assert_eq!(hall.notes, [
///     "the match begins", "slot 1 is lost", "the computer has slot 1", "slot 1 plays",
///     "paused", "goes on", "there is a snapshot", "120 ticks a second", "there is a snapshot", "1500 ticks",
/// ]);
/// assert!(hall.over);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayEvent {
    /// A player took a slot, or came back to its own. It is in the match from `Started` on, or later, when it is `Live`.
    Joined {
        /// The slot.
        slot: Slot,
        /// Whose it is.
        peer: PeerId,
    },
    /// As many players are ready as the match [needs](crate::SessionConfig::players_min); the first tick is about to begin.
    Started,
    /// A player is gone, whether or not it was in the match yet. Whether its slot is kept, [`Relay::is_kept`](super::Relay::is_kept) says.
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
    /// A player who came late, or back, has caught up, and plays from that tick on.
    Live {
        /// Its slot.
        slot: Slot,
        /// The first tick of which it decides.
        tick: Tick,
    },
    /// The snapshot of that tick is here: later ones who come go on from it.
    Keyframe(Tick),
    /// The tick rate or the speed is going to change: that is sealed now.
    PaceChanges(PaceChange),
    /// The session is going to stand still, or to go on, as was [asked](super::Relay::pause) by the host or, if
    /// the rules let it, by a player: that is sealed now.
    Turns {
        /// Whether it stands still then.
        pauses: bool,
        /// The first tick of that.
        at: Tick,
    },
    /// From the next sealed frame on the computer holds a slot.
    Bot(Slot),
    /// Two players hold different worlds. All players are told; the match goes on, marked.
    Desync(Disagreement),
    /// A player holds another world than the [referee](crate::Referee), whom the host believes: told once for each slot.
    /// What is done about it is the host's to say.
    Verdict {
        /// Whose.
        slot: Slot,
        /// The first tick after which it was told to hold it.
        tick: Tick,
    },
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
