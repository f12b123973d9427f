//! Every argument of the functions of one argument on `Fix32` and `Angle`, against the platform's
//! `f64` functions; also no result steps back where the exact one goes on.
//!
//! Why `f64` is enough: all arguments and results of `Fix32` have at most 32 bits, and the
//! platform's functions err by at most a few units of 2^-53 of the result: that is below 2^-20 step.
//! An angle in radians is rounded once more, and its sine has 32 bits behind the point: below 2^-18
//! step. Where that doubt could hide a root that is not the nearest, whole numbers decide.
//!
//! `Angle::tan` has up to 62 bits, and so have results of `Fix`: the tables alone judge their
//! errors.

#![expect(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "an independent reference and what it found; nothing here is simulated"
)]

use std::f64::consts::TAU;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use crate::functions::{FUNCTIONS, Function, Results, Run};
use crate::points::{Exact, checked_in, hex, points};

/// What a result may be off because the reference is: 2^-18 step.
const DOUBT: f64 = 1.0 / 262_144.0;

/// The function on real numbers.
fn real(name: &str) -> fn(f64) -> f64 {
    match name {
        "sqrt" => |x| x.max(0.0).sqrt(),
        "rsqrt" => |x| if x <= 0.0 { f64::MAX } else { 1.0 / x.sqrt() },
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => |x| x.clamp(-1.0, 1.0).asin(),
        "acos" => |x| x.clamp(-1.0, 1.0).acos(),
        "exp2" => f64::exp2,
        "log2" => |x| if x <= 0.0 { f64::MIN } else { x.log2() },
        _ => panic!("{name} is no function of one argument"),
    }
}

/// A function whose arguments are all to be tried, numbered from the lowest.
struct Curve {
    function: &'static Function,
    real: fn(f64) -> f64,
    of_angle: bool,
}

impl Curve {
    fn new(function: &'static Function) -> Self {
        Self {
            function,
            real: real(function.name),
            of_angle: function.of == "Angle",
        }
    }

    /// Every curve for which `f64` is precise enough.
    fn all() -> impl Iterator<Item = Self> {
        let enough = |function: &&Function| match function.of {
            "Fix32" => function.run != Run::OfTwo,
            "Angle" => function.run != Run::OfTwo && function.name != "tan",
            _ => false,
        };
        FUNCTIONS.iter().filter(enough).map(Self::new)
    }

    /// The bits of the argument with this number.
    fn argument(&self, number: u32) -> i64 {
        if self.of_angle {
            number.into()
        } else {
            i64::from(number) + i64::from(i32::MIN)
        }
    }

    /// The exact result in steps, within the range.
    fn exact(&self, bits: i64) -> f64 {
        let Results::Range { lowest, highest } = self.function.results else {
            panic!("a curve is of numbers");
        };
        let (argument, one) = if self.of_angle {
            // From half a turn back to half a turn on: the smaller the angle, the finer.
            let signed = bits as u32 as i32;
            (f64::from(signed) * (TAU / 4_294_967_296.0), 4_294_967_296.0)
        } else {
            (bits as f64 / 65_536.0, 65_536.0)
        };
        ((self.real)(argument) * one).clamp(lowest as f64, highest as f64)
    }
}

/// Whether a root is the nearest number, where it is too near to a tie for `f64` to tell: squared,
/// the ties beside it lie on either side of the exact result.
fn is_nearest(function: &Function, bits: i64, result: i64) -> bool {
    let bits = u128::from(bits.unsigned_abs());
    let ties = [2 * result - 1, 2 * result + 1].map(|tie| u128::from(tie.unsigned_abs()));
    let [below, above] = ties.map(|tie| tie * tie);
    match function.name {
        "sqrt" => (below..=above).contains(&(bits << 18)),
        "rsqrt" => (below * bits..=above * bits).contains(&(1 << 50)),
        name => panic!("nobody knows when {name} is nearest"),
    }
}

/// What was found on a curve.
#[derive(Clone, Copy, Default)]
struct Found {
    /// In steps.
    error: f64,
    /// The bits of the argument with that error.
    at: i64,
    /// How often the result went the other way than the exact one.
    steps_back: u64,
    /// The bits of the first such argument.
    back_at: i64,
}

impl Found {
    fn and(self, other: Self) -> Self {
        let worse = if other.error > self.error {
            other
        } else {
            self
        };
        let back_at = match (self.steps_back, other.steps_back) {
            (0, _) => other.back_at,
            (_, 0) => self.back_at,
            _ => self.back_at.min(other.back_at),
        };
        Self {
            steps_back: self.steps_back + other.steps_back,
            back_at,
            ..worse
        }
    }

    /// All arguments with a number from `first` to `last`, with `call` in the function's place.
    fn between(curve: &Curve, first: u32, last: u32, call: impl Fn([i64; 2]) -> i64) -> Self {
        let mut found = Self::default();
        let mut before: Option<(i64, f64)> = None;
        for number in first..=last {
            let bits = curve.argument(number);
            let (result, exact) = (call([bits, 0]), curve.exact(bits));
            let mut error = (result as f64 - exact).abs();
            if curve.function.promise == 500 && (error - 0.5).abs() < DOUBT {
                error = if is_nearest(curve.function, bits, result) {
                    0.5
                } else {
                    1.0
                };
            }
            if error > found.error {
                (found.error, found.at) = (error, bits);
            }
            if let Some((result_before, exact_before)) = before {
                let (went, should) = (result - result_before, exact - exact_before);
                let rounding = if curve.of_angle { DOUBT } else { 0.0 };
                let sure = exact.abs() * f64::EPSILON * 16.0 + rounding;
                if went != 0 && (went > 0) != (should > 0.0) && should.abs() > sure {
                    found.steps_back += 1;
                    if found.steps_back == 1 {
                        found.back_at = bits;
                    }
                }
            }
            before = Some((result, exact));
        }
        found
    }

    fn check(self, function: &Function) {
        let of = format!("{}::{}", function.of, function.name);
        println!(
            "{of}: {:.6} steps at {}, {} steps back",
            self.error,
            hex(self.at),
            self.steps_back
        );
        let promise = f64::from(function.promise) / 1_000.0;
        assert!(
            self.error <= promise + DOUBT,
            "{of}: {} steps at {}",
            self.error,
            self.at
        );
        assert_eq!(
            self.steps_back,
            0,
            "{of} steps back at {}",
            hex(self.back_at)
        );
    }
}

/// Every argument, on all processors.
fn every(curve: &Curve) -> Found {
    const PIECE_BITS: u32 = 16;
    const LAST_PIECE: u32 = u32::MAX >> PIECE_BITS;
    let next = AtomicU32::new(0);
    let found = Mutex::new(Found::default());
    let work = || loop {
        let piece = next.fetch_add(1, Ordering::Relaxed);
        if piece > LAST_PIECE {
            break;
        }
        let first = piece << PIECE_BITS;
        // One argument of the next piece, so that no pair of neighbours is left out.
        let last = first.saturating_add(1 << PIECE_BITS);
        let piece = Found::between(curve, first, last, curve.function.call);
        let mut found = found.lock().expect("no piece panics");
        *found = found.and(piece);
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(work);
        }
    });
    found.into_inner().expect("no piece panics")
}

#[test]
#[ignore = "2^32 arguments of every function: .ci/full runs it in release"]
fn every_argument_of_the_small_scalar_and_of_angles() {
    for curve in Curve::all() {
        every(&curve).check(curve.function);
    }
}

/// Numbers whose surroundings are tried by the short test: the ends, zero, one, powers of two.
fn landmarks() -> impl Iterator<Item = u32> {
    let powers = (0..u32::BITS).map(|bit| 1 << bit);
    let middle = 1_u32 << 31;
    powers.flat_map(move |power| {
        [
            power,
            middle.wrapping_add(power),
            middle.wrapping_sub(power),
            power.wrapping_neg(),
        ]
    })
}

#[test]
fn some_arguments_of_the_small_scalar_and_of_angles() {
    for curve in Curve::all() {
        let call = curve.function.call;
        let strided = (0..=u32::MAX - 1)
            .step_by(65_537)
            .map(|first| (first, first + 1));
        let near = landmarks().map(|mark| (mark.saturating_sub(16), mark.saturating_add(16)));
        let found = strided
            .chain(near)
            .map(|(first, last)| Found::between(&curve, first, last, call))
            .fold(Found::default(), Found::and);
        found.check(curve.function);
    }
}

/// The canary: one result that is off is seen, as an error and as a step back.
#[test]
fn one_wrong_result_among_neighbours_is_seen() {
    for curve in Curve::all() {
        let number = (1 << 31) + 12_345;
        let wrong = curve.argument(number);
        let with = |steps: i64| {
            let call = |arguments: [i64; 2]| {
                let planted = if arguments[0] == wrong { steps } else { 0 };
                (curve.function.call)(arguments) + planted
            };
            Found::between(&curve, number - 100, number + 100, call)
        };
        let promise = f64::from(curve.function.promise) / 1_000.0;
        // Two steps, less what the honest result is off the other way.
        assert_eq!(with(2).at, wrong, "{}", curve.function.file());
        assert!(with(2).error > promise + DOUBT);
        // More than any of these curves climbs from one argument to the next.
        assert_eq!(with(20).steps_back, 1, "{}", curve.function.file());
    }
}

/// Two independent references agree: MPFR's tables and the platform's functions.
#[test]
fn the_references_agree() {
    for curve in Curve::all() {
        for point in points(&checked_in(), curve.function) {
            let Exact::At(exact) = point.exact else {
                continue;
            };
            let Results::Range { lowest, highest } = curve.function.results else {
                panic!("a curve is of numbers");
            };
            let exact = (exact as f64 / 65_536.0).clamp(lowest as f64, highest as f64);
            let apart = (curve.exact(point.arguments[0]) - exact).abs();
            // The table itself is cut off at 2^-16 step.
            assert!(
                apart < 1.0 / 65_536.0 + DOUBT,
                "{} {point:?}",
                curve.function.file(),
            );
        }
    }
}
