//! Every rule in every scenario, with every seed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use super::figures::Figures;
use super::rules::RuleName;
use super::scenario::Scenario;
use super::statistics::{Estimate, surely_less};

/// A scenario played by a rule, with seeds from 1 on.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What was played.
    pub scenario: Scenario,
    /// By whom.
    pub rule: RuleName,
    /// One run for each seed, or of an interrupted benchmark for the first ones.
    pub runs: Vec<Figures>,
}

impl Cell {
    /// A figure of all runs.
    #[must_use]
    pub fn each(&self, figure: impl Fn(&Figures) -> f64) -> Vec<f64> {
        self.runs.iter().map(figure).collect()
    }

    /// Its mean over the seeds.
    #[must_use]
    pub fn mean(&self, figure: impl Fn(&Figures) -> f64) -> Estimate {
        Estimate::of(&self.each(figure))
    }

    /// Whether this rule has fewer late inputs than the other one and less latency too, both beyond doubt.
    #[must_use]
    pub fn dominates(&self, other: &Self) -> bool {
        let less =
            |figure: fn(&Figures) -> f64| surely_less(&self.each(figure), &other.each(figure));
        less(|f| f.late_percent) && less(|f| f.latency_ms)
    }
}

/// Plays everything, in as many threads as the machine has processors; the results are in the order of the
/// arguments whatever the threads did. `going` hears how many runs of how many are done, and ends it all by
/// saying no; then there are those that were done, of each cell up to the first seed that is missing, and no
/// cell without one.
pub fn run(
    scenarios: &[Scenario],
    rules: &[RuleName],
    seeds: u32,
    going: &mut dyn FnMut(u64, u64) -> bool,
) -> Vec<Cell> {
    let cells = scenarios
        .iter()
        .flat_map(|scenario| rules.iter().map(move |rule| (scenario, *rule)));
    let jobs: Vec<_> = cells
        .flat_map(|cell| (1..=u64::from(seeds)).map(move |seed| (cell, seed)))
        .collect();
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut figures = vec![None; jobs.len()];
    thread::scope(|scope| {
        let (sender, results) = mpsc::channel();
        for _ in 0..threads {
            let (sender, next, jobs) = (sender.clone(), &next, &jobs);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(((scenario, rule), seed)) = jobs.get(index) else {
                        break;
                    };
                    if sender.send((index, rule.play(scenario, *seed))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for (done, (index, result)) in (1..).zip(results) {
            figures[index] = Some(result);
            if !going(done, jobs.len() as u64) {
                next.store(jobs.len(), Ordering::Relaxed);
                break;
            }
        }
    });
    let mut runs = figures.chunks(seeds as usize);
    let cells = scenarios.iter().flat_map(|scenario| {
        let played = rules.iter().zip(runs.by_ref());
        let cells = played.map(|(rule, runs)| Cell {
            scenario: scenario.clone(),
            rule: *rule,
            // Rules are compared seed by seed.
            runs: runs.iter().map_while(Clone::clone).collect(),
        });
        cells.collect::<Vec<_>>()
    });
    cells.filter(|cell| !cell.runs.is_empty()).collect()
}

/// One of our rules, and a peer's that dominates it.
#[derive(Clone, Copy, Debug)]
pub struct Dominated<'a> {
    /// Ours.
    pub ours: &'a Cell,
    /// The peer's.
    pub by: &'a Cell,
}

/// Where a peer's rule dominates one of ours.
#[must_use]
pub fn dominated(cells: &[Cell]) -> Vec<Dominated<'_>> {
    let pairs = cells
        .iter()
        .flat_map(|ours| cells.iter().map(move |by| Dominated { ours, by }));
    pairs
        .filter(|pair| !pair.ours.rule.is_peer() && pair.by.rule.is_peer())
        .filter(|pair| pair.ours.scenario.name == pair.by.scenario.name)
        .filter(|pair| pair.by.dominates(pair.ours))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SECOND;

    fn short(name: &str) -> Scenario {
        Scenario {
            length: 20 * SECOND,
            ..Scenario::named(name).unwrap()
        }
    }

    #[test]
    fn results_are_those_of_single_runs_in_order() {
        let scenarios = [short("loss-10"), short("jitter")];
        let rules = [RuleName::Ngo, RuleName::Ggrs, RuleName::ALL[0]];
        let cells = run(&scenarios, &rules, 3, &mut |_, _| true);
        let alone = scenarios
            .iter()
            .flat_map(|scenario| rules.map(|rule| [1, 2, 3].map(|seed| rule.play(scenario, seed))));
        for (cell, runs) in cells.iter().zip(alone) {
            assert_eq!(
                cell.runs,
                runs,
                "{} {}",
                cell.scenario.name,
                cell.rule.name()
            );
        }
        assert_eq!(cells.len(), 6);
    }

    #[test]
    fn who_says_no_gets_what_was_done() {
        let scenarios = [short("jitter")];
        // With more than two of three runs, some rule has all three.
        let going = &mut |done, whole| 3 * done <= 2 * whole;
        let cells = run(&scenarios, &RuleName::ALL, 3, going);
        assert!(cells.iter().any(|cell| cell.runs.len() == 3));
        assert!(cells.iter().all(|cell| !cell.runs.is_empty()));
        let runs: usize = cells.iter().map(|cell| cell.runs.len()).sum();
        assert!(runs < 3 * RuleName::ALL.len(), "{runs}");
        for Cell { rule, runs, .. } in &cells {
            for (seed, run) in (1..).zip(runs) {
                assert_eq!(*run, rule.play(&scenarios[0], seed), "{}", rule.name());
            }
        }
    }

    /// The canary of the comparison: a rule of ours made worse than a peer's is found.
    #[test]
    fn a_dominated_rule_is_found() {
        let cell = |rule, late_percent: f64, latency_ms: f64| Cell {
            scenario: short("jitter"),
            rule,
            runs: [0.9, 1.0, 1.1]
                .map(|factor| Figures {
                    late_percent: late_percent * factor,
                    latency_ms: latency_ms * factor,
                    ..Figures::default()
                })
                .to_vec(),
        };
        let ours = RuleName::ALL[0];
        for (late, latency, found) in [(0.5, 80.0, 1), (0.5, 120.0, 0), (2.0, 80.0, 0)] {
            let cells = [cell(ours, 1.0, 100.0), cell(RuleName::Ngo, late, latency)];
            assert_eq!(dominated(&cells).len(), found, "{late} {latency}");
        }
    }
}
