//! Every number of the driver, and the QUIC configurations made of them.
//!
//! The configurations know no socket and no runtime, so a test runs the very same ones on a virtual
//! clock.

use std::sync::Arc;
use std::time::Duration;

use quinn_proto::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn_proto::{
    ClientConfig, IdleTimeout, MtuDiscoveryConfig, ServerConfig, TransportConfig, VarInt,
};

use super::floor::FloorConfig;
use super::identity::{Identity, PinVerifier};
use crate::limits::{CONTROL_QUEUE_BYTES_MAX, DATAGRAM_BYTES_MAX};

/// The application protocol of TLS. Its number changes when even the first message would be
/// misread; smaller differences are settled by messages.
pub const ALPN: &[u8] = b"phalanx/1";

/// The name in a relay's certificate. Pins decide, so every relay has the same.
pub const SERVER_NAME: &str = "phalanx";

/// Least bytes that may be in flight, whatever was lost. quinn's own controllers fall to two packets
/// and stay there under a steady flow (see [`FloorController`](super::FloorController)); 64 KiB
/// carries a 1 KiB datagram per tick at 60 Hz over a second of round trip.
pub const CONGESTION_FLOOR: u64 = 64 * 1024;

/// Bytes of datagrams that wait to be sent on one connection; beyond it the oldest are dropped. A
/// few ticks: every datagram repeats what is unacknowledged, so old ones are worthless.
pub const DATAGRAM_SEND_BUFFER: usize = 8 * 1024;

/// Bytes of datagrams received on one connection and not yet read; beyond it the oldest are dropped.
pub const DATAGRAM_RECEIVE_BUFFER: usize = 64 * 1024;

/// Bytes of the session's largest datagram. They fit on every path, from the first moment: QUIC's
/// least packet of 1,200 bytes has an overhead of at most 38.
pub const DATAGRAM_BUDGET: usize = DATAGRAM_BYTES_MAX;

/// Bidirectional streams a client may open. One is for control; one more only so that a second shows
/// itself and its peer is closed with a reason, instead of waiting for ever on its own side.
pub const CLIENT_STREAMS: u32 = 2;

/// Bytes of one stream, and of all streams of a connection, that a peer may send before they are
/// read. Control messages are small, and what is not read is held for every peer.
pub const STREAM_RECEIVE_WINDOW: u32 = 64 * 1024;
/// See [`STREAM_RECEIVE_WINDOW`].
pub const RECEIVE_WINDOW: u32 = 128 * 1024;

/// Bytes of streams sent and not yet acknowledged on one connection.
pub const SEND_WINDOW: u64 = 512 * 1024;

/// Silence after which a connection is lost.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// A client that sends nothing for this long says that it is there: several times per
/// [`IDLE_TIMEOUT`], as each may be lost. In play every tick sends, so it matters in the lobby only.
pub const KEEP_ALIVE: Duration = Duration::from_secs(2);

/// Round trip assumed before the first is measured. quinn's third of a second would make a lost
/// first packet cost a second.
pub const INITIAL_RTT: Duration = Duration::from_millis(100);

/// Handshakes not yet looked at, most.
pub const MAX_INCOMING: usize = 512;
/// Bytes kept of one such handshake.
pub const INCOMING_BUFFER: u64 = 64 * 1024;
/// Bytes kept of all such handshakes.
pub const INCOMING_BUFFER_TOTAL: u64 = 8 * 1024 * 1024;

/// Peers that are connecting at a time, most; further ones are refused. Each costs two signatures'
/// work and 37 KB.
pub const MAX_PENDING: usize = 256;

/// From this many connecting peers on, a newcomer must first show (by a retry, one round trip, no
/// memory here) that its address is its own.
pub const RETRY_FROM: usize = 64;

/// Connected peers, most; further ones are refused.
pub const MAX_PEERS: usize = 2048;

/// Time for each step of connecting: the handshake, then the first byte of control.
pub const SETUP_TIMEOUT: Duration = Duration::from_secs(3);

/// Events of all peers that wait for the relay's loop, most. Beyond it datagrams are dropped and
/// control waits.
pub const EVENT_QUEUE: usize = 4096;

/// Datagrams of one peer among them, most: a flood from one must not crowd out the others.
pub const PEER_DATAGRAMS: usize = 64;

/// Pieces of one peer's control stream among them, most.
pub const PEER_CONTROL_CHUNKS: usize = 8;

/// Bytes of one such piece, most.
pub const CONTROL_CHUNK: usize = 4 * 1024;

/// Bytes of control that wait to be written to one peer, most; a peer that reads too slowly for it
/// is closed.
pub const CONTROL_QUEUE: usize = CONTROL_QUEUE_BYTES_MAX;

/// Bytes asked of the kernel for each direction of a socket: a relay's whole tick arrives at once,
/// and the usual 208 KiB loses packets at a few hundred peers.
pub const SOCKET_BUFFER: usize = 8 * 1024 * 1024;

/// What both ends share.
fn transport() -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .congestion_controller_factory(Arc::new(FloorConfig::default()))
        .datagram_send_buffer_size(DATAGRAM_SEND_BUFFER)
        .datagram_receive_buffer_size(Some(DATAGRAM_RECEIVE_BUFFER))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(STREAM_RECEIVE_WINDOW))
        .receive_window(VarInt::from_u32(RECEIVE_WINDOW))
        .send_window(SEND_WINDOW)
        .max_idle_timeout(Some(idle_timeout()))
        .initial_rtt(INITIAL_RTT)
        .mtu_discovery_config(Some(MtuDiscoveryConfig::default()));
    transport
}

/// How a relay's end of a connection behaves.
#[must_use]
pub fn relay_transport() -> TransportConfig {
    let mut transport = transport();
    transport.max_concurrent_bidi_streams(VarInt::from_u32(CLIENT_STREAMS));
    transport
}

/// How a client's end of a connection behaves.
#[must_use]
pub fn client_transport() -> TransportConfig {
    let mut transport = transport();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .keep_alive_interval(Some(KEEP_ALIVE))
        // A client sends one packet at a time, so batching wins nothing, and some kernels and
        // network cards fail at it.
        .enable_segmentation_offload(false);
    transport
}

/// The whole of a relay's QUIC.
#[must_use]
pub fn relay_config(identity: &Identity) -> ServerConfig {
    let tls = QuicServerConfig::try_from(identity.tls()).expect("ring has QUIC's first cipher");
    let mut config = ServerConfig::with_crypto(Arc::new(tls));
    config
        .transport_config(Arc::new(relay_transport()))
        // A player's address changes when the phone leaves the house or a NAT forgets.
        .migration(true)
        .max_incoming(MAX_INCOMING)
        .incoming_buffer_size(INCOMING_BUFFER)
        .incoming_buffer_size_total(INCOMING_BUFFER_TOTAL);
    config
}

/// The whole of a client's QUIC. Its connection IDs keep their length: with empty ones, connections
/// that share an endpoint could not be told apart.
#[must_use]
pub fn client_config(verifier: &Arc<PinVerifier>) -> ClientConfig {
    let tls = QuicClientConfig::try_from(verifier.tls()).expect("ring has QUIC's first cipher");
    let mut config = ClientConfig::new(Arc::new(tls));
    config.transport_config(Arc::new(client_transport()));
    config
}

fn idle_timeout() -> IdleTimeout {
    IdleTimeout::try_from(IDLE_TIMEOUT).expect("it fits QUIC's numbers")
}
