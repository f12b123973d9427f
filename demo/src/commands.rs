//! One module per command, and the way to them.

mod desync_test;
mod sync_test;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::cli::{Cli, Command};
use crate::console::complain;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;

/// The program: reads its arguments, obeys them, and says how it went.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    match run(cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            complain(&format!("error: {}", failure.message));
            failure.exit.into()
        }
    }
}

/// Says what clap says, which includes `--help`; and what to do about flags without a command.
fn refuse(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if !error.use_stderr() {
        return Exit::Fine.into();
    }
    let mut args = std::env::args().skip(1);
    let first = args.next().unwrap_or_default();
    if error.kind() == ErrorKind::UnknownArgument && first.starts_with("--") {
        let flags: Vec<_> = std::env::args().skip(1).collect();
        complain(&format!(
            "\nFlags follow a command: use phalanx match {}",
            flags.join(" ")
        ));
    }
    Exit::Usage.into()
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    let interrupt = Interrupt::install()?;
    match cli.command {
        Some(Command::DesyncTest(args)) => desync_test::run(&args.scenario, &interrupt),
        Some(Command::SyncTest(args)) => sync_test::run(&args, &interrupt),
        _ => Err(Failure::internal("not there yet")),
    }
}
