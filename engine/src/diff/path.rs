//! [`Path`], where something is in a state.

use alloc::vec::Vec;
use core::fmt;

use crate::state::PathStep;

/// The way from a state to something in it, such as `units[41:3].position.x`. That of the state
/// itself reads as `.`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(pub Vec<PathStep>);

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_first() {
            None => f.write_str("."),
            Some((PathStep::Field(name), rest)) => {
                f.write_str(name)?;
                rest.iter().try_for_each(|step| step.fmt(f))
            }
            Some((first, rest)) => {
                first.fmt(f)?;
                rest.iter().try_for_each(|step| step.fmt(f))
            }
        }
    }
}
