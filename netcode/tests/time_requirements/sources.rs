//! No source reads the wall clock, and the lints that say so are there.

use std::fs;
use std::path::{Path, PathBuf};

/// What reads the time of day, or names what does.
const WALL_CLOCKS: [&str; 4] = [
    "SystemTime",
    "UNIX_EPOCH",
    "ClockId::Realtime",
    "CLOCK_REALTIME",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The lines that name a wall clock.
fn readings(source: &str) -> Vec<&str> {
    let reads = |line: &&str| WALL_CLOCKS.iter().any(|clock| line.contains(clock));
    source.lines().filter(reads).collect()
}

/// T-18: so a run of the virtual world, which is given all its times, is the same whatever the wall clock says.
#[test]
fn nobody_reads_the_wall_clock() {
    let mut files = vec![];
    for source in ["engine/src", "engine/derive/src", "netcode/src", "demo/src"] {
        sources(&root().join(source), &mut files);
    }
    assert!(files.len() > 150, "{}", files.len());
    for file in files {
        // The macros know its name, to refuse it in a state.
        if file.ends_with("derive/src/wall.rs") {
            continue;
        }
        assert_eq!(
            readings(&fs::read_to_string(&file).unwrap()),
            [""; 0],
            "{}",
            file.display()
        );
    }
}

#[test]
fn a_reading_is_found() {
    let source = "let now = Instant::now();\nlet day = std::time::SystemTime::now();\n";
    assert_eq!(
        readings(source),
        ["let day = std::time::SystemTime::now();"]
    );
}

#[test]
fn the_lints_refuse_it() {
    for package in ["engine", "netcode", "demo"] {
        let lints = fs::read_to_string(root().join(package).join("clippy.toml")).unwrap();
        let (_, types) = lints.split_once("disallowed-types").unwrap();
        let (types, _) = types.split_once("\n]").unwrap();
        assert!(types.contains("\"std::time::SystemTime\""), "{package}");
    }
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(workspace.contains("disallowed_types = \"deny\""));
}

/// The tests that the table at the head of these tests names are there.
#[test]
fn every_test_of_the_table_exists() {
    let mut files = vec![];
    for source in ["netcode/src", "netcode/tests", "demo/tests"] {
        sources(&root().join(source), &mut files);
    }
    let text: String = files
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let exists = |name: &str| text.contains(&format!("fn {name}("));
    let table = include_str!("main.rs")
        .lines()
        .filter(|line| line.starts_with("//! | T-"));
    let mut numbers = 0;
    for (number, row) in (1..).zip(table) {
        assert!(row.starts_with(&format!("//! | T-{number} |")), "{row}");
        let is_name = |word: &&str| word.contains('_') && !word.contains(['.', '/', ' ']);
        for name in row.split('`').skip(1).step_by(2).filter(is_name) {
            assert!(exists(name), "T-{number}: {name}");
        }
        numbers = number;
    }
    assert_eq!(numbers, 26);
    assert!(!exists("a_test_that_nobody_wrote"));
}
