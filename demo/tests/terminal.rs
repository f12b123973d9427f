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

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
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
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, size).unwrap();
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

    /// Reads what is drawn until `text` stands in it: a word, as only what changes is sent.
    fn await_text(&mut self, text: &str) {
        let mut bytes = [0; 4096];
        while !self
            .seen
            .windows(text.len())
            .any(|at| at == text.as_bytes())
        {
            let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
            let ready = poll(&mut fds, Some(&PATIENCE.try_into().unwrap())).unwrap();
            let seen = String::from_utf8_lossy(&self.seen);
            assert!(ready > 0, "`{text}` does not come; so far: {seen:?}");
            let count = self.master.read(&mut bytes);
            let count = count.unwrap_or_else(|end| panic!("{end} after {seen:?}"));
            self.seen.extend_from_slice(&bytes[..count]);
        }
    }

    /// The terminal is gone, and the program ends by itself.
    fn hang_up(mut self) -> ExitStatus {
        // The other end is closed by dropping ours.
        self.master = File::open("/dev/null").unwrap();
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
        terminal.master.write_all(b"\x1b[?1;2c").unwrap();
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
