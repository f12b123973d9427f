//! A match in the virtual world, at full speed, watched by somebody who may interrupt it.

use core::time::Duration;

use phalanx_engine::{Slot, Tick};
use phalanx_netcode::quic::Clock;
use phalanx_netcode::testing::World;

use crate::console::Console;
use crate::game::Game;
use crate::interrupt::Interrupt;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::recording::RecordFile;

/// Virtual time between two looks at the clock and at Ctrl-C.
const SLICE: Duration = Duration::from_millis(500);

/// Plays to the end, and records it; returns whether it was interrupted before.
pub(crate) fn play<G: Game>(
    world: &mut World<G>,
    plan: &Plan,
    console: Console,
    interrupt: &Interrupt,
    record: Option<&mut RecordFile>,
) -> bool {
    let clock = Clock::start();
    let mut progress = Progress::new(console);
    let mut interrupted = false;
    let mut record = record;
    while !interrupted {
        let end = world.now() + SLICE;
        world.run_until(end, |_, _, _| plan.idle_bots.then(Default::default));
        if let Some(record) = record.as_deref_mut() {
            let due = record.due(world.relay().agreed());
            let keyframe = due.and_then(|tick| world.snapshot(Slot(0), tick));
            record.follow_relay(world.relay(), keyframe);
        }
        // Time stands still where the match is over.
        if world.now() < end {
            break;
        }
        interrupted = interrupt.is_raised();
        let done = slowest(world, plan.scenario.players);
        if !interrupted && progress.is_due(clock.now(), done.0, plan.scenario.ticks) {
            let (ticks, agreed) = (plan.scenario.ticks, world.relay().agreed());
            progress.show(&format!("tick {done} of {ticks}, {agreed} agreed"));
        }
    }
    progress.wipe();
    interrupted
}

/// The tick up to which everybody has confirmed.
pub(crate) fn slowest<G: Game>(world: &World<G>, players: u8) -> Tick {
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
