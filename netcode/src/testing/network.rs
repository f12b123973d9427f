//! [`Network`]: links with bytes in them, in one thread's memory and virtual time.

use core::cmp::Ordering;
use core::fmt;
use std::collections::{BinaryHeap, VecDeque};

use phalanx_engine::mix;

use super::conditions::LinkConditions;
use super::link::{Delivery, Link};
use crate::{Channel, Time};

/// Largest buffer that is kept for reuse, bytes: a rare large message must not make every buffer
/// large in the end.
const RECYCLED_BYTES_MAX: usize = 64 * 1024;

/// One link (one direction) of a [`Network`]: 0 for the first that was added, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u32);

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "link {}", self.0)
    }
}

/// What came out of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// The link.
    pub link: LinkId,
    /// The way by which the bytes travelled.
    pub channel: Channel,
    /// The bytes, as they were sent.
    pub bytes: &'a [u8],
}

/// What a link did so far. Datagrams and pieces of the control stream are both sendings here, and
/// `sent + duplicated == lost + queue_full + cut + delivered + in_flight`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkCounters {
    /// Sendings handed to the link.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Copies of datagrams that the link made.
    pub duplicated: u64,
    /// Datagrams lost in a burst.
    pub lost: u64,
    /// Datagrams dropped because the queue for the bandwidth was full.
    pub queue_full: u64,
    /// Datagrams lost because the link was cut.
    pub cut: u64,
    /// Sendings and copies that were received.
    pub delivered: u64,
    /// Their bytes.
    pub delivered_bytes: u64,
    /// Among the delivered: datagrams and copies received after one that was sent later.
    pub overtaken: u64,
    /// Sendings and copies under way, also those that wait for the end of a cut.
    pub in_flight: u64,
}

/// Links between ends that the caller names, with the bytes that travel along them. Everything
/// arrives in an order that the seed and the calls decide.
///
/// ```
/// use core::time::Duration;
/// use phalanx_netcode::testing::{LinkConditions, Network};
/// use phalanx_netcode::{Channel, Time};
///
/// let mut network = Network::new(1);
/// let up = network.add_link(LinkConditions::constant(Duration::from_millis(5)));
/// network.send(Time::ZERO, up, Channel::Datagram, b"input");
///
/// let now = network.next_arrival().expect("it is under way");
/// assert_eq!(now, Time::from_nanos(5_000_000));
/// let arrival = network.receive(now).expect("it is there");
/// assert_eq!((arrival.link, arrival.bytes), (up, &b"input"[..]));
/// ```
#[derive(Clone, Debug)]
pub struct Network {
    seed: u64,
    wires: Vec<Wire>,
    flights: BinaryHeap<Flight>,
    /// How many flights there have been: the order of those that arrive together.
    flown: u64,
    /// Buffers to be used again.
    spare: Vec<Vec<u8>>,
    /// What was received last and is lent to the receiver.
    received: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Wire {
    link: Link,
    counters: LinkCounters,
    cut: bool,
    /// Stream pieces that wait for the end of the cut.
    waiting: VecDeque<Vec<u8>>,
    /// Number of the newest datagram that was received.
    newest: u64,
}

/// Bytes under way.
#[derive(Clone, Debug)]
struct Flight {
    at: Time,
    sequence: u64,
    /// Which sending of its link this is or copies.
    number: u64,
    link: LinkId,
    channel: Channel,
    bytes: Vec<u8>,
}

impl Network {
    /// A network without links. All that is random in it comes from `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            wires: Vec::new(),
            flights: BinaryHeap::new(),
            flown: 0,
            spare: Vec::new(),
            received: Vec::new(),
        }
    }

    /// Adds one direction of a path. Its random numbers depend on the network's seed and on how
    /// many links there are already, on nothing else.
    ///
    /// # Panics
    /// If there are 2^32 links.
    pub fn add_link(&mut self, conditions: LinkConditions) -> LinkId {
        let id = LinkId(u32::try_from(self.wires.len()).expect("fewer than 2^32 links"));
        let link = Link::new(conditions, mix(mix(self.seed) ^ u64::from(id.0)));
        self.wires.push(Wire {
            link,
            counters: LinkCounters::default(),
            cut: false,
            waiting: VecDeque::new(),
            newest: 0,
        });
        id
    }

    /// Sends `bytes` along `link`: as a datagram, or as the next piece of its control stream,
    /// which arrives whole, in order and in any case. `now` does not decrease from call to call.
    ///
    /// # Panics
    /// If there is no such link, or `now` is [`Time::NEVER`].
    pub fn send(&mut self, now: Time, link: LinkId, channel: Channel, bytes: &[u8]) {
        let wire = &mut self.wires[link.0 as usize];
        wire.counters.sent += 1;
        wire.counters.sent_bytes += bytes.len() as u64;
        let number = wire.counters.sent;
        match (channel, wire.cut) {
            (Channel::Control, true) => {
                wire.counters.in_flight += 1;
                let bytes = filled(&mut self.spare, bytes);
                self.wires[link.0 as usize].waiting.push_back(bytes);
            }
            (Channel::Control, false) => {
                let at = wire.link.send_reliable(now, length(bytes));
                let bytes = filled(&mut self.spare, bytes);
                self.fly(at, number, link, channel, bytes);
            }
            (Channel::Datagram, true) => wire.counters.cut += 1,
            (Channel::Datagram, false) => {
                let delivery = wire.link.send(now, length(bytes));
                match delivery {
                    Delivery::Lost => wire.counters.lost += 1,
                    Delivery::QueueFull => wire.counters.queue_full += 1,
                    Delivery::Arrives { again, .. } => {
                        wire.counters.duplicated += u64::from(again.is_some());
                    }
                }
                for at in delivery.arrivals() {
                    let bytes = filled(&mut self.spare, bytes);
                    self.fly(at, number, link, channel, bytes);
                }
            }
        }
    }

    fn fly(&mut self, at: Time, number: u64, link: LinkId, channel: Channel, bytes: Vec<u8>) {
        let sequence = self.flown;
        self.flown += 1;
        self.wires[link.0 as usize].counters.in_flight += 1;
        self.flights.push(Flight {
            at,
            sequence,
            number,
            link,
            channel,
            bytes,
        });
    }

    /// When the next bytes arrive, on any link.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Time> {
        self.flights.peek().map(|flight| flight.at)
    }

    /// The next bytes that have arrived by `now`: the earliest first, and of those that arrive
    /// together the one that was sent first. Call it until there are none.
    pub fn receive(&mut self, now: Time) -> Option<Arrival<'_>> {
        if self.next_arrival()? > now {
            return None;
        }
        let Flight {
            link,
            number,
            channel,
            bytes,
            ..
        } = self.flights.pop()?;
        let wire = &mut self.wires[link.0 as usize];
        wire.counters.in_flight -= 1;
        wire.counters.delivered += 1;
        wire.counters.delivered_bytes += bytes.len() as u64;
        if channel == Channel::Datagram {
            wire.counters.overtaken += u64::from(number < wire.newest);
            wire.newest = wire.newest.max(number);
        }
        let old = core::mem::replace(&mut self.received, bytes);
        if (1..=RECYCLED_BYTES_MAX).contains(&old.capacity()) {
            self.spare.push(old);
        }
        Some(Arrival {
            link,
            channel,
            bytes: &self.received,
        })
    }

    /// What `link` did so far.
    ///
    /// # Panics
    /// If there is no such link.
    #[must_use]
    pub fn counters(&self, link: LinkId) -> LinkCounters {
        self.wires[link.0 as usize].counters
    }

    /// The present conditions of `link`.
    ///
    /// # Panics
    /// If there is no such link.
    #[must_use]
    pub fn conditions(&self, link: LinkId) -> &LinkConditions {
        self.wires[link.0 as usize].link.conditions()
    }

    /// From `now` on, `link` has these conditions; see [`Link::set_conditions`].
    ///
    /// # Panics
    /// If there is no such link, or `now` is [`Time::NEVER`].
    pub fn set_conditions(&mut self, now: Time, link: LinkId, conditions: LinkConditions) {
        self.wires[link.0 as usize]
            .link
            .set_conditions(now, conditions);
    }

    /// Cuts `link`, or mends it. What is under way arrives; datagrams sent along a cut link are
    /// lost, and pieces of its stream wait and are sent when it is mended.
    ///
    /// # Panics
    /// If there is no such link, or `now` is [`Time::NEVER`].
    pub fn cut(&mut self, now: Time, link: LinkId, cut: bool) {
        let wire = &mut self.wires[link.0 as usize];
        wire.cut = cut;
        if cut {
            return;
        }
        for bytes in core::mem::take(&mut wire.waiting) {
            let wire = &mut self.wires[link.0 as usize];
            wire.counters.in_flight -= 1;
            let at = wire.link.send_reliable(now, length(&bytes));
            self.fly(at, 0, link, Channel::Control, bytes);
        }
    }
}

/// A copy of `bytes` in a spare buffer.
fn filled(spare: &mut Vec<Vec<u8>>, bytes: &[u8]) -> Vec<u8> {
    let mut buffer = spare.pop().unwrap_or_default();
    buffer.clear();
    buffer.extend_from_slice(bytes);
    buffer
}

/// The length of `bytes`, as links count it.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// Earliest arrival first in a heap that gives its largest element.
impl Ord for Flight {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

impl PartialOrd for Flight {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Flight {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Flight {}

#[cfg(test)]
mod tests;
