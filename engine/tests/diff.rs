//! What differs between two states, against a model that lists every leaf of both; and how little of
//! a large world is looked at to find it.

#![expect(
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    reason = "helpers of tests"
)]

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use phalanx_engine::table::BLOCK_ROWS;
use phalanx_engine::{
    DecodeError, Decoder, Diff, Difference, Digest, Encoder, Fix, Leaf, Node, PathStep, Repeat,
    Schema, Setup, Sides, State, Tick, TickRate, Timeline, Vec2, Visitor, VisitorMut, Window, diff,
    flip_leaf, from_bytes, to_bytes,
};
use proptest::collection::vec;
use proptest::prelude::*;
use rows::{Order, Rules, Unit, Weather, World};

const KEY: u64 = 7;
const ALL: u32 = u32::MAX;

/// A tick in which `change` happens.
fn tick_under<T: State, R>(state: &mut T, key: u64, change: impl FnOnce(&mut T) -> R) -> R {
    let mut undo = Default::default();
    state.open(&mut undo);
    let result = change(state);
    state.close(&mut undo, Node::root(key, &mut Encoder::new()));
    result
}

fn tick<T: State, R>(state: &mut T, change: impl FnOnce(&mut T) -> R) -> R {
    tick_under(state, KEY, change)
}

/// The model: all leaves, by the text of their paths. Those of one path are told apart by a number.
#[derive(Default)]
struct Leaves {
    path: Vec<PathStep>,
    all: BTreeMap<(String, u32), Leaf>,
}

impl Visitor for Leaves {
    fn enter(&mut self, step: PathStep) {
        self.path.push(step);
    }
    fn leaf(&mut self, value: Leaf) {
        let path = phalanx_engine::Path(self.path.clone()).to_string();
        let before = self.all.keys().filter(|(other, _)| *other == path);
        let number = before.count() as u32;
        self.all.insert((path, number), value);
    }
    fn leave(&mut self) {
        self.path.pop();
    }
}

/// Whether `path` is `above` or lies in it.
fn is_in(path: &str, above: &str) -> bool {
    path.strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', ':']))
}

impl Leaves {
    fn of<T: State>(state: &T) -> Self {
        let mut leaves = Self::default();
        state.visit(&mut leaves);
        leaves
    }

    fn within(&self, above: &str) -> bool {
        self.all.keys().any(|(path, _)| is_in(path, above))
    }

    /// Whether there is such a value, or such a variant, at a path.
    fn has(&self, path: &str, leaf: Leaf) -> bool {
        let here = self.all.iter().filter(|((other, _), _)| other == path);
        let variant = match leaf {
            Leaf::Variant(name) => self.within(&format!("{path}::{name}")),
            _ => false,
        };
        variant || here.into_iter().any(|(_, value)| *value == leaf)
    }
}

/// Whether `diff` is what the leaves say: nothing else, nothing twice, and all of it.
fn check<T: State>(left: &T, right: &T, diff: &Diff) -> Result<(), String> {
    let (before, after) = (Leaves::of(left), Leaves::of(right));
    let mut said = BTreeSet::new();
    for difference in &diff.differences {
        let path = difference.path.to_string();
        let true_of_leaves = match difference.sides {
            // Of places where nothing lives: no leaves.
            _ if path.starts_with("units.generations[") => {
                let row = path["units.generations".len()..].replace(']', ":");
                let lives = |leaves: &Leaves| {
                    let mut paths = leaves.all.keys();
                    paths.any(|(path, _)| path.starts_with(&format!("units{row}")))
                };
                !lives(&before) && !lives(&after)
            }
            Sides::Values { left, right } => {
                left != right && before.has(&path, left) && after.has(&path, right)
            }
            Sides::OnlyLeft => before.within(&path) && !after.within(&path),
            Sides::OnlyRight => !before.within(&path) && after.within(&path),
            Sides::Bytes { .. } => false,
        };
        if !true_of_leaves {
            return Err(format!("not so: {difference}"));
        }
        said.insert(path);
    }
    let text: BTreeSet<_> = diff.differences.iter().map(ToString::to_string).collect();
    if text.len() != diff.differences.len() {
        return Err("something is said twice".into());
    }
    for key in before.all.keys().chain(after.all.keys()) {
        let known = match (before.all.get(key), after.all.get(key)) {
            (left, right) if left == right => true,
            (Some(&left), Some(&right)) => diff.differences.iter().any(|difference| {
                difference.path.to_string() == key.0
                    && difference.sides == Sides::Values { left, right }
            }),
            _ => said.iter().any(|path| is_in(&key.0, path)),
        };
        if !known {
            return Err(format!("not said: {}", key.0));
        }
    }
    let unequal = to_bytes(left) != to_bytes(right);
    if unequal && diff.differences.is_empty() {
        return Err("nothing is said".into());
    }
    Ok(())
}

fn mirrored(mut diff: Diff) -> BTreeSet<String> {
    for difference in &mut diff.differences {
        difference.sides = match difference.sides {
            Sides::Values { left, right } => Sides::Values {
                left: right,
                right: left,
            },
            Sides::OnlyLeft => Sides::OnlyRight,
            Sides::OnlyRight => Sides::OnlyLeft,
            other => other,
        };
    }
    diff.differences.iter().map(ToString::to_string).collect()
}

/// Two worlds that part.
fn parted(both: &[u8], left: &[u8], right: &[u8]) -> (World, World) {
    let mut world = World::new(3);
    tick(&mut world, |world| {
        both.iter().for_each(|kind| world.change(*kind));
    });
    let mut other = world.clone();
    // Not the same draws.
    tick(&mut other, |world| world.rng.below(2));
    for (world, changes) in [(&mut world, left), (&mut other, right)] {
        for changes in changes.chunks(4) {
            tick(world, |world| {
                changes.iter().for_each(|kind| world.change(*kind));
            });
        }
    }
    (world, other)
}

fn changes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..30)
}

proptest! {
    #[test]
    fn all_that_differs_is_said_and_nothing_else(both in changes(), left in changes(), right in changes(), open in changes()) {
        let (left, mut right) = parted(&both, &left, &right);
        let said = diff(&left, &right, ALL);
        check(&left, &right, &said).map_err(TestCaseError::fail)?;
        prop_assert_eq!(said.differences.is_empty(), to_bytes(&left) == to_bytes(&right));
        prop_assert!(!said.more);
        prop_assert!(said.blocks_opened <= said.blocks);
        let back = diff(&right, &left, ALL);
        prop_assert_eq!(mirrored(back), said.differences.iter().map(ToString::to_string).collect());

        // The same without any digest, where every block is opened.
        let decode = |world: &World| from_bytes::<World>(&to_bytes(world)).unwrap();
        let plain = diff(&decode(&left), &decode(&right), ALL);
        prop_assert_eq!(&plain.differences, &said.differences);
        prop_assert_eq!(plain.blocks, said.blocks);
        prop_assert!(said.blocks_opened <= plain.blocks_opened);

        for limit in [0, 1, 3] {
            let some = diff(&left, &right, limit);
            let all = &said.differences;
            prop_assert_eq!(&some.differences[..], &all[..all.len().min(limit as usize)]);
            prop_assert_eq!(some.more, all.len() > limit as usize);
        }

        // Nothing differs from itself, and from nothing known nothing either.
        let nothing = diff(&left, &left.clone(), ALL);
        prop_assert_eq!((nothing.differences.len(), nothing.blocks_opened), (0, 0));
        prop_assert_eq!(diff(&decode(&left), &left, ALL).differences, []);

        // In the middle of a tick, when digests are those of before, and after taking it back.
        let mut undo = Default::default();
        right.open(&mut undo);
        open.iter().for_each(|kind| right.change(*kind));
        let now = diff(&left, &right, ALL);
        check(&left, &right, &now).map_err(TestCaseError::fail)?;
        right.close(&mut undo, Node::root(KEY, &mut Encoder::new()));
        prop_assert_eq!(diff(&left, &right, ALL).differences, now.differences);
        right.undo(&mut undo);
        prop_assert_eq!(diff(&left, &right, ALL), said);
        // Outside of any tick.
        open.iter().for_each(|kind| right.change(*kind));
        let now = diff(&left, &right, ALL);
        check(&left, &right, &now).map_err(TestCaseError::fail)?;
    }
}

/// The canary of the checker: a difference left out, changed, or made up.
#[test]
fn a_wrong_answer_is_found() {
    let kinds: Vec<u8> = (0..60).collect();
    let (left, right) = parted(&kinds, &kinds[..40], &kinds[20..]);
    let said = diff(&left, &right, ALL);
    assert_eq!(check(&left, &right, &said), Ok(()));
    assert!(said.differences.len() > 15);
    for index in 0..said.differences.len() {
        let mut wrong = said.clone();
        let gone = wrong.differences.remove(index);
        // Of which no leaf tells.
        if !gone.path.to_string().starts_with("units.generations") {
            assert!(check(&left, &right, &wrong).is_err(), "without {gone}");
        }
        let mut wrong = said.clone();
        wrong.differences[index].sides = match gone.sides {
            Sides::Values { left, .. } => Sides::Values { left, right: left },
            Sides::OnlyLeft => Sides::OnlyRight,
            _ => Sides::OnlyLeft,
        };
        if !gone.path.to_string().starts_with("units.generations") {
            assert!(check(&left, &right, &wrong).is_err(), "{gone} turned round");
        }
        let mut wrong = said.clone();
        wrong.differences.push(gone);
        assert!(check(&left, &right, &wrong).is_err(), "said twice");
    }
}

#[test]
fn every_kind_of_difference_reads_well() {
    let mut left = World::new(3);
    let ids: Vec<_> = left.units.ids().collect();
    let mut right = left.clone();
    for (world, order) in [(&mut left, [7, 9]), (&mut right, [9, 7])] {
        for place in order {
            assert!(world.units.remove(ids[place]));
        }
        world.scores.insert(1, 2);
    }
    right
        .units
        .position
        .update(41, |position| position.x += Fix::STEP);
    right.units.path.edit(3).push((4, -5));
    right.units.order.set(4, Order::Guard(ids[3]));
    left.units.order.set(4, Order::Guard(ids[2]));
    left.units.order.set(5, Order::Stand);
    right.units.order.set(5, Order::Guard(ids[3]));
    // Gone, come again, and one more.
    right.units.remove(ids[20]);
    right.units.insert(Unit::of(9));
    left.units.remove(ids[21]);
    right.units.insert(Unit::of(9));
    right.units.insert(Unit::of(9));
    right.units.insert(Unit::of(9));
    left.weather = Weather::Wind(Vec2::ZERO);
    right.weather = Weather::Rain {
        since: 3,
        drops: vec![],
    };
    right.scores.insert(3, 4);
    right.scores.insert(1, 5);
    left.trail.push_back(Some((3, true)));
    right.trail.push_back(None);
    left.places[1].y = Fix::ONE;
    let found = diff(&left, &right, ALL);
    let said = found.to_string();
    let expected = "\
units[3:1].path[3]: only right
units[4:1].order::Guard.0: 2:1 vs 3:1
units[5:1].order: Stand vs Guard
units[7:2]: only right
units[9:2]: only right
units[20:1]: only left
units[20:2]: only right
units[21:1]: only right
units[41:1].position.x: 126.0000000000 vs 126.0000000002
units[50:1]: only right
units.free[0]: only left
units.free[1]: only left
units.free[2]: only left
weather: Wind vs Rain
scores[0]: 2 vs 5
scores[1]: only right
trail[0]: Some vs None
places[1].y: 1.000 vs 0.000
";
    assert_eq!(said, expected);
    for Difference { sides, .. } in &found.differences {
        let texts = match sides.to_string().as_str() {
            "only left" => (Some("...".into()), None),
            "only right" => (None, Some("...".into())),
            values => {
                let (left, right) = values.split_once(" vs ").unwrap();
                (Some(left.to_owned()), Some(right.to_owned()))
            }
        };
        assert_eq!(sides.texts(), texts);
    }
}

/// It decides which place is taken next.
#[test]
fn the_order_of_free_places_is_compared() {
    let world = |order: [usize; 2]| {
        let mut world = World::new(3);
        let ids: Vec<_> = world.units.ids().collect();
        tick(&mut world, |world| {
            order
                .iter()
                .for_each(|place| assert!(world.units.remove(ids[*place])));
        });
        world
    };
    let said = diff(&world([5, 7]), &world([7, 5]), ALL).to_string();
    assert_eq!(said, "units.free[0]: 5 vs 7\nunits.free[1]: 7 vs 5\n");
}

/// Nothing differs but how often a place was taken.
#[test]
fn generations_are_compared() {
    let mut left = World::new(3);
    tick(&mut left, |_| {});
    let id = left.units.id(30).unwrap();
    let again = |world: &mut World| {
        let id = world.units.id(30).unwrap();
        let unit = world.units.get(id).unwrap();
        assert!(world.units.remove(id));
        world.units.insert(unit)
    };
    let mut right = left.clone();
    tick(&mut right, again);
    let said = diff(&left, &right, ALL);
    let lines = "units[30:1]: only left\nunits[30:2]: only right\n";
    assert_eq!((said.to_string(), said.blocks_opened), (lines.into(), 1));

    // Nor does anything live there.
    tick(&mut left, |world| assert!(world.units.remove(id)));
    tick(&mut right, |world| {
        let id = world.units.id(30).unwrap();
        assert!(world.units.remove(id));
    });
    let said = diff(&left, &right, ALL);
    let line = "units.generations[30]: 2 vs 3\n";
    assert_eq!((said.to_string(), said.blocks_opened), (line.into(), 1));
}

/// A leaf that is not shown.
#[derive(Clone, Debug)]
struct Hidden(u8, u8);

impl State for Hidden {
    type Undo = Option<Self>;
    fn open(&mut self, undo: &mut Option<Self>) {
        *undo = Some(self.clone());
    }
    fn close(&mut self, _undo: &mut Option<Self>, node: Node<'_>) -> Digest {
        self.digest(node)
    }
    fn undo(&mut self, undo: &mut Option<Self>) {
        undo.iter_mut().for_each(|old| std::mem::swap(old, self));
    }
    fn redo(&mut self, undo: &mut Option<Self>) {
        self.undo(undo);
    }
    fn schema(schema: &mut Schema) {
        schema.leaf("Hidden");
    }
    fn encode(&self, out: &mut Encoder) {
        out.put(&[self.0, self.1]);
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self(from.take_u8()?, from.take_u8()?))
    }
    fn visit(&self, visitor: &mut dyn Visitor) {
        self.0.visit(visitor);
    }
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        self.0.visit_mut(visitor);
    }
}

#[test]
fn what_no_leaf_shows_is_said_of_the_bytes() {
    let lines = |left, right| diff(&left, &right, ALL).to_string();
    assert_eq!(
        lines(Hidden(1, 2), Hidden(1, 3)),
        ".: differs after 1 bytes\n"
    );
    let more = || Some("...".to_owned());
    assert_eq!(Sides::Bytes { equal: 1 }.texts(), (more(), more()));
    assert_eq!(lines(Hidden(1, 2), Hidden(2, 3)), ".: 1 vs 2\n");
    assert_eq!(lines(Hidden(1, 2), Hidden(1, 2)), "");
    // Containers of nothing that is shown.
    let empty: [Vec<Vec<u8>>; 2] = [vec![vec![]], vec![vec![], vec![]]];
    let said = diff(&empty[0], &empty[1], ALL);
    assert_eq!(said.to_string(), "[1]: only right\n");
    // Generations of places where nothing lives decide which ids come next.
    let mut left = World::new(3);
    let id = left.units.ids().nth(30).unwrap();
    let mut right = left.clone();
    left.units.remove(id);
    for id in [id, right.units.insert(Unit::of(1))] {
        right.units.remove(id);
    }
    let said = diff(&left.units, &right.units, ALL).to_string();
    let lines = "generations[50]: only right\nfree[1]: only right\n";
    assert_eq!(said, lines);
}

/// Two worlds of 100,000 rows, closed at the same tick; on the right something happens in another one.
fn large<R>(change: impl FnOnce(&mut World) -> R) -> (World, World, R) {
    let mut left = World::new(3);
    tick(&mut left, |world| {
        for seed in 50..100_000_u32 {
            world.units.insert(Unit::of(seed.wrapping_mul(0x9e37_79b9)));
        }
    });
    let mut right = left.clone();
    let result = tick(&mut right, change);
    (left, right, result)
}

/// Live, generations, free and four fields.
const BLOCKS: u64 = {
    let blocks = 100_000_u32.div_ceil(BLOCK_ROWS);
    (blocks.div_ceil(BLOCK_ROWS) + blocks + 4 * blocks) as u64
};

#[test]
fn one_bit_in_a_large_world_is_named_at_under_a_percent_of_it() {
    let bit = |value: Fix, bit: u32| Fix::from_bits(value.to_bits() ^ 1 << bit);
    let (left, mut right, ()) = large(|world| {
        let change = |position: &mut Vec2| position.y = bit(position.y, 20);
        world.units.position.update(71_234, change);
    });
    let said = diff(&left, &right, ALL);
    let line = "units[71234:1].position.y: -124.0000 vs -123.9998\n";
    assert_eq!(said.to_string(), line);
    assert_eq!((said.blocks_opened, said.blocks), (1, BLOCKS));
    assert!(said.blocks_opened * 100 < said.blocks);

    // Any bit of any leaf of a row.
    let steps = right.clone();
    for seed in 0..12 {
        right.clone_from(&steps);
        tick(&mut right, |world| flip_leaf(&mut world.units, seed * 7919));
        let said = diff(&steps, &right, ALL);
        assert_eq!(said.differences.len(), 1, "{said}");
        assert!(said.to_string().starts_with("units["), "{said}");
        assert_eq!((said.blocks_opened, said.blocks), (1, BLOCKS));
    }
}

#[test]
fn a_row_more_or_less_costs_its_blocks() {
    let (left, right, ()) = large(|world| {
        let id = world.units.id(50_000).unwrap();
        assert!(world.units.remove(id));
    });
    let said = diff(&left, &right, ALL);
    let lines = "units[50000:1]: only left\nunits.free[0]: only right\n";
    assert_eq!(said.to_string(), lines);
    // The words of the living, the generations, and four fields, which hold zeros there.
    assert!(
        (3..=6).contains(&said.blocks_opened),
        "{}",
        said.blocks_opened
    );
}

/// Digests that say nothing of these rows are not asked.
#[test]
fn where_digests_do_not_help_rows_are_compared() {
    let change = |world: &mut World| world.units.kind.update(9, |kind| *kind ^= 1);
    let (left, right, ()) = large(change);
    let line = diff(&left, &right, ALL).to_string();
    assert!(line.starts_with("units[9:1].kind: "));
    let blocks = u64::from(100_000_u32.div_ceil(BLOCK_ROWS));

    // Written to outside of a tick: all blocks of that column.
    let mut stale = left.clone();
    change(&mut stale);
    let said = diff(&left, &stale, ALL);
    assert_eq!(
        (said.to_string(), said.blocks_opened),
        (line.clone(), blocks)
    );

    // In an open tick: the block.
    let mut open = left.clone();
    open.open(&mut Default::default());
    change(&mut open);
    let said = diff(&left, &open, ALL);
    assert_eq!((said.to_string(), said.blocks_opened), (line.clone(), 1));

    // Under another key: all blocks.
    let mut other: World = from_bytes(&to_bytes(&left)).unwrap();
    tick_under(&mut other, KEY + 1, change);
    let said = diff(&left, &other, ALL);
    assert_eq!((said.to_string(), said.blocks_opened), (line, BLOCKS));
}

/// Two peers, of which one was wrong some ticks ago.
#[test]
fn old_ticks_of_two_timelines_are_compared() {
    let rate = TickRate::hz(20);
    let setup = Setup::new(5, 2, rate);
    let repeat = Repeat { ticks: 40 };
    let window = Window { ticks: 40, repeat };
    let start = || Timeline::new(Rules::<true>, &setup, window).unwrap();
    let (mut left, mut right) = (start(), start());
    right.provide(Tick(9), phalanx_engine::Slot(1), 3);
    while left.advance().is_ok() && right.advance().is_ok() {}
    let mut at = |tick| {
        let said = left.look(tick, |left| {
            right.look(tick, |right| diff(&left.0, &right.0, 9))
        });
        said.flatten().unwrap()
    };
    assert_eq!(at(Tick(8)).differences, []);
    assert_eq!(at(Tick(8)).blocks_opened, 0);
    assert!(!at(Tick(9)).differences.is_empty());
    assert!(at(Tick(30)).more);
}

/// They are no part of the state.
#[test]
fn caches_do_not_differ() {
    #[derive(State)]
    struct Army {
        units: Vec<u32>,
        #[state(cache)]
        strength: u32,
        food: u32,
    }
    let army = |strength, food| Army {
        units: vec![3, 4],
        strength,
        food,
    };
    assert_eq!(diff(&army(7, 1), &army(8, 1), ALL).differences, []);
    let said = diff(&army(7, 1), &army(8, 2), ALL).to_string();
    assert_eq!(said, "food: 1 vs 2\n");

    // The fields after one have the keys that they would have without it.
    let mut scratch = Encoder::new();
    let food = phalanx_engine::digest_at(
        &army(7, 1),
        Node::root(KEY, &mut scratch),
        &[PathStep::Field("food")],
    );
    let alone = 1_u32.digest(Node::root(KEY, &mut scratch).child(1));
    assert_eq!(food, Some(alone));
}
