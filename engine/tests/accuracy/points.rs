//! The reference's points, and how far a result is from one. Whole numbers only.

use std::fs;
use std::path::{Path, PathBuf};

use crate::functions::{Function, Results};

/// Bits of the reference's grid below a step.
pub const EXTRA_BITS: u32 = 16;

/// The result of infinite precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exact {
    /// In units of 2^-16 step, cut off towards zero; odd if anything was cut off. So a comparison
    /// with a multiple of 2^-15 step, such as a tie, decides as the exact result would.
    At(i128),
    /// Above twice the highest number.
    Above,
    /// Below twice the lowest number.
    Below,
    /// A pole: either end will do.
    End,
}

/// A point of a table.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub arguments: [i64; 2],
    pub exact: Exact,
}

/// The checked-in tables, written by `reference/tables.py`.
pub fn checked_in() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference")
}

/// The points of a function's table.
pub fn points(directory: &Path, function: &Function) -> Vec<Point> {
    let path = directory.join(function.file());
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let points: Vec<_> = text
        .lines()
        .enumerate()
        .map(|(index, line)| {
            parsed(line, function.arity()).unwrap_or_else(|| panic!("{path:?}:{}", index + 1))
        })
        .collect();
    assert!(!points.is_empty(), "{path:?} is empty");
    points
}

fn parsed(line: &str, arity: u32) -> Option<Point> {
    let mut words = line.split(' ');
    let mut arguments = [0; 2];
    for argument in arguments.iter_mut().take(arity.try_into().ok()?) {
        *argument = i64::from_str_radix(words.next()?, 16).ok()?;
    }
    let exact = match words.next()? {
        "max" => Exact::Above,
        "min" => Exact::Below,
        "end" => Exact::End,
        number => Exact::At(i128::from_str_radix(number, 16).ok()?),
    };
    words.next().is_none().then_some(Point { arguments, exact })
}

/// How far a result is from the exact one, or from the end of the range if that is beyond it; in
/// units of 2^-16 step. `None` if it had to be the end of the range and is not.
pub fn error(results: Results, result: i64, exact: Exact) -> Option<u128> {
    let on_grid = i128::from(result) << EXTRA_BITS;
    match (results, exact) {
        (Results::Range { lowest, highest }, Exact::At(exact)) => {
            let ends = [lowest, highest].map(|end| i128::from(end) << EXTRA_BITS);
            Some(on_grid.abs_diff(exact.clamp(ends[0], ends[1])))
        }
        (Results::Turn, Exact::At(exact)) => {
            let turn = 1_i128 << (u32::BITS + EXTRA_BITS);
            let ahead = (on_grid - exact).rem_euclid(turn);
            Some(ahead.min(turn - ahead).unsigned_abs())
        }
        (Results::Range { highest, .. }, Exact::Above) => (result == highest).then_some(0),
        (Results::Range { lowest, .. }, Exact::Below) => (result == lowest).then_some(0),
        (Results::Range { lowest, highest }, Exact::End) => {
            [lowest, highest].contains(&result).then_some(0)
        }
        (Results::Turn, _) => None,
    }
}

/// Thousandths as a decimal fraction.
pub fn decimal(thousandths: u128) -> String {
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

/// As it stands in the tables.
pub fn hex(bits: i64) -> String {
    let sign = if bits < 0 { "-" } else { "" };
    format!("{sign}{:x}", bits.unsigned_abs())
}

/// The worst that a function does to a set of points.
#[derive(Clone, Copy)]
pub struct Worst {
    pub error: u128,
    pub point: Point,
    pub result: i64,
}

impl Worst {
    /// In thousandths of a step, rounded up.
    pub fn thousandths(&self) -> u128 {
        self.error.saturating_mul(1_000).div_ceil(1 << EXTRA_BITS)
    }

    pub fn keeps(&self, promise: u32) -> bool {
        self.error.saturating_mul(1_000) <= u128::from(promise) << EXTRA_BITS
    }

    /// What to look at when the promise is broken.
    pub fn describe(&self, function: &Function) -> String {
        let [x, y] = self.point.arguments.map(hex);
        let arguments = match function.arity() {
            1 => x,
            _ => format!("{x}, {y}"),
        };
        let [error, promise] = [self.thousandths(), function.promise.into()].map(decimal);
        format!(
            "{}::{}({arguments}) = {} in bits, exact: {:?}; {error} steps off, promised: {promise}",
            function.of,
            function.name,
            hex(self.result),
            self.point.exact,
        )
    }
}

/// The worst of `points`, with `call` in the function's place.
pub fn worst(function: &Function, points: &[Point], call: impl Fn([i64; 2]) -> i64) -> Worst {
    let of_point = |point: &Point| {
        let result = call(point.arguments);
        Worst {
            error: error(function.results, result, point.exact).unwrap_or(u128::MAX),
            point: *point,
            result,
        }
    };
    let worst = points.iter().map(of_point).max_by_key(|worst| worst.error);
    worst.expect("a table has points")
}
