//! The golden run for wasm32: a module without imports. Call `golden_run`, then read as many bytes
//! as it returned from `golden_text` in the module's memory.

use std::sync::{Mutex, PoisonError};

use phalanx_golden::{Detail, controls, run};

static TEXT: Mutex<String> = Mutex::new(String::new());

/// What to print: the lines of the golden run (0: [`Detail::Brief`], 1: [`Detail::Full`]), else the
/// negative controls.
///
/// Returns the length of the text in bytes.
#[expect(unsafe_code, reason = "exported by name")]
#[unsafe(no_mangle)]
pub extern "C" fn golden_run(what: u32) -> usize {
    let mut text = TEXT.lock().unwrap_or_else(PoisonError::into_inner);
    text.clear();
    let mut line = |line| *text += &format!("{line}\n");
    match what {
        0 => run(Detail::Brief, None, &mut line),
        1 => run(Detail::Full, None, &mut line),
        _ => *text = controls::run(),
    }
    text.len()
}

/// Where the text begins.
#[expect(unsafe_code, reason = "exported by name")]
#[unsafe(no_mangle)]
pub extern "C" fn golden_text() -> *const u8 {
    TEXT.lock().unwrap_or_else(PoisonError::into_inner).as_ptr()
}
