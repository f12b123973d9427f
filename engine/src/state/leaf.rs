//! Leaves of the state tree: integers and booleans. Fixed-point numbers build on them.

use core::fmt;

use super::{Schema, State, Visitor, VisitorMut, in_place, undo_by_copy};
use crate::codec::{DecodeError, Decoder, Encoder};

/// The value of a leaf, for people and for comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// A truth value.
    Bool(bool),
    /// An unsigned integer.
    Unsigned(u64),
    /// A signed integer.
    Signed(i64),
    /// A fixed-point number: `bits / 2^fraction_bits`.
    Fixed {
        /// The number times `2^fraction_bits`.
        bits: i64,
        /// How many bits stand behind the point.
        fraction_bits: u32,
    },
    /// The variant of an enum without fields.
    Variant(&'static str),
    /// An id of a table's row.
    Id {
        /// Its place.
        row: u32,
        /// Which of those that were there; 0 for none.
        generation: u32,
    },
}

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Unsigned(value) => write!(f, "{value}"),
            Self::Signed(value) => write!(f, "{value}"),
            Self::Fixed {
                bits,
                fraction_bits,
            } => crate::math::display_fixed(f, i128::from(bits), fraction_bits),
            Self::Variant(name) => f.write_str(name),
            Self::Id { row, generation } => write!(f, "{row}:{generation}"),
        }
    }
}

/// A leaf that can be changed by one valid bit: the result is again a value of its type.
pub trait LeafMut {
    /// How many single-bit changes are valid.
    fn bits(&self) -> u32;
    /// Makes the valid change number `bit`, below [`LeafMut::bits`].
    fn flip(&mut self, bit: u32);
}

macro_rules! integer_leaf {
    ($($int:ty => $leaf:ident as $wide:ty),* $(,)?) => {$(
        impl State for $int {
            const WIDTH: Option<u32> = Some(<$int>::BITS / 8);
            undo_by_copy!();
            in_place!();
            fn schema(schema: &mut Schema) { schema.leaf(stringify!($int)); }
            #[inline]
            fn encode(&self, out: &mut Encoder) { out.put(&self.to_le_bytes()); }
            #[inline]
            fn encode_fixed(&self, out: &mut [u8]) { out.copy_from_slice(&self.to_le_bytes()); }
            fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                Ok(Self::from_le_bytes(from.take()?))
            }
            fn visit(&self, visitor: &mut dyn Visitor) {
                visitor.leaf(Leaf::$leaf(<$wide>::from(*self)));
            }
            fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) { visitor.leaf(self); }
        }

        impl LeafMut for $int {
            fn bits(&self) -> u32 { Self::BITS }
            fn flip(&mut self, bit: u32) { *self ^= 1 << bit; }
        }
    )*};
}

integer_leaf! {
    u8 => Unsigned as u64, u16 => Unsigned as u64, u32 => Unsigned as u64, u64 => Unsigned as u64,
    i8 => Signed as i64, i16 => Signed as i64, i32 => Signed as i64, i64 => Signed as i64,
}

impl State for bool {
    const WIDTH: Option<u32> = Some(1);
    undo_by_copy!();
    in_place!();
    fn schema(schema: &mut Schema) {
        schema.leaf("bool");
    }
    #[inline]
    fn encode(&self, out: &mut Encoder) {
        out.put_u8(u8::from(*self));
    }
    #[inline]
    fn encode_fixed(&self, out: &mut [u8]) {
        u8::from(*self).encode_fixed(out);
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match from.take_u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError::Invalid("bool")),
        }
    }
    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.leaf(Leaf::Bool(*self));
    }
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        visitor.leaf(self);
    }
}

impl LeafMut for bool {
    fn bits(&self) -> u32 {
        1
    }
    fn flip(&mut self, _bit: u32) {
        *self = !*self;
    }
}

/// The tag of an enum without fields, while it is offered for change: a bit may flip only if the
/// result is again a variant.
#[derive(Clone, Copy, Debug)]
pub struct TagLeaf {
    /// The variant, in declaration order.
    pub tag: u8,
    /// How many variants there are.
    pub variants: u8,
}

impl TagLeaf {
    fn valid(self) -> impl Iterator<Item = u8> {
        (0..u8::BITS)
            .map(move |bit| self.tag ^ (1 << bit))
            .filter(move |tag| *tag < self.variants)
    }
}

impl LeafMut for TagLeaf {
    fn bits(&self) -> u32 {
        self.valid().map(|_| 1).sum()
    }
    fn flip(&mut self, bit: u32) {
        if let Some(tag) = self.valid().nth(bit as _) {
            self.tag = tag;
        }
    }
}
