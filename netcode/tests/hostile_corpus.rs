//! The corpora of the netcode's fuzz targets, as ordinary tests.

mod hostile_pump;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use hostile_pump::siege::{STAGES, client_bytes, golden, order_bytes, relay_bytes};

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 2] = [("client_bytes", client_bytes), ("relay_bytes", relay_bytes)];

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

/// Writes real traffic as a beginning for the fuzzers. Run it after a change of the format.
#[test]
#[ignore = "writes into fuzz/corpus"]
fn make_corpora_from_real_traffic() {
    for packet in golden(3) {
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
