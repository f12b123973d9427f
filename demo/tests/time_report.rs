//! `time-report` from outside: what it says of files, and of those that are none.
#![expect(clippy::unwrap_used, reason = "a test")]

mod program;

use std::fs::{self, File};
use std::path::Path;
#[cfg(unix)]
use std::process::Command;

use expect_test::expect;
use phalanx_engine::{Tick, TickRate};
use phalanx_netcode::Time;
use phalanx_netcode::time::samples::{Happening, Sample, Samples};
use program::{directory, phalanx, refused, text};
use serde_json::{Value, json};

/// Ten seconds, in which inputs `late` came 5 ms late.
fn samples(late: core::ops::Range<u64>) -> Samples {
    let rate = TickRate::hz(60);
    let mut samples = Samples::new(rate);
    for tick in 0..600 {
        let at = Time::from_nanos(1_000_000_000 + rate.nanos_at(Tick(tick)));
        samples.stamped(Sample {
            stamp: Tick(tick),
            at,
            lead_us: 46_000,
            scale_ppm: 120,
            delay: 1,
            depth: u16::try_from(3 + tick % 2).unwrap(),
            ..Sample::default()
        });
        let way = if late.contains(&tick) { 51_000 } else { 40_400 };
        samples.arrived(Tick(tick), 46_000 - way);
    }
    let moment = Time::from_nanos(9_000_000_000);
    samples.happened(moment, Happening::Skipped { ticks: 2 });
    samples
}

fn write(directory: &Path, name: &str, samples: &Samples) {
    let mut file = File::create(directory.join(name)).unwrap();
    samples.write_csv(&mut file).unwrap();
}

#[test]
fn a_file_is_told_in_words_and_figures() {
    let here = directory("words");
    write(&here, "a.csv", &samples(300..303));
    write(&here, "b.csv", &samples(0..0));
    let (code, told) = text(&here, "time-report a.csv b.csv --svg clocks.svg");
    assert_eq!(code, 0);
    expect![[r#"
        a.csv: late 0.5 % (3 of 600): uplink jitter p99 0.0 ms, at most 11 ms; 2 ticks skipped
        600 inputs in 10.0 s at 60 Hz, of 600 of which the relay told
                            least     p0.1       p1      p50      p99    p99.9     most
        slack ms             -5.0     -5.0      5.6      5.6      5.6      5.6      5.6
        lead ms              46.0     46.0     46.0     46.0     46.0     46.0     46.0
        way up ms            40.4     40.4     40.4     40.4     40.4     51.0     51.0
        jitter ms             0.0      0.0      0.0      0.0      0.0     10.6     10.6
        rate %              0.012    0.012    0.012    0.012    0.012    0.012    0.012
        predicted ticks         3        3        3        3        4        4        4
        delay ticks             1        1        1        1        1        1        1
        0 resets, 0 suspensions, 0 stalls, 2 ticks skipped
        jitter (3): let late inputs weigh more, which buys lead for latency; else a cable, or less on the uplink

        b.csv: all in time: 5.6 ms of slack to spare; 2 ticks skipped
        600 inputs in 10.0 s at 60 Hz, of 600 of which the relay told
                            least     p0.1       p1      p50      p99    p99.9     most
        slack ms              5.6      5.6      5.6      5.6      5.6      5.6      5.6
        lead ms              46.0     46.0     46.0     46.0     46.0     46.0     46.0
        way up ms            40.4     40.4     40.4     40.4     40.4     40.4     40.4
        jitter ms             0.0      0.0      0.0      0.0      0.0      0.0      0.0
        rate %              0.012    0.012    0.012    0.012    0.012    0.012    0.012
        predicted ticks         3        3        3        3        4        4        4
        delay ticks             1        1        1        1        1        1        1
        0 resets, 0 suspensions, 0 stalls, 2 ticks skipped
    "#]].assert_eq(&told);
    let svg = fs::read_to_string(here.join("clocks.svg")).unwrap();
    assert!(svg.contains(">a.csv</text>") && svg.contains(">b.csv</text>"));
    assert_eq!(svg.matches("h0").count(), 2 * 600);
    assert_eq!(text(&here, "time-report a.csv b.csv --quiet").1, told);
}

#[test]
fn programs_are_told_the_same() {
    let here = directory("json");
    write(&here, "a.csv", &samples(300..303));
    write(&here, "b.csv", &samples(0..0));
    let (code, told) = text(&here, "time-report a.csv b.csv --json");
    assert_eq!(code, 0);
    let objects: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [a, b, last] = objects.try_into().unwrap();
    assert_eq!(
        (&a["name"], &a["late"], &a["causes"]),
        (
            &json!("a.csv"),
            &json!(3),
            &json!([{"cause": "jitter", "late": 3}])
        )
    );
    assert_eq!((&b["late"], &b["advice"]), (&json!(0), &json!([])));
    assert_eq!(
        (&a["slack_us"]["min"], &a["slack_us"]["p50"]),
        (&json!(-5000), &json!(5600))
    );
    assert_eq!(
        last,
        json!({"schema_version": 1, "command": "time-report", "clocks": 2, "inputs": 1200, "late": 3, "exit_code": 0})
    );
    let docs = include_str!("../../docs/cli.md");
    let keys = [&a, &a["slack_us"], &last].map(|object| object.as_object().unwrap().keys());
    for key in keys.into_iter().flatten() {
        assert!(
            docs.contains(&format!("`{key}`")),
            "docs/cli.md lacks {key}"
        );
    }
}

#[test]
fn what_is_no_file_of_samples_is_refused() {
    let here = directory("bad");
    write(&here, "good.csv", &samples(0..0));
    let good = fs::read_to_string(here.join("good.csv")).unwrap();
    let cut = &good[..good.len() - 9];
    for (name, text, hint) in [
        ("empty.csv", "", "empty.csv: line 1: the header"),
        ("other.csv", "a,b\n1,2\n", "other.csv: line 1: the header"),
        ("cut.csv", cut, "cut.csv: line 603: 7 columns instead of 13"),
        (
            "next.csv",
            "",
            "`phalanx match --time-csv DIR` writes files",
        ),
    ] {
        fs::write(here.join(name), text).unwrap();
        refused(&here, &format!("time-report good.csv {name}"), 13, hint);
    }
    // A header of ours with another column, and one that lacks the last.
    let more = good.replacen("rate_hz\n", "rate_hz,heat_c\n", 1);
    let fewer = good.replacen(",rate_hz\n", "\n", 1);
    for text in [more, fewer] {
        fs::write(here.join("version.csv"), text).unwrap();
        let hint = "version.csv: line 1: the columns are those of another version";
        refused(&here, "time-report good.csv version.csv", 14, hint);
    }
    fs::write(here.join("random.csv"), [0xff_u8; 4096]).unwrap();
    refused(
        &here,
        "time-report random.csv",
        13,
        "random.csv: line 1: longer than 256 bytes",
    );
    refused(
        &here,
        "time-report missing.csv",
        2,
        "cannot read missing.csv: no such file",
    );
    refused(&here, "time-report .", 2, "cannot read .: is a directory");
}

/// There was a table without a row.
#[test]
fn a_clock_without_inputs_has_no_table() {
    let here = directory("nothing");
    let mut samples = Samples::new(TickRate::hz(60));
    samples.happened(Time::ZERO, Happening::Skipped { ticks: 1 });
    write(&here, "a.csv", &samples);
    let (code, told) = text(&here, "time-report a.csv");
    assert_eq!(code, 0);
    expect![[r"
        a.csv: no inputs; 1 tick skipped
        0 inputs in 0.0 s at 60 Hz, of 0 of which the relay told
        0 resets, 0 suspensions, 0 stalls, 1 tick skipped
    "]]
    .assert_eq(&told);
}

/// Figures of files that hold any number ran into each other.
#[test]
fn long_figures_stand_apart() {
    let here = directory("long");
    let mut samples = Samples::new(TickRate::hz(60));
    samples.stamped(Sample {
        lead_us: i32::MIN,
        ..Sample::default()
    });
    write(&here, "a.csv", &samples);
    let (_, told) = text(&here, "time-report a.csv");
    let line = told.lines().find(|line| line.starts_with("lead ms"));
    let figures: Vec<_> = line.unwrap().split_whitespace().skip(2).collect();
    assert_eq!(figures, ["-2147483.6"; 7]);
}

/// The text is said all the same.
#[test]
fn a_drawing_that_cannot_be_written_is_told() {
    let here = directory("svg");
    write(&here, "a.csv", &samples(0..0));
    let output = phalanx(&here, "time-report a.csv --json --svg missing/x.svg");
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("cannot write missing/x.svg: no such file"),
        "{error}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(last["exit_code"], json!(1));
    #[cfg(target_os = "linux")]
    {
        let output = phalanx(&here, "time-report a.csv --svg /dev/full");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            error.contains("cannot write /dev/full: no space left"),
            "{error}"
        );
    }
}

/// No half drawing under the name of a whole one, and what was there stays; what is no file is written to.
#[cfg(unix)]
#[test]
fn a_drawing_is_whole_or_the_one_before() {
    let here = directory("whole");
    write(&here, "a.csv", &samples(0..0));
    fs::write(here.join("x.svg"), "old").unwrap();
    // No file may grow beyond a block, and who tries is not killed for it.
    let run = "trap '' XFSZ; ulimit -f 1; exec \"$0\" time-report a.csv --svg x.svg";
    let mut command = Command::new("sh");
    let command = command.args(["-c", run, env!("CARGO_BIN_EXE_phalanx")]);
    let output = command.current_dir(&here).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("cannot write x.svg"), "{error}");
    assert_eq!(fs::read(here.join("x.svg")).unwrap(), b"old");
    assert_eq!(fs::read_dir(&here).unwrap().count(), 2, "no half of it");

    assert_eq!(text(&here, "time-report a.csv --svg x.svg").0, 0);
    let whole = fs::read_to_string(here.join("x.svg")).unwrap();
    assert!(whole.ends_with("</svg>\n"), "{whole}");
    let (code, told) = text(&here, "time-report a.csv --svg /dev/stdout");
    assert!(code == 0 && told.contains(&whole), "{told}");
}

/// Without files a match is played, again the same for the same seed; what it writes reads back as it was told.
#[test]
fn a_match_in_the_virtual_world_is_told() {
    let here = directory("virtual");
    let run = "time-report --net mobile --players 3 --ticks 1200 --seed 7";
    let (code, told) = text(
        &here,
        &format!("{run} --quiet --csv found --svg clocks.svg"),
    );
    assert_eq!(code, 0, "{told}");
    assert!(
        told.contains("again with: phalanx time-report --players 3"),
        "{told}"
    );
    assert_eq!(text(&here, &format!("{run} --quiet")).1, told);
    let svg = fs::read_to_string(here.join("clocks.svg")).unwrap();
    for slot in 0..3 {
        assert!(svg.contains(&format!(">slot-{slot}</text>")));
        let file = format!("found/slot-{slot}.csv");
        let (code, read) = text(&here, &format!("time-report {file}"));
        assert_eq!(code, 0);
        let same = read
            .trim_end()
            .replace(&format!("{file}:"), &format!("slot-{slot}:"));
        assert!(told.contains(&same), "{told}\n{read}");
        let bytes = fs::read(here.join(&file)).unwrap();
        let samples = Samples::read_csv(&bytes[..]).unwrap();
        assert!(samples.summary().told > 600, "{read}");
    }
    // A match of fewer players leaves nothing of the other one.
    let (code, _) = text(&here, "time-report --ticks 60 --quiet --csv found");
    assert_eq!((code, here.join("found/slot-2.csv").exists()), (0, false));
    let refused = |args: &str, hint: &str| refused(&here, args, 2, hint);
    refused(
        "time-report found/slot-0.csv --net awful",
        "cannot be used with",
    );
    refused(
        "time-report found/slot-0.csv --csv again",
        "cannot be used with",
    );
    // Whichever comes first, what is said to be valid is: it was `time-report --csv <DIR> [FILE]...`.
    for args in [
        "found/slot-0.csv --csv again",
        "--csv again found/slot-0.csv",
    ] {
        refused(
            &format!("time-report {args}"),
            "phalanx time-report [--svg <FILE>] [--json] <FILE>...\n",
        );
    }
    refused("time-report --players 9", "use --players 8");
}

#[test]
fn a_match_in_real_time_leaves_files() {
    let here = directory("match");
    let (code, told) = text(
        &here,
        "match --ticks 90 --net lan --quiet --time-csv clocks",
    );
    assert!([0, 11].contains(&code), "{told}");
    let (code, told) = text(
        &here,
        "time-report clocks/slot-0.csv clocks/slot-1.csv --json",
    );
    assert_eq!(code, 0);
    let last: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert!(last["inputs"].as_u64() >= Some(2 * 90), "{last}");
}

/// Nothing is played for files that could not be written.
#[test]
fn a_directory_that_cannot_be_made_is_told() {
    let here = directory("no-directory");
    fs::write(here.join("file"), "").unwrap();
    for run in ["time-report --csv file/x", "match --time-csv file/x"] {
        refused(&here, run, 1, "cannot make the directory file/x");
    }
}
