//! [`Keyframes`]: the snapshots that a client holds for those who come later.

use phalanx_engine::{Encoder, Simulation, Snapshot, SnapshotHash, Tick, Timeline};

/// The newest snapshot of a keyframe tick: every `interval` ticks there is one.
#[derive(Clone, Debug)]
pub(super) struct Keyframes {
    first: Tick,
    interval: u64,
    /// The next tick that one is of.
    next: Tick,
    held: Option<Snapshot>,
}

impl Keyframes {
    /// None yet, of a session that begins at `first`; with an interval of 0 there are none at all.
    pub(super) fn new(first: Tick, interval: u32) -> Self {
        let mut keyframes = Self {
            first,
            interval: interval.into(),
            next: first,
            held: None,
        };
        keyframes.go_on(first);
        keyframes
    }

    /// The first tick that is executed here is `tick`, at least for now.
    pub(super) fn go_on(&mut self, tick: Tick) {
        let ticks = tick.since(self.first).max(0).unsigned_abs();
        self.next = match ticks.checked_div(self.interval) {
            Some(before) => self.first + ((before + 1) * self.interval - 1),
            None => Tick(u64::MAX),
        };
        self.held = None;
    }

    /// Takes the snapshot of the newest keyframe tick that is confirmed by now, if it is not held already; returns
    /// the hash of its canonical bytes, and how many these are.
    pub(super) fn take<S: Simulation>(
        &mut self,
        timeline: &mut Timeline<S>,
    ) -> Option<(Tick, (SnapshotHash, u64))> {
        let confirmed = timeline.confirmed();
        if confirmed <= self.next {
            return None;
        }
        let behind = confirmed.since(self.next).unsigned_abs() - 1;
        let tick = self.next + behind / self.interval * self.interval;
        self.next = tick + self.interval;
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
