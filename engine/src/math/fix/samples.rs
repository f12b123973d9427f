//! Numbers for properties: all magnitudes alike, and often those where something happens.

use proptest::prelude::*;

use super::{Fix, Fix32};

macro_rules! samples {
    ($strategy:ident, $name:ident, $bits:ty) => {
        pub(crate) fn $strategy() -> impl Strategy<Value = $name> {
            let magnitudes = (any::<$bits>(), 0..<$bits>::BITS);
            // Few bits set: quotients and products that come out even, or halfway.
            let round = (any::<i8>(), 0..<$bits>::BITS - 7);
            let near = prop::sample::select(alloc::vec![
                <$bits>::MIN,
                <$bits>::MIN / 2,
                -$name::ONE.to_bits(),
                0,
                $name::HALF.to_bits(),
                $name::ONE.to_bits(),
                <$bits>::MAX / 2,
                <$bits>::MAX,
            ]);
            prop_oneof![
                4 => magnitudes.prop_map(|(bits, shift)| bits >> shift),
                2 => round.prop_map(|(bits, shift)| <$bits>::from(bits) << shift),
                2 => (near, -2..=2_i8).prop_map(|(bits, off)| <$bits>::saturating_add(bits, off.into())),
            ]
            .prop_map($name::from_bits)
        }
    };
}

samples!(any_fix, Fix, i64);
samples!(any_fix32, Fix32, i32);
