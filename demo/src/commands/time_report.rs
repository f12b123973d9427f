//! `time-report`: how the clocks of clients went, and why their inputs were late.

use core::time::Duration;
use std::fmt::Write;

use phalanx_engine::Slot;
use phalanx_netcode::testing::World;
use serde::Serialize;

use crate::cli::{
    FaultArgs, Length, LengthArgs, PlantArgs, RecordArgs, ScenarioArgs, TimeReportArgs,
};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::file;
use crate::game::{Game, with_rules};
use crate::interrupt::Interrupt;
use crate::plan::Plan;
use crate::samples::{Recording, Report, svg};
use crate::summary::SCHEMA_VERSION;
use crate::virtual_match;

/// Unless told otherwise: as long as a clock at 60 Hz remembers.
const LENGTH: LengthArgs = LengthArgs {
    duration: Some(Length(Duration::from_secs(60))),
    ticks: None,
};

/// What is said to programs at the end. The fields are the keys, in this order.
#[derive(Serialize)]
struct Summary {
    schema_version: u32,
    command: &'static str,
    clocks: usize,
    inputs: u64,
    late: u64,
    exit_code: u8,
}

pub(super) fn run(args: &TimeReportArgs, interrupt: &Interrupt) -> Result<Exit, Failure> {
    if args.files.is_empty() {
        let plan = Plan::new("time-report", &scenario(args), LENGTH)?;
        if let Some(directory) = &args.csv {
            file::make_directory(directory)?;
        }
        return with_rules!(plan.rules, game => play(&game, &plan, args, interrupt));
    }
    let recordings = args.files.iter().map(|path| Recording::read(path));
    let recordings = recordings.collect::<Result<Vec<_>, _>>()?;
    tell(args, &recordings, Exit::Fine, "")
}

/// The match to be played, in which nothing is broken.
fn scenario(args: &TimeReportArgs) -> ScenarioArgs {
    ScenarioArgs {
        record: RecordArgs { record: None },
        game: args.game,
        client: args.client,
        policy: args.policy,
        net: args.net,
        length: args.length,
        plant: PlantArgs { plant: None },
        faults: FaultArgs {
            faults: Vec::new(),
            list_faults: false,
        },
        output: args.output,
    }
}

fn play<G: Game>(
    game: &G,
    plan: &Plan,
    args: &TimeReportArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let console = Console::new(&args.output);
    let mut world = World::new(&plan.scenario, || *game).map_err(Failure::usage)?;
    let exit = if virtual_match::play(&mut world, plan, console, interrupt, None) {
        Exit::Interrupted
    } else {
        Exit::Fine
    };
    let slots = Slot::all(plan.scenario.players);
    let recordings: Vec<_> = slots
        .filter_map(|slot| Recording::of_client(world.client(slot)))
        .collect();
    tell(args, &recordings, exit, &format!("\n\nagain with: {plan}"))
}

/// Says it, also if the files that were asked for cannot be written.
fn tell(
    args: &TimeReportArgs,
    recordings: &[Recording],
    exit: Exit,
    end: &str,
) -> Result<Exit, Failure> {
    let console = Console::new(&args.output);
    let written = write_files(args, recordings);
    let mut text = String::new();
    for (nth, recording) in recordings.iter().enumerate() {
        let report = Report::of(recording);
        if args.output.json {
            console.result(&report, "")?;
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{report}", if nth > 0 { "\n\n" } else { "" });
    }
    if recordings.is_empty() {
        text.push_str("no clock ran");
    }
    text.push_str(end);
    let summaries = || recordings.iter().map(|recording| &recording.summary);
    let summary = Summary {
        schema_version: SCHEMA_VERSION,
        command: "time-report",
        clocks: recordings.len(),
        inputs: summaries().map(|summary| u64::from(summary.inputs)).sum(),
        late: summaries().map(|summary| u64::from(summary.late)).sum(),
        exit_code: exit.unless_failed(&written).code(),
    };
    console.result(&summary, &text)?;
    written.map(|()| exit)
}

fn write_files(args: &TimeReportArgs, recordings: &[Recording]) -> Result<(), Failure> {
    if let Some(directory) = &args.csv {
        Recording::write_all(recordings, directory)?;
    }
    match &args.svg {
        Some(path) => file::write(path, &svg(recordings)),
        None => Ok(()),
    }
}
