//! `desync-test`: a match in the virtual world, at full speed.

use core::time::Duration;

use phalanx_engine::{Slot, Tick};
use phalanx_netcode::quic::Clock;
use phalanx_netcode::testing::World;

use crate::cli::{Length, LengthArgs, ScenarioArgs};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::fault;
use crate::game::{Game, with_rules};
use crate::interrupt::Interrupt;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::summary::{Run, Summary};

/// Unless told otherwise.
const LENGTH: LengthArgs = LengthArgs {
    duration: Some(Length(Duration::from_secs(180))),
    ticks: None,
};

/// Virtual time between two looks at the clock and at Ctrl-C.
const SLICE: Duration = Duration::from_millis(500);

pub(super) fn run(args: &ScenarioArgs, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let console = Console::new(&args.output);
    if args.faults.list_faults {
        return fault::list(console);
    }
    let plan = Plan::new("desync-test", args, LENGTH)?;
    with_rules!(plan.rules, game => test(&game, &plan, console, interrupt))
}

fn test<G: Game>(
    game: &G,
    plan: &Plan,
    console: Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let clock = Clock::start();
    let world = World::new(&plan.scenario, || *game).map_err(Failure::usage)?;
    let mut world = world.stop_at_desync();
    let mut progress = Progress::new(console);
    let mut interrupted = false;
    loop {
        let end = world.now() + SLICE;
        world.run_until(end, |_, _, _| plan.idle_bots.then(Default::default));
        // Time stands still where the match is over.
        if world.now() < end {
            break;
        }
        interrupted = interrupt.is_raised();
        if interrupted {
            break;
        }
        let done = slowest(&world, plan.scenario.players);
        if progress.is_due(clock.now(), done.0, plan.scenario.ticks) {
            let (ticks, agreed) = (plan.scenario.ticks, world.relay().agreed());
            progress.show(&format!("tick {done} of {ticks}, {agreed} agreed"));
        }
    }
    progress.wipe();
    let states = Slot::all(plan.scenario.players).filter_map(|slot| world.client(slot).state());
    let run = Run {
        wall: clock.now().since(phalanx_netcode::Time::ZERO),
        rounds: states.filter_map(G::rounds).min(),
        round_within: G::ROUND_WITHIN,
        interrupted,
    };
    let (summary, exit) = Summary::judge(plan, G::ID, &world.report(), &run);
    console.result(&summary, &summary.text(plan, exit))?;
    Ok(exit)
}

/// The tick up to which everybody has confirmed.
fn slowest<G: Game>(world: &World<G>, players: u8) -> Tick {
    let confirmed = |slot| {
        world
            .client(slot)
            .timeline()
            .map(|timeline| timeline.confirmed())
    };
    let slowest = Slot::all(players)
        .map(|slot| confirmed(slot).unwrap_or_default())
        .min();
    slowest.unwrap_or_default()
}
