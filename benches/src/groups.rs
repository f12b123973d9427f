//! The groups of claims: one module each.

mod clock;
mod math;
mod session;
mod state;

use crate::claim::{Claim, Effort, Unmeasured};

/// Hears of every line as soon as it is known.
pub type Told<'a> = dyn FnMut(Result<Claim, Unmeasured>) + 'a;

/// Some claims that are measured together.
pub struct Group {
    /// What `--only` calls it.
    pub name: &'static str,
    /// Measures the claims and hands each over when it is known.
    pub run: fn(Effort, &mut Told<'_>),
}

/// All groups, in the order of the report.
pub const GROUPS: &[Group] = &[
    Group {
        name: "session",
        run: session::run,
    },
    Group {
        name: "clock",
        run: clock::run,
    },
    Group {
        name: "math",
        run: math::run,
    },
    Group {
        name: "state",
        run: state::run,
    },
];
