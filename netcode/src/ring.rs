//! Where a tick lies in a ring.

use phalanx_engine::Tick;

/// The position of `tick` in a ring of `capacity` ticks.
pub(crate) fn position(tick: Tick, capacity: u64) -> usize {
    // The remainder is below the length of something in memory.
    usize::try_from(tick.0 % capacity).unwrap_or(0)
}
