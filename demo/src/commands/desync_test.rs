//! `desync-test`: a match in the virtual world, at full speed.

use core::time::Duration;
use std::fmt::Write;
use std::path::Path;

use phalanx_engine::limits::HISTORY_TICKS_MAX;
use phalanx_engine::{Slot, Tick};
use phalanx_netcode::quic::Clock;
use phalanx_netcode::testing::World;

use crate::cli::{DesyncTestArgs, Length, LengthArgs};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::fault;
use crate::file;
use crate::game::{Game, with_rules};
use crate::interrupt::Interrupt;
use crate::plan::Plan;
use crate::recording::RecordFile;
use crate::summary::{Run, Summary};
use crate::virtual_match::{self, slowest};
use crate::worlds::{self, Worlds};

/// Unless told otherwise.
const LENGTH: LengthArgs = LengthArgs {
    duration: Some(Length(Duration::from_secs(180))),
    ticks: None,
};

/// After a desync, so often eight ticks are played until all have confirmed the first bad one: together
/// not as many as a timeline keeps.
const SLICES_AFTER: u32 = HISTORY_TICKS_MAX / 2 / 8;

pub(super) fn run(args: &DesyncTestArgs, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let scenario = &args.scenario;
    let console = Console::new(&scenario.output);
    if scenario.faults.list_faults {
        return fault::list(console);
    }
    let plan = Plan::new("desync-test", scenario, LENGTH)?;
    let directory = args.snapshots.as_deref();
    if let Some(directory) = directory {
        file::make_directory(directory)?;
    }
    with_rules!(plan.rules, game => test(&game, &plan, directory, console, interrupt))
}

fn test<G: Game>(
    game: &G,
    plan: &Plan,
    directory: Option<&Path>,
    console: Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let clock = Clock::start();
    let world = World::new(&plan.scenario, || *game).map_err(Failure::usage)?;
    let mut world = world.stop_at_desync();
    let path = plan.record.as_deref();
    let mut record = path.map(|path| RecordFile::new(path, None));
    let interrupted = virtual_match::play(&mut world, plan, console, interrupt, record.as_mut());
    let recorded = record.map_or(Ok(()), RecordFile::close);
    let states = Slot::all(plan.scenario.players).filter_map(|slot| world.client(slot).state());
    let run = Run {
        wall: clock.now().since(phalanx_netcode::Time::ZERO),
        rounds: states.filter_map(G::rounds).min(),
        round_within: G::ROUND_WITHIN,
        interrupted,
    };
    let (mut summary, exit) = Summary::judge(plan, G::ID, &world.report(), &run);
    let mut text = summary.text(plan, exit);
    let written = tell_worlds(game, &mut world, plan, directory, &mut summary, &mut text);
    let written = recorded.and(written);
    summary.exit_code = exit.unless_failed(&written).code();
    console.result(&summary, &text)?;
    written.map(|()| exit)
}

/// Says in what the players differ first, and writes what they hold: at the first bad tick, or else at
/// the last agreed one.
fn tell_worlds<G: Game>(
    game: &G,
    world: &mut World<G>,
    plan: &Plan,
    directory: Option<&Path>,
    summary: &mut Summary,
    text: &mut String,
) -> Result<(), Failure> {
    let bad = world.report().desync;
    let agreed = world
        .relay()
        .agreed()
        .previous()
        .filter(|_| directory.is_some());
    let Some(tick) = bad.or(agreed) else {
        return Ok(());
    };
    if bad.is_some() {
        catch_up(world, plan, tick);
    }
    let worlds = Worlds::of(world, plan.scenario.players, tick);
    let first = worlds.first_difference(game);
    // Writing to a string cannot fail.
    if let Some((difference, [left, right])) = &first {
        _ = write!(
            text,
            "\nfirst difference: {difference} (slots {left} and {right})"
        );
        summary.first_difference = Some(difference.to_string());
    }
    let Some(directory) = directory else {
        return Ok(());
    };
    worlds.write(directory)?;
    let name = directory.display();
    _ = write!(text, "\nsnapshots after tick {tick} are in {name}");
    let lacking = worlds.lacking(plan.scenario.players);
    let lacking: Vec<_> = lacking.map(|slot| slot.to_string()).collect();
    if !lacking.is_empty() {
        let slots = lacking.join(", ");
        _ = write!(
            text,
            "; none of slot {slots}: that tick is not confirmed there, or no longer kept"
        );
    }
    if let Some((_, slots)) = first {
        let [left, right] = slots.map(|slot| shell_word(&worlds::file(directory, slot)));
        _ = write!(text, "\ncompare with: phalanx diff {left} {right}");
    }
    Ok(())
}

/// Plays on after a desync until all have confirmed `tick`, the first bad one: those who were not
/// compared may not have come so far.
fn catch_up<G: Game>(world: &mut World<G>, plan: &Plan, tick: Tick) {
    let slice = Duration::from_nanos(plan.scenario.rate.nanos_at(Tick(8)));
    world.go_on();
    for _ in 0..SLICES_AFTER {
        if slowest(world, plan.scenario.players) > tick {
            break;
        }
        let end = world.now() + slice;
        world.run_until(end, |_, _, _| plan.idle_bots.then(Default::default));
    }
}

/// A path as a shell reads it.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,=:@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
