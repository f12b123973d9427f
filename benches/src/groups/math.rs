//! Group `math`: what fixed-point numbers cost, beside floats and the fixed-point crates.

use std::hint::black_box;
use std::ops::{Add, AddAssign, Mul, Neg, Sub};

use phalanx_engine::{Fix, Fix32, Rot2};

use super::Told;
use crate::claim::{Claim, Effort};
use crate::math::{
    COLUMN, Lined, Link, column, floats, latency, nanos, pairs, short_floats, small, throughput,
};

/// What we promise of columns of small scalars beside columns of `f32`: with the vectors that the
/// processor has, or with those that every one of its kind has.
const COLUMNS_AT_MOST: f64 = if cfg!(target_feature = "avx2") {
    2.5
} else {
    6.0
};

/// The same of `p += v * dt`. Floats do it in an instruction or two; a product that is rounded to
/// the nearest with halves away from zero, and a sum that is watched, take a dozen.
const STEPS_AT_MOST: f64 = if cfg!(target_feature = "avx2") {
    3.5
} else {
    6.0
};

/// Who is beside us, and the ratio that we promise to stay below.
type Peer = (&'static str, Option<f64>);

pub(super) fn run(effort: Effort, told: &mut Told<'_>) {
    let rows = &mut Rows { effort, told };
    let inputs = &Inputs::new();
    operators(rows, inputs);
    beside_floats(rows, inputs);
    #[cfg(feature = "peers")]
    crates::beside(rows, inputs);
    chains(rows, inputs);
    short_columns(rows, inputs);
    long_columns(rows, inputs);
}

/// The numbers that functions are asked of.
struct Inputs {
    /// Within ±1,000 units: places, and their distances.
    x: Vec<Fix>,
    y: Vec<Fix>,
    /// Within ±100 radians.
    angles: Vec<Fix>,
    /// Any.
    whole: Vec<Fix>,
    /// From one step to 1,000.
    positive: Vec<Fix>,
    /// From -1 to 1.
    unit: Vec<Fix>,
    /// Within ±3.
    exponents: Vec<Fix>,
}

impl Inputs {
    fn new() -> Self {
        Self {
            x: column(1, Fix::int(1000), false),
            y: column(2, Fix::int(1000), false),
            angles: column(3, Fix::int(100), false),
            whole: column(4, Fix::MAX, false),
            positive: column(5, Fix::int(1000), true),
            unit: column(6, Fix::ONE, false),
            exponents: column(7, Fix::int(3), false),
        }
    }
}

/// Where the lines go.
struct Rows<'a, 'b> {
    effort: Effort,
    told: &'a mut Told<'b>,
}

impl Rows<'_, '_> {
    /// Both sides return nanoseconds per element.
    fn ratio(
        &mut self,
        name: &str,
        ours: impl FnMut() -> f64,
        peer: Peer,
        theirs: impl FnMut() -> f64,
    ) {
        let name = format!("math/{name}");
        let claim = Claim::ratio(name, self.effort, ours, peer, theirs);
        (self.told)(Ok(claim.in_nanos()));
    }

    /// A pass over columns.
    fn columns(
        &mut self,
        name: &str,
        ours: impl FnMut() -> f64,
        peer: Peer,
        theirs: impl FnMut() -> f64,
    ) {
        self.ratio(&format!("columns of {name}"), ours, peer, theirs);
    }

    /// A function of one number each.
    fn function<A: Copy, R: Copy + Default, B: Copy, S: Copy + Default>(
        &mut self,
        name: &str,
        (from, ours): (&[A], impl Fn(A) -> R),
        peer: Peer,
        (their_from, theirs): (&[B], impl Fn(B) -> S),
    ) {
        let ours = || throughput(from, &ours);
        self.ratio(name, ours, peer, || throughput(their_from, &theirs));
    }

    /// The same of floats.
    fn float(
        &mut self,
        name: &str,
        at_most: Option<f64>,
        from: &[Fix],
        ours: impl Fn(Fix) -> Fix,
        theirs: impl Fn(f64) -> f64,
    ) {
        let peer = ("f64", at_most);
        self.function(name, (from, ours), peer, (&floats(from), theirs));
    }

    /// The same of two numbers each.
    fn float_of_two(
        &mut self,
        name: &str,
        at_most: Option<f64>,
        (a, b): (&[Fix], &[Fix]),
        ours: impl Fn(Fix, Fix) -> Fix,
        theirs: impl Fn(f64, f64) -> f64,
    ) {
        let (from, floats) = (pairs(a, b), pairs(&floats(a), &floats(b)));
        self.function(
            name,
            (&from, |(a, b)| ours(a, b)),
            ("f64", at_most),
            (&floats, |(a, b)| theirs(a, b)),
        );
    }
}

fn operators(rows: &mut Rows<'_, '_>, inputs: &Inputs) {
    let pairs = pairs(&inputs.x, &inputs.positive);
    // The least that a product of such numbers takes: neither rounded nor saturated.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the lower bits are what is wanted"
    )]
    let raw =
        |(a, b): (Fix, Fix)| ((i128::from(a.to_bits()) * i128::from(b.to_bits())) >> 32) as i64;
    let mul = |(a, b)| a * b;
    rows.function(
        "mul",
        (&pairs, mul),
        ("the bare product", Some(1.6)),
        (&pairs, raw),
    );
    let wrapping = |(a, b): (Fix, Fix)| a.wrapping_mul(b);
    rows.function(
        "mul, wrapping",
        (&pairs, wrapping),
        ("the bare product", Some(1.1)),
        (&pairs, raw),
    );
    #[cfg(feature = "peers")]
    {
        let theirs: Vec<_> = pairs
            .iter()
            .map(|(a, b)| (a.to_fixed(), b.to_fixed()))
            .collect();
        rows.function(
            "mul",
            (&pairs, mul),
            ("fixed's saturating", None),
            (&theirs, |(a, b)| a.saturating_mul(b)),
        );
        rows.function(
            "div",
            (&pairs, |(a, b)| a / b),
            ("fixed's saturating", Some(1.0)),
            (&theirs, |(a, b)| a.saturating_div(b)),
        );
    }
}

/// Beside what the standard library has.
fn beside_floats(rows: &mut Rows<'_, '_>, inputs: &Inputs) {
    let Inputs { x, y, angles, .. } = inputs;
    let Inputs {
        whole,
        positive,
        unit,
        exponents,
        ..
    } = inputs;
    let all = Some(1.0);
    rows.float("sin", all, angles, Fix::sin, f64::sin);
    rows.float("sin, whole range", None, whole, Fix::sin, f64::sin);
    rows.float("cos", all, angles, Fix::cos, f64::cos);
    rows.float_of_two("atan2", all, (y, x), Fix::atan2, f64::atan2);
    rows.float("tan", None, angles, Fix::tan, f64::tan);
    rows.float("asin", None, unit, Fix::asin, f64::asin);
    rows.float("acos", None, unit, Fix::acos, f64::acos);
    rows.float("sqrt", None, positive, Fix::sqrt, f64::sqrt);
    rows.float("rsqrt", None, positive, Fix::rsqrt, |x| 1.0 / x.sqrt());
    rows.float_of_two("hypot", None, (y, x), Fix::hypot, f64::hypot);
    rows.float("exp2", None, exponents, Fix::exp2, f64::exp2);
    rows.float("log2", None, positive, Fix::log2, f64::log2);
    let powers = (&positive[..], &exponents[..]);
    rows.float_of_two("pow", None, powers, Fix::pow, f64::powf);
    let (short, floats) = (small(angles), short_floats(angles));
    let f32 = ("f32", None);
    rows.function("sin, Fix32", (&short, Fix32::sin), f32, (&floats, f32::sin));
}

/// Beside the crates that do the same.
#[cfg(feature = "peers")]
mod crates {
    use fixed::types::I32F32;
    use fixed_sqrt::FastSqrt;
    use phalanx_engine::{Angle, Fix};

    use super::{Inputs, Peer, Rows};
    use crate::math::{floats, pairs};

    /// Nobody's errors are ours to count.
    fn zero<E>(result: Result<I32F32, E>) -> I32F32 {
        result.unwrap_or_default()
    }

    fn theirs(column: &[Fix]) -> Vec<I32F32> {
        column.iter().map(|number| number.to_fixed()).collect()
    }

    pub(super) fn beside(rows: &mut Rows<'_, '_>, inputs: &Inputs) {
        let Inputs {
            x,
            y,
            angles,
            whole,
            positive,
            unit,
            exponents,
        } = inputs;
        let best = |most| -> Peer { ("fixed_analytics", most) };
        let tenth = best(Some(0.1));
        let (turns, far) = (theirs(angles), theirs(positive));
        let (ours, vectors) = (pairs(y, x), pairs(&theirs(y), &theirs(x)));
        rows.function(
            "sin",
            (angles, Fix::sin),
            tenth,
            (&turns, fixed_analytics::sin),
        );
        rows.function(
            "sin, whole range",
            (whole, Fix::sin),
            tenth,
            (&theirs(whole), fixed_analytics::sin),
        );
        rows.function(
            "cos",
            (angles, Fix::cos),
            tenth,
            (&turns, fixed_analytics::cos),
        );
        let atan2 = |(y, x)| fixed_analytics::atan2(y, x);
        rows.function(
            "atan2",
            (&ours, |(y, x)| y.atan2(x)),
            tenth,
            (&vectors, atan2),
        );
        let tan = fixed_analytics::tan;
        rows.function("tan", (angles, Fix::tan), best(None), (&turns, tan));
        let asin = |x| zero(fixed_analytics::asin(x));
        rows.function("asin", (unit, Fix::asin), best(None), (&theirs(unit), asin));
        let rsqrt = |x| zero(fixed_analytics::rsqrt(x));
        rows.function("rsqrt", (positive, Fix::rsqrt), best(None), (&far, rsqrt));
        let hypot = |(y, x)| fixed_analytics::hypot(y, x);
        rows.function(
            "hypot",
            (&ours, |(y, x)| y.hypot(x)),
            best(None),
            (&vectors, hypot),
        );
        let powers = theirs(exponents);
        let exp2 = fixed_analytics::pow2;
        rows.function("exp2", (exponents, Fix::exp2), best(None), (&powers, exp2));
        let log2 = |x| zero(fixed_analytics::log2(x));
        rows.function("log2", (positive, Fix::log2), best(None), (&far, log2));
        let (ours, their_pairs) = (pairs(positive, exponents), pairs(&far, &powers));
        let pow = |(base, exponent)| zero(fixed_analytics::pow(base, exponent));
        rows.function(
            "pow",
            (&ours, |(x, y)| x.pow(y)),
            best(None),
            (&their_pairs, pow),
        );
        roots(rows, positive);
        others(rows, inputs);
    }

    fn roots(rows: &mut Rows<'_, '_>, positive: &[Fix]) {
        let far = theirs(positive);
        let third = |who| -> Peer { (who, Some(0.333)) };
        let best = |x| zero(fixed_analytics::sqrt(x));
        rows.function(
            "sqrt",
            (positive, Fix::sqrt),
            third("fixed_analytics"),
            (&far, best),
        );
        let fast = |x: I32F32| x.fast_sqrt();
        rows.function(
            "sqrt",
            (positive, Fix::sqrt),
            third("fixed-sqrt"),
            (&far, fast),
        );
        rows.function(
            "sqrt",
            (positive, Fix::sqrt),
            third("fixed"),
            (&far, |x| x.sqrt()),
        );
        let cordic = ("cordic", None);
        rows.function("sqrt", (positive, Fix::sqrt), cordic, (&far, cordic::sqrt));
    }

    /// Those that are either not as exact, or not for every number.
    fn others(rows: &mut Rows<'_, '_>, inputs: &Inputs) {
        let Inputs {
            x,
            y,
            angles,
            exponents,
            ..
        } = inputs;
        let libm = ("libm, f64", None);
        rows.function(
            "sin",
            (angles, Fix::sin),
            libm,
            (&floats(angles), libm::sin),
        );
        let (ours, vectors) = (pairs(y, x), pairs(&floats(y), &floats(x)));
        let atan2 = |(y, x)| libm::atan2(y, x);
        rows.function(
            "atan2",
            (&ours, |(y, x)| y.atan2(x)),
            libm,
            (&vectors, atan2),
        );
        // It subtracts half turns one by one: so within one.
        let cordic = ("cordic", None);
        let near = (&exponents[..], Fix::sin);
        rows.function(
            "sin, within 3 radians",
            near,
            cordic,
            (&theirs(exponents), cordic::sin),
        );
        // To 9e-6, of 32 bits of a turn.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the lower bits are as random"
        )]
        let phases: Vec<_> = angles.iter().map(|angle| angle.to_bits() as i32).collect();
        let ours = phases.iter().map(|phase| Angle(phase.cast_unsigned()));
        let ours: Vec<_> = ours.collect();
        let name = "sine and cosine of an angle";
        rows.function(
            name,
            (&ours, Angle::sin_cos),
            ("idsp, 16 bits", None),
            (&phases, idsp::cossin),
        );
    }
}

/// Each call waits for the one before.
fn chains(rows: &mut Rows<'_, '_>, inputs: &Inputs) {
    type Function<A> = fn(A, A) -> A;
    fn row<A: Link, B: Link>(
        rows: &mut Rows<'_, '_>,
        name: &str,
        (from, ours): (&[(A, A)], Function<A>),
        (their_from, theirs): (&[(B, B)], Function<B>),
    ) {
        let ours = || latency(from, ours);
        let name = format!("{name}, in a chain");
        rows.ratio(&name, ours, ("f64", None), || latency(their_from, theirs));
    }
    let ours = &pairs(&inputs.angles, &inputs.positive)[..];
    let theirs = &pairs(&floats(&inputs.angles), &floats(&inputs.positive))[..];
    row(rows, "mul", (ours, |a, b| a * b), (theirs, |a, b| a * b));
    row(rows, "div", (ours, |a, b| a / b), (theirs, |a, b| a / b));
    row(
        rows,
        "sqrt",
        (ours, |a, _| a.abs().sqrt()),
        (theirs, |a, _| a.abs().sqrt()),
    );
    row(
        rows,
        "sin",
        (ours, |a, _| a.sin()),
        (theirs, |a, _| a.sin()),
    );
    row(rows, "atan2", (ours, Fix::atan2), (theirs, f64::atan2));
}

/// Columns of [`Fix32`] beside the loops over `f32` that a user would write.
fn short_columns(rows: &mut Rows<'_, '_>, inputs: &Inputs) {
    let (x, their_x) = (small(&inputs.x), short_floats(&inputs.x));
    let (mut ours, mut theirs) = (Motion::new(&x), Motion::new(&their_x));
    rows.columns(
        "Fix32: p += v",
        || ours.nanos(Fix32::add_each),
        ("f32", Some(COLUMNS_AT_MOST)),
        || theirs.nanos(add),
    );
    let (time, short_time) = (black_box(Fix32::ratio(1, 60)), black_box(1.0 / 60.0));
    rows.columns(
        "Fix32: p += v * dt",
        || ours.nanos(|p, v| Fix32::add_scaled_each(p, v, time)),
        ("f32", Some(STEPS_AT_MOST)),
        || theirs.nanos(|p, v| add_scaled(p, v, short_time)),
    );
    short_circle(rows, inputs);
    let (angles, mut to) = (Lined::new(&small(&inputs.angles)), Lined::new(&x));
    let their_angles = short_floats(&inputs.angles);
    rows.columns(
        "Fix32: sin",
        || pass(|| Fix32::sin_each(black_box(&angles), black_box(&mut to))),
        ("f32, a call of std's each", Some(COLUMNS_AT_MOST)),
        || throughput(&their_angles, f32::sin),
    );
    let squares = Lined::new(&small(&inputs.positive));
    let (their_squares, mut their_to) = (short_floats(&inputs.positive), Lined::new(&their_x));
    let their_squares = Lined::new(&their_squares);
    rows.columns(
        "Fix32: sqrt",
        || pass(|| Fix32::sqrt_each(black_box(&squares), black_box(&mut to))),
        ("f32", None),
        || {
            pass(|| {
                map(
                    black_box(&their_squares),
                    black_box(&mut their_to),
                    f32::sqrt,
                );
            })
        },
    );
    let turn = (Fix32::ratio(3, 5), Fix32::ratio(4, 5));
    let (mut ours, mut theirs) = (
        Turning::new(&x, &small(&inputs.y), turn),
        Turning::new(&their_x, &short_floats(&inputs.y), (0.6, 0.8)),
    );
    rows.columns(
        "Fix32: rotate",
        || ours.nanos(Fix32::rotate_each),
        ("f32", None),
        || theirs.nanos(rotate),
    );
}

/// The distance test: who of all is in a circle.
fn short_circle(rows: &mut Rows<'_, '_>, inputs: &Inputs) {
    let (x, y) = (Lined::new(&small(&inputs.x)), Lined::new(&small(&inputs.y)));
    let (their_x, their_y) = (
        Lined::new(&short_floats(&inputs.x)),
        Lined::new(&short_floats(&inputs.y)),
    );
    let centre = black_box((Fix32::int(30), Fix32::int(-40)));
    let radius = black_box(Fix32::int(250));
    let their = black_box((30.0, -40.0, 250.0_f32));
    let mut inside = Lined::new(&[false; COLUMN]);
    let mut their_inside = Lined::new(&[false; COLUMN]);
    rows.columns(
        "Fix32: within a radius",
        || pass(|| Fix32::within_each(black_box(&x), &y, centre, radius, black_box(&mut inside))),
        ("f32", Some(COLUMNS_AT_MOST)),
        || {
            pass(|| {
                let points = black_box(&their_x).iter().zip(their_y.iter());
                for (inside, (x, y)) in black_box(&mut their_inside).iter_mut().zip(points) {
                    let (dx, dy) = (x - their.0, y - their.1);
                    *inside = dx * dx + dy * dy <= their.2 * their.2;
                }
            })
        },
    );
}

/// Columns of [`Fix`] beside the same loops over `f64`.
fn long_columns(rows: &mut Rows<'_, '_>, inputs: &Inputs) {
    let f64 = ("f64", None);
    let their_x = floats(&inputs.x);
    let (mut ours, mut theirs) = (Motion::new(&inputs.x), Motion::new(&their_x));
    rows.columns(
        "Fix: p += v",
        || ours.nanos(Fix::add_each),
        f64,
        || theirs.nanos(add),
    );
    let (time, float_time) = (black_box(Fix::ratio(1, 60)), black_box(1.0 / 60.0));
    rows.columns(
        "Fix: p += v * dt",
        || ours.nanos(|p, v| Fix::add_scaled_each(p, v, time)),
        f64,
        || theirs.nanos(|p, v| add_scaled(p, v, float_time)),
    );
    let turn = (Fix::ratio(3, 5), Fix::ratio(4, 5));
    let (mut ours, mut theirs) = (
        Turning::new(&inputs.x, &inputs.y, turn),
        Turning::new(&their_x, &floats(&inputs.y), (0.6, 0.8)),
    );
    rows.columns(
        "Fix: rotate",
        || ours.nanos(|x, y, (sin, cos)| Fix::rotate_each(x, y, Rot2 { cos, sin })),
        f64,
        || theirs.nanos(rotate),
    );
}

/// The loops that everybody writes.
fn add<T: Copy + AddAssign>(sums: &mut [T], terms: &[T]) {
    sums.iter_mut().zip(terms).for_each(|(p, &v)| *p += v);
}

fn add_scaled<T>(sums: &mut [T], terms: &[T], factor: T)
where
    T: Copy + AddAssign + Mul<Output = T>,
{
    let terms = terms.iter();
    sums.iter_mut()
        .zip(terms)
        .for_each(|(p, &v)| *p += v * factor);
}

fn rotate<T>(x: &mut [T], y: &mut [T], (sin, cos): (T, T))
where
    T: Copy + Mul<Output = T> + Add<Output = T> + Sub<Output = T>,
{
    for (x, y) in x.iter_mut().zip(y) {
        (*x, *y) = (*x * cos - *y * sin, *x * sin + *y * cos);
    }
}

fn map<T: Copy>(from: &[T], to: &mut [T], function: impl Fn(T) -> T) {
    let from = from.iter();
    to.iter_mut()
        .zip(from)
        .for_each(|(to, &from)| *to = function(from));
}

/// Nanoseconds per element of a pass over a column.
fn pass(pass: impl FnMut()) -> f64 {
    nanos(COLUMN, pass)
}

/// Places that are moved to and fro, so that they stay where they are.
struct Motion<T> {
    places: Box<Lined<T>>,
    to: Box<Lined<T>>,
    fro: Box<Lined<T>>,
}

impl<T: Copy + Neg<Output = T>> Motion<T> {
    fn new(places: &[T]) -> Self {
        let fro: Vec<_> = places.iter().map(|&speed| -speed).collect();
        Self {
            places: Lined::new(places),
            to: Lined::new(places),
            fro: Lined::new(&fro),
        }
    }

    /// Per element of a move in one direction.
    fn nanos(&mut self, moved: impl Fn(&mut [T], &[T])) -> f64 {
        nanos(2 * COLUMN, || {
            moved(black_box(&mut self.places), black_box(&self.to));
            moved(black_box(&mut self.places), black_box(&self.fro));
        })
    }
}

/// Points that are turned around the origin.
struct Turning<T> {
    x: Box<Lined<T>>,
    y: Box<Lined<T>>,
    /// Sine and cosine.
    turn: (T, T),
}

impl<T: Copy> Turning<T> {
    fn new(x: &[T], y: &[T], turn: (T, T)) -> Self {
        let (x, y) = (Lined::new(x), Lined::new(y));
        Self { x, y, turn }
    }

    /// Per point.
    fn nanos(&mut self, turned: impl Fn(&mut [T], &mut [T], (T, T))) -> f64 {
        pass(|| {
            turned(
                black_box(&mut self.x),
                black_box(&mut self.y),
                black_box(self.turn),
            );
        })
    }
}
