//! Snapshots in files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use phalanx_engine::Snapshot;
use phalanx_netcode::limits::SNAPSHOT_PACKED_BYTES_MAX;
use phalanx_netcode::snapshot::{SnapshotError, pack, unpack};

use crate::exit::{Exit, Failure};
use crate::file::{self, in_words};

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
    file::replace(path, &bytes)
}
