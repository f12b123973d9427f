//! The QUIC driver over loopback: both channels, every way to end, and strangers at the door.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod endings;
mod strangers;
mod traffic;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use phalanx_netcode::quic::{
    Clock, ConnectError, Connection, ConnectionEvent, Connector, Disconnect, Identity, Listener,
    PeerEvent, PeerEventKind, Pin, PinVerifier, settings,
};
use phalanx_netcode::{Channel, CloseReason, PeerId, Time};
use quinn_proto::crypto::rustls::QuicClientConfig;
use tokio::time::timeout;

const LOCALHOST: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// Longer than anything here may take, the idle timeout apart.
const PATIENCE: Duration = Duration::from_secs(8);

fn listener() -> Listener {
    Listener::bind(LOCALHOST, &Identity::generate().unwrap()).unwrap()
}

async fn connect(listener: &Listener) -> Connection {
    Connection::connect(listener.local_addr(), listener.pin(), PATIENCE)
        .await
        .unwrap()
}

async fn event(listener: &mut Listener) -> PeerEvent {
    timeout(PATIENCE, listener.next())
        .await
        .expect("an event in time")
        .expect("a living listener")
}

async fn client_event(connection: &mut Connection) -> ConnectionEvent {
    timeout(PATIENCE, connection.next())
        .await
        .expect("an event in time")
}

/// Says hello and takes the relay's first two events of it.
async fn greet(connection: &mut Connection, listener: &mut Listener) -> PeerId {
    connection.send(Channel::Control, b"hello");
    let PeerEvent { peer, kind } = event(listener).await;
    assert!(matches!(kind, PeerEventKind::Connected { .. }), "{kind:?}");
    assert_eq!(
        bytes_of(event(listener).await, peer),
        (Channel::Control, b"hello".to_vec())
    );
    peer
}

fn bytes_of(event: PeerEvent, from: PeerId) -> (Channel, Vec<u8>) {
    assert_eq!(event.peer, from);
    match event.kind {
        PeerEventKind::Bytes { channel, bytes } => (channel, bytes.to_vec()),
        other => panic!("{other:?}"),
    }
}

fn gone(event: PeerEvent, peer: PeerId) -> Disconnect {
    assert_eq!(event.peer, peer);
    match event.kind {
        PeerEventKind::Disconnected { reason } => reason,
        other => panic!("{other:?}"),
    }
}
