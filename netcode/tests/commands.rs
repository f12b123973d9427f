//! Commands: each is executed once, by everybody, in the order in which its player gave it.
#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test, with small numbers"
)]

use core::time::Duration;

use phalanx_engine::limits::{COMMAND_BYTES_PER_FRAME_MAX, COMMANDS_PER_FRAME_MAX};
use phalanx_engine::{
    Command, Effects, InputFrame, NoEffect, NoInput, SealedCommand, SealedFrame, Setup, Simulation,
    Slot, State, Tick, mix, to_bytes,
};
use phalanx_netcode::testing::{LinkConditions, Mixer, Note, Preset, Report, Scenario, World};
use phalanx_netcode::{ClientConfig, CommandError, Event};
use proptest::prelude::*;

const SLICE: Duration = Duration::from_millis(7);

fn over(preset: Preset) -> Scenario {
    let net = preset.conditions();
    Scenario {
        up: net,
        down: net,
        ..Scenario::default()
    }
}

fn note(number: u32, length: usize) -> Note {
    Note {
        number,
        text: vec![number.to_le_bytes()[0]; length],
    }
}

/// A match in which the test gives the commands, and what it gave.
struct Match {
    world: World<Mixer>,
    given: Vec<Vec<Note>>,
}

impl Match {
    fn new(scenario: &Scenario) -> Self {
        Self {
            world: World::new(scenario, || Mixer).unwrap(),
            given: vec![Vec::new(); scenario.players.into()],
        }
    }

    fn give(&mut self, slot: Slot, note: Note) -> Result<(), CommandError> {
        self.world.command(slot, &note)?;
        self.given[usize::from(slot.0)].push(note);
        Ok(())
    }

    /// Plays for `time`; inputs change every few ticks.
    fn run(&mut self, time: Duration) {
        let end = self.world.now() + time;
        self.world.run_until(end, |slot, tick, _| {
            Some((mix((tick.0 / 9) ^ u64::from(slot.0)) & 3) as u16)
        });
    }

    fn until(&mut self, tick: Tick) {
        while self.world.relay().log().next() < tick {
            self.run(SLICE);
        }
    }

    fn frames(&self) -> Vec<SealedFrame> {
        let frames = self.world.relay().log().frames();
        frames.map(|frame| frame.unwrap()).collect()
    }

    /// Plays to the end; the log then holds each command once and in order, and all agree.
    fn finish(mut self) -> (Report, Vec<SealedFrame>) {
        self.run(Duration::from_secs(3600));
        let report = self.world.report();
        assert_eq!(report.desync, None);
        assert_eq!(report.agreed_ticks, self.world.relay().log().next().0);
        let frames = self.frames();
        let sealed = frames.iter().flat_map(|frame| &frame.commands);
        let given: Vec<_> = self
            .given
            .iter()
            .map(|notes| notes.iter().map(to_bytes).collect())
            .collect();
        check(sealed, &given).unwrap();
        let all: usize = self.given.iter().map(Vec::len).sum();
        assert_eq!(report.commands, all as u64);
        for slot in Slot::all(self.given.len() as u8) {
            let client = self.world.client(slot);
            assert_eq!(client.state().unwrap().notes, all as u32, "slot {slot}");
            assert_eq!(client.log_head(), Some(self.world.relay().log().head()));
        }
        (report, frames)
    }
}

/// Whether `sealed` holds, per slot, exactly what was `given`, numbered from 0 and in order.
fn check<'a>(
    sealed: impl Iterator<Item = &'a SealedCommand>,
    given: &[Vec<Vec<u8>>],
) -> Result<(), String> {
    let mut next = vec![0; given.len()];
    for command in sealed {
        let slot = usize::from(command.slot.0);
        if command.sequence != next[slot] {
            return Err(format!("{command:?} instead of number {}", next[slot]));
        }
        if given[slot].get(next[slot] as usize) != Some(&command.bytes) {
            return Err(format!("{command:?} was not given"));
        }
        next[slot] += 1;
    }
    for (slot, (next, given)) in next.iter().zip(given).enumerate() {
        if *next != given.len() as u64 {
            return Err(format!("slot {slot}: {next} of {} commands", given.len()));
        }
    }
    Ok(())
}

#[test]
fn the_check_sees_what_is_lost_doubled_swapped_and_changed() {
    let given = vec![vec![vec![1], vec![2]], vec![vec![3]]];
    let command = |slot, sequence, byte| SealedCommand {
        slot: Slot(slot),
        sequence,
        stamped: Tick::ZERO,
        bytes: vec![byte],
    };
    let right = [command(0, 0, 1), command(1, 0, 3), command(0, 1, 2)];
    assert_eq!(check(right.iter(), &given), Ok(()));
    let [a, b, c] = &right;
    for wrong in [
        vec![a, b],
        vec![a, b, b, c],
        vec![c, b, a],
        vec![a, b, &command(0, 1, 9)],
    ] {
        assert!(check(wrong.into_iter(), &given).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Over any network, in rollback and lockstep, however many are given at once.
    #[test]
    fn each_command_is_executed_once_and_in_order(
        seed in any::<u64>(),
        preset in prop::sample::select(&Preset::ALL[..]),
        players in 1_u8..=5,
        window in prop::sample::select(&[0_u32, 8][..]),
        often in 1_u64..40,
    ) {
        let scenario = Scenario {
            seed,
            players,
            ticks: 600,
            client: ClientConfig::new(2, window),
            ..over(preset)
        };
        let mut game = Match::new(&scenario);
        game.until(Tick(1));
        let (mut draw, mut refused) = (seed, 0_u32);
        while game.world.relay().log().next() < Tick(250) {
            for slot in Slot::all(players) {
                draw = mix(draw);
                // Where much is lost, the first tick may be sealed before everybody knows of it.
                let plays = game.world.events(slot).contains(&Event::Started);
                if plays && draw.is_multiple_of(often) {
                    for number in 0..=(draw >> 60) as u32 {
                        match game.give(slot, note(number, (draw >> 40) as usize % 151)) {
                            Ok(()) => {}
                            Err(CommandError::TooMany) => refused += 1,
                            Err(error) => prop_assert!(false, "{error}"),
                        }
                    }
                }
            }
            game.run(SLICE);
        }
        let all: usize = game.given.iter().map(Vec::len).sum();
        prop_assert!(all > 0, "{refused} refused");
        game.finish();
    }
}

/// On a good network a command is executed with the input that is sampled next.
#[test]
fn a_command_is_for_the_tick_of_the_next_input() {
    let mut game = Match::new(&over(Preset::Lan));
    game.until(Tick(60));
    let mut expected = Vec::new();
    for number in 0..20 {
        let mut newest = Tick::ZERO;
        let end = game.world.now() + Duration::from_millis(50);
        game.world.run_until(end, |slot, tick, _| {
            if slot == Slot(1) {
                newest = newest.max(tick);
            }
            Some(0)
        });
        expected.push(newest.next());
        game.give(Slot(1), note(number, 9)).unwrap();
    }
    let (_, frames) = game.finish();
    let with = frames.iter().filter(|frame| !frame.commands.is_empty());
    let ticks: Vec<_> = with.map(|frame| frame.tick).collect();
    assert_eq!(ticks, expected);
}

/// More than a frame holds, from everybody at once: nothing is lost, nobody is left behind.
#[test]
fn what_does_not_fit_into_a_frame_goes_into_the_next_ones() {
    for players in [2, 8] {
        let scenario = Scenario {
            players,
            ticks: 200,
            ..over(Preset::Lan)
        };
        let mut game = Match::new(&scenario);
        game.until(Tick(20));
        for slot in Slot::all(players) {
            for number in 0..64 {
                game.give(slot, note(number, 150)).unwrap();
            }
            assert_eq!(game.give(slot, note(64, 1)), Err(CommandError::TooMany));
        }
        let (_, frames) = game.finish();
        let full: Vec<_> = frames
            .iter()
            .filter(|frame| !frame.commands.is_empty())
            .collect();
        let bytes = |frame: &SealedFrame| -> u64 {
            frame.commands.iter().map(SealedCommand::frame_bytes).sum()
        };
        assert!(full.len() > 1, "{players} players");
        for frame in &full {
            assert!(bytes(frame) <= u64::from(COMMAND_BYTES_PER_FRAME_MAX));
            assert!(frame.commands.len() <= COMMANDS_PER_FRAME_MAX as usize);
        }
        if players == 8 {
            // Who has more to say than others does not take the room of the others.
            let largest = full.iter().max_by_key(|frame| bytes(frame)).unwrap();
            assert!(bytes(largest) + 400 > u64::from(COMMAND_BYTES_PER_FRAME_MAX));
            let of = |slot| {
                largest
                    .commands
                    .iter()
                    .filter(|command| command.slot == slot)
                    .count()
            };
            let counts: Vec<_> = Slot::all(8).map(of).collect();
            assert!(counts.iter().all(|count| *count >= 4), "{counts:?}");
        }
    }
}

#[test]
fn a_command_that_cannot_be_sent_is_refused_with_a_reason() {
    let mut game = Match::new(&over(Preset::Lan));
    assert_eq!(
        game.give(Slot(0), note(1, 1)),
        Err(CommandError::NotPlaying)
    );
    game.until(Tick(30));
    let refused = game.give(Slot(0), note(1, 151)).unwrap_err();
    let (bytes, most) = (159, 158);
    assert_eq!(refused, CommandError::TooLong { bytes, most });
    game.give(Slot(0), note(1, 150)).unwrap();
    let (report, _) = game.finish();
    assert_eq!(report.commands, 1);
}

/// Who leaves takes along what was not sealed yet; the others play on.
#[test]
fn the_commands_of_one_who_leaves_end_with_it() {
    let scenario = Scenario {
        players: 3,
        ..over(Preset::Wifi)
    };
    let mut game = Match::new(&scenario);
    game.until(Tick(50));
    for number in 0..64 {
        game.give(Slot(2), note(number, 150)).unwrap();
    }
    game.run(Duration::from_millis(40));
    game.world.kill(Slot(2));
    game.until(Tick(100));
    game.give(Slot(0), note(7, 7)).unwrap();
    game.run(Duration::from_secs(60));
    assert_eq!(game.world.report().desync, None);
    let notes = |slot| game.world.client(Slot(slot)).state().unwrap().notes;
    let sealed = game
        .frames()
        .iter()
        .map(|frame| frame.commands.len())
        .sum::<usize>();
    assert!((2..65).contains(&sealed), "{sealed}");
    assert_eq!((notes(0) as usize, notes(1) as usize), (sealed, sealed));
}

/// A game of one button, with nothing to say about it.
struct Bell;

#[derive(State, Clone)]
struct Rung {
    times: u64,
}

/// It has no bytes at all.
#[derive(State, Clone)]
struct Ring;

impl Command for Ring {
    const MAX_BYTES: u32 = 1;
}

impl Simulation for Bell {
    const ID: &'static str = "bell";
    const VERSION: u32 = 1;
    type State = Rung;
    type Input = NoInput;
    type Command = Ring;
    type Effect = NoEffect;

    fn start(&self, _setup: &Setup) -> Rung {
        Rung { times: 0 }
    }

    fn step(&self, state: &mut Rung, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        state.times += frame.commands().len() as u64;
    }
}

/// The relay closed whoever gave a command without bytes.
#[test]
fn a_command_may_have_no_bytes() {
    let mut world = World::new(&over(Preset::Wifi), || Bell).unwrap();
    let second = Duration::from_secs(1);
    for time in 0..4 {
        world.run_until(world.now() + second, |_, _, _| None);
        if time > 0 {
            world.command(Slot(1), &Ring).unwrap();
        }
    }
    world.run_bots();
    assert_eq!(world.report().agreed_ticks, 600);
    for slot in Slot::all(2) {
        assert_eq!(world.client(slot).state().unwrap().times, 3, "slot {slot}");
    }
}

/// A game whose bots order more at one tick than can be under way to the relay.
struct Wordy;

impl Simulation for Wordy {
    const ID: &'static str = "wordy";
    const VERSION: u32 = 1;
    type State = Rung;
    type Input = NoInput;
    type Command = Ring;
    type Effect = NoEffect;

    fn start(&self, _setup: &Setup) -> Rung {
        Rung { times: 0 }
    }

    fn step(&self, state: &mut Rung, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        state.times += frame.commands().len() as u64;
    }

    fn bot_commands(&self, state: &Rung, _slot: Slot) -> Vec<Ring> {
        vec![Ring; if state.times == 0 { 150 } else { 0 }]
    }
}

/// What the relay has no room for yet was dropped.
#[test]
fn what_a_bot_orders_at_once_is_given_in_time() {
    let mut world = World::new(&over(Preset::Wifi), || Wordy).unwrap();
    world.run_bots();
    let times = world.client(Slot(0)).state().unwrap().times;
    // They order again until they see that it came.
    assert!(times >= 300 && times.is_multiple_of(150), "{times}");
    assert_eq!(world.report().commands, times);
}

/// At a round trip of 100 ms and 5 % loss: how many ticks after that of the next input commands are
/// executed, and how many inputs came too late.
#[test]
fn a_command_is_as_fast_as_an_input() {
    let way = LinkConditions {
        jitter: Duration::from_millis(4),
        loss_per_10k: 500,
        loss_burst: Duration::from_millis(30),
        ..LinkConditions::constant(Duration::from_millis(50))
    };
    let mut later = Vec::new();
    let (mut late, mut inputs) = (0, 0);
    for seed in 0..20 {
        let scenario = Scenario {
            seed,
            up: way,
            down: way,
            ..Scenario::default()
        };
        let mut game = Match::new(&scenario);
        game.until(Tick(60));
        let mut expected = Vec::new();
        for number in 0..40 {
            let mut newest = Tick::ZERO;
            let end = game.world.now() + Duration::from_millis(190 + u64::from(number) % 17);
            game.world.run_until(end, |slot, tick, _| {
                if slot == Slot(1) {
                    newest = newest.max(tick);
                }
                Some(mix(tick.0) as u16)
            });
            expected.push(newest.next());
            game.give(Slot(1), note(number, 9)).unwrap();
        }
        let (report, frames) = game.finish();
        late += report.late_inputs;
        inputs += 2 * frames.len() as u64;
        let sealed = frames.iter().flat_map(|frame| {
            let commands = frame.commands.iter();
            commands.map(move |command| (frame.tick, command))
        });
        later.extend(sealed.zip(expected).map(|((tick, command), wanted)| {
            assert_eq!(command.stamped, wanted, "the tick of the next input");
            command.age(tick)
        }));
    }
    later.sort_unstable();
    let part = |percent: usize| later[(later.len() - 1) * percent / 100];
    assert!(
        late > 0,
        "of {inputs} inputs none came late: it is no bad network"
    );
    assert_eq!((part(0), part(50)), (0, 0));
    assert!(part(90) <= 1);
}
