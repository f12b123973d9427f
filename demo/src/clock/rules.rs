//! The rules: ours, and those of other engines.

mod fixed;
mod gekko;
mod ggrs;
mod kalman;
mod lightyear;
mod netcode_for_entities;
mod ngo;
mod ours;
mod probes;
mod round_trip;

use super::figures::Figures;
use super::rule::Rule;
use super::scenario::Scenario;
use super::{pair, star};
use phalanx_netcode::time::LateWorth;

/// A rule that can be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleName {
    /// Ours, with what a late input is worth.
    Ours(LateWorth),
    /// A delay chosen at the start.
    Fixed,
    /// Unity's Netcode for GameObjects.
    Ngo,
    /// GGPO's, as in ggrs.
    Ggrs,
    /// `GekkoNet`.
    Gekko,
    /// lightyear.
    Lightyear,
    /// Unity's Netcode for Entities.
    NetcodeForEntities,
    /// Least round trip and a Kalman filter.
    Kalman,
}

impl RuleName {
    /// All of them, ours first.
    pub const ALL: [Self; 10] = [
        Self::Ours(LateWorth::Balanced),
        Self::Ours(LateWorth::LatencyFirst),
        Self::Ours(LateWorth::NeverLate),
        Self::Fixed,
        Self::Ngo,
        Self::Ggrs,
        Self::Gekko,
        Self::Lightyear,
        Self::NetcodeForEntities,
        Self::Kalman,
    ];

    /// What it is called on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours(LateWorth::Balanced) => "ours",
            Self::Ours(LateWorth::LatencyFirst) => "ours-latency-first",
            Self::Ours(LateWorth::NeverLate) => "ours-never-late",
            Self::Fixed => "fixed",
            Self::Ngo => "ngo",
            Self::Ggrs => "ggrs",
            Self::Gekko => "gekko",
            Self::Lightyear => "lightyear",
            Self::NetcodeForEntities => "n4e",
            Self::Kalman => "kalman",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// Whether it is not one of ours.
    #[must_use]
    pub const fn is_peer(self) -> bool {
        !matches!(self, Self::Ours(_))
    }

    /// Plays a scenario.
    #[must_use]
    pub fn play(self, scenario: &Scenario, seed: u64) -> Figures {
        let mut rule: Box<dyn Rule> = match self {
            Self::Ggrs => return pair::run(scenario, &|| Box::new(ggrs::Ggrs::default()), seed),
            Self::Gekko => return pair::run(scenario, &|| Box::new(gekko::Gekko::default()), seed),
            Self::Ours(policy) => Box::new(ours::Ours::new(policy)),
            Self::Fixed => Box::new(fixed::Fixed::default()),
            Self::Ngo => Box::new(ngo::Ngo::default()),
            Self::Lightyear => Box::new(lightyear::Lightyear::default()),
            Self::NetcodeForEntities => {
                Box::new(netcode_for_entities::NetcodeForEntities::default())
            }
            Self::Kalman => Box::new(kalman::Kalman::default()),
        };
        star::run(scenario, &mut *rule, seed)
    }
}
