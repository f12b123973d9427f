//! The program as processes that do not outlive their test.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use phalanx_netcode::quic::Pin;
use serde_json::Value;

/// Longest that any process here may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that does not outlive its test.
pub struct Process {
    pub child: Child,
    name: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    pub fn start(args: &str) -> Self {
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
    pub fn end(mut self) -> (i32, String, String) {
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
pub struct Relay {
    pub process: Process,
    pub addr: String,
    pub pin: String,
    said: Arc<Mutex<String>>,
}

impl Relay {
    pub fn start(args: &str) -> Self {
        Self::telling(&format!("--quiet {args}"))
    }

    /// One that tells who comes and goes.
    pub fn telling(args: &str) -> Self {
        let mut process = Process::start(&format!("relay --listen 127.0.0.1:0 {args}"));
        let mut stdout = BufReader::new(process.child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let stderr = BufReader::new(process.child.stderr.take().unwrap());
        let said = Arc::<Mutex<String>>::default();
        listen(stdout, &said);
        listen(stderr, &said);
        let words: Vec<_> = line.split_whitespace().collect();
        let ["listening", addr, "pin", pin] = words[..] else {
            panic!("not a ready line: {line}");
        };
        Self {
            addr: addr.into(),
            pin: pin.into(),
            process,
            said,
        }
    }

    /// Where it listens, and as whom.
    pub fn place(&self) -> (SocketAddr, Pin) {
        (self.addr.parse().unwrap(), self.pin.parse().unwrap())
    }

    /// Two players of its first session ended as they should: each played all `ticks`, and both had
    /// the same checksum at every one of them, which the relay has compared.
    pub fn played(&self, ticks: u64, ends: [(i32, String, String); 2]) {
        let players = ends.map(|(code, line, error)| {
            assert_eq!(code, 0, "{line} {error}");
            let player = object(&line);
            assert_eq!(player["confirmed_ticks"], ticks, "{line}");
            assert_eq!(player["desyncs"], 0, "{line}");
            player
        });
        let [one, two] = &players;
        // The last vote of the slower one is not always told to the faster one.
        if one["checksum_tick"] == two["checksum_tick"] {
            assert_eq!(one["checksum"], two["checksum"]);
        }
        self.says(
            &format!("session 1 ended: {ticks} ticks sealed, {ticks} agreed"),
            "the end",
        );
        self.says("no desync", "the end");
    }

    /// Waits until `text` stands in what it wrote.
    pub fn says(&self, text: &str, case: &str) {
        let began = Instant::now();
        loop {
            let said = self.said();
            if said.contains(text) {
                return;
            }
            let patient = began.elapsed() < PATIENCE;
            assert!(patient, "{case}: `{text}` is not in:\n{said}");
            sleep(Duration::from_millis(20));
        }
    }

    /// What it wrote so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub fn player(&self) -> Process {
        self.player_with("")
    }

    pub fn player_with(&self, args: &str) -> Process {
        self.player_over(&self.addr, args)
    }

    /// A player who reaches it by another address.
    pub fn player_over(&self, addr: &str, args: &str) -> Process {
        let pin = &self.pin;
        Process::start(&format!(
            "play --bot --json --connect {addr} --pin {pin} {args}"
        ))
    }
}

/// Collects what a process writes, line by line: it never waits to be read.
fn listen(from: impl BufRead + Send + 'static, said: &Arc<Mutex<String>>) {
    let said = Arc::clone(said);
    spawn(move || {
        for line in from.lines().map_while(Result::ok) {
            *said.lock().unwrap() += &(line + "\n");
        }
    });
}

pub fn object(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}
