//! The program from outside: exit codes, messages, JSON.
mod program;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// None of these runs writes a file.
fn here() -> &'static Path {
    Path::new(".")
}

fn phalanx(args: &str) -> Output {
    program::phalanx(here(), args)
}

/// Exit code and summary of a run with `--json`.
fn summary(args: &str) -> (i32, Value) {
    program::object(here(), args)
}

fn refused(args: &str, hint: &str) {
    program::refused(here(), args, 2, hint);
}

/// Every flag that cannot be obeyed is refused with the nearest valid form.
#[test]
fn wrong_usage_is_exit_2_and_says_what_to_use() {
    for (args, hint) in [
        ("--players 4", "use phalanx match --players 4"),
        ("desync", "'desync-test'"),
        ("desync-test --player 3", "'--players'"),
        (
            "desync-test --game chess",
            "[possible values: duel, skirmish]",
        ),
        ("desync-test --units 64", "use --game skirmish"),
        (
            "desync-test --game skirmish --units 20001",
            "use --units 20000",
        ),
        ("sync-test --game skirmish --units few", "whole numbers"),
        ("sync-test --game skirmish --players 9", "use --players 8"),
        ("desync-test --players 0", "use --players 1"),
        ("desync-test --players 9", "use --players 8"),
        ("desync-test --players 300", "--players"),
        ("desync-test --delay 121", "use --delay 120"),
        (
            "desync-test --window 0",
            "use --mode lockstep, or --window 1",
        ),
        (
            "desync-test --window 40",
            "use --window 30, or --policy repeat:40",
        ),
        (
            "desync-test --window 200",
            "use --window 120, with repeat:120",
        ),
        (
            "desync-test --policy repeat:3",
            "use --window 3, or --policy repeat:8",
        ),
        ("desync-test --policy repeat:0", "use --policy repeat:8"),
        (
            "desync-test --policy neutral --window 31",
            "use --window 30",
        ),
        ("desync-test --policy wait:60001", "use --policy wait:60000"),
        ("desync-test --policy wait", "use wait:100"),
        (
            "desync-test --mode lockstep --window 4",
            "--mode rollback --window 4",
        ),
        ("desync-test --for 20", "use 20s, or --ticks 20"),
        ("desync-test --for 20s --ticks 5", "cannot be used with"),
        ("desync-test --for 1ms", "use --ticks 1"),
        ("desync-test --ticks 0", "use --ticks 1"),
        (
            "desync-test --net wlan",
            "use lan, wifi, mobile, far or awful",
        ),
        ("desync-test --plant 2@10", "use --plant 1@10"),
        ("desync-test --ticks 60 --plant 0@60", "use --plant 0@59"),
        ("desync-test --plant 10", "use 1@300"),
        (
            "desync-test --faults gremlins",
            "idle-bots, route, hidden-state, membership, network, all",
        ),
        ("desync-test --tick-rate 0", "between 1 and 1000 Hz"),
        ("desync-test --tick-rate fast", "60 or 30000/1001"),
        ("desync-test --seed -1", "from 0 to 18446744073709551615"),
        ("sync-test --players 9", "use --players 8"),
    ] {
        refused(args, hint);
    }
}

/// Also what is no number, no address, or belongs to another command.
#[test]
fn wrong_values_are_exit_2_and_say_what_to_use() {
    for (args, hint) in [
        ("time-bench --scenario rain", "rtt-20, rtt-80"),
        ("time-bench --rule best", "ours, ours-latency-first"),
        ("time-bench --seeds 0", "use --seeds 5"),
        ("match --players -1", "whole numbers"),
        ("match --delay -1", "whole numbers"),
        ("match --window -1", "whole numbers"),
        ("match --ticks -1", "whole numbers"),
        ("match --ticks 1e3", "whole numbers"),
        ("match --delay 4294967296", "use --delay 120, or auto"),
        ("match --delay automatic", "use 2, or auto"),
        (
            "match --lead latency",
            "[possible values: latency-first, balanced, never-late]",
        ),
        ("match --tick-rate -5", "60 or 30000/1001"),
        (
            "match --faults hidden-state",
            "use phalanx sync-test --faults hidden-state",
        ),
        (
            "sync-test --faults all,idle-bots",
            "use phalanx match --faults idle-bots",
        ),
        ("simulate --players 1", "use --players 2"),
        ("simulate --players 9", "use --players 8"),
        ("simulate --tick 600", "use --tick 599"),
        ("simulate --tick 5 --every-tick", "cannot be used with"),
        ("simulate --cases 0", "use --cases 2000"),
        ("simulate --threads 0", "use --threads 2"),
        ("simulate --incident rejoice", "leave, kill, replace"),
        (
            "simulate --faults route",
            "use phalanx match --faults route",
        ),
        (
            "match --faults membership",
            "use phalanx simulate --faults membership",
        ),
        ("relay --listen localhost:4777", "such as 127.0.0.1:4777"),
        ("relay --listen 127.0.0.1", "such as 127.0.0.1:4777"),
        ("relay --begin-with 3", "use --begin-with 2"),
        ("relay --begin-with 0", "add --late-join"),
        (
            "relay --begin-with 0 --late-join --linger 0",
            "use --linger 30",
        ),
        ("relay --linger 30s", "whole numbers: use 30"),
        ("relay --bot-after never", "whole numbers: use 30"),
        ("relay --keyframes -1", "whole numbers"),
        ("relay --keyframes 100", "--keyframes is 0, or at least 240"),
    ] {
        refused(args, hint);
    }
}

/// Both games take a terminal to be seen in; the output here is a pipe.
#[test]
fn without_a_terminal_nothing_is_drawn() {
    let pin = "00".repeat(32);
    for game in ["duel", "skirmish"] {
        let play = format!("play --game {game} --pin {pin}");
        refused(&play, "let the computer play with `--bot`");
        refused(&format!("match --game {game} --watch"), "without `--watch`");
    }
    refused(
        &format!("play --units 3 --pin {pin}"),
        "use --game skirmish",
    );
}

/// Arguments of a system need not be text.
#[cfg(unix)]
#[test]
fn arguments_of_any_bytes_are_wrong_usage() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let bytes = OsStr::from_bytes(b"--\xff\xfe");
    for args in [
        &[bytes][..],
        &[OsStr::new("--players"), bytes],
        &[OsStr::new("match"), OsStr::new("--seed"), bytes],
        &[OsStr::new("play"), OsStr::new("--pin"), bytes],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phalanx"));
        let output = command.args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
        assert!(!output.stderr.is_empty(), "{args:?}");
    }
}

/// Who asked for results and cannot have them is told so.
#[cfg(target_os = "linux")]
#[test]
fn results_that_cannot_be_written_are_an_error() {
    for args in [
        "desync-test --ticks 600 --quiet",
        "desync-test --ticks 600 --quiet --json",
        "sync-test --ticks 60 --quiet",
        "sync-test --list-faults",
        "relay --listen 127.0.0.1:0 --quiet",
        "time-report --ticks 60 --quiet --json",
        "time-bench --scenario rtt-20 --rule fixed --seeds 1 --quiet",
    ] {
        let full = std::fs::File::create("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_phalanx"));
        let output = command.args(args.split(' ')).stdout(full).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args}: {error}");
        assert!(
            error.contains("cannot write the results: no space left on device\n"),
            "{args}: {error}"
        );
    }
}

#[test]
fn summaries_have_all_keys_in_order_and_typed() {
    let keys = [
        "schema_version",
        "command",
        "game",
        "seed",
        "ticks",
        "confirmed_ticks",
        "agreed_ticks",
        "checksum",
        "checksum_tick",
        "desyncs",
        "first_bad_tick",
        "rollbacks",
        "rollback_depth_max",
        "stalls",
        "late_inputs",
        "input_changes",
        "rounds",
        "bytes_up_per_s",
        "bytes_down_per_s",
        "input_latency_ms",
        "wall_s",
        "speed",
    ];
    for args in ["desync-test --ticks 600", "sync-test --ticks 600"] {
        let output = phalanx(&format!("{args} --json --seed 18446744073709551615"));
        let text = String::from_utf8(output.stdout).unwrap();
        let mut rest = text.lines().last().unwrap();
        for key in keys {
            let at = rest
                .find(&format!("\"{key}\":"))
                .unwrap_or_else(|| panic!("{key}: {text}"));
            rest = &rest[at + 1..];
        }
        let object: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!(object["schema_version"], 1);
        assert_eq!(object["command"], args.split(' ').next().unwrap());
        assert_eq!(object["game"], "duel");
        assert_eq!(object["seed"], "18446744073709551615");
        assert_eq!(object["checksum_tick"], 599);
        let checksum = object["checksum"].as_str().unwrap();
        assert!(
            checksum.len() == 16 && u64::from_str_radix(checksum, 16).is_ok(),
            "{checksum}"
        );
        assert!(object["first_bad_tick"].is_null());
        let numbers = keys.iter().filter(|key| {
            ![
                "command",
                "game",
                "seed",
                "checksum",
                "first_bad_tick",
                "input_latency_ms",
            ]
            .contains(key)
        });
        for key in numbers {
            assert!(object[key].is_number(), "{key}: {text}");
        }
        for quantile in ["p50", "p99", "mean"] {
            let latency = &object["input_latency_ms"][quantile];
            assert!(latency.is_number() == args.starts_with("desync"), "{text}");
        }
    }
}

#[test]
fn the_same_seed_is_the_same_match() {
    let run = |args: &str| {
        let (code, mut object) = summary(args);
        assert_eq!(code, 0, "{object}");
        // Only the clock on the wall may differ.
        let fields = object.as_object_mut().unwrap();
        assert!(fields.remove("wall_s").is_some() && fields.remove("speed").is_some());
        object
    };
    for args in [
        "desync-test --ticks 1800 --net mobile --players 3",
        "sync-test --ticks 1800",
        "desync-test --game skirmish --ticks 1200 --net awful --players 4",
        "sync-test --game skirmish --units 200 --ticks 400",
    ] {
        let first = run(&format!("{args} --seed 7"));
        assert_eq!(first, run(&format!("{args} --seed 7")));
        assert_ne!(
            first["checksum"],
            run(&format!("{args} --seed 8"))["checksum"]
        );
    }
}

/// The canaries of the duel find their faults in the strategy game, too.
#[test]
fn skirmish_is_tested_as_the_duel_is() {
    let (code, object) = summary("desync-test --game skirmish --for 60s");
    assert_eq!(code, 0, "{object}");
    assert!(object["commands"].as_u64() > Some(100), "{object}");
    let (code, object) = summary("desync-test --game skirmish --for 60s --plant 1@777");
    assert_eq!((code, object["first_bad_tick"].as_u64()), (10, Some(777)));
    let (code, object) = summary("desync-test --game skirmish --for 60s --faults idle-bots");
    assert_eq!((code, object["commands"].as_u64()), (11, Some(0)));
    let (code, object) = summary("sync-test --game skirmish --ticks 400 --faults hidden-state");
    assert_eq!((code, object["first_bad_tick"].as_u64()), (15, Some(200)));
}

#[test]
fn lockstep_rolls_nothing_back() {
    let (code, object) = summary("desync-test --mode lockstep --delay 4 --ticks 3600");
    assert_eq!(code, 0, "{object}");
    assert_eq!(object["rollbacks"], 0);
    assert_eq!(object["agreed_ticks"], 3600);
}

#[test]
fn a_plant_is_found_at_its_tick() {
    for seed in 0..12_u64 {
        let (slot, tick) = (seed % 2, 120 + seed * 97);
        let args = format!("desync-test --ticks 3600 --seed {seed} --plant {slot}@{tick}");
        let (code, object) = summary(&args);
        assert_eq!(code, 10, "{args}: {object}");
        assert_eq!(object["first_bad_tick"], tick, "{args}");
        assert_eq!(object["desyncs"], 1, "{args}");
        assert_eq!(object["exit_code"], 10, "{args}");
        assert_eq!(object["agreed_ticks"], tick, "{args}");
    }
}

#[test]
fn a_desync_says_how_to_see_it_again() {
    let output = phalanx("desync-test --seed 5 --net far --plant 0@500 --quiet");
    assert_eq!(output.status.code(), Some(10));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("since tick 500"), "{text}");
    let again = text
        .lines()
        .find_map(|line| line.strip_prefix("again with: phalanx "))
        .unwrap();
    let (code, object) = summary(again);
    assert_eq!((code, &object["first_bad_tick"]), (10, &Value::from(500)));
    assert_eq!(object["seed"], "5");
}

#[test]
fn idle_bots_prove_nothing() {
    let (code, object) = summary("desync-test --ticks 10800 --faults idle-bots");
    assert_eq!(code, 11, "{object}");
    assert_eq!(object["desyncs"], 0);
    assert!(!object["vacuous"].as_array().unwrap().is_empty());
}

#[test]
fn three_minutes_of_any_network_prove_something() {
    for net in ["lan", "wifi", "mobile", "far", "awful"] {
        let (code, object) = summary(&format!("desync-test --net {net}"));
        assert_eq!(code, 0, "{net}: {object}");
        assert_eq!(object["agreed_ticks"], 10_800);
    }
}

#[test]
fn hidden_state_fails_the_sync_test() {
    let (code, object) = summary("sync-test --ticks 1000 --faults hidden-state");
    assert_eq!(code, 15, "{object}");
    assert_eq!(object["first_bad_tick"], 500);
}

#[test]
fn faults_are_listed() {
    let output = phalanx("desync-test --list-faults");
    assert_eq!(output.status.code(), Some(0));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("idle-bots")
    );
    let (code, object) = summary("sync-test --list-faults");
    assert_eq!(
        (code, &object["faults"][0]["name"]),
        (0, &Value::from("idle-bots"))
    );
}

#[test]
fn quiet_is_quiet_and_progress_is_on_stderr() {
    let quiet = phalanx("desync-test --ticks 600 --quiet");
    assert!(quiet.stderr.is_empty());
    let loud = phalanx("desync-test --ticks 600 --json");
    assert!(!loud.stderr.is_empty());
    assert_eq!(String::from_utf8(loud.stdout).unwrap().lines().count(), 1);
}

/// A measured delay covers the path of lockstep; a short one stalls at nearly every tick.
#[test]
fn a_measured_delay_ends_the_stalls_of_lockstep() {
    let stalls = |delay: &str, length: &str| {
        let args = format!("desync-test --mode lockstep --net far --delay {delay} --for {length}");
        let (code, object) = summary(&args);
        assert_eq!((code, &object["desyncs"]), (0, &Value::from(0)), "{object}");
        assert_eq!(object["agreed_ticks"], object["ticks"]);
        object["stalls"].as_u64().unwrap()
    };
    // The same match goes on after its first seconds, for another 55 s of two players.
    let later = |delay: &str| stalls(delay, "60s") - stalls(delay, "5s");
    let (ticks, measured, short) = (55 * 60 * 2, later("auto"), later("2"));
    assert!(measured * 100 < ticks, "{measured} stalls at {ticks} ticks");
    assert!(short * 100 > ticks * 90, "{short} stalls at {ticks} ticks");
}

/// How early inputs are sampled is latency, and what they come too late by is not seen.
#[test]
fn what_late_inputs_are_worth_buys_latency() {
    let run = |lead: &str| {
        let (code, object) = summary(&format!("desync-test --net mobile --for 60s --lead {lead}"));
        assert_eq!((code, &object["desyncs"]), (0, &Value::from(0)), "{object}");
        let latency = object["input_latency_ms"]["mean"].as_f64().unwrap();
        (latency, object["late_inputs"].as_u64().unwrap())
    };
    let [first, balanced, never] = ["latency-first", "balanced", "never-late"].map(run);
    assert!(first.0 < balanced.0 && balanced.0 < never.0);
    assert!(first.1 > balanced.1 && balanced.1 > never.1);
}

/// The way up becomes longer in the middle: the clocks follow, and only there inputs are late for it.
#[test]
fn a_route_becomes_longer_and_is_followed() {
    let run = |args: &str| {
        let (code, object) = summary(&format!("desync-test --net lan --delay 0 {args}"));
        assert_eq!(code, 0, "{object}");
        let latency = object["input_latency_ms"]["mean"].as_f64().unwrap();
        (latency, object["late_inputs"].as_u64().unwrap())
    };
    let (straight, detour) = (run("--for 20s"), run("--for 20s --faults route"));
    let (longer, late) = (detour.0 - straight.0, detour.1 - straight.1);
    // Half of the match 60 ms longer; for a quarter of a second inputs are late.
    assert!((25.0..35.0).contains(&longer), "{longer} ms longer");
    assert!((2..60).contains(&late), "{late} late");
    // Twice as long a match has no more of them.
    let (straight, detour) = (run("--for 40s"), run("--for 40s --faults route"));
    assert!(detour.1 - straight.1 < 60, "{detour:?} {straight:?}");
}

/// What is not by default stands in the command line that plays the same again.
#[test]
fn the_same_again_has_all_flags() {
    let again = |args: &str| {
        let text = String::from_utf8(phalanx(args).stdout).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("again with: phalanx "));
        line.unwrap().to_owned()
    };
    let odd = "desync-test --ticks 600 --delay auto --lead never-late --faults route";
    let line = again(odd);
    for flag in ["--delay auto", "--lead never-late", "--faults route"] {
        assert!(line.contains(flag), "{line}");
    }
    assert_eq!(summary(&line).1["checksum"], summary(odd).1["checksum"]);
    let plain = again("desync-test --ticks 600");
    assert!(
        !plain.contains("--lead") && !plain.contains("--faults"),
        "{plain}"
    );
}

/// Words of `text` that are flags.
fn flags(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let flags =
        words.filter(|word| word.starts_with("--") && word.ends_with(char::is_alphanumeric));
    flags.map(str::to_owned).collect()
}

/// A row for each scenario and rule, a summary, and a drawing; the same figures again for the same seeds.
#[test]
fn time_bench_compares_rules() {
    let file = std::env::temp_dir().join(format!("phalanx-rules-{}.svg", std::process::id()));
    let args = "time-bench --scenario rtt-20 --scenario wifi --rule ours --rule ngo --seeds 2";
    let output = phalanx(&format!("{args} --json --quiet --svg {}", file.display()));
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let cells: Vec<_> = lines[..4]
        .iter()
        .map(|line| format!("{} {}", line["scenario"], line["rule"]))
        .collect();
    assert_eq!(
        cells,
        [
            r#""rtt-20" "ours""#,
            r#""rtt-20" "ngo""#,
            r#""wifi" "ours""#,
            r#""wifi" "ngo""#
        ]
    );
    assert_eq!(
        (&lines[4]["runs"], &lines[4]["exit_code"]),
        (&8.into(), &0.into())
    );
    let docs = include_str!("../../docs/cli.md");
    for key in lines
        .iter()
        .flat_map(|line| line.as_object().unwrap().keys())
    {
        assert!(
            docs.contains(&format!("`{key}`")),
            "docs/cli.md lacks {key}"
        );
    }
    let svg = std::fs::read_to_string(&file).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains(">wifi</text>"));
    // A drawing that cannot be written does not take the table along.
    let (code, object) = summary(&format!("{args} --svg missing/x.svg"));
    assert_eq!((code, object["exit_code"].as_i64()), (1, Some(1)));
    assert!(object["runs"].as_u64() > Some(0), "{object}");
    std::fs::remove_file(&file).unwrap();
    let again = phalanx(&format!("{args} --json --quiet"));
    let again = String::from_utf8(again.stdout).unwrap();
    assert!(text.lines().zip(again.lines()).take(4).all(|(a, b)| a == b));
}

/// Who decided the ticks of each slot is in the summary, and in words if it is worth it.
#[test]
fn summaries_tell_whether_it_was_fair() {
    let lockstep = "desync-test --mode lockstep --delay 8 --for 30s";
    let waits = format!("{lockstep} --policy wait:200 --net mobile");
    for (args, worth) in [
        ("desync-test --for 30s --net lan", false),
        ("desync-test --for 30s --net awful --players 3", true),
        (&waits, true),
    ] {
        let (code, object) = summary(args);
        assert_eq!(code, 0, "{object}");
        let slots = object["fairness"].as_array().unwrap();
        let players = if args.contains("--players 3") { 3 } else { 2 };
        assert_eq!(slots.len(), players);
        let docs = include_str!("../../docs/cli.md");
        let (mut late, mut waited) = (0, 0);
        for (index, slot) in slots.iter().enumerate() {
            let number = |key: &str| slot[key].as_u64().unwrap();
            let classes = ["real", "repeated", "neutral", "absent", "bot", "paused"];
            let sealed: u64 = classes.map(number).iter().sum();
            assert_eq!((sealed, number("slot")), (1800, index as u64), "{slot}");
            late += number("late");
            waited += number("held_up");
            for key in slot.as_object().unwrap().keys() {
                assert!(
                    docs.contains(&format!("`{key}`")),
                    "docs/cli.md lacks {key}"
                );
            }
        }
        assert_eq!(object["late_inputs"], late, "{object}");
        assert_eq!(waited > 0, args.contains("wait:"), "{object}");
        let text = String::from_utf8(phalanx(args).stdout).unwrap();
        assert_eq!(text.contains("\nfairness       slot "), worth, "{text}");
    }
    assert!(summary("sync-test --ticks 600").1["fairness"].is_null());
}

/// The table row of docs/cli.md that begins with `head`.
fn row<'a>(docs: &'a str, head: &str) -> Option<Vec<&'a str>> {
    let row = docs.lines().find(|line| {
        let rest = line.strip_prefix(&format!("| `{head}"));
        rest.is_some_and(|rest| rest.starts_with(['`', ' ']))
    })?;
    Some(
        row.replace("\\|", "/")
            .leak()
            .split('|')
            .map(str::trim)
            .collect(),
    )
}

const COMMANDS: [&str; 10] = [
    "match",
    "desync-test",
    "simulate",
    "sync-test",
    "relay",
    "play",
    "diff",
    "time-bench",
    "time-report",
    "replay",
];

/// The page and the program say the same.
#[test]
fn docs_and_help_have_the_same_commands_flags_and_codes() {
    let docs = include_str!("../../docs/cli.md");
    let help = |args: &str| String::from_utf8(phalanx(args).stdout).unwrap();
    let program = help("--help");
    let listed = program
        .split("Commands:")
        .nth(1)
        .unwrap()
        .split("Options:")
        .next()
        .unwrap();
    let names = listed
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<_> = names
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert_eq!(names, COMMANDS);

    let mut all = flags(&program);
    for (column, name) in names.iter().enumerate() {
        assert!(
            row(docs, name).is_some(),
            "docs/cli.md lacks the command {name}"
        );
        let text = help(&format!("{name} --help"));
        let options = text
            .split("Options:")
            .nth(1)
            .unwrap()
            .split("Units:")
            .next()
            .unwrap();
        let lines = options.lines().map(str::trim_start);
        let flags_here: BTreeSet<_> = lines
            .filter_map(|line| {
                line.strip_prefix("-h, ")
                    .or(line.starts_with("--").then_some(line))
            })
            .map(|line| line.split_whitespace().next().unwrap().to_owned())
            .collect();
        for flag in &flags_here {
            let row = row(docs, flag).unwrap_or_else(|| panic!("docs/cli.md lacks {flag}"));
            assert_eq!(row[4 + column], "x", "docs/cli.md denies {name} {flag}");
        }
        for flag in flags(docs) {
            let promised = row(docs, &flag).is_some_and(|row| row[4 + column] == "x");
            assert!(
                !promised || flags_here.contains(&flag),
                "docs promise {name} {flag}"
            );
        }
        all.extend(flags_here);
    }
    let unknown: Vec<_> = flags(docs).difference(&all).cloned().collect();
    assert_eq!(unknown, ["--release"], "in docs/cli.md, but not in --help");

    for exit in phalanx::Exit::ALL {
        let line = format!("| {} | {}", exit.code(), exit.meaning());
        assert!(docs.contains(&line), "docs/cli.md lacks: {line}");
    }
}
