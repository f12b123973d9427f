//! Who comes late, or back, in whole matches in the virtual world.
#![expect(clippy::unwrap_used, reason = "a test")]

mod aftermath;

use core::time::Duration;

use aftermath::{frames, replayed};
use phalanx_engine::{Entry, Presence, Provenance, SealedFrame, Slot, Speed, Tick, TickRate};
use phalanx_netcode::testing::{Mixer, Plant, Preset, Scenario, World};
use phalanx_netcode::{
    ClientConfig, CloseReason, Event, LatePolicy, RelayEvent, ResumeToken, SessionConfig,
};

fn over(preset: Preset) -> Scenario {
    let net = preset.conditions();
    let mut scenario = Scenario {
        players: 3,
        ticks: 1500,
        seed: 5,
        up: net,
        down: net,
        ..Scenario::default()
    };
    scenario.rules.keyframe_ticks = 300;
    scenario
}

fn world(scenario: &Scenario) -> World<Mixer> {
    World::new(scenario, || Mixer).unwrap()
}

/// Plays for so long with bots.
fn play(world: &mut World<Mixer>, millis: u64) {
    let end = world.now() + Duration::from_millis(millis);
    world.run_until(end, |_, _, _| None);
}

/// Plays until that tick is sealed.
fn play_to(world: &mut World<Mixer>, tick: u64) {
    while world.relay().log().next() <= Tick(tick) {
        play(world, 5);
    }
}

/// Everybody who is in the match at its end holds what the log says; so many are.
fn assert_whole(world: &mut World<Mixer>, players: usize) {
    world.run_bots();
    world.relay().log().verify().unwrap();
    assert_eq!(world.relay().disagreement(), None);
    let next = world.relay().log().next();
    assert_eq!(world.relay().agreed(), next);
    let (timeline, chained) = replayed(world);
    let last = next.previous().unwrap();
    let mut whole = 0;
    for slot in Slot::all(world.relay().config().setup.slots) {
        if timeline.session().presence(slot) == Presence::Player {
            let held = world.snapshot(slot, last).map(|snapshot| snapshot.chained);
            assert_eq!(held, Some(chained), "slot {slot}");
            let head = world.client(slot).log_head();
            assert_eq!(head, Some(world.relay().log().head()), "slot {slot}");
            whole += 1;
        }
    }
    let told: Vec<_> = world.relay_events().iter().collect();
    let events: Vec<_> = Slot::all(3)
        .map(|slot| (world.events(slot), world.client(slot).behind()))
        .collect();
    assert_eq!(whole, players, "{told:?} {events:?}");
}

/// Every entry of a slot, and its tick.
fn entries_of(world: &World<Mixer>, slot: Slot) -> Vec<(u64, Entry)> {
    let of_slot = |entry: &Entry| matches!(entry, Entry::Join(other) | Entry::Leave(other) | Entry::Bot(other) if *other == slot);
    let frames = frames(world).into_iter();
    frames
        .flat_map(|frame| {
            frame
                .entries
                .into_iter()
                .map(move |entry| (frame.tick.0, entry))
        })
        .filter(|(_, entry)| of_slot(entry))
        .collect()
}

/// From where to where the player in a slot caught up, each time.
fn catching_up(world: &World<Mixer>, slot: Slot) -> Vec<(u64, u64)> {
    let caught = |event: &Event| match event {
        Event::CatchingUp { from, to } => Some((from.0, to.0)),
        _ => None,
    };
    world.events(slot).iter().filter_map(caught).collect()
}

#[test]
fn who_lost_the_connection_goes_on_from_what_it_has() {
    for preset in [Preset::Lan, Preset::Wifi, Preset::Awful] {
        let scenario = over(preset);
        let mut world = world(&scenario);
        play_to(&mut world, 400);
        world.kill(Slot(1));
        play_to(&mut world, 580);
        world.reconnect(Slot(1));
        assert_whole(&mut world, 3);
        let [(from, to)] = catching_up(&world, Slot(1))[..] else {
            panic!("{preset:?}: {:?}", world.events(Slot(1)));
        };
        assert!(
            (340..=402).contains(&from) && (580..700).contains(&to),
            "{from} to {to}"
        );
        let [
            (0, Entry::Join(_)),
            (left, Entry::Leave(_)),
            (back, Entry::Join(_)),
        ] = entries_of(&world, Slot(1))[..]
        else {
            panic!("{:?}", entries_of(&world, Slot(1)));
        };
        assert!(
            (400..=402).contains(&left) && to <= back && back < to + 60,
            "{to}: {back}"
        );
        // From its return on it plays, and before nothing is taken from it.
        for frame in frames(&world) {
            let provenance = frame.provenance[1];
            if (left..back).contains(&frame.tick.0) {
                assert_eq!(provenance, Provenance::Neutral);
            }
        }
        let real =
            |frame: &&SealedFrame| frame.tick.0 >= back && frame.provenance[1] == Provenance::Real;
        let real = frames(&world).iter().filter(real).count() as u64;
        let most = 1500 - back;
        assert!(real * 10 >= most * 9, "{preset:?}: {real} of {most}");
    }
}

#[test]
fn who_starts_again_goes_on_from_a_snapshot() {
    for preset in [Preset::Lan, Preset::Wifi, Preset::Awful] {
        let scenario = over(preset);
        let mut world = world(&scenario);
        play_to(&mut world, 800);
        world.kill(Slot(2));
        play_to(&mut world, 830);
        world
            .restart(Slot(2), Mixer, ClientConfig::default())
            .unwrap();
        assert_whole(&mut world, 3);
        let [(from, _)] = catching_up(&world, Slot(2))[..] else {
            panic!("{preset:?}: {:?}", world.events(Slot(2)));
        };
        assert!(from == 300 || from == 600, "from a keyframe, not {from}");
        assert!(world.events(Slot(2)).contains(&Event::Live));
    }
}

#[test]
fn without_a_snapshot_every_tick_is_executed() {
    let mut scenario = over(Preset::Wifi);
    scenario.rules.keyframe_ticks = 0;
    let mut world = world(&scenario);
    play_to(&mut world, 800);
    world.kill(Slot(0));
    world
        .restart(Slot(0), Mixer, ClientConfig::default())
        .unwrap();
    assert_whole(&mut world, 3);
    let [(0, to)] = catching_up(&world, Slot(0))[..] else {
        panic!("{:?}", world.events(Slot(0)));
    };
    assert!(to > 800);
}

/// Its slot is taken by nobody, but by the computer, which gives it back.
#[test]
fn the_computer_plays_until_its_player_is_back() {
    let mut scenario = over(Preset::Wifi);
    scenario.rules.bot_after_ms = Some(500);
    let mut world = world(&scenario);
    play_to(&mut world, 400);
    world.kill(Slot(1));
    play_to(&mut world, 600);
    world.reconnect(Slot(1));
    assert_whole(&mut world, 3);
    let entries = entries_of(&world, Slot(1));
    let [
        (0, Entry::Join(_)),
        (left, Entry::Leave(_)),
        (bot, Entry::Bot(_)),
        (back, Entry::Join(_)),
    ] = entries[..]
    else {
        panic!("{entries:?}");
    };
    assert!(bot - left == 30 && back > 600, "{entries:?}");
}

/// Everything that changes while somebody is away is there when it is back: rate, speed, pause.
#[test]
fn who_was_away_finds_the_pace_that_is() {
    for preset in [Preset::Lan, Preset::Wifi] {
        for away in [1, 40, 250] {
            let scenario = over(preset);
            let mut world = world(&scenario);
            play_to(&mut world, 400);
            world.kill(Slot(1));
            let relay = world.relay_mut();
            relay.change_rate(TickRate::hz(30)).unwrap();
            relay.pause(Duration::from_millis(600)).unwrap();
            play_to(&mut world, 400 + away);
            world
                .restart(Slot(1), Mixer, ClientConfig::default())
                .unwrap();
            play_to(&mut world, 720);
            world
                .relay_mut()
                .resume(Duration::from_millis(500))
                .unwrap();
            let speed = Speed::times(2);
            world.relay_mut().change_speed(speed).unwrap();
            assert_whole(&mut world, 3);
            let entries = entries_of(&world, Slot(1));
            let back = entries.last().unwrap().0;
            assert!(
                (400 + away..700).contains(&back),
                "{preset:?} {away}: {entries:?}"
            );
            let session = world.client(Slot(1)).session().unwrap();
            assert_eq!(
                (session.rate(), session.pace().speed()),
                (TickRate::hz(30), speed)
            );
            let late = world.relay().slot_stats(Slot(1)).unwrap().late;
            assert!(late < 60, "{preset:?} {away}: {late} late");
        }
    }
}

/// The relay hears of the new connection before it knows that the old one is dead.
#[test]
fn whoever_comes_back_takes_the_place_of_itself() {
    let scenario = over(Preset::Wifi);
    let mut world = world(&scenario);
    play_to(&mut world, 400);
    world.cut(Slot(1));
    play_to(&mut world, 460);
    world.reconnect(Slot(1));
    assert_whole(&mut world, 3);
    let left = |event: &&RelayEvent| matches!(event, RelayEvent::Left { .. });
    let told: Vec<_> = world.relay_events().iter().filter(left).collect();
    let replaced = RelayEvent::Left {
        slot: Slot(1),
        reason: Some(CloseReason::Replaced),
    };
    assert_eq!(told, [&replaced]);
    let entries = entries_of(&world, Slot(1));
    assert_eq!(entries.len(), 3, "{entries:?}");
}

/// Regression: it closed itself when it was given another slot than before.
#[test]
fn who_has_no_claim_comes_back_as_a_new_player() {
    for tick in 400..404 {
        let scenario = over(Preset::Lan);
        let mut session = scenario.session(&Mixer);
        (session.resume, session.late_join, session.players_min) = (None, true, 2);
        let mut world = World::vacant(&scenario, session, Mixer).unwrap();
        let net = Preset::Lan.conditions();
        let come = |world: &mut World<Mixer>| {
            let place = world.come(Mixer, ClientConfig::default(), (net, net));
            play(world, 500);
            place.unwrap()
        };
        let (first, second) = (come(&mut world), come(&mut world));
        play_to(&mut world, tick);
        // Its way is long now, and somebody else is there before it.
        let (now, far) = (world.now(), Preset::Far.conditions());
        let (network, up, _) = world.network(Slot(0));
        network.set_conditions(now, up, far);
        world.kill(Slot(0));
        assert_eq!(world.client(Slot(0)).token(), None);
        world.reconnect(Slot(0));
        let third = come(&mut world);
        let slots = [first, second, third].map(|place| world.slot_of(place));
        assert_eq!(slots, [2, 1, 0].map(|slot| Some(Slot(slot))));
        assert_whole(&mut world, 3);
        assert_eq!(world.closed(first), Some(CloseReason::Ended));
        let real = world.relay().slot_stats(Slot(2)).unwrap().real;
        assert!(real > 900, "it plays there: {real}");
    }
}

/// Away for longer than the window, with the connection alive: nothing of the session's changes.
#[test]
fn a_network_that_is_gone_for_three_seconds_costs_no_seat() {
    for policy in [
        LatePolicy::Repeat,
        LatePolicy::Neutral,
        LatePolicy::Wait { bound_ms: 500 },
    ] {
        let mut scenario = over(Preset::Lan);
        scenario.rules.policy = policy;
        let mut world = world(&scenario);
        play_to(&mut world, 400);
        let before: Vec<_> = [0, 2]
            .map(|slot| world.client(Slot(slot)).stats().stalls)
            .into();
        world.unplug(Slot(1));
        play(&mut world, 3000);
        world.plug(Slot(1));
        assert_whole(&mut world, 3);
        assert_eq!(entries_of(&world, Slot(1)).len(), 1, "{policy:?}");
        let most = match policy {
            // Half a second is waited for once.
            LatePolicy::Wait { .. } => 40,
            LatePolicy::Repeat | LatePolicy::Neutral => 3,
        };
        for (slot, before) in [0, 2].into_iter().zip(before) {
            let stalls = world.client(Slot(slot)).stats().stalls - before;
            assert!(
                stalls <= most,
                "{policy:?}: slot {slot} stalled {stalls} times"
            );
        }
    }
}

/// Gone for so long that the relay gives the connection up, and then back by itself.
#[test]
fn a_network_that_is_gone_for_thirty_seconds_costs_the_time_it_is_gone() {
    let mut scenario = over(Preset::Wifi);
    scenario.ticks = 3600;
    let mut world = world(&scenario);
    play_to(&mut world, 400);
    world.unplug(Slot(1));
    play(&mut world, 30_000);
    world.plug(Slot(1));
    world.reconnect(Slot(1));
    assert_whole(&mut world, 3);
    let entries = entries_of(&world, Slot(1));
    let [_, (left, Entry::Leave(_)), (back, Entry::Join(_))] = entries[..] else {
        panic!("{entries:?}");
    };
    // Ten seconds of silence, and half a second to come back.
    assert!(
        (990..1030).contains(&left) && (2200..2280).contains(&back),
        "{entries:?}"
    );
}

fn open_session(scenario: &Scenario) -> SessionConfig {
    let mut config = scenario.session(&Mixer);
    config.late_join = true;
    config.linger = Some(Duration::from_secs(2));
    config
}

/// A session begins with nobody, grows and shrinks.
#[test]
fn a_session_begins_empty_grows_and_shrinks() {
    let scenario = over(Preset::Wifi);
    let mut config = open_session(&scenario);
    config.players_min = 0;
    let mut world = World::vacant(&scenario, config, Mixer).unwrap();
    let ways = (scenario.up, scenario.down);
    play(&mut world, 1500);
    let come = |world: &mut World<Mixer>, millis| {
        let place = world.come(Mixer, ClientConfig::default(), ways).unwrap();
        play(world, millis);
        world.slot_of(place).unwrap()
    };
    let first = come(&mut world, 2000);
    let second = come(&mut world, 3000);
    assert_eq!((first, second), (Slot(0), Slot(1)));
    world.leave(first);
    play(&mut world, 1000);
    let third = come(&mut world, 1000);
    assert_eq!(third, Slot(0), "whose player left for good");
    world.kill(second);
    let fourth = come(&mut world, 1000);
    assert_eq!(fourth, Slot(2), "the other one is kept for who lost it");
    world.reconnect(second);
    assert_whole(&mut world, 3);
    let rosters: Vec<_> = Slot::all(3)
        .map(|slot| entries_of(&world, slot).len())
        .collect();
    assert_eq!(rosters, [3, 3, 1]);
}

#[test]
fn a_session_without_players_lingers_for_those_who_may_come() {
    // Nobody can come back to a session that all have left.
    let scenario = over(Preset::Lan);
    let mut closed = world(&scenario);
    play_to(&mut closed, 100);
    Slot::all(3).for_each(|slot| closed.leave(slot));
    closed.run_bots();
    assert!(closed.relay().log().next() < Tick(110));

    let mut world = World::vacant(&scenario, open_session(&scenario), Mixer).unwrap();
    let ways = (scenario.up, scenario.down);
    for _ in 0..3 {
        world.come(Mixer, ClientConfig::default(), ways).unwrap();
    }
    play_to(&mut world, 100);
    Slot::all(3).for_each(|slot| world.kill(slot));
    play(&mut world, 1800);
    world.reconnect(Slot(2));
    play(&mut world, 500);
    assert_eq!(world.relay().players(), 1);
    world.kill(Slot(2));
    let from = world.relay().log().next();
    world.run_bots();
    let until = world.relay().log().next();
    assert!(
        (119..=122).contains(&until.since(from)),
        "{from} to {until}"
    );
}

#[test]
fn strangers_have_no_claim() {
    let scenario = over(Preset::Lan);
    let ways = (scenario.up, scenario.down);
    let refused = |world: &mut World<Mixer>, token: Option<ResumeToken>| {
        let place = world.come(Mixer, ClientConfig::default(), ways).unwrap();
        if let Some(token) = token {
            world.claim(place, token);
        }
        play(world, 200);
        world.closed(place)
    };
    let mut world = world(&scenario);
    play_to(&mut world, 100);
    let token = world.client(Slot(1)).token().unwrap();
    assert_eq!(refused(&mut world, None), Some(CloseReason::SessionBegun));
    let guess = format!("{}{}", "0".repeat(32), &token.to_string()[32..]);
    let guessed = refused(&mut world, guess.parse().ok());
    assert_eq!(guessed, Some(CloseReason::UnknownToken));
    world.leave(Slot(1));
    play(&mut world, 200);
    let gone = refused(&mut world, Some(token));
    assert_eq!(gone, Some(CloseReason::UnknownToken), "it left for good");
}

/// In whatever moment of its coming back the connection is lost again.
#[test]
fn connections_may_be_lost_at_any_moment_of_coming_back() {
    for millis in (0..900).step_by(15) {
        let scenario = over(Preset::Wifi);
        let mut world = world(&scenario);
        play_to(&mut world, 620);
        world.kill(Slot(1));
        play(&mut world, 500);
        world
            .restart(Slot(1), Mixer, ClientConfig::default())
            .unwrap();
        play(&mut world, millis);
        world.kill(Slot(1));
        play(&mut world, 100);
        world.reconnect(Slot(1));
        play(&mut world, millis);
        world.cut(Slot(1));
        world.reconnect(Slot(1));
        assert_whole(&mut world, 3);
    }
}

/// However long a match is, and however large its log: one keyframe, and what came after it.
#[test]
fn coming_back_takes_no_longer_after_a_long_match() {
    let back = |ticks: u64| {
        let mut scenario = over(Preset::Wifi);
        scenario.ticks = ticks + 1200;
        let mut world = world(&scenario);
        play_to(&mut world, ticks);
        world.kill(Slot(1));
        world
            .restart(Slot(1), Mixer, ClientConfig::default())
            .unwrap();
        let from = world.now();
        while !world.events(Slot(1)).contains(&Event::Live) {
            play(&mut world, 5);
        }
        world.now().since(from)
    };
    let (short, long) = (back(1000), back(40_000));
    assert!(
        long <= short + Duration::from_millis(200),
        "{short:?} and {long:?}"
    );
}

/// Two players hold different worlds while a third is on its way: it gets in all the same, and is told.
#[test]
fn a_desync_is_no_reason_to_turn_back() {
    for millis in (0..600).step_by(25) {
        let mut scenario = over(Preset::Wifi);
        scenario.plant = Some(Plant {
            slot: Slot(1),
            tick: Tick(410),
            seed: 3,
        });
        let mut world = world(&scenario);
        play_to(&mut world, 380);
        world.kill(Slot(2));
        play(&mut world, millis);
        world
            .restart(Slot(2), Mixer, ClientConfig::default())
            .unwrap();
        play_to(&mut world, 700);
        let events = world.events(Slot(2));
        assert!(events.contains(&Event::Live), "{millis}: {events:?}");
        let told = |event: &Event| matches!(event, Event::Desync(Tick(410..=700)));
        assert!(events.iter().any(told), "{millis}: {events:?}");
    }
}

/// The last ticks, and the votes for them, are still to be had for some seconds.
#[test]
fn who_is_away_at_the_end_sees_it() {
    for tick in [560, 580, 595, 599] {
        let mut scenario = over(Preset::Wifi);
        scenario.ticks = 600;
        let mut world = world(&scenario);
        play_to(&mut world, tick);
        world.kill(Slot(1));
        world.reconnect(Slot(1));
        world.run_bots();
        assert!(
            world.events(Slot(1)).contains(&Event::Ended),
            "{tick}: {:?}",
            world.events(Slot(1))
        );
    }
}

/// A tick lasts a second: nothing, or hardly anything, was sealed meanwhile.
#[test]
fn a_short_absence_from_a_slow_session_is_one() {
    for rate in [TickRate::hz(1), TickRate::hz(2), TickRate::hz(5)] {
        for millis in [0, 100, 400, 900] {
            let mut scenario = over(Preset::Wifi);
            (scenario.rate, scenario.ticks) = (rate, 40);
            let mut world = world(&scenario);
            play_to(&mut world, 10);
            play(&mut world, millis);
            world.kill(Slot(1));
            world.reconnect(Slot(1));
            assert_whole(&mut world, 3);
        }
    }
}

/// A slot is kept for as long as the host says, and no longer.
#[test]
fn slots_of_those_who_do_not_come_back_are_free_again() {
    let scenario = over(Preset::Lan);
    let ways = (scenario.up, scenario.down);
    let mut config = open_session(&scenario);
    config.reserve = Some(Duration::from_secs(2));
    let mut world = World::vacant(&scenario, config, Mixer).unwrap();
    for _ in 0..3 {
        world.come(Mixer, ClientConfig::default(), ways).unwrap();
    }
    play_to(&mut world, 100);
    let token = world.client(Slot(1)).token().unwrap();
    let comes = |world: &mut World<Mixer>| {
        let place = world.come(Mixer, ClientConfig::default(), ways).unwrap();
        play(world, 900);
        (world.slot_of(place), world.closed(place))
    };
    world.kill(Slot(1));
    play(&mut world, 500);
    assert_eq!(comes(&mut world), (None, Some(CloseReason::SessionFull)));
    play(&mut world, 900);
    assert_eq!(comes(&mut world), (Some(Slot(1)), None));
    let place = world.come(Mixer, ClientConfig::default(), ways).unwrap();
    world.claim(place, token);
    play(&mut world, 200);
    assert_eq!(world.closed(place), Some(CloseReason::UnknownToken));
    // Or the host gives it up at once.
    assert!(!world.relay_mut().release(Slot(2)), "its player is there");
    world.kill(Slot(2));
    assert!(world.relay_mut().release(Slot(2)));
    assert_eq!(comes(&mut world), (Some(Slot(2)), None));
    assert_whole(&mut world, 3);
}
