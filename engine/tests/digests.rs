//! The tree of digests that is shown is the one that `close` folds: every node follows from those
//! below it, and the root is the checksum.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod rows;

use phalanx_engine::{
    Digest, DigestNode, DigestVisitor, Encoder, Fix, Fold, Node, PathStep, Repeat, Setup, State,
    Tick, TickRate, Timeline, Window, digest_at, from_bytes, to_bytes,
};
use proptest::collection::vec;
use proptest::prelude::*;
use rows::{Rules, World};

/// Recomputes every node from its children, and remembers all by path.
#[derive(Default)]
struct Check {
    path: Vec<PathStep>,
    /// Digests of the children so far, of every node on the path.
    below: Vec<Vec<Digest>>,
    nodes: Vec<(Vec<PathStep>, DigestNode)>,
}

impl DigestVisitor for Check {
    fn enter(&mut self, step: PathStep) {
        self.path.push(step);
        self.below.push(Vec::new());
    }

    fn node(&mut self, node: DigestNode) {
        let children = self.below.last().map_or(&[][..], Vec::as_slice);
        let bytes = match node.fold {
            Fold::Bytes => {
                assert!(children.is_empty());
                None
            }
            Fold::Children => {
                let digests = children.iter().flat_map(|child| child.0.to_le_bytes());
                Some(digests.collect::<Vec<_>>())
            }
            Fold::Blocks { rows } => {
                let sum = children.iter().map(|child| child.0);
                let sum = sum.fold(0, u64::wrapping_add);
                Some([&rows.to_le_bytes()[..], &sum.to_le_bytes()].concat())
            }
        };
        if let Some(bytes) = bytes {
            assert_eq!(Digest::of(node.key, &bytes), node.digest, "{:?}", self.path);
        }
        let depth = self.below.len();
        if let Some(parent) = depth.checked_sub(2) {
            self.below[parent].push(node.digest);
        }
        self.nodes.push((self.path.clone(), node));
    }

    fn leave(&mut self) {
        self.path.pop();
        self.below.pop();
    }
}

impl Check {
    fn of<T: State>(state: &T) -> Self {
        let mut check = Self::root();
        state.visit_digests(Node::root(KEY, &mut Encoder::new()), &mut check);
        check
    }

    fn root() -> Self {
        let below = vec![Vec::new()];
        Self {
            below,
            ..Self::default()
        }
    }

    fn digest(&self) -> Digest {
        self.nodes.last().unwrap().1.digest
    }

    /// Paths of nodes that are not the same.
    fn unlike(&self, other: &Self) -> Vec<String> {
        let pairs = self.nodes.iter().zip(&other.nodes);
        let unlike = pairs.filter(|(left, right)| left != right);
        let text = |path: &[PathStep]| path.iter().map(ToString::to_string).collect();
        unlike.map(|((path, _), _)| text(path)).collect()
    }
}

const KEY: u64 = 9;

fn digest(world: &World) -> Digest {
    world.digest(Node::root(KEY, &mut Encoder::new()))
}

proptest! {
    #[test]
    fn every_node_follows_from_those_below(ticks in vec(vec(any::<u8>(), 0..12), 1..12), after in vec(any::<u8>(), 0..9), back in 0..9_usize) {
        let mut world = World::new(3);
        let mut undo: Vec<_> = ticks.iter().map(|_| Default::default()).collect();
        let mut scratch = Encoder::new();
        for (tick, undo) in ticks.iter().zip(&mut undo) {
            world.open(undo);
            tick.iter().for_each(|kind| world.change(*kind));
            // In the middle of a tick, also where it was written to.
            let open = Check::of(&world);
            prop_assert_eq!(open.digest(), digest(&world));
            let closed = world.close(undo, Node::root(KEY, &mut scratch));
            let shown = Check::of(&world);
            prop_assert_eq!(shown.digest(), closed);
            let decoded: World = from_bytes(&to_bytes(&world)).unwrap();
            prop_assert_eq!(shown.nodes, Check::of(&decoded).nodes, "all of it from scratch");
        }
        for undo in undo.iter_mut().rev().take(back) {
            world.undo(undo);
            prop_assert_eq!(Check::of(&world).digest(), digest(&world));
        }
        // Written to outside of any tick, and under another key than it was closed with.
        after.iter().for_each(|kind| world.change(*kind));
        prop_assert_eq!(Check::of(&world).digest(), digest(&world));
        let mut other = Check::root();
        let shown = world.visit_digests(Node::root(KEY + 1, &mut scratch), &mut other);
        prop_assert_eq!(shown, world.digest(Node::root(KEY + 1, &mut scratch)));
    }
}

#[test]
fn a_change_is_seen_on_the_way_to_it_and_nowhere_else() {
    let mut world = World::new(3);
    let before = Check::of(&world);
    world
        .units
        .position
        .update(40, |position| position.x += Fix::STEP);
    let after = Check::of(&world);
    assert_eq!(
        after.unlike(&before),
        [
            ".units.columns.position[32..48]",
            ".units.columns.position",
            ".units.columns",
            ".units",
            "",
        ]
    );
    // Every one of them can be asked for.
    let mut scratch = Encoder::new();
    for (path, node) in &after.nodes {
        let root = Node::root(KEY, &mut scratch);
        assert_eq!(digest_at(&world, root, path), Some(node.digest));
    }
    let nowhere = [PathStep::Field("nowhere")];
    assert_eq!(
        digest_at(&world, Node::root(KEY, &mut scratch), &nowhere),
        None
    );
}

#[test]
fn a_timeline_shows_the_digests_of_every_kept_tick() {
    let rate = TickRate::hz(20);
    let setup = Setup::new(5, 2, rate);
    let repeat = Repeat { ticks: 40 };
    let window = Window { ticks: 40, repeat };
    let mut timeline = Timeline::new(Rules::<true>, &setup, window).unwrap();
    let mut then = Vec::new();
    while let Ok(tick) = timeline.advance() {
        let mut check = Check::root();
        let root = timeline.visit_digests(tick, &mut check);
        assert_eq!(root, timeline.digest(tick));
        assert_eq!(root, Some(check.digest()));
        then.push(check);
    }
    assert_eq!(then.len(), 40);
    for (tick, then) in (0..).zip(&then) {
        let mut check = Check::root();
        let root = timeline.visit_digests(Tick(tick), &mut check);
        assert_eq!(root, timeline.digest(Tick(tick)));
        assert_eq!(check.nodes, then.nodes);
    }
    // One by one, too.
    for (path, node) in &then[20].nodes {
        assert_eq!(timeline.digest_at(Tick(20), path), Some(node.digest));
        assert_eq!(timeline.digest_at(Tick(40), path), None);
    }
    let nowhere = [PathStep::Field("nowhere")];
    assert_eq!(timeline.digest_at(Tick(20), &nowhere), None);
    let names = |step: &PathStep| step.to_string();
    let top = then[0].nodes.iter().filter(|(path, _)| path.len() == 1);
    let top: Vec<_> = top.map(|(path, _)| names(&path[0])).collect();
    assert_eq!(top, [".session", ".state"]);
    assert_eq!(timeline.visit_digests(Tick(40), &mut Check::root()), None);
}
