//! [`Keyframes`]: the snapshots that a client holds for those who come later.

use phalanx_engine::{Encoder, Simulation, Snapshot, SnapshotHash, Tick, Timeline};

use crate::keyframe_ticks::KeyframeTicks;

/// The newest snapshot of a keyframe tick.
#[derive(Clone, Debug)]
pub(super) struct Keyframes {
    ticks: KeyframeTicks,
    /// The next one is of this tick or a later one.
    next: Tick,
    held: Option<Snapshot>,
}

impl Keyframes {
    /// None yet, of a session that begins at `first`; with an interval of 0 there are none at all.
    pub(super) fn new(first: Tick, interval: u32) -> Self {
        Self {
            ticks: KeyframeTicks::new(first, interval),
            next: first,
            held: None,
        }
    }

    /// The first tick that is executed here is `tick`, at least for now.
    pub(super) fn go_on(&mut self, tick: Tick) {
        self.next = tick;
        self.held = None;
    }

    /// Takes the snapshot of the newest keyframe tick that is confirmed by now, if it is not held already; returns
    /// the hash of its canonical bytes, and how many these are.
    pub(super) fn take<S: Simulation>(
        &mut self,
        timeline: &mut Timeline<S>,
    ) -> Option<(Tick, (SnapshotHash, u64))> {
        let tick = self.ticks.newest_before(timeline.confirmed())?;
        if tick < self.next {
            return None;
        }
        self.next = tick.next();
        // It is kept for long enough, unless the interval is shorter than an update is long.
        let snapshot = timeline.snapshot(tick)?;
        let mut canonical = Encoder::new();
        snapshot.encode(&mut canonical);
        let hash = SnapshotHash::of(canonical.bytes());
        self.held = Some(snapshot);
        Some((tick, (hash, canonical.bytes().len() as u64)))
    }

    /// The snapshot of `tick`, if that is the one held.
    pub(super) fn held(&self, tick: Tick) -> Option<&Snapshot> {
        self.held.as_ref().filter(|held| held.tick == tick)
    }
}
