//! [`Seat`]: one slot as the relay sees it: who sits there and what has arrived.

use core::time::Duration;

use phalanx_engine::{Presence, Tick};

use super::inbox::Inbox;
use super::slot_stats::SlotStats;
use crate::channel::PeerId;
use crate::limits::INPUTS_KEPT;
use crate::ring::position;

/// A slot's received inputs, in a ring by tick.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) peer: Option<PeerId>,
    /// Who holds it, as the log says or the next frame is going to.
    pub(crate) presence: Presence,
    /// Raised with every player who gets it, and when one loses the claim to it: whose number is another one has none.
    pub(crate) holders: u64,
    /// Whether it is kept for the last of them, who is away.
    pub(crate) reserved: bool,
    /// The first tick without the player who held it last, if nobody took it since.
    pub(crate) left: Option<Tick>,
    /// Since which tick it is kept for the player who lost its connection.
    pub(crate) away: Option<Tick>,
    /// How often its owner paused the session.
    pub(crate) pauses: u8,
    /// The first tick that the owner stamps, as it announced, or as its first input says if that comes first.
    pub(crate) from: Option<Tick>,
    /// Whether it was announced.
    pub(crate) announced: bool,
    /// Whether it was waited for in vain, and no input of its has come in time since.
    pub(crate) given_up: bool,
    input_bytes: usize,
    values: Vec<u8>,
    /// Whether the input of a tick is there; not if its owner skipped it.
    present: Vec<bool>,
    /// Whether a tick was sealed without the input that it was due to have, and that has not come since.
    lacking: Vec<bool>,
    /// The tick after the newest input received.
    next: Tick,
    /// Ticks without a real value up to the last one sealed.
    pub(crate) missing: u32,
    /// The last tick that was held back for it.
    held: Option<Tick>,
    pub(crate) stats: SlotStats,
    /// What it ordered.
    pub(crate) commands: Inbox,
}

impl Seat {
    /// An empty seat of a session that begins at `first`.
    pub(crate) fn new(input_bytes: usize, first: Tick) -> Self {
        let kept = usize::try_from(INPUTS_KEPT).unwrap_or(0);
        Self {
            peer: None,
            presence: Presence::Absent,
            holders: 0,
            reserved: false,
            left: None,
            away: None,
            pauses: 0,
            from: None,
            announced: false,
            given_up: false,
            input_bytes,
            values: vec![0; input_bytes * kept],
            present: vec![false; kept],
            lacking: vec![false; kept],
            next: first,
            missing: 0,
            held: None,
            stats: SlotStats::default(),
            commands: Inbox::default(),
        }
    }

    /// No tick before `next` is to be stamped any more.
    pub(crate) const fn begin_at(&mut self, next: Tick) {
        self.next = next;
    }

    /// Whether a player may have it who never had it before.
    pub(crate) const fn is_free(&self) -> bool {
        self.peer.is_none() && !self.reserved
    }

    /// Whether what is ordered in it is sealed: by its player, or before the player lost its connection.
    pub(crate) const fn orders(&self) -> bool {
        self.plays() || (self.peer.is_none() && self.reserved)
    }

    /// Whether its player is in the match, and not only on the way into it.
    pub(crate) const fn plays(&self) -> bool {
        self.peer.is_some() && matches!(self.presence, Presence::Player)
    }

    /// Whether a tick is held back for this slot's input.
    pub(crate) fn is_awaited(&self, tick: Tick) -> bool {
        self.peer.is_some() && self.from.is_some_and(|from| from <= tick)
    }

    /// Whether the next tick to be sealed waits for its input beyond the deadline, if the policy does. Who was waited
    /// for in vain is not waited for again until it is back in time.
    pub(crate) fn holds_up(&self, tick: Tick) -> bool {
        self.is_awaited(tick) && self.next <= tick && !self.given_up
    }

    /// `tick` was held back for it for so long more.
    pub(crate) fn waited(&mut self, tick: Tick, time: Duration) {
        self.stats.waited += time;
        self.stats.held_up += u64::from(self.held != Some(tick));
        self.held = Some(tick);
    }

    /// `tick` is sealed; `lacks` is whether its input was due, and is not there.
    pub(crate) fn sealed(&mut self, tick: Tick, lacks: bool) {
        self.lacking[position(tick, INPUTS_KEPT)] = lacks;
        self.stats.late += u64::from(lacks);
        self.given_up |= lacks;
    }

    /// The input of `tick` has come when it was sealed already; returns whether that had been due to have it.
    pub(crate) fn was_lacking(&mut self, tick: Tick, sealed: Tick) -> bool {
        let known = sealed.saturating_sub(INPUTS_KEPT) <= tick;
        known && core::mem::take(&mut self.lacking[position(tick, INPUTS_KEPT)])
    }

    /// The tick after the newest input received.
    pub(crate) const fn next(&self) -> Tick {
        self.next
    }

    /// The input for `tick`, if it has arrived and is still kept.
    pub(crate) fn input(&self, tick: Tick) -> Option<&[u8]> {
        let is_kept = tick < self.next && self.next.saturating_sub(INPUTS_KEPT) <= tick;
        let is_there = is_kept && self.present[position(tick, INPUTS_KEPT)];
        is_there.then(|| &self.values[self.range(tick)])
    }

    /// Takes the input of the next tick, or of a later one: then those between never came.
    pub(crate) fn receive(&mut self, tick: Tick, packed: &[u8]) {
        assert!(tick >= self.next, "the first input for a tick counts");
        for skipped in self.next.max(tick.saturating_sub(INPUTS_KEPT)).until(tick) {
            self.present[position(skipped, INPUTS_KEPT)] = false;
        }
        self.present[position(tick, INPUTS_KEPT)] = true;
        let range = self.range(tick);
        self.values[range].copy_from_slice(packed);
        self.next = tick.next();
    }

    /// The connection of the owner is gone.
    pub(crate) fn vacate(&mut self) {
        self.peer = None;
        self.from = None;
        self.announced = false;
        self.given_up = false;
    }

    /// Its last owner has no claim to it any more.
    pub(crate) fn release(&mut self) {
        self.holders += 1;
        self.free();
    }

    /// Others may have it. What its owner ordered before is forgotten; of one whom it is kept for it is not, who
    /// does not say it again.
    pub(crate) fn free(&mut self) {
        self.reserved = false;
        self.away = None;
        self.commands.vacate();
    }

    fn range(&self, tick: Tick) -> core::ops::Range<usize> {
        let start = position(tick, INPUTS_KEPT) * self.input_bytes;
        start..start + self.input_bytes
    }
}
