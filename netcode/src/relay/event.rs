//! What a relay tells its host and wants of its driver.

use phalanx_engine::{PaceChange, Slot, Tick};

use crate::channel::{Channel, CloseReason, PeerId};
use crate::time::Time;
use crate::vote::Disagreement;

/// What a relay tells its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayEvent {
    /// A player took a slot, or came back to its own.
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
    /// The session is going to stand still, or to go on, as was [asked](Relay::pause) by the host or, if
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
