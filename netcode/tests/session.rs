//! Whole matches in the virtual world.
#![expect(clippy::unwrap_used, reason = "a test")]

use core::time::Duration;

use phalanx_engine::{Entry, PathStep, Presence, Repeat, Slot, Tick, TickRate, mix};
use phalanx_netcode::limits::SEAL_EARLY_MAX;
use phalanx_netcode::testing::{
    Detour, LinkConditions, Mixed, Mixer, Plant, Preset, Report, Scenario, World,
};
use phalanx_netcode::{
    ClientConfig, ClientConfigError, CloseReason, Event, InputDelay, LatePolicy, RelayEvent,
    SessionRules, Time,
};
use proptest::prelude::*;

fn over(preset: Preset) -> Scenario {
    let net = preset.conditions();
    Scenario {
        up: net,
        down: net,
        ..Scenario::default()
    }
}

fn world(scenario: &Scenario) -> World<Mixer> {
    World::new(scenario, || Mixer).unwrap()
}

fn play(scenario: &Scenario) -> Report {
    let mut world = world(scenario);
    world.run_bots();
    world.relay().log().verify().unwrap();
    world.report()
}

fn assert_whole(scenario: &Scenario, report: &Report) {
    assert_eq!(report.desync, None, "seed {}", scenario.seed);
    assert_eq!(report.ticks, scenario.ticks, "seed {}", scenario.seed);
    assert_eq!(
        report.confirmed_ticks, scenario.ticks,
        "seed {}",
        scenario.seed
    );
    assert_eq!(
        report.agreed_ticks, scenario.ticks,
        "seed {}",
        scenario.seed
    );
}

#[test]
fn every_preset_is_played_to_the_end() {
    for preset in Preset::ALL {
        for players in [1, 2, 4, 8] {
            let scenario = Scenario {
                players,
                seed: 3,
                ..over(preset)
            };
            assert_whole(&scenario, &play(&scenario));
        }
    }
}

#[test]
fn the_same_seed_is_the_same_match() {
    let scenario = Scenario {
        seed: 11,
        players: 3,
        ..over(Preset::Awful)
    };
    let run = || {
        let mut world = world(&scenario);
        world.run_bots();
        (
            world.report().checksum,
            world.relay().log().head(),
            world.now(),
        )
    };
    assert_eq!(run(), run());
    let other = Scenario {
        seed: 12,
        ..scenario.clone()
    };
    assert_ne!(play(&other).checksum, play(&scenario).checksum);
}

#[test]
fn all_hold_the_log_that_the_relay_sealed() {
    let scenario = Scenario {
        players: 4,
        ..over(Preset::Mobile)
    };
    let mut world = world(&scenario);
    world.run_bots();
    let head = world.relay().log().head();
    for slot in Slot::all(4) {
        assert_eq!(world.client(slot).log_head(), Some(head));
    }
}

/// The promise of n+x: with 3 ticks up and 3 ticks down, a delay of 7 ticks is lockstep at full rate.
#[test]
fn lockstep_at_full_rate_from_x_7_on() {
    let three_ticks = Duration::from_nanos(3 * Scenario::default().rate.period_nanos());
    let net = LinkConditions::constant(three_ticks);
    for delay in 4..14 {
        let client = ClientConfig::new(delay, 0);
        let scenario = Scenario {
            client,
            up: net,
            down: net,
            ..Scenario::default()
        };
        let report = play(&scenario);
        assert_whole(&scenario, &report);
        assert_eq!(report.rollbacks, 0);
        assert_eq!(report.late_inputs, 0);
        assert_eq!(
            report.stalls > 0,
            delay < 7,
            "delay {delay}: {} stalls",
            report.stalls
        );
    }
}

/// The relation that rules everything: predicted ticks are at most what the path and the delay say.
#[test]
fn a_client_predicts_no_more_than_the_path_asks() {
    let three_ticks = Duration::from_nanos(3 * Scenario::default().rate.period_nanos());
    let net = LinkConditions::constant(three_ticks);
    for delay in 0..8 {
        let client = ClientConfig::new(delay, 12);
        let scenario = Scenario {
            client,
            up: net,
            down: net,
            ..Scenario::default()
        };
        let report = play(&scenario);
        assert_eq!(report.stalls, 0, "delay {delay}");
        let most = u64::from(7_u32.saturating_sub(delay));
        assert!(
            report.rollback_depth_max <= most,
            "delay {delay}: {report:?}"
        );
    }
}

#[test]
fn a_planted_fault_is_found_at_its_tick() {
    let mut fields = std::collections::BTreeSet::new();
    for seed in 0..100 {
        let tick = Tick(100 + seed * 3);
        let plant = Some(Plant {
            slot: Slot((seed % 2) as u8),
            tick,
            seed,
        });
        let scenario = Scenario {
            seed,
            plant,
            ..over(Preset::Wifi)
        };
        let mut world = world(&scenario).stop_at_desync();
        world.run_bots();
        assert_eq!(world.report().desync, Some(tick), "seed {seed}");
        fields.insert(Slot::all(2).find_map(|slot| {
            world
                .client(slot)
                .timeline()
                .and_then(|timeline| timeline.simulation().field())
        }));
    }
    assert_eq!(
        fields.len(),
        5,
        "every field of the state was hit: {fields:?}"
    );
}

#[test]
fn both_players_are_told_of_a_desync_and_the_match_goes_on() {
    let plant = Some(Plant {
        slot: Slot(1),
        tick: Tick(200),
        seed: 5,
    });
    let scenario = Scenario {
        plant,
        ..over(Preset::Wifi)
    };
    let mut world = world(&scenario);
    world.run_bots();
    for slot in Slot::all(2) {
        let told = world
            .events(slot)
            .iter()
            .filter(|event| **event == Event::Desync(Tick(200)));
        assert_eq!(told.count(), 1);
        assert_eq!(
            world.events(slot).last(),
            Some(&Event::Closed(Some(CloseReason::Ended)))
        );
    }
    assert_eq!(world.report().agreed_ticks, 200);
    assert_eq!(world.report().confirmed_ticks, 600);
}

#[test]
fn who_is_killed_leaves_the_others_playing() {
    let scenario = Scenario {
        players: 3,
        ..over(Preset::Wifi)
    };
    let mut world = world(&scenario);
    world.run_until(Time::from_nanos(5_000_000_000), |_, _, _| None);
    world.kill(Slot(1));
    world.run_bots();
    let leaves: Vec<_> = world
        .relay()
        .log()
        .frames()
        .flat_map(|frame| frame.unwrap().entries)
        .filter(|entry| matches!(entry, Entry::Leave(_)))
        .collect();
    assert_eq!(leaves, [Entry::Leave(Slot(1))]);
    for slot in [Slot(0), Slot(2)] {
        let timeline = world.client(slot).timeline().unwrap();
        assert_eq!(timeline.confirmed(), Tick(600));
        assert_eq!(timeline.session().presence(Slot(1)), Presence::Absent);
        assert_eq!(timeline.session().presence(slot), Presence::Player);
    }
    assert_eq!(world.relay().agreed(), Tick(600));
}

#[test]
fn when_everybody_leaves_the_log_says_so() {
    let mut world = world(&over(Preset::Lan));
    world.run_until(Time::from_nanos(3_000_000_000), |_, _, _| None);
    world.leave(Slot(0));
    world.leave(Slot(1));
    world.run_bots();
    assert!(world.relay().is_finished());
    assert!(world.relay_events().contains(&RelayEvent::Finished));
    let entries: Vec<_> = world
        .relay()
        .log()
        .frames()
        .flat_map(|frame| frame.unwrap().entries)
        .collect();
    assert_eq!(
        entries
            .iter()
            .filter(|entry| matches!(entry, Entry::Leave(_)))
            .count(),
        2
    );
    assert_eq!(entries.last(), Some(&Entry::End));
}

/// A client that hears nothing for three seconds: what it missed comes by the stream.
#[test]
fn a_long_hole_is_filled_by_the_stream() {
    let scenario = Scenario {
        ticks: 900,
        ..over(Preset::Wifi)
    };
    let mut world = world(&scenario);
    world.run_until(Time::from_nanos(4_000_000_000), |_, _, _| None);
    let now = world.now();
    let (network, _, down) = world.network(Slot(0));
    network.cut(now, down, true);
    world.run_until(Time::from_nanos(7_000_000_000), |_, _, _| None);
    let now = world.now();
    let (network, _, down) = world.network(Slot(0));
    network.cut(now, down, false);
    world.run_bots();
    assert_whole(&scenario, &world.report());
}

/// A measured delay was that of what had been executed, which is what the delay lets through: it stayed a tick
/// short for ever, and never fell.
#[test]
fn a_measured_delay_is_the_path_of_lockstep() {
    let way = |ms| LinkConditions::constant(Duration::from_millis(ms));
    let scenario = Scenario {
        ticks: 3600,
        client: ClientConfig {
            delay: InputDelay::Measured {
                least: 1,
                most: 60,
                predicted: 0,
            },
            ..ClientConfig::new(0, 0)
        },
        rules: SessionRules {
            forwarding: false,
            ..Scenario::default().rules
        },
        up: way(70),
        down: way(70),
        ..Scenario::default()
    };
    let mut world = world(&scenario);
    let second = |n: u64| Time::from_nanos(n * 1_000_000_000);
    let stand = |world: &World<Mixer>| {
        let stats = Slot::all(2).map(|slot| world.client(slot).stats());
        stats
            .map(|stats| (stats.delay, stats.stalls))
            .collect::<Vec<_>>()
    };
    world.run_until(second(5), |_, _, _| None);
    let early = stand(&world);
    // 140 ms and a small margin take 9 ticks.
    assert!(early.iter().all(|(delay, _)| *delay == 9), "{early:?}");
    world.run_until(second(20), |_, _, _| None);
    assert_eq!(stand(&world), early, "no stall after the first seconds");
    for slot in Slot::all(2) {
        let now = world.now();
        let (network, up, _) = world.network(slot);
        network.set_conditions(now, up, way(20));
    }
    world.run_until(second(55), |_, _, _| None);
    let late = stand(&world);
    assert!(late.iter().all(|(delay, _)| *delay == 6), "{late:?}");
    let stalls = |stand: &[(u32, u64)]| stand.iter().map(|(_, stalls)| stalls).sum::<u64>();
    assert_eq!(stalls(&late), stalls(&early));
    world.run_bots();
    assert_whole(&scenario, &world.report());
}

/// A delay that is set while the match runs: every input stays in time, no tick is left out, and what was predicted is
/// felt instead.
#[test]
fn a_delay_is_changed_on_the_way() {
    let way = LinkConditions::constant(Duration::from_millis(40));
    let scenario = Scenario {
        client: ClientConfig::new(0, 12),
        up: way,
        down: way,
        ..Scenario::default()
    };
    let mut world = world(&scenario);
    // What is predicted depends on when one looks, by a tick.
    let until = |world: &mut World<Mixer>, seconds: u64, delay| {
        world.run_until(Time::from_nanos(seconds * 1_000_000_000), |_, _, _| None);
        let stats = world.client(Slot(1)).stats();
        world.set_delay(Slot(1), InputDelay::Ticks(delay)).unwrap();
        let timeline = world.client(Slot(1)).timeline().unwrap();
        let path = timeline.next().since(timeline.confirmed()) + i64::from(stats.delay);
        assert!((5..=6).contains(&path), "{path} at {seconds} s");
        assert_eq!(stats.stalls, 0);
        stats.delay
    };
    for (seconds, before, after) in [(3, 0, 5), (5, 5, 2), (7, 2, 0), (9, 0, 4)] {
        assert_eq!(until(&mut world, seconds, after), before);
    }
    let refused = world.set_delay(Slot(1), InputDelay::Ticks(121));
    assert_eq!(refused, Err(ClientConfigError::Delay));
    assert_eq!(world.client(Slot(1)).stats().delay, 4);
    world.run_bots();
    assert_whole(&scenario, &world.report());
    assert_eq!(world.report().late_inputs, 0);
}

/// The ways up become longer at a tick: leads follow by as much at least, and inputs are late only in between.
#[test]
fn a_detour_begins_at_its_tick() {
    let way = LinkConditions::constant(Duration::from_millis(20));
    let longer = Duration::from_millis(60);
    let at = Tick(300);
    let straight = Scenario {
        up: way,
        down: way,
        ..Scenario::default()
    };
    assert_eq!(play(&straight).late_inputs, 0);
    let scenario = Scenario {
        detour: Some(Detour { at, longer }),
        ..straight
    };
    let mut world = world(&scenario);
    let lead = |world: &World<Mixer>| {
        let lead = world.client(Slot(0)).stats().lead_nanos;
        // Clocks have nothing in common; how much further it is counts.
        lead / 1_000_000
    };
    let begun = |world: &World<Mixer>| world.report().played.as_millis();
    while begun(&world) < 5_000 {
        let next = world.now() + Duration::from_millis(1);
        world.run_until(next, |_, _, _| None);
    }
    let (before, early) = (lead(&world), world.report().late_inputs);
    assert_eq!(early, 0, "before tick 300 nothing is late");
    world.run_bots();
    let longer = lead(&world) - before;
    // And by what the late ones make the controller fear.
    assert!((59..=130).contains(&longer), "{longer} ms");
    let late = world.report().late_inputs;
    assert!((4..40).contains(&late), "{late}");
    assert_whole(&scenario, &world.report());
}

#[test]
fn policies_fill_what_is_late() {
    // One player's way up is cut for a second.
    let run = |policy| {
        let rules = SessionRules {
            policy,
            repeat: Repeat { ticks: 10 },
            forwarding: true,
            ..SessionRules::default()
        };
        let scenario = Scenario {
            rules,
            ticks: 600,
            ..over(Preset::Lan)
        };
        let mut world = world(&scenario);
        world.run_until(Time::from_nanos(4_000_000_000), |_, _, _| None);
        let now = world.now();
        let (network, up, _) = world.network(Slot(0));
        network.cut(now, up, true);
        world.run_until(Time::from_nanos(5_000_000_000), |_, _, _| Some(7));
        let now = world.now();
        let (network, up, _) = world.network(Slot(0));
        network.cut(now, up, false);
        world.run_bots();
        assert_whole(&scenario, &world.report());
        let mut kinds = [0; 3];
        for frame in world.relay().log().frames() {
            let slot = world.client(Slot(0)).slot().unwrap();
            kinds[frame.unwrap().provenance[usize::from(slot.0)] as usize] += 1;
        }
        kinds
    };
    let [_, repeated, neutral] = run(LatePolicy::Repeat);
    assert!(
        repeated == 10 && (45..55).contains(&neutral),
        "{repeated} {neutral}"
    );
    let [_, repeated, neutral] = run(LatePolicy::Neutral);
    assert!(
        repeated == 0 && (55..65).contains(&neutral),
        "{repeated} {neutral}"
    );
    let [real, repeated, neutral] = run(LatePolicy::Wait { bound_ms: 5000 });
    assert!(
        real >= 599 && repeated == 0 && neutral <= 1,
        "{real} {repeated} {neutral}"
    );
}

/// Inputs that are a function of slot and tick: whatever the network does, the log is the same.
fn scripted(seed: u64) -> impl FnMut(Slot, Tick, &Mixed) -> Option<u16> {
    move |slot, tick, _| {
        // Before everybody stamps, slots are neutral by rule; the script is neutral then, too.
        let started = tick >= Tick(64);
        let value = mix(seed ^ (tick.0 / 5) << 8 ^ u64::from(slot.0)) & 0xff;
        Some(if started {
            value.try_into().unwrap_or(0)
        } else {
            0
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Rollback and lockstep, any window, delay and preset: the same sealed inputs, the same world.
    #[test]
    fn the_same_inputs_are_the_same_world(
        players in 1_u8..=4,
        a in (0_u32..=16, 0_u32..=12, 0_usize..5),
        b in (0_u32..=16, 0_u32..=12, 0_usize..5),
        seed: u64,
        forwarding: bool,
    ) {
        let run = |(delay, window, preset): (u32, u32, usize)| {
            let policy = LatePolicy::Wait { bound_ms: 30_000 };
            let scenario = Scenario {
                players,
                client: ClientConfig::new(delay, window),
                rules: SessionRules { policy, repeat: Repeat { ticks: 30 }, forwarding, ..SessionRules::default() },
                ticks: 300,
                ..over(Preset::ALL[preset])
            };
            let mut world = world(&scenario);
            // Slots are given by order of greeting: the script goes by the slot that was given.
            world.run_until(Time::NEVER, scripted(seed));
            assert_whole(&scenario, &world.report());
            let log: Vec<_> =
                world.relay().log().frames().map(|frame| frame.unwrap().inputs).collect();
            (world.report().checksum, log)
        };
        let (first, second) = (run(a), run(b));
        prop_assert_eq!(first.1, second.1);
        prop_assert_eq!(first.0, second.0);
    }

    #[test]
    fn any_match_ends_whole(
        players in 1_u8..=8,
        delay in 0_u32..=12,
        window in 0_u32..=20,
        preset in 0_usize..5,
        policy in 0_usize..3,
        seed: u64,
    ) {
        let policies =
            [LatePolicy::Repeat, LatePolicy::Neutral, LatePolicy::Wait { bound_ms: 200 }];
        let rules = SessionRules {
            policy: policies[policy],
            repeat: Repeat { ticks: 30 },
            forwarding: seed.is_multiple_of(2),
            ..SessionRules::default()
        };
        let client = ClientConfig::new(delay, window);
        let scenario = Scenario { players, client, rules, seed, ticks: 240, ..over(Preset::ALL[preset]) };
        assert_whole(&scenario, &play(&scenario));
    }
}

/// Where two players part is found by the digests of either, down to the field.
#[test]
fn old_ticks_of_every_player_can_be_looked_at() {
    let tick = Tick(200);
    let (slot, seed) = (Slot(1), 5);
    let scenario = Scenario {
        plant: Some(Plant { slot, tick, seed }),
        ..over(Preset::Wifi)
    };
    let mut world = world(&scenario).stop_at_desync();
    world.run_bots();
    assert_eq!(world.report().desync, Some(tick));

    let before = tick.previous().unwrap();
    let mut look = |slot, tick| world.look(Slot(slot), tick, Mixed::clone).unwrap();
    assert_eq!(look(0, before), look(1, before));
    assert_ne!(look(0, tick), look(1, tick));
    let mut parts = |tick, path: &[&'static str]| {
        let path: Vec<_> = path.iter().copied().map(PathStep::Field).collect();
        let [left, right] = [0, 1].map(|slot| world.digest_at(Slot(slot), tick, &path).unwrap());
        left != right
    };
    assert!(!parts(before, &[]));
    assert!(parts(tick, &[]));
    assert!(parts(tick, &["state"]));
    assert!(!parts(tick, &["session"]));
    let fields = ["hash", "ticks", "sums", "notes", "rng"];
    let unlike = fields.map(|field| parts(tick, &["state", field]));
    assert_eq!(unlike.iter().filter(|unlike| **unlike).count(), 1);
    assert_eq!(
        world.look(Slot(0), tick + 100, |_| ()),
        None,
        "not executed"
    );
}

/// The clients' clocks may do what they want: every world is that of the log.
#[test]
fn all_execute_a_change_of_the_tick_rate_at_its_tick() {
    let scenario = Scenario {
        players: 3,
        ticks: 900,
        seed: 4,
        ..over(Preset::Wifi)
    };
    let (slow, fast) = (TickRate::hz(20), scenario.rate);
    let mut world = world(&scenario);
    let mut end = Time::from_nanos(4_000_000_000);
    world.run_until(end, |_, _, _| None);
    world.relay_mut().change_rate(slow).unwrap();
    while world.relay_mut().change_rate(fast).is_err() {
        end += Duration::from_millis(100);
        world.run_until(end, |_, _, _| None);
    }
    world.run_bots();
    world.relay().log().verify().unwrap();
    let report = world.report();
    assert_whole(&scenario, &report);

    let told = world.relay_events().iter().filter_map(|event| match event {
        RelayEvent::PaceChanges(change) => Some(*change),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    let [down, up] = told[..] else {
        panic!("two changes: {told:?}");
    };
    assert_eq!((down.rate, up.rate), (slow, fast));
    for slot in Slot::all(3) {
        let rate = world.client(slot).session().unwrap().rate();
        assert_eq!(rate, fast, "slot {slot}");
    }
    // The last tick at 899 sixtieths, but for those that took three. It is sealed early if all are there.
    let sixtieths = 899 + 2 * (up.at.0 - down.at.0);
    let due = Duration::from_nanos((sixtieths * 1_000_000_000).div_ceil(60));
    assert!(
        (due - SEAL_EARLY_MAX..=due).contains(&report.played),
        "{report:?}"
    );
}
