//! [`Recording`]: what a client's clock did, named, and what it comes to.

mod plot;
mod report;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use phalanx_netcode::time::samples::{CsvError, Samples, Summary};

use crate::exit::{Exit, Failure};
use crate::file::in_words;
pub(crate) use plot::svg;
pub(crate) use report::Report;

/// The samples of one clock.
pub(crate) struct Recording {
    /// Of the file, or whose they are.
    pub(crate) name: String,
    pub(crate) samples: Samples,
    pub(crate) summary: Summary,
}

impl Recording {
    pub(crate) fn new(name: String, samples: Samples) -> Self {
        let summary = samples.summary();
        Self {
            name,
            samples,
            summary,
        }
    }

    /// The samples in a file.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(CsvError::Read);
        let samples = file.and_then(|file| Samples::read_csv(BufReader::new(file)));
        let samples = samples.map_err(|error| match error {
            CsvError::Read(error) => {
                Failure::usage(format!("cannot read {name}: {}", in_words(&error)))
            }
            error => Failure::new(Exit::Damaged, format!("{name}: {error}")),
        })?;
        Ok(Self::new(name, samples))
    }
}
