//! Everything the fuzzers found worth keeping, as an ordinary test.

mod harness;

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use harness::table_model::{self, Plant};
use harness::{TARGETS, hex};

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// The files of a corpus directory, in order.
fn corpus(target: &str) -> Vec<PathBuf> {
    let directory = fuzz().join("corpus").join(target);
    let entries = fs::read_dir(&directory).unwrap_or_else(|error| panic!("{directory:?}: {error}"));
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{directory:?} is empty");
    files
}

#[test]
fn every_file_of_every_corpus_passes() {
    for (target, run) in TARGETS {
        for file in corpus(target) {
            let data = fs::read(&file).unwrap();
            let passed = catch_unwind(|| run(&data)).is_ok();
            assert!(passed, "{}: {}", file.display(), hex(&data));
        }
    }
}

/// A corpus that only says yes would pass every test.
#[test]
fn faults_in_a_table_are_found_by_its_corpus() {
    let files = corpus("table_model");
    for plant in Plant::ALL {
        let finds = |file: &&PathBuf| {
            let data = fs::read(file).unwrap();
            catch_unwind(|| table_model::play(&data, Some(plant))).is_err()
        };
        let found = files.iter().filter(finds).count();
        assert!(
            found > files.len() / 4,
            "{plant:?}: by {found} of {}",
            files.len()
        );
    }
}

/// Targets of the netcode and the games, whose tests replay them.
const OTHERS: [&str; 4] = [
    "client_bytes",
    "relay_bytes",
    "replay_bytes",
    "snapshot_bytes",
];

/// A target that somebody forgot to list would be fuzzed, but never replayed.
#[test]
fn every_target_is_listed_everywhere() {
    let ours = TARGETS.iter().map(|(name, _)| *name);
    let listed: BTreeSet<_> = ours.chain(OTHERS).map(str::to_owned).collect();
    let names = |directory: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(fuzz().join(directory)).unwrap();
        let path = entries.map(|entry| entry.unwrap().path());
        path.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("corpus"), listed);
    assert_eq!(names("fuzz_targets"), listed);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for target in &listed {
        assert!(
            manifest.contains(&format!("name = \"{target}\"")),
            "{target}"
        );
    }
}
