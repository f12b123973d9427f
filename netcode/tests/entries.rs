//! What happens to a session itself, in whole matches in the virtual world: pause, speed, bots, and what the
//! host says.
#![expect(clippy::unwrap_used, reason = "a test")]

mod aftermath;

use core::time::Duration;

use aftermath::{frames, replayed};
use phalanx_engine::{Entry, Presence, Provenance, Slot, Speed, Tick, Timeline};
use phalanx_netcode::testing::{Mixer, Note, Preset, Scenario, World};
use phalanx_netcode::{PaceError, RelayEvent};

fn over(preset: Preset) -> Scenario {
    let net = preset.conditions();
    Scenario {
        players: 3,
        ticks: 1200,
        seed: 5,
        up: net,
        down: net,
        ..Scenario::default()
    }
}

fn world(scenario: &Scenario) -> World<Mixer> {
    World::new(scenario, || Mixer).unwrap()
}

/// Plays for so long with bots.
fn play(world: &mut World<Mixer>, seconds: u64) {
    let end = world.now() + Duration::from_secs(seconds);
    world.run_until(end, |_, _, _| None);
}

/// All came to the end, and hold what the log says.
fn assert_whole(world: &mut World<Mixer>, scenario: &Scenario) -> Timeline<Mixer> {
    world.run_bots();
    world.relay().log().verify().unwrap();
    let report = world.report();
    assert_eq!(report.desync, None);
    assert_eq!(report.agreed_ticks, scenario.ticks);
    let (timeline, chained) = replayed(world);
    let last = world.relay().log().next().previous().unwrap();
    for slot in Slot::all(scenario.players) {
        let left = timeline.session().presence(slot) != Presence::Player;
        let held = world.snapshot(slot, last).map(|snapshot| snapshot.chained);
        assert!(left || held == Some(chained), "slot {slot}");
    }
    timeline
}

fn turns(world: &World<Mixer>) -> Vec<(bool, u64)> {
    let turn = |event: &RelayEvent| match event {
        RelayEvent::Turns { pauses, at } => Some((*pauses, at.0)),
        _ => None,
    };
    world.relay_events().iter().filter_map(turn).collect()
}

#[test]
fn in_a_pause_nothing_is_executed_and_commands_wait() {
    for preset in [Preset::Lan, Preset::Wifi, Preset::Awful] {
        let scenario = over(preset);
        let mut world = world(&scenario);
        assert_eq!(
            world.relay_mut().pause(Duration::ZERO),
            Err(PaceError::NotRunning)
        );
        play(&mut world, 5);
        let host = world.relay_mut();
        assert_eq!(host.resume(Duration::ZERO), Err(PaceError::Same));
        host.pause(Duration::from_millis(500)).unwrap();
        assert_eq!(host.pause(Duration::ZERO), Err(PaceError::Pending));
        play(&mut world, 3);
        let ordered = Note {
            number: 77,
            text: vec![],
        };
        world.command(Slot(1), &ordered).unwrap();
        play(&mut world, 1);
        world
            .relay_mut()
            .resume(Duration::from_millis(1500))
            .unwrap();
        let timeline = assert_whole(&mut world, &scenario);

        let told = turns(&world);
        let [(true, from), (false, to)] = told[..] else {
            panic!("{preset:?}: {told:?}");
        };
        let paused = from..to;
        assert!(paused.clone().count() > 200, "{paused:?}");
        // A tick of the game's for every one that was not of the pause.
        let ticks = scenario.ticks - (to - from);
        assert_eq!(timeline.state().ticks, ticks, "{preset:?}");
        for frame in frames(&world) {
            let neutral = frame
                .provenance
                .iter()
                .all(|way| *way == Provenance::Neutral);
            if paused.contains(&frame.tick.0) {
                assert!(neutral && frame.commands.is_empty(), "{frame:?}");
            }
        }
        let obeyed = frames(&world).into_iter().filter(|frame| {
            let notes = frame.commands.iter();
            notes
                .filter_map(phalanx_engine::SealedCommand::decode::<Note>)
                .any(|note| note == ordered)
        });
        let obeyed: Vec<_> = obeyed.map(|frame| frame.tick.0).collect();
        assert_eq!(obeyed, [to], "{preset:?}: with the first tick after it");
    }
}

/// Nobody goes back for ticks of a pause, which are what they are whoever did what.
#[test]
fn a_pause_that_is_told_in_time_is_no_rollback() {
    let scenario = Scenario {
        ticks: 2400,
        ..over(Preset::Wifi)
    };
    let rollbacks = |world: &World<Mixer>| world.report().rollbacks;
    let mut world = world(&scenario);
    play(&mut world, 5);
    world.relay_mut().pause(Duration::from_millis(500)).unwrap();
    play(&mut world, 2);
    let before = rollbacks(&world);
    play(&mut world, 20);
    assert_eq!(rollbacks(&world), before);
    world.relay_mut().resume(Duration::from_secs(1)).unwrap();
    play(&mut world, 5);
    assert!(rollbacks(&world) > before);
}

#[test]
fn twice_the_speed_is_twice_the_ticks_of_the_same_length() {
    let scenario = Scenario {
        ticks: 2000,
        ..over(Preset::Wifi)
    };
    let mut world = world(&scenario);
    play(&mut world, 4);
    let host = world.relay_mut();
    assert_eq!(host.change_speed(Speed::NORMAL), Err(PaceError::Same));
    assert_eq!(
        host.change_speed(Speed::times(17)),
        Err(PaceError::OutOfRange)
    );
    host.change_speed(Speed::times(2)).unwrap();
    play(&mut world, 6);
    let sealed = world.relay().log().next().0;
    play(&mut world, 2);
    assert_eq!(world.relay().log().next().0, sealed + 240);
    let session = world.client(Slot(0)).session().unwrap();
    assert_eq!(
        (session.rate(), session.pace().speed()),
        (scenario.rate, Speed::times(2))
    );
    let late = world.report().late_inputs;
    play(&mut world, 2);
    assert!(world.report().late_inputs <= late + 10, "clocks follow");
    // Deadlines of doubled ticks are exact: none is rounded from the one before.
    let at = frames(&world).iter().find_map(|frame| {
        frame.entries.iter().find_map(|entry| match entry {
            Entry::Speed { at, .. } => Some(at.0),
            _ => None,
        })
    });
    let at = at.unwrap();
    let due = |tick: u64| world.relay().deadline(Tick(tick)).as_nanos();
    assert!((due(at + 120) - due(at)).abs_diff(1_000_000_000) <= 1);
    assert!((due(at) - due(at - 60)).abs_diff(1_000_000_000) <= 1);
    assert_whole(&mut world, &scenario);
}

#[test]
fn the_computer_takes_the_slot_of_who_left() {
    let scenario = over(Preset::Mobile);
    let mut world = world(&scenario);
    play(&mut world, 5);
    assert!(!world.relay_mut().seat_bot(Slot(1)), "somebody is there");
    world.leave(Slot(1));
    play(&mut world, 1);
    assert!(world.relay_mut().seat_bot(Slot(1)));
    assert!(!world.relay_mut().seat_bot(Slot(1)), "it is there already");
    assert!(
        !world.relay_mut().seat_bot(Slot(9)),
        "there is no such slot"
    );
    play(&mut world, 2);
    let (sum, commands) = {
        let state = world.client(Slot(0)).state().unwrap();
        (state.sums[1], state.notes)
    };
    play(&mut world, 5);
    let state = world.client(Slot(0)).state().unwrap();
    assert!(state.sums[1] > sum && state.notes > commands + 10);
    let timeline = assert_whole(&mut world, &scenario);
    assert_eq!(timeline.session().presence(Slot(1)), Presence::Bot);
    // Nobody sealed what it did: every machine made it.
    let frames = frames(&world);
    let bot = frames
        .iter()
        .find(|frame| frame.entries.contains(&Entry::Bot(Slot(1))))
        .unwrap();
    let after = frames.iter().filter(|frame| frame.tick >= bot.tick);
    assert!(
        after
            .clone()
            .all(|frame| frame.input(Slot(1), 2) == Some(&[0, 0]))
    );
    assert!(
        after
            .flat_map(|frame| &frame.commands)
            .all(|command| command.slot != Slot(1))
    );
}

#[test]
fn what_the_host_says_is_executed_once_in_order_and_not_in_a_pause() {
    let scenario = over(Preset::Wifi);
    let mut world = world(&scenario);
    assert!(!world.relay_mut().say(1, 1), "not before the match");
    play(&mut world, 3);
    world.relay_mut().pause(Duration::ZERO).unwrap();
    play(&mut world, 2);
    let said: Vec<_> = (0..40)
        .map(|value| Entry::Game { kind: 3, value })
        .collect();
    for value in 0..40 {
        assert!(world.relay_mut().say(3, value));
    }
    play(&mut world, 1);
    world.relay_mut().resume(Duration::ZERO).unwrap();
    play(&mut world, 1);
    let (mut heard, mut in_frames) = (vec![], vec![]);
    for frame in frames(&world) {
        let entries = frame.entries.iter().copied();
        let of_game = entries.filter(|entry| matches!(entry, Entry::Game { .. }));
        let before = heard.len();
        heard.extend(of_game);
        in_frames.extend((heard.len() > before).then_some((frame.tick.0, heard.len() - before)));
    }
    assert_eq!(heard, said);
    let [(true, _), (false, to)] = turns(&world)[..] else {
        panic!("{:?}", turns(&world));
    };
    assert_eq!(in_frames, [(to, 16), (to + 1, 16), (to + 2, 8)]);
    while world.relay_mut().say(1, 2) {}
    assert_whole(&mut world, &scenario);
}

#[test]
fn a_host_ends_a_match() {
    let scenario = over(Preset::Wifi);
    let mut world = world(&scenario);
    play(&mut world, 3);
    assert!(world.relay_mut().end());
    let ticks = world.relay().log().next().0 + 1;
    assert_whole(&mut world, &Scenario { ticks, ..scenario });
    assert!(!world.relay_mut().end());
}

#[test]
fn the_computer_takes_a_slot_when_the_rules_say_so() {
    let mut scenario = over(Preset::Wifi);
    scenario.rules.bot_after_ms = Some(2000);
    let mut world = world(&scenario);
    play(&mut world, 5);
    world.leave(Slot(2));
    let timeline = assert_whole(&mut world, &scenario);
    assert_eq!(timeline.session().presence(Slot(2)), Presence::Bot);
    let at = |wanted: Entry| {
        let frames = frames(&world).into_iter();
        let mut ticks = frames.filter(|frame| frame.entries.contains(&wanted));
        (ticks.next().unwrap().tick.0, ticks.next())
    };
    let ((left, none), (taken, no_more)) = (at(Entry::Leave(Slot(2))), at(Entry::Bot(Slot(2))));
    assert_eq!((taken - left, none, no_more), (120, None, None));
    let told = world.relay_events().iter();
    let told = told.filter(|event| matches!(event, RelayEvent::Bot(Slot(2))));
    assert_eq!(told.count(), 1);
}

#[test]
fn a_player_pauses_as_often_as_the_rules_let_and_any_player_goes_on() {
    let mut scenario = over(Preset::Wifi);
    scenario.rules.pauses = 1;
    let mut world = world(&scenario);
    assert_eq!(world.pause(Slot(0)), Err(PaceError::NotRunning));
    play(&mut world, 4);
    assert_eq!(world.resume(Slot(0)), Err(PaceError::Same));
    // Two at once are one pause, and cost one of them nothing.
    world.pause(Slot(0)).unwrap();
    world.pause(Slot(1)).unwrap();
    play(&mut world, 2);
    assert!(world.client(Slot(2)).session().unwrap().paused());
    world.resume(Slot(2)).unwrap();
    play(&mut world, 4);
    for slot in Slot::all(2) {
        world.pause(slot).unwrap();
        play(&mut world, 2);
        let paused = world.client(slot).session().unwrap().paused();
        // Whoever came first the first time has none left.
        if paused {
            world.resume(slot).unwrap();
            play(&mut world, 4);
        }
    }
    assert_eq!(turns(&world).len(), 4, "{:?}", turns(&world));
    assert_whole(&mut world, &scenario);
}

/// Where players do not pause, nobody's word does anything.
#[test]
fn nobody_pauses_where_the_rules_do_not_say_so() {
    let scenario = over(Preset::Lan);
    let mut world = world(&scenario);
    play(&mut world, 4);
    world.pause(Slot(0)).unwrap();
    play(&mut world, 3);
    assert_eq!(turns(&world), []);
    world.relay_mut().pause(Duration::ZERO).unwrap();
    play(&mut world, 1);
    world.resume(Slot(0)).unwrap();
    play(&mut world, 5);
    assert_eq!(turns(&world).len(), 1);
    world.relay_mut().resume(Duration::ZERO).unwrap();
    assert_whole(&mut world, &scenario);
}

/// A player sees the pause before the relay has sealed a tick of it; what it asked for then was forgotten.
#[test]
fn a_pause_may_be_ended_before_it_is_sealed() {
    for preset in [Preset::Lan, Preset::Wifi, Preset::Mobile] {
        let mut scenario = over(preset);
        scenario.rules.pauses = 1;
        let mut world = world(&scenario);
        play(&mut world, 2);
        world.pause(Slot(0)).unwrap();
        let paused = |world: &World<Mixer>| world.client(Slot(1)).session().unwrap().paused();
        while !paused(&world) {
            let end = world.now() + Duration::from_millis(1);
            world.run_until(end, |_, _, _| None);
        }
        world.resume(Slot(1)).unwrap();
        play(&mut world, 6);
        assert!(!paused(&world), "{preset:?}: {:?}", turns(&world));
    }
}
