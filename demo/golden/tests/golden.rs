//! The golden run of this machine against `golden.txt`, and the canary of the comparison.
//!
//! After a change of the rules, the maths or the canonical form that is meant:
//! `UPDATE_EXPECT=1 cargo test -p phalanx-golden`, in a commit of its own that says so in
//! CHANGELOG.md.

use std::collections::BTreeSet;

use expect_test::expect_file;
use phalanx_golden::compare::first_difference;
use phalanx_golden::{Component, Detail, Line, Plant, components, run};

/// The lines of a run; `print` is given where to put them.
fn text(print: impl FnOnce(&mut dyn FnMut(Line))) -> String {
    let mut text = String::new();
    print(&mut |line| text += &format!("{line}\n"));
    text
}

#[test]
fn the_run_is_golden() {
    expect_file!["../golden.txt"].assert_eq(&text(|out| run(Detail::Brief, None, out)));
}

#[test]
fn every_component_has_a_name_of_its_own() {
    let names: BTreeSet<_> = components().map(Component::name).collect();
    assert_eq!(names.len(), components().count());
}

#[test]
fn a_planted_difference_is_named_in_whatever_component() {
    for component in components() {
        let name = component.name();
        let lines = |plant: Option<&Plant>| text(|out| component.run(Detail::Full, plant, out));
        let good = lines(None);
        for index in [0, 1] {
            let plant = Plant {
                component: name.to_owned(),
                index,
            };
            let found = first_difference(&good, &lines(Some(&plant)));
            let said = found.map(|found| found.to_string()).unwrap_or_default();
            let place = format!("the first difference: {name} at {index}: ");
            assert!(said.starts_with(&place), "{said}");
        }
    }
}

/// A difference never heals, so that the brief lines cannot miss one.
#[test]
fn a_planted_tick_is_seen_in_the_brief_lines_and_named_in_the_full_ones() {
    let plant: Plant = "duel.2@1234".parse().expect("a place");
    let difference = |detail| {
        let lines = |plant| text(|out| run(detail, plant, out));
        first_difference(&lines(None), &lines(Some(&plant)))
            .map(|found| found.to_string())
            .unwrap_or_default()
    };
    let brief = difference(Detail::Brief);
    assert!(
        brief.starts_with("the first difference: duel.2 at 1259: "),
        "{brief}"
    );
    let full = difference(Detail::Full);
    assert!(
        full.starts_with("the first difference: duel.2 at 1234: "),
        "{full}"
    );
}
