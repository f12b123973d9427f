//! [`Walk`], two states gone through side by side.

use alloc::vec::Vec;

use super::tree::Tree;
use super::{Diff, Difference, Path, Sides};
use crate::codec::Encoder;
use crate::index::at;
use crate::state::{Leaf, PathStep, State};

/// Two states being gone through side by side by [`State::diff`]: where it is, and what was found.
#[derive(Debug)]
pub struct Walk {
    path: Vec<PathStep>,
    diff: Diff,
    limit: u32,
    left: Encoder,
    right: Encoder,
}

impl Walk {
    pub(super) const fn new(limit: u32) -> Self {
        Self {
            path: Vec::new(),
            diff: Diff {
                differences: Vec::new(),
                more: false,
                blocks_opened: 0,
                blocks: 0,
            },
            limit,
            left: Encoder::new(),
            right: Encoder::new(),
        }
    }

    pub(super) fn finish(self) -> Diff {
        self.diff
    }

    /// Goes down by one step, does `inside` and goes up again.
    pub fn within(&mut self, step: PathStep, inside: impl FnOnce(&mut Self)) {
        if self.is_done() {
            return;
        }
        self.path.push(step);
        inside(self);
        self.path.pop();
    }

    /// Whether more differences were found than were asked for.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.diff.more
    }

    /// Notes what differs at the present path.
    pub fn found(&mut self, sides: Sides) {
        if self.diff.differences.len() < at(self.limit) {
            let path = Path(self.path.clone());
            self.diff.differences.push(Difference { path, sides });
        } else {
            self.diff.more = true;
        }
    }

    /// Notes two values of the present path, if they differ.
    pub fn values(&mut self, left: Leaf, right: Leaf) {
        if left != right {
            self.found(Sides::Values { left, right });
        }
    }

    /// Compares what the two show, if their canonical bytes differ.
    pub fn plain<T: State>(&mut self, left: &T, right: &T) {
        self.left.clear();
        self.right.clear();
        left.encode(&mut self.left);
        right.encode(&mut self.right);
        let (before, after) = (self.left.bytes(), self.right.bytes());
        if self.is_done() || before == after {
            return;
        }
        let bytes = before.iter().zip(after);
        let equal = bytes.take_while(|(before, after)| before == after);
        let equal = equal.map(|_| 1).sum();

        let found = self.diff.differences.len();
        Tree::of(left).diff(&Tree::of(right), self);
        if self.diff.differences.len() == found && !self.is_done() {
            self.found(Sides::Bytes { equal });
        }
    }

    /// Counts the blocks of a column.
    pub(crate) fn count_blocks(&mut self, blocks: u32) {
        self.diff.blocks += u64::from(blocks);
    }

    /// Counts a block of which rows are compared.
    pub(crate) fn open_block(&mut self) {
        self.diff.blocks_opened += 1;
    }
}
