//! `desync-test --snapshots` and `diff`: what two players hold, and in what it differs.
#![expect(clippy::unwrap_used, reason = "a test")]

mod program;

use std::fs;
use std::path::Path;
#[cfg(unix)]
use std::process::Command;

use phalanx::duel::Duel;
use phalanx_engine::{Repeat, Setup, Simulation, Snapshot, Tick, TickRate, Timeline, Window};
use phalanx_netcode::snapshot::{pack, unpack};
use phalanx_netcode::testing::Mixer;
use program::{directory, object, refused, text};
use serde_json::{Value, json};

/// The world of a game before anybody has done anything.
fn snapshot<S: Simulation>(simulation: S, seed: u64, slots: u8) -> Snapshot {
    let setup = Setup::new(seed, slots, TickRate::hz(60));
    let repeat = Repeat { ticks: 30 };
    let window = Window { ticks: 8, repeat };
    let mut timeline = Timeline::new(simulation, &setup, window).unwrap();
    timeline.advance().unwrap();
    timeline.snapshot(Tick::ZERO).unwrap()
}

fn write(directory: &Path, name: &str, snapshot: &Snapshot) {
    fs::write(directory.join(name), pack(snapshot, None).unwrap()).unwrap();
}

/// The fields of `Arena`, of which the seed draws one.
const FIELDS: [&str; 4] = ["rng", "round", "fighters", "projectiles"];

#[test]
fn a_plant_is_named_by_its_path() {
    let here = directory("plant");
    for seed in 0..12_u64 {
        let (slot, tick) = (seed % 3, 300 + 7 * seed);
        let run = format!(
            "desync-test --players 3 --seed {seed} --plant {slot}@{tick} --snapshots found/{seed}"
        );
        let (code, summary) = object(&here, &run);
        assert_eq!((code, &summary["first_bad_tick"]), (10, &json!(tick)));
        let field = FIELDS[usize::try_from(seed).unwrap() % FIELDS.len()];
        let first = summary["first_difference"].as_str().unwrap();
        assert!(first.starts_with(field), "seed {seed}: {first}");

        let file = |slot: u64| format!("found/{seed}/slot-{slot}.snapshot");
        let (other, third) = ((slot + 1) % 3, (slot + 2) % 3);
        let (code, same) = object(&here, &format!("diff {} {}", file(other), file(third)));
        assert_eq!((code, &same["equal"]), (0, &json!(true)), "{same}");
        let [low, high] = [slot.min(other), slot.max(other)];
        let (code, diff) = object(&here, &format!("diff {} {}", file(low), file(high)));
        assert_eq!((code, &diff["total"]), (10, &json!(1)), "{diff}");
        assert_eq!(diff["ticks"], json!([tick, tick]));
        let [a, b] = [0, 1].map(|side| diff["checksums"][side].as_str().unwrap());
        assert!(a != b && a.len() == 16 && b.len() == 16, "{diff}");
        let line = &diff["differences"][0];
        let [path, a, b] = ["path", "a", "b"].map(|key| line[key].as_str().unwrap());
        assert!(first == format!("{path}: {a} vs {b}") || low != 0, "{diff}");
        // The other way round, the sides are.
        let (_, back) = object(&here, &format!("diff {} {}", file(high), file(low)));
        assert_eq!(
            back["differences"][0],
            json!({"path": path, "a": b, "b": a})
        );
    }
}

#[test]
fn a_desync_says_its_first_difference_and_how_to_see_all() {
    let here = directory("words");
    let run = "desync-test --seed 2 --plant 1@500 --quiet";
    let (code, alone) = text(&here, run);
    assert_eq!(code, 10);
    assert!(alone.contains("\nfirst difference: fighters["), "{alone}");
    assert!(!alone.contains("phalanx diff"), "{alone}");
    assert_eq!(fs::read_dir(&here).unwrap().count(), 0);

    let (code, told) = text(&here, &format!("{run} --snapshots a/b"));
    assert_eq!(code, 10);
    let mut names: Vec<_> = fs::read_dir(here.join("a/b")).unwrap().collect();
    names.sort_by_key(|entry| entry.as_ref().unwrap().file_name());
    let names: Vec<_> = names
        .iter()
        .map(|entry| entry.as_ref().unwrap().file_name())
        .collect();
    assert_eq!(names, ["slot-0.snapshot", "slot-1.snapshot"]);
    let again = told
        .lines()
        .find_map(|line| line.strip_prefix("compare with: phalanx "));
    let (code, diff) = text(&here, again.unwrap());
    assert_eq!(code, 10, "{diff}");
    let lines: Vec<_> = diff.lines().collect();
    assert!(
        lines[0].starts_with("duel after tick 500, checksum "),
        "{diff}"
    );
    let first = format!("first difference: {} (slots 0 and 1)", lines[1]);
    assert!(told.contains(&first), "{told} {diff}");
    assert_eq!(lines.len(), 2, "{diff}");
}

/// Also of those who had not come so far when two others differed; and nothing of another run.
#[test]
fn every_player_is_written_and_nobody_else() {
    let here = directory("every");
    fs::create_dir(here.join("found")).unwrap();
    for stale in ["slot-4.snapshot", "slot-63.snapshot", "slot-x.snapshot"] {
        fs::write(here.join("found").join(stale), "old").unwrap();
    }
    for seed in 0..20 {
        let run = format!("--seed {seed} --plant {}@{}", seed % 4, 300 + seed);
        let run = format!("desync-test --players 4 --net mobile {run} --snapshots found");
        let (code, told) = text(&here, &format!("{run} --quiet"));
        assert!(code == 10 && !told.contains("none of slot"), "{told}");
        let names = fs::read_dir(here.join("found")).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        let slots = ["0", "1", "2", "3", "x"].map(|slot| format!("slot-{slot}.snapshot"));
        assert!(
            names == slots.map(std::ffi::OsString::from),
            "{names:?}: {run}"
        );
        let mut equal = 0;
        for (a, b) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
            let files = format!("found/slot-{a}.snapshot found/slot-{b}.snapshot");
            equal += i32::from(text(&here, &format!("diff {files}")).0 == 0);
        }
        assert_eq!(equal, 3, "three of four hold the same: {run}");
    }
}

#[test]
fn without_a_desync_all_hold_the_same() {
    let here = directory("agreed");
    let run = "desync-test --players 3 --ticks 900 --snapshots found";
    let (code, summary) = object(&here, run);
    assert_eq!((code, &summary["first_difference"]), (0, &Value::Null));
    for slot in 1..3 {
        let files = format!("found/slot-0.snapshot found/slot-{slot}.snapshot");
        let (code, diff) = object(&here, &format!("diff {files}"));
        assert_eq!((code, &diff["equal"]), (0, &json!(true)), "{diff}");
        assert_eq!(diff["ticks"], json!([899, 899]));
        assert_eq!(diff["checksums"][1], summary["checksum"]);
        let (code, words) = text(&here, &format!("diff {files}"));
        assert!(code == 0 && words.ends_with("\nequal\n"), "{words}");
    }
}

#[test]
fn as_many_are_said_as_are_asked_for() {
    let here = directory("limit");
    write(&here, "a", &snapshot(Duel, 1, 2));
    write(&here, "b", &snapshot(Duel, 2, 3));
    let (code, all) = object(&here, "diff a b --limit 1000000");
    let total = all["total"].as_u64().unwrap();
    assert!(code == 10 && total > 2, "{all}");
    assert_eq!(all["differences"].as_array().unwrap().len() as u64, total);
    assert_eq!(
        all["differences"][0],
        json!({"path": "session.seed", "a": "1", "b": "2"})
    );
    assert_eq!(
        all["differences"][1],
        json!({"path": "session.roster[2]", "a": null, "b": "..."})
    );
    for limit in [0, 1, total - 1, total] {
        let (code, some) = object(&here, &format!("diff a b --limit {limit}"));
        assert_eq!((code, &some["total"]), (10, &json!(total)));
        assert_eq!(some["differences"].as_array().unwrap().len() as u64, limit);
        let (_, words) = text(&here, &format!("diff a b --limit {limit}"));
        let left_out = format!("\nand {} more\n", total - limit);
        assert_eq!(words.ends_with(&left_out), limit < total, "{words}");
        let lines = 1 + limit + u64::from(limit < total);
        assert_eq!(words.lines().count() as u64, lines, "{words}");
    }
}

#[test]
fn files_that_cannot_be_read_are_wrong_usage() {
    let here = directory("usage");
    write(&here, "a", &snapshot(Duel, 1, 2));
    fs::create_dir(here.join("d")).unwrap();
    for (args, hint) in [
        ("diff", "<A>"),
        ("diff a", "<B>"),
        ("diff a missing", "cannot read missing: no such file"),
        ("diff missing a", "cannot read missing: no such file"),
        ("diff a d", "cannot read d: is a directory"),
        ("diff a a --limit -1", "whole numbers"),
        ("diff a a --limit few", "whole numbers"),
    ] {
        refused(&here, args, 2, hint);
    }
    // What says only differences is no world by itself.
    let (base, mut other) = (snapshot(Duel, 1, 2), snapshot(Duel, 2, 2));
    other.tick += 1;
    fs::write(here.join("part"), pack(&other, Some(&base)).unwrap()).unwrap();
    refused(
        &here,
        "diff a part",
        2,
        "only what differs from another one",
    );
}

#[test]
fn damaged_files_are_exit_13() {
    let here = directory("damaged");
    let whole = snapshot(Duel, 1, 2);
    write(&here, "a", &whole);
    let bytes = fs::read(here.join("a")).unwrap();
    let damage = |bytes: &[u8]| {
        fs::write(here.join("b"), bytes).unwrap();
        refused(&here, "diff a b", 13, "b");
        refused(&here, "diff b a", 13, "b");
    };
    for length in (0..bytes.len()).step_by(29) {
        damage(&bytes[..length]);
    }
    damage(&[&bytes[..], b"\n"].concat());
    damage(b"PNG");
    for at in [0, 7, 12, 30, 45, 60, bytes.len() - 1] {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x40;
        damage(&bytes);
    }
    // Whole, but not what it says.
    type Change = fn(&mut Snapshot);
    let lies: [Change; 4] = [
        |snapshot| snapshot.checksum.0 ^= 1,
        |snapshot| snapshot.setup.seed ^= 1,
        |snapshot| snapshot.world.push(0),
        |snapshot| snapshot.world[20] ^= 1,
    ];
    for lie in lies {
        let mut other = whole.clone();
        lie(&mut other);
        damage(&pack(&other, None).unwrap());
    }
}

#[test]
fn other_games_and_versions_are_exit_14() {
    let here = directory("other");
    let whole = snapshot(Duel, 1, 2);
    write(&here, "a", &whole);
    let other = |bytes: &[u8], hint: &str| {
        fs::write(here.join("b"), bytes).unwrap();
        refused(&here, "diff a b", 14, hint);
        refused(&here, "diff b a", 14, hint);
        refused(&here, "diff b b", 14, hint);
    };
    other(
        &pack(&snapshot(Mixer, 1, 2), None).unwrap(),
        "b is of mixer",
    );
    let mut format = fs::read(here.join("a")).unwrap();
    format[8] = 9;
    other(&format, "format 9");
    type Change = fn(&mut Snapshot);
    let changes: [(Change, _); 4] = [
        (|snapshot| snapshot.game.version += 1, "of version"),
        (
            |snapshot| snapshot.game.schema ^= 1,
            "other fields or types",
        ),
        (|snapshot| snapshot.game.content[3] ^= 1, "other content"),
        (
            |snapshot| {
                snapshot.game.input_bytes += 1;
                snapshot.inputs.extend([0; 2]);
            },
            "other inputs",
        ),
    ];
    for (change, hint) in changes {
        let mut changed = whole.clone();
        change(&mut changed);
        other(&pack(&changed, None).unwrap(), hint);
    }
}

#[test]
fn a_directory_that_cannot_be_made_is_told_before_the_match() {
    let here = directory("no-directory");
    fs::write(here.join("file"), "").unwrap();
    for directory in ["file", "file/below"] {
        let run = format!("desync-test --ticks 300 --snapshots {directory}");
        refused(&here, &run, 1, "cannot make the directory file");
    }
}

/// No half file under the name of a whole one, and what was there stays.
#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_leaves_no_half_file() {
    let here = directory("full");
    fs::create_dir(here.join("found")).unwrap();
    fs::write(here.join("found/slot-0.snapshot"), "old").unwrap();
    // No file may grow, and who tries is not killed for it.
    let run = "trap '' XFSZ; ulimit -f 0; exec \"$0\" desync-test --quiet --json --plant 1@300 --snapshots found";
    let mut command = Command::new("sh");
    let command = command.args(["-c", run, env!("CARGO_BIN_EXE_phalanx")]);
    let output = command.current_dir(&here).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    let told = "cannot write found/slot-0.snapshot";
    assert!(error.contains(told), "{error}");
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["first_bad_tick"], 300);
    assert_eq!(summary["exit_code"], 1);
    let names: Vec<_> = fs::read_dir(here.join("found")).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert_eq!(
        fs::read(here.join("found/slot-0.snapshot")).unwrap(),
        b"old"
    );
}

/// What is written can be read by whoever knows the format, and is the player's world.
#[test]
fn a_written_snapshot_is_one() {
    let here = directory("one");
    let run = "desync-test --ticks 900 --seed 4 --snapshots found --plant 0@333";
    assert_eq!(object(&here, run).0, 10);
    let bytes = fs::read(here.join("found/slot-1.snapshot")).unwrap();
    let snapshot = unpack(&bytes, None).unwrap();
    assert_eq!((snapshot.tick, snapshot.setup.seed), (Tick(333), 4));
    let (session, _) = snapshot.restore(&Duel).unwrap();
    assert_eq!(session.slots(), 2);
}

/// The game with tables, whose rules stand in the snapshot's content.
#[test]
fn what_differs_in_a_table_is_named_by_row_and_field() {
    let here = directory("tables");
    let run = "desync-test --game skirmish --units 40 --seed 3 --plant 1@333 --snapshots found";
    let (code, found) = object(&here, run);
    assert_eq!((code, found["first_bad_tick"].as_u64()), (10, Some(333)));
    let (left, right) = ("found/slot-0.snapshot", "found/slot-1.snapshot");
    let (code, told) = object(&here, &format!("diff {left} {right}"));
    assert_eq!((code, told["total"].as_u64()), (10, Some(1)), "{told}");
    let path = told["differences"][0]["path"].as_str().unwrap();
    assert!(path.starts_with("units["), "{path}");
    let first = found["first_difference"].as_str().unwrap();
    assert!(first.starts_with(path), "{first}");

    // Other rules of the same game.
    let run = "desync-test --game skirmish --units 41 --ticks 300 --snapshots other";
    assert_eq!(object(&here, run).0, 0);
    refused(
        &here,
        &format!("diff {left} other/slot-0.snapshot"),
        14,
        "--units",
    );
}
