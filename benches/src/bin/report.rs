//! Prints what we claim, as it is measured here and now.
//!
//! ```text
//! report [--only GROUP] [--quick] [--json]
//! ```
//!
//! Figures never fail: the exit code is 2 for a wrong argument and 0 otherwise. What cannot be
//! measured, as a socket is refused or does not answer, is told on stderr, and the rest goes on.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use phalanx_benches::claim::Effort;
use phalanx_benches::groups::GROUPS;

const USAGE: &str = "usage: report [--only GROUP] [--quick] [--json]";

struct Options {
    only: Option<String>,
    quick: bool,
    json: bool,
}

fn options(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        only: None,
        quick: false,
        json: false,
    };
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => options.quick = true,
            "--json" => options.json = true,
            "--only" => {
                let name = arguments.next().ok_or("--only wants a group")?;
                if GROUPS.iter().all(|group| group.name != name) {
                    let known: Vec<_> = GROUPS.iter().map(|group| group.name).collect();
                    return Err(format!("no group {name:?}; there are {}", known.join(", ")));
                }
                options.only = Some(name);
            }
            _ => return Err(format!("no argument {argument:?}")),
        }
    }
    Ok(options)
}

/// Prints a line. A reader who has seen enough is no error.
fn print(line: &dyn Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "report: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let effort = if options.quick {
        Effort::QUICK
    } else {
        Effort::FULL
    };
    let wanted = |name: &str| options.only.as_deref().is_none_or(|only| only == name);
    let (mut claims, mut unmeasured) = (Vec::new(), 0);
    for group in GROUPS.iter().filter(|group| wanted(group.name)) {
        (group.run)(effort, &mut |claim| match claim {
            Ok(claim) => {
                if !options.json {
                    print(&claim);
                }
                claims.push(claim);
            }
            Err(reason) => {
                let _ = writeln!(std::io::stderr(), "report: {reason}");
                unmeasured += 1;
            }
        });
    }
    let missed = claims
        .iter()
        .filter(|claim| claim.is_met() == Some(false))
        .count();
    let rounds = effort.rounds;
    if options.json {
        let claims: Vec<_> = claims.iter().map(|claim| claim.to_json()).collect();
        let claims = claims.join(",");
        print(&format_args!(
            r#"{{"rounds":{rounds},"missed":{missed},"unmeasured":{unmeasured},"claims":[{claims}]}}"#
        ));
    } else {
        print(&format_args!(
            "{} lines, {rounds} rounds each, {missed} claims missed, {unmeasured} lines not measured; \
             CPU time of one thread, median [p10-p90]",
            claims.len()
        ));
    }
    ExitCode::SUCCESS
}
