//! Commands by the dozen, from all slots at once, beside the largest inputs: what is sealed is
//! delivered, whatever the way, and nobody has to wait for long.
#![expect(clippy::unwrap_used, reason = "a test")]

mod hostile_pump;

use core::time::Duration;
use std::collections::BTreeMap;

use hostile_pump::siege::{FRAGMENT, SECOND};
use hostile_pump::{Pump, WideInput, config};
use phalanx_engine::limits::{
    COMMAND_BYTES_PER_FRAME_MAX, COMMANDS_PER_FRAME_MAX, SMALL_COMMAND_BYTES_MAX,
};
use phalanx_engine::{
    Command, Effects, InputFrame, NoEffect, SealedCommand, SealedFrame, Setup, Simulation, Slot,
    State, Tick, mix,
};
use phalanx_netcode::SessionConfig;

/// A game in which players have more to say than there is room for.
#[derive(Clone, Copy, Debug)]
struct Loud {
    /// Bytes of a command of most players.
    length: u8,
    /// How much most players say, commands per tick.
    often: u64,
    /// The one who says little: a word every so many ticks.
    quiet: Option<(Slot, u64)>,
}

/// A hash of everything, and how many ticks it is of.
#[derive(State, Clone, Debug)]
struct Heard {
    hash: u64,
    ticks: u64,
}

/// Any bytes behind a tick.
#[derive(State, Clone, Debug)]
struct Shout {
    tick: u64,
    rest: Vec<u8>,
}

impl Command for Shout {
    const MAX_BYTES: u32 = SMALL_COMMAND_BYTES_MAX;
}

impl Simulation for Loud {
    const ID: &'static str = "loud";
    const VERSION: u32 = 1;
    type State = Heard;
    type Input = WideInput;
    type Command = Shout;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Heard {
        let hash = setup.seed;
        Heard { hash, ticks: 0 }
    }

    fn step(&self, state: &mut Heard, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        for given in frame.commands() {
            let shout = &given.command;
            let hash = mix(state.hash ^ shout.tick ^ u64::from(given.slot.0) << 56);
            let bytes = shout.rest.iter();
            state.hash = bytes.fold(hash, |hash, byte| mix(hash ^ u64::from(*byte)));
        }
        state.ticks += 1;
    }

    fn bot_commands(&self, state: &Heard, slot: Slot) -> Vec<Shout> {
        let (count, length) = match self.quiet {
            Some((quiet, every)) if quiet == slot => {
                (u64::from(state.ticks.is_multiple_of(every)), 12)
            }
            _ => (self.often, self.length),
        };
        let rest = vec![slot.0; usize::from(length) - 12];
        let tick = state.ticks;
        let shout = |_| Shout {
            tick,
            rest: rest.clone(),
        };
        (0..count).map(shout).collect()
    }
}

fn loud(slots: u8, ticks: u64, rules: Loud) -> Pump<Loud> {
    let mut config = SessionConfig::new(&rules, config(slots, ticks).setup);
    config.length = Some(ticks);
    Pump::new(config, move || rules)
}

fn frames(pump: &Pump<Loud>) -> Vec<SealedFrame> {
    pump.relay
        .log()
        .frames()
        .map(|frame| frame.unwrap())
        .collect()
}

/// Per slot the commands are numbered from 0 without a gap; returns how many there are.
fn numbered(frames: &[SealedFrame]) -> BTreeMap<Slot, u64> {
    let mut next = BTreeMap::new();
    for command in frames.iter().flat_map(|frame| &frame.commands) {
        let next = next.entry(command.slot).or_insert(0);
        assert_eq!(command.sequence, *next, "slot {}", command.slot);
        *next += 1;
    }
    next
}

/// A frame that is longer than a message of the stream is meant to be did not fit into any: the relay
/// sent empty ones without end.
#[test]
fn the_largest_frames_fill_a_hole_by_the_stream() {
    for slots in [2, 64] {
        let mut pump = loud(
            slots,
            160,
            Loud {
                length: 200,
                often: 3,
                quiet: None,
            },
        );
        pump.start();
        pump.record = Some(Vec::new());
        pump.chairs[0].cut_down = true;
        pump.run(3 * SECOND / 2);
        pump.chairs[0].cut_down = false;
        pump.finish(30 * SECOND);
        let record = pump.record.take().unwrap();
        let packets = || record.iter().map(|(_, packet)| packet);
        assert!(packets().any(|packet| !packet.up && !packet.datagram && packet.bytes.len() > 500));
        let fragments = packets().any(|packet| packet.datagram && packet.bytes[0] == FRAGMENT);
        assert!(fragments, "{slots} slots");
        assert_eq!(pump.relay.disagreement(), None);
        assert_eq!(pump.relay.agreed(), Tick(160), "{slots} slots");
        for chair in &pump.chairs {
            assert_eq!(chair.client.log_head(), Some(pump.relay.log().head()));
        }
        assert_eq!(numbered(&frames(&pump)).len(), usize::from(slots));
    }
}

/// Of 64 slots nobody had a share that a long command fits into: whoever was served first took the whole
/// frame, and the others waited for their turn, a second and longer.
#[test]
fn who_says_little_is_heard_among_many_who_shout() {
    let quiet = Slot(63);
    for length in [13, 200] {
        let rules = Loud {
            length,
            often: 3,
            quiet: Some((quiet, 3)),
        };
        let mut pump = loud(64, 150, rules);
        pump.finish(30 * SECOND);
        let frames = frames(&pump);
        assert!(
            numbered(&frames)[&quiet] > 20,
            "the quiet one says something"
        );
        let full = |frame: &&SealedFrame| {
            let bytes: u64 = frame.commands.iter().map(SealedCommand::frame_bytes).sum();
            let longest = u64::from(SealedCommand::OVERHEAD + SMALL_COMMAND_BYTES_MAX);
            frame.commands.len() as u64 == u64::from(COMMANDS_PER_FRAME_MAX)
                || bytes + longest > u64::from(COMMAND_BYTES_PER_FRAME_MAX)
        };
        assert!(frames.iter().filter(full).count() > 60, "it is crowded");
        let waited = frames.iter().flat_map(|frame| {
            let own = frame.commands.iter();
            let own = own.filter(|command| command.slot == quiet);
            own.map(|command| {
                let given = command.decode::<Shout>().unwrap().tick;
                frame.tick.0 - given
            })
        });
        let most = waited.max().unwrap();
        assert!(
            most <= 12,
            "{most} ticks from the look at the world to the frame"
        );
    }
}

/// Beside a command only the oldest inputs found room. Over a long way they were there before their
/// acknowledgement was back, so that none came in time any more; the largest inputs needed no command for it.
#[test]
fn inputs_are_in_time_beside_commands_over_a_long_way() {
    for latency in [70, 250] {
        for (often, length) in [(0, 12), (1, 12), (3, 200)] {
            let quiet = None;
            let rules = Loud {
                length,
                often,
                quiet,
            };
            let mut pump = loud(2, 300, rules);
            pump.latency = Duration::from_millis(latency);
            pump.finish(30 * SECOND);
            assert_eq!(pump.relay.agreed(), Tick(300));
            for slot in Slot::all(2) {
                let stats = pump.relay.slot_stats(slot).unwrap();
                let case = format!("{latency} ms, {often} commands of {length} bytes");
                assert_eq!(stats.late, 0, "{case}");
            }
            let given = numbered(&frames(&pump));
            assert_eq!(given.len(), if often == 0 { 0 } else { 2 });
            // Two of the longest in each round trip.
            let round_trips = 300 * 17 / (2 * latency);
            assert!(given.values().all(|count| *count >= round_trips));
        }
    }
}

/// Every third datagram is lost, and most frames come in pieces.
#[test]
fn crowded_frames_come_whole_in_spite_of_losses() {
    for (slots, length) in [(2, 200), (16, 200), (16, 13)] {
        let (often, quiet) = (3, None);
        let mut pump = loud(
            slots,
            200,
            Loud {
                length,
                often,
                quiet,
            },
        );
        pump.lose_every = 3;
        pump.finish(60 * SECOND);
        assert_eq!(pump.relay.disagreement(), None);
        assert_eq!(pump.relay.agreed(), Tick(200), "{slots} slots");
        for chair in &pump.chairs {
            assert_eq!(chair.client.log_head(), Some(pump.relay.log().head()));
        }
        assert_eq!(numbered(&frames(&pump)).len(), usize::from(slots));
    }
}
