//! A relay alone, with peers that are nothing but the bytes they send: the tick rate.

mod commands;

use core::time::Duration;

use phalanx_engine::{FrameHash, Pace, Provenance, SealedFrame, Setup};

use super::*;
use crate::config::LatePolicy;
use crate::limits::RATE_NOTICE;
use crate::limits::{PROTOCOL_VERSION, START_DELAY};
use crate::testing::Mixer;
use crate::wire::{Hello, InputHeader, encode_control};
use phalanx_engine::PaceChange;

const HZ_20: TickRate = TickRate::hz(20);
const HZ_60: TickRate = TickRate::hz(60);

/// A session of one slot, whose peer says what it has to.
struct Host {
    relay: Relay,
    now: Time,
    /// When each tick was sealed.
    sealed: Vec<Time>,
    changes: Vec<PaceChange>,
    closed: Option<CloseReason>,
    buffer: Vec<u8>,
    heard: Time,
}

const PEER: PeerId = PeerId(0);

impl Host {
    /// A match that is about to begin.
    fn new(rate: TickRate, change: impl FnOnce(&mut SessionConfig)) -> Self {
        let (seed, slots) = (5, 1);
        let mut config = SessionConfig::new(&Mixer, Setup::new(seed, slots, rate));
        change(&mut config);
        let game = config.game.clone();
        let now = Time::from_nanos(1_000_000_007);
        let mut host = Self {
            relay: Relay::new(config).unwrap(),
            now,
            sealed: Vec::new(),
            changes: Vec::new(),
            closed: None,
            buffer: Vec::new(),
            heard: now,
        };
        assert_eq!(host.relay.change_rate(HZ_20), Err(PaceError::NotRunning));
        host.relay.connected(now, PEER);
        let protocol = PROTOCOL_VERSION;
        host.say(&FromClient::Hello(Hello {
            protocol,
            game,
            token: None,
            held: None,
            whole: false,
            snapshots: Vec::new(),
        }));
        host.say(&FromClient::Ready);
        host
    }

    fn start(&self) -> Time {
        Time::from_nanos(1_000_000_007) + START_DELAY
    }

    fn say(&mut self, message: &FromClient) {
        let mut bytes = Vec::new();
        encode_control(message, &mut bytes);
        self.relay.handle(self.now, PEER, Channel::Control, &bytes);
    }

    /// Acknowledges all frames, and sends neutral inputs for `count` ticks from `first` on.
    fn send(&mut self, first: Tick, count: u64) {
        let header = InputHeader {
            number: 0,
            frames_next: self.relay.sealer.next(),
            first,
            count,
            acked_baseline: false,
            votes_first: Tick::ZERO,
        };
        let (mut bytes, neutral) = (Vec::new(), [0; 2]);
        let mut bits = Datagram::inputs(&mut bytes, &header, core::iter::empty());
        (0..count).for_each(|_| bits.put_delta(&neutral, &neutral));
        bits.put_bool(false);
        bits.finish();
        self.relay.handle(self.now, PEER, Channel::Datagram, &bytes);
        self.heard = self.now;
    }

    /// Does what is to be done now; returns when there is more.
    fn drain(&mut self) -> Time {
        loop {
            let output = self.relay.poll(self.now, &mut self.buffer);
            while Tick(self.sealed.len() as u64) < self.relay.log().next() {
                self.sealed.push(self.now);
            }
            match output {
                RelayOutput::Event(RelayEvent::PaceChanges(change)) => self.changes.push(change),
                RelayOutput::Close { reason, .. } => self.closed = Some(reason),
                RelayOutput::Timeout(due) => return due,
                RelayOutput::Event(_) | RelayOutput::Transmit { .. } => {}
            }
        }
    }

    /// Goes on to `end`, with a word from the peer every second.
    fn run_until(&mut self, end: Time) {
        while self.now < end {
            let keep_alive = self.heard + Duration::from_secs(1);
            self.now = self.drain().min(keep_alive).min(end).max(self.now);
            if self.now == keep_alive {
                self.send(self.relay.seats[0].next(), 0);
            }
        }
        self.drain();
    }

    fn run(&mut self, duration: Duration) {
        self.run_until(self.now + duration);
    }

    fn change_rate(&mut self, rate: TickRate) -> PaceChange {
        self.relay.change_rate(rate).unwrap();
        let known = self.changes.len();
        while self.changes.len() == known {
            self.run(Duration::from_millis(10));
        }
        self.changes[known]
    }
}

/// An hour at 60 Hz and at 20 by turns: every tick is sealed at the nanosecond at which it is due by the
/// rates that the log names, summed up in sixtieths of a second.
#[test]
fn the_deadlines_of_an_hour_of_changes_are_exact() {
    let mut host = Host::new(HZ_60, |_| ());
    let end = host.start() + Duration::from_secs(3600);
    while host.now < end {
        let rate = if host.changes.len().is_multiple_of(2) {
            HZ_20
        } else {
            HZ_60
        };
        match host.relay.change_rate(rate) {
            Ok(()) | Err(PaceError::Pending) => {}
            Err(error) => panic!("{error}"),
        }
        host.run_until((host.now + Duration::from_millis(900)).min(end));
    }
    assert!(host.changes.len() > 700, "{} changes", host.changes.len());
    let mut sixtieths = 0_u64;
    let mut changes = host.changes.iter().peekable();
    let mut rate = HZ_60;
    for (tick, sealed) in (0..).map(Tick).zip(&host.sealed) {
        if let Some(change) = changes.next_if(|change| change.at == tick) {
            rate = change.rate;
        }
        let nanos = (u128::from(sixtieths) * 1_000_000_000).div_ceil(60);
        let due = host.start() + Duration::from_nanos(nanos.try_into().unwrap());
        assert_eq!(*sealed, due, "tick {tick}");
        sixtieths += u64::from(60 / rate.numerator());
    }
    assert_eq!(sixtieths.div_euclid(60), 3600);
    // Whoever has the frames knows the same.
    let (mut pace, mut told) = (Pace::new(HZ_60), Vec::new());
    let mut frame = SealedFrame::empty(FrameHash([0; 32]));
    for tick in Tick::ZERO.until(host.relay.log().next()) {
        assert_eq!(host.relay.log().read(tick, &mut frame), Ok(true));
        told.extend(pace.begin(tick, &frame.entries));
    }
    assert_eq!(told, host.changes);
    assert_eq!(pace.rate(), rate);
}

#[test]
fn a_change_is_named_a_notice_before_it_takes_effect() {
    for rate in [
        TickRate::hz(1),
        TickRate::new(30_000, 1001).unwrap(),
        HZ_60,
        TickRate::hz(1000),
    ] {
        let mut host = Host::new(rate, |_| ());
        host.run_until(host.start() + Duration::from_millis(2500));
        let change = host.change_rate(HZ_20);
        let named = Tick(host.sealed.len() as u64).previous().unwrap();
        let notice = host.relay.schedule.deadline(change.at).since(host.now);
        let period = Duration::from_nanos(rate.period_nanos() + 1);
        // It was sealed up to a step of the test ago.
        let step = Duration::from_millis(10);
        assert!(
            (RATE_NOTICE - step..=RATE_NOTICE + period).contains(&notice),
            "{rate}: {notice:?}"
        );
        assert!(change.at > named);
    }
}

#[test]
fn a_change_is_later_than_all_inputs_that_came() {
    let mut host = Host::new(HZ_20, |_| ());
    host.run_until(host.start() + Duration::from_secs(1));
    let mut last = Tick::ZERO;
    // Further ahead than any lead: 10 seconds.
    for first in [20, 120] {
        host.send(Tick(first), 100);
        last = Tick(first + 99);
    }
    assert_eq!(host.relay.seats[0].next(), last.next());
    assert_eq!(host.change_rate(HZ_60).at, last.next());
}

/// While the relay waits for one, the clocks of the others go on.
#[test]
fn the_notice_of_a_tick_that_was_waited_for_begins_when_it_is_sealed() {
    let bound_ms = 20_000;
    let mut host = Host::new(HZ_60, |config| {
        config.rules.policy = LatePolicy::Wait { bound_ms };
    });
    host.say(&FromClient::Stamping(Tick::ZERO));
    host.run_until(host.start() + Duration::from_secs(1));
    assert!(host.sealed.is_empty());
    let change = host.change_rate(HZ_20);
    assert_eq!(
        host.sealed[0],
        host.start() + Duration::from_millis(bound_ms.into())
    );
    assert!(host.relay.schedule.deadline(change.at) >= host.sealed[0] + RATE_NOTICE);
}

#[test]
fn one_change_after_the_other() {
    let mut host = Host::new(HZ_60, |config| config.length = Some(700));
    assert_eq!(host.relay.change_rate(HZ_60), Err(PaceError::Same));
    assert_eq!(host.relay.change_rate(HZ_20), Ok(()));
    assert_eq!(
        host.relay.change_rate(TickRate::hz(30)),
        Err(PaceError::Pending)
    );
    host.run(Duration::from_secs(1));
    let [change] = host.changes[..] else {
        panic!("one is named: {:?}", host.changes);
    };
    while host.relay.log().next() <= change.at {
        assert_eq!(host.relay.change_rate(HZ_60), Err(PaceError::Pending));
        host.run(Duration::from_millis(1));
    }
    assert_eq!(host.relay.change_rate(HZ_20), Err(PaceError::Same));
    assert_eq!(host.change_rate(HZ_60).rate, HZ_60);
    host.run(Duration::from_secs(60));
    assert_eq!(host.sealed.len(), 700);
    assert_eq!(host.relay.change_rate(HZ_20), Err(PaceError::NotRunning));
}

/// Who sends for every tick of the faster rate, ahead of the change or late, is no flood.
#[test]
fn a_peer_may_send_as_the_faster_rate_needs() {
    let flood = |host: &mut Host| {
        host.run_until(
            host.now + Duration::from_nanos(1_000_000_000 - host.now.as_nanos() % 1_000_000_000),
        );
        for _ in 0..5000 {
            host.send(host.relay.seats[0].next(), 0);
        }
        host.drain();
        host.closed
    };
    let fast = TickRate::hz(1000);
    assert_eq!(
        flood(&mut Host::new(TickRate::hz(1), |_| ())),
        Some(CloseReason::Flooding)
    );
    let mut host = Host::new(TickRate::hz(1), |_| ());
    let change = host.change_rate(fast);
    assert_eq!(flood(&mut host), None, "ahead of it");
    host.run_until(host.relay.schedule.deadline(change.at.next()));
    assert_eq!(flood(&mut host), None);
    let change = host.change_rate(TickRate::hz(1));
    host.run_until(host.relay.schedule.deadline(change.at.next()));
    assert_eq!(flood(&mut host), None, "after it");
}

/// Inputs that came in time were forgotten when their owner skipped ticks after them.
#[test]
fn a_gap_does_not_take_what_came_before_it() {
    let mut host = Host::new(HZ_60, |_| ());
    host.say(&FromClient::Stamping(Tick::ZERO));
    host.send(Tick::ZERO, 6);
    host.send(Tick(10), 6);
    host.run(Duration::from_secs(2));
    let log = host.relay.log();
    let real = log.frames().take(16).map(|frame| {
        let frame = frame.expect("the log can be read");
        frame.provenance[0] == Provenance::Real
    });
    let real: Vec<_> = real.collect();
    let expected: Vec<_> = (0..16).map(|tick| !(6..10).contains(&tick)).collect();
    assert_eq!(real, expected);
}
