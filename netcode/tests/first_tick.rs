//! Sessions that begin at any tick: 20 minutes over each place where a shorter tick would wrap are, to the
//! last figure, those of a session that begins elsewhere.
#![expect(clippy::unwrap_used, reason = "a test")]

use core::time::Duration;
use std::collections::BTreeMap;

use phalanx_engine::limits::FIRST_TICK_MAX;
use phalanx_engine::{
    Digest, Effects, Entry, GivenCommand, InputFrame, SealedFrame, SetupError, Simulation, Slot,
    Snapshot, Tick, TickRate, from_bytes, mix, to_bytes,
};
use phalanx_netcode::testing::{
    LinkConditions, Mixed, Mixer, Note, Ping, Planted, Preset, Scenario, World, WorldError,
};
use phalanx_netcode::time::samples::Sample;
use phalanx_netcode::{ClientConfig, ConfigError, Histogram, LatePolicy, SessionRules, Time};

/// Where sessions begin, and the tick in them at which a shorter tick would wrap.
const BOUNDARIES: [(Tick, u64); 3] = [
    (Tick((1 << 31) - 600), 600),
    (Tick((1 << 32) - 600), 600),
    (Tick(1 << 48), 0),
];

/// Where nothing is special: the ticks of the first boundaries, and of the last, are as long on the wire
/// from there on.
const LIKE_2_32: Tick = Tick(3 << 32);
const LIKE_2_48: Tick = Tick(5 << 44);

/// 20 minutes at 60 Hz.
const TICKS: u64 = 20 * 60 * 60;
const PLAYERS: u8 = 3;

/// [`Mixer`] that counts its ticks from the first one: it hashes at which tick a change of the rate takes
/// effect.
#[derive(Clone, Copy, Debug)]
struct Counted {
    first: Tick,
}

impl Simulation for Counted {
    const ID: &'static str = "counted";
    const VERSION: u32 = 1;
    type State = Mixed;
    type Input = u16;
    type Command = Note;
    type Effect = Ping;

    fn start(&self, setup: &phalanx_engine::Setup) -> Mixed {
        Mixer.start(setup)
    }

    fn step(&self, state: &mut Mixed, frame: &InputFrame<'_, Self>, effects: &mut Effects<Ping>) {
        let entries = moved(frame.entries(), self.first);
        let tick = Tick(frame.tick().0 - self.first.0);
        let (session, commands) = (frame.session(), frame.commands());
        let frame = InputFrame::new(tick, session, &entries, commands, frame.inputs());
        Mixer.step(state, &frame, effects);
    }

    fn bot(&self, state: &Mixed, slot: Slot) -> u16 {
        Mixer.bot(state, slot)
    }

    fn bot_commands(&self, state: &Mixed, slot: Slot) -> Vec<Note> {
        Mixer.bot_commands(state, slot)
    }
}

/// The entries as those of a session from tick 0.
fn moved(entries: &[Entry], first: Tick) -> Vec<Entry> {
    let moved = entries.iter().map(|entry| match *entry {
        Entry::Rate { at, rate } => Entry::Rate {
            at: Tick(at.0 - first.0),
            rate,
        },
        Entry::Speed { at, speed } => Entry::Speed {
            at: Tick(at.0 - first.0),
            speed,
        },
        Entry::Pause { at } => Entry::Pause {
            at: Tick(at.0 - first.0),
        },
        Entry::Resume { at } => Entry::Resume {
            at: Tick(at.0 - first.0),
        },
        other => other,
    });
    moved.collect()
}

/// What a client came to; ticks count from the first.
#[derive(Debug, PartialEq)]
struct Player {
    slot: Slot,
    stats: String,
    latency: Histogram,
    /// The last minute of its clock, input by input.
    samples: Vec<Sample>,
}

/// What a match came to, down to every sealed frame; ticks count from the first.
#[derive(Debug, PartialEq)]
struct Played {
    report: String,
    checksum: Digest,
    late: Vec<u64>,
    players: Vec<Player>,
    frames: Vec<SealedFrame>,
    ended: Time,
    /// Deepest rollback that began before the tick that was watched for and went beyond it.
    over_the_boundary: u64,
}

/// A match that is watched around the `boundary`th tick.
struct Match {
    world: World<Counted>,
    first: Tick,
    boundary: Tick,
    over_the_boundary: u64,
}

impl Match {
    fn new(scenario: &Scenario, boundary: u64) -> Self {
        let first = scenario.first;
        Self {
            world: World::new(scenario, || Counted { first }).unwrap(),
            first,
            boundary: first + boundary,
            over_the_boundary: 0,
        }
    }

    /// Plays until the relay has sealed all before `nth`, a millisecond at a time, watching rollbacks.
    fn play_until(&mut self, nth: u64) {
        while self.world.relay().log().next() < self.first + nth {
            let stands = |world: &World<Counted>, slot| {
                let timeline = world.client(slot).timeline()?;
                let stats = timeline.stats();
                Some((timeline.next(), stats.rollbacks, stats.resimulated_ticks))
            };
            let before: Vec<_> = Slot::all(PLAYERS)
                .map(|slot| stands(&self.world, slot))
                .collect();
            let soon = self.world.now() + Duration::from_millis(1);
            let around = self.boundary.saturating_sub(8)..self.boundary + 8;
            let first = self.first;
            // Around the boundary every tick is another one than was guessed.
            self.world.run_until(soon, |slot, tick, _| {
                let input = mix((tick.0 - first.0) << 8 | u64::from(slot.0)) & 0xffff;
                around.contains(&tick).then(|| input.try_into().unwrap())
            });
            for (slot, before) in Slot::all(PLAYERS).zip(before) {
                let after = stands(&self.world, slot);
                let (Some(before), Some(after)) = (before, after) else {
                    continue;
                };
                let again = after.2 - before.2;
                // One rollback: it went back by as many ticks as were executed again.
                if after.1 == before.1 + 1
                    && before.0 > self.boundary
                    && before.0.saturating_sub(again) < self.boundary
                {
                    self.over_the_boundary = self.over_the_boundary.max(again);
                }
            }
        }
    }

    fn snapshot(&mut self, slot: Slot) -> Snapshot {
        let confirmed = self.world.client(slot).timeline().unwrap().confirmed();
        self.world
            .snapshot(slot, confirmed.saturating_sub(1))
            .unwrap()
    }

    /// The world after `tick` as the log makes it of a snapshot.
    fn gone_on(&self, snapshot: &Snapshot, tick: Tick) -> Mixed {
        let rules = Planted::new(Counted { first: self.first }, None);
        let (mut session, mut state) = snapshot.restore(&rules).unwrap();
        let mut frame = SealedFrame::empty(phalanx_engine::FrameHash([0; 32]));
        for tick in snapshot.tick.next().until(tick.next()) {
            assert!(self.world.relay().log().read(tick, &mut frame).unwrap());
            session.begin(tick, &frame.entries);
            let inputs = frame.inputs.chunks(2);
            let inputs: Vec<_> = inputs
                .map(|input| u16::from_le_bytes([input[0], input[1]]))
                .collect();
            let commands = frame.commands.iter();
            let commands = commands.map(|command| GivenCommand {
                slot: command.slot,
                age: tick.0 - command.stamped.0,
                command: from_bytes(&command.bytes).unwrap(),
            });
            let commands: Vec<GivenCommand<Note>> = commands.collect();
            let frame = InputFrame::new(tick, &session, &frame.entries, &commands, &inputs);
            rules.step(&mut state, &frame, &mut Effects::new());
        }
        state
    }

    fn end(mut self) -> Played {
        self.world.run_bots();
        let log = self.world.relay().log();
        log.verify().unwrap();
        let frames = log.frames().map(|frame| {
            let mut frame = frame.unwrap();
            frame.entries = moved(&frame.entries, self.first);
            frame.tick = Tick(frame.tick.0 - self.first.0);
            for command in &mut frame.commands {
                command.stamped = Tick(command.stamped.0 - self.first.0);
            }
            // The hash of what came before tells where that began.
            frame.previous = phalanx_engine::FrameHash([0; 32]);
            frame
        });
        let mut report = self.world.report();
        let (tick, checksum) = report.checksum.take().unwrap();
        assert_eq!(tick.next(), self.first + report.ticks);
        // Larger numbers are longer on the wire.
        (report.bytes_up_per_s, report.bytes_down_per_s) = (0, 0);
        let players = Slot::all(PLAYERS).map(|slot| {
            let client = self.world.client(slot);
            let stats = client.stats();
            let samples = client.clock_samples().unwrap().iter().map(|sample| Sample {
                stamp: Tick(sample.stamp.0 - self.first.0),
                ..*sample
            });
            Player {
                slot,
                latency: stats.input_latency_ms.clone(),
                stats: format!("{stats:?}"),
                samples: samples.collect(),
            }
        });
        let late = Slot::all(PLAYERS).map(|slot| self.world.relay().slot_stats(slot).unwrap().late);
        Played {
            report: format!("{report:?}"),
            checksum,
            late: late.collect(),
            players: players.collect(),
            frames: frames.collect(),
            ended: self.world.now(),
            over_the_boundary: self.over_the_boundary,
        }
    }
}

fn over(preset: Preset) -> Scenario {
    let net = preset.conditions();
    Scenario {
        players: PLAYERS,
        ticks: TICKS,
        seed: 5,
        up: net,
        down: net,
        ..Scenario::default()
    }
}

/// Without a limit of bandwidth: where the first tick is a large number, datagrams are some bytes longer,
/// and would take longer on the way.
fn unlimited(scenario: Scenario) -> Scenario {
    let unlimited = |net| LinkConditions {
        kbit_per_s: None,
        ..net
    };
    Scenario {
        up: unlimited(scenario.up),
        down: unlimited(scenario.down),
        ..scenario
    }
}

/// Plays 20 minutes with a change of the rate that is named before the boundary and takes effect behind
/// it, and another one back; and goes on from a snapshot of before it.
fn play(scenario: &Scenario, boundary: u64) -> Played {
    let mut game = Match::new(scenario, boundary);
    game.play_until(450);
    let snapshot = game.snapshot(Slot(1));
    game.world
        .relay_mut()
        .change_rate(TickRate::hz(50))
        .unwrap();
    game.play_until(1200);
    let tick = game.snapshot(Slot(0)).tick;
    let state = game.gone_on(&snapshot, tick);
    let live = game.world.look(Slot(0), tick, to_bytes).unwrap();
    assert_eq!(to_bytes(&state), live);
    game.world
        .relay_mut()
        .change_rate(TickRate::hz(60))
        .unwrap();
    game.end()
}

/// The session from each boundary is the one from where `plain` says that it is compared with.
fn every_session_is_alike(scenario: &Scenario, plain: impl Fn(Tick) -> Tick) {
    let from = |first, boundary| {
        let mut scenario = Scenario {
            first,
            ..scenario.clone()
        };
        // A packed snapshot is some bytes longer or shorter, as its ticks compress: over a thin line that is seen.
        scenario.rules.keyframe_ticks = 0;
        play(&scenario, boundary)
    };
    let mut known = BTreeMap::new();
    for (first, boundary) in BOUNDARIES {
        let moved = from(first, boundary);
        let plain = known.entry((plain(first), boundary));
        let plain = &*plain.or_insert_with_key(|(first, boundary)| from(*first, *boundary));
        changes_of_the_rate_enclose(boundary, &plain.frames);
        let commands: usize = plain.frames.iter().map(|frame| frame.commands.len()).sum();
        assert!(commands > 1000, "{commands}");
        if moved != *plain {
            let mut frames = moved.frames.iter().zip(&plain.frames);
            let frame = frames.find(|(moved, plain)| moved != plain);
            let [moved, plain] =
                [&moved, plain].map(|played| (&played.report, &played.players[0].stats));
            panic!("from {first}: {moved:#?}\nelsewhere: {plain:#?}\n{frame:#?}");
        }
        let predicts = scenario.client.window > 0 && boundary > 0;
        assert_eq!(
            predicts,
            moved.over_the_boundary > 0,
            "rollback from {first}"
        );
    }
}

/// Two changes are named, the first of them before the boundary for a tick behind it.
fn changes_of_the_rate_enclose(boundary: u64, frames: &[SealedFrame]) {
    let named = |frame: &SealedFrame| {
        frame.entries.iter().find_map(|entry| match entry {
            Entry::Rate { at, .. } => Some((frame.tick.0, at.0)),
            _ => None,
        })
    };
    let rates: Vec<_> = frames.iter().filter_map(named).collect();
    assert_eq!(rates.len(), 2);
    let (named, at) = rates[0];
    assert!(boundary == 0 || named < boundary && boundary < at);
}

const fn from_zero(_: Tick) -> Tick {
    Tick::ZERO
}

const fn as_long_on_the_wire(first: Tick) -> Tick {
    if first.0 < 1 << 40 {
        LIKE_2_32
    } else {
        LIKE_2_48
    }
}

fn rollback() -> Scenario {
    over(Preset::Wifi)
}

fn lockstep() -> Scenario {
    Scenario {
        client: ClientConfig::new(7, 0),
        rules: SessionRules {
            policy: LatePolicy::Wait { bound_ms: 500 },
            forwarding: false,
            ..over(Preset::Wifi).rules
        },
        ..over(Preset::Wifi)
    }
}

#[test]
fn rollback_is_that_from_tick_0() {
    every_session_is_alike(&unlimited(rollback()), from_zero);
}

#[test]
fn lockstep_is_that_from_tick_0() {
    every_session_is_alike(&unlimited(lockstep()), from_zero);
}

#[test]
fn wifi_is_alike_wherever_it_begins() {
    every_session_is_alike(&rollback(), as_long_on_the_wire);
}

#[test]
fn what_nobody_should_play_on_is_alike_wherever_it_begins() {
    let scenario = Scenario {
        client: ClientConfig::new(2, 20),
        ..over(Preset::Awful)
    };
    every_session_is_alike(&scenario, as_long_on_the_wire);
}

/// The canary of the comparison: a session that is played otherwise is no session moved.
#[test]
fn another_session_is_told_apart() {
    let scenario = Scenario {
        ticks: 2000,
        ..rollback()
    };
    let other = Scenario {
        drift_ppm: 1,
        ..scenario.clone()
    };
    let (played, again) = (play(&scenario, 600), play(&scenario, 600));
    assert!(played == again);
    assert!(
        played != play(&other, 600),
        "a clock that is a millionth too fast"
    );
}

#[test]
fn no_session_begins_where_ticks_run_out() {
    let refused = |first| {
        let scenario = Scenario {
            first: Tick(first),
            ..Scenario::default()
        };
        World::new(&scenario, || Mixer).err()
    };
    assert_eq!(refused(FIRST_TICK_MAX), None);
    for first in [FIRST_TICK_MAX + 1, u64::MAX] {
        let error = WorldError::Session(ConfigError::Setup(SetupError::First));
        assert_eq!(refused(first), Some(error));
    }
    // The last one there is, is played like any other.
    let scenario = Scenario {
        first: Tick(FIRST_TICK_MAX),
        ..over(Preset::Wifi)
    };
    let mut world = World::new(
        &Scenario {
            ticks: 600,
            ..scenario
        },
        || Mixer,
    )
    .unwrap();
    world.run_bots();
    let report = world.report();
    assert_eq!((report.agreed_ticks, report.desync), (600, None));
}
