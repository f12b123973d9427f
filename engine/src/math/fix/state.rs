//! The scalars as parts of states, of inputs and of serde's data: always their bits.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Fix, Fix32};
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::input::Bits;
use crate::state::{Leaf, LeafMut, Schema, State, Visitor, VisitorMut, in_place, undo_by_copy};

macro_rules! state {
    ($name:ident, bits $bits:ty) => {
        impl State for $name {
            const WIDTH: Option<u32> = <$bits>::WIDTH;
            undo_by_copy!();
            in_place!();
            fn schema(schema: &mut Schema) {
                schema.leaf(stringify!($name));
            }
            #[inline]
            fn encode(&self, out: &mut Encoder) {
                self.to_bits().encode(out);
            }
            #[inline]
            fn encode_fixed(&self, out: &mut [u8]) {
                self.to_bits().encode_fixed(out);
            }
            fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                <$bits>::decode(from).map(Self::from_bits)
            }
            fn visit(&self, visitor: &mut dyn Visitor) {
                visitor.leaf(Leaf::Fixed {
                    bits: self.to_bits().into(),
                    fraction_bits: Self::FRACTION_BITS,
                });
            }
            fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
                visitor.leaf(self);
            }
        }

        impl LeafMut for $name {
            fn bits(&self) -> u32 {
                <$bits>::BITS
            }
            fn flip(&mut self, bit: u32) {
                *self = Self::from_bits(self.to_bits() ^ (1 << bit));
            }
        }

        impl Bits for $name {
            const BITS: u32 = <$bits>::BITS;
            fn to_bits(self) -> u64 {
                Bits::to_bits(self.to_bits())
            }
            fn from_bits(bits: u64) -> Self {
                Self::from_bits(Bits::from_bits(bits))
            }
        }

        /// Serialised as its bits, an integer: exact in every format, unlike a decimal number.
        impl Serialize for $name {
            fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
                self.to_bits().serialize(serializer)
            }
        }

        /// From its bits, every one of which is a number.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<Z: Deserializer<'de>>(deserializer: Z) -> Result<Self, Z::Error> {
                <$bits>::deserialize(deserializer).map(Self::from_bits)
            }
        }
    };
}

state!(Fix, bits i64);
state!(Fix32, bits i32);
