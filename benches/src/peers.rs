//! The engines and the ways to keep a state that we are measured beside.

pub mod ggrs;
pub mod states;
