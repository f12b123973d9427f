//! `replay`: what is in a replay, whether it holds, and the ways to go on with it.

mod fork;
mod info;
mod seek;
mod show;
mod verify;

use clap::ValueEnum;
use phalanx_engine::{Record, Replay, Tick};
use phalanx_netcode::replay::Ending;

use crate::cli::{ReplayAction, ReplayArgs};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::game::{Game, with_rules};
use crate::interrupt::Interrupt;
use crate::replay_file::{self, Reader, failure, open, replay_failure};

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
    let rules = replay_file::rules(&args.file, &reader)?;
    with_rules!(rules, game => {
        replay_file::check(&args.file, &reader, &game)?;
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
