//! [`Column`], one field of all rows.

use alloc::vec::Vec;
use core::fmt;
use core::hint::black_box;
use core::mem::swap;
use core::ops::{Deref, Index};

use super::blocks::{BLOCK_ROWS, Blocks, BlocksUndo, Remember, Rows, blocks_of};
use super::blocks::{column_digest, digest};
use super::diff::diff_stores;
use super::{Cell, Store};
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::diff::Walk;
use crate::digest::{Digest, DigestVisitor, Node, child_key};
use crate::index::at;
use crate::state::{PathStep, Schema, State, Visitor, VisitorMut};

/// From so many rows of a block on, its old values are kept as a whole: a value costs its row's
/// number too, and a block is copied at once.
const HOT_ROWS: u32 = 8;

/// Cells that are encoded with one look at the room for them.
const CELLS_AT_ONCE: u32 = 16 * BLOCK_ROWS;

/// One field of all rows of a [`Table`](super::Table), side by side. It reads as a slice, dead rows being
/// [`Cell::ZERO`], and is written through methods that keep the old values.
///
/// | | remembers | for |
/// | --- | --- | --- |
/// | [`set`](Self::set) | the row | rows here and there |
/// | [`block_mut`](Self::block_mut) | 16 rows | rows side by side |
/// | [`all_mut`](Self::all_mut) | the column | everything moves |
#[derive(Clone)]
pub struct Column<T> {
    /// Whole blocks; what is beyond `len` is zero.
    cells: Vec<T>,
    len: u32,
    blocks: Blocks,
    journal: Journal<T>,
}

/// The old values of one tick.
#[derive(Clone)]
struct Journal<T> {
    cells: Vec<(u32, T)>,
    /// Blocks that were copied whole, after those of their cells that are above.
    images: Vec<u32>,
    image_cells: Vec<T>,
}

/// What it takes to take a [`Column`] back by one tick.
#[derive(Clone)]
pub struct ColumnUndo<T> {
    journal: Journal<T>,
    blocks: BlocksUndo,
    len: u32,
}

impl<T: Cell> Column<T> {
    /// A column without rows.
    #[must_use]
    pub fn new() -> Self {
        const { assert!(T::BYTES > 0, "a cell has to hold something") };
        Self {
            cells: Vec::new(),
            len: 0,
            blocks: Blocks::default(),
            journal: Journal::new(),
        }
    }

    /// Gives the row a value.
    ///
    /// # Panics
    /// If there is no such row.
    #[inline]
    pub fn set(&mut self, row: u32, value: T) {
        assert!(row < self.len, "there is no such row");
        if self.cells[at(row)] != value {
            if !self.blocks.is_written(row) {
                self.remember(row);
            }
            self.cells[at(row)] = value;
        }
    }

    /// Gives the row the value that `change` makes of it.
    ///
    /// # Panics
    /// If there is no such row.
    #[inline]
    pub fn update(&mut self, row: u32, change: impl FnOnce(&mut T)) {
        let mut value = self[row];
        change(&mut value);
        self.set(row, value);
    }

    /// Blocks of [`BLOCK_ROWS`] rows; the last one may be shorter.
    #[must_use]
    pub const fn blocks(&self) -> u32 {
        blocks_of(self.len)
    }

    /// The rows from `BLOCK_ROWS * block` on. Dead rows among them are zero again when the tick ends,
    /// whatever they are given.
    ///
    /// # Panics
    /// If there is no such block.
    #[inline]
    pub fn block_mut(&mut self, block: u32) -> &mut [T] {
        assert!(block < self.blocks(), "there is no such block");
        self.remember_block(block);
        let begin = block * BLOCK_ROWS;
        let end = (begin + BLOCK_ROWS).min(self.len);
        &mut self.cells[at(begin)..at(end)]
    }

    /// All rows. Dead rows are zero again when the tick ends, whatever they are given.
    pub fn all_mut(&mut self) -> &mut [T] {
        let blocks = self.blocks();
        if self.blocks.write_all(blocks) {
            self.journal.image_all(&self.cells, blocks);
        } else {
            (0..blocks).for_each(|block| self.remember_block(block));
        }
        &mut self.cells[..at(self.len)]
    }

    /// One row more.
    pub(super) fn push(&mut self, value: T) {
        let row = self.len;
        if at(row) == self.cells.len() {
            let room = self.cells.len() + at(BLOCK_ROWS);
            self.cells.resize(room, T::ZERO);
            self.blocks.grow();
        }
        self.len = row + 1;
        // Even if it is zero: the block now exists.
        if !self.blocks.is_written(row) {
            self.remember(row);
        }
        self.cells[at(row)] = value;
    }

    /// The last row, which is no more.
    pub(super) fn pop(&mut self) -> Option<T> {
        let row = self.len.checked_sub(1)?;
        let value = self[row];
        if !self.blocks.is_written(row) {
            self.remember(row);
        }
        self.cells[at(row)] = T::ZERO;
        self.len = row;
        Some(value)
    }

    #[inline(never)]
    fn remember(&mut self, row: u32) {
        match self.blocks.write(row, HOT_ROWS) {
            Remember::Nothing => {}
            Remember::Row => self.journal.cells.push((row, self.cells[at(row)])),
            Remember::Block => self.journal.image(&self.cells, row / BLOCK_ROWS),
        }
    }

    fn remember_block(&mut self, block: u32) {
        if self.blocks.write_block(block) == Remember::Block {
            self.journal.image(&self.cells, block);
        }
    }

    /// Reads from every line of the cache that a block of eight-byte cells has a part in.
    #[inline]
    fn touch(cells: &[T], block: u32) {
        let begin = at(block * BLOCK_ROWS);
        let cells = &cells[begin..begin + at(BLOCK_ROWS)];
        black_box((
            cells[0],
            cells[at(BLOCK_ROWS / 2)],
            cells[at(BLOCK_ROWS - 1)],
        ));
    }

    /// The digest of a block: of its cells' bytes, zeros where there are no rows.
    #[inline]
    fn block_digest(cells: &[T], key: u64, scratch: &mut Encoder, block: u32) -> u64 {
        let begin = at(block * BLOCK_ROWS);
        let cells = &cells[begin..begin + at(BLOCK_ROWS)];
        if let Some(bytes) = T::bytes_of(cells) {
            return Digest::of(child_key(key, block), bytes).0;
        }
        scratch.clear();
        let bytes = scratch.put_room(BLOCK_ROWS * T::BYTES);
        for (cell, bytes) in cells.iter().zip(bytes.chunks_exact_mut(at(T::BYTES))) {
            cell.encode_cell(bytes);
        }
        Digest::of(child_key(key, block), scratch.bytes()).0
    }
}

impl<T: Cell> Default for Column<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Deref for Column<T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        &self.cells[..at(self.len)]
    }
}

impl<T> Index<u32> for Column<T> {
    type Output = T;
    #[inline]
    fn index(&self, row: u32) -> &T {
        assert!(row < self.len, "there is no such row");
        &self.cells[at(row)]
    }
}

impl<T: fmt::Debug> fmt::Debug for Column<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: PartialEq> PartialEq for Column<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T> Journal<T> {
    const fn new() -> Self {
        Self {
            cells: Vec::new(),
            images: Vec::new(),
            image_cells: Vec::new(),
        }
    }

    fn clear(&mut self) {
        self.cells.clear();
        self.images.clear();
        self.image_cells.clear();
    }
}

impl<T: Cell> Journal<T> {
    fn image(&mut self, cells: &[T], block: u32) {
        let begin = at(block * BLOCK_ROWS);
        self.images.push(block);
        self.image_cells
            .extend_from_slice(&cells[begin..begin + at(BLOCK_ROWS)]);
    }

    fn image_all(&mut self, cells: &[T], blocks: u32) {
        self.images.extend(0..blocks);
        let cells = &cells[..at(blocks * BLOCK_ROWS)];
        self.image_cells.extend_from_slice(cells);
    }

    fn swap_images(&mut self, cells: &mut [T]) {
        let images = self.image_cells.chunks_exact_mut(at(BLOCK_ROWS));
        for (block, image) in self.images.iter().zip(images) {
            let begin = at(block * BLOCK_ROWS);
            cells[begin..begin + at(BLOCK_ROWS)].swap_with_slice(image);
        }
    }

    /// Images are of blocks that cells of were written to before, so they go first on the way back,
    /// and last on the way forth. Neither holds one place twice.
    fn swap(&mut self, cells: &mut [T], forth: bool) {
        if !forth {
            self.swap_images(cells);
        }
        for (row, value) in &mut self.cells {
            swap(&mut cells[at(*row)], value);
        }
        if forth {
            self.swap_images(cells);
        }
    }
}

impl<T> Default for ColumnUndo<T> {
    fn default() -> Self {
        Self {
            journal: Journal::new(),
            blocks: BlocksUndo::default(),
            len: 0,
        }
    }
}

impl<T> fmt::Debug for ColumnUndo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ColumnUndo").finish_non_exhaustive()
    }
}

impl<T: Cell> ColumnUndo<T> {
    fn apply(&mut self, column: &mut Column<T>, forth: bool) {
        self.journal.swap(&mut column.cells, forth);
        column.blocks.undo(&mut self.blocks);
        swap(&mut column.len, &mut self.len);
    }
}

/// Count, then the cells in order.
impl<T: Cell> State for Column<T> {
    type Undo = ColumnUndo<T>;

    fn open(&mut self, undo: &mut ColumnUndo<T>) {
        undo.journal.clear();
        swap(&mut self.journal, &mut undo.journal);
        self.blocks.open(&mut undo.blocks);
        undo.len = self.len;
    }

    fn close(&mut self, undo: &mut ColumnUndo<T>, node: Node<'_>) -> Digest {
        let (key, scratch) = node.into_parts();
        let cells = &self.cells;
        let sum = self.blocks.close(
            &mut undo.blocks,
            key,
            blocks_of(self.len),
            |block| Self::touch(cells, block),
            |block| Self::block_digest(cells, key, scratch, block),
        );
        swap(&mut self.journal, &mut undo.journal);
        column_digest(key, self.len, sum)
    }

    fn undo(&mut self, undo: &mut ColumnUndo<T>) {
        undo.apply(self, false);
    }

    fn redo(&mut self, undo: &mut ColumnUndo<T>) {
        undo.apply(self, true);
    }

    fn digest(&self, node: Node<'_>) -> Digest {
        digest(node, self.len, |key, scratch, block| {
            Self::block_digest(&self.cells, key, scratch, block)
        })
    }

    fn visit_digests(&self, node: Node<'_>, visitor: &mut dyn DigestVisitor) -> Digest {
        let (key, scratch) = node.into_parts();
        self.blocks.visit_digests(key, self.len, visitor, |block| {
            Self::block_digest(&self.cells, key, scratch, block)
        })
    }

    fn diff(&self, other: &Self, walk: &mut Walk) {
        diff_stores(self, other, walk);
    }

    fn schema(schema: &mut Schema) {
        schema.group("Column<", ">", T::schema);
    }

    fn encode(&self, out: &mut Encoder) {
        out.put_count(self.len);
        out.mark(T::BYTES, self.len);
        for begin in (0..self.len).step_by(at(CELLS_AT_ONCE)) {
            let end = begin.saturating_add(CELLS_AT_ONCE).min(self.len);
            let cells = &self.cells[at(begin)..at(end)];
            let room = out.put_room((end - begin) * T::BYTES);
            for (cell, room) in cells.iter().zip(room.chunks_exact_mut(at(T::BYTES))) {
                cell.encode_cell(room);
            }
        }
    }

    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let (len, _) = from.take_count()?;
        // A forged count asks for no memory.
        if from.remaining() < u64::from(len) * u64::from(T::BYTES) {
            return Err(DecodeError::UnexpectedEnd);
        }
        let blocks = blocks_of(len);
        let room = blocks.checked_mul(BLOCK_ROWS);
        let room = room.ok_or(DecodeError::TooMany("Column"))?;
        let mut cells = Vec::with_capacity(at(room));
        for _ in 0..len {
            cells.push(T::decode_cell(from)?);
        }
        cells.resize(at(room), T::ZERO);
        Ok(Self {
            cells,
            len,
            blocks: Blocks::unknown(blocks),
            journal: Journal::new(),
        })
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        for (row, cell) in (0..).zip(self.iter()) {
            visitor.enter(PathStep::Element(row));
            cell.visit(visitor);
            visitor.leave();
        }
    }

    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        for row in 0..self.len {
            visitor.enter(PathStep::Element(row.into()));
            self.visit_row_mut(row, visitor);
            visitor.leave();
        }
    }
}

impl<T: Cell> Store<T> for Column<T> {
    fn rows(&self) -> u32 {
        self.len
    }
    fn grow(&mut self, value: T) {
        self.push(value);
    }
    fn read(&self, row: u32) -> T {
        self[row]
    }
    fn write(&mut self, row: u32, value: T) {
        self.set(row, value);
    }
    fn erase(&mut self, row: u32) {
        self.set(row, T::ZERO);
    }
    fn is_erased(&self, row: u32) -> bool {
        self[row] == T::ZERO
    }
    fn sweep(&mut self, live: &[Rows]) {
        for row in self.blocks.written_dead(live) {
            // Written at this tick, so what it was is remembered.
            self.cells[at(row)] = T::ZERO;
        }
    }
    fn unequal(&self, other: &Self, walk: &mut Walk, found: &mut dyn FnMut(u32)) {
        let (rows, others) = (self.len, other.len);
        self.blocks
            .unequal(rows, &other.blocks, others, walk, found);
    }
    fn diff_row(&self, other: &Self, row: u32, walk: &mut Walk) {
        if self[row] != other[row] {
            self[row].diff(&other[row], walk);
        }
    }
    fn visit_row(&self, row: u32, visitor: &mut dyn Visitor) {
        self[row].visit(visitor);
    }
    fn visit_row_mut(&mut self, row: u32, visitor: &mut dyn VisitorMut) {
        self.update(row, |cell| cell.visit_mut(visitor));
    }
}
