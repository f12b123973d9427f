//! Bytes from outside as states and frames: what decodes has no other encoding, and is a state
//! like any other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use phalanx_engine::{
    Decoder, Encoder, Entry, Fix, FrameHash, Input, Node, Presence, Provenance, Rng, SealedFrame,
    Session, Slot, State, Tick, Vec2, flip_leaf, from_bytes, mix, to_bytes,
};

use super::chaos::{Field, Order};
use super::hex;

#[derive(State, Clone)]
enum Tree {
    Leaf(i8),
    Twig { at: Vec2, names: Vec<String> },
    Bare,
}

#[derive(State, Clone)]
struct Grove {
    trees: Vec<Option<Tree>>,
    paths: BTreeMap<(u8, bool), BTreeSet<u16>>,
    queue: VecDeque<[Entry; 2]>,
}

/// Everything that must hold for bytes that decode as a `T`.
fn check<T: State>(bytes: &[u8]) {
    let Ok(mut state) = from_bytes::<T>(bytes) else {
        return;
    };
    let same = |state: &T, what: &str| {
        let now = to_bytes(state);
        assert!(now == bytes, "{what}: {} became {}", hex(bytes), hex(&now));
    };
    same(&state, "encoded again");

    let mut scratch = Encoder::new();
    let before = state.digest(Node::root(1, &mut scratch));
    let mut undo = T::Undo::default();
    state.open(&mut undo);
    let seed = mix(before.0);
    let flipped = flip_leaf(&mut state, seed).is_some();
    let closed = state.close(&mut undo, Node::root(1, &mut scratch));
    assert_eq!(closed, state.digest(Node::root(1, &mut scratch)));
    if flipped {
        assert_ne!(closed, before, "a flip with seed {seed}: {}", hex(bytes));
        let changed = to_bytes(&state);
        assert!(from_bytes::<T>(&changed).is_ok(), "{}", hex(&changed));
    }
    state.undo(&mut undo);
    same(&state, "undone");
    assert_eq!(state.digest(Node::root(1, &mut scratch)), before);
}

fn check_frame(bytes: &[u8]) {
    let mut frame = SealedFrame::empty(FrameHash([0; 32]));
    let mut from = Decoder::new(bytes);
    if frame
        .decode(&mut from)
        .and_then(|()| from.finish())
        .is_err()
    {
        return;
    }
    let mut out = Encoder::new();
    frame.encode(&mut out);
    assert!(out.bytes() == bytes, "{}", hex(bytes));
    assert_eq!(frame.hash(&mut out), FrameHash::of(bytes));
    for slot in Slot::all(8) {
        if let Some(packed) = frame.input(slot, Order::BYTES) {
            let order = Order::unpack(packed);
            assert_eq!(Order::unpack(&order.packed()), order, "{}", hex(packed));
        }
    }
}

/// The fuzz target: the first byte says as what the others are read.
///
/// # Panics
/// If bytes that decode have another encoding, or are not a state like any other.
pub fn run(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else {
        return;
    };
    match kind % 8 {
        0 => check_frame(bytes),
        1 => check::<Field>(bytes),
        2 => check::<Grove>(bytes),
        3 => check::<Session>(bytes),
        4 => check::<(Tick, Presence, Provenance, Rng)>(bytes),
        5 => check::<Vec<BTreeMap<String, [bool; 3]>>>(bytes),
        6 => check::<Option<VecDeque<(Fix, BTreeSet<Slot>)>>>(bytes),
        _ => check::<Tree>(bytes),
    }
}
