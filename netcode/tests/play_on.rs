//! A session that another relay goes on with, from its log, in the virtual world.
#![expect(clippy::unwrap_used, reason = "a test")]

use core::time::Duration;
use std::collections::BTreeMap;

use phalanx_engine::{
    Entry, Log, Provenance, Replay, SealedCommand, SealedFrame, Setup, Slot, Snapshot, Speed, Tick,
    TickRate,
};
use phalanx_netcode::testing::{Mixer, Preset, Scenario, World};
use phalanx_netcode::{
    ConfigError, Event, PlayOnError, Relay, RelayEvent, SessionConfig, SessionRules,
};

const TICKS: u64 = 1_200;

fn scenario() -> Scenario {
    let net = Preset::Wifi.conditions();
    Scenario {
        players: 3,
        first: Tick(1 << 33),
        ticks: TICKS,
        seed: 11,
        up: net,
        down: net,
        rules: SessionRules {
            keyframe_ticks: 300,
            bot_after_ms: Some(300),
            ..SessionRules::default()
        },
        ..Scenario::default()
    }
}

/// Lets it run for so many milliseconds.
fn play(world: &mut World<Mixer>, millis: u64) {
    let end = world.now() + Duration::from_millis(millis);
    world.run_until(end, |_, _, _| None);
}

/// A match in which the rate and the speed change, somebody is lost to the computer, and there is a pause.
fn eventful() -> Log {
    let mut world = World::new(&scenario(), || Mixer).unwrap();
    play(&mut world, 3_000);
    world.relay_mut().change_rate(TickRate::hz(90)).unwrap();
    world.kill(Slot(1));
    play(&mut world, 4_700);
    world.relay_mut().pause(Duration::from_millis(400)).unwrap();
    play(&mut world, 1_000);
    world.relay_mut().change_speed(Speed::times(2)).unwrap();
    world
        .relay_mut()
        .resume(Duration::from_millis(300))
        .unwrap();
    world.run_bots();
    let log = world.relay().log().clone();
    assert_eq!(ticks_of(&log), TICKS);
    log
}

fn ticks_of(log: &Log) -> u64 {
    log.next().0 - log.first().0
}

fn frame_of(log: &Log, tick: Tick) -> SealedFrame {
    let mut frame = SealedFrame::empty(log.head());
    assert!(log.read(tick, &mut frame).unwrap());
    frame
}

/// The first so many ticks of it.
fn cut(log: &Log, ticks: u64) -> Log {
    let genesis = session().genesis();
    let mut cut = Log::new(genesis, log.first());
    for tick in log.first().until(log.first() + ticks) {
        cut.append(&frame_of(log, tick));
    }
    cut
}

fn session() -> SessionConfig {
    SessionConfig {
        epoch: 2,
        ..scenario().session(&Mixer)
    }
}

/// The world after the last tick, executed from the first one on.
fn end_of(log: &Log) -> Snapshot {
    let last = log.next().previous().unwrap();
    let mut replay = Replay::new(Mixer, (scenario().setup(), log.clone()));
    replay.seek(last).unwrap();
    replay.snapshot().unwrap()
}

/// Goes on with it, for so many ticks more.
fn play_on(log: &Log, snapshot: Option<&Snapshot>, more: u64) -> World<Mixer> {
    let scenario = scenario();
    let config = SessionConfig {
        length: Some(ticks_of(log) + more),
        ..session()
    };
    let relay = Relay::play_on(config, log.clone(), snapshot).unwrap();
    let mut world = World::around(&scenario, relay, Mixer);
    for _ in 0..scenario.players {
        let net = (scenario.up, scenario.down);
        world.come(Mixer, scenario.client, net).unwrap();
    }
    world
}

/// The session is one again: it begins with `before`, holds together, and executed from its first tick it is what its
/// players hold.
fn is_whole(world: &World<Mixer>, before: &Log, more: u64) {
    let (log, at) = (world.relay().log(), ticks_of(before));
    assert_eq!(
        (log.verify(), ticks_of(log)),
        (Ok(()), at + more),
        "at {at}"
    );
    for tick in before.first().until(before.next()) {
        assert_eq!(frame_of(log, tick), frame_of(before, tick), "at {at}");
    }
    let mut numbers = BTreeMap::new();
    for frame in log.frames().map(Result::unwrap) {
        assert_eq!(frame.epoch, 1 + u32::from(frame.tick >= before.next()));
        for command in frame.commands {
            let next = numbers.entry((command.slot, command.way())).or_insert(0);
            assert_eq!(command.sequence, *next, "at {at}: {:?}", frame.tick);
            *next += 1;
        }
    }
    assert!(!numbers.is_empty());
    let report = world.report();
    assert_eq!(report.desync, None, "at {at}");
    assert_eq!(world.relay().agreed(), log.next(), "at {at}");
    let (tick, checksum) = report.checksum.unwrap();
    assert_eq!(tick.next(), log.next(), "at {at}");
    assert_eq!(end_of(log).checksum, checksum, "at {at}");
}

/// Whatever was under way when it was cut: changes of pace, a pause, the computer in a slot, commands.
#[test]
fn a_session_is_played_on_from_any_tick() {
    let log = eventful();
    for ticks in (0..TICKS).step_by(17) {
        let before = cut(&log, ticks);
        let snapshot = (ticks > 0).then(|| end_of(&before));
        let mut world = play_on(&before, snapshot.as_ref(), 150);
        play(&mut world, 1_500);
        // If it stands still, its host lets it go on.
        let _ = world.relay_mut().resume(Duration::from_millis(100));
        play(&mut world, 20_000);
        is_whole(&world, &before, 150);
    }
}

/// Who has the end of the log stamps its next tick, as in a match that begins; nobody catches up with anything.
#[test]
fn it_goes_on_at_once_from_a_snapshot_of_its_end() {
    let before = cut(&eventful(), 160);
    let mut world = play_on(&before, Some(&end_of(&before)), 200);
    play(&mut world, 20_000);
    is_whole(&world, &before, 200);
    let first = frame_of(world.relay().log(), before.next());
    let joins: Vec<_> = Slot::all(3).map(Entry::Join).collect();
    assert_eq!(
        (first.entries, first.provenance),
        (joins, vec![Provenance::Real; 3])
    );
    for slot in Slot::all(3) {
        let caught = |event: &Event| matches!(event, Event::CatchingUp { .. });
        assert!(!world.events(slot).iter().any(caught));
    }
    // Players send the relay newer ones.
    let kept = |event: &RelayEvent| *event == RelayEvent::Keyframe(before.first() + 299);
    assert!(world.relay_events().iter().any(kept));
}

/// Without one, or with an older one, they execute what is missing first.
#[test]
fn without_a_snapshot_the_log_is_executed() {
    let log = eventful();
    let (before, older) = (cut(&log, 700), end_of(&cut(&log, 600)));
    for (snapshot, from) in [(None, 0), (Some(&older), 600)] {
        let mut world = play_on(&before, snapshot, 300);
        play(&mut world, 1_500);
        let _ = world.relay_mut().resume(Duration::from_millis(100));
        play(&mut world, 20_000);
        is_whole(&world, &before, 300);
        let from = before.first() + from;
        for slot in Slot::all(3) {
            let caught = |event: &Event| matches!(event, Event::CatchingUp { from: tick, .. } if *tick == from);
            assert!(world.events(slot).iter().any(caught), "from {from}");
        }
        let left = frame_of(world.relay().log(), before.next());
        assert!(left.entries.contains(&Entry::Leave(Slot(0))), "{left:?}");
    }
}

#[test]
fn what_no_relay_goes_on_with_is_refused_by_name() {
    let whole = eventful();
    let log = cut(&whole, 400);
    let refused = |config, log: &Log, snapshot| Relay::play_on(config, log.clone(), snapshot).err();
    let with = |change: &dyn Fn(&mut SessionConfig)| {
        let mut config = session();
        change(&mut config);
        config
    };

    let last = whole.next().previous().unwrap();
    assert_eq!(
        refused(session(), &whole, None),
        Some(PlayOnError::Ended(last))
    );
    let epoch = with(&|config: &mut SessionConfig| config.epoch = 1);
    assert_eq!(refused(epoch, &log, None), Some(PlayOnError::Epoch(1)));
    let none = with(&|config: &mut SessionConfig| config.length = Some(0));
    let length = PlayOnError::Config(ConfigError::Length);
    assert_eq!(refused(none, &log, None), Some(length));

    let other = Some(PlayOnError::OtherSession);
    for change in [
        |config: &mut SessionConfig| config.setup.seed += 1,
        |config: &mut SessionConfig| config.setup.first = Tick::ZERO,
        |config: &mut SessionConfig| (config.setup.slots, config.players_min) = (2, 2),
        |config: &mut SessionConfig| config.game.version += 1,
    ] {
        assert_eq!(refused(with(&change), &log, None), other);
    }
    let later = end_of(&cut(&whole, 401));
    let tick = PlayOnError::NoTick(later.tick);
    assert_eq!(refused(session(), &log, Some(&later)), Some(tick));
    let mut foreign = end_of(&log);
    foreign.setup = Setup {
        seed: 12,
        ..foreign.setup
    };
    assert_eq!(refused(session(), &log, Some(&foreign)), other);
}

/// The numbers of each slot's commands of a way begin at 0 and have no gap: what says otherwise no relay sealed, and who
/// went on with it would wait for numbers that never come, or could not count on.
#[test]
fn a_log_whose_commands_do_not_follow_each_other_is_refused() {
    let log = cut(&eventful(), 400);
    let numbered = |change: &dyn Fn(&mut SealedCommand)| {
        let mut changed = Log::new(session().genesis(), log.first());
        for tick in log.first().until(log.next()) {
            let mut frame = frame_of(&log, tick);
            frame.previous = changed.head();
            frame.commands.iter_mut().for_each(change);
            changed.append(&frame);
        }
        Relay::play_on(session(), changed, None).err()
    };
    let of = |wanted: &dyn Fn(&SealedCommand) -> bool| {
        let mut frames = log.frames().map(Result::unwrap);
        let frame = frames.find(|frame| frame.commands.iter().any(wanted));
        Some(PlayOnError::Command(frame.unwrap().tick))
    };
    let (all, third) = (of(&|_| true), of(&|command| command.sequence == 2));
    assert_ne!(all, third);
    assert_eq!(numbered(&|_| ()), None);
    assert_eq!(numbered(&|command| command.sequence += 1), all);
    assert_eq!(numbered(&|command| command.slot = Slot(3)), all);
    let skips = |command: &mut SealedCommand| {
        if command.sequence >= 2 {
            command.sequence += u64::MAX - 1000;
        }
    };
    assert_eq!(numbered(&skips), third);
}

/// Whether the log's player was there to its end, or gone and the computer not there yet: who does not come back is
/// replaced by the computer, as if it had been lost at the cut.
#[test]
fn the_computer_plays_for_those_who_do_not_come_back() {
    let log = eventful();
    let left = |frame: &SealedFrame| frame.entries.contains(&Entry::Leave(Slot(1)));
    let left = log.frames().map(Result::unwrap).find(left).unwrap().tick;
    let gone = left.next().since(log.first()).unsigned_abs();
    for (ticks, players, missing) in [(160, 2, vec![Slot(2)]), (gone, 1, vec![Slot(1), Slot(2)])] {
        let (before, scenario) = (cut(&log, ticks), scenario());
        let config = SessionConfig {
            length: Some(ticks + 200),
            players_min: players,
            ..session()
        };
        let relay = Relay::play_on(config, before.clone(), Some(&end_of(&before))).unwrap();
        let mut world = World::around(&scenario, relay, Mixer);
        for _ in 0..players {
            let net = (scenario.up, scenario.down);
            world.come(Mixer, scenario.client, net).unwrap();
        }
        play(&mut world, 20_000);
        is_whole(&world, &before, 200);
        for slot in Slot::all(3) {
            let seated = world.relay().log().frames().map(Result::unwrap);
            let seated = seated.filter(|frame| frame.tick >= before.next());
            let seated: Vec<_> = seated
                .filter(|frame| frame.entries.contains(&Entry::Bot(slot)))
                .map(|frame| frame.tick.since(before.next()))
                .collect();
            // 300 ms.
            let expected = missing.contains(&slot).then_some(18);
            assert_eq!(seated, Vec::from_iter(expected), "{slot} at {ticks}");
        }
    }
}
