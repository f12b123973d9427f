//! The driver's transport settings on a virtual clock, over a path that loses packets: a steady flow
//! of datagrams must not wait in our own queue.
//!
//! Both ends are `quinn-proto` without sockets. Path, loss and time are ours, so a run of one seed
//! is always the same and takes no real time.

mod pair;

use std::sync::Arc;
use std::time::Duration;

use pair::{Pair, Path};
use phalanx_netcode::quic::settings;
use quinn_proto::TransportConfig;

const TICK: Duration = Duration::from_nanos(16_666_667);
const MINUTE: u64 = 60 * 60;
const SEEDS: u64 = 8;
/// A poor path, and a fast game's frames on it: 1,000 bytes at 60 Hz each way, which is 60 KB/s.
const POOR: Path = path(100, 50);
const LARGE: usize = 1000;

const fn path(one_way: u64, loss_per_mille: u64) -> Path {
    Path {
        one_way: Duration::from_millis(one_way),
        loss_per_mille,
    }
}

/// How long datagrams took beyond the path, both directions together.
struct Delays {
    sorted: Vec<Duration>,
    sent: u64,
}

impl Delays {
    fn per_mille(&self, part: usize) -> Duration {
        self.sorted[(self.sorted.len() - 1) * part / 1000]
    }

    fn delivered_per_mille(&self) -> u64 {
        self.sorted.len() as u64 * 1000 / self.sent
    }

    #[expect(
        clippy::print_stdout,
        reason = "the figures, for whoever asks for them"
    )]
    fn print(&self, what: &str) {
        let [p50, p99, worst] = [500, 990, 1000].map(|part| self.per_mille(part));
        let delivered = self.delivered_per_mille();
        println!(
            "{what}: p50 {p50:?}, p99 {p99:?}, worst {worst:?}, delivered {delivered} of 1000"
        );
    }
}

type Settings = fn() -> TransportConfig;

const OURS: [Settings; 2] = [settings::relay_transport, settings::client_transport];
const DEFAULT: [Settings; 2] = [TransportConfig::default; 2];

/// Plays a minute for each seed.
fn play([relay, client]: [Settings; 2], path: Path, size: usize) -> Delays {
    let mut delays = Delays {
        sorted: Vec::new(),
        sent: 0,
    };
    for seed in 0..SEEDS {
        let mut pair = Pair::connect(seed, Arc::new(relay()), Arc::new(client()), path);
        for _ in 0..MINUTE {
            pair.send_both(size);
            pair.advance(TICK);
            delays.sent += 2;
        }
        // What still waits may arrive.
        pair.advance(Duration::from_secs(60));
        delays.sorted.append(&mut pair.delays);
    }
    delays.sorted.sort_unstable();
    delays
}

#[test]
fn our_settings_do_not_stall() {
    for path in [path(50, 10), POOR, path(150, 50)] {
        for size in [64, 256, LARGE] {
            let delays = play(OURS, path, size);
            delays.print(&format!("ours, {path:?}, {size} bytes"));
            assert!(delays.per_mille(990) < Duration::from_millis(5));
            // Nothing is lost but by the path, within what chance does in a minute.
            let path_delivers = 1000 - path.loss_per_mille;
            assert!(delays.delivered_per_mille().abs_diff(path_delivers) <= 5);
        }
    }
}

/// The canary: with quinn's own settings the same measurement sees the stall.
#[test]
fn the_default_settings_do_stall() {
    let delays = play(DEFAULT, POOR, LARGE);
    delays.print("default");
    assert!(delays.per_mille(990) > Duration::from_millis(200));
    // It takes neither a poor path nor a large frame.
    let delays = play(DEFAULT, path(100, 10), 256);
    delays.print("default, 256 bytes, 1 % loss");
    assert!(delays.per_mille(990) > Duration::from_millis(50));
}

/// Another canary: a small send buffer alone trades the stall for datagrams that are never sent.
#[test]
fn a_small_buffer_alone_loses_instead() {
    let cubic = || {
        let mut transport = settings::client_transport();
        let cubic = quinn_proto::congestion::CubicConfig::default();
        transport.congestion_controller_factory(Arc::new(cubic));
        transport
    };
    let delays = play([cubic; 2], POOR, LARGE);
    delays.print("Cubic behind our buffer");
    assert!(delays.per_mille(990) > Duration::from_millis(20));
    assert!(delays.delivered_per_mille() < 900);
}

#[test]
fn one_seed_is_one_run() {
    let run = || {
        let relay = Arc::new(settings::relay_transport());
        let client = Arc::new(settings::client_transport());
        let mut pair = Pair::connect(7, relay, client, POOR);
        for _ in 0..600 {
            pair.send_both(LARGE);
            pair.advance(TICK);
        }
        pair.delays
    };
    assert_eq!(run(), run());
}

#[test]
fn a_cut_path_is_noticed_at_both_ends() {
    let relay = Arc::new(settings::relay_transport());
    let client = Arc::new(settings::client_transport());
    let quiet = Path {
        loss_per_mille: 0,
        ..POOR
    };
    let mut pair = Pair::connect(1, relay, client, quiet);
    pair.advance(settings::IDLE_TIMEOUT * 10);
    assert_eq!(
        pair.alive(),
        [true; 2],
        "keep-alives hold a silent connection"
    );
    pair.path.loss_per_mille = 1000;
    pair.advance(settings::IDLE_TIMEOUT - settings::KEEP_ALIVE - POOR.one_way);
    assert_eq!(pair.alive(), [true; 2], "not too early");
    pair.advance(settings::KEEP_ALIVE * 2);
    assert_eq!(pair.alive(), [false; 2]);
}
