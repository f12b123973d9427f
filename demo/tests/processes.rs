//! Relay and players as processes of their own, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(
    clippy::disallowed_types,
    reason = "waiting for processes takes a clock"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "and threads that read what they say"
)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longest that any process here may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that does not outlive its test.
struct Process {
    child: Child,
    name: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    fn start(args: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phalanx"));
        command.args(args.split_whitespace());
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .stdin(Stdio::null());
        Self {
            child: command.spawn().unwrap(),
            name: args.to_owned(),
        }
    }

    /// Waits for the end: exit code, the last line of stdout, all of stderr.
    fn end(mut self) -> (i32, String, String) {
        let (mut stdout, mut stderr) = (self.child.stdout.take(), self.child.stderr.take());
        let said = spawn(move || {
            let mut text = String::new();
            stdout
                .as_mut()
                .map(|stdout| stdout.read_to_string(&mut text));
            text
        });
        let complained = spawn(move || {
            let mut text = String::new();
            stderr
                .as_mut()
                .map(|stderr| stderr.read_to_string(&mut text));
            text
        });
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < PATIENCE, "`{}` does not end", self.name);
            sleep(Duration::from_millis(20));
        };
        let (said, complained) = (said.join().unwrap(), complained.join().unwrap());
        let last = said.lines().last().unwrap_or_default().to_owned();
        (status.code().unwrap_or(-1), last, complained)
    }
}

/// A relay that is ready, its address and its pin.
struct Relay {
    process: Process,
    addr: String,
    pin: String,
}

impl Relay {
    fn start(args: &str) -> Self {
        let mut process = Process::start(&format!("relay --listen 127.0.0.1:0 --quiet {args}"));
        let mut stdout = BufReader::new(process.child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        // What it says later is not waited for, but must not block it.
        spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        let words: Vec<_> = line.split_whitespace().collect();
        let ["listening", addr, "pin", pin] = words[..] else {
            panic!("not a ready line: {line}");
        };
        Self {
            addr: addr.into(),
            pin: pin.into(),
            process,
        }
    }

    fn player(&self) -> Process {
        let Self { addr, pin, .. } = self;
        Process::start(&format!("play --bot --json --connect {addr} --pin {pin}"))
    }
}

fn object(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

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
    let players = [relay.player(), relay.player()];
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

/// Ctrl-C ends in order, with a summary.
#[cfg(unix)]
#[test]
fn an_interrupted_run_still_has_a_summary() {
    for args in [
        "match --for 60s --json --quiet",
        "desync-test --for 10h --json --quiet",
    ] {
        let process = Process::start(args);
        sleep(Duration::from_secs(4));
        let id = process.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        let (code, line, error) = process.end();
        assert_eq!(code, 130, "{args}: {line} {error}");
        assert_eq!(object(&line)["exit_code"], 130, "{args}");
        assert!(object(&line)["ticks"].as_u64() > Some(10), "{args}: {line}");
    }
}
