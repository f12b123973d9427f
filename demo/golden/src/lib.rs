//! The golden run: everything of which a match is made, reduced to digests that must come out the
//! same on every machine and in every build profile.
//!
//! The run is a list of [`components`], from the plain to the compound, so that the first one that
//! differs is where the fault is. Each writes values onto a [`Tape`]; the tape's digest after a
//! value covers all values before it. `golden.txt` holds the lines of a [`Detail::Brief`] run;
//! `.ci/golden` compares them with what other machines print, and on a difference plays both again
//! in [`Detail::Full`] to find the first value that differs.
//!
//! [`controls`] are the opposite: values that are known to differ between machines. A comparison
//! that does not see them differ is broken.

pub mod compare;
pub mod controls;
mod digests;
mod functions;
mod inputs;
mod logs;
mod matches;
mod random;
mod scalars;
mod shapes;
mod states;
mod sweep;
mod tape;
mod vectors;

pub use tape::{Component, Detail, Line, Plant, PlantError, Tape};

/// All components by what they are about, the plain ones first: what builds on another one comes
/// after it.
const SUBJECTS: &[&[&[Component]]] = &[
    &[digests::COMPONENTS],
    scalars::COMPONENTS,
    functions::COMPONENTS,
    vectors::COMPONENTS,
    shapes::COMPONENTS,
    &[
        random::COMPONENTS,
        inputs::COMPONENTS,
        states::COMPONENTS,
        logs::COMPONENTS,
        matches::COMPONENTS,
    ],
];

/// All components in the order of [`run`].
pub fn components() -> impl Iterator<Item = &'static Component> {
    SUBJECTS.iter().copied().flatten().copied().flatten()
}

/// Runs every component; `out` gets the lines in order. `plant` is a fault on purpose.
pub fn run(detail: Detail, plant: Option<&Plant>, out: &mut dyn FnMut(Line)) {
    for component in components() {
        component.run(detail, plant, out);
    }
}
