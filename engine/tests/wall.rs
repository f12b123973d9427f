//! A state that could desync does not compile, and the error says what to use instead.
//!
//! `TRYBUILD=overwrite cargo test -p phalanx-engine --test wall` renews the texts. They are compared
//! as a whole on the compiler that the workspace names as its own; every other one words its errors
//! as it likes, and has to refuse the same programs with the same advice.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use phalanx_engine::{State, from_bytes, to_bytes};
use trybuild::TestCases;

const FLOAT: &str = "use `Fix` or `Fix32`";
const HASH: &str = "use `BTreeMap` or `BTreeSet`";
const POINTER: &str = "own the value, or refer to it by index or id";
const SHARED: &str = "hold the value itself";
const CLOCK: &str = "count in `Tick`";

/// Every case, and how often which advice is given for it.
const CASES: [(&str, &[(&str, u32)]); 16] = [
    ("aliases", &[("`Fix` or `Fix32` for a float", 2)]),
    (
        "bytes",
        &[
            ("a type is #[state(bytes)] or plain", 1),
            ("only with #[repr(C)]", 1),
            ("that has one cannot be #[state(bytes)]", 1),
            ("without fields and without numbers of its own", 1),
            ("or what is #[state(bytes)] itself", 1),
        ],
    ),
    (
        "caches",
        &[
            (FLOAT, 1),
            ("#[state(cache)] or plain", 1),
            ("#[state(cache)] instead", 1),
            ("an enum as a whole may be", 1),
        ],
    ),
    ("clocks", &[(CLOCK, 3)]),
    (
        "dynamic",
        &[
            ("use an enum of the types it can be", 1),
            ("use an enum, and match on it in `step`", 2),
        ],
    ),
    ("floats", &[(FLOAT, 2)]),
    (
        "generics",
        &[
            ("`BTreeMap` or `BTreeSet` for a hash map or set", 3),
            ("`Fix` or `Fix32` for a float", 3),
        ],
    ),
    ("hash_maps", &[(HASH, 4)]),
    ("inputs", &[("what varies in size is a `Command`", 6)]),
    ("pointers", &[(POINTER, 4)]),
    (
        "rows",
        &[
            (FLOAT, 1),
            (POINTER, 1),
            ("has no #[state(cache)]", 2),
            ("write a struct for each kind", 1),
            ("use `u32` or `u64`", 1),
        ],
    ),
    ("shared", &[(POINTER, 3), (SHARED, 3)]),
    ("unions", &[("use an enum", 1)]),
    ("variants", &[(FLOAT, 2), (POINTER, 1)]),
    (
        "widths",
        &[("use `u32` or `u64`", 1), ("use `i32` or `i64`", 1)],
    ),
    (
        "without_state",
        &[("`#[derive(State)]` on a type of your own", 2)],
    ),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wall")
}

fn names_with(extension: &str) -> BTreeSet<String> {
    fs::read_dir(folder())
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry of a folder").path())
        .filter(|path| path.extension() == Some(OsStr::new(extension)))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

fn error(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name).with_extension("stderr")).expect("the error of a case")
}

/// Whether the compiler is the one whose errors are checked in.
fn compiler_is_ours() -> bool {
    let rustc = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()))
        .arg("--version")
        .output()
        .expect("a compiler to ask");
    String::from_utf8_lossy(&rustc.stdout).starts_with(concat!(
        "rustc ",
        env!("CARGO_PKG_RUST_VERSION"),
        "."
    ))
}

/// Names the folder of cases to an execution of this program that writes the errors there.
const ELSEWHERE: &str = "PHALANX_WALL";

#[test]
fn what_could_desync_does_not_compile() {
    let elsewhere = std::env::var_os(ELSEWHERE).map(PathBuf::from);
    if compiler_is_ours() || elsewhere.is_some() {
        TestCases::new().compile_fail(elsewhere.unwrap_or_else(folder).join("*.rs"));
        return;
    }
    let copies = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wall");
    fs::create_dir_all(&copies).expect("a folder for copies");
    for (name, _) in CASES {
        let file = format!("{name}.rs");
        fs::copy(folder().join(&file), copies.join(&file)).expect("a copy of a case");
    }
    let refused = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "what_could_desync_does_not_compile"])
        .envs([
            ("TRYBUILD", OsStr::new("overwrite")),
            (ELSEWHERE, copies.as_os_str()),
        ])
        .status();
    assert!(refused.is_ok_and(|status| status.success()));
    for (name, advice) in CASES {
        let text = error(&copies, name);
        for (advice, _) in advice {
            assert!(text.contains(advice), "{name}: {advice}\n{text}");
        }
    }
}

#[test]
#[should_panic(expected = "1 of 1 tests failed")]
fn canary_a_state_that_compiles_is_noticed() {
    TestCases::new().compile_fail("tests/wall/canary/sound.rs");
}

#[test]
fn every_case_gives_its_advice() {
    let listed: BTreeSet<_> = CASES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names_with("rs"), listed);
    assert_eq!(names_with("stderr"), listed);
    for (name, advice) in CASES {
        let text = error(&folder(), name);
        for (advice, times) in advice {
            let found = text.matches(advice).map(|_| 1).sum::<u32>();
            assert_eq!(found, *times, "{name}: {advice}");
        }
    }
}

/// A game's own types, by names that others use for what no state can hold.
mod namesakes {
    use phalanx_engine::State;

    #[derive(State, Clone, Debug, PartialEq)]
    pub(super) struct Cell {
        pub(super) wall: bool,
    }

    #[derive(State, Clone, Debug, PartialEq)]
    pub(super) struct Instant(pub(super) u32);

    #[derive(State, Clone, Debug, PartialEq)]
    pub(super) struct Rc<T>(pub(super) T);
}

#[derive(State, Debug, PartialEq)]
struct Grid {
    cells: Vec<namesakes::Cell>,
    casts: Option<namesakes::Instant>,
    remote_control: namesakes::Rc<u8>,
}

#[test]
fn a_name_alone_is_no_reason() {
    let grid = Grid {
        cells: vec![namesakes::Cell { wall: true }],
        casts: Some(namesakes::Instant(3)),
        remote_control: namesakes::Rc(7),
    };
    assert_eq!(from_bytes(&to_bytes(&grid)), Ok(grid));
}
