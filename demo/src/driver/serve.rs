//! [`serve`]: the loop between a [`Relay`] and its [`Listener`].

use core::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use phalanx_netcode::quic::{Clock, Listener, PeerEvent, PeerEventKind};
use phalanx_netcode::{PeerId, Relay, RelayEvent, RelayOutput};

use super::pilot::close_reason;
use crate::interrupt::Interrupt;

/// An event of a relay, and where its peers are.
pub(crate) struct Told<'a> {
    pub(crate) event: &'a RelayEvent,
    pub(crate) peers: &'a BTreeMap<PeerId, SocketAddr>,
}

/// Serves one session, until everybody is gone or `interrupt` stops it. Who comes in
/// the meantime is refused.
pub(crate) async fn serve(
    relay: &RefCell<Relay>,
    listener: &mut Listener,
    clock: &Clock,
    interrupt: &mut Interrupt,
    mut told: impl FnMut(&Told<'_>),
) {
    let mut buffer = Vec::new();
    let mut peers = BTreeMap::new();
    let mut stopped = false;
    loop {
        let due = loop {
            let output = relay.borrow_mut().poll(clock.now(), &mut buffer);
            match output {
                RelayOutput::Transmit { peer, channel } => listener.send(peer, channel, &buffer),
                RelayOutput::Close { peer, reason } => listener.close(peer, reason),
                RelayOutput::Event(event) => told(&Told {
                    event: &event,
                    peers: &peers,
                }),
                RelayOutput::Timeout(due) => break due,
            }
        };
        if relay.borrow().is_finished() {
            return;
        }
        tokio::select! {
            event = listener.next() => {
                let mut next = event;
                while let Some(event) = next {
                    take(&mut relay.borrow_mut(), clock, &mut peers, event);
                    next = listener.try_next();
                }
            }
            () = clock.sleep_until(due) => {}
            () = interrupt.raised(), if !stopped => {
                stopped = true;
                relay.borrow_mut().stop();
            }
        }
    }
}

fn take(
    relay: &mut Relay,
    clock: &Clock,
    peers: &mut BTreeMap<PeerId, SocketAddr>,
    event: PeerEvent,
) {
    let PeerEvent { peer, kind } = event;
    match kind {
        PeerEventKind::Connected { addr } => {
            peers.insert(peer, addr);
            relay.connected(clock.now(), peer);
        }
        PeerEventKind::Bytes { channel, bytes } => {
            relay.handle(clock.now(), peer, channel, &bytes);
        }
        PeerEventKind::Disconnected { reason } => {
            relay.disconnected(peer, close_reason(&reason));
        }
    }
}
