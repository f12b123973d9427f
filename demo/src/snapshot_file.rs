//! Snapshots in files.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use phalanx_engine::Snapshot;
use phalanx_netcode::limits::SNAPSHOT_PACKED_BYTES_MAX;
use phalanx_netcode::snapshot::{SnapshotError, pack, unpack};

use crate::exit::{Exit, Failure};

/// The whole snapshot in a file.
pub(crate) fn read(path: &Path) -> Result<Snapshot, Failure> {
    let name = path.display();
    let bytes = bytes(path)
        .map_err(|error| Failure::usage(format!("cannot read {name}: {}", in_words(&error))))?;
    unpack(&bytes, None).map_err(|error| {
        let exit = match error {
            SnapshotError::OtherFormat(_) => Exit::OtherVersion,
            SnapshotError::NeedsBase(_) => Exit::Usage,
            _ => Exit::Damaged,
        };
        Failure::new(exit, format!("{name}: {error}"))
    })
}

/// The bytes of a file, and one more than a snapshot can have of one that is longer.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    file.take(SNAPSHOT_PACKED_BYTES_MAX + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a whole snapshot. Under its name is either all of it, or what was there before.
pub(crate) fn write(path: &Path, snapshot: &Snapshot) -> Result<(), Failure> {
    let name = path.display();
    let bytes =
        pack(snapshot, None).map_err(|error| Failure::internal(format!("{name}: {error}")))?;
    let half = path.with_extension("half");
    let written = write_all(&half, &bytes).and_then(|()| fs::rename(&half, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&half);
        Failure::internal(format!("cannot write {name}: {}", in_words(&error)))
    })
}

fn write_all(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    // Some disks notice only now that they are full.
    file.sync_all()
}

/// An error of the system without its number.
pub(crate) fn in_words(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next();
    words.unwrap_or_default().to_lowercase()
}
