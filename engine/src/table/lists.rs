//! [`Lists`], a list for every row.

use alloc::vec::Vec;
use core::fmt;
use core::mem::swap;
use core::ops::Index;

use super::Store;
use super::blocks::{
    BLOCK_ROWS, Blocks, BlocksUndo, Remember, Rows, blocks_of, column_digest, digest,
};
use super::diff::diff_stores;
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::diff::Walk;
use crate::digest::{Digest, DigestVisitor, Node, child_key};
use crate::index::at;
use crate::state::{PathStep, Schema, State, Visitor, VisitorMut};

/// A list for every row of a [`Table`](super::Table): orders, paths, queues. It is what a row's field
/// of type `Vec` becomes.
///
/// A list that is written to is copied once per tick, so a list is to be short.
#[derive(Clone)]
pub struct Lists<T> {
    /// Those beyond `len` are empty.
    lists: Vec<Vec<T>>,
    len: u32,
    blocks: Blocks,
    journal: Journal<T>,
}

/// The old lists of one tick.
#[derive(Clone)]
struct Journal<T> {
    lists: Vec<(u32, Vec<T>)>,
    /// Memory for the next.
    spare: Vec<Vec<T>>,
}

/// What it takes to take [`Lists`] back by one tick.
#[derive(Clone)]
pub struct ListsUndo<T> {
    journal: Journal<T>,
    blocks: BlocksUndo,
    len: u32,
}

impl<T: State + Clone> Lists<T> {
    /// Lists of no rows.
    #[must_use]
    pub fn new() -> Self {
        Self {
            lists: Vec::new(),
            len: 0,
            blocks: Blocks::default(),
            journal: Journal::new(),
        }
    }

    /// The row's list, to be changed. It is copied at the first time in a tick, whether it is
    /// changed or not.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn edit(&mut self, row: u32) -> &mut Vec<T> {
        assert!(row < self.len, "there is no such row");
        self.remember(row);
        &mut self.lists[at(row)]
    }

    fn remember(&mut self, row: u32) {
        let known = self.blocks.is_written(row);
        // No block is remembered as a whole: its lists may be long.
        if !known && self.blocks.write(row, u32::MAX) == Remember::Row {
            let mut old = self.journal.spare.pop().unwrap_or_default();
            old.clone_from(&self.lists[at(row)]);
            self.journal.lists.push((row, old));
        }
    }

    /// The digest of a block: of every list, its count and elements.
    fn block_digest(lists: &[Vec<T>], key: u64, scratch: &mut Encoder, block: u32) -> u64 {
        scratch.clear();
        let begin = at(block * BLOCK_ROWS);
        for list in &lists[begin..begin + at(BLOCK_ROWS)] {
            list.encode(scratch);
        }
        Digest::of(child_key(key, block), scratch.bytes()).0
    }
}

impl<T: State + Clone> Default for Lists<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Index<u32> for Lists<T> {
    type Output = [T];
    #[inline]
    fn index(&self, row: u32) -> &[T] {
        assert!(row < self.len, "there is no such row");
        &self.lists[at(row)]
    }
}

impl<T: fmt::Debug> fmt::Debug for Lists<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lists = &self.lists[..at(self.len)];
        f.debug_list().entries(lists).finish()
    }
}

impl<T: PartialEq> PartialEq for Lists<T> {
    fn eq(&self, other: &Self) -> bool {
        self.lists[..at(self.len)] == other.lists[..at(other.len)]
    }
}

impl<T> Journal<T> {
    const fn new() -> Self {
        Self {
            lists: Vec::new(),
            spare: Vec::new(),
        }
    }

    fn clear(&mut self) {
        let used = self.lists.drain(..).map(|(_, list)| list);
        self.spare.extend(used);
    }
}

impl<T> Default for ListsUndo<T> {
    fn default() -> Self {
        Self {
            journal: Journal::new(),
            blocks: BlocksUndo::default(),
            len: 0,
        }
    }
}

impl<T> fmt::Debug for ListsUndo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListsUndo").finish_non_exhaustive()
    }
}

/// The number of rows, then every row's list as a `Vec`.
impl<T: State + Clone> State for Lists<T> {
    type Undo = ListsUndo<T>;

    fn open(&mut self, undo: &mut ListsUndo<T>) {
        undo.journal.clear();
        swap(&mut self.journal, &mut undo.journal);
        self.blocks.open(&mut undo.blocks);
        undo.len = self.len;
    }

    fn close(&mut self, undo: &mut ListsUndo<T>, node: Node<'_>) -> Digest {
        let (key, scratch) = node.into_parts();
        let lists = &self.lists;
        let sum = self.blocks.close(
            &mut undo.blocks,
            key,
            blocks_of(self.len),
            |_| {},
            |block| Self::block_digest(lists, key, scratch, block),
        );
        swap(&mut self.journal, &mut undo.journal);
        column_digest(key, self.len, sum)
    }

    fn undo(&mut self, undo: &mut ListsUndo<T>) {
        for (row, list) in &mut undo.journal.lists {
            swap(&mut self.lists[at(*row)], list);
        }
        self.blocks.undo(&mut undo.blocks);
        swap(&mut self.len, &mut undo.len);
    }

    fn redo(&mut self, undo: &mut ListsUndo<T>) {
        self.undo(undo);
    }

    fn digest(&self, node: Node<'_>) -> Digest {
        digest(node, self.len, |key, scratch, block| {
            Self::block_digest(&self.lists, key, scratch, block)
        })
    }

    fn visit_digests(&self, node: Node<'_>, visitor: &mut dyn DigestVisitor) -> Digest {
        let (key, scratch) = node.into_parts();
        self.blocks.visit_digests(key, self.len, visitor, |block| {
            Self::block_digest(&self.lists, key, scratch, block)
        })
    }

    fn diff(&self, other: &Self, walk: &mut Walk) {
        diff_stores(self, other, walk);
    }

    fn schema(schema: &mut Schema) {
        schema.group("Lists<", ">", T::schema);
    }

    fn encode(&self, out: &mut Encoder) {
        out.put_count(self.len);
        out.mark_lists(|out| {
            for list in &self.lists[..at(self.len)] {
                list.encode(out);
            }
        });
    }

    fn encode_caches(&self, out: &mut Encoder) {
        for list in &self.lists[..at(self.len)] {
            list.encode_caches(out);
        }
    }

    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        // A list has at least its count.
        let mut lists = Vec::<Vec<T>>::decode(from)?;
        let len = u32::try_from(lists.len()).map_err(|_| DecodeError::TooMany("Lists"))?;
        let blocks = blocks_of(len);
        let room = blocks.checked_mul(BLOCK_ROWS);
        let room = room.ok_or(DecodeError::TooMany("Lists"))?;
        lists.resize(at(room), Vec::new());
        Ok(Self {
            lists,
            len,
            blocks: Blocks::unknown(blocks),
            journal: Journal::new(),
        })
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        for row in 0..self.len {
            visitor.enter(PathStep::Element(row.into()));
            self.visit_row(row, visitor);
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

impl<T: State + Clone> Store<Vec<T>> for Lists<T> {
    fn rows(&self) -> u32 {
        self.len
    }
    fn grow(&mut self, value: Vec<T>) {
        let row = self.len;
        if at(row) == self.lists.len() {
            let room = self.lists.len() + at(BLOCK_ROWS);
            self.lists.resize(room, Vec::new());
            self.blocks.grow();
        }
        self.len = row + 1;
        *self.edit(row) = value;
    }
    fn read(&self, row: u32) -> Vec<T> {
        self[row].to_vec()
    }
    /// In the row's own memory: who comes to an empty list, as a new unit does, will fill it.
    fn write(&mut self, row: u32, mut value: Vec<T>) {
        let list = self.edit(row);
        list.clear();
        list.append(&mut value);
    }
    fn erase(&mut self, row: u32) {
        if !self[row].is_empty() {
            self.edit(row).clear();
        }
    }
    fn is_erased(&self, row: u32) -> bool {
        self[row].is_empty()
    }
    fn sweep(&mut self, live: &[Rows]) {
        for row in self.blocks.written_dead(live) {
            self.lists[at(row)].clear();
        }
    }
    fn unequal(&self, other: &Self, walk: &mut Walk, found: &mut dyn FnMut(u32)) {
        let (rows, others) = (self.len, other.len);
        self.blocks
            .unequal(rows, &other.blocks, others, walk, found);
    }
    fn diff_row(&self, other: &Self, row: u32, walk: &mut Walk) {
        self.lists[at(row)].diff(&other.lists[at(row)], walk);
    }
    fn visit_row(&self, row: u32, visitor: &mut dyn Visitor) {
        self.lists[at(row)].visit(visitor);
    }
    fn visit_row_mut(&mut self, row: u32, visitor: &mut dyn VisitorMut) {
        if !self[row].is_empty() {
            self.edit(row).visit_mut(visitor);
        }
    }
}
