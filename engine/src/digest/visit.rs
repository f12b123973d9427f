//! [`DigestVisitor`]: the tree of digests, as far down as it goes.

use alloc::vec::Vec;

use super::{Digest, Node};
use crate::state::{PathStep, State};

/// How the digest of a node comes about. All numbers are little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Hash of canonical bytes: of a leaf, a plain container, a block of rows.
    Bytes,
    /// Hash of the digests of the children, 8 bytes each, in order: of a struct or table.
    Children,
    /// Hash of the number of rows, 4 bytes, and of the wrapping sum of the digests of the children,
    /// 8 bytes: of a column or of lists.
    Blocks {
        /// How many rows there are.
        rows: u32,
    },
}

/// A node of the tree of digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestNode {
    /// The seed of its hash.
    pub key: u64,
    /// Its digest.
    pub digest: Digest,
    /// What was hashed.
    pub fold: Fold,
}

/// Sees the tree of digests: [`State::visit_digests`].
pub trait DigestVisitor {
    /// Goes down by one step.
    fn enter(&mut self, step: PathStep);
    /// The node at the present path, after all that are below it.
    fn node(&mut self, node: DigestNode);
    /// Goes up by one step.
    fn leave(&mut self);
}

/// The digest of the node of `state` at `path`, such as the fields `units`, `columns`, `position`
/// and then [`PathStep::Rows`]; `None` if there is no such node.
///
/// The whole tree is gone through, which costs what [`State::visit_digests`] does.
///
/// ```
/// use phalanx_engine::{Encoder, Node, PathStep, State, digest_at};
///
/// #[derive(State)]
/// struct Ball { height: u32, speed: u32 }
///
/// let mut scratch = Encoder::new();
/// let (path, ball) = ([PathStep::Field("speed")], Ball { height: 3, speed: 4 });
/// let digest = digest_at(&ball, Node::root(7, &mut scratch), &path);
/// assert_eq!(digest, Some(4_u32.digest(Node::root(7, &mut scratch).child(1))));
/// ```
pub fn digest_at<T: State>(state: &T, node: Node<'_>, path: &[PathStep]) -> Option<Digest> {
    let mut at = At::new(path);
    state.visit_digests(node, &mut at);
    at.found
}

/// Looks for the node at a path.
pub(crate) struct At<'a> {
    wanted: &'a [PathStep],
    path: Vec<PathStep>,
    pub(crate) found: Option<Digest>,
}

impl<'a> At<'a> {
    pub(crate) const fn new(wanted: &'a [PathStep]) -> Self {
        Self {
            wanted,
            path: Vec::new(),
            found: None,
        }
    }
}

impl DigestVisitor for At<'_> {
    fn enter(&mut self, step: PathStep) {
        self.path.push(step);
    }
    fn node(&mut self, node: DigestNode) {
        if self.path == self.wanted {
            self.found = Some(node.digest);
        }
    }
    fn leave(&mut self) {
        self.path.pop();
    }
}
