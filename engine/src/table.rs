//! [`Table`], many rows of one kind: the units, projectiles and buildings of a large world.
//!
#![doc = include_str!("table/patterns.md")]

mod blocks;
mod cell;
mod column;
mod diff;
mod id;
mod lists;

use core::fmt;
use core::ops::{Deref, DerefMut};

pub use blocks::{BLOCK_ROWS, BlocksUndo};
pub use cell::Cell;
pub use column::{Column, ColumnUndo};
pub use id::Id;
pub use lists::{Lists, ListsUndo};

use crate::codec::{DecodeError, Decoder, Encoder};
use crate::diff::Walk;
use crate::digest::{Digest, DigestVisitor, Node};
use crate::index::at;
use crate::state::{PathStep, Schema, State, Visitor, VisitorMut};
use blocks::{Rows, bit, blocks_of, rows_of};

/// A row of a [`Table`]: a struct with named fields, each a [`Cell`], or a `Vec` of state. Derive it;
/// that makes a struct of [`Column`]s and [`Lists`] beside it, named after it with `Columns` at the
/// end.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a row of a table",
    label = "no `Row`",
    note = "a row is a struct with named fields and `#[derive(Row)]`"
)]
pub trait Row: Sized + 'static {
    /// A column per field.
    type Columns: State + Default;

    /// Rows of every column, which are equally many.
    fn rows(columns: &Self::Columns) -> Option<u32>;
    /// One row more.
    fn grow(columns: &mut Self::Columns, row: Self);
    /// The row's values.
    fn read(columns: &Self::Columns, row: u32) -> Self;
    /// Gives the row other values.
    fn write(columns: &mut Self::Columns, row: u32, value: Self);
    /// Makes zeros of the row.
    fn erase(columns: &mut Self::Columns, row: u32);
    /// Whether there is nothing but zeros.
    fn is_erased(columns: &Self::Columns, row: u32) -> bool;
    /// Makes zeros of what was written to where no row lives; a bit of `live` per row.
    fn sweep(columns: &mut Self::Columns, live: &[Rows]);
    /// Tells `found` the field and the number of every block that two tables both have, and of which
    /// the rows may differ.
    fn unequal(
        left: &Self::Columns,
        right: &Self::Columns,
        walk: &mut Walk,
        found: &mut dyn FnMut(u32, u32),
    );
    /// Tells `walk` what differs in a field of a row that both have.
    fn diff_field(
        left: &Self::Columns,
        right: &Self::Columns,
        row: u32,
        field: u32,
        walk: &mut Walk,
    );
    /// Shows every leaf of the row.
    fn visit(columns: &Self::Columns, row: u32, visitor: &mut dyn Visitor);
    /// Offers every leaf of the row for change.
    fn visit_mut(columns: &mut Self::Columns, row: u32, visitor: &mut dyn VisitorMut);
}

/// What may be a field of a row.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a row",
    label = "neither a `Cell` nor a `Vec`",
    note = "a row's field is a `Cell` (`#[derive(State, Cell)]` for structs and enums), or a `Vec` of state"
)]
pub trait Field: Sized {
    /// Where the values of all rows are.
    type Store: Store<Self>;
}

impl<T: Cell> Field for T {
    type Store = Column<T>;
}

impl<T: State + Clone> Field for alloc::vec::Vec<T> {
    type Store = Lists<T>;
}

/// The values that one field has in all rows.
pub trait Store<T>: State + Default {
    /// How many there are.
    fn rows(&self) -> u32;
    /// One row more.
    fn grow(&mut self, value: T);
    /// The row's value.
    fn read(&self, row: u32) -> T;
    /// Gives the row another value.
    fn write(&mut self, row: u32, value: T);
    /// Makes zeros of the row.
    fn erase(&mut self, row: u32);
    /// Whether there is nothing but zeros.
    fn is_erased(&self, row: u32) -> bool;
    /// Makes zeros of what was written to where no row lives; a bit of `live` per row.
    fn sweep(&mut self, live: &[Rows]);
    /// Tells `found` the number of every block that both have, and of which the rows may differ.
    fn unequal(&self, other: &Self, walk: &mut Walk, found: &mut dyn FnMut(u32));
    /// Tells `walk` what differs in a row that both have.
    fn diff_row(&self, other: &Self, row: u32, walk: &mut Walk);
    /// Shows every leaf of the row.
    fn visit_row(&self, row: u32, visitor: &mut dyn Visitor);
    /// Offers every leaf of the row for change.
    fn visit_row_mut(&mut self, row: u32, visitor: &mut dyn VisitorMut);
}

/// Many rows of one kind, a column per field. Saving, restoring and digesting it costs what changed.
///
/// ```
/// use phalanx_engine::{Fix, Row, State, Table, Vec2};
///
/// #[derive(Row)]
/// struct Unit { position: Vec2, velocity: Vec2, health: u16, path: Vec<Vec2> }
///
/// #[derive(State)]
/// struct World { units: Table<Unit> }
///
/// let mut world = World { units: Table::new() };
/// let id = world.units.insert(Unit {
///     position: Vec2::ZERO,
///     velocity: Vec2::new(Fix::ONE, Fix::ZERO),
///     health: 100,
///     path: vec![],
/// });
///
/// // Two columns at once: of the columns, not of the table.
/// let units = &mut *world.units;
/// for (row, velocity) in (0..).zip(units.velocity.iter()) {
///     units.position.update(row, |position| *position += *velocity);
/// }
///
/// if let Some(row) = world.units.row(id) {
///     assert_eq!(world.units.position[row], Vec2::new(Fix::ONE, Fix::ZERO));
///     world.units.health.set(row, 0);
///     world.units.remove(id);
/// }
/// assert!(world.units.row(id).is_none());
/// ```
///
/// **Rows** stay where they are. A removed one leaves zeros, which columns show as if it were there;
/// the place that became free last is the first to be taken again. [`rows`](Table::rows) goes through the
/// living ones in order.
pub struct Table<R: Row> {
    /// A bit for every row that lives.
    live: Column<Rows>,
    generations: Column<u32>,
    /// Rows that do not live, the next to be taken last.
    free: Column<u32>,
    columns: R::Columns,
}

/// What it takes to take a [`Table`] back by one tick.
pub struct TableUndo<R: Row> {
    live: ColumnUndo<Rows>,
    generations: ColumnUndo<u32>,
    free: ColumnUndo<u32>,
    columns: <R::Columns as State>::Undo,
}

impl<R: Row> Table<R> {
    /// A table without rows.
    #[must_use]
    pub fn new() -> Self {
        Self {
            live: Column::new(),
            generations: Column::new(),
            free: Column::new(),
            columns: R::Columns::default(),
        }
    }

    /// How many rows live.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.places() - self.dead()
    }

    /// Whether no row lives.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows that live or have lived: the length of all columns.
    #[must_use]
    pub fn places(&self) -> u32 {
        Store::rows(&self.generations)
    }

    fn dead(&self) -> u32 {
        Store::rows(&self.free)
    }

    /// Adds a row, in the place that became free last or else at the end.
    ///
    /// # Panics
    /// With more than 2³² - 64 rows.
    pub fn insert(&mut self, value: R) -> Id<R> {
        let row = if let Some(row) = self.free.pop() {
            R::write(&mut self.columns, row, value);
            row
        } else {
            let row = self.places();
            assert!(row <= u32::MAX - 2 * BLOCK_ROWS, "a table is full");
            R::grow(&mut self.columns, value);
            self.generations.push(1);
            if row.is_multiple_of(BLOCK_ROWS) {
                self.live.push(0);
            }
            row
        };
        let word = row / BLOCK_ROWS;
        self.live.update(word, |word| *word |= bit(row));
        Id::new(row, self.generations[row])
    }

    /// Removes a row; `false` if it lives no more.
    pub fn remove(&mut self, id: Id<R>) -> bool {
        let Some(row) = self.row(id) else {
            return false;
        };
        R::erase(&mut self.columns, row);
        self.live
            .update(row / BLOCK_ROWS, |word| *word &= !bit(row));
        // Zero is the generation of no row.
        let next = id.generation.checked_add(1).unwrap_or(1);
        self.generations.set(row, next);
        self.free.push(row);
        true
    }

    /// Where the row is in the columns, if it lives.
    #[must_use]
    pub fn row(&self, id: Id<R>) -> Option<u32> {
        (self.id(id.row) == Some(id)).then_some(id.row)
    }

    /// The id of what lives in `row`.
    #[must_use]
    pub fn id(&self, row: u32) -> Option<Id<R>> {
        let lives = row < self.places() && self.live[row / BLOCK_ROWS] & bit(row) != 0;
        lives.then(|| Id::new(row, self.generations[row]))
    }

    /// All values of a row.
    #[must_use]
    pub fn get(&self, id: Id<R>) -> Option<R> {
        self.row(id).map(|row| R::read(&self.columns, row))
    }

    /// Gives a row other values; `false` if it lives no more.
    pub fn set(&mut self, id: Id<R>, value: R) -> bool {
        let row = self.row(id);
        if let Some(row) = row {
            R::write(&mut self.columns, row, value);
        }
        row.is_some()
    }

    /// The rows that live, in order.
    pub fn rows(&self) -> impl Iterator<Item = u32> + Clone + use<'_, R> {
        let words = (0..).zip(self.live.iter());
        words.flat_map(|(block, &live)| rows_of(block, live))
    }

    /// Their ids.
    pub fn ids(&self) -> impl Iterator<Item = Id<R>> + use<'_, R> {
        self.rows().map(|row| Id::new(row, self.generations[row]))
    }

    /// What every table is: the allocator says of each place once whether it is free, and there is
    /// nothing where no row lives.
    fn check(&self) -> Result<(), DecodeError> {
        let places = self.places();
        let sizes = R::rows(&self.columns) == Some(places)
            && Store::rows(&self.live) == blocks_of(places)
            && !self.generations.contains(&0);
        if !sizes || self.dead() > places {
            return Err(DecodeError::Invalid("Table"));
        }
        // Every living row and every free place is met once, and together they are all places.
        let mut met = self.live.to_vec();
        for &row in self.free.iter() {
            let word = met.get_mut(at(row / BLOCK_ROWS));
            match word {
                Some(word) if row < places && *word & bit(row) == 0 => *word |= bit(row),
                _ => return Err(DecodeError::Invalid("Table")),
            }
            if !R::is_erased(&self.columns, row) {
                return Err(DecodeError::Invalid("Table"));
            }
        }
        let whole = met.iter().map(|word| word.count_ones()).sum::<u32>() == places;
        let beyond = met.last().is_some_and(|word| {
            let rows = places % BLOCK_ROWS;
            rows != 0 && word >> rows != 0
        });
        if whole && !beyond {
            Ok(())
        } else {
            Err(DecodeError::Invalid("Table"))
        }
    }

    fn step(&self, row: u32) -> PathStep {
        PathStep::Row {
            row,
            generation: self.generations[row],
        }
    }
}

impl<R: Row> Default for Table<R> {
    fn default() -> Self {
        Self::new()
    }
}

/// The columns.
impl<R: Row> Deref for Table<R> {
    type Target = R::Columns;
    #[inline]
    fn deref(&self) -> &R::Columns {
        &self.columns
    }
}

impl<R: Row> DerefMut for Table<R> {
    #[inline]
    fn deref_mut(&mut self) -> &mut R::Columns {
        &mut self.columns
    }
}

impl<R: Row<Columns: Clone>> Clone for Table<R> {
    fn clone(&self) -> Self {
        Self {
            live: self.live.clone(),
            generations: self.generations.clone(),
            free: self.free.clone(),
            columns: self.columns.clone(),
        }
    }
}

impl<R: Row + fmt::Debug> fmt::Debug for Table<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.ids().map(|id| (id, self.get(id)));
        f.debug_map().entries(rows).finish()
    }
}

impl<R: Row> Clone for TableUndo<R> {
    fn clone(&self) -> Self {
        Self {
            live: self.live.clone(),
            generations: self.generations.clone(),
            free: self.free.clone(),
            columns: self.columns.clone(),
        }
    }
}

impl<R: Row> Default for TableUndo<R> {
    fn default() -> Self {
        Self {
            live: ColumnUndo::default(),
            generations: ColumnUndo::default(),
            free: ColumnUndo::default(),
            columns: Default::default(),
        }
    }
}

impl<R: Row> fmt::Debug for TableUndo<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableUndo").finish_non_exhaustive()
    }
}

/// The allocator's three columns, then those of the fields in declaration order.
impl<R: Row> State for Table<R> {
    type Undo = TableUndo<R>;

    fn open(&mut self, undo: &mut TableUndo<R>) {
        R::sweep(&mut self.columns, &self.live);
        self.live.open(&mut undo.live);
        self.generations.open(&mut undo.generations);
        self.free.open(&mut undo.free);
        self.columns.open(&mut undo.columns);
    }

    fn close(&mut self, undo: &mut TableUndo<R>, mut node: Node<'_>) -> Digest {
        R::sweep(&mut self.columns, &self.live);
        let digests = [
            self.live.close(&mut undo.live, node.child(0)),
            self.generations.close(&mut undo.generations, node.child(1)),
            self.free.close(&mut undo.free, node.child(2)),
            self.columns.close(&mut undo.columns, node.child(3)),
        ];
        node.fold(&digests)
    }

    fn undo(&mut self, undo: &mut TableUndo<R>) {
        self.live.undo(&mut undo.live);
        self.generations.undo(&mut undo.generations);
        self.free.undo(&mut undo.free);
        self.columns.undo(&mut undo.columns);
    }

    fn redo(&mut self, undo: &mut TableUndo<R>) {
        self.live.redo(&mut undo.live);
        self.generations.redo(&mut undo.generations);
        self.free.redo(&mut undo.free);
        self.columns.redo(&mut undo.columns);
    }

    fn digest(&self, mut node: Node<'_>) -> Digest {
        let digests = [
            self.live.digest(node.child(0)),
            self.generations.digest(node.child(1)),
            self.free.digest(node.child(2)),
            self.columns.digest(node.child(3)),
        ];
        node.fold(&digests)
    }

    fn visit_digests(&self, mut node: Node<'_>, visitor: &mut dyn DigestVisitor) -> Digest {
        visitor.enter(PathStep::Field("live"));
        let live = self.live.visit_digests(node.child(0), visitor);
        visitor.leave();
        visitor.enter(PathStep::Field("generations"));
        let generations = self.generations.visit_digests(node.child(1), visitor);
        visitor.leave();
        visitor.enter(PathStep::Field("free"));
        let free = self.free.visit_digests(node.child(2), visitor);
        visitor.leave();
        visitor.enter(PathStep::Field("columns"));
        let columns = self.columns.visit_digests(node.child(3), visitor);
        visitor.leave();
        node.show(&[live, generations, free, columns], visitor)
    }

    fn diff(&self, other: &Self, walk: &mut Walk) {
        self.diff_rows(other, walk);
        walk.within(PathStep::Field("free"), |walk| {
            self.free.diff(&other.free, walk);
        });
    }

    fn schema(schema: &mut Schema) {
        schema.group("Table<", ">", R::Columns::schema);
    }

    fn encode(&self, out: &mut Encoder) {
        self.live.encode(out);
        self.generations.encode(out);
        self.free.encode(out);
        self.columns.encode(out);
    }

    fn encode_caches(&self, out: &mut Encoder) {
        self.columns.encode_caches(out);
    }

    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let table = Self {
            live: State::decode(from)?,
            generations: State::decode(from)?,
            free: State::decode(from)?,
            columns: State::decode(from)?,
        };
        table.check()?;
        Ok(table)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        for row in self.rows() {
            visitor.enter(self.step(row));
            R::visit(&self.columns, row, visitor);
            visitor.leave();
        }
        visitor.enter(PathStep::Field("free"));
        self.free.visit(visitor);
        visitor.leave();
    }

    /// The allocator is not offered: no assignment of a game reaches it.
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        for row in 0..self.places() {
            if self.id(row).is_some() {
                visitor.enter(self.step(row));
                R::visit_mut(&mut self.columns, row, visitor);
                visitor.leave();
            }
        }
    }
}
