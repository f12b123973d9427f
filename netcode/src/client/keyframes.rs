//! [`Keyframes`]: the snapshots that a client holds for those who come later, and for when it comes back itself.

use phalanx_engine::{Encoder, Simulation, Snapshot, SnapshotHash, Tick, Timeline};

use crate::keyframe_ticks::KeyframeTicks;
use crate::limits::{DIFFERENCES_BYTES_MAX, SNAPSHOTS_NAMED_MAX};
use crate::wire::SnapshotId;

/// A snapshot of a keyframe tick.
#[derive(Clone, Debug)]
struct Kept {
    hash: SnapshotHash,
    /// Canonical ones.
    bytes: u64,
    snapshot: Snapshot,
}

impl Kept {
    fn new(snapshot: Snapshot) -> Self {
        let mut canonical = Encoder::new();
        snapshot.encode(&mut canonical);
        Self {
            hash: SnapshotHash::of(canonical.bytes()),
            bytes: canonical.bytes().len() as u64,
            snapshot,
        }
    }

    /// Whether a relay tells differences from it.
    const fn is_base(&self) -> bool {
        self.bytes <= DIFFERENCES_BYTES_MAX
    }
}

/// The newest snapshot, which the relay may want, and those that it took last, or goes on to take, from whomever: of these
/// it can tell differences.
#[derive(Clone, Debug)]
pub(super) struct Keyframes {
    ticks: KeyframeTicks,
    /// The next one is of this tick or a later one.
    next: Tick,
    newest: Option<Kept>,
    /// The relay takes that of this tick; it may be known before the tick is confirmed here.
    chosen: Option<Tick>,
    /// The newest first. One that was on its way when its player went never came: so it is not one alone.
    bases: Vec<Kept>,
}

impl Keyframes {
    /// None yet, of a session that begins at `first`; with an interval of 0 there are none at all.
    pub(super) fn new(first: Tick, interval: u32) -> Self {
        Self {
            ticks: KeyframeTicks::new(first, interval),
            next: first,
            newest: None,
            chosen: None,
            bases: Vec::new(),
        }
    }

    /// The first tick that is executed here is `tick`, at least for now.
    pub(super) const fn go_on(&mut self, tick: Tick) {
        self.next = tick;
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
        let kept = Kept::new(snapshot);
        let held = (kept.hash, kept.bytes);
        self.newest = Some(kept);
        if let Some(chosen) = self.chosen {
            self.choose(chosen);
        }
        Some((tick, held))
    }

    /// The relay takes the snapshot of `tick`.
    pub(super) fn choose(&mut self, tick: Tick) {
        self.chosen = Some(tick);
        let is_it = |kept: &mut Kept| kept.snapshot.tick == tick && kept.is_base();
        if let Some(kept) = self.newest.take_if(is_it) {
            self.bases.insert(0, kept);
            self.bases.truncate(SNAPSHOTS_NAMED_MAX);
        }
    }

    /// The snapshot of `tick`, if it is held.
    pub(super) fn held(&self, tick: Tick) -> Option<&Snapshot> {
        let mut kept = self.newest.iter().chain(&self.bases);
        let found = kept.find(|kept| kept.snapshot.tick == tick);
        found.map(|kept| &kept.snapshot)
    }

    /// Which snapshots a relay is told that it may tell differences from. These are held until another is chosen.
    pub(super) fn name(&mut self) -> Vec<SnapshotId> {
        self.chosen = None;
        if self.bases.is_empty() {
            self.bases
                .extend(self.newest.take_if(|kept| kept.is_base()));
        }
        let named = self.bases.iter().map(|kept| SnapshotId {
            tick: kept.snapshot.tick,
            hash: kept.hash,
        });
        named.collect()
    }

    /// The snapshot with that hash, if it is one that was named.
    pub(super) fn base(&self, hash: SnapshotHash) -> Option<&Snapshot> {
        let base = self.bases.iter().find(|kept| kept.hash == hash);
        base.map(|kept| &kept.snapshot)
    }

    /// This one came from the relay.
    pub(super) fn fetched(&mut self, snapshot: Snapshot) {
        let kept = Kept::new(snapshot);
        self.newest = None;
        self.bases = Some(kept).into_iter().filter(Kept::is_base).collect();
    }

    /// Differences from them were none.
    pub(super) fn forget(&mut self) {
        self.newest = None;
        self.bases.clear();
    }
}

#[cfg(test)]
mod tests {
    use phalanx_engine::{FrameHash, Provenance, Repeat, SealedFrame, Setup, TickRate, Window};

    use super::*;
    use crate::testing::Mixer;

    const INTERVAL: u64 = 10;

    fn at(number: u64) -> Tick {
        Tick(number * INTERVAL + 9)
    }

    /// Of a match that is played on to keyframe after keyframe.
    struct Match {
        timeline: Timeline<Mixer>,
        keyframes: Keyframes,
    }

    impl Match {
        fn new() -> Self {
            let setup = Setup::new(5, 1, TickRate::hz(60));
            let repeat = Repeat { ticks: 8 };
            let window = Window { ticks: 0, repeat };
            let interval = u32::try_from(INTERVAL).unwrap();
            Self {
                timeline: Timeline::new(Mixer, &setup, window).unwrap(),
                keyframes: Keyframes::new(Tick::ZERO, interval),
            }
        }

        /// Plays to the next keyframe, and takes its snapshot.
        fn play(&mut self) -> Option<Tick> {
            let mut frame = SealedFrame::empty(FrameHash([0; 32]));
            (frame.inputs, frame.provenance) = (vec![0; 2], vec![Provenance::Real]);
            for _ in 0..INTERVAL {
                frame.tick = self.timeline.next();
                self.timeline.seal(&frame).unwrap();
                self.timeline.advance().unwrap();
            }
            let taken = self.keyframes.take(&mut self.timeline);
            taken.map(|(tick, _)| tick)
        }

        fn named(&self) -> Vec<Tick> {
            let named = self.keyframes.clone().name();
            named.iter().map(|named| named.tick).collect()
        }
    }

    #[test]
    fn each_keyframe_is_taken_once() {
        let mut game = Match::new();
        for number in 0..3 {
            assert_eq!(game.play(), Some(at(number)));
            assert_eq!(game.keyframes.take(&mut game.timeline), None);
            assert!(game.keyframes.held(at(number)).is_some());
        }
        assert_eq!(game.keyframes.held(at(0)), None, "only the newest");
        // What was executed before a connection is lost is not voted for again.
        game.keyframes.go_on(game.timeline.next());
        assert_eq!(game.keyframes.take(&mut game.timeline), None);
    }

    /// What the relay took is named, and the newest only if it took none.
    #[test]
    fn what_the_relay_took_is_named() {
        let mut game = Match::new();
        assert_eq!(game.named(), []);
        game.play();
        assert_eq!(game.named(), [at(0)]);
        game.keyframes.choose(at(0));
        assert!(game.keyframes.held(at(0)).is_some(), "to be uploaded");
        (0..3).for_each(|_| assert!(game.play().is_some()));
        assert_eq!(game.named(), [at(0)]);
        // It may be told before it is confirmed here, or of what is not here any more.
        game.keyframes.choose(at(4));
        assert_eq!(game.named(), [at(0)]);
        game.play();
        assert_eq!(game.named(), [at(4), at(0)]);
        game.keyframes.choose(at(2));
        game.play();
        assert_eq!(game.named(), [at(4), at(0)]);
        game.keyframes.choose(at(5));
        assert_eq!(game.named(), [at(5), at(4)]);
        assert_eq!(SNAPSHOTS_NAMED_MAX, 2);
    }

    /// Whatever is confirmed until the relay answers.
    #[test]
    fn what_was_named_is_held_until_another_is_chosen() {
        let mut game = Match::new();
        for number in 0..2 {
            game.play();
            game.keyframes.choose(at(number));
        }
        game.keyframes.choose(at(2));
        let named = game.keyframes.name();
        game.play();
        assert_eq!(named.len(), 2);
        for (held, tick) in named.iter().zip([at(1), at(0)]) {
            let base = game.keyframes.base(held.hash).unwrap();
            assert_eq!((base.tick, base.hash()), (tick, held.hash));
        }
        assert_eq!(game.keyframes.base(SnapshotHash([7; 32])), None);
    }

    #[test]
    fn what_came_is_named_and_what_was_refused_is_not() {
        let mut game = Match::new();
        game.play();
        game.play();
        let snapshot = game.timeline.snapshot(at(1)).unwrap();
        game.keyframes.fetched(snapshot);
        assert_eq!(game.named(), [at(1)]);
        game.keyframes.forget();
        assert_eq!(game.named(), []);
    }
}
