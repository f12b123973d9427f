//! A session bears whatever happens to it at whatever tick, and who tests that sees where it does not.
#![expect(clippy::unwrap_used, reason = "a test")]

mod sharing;

use core::time::Duration;
use std::collections::BTreeSet;

use phalanx_engine::{Slot, Tick, TickRate};
use phalanx_netcode::testing::fork::{Finding, ForkTest, Incident, Outage, RUN_ON_TICKS};
use phalanx_netcode::testing::{Mixer, Plant, Preset, Scenario};
use sharing::Sharing;

fn scenario(net: Preset, players: u8, seed: u64) -> Scenario {
    Scenario {
        up: net.conditions(),
        down: net.conditions(),
        players,
        seed,
        ..Scenario::default()
    }
}

fn at(scenario: &Scenario, tick: u64) -> ForkTest<Mixer> {
    let mut test = ForkTest::new(scenario, Mixer, Vec::new()).unwrap();
    test.go_to(Tick(tick)).unwrap();
    test
}

/// From the first tick on, also in and after times in which nothing comes through.
#[test]
fn whatever_happens_at_whatever_tick_is_borne() {
    let mut states = BTreeSet::new();
    for (seed, net) in (1..).zip([Preset::Wifi, Preset::Awful]) {
        let outage = |slot, from| Outage {
            slot: Slot(slot),
            from: Tick(from),
            until: Tick(from + 40),
        };
        let outages = vec![outage(0, 20), outage(1, 50), outage(2, 230)];
        let mut test = ForkTest::new(&scenario(net, 3, seed), Mixer, outages).unwrap();
        for tick in (0..100).map(Tick) {
            test.go_to(tick).unwrap();
            for incident in Incident::ALL {
                let forked = test.fork(incident);
                let forked =
                    forked.unwrap_or_else(|finding| panic!("{net:?} {tick} {incident}: {finding}"));
                assert!(forked.checksums.len() as u64 >= RUN_ON_TICKS);
                states.extend(forked.checksums);
            }
        }
    }
    // What happens at two ticks, or is another thing, leads to other states; those of a pause are all one.
    assert!(states.len() > 1400 * 200, "{}", states.len());
}

/// Without an incident a fork is the match itself; and a fork repeats, whatever else was forked before.
#[test]
fn a_fork_is_its_own_and_repeats() {
    let scenario = scenario(Preset::Mobile, 2, 5);
    let mut test = at(&scenario, 70);
    let nothing = test.fork(Incident::Nothing).unwrap().checksums;
    let left = test.fork(Incident::Leave).unwrap().checksums;
    assert_ne!(nothing, left);
    assert_eq!(
        left,
        at(&scenario, 70).fork(Incident::Leave).unwrap().checksums
    );
    test.go_to(Tick(90)).unwrap();
    let later = test.fork(Incident::Nothing).unwrap().checksums;
    let both = usize::try_from(RUN_ON_TICKS).unwrap() - 20;
    assert_eq!(nothing[20..][..both], later[..both]);
}

/// No incident is one in name only.
#[test]
fn whatever_happens_makes_a_difference() {
    let test = at(&scenario(Preset::Wifi, 3, 8), 90);
    let nothing = test.fork(Incident::Nothing).unwrap().checksums;
    for incident in Incident::ALL {
        let forked = test.fork(incident).unwrap().checksums;
        assert_ne!(forked, nothing, "{incident}");
    }
}

/// The canary: one player's rules hear a tick too late who left.
#[test]
fn a_mistake_in_how_somebody_leaves_is_found() {
    for (seed, net) in (1..).zip(Preset::ALL) {
        let mut scenario = scenario(net, 3, seed);
        scenario.late_leave = Some(Slot(1));
        let mut test = ForkTest::new(&scenario, Mixer, Vec::new()).unwrap();
        let mut found = 0;
        for tick in (0..60).step_by(10) {
            test.go_to(Tick(tick)).unwrap();
            for incident in [Incident::Leave, Incident::Kill] {
                match test.fork(incident) {
                    Err(Finding::Desync(at)) if at >= Tick(tick) => found += 1,
                    // It was the one who left.
                    other => assert!(other.is_ok(), "{other:?}"),
                }
            }
            for incident in [Incident::Pause, Incident::Game, Incident::Nothing] {
                test.fork(incident).unwrap();
            }
        }
        assert!(found >= 4, "{net:?}: {found}");
    }
}

/// So is another world than the others', also if nothing happens, and in the match itself.
#[test]
fn another_world_is_found_at_its_tick() {
    let plant = Some(Plant {
        slot: Slot(0),
        tick: Tick(120),
        seed: 3,
    });
    let scenario = Scenario {
        plant,
        ..scenario(Preset::Far, 2, 3)
    };
    let found = at(&scenario, 60).fork(Incident::Nothing).unwrap_err();
    assert_eq!(found, Finding::Desync(Tick(120)));
    let mut test = ForkTest::new(&scenario, Mixer, Vec::new()).unwrap();
    assert_eq!(test.go_to(Tick(400)), Err(Finding::Desync(Tick(120))));
}

/// So is a world that all players hold and that does not follow from the log.
#[test]
fn a_world_that_is_not_the_logs_is_found() {
    let mut test =
        ForkTest::new(&scenario(Preset::Lan, 2, 1), Sharing::default(), Vec::new()).unwrap();
    test.go_to(Tick(200)).unwrap();
    let found = test.fork(Incident::Nothing).unwrap_err();
    assert!(
        matches!(found, Finding::Replay(tick) if tick < Tick(200)),
        "{found}"
    );
}

/// So is a player whom the relay gives up.
#[test]
fn a_player_who_is_lost_is_found() {
    let scenario = Scenario {
        rate: TickRate::hz(20),
        ..scenario(Preset::Lan, 2, 1)
    };
    let outage = Outage {
        slot: Slot(1),
        from: Tick(31),
        until: Tick(300),
    };
    let mut test = ForkTest::new(&scenario, Mixer, vec![outage]).unwrap();
    test.go_to(Tick(30)).unwrap();
    assert_eq!(
        test.fork(Incident::Nothing).unwrap_err(),
        Finding::Lost(Slot(1))
    );
}

/// So is a match that nobody can begin.
#[test]
fn a_match_that_does_not_begin_is_found() {
    let mut scenario = scenario(Preset::Lan, 2, 1);
    scenario.down.loss_per_10k = 10_000;
    let mut test = ForkTest::new(&scenario, Mixer, Vec::new()).unwrap();
    assert_eq!(test.go_to(Tick(1)), Err(Finding::NotBegun));
}

/// So are ticks that were not agreed when the relay had waited long enough for the last votes.
#[test]
fn ticks_that_are_not_agreed_are_found() {
    let mut scenario = Scenario {
        rate: TickRate::hz(20),
        ..scenario(Preset::Lan, 2, 1)
    };
    for way in [&mut scenario.up, &mut scenario.down] {
        way.delay = Duration::from_millis(2600);
    }
    let mut test = ForkTest::new(&scenario, Mixer, Vec::new()).unwrap();
    test.go_to(Tick(30)).unwrap();
    let found = test.fork(Incident::Nothing).unwrap_err();
    assert!(
        matches!(found, Finding::NotAgreed { sealed, agreed, .. } if agreed < sealed),
        "{found}"
    );
}

/// So is what should have happened and did not: at half of one tick a second nobody plays.
#[test]
fn what_did_not_happen_is_found() {
    let scenario = Scenario {
        rate: TickRate::hz(1),
        ..scenario(Preset::Lan, 2, 1)
    };
    let mut test = ForkTest::new(&scenario, Mixer, Vec::new()).unwrap();
    let mut found = BTreeSet::new();
    for tick in (1..30).map(Tick) {
        test.go_to(tick).unwrap();
        found.extend(
            test.fork(Incident::Speed)
                .err()
                .map(|finding| finding.to_string()),
        );
    }
    let expected = ["2/4", "3/4"]
        .map(|speed| format!("what was to happen did not, or was not sealed: speed {speed}"));
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
}
