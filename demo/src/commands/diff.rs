//! `diff`: what differs between two snapshots.

use std::fmt::Write;
use std::path::Path;

use clap::ValueEnum;
use phalanx_engine::{Diff, Difference, GameIdentity, RestoreError, Session, Snapshot};
use serde::Serialize;

use crate::cli::{DiffArgs, GameName, RulesArgs};
use crate::compare::{compare, unlike};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::game::{Game, with_rules};
use crate::grouped::Grouped;
use crate::snapshot_file;
use crate::summary::SCHEMA_VERSION;

/// Differences that are counted, if no more are to be said one by one.
const COUNTED_MAX: u32 = 100_000;

pub(super) fn run(args: &DiffArgs) -> Result<Exit, Failure> {
    let left = snapshot_file::read(&args.left)?;
    let right = snapshot_file::read(&args.right)?;
    let Some(rules) = RulesArgs::of(&left.game) else {
        let (name, other) = (args.left.display(), left.game.id.escape_debug());
        let games = GameName::value_variants().iter().map(GameName::to_string);
        let games = games.collect::<Vec<_>>().join(" and ");
        let message = format!("{name} is of {other}, and here are only {games}");
        return Err(Failure::new(Exit::OtherVersion, message));
    };
    with_rules!(rules, rules => differences(&rules, args, &left, &right))
}

/// What is said to programs. The fields are the keys, in this order.
#[derive(Serialize)]
struct Answer<'a> {
    schema_version: u32,
    command: &'static str,
    game: &'a str,
    equal: bool,
    ticks: [u64; 2],
    checksums: [String; 2],
    differences: Vec<Line>,
    total: u64,
    more: bool,
    exit_code: u8,
}

/// A difference.
#[derive(Serialize)]
struct Line {
    path: String,
    a: Option<String>,
    b: Option<String>,
}

impl Line {
    fn of(difference: &Difference) -> Self {
        let (a, b) = difference.sides.texts();
        Self {
            path: difference.path.to_string(),
            a,
            b,
        }
    }
}

fn differences<G: Game>(
    rules: &G,
    args: &DiffArgs,
    left: &Snapshot,
    right: &Snapshot,
) -> Result<Exit, Failure> {
    let worlds = (
        restore(rules, &args.left, left)?,
        restore(rules, &args.right, right)?,
    );
    let diff = compare(&worlds.0, &worlds.1, args.limit.max(COUNTED_MAX));
    let exit = if diff.differences.is_empty() {
        Exit::Fine
    } else {
        Exit::Desync
    };
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let answer = Answer {
        schema_version: SCHEMA_VERSION,
        command: "diff",
        game: G::ID,
        equal: exit == Exit::Fine,
        ticks: [left.tick.0, right.tick.0],
        checksums: [left.checksum.to_string(), right.checksum.to_string()],
        differences: diff.differences.iter().take(limit).map(Line::of).collect(),
        total: diff.differences.len() as u64,
        more: diff.more,
        exit_code: exit.code(),
    };
    let console = Console::new(&args.output);
    console.result(&answer, &text(&diff, limit, left, right))?;
    Ok(exit)
}

/// The world; what is none of the game is refused in words.
fn restore<G: Game>(
    rules: &G,
    path: &Path,
    snapshot: &Snapshot,
) -> Result<(Session, G::State), Failure> {
    let name = path.display();
    snapshot.restore(rules).map_err(|error| match error {
        RestoreError::OtherGame(theirs) => {
            let unlike = unlike(&theirs, &GameIdentity::of(rules));
            Failure::new(Exit::OtherVersion, format!("{name} is {unlike}"))
        }
        error => Failure::new(Exit::Damaged, format!("{name} is damaged: {error}")),
    })
}

/// The same in words.
fn text(diff: &Diff, limit: usize, left: &Snapshot, right: &Snapshot) -> String {
    let of = |snapshot: &Snapshot| {
        let Snapshot { tick, checksum, .. } = snapshot;
        format!("tick {tick}, checksum {checksum}")
    };
    let mut text = format!("{} after {} vs {}", left.game.id, of(left), of(right));
    for difference in diff.differences.iter().take(limit) {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{difference}");
    }
    let left_out = Grouped(diff.differences.len().saturating_sub(limit) as u64);
    match (diff.more, left_out) {
        (true, Grouped(0)) => text.push_str("\nand more"),
        (true, left_out) => _ = write!(text, "\nand at least {left_out} more"),
        (false, Grouped(0)) => {}
        (false, left_out) => _ = write!(text, "\nand {left_out} more"),
    }
    if diff.differences.is_empty() {
        text.push_str("\nequal");
    }
    text
}
