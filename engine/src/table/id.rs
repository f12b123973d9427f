//! [`Id`], which row of a table is meant, also after others have come and gone.

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;

use super::Cell;
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::state::{Leaf, Schema, State, Visitor, VisitorMut, undo_by_copy};

/// A row of a [`Table<R>`](super::Table), for ever: once the row is removed the id means nothing, even if another row
/// takes its place. The default id never means anything.
pub struct Id<R> {
    pub(super) row: u32,
    /// From 1 on, raised whenever the row's place becomes free. It comes round after 2³² - 1 rows in
    /// the same place.
    pub(super) generation: u32,
    table: PhantomData<fn() -> R>,
}

impl<R> Id<R> {
    pub(super) const fn new(row: u32, generation: u32) -> Self {
        Self {
            row,
            generation,
            table: PhantomData,
        }
    }

    /// Generation and row in one number, such as an [`EffectKey`](crate::EffectKey) wants it.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        (self.generation as u64) << 32 | self.row as u64
    }

    const fn parts(self) -> (u32, u32) {
        (self.row, self.generation)
    }
}

impl<R> Copy for Id<R> {}

impl<R> Clone for Id<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Default for Id<R> {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

impl<R> PartialEq for Id<R> {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl<R> Eq for Id<R> {}

impl<R> PartialOrd for Id<R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By row.
impl<R> Ord for Id<R> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl<R> Hash for Id<R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

/// Row and generation, such as `41:3`.
impl<R> fmt::Display for Id<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.row, self.generation)
    }
}

impl<R> fmt::Debug for Id<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

impl<R: 'static> State for Id<R> {
    const WIDTH: Option<u32> = Some(Self::BYTES);
    undo_by_copy!();
    /// Without the row's type: rows may hold ids of their own table.
    fn schema(schema: &mut Schema) {
        schema.leaf("Id");
    }
    fn encode(&self, out: &mut Encoder) {
        self.encode_cell(out.put_room(Self::BYTES));
    }
    fn encode_fixed(&self, out: &mut [u8]) {
        self.encode_cell(out);
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Self::decode_cell(from)
    }
    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.leaf(Leaf::Id {
            row: self.row,
            generation: self.generation,
        });
    }
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        self.row.visit_mut(visitor);
        self.generation.visit_mut(visitor);
    }
}

impl<R: 'static> Cell for Id<R> {
    const BYTES: u32 = 8;
    const ZERO: Self = Self::new(0, 0);
    #[inline]
    fn encode_cell(&self, out: &mut [u8]) {
        self.generation.encode_cell(self.row.encode_front(out));
    }
    #[inline]
    fn decode_cell(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let (row, generation) = Cell::decode_cell(from)?;
        Ok(Self::new(row, generation))
    }
}
