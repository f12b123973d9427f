//! `golden`: prints the golden run of this machine, and compares runs; what `.ci/golden` is made of.

use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use phalanx_golden::compare::first_difference;
use phalanx_golden::{Detail, Plant, controls, run};

const USAGE: &str = "usage:
  golden [--full] [--plant COMPONENT@INDEX]   print the golden run, with every value or briefly
  golden controls                             print the negative controls
  golden compare RUN RUN                      name the first difference of two files
  golden check-controls TARGET RUN RUN        whether x86-64's controls differ from TARGET's";

/// The runs differ, or controls do not.
const FOUND: ExitCode = ExitCode::FAILURE;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    command(&words).unwrap_or_else(|error| {
        eprintln!("golden: {error}");
        ExitCode::from(2)
    })
}

fn command(words: &[&str]) -> Result<ExitCode, Box<dyn Error>> {
    let mut out = BufWriter::new(io::stdout().lock());
    match words {
        ["controls"] => out.write_all(controls::run().as_bytes())?,
        ["compare", ours, theirs] => {
            if let Some(difference) = first_difference(&read(ours)?, &read(theirs)?) {
                writeln!(out, "{difference}")?;
                return Ok(FOUND);
            }
        }
        ["check-controls", target, native, other] => {
            let (good, said) = controls::check(target.parse()?, &read(native)?, &read(other)?);
            write!(out, "{said}")?;
            return Ok(if good { ExitCode::SUCCESS } else { FOUND });
        }
        options => print(options, &mut out)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print(mut options: &[&str], out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let (mut detail, mut plant) = (Detail::Brief, None);
    loop {
        options = match options {
            [] => break,
            ["--full", rest @ ..] => {
                detail = Detail::Full;
                rest
            }
            ["--plant", place, rest @ ..] => {
                plant = Some(place.parse::<Plant>()?);
                rest
            }
            _ => return Err(USAGE.into()),
        };
    }
    let mut written = Ok(());
    run(detail, plant.as_ref(), &mut |line| {
        if written.is_ok() {
            written = writeln!(out, "{line}");
        }
    });
    Ok(written?)
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))
}
