//! Files that results are written to.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// Writes what need not be a file: `/dev/stdout` will do. Of a file, under its name is either all of it, or
/// what was there before.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    // A link may lead to where the results go, too: it is written through.
    let other = fs::symlink_metadata(path).is_ok_and(|found| !found.is_file());
    if other {
        fs::write(path, text).map_err(|error| cannot_write(path, &error))
    } else {
        replace(path, text.as_bytes())
    }
}

/// Writes a file. Under its name is either all of it, or what was there before.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace_with(path, bytes, OpenOptions::new().create(true).truncate(true))
}

/// Writes a file that nobody but its owner reads, likewise.
pub(crate) fn replace_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // What is left of another one may be readable by others.
    let _ = fs::remove_file(half(path));
    replace_with(path, bytes, options.create_new(true))
}

/// The name that a file has until all of it is there.
fn half(path: &Path) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(".half");
    name.into()
}

fn replace_with(path: &Path, bytes: &[u8], options: &mut OpenOptions) -> Result<(), Failure> {
    let half = half(path);
    let written = write_all(&half, bytes, options).and_then(|()| fs::rename(&half, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&half);
        cannot_write(path, &error)
    })
}

/// Makes a directory, and those above it.
pub(crate) fn make_directory(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| {
        let (name, error) = (path.display(), in_words(&error));
        Failure::internal(format!("cannot make the directory {name}: {error}"))
    })
}

fn write_all(path: &Path, bytes: &[u8], options: &mut OpenOptions) -> io::Result<()> {
    let mut file = options.write(true).open(path)?;
    file.write_all(bytes)?;
    // Some disks notice only now that they are full.
    file.sync_all()
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let (name, error) = (path.display(), in_words(error));
    Failure::internal(format!("cannot write {name}: {error}"))
}

/// An error of the system without its number.
pub(crate) fn in_words(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next();
    words.unwrap_or_default().to_lowercase()
}
