//! What the virtual world says of a match is what real sockets make of it: the same scenario, over QUIC in real
//! time, lies within what 200 seeds of it come to at full speed.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]
#![expect(
    clippy::float_arithmetic,
    clippy::disallowed_types,
    reason = "figures of measurements"
)]

use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A duel over a home's radio, whose way up becomes 60 ms longer in the middle.
const SCENARIO: [&str; 5] = ["--net", "wifi", "--faults", "route", "--for"];

/// Real matches at a time: each of them needs a small part of a processor, but needs it at once.
const TOGETHER: u64 = 2;

/// What is compared, of all inputs of all players.
#[derive(Clone, Copy, Debug)]
struct Figures {
    /// Of a hundred inputs.
    late: f64,
    /// Mean from sampling an input to executing its tick from the log, milliseconds.
    latency: f64,
}

fn begin(command: &str, length: &str, seed: u64) -> Child {
    let mut phalanx = Command::new(env!("CARGO_BIN_EXE_phalanx"));
    phalanx.arg(command).args(SCENARIO).arg(length);
    phalanx.args(["--json", "--quiet", "--seed", &seed.to_string()]);
    phalanx.stdout(Stdio::piped()).spawn().unwrap()
}

fn end(run: Child) -> Figures {
    let output = run.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    let object: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    let inputs = 2.0 * number(&object["ticks"]);
    Figures {
        late: 100.0 * number(&object["late_inputs"]) / inputs,
        latency: number(&object["input_latency_ms"]["mean"]),
    }
}

/// In the virtual world, with the seeds from 1 on.
fn virtual_runs(length: &str, seeds: u64) -> Vec<Figures> {
    let run = |seed| end(begin("desync-test", length, seed));
    (1..=seeds).map(run).collect()
}

/// Over real sockets, with other seeds: what a seed draws, it draws for other packets.
fn real_runs(length: &str, runs: u64) -> Vec<Figures> {
    let seeds: Vec<_> = (1001..=1000 + runs).collect();
    let together = seeds.chunks(usize::try_from(TOGETHER).unwrap());
    let matches = together.flat_map(|seeds| {
        let begun: Vec<_> = seeds
            .iter()
            .map(|seed| begin("match", length, *seed))
            .collect();
        begun.into_iter().map(end).collect::<Vec<_>>()
    });
    matches.collect()
}

/// The value that `percent` of them do not exceed.
fn quantile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted[rank - 1]
}

/// What is wrong, if the median of `real` is not between the 5 % and the 95 % of `drawn`.
fn outside(name: &str, drawn: &[f64], real: &[f64]) -> Option<String> {
    let [low, middle, high] = [5, 50, 95].map(|percent| quantile(drawn, percent));
    let median = quantile(real, 50);
    let said =
        format!("{name}: virtual {low:.2} to {high:.2}, median {middle:.2}; real {median:.2}");
    println!("{said}");
    let within = (low..=high).contains(&median);
    (!within).then(|| format!("{said}, of {real:.2?}"))
}

fn compare(drawn: &[Figures], real: &[Figures]) -> Vec<String> {
    let late = |of: &[Figures]| of.iter().map(|run| run.late).collect::<Vec<_>>();
    let latency = |of: &[Figures]| of.iter().map(|run| run.latency).collect::<Vec<_>>();
    let late = outside("late %", &late(drawn), &late(real));
    let latency = outside("latency ms", &latency(drawn), &latency(real));
    late.into_iter().chain(latency).collect()
}

#[test]
#[ignore = "two minutes of real time, on a machine that has nothing else to do"]
fn real_matches_lie_within_the_band_of_virtual_ones() {
    let drawn = virtual_runs("20s", 200);
    let wrong = compare(&drawn, &real_runs("20s", 10));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The canary: figures of another network, or of a client that is a little slow, are not taken for these.
#[test]
fn other_figures_are_outside_the_band() {
    let drawn = virtual_runs("20s", 60);
    assert_eq!(compare(&drawn, &drawn), [""; 0]);
    let slow = |run: &Figures| Figures {
        latency: run.latency + 20.0,
        ..*run
    };
    let hasty = |run: &Figures| Figures {
        late: run.late + 1.5,
        ..*run
    };
    let wrong = compare(&drawn, &drawn.iter().map(slow).collect::<Vec<_>>());
    assert!(
        matches!(&wrong[..], [only] if only.starts_with("latency")),
        "{wrong:?}"
    );
    let wrong = compare(&drawn, &drawn.iter().map(hasty).collect::<Vec<_>>());
    assert!(
        matches!(&wrong[..], [only] if only.starts_with("late %")),
        "{wrong:?}"
    );
}
