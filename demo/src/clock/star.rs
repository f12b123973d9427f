//! A client and its server.
//!
//! The server executes tick `n` at `n` / 60 s and says so in a packet, with the arrival of every input it
//! has not told of. The client plays by a [`Rule`]; every packet of it holds its last eight inputs.

use super::figures::{Figures, Tally};
use super::ledger::{Found, Ledger};
use super::link::{Direction, Link};
use super::local::LocalClock;
use super::queue::Queue;
use super::rule::{Arrival, Echo, Rule, ServerPacket, Stamps};
use super::scenario::{EVENT, SLEEP, Scenario};
use super::{REDUNDANCY, due};

/// A client that has fallen behind by more ticks samples no inputs for them.
const CAUGHT_UP: i64 = 600;

/// A client wakes a microsecond early at most, since its time is rounded.
const EARLY: i64 = 1000;

/// Arrivals that the server remembers until a packet gets through.
const TOLD: usize = 64;

/// Plays a scenario by a rule.
pub fn run(scenario: &Scenario, rule: &mut dyn Rule, seed: u64) -> Figures {
    let mut star = Star {
        scenario,
        clock: LocalClock::new(scenario),
        up: Link::new(scenario, Direction::Up, seed),
        down: Link::new(scenario, Direction::Down, seed),
        queue: Queue::new(),
        ledger: Ledger::new(),
        tally: Tally::new(scenario),
        rule,
        server: Server::default(),
        client: Client::default(),
    };
    star.queue.put(0, Event::Tick);
    while let Some((time, event)) = star.queue.take() {
        if time > scenario.length {
            break;
        }
        match event {
            Event::Tick => star.tick(time),
            Event::Up(packet) => star.up(time, &packet),
            Event::Down(packet) => star.down(time, &packet),
            Event::Wake(alarm) if alarm == star.client.alarm => star.wake(time),
            Event::Wake(_) => {}
        }
    }
    star.tally.figures()
}

enum Event {
    /// The server executes a tick.
    Tick,
    Up(Inputs),
    Down(ServerPacket),
    /// The client wants to stamp; only the last alarm counts.
    Wake(u64),
}

/// A packet of the client.
struct Inputs {
    number: u64,
    sent: i64,
    /// No inputs: a probe.
    stamps: Option<core::ops::RangeInclusive<i64>>,
}

struct Star<'a> {
    scenario: &'a Scenario,
    clock: LocalClock,
    up: Link,
    down: Link,
    queue: Queue<Event>,
    ledger: Ledger,
    tally: Tally,
    rule: &'a mut dyn Rule,
    server: Server,
    client: Client,
}

#[derive(Default)]
struct Server {
    tick: i64,
    newest: Option<i64>,
    /// Number and echo of the client's newest packet.
    echo: Option<(u64, Echo)>,
    arrivals: Vec<Arrival>,
}

#[derive(Default)]
struct Client {
    /// The tick that was stamped last, once there is one.
    stamped: Option<i64>,
    packets: u64,
    alarm: u64,
}

impl Star<'_> {
    fn tick(&mut self, time: i64) {
        let server = &mut self.server;
        if self.client.stamped.is_some() {
            match self.ledger.execute(server.tick, time) {
                Found::Late => self.tally.late(time),
                Found::InTime(latency) => self.tally.in_time(time, latency),
            }
        }
        let packet = ServerPacket {
            tick: server.tick + 1,
            sent: time,
            age: server.tick - server.newest.unwrap_or(-1),
            echo: server.echo.map(|(_, echo)| echo),
            arrivals: server.arrivals.clone(),
        };
        server.tick += 1;
        match self.down.send(time) {
            Some(arrival) if self.scenario.asleep(arrival) => {}
            Some(arrival) => {
                server.arrivals.clear();
                self.queue.put(arrival, Event::Down(packet));
            }
            None => {
                let spare = server.arrivals.len().saturating_sub(TOLD);
                server.arrivals.drain(..spare);
            }
        }
        self.queue.put(due(server.tick), Event::Tick);
    }

    fn up(&mut self, time: i64, packet: &Inputs) {
        let server = &mut self.server;
        if server.echo.is_none_or(|(number, _)| packet.number > number) {
            let echo = Echo {
                sent: packet.sent,
                received: time,
            };
            server.echo = Some((packet.number, echo));
        }
        if let Some(stamps) = &packet.stamps {
            server.newest = server.newest.max(Some(*stamps.end()));
            let arrivals = &mut server.arrivals;
            self.ledger
                .arrive(stamps.clone(), time, |arrival| arrivals.push(arrival));
        }
    }

    fn down(&mut self, time: i64, packet: &ServerPacket) {
        let now = self.clock.read(time);
        self.rule.hear(now, packet);
        let Some(stamps) = self.rule.stamps() else {
            self.send(time, now, None);
            return;
        };
        let stamped = *self
            .client
            .stamped
            .get_or_insert_with(|| Stamps::tick(stamps.time(now)));
        if !self.scenario.asleep(time) {
            let wait = (due(stamped + 1) as f64 - stamps.time(now)) / stamps.rate;
            self.wake_in(time, wait.max(0.0) as i64);
        }
    }

    /// Stamps what is due.
    fn wake(&mut self, time: i64) {
        if self.scenario.asleep(time) {
            self.wake_in(time, EVENT + SLEEP - time);
            return;
        }
        let now = self.clock.read(time);
        self.rule.wake(now);
        let (Some(stamps), Some(stamped)) = (self.rule.stamps(), self.client.stamped) else {
            return;
        };
        stamps.advance(now);
        let (at, rate) = (stamps.time(now), stamps.rate);
        self.tally.resets = stamps.resets;
        let newest = Stamps::tick(at + EARLY as f64);
        if newest > stamped {
            let first = if newest - stamped > CAUGHT_UP {
                newest
            } else {
                stamped + 1
            };
            for stamp in first..=newest {
                self.ledger.sample(stamp, time, now);
            }
            self.client.stamped = Some(newest);
            let oldest = first.min(newest - REDUNDANCY + 1);
            self.send(time, now, Some(oldest..=newest));
            self.tally.played(time, rate);
        }
        let next = newest.max(stamped) + 1;
        let wait = self.clock.takes((due(next) as f64 - at) / rate);
        self.wake_in(time, wait.max(EARLY as f64) as i64 + 1);
    }

    fn wake_in(&mut self, time: i64, wait: i64) {
        self.client.alarm += 1;
        self.queue.put(time + wait, Event::Wake(self.client.alarm));
    }

    fn send(&mut self, time: i64, now: i64, stamps: Option<core::ops::RangeInclusive<i64>>) {
        self.client.packets += 1;
        if let Some(arrival) = self.up.send(time) {
            let packet = Inputs {
                number: self.client.packets,
                sent: now,
                stamps,
            };
            self.queue.put(arrival, Event::Up(packet));
        }
    }
}
