//! Who is served when more is ordered than frames have room for.

use core::time::Duration;

use phalanx_engine::limits::COMMAND_BYTES_MAX;
use proptest::prelude::*;

use super::*;
use crate::channel::PeerId;
use crate::config::CommandBudget;
use crate::wire::CommandNumbers;
use phalanx_engine::Presence;

const PERIOD: Duration = Duration::from_nanos(16_666_667);

/// What one slot orders at every tick: so many small ones and so many large ones, of these bytes.
#[derive(Clone, Debug)]
struct Habit {
    small: (u64, usize),
    large: (u64, usize),
}

fn habit() -> impl Strategy<Value = Habit> {
    let most = COMMAND_BYTES_MAX as usize;
    ((0_u64..20, 0_usize..=200), (0_u64..4, 201..=most))
        .prop_map(|(small, large)| Habit { small, large })
}

/// Seats whose owners order by habit, and what became of it.
struct Crowd {
    seats: Vec<Seat>,
    given: Vec<CommandNumbers>,
    turn: usize,
    tick: Tick,
    now: Time,
    budget: CommandBudget,
}

impl Crowd {
    fn new(slots: usize, budget: CommandBudget) -> Self {
        let seat = || {
            let mut seat = Seat::new(1, Tick::ZERO);
            (seat.peer, seat.presence) = (Some(PeerId(0)), Presence::Player);
            seat
        };
        Self {
            seats: (0..slots).map(|_| seat()).collect(),
            given: vec![CommandNumbers::default(); slots],
            turn: 0,
            tick: Tick::ZERO,
            now: Time::from_nanos(5_000_000_000),
            budget,
        }
    }

    /// Orders for this tick what there is room for.
    fn order(&mut self, habits: &[Habit]) {
        let each = self.seats.iter_mut().zip(&mut self.given).zip(habits);
        for (slot, ((seat, given), habit)) in (0..).zip(each) {
            let command = |sequence, length: usize| SealedCommand {
                slot: Slot(slot),
                sequence,
                stamped: self.tick,
                bytes: vec![slot; length],
            };
            for _ in 0..habit.small.0 {
                seat.commands
                    .receive_small(command(given.small, habit.small.1));
                given.small = seat.commands.next().small;
            }
            for _ in 0..habit.large.0 {
                let large = command(given.large, habit.large.1);
                let taken = seat.commands.receive_large(large);
                given.large += u64::from(taken == Ok(true));
            }
        }
    }

    fn seal(&mut self) -> Vec<SealedCommand> {
        for seat in &mut self.seats {
            seat.commands.allow(self.now, self.budget);
        }
        let mut commands = Vec::new();
        take_commands(self.tick, &mut self.seats, &mut self.turn, &mut commands);
        self.tick = self.tick.next();
        self.now += PERIOD;
        commands
    }

    /// Which ways of which slots have a command that could be sealed now.
    fn due(&self) -> Vec<(Slot, CommandWay)> {
        let slots = (0..).map(Slot).zip(&self.seats);
        let ways = slots.flat_map(|(slot, seat)| CommandWay::ALL.map(|way| (slot, way, seat)));
        let due = ways.filter(|(_, way, seat)| seat.commands.due(*way, self.tick).is_some());
        due.map(|(slot, way, _)| (slot, way)).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// However much anybody orders: frames keep their limits, nothing is lost, doubled or overtaken, and
    /// nobody waits for more frames than there are ways of slots.
    #[test]
    fn nobody_waits_longer_than_for_everybodys_turn(
        habits in prop::collection::vec(habit(), 1..8),
        commands_per_s in 60_u32..100_000,
        bytes_per_s in 60_000_u32..10_000_000,
    ) {
        let budget = CommandBudget { commands_per_s, bytes_per_s };
        let mut crowd = Crowd::new(habits.len(), budget);
        let (mut next, mut waited) = (vec![[0_u64; 2]; habits.len()], vec![[0; 2]; habits.len()]);
        let quiet = vec![Habit { small: (0, 0), large: (0, 201) }; habits.len()];
        for tick in 0..600 {
            crowd.order(if tick < 60 { &habits } else { &quiet });
            let at = crowd.tick;
            let commands = crowd.seal();
            prop_assert!(SealedCommand::fit(at, &commands));
            let due = crowd.due();
            for (slot, seat) in waited.iter_mut().enumerate() {
                for way in CommandWay::ALL {
                    let slot = Slot(u8::try_from(slot).unwrap());
                    let served = commands.iter().any(|command| (command.slot, command.way()) == (slot, way));
                    let frames = &mut seat[usize::from(way == CommandWay::Large)];
                    *frames = if due.contains(&(slot, way)) && !served { *frames + 1 } else { 0 };
                    prop_assert!(*frames < 2 * habits.len(), "slot {slot} {way:?}: {frames} frames");
                }
            }
            for command in &commands {
                let large = usize::from(command.way() == CommandWay::Large);
                let next = &mut next[usize::from(command.slot.0)][large];
                prop_assert_eq!(command.sequence, *next);
                *next += 1;
            }
        }
        for (next, given) in next.iter().zip(&crowd.given) {
            prop_assert_eq!(*next, [given.small, given.large]);
        }
    }

    /// From any moment on a slot has one second's worth at once, and after that what its budget gives.
    #[test]
    fn a_budget_holds_over_any_span(
        commands_per_s in 1_u32..2000,
        bytes_per_s in COMMAND_BYTES_MAX..1_000_000,
        habit in habit(),
        idle in 0_u64..200,
    ) {
        let budget = CommandBudget { commands_per_s, bytes_per_s };
        let mut crowd = Crowd::new(1, budget);
        (0..idle).for_each(|_| { crowd.seal(); });
        let (mut commands, mut bytes) = (0_u64, 0_u64);
        for tick in 1_u64..300 {
            crowd.order(core::slice::from_ref(&habit));
            for command in crowd.seal() {
                commands += 1;
                bytes += command.bytes.len() as u64;
            }
            let most = |per_second: u32| {
                let per_second = u64::from(per_second);
                per_second + per_second * tick * 16_666_667 / 1_000_000_000
            };
            prop_assert!(commands <= most(commands_per_s), "{commands} commands by tick {tick}");
            prop_assert!(bytes <= most(bytes_per_s), "{bytes} bytes by tick {tick}");
        }
        prop_assert!(commands > 0 || habit.small.0 + habit.large.0 == 0);
    }
}

/// The flood of one slot costs another one its turn, not more: what it orders is in the next frame.
#[test]
fn one_who_floods_delays_nobody() {
    let plenty = CommandBudget {
        commands_per_s: 1_000_000,
        bytes_per_s: 64 << 20,
    };
    let mut crowd = Crowd::new(2, plenty);
    let flood = Habit {
        small: (64, 200),
        large: (8, 4096),
    };
    for tick in 0..100 {
        let now_and_then = Habit {
            small: (u64::from(tick % 7 == 0), 20),
            large: (0, 201),
        };
        let expected = now_and_then.small.0;
        crowd.order(&[flood.clone(), now_and_then]);
        let commands = crowd.seal();
        let own = commands.iter().filter(|command| command.slot == Slot(1));
        assert_eq!(own.count() as u64, expected, "tick {tick}");
        assert!(commands.len() > 10, "it is a flood");
    }
}

/// Whoever leaves takes along what was not sealed, and the next one in the slot goes on with its numbers.
#[test]
fn numbers_have_no_gap_when_an_owner_goes() {
    let mut crowd = Crowd::new(1, CommandBudget::default());
    let habit = Habit {
        small: (60, 200),
        large: (8, 4096),
    };
    crowd.order(&[habit]);
    let sealed = crowd.seal();
    crowd.seats[0].release();
    let of = |way| sealed.iter().filter(|command| command.way() == way).count() as u64;
    let (small, large) = (of(CommandWay::Small), of(CommandWay::Large));
    assert!(small < 60 && large < 8, "{small} and {large} are sealed");
    let numbers = CommandNumbers { small, large };
    assert_eq!(crowd.seats[0].commands.next(), numbers);
    assert_eq!(crowd.seal(), []);
}

/// Who has a connection anew and does not know what arrived says it again.
#[test]
fn what_came_before_is_nothing_new() {
    let command = |sequence| SealedCommand {
        slot: Slot(0),
        sequence,
        stamped: Tick(0),
        bytes: vec![1; 300],
    };
    let mut seat = Seat::new(1, Tick::ZERO);
    let inbox = &mut seat.commands;
    for sequence in 0..8 {
        assert_eq!(inbox.receive_large(command(sequence)), Ok(true));
        assert_eq!(inbox.receive_large(command(0)), Ok(false));
    }
    use crate::channel::CloseReason;
    let flooding = Err(CloseReason::Flooding);
    assert_eq!(inbox.receive_large(command(8)), flooding);
    assert_eq!(inbox.acknowledged().large, 0, "none is sealed yet");
    assert_eq!(inbox.next().large, 8);
    let malformed = Err(CloseReason::Malformed);
    assert_eq!(inbox.receive_large(command(9)), malformed);
}
