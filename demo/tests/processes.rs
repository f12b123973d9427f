//! Relay and players as processes of their own, over real sockets.
#![expect(
    clippy::disallowed_types,
    reason = "waiting for processes takes a clock"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "and threads that read what they say"
)]

mod process;
mod program;

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use process::{Process, Relay, object};

#[test]
fn three_processes_play_to_the_end_again_and_again() {
    let relay = Relay::start("--ticks 600");
    for session in 0..2 {
        let players = [relay.player(), relay.player()];
        let ends = players.map(Process::end);
        let [one, two] = ends.map(|(code, line, error)| {
            assert_eq!(code, 0, "session {session}: {line} {error}");
            object(&line)
        });
        for player in [&one, &two] {
            assert_eq!(player["ticks"], 600);
            assert_eq!(player["confirmed_ticks"], 600);
            assert_eq!(player["seed"], (1 + session).to_string());
            assert_eq!(player["desyncs"], 0);
        }
    }
}

#[test]
fn who_is_killed_leaves_the_other_playing_to_the_end() {
    let relay = Relay::start("--ticks 600");
    let (mut victim, survivor) = (relay.player(), relay.player());
    sleep(Duration::from_secs(4));
    victim.child.kill().unwrap();
    let (code, line, error) = survivor.end();
    assert_eq!(code, 0, "{line} {error}");
    assert_eq!(object(&line)["confirmed_ticks"], 600);
}

#[test]
fn when_the_relay_is_killed_all_players_lose_it() {
    let mut relay = Relay::start("");
    let players = ["--reconnect 0", "--reconnect 2"].map(|args| relay.player_with(args));
    sleep(Duration::from_secs(4));
    relay.process.child.kill().unwrap();
    for (code, line, error) in players.map(Process::end) {
        assert_eq!(code, 21, "{line} {error}");
        assert!(error.contains("the relay is lost"), "{error}");
        assert_eq!(object(&line)["exit_code"], 21);
    }
}

#[test]
fn a_third_player_is_refused_in_words() {
    let relay = Relay::start("--ticks 600");
    let _seated = [relay.player(), relay.player()];
    sleep(Duration::from_secs(3));
    let (code, _, error) = relay.player().end();
    assert_eq!(code, 20, "{error}");
    assert!(
        error.contains("refused by the relay: the session has already begun"),
        "{error}"
    );
}

#[test]
fn a_wrong_pin_is_refused_in_words() {
    let relay = Relay::start("");
    let wrong = "0".repeat(64);
    let player = Process::start(&format!(
        "play --bot --connect {} --pin {wrong}",
        relay.addr
    ));
    let (code, _, error) = player.end();
    assert_eq!(code, 20, "{error}");
    assert!(
        error.contains("take the pin from the relay's ready line"),
        "{error}"
    );
}

#[test]
fn nobody_at_the_port_is_a_timeout_in_words() {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let addr = socket.local_addr().unwrap();
    let pin = "0".repeat(64);
    let (code, _, error) =
        Process::start(&format!("play --bot --connect {addr} --pin {pin}")).end();
    assert_eq!(code, 22, "{error}");
    assert!(error.contains("no answer from"), "{error}");
}

#[test]
fn a_taken_port_is_told() {
    let relay = Relay::start("");
    let (code, _, error) = Process::start(&format!("relay --listen {}", relay.addr)).end();
    assert_eq!(code, 1, "{error}");
    assert!(
        error.contains(&relay.addr) && error.contains("--listen"),
        "{error}"
    );
}

#[test]
fn a_match_of_bots_is_played() {
    let (code, line, error) = Process::start("match --ticks 300 --players 3 --json").end();
    assert_eq!(code, 0, "{line} {error}");
    let summary = object(&line);
    assert_eq!(summary["agreed_ticks"], 300);
    assert!(summary["bytes_up_per_s"].as_u64() > Some(0), "{line}");
    assert!(error.lines().count() >= 3, "{error}");
}

#[test]
fn a_plant_is_found_in_a_match() {
    let args = "match --ticks 300 --plant 1@120 --net lan --json --quiet";
    let (code, line, error) = Process::start(args).end();
    assert_eq!(code, 10, "{line} {error}");
    assert_eq!(object(&line)["first_bad_tick"], 120);
}

/// How a run ends that is interrupted after 4 s.
#[cfg(unix)]
fn interrupted(args: &str) -> (i32, String, String) {
    let process = Process::start(args);
    sleep(Duration::from_secs(4));
    let id = process.child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &id]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    process.end()
}

/// Nor is what a benchmark has done by then lost.
#[cfg(unix)]
#[test]
fn an_interrupted_benchmark_has_part_of_its_results() {
    let directory = program::directory("benchmark");
    let svg = directory.join("rules.svg");
    let args = format!(
        "time-bench --rule ngo --seeds 1000 --json --quiet --svg {}",
        svg.display()
    );
    let (code, line, error) = interrupted(&args);
    assert_eq!(code, 130, "{line} {error}");
    let summary = object(&line);
    assert_eq!(summary["exit_code"], 130, "{line}");
    assert_eq!(summary["partial"], true, "{line}");
    assert!(summary["runs"].as_u64() > Some(0), "{line}");
    assert!(!svg.exists(), "no drawing of a part");
}

/// Ctrl-C ends in order, with a summary.
#[cfg(unix)]
#[test]
fn an_interrupted_run_still_has_a_summary() {
    for args in [
        "match --for 60s --json --quiet",
        "desync-test --for 10h --json --quiet",
    ] {
        let (code, line, error) = interrupted(args);
        assert_eq!(code, 130, "{args}: {line} {error}");
        assert_eq!(object(&line)["exit_code"], 130, "{args}");
        assert!(object(&line)["ticks"].as_u64() > Some(10), "{args}: {line}");
    }
}

/// Regression: the object said 0.
#[cfg(target_os = "linux")]
#[test]
fn a_player_that_cannot_record_plays_on_and_says_so_in_both_ways() {
    let relay = Relay::start("--ticks 120");
    let recording = relay.player_with("--record /dev/full");
    let [recording, other] = [recording, relay.player()].map(Process::end);
    let (code, line, error) = recording;
    assert_eq!(code, 1, "{line} {error}");
    assert!(error.contains("cannot record to /dev/full"), "{error}");
    assert_eq!(object(&line)["exit_code"], 1, "{line}");
    assert_eq!(object(&line)["confirmed_ticks"], 120, "{line}");
    assert_eq!(other.0, 0, "{} {}", other.1, other.2);
}

/// What a crash leaves of a recording is whole up to where it stopped, and who outlived it has the rest. It stays when the
/// same command is started again.
#[test]
fn a_killed_relay_leaves_a_replay() {
    let directory = program::directory("killed-relay");
    let (theirs, ours) = (directory.join("relay"), directory.join("player"));
    let mut relay = Relay::start(&format!("--record {}", theirs.display()));
    let record = format!("--record {}", ours.display());
    let players = [record.as_str(), ""].map(|args| {
        let args = format!("--reconnect 0 {args}");
        relay.player_with(&args)
    });
    sleep(Duration::from_secs(5));
    relay.process.child.kill().unwrap();
    for (code, line, error) in players.map(Process::end) {
        assert_eq!(code, 21, "{line} {error}");
    }
    let left = [&theirs, &ours].map(|file| std::fs::read(file).unwrap());
    let again = Relay::start(&format!("--ticks 120 --record {}", theirs.display()));
    let players = [record.as_str(), ""].map(|args| again.player_with(args));
    again.played(120, players.map(Process::end));
    again.says("relay is there already, and stays: recording to", "a file");
    assert_eq!(
        [&theirs, &ours].map(|file| std::fs::read(file).unwrap()),
        left
    );

    // Nobody ended it, so that it can be played on.
    let from = format!("match --net lan --ticks 60 --from {}", theirs.display());
    let (code, line, error) = Process::start(&format!("{from} --json --quiet")).end();
    assert_eq!(code, 0, "{line} {error}");
    assert_eq!(object(&line)["agreed_ticks"], 60, "{line}");

    let others = ["relay-2", "player-2"].map(|name| (directory.join(name), "closed"));
    let files = [(theirs, "not closed"), (ours, "closed")];
    for (file, ending) in files.into_iter().chain(others) {
        let args = format!("replay verify {} --json --quiet", file.display());
        let (code, line, error) = Process::start(&args).end();
        assert_eq!(code, 0, "{line} {error}");
        let replay = object(&line);
        assert!(replay["ticks"].as_u64().unwrap() >= 64, "{line}");
        assert!(
            replay["ending"].as_str().unwrap().starts_with(ending),
            "{line}"
        );
    }
}

/// It knows no game, but holds the snapshots that its players send or a referee makes: so no seek in what it recorded
/// executes more than from one of them to the next.
#[test]
fn what_a_relay_recorded_is_sought_from_its_keyframes() {
    let directory = program::directory("relay-keyframes");
    let cases = [
        ("voted", "--keyframes 240"),
        ("refereed", "--keyframes 240 --referee duel"),
        ("none", "--keyframes 0"),
    ];
    let matches = cases.map(|(name, args)| {
        let file = directory.join(name);
        let args = format!("{args} --ticks 840 --record {}", file.display());
        let relay = Relay::start(&args);
        let players = [relay.player(), relay.player()];
        (name, relay, players)
    });
    for (name, relay, players) in matches {
        relay.played(840, players.map(Process::end));
        let keyframes = if name == "none" { 0 } else { 3 };
        let (code, verified) = program::object(&directory, &format!("replay verify {name}"));
        assert_eq!((code, verified["ticks"].as_u64()), (0, Some(840)), "{name}");
        assert_eq!(verified["keyframes"].as_u64(), Some(keyframes), "{name}");
        for tick in [100_u64, 239, 500, 839] {
            let (_, sought) =
                program::object(&directory, &format!("replay seek {name} --tick {tick}"));
            let before = (tick + 1) / 240 * 240;
            let from = before.checked_sub(1).filter(|_| keyframes > 0);
            let executed = tick - from.unwrap_or_default() + u64::from(from.is_none());
            assert_eq!(sought["keyframe"].as_u64(), from, "{name} at {tick}");
            assert_eq!(
                sought["executed"].as_u64(),
                Some(executed),
                "{name} at {tick}"
            );
        }
        let (_, info) = program::text(&directory, &format!("replay info {name}"));
        let told = info.contains("keyframes  none: every seek executes from the first tick on");
        assert_eq!(told, keyframes == 0, "{info}");
    }
}

#[test]
fn a_referee_executes_what_the_players_do() {
    let relay = Relay::start("--referee duel --ticks 300");
    let ends = [relay.player(), relay.player()].map(Process::end);
    let players = ends.clone().map(|(_, line, _)| object(&line));
    relay.played(300, ends);
    let said = "the referee executed 300 ticks, 0 players held another world, checksum";
    relay.says(said, "the referee");
    // A player knows the newest tick that it was told to be agreed.
    for player in players
        .iter()
        .filter(|player| player["checksum_tick"] == 299)
    {
        let checksum = player["checksum"].as_str().unwrap();
        relay.says(&format!("{said} {checksum}"), "the last world");
    }
    let (code, _, error) = Process::start("relay --referee skirmish").end();
    assert_eq!(code, 2);
    assert!(
        error.contains("--referee names the game of --game"),
        "{error}"
    );
}
