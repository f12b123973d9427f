//! [`Claim`]: a figure beside a peer's, and what we say about it.

use core::convert::Infallible;
use core::fmt::{self, Write};

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// How often both sides are measured, in turn.
    pub rounds: u32,
    /// Ticks of one round.
    pub ticks: u64,
    /// Whether there is time for lines in real time, too.
    pub real_time: bool,
}

impl Effort {
    /// What a published figure needs.
    pub const FULL: Self = Self {
        rounds: 15,
        ticks: 600,
        real_time: true,
    };
    /// A first impression, in under a minute for all groups.
    pub const QUICK: Self = Self {
        rounds: 5,
        ticks: 300,
        real_time: false,
    };
}

/// Median and spread of some samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Half of the samples are below.
    pub median: f64,
    /// One tenth of the samples is below.
    pub p10: f64,
    /// Nine tenths of the samples are below.
    pub p90: f64,
}

impl Spread {
    /// Of samples in any order.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn of(samples: &[f64]) -> Self {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |percent: usize| sorted[((sorted.len() - 1) * percent + 50) / 100];
        Self {
            median: at(50),
            p10: at(10),
            p90: at(90),
        }
    }
}

/// The other side of a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Beside {
    /// Who it is.
    pub who: &'static str,
    /// What it took, in the claim's unit.
    pub theirs: Spread,
    /// Ours divided by theirs, round by round.
    pub ratio: Spread,
    /// The ratio that we promise to stay below.
    pub at_most: Option<f64>,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Group, subject and parameters.
    pub name: String,
    /// Of `ours` and `theirs`.
    pub unit: &'static str,
    /// What it took us.
    pub ours: Spread,
    /// What it took the other; `None` for a figure that nobody else has.
    pub beside: Option<Beside>,
    /// What else is worth knowing.
    pub note: String,
}

/// A line of the report that could not be measured here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: not measured: {reason}")]
pub struct Unmeasured {
    /// As [`Claim::name`].
    pub name: String,
    /// What stood in the way.
    pub reason: String,
}

/// Nanoseconds of a microsecond.
const MICRO: f64 = 1000.0;

impl Claim {
    /// Measures us alone; `ours` returns nanoseconds.
    pub fn figure(name: String, effort: Effort, mut ours: impl FnMut() -> f64) -> Self {
        let Ok(claim) = Self::try_figure(name, effort, || Ok::<_, Infallible>(ours()));
        claim
    }

    /// The same, of what may fail.
    ///
    /// # Errors
    /// The first that `ours` has.
    pub fn try_figure<E>(
        name: String,
        effort: Effort,
        mut ours: impl FnMut() -> Result<f64, E>,
    ) -> Result<Self, E> {
        let samples = (0..effort.rounds).map(|_| Ok(ours()? / MICRO));
        let samples = samples.collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            name,
            unit: "us/tick",
            ours: Spread::of(&samples),
            beside: None,
            note: String::new(),
        })
    }

    /// Measures both in turn, and who begins in turn, too; both return nanoseconds.
    pub fn ratio(
        name: String,
        effort: Effort,
        mut ours: impl FnMut() -> f64,
        peer: (&'static str, Option<f64>),
        mut theirs: impl FnMut() -> f64,
    ) -> Self {
        let ours = || Ok::<_, Infallible>(ours());
        let Ok(claim) = Self::try_ratio(name, effort, ours, peer, || Ok(theirs()));
        claim
    }

    /// The same, of what may fail.
    ///
    /// # Errors
    /// The first that either has.
    pub fn try_ratio<E>(
        name: String,
        effort: Effort,
        mut ours: impl FnMut() -> Result<f64, E>,
        (who, at_most): (&'static str, Option<f64>),
        mut theirs: impl FnMut() -> Result<f64, E>,
    ) -> Result<Self, E> {
        let (mut our, mut their) = (Vec::new(), Vec::new());
        for round in 0..effort.rounds {
            let first = round.is_multiple_of(2).then(&mut ours).transpose()?;
            their.push(theirs()? / MICRO);
            our.push(first.map_or_else(&mut ours, Ok)? / MICRO);
        }
        let ratios: Vec<_> = our
            .iter()
            .zip(&their)
            .map(|(ours, theirs)| ours / theirs)
            .collect();
        Ok(Self {
            name,
            unit: "us/tick",
            ours: Spread::of(&our),
            beside: Some(Beside {
                who,
                theirs: Spread::of(&their),
                ratio: Spread::of(&ratios),
                at_most,
            }),
            note: String::new(),
        })
    }

    /// With a remark.
    #[must_use]
    pub fn with_note(self, note: String) -> Self {
        Self { note, ..self }
    }

    /// The same figures in nanoseconds, where `ours` and `theirs` returned those of one element.
    #[must_use]
    pub fn in_nanos(mut self) -> Self {
        let nanos = |spread: &mut Spread| {
            for value in [&mut spread.median, &mut spread.p10, &mut spread.p90] {
                *value *= MICRO;
            }
        };
        self.unit = "ns";
        nanos(&mut self.ours);
        if let Some(beside) = &mut self.beside {
            nanos(&mut beside.theirs);
        }
        self
    }

    /// Whether the promise is kept; `None` if there is none.
    #[must_use]
    pub fn is_met(&self) -> Option<bool> {
        let beside = self.beside.as_ref()?;
        beside.at_most.map(|most| beside.ratio.median <= most)
    }

    /// As one JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        let spread = |spread: &Spread| {
            let Spread { median, p10, p90 } = spread;
            format!(r#"{{"median":{median:.5},"p10":{p10:.5},"p90":{p90:.5}}}"#)
        };
        let mut out = String::new();
        let ours = spread(&self.ours);
        let _ = write!(
            out,
            r#"{{"claim":"{}","unit":"{}","ours":{ours}"#,
            self.name, self.unit
        );
        if let Some(beside) = &self.beside {
            let (theirs, ratio) = (spread(&beside.theirs), spread(&beside.ratio));
            let who = beside.who;
            let _ = write!(out, r#","peer":"{who}","theirs":{theirs},"ratio":{ratio}"#);
            if let (Some(most), Some(met)) = (beside.at_most, self.is_met()) {
                let _ = write!(out, r#","at_most":{most},"met":{met}"#);
            }
        }
        if !self.note.is_empty() {
            let _ = write!(out, r#","note":"{}""#, self.note);
        }
        out.push('}');
        out
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: ours {:.2} {}",
            self.name, self.ours.median, self.unit
        )?;
        if let Some(beside) = &self.beside {
            let Spread { median, p10, p90 } = beside.ratio;
            write!(
                f,
                ", {} {:.2} {}",
                beside.who, beside.theirs.median, self.unit
            )?;
            write!(f, ", ratio {median:.3} [{p10:.3}-{p90:.3}]")?;
            if let (Some(most), Some(met)) = (beside.at_most, self.is_met()) {
                let met = if met { "met" } else { "missed" };
                write!(f, " claim <= {most} {met}")?;
            }
        } else {
            write!(f, " [{:.2}-{:.2}]", self.ours.p10, self.ours.p90)?;
        }
        if !self.note.is_empty() {
            write!(f, " ({})", self.note)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Effort = Effort {
        rounds: 11,
        ticks: 1,
        real_time: false,
    };

    #[test]
    fn a_spread_is_of_the_sorted_samples() {
        let spread = Spread::of(&[9.0, 1.0, 5.0, 3.0, 7.0, 2.0, 4.0, 6.0, 8.0, 10.0, 0.0]);
        let expected = Spread {
            median: 5.0,
            p10: 1.0,
            p90: 9.0,
        };
        assert_eq!(spread, expected);
        assert_eq!(Spread::of(&[4.0]).p90, 4.0);
    }

    #[test]
    fn both_sides_are_measured_as_often() {
        let (mut ours, mut theirs) = (0, 0);
        let claim = Claim::ratio(
            "group/subject".into(),
            ONE,
            || {
                ours += 1;
                1000.0
            },
            ("peer", Some(0.5)),
            || {
                theirs += 1;
                4000.0
            },
        );
        assert_eq!((ours, theirs), (11, 11));
        assert_eq!(claim.is_met(), Some(true));
        let line = "group/subject: ours 1.00 us/tick, peer 4.00 us/tick, \
                    ratio 0.250 [0.250-0.250] claim <= 0.5 met";
        assert_eq!(claim.to_string(), line);
        let json = r#"{"claim":"group/subject","unit":"us/tick","ours":{"median":1.00000,"p10":1.00000,"p90":1.00000},"peer":"peer","theirs":{"median":4.00000,"p10":4.00000,"p90":4.00000},"ratio":{"median":0.25000,"p10":0.25000,"p90":0.25000},"at_most":0.5,"met":true}"#;
        assert_eq!(claim.to_json(), json);
    }

    #[test]
    fn who_fails_is_not_measured_on() {
        let mut rounds = 0;
        let ours = || {
            rounds += 1;
            if rounds < 3 {
                Ok(1.0)
            } else {
                Err("no socket")
            }
        };
        let claim = Claim::try_ratio("a".into(), ONE, ours, ("peer", None), || Ok(2.0));
        assert_eq!(claim, Err("no socket"));
        assert_eq!(rounds, 3);
        let figure = Claim::try_figure("b".into(), ONE, || Err("no socket"));
        assert_eq!(figure, Err("no socket"));
    }

    #[test]
    fn a_promise_can_be_missed_and_a_figure_promises_nothing() {
        let missed = Claim::ratio("a".into(), ONE, || 3.0, ("peer", Some(0.5)), || 4.0);
        assert_eq!(missed.is_met(), Some(false));
        assert!(missed.to_string().ends_with("missed"));
        assert_eq!(Claim::figure("b".into(), ONE, || 1.0).is_met(), None);
    }
}
