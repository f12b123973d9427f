//! `sync-test`: one process, no network, and every reason for which two machines could part.

use core::cell::RefCell;
use core::time::Duration;
use std::process;

use phalanx_engine::limits::PLAIN_STATE_BYTES_HINT;
use phalanx_engine::{
    Digest, PathStep, PlainState, Setup, Slot, SyncReport, SyncTest, SyncTestError, Tick,
};
use phalanx_netcode::quic::Clock;
use phalanx_netcode::testing::Report;
use phalanx_netcode::{Histogram, Time};

use super::conclude;
use crate::cli::SyncTestArgs;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::fault::{self, Fault, Forgetful, asked};
use crate::game::{Game, with_rules};
use crate::grouped::Grouped;
use crate::interrupt::Interrupt;
use crate::plan::{check_game, ticks};
use crate::progress::Progress;
use crate::summary::{Run, Summary};

/// Unless told otherwise.
const TICKS: u64 = 20_000;

/// How far it goes back at every tick, ticks.
const REWIND: u32 = 8;

pub(super) fn run(args: &SyncTestArgs, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let console = Console::new(&args.output);
    if args.faults.list_faults {
        return fault::list(console);
    }
    check_game(&args.game)?;
    fault::check(&args.faults.faults, "sync-test")?;
    let ticks = ticks(&args.length, &args.game)?.unwrap_or(TICKS);
    with_rules!(args.game.rules, game => test(&game, args, ticks, console, interrupt))
}

/// What the test has seen of the match so far.
struct Seen<G: Game> {
    ticks: u64,
    inputs: Vec<G::Input>,
    before: Vec<G::Input>,
    /// Commands of this tick so far, and of all.
    ordered: u64,
    commands: u64,
    input_changes: u64,
    rounds: Option<u64>,
}

impl<G: Game> Seen<G> {
    fn input(&mut self, slots: u8, slot: Slot, state: &G::State, input: G::Input) {
        self.inputs.push(input);
        if slot.0 + 1 == slots {
            let ordered = std::mem::take(&mut self.ordered);
            self.commands += ordered;
            self.input_changes += u64::from(self.inputs != self.before || ordered > 0);
            std::mem::swap(&mut self.inputs, &mut self.before);
            self.inputs.clear();
            self.ticks += 1;
            self.rounds = G::rounds(state);
        }
    }
}

fn test<G: Game>(
    bot: &G,
    args: &SyncTestArgs,
    ticks: u64,
    console: Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let setup = Setup::new(args.game.seed, args.game.players, args.game.rate());
    let clock = Clock::start();
    let progress = RefCell::new(Progress::new(console));
    let seen = RefCell::new(Seen::<G> {
        ticks: 0,
        inputs: Vec::new(),
        before: vec![G::Input::default(); setup.slots.into()],
        ordered: 0,
        commands: 0,
        input_changes: 0,
        rounds: None,
    });
    let finish = |result: Result<SyncReport, Option<SyncTestError>>| {
        progress.borrow_mut().wipe();
        let seen = seen.borrow();
        finish(
            &setup,
            console,
            &seen,
            result,
            clock.now().since(Time::ZERO),
        )
    };
    let forgetful = asked(&args.faults.faults, Fault::HiddenState);
    let game = Forgetful::new(*bot, forgetful.then_some(Tick(ticks / 2)));
    let result = SyncTest::new(game, setup)
        .rewind(REWIND)
        .run(ticks, |tick, slot, state| {
            if interrupt.is_raised() {
                // The engine's test ends by itself or not at all.
                process::exit(conclude(finish(Err(None))).code().into());
            }
            let mut progress = progress.borrow_mut();
            if progress.is_due(clock.now(), tick.0, ticks) {
                progress.show(&format!("tick {tick} of {ticks}"));
            }
            let input = bot.bot(state, slot);
            let mut seen = seen.borrow_mut();
            seen.ordered += bot.bot_commands(state, slot).len() as u64;
            seen.input(setup.slots, slot, state, input);
            input
        });
    finish(result.map_err(Some))
}

/// What to do about a state that is copied at every tick and is not small.
fn hint(plain: PlainState) -> Option<String> {
    let (all, largest) = (plain.bytes, plain.largest);
    (all > PLAIN_STATE_BYTES_HINT).then(|| {
        let (what, bytes) = match largest {
            Some((PathStep::Field(name), bytes)) => (format!("field `{name}`"), bytes),
            Some((step, bytes)) => (format!("field `{step}`"), bytes),
            None => ("the state".to_owned(), all),
        };
        let of = if bytes < all {
            format!(" (of {} in all)", Grouped(all))
        } else {
            String::new()
        };
        let bytes = Grouped(bytes);
        format!(
            "hint           {what} holds {bytes} bytes outside tables{of} and is copied every tick: put it into a Table or into the rules\n"
        )
    })
}

/// Says how it went; no error among the errors is an interruption.
fn finish<G: Game>(
    setup: &Setup,
    console: Console,
    seen: &Seen<G>,
    result: Result<SyncReport, Option<SyncTestError>>,
    wall: Duration,
) -> Result<Exit, Failure> {
    let bad = result
        .as_ref()
        .err()
        .and_then(|error| error.as_ref().map(SyncTestError::tick));
    let good = bad.map_or(seen.ticks, |tick| tick.0);
    let checksum = |report: &SyncReport| -> Option<(Tick, Digest)> {
        Some((Tick(report.ticks).previous()?, report.checksum))
    };
    let report = Report {
        ticks: seen.ticks,
        confirmed_ticks: good,
        agreed_ticks: good,
        checksum: result.as_ref().ok().and_then(checksum),
        desync: None,
        rollbacks: seen.ticks,
        rollback_depth_max: seen.ticks.min(REWIND.into()),
        resimulated_ticks: result.as_ref().map_or(0, |report| report.resimulated_ticks),
        stalls: 0,
        late_inputs: 0,
        slots: Vec::new(),
        input_changes: seen.input_changes,
        commands: seen.commands,
        bytes_up_per_s: 0,
        bytes_down_per_s: 0,
        input_latency_ms: Histogram::default(),
        played: Duration::from_nanos(setup.rate.nanos_at(Tick(seen.ticks))),
    };
    let run = Run {
        wall,
        rounds: seen.rounds,
        round_within: G::ROUND_WITHIN,
        interrupted: matches!(result, Err(None)),
    };
    let plain = result.as_ref().ok().map(|report| report.plain);
    let (exit, judgement) = match result {
        Ok(_) => (
            Exit::Fine,
            "every tick came out the same, again and again".to_owned(),
        ),
        Err(Some(error)) => (Exit::Checker, format!("FAILED: {error}")),
        Err(None) => (
            Exit::Interrupted,
            "interrupted; nothing found so far".to_owned(),
        ),
    };
    let mut summary = Summary::of(("sync-test", G::ID, setup.seed), &report, &run);
    summary.first_bad_tick = bad.map(|tick| tick.0);
    summary.plain_bytes = plain.map(|plain| plain.bytes);
    summary.exit_code = exit.code();
    let hint = plain.and_then(hint).unwrap_or_default();
    let text = format!(
        "ticks          {} in {} s, each executed at least {} times\nchecksum       {}\ninput changes  on {} ticks\n{hint}{judgement}",
        summary.ticks,
        summary.wall_s,
        REWIND + 2,
        summary.checksum.as_deref().unwrap_or("none"),
        summary.input_changes,
    );
    console.result(&summary, &text)?;
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use phalanx_engine::{Effects, InputFrame, NoEffect, Simulation, State, TickRate};

    use super::*;

    #[derive(State, Clone)]
    struct World {
        ticks: u32,
        map: [u8; 5 * 1024],
    }

    struct Mapped;

    impl Simulation for Mapped {
        const ID: &'static str = "mapped";
        const VERSION: u32 = 1;
        type State = World;
        type Input = u8;
        type Command = phalanx_engine::NoCommand;
        type Effect = NoEffect;
        fn start(&self, _: &Setup) -> World {
            World {
                ticks: 0,
                map: [0; 5 * 1024],
            }
        }
        fn step(&self, state: &mut World, _: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
            state.ticks += 1;
        }
    }

    /// The canary of the hint.
    #[test]
    fn a_map_in_the_state_is_told() {
        let setup = Setup::new(1, 1, TickRate::hz(60));
        let report = SyncTest::new(Mapped, setup).run(2, |_, _, _| 0).unwrap();
        let text = hint(report.plain).unwrap();
        assert_eq!(
            text.trim_start_matches("hint").trim(),
            "field `map` holds 5,120 bytes outside tables (of 5,124 in all) and is copied every tick: put it into a Table or into the rules"
        );
        let little = PlainState {
            bytes: PLAIN_STATE_BYTES_HINT,
            ..report.plain
        };
        assert_eq!(hint(little), None);
    }
}
