//! [`Mark`]: where the columns of tables lie in an encoding.

use alloc::vec::Vec;

use super::Encoder;

/// Where the cells of one column lie in an encoding: side by side, all of one width. Of
/// [`Lists`](crate::Lists), which have none, every byte is a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The first byte of the first cell.
    pub begin: u64,
    /// Width of a cell, bytes.
    pub stride: u32,
    /// How many cells there are.
    pub count: u64,
}

impl Mark {
    /// All cells together, bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.count * self.stride as u64
    }
}

/// The count that every column writes before its cells, bytes.
const COUNT_BYTES: u64 = 4;

impl Encoder {
    /// An encoder that also notes where tables write their columns.
    #[must_use]
    pub const fn marking() -> Self {
        Self {
            bytes: Vec::new(),
            len: 0,
            marks: Some(Vec::new()),
        }
    }

    /// The columns written so far, in order; none if nobody asked for them.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        self.marks.as_deref().unwrap_or_default()
    }

    /// How many bytes were not written by tables that keep a journal of their own (those in containers,
    /// options and enums do not); all of them if nobody asked for marks.
    #[must_use]
    pub fn plain_bytes(&self) -> u64 {
        let columns = self.marks().iter().map(|mark| COUNT_BYTES + mark.bytes());
        self.len - columns.sum::<u64>()
    }

    /// What was written, and the columns in it.
    #[must_use]
    pub fn into_marked(mut self) -> (Vec<u8>, Vec<Mark>) {
        let marks = self.marks.take();
        (self.into_bytes(), marks.unwrap_or_default())
    }

    /// The cells of a column follow.
    #[inline]
    pub(crate) fn mark(&mut self, stride: u32, count: u32) {
        if self.marks.is_some() {
            self.push_mark(self.len, stride, count.into());
        }
    }

    /// Apart, so that who is not listened to stays small and quick.
    #[cold]
    #[inline(never)]
    fn push_mark(&mut self, begin: u64, stride: u32, count: u64) {
        self.marks.get_or_insert_default().push(Mark {
            begin,
            stride,
            count,
        });
    }

    /// Writes the lists of a column. They leave one mark, as what is in them varies in length.
    #[inline]
    pub(crate) fn mark_lists(&mut self, content: impl FnOnce(&mut Self)) {
        let begin = self.len;
        self.unmarked(content);
        if self.marks.is_some() {
            self.push_mark(begin, 1, self.len - begin);
        }
    }

    /// Writes what is copied as a whole at every tick, a table in it too: it leaves no mark.
    #[doc(hidden)]
    #[inline]
    pub fn unmarked(&mut self, content: impl FnOnce(&mut Self)) {
        let marks = self.marks.take();
        content(self);
        self.marks = marks;
    }
}
