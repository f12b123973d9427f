//! How often an operator saturated or divided by zero, for whoever tunes a game's numbers.

#[cfg(feature = "count-overflows")]
use core::sync::atomic::{AtomicU64, Ordering};

#[cfg(feature = "count-overflows")]
static OVERFLOWS: AtomicU64 = AtomicU64::new(0);

/// Counts an operation if it overflowed. Without the feature, nothing is evaluated.
#[inline]
pub(super) fn note(overflowed: impl FnOnce() -> bool) {
    #[cfg(feature = "count-overflows")]
    if overflowed() {
        core::hint::cold_path();
        OVERFLOWS.fetch_add(1, Ordering::Relaxed);
    }
    #[cfg(not(feature = "count-overflows"))]
    let _ = overflowed;
}

/// How many operations of [`Fix`](super::Fix) and [`Fix32`](super::Fix32) saturated or divided by
/// zero, in the whole process, since it began or since [`reset_overflows`]. Only with the feature
/// `count-overflows`, which changes no result (and needs a machine with 64-bit atomics).
///
/// Counted are the operators, `+ - * / %` and their assignments, unary `-`, and sums of iterators.
/// Named forms such as `saturating_add` and `abs` say themselves what they do at the ends of the
/// range, and are not.
///
/// The count is a diagnosis and no part of any state: a rollback does not take it back, and a step
/// that read it would desync.
#[cfg(feature = "count-overflows")]
#[must_use]
pub fn overflows() -> u64 {
    OVERFLOWS.load(Ordering::Relaxed)
}

/// Begins to count from zero, and returns what [`overflows`] was.
#[cfg(feature = "count-overflows")]
pub fn reset_overflows() -> u64 {
    OVERFLOWS.swap(0, Ordering::Relaxed)
}
