//! What differs between two tables: blocks of equal digests are left alone.

use alloc::vec::Vec;

use super::blocks::{BLOCK_ROWS, blocks_of};
use super::{Row, Store, Table};
use crate::diff::{Sides, Walk};
use crate::index::at;
use crate::state::{Leaf, PathStep};

/// Why the rows of a block are compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Not the same ones live, or not in both tables.
    Places,
    Generations,
    /// A field, by its number.
    Field(u32),
}

impl<R: Row> Table<R> {
    /// Row by row, and in each field by field.
    pub(super) fn diff_rows(&self, other: &Self, walk: &mut Walk) {
        let parts = self.unequal_parts(other, walk);
        let places = self.places().max(other.places());
        for block in parts.chunk_by(|left, right| left.0 == right.0) {
            if walk.is_done() {
                return;
            }
            for (_, part) in block {
                if *part != Part::Places {
                    walk.open_block();
                }
            }
            let begin = block[0].0 * BLOCK_ROWS;
            for row in begin..(begin + BLOCK_ROWS).min(places) {
                self.diff_place(other, row, block, walk);
            }
        }
    }

    /// Every block of which something may differ, in order, with what that is.
    fn unequal_parts(&self, other: &Self, walk: &mut Walk) -> Vec<(u32, Part)> {
        let mut parts = Vec::new();
        let mut words = Vec::new();
        self.live.unequal(&other.live, walk, &mut |block| {
            let begin = block * BLOCK_ROWS;
            words.push(begin..begin + BLOCK_ROWS);
        });
        for words in words {
            walk.open_block();
            let differ = |word: &u32| self.live.get(at(*word)) != other.live.get(at(*word));
            parts.extend(words.filter(differ).map(|word| (word, Part::Places)));
        }
        // Those that only one table has. Of one that only one has in full the generations differ: that
        // of a place is never zero.
        let (left, right) = (blocks_of(self.places()), blocks_of(other.places()));
        let one_sided = left.min(right)..left.max(right);
        parts.extend(one_sided.map(|block| (block, Part::Places)));
        self.generations
            .unequal(&other.generations, walk, &mut |block| {
                parts.push((block, Part::Generations));
            });
        R::unequal(&self.columns, &other.columns, walk, &mut |field, block| {
            parts.push((block, Part::Field(field)));
        });
        parts.sort();
        parts
    }

    fn diff_place(&self, other: &Self, row: u32, parts: &[(u32, Part)], walk: &mut Walk) {
        let (left, right) = (self.id(row), other.id(row));
        if left.is_none() && right.is_none() {
            // The generation of what comes there next.
            return walk.within(PathStep::Field("generations"), |walk| {
                walk.within(PathStep::Element(row.into()), |walk| {
                    let generation = |table: &Self| table.generations.get(at(row)).copied();
                    diff_generations(generation(self), generation(other), walk);
                });
            });
        }
        if left == right {
            return walk.within(self.step(row), |walk| {
                for (_, part) in parts {
                    if let Part::Field(field) = *part {
                        R::diff_field(&self.columns, &other.columns, row, field, walk);
                    }
                }
            });
        }
        if left.is_some() {
            walk.within(self.step(row), |walk| walk.found(Sides::OnlyLeft));
        }
        if right.is_some() {
            walk.within(other.step(row), |walk| walk.found(Sides::OnlyRight));
        }
    }
}

fn diff_generations(left: Option<u32>, right: Option<u32>, walk: &mut Walk) {
    match (left, right) {
        (Some(left), Some(right)) => {
            walk.values(Leaf::Unsigned(left.into()), Leaf::Unsigned(right.into()));
        }
        (Some(_), None) => walk.found(Sides::OnlyLeft),
        (None, Some(_)) => walk.found(Sides::OnlyRight),
        (None, None) => {}
    }
}

/// Row by row, of columns or lists that are no table's, or its allocator's.
pub(super) fn diff_stores<T, S: Store<T>>(left: &S, right: &S, walk: &mut Walk) {
    let mut blocks = Vec::new();
    left.unequal(right, walk, &mut |block| blocks.push(block));
    let (fewer, more) = (left.rows().min(right.rows()), left.rows().max(right.rows()));
    for block in blocks {
        if walk.is_done() {
            return;
        }
        walk.open_block();
        let begin = block * BLOCK_ROWS;
        for row in begin..(begin + BLOCK_ROWS).min(fewer) {
            let step = PathStep::Element(row.into());
            walk.within(step, |walk| left.diff_row(right, row, walk));
        }
    }
    let side = if left.rows() == more {
        Sides::OnlyLeft
    } else {
        Sides::OnlyRight
    };
    for row in fewer..more {
        if walk.is_done() {
            return;
        }
        walk.within(PathStep::Element(row.into()), |walk| walk.found(side));
    }
}
