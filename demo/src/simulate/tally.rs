//! [`Tally`]: what all cases came to.

use std::collections::BTreeMap;

use phalanx_netcode::testing::fork::{Finding, Forked, Incident};

use super::distinct::Distinct;
use super::jobs::Case;

/// So many failures are kept, the first ones in the order of cases.
pub(crate) const FAILURES_KEPT: usize = 10;

/// A case that failed.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) case: Case,
    /// Its place among all cases.
    pub(crate) place: (u64, u64),
    pub(crate) what: String,
}

/// A case that was played, and what came of it.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) case: Case,
    pub(crate) place: (u64, u64),
    pub(crate) outcome: Result<Forked, Trouble>,
}

/// What went wrong.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The session.
    Finding(Finding),
    /// The program: it panicked.
    Panic(String),
}

/// What all cases came to, in whatever order they were played.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) cases: u64,
    /// Ticks that were compared after the forks.
    pub(crate) ticks: u64,
    pub(crate) incidents: BTreeMap<Incident, u64>,
    pub(crate) distinct: Distinct,
    pub(crate) failures: u64,
    pub(crate) desyncs: u64,
    /// The first ones.
    pub(crate) failed: Vec<Failed>,
}

impl Tally {
    pub(crate) fn add(&mut self, played: Played) {
        let Played {
            case,
            place,
            outcome,
        } = played;
        self.cases += 1;
        *self.incidents.entry(case.incident).or_default() += 1;
        let (what, desync) = match outcome {
            Ok(forked) => {
                self.ticks += forked.checksums.len() as u64;
                return self.distinct.extend(&forked.checksums);
            }
            Err(Trouble::Finding(finding)) => {
                let desync = matches!(finding, Finding::Desync(_));
                (finding.to_string(), desync)
            }
            Err(Trouble::Panic(message)) => (format!("panicked: {message}"), false),
        };
        self.failures += 1;
        self.desyncs += u64::from(desync);
        let at = self.failed.partition_point(|failed| failed.place < place);
        let failed = Failed { case, place, what };
        self.failed.insert(at, failed);
        self.failed.truncate(FAILURES_KEPT);
    }
}
