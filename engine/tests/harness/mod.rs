//! What the tests and the fuzz targets share: each target is a function of bytes that panics on a
//! finding, so that a fuzzer's discovery is an ordinary test case.
//!
//! A new target is a module here with such a function, a line in [`TARGETS`], a file of five lines
//! in `fuzz/fuzz_targets`, its `[[bin]]` in `fuzz/Cargo.toml` and a directory in `fuzz/corpus`.

// Every test and every fuzz target uses its own part of this module.
#![allow(dead_code, unreachable_pub, reason = "shared by several crates")]
#![allow(
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "test code: positions in vectors and drawn bits"
)]

pub mod chaos;
pub mod effects;
pub mod model;
pub mod reader;
pub mod rollback_model;
pub mod state_decode;
pub mod table_model;

/// What a fuzzer calls with every input it tries; panics on a finding.
pub type Target = fn(&[u8]);

/// Every target by the name of its corpus directory.
pub const TARGETS: [(&str, Target); 3] = [
    ("rollback_model", rollback_model::run),
    ("state_decode", state_decode::run),
    ("table_model", table_model::run),
];

/// Bytes as a number of a test case: what a failure prints.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
