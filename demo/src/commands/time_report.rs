//! `time-report`: how the clocks of clients went, and why their inputs were late.

use std::fmt::Write;

use serde::Serialize;

use crate::cli::TimeReportArgs;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::file;
use crate::samples::{Recording, Report, svg};
use crate::summary::SCHEMA_VERSION;

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

pub(super) fn run(args: &TimeReportArgs) -> Result<Exit, Failure> {
    let recordings = args.files.iter().map(|path| Recording::read(path));
    let recordings = recordings.collect::<Result<Vec<_>, _>>()?;
    tell(args, &recordings)
}

/// Says it, and draws it. The text is said also if the drawing cannot be written.
fn tell(args: &TimeReportArgs, recordings: &[Recording]) -> Result<Exit, Failure> {
    let console = Console::new(&args.output);
    let drawn = args.svg.as_ref();
    let drawn = drawn.map_or(Ok(()), |path| file::write(path, &svg(recordings)));
    let exit = drawn
        .as_ref()
        .map_or_else(|failure| failure.exit, |()| Exit::Fine);
    let mut text = String::new();
    for (nth, recording) in recordings.iter().enumerate() {
        let report = Report::of(recording);
        if args.output.json {
            console.result(&report, "")?;
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{report}", if nth > 0 { "\n\n" } else { "" });
    }
    let summaries = || recordings.iter().map(|recording| &recording.summary);
    let summary = Summary {
        schema_version: SCHEMA_VERSION,
        command: "time-report",
        clocks: recordings.len(),
        inputs: summaries().map(|summary| u64::from(summary.inputs)).sum(),
        late: summaries().map(|summary| u64::from(summary.late)).sum(),
        exit_code: exit.code(),
    };
    console.result(&summary, &text)?;
    drawn.map(|()| exit)
}
