//! `simulate` from outside: it finds nothing where nothing is wrong, and what is planted, by one command.
#![expect(clippy::unwrap_used, reason = "a test")]

use core::time::Duration;
use std::process::Command;

use phalanx::duel::Duel;
use phalanx::skirmish::Skirmish;
use phalanx_engine::{Simulation, Slot, Tick, TickRate};
use phalanx_netcode::testing::fork::Incident;
use phalanx_netcode::testing::{Preset, Scenario, World};
use serde_json::Value;

/// Exit code and summary.
fn simulate(args: &str) -> (i32, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phalanx"));
    command.args(["simulate", "--json", "--quiet"]);
    let output = command.args(args.split_whitespace()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().last().unwrap_or_default();
    let object =
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{args}: {error}: {text}"));
    (output.status.code().unwrap(), object)
}

/// A clone of a match goes on as the match does, tables and their journals included.
fn goes_on<S: Simulation<State: Clone> + Default + Clone>(rate: TickRate) {
    let net = Preset::Awful.conditions();
    let scenario = Scenario {
        up: net,
        down: net,
        rate,
        players: 4,
        ticks: 500,
        ..Scenario::default()
    };
    let new = || World::new(&scenario, S::default).unwrap();
    let (mut alone, mut world) = (new(), new());
    while world.relay().log().next() < Tick(300) {
        let soon = world.now() + Duration::from_millis(3);
        world.run_until(soon, |_, _, _| None);
    }
    let mut clone = world.clone();
    for world in [&mut clone, &mut world, &mut alone] {
        world.run_bots();
    }
    for slot in Slot::all(4) {
        let timelines =
            [&clone, &world, &alone].map(|world| world.client(slot).timeline().unwrap());
        let [clone, world, alone] = timelines.map(|timeline| {
            let held = (0..500).filter_map(|tick| timeline.digest(Tick(tick)));
            (timeline.stats(), held.collect::<Vec<_>>())
        });
        assert_eq!(clone, alone, "slot {slot}: the clone");
        assert_eq!(world, alone, "slot {slot}: the original");
        assert!(alone.1.len() > 200 && alone.0.rollbacks > 0);
    }
}

#[test]
fn a_clone_of_a_duel_goes_on() {
    goes_on::<Duel>(TickRate::hz(60));
}

#[test]
fn a_clone_of_a_skirmish_goes_on() {
    goes_on::<Skirmish>(TickRate::hz(20));
}

/// The same on any number of threads, to the last key but the time it took.
#[test]
fn nothing_is_found_whoever_plays_which_case() {
    let run = |threads: u32| {
        let (code, mut object) = simulate(&format!("--cases 130 --seed 3 --threads {threads}"));
        assert_eq!(code, 0, "{object}");
        let fields = object.as_object_mut().unwrap();
        assert!(fields.remove("wall_s").unwrap().is_number());
        object
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!((&one["cases"], &one["failures"]), (&130.into(), &0.into()));
    let incidents = one["incidents"].as_object().unwrap();
    assert_eq!(incidents.len(), Incident::ALL.len(), "{one}");
    let [ticks, states] = ["ticks", "distinct_states"].map(|key| one[key].as_u64().unwrap());
    assert!(ticks >= 130 * 290 && states > 130 * 200, "{one}");
    let docs = include_str!("../../docs/cli.md");
    for key in one.as_object().unwrap().keys().chain(incidents.keys()) {
        assert!(
            docs.contains(&format!("`{key}`")),
            "docs/cli.md lacks {key}"
        );
    }
}

/// A single fork, of one match of every kind; and one in which nothing happens.
#[test]
fn one_tick_is_forked_by_itself() {
    let (code, object) = simulate("--tick 333 --seed 5 --game duel");
    let cases = 3 * Incident::ALL.len() as u64;
    assert_eq!(
        (code, object["cases"].as_u64()),
        (0, Some(cases)),
        "{object}"
    );
    let (code, object) = simulate("--tick 0 --game skirmish --players 2 --faults network");
    assert_eq!((code, &object["cases"]), (0, &1.into()), "{object}");
    assert_eq!(object["incidents"]["nothing"], 1);
}

#[test]
fn no_case_proves_nothing() {
    let (code, object) = simulate("--for 0ms");
    assert_eq!((code, &object["exit_code"]), (11, &11.into()), "{object}");
}

/// The canary: one player's rules hear a tick too late who left. Each failure is repeated by what it says.
#[test]
fn a_mistake_in_how_players_leave_is_found_and_repeated() {
    for game in ["duel", "skirmish"] {
        let args = format!("--game {game} --players 4 --cases 80 --seed 2 --plant leave");
        let (code, object) = simulate(&args);
        assert_eq!(code, 10, "{object}");
        let failures = object["failures"].as_u64().unwrap();
        assert!(failures >= 10, "{object}");
        let findings = object["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 10, "{object}");
        for finding in findings.iter().take(3) {
            let leaves = ["leave", "kill", "replace", "rejoin"].map(Value::from);
            assert!(leaves.contains(&finding["incident"]), "{finding}");
            let again = finding["again"].as_str().unwrap();
            let (code, again) = simulate(again.strip_prefix("phalanx simulate ").unwrap());
            assert_eq!((code, &again["cases"]), (10, &1.into()), "{again}");
            assert_eq!(&again["findings"][0], finding);
        }
        // Without it there is nothing.
        let (code, object) = simulate(args.strip_suffix(" --plant leave").unwrap());
        assert_eq!((code, &object["failures"]), (0, &0.into()), "{object}");
    }
}
