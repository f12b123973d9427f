//! [`State`]: what a simulation may be made of, and everything the engine does with it.
//!
//! A type that could differ between two machines does not implement it: there is no `State` for
//! `f32`, `f64`, `usize`, hash maps, pointers or clocks, so a state that holds one does not compile.

mod cache;
mod containers;
mod leaf;
mod plain;
mod schema;
mod visit;
pub mod wall;

pub(crate) use cache::first_difference;
pub use leaf::{Leaf, LeafMut, TagLeaf};
pub use plain::PlainState;
pub use schema::Schema;
pub use visit::{PathStep, Visitor, VisitorMut, flip_leaf};
pub(crate) use visit::{flip_leaf_number, leaves};

use crate::codec::{DecodeError, Decoder, Encoder};
use crate::diff::Walk;
use crate::digest::{Digest, DigestVisitor, Node};
use crate::index::at;

/// A deterministic state, or a part of one. Derive it:
///
/// ```
/// use phalanx_engine::{Fix, State, Tick};
///
/// #[derive(State, Clone)]
/// struct Ball { height: Fix, speed: Fix, bounces: u32, last_bounce: Option<Tick> }
/// ```
///
/// One canonical form serves encoding, decoding and digests: little-endian, fixed width, fields in
/// declaration order; a container is its count (`u32`), then its elements in order; an enum is its
/// tag (`u8`, declaration order), then the fields of the variant.
///
/// A container of elements that hold nothing does not compile: keep their number instead.
///
/// ```compile_fail,E0080
/// let bytes = phalanx_engine::to_bytes(&vec![(), ()]);
/// ```
///
/// What can be computed from the rest of a struct may be kept beside it as a cache. It is undone like
/// any other field, and is otherwise no part of the state: not of its schema, encoding, digest or
/// visits. Decoded, it is its type's default, until [`Simulation::rebuild`](crate::Simulation::rebuild)
/// makes it again; [`SyncTest`](crate::SyncTest) compares what that gives with what the game kept.
///
/// ```
/// use phalanx_engine::{State, from_bytes, to_bytes};
///
/// #[derive(State)]
/// struct Army { units: Vec<u32>, #[state(cache)] strength: u32 }
///
/// let army = Army { units: vec![3, 4], strength: 7 };
/// assert_eq!(from_bytes::<Army>(&to_bytes(&army))?.strength, 0);
/// # Ok::<(), phalanx_engine::DecodeError>(())
/// ```
///
/// A struct of integers, `bool`s, `Fix`es and the like with `#[repr(C)]` and without padding lies in
/// memory as it is encoded, and so does an enum without fields with `#[repr(u8)]`. If it says so, arrays
/// of it are hashed where they lie, instead of encoded first: with `#[state(bytes)]` beside the derive of
/// the crate `bytemuck` that proves that there is no padding. Nothing else changes, the digest neither.
///
/// ```
/// use bytemuck::NoUninit;
/// use phalanx_engine::{Fix, State};
///
/// #[derive(State, Clone, Copy, NoUninit)]
/// #[repr(C)]
/// #[state(bytes)]
/// struct Body { position: [Fix; 2], health: u32, frame: u16, stance: Stance, alive: bool }
///
/// #[derive(State, Clone, Copy, NoUninit)]
/// #[repr(u8)]
/// #[state(bytes)]
/// enum Stance { Standing, Crouching }
/// ```
///
/// Without the proof it does not compile:
///
/// ```compile_fail,E0277
/// # use phalanx_engine::State;
/// #[derive(State, Clone, Copy)]
/// #[repr(C)]
/// #[state(bytes)]
/// struct Padded { health: u32, alive: bool }
/// ```
///
/// Around every tick the engine calls [`State::open`], lets the simulation step, and calls
/// [`State::close`]; [`State::undo`] then takes the state back to what it was at `open`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a state",
    label = "no `State`",
    note = "a state holds what is the same on every machine; use `#[derive(State)]` on a type of your own",
    note = "`Fix` or `Fix32` for a float, `u32` or `u64` for a `usize`, `BTreeMap` or `BTreeSet` for a hash map or set, \
            the value or its index for a pointer, `Tick` for a clock"
)]
pub trait State: Sized + 'static {
    /// How many bytes every encoding has, if all values have equally many. Then
    /// [`encode_fixed`](Self::encode_fixed) writes them.
    const WIDTH: Option<u32> = None;

    /// Whether a value lies in the memory of a little-endian machine as it is encoded.
    #[doc(hidden)]
    const IN_PLACE: bool = false;

    /// What it takes to go back by one tick. Recycled from tick to tick: in the steady state of a
    /// game, filling it again allocates nothing.
    type Undo: Default + Clone;

    /// Remembers the present value in `undo`.
    fn open(&mut self, undo: &mut Self::Undo);

    /// Ends a tick; returns the digest of the changed value, at a cost that follows what changed.
    fn close(&mut self, undo: &mut Self::Undo, node: Node<'_>) -> Digest;

    /// Goes back to the value at `open`; `undo` then holds what it takes to go forth again.
    fn undo(&mut self, undo: &mut Self::Undo);

    /// Takes back the [`undo`](State::undo) that left its record in `undo`.
    fn redo(&mut self, undo: &mut Self::Undo);

    /// The digest computed from scratch. Always equal to what `close` returns.
    fn digest(&self, node: Node<'_>) -> Digest {
        match Self::bytes_of(core::slice::from_ref(self)) {
            Some(bytes) => node.bytes(bytes),
            None => node.flat(|out| self.encode(out)),
        }
    }

    /// Shows the digest of every node of the tree, down to columns and their blocks of rows; returns
    /// this one's, always equal to what `close` returns. Blocks that were not written to since the
    /// last `close` are shown as it left them; all else is computed.
    fn visit_digests(&self, node: Node<'_>, visitor: &mut dyn DigestVisitor) -> Digest {
        node.show_flat(visitor, |node| self.digest(node))
    }

    /// Tells `walk` what differs from `other`, going into what is not equal: see
    /// [`diff`](crate::diff()).
    fn diff(&self, other: &Self, walk: &mut Walk) {
        walk.plain(self, other);
    }

    /// Writes names and types into `schema`; peers compare its fingerprint before a match.
    fn schema(schema: &mut Schema);

    /// Appends the canonical encoding: at least a byte, if the value is to be held by a container
    /// that counts its elements.
    fn encode(&self, out: &mut Encoder);

    /// Appends the canonical encoding, and tells `field` when a field at the top has been written;
    /// what is no struct has none.
    fn encode_fields(&self, out: &mut Encoder, _field: &mut dyn FnMut(PathStep, &Encoder)) {
        self.encode(out);
    }

    /// Writes the canonical encoding to all of `out`, which has [`WIDTH`](Self::WIDTH) bytes of
    /// anything. Without a width it is not called.
    fn encode_fixed(&self, _out: &mut [u8]) {
        unreachable!("only values that have a width are encoded by it")
    }

    /// Does that at the front of `out`; returns what is behind it.
    #[doc(hidden)]
    #[inline]
    fn encode_next<'a>(&self, out: &'a mut [u8]) -> &'a mut [u8] {
        let width = const {
            match Self::WIDTH {
                Some(width) => width,
                None => 0,
            }
        };
        let (front, rest) = out.split_at_mut(at(width));
        self.encode_fixed(front);
        rest
    }

    /// The canonical encodings of `items`, one after the other, if that is how they lie in this
    /// machine's memory. They are then hashed where they lie.
    #[doc(hidden)]
    #[inline]
    fn bytes_of(_items: &[Self]) -> Option<&[u8]> {
        None
    }

    /// Reads the canonical encoding; every other one is refused.
    ///
    /// # Errors
    /// [`DecodeError`] tells what is wrong with the bytes. Never panics and never allocates more
    /// than a stated multiple of the bytes given.
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError>;

    /// Appends what the caches hold, each with [`Encoder::put_cache`]: those of this value and of all
    /// that it holds. To be compared, never decoded.
    fn encode_caches(&self, _out: &mut Encoder) {}

    /// Shows every leaf with its path.
    fn visit(&self, visitor: &mut dyn Visitor);

    /// Offers every leaf for change, as the game's own assignments would change it.
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut);
}

/// How a state goes back whose undo record is a copy of itself.
macro_rules! undo_by_copy {
    () => {
        type Undo = Self;
        #[inline]
        fn open(&mut self, undo: &mut Self) {
            undo.clone_from(self);
        }
        #[inline]
        fn close(&mut self, _undo: &mut Self, node: $crate::Node<'_>) -> $crate::Digest {
            self.digest(node)
        }
        #[inline]
        fn undo(&mut self, undo: &mut Self) {
            core::mem::swap(self, undo);
        }
        #[inline]
        fn redo(&mut self, undo: &mut Self) {
            core::mem::swap(self, undo);
        }
    };
}
pub(crate) use undo_by_copy;

/// How a state lies in memory that is [`bytemuck::NoUninit`]: as it is encoded, on a machine whose
/// integers are.
macro_rules! in_place {
    () => {
        const IN_PLACE: bool = true;
        #[inline]
        fn bytes_of(items: &[Self]) -> Option<&[u8]> {
            $crate::memory_of(items)
        }
    };
}
pub(crate) use in_place;

/// The memory of `items`, if this machine's integers are little-endian, as the encoded ones are.
#[doc(hidden)]
#[must_use]
#[inline]
pub fn memory_of<T: bytemuck::NoUninit>(items: &[T]) -> Option<&[u8]> {
    cfg!(target_endian = "little").then(|| bytemuck::cast_slice(items))
}

/// The width of a struct whose fields have these.
#[doc(hidden)]
#[must_use]
pub const fn width_of(fields: &[Option<u32>]) -> Option<u32> {
    let (mut sum, mut rest) = (0, fields);
    while let [field, others @ ..] = rest {
        match field {
            Some(width) => sum += *width,
            None => return None,
        }
        rest = others;
    }
    Some(sum)
}

/// The canonical encoding of `state` alone.
#[must_use]
pub fn to_bytes<T: State>(state: &T) -> alloc::vec::Vec<u8> {
    let mut out = Encoder::new();
    state.encode(&mut out);
    out.into_bytes()
}

/// Reads a state that takes up all of `bytes`. Its caches are their types' defaults: before it is
/// played, [`Simulation::rebuild`](crate::Simulation::rebuild) has to make them again.
///
/// # Errors
/// [`DecodeError`] if `bytes` is not the canonical encoding of a `T`.
pub fn from_bytes<T: State>(bytes: &[u8]) -> Result<T, DecodeError> {
    let mut from = Decoder::new(bytes);
    let state = T::decode(&mut from)?;
    from.finish()?;
    Ok(state)
}
