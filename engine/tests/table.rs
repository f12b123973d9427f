//! Tables against a model that copies everything: whatever is done to them, undone, redone, encoded
//! and decoded, they hold what the model holds, and their digests are those from scratch.

#![expect(
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "positions in the model's vectors, of few rows"
)]

use phalanx_engine::table::BLOCK_ROWS;
use phalanx_engine::{
    Cell, DecodeError, Decoder, Digest, Encoder, Fix, Id, Leaf, Node, PathStep, Row, State, Table,
    Vec2, Visitor, flip_leaf, from_bytes, to_bytes,
};
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(State, Cell, Clone, Copy, Debug, PartialEq)]
enum Order {
    Stand,
    Guard(Id<Unit>),
    Gather { amount: u16, heavy: bool },
}

#[derive(Row, Clone, Debug, PartialEq)]
struct Unit {
    /// Documented, and named by a keyword.
    r#type: u8,
    position: Vec2,
    order: Order,
    path: Vec<(u8, i16)>,
}

impl Unit {
    fn of(seed: u32) -> Self {
        let [a, b, c, _] = seed.to_le_bytes();
        Self {
            r#type: a,
            position: Vec2::new(Fix::int(b.into()), -Fix::int(c.into())),
            order: match a % 3 {
                0 => Order::Stand,
                1 => Order::Guard(Id::default()),
                _ => Order::Gather {
                    amount: u16::from_le_bytes([b, c]),
                    heavy: b % 2 == 0,
                },
            },
            path: (0..a % 4).map(|step| (step, i16::from(b) - 100)).collect(),
        }
    }

    fn nothing() -> Self {
        Self {
            r#type: 0,
            position: Vec2::ZERO,
            order: Order::Stand,
            path: Vec::new(),
        }
    }
}

/// What a table is, as plain as it can be said.
#[derive(Clone, Debug, Default)]
struct Model {
    rows: Vec<Option<Unit>>,
    ids: Vec<Id<Unit>>,
    free: Vec<usize>,
}

/// What is done in a tick. Rows are drawn modulo their number.
#[derive(Clone, Debug)]
enum Operation {
    Insert(u32),
    Remove(u8),
    Set(u8, u32),
    Move(u8, i8),
    Push(u8, u8),
    Clear(u8),
    Block(u8, i8),
    All(i8),
}

#[derive(Clone, Debug)]
enum Step {
    Tick(Vec<Operation>),
    /// Back by so many ticks; others follow from there.
    Undo(u8),
    /// Back and forth again.
    Look(u8),
    /// Goes on with what was encoded.
    Reload,
}

impl Model {
    fn apply(&mut self, table: &mut Table<Unit>, operation: &Operation) {
        match *operation {
            Operation::Insert(seed) => self.insert(table, seed),
            Operation::Block(block, way) => self.change_block(table, block, way),
            Operation::All(way) => {
                let way = Vec2::new(Fix::STEP, Fix::int(way.into()));
                let change = |position: &mut Vec2| *position += way;
                table.position.all_mut().iter_mut().for_each(change);
                let units = self.rows.iter_mut().flatten();
                units.for_each(|unit| change(&mut unit.position));
            }
            Operation::Remove(row)
            | Operation::Set(row, _)
            | Operation::Move(row, _)
            | Operation::Push(row, _)
            | Operation::Clear(row) => {
                if let Some(row) = usize::from(row).checked_rem(self.rows.len()) {
                    self.change_row(table, row, operation);
                }
            }
        }
    }

    fn insert(&mut self, table: &mut Table<Unit>, seed: u32) {
        let id = table.insert(Unit::of(seed));
        let row = self.free.pop().unwrap_or(self.rows.len());
        if row == self.rows.len() {
            self.rows.push(None);
            self.ids.push(id);
        }
        (self.rows[row], self.ids[row]) = (Some(Unit::of(seed)), id);
        assert_eq!(table.row(id), Some(row as u32));
    }

    fn change_block(&mut self, table: &mut Table<Unit>, block: u8, way: i8) {
        let Some(block) = u32::from(block).checked_rem(table.r#type.blocks()) else {
            return;
        };
        let change = |value: &mut u8| *value = value.wrapping_add_signed(way);
        table.r#type.block_mut(block).iter_mut().for_each(change);
        let first = (block * BLOCK_ROWS) as usize;
        let units = self.rows.iter_mut().skip(first).take(BLOCK_ROWS as usize);
        units.flatten().for_each(|unit| change(&mut unit.r#type));
    }

    /// The columns let themselves be written to where nothing lives, too.
    fn change_row(&mut self, table: &mut Table<Unit>, row: usize, operation: &Operation) {
        let (at, id, unit) = (row as u32, self.ids[row], &mut self.rows[row]);
        match *operation {
            Operation::Remove(_) => {
                assert_eq!(table.remove(id), unit.is_some());
                if unit.take().is_some() {
                    self.free.push(row);
                }
            }
            Operation::Set(_, seed) => {
                assert_eq!(table.set(id, Unit::of(seed)), unit.is_some());
                *unit = unit.take().map(|_| Unit::of(seed));
            }
            Operation::Move(_, way) => {
                let way = Vec2::new(Fix::int(way.into()), Fix::ONE);
                table.position.update(at, |position| *position += way);
                unit.iter_mut().for_each(|unit| unit.position += way);
            }
            Operation::Push(_, step) => {
                table.path.edit(at).push((step, 1));
                unit.iter_mut().for_each(|unit| unit.path.push((step, 1)));
            }
            _ => {
                table.path.edit(at).clear();
                unit.iter_mut().for_each(|unit| unit.path.clear());
            }
        }
    }

    fn check(&self, table: &Table<Unit>) {
        let live = self.rows.iter().flatten().count();
        assert_eq!(table.len() as usize, live);
        assert_eq!(table.places() as usize, self.rows.len());
        let nothing = Unit::nothing();
        for (row, (unit, id)) in self.rows.iter().zip(&self.ids).enumerate() {
            assert_eq!(table.get(*id).as_ref(), unit.as_ref(), "{id}");
            let unit = unit.as_ref().unwrap_or(&nothing);
            assert_eq!(table.r#type[row as u32], unit.r#type);
            assert_eq!(table.position.get(row), Some(&unit.position));
            assert_eq!(table.order[row as u32], unit.order);
            assert_eq!(table.path[row as u32], *unit.path);
        }
        let ids: Vec<_> = table.ids().collect();
        let lives = |(id, unit): (&Id<Unit>, &Option<Unit>)| unit.is_some().then_some(*id);
        let wanted: Vec<_> = self.ids.iter().zip(&self.rows).filter_map(lives).collect();
        assert_eq!(ids, wanted);
        assert_eq!(table.row(Id::default()), None);
    }
}

const KEY: u64 = 7;

fn digest<T: State>(state: &T) -> Digest {
    state.digest(Node::root(KEY, &mut Encoder::new()))
}

/// A world of one table, and all that it was.
struct History {
    table: Table<Unit>,
    model: Model,
    past: Vec<(<Table<Unit> as State>::Undo, Model, Digest)>,
    digest: Digest,
}

impl History {
    fn new() -> Self {
        let table = Table::new();
        Self {
            digest: digest(&table),
            table,
            model: Model::default(),
            past: Vec::new(),
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Tick(operations) => self.tick(operations),
            Step::Undo(ticks) => {
                for _ in 0..*ticks {
                    let Some((mut undo, model, digest)) = self.past.pop() else {
                        break;
                    };
                    self.table.undo(&mut undo);
                    (self.model, self.digest) = (model, digest);
                }
                self.check();
            }
            Step::Look(ticks) => {
                let from = self.past.len().saturating_sub((*ticks).into());
                let mut bytes = vec![to_bytes(&self.table)];
                for (undo, model, digest_then) in self.past[from..].iter_mut().rev() {
                    self.table.undo(undo);
                    model.check(&self.table);
                    assert_eq!(digest(&self.table), *digest_then);
                    bytes.push(to_bytes(&self.table));
                }
                for (undo, ..) in &mut self.past[from..] {
                    assert_eq!(bytes.pop().unwrap(), to_bytes(&self.table));
                    self.table.redo(undo);
                }
                assert_eq!(bytes.pop().unwrap(), to_bytes(&self.table));
                self.check();
            }
            Step::Reload => {
                self.table = from_bytes(&to_bytes(&self.table)).unwrap();
                self.past.clear();
                self.check();
            }
        }
    }

    fn tick(&mut self, operations: &[Operation]) {
        let before = (self.model.clone(), self.digest);
        let mut undo = Default::default();
        self.table.open(&mut undo);
        for operation in operations {
            self.model.apply(&mut self.table, operation);
        }
        self.digest = self
            .table
            .close(&mut undo, Node::root(KEY, &mut Encoder::new()));
        self.past.push((undo, before.0, before.1));
        self.check();
    }

    fn check(&self) {
        self.model.check(&self.table);
        assert_eq!(digest(&self.table), self.digest, "from scratch");
    }
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => any::<u32>().prop_map(Operation::Insert),
        2 => any::<u8>().prop_map(Operation::Remove),
        2 => (any::<u8>(), any::<u32>()).prop_map(|(row, seed)| Operation::Set(row, seed)),
        8 => (any::<u8>(), any::<i8>()).prop_map(|(row, way)| Operation::Move(row, way)),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(row, step)| Operation::Push(row, step)),
        1 => any::<u8>().prop_map(Operation::Clear),
        1 => (any::<u8>(), any::<i8>()).prop_map(|(block, way)| Operation::Block(block, way)),
        1 => any::<i8>().prop_map(Operation::All),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => vec(operation(), 0..60).prop_map(Step::Tick),
        2 => (0..6_u8).prop_map(Step::Undo),
        2 => (0..6_u8).prop_map(Step::Look),
        1 => Just(Step::Reload),
    ]
}

proptest! {
    #[test]
    fn tables_do_what_the_model_does(steps in vec(step(), 0..25)) {
        let mut history = History::new();
        steps.iter().for_each(|step| history.step(step));
        // And all the way back.
        history.step(&Step::Undo(u8::MAX));
    }

    /// One that was written to before its first tick, as `Simulation::start` does.
    #[test]
    fn what_is_there_at_the_start_counts(first in vec(operation(), 0..60), second in vec(operation(), 0..60)) {
        let mut history = History::new();
        for operation in &first {
            history.model.apply(&mut history.table, operation);
        }
        // Of what was written to places where nothing lives, nothing is left once a tick begins.
        let mut undo = Default::default();
        history.table.open(&mut undo);
        history.digest = history.table.close(&mut undo, Node::root(KEY, &mut Encoder::new()));
        history.check();
        history.step(&Step::Tick(second));
        history.step(&Step::Look(1));
        history.step(&Step::Undo(1));
        history.table.undo(&mut undo);
        history.check();
        history.step(&Step::Tick(Vec::new()));
    }

    /// No bytes make a table that no table is.
    #[test]
    fn forged_bytes_are_refused_or_mean_themselves(first in vec(operation(), 0..60), at: prop::sample::Index, byte: u8) {
        let mut history = History::new();
        history.step(&Step::Tick(first));
        let mut bytes = to_bytes(&history.table);
        *at.get_mut(&mut bytes) = byte;
        if let Ok(table) = from_bytes::<Table<Unit>>(&bytes) {
            prop_assert_eq!(&to_bytes(&table), &bytes);
            let mut again = History { digest: digest(&table), table, model: Model::default(), past: Vec::new() };
            let mut undo = Default::default();
            again.table.open(&mut undo);
            again.table.insert(Unit::of(3));
            let ids: Vec<_> = again.table.ids().collect();
            ids.into_iter().for_each(|id| assert!(again.table.remove(id)));
            again.table.close(&mut undo, Node::root(KEY, &mut Encoder::new()));
            again.table.undo(&mut undo);
            prop_assert_eq!(to_bytes(&again.table), bytes);
        }
    }

    /// Every bit of every leaf is in the digest.
    #[test]
    fn a_flipped_leaf_is_seen(count in 1..80_u32, seed: u64) {
        #[derive(State)]
        struct World { units: Table<Unit>, other: u8 }
        let mut world = World { units: Table::new(), other: 0 };
        for seed in 0..count {
            world.units.insert(Unit::of(seed.wrapping_mul(0x9e37_79b9)));
        }
        let mut undo = Default::default();
        let mut scratch = Encoder::new();
        world.open(&mut undo);
        let before = world.close(&mut undo, Node::root(KEY, &mut scratch));
        world.open(&mut undo);
        let field = flip_leaf(&mut world, seed);
        prop_assert_eq!(field, Some(seed % 2));
        let after = world.close(&mut undo, Node::root(KEY, &mut scratch));
        prop_assert_ne!(before, after);
        prop_assert_eq!(digest(&world), after);
        world.undo(&mut undo);
        prop_assert_eq!(digest(&world), before);
    }
}

#[test]
fn an_enum_is_as_wide_as_its_widest_variant() {
    assert_eq!(Order::BYTES, 9);
    let mut bytes = [0; 9];
    Order::Gather {
        amount: 0x0201,
        heavy: true,
    }
    .encode_cell(&mut bytes);
    assert_eq!(bytes, [2, 1, 2, 1, 0, 0, 0, 0, 0]);
    let decode = |bytes: [u8; 9]| Order::decode_cell(&mut Decoder::new(&bytes));
    assert_eq!(
        decode(bytes),
        Ok(Order::Gather {
            amount: 0x0201,
            heavy: true
        })
    );
    let refused = Err(DecodeError::Invalid("Order"));
    assert_eq!(decode([2, 1, 2, 1, 0, 0, 0, 0, 1]), refused);
    assert_eq!(decode([3, 0, 0, 0, 0, 0, 0, 0, 0]), refused);
    assert_eq!(Order::ZERO, Order::Stand);
}

/// Equal contents in two places, or in another order, are another state.
#[test]
fn places_are_part_of_the_state() {
    let table = |seeds: &[u32]| {
        let mut table = Table::<Unit>::new();
        for seed in seeds {
            table.insert(Unit::of(*seed));
        }
        table
    };
    assert_ne!(digest(&table(&[1, 2])), digest(&table(&[2, 1])));
    // The free list's order decides who comes where.
    let free = |order: [usize; 2]| {
        let mut table = table(&[1, 2, 3]);
        let ids: Vec<_> = table.ids().collect();
        order
            .iter()
            .for_each(|place| assert!(table.remove(ids[*place])));
        digest(&table)
    };
    assert_ne!(free([0, 1]), free([1, 0]));
}

#[test]
fn paths_name_row_and_field() {
    #[derive(Default)]
    struct Paths(String, Vec<String>);
    impl Visitor for Paths {
        fn enter(&mut self, step: PathStep) {
            self.0 += &step.to_string();
            self.0.push('|');
        }
        fn leaf(&mut self, value: Leaf) {
            self.1.push(format!("{} {value}", self.0));
        }
        fn leave(&mut self) {
            self.0.pop();
            self.0.truncate(self.0.rfind('|').map_or(0, |end| end + 1));
        }
    }
    let mut table = Table::<Unit>::new();
    let first = table.insert(Unit::of(4));
    table.remove(first);
    let id = table.insert(Unit {
        order: Order::Guard(first),
        ..Unit::of(4)
    });
    assert_eq!(id.to_string(), "0:2");
    let mut paths = Paths::default();
    table.visit(&mut paths);
    let lines: Vec<_> = paths.1.iter().map(String::as_str).collect();
    assert_eq!(
        lines,
        [
            "[0:2]|.type| 4",
            "[0:2]|.position|.x| 0",
            "[0:2]|.position|.y| 0",
            "[0:2]|.order|::Guard|.0| 0:1",
        ]
    );
}

/// The word of the living rows comes after its count.
#[test]
fn a_row_that_lives_beyond_the_end_is_refused() {
    let mut table = Table::<Unit>::new();
    table.insert(Unit::of(1));
    let mut bytes = to_bytes(&table);
    assert_eq!(bytes[..6], [1, 0, 0, 0, 1, 0]);
    bytes[4] = 2;
    let refused = from_bytes::<Table<Unit>>(&bytes).err();
    assert_eq!(refused, Some(DecodeError::Invalid("Table")));
}
