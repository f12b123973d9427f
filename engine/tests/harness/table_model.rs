//! A [`Table`] against a model that copies everything: whatever is done to it, undone, redone,
//! encoded and decoded, it holds what the model holds, in the model's bytes, under its digests.

use phalanx_engine::table::BLOCK_ROWS;
use phalanx_engine::{
    Cell, Digest, DigestNode, DigestVisitor, Encoder, Fix, Fix32, Id, Node, PathStep, Row, State,
    Table, Vec2, from_bytes, to_bytes,
};

use super::hex;
use super::reader::Reader;

#[derive(State, Cell, Clone, Copy, Debug, PartialEq)]
pub enum Order {
    Stand,
    Guard(Id<Unit>),
    Gather { amount: u16, heavy: bool },
}

/// Its cells have 1, 16, 9 and 5 bytes.
#[derive(Row, Clone, Debug, PartialEq)]
pub struct Unit {
    /// Documented, and named by a keyword.
    pub r#type: u8,
    pub position: Vec2,
    pub order: Order,
    pub load: Option<Fix32>,
    pub path: Vec<(u8, i16)>,
}

impl Unit {
    pub fn of(seed: u32) -> Self {
        let [a, b, c, _] = seed.to_le_bytes();
        Self {
            r#type: a,
            position: Vec2::new(Fix::int(b.into()), -Fix::int(c.into())),
            order: match a % 3 {
                0 => Order::Stand,
                1 => Order::Guard(id(b.into(), c.into())),
                _ => Order::Gather {
                    amount: u16::from_le_bytes([b, c]),
                    heavy: b % 2 == 0,
                },
            },
            load: (c % 2 == 0).then(|| Fix32::int(b.into())),
            path: (0..a % 4).map(|step| (step, i16::from(b) - 100)).collect(),
        }
    }

    fn nothing() -> Self {
        Self {
            r#type: 0,
            position: Vec2::ZERO,
            order: Order::Stand,
            load: None,
            path: Vec::new(),
        }
    }
}

/// Only a table gives ids away; everybody may write down their bytes.
fn id(row: u32, generation: u32) -> Id<Unit> {
    let [a, b, c, d] = row.to_le_bytes();
    let [e, f, g, h] = generation.to_le_bytes();
    from_bytes(&[a, b, c, d, e, f, g, h]).expect("two numbers are an id")
}

/// Most places of a case: some blocks, and a part of one.
pub const PLACES_MAX: u32 = 5 * BLOCK_ROWS + 5;

/// Most ticks that can be gone back.
const PAST_TICKS_MAX: usize = 24;

/// Ids that are asked for: the newest.
const IDS_MAX: usize = 100;

/// What is done in a tick. Rows and blocks count modulo their number; ids, which may mean nothing any
/// more, count from the newest of all there ever were.
#[derive(Clone, Debug)]
pub enum Operation {
    Insert { count: u8, seed: u32 },
    Remove { newest: u8, count: u8 },
    Set { newest: u8, seed: u32 },
    Move { row: u8, way: i8 },
    Push { row: u8, step: u8 },
    Clear { row: u8 },
    Block { block: u8, way: i8 },
    All { way: i8 },
}

/// What happens to a table.
#[derive(Clone, Debug)]
pub enum Step {
    Tick(Vec<Operation>),
    /// Written to outside of any tick, as `Simulation::start` does.
    Outside(Vec<Operation>),
    /// Back by so many ticks; others follow from there.
    Undo(u8),
    /// Forth again by so many.
    Redo(u8),
    /// Goes on with what was encoded.
    Reload,
}

impl Reader<'_> {
    fn seed(&mut self) -> u32 {
        let ([a, b], c) = (self.pair(), self.byte());
        u32::from_le_bytes([a, b, c, 0])
    }

    fn table_operation(&mut self) -> Operation {
        match self.byte() % 16 {
            0..3 => Operation::Insert {
                count: 1,
                seed: self.seed(),
            },
            3 => Operation::Insert {
                count: self.byte() % 40,
                seed: self.seed(),
            },
            4..6 => Operation::Remove {
                newest: self.byte(),
                count: 1,
            },
            6 => Operation::Remove {
                newest: self.byte(),
                count: self.byte() % 40,
            },
            7 => Operation::Set {
                newest: self.byte(),
                seed: self.seed(),
            },
            8..11 => Operation::Move {
                row: self.byte(),
                way: self.byte().cast_signed(),
            },
            11..13 => Operation::Push {
                row: self.byte(),
                step: self.byte(),
            },
            13 => Operation::Clear { row: self.byte() },
            14 => Operation::Block {
                block: self.byte(),
                way: self.byte().cast_signed(),
            },
            _ => Operation::All {
                way: self.byte().cast_signed(),
            },
        }
    }

    pub fn table_operations(&mut self) -> Vec<Operation> {
        let count = self.byte() % 32;
        (0..count).map(|_| self.table_operation()).collect()
    }

    /// Mostly few, sometimes more than there are.
    fn ticks(&mut self) -> u8 {
        match self.byte() {
            byte @ ..192 => byte % 4,
            byte => byte % 48,
        }
    }

    fn table_step(&mut self) -> Step {
        match self.byte() % 32 {
            0..17 => Step::Tick(self.table_operations()),
            17..24 => Step::Undo(self.ticks()),
            24..30 => Step::Redo(self.ticks()),
            30 => Step::Outside(self.table_operations()),
            _ => Step::Reload,
        }
    }
}

/// What a table is, as plain as it can be said.
#[derive(Clone, Debug, Default)]
pub struct Model {
    rows: Vec<Option<Unit>>,
    generations: Vec<u32>,
    free: Vec<u32>,
}

/// A column as its bytes.
struct Plain {
    /// Bytes of a row that is not there: zeros.
    nothing: usize,
    bytes: Vec<u8>,
    /// Where in them every row ends.
    ends: Vec<usize>,
}

impl Plain {
    /// Whatever is shorter than `width` is filled with zeros.
    fn of<'a, T: State>(width: usize, values: impl Iterator<Item = &'a T>) -> Self {
        let (mut out, mut ends) = (Encoder::new(), Vec::new());
        for value in values {
            let begin = out.bytes().len();
            value.encode(&mut out);
            let missing = (begin + width).saturating_sub(out.bytes().len());
            out.put_room(missing as u32).fill(0);
            ends.push(out.bytes().len());
        }
        Self {
            nothing: width,
            bytes: out.into_bytes(),
            ends,
        }
    }

    fn count(&self) -> [u8; 4] {
        (self.ends.len() as u32).to_le_bytes()
    }

    fn encode(&self) -> Vec<u8> {
        [&self.count(), &*self.bytes].concat()
    }

    fn digest(&self, mut node: Node<'_>) -> Digest {
        let (mut sum, mut begin) = (0_u64, 0);
        for (block, ends) in (0..).zip(self.ends.chunks(BLOCK_ROWS as usize)) {
            let rows = begin..*ends.last().expect("a chunk holds something");
            begin = rows.end;
            let missing = BLOCK_ROWS as usize - ends.len();
            let digest = node.child(block).flat(|out| {
                out.put(&self.bytes[rows]);
                out.put(&vec![0; missing * self.nothing]);
            });
            sum = sum.wrapping_add(digest.0);
        }
        node.flat(|out| {
            out.put(&self.count());
            out.put(&sum.to_le_bytes());
        })
    }
}

impl Model {
    fn insert(&mut self, unit: Unit) -> Id<Unit> {
        let row = self.free.pop().unwrap_or(self.rows.len() as u32);
        if row as usize == self.rows.len() {
            self.rows.push(None);
            self.generations.push(1);
        }
        self.rows[row as usize] = Some(unit);
        id(row, self.generations[row as usize])
    }

    fn remove(&mut self, row: u32, plant: Option<Plant>) {
        self.rows[row as usize] = None;
        self.free.push(row);
        if plant != Some(Plant::SameGeneration) {
            self.generations[row as usize] += 1;
        }
    }

    fn ids(&self) -> impl Iterator<Item = Id<Unit>> {
        let rows = (0..).zip(self.rows.iter().zip(&self.generations));
        let living = rows.filter(|(_, (unit, _))| unit.is_some());
        living.map(|(row, (_, generation))| id(row, *generation))
    }

    fn row(&self, wanted: Id<Unit>) -> Option<u32> {
        let mut bytes = [0; 8];
        wanted.encode_cell(&mut bytes);
        let row = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let lives = self.rows.get(row as usize)?.is_some();
        (lives && id(row, self.generations[row as usize]) == wanted).then_some(row)
    }

    fn change_block(&mut self, block: u32, change: impl Fn(&mut u8)) {
        let first = (block * BLOCK_ROWS) as usize;
        let units = self.rows.iter_mut().skip(first).take(BLOCK_ROWS as usize);
        units.flatten().for_each(|unit| change(&mut unit.r#type));
    }

    /// A word per block of rows, a bit per row.
    fn live(&self) -> Vec<u16> {
        let word = |rows: &[Option<Unit>]| {
            let bits = (0..)
                .zip(rows)
                .map(|(bit, row)| u16::from(row.is_some()) << bit);
            bits.sum()
        };
        self.rows.chunks(BLOCK_ROWS as usize).map(word).collect()
    }

    /// The allocator's columns, then those of the fields.
    fn columns(&self) -> ([Plain; 3], [Plain; 5]) {
        let nothing = Unit::nothing();
        let rows = || {
            self.rows
                .iter()
                .map(|unit| unit.as_ref().unwrap_or(&nothing))
        };
        let allocator = [
            Plain::of(2, self.live().iter()),
            Plain::of(4, self.generations.iter()),
            Plain::of(4, self.free.iter()),
        ];
        let fields = [
            Plain::of(1, rows().map(|unit| &unit.r#type)),
            Plain::of(16, rows().map(|unit| &unit.position)),
            Plain::of(9, rows().map(|unit| &unit.order)),
            Plain::of(5, rows().map(|unit| &unit.load)),
            // Nothing of a list is its count.
            Plain::of(4, rows().map(|unit| &unit.path)),
        ];
        (allocator, fields)
    }

    /// Encoding and digest.
    fn canonical(&self) -> (Vec<u8>, Digest) {
        fn each(columns: &[Plain], node: &mut Node<'_>) -> Vec<Digest> {
            let columns = (0..).zip(columns);
            let digest = |(index, column): (u32, &Plain)| column.digest(node.child(index));
            columns.map(digest).collect()
        }
        let (allocator, fields) = self.columns();
        let mut scratch = Encoder::new();
        let mut table = root(&mut scratch);
        let mut digests = each(&allocator, &mut table);
        let mut columns = table.child(3);
        let children = each(&fields, &mut columns);
        digests.push(columns.fold(&children));
        let all = allocator.iter().chain(&fields).map(Plain::encode);
        (all.collect::<Vec<_>>().concat(), table.fold(&digests))
    }

    /// What can be asked of a table.
    fn check(&self, table: &Table<Unit>) {
        let nothing = Unit::nothing();
        assert_eq!(table.len() as usize, self.rows.iter().flatten().count());
        assert_eq!(table.places() as usize, self.rows.len());
        assert!(table.ids().eq(self.ids()));
        for (row, unit) in (0..).zip(&self.rows) {
            let id = id(row, self.generations[row as usize]);
            assert_eq!(table.get(id).as_ref(), unit.as_ref(), "{id}");
            assert_eq!(table.id(row), unit.as_ref().map(|_| id));
            let unit = unit.as_ref().unwrap_or(&nothing);
            assert_eq!(table.r#type[row], unit.r#type);
            assert_eq!(table.position.get(row as usize), Some(&unit.position));
            assert_eq!(table.order[row], unit.order);
            assert_eq!(table.load[row], unit.load);
            assert_eq!(table.path[row], *unit.path);
        }
        assert_eq!(table.row(Id::default()), None);
    }
}

fn root(scratch: &mut Encoder) -> Node<'_> {
    Node::root(7, scratch)
}

/// The digest from scratch.
pub fn digest<T: State>(state: &T) -> Digest {
    state.digest(root(&mut Encoder::new()))
}

/// The digest from those that are kept of blocks.
fn kept_digest(table: &Table<Unit>) -> Digest {
    struct Blind;
    impl DigestVisitor for Blind {
        fn enter(&mut self, _: PathStep) {}
        fn node(&mut self, _: DigestNode) {}
        fn leave(&mut self) {}
    }
    table.visit_digests(root(&mut Encoder::new()), &mut Blind)
}

/// A fault on purpose, which has to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// Of several ticks to be undone, the table leaves one out.
    SkippedUndo,
    /// Undone, the table keeps its lists.
    KeptLists,
    /// What a tick does first is done before it is opened, so nobody remembers what was there.
    EarlyWrite,
    /// In the model, what comes to a free place has the id of what was there.
    SameGeneration,
}

impl Plant {
    pub const ALL: [Self; 4] = [
        Self::SkippedUndo,
        Self::KeptLists,
        Self::EarlyWrite,
        Self::SameGeneration,
    ];
}

/// What a case made happen; for tests that ask whether their cases are any good.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    pub places: u32,
    pub ticks: u64,
    /// Most ticks undone one after the other.
    pub depth: u64,
    pub redone: u64,
    /// Ids that meant nothing when somebody was to be changed.
    pub stale: u64,
    /// Rows in a place of another one.
    pub reused: u64,
}

type Undo = <Table<Unit> as State>::Undo;

/// A world of one table, and all that it was.
#[derive(Default)]
pub struct History {
    pub table: Table<Unit>,
    model: Model,
    /// The model before each tick.
    past: Vec<(Undo, Model)>,
    /// The model after each tick that was undone, the next one last.
    future: Vec<(Undo, Model)>,
    /// Used before, to be recycled.
    spare: Vec<Undo>,
    /// Of all times, also of ticks that were undone.
    ids: Vec<Id<Unit>>,
    plant: Option<Plant>,
    pub outcome: Outcome,
}

impl History {
    pub fn new(plant: Option<Plant>) -> Self {
        Self {
            plant,
            ..Self::default()
        }
    }

    /// # Panics
    /// If table and model differ.
    pub fn step(&mut self, step: &Step) {
        match step {
            Step::Tick(operations) => self.tick(operations),
            Step::Undo(ticks) => (0..*ticks).for_each(|nth| self.undo(nth)),
            Step::Redo(ticks) => (0..*ticks).for_each(|_| self.redo()),
            Step::Outside(operations) => {
                self.forget();
                operations
                    .iter()
                    .for_each(|operation| self.apply(operation));
                // Of what was written to places where nothing lives, nothing is left once a tick
                // begins.
                self.tick(&[]);
            }
            Step::Reload => {
                self.table = from_bytes(&to_bytes(&self.table)).expect("its own bytes");
                self.forget();
                self.check();
            }
        }
    }

    fn forget(&mut self) {
        let records = self.past.drain(..).chain(self.future.drain(..));
        self.spare.extend(records.map(|(undo, _)| undo));
    }

    fn tick(&mut self, mut operations: &[Operation]) {
        let future = self.future.drain(..).map(|(undo, _)| undo);
        self.spare.extend(future);
        let before = self.model.clone();
        if let (Some(Plant::EarlyWrite), Some((first, rest))) =
            (self.plant, operations.split_first())
        {
            self.apply(first);
            operations = rest;
        }
        let mut undo = self.spare.pop().unwrap_or_default();
        self.table.open(&mut undo);
        operations
            .iter()
            .for_each(|operation| self.apply(operation));
        let closed = self.table.close(&mut undo, root(&mut Encoder::new()));
        assert_eq!(closed, digest(&self.table), "kept up to date");
        if self.past.len() == PAST_TICKS_MAX {
            self.spare.push(self.past.remove(0).0);
        }
        self.past.push((undo, before));
        self.outcome.ticks += 1;
        self.outcome.places = self.outcome.places.max(self.table.places());
        self.check();
    }

    fn undo(&mut self, nth: u8) {
        let Some((mut undo, mut model)) = self.past.pop() else {
            return;
        };
        let path = (self.plant == Some(Plant::KeptLists)).then(|| self.table.path.clone());
        if self.plant != Some(Plant::SkippedUndo) || nth != 1 {
            self.table.undo(&mut undo);
        }
        if let Some(path) = path {
            self.table.path = path;
        }
        std::mem::swap(&mut self.model, &mut model);
        self.future.push((undo, model));
        self.outcome.depth = self.outcome.depth.max(self.future.len() as u64);
        self.check();
    }

    fn redo(&mut self) {
        let Some((mut undo, mut model)) = self.future.pop() else {
            return;
        };
        self.table.redo(&mut undo);
        std::mem::swap(&mut self.model, &mut model);
        self.past.push((undo, model));
        self.outcome.redone += 1;
        self.check();
    }

    fn apply(&mut self, operation: &Operation) {
        let places = self.table.places();
        let row = |row: u8| u32::from(row).checked_rem(places);
        let Self { table, model, .. } = self;
        match *operation {
            Operation::Insert { count, seed } => {
                (0..u32::from(count)).for_each(|nth| self.insert(seed + nth));
            }
            Operation::Remove { newest, count } => {
                (0..count).for_each(|nth| self.remove(newest.saturating_add(nth)));
            }
            Operation::Set { newest, seed } => self.set(newest, seed),
            Operation::Move { row: at, way } => {
                let way = Vec2::new(Fix::int(way.into()), Fix::ONE);
                if let Some(row) = row(at) {
                    table.position.update(row, |position| *position += way);
                    let unit = model.rows[row as usize].iter_mut();
                    unit.for_each(|unit| unit.position += way);
                }
            }
            Operation::Push { row: at, step } => {
                if let Some(row) = row(at) {
                    table.path.edit(row).push((step, 1));
                    let unit = model.rows[row as usize].iter_mut();
                    unit.for_each(|unit| unit.path.push((step, 1)));
                }
            }
            Operation::Clear { row: at } => {
                if let Some(row) = row(at) {
                    table.path.edit(row).clear();
                    let unit = model.rows[row as usize].iter_mut();
                    unit.for_each(|unit| unit.path.clear());
                }
            }
            Operation::Block { block, way } => {
                let change = |value: &mut u8| *value = value.wrapping_add_signed(way);
                if let Some(block) = u32::from(block).checked_rem(table.r#type.blocks()) {
                    table.r#type.block_mut(block).iter_mut().for_each(change);
                    model.change_block(block, change);
                }
            }
            Operation::All { way } => {
                let way = Vec2::new(Fix::STEP, Fix::int(way.into()));
                let change = |position: &mut Vec2| *position += way;
                table.position.all_mut().iter_mut().for_each(change);
                let units = model.rows.iter_mut().flatten();
                units.for_each(|unit| change(&mut unit.position));
            }
        }
    }

    fn insert(&mut self, seed: u32) {
        if self.table.len() == PLACES_MAX {
            return;
        }
        self.outcome.reused += u64::from(!self.model.free.is_empty());
        let id = self.table.insert(Unit::of(seed));
        assert_eq!(id, self.model.insert(Unit::of(seed)));
        assert_eq!(self.table.row(id), self.model.row(id));
        self.ids.push(id);
    }

    /// An id, and the row that it means; `None` if there never was an id.
    fn newest(&mut self, newest: u8) -> Option<(Id<Unit>, Option<u32>)> {
        let back = usize::from(newest).checked_rem(self.ids.len())?;
        let id = self.ids[self.ids.len() - 1 - back];
        let row = self.model.row(id);
        self.outcome.stale += u64::from(row.is_none());
        Some((id, row))
    }

    fn remove(&mut self, newest: u8) {
        let Some((id, row)) = self.newest(newest) else {
            return;
        };
        assert_eq!(self.table.remove(id), row.is_some(), "{id}");
        if let Some(row) = row {
            self.model.remove(row, self.plant);
        }
    }

    fn set(&mut self, newest: u8, seed: u32) {
        let Some((id, row)) = self.newest(newest) else {
            return;
        };
        assert_eq!(self.table.set(id, Unit::of(seed)), row.is_some(), "{id}");
        if let Some(row) = row {
            self.model.rows[row as usize] = Some(Unit::of(seed));
        }
    }

    fn check(&self) {
        let Self { table, model, .. } = self;
        model.check(table);
        for id in self.ids.iter().rev().take(IDS_MAX) {
            assert_eq!(table.row(*id), model.row(*id), "{id}");
        }
        let (bytes, (encoding, wanted)) = (to_bytes(table), model.canonical());
        assert!(bytes == encoding, "{} for {}", hex(&bytes), hex(&encoding));
        assert_eq!(digest(table), wanted, "from scratch");
        assert_eq!(kept_digest(table), wanted, "from what is kept of blocks");
        let decoded: Table<Unit> = from_bytes(&bytes).expect("its own bytes");
        assert!(to_bytes(&decoded) == bytes, "decoded: {}", hex(&bytes));
        assert_eq!(digest(&decoded), wanted, "decoded");
    }
}

/// Plays the case in `data`, with a fault or as it should be; at last goes all the way back and forth again.
///
/// # Panics
/// If table and model differ.
pub fn play(data: &[u8], plant: Option<Plant>) -> Outcome {
    let mut reader = Reader::new(data);
    let mut history = History::new(plant);
    while !reader.is_at_end() {
        history.step(&reader.table_step());
    }
    let outcome = history.outcome;
    history.step(&Step::Undo(u8::MAX));
    history.step(&Step::Redo(u8::MAX));
    outcome
}

/// The fuzz target.
///
/// # Panics
/// If table and model differ.
pub fn run(data: &[u8]) {
    play(data, None);
}
