//! Peers that send what they should not, over real QUIC and to real processes: they come to an end
//! with a name, nothing panics, and nobody else notices.
#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "processes and sockets take a clock and threads"
)]

#[path = "../process/mod.rs"]
mod process;

mod hall;
mod impostors;
mod liars;
mod player;
mod strangers;
mod traitors;
mod weapon;
mod wire;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use phalanx::duel;
use phalanx_netcode::CloseReason;
use phalanx_netcode::quic::Disconnect;

/// Longest that anything within a process may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A free port of this machine.
const LOCALHOST: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The reason for which the other end closed a peer; it has to be one of what the peer did.
fn named(end: &Disconnect, case: &str) -> CloseReason {
    match end {
        Disconnect::ByPeer(reason) if reason.is_refusal() => *reason,
        other => panic!("{case}: {other:?}"),
    }
}
