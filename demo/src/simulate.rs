//! Matches drawn from seeds, forked at many ticks, with something happening in each fork.

pub(crate) mod base;
mod distinct;
pub(crate) mod jobs;
pub(crate) mod tally;
mod work;

pub(crate) use jobs::{Jobs, Ticks};
pub(crate) use tally::{Failed, Tally};
pub(crate) use work::work;
