//! Canonical bytes: little-endian, fixed width, no padding; one value has one encoding.

mod marks;

use alloc::vec::Vec;

pub use marks::Mark;

use crate::index::slice_index;
use crate::limits::{DECODE_RESERVE_MAX, SCHEMA_DEPTH_MAX};

/// Appends canonical bytes to a buffer that is meant to be reused.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    /// What was written, and behind it what was written before the last [`Encoder::clear`]: room that
    /// needs no filling with zeros before it is written to.
    bytes: Vec<u8>,
    /// How many of the bytes are written.
    len: u64,
    /// Where tables wrote their columns, if anybody asked.
    marks: Option<Vec<Mark>>,
}

impl Encoder {
    /// An empty encoder.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: Vec::new(),
            len: 0,
            marks: None,
        }
    }

    /// Appends `bytes` as they are.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        self.room(bytes.len() as u64).copy_from_slice(bytes);
    }

    /// Appends one byte.
    #[inline]
    pub fn put_u8(&mut self, byte: u8) {
        self.put(&[byte]);
    }

    /// Appends a count of elements, as every container does before its elements.
    ///
    /// # Panics
    /// If there are more than `u32::MAX` elements.
    #[inline]
    pub fn put_count(&mut self, count: impl TryInto<u32>) {
        let Ok(count) = count.try_into() else {
            panic!("a container in a state holds at most u32::MAX elements");
        };
        self.put(&count.to_le_bytes());
    }

    /// Appends `count` bytes that may hold anything, all of them to be written to.
    #[inline]
    pub fn put_room(&mut self, count: u32) -> &mut [u8] {
        self.room(count.into())
    }

    #[inline]
    fn room(&mut self, count: u64) -> &mut [u8] {
        let begin = self.len;
        self.len += count;
        if self.len > self.bytes.len() as u64 {
            self.grow();
        }
        // Both are positions in memory that exists.
        &mut self.bytes[slice_index(begin)..slice_index(self.len)]
    }

    #[cold]
    fn grow(&mut self) {
        self.bytes.resize(slice_index(self.len), 0);
    }

    /// What was written so far.
    #[must_use]
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..slice_index(self.len)]
    }

    /// Forgets what was written, keeps the capacity.
    #[inline]
    pub fn clear(&mut self) {
        self.len = 0;
        if let Some(marks) = &mut self.marks {
            marks.clear();
        }
    }

    /// Makes room for `bytes` more bytes.
    pub fn reserve(&mut self, bytes: u64) {
        let spare = self.bytes.len() as u64 - self.len;
        self.bytes.reserve(slice_index(bytes.saturating_sub(spare)));
    }

    /// What was written, as a vector.
    #[must_use]
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(slice_index(self.len));
        self.bytes
    }
}

impl From<Vec<u8>> for Encoder {
    /// An encoder that goes on after `bytes`.
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            len: bytes.len() as u64,
            bytes,
            marks: None,
        }
    }
}

/// Why bytes are not the canonical encoding of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end before the value does.
    #[error("the bytes end before the value does")]
    UnexpectedEnd,
    /// Bytes are left over after the value.
    #[error("{0} bytes are left over after the value")]
    TrailingBytes(u64),
    /// A field holds a value that its type does not have.
    #[error("not a value of {0}")]
    Invalid(&'static str),
    /// A container holds more elements than its limit or than the bytes can hold.
    #[error("{0} holds more elements than allowed")]
    TooMany(&'static str),
    /// Containers hold containers, deeper than the types of a state may nest.
    #[error("containers nest deeper than {SCHEMA_DEPTH_MAX}")]
    TooDeep,
}

/// Reads canonical bytes; refuses every other encoding.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    rest: &'a [u8],
    /// Containers that are being read.
    depth: u32,
}

impl<'a> Decoder<'a> {
    /// Reads from `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            depth: 0,
        }
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`DecodeError::UnexpectedEnd`].
    #[inline]
    #[expect(clippy::disallowed_types, reason = "a const generic length is a usize")]
    pub fn take<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (head, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(DecodeError::UnexpectedEnd)?;
        self.rest = rest;
        Ok(*head)
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// [`DecodeError::UnexpectedEnd`].
    pub fn take_slice(&mut self, count: u32) -> Result<&'a [u8], DecodeError> {
        let (head, rest) = self
            .rest
            .split_at_checked(count as _)
            .ok_or(DecodeError::UnexpectedEnd)?;
        self.rest = rest;
        Ok(head)
    }

    /// All bytes that are left.
    pub const fn take_rest(&mut self) -> &'a [u8] {
        let rest = self.rest;
        self.rest = &[];
        rest
    }

    /// The next `count` bytes, all of them zero: the padding of `what`.
    ///
    /// # Errors
    /// [`DecodeError::UnexpectedEnd`], or [`DecodeError::Invalid`] if one is not zero.
    pub fn take_zeros(&mut self, count: u32, what: &'static str) -> Result<(), DecodeError> {
        if self.take_slice(count)?.iter().all(|byte| *byte == 0) {
            Ok(())
        } else {
            Err(DecodeError::Invalid(what))
        }
    }

    /// The next byte.
    ///
    /// # Errors
    /// [`DecodeError::UnexpectedEnd`].
    #[inline]
    pub fn take_u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.take::<1>()?[0])
    }

    /// A count of elements and how many of them to reserve memory for.
    ///
    /// # Errors
    /// [`DecodeError::UnexpectedEnd`].
    pub fn take_count(&mut self) -> Result<(u32, u32), DecodeError> {
        let count = u32::from_le_bytes(self.take()?);
        Ok((count, count.min(DECODE_RESERVE_MAX)))
    }

    /// Reads what lies within a container, whose elements may be containers again. A type that
    /// contains itself could otherwise be told to nest until the stack ends.
    pub(crate) fn within<T>(
        &mut self,
        content: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        if self.depth >= SCHEMA_DEPTH_MAX {
            return Err(DecodeError::TooDeep);
        }
        self.depth += 1;
        let result = content(self);
        self.depth -= 1;
        result
    }

    /// Bytes not read yet.
    #[must_use]
    pub const fn remaining(&self) -> u64 {
        self.rest.len() as u64
    }

    /// Checks that everything was read.
    ///
    /// # Errors
    /// [`DecodeError::TrailingBytes`].
    pub const fn finish(self) -> Result<(), DecodeError> {
        match self.remaining() {
            0 => Ok(()),
            left => Err(DecodeError::TrailingBytes(left)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_accounted_for() {
        let mut encoder = Encoder::new();
        encoder.put_count(3_u32);
        encoder.put_u8(9);
        let mut decoder = Decoder::new(encoder.bytes());
        assert_eq!(decoder.take_count(), Ok((3, 3)));
        assert_eq!(decoder.clone().finish(), Err(DecodeError::TrailingBytes(1)));
        assert_eq!(decoder.take_slice(2), Err(DecodeError::UnexpectedEnd));
        assert_eq!(decoder.take_u8(), Ok(9));
        assert_eq!(decoder.take_u8(), Err(DecodeError::UnexpectedEnd));
        assert_eq!(decoder.finish(), Ok(()));
    }
}
