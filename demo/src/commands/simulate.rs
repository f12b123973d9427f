//! `simulate`: many matches, forked at many ticks, with something happening in each fork.

use core::fmt::Write;
use core::time::Duration;
use std::collections::BTreeMap;
use std::thread;

use phalanx_engine::Tick;
use phalanx_netcode::Time;
use phalanx_netcode::quic::Clock;
use phalanx_netcode::testing::fork::Incident;
use serde::Serialize;

use crate::cli::{GameName, SimulateArgs};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::fault::{self, Fault};
use crate::grouped::{Counted, Grouped};
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::simulate::base::BASE_TICKS;
use crate::simulate::tally::FAILURES_KEPT;
use crate::simulate::{Failed, Jobs, Tally, Ticks, work};
use crate::summary::{SCHEMA_VERSION, Thousandths};

/// For so long new cases are begun unless told otherwise.
const BUDGET: Duration = Duration::from_secs(60);

/// What is said to programs at the end. The fields are the keys, in this order.
#[derive(Serialize)]
struct Summary {
    schema_version: u32,
    command: &'static str,
    seed: String,
    cases: u64,
    incidents: BTreeMap<&'static str, u64>,
    ticks: u64,
    distinct_states: u64,
    desyncs: u64,
    failures: u64,
    findings: Vec<Finding>,
    wall_s: Thousandths,
    exit_code: u8,
}

#[derive(Serialize)]
struct Finding {
    game: String,
    players: u8,
    seed: String,
    tick: u64,
    incident: &'static str,
    what: String,
    again: String,
}

impl From<&Failed> for Finding {
    fn from(Failed { case, what, .. }: &Failed) -> Self {
        Self {
            game: case.base.game.to_string(),
            players: case.base.players,
            seed: case.base.seed.to_string(),
            tick: case.tick.0,
            incident: case.incident.name(),
            what: what.clone(),
            again: case.to_string(),
        }
    }
}

impl Summary {
    fn new(seed: u64, tally: &mut Tally, wall: Duration, exit: Exit) -> Self {
        let incidents = tally.incidents.iter();
        Self {
            schema_version: SCHEMA_VERSION,
            command: "simulate",
            seed: seed.to_string(),
            cases: tally.cases,
            incidents: incidents
                .map(|(incident, count)| (incident.name(), *count))
                .collect(),
            ticks: tally.ticks,
            distinct_states: tally.distinct.count(),
            desyncs: tally.desyncs,
            failures: tally.failures,
            findings: tally.failed.iter().map(Finding::from).collect(),
            wall_s: Thousandths::seconds(wall),
            exit_code: exit.code(),
        }
    }

    fn in_words(&self, exit: Exit) -> String {
        let mut text = format!(
            "{} in {} s: {} compared, {} distinct states",
            Counted(self.cases, "case"),
            self.wall_s,
            Counted(self.ticks, "tick"),
            Grouped(self.distinct_states),
        );
        let incidents = self.incidents.iter();
        let incidents: Vec<_> = incidents
            .map(|(name, count)| format!("{name} {}", Grouped(*count)))
            .collect();
        // Writing to a string cannot fail.
        _ = write!(text, "\n{}", incidents.join(", "));
        for Finding { what, again, .. } in &self.findings {
            _ = write!(text, "\n{what}\nagain with: {again}");
        }
        if self.failures > FAILURES_KEPT as u64 {
            let more = self.failures - FAILURES_KEPT as u64;
            _ = write!(text, "\nand {} more", Grouped(more));
        }
        let verdict = match exit {
            Exit::Fine => "nothing was found".into(),
            _ if self.failures > 0 => format!("{} failed", Counted(self.failures, "case")),
            other => other.meaning().to_owned(),
        };
        text + "\n" + &verdict
    }
}

pub(super) fn run(args: &SimulateArgs, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let console = Console::new(&args.output);
    if args.faults.list_faults {
        return fault::list(console);
    }
    let jobs = jobs(args)?;
    let clock = Clock::start();
    let budget = budget(args);
    let threads = args.threads.unwrap_or_else(all_threads);
    let mut progress = Progress::new(console);
    let mut tally = work(&jobs, threads, &mut |tally| {
        let spent = clock.now().since(Time::ZERO);
        let (done, whole) = match (jobs.whole(), budget) {
            (Some(whole), _) => (tally.cases, whole),
            (None, budget) => (millis(spent), millis(budget.unwrap_or(BUDGET))),
        };
        if progress.is_due(clock.now(), done, whole) {
            let cases = Counted(tally.cases, "case");
            let of = jobs
                .whole()
                .map_or(String::new(), |whole| format!(" of {}", Grouped(whole)));
            progress.show(&format!("{cases}{of}, {} failed", tally.failures));
        }
        !interrupt.is_raised() && budget.is_none_or(|budget| spent < budget)
    });
    progress.wipe();
    let exit = judge(&tally, interrupt.is_raised());
    let wall = clock.now().since(Time::ZERO);
    let summary = Summary::new(args.seed, &mut tally, wall, exit);
    console.result(&summary, &summary.in_words(exit))?;
    Ok(exit)
}

/// Which cases the flags ask for.
fn jobs(args: &SimulateArgs) -> Result<Jobs, Failure> {
    let names = &args.faults.faults;
    fault::check(names, "simulate")?;
    let has = |fault| names.is_empty() || fault::asked(names, fault);
    let incidents = match args.incident {
        Some(incident) => vec![incident],
        None if has(Fault::Membership) => Incident::ALL.into(),
        None => vec![Incident::Nothing],
    };
    Ok(Jobs {
        game: args.game,
        players: args
            .players
            .map(|players| check_players(players, args.game))
            .transpose()?,
        seed: args.seed,
        network: has(Fault::Network),
        late_leave: args.plant.is_some(),
        ticks: match args.tick {
            Some(tick) => Ticks::One(check_tick(tick)?),
            None if args.every_tick => Ticks::Every,
            None => Ticks::Drawn,
        },
        incidents,
        cases: args.cases,
    })
}

/// Somebody has to be left who plays on.
fn check_players(players: u8, game: Option<GameName>) -> Result<u8, Failure> {
    let games = [GameName::Duel, GameName::Skirmish].into_iter();
    let games = games.filter(|other| game.is_none_or(|game| game == *other));
    let most = games.map(GameName::players_max).min().unwrap_or(2);
    if (2..=most).contains(&players) {
        return Ok(players);
    }
    let nearest = players.clamp(2, most);
    Err(Failure::usage(format!(
        "what happens to a session of bots is seen by 2 to {most} players: use --players {nearest}"
    )))
}

fn check_tick(tick: u64) -> Result<Tick, Failure> {
    if tick < BASE_TICKS {
        return Ok(Tick(tick));
    }
    let last = BASE_TICKS - 1;
    Err(Failure::usage(format!(
        "a match is forked at ticks 0 to {last}: use --tick {last}"
    )))
}

/// For how long new cases are begun.
fn budget(args: &SimulateArgs) -> Option<Duration> {
    let counted = args.cases.is_some() || args.every_tick || args.tick.is_some();
    let given = args.duration.map(|length| length.0);
    given.or((!counted).then_some(BUDGET))
}

fn all_threads() -> u32 {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(threads).unwrap_or(1)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How the program ends.
fn judge(tally: &Tally, interrupted: bool) -> Exit {
    if tally.desyncs > 0 {
        Exit::Desync
    } else if tally.failures > 0 {
        Exit::Checker
    } else if interrupted {
        Exit::Interrupted
    } else if tally.cases == 0 {
        Exit::Vacuous
    } else {
        Exit::Fine
    }
}
