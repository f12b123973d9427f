#![no_main]
#[path = "../../netcode/tests/snapshots/mod.rs"]
mod snapshots;

libfuzzer_sys::fuzz_target!(|data: &[u8]| snapshots::snapshot_bytes(data));
