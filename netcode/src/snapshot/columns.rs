//! [`Columns`]: where cells lie in the canonical bytes of a snapshot, and their bytes in an order that
//! compresses well.

use core::ops::Range;

use phalanx_engine::{Decoder, Encoder, Mark, State};

use super::SnapshotError;
use crate::limits::{SNAPSHOT_CELL_BYTES_MAX, SNAPSHOT_COLUMNS_MAX};

/// Cells whose planes are written one after the other: as many as fit into a processor's nearer
/// caches, so that neither side has to remember more.
const CELLS_AT_ONCE: usize = 1 << 16;

/// Most bytes that [`Columns::encode`] writes.
pub(super) const COLUMNS_BYTES_MAX: usize = 4 + SNAPSHOT_COLUMNS_MAX * (8 + 4 + 8);

/// Bytes with a bit for each of `cells`.
const fn bitmap(cells: usize) -> usize {
    cells.div_ceil(8)
}

/// Most bytes that [`Columns::gather`] makes of `length` bytes: a bit for each of at most as many
/// cells, and the rest of a byte for each run of them.
pub(super) const fn gathered_max(length: usize) -> usize {
    length + length / 8 + SNAPSHOT_COLUMNS_MAX + length / CELLS_AT_ONCE
}

/// Cells side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Column {
    begin: usize,
    stride: usize,
    count: usize,
}

impl Column {
    const fn range(self) -> Range<usize> {
        self.begin..self.begin + self.stride * self.count
    }

    /// The column that a mark says, if it lies within `room`.
    fn of(mark: Mark, room: &Range<usize>) -> Option<Self> {
        let stride = (1..=SNAPSHOT_CELL_BYTES_MAX).contains(&mark.stride);
        let column = Self {
            begin: mark.begin.try_into().ok().filter(|_| stride)?,
            stride: mark.stride.try_into().ok()?,
            count: mark.count.try_into().ok()?,
        };
        let end = column.stride.checked_mul(column.count)?;
        let end = end.checked_add(column.begin)?;
        (room.start <= column.begin && end <= room.end).then_some(column)
    }
}

/// Columns in the canonical bytes of a snapshot: in order, none in another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns(Vec<Column>);

impl Columns {
    /// Those that were marked in the world, which begins at `world` of the canonical `bytes`. What
    /// is more than can be, or where none can be, is left out: such a column is packed as well, only
    /// not as small.
    pub(super) fn of(marks: &[Mark], world: usize, bytes: &[u8]) -> Self {
        let mut room = world..bytes.len();
        let mut columns = Vec::new();
        for mark in marks.iter().take(SNAPSHOT_COLUMNS_MAX) {
            let begin = mark.begin.saturating_add(world as u64);
            if let Some(column) = Column::of(Mark { begin, ..*mark }, &room) {
                room.start = column.range().end;
                columns.push(column);
            }
        }
        Self(columns)
    }

    /// As marks in a world that begins at `world` of the canonical bytes.
    pub(super) fn marks(&self, world: usize) -> Result<Vec<Mark>, SnapshotError> {
        let mark = |column: &Column| {
            let begin = column.begin.checked_sub(world);
            Some(Mark {
                begin: begin? as u64,
                stride: column.stride.try_into().ok()?,
                count: column.count as u64,
            })
        };
        let marks: Option<_> = self.0.iter().map(mark).collect();
        marks.ok_or(SnapshotError::Columns)
    }

    pub(super) fn encode(&self, out: &mut Encoder) {
        out.put_count(self.0.len());
        for column in &self.0 {
            (column.begin as u64).encode(out);
            // It was made of a mark's.
            u32::try_from(column.stride).unwrap_or(u32::MAX).encode(out);
            (column.count as u64).encode(out);
        }
    }

    /// Those of `length` canonical bytes.
    pub(super) fn decode(from: &mut Decoder<'_>, length: usize) -> Result<Self, SnapshotError> {
        let (count, _) = from.take_count()?;
        if count as usize > SNAPSHOT_COLUMNS_MAX {
            return Err(SnapshotError::Columns);
        }
        let mut room = 0..length;
        let mut columns = Vec::new();
        for _ in 0..count {
            let mark = Mark {
                begin: u64::decode(from)?,
                stride: u32::decode(from)?,
                count: u64::decode(from)?,
            };
            let column = Column::of(mark, &room).ok_or(SnapshotError::Columns)?;
            room.start = column.range().end;
            columns.push(column);
        }
        Ok(Self(columns))
    }

    /// What lies before each column and behind the last one, of `length` bytes.
    fn gaps(&self, length: usize) -> impl Iterator<Item = Range<usize>> {
        let ends = self.0.iter().map(|column| column.range().end);
        let begins = self.0.iter().map(|column| column.begin);
        let ends = core::iter::once(0).chain(ends);
        let begins = begins.chain(core::iter::once(length));
        ends.zip(begins).map(|(end, begin)| end..begin)
    }

    /// Exclusive or with what lies in the same gap or column of `base`, as far as both go. Done
    /// twice, it is not done.
    pub(super) fn xor(&self, bytes: &mut [u8], other: &Self, base: &[u8]) {
        let gaps = self.gaps(bytes.len()).zip(other.gaps(base.len()));
        let columns = self.0.iter().zip(&other.0);
        let columns = columns.filter(|(ours, theirs)| ours.stride == theirs.stride);
        let columns = columns.map(|(ours, theirs)| (ours.range(), theirs.range()));
        for (ours, theirs) in gaps.chain(columns) {
            for (byte, base) in bytes[ours].iter_mut().zip(&base[theirs]) {
                *byte ^= base;
            }
        }
    }

    /// Appends `bytes` in the order that compresses well.
    pub(super) fn gather(&self, bytes: &[u8], out: &mut Vec<u8>) {
        for gap in self.gaps(bytes.len()) {
            out.extend_from_slice(&bytes[gap]);
        }
        let mut kept = Vec::new();
        for column in &self.0 {
            let stride = column.stride;
            for cells in bytes[column.range()].chunks(stride * CELLS_AT_ONCE) {
                let bits = out.len();
                out.resize(bits + bitmap(cells.len() / stride), 0);
                kept.clear();
                for (row, cell) in cells.chunks_exact(stride).enumerate() {
                    if cell.iter().any(|byte| *byte != 0) {
                        out[bits + row / 8] |= 1 << (row % 8);
                        kept.push(row * stride);
                    }
                }
                for plane in 0..stride {
                    out.extend(kept.iter().map(|cell| cells[cell + plane]));
                }
            }
        }
    }

    /// The `length` bytes that [`Columns::gather`] wrote as all of `rest`.
    pub(super) fn scatter(&self, mut rest: &[u8], length: usize) -> Result<Vec<u8>, SnapshotError> {
        let mut take = |count| {
            let (taken, left) = rest.split_at_checked(count).ok_or(SnapshotError::Columns)?;
            rest = left;
            Ok::<_, SnapshotError>(taken)
        };
        let mut bytes = vec![0; length];
        for gap in self.gaps(length) {
            let plain = take(gap.len())?;
            bytes[gap].copy_from_slice(plain);
        }
        let mut kept = Vec::new();
        for column in &self.0 {
            let stride = column.stride;
            for cells in bytes[column.range()].chunks_mut(stride * CELLS_AT_ONCE) {
                let count = cells.len() / stride;
                let bits = take(bitmap(count))?;
                let is_set = |row: &usize| bits[row / 8] >> (row % 8) & 1 == 1;
                kept.clear();
                kept.extend((0..count).filter(is_set).map(|row| row * stride));
                if (count..8 * bits.len()).any(|row| is_set(&row)) {
                    return Err(SnapshotError::Columns);
                }
                for plane in 0..stride {
                    for (cell, byte) in kept.iter().zip(take(kept.len())?) {
                        cells[cell + plane] = *byte;
                    }
                }
            }
        }
        if rest.is_empty() {
            Ok(bytes)
        } else {
            Err(SnapshotError::Columns)
        }
    }
}
