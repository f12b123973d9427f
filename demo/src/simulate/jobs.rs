//! [`Jobs`]: which cases there are, in matches that threads take one after the other.

use core::fmt;

use phalanx_engine::{RngKey, Tick};
use phalanx_netcode::testing::fork::Incident;

use super::base::{BASE_TICKS, Base};
use crate::cli::GameName;

/// Cases of one match, where they are drawn.
const DRAWN: u64 = 40;

/// Ticks of one job, where every tick is forked: enough that playing up to there is little beside it.
const TICKS_OF_A_JOB: u64 = 60;

/// Matches of every kind, where every tick is forked.
const SEEDS: u64 = 5;

/// How many play, where that is drawn or all of it is asked for.
const PLAYERS: [u8; 3] = [2, 4, 8];

/// Where matches are forked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ticks {
    /// Here and there, in as many matches as it takes.
    Drawn,
    /// Everywhere, in a few matches of every kind.
    Every,
    /// Once, in one match of every kind.
    One(Tick),
}

/// A fork: where, and what happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) base: Base,
    pub(crate) tick: Tick,
    pub(crate) incident: Incident,
}

/// The command that repeats it.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            base,
            tick,
            incident,
        } = self;
        write!(
            f,
            "phalanx simulate {base} --tick {tick} --incident {incident}"
        )
    }
}

/// All cases that are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Jobs {
    pub(crate) game: Option<GameName>,
    pub(crate) players: Option<u8>,
    pub(crate) seed: u64,
    pub(crate) network: bool,
    pub(crate) late_leave: bool,
    pub(crate) ticks: Ticks,
    pub(crate) incidents: Vec<Incident>,
    /// Most cases.
    pub(crate) cases: Option<u64>,
}

impl Jobs {
    /// How many cases there are, if that is known.
    pub(crate) fn whole(&self) -> Option<u64> {
        let kinds = self.kinds().len() as u64 * self.incidents.len() as u64;
        let all = match self.ticks {
            Ticks::Drawn => None,
            Ticks::Every => Some(kinds * SEEDS * BASE_TICKS),
            Ticks::One(_) => Some(kinds),
        };
        all.into_iter().chain(self.cases).min()
    }

    /// The cases of a job, all of one match and in the order of ticks; `None` after the last job. It is a
    /// function of the number alone: who takes a job, and when, changes nothing.
    pub(crate) fn get(&self, number: u64) -> Option<Vec<Case>> {
        let mut cases = match self.ticks {
            Ticks::Drawn => self.drawn(number),
            Ticks::Every => self.every(number)?,
            Ticks::One(tick) => self.at(self.kind(number, 0)?, tick).collect(),
        };
        if let Some(most) = self.cases {
            let left = most.saturating_sub(number.saturating_mul(cases.len() as u64));
            cases.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        }
        (!cases.is_empty()).then_some(cases)
    }

    /// Every game with every number of players, as far as none is named.
    fn kinds(&self) -> Vec<(GameName, u8)> {
        let games = [GameName::Duel, GameName::Skirmish];
        let games = games
            .into_iter()
            .filter(|game| self.game.is_none_or(|named| named == *game));
        let players = self
            .players
            .map_or(PLAYERS.to_vec(), |players| vec![players]);
        games
            .flat_map(|game| players.iter().map(move |players| (game, *players)))
            .collect()
    }

    fn kind(&self, number: u64, seed: u64) -> Option<Base> {
        let kinds = self.kinds();
        let kind = usize::try_from(number)
            .ok()
            .and_then(|number| kinds.get(number));
        kind.map(|(game, players)| self.base(*game, *players, seed))
    }

    fn base(&self, game: GameName, players: u8, seed: u64) -> Base {
        Base {
            game,
            players,
            seed: self.seed.wrapping_add(seed),
            network: self.network,
            late_leave: self.late_leave,
        }
    }

    /// A match of its own, with cases all over it.
    fn drawn(&self, number: u64) -> Vec<Case> {
        let seed = self.seed.wrapping_add(number);
        let mut draws = RngKey::named("phalanx.simulate.cases").with(seed).rng();
        let kinds = self.kinds();
        let Some((game, players)) = draws.choose(&kinds).copied() else {
            return Vec::new();
        };
        let base = self.base(game, players, number);
        let apart = BASE_TICKS / DRAWN;
        let each = (0..DRAWN).filter_map(|part| {
            let tick = Tick(part * apart + draws.below_u64(apart));
            let incident = draws.choose(&self.incidents).copied()?;
            Some(Case {
                base,
                tick,
                incident,
            })
        });
        each.collect()
    }

    fn every(&self, number: u64) -> Option<Vec<Case>> {
        let parts = BASE_TICKS / TICKS_OF_A_JOB;
        let (base, part) = (number / parts, number % parts);
        let kinds = self.kinds().len() as u64;
        let seed = Some(base / kinds).filter(|seed| *seed < SEEDS)?;
        let base = self.kind(base % kinds, seed)?;
        let first = Tick(part * TICKS_OF_A_JOB);
        let ticks = first.until(first + TICKS_OF_A_JOB);
        Some(ticks.flat_map(|tick| self.at(base, tick)).collect())
    }

    /// All that may happen at a tick.
    fn at(&self, base: Base, tick: Tick) -> impl Iterator<Item = Case> + use<'_> {
        self.incidents.iter().map(move |incident| Case {
            base,
            tick,
            incident: *incident,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn jobs(ticks: Ticks, cases: Option<u64>) -> Jobs {
        Jobs {
            game: None,
            players: None,
            seed: u64::MAX - 2,
            network: true,
            late_leave: false,
            ticks,
            incidents: Incident::ALL.into(),
            cases,
        }
    }

    fn all(jobs: &Jobs) -> Vec<Case> {
        let each = (0..).map_while(|number| jobs.get(number));
        each.flatten().collect()
    }

    /// A hundred thousand, none of them twice, and as many as were promised.
    #[test]
    fn every_tick_is_every_combination() {
        let jobs = jobs(Ticks::Every, None);
        let cases = all(&jobs);
        assert_eq!(jobs.whole(), Some(cases.len() as u64));
        assert!(cases.len() >= 100_000, "{}", cases.len());
        let commands: BTreeSet<_> = cases.iter().map(Case::to_string).collect();
        assert_eq!(commands.len(), cases.len());
    }

    #[test]
    fn as_many_cases_are_drawn_as_are_asked_for() {
        for count in [1, 39, 40, 41, 2000] {
            let jobs = jobs(Ticks::Drawn, Some(count));
            let cases = all(&jobs);
            assert_eq!((cases.len() as u64, jobs.whole()), (count, Some(count)));
        }
        let cases = all(&jobs(Ticks::Drawn, Some(2000)));
        for incident in Incident::ALL {
            assert!(cases.iter().any(|case| case.incident == incident));
        }
        let kinds: BTreeSet<_> = cases
            .iter()
            .map(|case| (case.base.game.to_string(), case.base.players))
            .collect();
        assert_eq!(kinds.len(), 6, "{kinds:?}");
    }

    #[test]
    fn one_case_is_named_by_its_command() {
        let mut jobs = jobs(Ticks::One(Tick(77)), None);
        assert_eq!(all(&jobs).len(), 6 * Incident::ALL.len());
        jobs.incidents = vec![Incident::Kill];
        (jobs.game, jobs.players, jobs.seed) = (Some(GameName::Skirmish), Some(3), 9);
        let cases = all(&jobs);
        let [case] = cases.as_slice() else {
            panic!("{cases:?}");
        };
        assert_eq!(
            case.to_string(),
            "phalanx simulate --game skirmish --players 3 --seed 9 --tick 77 --incident kill"
        );
    }
}
