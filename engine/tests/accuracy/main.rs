//! How near the functions of `phalanx_engine::math` come to the exact results.
//!
//! - Against tables of exact results by MPFR (`reference/tables.py`): every function.
//! - Against the platform's `f64` functions: every argument of the small scalar's functions of one
//!   argument, and every angle (`every`). Debug builds take some; the ignored tests take all.
//! - Against themselves: no greater argument has a smaller result where the function rises
//!   (`neighbours`).
//!
//! `PHALANX_REFERENCE=DIR cargo test -p phalanx-engine --release --test accuracy tables` takes
//! other tables, such as those of `tables.py --sweep`.

#![allow(unreachable_pub, reason = "modules of one test")]

mod every;
mod functions;
mod neighbours;
mod points;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write;
use std::path::PathBuf;

use expect_test::expect_file;
use functions::{FUNCTIONS, Function, Results};
use points::{EXTRA_BITS, Exact, checked_in, decimal, error, points, worst};

/// Where the tables are.
#[expect(clippy::disallowed_methods, reason = "a test may be told what to read")]
fn directory() -> PathBuf {
    std::env::var("PHALANX_REFERENCE").map_or_else(|_| checked_in(), PathBuf::from)
}

#[test]
fn tables_keep_every_promise() {
    let directory = directory();
    let mut broken = Vec::new();
    for function in FUNCTIONS {
        let points = points(&directory, function);
        let worst = worst(function, &points, function.call);
        println!("{} points: {}", points.len(), worst.describe(function));
        if !worst.keeps(function.promise) {
            broken.push(worst.describe(function));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// A table without a function, such as one that was renamed, would test nothing.
#[test]
fn every_table_has_its_function() {
    let entries = std::fs::read_dir(checked_in()).expect("the tables");
    let mut files: Vec<OsString> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    let mut wanted: Vec<OsString> = FUNCTIONS.iter().map(|f| f.file().into()).collect();
    files.sort();
    wanted.sort();
    assert_eq!(files, wanted);
}

/// The canary: the fewest steps more that break a promise, at one single point, are found. Where the
/// promise is one of the two numbers around the exact result, that is one step.
#[test]
fn a_wrong_step_at_one_point_is_found() {
    for function in FUNCTIONS {
        let points = points(&checked_in(), function);
        let honest = worst(function, &points, function.call);
        let left = u128::from(function.promise).saturating_sub(honest.thousandths());
        let steps = 1 + i64::try_from(left / 1_000).expect("a promise of few steps");
        assert!(
            function.promise > 1_000 || steps == 1,
            "{}",
            function.file()
        );
        let planted = |at: [i64; 2]| {
            let result = (function.call)(at);
            let below = matches!(honest.point.exact, Exact::At(exact)
                if i128::from(result) << EXTRA_BITS < exact);
            match (at == honest.point.arguments, below) {
                (true, true) => result - steps,
                (true, false) => result + steps,
                (false, _) => result,
            }
        };
        let found = worst(function, &points, planted);
        assert!(found.error > honest.error, "{}", function.file());
        assert!(
            !found.keeps(function.promise),
            "{}",
            found.describe(function)
        );
    }
}

/// A step beside the exact end of the range is an error, and so is the other end.
#[test]
fn saturating_at_the_wrong_place_is_found() {
    let results = Results::Range {
        lowest: -8,
        highest: 7,
    };
    assert_eq!(error(results, 7, Exact::Above), Some(0));
    assert_eq!(error(results, 6, Exact::Above), None);
    assert_eq!(error(results, -8, Exact::Above), None);
    assert_eq!(error(results, -8, Exact::Below), Some(0));
    assert_eq!(error(results, 0, Exact::End), None);
    assert_eq!(error(results, 7, Exact::At(9 << 16)), Some(0));
    assert_eq!(error(results, 6, Exact::At(9 << 16)), Some(1 << 16));
    let turn = Results::Turn;
    assert_eq!(
        error(turn, i64::from(u32::MAX), Exact::At(0)),
        Some(1 << 16)
    );
    assert_eq!(error(turn, 1 << 31, Exact::At(-1 << 47)), Some(0));
}

/// The section of the documentation: what was found and, in brackets, what is promised.
fn documentation() -> String {
    let columns = ["Fix", "Fix32", "Angle"];
    let cell = |function: &Function| {
        let found = worst(function, &points(&checked_in(), function), function.call).thousandths();
        format!(
            "{} (≤ {})",
            decimal(found),
            decimal(function.promise.into())
        )
    };
    let mut text = String::from(INTRODUCTION);
    let mut written = BTreeSet::new();
    for name in FUNCTIONS.iter().map(|function| function.name) {
        if !written.insert(name) {
            continue;
        }
        let cells = columns.map(|of| {
            let function = FUNCTIONS.iter().find(|f| f.name == name && f.of == of);
            function.map(cell).unwrap_or_default()
        });
        writeln!(text, "| `{name}` | {} |", cells.join(" | ")).expect("a string grows");
    }
    text
}

const INTRODUCTION: &str = "\
# Accuracy

The greatest distance from the exact result that the tests' tables show, in steps of the result; in
brackets, what is promised for all arguments. 0.5 is the nearest number, always; up to 1 it is one
of the two numbers around the exact result. A result beyond the range is the end of the range.

Where a function of one argument rises, no greater argument has a smaller result, and the other way
round where it falls. For 32 bits every argument is tried; for 64, places are searched for.

| | [`Fix`] | [`Fix32`] | [`Angle`] |
| --- | --- | --- | --- |
";

/// `UPDATE_EXPECT=1` renews it.
#[test]
fn the_documented_table_is_the_measured_one() {
    expect_file!["../../src/math/accuracy.md"].assert_eq(&documentation());
}
