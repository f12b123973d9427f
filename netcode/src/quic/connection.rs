//! [`Connection`]: the client's end; [`Connector`]: the socket that many of them can share.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quinn::{ConnectionError, Endpoint, RecvStream, SendStream, TransportErrorCode};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::disconnect::Disconnect;
use super::identity::{Pin, PinVerifier};
use super::link::{Link, PathStats, Scratch, Sent};
use super::settings::{IDLE_TIMEOUT, SERVER_NAME, client_config};
use super::socket::{self, BindError, SocketWarning};
use crate::{Channel, CloseReason};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No socket on this machine.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The address cannot be connected to from this socket: port 0, or another address family.
    #[error("cannot connect to {0} from here")]
    Address(SocketAddr),
    /// Nobody answered in time.
    #[error("no answer from {addr} within {} ms", .timeout.as_millis())]
    Timeout {
        /// Where nobody answered.
        addr: SocketAddr,
        /// How long was waited.
        timeout: Duration,
    },
    /// Another relay answered, or somebody in between.
    #[error("the relay at {addr} is not the one with the pin {pin}")]
    WrongPin {
        /// Who was asked.
        addr: SocketAddr,
        /// Who it should have been.
        pin: Pin,
    },
    /// The relay does not speak this version of the transport.
    #[error("the relay speaks another version of the transport than phalanx/1")]
    VersionMismatch,
    /// The relay has no place, or too many are connecting right now, or it gave up in the middle of
    /// the handshake: worth another try.
    #[error("the relay takes no more connections at present")]
    Busy,
    /// The relay closed the connection right away.
    #[error("refused by the relay: {0}")]
    Refused(CloseReason),
    /// QUIC or TLS failed otherwise.
    #[error("the transport failed: {0}")]
    Transport(String),
}

/// Something that happened on a [`Connection`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionEvent {
    /// The relay sent bytes.
    Bytes {
        /// How they travelled.
        channel: Channel,
        /// A whole datagram, or any piece of the control stream.
        bytes: Bytes,
    },
    /// It is over; nothing follows.
    Closed(Disconnect),
}

/// What a connection shows of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionStats {
    /// The path to the relay.
    pub path: PathStats,
    /// Datagrams not sent because they were larger than the path's packets.
    pub datagrams_too_large: u64,
    /// Datagrams queued in the place of older ones, which were dropped unsent.
    pub datagrams_displaced: u64,
}

/// A client's socket. Bots of one process share one, as each costs 3 MB.
#[derive(Debug)]
pub struct Connector {
    endpoint: Endpoint,
    warning: Option<SocketWarning>,
}

impl Connector {
    /// A socket at `addr`; port 0 takes a free one.
    pub fn bind(addr: SocketAddr) -> Result<Self, BindError> {
        let (endpoint, warning) = socket::endpoint(addr, None)?;
        Ok(Self { endpoint, warning })
    }

    /// A socket that reaches `remote`, at a free port of all local addresses.
    pub fn towards(remote: SocketAddr) -> Result<Self, BindError> {
        Self::bind(match remote {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        })
    }

    /// Connects to the relay at `addr` if its certificate has the `pin`; gives up after `limit`, and
    /// after [`IDLE_TIMEOUT`](super::settings::IDLE_TIMEOUT) of silence at the latest. The relay hears
    /// of it with the first bytes of control, which should follow within
    /// [`SETUP_TIMEOUT`](super::settings::SETUP_TIMEOUT).
    pub async fn connect(
        &self,
        addr: SocketAddr,
        pin: Pin,
        limit: Duration,
    ) -> Result<Connection, ConnectError> {
        let verifier = PinVerifier::new(pin);
        let waited = limit.min(IDLE_TIMEOUT);
        let failed = |error| match error {
            ConnectionError::TimedOut => ConnectError::Timeout {
                addr,
                timeout: waited,
            },
            _ if verifier.mismatched() => ConnectError::WrongPin { addr, pin },
            error => ConnectError::new(error),
        };
        let connecting = self
            .endpoint
            .connect_with(client_config(&verifier), addr, SERVER_NAME)
            .map_err(|error| match error {
                quinn::ConnectError::InvalidRemoteAddress(addr) => ConnectError::Address(addr),
                error => ConnectError::Transport(error.to_string()),
            })?;
        let open = async {
            let connection = connecting.await?;
            let (send, receive) = connection.open_bi().await?;
            Ok(Connection::new(
                self.endpoint.clone(),
                connection,
                send,
                receive,
            ))
        };
        match timeout(limit, open).await {
            Ok(connection) => connection.map_err(failed),
            Err(_) => Err(failed(ConnectionError::TimedOut)),
        }
    }

    /// Moves every connection to a new socket at `addr`, as when the network changes.
    pub fn rebind(&self, addr: SocketAddr) -> Result<(), BindError> {
        let (socket, _) = socket::open(addr)?;
        self.endpoint
            .rebind(socket.into())
            .map_err(|source| BindError::Io { addr, source })
    }

    /// The address of the socket.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// Whether the system granted smaller socket buffers than asked for.
    #[must_use]
    pub const fn warning(&self) -> Option<SocketWarning> {
        self.warning
    }

    /// Waits until every connection is over and the relay was told so, or for a few round trips.
    pub async fn drained(&self) {
        self.endpoint.wait_idle().await;
    }
}

/// The client's end of one connection. Dropping it closes it with [`CloseReason::Left`].
#[derive(Debug)]
pub struct Connection {
    endpoint: Endpoint,
    link: Arc<Link>,
    control: RecvStream,
    writer: AbortHandle,
    scratch: Scratch,
    too_large: u64,
    displaced: u64,
}

impl Connection {
    /// Connects over a socket of its own: see [`Connector::connect`].
    pub async fn connect(
        addr: SocketAddr,
        pin: Pin,
        limit: Duration,
    ) -> Result<Self, ConnectError> {
        Connector::towards(addr)?.connect(addr, pin, limit).await
    }

    fn new(
        endpoint: Endpoint,
        connection: quinn::Connection,
        send: SendStream,
        control: RecvStream,
    ) -> Self {
        let link = Arc::new(Link::new(connection));
        let writing = Arc::clone(&link);
        let writer = tokio::spawn(async move { writing.write_control(send).await }).abort_handle();
        let (scratch, too_large, displaced) = (Scratch::new(), 0, 0);
        Self {
            endpoint,
            link,
            control,
            writer,
            scratch,
            too_large,
            displaced,
        }
    }

    /// Waits for the next event; after the end it is told again. May be cancelled at any time:
    /// nothing is lost. Datagrams that arrive while nobody calls displace the oldest; control waits.
    pub async fn next(&mut self) -> ConnectionEvent {
        let (channel, bytes) = tokio::select! {
            bytes = self.link.read_datagram() => (Channel::Datagram, bytes),
            bytes = self.link.read_control(&mut self.control) => match bytes {
                Some(bytes) => (Channel::Control, bytes),
                None => return ConnectionEvent::Closed(self.link.ended().await),
            },
        };
        ConnectionEvent::Bytes { channel, bytes }
    }

    /// Sends to the relay without waiting. A datagram displaces the oldest of those that could not
    /// yet be sent, and is dropped if it is too large; control is queued, and the connection closed
    /// with [`CloseReason::Flooding`] if too much of it is.
    pub fn send(&mut self, channel: Channel, bytes: &[u8]) {
        match self.link.send(channel, bytes, &mut self.scratch) {
            Sent::Yes => {}
            Sent::Displaced => self.displaced += 1,
            Sent::TooLarge => self.too_large += 1,
        }
    }

    /// Closes at once; control that is still queued is lost. Unless the other end was first,
    /// [`next`](Self::next) then tells [`Disconnect::Locally`].
    pub fn close(&self, reason: CloseReason) {
        self.link.close(reason);
    }

    /// Waits, after [`close`](Self::close), until the relay was told so, or for a few round trips: a
    /// process that ends earlier leaves the relay to its timeout. Waits for all connections of a
    /// shared [`Connector`].
    pub async fn drained(&self) {
        self.endpoint.wait_idle().await;
    }

    /// What is known of the connection.
    #[must_use]
    pub fn stats(&self) -> ConnectionStats {
        ConnectionStats {
            path: self.link.stats(),
            datagrams_too_large: self.too_large,
            datagrams_displaced: self.displaced,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.link.close(CloseReason::Left);
        self.writer.abort();
    }
}

impl ConnectError {
    fn new(error: ConnectionError) -> Self {
        let no_common_protocol = TransportErrorCode::crypto(NO_APPLICATION_PROTOCOL);
        // The second is all that QUIC lets through of a reason given during the handshake.
        let busy = [
            TransportErrorCode::CONNECTION_REFUSED,
            TransportErrorCode::APPLICATION_ERROR,
        ];
        match error {
            ConnectionError::VersionMismatch => Self::VersionMismatch,
            ConnectionError::TransportError(error) if error.code == no_common_protocol => {
                Self::VersionMismatch
            }
            ConnectionError::ConnectionClosed(close) if close.error_code == no_common_protocol => {
                Self::VersionMismatch
            }
            ConnectionError::ConnectionClosed(close) if busy.contains(&close.error_code) => {
                Self::Busy
            }
            error => match Disconnect::new(error, None) {
                Disconnect::ByPeer(reason) => Self::Refused(reason),
                other => Self::Transport(other.to_string()),
            },
        }
    }
}

/// The alert of TLS for "no common ALPN".
const NO_APPLICATION_PROTOCOL: u8 = 120;
