//! `time-bench`: our clock rule and those of other engines over the same links.

use phalanx_netcode::Time;
use phalanx_netcode::quic::Clock;
use serde::Serialize;

use crate::cli::TimeBenchArgs;
use crate::clock::bench::{self, Cell};
use crate::clock::plot;
use crate::clock::rules::RuleName;
use crate::clock::scenario::Scenario;
use crate::clock::table::{Row, Table};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::file;
use crate::grouped::Counted;
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::summary::{SCHEMA_VERSION, Thousandths};

/// What is said to programs at the end. The fields are the keys, in this order.
#[derive(Serialize)]
struct Summary {
    schema_version: u32,
    command: &'static str,
    seeds: u32,
    runs: u64,
    /// Whether it was interrupted before all were done.
    partial: bool,
    dominated: Vec<Pair>,
    wall_s: Thousandths,
    exit_code: u8,
}

#[derive(Serialize)]
struct Pair {
    scenario: &'static str,
    rule: &'static str,
    by: &'static str,
}

impl Pair {
    fn all(cells: &[Cell]) -> Vec<Self> {
        let pairs = bench::dominated(cells).into_iter().map(|pair| Self {
            scenario: pair.ours.scenario.name,
            rule: pair.ours.rule.name(),
            by: pair.by.rule.name(),
        });
        pairs.collect()
    }
}

impl Summary {
    /// The same; there were to be `whole` runs.
    fn in_words(&self, whole: u64) -> String {
        let verdict = match self.dominated.as_slice() {
            [] => "no rule of ours is dominated".into(),
            [pair] => format!("{} dominates {} in {}", pair.by, pair.rule, pair.scenario),
            more => format!("{} times a rule of ours is dominated", more.len()),
        };
        let (runs, wall_s) = (Counted(self.runs, "run"), self.wall_s);
        if self.partial {
            format!("PARTIAL, interrupted: {runs} of {whole} in {wall_s} s; so far {verdict}")
        } else {
            format!("{runs} in {wall_s} s: {verdict}")
        }
    }
}

pub(super) fn run(args: &TimeBenchArgs, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let console = Console::new(&args.output);
    let (scenarios, rules) = (scenarios(args), rules(args));
    let clock = Clock::start();
    let mut progress = Progress::new(console);
    let cells = bench::run(&scenarios, &rules, args.seeds, &mut |done, whole| {
        if progress.is_due(clock.now(), done, whole) {
            progress.show(&format!("run {done} of {whole}"));
        }
        !interrupt.is_raised()
    });
    progress.wipe();
    let runs = cells.iter().map(|cell| cell.runs.len() as u64).sum();
    let whole = (scenarios.len() * rules.len()) as u64 * u64::from(args.seeds);
    let partial = runs < whole;
    // The table is said also if the drawing cannot be written. Nobody would see of one that it is not whole.
    let drawn = args.svg.as_ref().filter(|_| !partial);
    let drawn = drawn.map_or(Ok(()), |path| file::write(path, &plot::svg(&cells)));
    let rows = Row::all(&cells, SCHEMA_VERSION);
    let exit = if partial {
        Exit::Interrupted
    } else if rows.iter().any(Row::is_dominated) {
        Exit::Checker
    } else {
        Exit::Fine
    };
    let summary = Summary {
        schema_version: SCHEMA_VERSION,
        command: "time-bench",
        seeds: args.seeds,
        runs,
        partial,
        dominated: Pair::all(&cells),
        wall_s: Thousandths::seconds(clock.now().since(Time::ZERO)),
        exit_code: exit.unless_failed(&drawn).code(),
    };
    if args.output.json {
        for row in &rows {
            console.result(row, "")?;
        }
    }
    let text = format!("{}\n\n{}", Table(&rows), summary.in_words(whole));
    console.result(&summary, &text)?;
    drawn.map(|()| exit)
}

/// Those that were asked for, or all that do not last a day.
fn scenarios(args: &TimeBenchArgs) -> Vec<Scenario> {
    let asked = |scenario: &Scenario| match args.scenario.as_slice() {
        [] => !scenario.is_long(),
        asked => asked.contains(scenario),
    };
    Scenario::all().into_iter().filter(asked).collect()
}

fn rules(args: &TimeBenchArgs) -> Vec<RuleName> {
    let asked = |rule: &RuleName| args.rule.is_empty() || args.rule.contains(rule);
    RuleName::ALL.into_iter().filter(asked).collect()
}
