//! Whether the functions of `Fix` rise and fall as the exact ones do.
//!
//! A result within a step of the exact one may still step back, where the exact result hardly
//! changes from one argument to the next and passes a tie. So neighbours are compared where the
//! result changes: from drawn arguments the next change is searched by bisection.

#![expect(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "slopes of the exact functions; nothing here is simulated"
)]

use phalanx_engine::{Fix, mix};

use crate::functions::{FUNCTIONS, Function, Run};
use crate::points::{checked_in, hex, points};

/// Whether the exact function rises (1) or falls (-1) beside the argument; 0 if that is in doubt.
fn direction(function: &Function, bits: i64) -> i64 {
    // An argument has up to 63 bits, of which f64 holds 53: 2^-22 is in doubt.
    let radians = bits as f64 / 4_294_967_296.0;
    let sure = |slope: f64| match slope {
        1e-6.. => 1,
        ..-1e-6 => -1,
        _ => 0,
    };
    match (function.run, function.name) {
        (Run::Rises, _) => 1,
        (Run::Falls, _) => -1,
        (Run::Waves, "sin") => sure(radians.cos()),
        (Run::Waves, "cos") => sure(-radians.sin()),
        // It jumps at its poles.
        (Run::Waves, "tan") => sure(radians.cos().abs()),
        (run, name) => panic!("where does {name} go? {}", run == Run::OfTwo),
    }
}

/// An argument at or after this one whose successor has another result, if there is one in reach.
fn change_after(function: &Function, first: i64) -> Option<i64> {
    // 2^28 steps are a sixteenth: waves do not turn twice within it.
    let reach = if function.run == Run::Waves { 28 } else { 62 };
    let result = |bits| (function.call)([bits, 0]);
    let changed = |bits: &i64| result(*bits) != result(first);
    let beyond = (0..=reach).map_while(|bit| first.checked_add(1 << bit));
    let (mut same, mut other) = (first, beyond.into_iter().find(changed)?);
    if direction(function, same) != direction(function, other) {
        return None;
    }
    while other - same > 1 {
        let middle = same + (other - same) / 2;
        if changed(&middle) {
            other = middle;
        } else {
            same = middle;
        }
    }
    Some(same)
}

/// Arguments of every magnitude, and more of those between the numbers that games use.
fn samples(count: u64) -> impl Iterator<Item = i64> {
    (0..count).map(|index| {
        let bits = mix(index).cast_signed();
        match index % 4 {
            0 => bits >> 26,
            1 => bits >> 28,
            2 => bits >> 31,
            _ => bits >> (mix(!index) % 64),
        }
    })
}

/// How often results step back around changes after the arguments, and where first.
fn steps_back(function: &Function, arguments: impl Iterator<Item = i64>) -> (u64, Option<i64>) {
    const AROUND: i64 = 32;
    let mut found = (0, None);
    for change in arguments.filter_map(|bits| change_after(function, bits)) {
        let from = change.saturating_sub(AROUND);
        let to = change.saturating_add(AROUND).min(i64::MAX - 1);
        let mut here = (function.call)([from, 0]);
        for bits in from..=to {
            let next = (function.call)([bits + 1, 0]);
            let went = i64::from(next > here) - i64::from(next < here);
            if went != 0 && went == -direction(function, bits) {
                found = (found.0 + 1, found.1.or(Some(bits)));
            }
            here = next;
        }
    }
    found
}

fn no_function_steps_back(count: u64) {
    let mut broken = Vec::new();
    for function in FUNCTIONS
        .iter()
        .filter(|f| f.of == "Fix" && f.run != Run::OfTwo)
    {
        let (times, first) = steps_back(function, samples(count));
        let first = first.map_or_else(|| "none".into(), hex);
        println!("Fix::{}: {times} steps back, first: {first}", function.name);
        if times > 0 {
            broken.push(function.name);
        }
    }
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn no_function_steps_back_at_some_changes() {
    no_function_steps_back(400);
}

#[test]
#[ignore = "a million changes of every function: .ci/full runs it in release"]
fn no_function_steps_back_at_many_changes() {
    no_function_steps_back(1_000_000);
}

/// The canary: a root of numbers in a slightly wrong order. Far out it changes once in some ten
/// thousand arguments, so that neighbours drawn blindly would not show it.
#[test]
fn a_function_that_steps_back_is_found() {
    let of_fix = |f: &&Function| f.of == "Fix" && f.name == "sqrt";
    let sqrt = *FUNCTIONS.iter().find(of_fix).expect("a root");
    let swapped = Function {
        call: |[x, _]| Fix::from_bits(x ^ 3).sqrt().to_bits(),
        ..sqrt
    };
    let far = || (0..20).map(|index| i64::MAX / 2 + (mix(index).cast_signed() >> 4));
    assert_eq!(steps_back(&sqrt, far()).0, 0);
    assert!(steps_back(&swapped, far()).0 > 0);
    assert_eq!(change_after(&sqrt, 0), Some(0));
}

/// Up along a line beside the origin the direction turns left.
#[test]
fn directions_rise_along_a_ray() {
    for function in FUNCTIONS
        .iter()
        .filter(|f| f.name == "atan2" && f.of != "Angle")
    {
        for point in points(&checked_in(), function) {
            let [y, x] = point.arguments;
            let highest = if function.of == "Fix" {
                i64::MAX
            } else {
                i32::MAX.into()
            };
            if x <= 0 || y == highest {
                continue;
            }
            let (here, above) = ((function.call)([y, x]), (function.call)([y + 1, x]));
            let at = [y, x].map(hex);
            assert!(above >= here, "{} steps back at {at:?}", function.file());
        }
    }
}
