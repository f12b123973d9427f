//! [`Queue`]: what happens next.

use core::cmp::Ordering;
use std::collections::BinaryHeap;

/// Events by time; those of one time in the order in which they were put in.
#[derive(Debug)]
pub(super) struct Queue<E> {
    heap: BinaryHeap<Entry<E>>,
    put: u64,
}

#[derive(Debug)]
struct Entry<E> {
    time: i64,
    order: u64,
    event: E,
}

impl<E> Queue<E> {
    pub(super) const fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
            put: 0,
        }
    }

    pub(super) fn put(&mut self, time: i64, event: E) {
        self.put += 1;
        self.heap.push(Entry {
            time,
            order: self.put,
            event,
        });
    }

    pub(super) fn take(&mut self) -> Option<(i64, E)> {
        self.heap.pop().map(|entry| (entry.time, entry.event))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    /// The heap is a heap of the greatest: the next is greater.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.time, other.order).cmp(&(self.time, self.order))
    }
}
