//! [`Recording`]: what a client's clock did, named, and what it comes to.

mod plot;
mod report;

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

use phalanx_engine::limits::SLOTS_MAX;
use phalanx_engine::{Simulation, Slot};
use phalanx_netcode::Client;
use phalanx_netcode::time::samples::{CsvError, CsvProblem, Samples, Summary};

use crate::exit::{Exit, Failure};
use crate::file::{self, in_words};
pub(crate) use plot::svg;
pub(crate) use report::Report;

/// Where files come from that can be read.
const ORIGIN: &str = "`phalanx match --time-csv DIR` writes files of samples";

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
            CsvError::Line {
                problem: CsvProblem::OtherVersion,
                ..
            } => Failure::new(Exit::OtherVersion, format!("{name}: {error}; {ORIGIN}")),
            error => Failure::new(Exit::Damaged, format!("{name}: {error}; {ORIGIN}")),
        })?;
        Ok(Self::new(name, samples))
    }

    /// What the clock of a client did, once its match runs.
    pub(crate) fn of_client<S: Simulation>(client: &Client<S>) -> Option<Self> {
        let (slot, samples) = (client.slot()?, client.clock_samples()?);
        Some(Self::new(format!("slot-{slot}"), samples.clone()))
    }

    /// Writes those of clients, each into a file of its own. Those that another run left there would seem
    /// to belong to them: they are removed.
    pub(crate) fn write_all(recordings: &[Self], directory: &Path) -> Result<(), Failure> {
        for slot in Slot::all(SLOTS_MAX) {
            let _ = fs::remove_file(directory.join(format!("slot-{slot}.csv")));
        }
        recordings.iter().try_for_each(|recording| {
            let path = directory.join(format!("{}.csv", recording.name));
            let mut text = Vec::new();
            let written = recording.samples.write_csv(&mut text);
            written.map_err(Failure::internal)?;
            file::replace(&path, &text)
        })
    }
}
