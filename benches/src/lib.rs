//! The figures of Phalanx: what is measured, and what it is measured beside.
//!
//! Figures are ratios to a peer that does the same work in the same process, round by round in
//! turn, so that a busy machine slows both. They are read by people and never fail a build.
#![expect(
    clippy::float_arithmetic,
    reason = "figures are for people, nothing here is simulated"
)]

pub mod claim;
pub mod clock;
pub mod duel;
pub mod groups;
pub mod loopback;
pub mod march;
pub mod math;
#[cfg(feature = "peers")]
pub mod peers;
pub mod session;
pub mod state;
pub mod tally;
