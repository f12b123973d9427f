//! The program run to its end: its exit code and what it says.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// An empty directory of one test's own; `name` is unique among the tests of its file.
pub fn directory(name: &str) -> PathBuf {
    let name = format!("{}-{name}", env!("CARGO_CRATE_NAME"));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

pub fn phalanx(directory: &Path, args: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phalanx"));
    let command = command.current_dir(directory);
    command.args(args.split_whitespace()).output().unwrap()
}

/// Exit code and stdout.
pub fn text(directory: &Path, args: &str) -> (i32, String) {
    let output = phalanx(directory, args);
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text)
}

/// Exit code and the last line of stdout as an object.
pub fn object(directory: &Path, args: &str) -> (i32, Value) {
    let (code, text) = text(directory, &format!("{args} --json --quiet"));
    let last = text.lines().last().unwrap_or_default();
    let object = serde_json::from_str(last);
    let object = object.unwrap_or_else(|error| panic!("{args}: {error}: {text}"));
    (code, object)
}

/// A complaint, in which `hint` stands, without a result.
pub fn refused(directory: &Path, args: &str, code: i32, hint: &str) {
    let output = phalanx(directory, args);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{args}: {error}");
    assert!(error.contains(hint), "{args}: {error}");
    assert!(output.stdout.is_empty(), "{args}");
}
