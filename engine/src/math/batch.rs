//! Many at once: the operators over slices, for worlds that keep a column per coordinate.
//!
//! Each function gives exactly what the loop over the operators gives that stands in its
//! documentation. Inside, the loops have a form of which compilers make vector instructions; as
//! they are of integers only, it does not matter which. Three things make that form:
//!
//! - **No number is wider than it must be.** Products are put together from products of halves.
//! - **Saturation is looked for, not done.** A block is added up wrapping, with a flag that tells
//!   whether any sum may have run over. Only then it is taken back and added up by the operators.
//! - **What is sure is not computed to the end.** Of most points a few digits tell whether they are
//!   in a circle.

#![expect(
    clippy::cast_possible_truncation,
    reason = "each is in range, or the lower bits are what is wanted"
)]

use super::{Angle, Fix, Fix32, Rot2, Vec2, wide};

/// Elements for which one flag is kept: many, as it costs time to ask, and few enough to be in the
/// cache if they have to be taken back.
const BLOCK: u32 = 1024;

/// The same of points and circles: few, as each point near the line of the circle costs its block.
const POINTS: u32 = 128;

macro_rules! many {
    ($name:ident, bits $bits:ty, wide $wide:ty) => {
        /// # Many at once
        ///
        /// The operators over slices, bit for bit, and most of them several times as fast; see
        /// [the module](crate::math#many-at-once).
        impl $name {
            /// `sums[i] += terms[i]`, for all.
            ///
            /// # Panics
            /// If the slices differ in length.
            pub fn add_each(sums: &mut [Self], terms: &[Self]) {
                same_length(sums, terms);
                for (sums, terms) in blocks_mut(sums, BLOCK).zip(blocks(terms, BLOCK)) {
                    let mut ran_over: $bits = 0;
                    for (sum, term) in sums.iter_mut().zip(terms) {
                        let (old, term) = (sum.to_bits(), term.to_bits());
                        let new = old.wrapping_add(term);
                        // It ran over if its sign is that of neither.
                        ran_over |= (new ^ old) & (new ^ term);
                        *sum = Self::from_bits(new);
                    }
                    if ran_over < 0 {
                        for (sum, &term) in sums.iter_mut().zip(terms) {
                            *sum = sum.less(term) + term;
                        }
                    }
                }
            }

            /// `sines[i] = radians[i].sin()`, for all.
            ///
            /// # Panics
            /// If the slices differ in length.
            pub fn sin_each(radians: &[Self], sines: &mut [Self]) {
                map(radians, sines, Self::sin);
            }

            /// `cosines[i] = radians[i].cos()`, for all.
            ///
            /// # Panics
            /// If the slices differ in length.
            pub fn cos_each(radians: &[Self], cosines: &mut [Self]) {
                map(radians, cosines, Self::cos);
            }

            /// `(sines[i], cosines[i]) = radians[i].sin_cos()`, for all.
            ///
            /// # Panics
            /// If the slices differ in length.
            pub fn sin_cos_each(radians: &[Self], sines: &mut [Self], cosines: &mut [Self]) {
                map_two(radians, sines, cosines, Self::sin_cos);
            }

            /// `roots[i] = squares[i].sqrt()`, for all.
            ///
            /// # Panics
            /// If the slices differ in length.
            pub fn sqrt_each(squares: &[Self], roots: &mut [Self]) {
                map(squares, roots, Self::sqrt);
            }

            /// What was there before `term` was added, wrapping.
            #[inline]
            const fn less(self, term: Self) -> Self {
                Self::from_bits(self.to_bits().wrapping_sub(term.to_bits()))
            }

            /// Whether a point is not farther from the centre than a radius that is not negative.
            #[inline]
            fn is_within(self, y: Self, centre: (Self, Self), radius: Self) -> bool {
                let along = |a: Self, b: Self| a.to_bits().abs_diff(b.to_bits());
                let (dx, dy) = (along(self, centre.0), along(y, centre.1));
                let radius = radius.to_bits().unsigned_abs();
                // Of shorter ones the squares fit, and the sum of two, too.
                let square = |number| <$wide>::from(number).wrapping_mul(<$wide>::from(number));
                dx.max(dy) <= radius && square(dx).wrapping_add(square(dy)) <= square(radius)
            }
        }
    };
}

many!(Fix, bits i64, wide u128);
many!(Fix32, bits i32, wide u64);

impl Fix {
    /// `(x[i], y[i])` turned as [`Vec2::rotated`] turns, for all: each coordinate is rounded once.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn rotate_each(x: &mut [Self], y: &mut [Self], by: impl Into<Rot2>) {
        same_length(x, y);
        let by = by.into();
        let Rot2 { cos, sin } = by;
        if cos.abs() > Self::ONE || sin.abs() > Self::ONE {
            for (x, y) in x.iter_mut().zip(y) {
                let turned = Vec2::new(*x, *y).rotated(by);
                (*x, *y) = (turned.x, turned.y);
            }
            return;
        }
        // As it should be: then sums of two products have at most 98 bits, and need no watching.
        for (x, y) in x.iter_mut().zip(y) {
            (*x, *y) = (
                wide::rounded_short(wide::product(*x, cos).wrapping_sub(wide::product(*y, sin))),
                wide::rounded_short(wide::product(*x, sin).wrapping_add(wide::product(*y, cos))),
            );
        }
    }

    /// `sums[i] += terms[i] * factor`, for all: positions moved by speeds for a time. Fastest for
    /// factors between -1 and 1.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn add_scaled_each(sums: &mut [Self], terms: &[Self], factor: Self) {
        same_length(sums, terms);
        let Some(factor) = Part::<i64>::of(factor) else {
            return add_scaled(sums, terms, |term| term * factor);
        };
        add_scaled(sums, terms, |term| factor.of_one(term));
    }

    /// `inside[i]` tells whether the point `(x[i], y[i])` is at most `radius` from the centre. Exact:
    /// nothing is rounded or saturated. In a negative radius is nothing.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn within_each(
        x: &[Self],
        y: &[Self],
        centre: (Self, Self),
        radius: Self,
        inside: &mut [bool],
    ) {
        same_length(x, y);
        same_length(x, inside);
        if radius < Self::ZERO {
            return inside.fill(false);
        }
        for ((inside, x), &y) in inside.iter_mut().zip(x).zip(y) {
            *inside = x.is_within(y, centre, radius);
        }
    }
}

impl Fix32 {
    /// `(x[i], y[i]) = (x[i] * cos - y[i] * sin, x[i] * sin + y[i] * cos)`, for all: the
    /// points turned around the origin, each product rounded. Fastest between right angles.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn rotate_each(x: &mut [Self], y: &mut [Self], (sin, cos): (Self, Self)) {
        same_length(x, y);
        if let (Some(sin), Some(cos)) = (Part::<i32>::of(sin), Part::<i32>::of(cos)) {
            for (x, y) in x.iter_mut().zip(y) {
                (*x, *y) = (
                    cos.of_one(*x) - sin.of_one(*y),
                    sin.of_one(*x) + cos.of_one(*y),
                );
            }
        } else {
            for (x, y) in x.iter_mut().zip(y) {
                (*x, *y) = (*x * cos - *y * sin, *x * sin + *y * cos);
            }
        }
    }

    /// `sums[i] += terms[i] * factor`, for all: positions moved by speeds for a time. Fastest for
    /// factors from 0 to below a half, and sums within ±16,384.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn add_scaled_each(sums: &mut [Self], terms: &[Self], factor: Self) {
        same_length(sums, terms);
        if let Some(factor) = Fraction::of(factor) {
            for (sums, terms) in blocks_mut(sums, BLOCK).zip(blocks(terms, BLOCK)) {
                if add_fraction(sums, terms, factor) {
                    add_fraction_again(sums, terms, factor);
                }
            }
        } else if let Some(factor) = Part::<i32>::of(factor) {
            add_scaled(sums, terms, |term| factor.of_one(term));
        } else {
            add_scaled(sums, terms, |term| term * factor);
        }
    }

    /// `inside[i]` tells whether the point `(x[i], y[i])` is at most `radius` from the centre. Exact:
    /// nothing is rounded or saturated. In a negative radius is nothing.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn within_each(
        x: &[Self],
        y: &[Self],
        centre: (Self, Self),
        radius: Self,
        inside: &mut [bool],
    ) {
        same_length(x, y);
        same_length(x, inside);
        if radius < Self::ZERO {
            return inside.fill(false);
        }
        let circle = Circle::new(centre, radius);
        for ((inside, x), y) in blocks_mut(inside, POINTS)
            .zip(blocks(x, POINTS))
            .zip(blocks(y, POINTS))
        {
            if circle.estimate(x, y, inside) {
                for ((inside, x), &y) in inside.iter_mut().zip(x).zip(y) {
                    *inside = x.is_within(y, centre, radius);
                }
            }
        }
    }
}

impl Angle {
    /// `(sines[i], cosines[i]) = angles[i].sin_cos()`, for all: directions from headings.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn sin_cos_each(angles: &[Self], sines: &mut [Fix], cosines: &mut [Fix]) {
        map_two(angles, sines, cosines, Self::sin_cos);
    }
}

/// A factor between -1 and 1, both excluded: its products fit, and need no wide ones.
#[derive(Clone, Copy)]
struct Part<T> {
    /// The distance from zero.
    magnitude: u32,
    /// -1 if the factor is negative.
    sign: T,
}

impl Part<i64> {
    fn of(factor: Fix) -> Option<Self> {
        let magnitude = u32::try_from(factor.to_bits().unsigned_abs()).ok()?;
        let sign = factor.to_bits() >> 63;
        Some(Self { magnitude, sign })
    }

    /// `number * factor`.
    #[inline]
    const fn of_one(self, number: Fix) -> Fix {
        let sign = (number.to_bits() >> 63) ^ self.sign;
        let magnitude = number.to_bits().unsigned_abs();
        let (high, low) = (magnitude >> 32, magnitude & 0xffff_ffff);
        let factor = self.magnitude as u64;
        let low = low.wrapping_mul(factor).wrapping_add(1 << 31) >> 32;
        let product = high.wrapping_mul(factor).wrapping_add(low).cast_signed();
        Fix::from_bits((product ^ sign).wrapping_sub(sign))
    }
}

impl Part<i32> {
    fn of(factor: Fix32) -> Option<Self> {
        let magnitude = factor.to_bits().unsigned_abs();
        let sign = factor.to_bits() >> 31;
        (magnitude < 1 << 16).then_some(Self { magnitude, sign })
    }

    /// `number * factor`.
    #[inline]
    const fn of_one(self, number: Fix32) -> Fix32 {
        let bits = number.to_bits();
        let (high, low) = (bits >> 16, bits & 0xffff);
        let factor = self.magnitude.cast_signed();
        // Of a negative number a half is rounded down.
        let low = low
            .wrapping_mul(factor)
            .wrapping_add(1 << 15)
            .wrapping_add(bits >> 31);
        let low = (low.cast_unsigned() >> 16).cast_signed();
        let product = high.wrapping_mul(factor).wrapping_add(low);
        Fix32::from_bits((product ^ self.sign).wrapping_sub(self.sign))
    }
}

/// A factor from 0 to below a half, of which 15 bits are enough: compilers then take the
/// instruction for products of 16 bits, of which every machine with vectors has a fast one.
#[derive(Clone, Copy)]
struct Fraction {
    factor: i32,
    /// What is added to every product of a lower half.
    bias: i32,
}

impl Fraction {
    fn of(factor: Fix32) -> Option<Self> {
        let factor = factor.to_bits();
        // A half, to round; and the half of 2^16 by which each lower half is made less, so that it
        // has a sign.
        let bias = || (1 << 15) + (factor << 15);
        (0..1 << 15).contains(&factor).then(|| Self {
            factor,
            bias: bias(),
        })
    }

    /// `number * factor`, within ±2^30 steps.
    #[inline]
    const fn of_one(self, number: Fix32) -> Fix32 {
        let bits = number.to_bits();
        let factor = self.factor & 0x7fff;
        let (high, low) = (bits >> 16, (bits ^ (1 << 15)) as i16 as i32);
        // Of a negative number a half is rounded down.
        let low = low
            .wrapping_mul(factor)
            .wrapping_add(self.bias)
            .wrapping_add(bits >> 31)
            >> 16;
        Fix32::from_bits(high.wrapping_mul(factor).wrapping_add(low))
    }
}

/// Adds up wrapping, and tells whether a sum may have run over: one that was not within ±2^30.
///
/// Never inlined, and so is [`add_fraction_again`]: who sees what the bias is made of moves it into
/// the factors, which are too wide then.
#[inline(never)]
fn add_fraction(sums: &mut [Fix32], terms: &[Fix32], factor: Fraction) -> bool {
    let mut far = 0;
    for (sum, &term) in sums.iter_mut().zip(terms) {
        let old = sum.to_bits();
        far |= old.wrapping_add(1 << 30);
        *sum = Fix32::from_bits(old.wrapping_add(factor.of_one(term).to_bits()));
    }
    far < 0
}

/// Takes back what [`add_fraction`] did, and does it with operators.
#[inline(never)]
fn add_fraction_again(sums: &mut [Fix32], terms: &[Fix32], factor: Fraction) {
    for (sum, &term) in sums.iter_mut().zip(terms) {
        let term = factor.of_one(term);
        *sum = sum.less(term) + term;
    }
}

/// A circle, and what is needed to tell of most points whether they are inside: distances from the
/// centre cut off to 16 bits, and of their squares the upper half.
struct Circle {
    /// How many bits of a coordinate are cut off: at least one, so that differences fit.
    shift: u32,
    /// The centre, cut off.
    centre: (i32, i32),
    /// A sum of squares below it is surely inside; and this far above it surely not.
    surely_in: i16,
    unsure: u16,
}

impl Circle {
    fn new(centre: (Fix32, Fix32), radius: Fix32) -> Self {
        // The longest radius that a distance of 16 bits tells from all longer ones, see below.
        const LONGEST: i32 = i16::MAX as i32 - 4;
        let radius = radius.to_bits();
        let shift = 17_u32.saturating_sub(radius.leading_zeros()).max(1);
        let shift = shift + u32::from(radius >> shift > LONGEST);
        let short = radius >> shift;
        // As both ends are cut off, a coordinate's distance is wrong by less than one, and that of
        // the point by less than 3/2; the radius lies between `short` and one more; and of the two
        // squares together less than 2 · 2^16 is cut off. So what is below
        // (short - 2)² / 2^16 - 1 is inside, and what is not below (short + 3)² / 2^16 is not.
        let low = (short - 2).max(0);
        let surely_in = (((low * low) >> 16) - 1).max(0) as i16;
        let surely_out = (((short + 3) * (short + 3) + 0xffff) >> 16) as i16;
        Self {
            shift,
            centre: (centre.0.to_bits() >> shift, centre.1.to_bits() >> shift),
            surely_in,
            unsure: surely_out.abs_diff(surely_in),
        }
    }

    /// Tells which points are surely inside, and whether any is not sure.
    fn estimate(&self, x: &[Fix32], y: &[Fix32], inside: &mut [bool]) -> bool {
        let square = |coordinate: Fix32, centre: i32| {
            let distance = (coordinate.to_bits() >> self.shift).wrapping_sub(centre);
            // A distance of more bits is beyond the longest radius, and so is what it becomes.
            let distance = distance.clamp(i16::MIN.into(), i16::MAX.into());
            (distance.wrapping_mul(distance) >> 16) as i16
        };
        let mut least = u16::MAX;
        for ((inside, &x), &y) in inside.iter_mut().zip(x).zip(y) {
            let sum = square(x, self.centre.0).saturating_add(square(y, self.centre.1));
            let over = sum.wrapping_sub(self.surely_in);
            *inside = over < 0;
            least = least.min(over.cast_unsigned());
        }
        least < self.unsure
    }
}

/// The loop that the documentation of the functions shows.
#[inline]
fn add_scaled<T: Copy + core::ops::AddAssign>(
    sums: &mut [T],
    terms: &[T],
    scaled: impl Fn(T) -> T,
) {
    for (sum, &term) in sums.iter_mut().zip(terms) {
        *sum += scaled(term);
    }
}

#[inline]
fn map<T: Copy>(from: &[T], to: &mut [T], function: impl Fn(T) -> T) {
    same_length(from, to);
    for (&from, to) in from.iter().zip(to) {
        *to = function(from);
    }
}

#[inline]
fn map_two<A: Copy, T>(from: &[A], to: &mut [T], too: &mut [T], function: impl Fn(A) -> (T, T)) {
    same_length(from, to);
    same_length(from, too);
    for ((&from, to), too) in from.iter().zip(to).zip(too) {
        (*to, *too) = function(from);
    }
}

#[track_caller]
fn same_length<A, B>(a: &[A], b: &[B]) {
    let (a, b) = (a.len(), b.len());
    assert!(a == b, "columns of {a} and {b} elements");
}

fn blocks<T>(column: &[T], length: u32) -> impl Iterator<Item = &[T]> {
    column.chunks(crate::index::at(length))
}

fn blocks_mut<T>(column: &mut [T], length: u32) -> impl Iterator<Item = &mut [T]> {
    column.chunks_mut(crate::index::at(length))
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    /// Of all magnitudes alike, the ends and other edges often, as bits of which the lower 32 are
    /// taken for [`Fix32`].
    fn any_bits() -> impl Strategy<Value = i64> {
        let edge = |bits: u32| prop_oneof![Just(1_i64 << bits), Just(-1_i64 << bits)];
        let edge = (0..64_u32).prop_flat_map(edge);
        prop_oneof![
            8 => (any::<i64>(), 0..64_u32).prop_map(|(bits, shift)| bits >> shift),
            1 => (edge, -2..=2_i64).prop_map(|(edge, near)| edge.wrapping_add(near)),
            1 => (any::<i32>(), any::<i32>())
                .prop_map(|(high, low)| i64::from(high) << 32 | (i64::from(low) << 15) & 0xffff_ffff),
        ]
    }

    /// Columns of any length up to 100, and such that take more than one block.
    fn columns() -> impl Strategy<Value = Vec<(i64, i64)>> {
        let many = 2 * crate::index::at(BLOCK) + 77;
        prop_oneof![
            9 => prop::collection::vec((any_bits(), any_bits()), 0..100),
            1 => (prop::collection::vec((any_bits(), any_bits()), 1..50), many - 80..many)
                .prop_map(|(some, count)| some.into_iter().cycle().take(count).collect()),
        ]
    }

    /// The columns, with terms so small that nothing runs over, if that is wanted.
    fn split<T>(points: &[(i64, i64)], shift: u32, to: impl Fn(i64) -> T) -> (Vec<T>, Vec<T>) {
        points
            .iter()
            .map(|&(x, y)| (to(x >> shift), to(y >> shift)))
            .unzip()
    }

    /// The loop over the operators that each function's documentation shows.
    macro_rules! is_the_loop {
        ($name:ident, $scalar:ident, $to:expr) => {
            mod $name {
                use super::*;

                fn zip<'a>(
                    a: &'a [$scalar],
                    b: &'a [$scalar],
                ) -> impl Iterator<Item = ($scalar, $scalar)> + 'a {
                    a.iter().copied().zip(b.iter().copied())
                }

                proptest! {
                    #[test]
                    fn sums(points in columns(), shift in prop_oneof![Just(0), 0..64_u32]) {
                        let (mut x, y) = split(&points, shift, $to);
                        let expected: Vec<_> = zip(&x, &y).map(|(x, y)| x + y).collect();
                        $scalar::add_each(&mut x, &y);
                        prop_assert_eq!(x, expected);
                    }

                    #[test]
                    fn scaled_sums(
                        points in columns(),
                        shift in prop_oneof![Just(0), 0..64_u32],
                        factor in any_bits(),
                        narrow in 0..64_u32,
                    ) {
                        for factor in [factor, factor >> narrow].map($to) {
                            let (mut x, y) = split(&points, shift, $to);
                            let expected: Vec<_> = zip(&x, &y).map(|(x, y)| x + y * factor).collect();
                            $scalar::add_scaled_each(&mut x, &y, factor);
                            prop_assert_eq!(x, expected);
                        }
                    }

                    #[test]
                    fn functions(points in columns()) {
                        let (x, mut y) = split(&points, 0, $to);
                        let expected = |function: fn($scalar) -> $scalar| -> Vec<_> {
                            x.iter().map(|&x| function(x)).collect()
                        };
                        $scalar::sin_each(&x, &mut y);
                        prop_assert_eq!(&y, &expected($scalar::sin));
                        $scalar::cos_each(&x, &mut y);
                        prop_assert_eq!(&y, &expected($scalar::cos));
                        let both: (Vec<_>, Vec<_>) = x.iter().map(|x| x.sin_cos()).unzip();
                        let mut z = y.clone();
                        $scalar::sin_cos_each(&x, &mut y, &mut z);
                        prop_assert_eq!((y.clone(), z), both);
                        $scalar::sqrt_each(&x, &mut y);
                        prop_assert_eq!(&y, &expected($scalar::sqrt));
                    }

                    #[test]
                    fn circles(
                        points in columns(), shift in prop_oneof![Just(0), 0..64_u32],
                        centre in (any_bits(), any_bits()), radius in any_bits(),
                    ) {
                        let (x, y) = split(&points, shift, $to);
                        let centre = ($to(centre.0 >> shift), $to(centre.1 >> shift));
                        let own = points.first().map_or(0, |point| point.1);
                        for radius in [radius, radius >> shift, own].map($to) {
                            let mut inside = vec![true; x.len()];
                            $scalar::within_each(&x, &y, centre, radius, &mut inside);
                            let expected: Vec<_> = zip(&x, &y)
                                .map(|point| model_within(point, centre, radius))
                                .collect();
                            prop_assert_eq!(inside, expected);
                        }
                    }
                }

                /// Exact, in numbers that are wide enough for every case.
                fn model_within(
                    point: ($scalar, $scalar),
                    centre: ($scalar, $scalar),
                    radius: $scalar,
                ) -> bool {
                    let along = |a: $scalar, b: $scalar| {
                        (i128::from(a.to_bits()) - i128::from(b.to_bits())).unsigned_abs()
                    };
                    let (dx, dy) = (along(point.0, centre.0), along(point.1, centre.1));
                    let sum = (dx * dx).checked_add(dy * dy);
                    let limit = i128::from(radius.to_bits());
                    limit >= 0 && sum.is_some_and(|sum| sum <= (limit * limit).unsigned_abs())
                }

                #[test]
                #[should_panic(expected = "columns of 2 and 3 elements")]
                fn columns_of_different_length_are_a_mistake() {
                    $scalar::add_each(&mut [$scalar::ONE; 2], &[$scalar::ONE; 3]);
                }
            }
        };
    }

    is_the_loop!(fix, Fix, Fix::from_bits);
    is_the_loop!(fix32, Fix32, |bits: i64| Fix32::from_bits(bits as i32));

    proptest! {
        #[test]
        fn rotations(points in columns(), sin in any_bits(), cos in any_bits(), turn: u32) {
            let any = Rot2 { cos: Fix::from_bits(cos), sin: Fix::from_bits(sin) };
            for by in [any, Rot2::from(Angle(turn)), Rot2::IDENTITY] {
                let (mut x, mut y) = split(&points, 0, Fix::from_bits);
                let turned = x.iter().zip(&y).map(|(&x, &y)| Vec2::new(x, y).rotated(by));
                let expected: (Vec<_>, Vec<_>) = turned.map(|turned| (turned.x, turned.y)).unzip();
                Fix::rotate_each(&mut x, &mut y, by);
                prop_assert_eq!((x, y), expected);
            }
        }

        #[test]
        fn small_rotations(points in columns(), sin: i32, cos: i32, turn: u32) {
            let (sine, cosine) = Angle(turn).sin_cos();
            let small = |number: Fix| Fix32::from_bits((number.to_bits() >> 16) as i32);
            let any = (Fix32::from_bits(sin), Fix32::from_bits(cos));
            for (sin, cos) in [any, (small(sine), small(cosine))] {
                let (mut x, mut y) = split(&points, 0, |bits| Fix32::from_bits(bits as i32));
                let turned = x.iter().zip(&y);
                let turned = turned.map(|(&x, &y)| (x * cos - y * sin, x * sin + y * cos));
                let expected: (Vec<_>, Vec<_>) = turned.unzip();
                Fix32::rotate_each(&mut x, &mut y, (sin, cos));
                prop_assert_eq!((x, y), expected);
            }
        }

        #[test]
        fn circles_of_vectors(
            points in columns(),
            centre in (any_bits(), any_bits()),
            radius in any_bits(),
        ) {
            let (x, y) = split(&points, 0, Fix::from_bits);
            let (centre, radius) = (
                (Fix::from_bits(centre.0), Fix::from_bits(centre.1)),
                Fix::from_bits(radius),
            );
            let within = |(&x, &y)| Vec2::new(x, y).is_within(Vec2::new(centre.0, centre.1), radius);
            let expected: Vec<_> = x.iter().zip(&y).map(within).collect();
            let mut inside = vec![false; x.len()];
            Fix::within_each(&x, &y, centre, radius, &mut inside);
            prop_assert_eq!(inside, expected);
        }

        #[test]
        fn angles(units in prop::collection::vec(any::<u32>(), 0..100)) {
            let angles: Vec<_> = units.into_iter().map(Angle).collect();
            let expected: (Vec<_>, Vec<_>) = angles.iter().map(|angle| angle.sin_cos()).unzip();
            let mut found = (vec![Fix::ZERO; angles.len()], vec![Fix::ZERO; angles.len()]);
            Angle::sin_cos_each(&angles, &mut found.0, &mut found.1);
            prop_assert_eq!(found, expected);
        }
    }

    /// The end of the range, where nothing may run over, at every place of a vector.
    #[test]
    fn saturation_at_every_place_of_every_length() {
        for length in 0..=70 {
            for place in 0..length {
                let mut x: Vec<_> = (0..length as i16).map(Fix32::int).collect();
                let mut wide: Vec<_> = (0..length as i32).map(Fix::int).collect();
                (x[place], wide[place]) = (Fix32::MAX, Fix::MIN);
                let add = |x: &Fix32| *x + Fix32::ONE * Fix32::ratio(1, 4);
                let expected: Vec<_> = x.iter().map(add).collect();
                Fix32::add_scaled_each(&mut x, &vec![Fix32::ONE; length], Fix32::ratio(1, 4));
                assert_eq!((x[place], &x), (Fix32::MAX, &expected));
                let expected: Vec<_> = wide.iter().map(|x| *x - Fix::STEP).collect();
                Fix::add_each(&mut wide, &vec![-Fix::STEP; length]);
                assert_eq!((wide[place], &wide), (Fix::MIN, &expected));
            }
        }
    }

    /// Points on the line of a circle and beside it, where an estimate cannot tell.
    #[test]
    fn the_line_of_a_circle_is_inside() {
        // 3-4-5 triangles of all sizes, from the smallest step on.
        for size in (0..=28).map(|shift| 1_i32 << shift) {
            let at = |x: i32, y: i32| (Fix32::from_bits(x * size), Fix32::from_bits(y * size));
            let (x, y): (Vec<_>, Vec<_>) = [at(3, 4), at(-3, 4), at(-4, -3), at(0, 5), at(-5, 0)]
                .into_iter()
                .unzip();
            let centre = (Fix32::ZERO, Fix32::ZERO);
            let radius = Fix32::from_bits(5 * size);
            let mut inside = [false; 5];
            Fix32::within_each(&x, &y, centre, radius, &mut inside);
            assert_eq!(inside, [true; 5]);
            Fix32::within_each(&x, &y, centre, radius - Fix32::STEP, &mut inside);
            assert_eq!(inside, [false; 5]);
        }
    }

    /// What is no rotation turns no less as `Vec2` turns: here sums of products have 128 bits.
    #[test]
    fn rotations_at_the_ends() {
        for (x, y, cos, sin) in (0..16_u32).map(|ends| {
            let end = |bit: u32| [Fix::MIN, Fix::MAX][crate::index::at(ends >> bit & 1)];
            (end(0), end(1), end(2), end(3))
        }) {
            let (mut column, by) = (([x], [y]), Rot2 { cos, sin });
            Fix::rotate_each(&mut column.0, &mut column.1, by);
            let turned = Vec2::new(x, y).rotated(by);
            assert_eq!(column, ([turned.x], [turned.y]), "{x} {y} by {by:?}");
        }
    }

    /// The estimate is only worth it if it is right about most points.
    #[test]
    fn most_points_need_no_second_look() {
        let circle = Circle::new((Fix32::ONE, Fix32::ZERO), Fix32::int(10));
        let unsure = |x: Fix32| circle.estimate(&[x], &[Fix32::ZERO], &mut [false]);
        let points = (-20 << 16..20 << 16).step_by(64).map(Fix32::from_bits);
        let (all, second) = points.fold((0, 0), |(all, second), x| {
            (all + 1, second + u32::from(unsure(x)))
        });
        assert!(second > 0 && second * 1000 < all, "{second} of {all}");
    }
}
