//! [`sweep`]: a function over the edges of its domain and a stream of operands from a fixed seed.

use phalanx_engine::{Angle, Fix, Fix32, Rng, State};

use crate::Tape;

/// Drawn operands per function, after its edges.
const DRAWS: u32 = 4096;

const SEED: u64 = 0x7068_616c_616e_7821;

/// A value that a function is tried with.
pub(crate) trait Operand: Copy {
    /// Values where implementations tend to differ.
    fn edges() -> Vec<Self>;
    /// Any value, all magnitudes alike.
    fn draw(rng: &mut Rng) -> Self;
}

/// Writes what `function` makes of the edges of its operand and of [`DRAWS`] drawn ones. More than
/// one operand is a tuple.
pub(crate) fn sweep<A: Operand, R: State>(tape: &mut Tape<'_>, function: impl Fn(A) -> R) {
    for edge in A::edges() {
        tape.note(&function(edge));
    }
    let mut rng = Rng::new(SEED);
    for _ in 0..DRAWS {
        tape.note(&function(A::draw(&mut rng)));
    }
}

/// Components that sweep a function each: `components!("fix", "neg" => |a: Fix| -a)`.
macro_rules! components {
    ($prefix:literal, $($name:literal => $function:expr),* $(,)?) => {
        &[$($crate::Component::new(concat!($prefix, ".", $name), |tape| {
            $crate::sweep::sweep(tape, $function);
        })),*]
    };
}
pub(crate) use components;

macro_rules! integer {
    ($($int:ty),*) => {$(
        impl Operand for $int {
            fn edges() -> Vec<Self> {
                vec![Self::MIN, Self::MIN + 1, Self::MAX / 2, Self::MAX - 1, Self::MAX, 0, 1, 2]
            }
            #[allow(
                clippy::cast_possible_truncation,
                clippy::unnecessary_cast,
                reason = "one macro for all widths; the lowest bits are meant"
            )]
            fn draw(rng: &mut Rng) -> Self {
                (rng.next_u64() as Self) >> rng.below(Self::BITS)
            }
        }
    )*};
}

integer!(u16, u32, u64, i16, i32, i64);

macro_rules! scalar {
    ($($scalar:ident of $bits:ty, root of the range $root:literal;)*) => {$(
        impl Operand for $scalar {
            fn edges() -> Vec<Self> {
                let (one, step, half) = (Self::ONE, Self::STEP, Self::ratio(1, 2));
                let upper = [
                    step, half - step, half, one - step, one, one + step,
                    // Its square is the last one in range, the next one saturates.
                    Self::int($root), Self::int($root + 1), Self::MAX - step, Self::MAX,
                ];
                let lower = upper.map(|number| -number);
                [Self::MIN, Self::ZERO].into_iter().chain(upper).chain(lower).collect()
            }
            fn draw(rng: &mut Rng) -> Self {
                Self::from_bits(<$bits>::draw(rng))
            }
        }
    )*};
}

scalar! {
    Fix of i64, root of the range 46340;
    Fix32 of i32, root of the range 181;
}

impl Operand for Angle {
    fn edges() -> Vec<Self> {
        // The axes and the diagonals, where the reduction changes its branch, and their neighbours.
        let eighths = (0..8_u32).map(|eighth| eighth << 29);
        let near = |units: u32| [units.wrapping_sub(1), units, units.wrapping_add(1)];
        eighths.flat_map(near).map(Self).collect()
    }
    fn draw(rng: &mut Rng) -> Self {
        Self(rng.next_u32())
    }
}

impl<A: Operand, B: Operand> Operand for (A, B) {
    fn edges() -> Vec<Self> {
        let with = |a| B::edges().into_iter().map(move |b| (a, b));
        A::edges().into_iter().flat_map(with).collect()
    }
    fn draw(rng: &mut Rng) -> Self {
        let a = A::draw(rng);
        (a, B::draw(rng))
    }
}

impl<A: Operand, B: Operand, C: Operand> Operand for (A, B, C) {
    fn edges() -> Vec<Self> {
        let pairs = <(A, B)>::edges().into_iter();
        pairs
            .flat_map(|(a, b)| C::edges().into_iter().map(move |c| (a, b, c)))
            .collect()
    }
    fn draw(rng: &mut Rng) -> Self {
        let (a, b) = <(A, B)>::draw(rng);
        (a, b, C::draw(rng))
    }
}
