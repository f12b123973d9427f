//! What ggrs tests of its sessions, asked of ours: its suite's lockstep, delay, desync and
//! convergence tests in the virtual world, and its two start-up and throughput defects beside it.
#![expect(clippy::unwrap_used, reason = "a test")]

mod ggrs_support;

use core::fmt::Write;
use core::time::Duration;

use ggrs_support::ours::{checksums, over_ticks, waiting};
use ggrs_support::wire::Latency;
use ggrs_support::{Match, Peers, scripted};
use phalanx_engine::{Provenance, Slot, Tick};
use phalanx_netcode::testing::{LinkConditions, Mixer, Plant, Preset, Scenario, World};
use phalanx_netcode::{ClientConfig, Event, Time};

fn script(slot: Slot, tick: Tick) -> u16 {
    u16::try_from(scripted(3, slot, tick) & 0xffff).unwrap()
}

fn world(scenario: &Scenario) -> World<Mixer> {
    World::new(scenario, || Mixer).unwrap()
}

fn seconds(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

fn lockstep(delay: u32, ticks: u64) -> Scenario {
    let client = ClientConfig::new(delay, 0);
    waiting(Scenario {
        client,
        ..over_ticks(ticks)
    })
}

/// `test_synchronize_p2p_sessions`, `test_synchronizing_events_emitted`.
#[test]
fn every_player_is_told_that_it_joined_and_that_the_match_started() {
    let scenario = Scenario {
        players: 4,
        ..over_ticks(2)
    };
    let mut world = world(&scenario);
    world.run_until(seconds(3), |slot, tick, _| Some(script(slot, tick)));
    for slot in Slot::all(4) {
        let [Event::Joined { slot: joined, .. }, Event::Started] = world.events(slot) else {
            panic!("{:?}", world.events(slot));
        };
        assert_eq!(*joined, slot);
    }
}

/// `test_advance_frame_p2p_sessions`, `test_game_state_converges`.
#[test]
fn states_converge() {
    for players in 2..=4 {
        let net = Preset::Mobile.conditions();
        let scenario = Scenario {
            players,
            up: net,
            down: net,
            ..Scenario::default()
        };
        let mut world = world(&scenario);
        let all = checksums(&mut world, &scenario, script);
        assert_eq!(all[0].len(), 600);
        assert!(all.iter().all(|checksums| *checksums == all[0]));
        let state = |slot| world.client(slot).state().unwrap();
        for slot in Slot::all(players) {
            assert_eq!(state(slot), state(Slot(0)));
        }
    }
}

/// `test_desync_detection_off_by_default`, `test_desyncs_and_input_delay_no_panic`: without a
/// difference nobody is alarmed, with whatever delay and however deep the rollbacks.
#[test]
fn no_desync_is_reported_where_there_is_none() {
    for delay in [0, 1, 5] {
        let net = Preset::Awful.conditions();
        let scenario = Scenario {
            client: ClientConfig::new(delay, 20),
            up: net,
            down: net,
            ..Scenario::default()
        };
        let mut world = world(&scenario);
        world.run_bots();
        assert!(world.report().rollbacks > 0);
        for slot in Slot::all(2) {
            let desync = |event: &&Event| matches!(event, Event::Desync(_));
            assert_eq!(world.events(slot).iter().find(desync), None);
        }
    }
}

/// `test_desyncs_detected`: ggrs finds it at the next multiple of its interval, we at the tick.
#[test]
fn a_desync_is_reported_to_both_at_its_tick() {
    for tick in [110, 123, 200].map(Tick) {
        let plant = Some(Plant {
            slot: Slot(0),
            tick,
            seed: 9,
        });
        let scenario = Scenario {
            plant,
            ..over_ticks(2)
        };
        let mut world = world(&scenario);
        world.run_bots();
        for slot in Slot::all(2) {
            let desyncs = world.events(slot).iter();
            let desyncs: Vec<_> = desyncs
                .filter(|event| matches!(event, Event::Desync(_)))
                .collect();
            assert_eq!(desyncs, [&Event::Desync(tick)]);
        }
    }
}

/// `test_lockstep_advances_with_zero_latency_zero_delay`, `test_lockstep_advances_with_input_delay`.
#[test]
fn lockstep_advances_with_and_without_delay() {
    for delay in 0..=3 {
        let scenario = lockstep(delay, 0);
        let mut world = world(&scenario);
        let all = checksums(&mut world, &scenario, script);
        assert_eq!(all[0].len(), 600, "delay {delay}");
        assert_eq!(all[0], all[1]);
        assert_eq!(world.report().rollbacks, 0);
    }
}

/// `test_lockstep_stalls_without_remote_input`,
/// `test_lockstep_stalls_with_input_delay_and_no_remote_input`,
/// `test_lockstep_recovers_after_repeated_stalls`: a player's inputs do not get through for a second
/// and a half, within what a datagram can make up for. Nobody executes a tick, nobody's input is
/// lost.
#[test]
fn lockstep_stalls_without_inputs_and_recovers() {
    for delay in [0, 3, 7] {
        let scenario = lockstep(delay, 3);
        let mut world = world(&scenario);
        let input = |slot, tick, _: &_| Some(script(slot, tick));
        world.run_until(seconds(4), input);
        let now = world.now();
        let (network, up, _) = world.network(Slot(1));
        network.cut(now, up, true);
        // What is under way still arrives.
        world.run_until(seconds(4) + Duration::from_millis(500), input);
        let stuck = world.client(Slot(0)).timeline().unwrap().next();
        world.run_until(seconds(5) + Duration::from_millis(500), input);
        let next = |slot| world.client(slot).timeline().unwrap().next();
        assert_eq!((next(Slot(0)), next(Slot(1))), (stuck, stuck));

        let now = world.now();
        let (network, up, _) = world.network(Slot(1));
        network.cut(now, up, false);
        world.run_until(Time::NEVER, input);
        let report = world.report();
        assert_eq!(report.confirmed_ticks, 600, "delay {delay}");
        assert_eq!(report.desync, None);
        assert!(report.stalls > 100, "{}", report.stalls);
        assert_eq!(report.late_inputs, 0, "delay {delay}: all were waited for");
    }
}

/// `test_stall` at the window's edge: as many ticks are predicted as the window allows, no more.
#[test]
fn rollback_stalls_at_the_window_and_recovers() {
    let window = 8;
    let client = ClientConfig::new(1, window);
    let scenario = waiting(Scenario {
        client,
        ..over_ticks(2)
    });
    let mut world = world(&scenario);
    let input = |slot, tick, _: &_| Some(script(slot, tick));
    world.run_until(seconds(4), input);
    let now = world.now();
    let (network, up, _) = world.network(Slot(1));
    network.cut(now, up, true);
    world.run_until(seconds(6), input);
    let timeline = world.client(Slot(0)).timeline().unwrap();
    assert_eq!(timeline.next(), timeline.confirmed() + u64::from(window));
    let now = world.now();
    let (network, up, _) = world.network(Slot(1));
    network.cut(now, up, false);
    world.run_until(Time::NEVER, input);
    assert_eq!(world.report().confirmed_ticks, 600);
    assert_eq!(world.report().desync, None);
}

/// ggrs's `with_input_delay` is one number for a session's own players; peers may differ. Ours
/// as well: whatever their delays, the same inputs by tick are the same world.
#[test]
fn delays_do_not_change_what_happens() {
    let mut first = None;
    for delay in [0, 1, 4, 9] {
        let client = ClientConfig::new(delay, 12);
        let scenario = waiting(Scenario {
            client,
            ..over_ticks(3)
        });
        let mut world = world(&scenario);
        let all = checksums(&mut world, &scenario, script);
        assert_eq!(&all[0], first.get_or_insert_with(|| all[0].clone()));
    }
    // And ggrs with players of different delays comes to the same.
    let mut config = Match::new(2, 600, (0, 8), Latency::constant(3));
    config.delays = vec![1, 4];
    let mut peers = Peers::connect(&config, || Mixer).unwrap();
    peers.play(&config, &script).unwrap();
    for peer in peers.peers {
        assert_eq!(Some(&peer.checksums), first.as_ref());
    }
}

/// Defect B of ggrs 0.13: with an input delay the first packet starts at frame `delay`, every later
/// one names a frame before it as its reference, and nothing decodes until the first round trip
/// is over. Our datagrams are self-contained: every stamped input is used, from the first one on,
/// whatever is lost.
#[test]
fn nothing_is_lost_at_the_start_with_a_delay() {
    for (delay, loss_per_10k) in [(0, 0), (2, 0), (6, 0), (2, 500), (6, 500)] {
        let mut scenario = waiting(over_ticks(6));
        scenario.client = ClientConfig::new(delay, 20);
        for net in [&mut scenario.up, &mut scenario.down] {
            *net = LinkConditions {
                loss_per_10k,
                ..*net
            };
        }
        let mut world = world(&scenario);
        world.run_until(Time::NEVER, |slot, tick, _| Some(script(slot, tick)));
        for (tick, frame) in (0..).zip(world.relay().log().frames()) {
            let expected = if tick < u64::from(delay) {
                Provenance::Neutral
            } else {
                Provenance::Real
            };
            assert_eq!(
                frame.unwrap().provenance,
                [expected; 2],
                "tick {tick}, delay {delay}"
            );
        }
        let report = world.report();
        assert_eq!((report.confirmed_ticks, report.desync), (600, None));
        if loss_per_10k == 0 {
            assert_eq!(report.stalls, 0, "delay {delay}");
        }
    }
}

/// Frames that ggrs executes in 600 ticks of lockstep, on the slower of two peers.
fn ggrs_frames(delay: u64, latency: u64) -> u64 {
    let config = Match::new(2, 10_000, (delay, 0), Latency::constant(latency));
    let mut peers = Peers::connect(&config, || Mixer).unwrap();
    for _ in 0..600 {
        peers.tick(&script).unwrap();
    }
    peers.slowest().0
}

/// Defect A of ggrs 0.13: lockstep is stop-and-wait, its delay has to cover the round trip. Over
/// three ticks up and three down, ours runs at full rate from a delay of seven ticks on.
#[test]
fn lockstep_needs_one_way_where_ggrs_needs_the_round_trip() {
    let mut table = String::from(
        "600 ticks of lockstep, two players\n\
         delay | ours, 3 up + 3 down: stalls per player | ggrs over 6: frames | ggrs over 3\n",
    );
    for delay in 3..=14 {
        let client = ClientConfig::new(delay, 0);
        let scenario = Scenario {
            client,
            ..over_ticks(3)
        };
        let mut world = world(&scenario);
        world.run_bots();
        let report = world.report();
        assert_eq!((report.confirmed_ticks, report.late_inputs), (600, 0));
        let (same, direct) = (ggrs_frames(delay.into(), 6), ggrs_frames(delay.into(), 3));
        let stalls = report.stalls / 2;
        writeln!(table, "{delay:5} | {stalls:38} | {same:19} | {direct:11}").unwrap();

        assert_eq!(stalls == 0, delay >= 7, "{table}");
        // The first frames of ggrs wait for the first inputs; from then on it could run.
        let full = 590;
        assert!(same < full || delay >= 12, "{table}");
        assert!(direct < full || delay >= 7, "{table}");
    }
    println!("{table}");
}
