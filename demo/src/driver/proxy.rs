//! [`Path`]: a player's way to the relay and back, through emulated links between real sockets.

use core::cell::Cell;
use core::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use phalanx_netcode::Time;
use phalanx_netcode::quic::Clock;
use phalanx_netcode::testing::{Link, LinkConditions};
use tokio::net::UdpSocket;

/// Larger than any UDP payload on a loopback interface.
const PAYLOAD_MAX: u32 = 65_536;

/// UDP payload bytes handed to the network, each way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) up: u64,
    pub(crate) down: u64,
}

/// One direction: datagrams under way, by time of arrival.
struct Way {
    link: Link,
    under_way: BinaryHeap<Reverse<(Time, u64, Vec<u8>)>>,
    sent: u64,
}

impl Way {
    fn new(conditions: LinkConditions, seed: u64) -> Self {
        Self {
            link: Link::new(conditions, seed),
            under_way: BinaryHeap::new(),
            sent: 0,
        }
    }

    fn follow(&mut self, now: Time, conditions: LinkConditions) {
        if *self.link.conditions() != conditions {
            self.link.set_conditions(now, conditions);
        }
    }

    fn send(&mut self, now: Time, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).unwrap_or(PAYLOAD_MAX);
        for at in self.link.send(now, length).arrivals() {
            self.sent += 1;
            self.under_way.push(Reverse((at, self.sent, bytes.into())));
        }
    }

    fn next(&self) -> Time {
        self.under_way
            .peek()
            .map_or(Time::NEVER, |Reverse((at, ..))| *at)
    }

    fn receive(&mut self, now: Time) -> Option<Vec<u8>> {
        (self.next() <= now)
            .then(|| self.under_way.pop())
            .flatten()
            .map(|Reverse((.., bytes))| bytes)
    }
}

/// A player's way to the relay and back: whatever is sent to [`Path::addr`] comes to the relay
/// later, twice, or not at all.
pub(crate) struct Path {
    near: UdpSocket,
    far: UdpSocket,
    up: Way,
    down: Way,
    traffic: Rc<Cell<Traffic>>,
    route: Rc<Cell<LinkConditions>>,
}

impl Path {
    /// A path to the relay at `relay`; links are emulated by their conditions and seeds.
    pub(crate) async fn open(
        relay: SocketAddr,
        (up, up_seed): (LinkConditions, u64),
        (down, down_seed): (LinkConditions, u64),
    ) -> io::Result<Self> {
        let near = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let far = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        far.connect(relay).await?;
        Ok(Self {
            near,
            far,
            up: Way::new(up, up_seed),
            down: Way::new(down, down_seed),
            traffic: Rc::default(),
            route: Rc::new(Cell::new(up)),
        })
    }

    /// Where the player has to connect to.
    pub(crate) fn addr(&self) -> io::Result<SocketAddr> {
        self.near.local_addr()
    }

    /// What was handed to the links so far.
    pub(crate) fn traffic(&self) -> Rc<Cell<Traffic>> {
        Rc::clone(&self.traffic)
    }

    /// The conditions of the way up, which may be set while it is gone.
    pub(crate) fn route(&self) -> Rc<Cell<LinkConditions>> {
        Rc::clone(&self.route)
    }

    /// Carries datagrams for ever.
    pub(crate) async fn carry(mut self, clock: Clock) {
        let mut player = None;
        let (mut above, mut below) = (buffer(), buffer());
        loop {
            let now = clock.now();
            // Full sockets drop, as networks do; so does a relay that is gone.
            while let Some(bytes) = self.up.receive(now) {
                let _ = self.far.try_send(&bytes);
            }
            while let Some(bytes) = self.down.receive(now) {
                if let Some(player) = player {
                    let _ = self.near.try_send_to(&bytes, player);
                }
            }
            let due = self.up.next().min(self.down.next());
            tokio::select! {
                received = self.near.recv_from(&mut above) => {
                    if let Ok((length, from)) = received {
                        player = Some(from);
                        let mut traffic = self.traffic.get();
                        traffic.up += length as u64;
                        self.traffic.set(traffic);
                        let now = clock.now();
                        self.up.follow(now, self.route.get());
                        self.up.send(now, &above[..length]);
                    }
                }
                received = self.far.recv(&mut below) => {
                    if let Ok(length) = received {
                        let mut traffic = self.traffic.get();
                        traffic.down += length as u64;
                        self.traffic.set(traffic);
                        self.down.send(clock.now(), &below[..length]);
                    }
                }
                () = clock.sleep_until(due) => {}
            }
        }
    }
}

fn buffer() -> Vec<u8> {
    vec![0; PAYLOAD_MAX as _]
}
