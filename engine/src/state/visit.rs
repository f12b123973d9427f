//! Walking the state tree: to show it, and to change one leaf of it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::{Leaf, LeafMut, State};

/// One step of a path in the state tree, such as `fighters` or `[3]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathStep {
    /// A field of a struct or of an enum's variant.
    Field(&'static str),
    /// An unnamed field of a tuple.
    Position(u32),
    /// An element of a container.
    Element(u64),
    /// The variant of an enum whose fields follow.
    Variant(&'static str),
    /// A row of a table.
    Row {
        /// Its place.
        row: u32,
        /// How often the place was taken before, and once more.
        generation: u32,
    },
    /// A block of a column's rows, in the tree of digests.
    Rows {
        /// The first.
        begin: u32,
        /// The one after the last.
        end: u32,
    },
}

impl fmt::Display for PathStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Position(index) => write!(f, ".{index}"),
            Self::Element(index) => write!(f, "[{index}]"),
            Self::Variant(name) => write!(f, "::{name}"),
            Self::Row { row, generation } => write!(f, "[{row}:{generation}]"),
            Self::Rows { begin, end } => write!(f, "[{begin}..{end}]"),
        }
    }
}

/// Sees every leaf of a state, between the steps of its path.
pub trait Visitor {
    /// Goes down by one step.
    fn enter(&mut self, step: PathStep);
    /// A leaf at the present path.
    fn leaf(&mut self, value: Leaf);
    /// Goes up by one step.
    fn leave(&mut self);
}

/// Is offered every leaf of a state for change, between the steps of its path.
pub trait VisitorMut {
    /// Goes down by one step.
    fn enter(&mut self, step: PathStep);
    /// A leaf at the present path.
    fn leaf(&mut self, leaf: &mut dyn LeafMut);
    /// Goes up by one step.
    fn leave(&mut self);
}

/// Counts, and on the second walk flips, the valid bits below one top-level field.
struct Flip {
    depth: u32,
    field: u64,
    wanted_field: Option<u64>,
    leaves: u64,
    wanted_leaf: Option<(u64, u64)>,
    fields_with_leaves: u64,
    field_has_leaf: bool,
}

impl VisitorMut for Flip {
    fn enter(&mut self, _step: PathStep) {
        if self.depth == 0 {
            self.field_has_leaf = false;
        }
        self.depth += 1;
    }

    fn leaf(&mut self, leaf: &mut dyn LeafMut) {
        if leaf.bits() == 0 {
            return;
        }
        if !self.field_has_leaf {
            self.field_has_leaf = true;
            self.field = self.fields_with_leaves;
            self.fields_with_leaves += 1;
        }
        if self.wanted_field.is_some_and(|wanted| wanted != self.field) {
            return;
        }
        if let Some((wanted, draw)) = self.wanted_leaf
            && wanted == self.leaves
        {
            leaf.flip(u32::try_from(draw % u64::from(leaf.bits())).unwrap_or(0));
        }
        self.leaves += 1;
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }
}

impl Flip {
    const fn walk(wanted_field: Option<u64>, wanted_leaf: Option<(u64, u64)>) -> Self {
        Self {
            depth: 0,
            field: 0,
            wanted_field,
            leaves: 0,
            wanted_leaf,
            fields_with_leaves: 0,
            field_has_leaf: false,
        }
    }
}

/// Flips one bit of a leaf by its number, and keeps its path.
struct FlipNumber {
    number: u64,
    draw: u64,
    path: Vec<PathStep>,
    found: Option<Vec<PathStep>>,
    leaves: u64,
}

impl VisitorMut for FlipNumber {
    fn enter(&mut self, step: PathStep) {
        self.path.push(step);
    }

    fn leaf(&mut self, leaf: &mut dyn LeafMut) {
        if leaf.bits() == 0 {
            return;
        }
        if self.leaves == self.number {
            leaf.flip(u32::try_from(self.draw % u64::from(leaf.bits())).unwrap_or(0));
            self.found = Some(self.path.clone());
        }
        self.leaves += 1;
    }

    fn leave(&mut self) {
        self.path.pop();
    }
}

/// How many leaves can be flipped.
pub(crate) fn leaves<T: State>(state: &mut T) -> u64 {
    flip_number(state, u64::MAX, 0).1
}

/// Flips a bit, drawn by `draw`, of leaf `number`; returns the leaf's path, such as `.units[3:1].health`, if there is one.
pub(crate) fn flip_leaf_number<T: State>(state: &mut T, number: u64, draw: u64) -> Option<String> {
    let path = flip_number(state, number, draw).0?;
    Some(path.iter().map(ToString::to_string).collect())
}

fn flip_number<T: State>(state: &mut T, number: u64, draw: u64) -> (Option<Vec<PathStep>>, u64) {
    let mut flip = FlipNumber {
        number,
        draw,
        path: Vec::new(),
        found: None,
        leaves: 0,
    };
    state.visit_mut(&mut flip);
    (flip.found, flip.leaves)
}

/// Flips one valid bit of one leaf, as a fault planted on purpose: in the top-level field `seed`
/// modulo their number (fields without a leaf do not count), at a leaf and bit drawn from `seed`.
/// Returns the field's index, or `None` if the state has no leaf at all.
///
/// It changes the state through [`State::visit_mut`], as an assignment would, and knows nothing
/// of digests.
pub fn flip_leaf<T: State>(state: &mut T, seed: u64) -> Option<u64> {
    let mut count = Flip::walk(None, None);
    state.visit_mut(&mut count);
    let field = seed.checked_rem(count.fields_with_leaves)?;

    let mut inside = Flip::walk(Some(field), None);
    state.visit_mut(&mut inside);
    let draw = crate::rng::mix(seed);
    let leaf = draw.checked_rem(inside.leaves)?;

    state.visit_mut(&mut Flip::walk(
        Some(field),
        Some((leaf, crate::rng::mix(draw))),
    ));
    Some(field)
}
