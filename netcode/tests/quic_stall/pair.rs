//! [`Pair`]: a client and a relay of `quinn-proto` with a path between them, on a virtual clock.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use phalanx_netcode::quic::{Bytes, Identity, PinVerifier, settings};
use quinn_proto::{
    ConnectionEvent, ConnectionHandle, DatagramEvent, Endpoint, EndpointConfig, Event, Transmit,
    TransportConfig,
};

const CLIENT: usize = 0;
const RELAY: usize = 1;

/// The way between the ends, alike in both directions and without a limit of rate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    pub(crate) one_way: Duration,
    /// Of 1,000 packets, how many are lost, each on its own.
    pub(crate) loss_per_mille: u64,
}

/// Two connected ends. Datagrams carry when they were sent; [`Self::delays`] collects how much
/// longer than the path each took.
pub(crate) struct Pair {
    ends: [End; 2],
    start: Instant,
    now: Instant,
    pub(crate) path: Path,
    random: u64,
    pub(crate) delays: Vec<Duration>,
}

struct End {
    endpoint: Endpoint,
    connection: Option<(ConnectionHandle, quinn_proto::Connection)>,
    /// Packets on their way here, by arrival.
    arriving: VecDeque<(Instant, Vec<u8>)>,
    connected: bool,
    lost: bool,
}

impl Pair {
    /// Connects over the path without loss, and loses packets from then on.
    pub(crate) fn connect(
        seed: u64,
        relay: Arc<TransportConfig>,
        client: Arc<TransportConfig>,
        path: Path,
    ) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "an Instant has no other beginning"
        )]
        let start = Instant::now();
        let identity = Identity::generate().unwrap();
        let mut relay_config = settings::relay_config(&identity);
        relay_config.transport_config(relay);
        let mut client_config = settings::client_config(&PinVerifier::new(identity.pin()));
        client_config.transport_config(client);
        let endpoint = |side: u8, server| {
            let mut config = EndpointConfig::default();
            let [low, high, ..] = seed.to_le_bytes();
            config.rng_seed(Some([low ^ high ^ side; 32]));
            Endpoint::new(Arc::new(config), server, true, None)
        };
        let mut ends = [
            End::new(endpoint(0, None)),
            End::new(endpoint(128, Some(Arc::new(relay_config)))),
        ];
        let connecting = ends[CLIENT]
            .endpoint
            .connect(start, client_config, addr(RELAY), "any");
        ends[CLIENT].connection = Some(connecting.unwrap());
        let lossless = Path {
            loss_per_mille: 0,
            ..path
        };
        let random = seed.wrapping_add(1);
        let mut pair = Self {
            ends,
            start,
            now: start,
            path: lossless,
            random,
            delays: Vec::new(),
        };
        pair.advance(Duration::from_secs(2));
        assert!(
            pair.ends.iter().all(|end| end.connected),
            "they are connected by now"
        );
        pair.path = path;
        pair
    }

    /// One datagram of `size` bytes from each end.
    pub(crate) fn send_both(&mut self, size: usize) {
        let stamp = u64::try_from((self.now - self.start).as_nanos()).unwrap();
        let mut bytes = vec![0; size];
        bytes[..8].copy_from_slice(&stamp.to_le_bytes());
        let bytes = Bytes::from(bytes);
        for end in &mut self.ends {
            let (_, connection) = end.connection.as_mut().unwrap();
            connection.datagrams().send(bytes.clone(), true).unwrap();
        }
        self.drive();
    }

    /// Lets `duration` pass, stopping wherever something is due.
    pub(crate) fn advance(&mut self, duration: Duration) {
        let until = self.now + duration;
        loop {
            self.drive();
            match self.ends.iter_mut().filter_map(End::due).min() {
                Some(due) if due <= until => self.now = self.now.max(due),
                _ => break,
            }
        }
        self.now = until;
    }

    /// Whether the client's end and the relay's are not lost.
    pub(crate) fn alive(&self) -> [bool; 2] {
        [CLIENT, RELAY].map(|side| !self.ends[side].lost)
    }

    fn drive(&mut self) {
        for side in [CLIENT, RELAY] {
            let mut sending = Vec::new();
            self.ends[side].drive(self.now, addr(1 - side), &mut sending);
            for packet in sending {
                if self.draw() % 1000 >= self.path.loss_per_mille {
                    let arrival = self.now + self.path.one_way;
                    self.ends[1 - side].arriving.push_back((arrival, packet));
                }
            }
            let Some((_, connection)) = &mut self.ends[side].connection else {
                continue;
            };
            while let Some(bytes) = connection.datagrams().recv() {
                let stamp =
                    Duration::from_nanos(u64::from_le_bytes(bytes[..8].try_into().unwrap()));
                self.delays
                    .push(self.now - (self.start + stamp) - self.path.one_way);
            }
        }
    }

    /// splitmix64.
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl End {
    fn new(endpoint: Endpoint) -> Self {
        let arriving = VecDeque::new();
        Self {
            endpoint,
            connection: None,
            arriving,
            connected: false,
            lost: false,
        }
    }

    /// When something is to be done here.
    fn due(&mut self) -> Option<Instant> {
        let packet = self.arriving.front().map(|(at, _)| *at);
        let timer = self
            .connection
            .as_mut()
            .and_then(|(_, connection)| connection.poll_timeout());
        packet.into_iter().chain(timer).min()
    }

    fn drive(&mut self, now: Instant, remote: SocketAddr, sending: &mut Vec<Vec<u8>>) {
        let mut buffer = Vec::new();
        while self.arriving.front().is_some_and(|(at, _)| *at <= now) {
            let (at, packet) = self.arriving.pop_front().unwrap();
            let packet = packet.as_slice().into();
            let event = self
                .endpoint
                .handle(at, remote, None, None, packet, &mut buffer);
            match event {
                Some(DatagramEvent::NewConnection(incoming)) => {
                    let accepted = self.endpoint.accept(incoming, now, &mut buffer, None);
                    self.connection = Some(accepted.map_err(|error| error.cause).unwrap());
                }
                Some(DatagramEvent::ConnectionEvent(_, event)) => self.handle(event),
                Some(DatagramEvent::Response(transmit)) => split(&transmit, &buffer, sending),
                None => {}
            }
            buffer.clear();
        }
        self.drive_connection(now, sending);
    }

    fn handle(&mut self, event: ConnectionEvent) {
        if let Some((_, connection)) = &mut self.connection {
            connection.handle_event(event);
        }
    }

    fn drive_connection(&mut self, now: Instant, sending: &mut Vec<Vec<u8>>) {
        let Some((handle, connection)) = &mut self.connection else {
            return;
        };
        if connection.poll_timeout().is_some_and(|due| due <= now) {
            connection.handle_timeout(now);
        }
        while let Some(event) = connection.poll_endpoint_events() {
            if let Some(answer) = self.endpoint.handle_event(*handle, event) {
                connection.handle_event(answer);
            }
        }
        let mut buffer = Vec::new();
        while let Some(transmit) = connection.poll_transmit(now, 10, &mut buffer) {
            split(&transmit, &buffer, sending);
            buffer.clear();
        }
        while let Some(event) = connection.poll() {
            match event {
                Event::Connected => self.connected = true,
                Event::ConnectionLost { .. } => self.lost = true,
                _ => {}
            }
        }
    }
}

fn addr(side: usize) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 4000 + u16::try_from(side).unwrap()).into()
}

/// The packets of one transmission.
fn split(transmit: &Transmit, buffer: &[u8], sending: &mut Vec<Vec<u8>>) {
    let whole = &buffer[..transmit.size];
    let segment = transmit.segment_size.unwrap_or(transmit.size).max(1);
    sending.extend(whole.chunks(segment).map(<[u8]>::to_vec));
}
