//! [`Link`]: when the bytes that are sent along one direction of a path arrive.

use core::num::NonZeroU32;
use core::time::Duration;

use phalanx_engine::Rng;

use super::conditions::{LinkConditions, WHOLE, bounded};
use super::random::{Bursts, HoldTimes, Purpose, around, half_normal, ramp, stream};
use crate::Time;

/// Shortest wait before lost stream bytes are sent again, nanoseconds; twice the delay if that is
/// longer. It doubles with each loss of the same bytes.
const RETRANSMIT_NANOS_MIN: u64 = 200_000_000;

/// Most times that stream bytes are sent again. Then they arrive in any case: a stream does not
/// lose, and total loss must end somewhere.
const RETRANSMITS_MAX: u32 = 8;

/// What becomes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It was sent during a burst of loss.
    Lost,
    /// It found the queue for the bandwidth full.
    QueueFull,
    /// It arrives.
    Arrives {
        /// When it arrives first.
        at: Time,
        /// When its copy arrives, not before `at`.
        again: Option<Time>,
    },
}

impl Delivery {
    /// When the datagram and its copy arrive, in this order: none, one or two moments.
    pub fn arrivals(self) -> impl Iterator<Item = Time> {
        let (at, again) = match self {
            Self::Arrives { at, again } => (Some(at), again),
            Self::Lost | Self::QueueFull => (None, None),
        };
        at.into_iter().chain(again)
    }
}

/// One direction of a path. It is told what is sent and says when it arrives; the bytes are kept
/// by whoever asks.
///
/// A datagram waits for the bandwidth, is lost if the link is in a burst of loss when it is sent,
/// travels for the delay, the present ramp and its jitter, waits for those sent before it unless
/// it is reordered, and waits for the end of a hold. Each of these has random numbers of its own
/// from the seed. Losses, holds and ramps are processes in time, from time zero; the other rolls
/// are made for every datagram, whatever becomes of it, so the n-th one's are always the same.
///
/// Catching up with time costs work in proportion: let it begin near [`Time::ZERO`].
#[derive(Clone, Debug)]
pub struct Link {
    conditions: LinkConditions,
    seed: u64,
    /// The latest moment that was passed in.
    now: Time,
    bursts: Bursts,
    holds: Option<HoldTimes>,
    /// Where in their period the ramps are at time zero, in 2^-64 of it.
    ramp_phase: u64,
    jitter: Rng,
    duplicate: Rng,
    reorder: Rng,
    stream_jitter: Rng,
    /// When the last datagram has left the queue.
    free_at: Time,
    /// When the last stream bytes have left their sender.
    stream_free_at: Time,
    /// Latest arrival of a datagram that was not reordered.
    newest: Time,
    /// Latest arrival of stream bytes.
    stream_newest: Time,
}

impl Link {
    /// A link with these conditions. All that is random in it comes from `seed`: the two
    /// directions of a path are two links with two seeds.
    #[must_use]
    pub fn new(conditions: LinkConditions, seed: u64) -> Self {
        let holds = |holds| HoldTimes::new(Time::ZERO, holds, stream(seed, Purpose::Holds));
        Self {
            seed,
            now: Time::ZERO,
            bursts: Bursts::new(&conditions, stream(seed, Purpose::Bursts)),
            holds: conditions.holds.map(holds),
            ramp_phase: stream(seed, Purpose::Ramps).next_u64(),
            jitter: stream(seed, Purpose::Jitter),
            duplicate: stream(seed, Purpose::Duplicate),
            reorder: stream(seed, Purpose::Reorder),
            stream_jitter: stream(seed, Purpose::StreamJitter),
            free_at: Time::ZERO,
            stream_free_at: Time::ZERO,
            newest: Time::ZERO,
            stream_newest: Time::ZERO,
            conditions,
        }
    }

    /// The present conditions.
    #[must_use]
    pub const fn conditions(&self) -> &LinkConditions {
        &self.conditions
    }

    /// From `now` on, these conditions hold. What was sent before arrives as it was to, and what
    /// is sent later does not overtake it. A process whose description stays the same goes on.
    pub fn set_conditions(&mut self, now: Time, conditions: LinkConditions) {
        let now = self.pass(now);
        let loss = |of: &LinkConditions| (of.loss_per_10k, of.loss_burst);
        if loss(&conditions) != loss(&self.conditions) {
            self.bursts.change(now, &conditions);
        }
        if conditions.holds != self.conditions.holds {
            let seed = self.seed ^ now.as_nanos();
            let rng = stream(seed, Purpose::Holds);
            self.holds = conditions
                .holds
                .map(|holds| HoldTimes::new(now, holds, rng));
        }
        self.conditions = conditions;
    }

    /// Sends a datagram of `bytes` bytes. `now` does not decrease from call to call; an earlier
    /// one counts as the latest.
    ///
    /// # Panics
    /// If `now` is [`Time::NEVER`].
    pub fn send(&mut self, now: Time, bytes: u32) -> Delivery {
        let now = self.pass(now);
        let sigma = bounded(self.conditions.jitter);
        let jitter = half_normal(&mut self.jitter, sigma);
        let copied = self
            .duplicate
            .chance(self.conditions.duplicate_per_10k, WHOLE);
        let copy_jitter = copied.then(|| half_normal(&mut self.duplicate, sigma));
        let reordered = self.reorder.chance(self.conditions.reorder_per_10k, WHOLE);
        let extra = bounded(self.conditions.reorder_delay);
        let extra = reordered.then(|| around(&mut self.reorder, extra));

        let Some(departed) = self.transmit(now, bytes) else {
            return Delivery::QueueFull;
        };
        if self.bursts.lossy() {
            return Delivery::Lost;
        }
        let at = self.arrive(departed, jitter, extra);
        let again = copy_jitter.map(|jitter| self.arrive(departed, jitter, None));
        match again {
            // The copy of a reordered datagram is not reordered.
            Some(copy) if copy < at => Delivery::Arrives {
                at: copy,
                again: Some(at),
            },
            _ => Delivery::Arrives { at, again },
        }
    }

    /// Sends `bytes` bytes of the stream and says when the last of them can be read: in order, and
    /// in any case. Bytes that are lost are sent again after 200 ms, or twice the delay if that is
    /// longer, then after twice this, and so on; all bytes sent later wait for them. `now` as for
    /// [`Link::send`].
    ///
    /// # Panics
    /// If `now` is [`Time::NEVER`].
    pub fn send_reliable(&mut self, now: Time, bytes: u32) -> Time {
        let now = self.pass(now);
        let jitter = half_normal(&mut self.stream_jitter, bounded(self.conditions.jitter));
        let mut departed = now;
        if let Some(rate) = self.conditions.kbit_per_s {
            // The other half of the bandwidth is kept for datagrams: see `transmit`.
            departed = departed.max(self.stream_free_at) + half_rate(bytes, rate);
            self.stream_free_at = departed;
        }
        let mut wait = RETRANSMIT_NANOS_MIN.max(2 * bounded(self.conditions.delay));
        for _ in 0..RETRANSMITS_MAX {
            if !self.bursts.lossy_at(departed) {
                break;
            }
            departed += Duration::from_nanos(wait);
            wait *= 2;
        }
        let due = self.due(departed, jitter).max(self.stream_newest);
        self.stream_newest = self.release(due);
        self.stream_newest
    }

    /// Passes time until `now`.
    fn pass(&mut self, now: Time) -> Time {
        assert!(now < Time::NEVER, "nothing is sent at no time");
        self.now = self.now.max(now);
        self.bursts.advance(self.now);
        if let Some(holds) = &mut self.holds {
            holds.advance(self.now);
        }
        self.now
    }

    /// When a datagram has left the queue, or `None` if it does not enter.
    fn transmit(&mut self, now: Time, bytes: u32) -> Option<Time> {
        let Some(rate) = self.conditions.kbit_per_s else {
            return Some(now);
        };
        let begin = self.free_at.max(now);
        if begin.since(now) > self.conditions.queue {
            return None;
        }
        let shared = begin < self.stream_free_at;
        let duration = half_rate(bytes, rate);
        self.free_at = begin + if shared { duration } else { duration / 2 };
        Some(self.free_at)
    }

    /// When what departs at `departed` would arrive if nothing were before it.
    fn due(&self, departed: Time, jitter: u64) -> Time {
        let phase = self.ramp_phase;
        let ramp = self
            .conditions
            .ramps
            .map_or(0, |ramps| ramp(departed, &ramps, phase));
        departed + Duration::from_nanos(bounded(self.conditions.delay) + ramp + jitter)
    }

    /// When a datagram arrives that is reordered by `extra` nanoseconds, or keeps its place.
    fn arrive(&mut self, departed: Time, jitter: u64, extra: Option<u64>) -> Time {
        let due = self.due(departed, jitter).max(self.newest);
        if let Some(extra) = extra {
            return self.release(due + Duration::from_nanos(extra));
        }
        self.newest = self.release(due);
        self.newest
    }

    /// When that is delivered which is due at `due`.
    fn release(&self, due: Time) -> Time {
        self.holds.as_ref().map_or(due, |holds| holds.release(due))
    }
}

/// How long `bytes` take at half of `rate`, rounded up so that half of it is not too short either.
fn half_rate(bytes: u32, rate: NonZeroU32) -> Duration {
    let whole = (u64::from(bytes) * 8_000_000).div_ceil(u64::from(rate.get()));
    Duration::from_nanos(2 * whole)
}

#[cfg(test)]
mod tests;
