//! One module per command, and the way to them.

mod bot_match;
mod desync_test;
mod diff;
mod play;
mod relay;
mod replay;
mod simulate;
mod sync_test;
mod time_bench;
mod time_report;

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
    conclude(run(cli)).into()
}

/// How the program ends; what went wrong is said.
fn conclude(ending: Result<Exit, Failure>) -> Exit {
    ending.unwrap_or_else(|failure| {
        complain(&format!("error: {}", failure.message));
        failure.exit
    })
}

/// Says what clap says, which includes `--help`; and what to do about flags without a command.
fn refuse(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if !error.use_stderr() {
        return Exit::Fine.into();
    }
    // Arguments need not be text.
    let args = std::env::args_os().skip(1);
    let flags: Vec<_> = args.map(|arg| arg.to_string_lossy().into_owned()).collect();
    let flag = flags.first().is_some_and(|first| first.starts_with("--"));
    if error.kind() == ErrorKind::UnknownArgument && flag {
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
        None => bot_match::run(&bot_match::without_arguments(), &interrupt),
        Some(Command::Match(args)) => bot_match::run(&args, &interrupt),
        Some(Command::DesyncTest(args)) => desync_test::run(&args, &interrupt),
        Some(Command::Simulate(args)) => simulate::run(&args, &interrupt),
        Some(Command::SyncTest(args)) => sync_test::run(&args, &interrupt),
        Some(Command::Relay(args)) => relay::run(&args, &interrupt),
        Some(Command::Play(args)) => play::run(&args, &interrupt),
        Some(Command::Diff(args)) => diff::run(&args),
        Some(Command::TimeBench(args)) => time_bench::run(&args, &interrupt),
        Some(Command::TimeReport(args)) => time_report::run(&args, &interrupt),
        Some(Command::Replay(args)) => replay::run(&args, &interrupt),
    }
}

/// Runs a command that waits for sockets and time. One thread: what a command does is little, and
/// its tasks share state without locks.
fn in_runtime<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime =
        runtime.map_err(|error| Failure::internal(format!("cannot wait for sockets: {error}")))?;
    tokio::task::LocalSet::new().block_on(&runtime, command)
}
