#![no_main]
#[path = "../../engine/tests/harness/mod.rs"]
mod harness;

libfuzzer_sys::fuzz_target!(|data: &[u8]| harness::table_model::run(data));
