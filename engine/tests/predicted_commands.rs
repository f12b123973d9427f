//! Commands that their player predicts: whatever the relay makes of them, in the end each is executed once,
//! where it was sealed.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    reason = "a test; its lengths are those of vectors"
)]

use std::collections::BTreeMap;

use phalanx_engine::{
    Command, CommandWay, Effects, Entry, FrameHash, GivenCommand, InputFrame, NoEffect, Provenance,
    Repeat, SealedCommand, SealedFrame, Sealing, Session, Setup, Simulation, Slot, State, Tick,
    TickRate, Timeline, Window, mix, to_bytes,
};
use proptest::prelude::*;

const SETUP: Setup = Setup::new(1, 2, TickRate::hz(60));
const ME: Slot = Slot(1);

/// A game whose state is a hash of all that was ordered, when, and how old it was.
struct Orders;

#[derive(State, Clone, Debug, PartialEq, Eq)]
struct Book {
    hash: u64,
    executed: u32,
    newest: u32,
}

#[derive(State, Clone, Debug)]
struct Order {
    number: u32,
    rest: Vec<u8>,
}

impl Command for Order {
    const MAX_BYTES: u32 = 1000;
    const PREDICTED: bool = true;
}

impl Simulation for Orders {
    const ID: &'static str = "orders";
    const VERSION: u32 = 1;
    type State = Book;
    type Input = u8;
    type Command = Order;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Book {
        Book {
            hash: setup.seed,
            executed: 0,
            newest: 0,
        }
    }

    fn step(&self, book: &mut Book, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        let inputs = frame.inputs().iter();
        book.hash = inputs.fold(book.hash, |hash, input| mix(hash ^ u64::from(*input)));
        for GivenCommand { slot, age, command } in frame.commands() {
            let order = u64::from(command.number) << 32 | u64::from(slot.0) << 16 | age;
            book.hash = mix(book.hash ^ order ^ (command.rest.len() as u64) << 48);
            book.executed += 1;
            book.newest = command.number;
        }
    }
}

fn order(slot: Slot, sequence: u64, stamped: u64, large: bool) -> SealedCommand {
    let number = u32::try_from(sequence).unwrap();
    let rest = vec![slot.0; if large { 300 } else { 3 }];
    SealedCommand {
        slot,
        sequence,
        stamped: Tick(stamped),
        bytes: to_bytes(&Order { number, rest }),
    }
}

fn frame(tick: u64, input: u8, commands: Vec<SealedCommand>) -> SealedFrame {
    assert!(SealedCommand::fit(Tick(tick), &commands));
    SealedFrame {
        tick: Tick(tick),
        epoch: 0,
        previous: FrameHash([0; 32]),
        entries: Vec::new(),
        commands,
        provenance: vec![Provenance::Real; 2],
        inputs: vec![input, 0],
    }
}

fn timeline(ticks: u32) -> Timeline<Orders> {
    let repeat = Repeat { ticks: 30 };
    Timeline::new(Orders, &SETUP, Window { ticks, repeat }).unwrap()
}

fn run(timeline: &mut Timeline<Orders>) {
    while timeline.advance().is_ok() {}
}

/// The state after all frames, by the rules alone.
fn straight(frames: &[SealedFrame]) -> Book {
    let (mut book, session) = (Orders.start(&SETUP), Session::new(&SETUP));
    for frame in frames {
        let given = frame.commands.iter().map(|command| GivenCommand {
            slot: command.slot,
            age: frame.tick.0 - command.stamped.0,
            command: command.decode().unwrap(),
        });
        let given: Vec<_> = given.collect();
        let frame = InputFrame::new(frame.tick, &session, &[], &given, &frame.inputs);
        Orders.step(&mut book, &frame, &mut Effects::new());
    }
    book
}

#[test]
fn what_is_sealed_where_it_was_predicted_is_no_rollback() {
    let mut timeline = timeline(8);
    assert_eq!(timeline.provide_command(&order(ME, 0, 3, false)), None);
    assert_eq!(timeline.provide_command(&order(ME, 0, 3, true)), None);
    run(&mut timeline);
    assert_eq!(timeline.state().executed, 2);
    for tick in 0..3 {
        timeline.seal(&frame(tick, 0, Vec::new())).unwrap();
    }
    let both = vec![order(ME, 0, 3, false), order(ME, 0, 3, true)];
    assert_eq!(timeline.seal(&frame(3, 0, both)), Ok(Sealing::Confirmed));
    assert_eq!(timeline.stats().rollbacks, 0);
    assert_eq!(timeline.stats().commands, 2);
}

#[test]
fn what_comes_after_its_tick_was_executed_undoes_it() {
    let mut timeline = timeline(8);
    run(&mut timeline);
    let from = timeline.provide_command(&order(ME, 0, 3, false));
    assert_eq!((from, timeline.next()), (Some(Tick(3)), Tick(3)));
    // The same one twice is one.
    assert_eq!(timeline.provide_command(&order(ME, 0, 3, false)), None);
    run(&mut timeline);
    assert_eq!(timeline.state().executed, 1);
}

/// It was executed anew at every tick that was not sealed, for ever.
#[test]
fn what_will_not_be_sealed_is_forgotten() {
    let mut timeline = timeline(8);
    assert_eq!(timeline.forget_commands(), None);
    timeline.provide_command(&order(ME, 0, 3, false));
    timeline.provide_command(&order(ME, 1, 20, false));
    run(&mut timeline);
    assert_eq!(timeline.state().executed, 1);
    assert_eq!(timeline.forget_commands(), Some(Tick(3)));
    run(&mut timeline);
    assert_eq!(timeline.state().executed, 0);
    for tick in 0..30 {
        timeline.seal(&frame(tick, 0, Vec::new())).unwrap();
        run(&mut timeline);
    }
    assert_eq!(timeline.stats().rollbacks, 1);
    assert_eq!(timeline.state().executed, 0);
    // Their numbers are given to others.
    timeline.provide_command(&order(ME, 0, 30, false));
    run(&mut timeline);
    assert_eq!(timeline.state().executed, 1);
}

#[test]
fn what_is_put_off_moves_along() {
    let mut timeline = timeline(8);
    timeline.provide_command(&order(ME, 0, 1, false));
    run(&mut timeline);
    timeline.seal(&frame(0, 0, Vec::new())).unwrap();
    let from = Tick(1);
    let sealing = timeline.seal(&frame(1, 0, Vec::new()));
    assert_eq!(sealing, Ok(Sealing::RolledBack { from }));
    run(&mut timeline);
    assert_eq!(timeline.state().executed, 1, "at tick 2");
    // Its frame overtakes that of tick 2.
    let third = frame(3, 0, vec![order(ME, 0, 1, false)]);
    let from = Tick(2);
    assert_eq!(timeline.seal(&third), Ok(Sealing::RolledBack { from }));
    run(&mut timeline);
    assert_eq!(timeline.state().executed, 1, "at tick 3");
    let sealing = timeline.seal(&frame(2, 0, Vec::new()));
    assert_eq!(sealing, Ok(Sealing::Confirmed));
    assert_eq!(timeline.stats().rollbacks, 2);
}

/// It was put off from tick to tick of the pause, and at its end to one that was executed without it: that was
/// confirmed as it was.
#[test]
fn what_is_ordered_in_a_pause_is_executed_after_it() {
    let mut timeline = timeline(8);
    for (tick, entry) in [
        (0, Entry::Pause { at: Tick(1) }),
        (1, Entry::Resume { at: Tick(3) }),
    ] {
        let mut frame = frame(tick, 0, Vec::new());
        frame.entries.push(entry);
        timeline.seal(&frame).unwrap();
    }
    timeline.provide_command(&order(ME, 0, 2, false));
    run(&mut timeline);
    assert_eq!(timeline.state().executed, 0, "tick 2 is of the pause");
    let sealing = timeline.seal(&frame(2, 0, Vec::new()));
    let from = Tick(3);
    assert_eq!(sealing, Ok(Sealing::RolledBack { from }));
    run(&mut timeline);
    assert_eq!(timeline.state().executed, 1);
    let third = frame(3, 0, vec![order(ME, 0, 2, false)]);
    assert_eq!(timeline.seal(&third), Ok(Sealing::Confirmed));
    assert_eq!(timeline.state().executed, 1);
}

/// What others order with it makes it wrong, and nothing of it is executed twice.
#[test]
fn what_is_sealed_beside_others_is_executed_again() {
    let mut timeline = timeline(8);
    timeline.provide_command(&order(ME, 0, 0, false));
    run(&mut timeline);
    let both = vec![order(Slot(0), 0, 0, false), order(ME, 0, 0, false)];
    let from = Tick(0);
    assert_eq!(
        timeline.seal(&frame(0, 0, both)),
        Ok(Sealing::RolledBack { from })
    );
    run(&mut timeline);
    assert_eq!(timeline.state().executed, 2);
}

/// Nobody is made to predict what is no command, or without end.
#[test]
fn what_cannot_be_predicted_is_left_out() {
    let mut timeline = timeline(8);
    let broken = SealedCommand {
        bytes: vec![1, 2],
        ..order(ME, 0, 0, false)
    };
    timeline.provide_command(&broken);
    timeline.provide_command(&order(Slot(2), 0, 0, false));
    for sequence in 0..300 {
        timeline.provide_command(&order(ME, sequence, 0, false));
    }
    run(&mut timeline);
    assert_eq!(timeline.state().executed, 256);
    let far = order(ME, 1, u64::MAX - 1, true);
    assert_eq!(timeline.provide_command(&far), None);
}

/// One own command: when it is stamped, how much later it is sealed, and how much earlier it is known here.
#[derive(Clone, Debug)]
struct Plan {
    stamped: u64,
    late: u64,
    large: bool,
    ahead: u64,
    /// Whether another player orders something at the same tick.
    beside: bool,
}

fn plan() -> impl Strategy<Value = Plan> {
    let late = prop_oneof![3 => Just(0), 2 => 1_u64..4, 1 => 4_u64..20];
    (0_u64..60, late, any::<bool>(), 0_u64..6, any::<bool>()).prop_map(
        |(stamped, late, large, ahead, beside)| Plan {
            stamped,
            late,
            large,
            ahead,
            beside,
        },
    )
}

const TICKS: u64 = 100;

/// Frames in which the plans came true, and the own commands as they were given, by stamp.
fn truth(mut plans: Vec<Plan>, inputs: &[u8]) -> (Vec<SealedFrame>, Vec<(u64, SealedCommand)>) {
    plans.sort_by_key(|plan| plan.stamped);
    let mut sealed = BTreeMap::<u64, Vec<SealedCommand>>::new();
    // Per way: the next number, and the tick before which none of it is sealed any more.
    let mut ways = [(0, 0); 2];
    let (mut given, mut others) = (Vec::new(), 0);
    for plan in plans {
        let (number, after) = &mut ways[usize::from(plan.large)];
        *after = (plan.stamped + plan.late).max(*after);
        let own = order(ME, *number, plan.stamped, plan.large);
        assert_eq!(own.way() == CommandWay::Large, plan.large);
        *number += 1;
        given.push((plan.stamped.saturating_sub(plan.ahead), own.clone()));
        let frame = sealed.entry(*after).or_default();
        frame.push(own);
        if plan.beside {
            frame.push(order(Slot(0), others, plan.stamped, false));
            others += 1;
        }
    }
    let frames = (0..TICKS).map(|tick| {
        let mut commands = sealed.remove(&tick).unwrap_or_default();
        commands.sort_by_key(SealedCommand::place);
        frame(tick, inputs[usize::try_from(tick).unwrap()], commands)
    });
    (frames.collect(), given)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whenever a command is known, sealed and heard of, in whatever order frames arrive.
    #[test]
    fn after_everything_is_sealed_each_was_executed_once(
        plans in prop::collection::vec(plan(), 0..40),
        inputs in prop::collection::vec(0_u8..2, TICKS as usize),
        window in 0_u32..12,
        delays in prop::collection::vec(0_u64..9, TICKS as usize),
    ) {
        let (frames, mut given) = truth(plans, &inputs);
        given.sort_by_key(|(at, _)| *at);
        let mut given = given.into_iter().peekable();
        // The order in which frames are heard of.
        let mut heard: Vec<_> = frames.iter().zip(&delays).collect();
        heard.sort_by_key(|(frame, delay)| frame.tick.0 + **delay);
        let (mut timeline, mut executed) = (timeline(window), 0);
        for (frame, delay) in heard {
            // A command is given before the relay can have it, and so before any frame that shows it.
            let now = frame.tick.0 + delay;
            while let Some((_, command)) = given.next_if(|(at, command)| {
                *at <= now || frame.commands.iter().any(|sealed| sealed.place() == command.place())
                    || command.stamped <= frame.tick
            }) {
                let before = timeline.next();
                let from = timeline.provide_command(&command);
                prop_assert_eq!(timeline.next(), from.unwrap_or(before));
            }
            for _ in 0..=now % 5 {
                let _ = timeline.advance();
            }
            timeline.seal(frame).unwrap();
            executed = executed.max(timeline.state().executed);
        }
        run(&mut timeline);
        prop_assert_eq!(timeline.confirmed(), Tick(TICKS));
        let expected = straight(&frames);
        prop_assert_eq!(timeline.look(Tick(TICKS - 1), |book| book.clone()), Some(expected.clone()));
        let sealed: usize = frames.iter().map(|frame| frame.commands.len()).sum();
        prop_assert_eq!(u64::from(expected.executed), sealed as u64);
        prop_assert_eq!(timeline.stats().commands, sealed as u64);
        // Nor was any ever executed twice at once.
        prop_assert!(u64::from(executed) <= sealed as u64);
    }
}
