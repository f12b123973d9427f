//! Two peers that play with each other, without a server.
//!
//! Both execute a tick when its frame is due, whether the other's input is there or not; the input is late
//! then, and the frame is rolled back. Each slows down when the other is behind, by a [`Pace`]. The first
//! peer's clock is the true one; the second one's inputs are measured. It chooses its input delay once,
//! when it begins, as the players of such games do: the way there, and a tick.

use super::figures::{Figures, Tally};
use super::ledger::{Found, Ledger};
use super::link::{Direction, Link};
use super::local::LocalClock;
use super::queue::Queue;
use super::rule::Echo;
use super::scenario::{EVENT, SLEEP, Scenario};
use super::{REDUNDANCY, TICK};

/// Most ticks that a peer is ahead of what it has heard; then it waits.
const WINDOW: i64 = 8;

/// Round trips that are measured before the session begins.
const HANDSHAKE: usize = 5;

/// How two peers keep beside each other.
pub trait Pace {
    /// A frame was executed.
    fn executed(&mut self, frame: &Frame);

    /// What the other peer is told: how far it is ahead of this one, frames.
    fn advantage(&self) -> i32;

    /// Frames to skip, if it is time to.
    fn skip(&mut self, frame: i64) -> i64;

    /// How much longer than a tick the next frame is to take.
    fn stretch(&self) -> f64;
}

/// What a peer knows after a frame.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Its number.
    pub number: i64,
    /// The last frame of the other peer that was heard of.
    pub heard: i64,
    /// The last round trip.
    pub round_trip: f64,
    /// What the other peer said last of its advantage.
    pub other: i32,
}

/// Plays a scenario by a pace.
pub fn run(scenario: &Scenario, pace: &dyn Fn() -> Box<dyn Pace>, seed: u64) -> Figures {
    let mut pair = Pair {
        scenario,
        clock: LocalClock::new(scenario),
        up: Link::new(scenario, Direction::Up, seed),
        down: Link::new(scenario, Direction::Down, seed),
        queue: Queue::new(),
        ledger: Ledger::new(),
        tally: Tally::new(scenario),
        peers: [Peer::new(pace()), Peer::new(pace())],
        echo: None,
        packets: 0,
        delay: None,
        round_trips: Vec::new(),
        round_trip: 0.0,
    };
    pair.queue.put(0, Event::First);
    while let Some((time, event)) = pair.queue.take() {
        if time > scenario.length {
            break;
        }
        match event {
            Event::First => pair.first(time),
            Event::Second => pair.second(time),
            Event::Up(packet) => pair.up(time, &packet),
            Event::Down(packet) => pair.down(time, &packet),
        }
    }
    pair.tally.figures()
}

enum Event {
    /// The first peer's next frame.
    First,
    /// The second one's.
    Second,
    /// To the first peer.
    Up(Up),
    /// To the second peer.
    Down(Down),
}

struct Up {
    number: u64,
    sent: i64,
    stamped: Option<i64>,
    advantage: i32,
}

struct Down {
    frame: i64,
    sent: i64,
    echo: Option<Echo>,
    advantage: i32,
}

struct Peer {
    pace: Box<dyn Pace>,
    /// Frames executed.
    frame: i64,
    /// The last frame of the other that was heard of.
    heard: i64,
    /// What the other said of its advantage.
    other: i32,
    /// Frames still to skip.
    skips: i64,
}

impl Peer {
    fn new(pace: Box<dyn Pace>) -> Self {
        Self {
            pace,
            frame: 0,
            heard: -1,
            other: 0,
            skips: 0,
        }
    }

    /// Whether it waits instead of executing a frame; `ahead` of what it has heard.
    fn waits(&mut self, ahead: i64) -> bool {
        if self.skips > 0 {
            self.skips -= 1;
            return true;
        }
        ahead > WINDOW
    }

    fn executed(&mut self, heard: i64, round_trip: f64) {
        self.pace.executed(&Frame {
            number: self.frame,
            heard,
            round_trip,
            other: self.other,
        });
        self.skips += self.pace.skip(self.frame);
    }
}

struct Pair<'a> {
    scenario: &'a Scenario,
    clock: LocalClock,
    up: Link,
    down: Link,
    queue: Queue<Event>,
    ledger: Ledger,
    tally: Tally,
    peers: [Peer; 2],
    echo: Option<(u64, Echo)>,
    packets: u64,
    /// Input delay of the session, once it has begun.
    delay: Option<i64>,
    round_trips: Vec<f64>,
    /// The last one, which both know.
    round_trip: f64,
}

impl Pair<'_> {
    /// The first peer's frame is due.
    fn first(&mut self, time: i64) {
        let begun = self.delay.is_some();
        let peer = &mut self.peers[0];
        let ahead = if peer.heard >= 0 {
            peer.frame - peer.heard
        } else {
            0
        };
        if begun && peer.waits(ahead) {
            self.tally.stalls += 1;
        } else {
            if begun {
                match self.ledger.execute(peer.frame, time) {
                    Found::Late => self.tally.late(time),
                    Found::InTime(latency) => self.tally.in_time(time, latency),
                }
            }
            peer.frame += 1;
            if begun {
                peer.executed(peer.heard, self.round_trip);
            }
        }
        let packet = Down {
            frame: peer.frame,
            sent: time,
            echo: self.echo.map(|(_, echo)| echo),
            advantage: peer.pace.advantage(),
        };
        let next = time + (TICK * peer.pace.stretch()) as i64;
        if let Some(arrival) = self.down.send(time)
            && !self.scenario.asleep(arrival)
        {
            self.queue.put(arrival, Event::Down(packet));
        }
        self.queue.put(next, Event::First);
    }

    /// The second peer's frame is due.
    fn second(&mut self, time: i64) {
        if self.scenario.asleep(time) {
            self.queue.put(EVENT + SLEEP, Event::Second);
            return;
        }
        let now = self.clock.read(time);
        let delay = self.delay.unwrap_or(0);
        let peer = &mut self.peers[1];
        if peer.waits(peer.frame - peer.heard) {
            self.tally.stalls += 1;
        } else {
            peer.frame += 1;
            self.ledger.sample(peer.frame + delay, time, now);
            peer.executed(peer.heard + 1, self.round_trip);
        }
        let stretch = peer.pace.stretch();
        let packet = (peer.frame + delay, peer.pace.advantage());
        self.tally.played(time, 1.0 / stretch);
        self.send(time, Some(packet.0), packet.1);
        let next = time + self.clock.takes(TICK * stretch) as i64;
        self.queue.put(next, Event::Second);
    }

    fn up(&mut self, time: i64, packet: &Up) {
        if self.echo.is_none_or(|(number, _)| packet.number > number) {
            let echo = Echo {
                sent: packet.sent,
                received: time,
            };
            self.echo = Some((packet.number, echo));
        }
        let Some(stamped) = packet.stamped else {
            return;
        };
        self.ledger
            .arrive(stamped - REDUNDANCY + 1..=stamped, time, |_| {});
        let peer = &mut self.peers[0];
        let heard = stamped - self.delay.unwrap_or(0);
        if heard > peer.heard {
            peer.heard = heard;
            peer.other = packet.advantage;
        }
    }

    fn down(&mut self, time: i64, packet: &Down) {
        let now = self.clock.read(time);
        let peer = &mut self.peers[1];
        peer.heard = peer.heard.max(packet.frame - 1);
        peer.other = packet.advantage;
        if let Some(echo) = packet.echo {
            self.round_trip = ((now - echo.sent) - (packet.sent - echo.received)) as f64;
        }
        if self.delay.is_some() {
            return;
        }
        if packet.echo.is_some() {
            self.round_trips.push(self.round_trip);
        }
        if self.round_trips.len() < HANDSHAKE {
            self.send(time, None, 0);
            return;
        }
        let longest = self.round_trips.iter().copied().fold(0.0, f64::max);
        self.delay = Some((longest / 2.0 / TICK).ceil() as i64 + 1);
        peer.frame = packet.frame + (self.round_trip / 2.0 / TICK) as i64;
        self.queue.put(time + 1, Event::Second);
    }

    fn send(&mut self, time: i64, stamped: Option<i64>, advantage: i32) {
        self.packets += 1;
        if let Some(arrival) = self.up.send(time) {
            let packet = Up {
                number: self.packets,
                sent: self.clock.read(time),
                stamped,
                advantage,
            };
            self.queue.put(arrival, Event::Up(packet));
        }
    }
}
