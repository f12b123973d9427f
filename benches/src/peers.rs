//! The engines we are measured beside.

pub mod ggrs;
