//! The corpus of the fuzz target `replay_bytes`, as an ordinary test.
#![expect(clippy::unwrap_used, reason = "a test")]

mod replay_bytes;

use std::fs;
use std::io::Cursor;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use allocation_counter::measure;
use phalanx_engine::{Record, SealedFrame};
use phalanx_netcode::limits::REPLAY_CHUNK_BYTES_MAX;
use phalanx_netcode::replay::{Ending, ReplayFileError, ReplayReader};
use replay_bytes::{CHUNKS, DUEL, FILE, SKIRMISH, body, mended, replay_bytes};

/// Frames of which the corpus has the bodies.
const BODIES: u64 = 100;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/replay_bytes")
}

fn recorded(name: &str) -> Vec<u8> {
    let replays = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replays");
    fs::read(replays.join(name)).unwrap()
}

fn open(file: &[u8]) -> Result<ReplayReader<Cursor<&[u8]>>, ReplayFileError> {
    ReplayReader::open(Cursor::new(file))
}

#[test]
fn every_file_of_the_corpus_passes() {
    let mut files = 0;
    for entry in fs::read_dir(corpus()).unwrap() {
        let file = entry.unwrap().path();
        let data = fs::read(&file).unwrap();
        let passed = catch_unwind(|| replay_bytes(&data)).is_ok();
        let name = file.display();
        assert!(passed, "cargo +nightly fuzz run replay_bytes {name}");
        files += 1;
    }
    assert!(files > 0);
}

/// With checks that are made right again, damage gets as far as into the frames.
#[test]
fn damage_is_read_where_checks_are_mended() {
    let mut file = recorded("duel-1.replay");
    assert_eq!(mended(&file), file);
    // In the bits of the first frames: behind the preamble, the head, and what stands before these bits.
    let head = u32::from_le_bytes(file[11..15].try_into().unwrap());
    let bits = 10 + 13 + usize::try_from(head).unwrap() + 13 + 45;
    file[bits + 4] ^= 1;
    let damaged = |file: &[u8]| {
        let mut reader = open(file).unwrap();
        assert_eq!(reader.ending(), Ending::Closed);
        let mut frame = SealedFrame::empty(reader.genesis());
        let first = reader.head().setup.first;
        let mut ticks = first.until(reader.next());
        let read = ticks.find_map(|tick| reader.read(tick, &mut frame).err());
        read.unwrap().to_string()
    };
    assert!(damaged(&file).contains("a chunk is not what was written"));
    let deeper = damaged(&mended(&file));
    assert!(deeper.ends_with(": frames"), "{deeper}");
}

/// What is said to be there takes no memory until it is.
#[test]
fn a_length_takes_no_memory() {
    let file = recorded("duel-1.replay");
    let head = u32::from_le_bytes(file[11..15].try_into().unwrap());
    let frames = 10 + 13 + usize::try_from(head).unwrap();
    let most = u32::try_from(REPLAY_CHUNK_BYTES_MAX).unwrap().to_le_bytes();
    for chunk in [10, frames] {
        let mut bad = file.clone();
        bad[chunk + 1..chunk + 5].copy_from_slice(&most);
        let taken = measure(|| replay_bytes(&[&[FILE], &bad[..]].concat()));
        assert!(taken.bytes_max > 2 * file.len() as u64, "it is counted");
        assert!(taken.bytes_max < 1 << 20, "{} bytes", taken.bytes_max);
    }
}

/// Real replays, whole, cut, and as frames to be written anew, by name.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (name, bodies) in [("duel-1", DUEL), ("skirmish-1", SKIRMISH)] {
        let file = recorded(&format!("{name}.replay"));
        for (kind, how) in [(FILE, "file"), (CHUNKS, "chunks")] {
            seeds.push((format!("real-{name}-{how}"), [&[kind], &file[..]].concat()));
        }
        let cut = &file[..file.len() / 2];
        seeds.push((format!("real-{name}-cut"), [&[CHUNKS], cut].concat()));
        let mut reader = open(&file).unwrap();
        let mut frame = SealedFrame::empty(reader.genesis());
        let first = reader.head().setup.first;
        let mut frames = vec![bodies];
        for tick in first.until(first + BODIES) {
            assert!(reader.read(tick, &mut frame).unwrap());
            frames.extend(body(&frame));
        }
        seeds.push((format!("real-{name}-frames"), frames));
    }
    seeds
}

#[test]
fn real_replays_pass() {
    for (name, data) in seeds() {
        let passed = catch_unwind(|| replay_bytes(&data)).is_ok();
        assert!(passed, "{name}");
    }
}

/// Writes real replays as a beginning for the fuzzer. Run it after a change of the format or of a game.
#[test]
#[ignore = "writes into fuzz/corpus"]
fn make_a_corpus_from_real_replays() {
    fs::create_dir_all(corpus()).unwrap();
    for (name, data) in seeds() {
        fs::write(corpus().join(name), data).unwrap();
    }
}
