//! The program in front of a terminal that goes away: a window closed, a connection cut.
#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_types,
    reason = "waiting for processes takes a clock"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "and threads that read what they say"
)]
#![expect(clippy::unwrap_used, reason = "outside #[test] functions")]

mod process;
mod program;

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use process::{Process, Relay};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// A program that lost its terminal has this long to notice, and to say goodbye.
const PATIENCE: Duration = Duration::from_secs(10);

/// The program in a terminal that we hold the other end of.
struct Terminal {
    child: Child,
    master: File,
    seen: Vec<u8>,
}

/// Gives the terminal that many columns.
fn resize(master: impl AsFd, columns: u16) {
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(master, size).unwrap();
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Terminal {
    fn start(args: &str) -> Self {
        // No child may hold our end.
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        resize(&master, 80);
        let name = ptsname(&master, Vec::new()).unwrap();
        let path = std::ffi::OsStr::from_bytes(name.as_bytes());
        let slave = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_phalanx"))
            .args(args.split_whitespace())
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave)
            .spawn()
            .unwrap();
        Self {
            child,
            master: master.into(),
            seen: Vec::new(),
        }
    }

    /// Whether `text` has been drawn.
    fn shows(&self, text: &str) -> bool {
        let mut places = self.seen.windows(text.len());
        places.any(|at| at == text.as_bytes())
    }

    /// Reads what is drawn, if anything comes in time.
    fn read(&mut self, within: Duration) -> bool {
        let mut bytes = [0; 4096];
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        let ready = poll(&mut fds, Some(&within.try_into().unwrap())).unwrap();
        if ready == 0 {
            return false;
        }
        let seen = String::from_utf8_lossy(&self.seen);
        let count = self.master.read(&mut bytes);
        let count = count.unwrap_or_else(|end| panic!("{end} after {seen:?}"));
        self.seen.extend_from_slice(&bytes[..count]);
        true
    }

    /// Reads what is drawn until `text` stands in it: a word, as only what changes is sent.
    fn await_text(&mut self, text: &str) {
        let began = Instant::now();
        while !self.shows(text) {
            let comes = self.read(PATIENCE) && began.elapsed() < 3 * PATIENCE;
            let seen = String::from_utf8_lossy(&self.seen);
            assert!(comes, "`{text}` does not come; so far: {seen:?}");
        }
    }

    /// The same for what changes in part: whenever its size changes, all of it is drawn.
    fn await_part(&mut self, text: &str) {
        let began = Instant::now();
        for columns in (80..90).cycle() {
            if self.shows(text) {
                return;
            }
            let seen = String::from_utf8_lossy(&self.seen);
            let patient = began.elapsed() < 3 * PATIENCE;
            assert!(patient, "`{text}` does not come; so far: {seen:?}");
            resize(&self.master, columns);
            for _ in 0..5 {
                self.read(Duration::from_millis(50));
            }
        }
    }

    fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// The terminal is gone, and the program ends by itself.
    fn hang_up(mut self) -> ExitStatus {
        // The other end is closed by dropping ours.
        self.master = File::open("/dev/null").unwrap();
        self.end()
    }

    /// The program ends by itself.
    fn end(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            sleep(Duration::from_millis(20));
        }
    }

    /// Plays the terminal up to the first drawing that holds `text`.
    fn until_drawn(args: &str, text: &str) -> Self {
        let mut terminal = Self::start(args);
        // It asks what terminal this is: a plain one.
        terminal.await_text("\x1b[c");
        terminal.press("\x1b[?1;2c");
        terminal.await_text(text);
        terminal
    }
}

/// Regression: it looked for keys in the closed terminal for ever, a core at full load.
#[test]
fn who_watches_a_match_ends_with_the_terminal() {
    let watching = Terminal::until_drawn("match --watch --ticks 3600", "slot");
    assert_eq!(watching.hang_up().code(), Some(1));
}

/// Regression: a match that failed left a recording without an end.
#[test]
fn a_match_that_fails_leaves_a_whole_replay() {
    let here = program::directory("failed");
    let file = here.join("a.replay");
    let args = format!("match --watch --ticks 3600 --record {}", file.display());
    let mut watching = Terminal::until_drawn(&args, "slot");
    watching.await_part("same at");
    assert_eq!(watching.hang_up().code(), Some(1));
    let (code, info) = program::object(&here, "replay info a.replay");
    assert_eq!(
        (code, info["ending"].as_str()),
        (0, Some("closed")),
        "{info}"
    );
    assert!(info["ticks"].as_u64() > Some(0), "{info}");
    let signed = info["signed_to"].as_u64().map(|tick| tick + 1);
    assert_eq!(signed, info["ticks"].as_u64(), "{info}");
}

/// Regression: so did a player, whom the others waited for.
#[test]
fn who_plays_leaves_with_the_terminal() {
    let relay = Relay::start("--ticks 120");
    let (addr, pin) = (&relay.addr, &relay.pin);
    let playing = Terminal::until_drawn(&format!("play --connect {addr} --pin {pin}"), "others");
    playing.hang_up();
    // Its slot is free again.
    relay.played(120, [relay.player(), relay.player()].map(Process::end));
}

/// A worker is ordered and paid for: the ore gets less in the battle as everybody has it.
#[test]
fn who_plays_skirmish_orders_sees_it_done_and_leaves() {
    let relay = Relay::start("--game skirmish --players 1");
    let (addr, pin) = (&relay.addr, &relay.pin);
    let play = format!("play --game skirmish --connect {addr} --pin {pin}");
    let mut playing = Terminal::until_drawn(&play, "300o");
    playing.press("a");
    playing.await_part("64 soldiers");
    playing.press("T");
    playing.await_part("250o");
    playing.press("q");
    assert_eq!(playing.end().code(), Some(0));
    // In front of the terminal as it was before.
    while playing.read(Duration::from_millis(100)) && !playing.shows("left the session") {}
    assert!(playing.shows("left the session"));
}

#[test]
fn who_watches_a_skirmish_ends_with_q() {
    let arguments = "match --game skirmish --watch --ticks 3600";
    let mut watching = Terminal::until_drawn(arguments, "32s");
    watching.press("q");
    assert_eq!(watching.end().code(), Some(130));
}

/// A replay goes on by itself, stands still when it is asked to, and goes both ways.
#[test]
fn who_watches_a_replay_sees_time_pass_and_stops_it() {
    let file = std::env::temp_dir().join(format!("phalanx-watched-{}.replay", std::process::id()));
    let path = file.to_str().unwrap();
    let recorded = Command::new(env!("CARGO_BIN_EXE_phalanx"))
        .args([
            "desync-test",
            "--ticks",
            "1200",
            "--quiet",
            "--record",
            path,
        ])
        .status();
    assert!(recorded.unwrap().success());
    let mut watching = Terminal::until_drawn(&format!("replay play {path}"), "speed 1");
    watching.await_part("tick 6");
    watching.press("+");
    watching.await_part("speed 2");
    watching.press(" ");
    watching.await_part("paused");
    // Back to the start, and two ticks on.
    watching.press(&"\x1b[D".repeat(5));
    watching.await_part("tick 0 of");
    watching.press("..");
    watching.await_part("tick 2 of");
    watching.press(",");
    watching.await_part("tick 1 of");
    watching.press("q");
    assert_eq!(watching.end().code(), Some(0));
    std::fs::remove_file(&file).unwrap();
}
