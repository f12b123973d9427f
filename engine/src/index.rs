//! The one place where numbers become positions in a slice.

#![expect(
    clippy::disallowed_types,
    reason = "a slice is indexed by usize; no state holds one"
)]

/// A position in a slice.
pub(crate) const fn at(index: u32) -> usize {
    index as usize
}

/// The position of `tick` in a ring of `capacity` elements.
pub(crate) fn ring(tick: u64, capacity: usize) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the remainder is below a usize"
    )]
    let position = (tick % capacity as u64) as usize;
    position
}

/// A position in a slice that is as long as memory allows.
///
/// # Panics
/// If the position is beyond memory, which no slice is.
#[inline]
pub(crate) fn slice_index(index: u64) -> usize {
    usize::try_from(index).expect("a position within memory")
}
