//! [`Uniform`], what a range can be drawn from.

use core::ops::Range;

use super::Rng;
use crate::{Fix, Fix32};

/// A number that [`Rng::range`] draws.
pub trait Uniform: Copy {
    /// A number in `range`, each equally likely; its start, without a draw, if it is empty.
    fn draw(rng: &mut Rng, range: Range<Self>) -> Self;
}

macro_rules! uniform {
    ($($int:ty as $unsigned:ty, $below:ident;)*) => {$(
        impl Uniform for $int {
            fn draw(rng: &mut Rng, Range { start, end }: Range<Self>) -> Self {
                if start >= end {
                    return start;
                }
                // Modulo the word: the span of a signed range is an unsigned word.
                let span = end.wrapping_sub(start) as $unsigned;
                start.wrapping_add(rng.$below(span) as Self)
            }
        }
    )*};
}

uniform! {
    u32 as u32, below;
    i32 as u32, below;
    u64 as u64, below_u64;
    i64 as u64, below_u64;
}

macro_rules! uniform_steps {
    ($($fixed:ty),*) => {$(
        impl Uniform for $fixed {
            fn draw(rng: &mut Rng, Range { start, end }: Range<Self>) -> Self {
                Self::from_bits(rng.range(start.to_bits()..end.to_bits()))
            }
        }
    )*};
}

uniform_steps!(Fix, Fix32);
