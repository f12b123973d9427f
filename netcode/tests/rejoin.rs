//! Who comes late, or back, in whole matches in the virtual world.
#![expect(clippy::unwrap_used, reason = "a test")]

use core::time::Duration;

use phalanx_engine::{
    Digest, Entry, Presence, Provenance, SealedFrame, Slot, Tick, Timeline, Window,
};
use phalanx_netcode::testing::{Mixer, Preset, Scenario, World};
use phalanx_netcode::{ClientConfig, Event};

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

/// The chained digest of the last tick, from the log alone.
fn replayed(world: &World<Mixer>) -> (Timeline<Mixer>, Digest) {
    let (repeat, ticks) = (world.relay().config().rules.repeat, 0);
    let setup = world.relay().config().setup;
    let mut timeline = Timeline::new(Mixer, &setup, Window { ticks, repeat }).unwrap();
    for frame in world.relay().log().frames() {
        timeline.seal(&frame.unwrap()).unwrap();
        timeline.advance().unwrap();
    }
    let last = world.relay().log().next().previous().unwrap();
    let chained = timeline.chained(last).unwrap();
    (timeline, chained)
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
            whole += 1;
        }
    }
    let told: Vec<_> = world.relay_events().iter().collect();
    let events: Vec<_> = Slot::all(3)
        .map(|slot| (world.events(slot), world.client(slot).behind()))
        .collect();
    assert_eq!(whole, players, "{told:?} {events:?}");
}

fn frames(world: &World<Mixer>) -> Vec<SealedFrame> {
    world.relay().log().frames().map(Result::unwrap).collect()
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
