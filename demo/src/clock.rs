//! The benchmark of clock rules: when a client stamps its inputs, and what that costs.
//!
//! An input that reaches the server after its tick was executed is late; one that was stamped further
//! ahead than it had to be is felt as latency. Every rule is a way to choose between the two. Here ours
//! and those of other engines stamp inputs over the same [`link`]s, drawn from the same seeds, in virtual
//! time: [`star`] has a client and a server, [`pair`] two peers. The other engines' rules are written
//! anew, from their public sources, with their constants.
//!
//! Nothing here is part of a simulation.
//!
//! Unless said otherwise times are nanoseconds: `i64`, from the start of the run, on the server's clock.
#![expect(
    clippy::float_arithmetic,
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    reason = "a benchmark: its floats meet no simulation, and its figures are read by people"
)]

pub mod bench;
pub mod figures;
mod ledger;
pub mod link;
mod local;
mod noise;
pub mod pair;
pub mod plot;
mod queue;
pub mod rule;
pub mod rules;
pub mod scenario;
pub mod star;
pub mod statistics;
pub mod table;

/// A millisecond.
pub const MS: i64 = 1_000_000;

/// A second.
pub const SECOND: i64 = 1_000_000_000;

/// Ticks per second of everybody.
pub const RATE: i64 = 60;

/// A tick.
pub const TICK: f64 = SECOND as f64 / RATE as f64;

/// No input is counted before: rules find their way in the meantime. Resets and stalls are.
pub const WARM_UP: i64 = 10 * SECOND;

/// Inputs that a packet repeats, its newest one included.
pub const REDUNDANCY: i64 = 8;

/// When a tick is due, rounded down from a fraction that is never summed up.
#[must_use]
pub const fn due(tick: i64) -> i64 {
    tick * SECOND / RATE
}
