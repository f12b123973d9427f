//! The corpora of the netcode's fuzz targets, as ordinary tests.
#![expect(clippy::unwrap_used, reason = "a test")]

mod hostile_pump;
mod snapshots;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use hostile_pump::Packet;
use hostile_pump::model::{commands, inputs};
use hostile_pump::siege::{
    LATE, MALLORY, SECOND, STAGES, Stage, client_bytes, golden, order_bytes, relay_bytes,
    session_at,
};
use phalanx_netcode::PeerId;
use phalanx_netcode::snapshot::pack;
use snapshots::{canonical, snapshot_bytes, two};

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 3] = [
    ("client_bytes", client_bytes),
    ("relay_bytes", relay_bytes),
    ("snapshot_bytes", snapshot_bytes),
];

fn directory(target: &str) -> PathBuf {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    fuzz.join("corpus").join(target)
}

#[test]
fn every_file_of_every_corpus_passes() {
    for (target, run) in TARGETS {
        let mut files = 0;
        for entry in fs::read_dir(directory(target)).unwrap() {
            let file = entry.unwrap().path();
            let data = fs::read(&file).unwrap();
            let passed = catch_unwind(|| run(&data)).is_ok();
            assert!(
                passed,
                "cargo +nightly fuzz run {target} {}",
                file.display()
            );
            files += 1;
        }
        assert!(files > 0, "{target} has a corpus");
    }
}

/// All ticks that they name are long before the first one there.
#[test]
fn every_file_passes_in_a_session_that_begins_late() {
    for (target, run) in &TARGETS[..2] {
        for entry in fs::read_dir(directory(target)).unwrap() {
            let file = entry.unwrap().path();
            let mut data = fs::read(&file).unwrap();
            if let Some(session) = data.first_mut() {
                *session ^= LATE;
                let passed = catch_unwind(|| run(&data)).is_ok();
                assert!(passed, "{}", file.display());
            }
        }
    }
}

/// A snapshot in every way in which [`snapshot_bytes`] reads it, by name.
fn snapshot_orders() -> Vec<(&'static str, Vec<u8>)> {
    let (older, newer) = two(5);
    let order = |kind: u8, bytes: &[u8]| [&[kind], bytes].concat();
    let whole = pack(&newer, None).unwrap();
    let differences = pack(&newer, Some(&older)).unwrap();
    let bytes = canonical(&newer);
    let length = u16::try_from(bytes.len()).unwrap().to_le_bytes();
    // What is in the frame, which begins behind a head without or with a base.
    let content = |packed: &[u8], head: usize| {
        let mut body = vec![0; 1 << 16];
        let held = zstd::bulk::decompress_to_buffer(&packed[head..], &mut body).unwrap();
        body.truncate(held);
        [&length[..], &body].concat()
    };
    vec![
        ("whole", order(0, &whole)),
        ("differences", order(1, &differences)),
        ("whole-content", order(2, &content(&whole, 51))),
        ("differences-content", order(3, &content(&differences, 83))),
        ("canonical", order(4, &bytes)),
    ]
}

/// Writes real snapshots, and parts of them, as a beginning for the fuzzer. Run it after a change of
/// the format.
#[test]
#[ignore = "writes into fuzz/corpus"]
fn make_a_corpus_from_real_snapshots() {
    fs::create_dir_all(directory("snapshot_bytes")).unwrap();
    for (name, bytes) in snapshot_orders() {
        let file = directory("snapshot_bytes").join(format!("real-{name}"));
        fs::write(file, bytes).unwrap();
    }
}

/// Orders for the ticks to come: whatever the relay has of Mallory already, it takes some of them.
fn orders() -> Packet {
    let texts: Vec<_> = (0..16).map(|length| vec![length; length.into()]).collect();
    let length = |text: &Vec<u8>| u8::try_from(text.len()).unwrap();
    // Notes: a number, and how many bytes follow.
    let note = |text: &Vec<u8>| [&[9, 0, 0, 0, length(text), 0, 0, 0], &text[..]].concat();
    let notes: Vec<_> = texts.iter().map(note).collect();
    let given: Vec<_> = (20..)
        .zip(&notes)
        .map(|(tick, note)| (tick, &note[..]))
        .collect();
    Packet {
        peer: PeerId(MALLORY as u64),
        up: true,
        datagram: true,
        bytes: commands(inputs(0, 0, 0, 0, &[]), 0, &given).message(1),
    }
}

#[test]
fn orders_are_taken_and_sealed() {
    let mut pump = session_at(Stage::Running);
    pump.chairs[MALLORY].connected = false;
    pump.inject(&orders());
    pump.run(2 * SECOND);
    let frames = pump.relay.log().frames();
    let taken = frames.flat_map(|frame| frame.unwrap().commands);
    let taken = taken.filter(|command| command.bytes[0] == 9).count();
    assert!(taken > 4, "{taken} of Mallory's");
}

/// Writes real traffic as a beginning for the fuzzers. Run it after a change of the format.
#[test]
#[ignore = "writes into fuzz/corpus"]
fn make_corpora_from_real_traffic() {
    for packet in golden(3).into_iter().chain([orders()]) {
        let target = if packet.up {
            "relay_bytes"
        } else {
            "client_bytes"
        };
        for stage in STAGES {
            let bytes = order_bytes(stage, &packet);
            let tag = packet.bytes[if packet.datagram { 0 } else { 4 }];
            let name = format!(
                "real-{stage:?}-{}{tag}-{}",
                if packet.datagram { "d" } else { "c" },
                packet.bytes.len()
            );
            fs::create_dir_all(directory(target)).unwrap();
            fs::write(directory(target).join(name.to_lowercase()), bytes).unwrap();
        }
    }
}
