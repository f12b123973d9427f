//! [`SlotStats`]: who decided what a slot did, tick by tick, and what its player made others wait for.

use core::time::Duration;

use phalanx_engine::{Presence, Provenance};

/// What became of the ticks of one slot since the session began, and of its player's connection: from it one sees
/// whether the match was fair to whoever plays there, and what the others waited for.
///
/// Every tick sealed is in one of the first six, which thus add up to [`sealed`](SlotStats::sealed). Those can be counted
/// again from the log, by what its entries say of the slot and its frames of where the input came from; the rest only
/// the relay sees. All of it belongs to the slot: a player who comes back goes on where it was, and so does
/// another one who gets the slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotStats {
    /// Ticks sealed with its player's own input.
    pub real: u64,
    /// Ticks sealed with the input before again, as its player's did not come in time.
    pub repeated: u64,
    /// Ticks sealed neutral though a player has it: its input was missing for longer than it is repeated, or the policy
    /// does not repeat, or the player stamped none yet.
    pub neutral: u64,
    /// Ticks at which nobody had it.
    pub absent: u64,
    /// Ticks at which the computer had it.
    pub bot: u64,
    /// Ticks of a pause, whoever had it: nothing is executed then, and nobody's input counts.
    pub paused: u64,
    /// Ticks that its player was to decide, having begun to stamp, and that were sealed without its input.
    pub late: u64,
    /// Of those, how many inputs came after all, within [`INPUTS_KEPT`](crate::limits::INPUTS_KEPT) ticks.
    pub came_late: u64,
    /// How long after its tick's deadline such an input came at most.
    pub latest: Duration,
    /// Ticks that [`Wait`](crate::LatePolicy::Wait) held back beyond their deadline for its input.
    pub held_up: u64,
    /// How long that took, all together: the time in which the next tick was due, and this slot's input missing. Where
    /// several were waited for at a time each has it. A relay that was itself too late to look counts
    /// that as well, up to the bound.
    pub waited: Duration,
    /// How often the player lost its connection in the match, for whatever reason but its own will or a fault of what it
    /// sent.
    pub lost: u64,
    /// How often it came back to the match.
    pub returned: u64,
}

impl SlotStats {
    /// Ticks sealed so far.
    #[must_use]
    pub const fn sealed(&self) -> u64 {
        self.played() + self.absent + self.bot + self.paused
    }

    /// Ticks at which a player had it, those of pauses left out.
    #[must_use]
    pub const fn played(&self) -> u64 {
        self.real + self.repeated + self.neutral
    }

    /// A tick is sealed, not one of a pause.
    pub(crate) const fn count(&mut self, presence: Presence, provenance: Provenance) {
        let class = match (presence, provenance) {
            (Presence::Absent, _) => &mut self.absent,
            (Presence::Bot, _) => &mut self.bot,
            (Presence::Player, Provenance::Real) => &mut self.real,
            (Presence::Player, Provenance::Repeated) => &mut self.repeated,
            (Presence::Player, Provenance::Neutral) => &mut self.neutral,
        };
        *class += 1;
    }

    /// An input came when its tick was sealed already, so long after the deadline.
    pub(crate) fn came_late(&mut self, by: Duration) {
        self.came_late += 1;
        self.latest = self.latest.max(by);
    }
}
