#![no_main]
#[path = "../../demo/tests/replay_bytes/mod.rs"]
mod replay_bytes;

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay_bytes::replay_bytes(data));
