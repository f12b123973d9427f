//! Plain containers in a state: arrays, options, vectors, ordered maps and tuples.
//!
//! They are copied as a whole at every tick and reuse the memory of the copy. That is right for
//! the small state of a fighting game.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use super::{Leaf, PathStep, Schema, State, Visitor, VisitorMut, undo_by_copy, width_of};
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::diff::Walk;
use crate::digest::{Digest, DigestVisitor, Node};

/// An array has no count in its encoding: its length is part of the schema.
#[expect(clippy::disallowed_types, reason = "the length of an array is a usize")]
impl<T: State + Clone, const N: usize> State for [T; N] {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "nobody has states of 4 GiB"
    )]
    const WIDTH: Option<u32> = match T::WIDTH {
        Some(width) => Some(width * N as u32),
        None => None,
    };
    const IN_PLACE: bool = T::IN_PLACE;
    // Not every array has a default, so the copy is optional until the first `open`.
    type Undo = Option<Self>;

    #[inline]
    fn open(&mut self, undo: &mut Option<Self>) {
        match undo {
            Some(copy) => copy.clone_from(self),
            None => *undo = Some(self.clone()),
        }
    }
    fn close(&mut self, _undo: &mut Option<Self>, node: Node<'_>) -> Digest {
        self.digest(node)
    }
    fn undo(&mut self, undo: &mut Option<Self>) {
        let copy = undo
            .as_mut()
            .expect("a state is undone only after it was opened");
        core::mem::swap(self, copy);
    }
    fn redo(&mut self, undo: &mut Option<Self>) {
        self.undo(undo);
    }
    fn schema(schema: &mut Schema) {
        schema.group("[", "]", |schema| {
            T::schema(schema);
            schema.leaf(";");
            schema.number(N as u64);
        });
    }
    fn encode(&self, out: &mut Encoder) {
        encode_all(self.iter(), out);
    }
    #[inline]
    fn encode_fixed(&self, mut out: &mut [u8]) {
        for item in self {
            out = item.encode_next(out);
        }
    }
    #[inline]
    fn bytes_of(items: &[Self]) -> Option<&[u8]> {
        T::bytes_of(items.as_flattened())
    }
    fn encode_caches(&self, out: &mut Encoder) {
        self.iter().for_each(|item| item.encode_caches(out));
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let items = (0..N)
            .map(|_| T::decode(from))
            .collect::<Result<Vec<T>, _>>()?;
        items.try_into().map_err(|_| DecodeError::Invalid("array"))
    }
    fn visit(&self, visitor: &mut dyn Visitor) {
        visit_elements(self, visitor);
    }
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        visit_elements_mut(self, visitor);
    }
}

impl<T: State + Clone> State for Option<T> {
    undo_by_copy!();
    fn schema(schema: &mut Schema) {
        schema.group("Option<", ">", T::schema);
    }
    fn encode(&self, out: &mut Encoder) {
        match self {
            None => out.put_u8(0),
            Some(value) => {
                out.put_u8(1);
                if const { T::WIDTH.is_some() } {
                    value.encode(out);
                } else {
                    out.unmarked(|out| value.encode(out));
                }
            }
        }
    }
    fn encode_caches(&self, out: &mut Encoder) {
        self.iter().for_each(|value| value.encode_caches(out));
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match from.take_u8()? {
            0 => Ok(None),
            1 => Ok(Some(T::decode(from)?)),
            _ => Err(DecodeError::Invalid("Option")),
        }
    }
    fn visit(&self, visitor: &mut dyn Visitor) {
        match self {
            None => visitor.leaf(Leaf::Variant("None")),
            Some(value) => {
                visitor.enter(PathStep::Variant("Some"));
                value.visit(visitor);
                visitor.leave();
            }
        }
    }
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        if let Some(value) = self {
            visitor.enter(PathStep::Variant("Some"));
            value.visit_mut(visitor);
            visitor.leave();
        }
    }
}

/// Elements that hold nothing have no bytes either, so that four bytes could ask for four billion
/// of them: they are refused when the game is compiled.
const fn elements_hold_something<T>() {
    assert!(
        size_of::<T>() > 0,
        "a container's elements have to hold something: keep their number instead"
    );
}

/// Writes the count, then the elements.
fn encode_elements<'a, T: State>(items: impl ExactSizeIterator<Item = &'a T>, out: &mut Encoder) {
    const { elements_hold_something::<T>() };
    out.put_count(items.len());
    encode_all(items, out);
}

/// Writes the elements: those that have a width with one look at the room for all.
#[inline]
fn encode_all<'a, T: State>(items: impl ExactSizeIterator<Item = &'a T>, out: &mut Encoder) {
    let room = const { T::WIDTH }.and_then(|width| width.checked_mul(items.len().try_into().ok()?));
    match room {
        Some(room) => {
            let mut room = out.put_room(room);
            for item in items {
                room = item.encode_next(room);
            }
        }
        None => out.unmarked(|out| items.for_each(|item| item.encode(out))),
    }
}

/// Reads a count, then that many elements; reserves no more than the bytes can be worth.
fn decode_elements<T: State>(from: &mut Decoder<'_>) -> Result<Vec<T>, DecodeError> {
    const { elements_hold_something::<T>() };
    let (count, reserve) = from.take_count()?;
    // An element may take much more memory than bytes, and need not be there at all: reserve no
    // more memory than there are bytes. A longer container grows as it is read.
    let fitting = from.remaining() / size_of::<T>() as u64;
    let reserve = u32::try_from(fitting).map_or(reserve, |fitting| fitting.min(reserve));
    let mut items = Vec::with_capacity(reserve as _);
    for _ in 0..count {
        let before = from.remaining();
        items.push(from.within(T::decode)?);
        if from.remaining() == before {
            // Of a state written by hand, which holds something and writes nothing.
            return Err(DecodeError::TooMany("a container of empty elements"));
        }
    }
    Ok(items)
}

fn visit_elements<'a, T: State>(items: impl IntoIterator<Item = &'a T>, visitor: &mut dyn Visitor) {
    for (index, item) in (0..).zip(items) {
        visitor.enter(PathStep::Element(index));
        item.visit(visitor);
        visitor.leave();
    }
}

fn visit_elements_mut<'a, T: State>(
    items: impl IntoIterator<Item = &'a mut T>,
    visitor: &mut dyn VisitorMut,
) {
    for (index, item) in (0..).zip(items) {
        visitor.enter(PathStep::Element(index));
        item.visit_mut(visitor);
        visitor.leave();
    }
}

macro_rules! sequence {
    ($($name:ident),*) => {$(
        impl<T: State + Clone> State for $name<T> {
            undo_by_copy!();
            fn schema(schema: &mut Schema) {
                schema.group(concat!(stringify!($name), "<"), ">", T::schema);
            }
            fn encode(&self, out: &mut Encoder) {
                encode_elements(self.iter(), out);
            }
            fn encode_caches(&self, out: &mut Encoder) {
                self.iter().for_each(|item| item.encode_caches(out));
            }
            fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                Ok(decode_elements(from)?.into())
            }
            fn visit(&self, visitor: &mut dyn Visitor) { visit_elements(self, visitor); }
            fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
                visit_elements_mut(self, visitor);
            }
        }
    )*};
}

sequence!(Vec, VecDeque);

/// Text: its bytes are a leaf that has no single-bit change.
impl State for String {
    undo_by_copy!();
    fn schema(schema: &mut Schema) {
        schema.leaf("String");
    }
    fn encode(&self, out: &mut Encoder) {
        out.put_count(self.len());
        out.put(self.as_bytes());
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let (count, _) = from.take_count()?;
        let bytes = from.take_slice(count)?;
        core::str::from_utf8(bytes)
            .map(Self::from)
            .map_err(|_| DecodeError::Invalid("String"))
    }
    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.leaf(Leaf::Unsigned(Digest::of(0, self.as_bytes()).0));
    }
    fn visit_mut(&mut self, _visitor: &mut dyn VisitorMut) {}
}

/// Reads elements that must come in strictly ascending order of `key`, so that one set of
/// elements has one encoding.
fn decode_ascending<T: State, K: Ord>(
    from: &mut Decoder<'_>,
    key: impl Fn(&T) -> &K,
) -> Result<Vec<T>, DecodeError> {
    let items = decode_elements(from)?;
    if items.is_sorted_by(|a, b| key(a) < key(b)) {
        Ok(items)
    } else {
        Err(DecodeError::Invalid("ascending keys"))
    }
}

impl<T: State + Clone + Ord> State for BTreeSet<T> {
    undo_by_copy!();
    fn schema(schema: &mut Schema) {
        schema.group("BTreeSet<", ">", T::schema);
    }
    fn encode(&self, out: &mut Encoder) {
        encode_elements(self.iter(), out);
    }
    fn encode_caches(&self, out: &mut Encoder) {
        self.iter().for_each(|item| item.encode_caches(out));
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(decode_ascending(from, |item| item)?.into_iter().collect())
    }
    fn visit(&self, visitor: &mut dyn Visitor) {
        visit_elements(self, visitor);
    }
    /// The elements of a set are its keys: they do not change in place.
    fn visit_mut(&mut self, _visitor: &mut dyn VisitorMut) {}
}

impl<K: State + Clone + Ord, V: State + Clone> State for BTreeMap<K, V> {
    undo_by_copy!();
    fn schema(schema: &mut Schema) {
        schema.group("BTreeMap<", ">", |schema| {
            K::schema(schema);
            schema.leaf(",");
            V::schema(schema);
        });
    }
    fn encode(&self, out: &mut Encoder) {
        const { elements_hold_something::<(K, V)>() };
        out.put_count(self.len());
        out.unmarked(|out| {
            for (key, value) in self {
                key.encode(out);
                value.encode(out);
            }
        });
    }
    fn encode_caches(&self, out: &mut Encoder) {
        for (key, value) in self {
            key.encode_caches(out);
            value.encode_caches(out);
        }
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(decode_ascending(from, |(key, _): &(K, V)| key)?
            .into_iter()
            .collect())
    }
    fn visit(&self, visitor: &mut dyn Visitor) {
        for (index, (key, value)) in (0..).zip(self) {
            visitor.enter(PathStep::Element(index));
            key.visit(visitor);
            value.visit(visitor);
            visitor.leave();
        }
    }
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        visit_elements_mut(self.values_mut(), visitor);
    }
}

macro_rules! tuple {
    ($($name:ident . $index:tt),*) => {
        impl<$($name: State),*> State for ($($name,)*) {
            const WIDTH: Option<u32> = width_of(&[$($name::WIDTH),*]);
            type Undo = ($($name::Undo,)*);
            #[inline]
            fn open(&mut self, _undo: &mut Self::Undo) { $(self.$index.open(&mut _undo.$index);)* }
            fn close(&mut self, _undo: &mut Self::Undo, mut _node: Node<'_>) -> Digest {
                let digests = [$(self.$index.close(&mut _undo.$index, _node.child($index))),*];
                _node.fold(&digests)
            }
            #[inline]
            fn undo(&mut self, _undo: &mut Self::Undo) { $(self.$index.undo(&mut _undo.$index);)* }
            #[inline]
            fn redo(&mut self, _undo: &mut Self::Undo) { $(self.$index.redo(&mut _undo.$index);)* }
            fn digest(&self, mut _node: Node<'_>) -> Digest {
                let digests = [$(self.$index.digest(_node.child($index))),*];
                _node.fold(&digests)
            }
            fn visit_digests(&self, mut _node: Node<'_>, _visitor: &mut dyn DigestVisitor) -> Digest {
                let digests = [$({
                    _visitor.enter(PathStep::Position($index));
                    let digest = self.$index.visit_digests(_node.child($index), _visitor);
                    _visitor.leave();
                    digest
                }),*];
                _node.show(&digests, _visitor)
            }
            fn diff(&self, _other: &Self, _walk: &mut Walk) {
                $(_walk.within(PathStep::Position($index), |walk| {
                    self.$index.diff(&_other.$index, walk);
                });)*
            }
            fn schema(schema: &mut Schema) {
                schema.group("(", ")", |_schema| {
                    $(_schema.field(stringify!($index), $name::schema);)*
                });
            }
            fn encode(&self, _out: &mut Encoder) { $(self.$index.encode(_out);)* }
            #[inline]
            fn encode_fixed(&self, _out: &mut [u8]) {
                $(let _out = self.$index.encode_next(_out);)*
            }
            fn encode_caches(&self, _out: &mut Encoder) { $(self.$index.encode_caches(_out);)* }
            fn decode(_from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                Ok(($($name::decode(_from)?,)*))
            }
            fn visit(&self, _visitor: &mut dyn Visitor) {
                $(_visitor.enter(PathStep::Position($index));
                self.$index.visit(_visitor);
                _visitor.leave();)*
            }
            fn visit_mut(&mut self, _visitor: &mut dyn VisitorMut) {
                $(_visitor.enter(PathStep::Position($index));
                self.$index.visit_mut(_visitor);
                _visitor.leave();)*
            }
        }
    };
}

tuple!();
tuple!(A.0);
tuple!(A.0, B.1);
tuple!(A.0, B.1, C.2);
tuple!(A.0, B.1, C.2, D.3);
