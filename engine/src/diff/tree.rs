//! [`Tree`], what a value shows of itself.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Sides, Walk};
use crate::state::{Leaf, PathStep, State, Visitor};

/// All leaves of a value, by the steps that lead to them.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Mostly none or one; the key and the value of a map are two.
    leaves: Vec<Leaf>,
    children: Vec<(PathStep, Self)>,
}

impl Tree {
    pub(super) fn of<T: State>(state: &T) -> Self {
        let mut builder = Builder::default();
        state.visit(&mut builder);
        builder.tree
    }

    /// The name of the variant, if this is an enum or option.
    fn variant(&self) -> Option<&'static str> {
        match (&self.leaves[..], &self.children[..]) {
            ([Leaf::Variant(name)], []) | ([], [(PathStep::Variant(name), _)]) => Some(name),
            _ => None,
        }
    }

    /// Tells `walk` what differs from `other`.
    pub(super) fn diff(&self, other: &Self, walk: &mut Walk) {
        if let (Some(left), Some(right)) = (self.variant(), other.variant())
            && left != right
        {
            walk.values(Leaf::Variant(left), Leaf::Variant(right));
            return;
        }
        for (left, right) in self.leaves.iter().zip(&other.leaves) {
            walk.values(*left, *right);
        }
        one_sided(walk, self.leaves.len(), other.leaves.len());
        self.diff_children(other, walk);
    }

    fn diff_children(&self, other: &Self, walk: &mut Walk) {
        // Steps that are there more than once are told apart by how often they were there before.
        let mut there = BTreeMap::<_, Vec<_>>::new();
        for (step, child) in other.children.iter().rev() {
            there.entry(*step).or_default().push(child);
        }
        for (step, child) in &self.children {
            let twin = there.get_mut(step).and_then(Vec::pop);
            walk.within(*step, |walk| match twin {
                Some(twin) => child.diff(twin, walk),
                None => walk.found(Sides::OnlyLeft),
            });
        }
        for (step, child) in there {
            for _ in child {
                walk.within(step, |walk| walk.found(Sides::OnlyRight));
            }
        }
    }
}

/// Notes what one side has more of at the present path.
fn one_sided<T: Ord>(walk: &mut Walk, left: T, right: T) {
    match left.cmp(&right) {
        core::cmp::Ordering::Less => walk.found(Sides::OnlyRight),
        core::cmp::Ordering::Equal => {}
        core::cmp::Ordering::Greater => walk.found(Sides::OnlyLeft),
    }
}

#[derive(Default)]
struct Builder {
    tree: Tree,
    /// Those above, and by which step they were left.
    above: Vec<(Tree, PathStep)>,
}

impl Visitor for Builder {
    fn enter(&mut self, step: PathStep) {
        self.above.push((core::mem::take(&mut self.tree), step));
    }

    fn leaf(&mut self, value: Leaf) {
        self.tree.leaves.push(value);
    }

    fn leave(&mut self) {
        if let Some((above, step)) = self.above.pop() {
            let child = core::mem::replace(&mut self.tree, above);
            self.tree.children.push((step, child));
        }
    }
}
