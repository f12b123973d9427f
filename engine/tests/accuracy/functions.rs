//! The functions of `phalanx_engine::math` and what each promises: the one table.

use phalanx_engine::{Angle, Fix, Fix32};

/// Where a function's results lie, in bits.
#[derive(Clone, Copy)]
pub enum Results {
    /// A scalar's: beyond the range they are its ends.
    Range { lowest: i64, highest: i64 },
    /// An angle's: a whole turn is nothing.
    Turn,
}

/// What neighbouring arguments promise of neighbouring results.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// A greater argument never has a smaller result.
    Rises,
    /// A greater argument never has a greater result.
    Falls,
    /// The results go up and down as the exact ones do, and never the other way.
    Waves,
    /// A function of two arguments.
    OfTwo,
}

#[derive(Clone, Copy)]
pub struct Function {
    /// Whose function it is.
    pub of: &'static str,
    pub name: &'static str,
    /// The greatest error in thousandths of a step of the result.
    pub promise: u32,
    pub run: Run,
    pub results: Results,
    /// From arguments' bits to the result's. A function of one argument leaves the second alone.
    pub call: fn([i64; 2]) -> i64,
}

impl Function {
    /// The name of its table.
    pub fn file(&self) -> String {
        format!("{}_{}.txt", self.of.to_lowercase(), self.name)
    }

    pub fn arity(&self) -> u32 {
        if self.run == Run::OfTwo { 2 } else { 1 }
    }
}

/// A scalar or angle of these bits.
trait OfBits {
    fn of_bits(bits: i64) -> Self;
    const RESULTS: Results;
    fn bits(self) -> i64;
}

impl OfBits for Fix {
    fn of_bits(bits: i64) -> Self {
        Self::from_bits(bits)
    }
    const RESULTS: Results = Results::Range {
        lowest: i64::MIN,
        highest: i64::MAX,
    };
    fn bits(self) -> i64 {
        self.to_bits()
    }
}

impl OfBits for Fix32 {
    fn of_bits(bits: i64) -> Self {
        Self::from_bits(bits.try_into().expect("bits of a Fix32"))
    }
    const RESULTS: Results = Results::Range {
        lowest: i32::MIN as i64,
        highest: i32::MAX as i64,
    };
    fn bits(self) -> i64 {
        self.to_bits().into()
    }
}

impl OfBits for Angle {
    fn of_bits(bits: i64) -> Self {
        Self(bits.try_into().expect("units of an Angle"))
    }
    const RESULTS: Results = Results::Turn;
    fn bits(self) -> i64 {
        self.0.into()
    }
}

const fn results_of<A, R: OfBits>(_: fn(A) -> R) -> Results {
    R::RESULTS
}

const fn results_of_two<A, R: OfBits>(_: fn(A, A) -> R) -> Results {
    R::RESULTS
}

/// A line of the table for a function of one argument.
macro_rules! one {
    ($of:ident::$name:ident, $promise:expr, $run:ident) => {
        Function {
            of: stringify!($of),
            name: stringify!($name),
            promise: $promise,
            run: Run::$run,
            results: results_of($of::$name),
            call: |[x, _]| $of::$name(OfBits::of_bits(x)).bits(),
        }
    };
}

/// A line of the table for a function of two.
macro_rules! two {
    ($of:ident::$name:ident, $promise:expr) => {
        Function {
            of: stringify!($of),
            name: stringify!($name),
            promise: $promise,
            run: Run::OfTwo,
            results: results_of_two($of::$name),
            call: |[x, y]| $of::$name(OfBits::of_bits(x), OfBits::of_bits(y)).bits(),
        }
    };
}

/// 500 is the nearest number, always; 1,000 one of the two around the exact result.
pub const FUNCTIONS: &[Function] = &[
    one!(Fix::sqrt, 500, Rises),
    one!(Fix::rsqrt, 500, Falls),
    one!(Fix::sin, 1_000, Waves),
    one!(Fix::cos, 1_000, Waves),
    one!(Fix::tan, 1_000, Waves),
    one!(Fix::asin, 1_000, Rises),
    one!(Fix::acos, 1_000, Falls),
    one!(Fix::exp2, 1_000, Rises),
    one!(Fix::log2, 1_000, Rises),
    two!(Fix::hypot, 500),
    two!(Fix::atan2, 1_000),
    two!(Fix::pow, 1_000),
    one!(Fix32::sqrt, 500, Rises),
    one!(Fix32::rsqrt, 500, Falls),
    one!(Fix32::sin, 1_000, Waves),
    one!(Fix32::cos, 1_000, Waves),
    one!(Fix32::tan, 1_000, Waves),
    one!(Fix32::asin, 1_000, Rises),
    one!(Fix32::acos, 1_000, Falls),
    one!(Fix32::exp2, 1_000, Rises),
    one!(Fix32::log2, 1_000, Rises),
    two!(Fix32::hypot, 500),
    two!(Fix32::atan2, 1_000),
    two!(Fix32::pow, 1_000),
    one!(Angle::sin, 1_000, Waves),
    one!(Angle::cos, 1_000, Waves),
    one!(Angle::tan, 1_000, Waves),
    two!(Angle::atan2, 1_000),
];
