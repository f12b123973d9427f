//! [`Blocks`]: which rows of a column were written since the tick began, and the digest of every
//! block of rows.

use alloc::vec::Vec;
use core::hint::black_box;
use core::mem::swap;

use crate::codec::Encoder;
use crate::diff::Walk;
use crate::digest::{Digest, DigestNode, DigestVisitor, Fold, Node, child_key};
use crate::index::at;
use crate::state::PathStep;

/// Rows per block. A scattered write costs the hash of one block, and 16 cells of eight bytes are the
/// most that XXH3 hashes in its quickest way.
pub const BLOCK_ROWS: u32 = 16;

/// Blocks that are touched before the first of them is hashed. Those written to here and there are
/// far away in memory, and it is quicker to wait for all of them at once.
#[expect(clippy::disallowed_types, reason = "the length of a slice")]
const TOUCHED: usize = 16;

/// Rows of a block, a bit each.
pub(super) type Rows = u16;

const _: () = assert!(Rows::BITS == BLOCK_ROWS);

/// How many blocks hold so many rows.
pub(super) const fn blocks_of(rows: u32) -> u32 {
    rows.div_ceil(BLOCK_ROWS)
}

/// The row among those of its block.
pub(super) const fn bit(row: u32) -> Rows {
    1 << (row % BLOCK_ROWS)
}

/// The rows of a block whose bits are set, in order.
pub(super) fn rows_of(block: u32, mut left: Rows) -> impl Iterator<Item = u32> + Clone {
    core::iter::from_fn(move || {
        let row = (left != 0).then(|| block * BLOCK_ROWS + left.trailing_zeros())?;
        left &= left - 1;
        Some(row)
    })
}

/// What is known of the blocks of one column.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    /// Digest of every block that exists; 0 of others.
    digests: Vec<u64>,
    /// Their sum.
    sum: u64,
    /// The column's key, under which they were computed.
    key: u64,
    /// The digests are those of another content: it was written to outside of any tick.
    stale: bool,
    /// Rows of every block whose old values the journal has.
    written: Vec<Rows>,
    /// Blocks with such rows.
    dirty: Vec<u32>,
    /// A tick is open.
    open: bool,
}

/// What it takes to go back by one tick.
#[derive(Clone, Debug, Default)]
pub struct BlocksUndo {
    digests: Vec<(u32, u64)>,
    sum: u64,
    stale: bool,
}

/// What is to be remembered before a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remember {
    /// Nothing: it was remembered at this tick, or there is no tick.
    Nothing,
    /// The row.
    Row,
    /// The block: all of its rows, as they are now.
    Block,
}

impl Blocks {
    /// Of a content that no digest is known of.
    pub(super) fn unknown(blocks: u32) -> Self {
        let mut this = Self {
            stale: true,
            ..Self::default()
        };
        (0..blocks).for_each(|_| this.grow());
        this
    }

    /// One more block has room.
    pub(super) fn grow(&mut self) {
        self.digests.push(0);
        self.written.push(0);
    }

    #[inline]
    pub(super) fn is_written(&self, row: u32) -> bool {
        self.written[at(row / BLOCK_ROWS)] & bit(row) != 0
    }

    /// Before a row is written that [`is_written`](Self::is_written) denies. From `hot` rows of a block
    /// on, the block is remembered as a whole.
    pub(super) fn write(&mut self, row: u32, hot: u32) -> Remember {
        if !self.open {
            self.stale = true;
            return Remember::Nothing;
        }
        let block = row / BLOCK_ROWS;
        let written = &mut self.written[at(block)];
        if *written == 0 {
            self.dirty.push(block);
        }
        if written.count_ones() >= hot {
            *written = Rows::MAX;
            return Remember::Block;
        }
        *written |= bit(row);
        Remember::Row
    }

    /// Before any row of a block is written.
    pub(super) fn write_block(&mut self, block: u32) -> Remember {
        if self.written[at(block)] == Rows::MAX {
            Remember::Nothing
        } else {
            self.write(block * BLOCK_ROWS, 0)
        }
    }

    /// Before any row of the first `blocks` blocks is written: whether all of them are to be remembered
    /// as a whole. If not, some were written to at this tick, and it goes block by block.
    pub(super) fn write_all(&mut self, blocks: u32) -> bool {
        let first = self.open && self.dirty.is_empty();
        if first {
            self.dirty.extend(0..blocks);
            self.written[..at(blocks)].fill(Rows::MAX);
        }
        first
    }

    /// The rows that may have been written to, but of which none lives; a bit of `live` per row.
    pub(super) fn written_dead(&self, live: &[Rows]) -> impl Iterator<Item = u32> {
        self.written().flat_map(move |(block, written)| {
            let live = live.get(at(block)).copied().unwrap_or_default();
            rows_of(block, written & !live)
        })
    }

    /// The blocks written to, and which of their rows may have been: since the tick was opened, or
    /// before it.
    fn written(&self) -> impl Iterator<Item = (u32, Rows)> {
        let all = if self.stale && !self.open {
            self.written.len()
        } else {
            0
        };
        let dirty = self
            .dirty
            .iter()
            .map(|&block| (block, self.written[at(block)]));
        (0..)
            .zip(&self.written[..all])
            .map(|(block, _)| (block, Rows::MAX))
            .chain(dirty)
    }

    pub(super) fn open(&mut self, undo: &mut BlocksUndo) {
        assert!(!self.open, "a tick is opened while another one is open");
        undo.digests.clear();
        (undo.sum, undo.stale) = (self.sum, self.stale);
        self.open = true;
    }

    /// Computes the digests of the first `blocks` blocks that were written to, and keeps the old ones.
    /// Returns the sum of all. `touch` reads something of a block, long before all of it is needed.
    pub(super) fn close(
        &mut self,
        undo: &mut BlocksUndo,
        key: u64,
        blocks: u32,
        touch: impl Fn(u32),
        mut digest: impl FnMut(u32) -> u64,
    ) -> u64 {
        assert!(self.open, "a tick is closed that was not opened");
        self.key = key;
        if self.stale {
            self.sum = 0;
            for (block, known) in (0..).zip(&mut self.digests) {
                *known = if block < blocks { digest(block) } else { 0 };
                self.sum = self.sum.wrapping_add(*known);
            }
            self.stale = false;
        } else {
            let few = self.dirty.len() <= self.digests.len() / 2;
            // With room for a few more, as pushing them would leave: a later tick has those.
            undo.digests.reserve(self.dirty.len().next_power_of_two());
            for some in self.dirty.chunks(TOUCHED) {
                if few {
                    for &block in some {
                        touch(block);
                        black_box(self.digests[at(block)]);
                    }
                }
                for &block in some {
                    let known = &mut self.digests[at(block)];
                    let new = if block < blocks { digest(block) } else { 0 };
                    self.sum = self.sum.wrapping_sub(*known).wrapping_add(new);
                    undo.digests.push((block, *known));
                    *known = new;
                }
            }
        }
        for block in self.dirty.drain(..) {
            self.written[at(block)] = 0;
        }
        self.open = false;
        self.sum
    }

    /// The digest of a block of the column with this key, unless it was written to since.
    fn known(&self, key: u64, block: u32) -> Option<u64> {
        let known = !self.stale && self.key == key && self.written[at(block)] == 0;
        known.then(|| self.digests[at(block)])
    }

    /// Tells of every block of both columns, of so many rows each, that may differ.
    pub(super) fn unequal(
        &self,
        rows: u32,
        other: &Self,
        other_rows: u32,
        walk: &mut Walk,
        found: &mut dyn FnMut(u32),
    ) {
        let blocks = (blocks_of(rows), blocks_of(other_rows));
        walk.count_blocks(blocks.0.max(blocks.1));
        let both = 0..blocks.0.min(blocks.1);
        both.filter(|block| !self.is_same(other, *block))
            .for_each(found);
    }

    /// Whether the block has equal digests here and there.
    fn is_same(&self, other: &Self, block: u32) -> bool {
        let known = self.known(self.key, block);
        known.is_some() && known == other.known(self.key, block)
    }

    /// Shows the digests of all blocks, and that of the column, which it returns; `digest` computes
    /// those that are not known.
    pub(super) fn visit_digests(
        &self,
        key: u64,
        rows: u32,
        visitor: &mut dyn DigestVisitor,
        mut digest: impl FnMut(u32) -> u64,
    ) -> Digest {
        let mut sum = 0_u64;
        for block in 0..blocks_of(rows) {
            let known = self.known(key, block);
            let known = known.unwrap_or_else(|| digest(block));
            sum = sum.wrapping_add(known);
            let begin = block * BLOCK_ROWS;
            let end = (begin + BLOCK_ROWS).min(rows);
            visitor.enter(PathStep::Rows { begin, end });
            visitor.node(DigestNode {
                key: child_key(key, block),
                digest: Digest(known),
                fold: Fold::Bytes,
            });
            visitor.leave();
        }
        let (digest, fold) = (column_digest(key, rows, sum), Fold::Blocks { rows });
        visitor.node(DigestNode { key, digest, fold });
        digest
    }

    /// Back or forth.
    pub(super) fn undo(&mut self, undo: &mut BlocksUndo) {
        assert!(!self.open, "a tick is undone while it is open");
        for (block, digest) in &mut undo.digests {
            swap(&mut self.digests[at(*block)], digest);
        }
        swap(&mut self.sum, &mut undo.sum);
        swap(&mut self.stale, &mut undo.stale);
    }
}

/// The digest of a column: how many rows it has, and the sum of its blocks' digests. Every block is
/// hashed under its own key, so that in a sum no two of them change places unseen.
pub(super) fn column_digest(key: u64, rows: u32, sum: u64) -> Digest {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&rows.to_le_bytes());
    bytes[4..].copy_from_slice(&sum.to_le_bytes());
    Digest::of(key, &bytes)
}

/// The same from scratch.
pub(super) fn digest(
    node: Node<'_>,
    rows: u32,
    mut digest: impl FnMut(u64, &mut Encoder, u32) -> u64,
) -> Digest {
    let (key, scratch) = node.into_parts();
    let sum = (0..blocks_of(rows)).map(|block| digest(key, scratch, block));
    column_digest(key, rows, sum.fold(0, u64::wrapping_add))
}
