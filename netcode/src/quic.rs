//! The QUIC driver: real time and real sockets around the sans-I/O session, by quinn and tokio.
//!
//! A relay shows who it is by a certificate of its own making, which clients know by its [`Pin`].

mod floor;
mod identity;
pub mod settings;

pub use bytes::Bytes;

pub use floor::{FloorConfig, FloorController};
pub use identity::{Identity, IdentityError, Pin, PinError, PinVerifier};
