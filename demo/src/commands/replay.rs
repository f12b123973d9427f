//! `replay`: what is in a replay, whether it holds, and the ways to go on with it.

mod fork;
mod info;
mod seek;
mod show;
mod verify;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use clap::ValueEnum;
use phalanx_engine::{GameIdentity, Record, Replay, ReplayError, Tick};
use phalanx_netcode::replay::{Ending, ReplayFileError, ReplayReader};

use crate::cli::{GameName, ReplayAction, ReplayArgs, RulesArgs};
use crate::compare::unlike;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::file::in_words;
use crate::game::{Game, with_rules};
use crate::interrupt::Interrupt;

/// A replay in a file.
type Reader = ReplayReader<BufReader<File>>;

/// What an action works with.
struct Stage<'a> {
    args: &'a ReplayArgs,
    console: Console,
    interrupt: &'a Interrupt,
}

pub(super) fn run(args: &ReplayArgs, interrupt: &Interrupt) -> Result<Exit, Failure> {
    check(args)?;
    let stage = Stage {
        args,
        console: Console::new(&args.output),
        interrupt,
    };
    let reader = open(&args.file)?;
    if args.action == ReplayAction::Info {
        return info::run(&stage, reader);
    }
    let name = args.file.display();
    let Some(rules) = RulesArgs::of(&reader.head().game) else {
        let other = reader.head().game.id.escape_debug();
        let games = GameName::value_variants().iter().map(GameName::to_string);
        let games = games.collect::<Vec<_>>().join(" and ");
        let message = format!("{name} is of {other}, and here are only {games}");
        return Err(Failure::new(Exit::OtherVersion, message));
    };
    with_rules!(rules, game => {
        let (theirs, ours) = (&reader.head().game, GameIdentity::of(&game));
        if *theirs != ours {
            let unlike = unlike(theirs, &ours);
            return Err(Failure::new(Exit::OtherVersion, format!("{name} is {unlike}")));
        }
        act(&stage, game, reader)
    })
}

fn act<G: Game>(stage: &Stage<'_>, game: G, reader: Reader) -> Result<Exit, Failure> {
    match stage.args.action {
        ReplayAction::Info => unreachable!("it needs no rules"),
        ReplayAction::Verify => verify::run(stage, Replay::new(game, reader)),
        ReplayAction::Seek => seek::run(stage, Replay::new(game, reader)),
        ReplayAction::Play => show::run(stage, Replay::new(game, reader)),
        ReplayAction::Fork => fork::run(stage, game, Replay::new(game, reader)),
    }
}

/// Whether the flags are those of the action.
fn check(args: &ReplayArgs) -> Result<(), Failure> {
    use ReplayAction::{Fork, Play, Seek, Verify};
    let action = args.action;
    let given = [
        ("--tick", args.tick.is_some(), &[Seek, Play, Fork][..]),
        ("--out", args.out.is_some(), &[Seek, Fork]),
        ("--key", args.key.is_some(), &[Verify]),
        ("--ticks", args.ticks.is_some(), &[Fork]),
    ];
    for (flag, given, actions) in given {
        if given && !actions.contains(&action) {
            let values = actions.iter().filter_map(ReplayAction::to_possible_value);
            let names: Vec<_> = values.map(|value| value.get_name().to_owned()).collect();
            let names = names.join(", ");
            let message = format!("{flag} belongs to replay {names}: leave it away here");
            return Err(Failure::usage(message));
        }
    }
    if matches!(action, Seek | Fork) && args.tick.is_none() {
        return Err(Failure::usage("which tick? add --tick T"));
    }
    if action == Fork && args.out.is_none() {
        return Err(Failure::usage("where is it written to? add --out FILE"));
    }
    Ok(())
}

fn open(path: &Path) -> Result<Reader, Failure> {
    let name = path.display();
    let file = File::open(path)
        .map_err(|error| Failure::usage(format!("cannot read {name}: {}", in_words(&error))))?;
    ReplayReader::open(BufReader::new(file)).map_err(|error| failure(path, &error))
}

/// What an error of the file means.
fn failure(path: &Path, error: &ReplayFileError) -> Failure {
    let exit = match error {
        ReplayFileError::OtherFormat(_) => Exit::OtherVersion,
        ReplayFileError::Io(_) => Exit::Usage,
        _ => Exit::Damaged,
    };
    Failure::new(exit, format!("{}: {error}", path.display()))
}

/// What an error of the replay means.
fn replay_failure(path: &Path, error: &ReplayError<ReplayFileError>) -> Failure {
    match error {
        ReplayError::Record(error) => failure(path, error),
        ReplayError::NoTick(_) => Failure::usage(format!("{}: {error}", path.display())),
        _ => Failure::new(Exit::Damaged, format!("{}: {error}", path.display())),
    }
}

/// The tick that a flag names, which has to be there.
fn tick_of(args: &ReplayArgs, reader: &Reader) -> Result<Tick, Failure> {
    let tick = Tick(args.tick.unwrap_or_default());
    let (first, next) = (reader.head().setup.first, reader.next());
    let Some(last) = next.previous_since(first) else {
        let name = args.file.display();
        return Err(Failure::usage(format!("{name} has no ticks")));
    };
    if tick < first || tick > last {
        let message = format!("the replay has the ticks {first} to {last}: use --tick {last}");
        return Err(Failure::usage(message));
    }
    Ok(tick)
}

/// How a file ends, in words.
fn ending(ending: Ending) -> String {
    match ending {
        Ending::Closed => "closed".into(),
        Ending::Cut { at } => format!("not closed: readable up to byte {at}"),
        Ending::Damaged { at } => format!("damaged after byte {at}: what follows is left out"),
    }
}

/// Of 32 bytes.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
