//! What a driver may rely on: lockstep, prediction, input delay, refusals.

#![expect(
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "lengths of arrays, drawn bits and helpers of tests"
)]

use phalanx_engine::limits::{HORIZON_TICKS_MAX, WINDOW_TICKS_MAX};
use phalanx_engine::{
    Command, Effects, Entry, FrameHash, InputFrame, NoCommand, NoEffect, Provenance, Repeat,
    SealError, SealedCommand, SealedFrame, Sealing, Setup, Simulation, Slot, Stall, State, Tick,
    TickRate, Timeline, Window, WindowError, mix,
};

/// Adds up all it sees; `salt` is its content.
struct Sum {
    salt: u64,
}

#[derive(State)]
struct Total {
    sum: u64,
}

impl Simulation for Sum {
    const ID: &'static str = "sum";
    const VERSION: u32 = 1;
    type State = Total;
    type Input = u8;
    type Command = NoCommand;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Total {
        Total { sum: setup.seed }
    }

    fn step(&self, total: &mut Total, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        for (_, presence, input) in frame.slots() {
            let seen = u64::from(input) << 8 | presence as u64;
            total.sum = mix(total.sum ^ seen ^ self.salt);
        }
    }
}

const fn window(ticks: u32, repeat: u32) -> Window {
    Window {
        ticks,
        repeat: Repeat { ticks: repeat },
    }
}

fn timeline(slots: u8, window: Window) -> Timeline<Sum> {
    let setup = Setup::new(1, slots, TickRate::hz(60));
    Timeline::new(Sum { salt: 0 }, &setup, window).unwrap()
}

fn frame(tick: u64, inputs: &[u8], provenance: Provenance) -> SealedFrame {
    let mut frame = SealedFrame::empty(FrameHash([0; 32]));
    frame.tick = Tick(tick);
    frame.inputs = inputs.to_vec();
    frame.provenance = vec![provenance; inputs.len()];
    frame
}

fn real(tick: u64, inputs: &[u8]) -> SealedFrame {
    frame(tick, inputs, Provenance::Real)
}

/// Executes all that the window allows.
fn run<S: Simulation>(timeline: &mut Timeline<S>) -> Stall {
    loop {
        if let Err(stall) = timeline.advance() {
            return stall;
        }
    }
}

fn seen<const N: usize>(timeline: &Timeline<Sum>, ticks: [u64; N]) -> [u8; N] {
    ticks.map(|tick| timeline.input(Tick(tick), Slot(0)).unwrap())
}

#[test]
fn a_value_guessed_right_restarts_the_count_of_missing_ticks() {
    let mut timeline = timeline(1, window(4, 4));
    timeline.seal(&real(0, &[9])).unwrap();
    for tick in 1..4 {
        let repeated = frame(tick, &[9], Provenance::Repeated);
        timeline.seal(&repeated).unwrap();
    }
    run(&mut timeline);
    assert_eq!(seen(&timeline, [4, 5, 6, 7]), [9, 0, 0, 0]);

    // The guess for tick 4 was right, but it was the player: the relay would repeat it again.
    assert_eq!(timeline.provide(Tick(4), Slot(0), 9), Some(Tick(5)));
    run(&mut timeline);
    assert_eq!(seen(&timeline, [4, 5, 6, 7]), [9, 9, 9, 9]);

    // It came too late for the relay, which repeated: the count goes on after all.
    let late = frame(4, &[9], Provenance::Repeated);
    let from = Tick(5);
    assert_eq!(timeline.seal(&late), Ok(Sealing::RolledBack { from }));
    assert_eq!(timeline.confirmed(), Tick(5));
    run(&mut timeline);
    assert_eq!(seen(&timeline, [4, 5, 6, 7]), [9, 0, 0, 0]);
}

#[test]
fn a_tick_sealed_out_of_order_passes_the_count_on() {
    let mut timeline = timeline(1, window(6, 6));
    timeline.seal(&real(0, &[9])).unwrap();
    run(&mut timeline);
    timeline
        .seal(&frame(2, &[9], Provenance::Repeated))
        .unwrap();
    for tick in 1..7 {
        assert_eq!(timeline.input(Tick(tick), Slot(0)), Some(9), "tick {tick}");
    }
    // Tick 1 is known to be repeated, as guessed: nothing changes.
    let repeated = frame(1, &[9], Provenance::Repeated);
    assert_eq!(timeline.seal(&repeated), Ok(Sealing::Confirmed));
    run(&mut timeline);
    assert_eq!(seen(&timeline, [6, 7, 8]), [9, 0, 0]);
    // Tick 4, sealed early, is real: ticks 7 and 8 are guessed from it.
    let from = Tick(7);
    assert_eq!(
        timeline.seal(&real(4, &[9])),
        Ok(Sealing::RolledBack { from })
    );
}

#[test]
fn lockstep_stalls_without_frames_and_recovers() {
    let mut timeline = timeline(2, window(0, 0));
    timeline.provide(Tick(0), Slot(0), 1);
    timeline.provide(Tick(0), Slot(1), 2);
    assert_eq!(
        timeline.advance(),
        Err(Stall::WindowFull),
        "all inputs are there, but not the frame"
    );
    timeline.seal(&real(1, &[3, 4])).unwrap();
    assert_eq!(run(&mut timeline), Stall::WindowFull);
    assert_eq!(timeline.next(), Tick(0), "a later frame does not help");
    timeline.seal(&real(0, &[1, 2])).unwrap();
    run(&mut timeline);
    assert_eq!((timeline.next(), timeline.confirmed()), (Tick(2), Tick(2)));
    assert_eq!(timeline.stats().rollbacks, 0);
}

#[test]
fn nothing_is_confirmed_ahead_of_its_frame() {
    let mut timeline = timeline(1, window(8, 8));
    assert_eq!(run(&mut timeline), Stall::WindowFull);
    assert_eq!((timeline.next(), timeline.confirmed()), (Tick(8), Tick(0)));
    for tick in [3, 1, 2] {
        assert_eq!(timeline.seal(&real(tick, &[0])), Ok(Sealing::Kept));
        assert_eq!(timeline.confirmed(), Tick(0));
        assert_eq!(timeline.chained(Tick(tick)), None);
    }
    assert_eq!(timeline.seal(&real(0, &[0])), Ok(Sealing::Confirmed));
    assert_eq!(timeline.confirmed(), Tick(4));
    assert_eq!(timeline.seal(&real(2, &[7])), Ok(Sealing::Known));
    assert_eq!(run(&mut timeline), Stall::WindowFull);
    assert_eq!(timeline.next(), Tick(12));
}

/// Plays 200 ticks of two players, inputs stamped `delay` ticks ahead, sealed at their deadline
/// and known `latency` ticks after they were made. Returns stalls and rollbacks.
fn play_with_delay(window: Window, delay: u64, latency: u64) -> (u64, u64) {
    let mut timeline = timeline(2, window);
    let made = |tick: u64, slot: u64| (mix(tick * 2 + slot) % 3) as u8;
    let inputs = |stamp: u64| match stamp.checked_sub(delay) {
        Some(tick) => [made(tick, 0), made(tick, 1)],
        None => [0, 0],
    };
    let mut stalls = 0;
    let mut arrived = 0;
    for now in 0..200_u64 {
        timeline.provide(Tick(now + delay), Slot(0), made(now, 0));
        while arrived + latency <= now + delay {
            timeline.seal(&real(arrived, &inputs(arrived))).unwrap();
            arrived += 1;
        }
        while timeline.next() <= Tick(now) {
            if timeline.advance().is_err() {
                stalls += 1;
                break;
            }
        }
        assert!(timeline.confirmed() <= Tick(arrived), "at {now}");
    }
    (stalls, timeline.stats().rollbacks)
}

#[test]
fn input_delay_as_long_as_the_way_needs_neither_stall_nor_rollback() {
    for latency in 0..7 {
        assert_eq!(play_with_delay(window(0, 0), latency, latency), (0, 0));
        assert_eq!(play_with_delay(window(8, 8), latency, latency), (0, 0));
        for delay in 0..latency {
            let case = format!("delay {delay}, latency {latency}");
            let (stalls, rollbacks) = play_with_delay(window(0, 0), delay, latency);
            assert_eq!((stalls, rollbacks), (200, 0), "lockstep lags: {case}");
            let (stalls, rollbacks) = play_with_delay(window(8, 8), delay, latency);
            assert_eq!(stalls, 0, "{case}");
            assert!(rollbacks > 50, "{case}: {rollbacks}");
        }
    }
}

#[test]
fn two_peers_on_different_schedules_converge() {
    let mut early = timeline(2, window(16, 16));
    let mut late = timeline(2, window(0, 0));
    for tick in 0..300 {
        early.provide(Tick(tick), Slot(0), tick as u8);
        while early.next() <= Tick(tick) {
            early.advance().unwrap();
        }
        if tick >= 10 {
            let sealed = real(tick - 10, &[(tick - 10) as u8, 5]);
            early.seal(&sealed).unwrap();
            late.seal(&sealed).unwrap();
        }
        if tick % 7 == 0 {
            run(&mut late);
        }
    }
    run(&mut late);
    assert_eq!(
        (early.confirmed(), late.confirmed()),
        (Tick(290), Tick(290))
    );
    for tick in 40..290 {
        let tick = Tick(tick);
        assert_eq!(early.digest(tick), late.digest(tick), "tick {tick}");
        assert_eq!(early.chained(tick), late.chained(tick), "tick {tick}");
    }
    assert_eq!(early.stats().rollback_depth_max, 11);
    assert_eq!(late.stats().rollbacks, 0);
}

#[test]
fn different_rules_never_have_the_same_chain_again() {
    let setup = Setup::new(1, 1, TickRate::hz(60));
    let mut peers = [0, 1]
        .map(|salt| Timeline::new(Sum { salt }, &setup, window(0, 0)).expect("a valid window"));
    for tick in 0..50 {
        for peer in &mut peers {
            peer.seal(&real(tick, &[0])).unwrap();
            peer.advance().unwrap();
        }
        let [first, second] = &peers;
        assert_ne!(first.chained(Tick(tick)), second.chained(Tick(tick)));
    }
}

/// Counts what is ordered.
struct Orders;

/// A number, in two bytes.
#[derive(State, Clone, Debug)]
struct Add {
    number: u16,
}

impl Command for Add {
    const MAX_BYTES: u32 = 2;
}

impl Simulation for Orders {
    const ID: &'static str = "orders";
    const VERSION: u32 = 1;
    type State = Total;
    type Input = u8;
    type Command = Add;
    type Effect = NoEffect;

    fn start(&self, _: &Setup) -> Total {
        Total { sum: 0 }
    }

    fn step(&self, total: &mut Total, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        let orders = frame.commands().iter();
        total.sum += orders.map(|add| u64::from(add.command.number)).sum::<u64>();
    }
}

/// Bytes that are no command, and those of nobody, are as if they were not there.
#[test]
fn only_what_is_a_command_undoes_a_tick() {
    let command = |slot, sequence, bytes: &[u8]| SealedCommand {
        slot: Slot(slot),
        sequence,
        stamped: Tick::ZERO,
        bytes: bytes.to_vec(),
    };
    let with = |tick, commands| SealedFrame {
        commands,
        ..real(tick, &[0, 0])
    };
    let setup = Setup::new(1, 2, TickRate::hz(60));
    let mut timeline = Timeline::new(Orders, &setup, window(8, 8)).unwrap();
    assert_eq!(run(&mut timeline), Stall::WindowFull);
    let none = vec![
        command(0, 0, &[]),
        command(0, 1, &[1]),
        command(1, 0, &[1, 0, 0]),
        command(2, 0, &[1, 0]),
    ];
    let first = with(0, none);
    assert_eq!(timeline.seal(&first), Ok(Sealing::Confirmed));
    assert_eq!(timeline.seal(&first), Ok(Sealing::Known));
    // Out of order, and twice.
    let third = with(2, vec![command(0, 2, &[5, 0]), command(1, 1, &[0])]);
    let from = Tick(2);
    assert_eq!(timeline.seal(&third), Ok(Sealing::RolledBack { from }));
    assert_eq!(timeline.seal(&third), Ok(Sealing::Known));
    assert_eq!(run(&mut timeline), Stall::WindowFull);
    let from = Tick(1);
    let second = with(1, vec![command(1, 2, &[0, 1])]);
    assert_eq!(timeline.seal(&second), Ok(Sealing::RolledBack { from }));
    run(&mut timeline);
    assert_eq!((timeline.confirmed(), timeline.state().sum), (Tick(3), 261));
    let stats = timeline.stats();
    assert_eq!((stats.commands, stats.invalid_commands), (2, 5));
    assert_eq!(stats.rollbacks, 2);
}

#[test]
fn the_end_is_final_only_once_confirmed() {
    let mut timeline = timeline(1, window(4, 4));
    let mut last = real(2, &[0]);
    last.entries.push(Entry::End);
    timeline.seal(&last).unwrap();
    assert_eq!(run(&mut timeline), Stall::Ended);
    assert_eq!(timeline.next(), Tick(3));
    let from = Tick(1);
    assert_eq!(
        timeline.seal(&real(1, &[9])),
        Ok(Sealing::RolledBack { from })
    );
    assert!(!timeline.session().ended());
    assert_eq!(run(&mut timeline), Stall::Ended);
    timeline.seal(&real(0, &[0])).unwrap();
    timeline.seal(&real(3, &[0])).unwrap();
    assert_eq!(timeline.advance(), Err(Stall::Ended));
    assert_eq!(timeline.confirmed(), Tick(3));
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let mut timeline = timeline(2, window(4, 4));
    let horizon = u64::from(HORIZON_TICKS_MAX);
    let beyond = Tick(horizon);
    assert_eq!(
        timeline.seal(&real(horizon, &[0, 0])),
        Err(SealError::BeyondHorizon(beyond))
    );
    assert_eq!(
        timeline.seal(&real(u64::MAX, &[0, 0])),
        Err(SealError::BeyondHorizon(Tick(u64::MAX)))
    );
    for inputs in [&[][..], &[0], &[0, 0, 0]] {
        assert_eq!(
            timeline.seal(&real(0, inputs)),
            Err(SealError::WrongShape(Tick(0)))
        );
    }
    assert_eq!(timeline.provide(beyond, Slot(0), 1), None);
    assert_eq!(timeline.provide(Tick(0), Slot(2), 1), None);
    assert_eq!(timeline.provide(Tick(u64::MAX), Slot(255), 1), None);
    run(&mut timeline);
    for tick in 0..4 {
        for slot in 0..2 {
            assert_eq!(timeline.input(Tick(tick), Slot(slot)), Some(0));
        }
    }
    assert_eq!(timeline.input(Tick(0), Slot(2)), None);
    assert_eq!(timeline.input(Tick(4), Slot(0)), None);

    let mut strange = real(0, &[0, 0]);
    strange.entries = vec![Entry::Join(Slot(200)), Entry::Leave(Slot(2))];
    let from = Tick(0);
    assert_eq!(timeline.seal(&strange), Ok(Sealing::RolledBack { from }));
    run(&mut timeline);
    assert_eq!(timeline.confirmed(), Tick(1));
}

#[test]
fn the_first_provided_input_counts() {
    let mut timeline = timeline(1, window(4, 4));
    assert_eq!(timeline.provide(Tick(1), Slot(0), 3), None, "not executed");
    assert_eq!(timeline.provide(Tick(1), Slot(0), 4), None);
    run(&mut timeline);
    assert_eq!(seen(&timeline, [0, 1, 2, 3]), [0, 3, 3, 3]);
    assert_eq!(timeline.provide(Tick(2), Slot(0), 5), Some(Tick(2)));
    run(&mut timeline);
    assert_eq!(seen(&timeline, [0, 1, 2, 3]), [0, 3, 5, 5]);
}

#[test]
fn windows_are_checked() {
    let setup = Setup::new(0, 1, TickRate::hz(60));
    let new = |window| Timeline::new(Sum { salt: 0 }, &setup, window).err();
    assert_eq!(
        new(window(WINDOW_TICKS_MAX + 1, u32::MAX)),
        Some(WindowError::TooLong)
    );
    assert_eq!(new(window(8, 7)), Some(WindowError::RepeatTooShort));
    assert_eq!(new(window(WINDOW_TICKS_MAX, WINDOW_TICKS_MAX)), None);
}

#[test]
fn the_widest_window_is_used_in_full() {
    let mut timeline = timeline(1, window(WINDOW_TICKS_MAX, u32::MAX));
    run(&mut timeline);
    let depth = u64::from(WINDOW_TICKS_MAX);
    assert_eq!(timeline.next(), Tick(depth));
    timeline.seal(&real(0, &[1])).unwrap();
    run(&mut timeline);
    assert_eq!(timeline.stats().rollback_depth_max, depth);
    assert_eq!(timeline.next(), Tick(depth + 1));
}

#[test]
fn a_frame_has_no_input_outside_of_its_bytes() {
    let frame = real(0, &[1, 2, 3, 4]);
    assert_eq!(frame.input(Slot(1), 2), Some(&[3, 4][..]));
    assert_eq!(frame.input(Slot(2), 2), None);
    assert_eq!(frame.input(Slot(0), u32::MAX), None);
    assert_eq!(frame.input(Slot(1), u32::MAX), None);
    assert_eq!(frame.input(Slot(255), u32::MAX), None);
}
