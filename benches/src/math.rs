//! What a function of numbers costs: inputs as games have them, and two ways to time it.

use std::hint::black_box;
use std::ops::{Deref, DerefMut};

use phalanx_engine::{Fix, Fix32, mix};

use crate::clock::CpuTime;

/// Numbers per column: they stay in the nearest cache.
pub const COLUMN: usize = 1024;

/// The shortest time that is measured, and how often the best is taken of: a busy machine only ever
/// makes it longer.
const MOMENT_NANOS: u64 = 100_000;
const TRIES: u32 = 7;

/// A column of numbers from `-reach` to `reach`, or from a step on if only `positive` are wanted.
#[must_use]
pub fn column(seed: u64, reach: Fix, positive: bool) -> Vec<Fix> {
    let reach = reach.to_bits().unsigned_abs();
    let number = |index: usize| {
        let bits = mix(seed << 32 | index as u64);
        let magnitude = Fix::from_bits(((bits >> 1) % reach + 1).cast_signed());
        if bits & 1 == 0 || positive {
            magnitude
        } else {
            -magnitude
        }
    };
    (0..COLUMN).map(number).collect()
}

/// The same numbers, in the small scalar.
#[must_use]
pub fn small(column: &[Fix]) -> Vec<Fix32> {
    let bits = |number: &Fix| i32::try_from(number.to_bits() >> 16).unwrap_or(i32::MAX);
    column
        .iter()
        .map(|number| Fix32::from_bits(bits(number)))
        .collect()
}

/// The same numbers, as floats.
#[must_use]
pub fn floats(column: &[Fix]) -> Vec<f64> {
    let float = |number: &Fix| number.to_bits() as f64 / (1_u64 << Fix::FRACTION_BITS) as f64;
    column.iter().map(float).collect()
}

/// The same numbers, as short floats.
#[must_use]
pub fn short_floats(column: &[Fix]) -> Vec<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "short floats are wanted")]
    floats(column).iter().map(|&number| number as f32).collect()
}

/// Pairs from two columns.
#[must_use]
pub fn pairs<A: Copy, B: Copy>(a: &[A], b: &[B]) -> Vec<(A, B)> {
    a.iter().copied().zip(b.iter().copied()).collect()
}

/// A column that begins with a line of the cache, so that no figure depends on where it happens to
/// lie.
#[repr(align(64))]
pub struct Lined<T>([T; COLUMN]);

impl<T: Copy> Lined<T> {
    /// The first numbers of a column.
    ///
    /// # Panics
    /// If there are too few.
    #[must_use]
    pub fn new(column: &[T]) -> Box<Self> {
        Box::new(Self(std::array::from_fn(|index| column[index])))
    }
}

impl<T> Deref for Lined<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> DerefMut for Lined<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

/// Nanoseconds per element of a loop over a column, from memory to memory.
pub fn throughput<A: Copy, R: Copy + Default>(from: &[A], function: impl Fn(A) -> R) -> f64 {
    let mut to = vec![R::default(); from.len()];
    nanos(from.len(), || {
        for (to, &from) in black_box(&mut to[..]).iter_mut().zip(black_box(from)) {
            *to = function(from);
        }
    })
}

/// Nanoseconds per element of a chain, in which each call has to wait for the one before.
pub fn latency<A: Link, B: Copy>(from: &[(A, B)], function: impl Fn(A, B) -> A) -> f64 {
    nanos(from.len(), || {
        let (zero, mut last) = (black_box(0), A::default());
        for &(a, b) in black_box(from) {
            last = function(a.after(last, zero), b);
        }
        black_box(last);
    })
}

/// A number that can be made to wait for another.
pub trait Link: Copy + Default {
    /// This number, but not before the other is known. The zero is one that no compiler sees.
    #[must_use]
    fn after(self, other: Self, zero: i64) -> Self;
}

impl Link for Fix {
    #[inline]
    fn after(self, other: Self, zero: i64) -> Self {
        Self::from_bits(self.to_bits() | other.to_bits() & zero)
    }
}

impl Link for f64 {
    #[inline]
    fn after(self, other: Self, zero: i64) -> Self {
        Self::from_bits(self.to_bits() | other.to_bits() & zero.cast_unsigned())
    }
}

/// Nanoseconds per element of `pass` over so many, at the best of some tries.
pub fn nanos(elements: usize, mut pass: impl FnMut()) -> f64 {
    let mut time = |passes: u64| {
        let begin = CpuTime::now();
        (0..passes).for_each(|_| pass());
        begin.elapsed_nanos()
    };
    let mut passes = 1;
    while passes < 1 << 20 && time(passes) < MOMENT_NANOS {
        passes *= 2;
    }
    let best = (0..TRIES).map(|_| time(passes)).min().unwrap_or(0);
    best as f64 / passes as f64 / elements as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_hold_the_same_numbers() {
        let column = column(1, Fix::int(100), false);
        assert!(column.iter().any(|&number| number < Fix::ZERO));
        assert!(column.iter().all(|&number| number.abs() <= Fix::int(100)));
        let (short, floats) = (small(&column), floats(&column));
        for ((short, float), number) in short.iter().zip(floats).zip(column) {
            let gap = number - Fix::from(*short);
            assert!(gap >= Fix::ZERO && gap < Fix::from(Fix32::STEP));
            assert_eq!(float * 4_294_967_296.0, number.to_bits() as f64);
        }
    }

    #[test]
    fn every_element_is_computed_once_in_a_pass() {
        let (calls, passes) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
        throughput(&[1; 10], |x: u8| {
            calls.set(calls.get() + 1);
            x
        });
        nanos(1, || passes.set(passes.get() + 1));
        assert!(calls.get() > 0 && calls.get() % 10 == 0);
        assert!(passes.get() > u64::from(TRIES));
    }
}
