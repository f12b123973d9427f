#![no_main]
#[path = "../../netcode/tests/hostile_pump/mod.rs"]
mod hostile_pump;

libfuzzer_sys::fuzz_target!(|data: &[u8]| hostile_pump::siege::client_bytes(data));
