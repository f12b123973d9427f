//! [`Running`]: the connection while the match runs.

use core::time::Duration;

use phalanx_engine::Tick;
use phalanx_engine::limits::HISTORY_TICKS_MAX;

use super::Receiver;
use super::downlink::Downlink;
use super::outbox::Outbox;
use super::stagger::Stagger;
use super::stamps::Stamps;
use super::uplink::Uplink;
use crate::channel::CloseReason;
use crate::limits::VOTES_PER_DATAGRAM_MAX;
use crate::time::{Time, low16};
use crate::wire::{BitReader, Datagram, InputHeader, RelayHeader};

#[derive(Clone, Debug)]
pub(super) struct Running {
    /// The fastest round trip measured before the match.
    pub(super) round_trip: Duration,
    pub(super) stamps: Stamps,
    pub(super) uplink: Uplink,
    pub(super) outbox: Outbox,
    pub(super) downlink: Downlink,
    /// The tick that the relay was about to seal when the match began for this client, until that is executed:
    /// until then it stamps nothing.
    pub(super) catching_up: Option<Tick>,
    /// Whether the relay waits for inputs that come late.
    pub(super) waits: bool,
    /// Of changes of the rate up to this tick the clock was told.
    pub(super) told: Tick,
    /// When every input before this one came is known, as far as it was told.
    pub(super) reported_next: Tick,
    pub(super) stagger: Stagger,
    /// The relay has every vote before this one.
    pub(super) votes_next: Tick,
    /// Every tick before this one is agreed.
    pub(super) agreed_next: Tick,
    /// When the next datagram goes out, whether or not there is a new input.
    pub(super) send_at: Time,
}

impl Running {
    /// The tick after the newest that was sealed, as far as is known, while this client catches up.
    pub(super) fn catches_up(&self) -> Option<Tick> {
        self.catching_up.map(|at| at.max(self.downlink.seen()))
    }

    /// Stamps from now on, but nothing before `from`; returns the first tick.
    pub(super) fn go_live(&mut self, now: Time, neutral: &[u8], from: Tick) -> Tick {
        self.catching_up = None;
        let stamped = self.stamps.restart(now, from);
        self.uplink = Uplink::new(neutral.to_vec(), stamped, self.waits);
        stamped
    }

    /// Takes frames and forwarded inputs.
    pub(super) fn take(
        &mut self,
        now: Time,
        header: &RelayHeader,
        bits: BitReader<'_>,
        receiver: &mut impl Receiver,
    ) -> Result<(), CloseReason> {
        let taken = self.downlink.take(header, bits, receiver);
        for change in self.downlink.rate_changes() {
            // Of those before it, it was told at the start.
            if change.at > self.told {
                self.told = change.at;
                self.stamps.rate(now, change);
            }
        }
        taken
    }

    /// Takes those of a datagram, which always brings the newest: it tells the time, what came on the stream
    /// does not.
    pub(super) fn take_datagram(
        &mut self,
        now: Time,
        header: &RelayHeader,
        bits: BitReader<'_>,
        receiver: &mut impl Receiver,
    ) -> Result<(), CloseReason> {
        self.acknowledged(now, header, receiver)?;
        let before = self.downlink.seen();
        self.take(now, header, bits, receiver)?;
        let seen = self.downlink.seen();
        if let Some(newest) = seen.previous().filter(|_| seen > before) {
            self.stamps.frame(now, newest);
        }
        Ok(())
    }

    pub(super) fn acknowledged(
        &mut self,
        now: Time,
        header: &RelayHeader,
        receiver: &impl Receiver,
    ) -> Result<(), CloseReason> {
        if !self.uplink.acknowledge(header.inputs_next)
            || !self.outbox.acknowledge(header.commands)
            || header.votes_next > receiver.confirmed().max(self.downlink.next())
            || !header
                .path
                .is_none_or(|path| self.stagger.report(now, path))
        {
            return Err(CloseReason::Malformed); // We never sent that.
        }
        self.votes_next = self.votes_next.max(header.votes_next);
        self.agreed_next = self.agreed_next.max(header.agreed_next);
        for arrival in header.arrivals.as_slice() {
            // Arrivals are told twice, and in the order of their ticks.
            self.stamps.arrived(now, *arrival, self.reported_next);
            self.reported_next = self.reported_next.max(arrival.end());
        }
        Ok(())
    }

    /// Writes a datagram of all unacknowledged votes, inputs and commands; a copy without the votes, which
    /// nothing waits for.
    pub(super) fn write(&self, buffer: &mut Vec<u8>, receiver: &impl Receiver) {
        // A vote that is no longer kept cannot be cast: start with the first one that is.
        let confirmed = receiver.confirmed();
        let kept = confirmed.saturating_sub(HISTORY_TICKS_MAX.into());
        let mut votes_first = self.votes_next.max(kept);
        while votes_first < confirmed && receiver.vote(votes_first).is_none() {
            votes_first = votes_first.next();
        }
        // Before it plays, nobody counts its votes.
        let votes_end = if self.stagger.copies() || self.catching_up.is_some() {
            votes_first
        } else {
            confirmed.min(votes_first + VOTES_PER_DATAGRAM_MAX)
        };
        let votes = votes_end.since(votes_first).max(0).unsigned_abs();
        let mut header = InputHeader {
            number: low16(Tick(self.stagger.sent())),
            frames_next: match self.catching_up {
                // No more frames come than there is room for.
                Some(_) => confirmed.min(self.downlink.next()),
                None => self.downlink.next(),
            },
            first: Tick::ZERO,
            count: 0,
            acked_baseline: false,
            votes_first,
        };
        self.uplink.plan(&mut header, votes, self.outbox.room());
        let votes = votes_first
            .until(votes_end)
            .map_while(|tick| receiver.vote(tick));
        let mut bits = Datagram::inputs(buffer, &header, votes);
        self.uplink.write(&header, &mut bits);
        self.outbox.write(header.frames_next, &mut bits);
        bits.finish();
    }
}
