//! [`LinkConditions`]: what one direction of a path does to the bytes sent along it.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::time::nanos;

/// The whole that fractions are counted in: 50 of it are 0.5 %.
pub(super) const WHOLE: u32 = 10_000;

/// Longest duration that conditions may hold; a longer one counts as this. It bounds the work of
/// looking ahead to an arrival.
const LONGEST: u64 = 3_600_000_000_000;

/// Shortest mean of a burst of loss or between holds; a shorter one counts as this. It bounds the
/// work of passing idle time.
const SHORTEST: u64 = 1_000_000;

/// What one direction of a path does to the bytes sent along it.
///
/// A plain description: build it from [`LinkConditions::constant`], a [`Preset`](super::Preset) or
/// [`Default`], and change the fields. The default is the perfect link. Fractions are in
/// 1/10,000, and one above 10,000 counts as 10,000; durations above an hour count as an hour.
///
/// ```
/// use core::time::Duration;
/// use phalanx_netcode::testing::LinkConditions;
///
/// let slow = LinkConditions {
///     loss_per_10k: 100,
///     loss_burst: Duration::from_millis(40),
///     ..LinkConditions::constant(Duration::from_millis(50))
/// };
/// assert_eq!(slow.jitter, Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkConditions {
    /// The shortest way: nothing arrives sooner than this after it was sent.
    pub delay: Duration,
    /// Sigma of the half-normal `|N(0, sigma)|` that is drawn for each datagram and added to
    /// `delay`. It never changes the order: a datagram waits for those sent before it, except for
    /// reordered ones. So when datagrams follow one another closer than the jitter, the mean rises
    /// and the spread shrinks, as in a real queue.
    pub jitter: Duration,
    /// Fraction of *time* during which everything sent is lost, in 1/10,000.
    pub loss_per_10k: u32,
    /// Mean duration of a burst of loss, at least 1 ms. Bursts and the gaps between them last
    /// exponentially distributed times, whatever is sent: more packets do not cheat them.
    pub loss_burst: Duration,
    /// Fraction of the datagrams that arrive twice, in 1/10,000.
    pub duplicate_per_10k: u32,
    /// Fraction of the datagrams that leave the order, in 1/10,000. One that does arrives later by
    /// `reorder_delay`, and nothing waits for it.
    pub reorder_per_10k: u32,
    /// Mean extra delay of a reordered datagram; it is uniform between half of it and one and a
    /// half of it.
    pub reorder_delay: Duration,
    /// Bandwidth in 1000 bits per second of the bytes handed to the link; `None` is unlimited.
    /// While the stream sends, it and the datagrams have half of it each.
    pub kbit_per_s: Option<NonZeroU32>,
    /// Longest wait for the bandwidth; a datagram that would wait longer is dropped. Stream bytes
    /// wait in their sender's buffer, which has no bound.
    pub queue: Duration,
    /// Pauses of the whole link.
    pub holds: Option<Holds>,
    /// Slow rises and falls of the delay.
    pub ramps: Option<Ramps>,
}

/// Times during which a link delivers nothing; what is due then arrives at once at their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holds {
    /// Mean time from the end of a hold to the next, at least 1 ms; it is uniform between half of
    /// it and one and a half of it.
    pub period: Duration,
    /// The shortest hold. Durations are uniform between it and `longest`.
    pub shortest: Duration,
    /// The longest hold.
    pub longest: Duration,
}

/// A delay that rises evenly to a peak and falls evenly back, again and again. When the first one
/// begins is drawn from the seed, so that links do not ramp together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ramps {
    /// Time from the beginning of a ramp to the beginning of the next, at least 1 ms.
    pub period: Duration,
    /// Time from the beginning to the end of a ramp; the peak is in the middle.
    pub length: Duration,
    /// Extra delay at the peak.
    pub peak: Duration,
}

impl LinkConditions {
    /// Everything arrives, in order and at once.
    pub const PERFECT: Self = Self::constant(Duration::ZERO);

    /// Everything arrives, in order and `delay` after it was sent.
    #[must_use]
    pub const fn constant(delay: Duration) -> Self {
        Self {
            delay,
            jitter: Duration::ZERO,
            loss_per_10k: 0,
            loss_burst: Duration::from_millis(30),
            duplicate_per_10k: 0,
            reorder_per_10k: 0,
            reorder_delay: Duration::from_millis(40),
            kbit_per_s: None,
            queue: Duration::from_millis(200),
            holds: None,
            ramps: None,
        }
    }
}

impl Default for LinkConditions {
    fn default() -> Self {
        Self::PERFECT
    }
}

/// `duration` in nanoseconds, at most an hour.
pub(super) fn bounded(duration: Duration) -> u64 {
    nanos(duration).min(LONGEST)
}

/// `duration` in nanoseconds, from a millisecond to an hour.
pub(super) fn paced(duration: Duration) -> u64 {
    bounded(duration).max(SHORTEST)
}
