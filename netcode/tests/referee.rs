//! A referee beside the relay of matches in the virtual world.
#![expect(clippy::unwrap_used, reason = "a test")]

use core::time::Duration;

use phalanx_engine::{Slot, Tick};
use phalanx_netcode::testing::{Mixer, Plant, Preset, Scenario, World};
use phalanx_netcode::{ClientConfig, Event, Referee, RefereeError, RelayEvent};

fn over(preset: Preset, players: u8) -> Scenario {
    let net = preset.conditions();
    let mut scenario = Scenario {
        players,
        ticks: 1200,
        seed: 5,
        up: net,
        down: net,
        ..Scenario::default()
    };
    scenario.rules.keyframe_ticks = 300;
    scenario
}

/// Plays with bots until `tick` is sealed or the match is over, the referee following every 20 ms.
fn play_to(world: &mut World<Mixer>, referee: &mut Referee<Mixer>, tick: u64) {
    while world.relay().log().next() <= Tick(tick) && !world.relay().is_finished() {
        let end = world.now() + Duration::from_millis(20);
        world.run_until(end, |_, _, _| None);
        referee.follow(world.relay_mut(), || true).unwrap();
    }
}

fn verdicts(world: &World<Mixer>) -> Vec<(Slot, Tick)> {
    let verdict = |event: &RelayEvent| match event {
        RelayEvent::Verdict { slot, tick } => Some((*slot, *tick)),
        _ => None,
    };
    world.relay_events().iter().filter_map(verdict).collect()
}

#[test]
fn who_plays_by_the_rules_is_not_accused() {
    for preset in [Preset::Lan, Preset::Wifi, Preset::Awful] {
        let scenario = over(preset, 3);
        let mut world = World::new(&scenario, || Mixer).unwrap();
        let mut referee = Referee::new(Mixer, world.relay().config()).unwrap();
        play_to(&mut world, &mut referee, u64::MAX - 1);
        assert_eq!(verdicts(&world), []);
        let audit = referee.audit(world.relay());
        let (last, checksum) = world.report().checksum.unwrap();
        assert_eq!((audit.ticks, last), (1200, Tick(1199)));
        assert_eq!(audit.checksum, Some(checksum));
    }
}

/// Nobody else could tell: there is nobody else, or both are wrong alike.
#[test]
fn whose_world_is_another_one_is_named() {
    for seed in 0..12 {
        let mut scenario = over(Preset::Wifi, 1);
        scenario.plant = Some(Plant {
            slot: Slot(0),
            tick: Tick(100 + seed),
            seed,
        });
        let mut world = World::new(&scenario, || Mixer).unwrap();
        let mut referee = Referee::new(Mixer, world.relay().config()).unwrap();
        play_to(&mut world, &mut referee, u64::MAX - 1);
        assert_eq!(world.relay().disagreement(), None, "it is alone");
        assert_eq!(verdicts(&world), [(Slot(0), Tick(100 + seed))]);
        assert_eq!(referee.audit(world.relay()).wrong, verdicts(&world));
    }
}

/// Of three players one is wrong, and the referee says which.
#[test]
fn of_those_who_disagree_the_referee_knows_the_one_that_is_wrong() {
    let mut scenario = over(Preset::Mobile, 3);
    scenario.plant = Some(Plant {
        slot: Slot(1),
        tick: Tick(200),
        seed: 3,
    });
    let mut world = World::new(&scenario, || Mixer).unwrap();
    let mut referee = Referee::new(Mixer, world.relay().config()).unwrap();
    play_to(&mut world, &mut referee, 600);
    assert_eq!(world.relay().disagreement().unwrap().tick, Tick(200));
    assert_eq!(verdicts(&world), [(Slot(1), Tick(200))]);
}

/// What is recorded as a keyframe is what executing the log gives: the players' if they all agree on it, a referee's always.
#[test]
fn of_players_who_disagree_no_keyframe_is_sure() {
    let newest = |world: &World<Mixer>| world.relay().newest_keyframe().map(|(tick, _)| tick);
    for (refereed, sure) in [(false, Some(Tick(299))), (true, Some(Tick(599)))] {
        let mut scenario = over(Preset::Lan, 3);
        scenario.plant = Some(Plant {
            slot: Slot(1),
            tick: Tick(400),
            seed: 3,
        });
        let mut world = World::new(&scenario, || Mixer).unwrap();
        let mut referee = Referee::new(Mixer, world.relay().config()).unwrap();
        let mut known = None;
        while world.relay().log().next() < Tick(800) {
            let end = world.now() + Duration::from_millis(20);
            world.run_until(end, |_, _, _| None);
            if refereed {
                referee.follow(world.relay_mut(), || true).unwrap();
            }
            known = newest(&world).or(known);
        }
        assert_eq!(known, sure);
        let last = world
            .relay_events()
            .iter()
            .rev()
            .find_map(|event| match event {
                RelayEvent::Keyframe(tick) => Some(*tick),
                _ => None,
            });
        assert_eq!(last, Some(Tick(599)), "most of them hold the same");
        assert_eq!(newest(&world), sure.filter(|_| refereed));
    }
}

/// No player is asked for a snapshot, and who comes goes on from the referee's: also when it is the only one.
#[test]
fn who_comes_goes_on_from_the_referees_snapshot() {
    let mut scenario = over(Preset::Wifi, 2);
    scenario.plant = Some(Plant {
        slot: Slot(1),
        tick: Tick(200),
        seed: 3,
    });
    let mut world = World::new(&scenario, || Mixer).unwrap();
    let mut referee = Referee::new(Mixer, world.relay().config()).unwrap();
    play_to(&mut world, &mut referee, 700);
    let kept = |event: &&RelayEvent| matches!(event, RelayEvent::Keyframe(_));
    assert_eq!(world.relay_events().iter().filter(kept).count(), 2);
    world.kill(Slot(1));
    world
        .restart(Slot(1), Mixer, ClientConfig::default())
        .unwrap();
    play_to(&mut world, &mut referee, 900);
    let caught = world.events(Slot(1)).iter().find_map(|event| match event {
        Event::CatchingUp { from, .. } => Some(*from),
        _ => None,
    });
    assert_eq!(caught, Some(Tick(600)));
    let executed = world.client(Slot(1)).timeline().unwrap().confirmed();
    let last = executed.previous().unwrap().min(Tick(890));
    let held = [0, 1].map(|slot| world.snapshot(Slot(slot), last).unwrap().chained);
    assert_eq!(held[0], held[1], "it was wrong, and is healed");
}

#[test]
fn a_referee_of_another_game_is_none() {
    let mut config = over(Preset::Lan, 2).session(&Mixer);
    config.game.version += 1;
    let refused = Referee::new(Mixer, &config).err();
    assert!(matches!(refused, Some(RefereeError::OtherGame(_))));
}
