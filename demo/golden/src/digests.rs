//! The hashes by which everything else is compared.

use phalanx_engine::{Digest, Encoder, FrameHash, Node, mix};

use crate::Component;

/// Longest text hashed, bytes: beyond every length at which an algorithm changes its way.
const BYTES_MAX: u64 = 2100;

pub(crate) const COMPONENTS: &[Component] = &[
    Component::new("digest.bytes", |tape| {
        for (key, text) in texts() {
            tape.note(&Digest::of(key, &text).0);
        }
    }),
    Component::new("digest.chain", |tape| {
        let mut chain = Digest::default();
        for (key, _) in texts() {
            chain = chain.chain(Digest(key));
            tape.note(&chain.0);
        }
    }),
    Component::new("digest.tree", |tape| {
        let mut scratch = Encoder::new();
        for ((key, text), index) in texts().zip(0..) {
            let mut root = Node::root(key, &mut scratch);
            let child = root.child(index).flat(|out| out.put(&text));
            let other = root.child(index + 1).flat(|out| out.put(&text));
            tape.note(&root.fold(&[child, other]).0);
        }
    }),
    Component::new("digest.frame", |tape| {
        for (_, text) in texts() {
            tape.note(&FrameHash::of(&text).0);
        }
    }),
];

/// A key and a text of every length; growing strides keep it short.
fn texts() -> impl Iterator<Item = (u64, Vec<u8>)> {
    let lengths = (0..=300).chain((301..=BYTES_MAX).step_by(37));
    lengths.map(|length| {
        let bytes = (0..length).map(|place| mix(length << 32 | place).to_le_bytes()[0]);
        (mix(length), bytes.collect())
    })
}
