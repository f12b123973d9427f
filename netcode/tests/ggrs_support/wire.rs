//! A network of ggrs messages in memory, counted in ticks.

use std::cell::RefCell;
use std::rc::Rc;

use ggrs::{Message, NonBlockingSocket};
use phalanx_engine::mix;

/// How long messages take, drawn from a seed for each of them.
#[derive(Clone, Copy, Debug)]
pub struct Latency {
    pub seed: u64,
    /// Shortest way, ticks.
    pub shortest: u64,
    /// Longest way, ticks; messages overtake one another if it is longer than the shortest.
    pub longest: u64,
    /// Messages lost, of 100.
    pub loss_percent: u64,
}

impl Latency {
    pub const fn constant(ticks: u64) -> Self {
        Self {
            seed: 0,
            shortest: ticks,
            longest: ticks,
            loss_percent: 0,
        }
    }

    /// Ticks on the way, for message number `number`; `None` if it is lost.
    fn draw(self, number: u64) -> Option<u64> {
        let random = mix(mix(self.seed) ^ number);
        if random % 100 < self.loss_percent {
            return None;
        }
        Some(self.shortest + (random >> 32) % (self.longest - self.shortest + 1))
    }
}

/// A message under way.
struct Flight {
    due: u64,
    from: usize,
    message: Message,
}

struct Inner {
    latency: Latency,
    now: u64,
    sent: u64,
    /// By receiver.
    flights: Vec<Vec<Flight>>,
}

/// The network between all peers.
#[derive(Clone)]
pub struct Wire(Rc<RefCell<Inner>>);

impl Wire {
    pub fn new(peers: usize, latency: Latency) -> Self {
        Self(Rc::new(RefCell::new(Inner {
            latency,
            now: 0,
            sent: 0,
            flights: (0..peers).map(|_| Vec::new()).collect(),
        })))
    }

    pub fn tick(&mut self) {
        self.0.borrow_mut().now += 1;
    }
}

/// One peer's end.
pub struct Socket {
    wire: Wire,
    me: usize,
}

impl Socket {
    pub fn new(wire: &Wire, me: usize) -> Self {
        let wire = wire.clone();
        Self { wire, me }
    }
}

impl NonBlockingSocket<usize> for Socket {
    fn send_to(&mut self, message: &Message, to: &usize) {
        let mut inner = self.wire.0.borrow_mut();
        inner.sent += 1;
        if let Some(ticks) = inner.latency.draw(inner.sent) {
            let flight = Flight {
                due: inner.now + ticks,
                from: self.me,
                message: message.clone(),
            };
            inner.flights[*to].push(flight);
        }
    }

    fn receive_all_messages(&mut self) -> Vec<(usize, Message)> {
        let mut inner = self.wire.0.borrow_mut();
        let now = inner.now;
        let flights = core::mem::take(&mut inner.flights[self.me]);
        let (mut due, later): (Vec<_>, Vec<_>) =
            flights.into_iter().partition(|flight| flight.due <= now);
        inner.flights[self.me] = later;
        due.sort_by_key(|flight| flight.due);
        due.into_iter()
            .map(|flight| (flight.from, flight.message))
            .collect()
    }
}
