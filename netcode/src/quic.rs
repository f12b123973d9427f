//! The QUIC driver: real time and real sockets around the sans-I/O session, by quinn and tokio.
//!
//! It carries bytes and knows no message. A relay owns one [`Listener`], whose peers all report
//! through one queue to one loop; a client holds a [`Connection`]. Both speak the two
//! [`Channel`](crate::Channel)s: QUIC datagrams, and one bidirectional stream for control. A relay
//! shows who it is by a certificate of its own making, which clients know by its [`Pin`].
//!
//! Everything here must be called inside a tokio runtime with its I/O and time enabled.

mod clock;
mod connection;
mod disconnect;
mod door;
mod floor;
mod identity;
mod link;
mod listener;
pub mod settings;
mod socket;

pub use bytes::Bytes;

pub use clock::Clock;
pub use connection::{ConnectError, Connection, ConnectionEvent, ConnectionStats, Connector};
pub use disconnect::Disconnect;
pub use floor::{FloorConfig, FloorController};
pub use identity::{Identity, IdentityError, Pin, PinError, PinVerifier};
pub use link::PathStats;
pub use listener::{Listener, ListenerStats, PeerEvent, PeerEventKind};
pub use socket::{BindError, SocketWarning};
