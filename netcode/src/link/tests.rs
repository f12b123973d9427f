//! A link and a relay over an emulated way: what it knows of the way, and what its copies are good for.

use phalanx_engine::{Setup, TickRate};

use super::*;
use crate::channel::PeerId;
use crate::config::SessionConfig;
use crate::relay::{Relay, RelayOutput};
use crate::testing::{LinkConditions, LinkId, Mixer, Network};
use crate::wire::ToRelay;

const RATE: TickRate = TickRate::hz(60);
const PEER: PeerId = PeerId(0);
const WAY: Duration = Duration::from_millis(30);

/// An input that comes this much later than the shortest way is late for a client whose lead has so much
/// to spare.
const SPARE: Duration = Duration::from_millis(10);

/// A client that plays nothing.
struct Idle {
    confirmed: Tick,
}

impl Receiver for Idle {
    fn sealed(&mut self, frame: &SealedFrame) -> bool {
        self.confirmed = frame.tick.next();
        true
    }
    fn provisional(&mut self, _tick: Tick, _slot: Slot, _packed: &[u8]) {}
    fn vote(&self, _tick: Tick) -> Option<Digest> {
        None
    }
    fn confirmed(&self) -> Tick {
        self.confirmed
    }
}

/// One client, one relay, and two ways between them.
struct Rig {
    now: Time,
    network: Network,
    up: LinkId,
    down: LinkId,
    link: Link,
    idle: Idle,
    relay: Relay,
    relay_due: Time,
    buffer: Vec<u8>,
    /// When each tick's input was stamped, in order.
    stamped: Vec<(Tick, Time)>,
    /// How many of them have come, and how many of those were late.
    came: usize,
    late: usize,
    /// When it went over to copies, and back.
    changes: Vec<Time>,
}

impl Rig {
    /// A match that has begun; `loss` of the way up in 1/10,000 of the time, in bursts of `burst`.
    fn new(loss: u32, burst: Duration, stagger: Stagger) -> Self {
        let setup = Setup::new(1, 1, RATE);
        let mut relay = Relay::new(SessionConfig::new(&Mixer, setup)).unwrap();
        relay.connected(Time::ZERO, PEER);
        let mut network = Network::new(3);
        let (up, down) = (
            network.add_link(LinkConditions::constant(WAY)),
            network.add_link(LinkConditions::constant(WAY)),
        );
        let mut rig = Self {
            now: Time::ZERO,
            network,
            up,
            down,
            link: Link::new(GameIdentity::of(&Mixer), vec![0, 0], 1, LateWorth::Balanced),
            idle: Idle {
                confirmed: Tick::ZERO,
            },
            relay,
            relay_due: Time::ZERO,
            buffer: Vec::new(),
            stamped: Vec::new(),
            came: 0,
            late: 0,
            changes: Vec::new(),
        };
        while rig.link.running().is_none() {
            rig.step();
            if let Some(LinkEvent::Welcome { .. }) = rig.link.poll_event() {
                rig.link.stand().unwrap();
            }
        }
        if let Stage::Running(running) = &mut rig.link.stage {
            running.stagger = stagger;
        }
        let lossy = LinkConditions {
            loss_per_10k: loss,
            loss_burst: burst,
            ..LinkConditions::constant(WAY)
        };
        rig.network.set_conditions(rig.now, up, lossy);
        rig
    }

    fn run(mut self, duration: Duration) -> Self {
        let end = self.now + duration;
        while self.now < end {
            self.step();
        }
        self
    }

    fn step(&mut self) {
        let due = self.link.timeout().min(self.link.next_stamp());
        let arrival = self.network.next_arrival().unwrap_or(Time::NEVER);
        self.now = self.now.max(due.min(arrival).min(self.relay_due));
        while let Some(arrival) = self.network.receive(self.now) {
            let (channel, bytes) = (arrival.channel, arrival.bytes.to_vec());
            if arrival.link == self.up {
                self.note(channel, &bytes);
                self.relay.handle(self.now, PEER, channel, &bytes);
                self.relay_due = self.now;
            } else {
                let taken = self.link.handle(self.now, channel, &bytes, &mut self.idle);
                assert_eq!(taken, Ok(()));
            }
        }
        while let Some(tick) = self.link.advance(self.now) {
            let [a, b, ..] = tick.0.to_le_bytes();
            self.link.stamp(self.now, tick, &[a, b]);
            self.stamped.push((tick, self.now));
        }
        self.buffer.clear();
        while let Some(channel) = self
            .link
            .poll_transmit(self.now, &mut self.buffer, &self.idle)
        {
            self.network.send(self.now, self.up, channel, &self.buffer);
            self.buffer.clear();
        }
        let twice = self.link.path().is_some_and(|path| path.duplicating);
        if twice != (self.changes.len() % 2 == 1) {
            self.changes.push(self.now);
        }
        self.pump_relay();
    }

    /// Notes which inputs come for the first time.
    fn note(&mut self, channel: Channel, bytes: &[u8]) {
        let Channel::Datagram = channel else { return };
        let Ok(ToRelay::Inputs(header, _)) = ToRelay::decode(bytes) else {
            return;
        };
        let end = header.first + header.count;
        while let Some((tick, at)) = self.stamped.get(self.came)
            && *tick < end
        {
            self.late += usize::from(self.now.since(*at) > WAY + SPARE);
            self.came += 1;
        }
    }

    fn pump_relay(&mut self) {
        while self.relay_due <= self.now {
            match self.relay.poll(self.now, &mut self.buffer) {
                RelayOutput::Transmit { channel, .. } => {
                    self.network
                        .send(self.now, self.down, channel, &self.buffer);
                }
                RelayOutput::Close { reason, .. } => panic!("closed: {reason:?}"),
                RelayOutput::Event(_) => {}
                RelayOutput::Timeout(due) => self.relay_due = due,
            }
        }
    }

    /// Late inputs, per thousand.
    fn late_per_mille(&self) -> usize {
        self.late * 1000 / self.came
    }

    /// Datagrams for ten inputs.
    fn datagrams_per_ten(&self) -> u64 {
        self.link.path().unwrap().sent * 10 / self.stamped.len() as u64
    }
}

const SINGLE: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn the_relays_counts_are_those_of_the_way() {
    for burst in [SINGLE, Duration::from_millis(10), 2 * WAY] {
        let rig = Rig::new(300, burst, Stagger::default());
        let before = rig.network.counters(rig.up);
        let rig = rig.run(MINUTE);
        let (path, after) = (rig.link.path().unwrap(), rig.network.counters(rig.up));
        // Control messages are sent along the way, too; the last second is not told of yet.
        assert!(after.sent - before.sent - path.sent <= 2, "{path:?}");
        let lost = after.lost - before.lost;
        assert!(
            path.lost <= lost && lost <= path.lost + 12,
            "{lost}: {path:?}"
        );
        assert!(lost > 80 && path.bursts <= path.lost, "{path:?}");
        let singles = path.lost * 10 / path.bursts;
        assert_eq!(singles < 12, burst == SINGLE, "{path:?}");
    }
}

/// Loss of 3 % of the datagrams, each for itself.
#[test]
fn copies_save_what_is_lost_singly() {
    let play = |stagger| Rig::new(300, SINGLE, stagger).run(2 * MINUTE);
    let (once, measured) = (play(Stagger::fixed(false)), play(Stagger::default()));
    assert_eq!(once.datagrams_per_ten(), 10);
    assert!(once.late_per_mille() >= 25, "the measure sees them");
    assert_eq!(measured.changes.len(), 1, "it goes on, and stays");
    assert!(measured.datagrams_per_ten() >= 19);
    let (late, before) = (measured.late_per_mille(), once.late_per_mille());
    assert!(late * 5 < before, "{late} instead of {before} per mille");
}

/// Loss in bursts of time: copies are lost with what they copy.
#[test]
fn copies_end_where_losses_cover_them() {
    let play = |burst, stagger| Rig::new(300, burst, stagger).run(5 * MINUTE);
    // So short that the next tick's datagram mostly comes through: the copies are tried.
    let short = play(Duration::from_millis(10), Stagger::default());
    assert!(short.changes.len() >= 2, "{:?}", short.changes);
    for rest in short.changes[1..].chunks_exact(2) {
        assert!(
            rest[1].since(rest[0]) >= Duration::from_secs(30),
            "{rest:?}"
        );
    }
    let long = play(2 * WAY, Stagger::default());
    for rig in [&short, &long] {
        assert!(rig.datagrams_per_ten() <= 12, "{}", rig.datagrams_per_ten());
    }
    // What they spare: twice the datagrams, and most of the inputs late as before.
    let (once, twice) = (
        play(2 * WAY, Stagger::fixed(false)),
        play(2 * WAY, Stagger::fixed(true)),
    );
    assert!(twice.datagrams_per_ten() >= 19, "the measure sees copies");
    let (late, before) = (twice.late_per_mille(), once.late_per_mille());
    assert!(
        late * 4 > before * 3,
        "{late} instead of {before} per mille"
    );
}

#[test]
fn without_loss_nothing_is_sent_twice() {
    let rig = Rig::new(0, SINGLE, Stagger::default()).run(MINUTE);
    assert_eq!(rig.datagrams_per_ten(), 10);
    assert_eq!(rig.late, 0);
    assert!(rig.came > 3500);
}

/// After ten seconds in which one way took long the clock was set back and forth for ever: that the way
/// was short again was taken for a clock that stood still.
#[test]
fn a_slow_spell_that_ends_is_no_other_clock() {
    for slow in [Duration::from_millis(1200), Duration::from_secs(2)] {
        for is_down in [true, false] {
            let mut rig = Rig::new(0, SINGLE, Stagger::fixed(false)).run(Duration::from_secs(10));
            let link = if is_down { rig.down } else { rig.up };
            let now = rig.now;
            let way = LinkConditions::constant(slow);
            rig.network.set_conditions(now, link, way);
            rig = rig.run(Duration::from_secs(10));
            let now = rig.now;
            rig.network
                .set_conditions(now, link, LinkConditions::constant(WAY));
            rig = rig.run(Duration::from_secs(10));
            while rig.link.poll_event().is_some() {}
            let stamped = rig.stamped.len();
            rig = rig.run(Duration::from_secs(60));
            let case = format!("{slow:?}, down {is_down}");
            assert_eq!(rig.link.poll_event(), None, "{case}");
            assert!(
                (3599..=3601).contains(&(rig.stamped.len() - stamped)),
                "{case}"
            );
        }
    }
}
