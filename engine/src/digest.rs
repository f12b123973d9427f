//! [`Digest`], the 64-bit hash of any node of the state tree.
//!
//! A digest is XXH3-64 (the frozen specification, defined on little-endian bytes) with the node's
//! key as its seed. Keys are derived along the path, so that equal bytes in two fields never cancel.

mod visit;

use core::fmt;

use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

pub(crate) use visit::At;
pub use visit::{DigestNode, DigestVisitor, Fold, digest_at};

use crate::codec::Encoder;
use crate::state::memory_of;

/// 64-bit hash of a node of the state tree. The digest of the root of a confirmed tick is its
/// *checksum*. Not cryptographic: it finds mistakes, not forgeries.
#[derive(
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    bytemuck::NoUninit,
)]
#[repr(transparent)]
pub struct Digest(pub u64);

impl Digest {
    /// Digest of `bytes` under `key`.
    #[must_use]
    #[inline]
    pub fn of(key: u64, bytes: &[u8]) -> Self {
        Self(XxHash3_64::oneshot_with_seed(key, bytes))
    }

    /// The chained digest `D_t = H(D_{t-1}, checksum_t)`: equal only if every tick so far was.
    #[must_use]
    pub fn chain(self, checksum: Self) -> Self {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0.to_le_bytes());
        bytes[8..].copy_from_slice(&checksum.0.to_le_bytes());
        Self::of(CHAIN_KEY, &bytes)
    }
}

/// Domain of [`Digest::chain`], apart from all node keys ("chain" in ASCII).
const CHAIN_KEY: u64 = 0x0063_6861_696e_0001;

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Where a digest is being computed: the node's key and a buffer to encode into.
#[derive(Debug)]
pub struct Node<'a> {
    key: u64,
    scratch: &'a mut Encoder,
}

impl<'a> Node<'a> {
    /// A root under `key`; `scratch` is a buffer to reuse.
    #[must_use]
    #[inline]
    pub fn root(key: u64, scratch: &'a mut Encoder) -> Self {
        Self { key, scratch }
    }

    /// The child number `index` (declaration order) of this node.
    #[must_use]
    #[inline]
    pub fn child(&mut self, index: u32) -> Node<'_> {
        Node {
            key: child_key(self.key, index),
            scratch: self.scratch,
        }
    }

    /// For nodes that hash their children themselves: the key and the buffer.
    pub(crate) const fn into_parts(self) -> (u64, &'a mut Encoder) {
        (self.key, self.scratch)
    }

    /// Shows a node that has nothing below it.
    pub(crate) fn show_flat(
        self,
        visitor: &mut dyn DigestVisitor,
        digest: impl FnOnce(Node<'_>) -> Digest,
    ) -> Digest {
        let key = self.key;
        let digest = digest(self);
        let fold = Fold::Bytes;
        visitor.node(DigestNode { key, digest, fold });
        digest
    }

    /// [`Node::fold`], shown to `visitor`.
    pub fn show(self, children: &[Digest], visitor: &mut dyn DigestVisitor) -> Digest {
        let key = self.key;
        let digest = self.fold(children);
        let fold = Fold::Children;
        visitor.node(DigestNode { key, digest, fold });
        digest
    }

    /// Digest of a leaf or plain container: of the canonical bytes that `encode` writes.
    #[must_use]
    #[inline]
    pub fn flat(self, encode: impl FnOnce(&mut Encoder)) -> Digest {
        self.scratch.clear();
        encode(self.scratch);
        Digest::of(self.key, self.scratch.bytes())
    }

    /// The same of canonical bytes that lie somewhere.
    #[inline]
    pub(crate) fn bytes(self, bytes: &[u8]) -> Digest {
        Digest::of(self.key, bytes)
    }

    /// Digest of a node from the digests of its children, in order.
    #[must_use]
    #[inline]
    pub fn fold(self, children: &[Digest]) -> Digest {
        match memory_of(children) {
            Some(bytes) => self.bytes(bytes),
            None => self.flat(|out| {
                for child in children {
                    out.put(&child.0.to_le_bytes());
                }
            }),
        }
    }
}

/// SplitMix64's finaliser: distinct, well-spread keys from the parent's and an index.
#[inline]
pub(crate) fn child_key(key: u64, index: u32) -> u64 {
    let mut key = key
        ^ u64::from(index)
            .wrapping_add(1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_the_published_xxh3() {
        // From the reference implementation's test vectors: XXH3_64 of no bytes, seed 0.
        assert_eq!(Digest::of(0, b"").0, 0x2d06_8005_38d3_94c2);
    }

    /// By another implementation, at all lengths that it treats in a way of their own and beyond, and
    /// whatever vector instructions ours finds.
    #[test]
    fn hash_is_the_same_by_another_implementation() {
        let bytes: alloc::vec::Vec<u8> = (0..5_000_u64)
            .map(|at| crate::mix(at).to_le_bytes()[0])
            .collect();
        for length in (0..=1_100).chain((1_101..5_000).step_by(97)) {
            for key in [0, 1, u64::MAX, crate::mix(length as u64)] {
                let bytes = &bytes[..length];
                let other = xxhash_rust::xxh3::xxh3_64_with_seed(bytes, key);
                assert_eq!(Digest::of(key, bytes).0, other, "{length} bytes");
            }
        }
    }

    #[test]
    fn equal_bytes_in_two_places_differ() {
        let mut scratch = Encoder::new();
        let mut root = Node::root(1, &mut scratch);
        let a = root.child(0).flat(|out| out.put(&[7]));
        let b = root.child(1).flat(|out| out.put(&[7]));
        assert_ne!(a, b);
        assert_ne!(root.child(0).fold(&[a, b]), root.child(0).fold(&[b, a]));
    }

    #[test]
    fn a_chain_never_heals() {
        let good = Digest(1).chain(Digest(2)).chain(Digest(3));
        let bad = Digest(1).chain(Digest(9)).chain(Digest(3));
        assert_ne!(good, bad);
    }
}
