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
    let mut gone = Vec::new();
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
        // Only now: who has just gone may have been told of above.
        for peer in gone.drain(..) {
            peers.remove(&peer);
        }
        if relay.borrow().is_finished() {
            return;
        }
        tokio::select! {
            event = listener.next() => {
                let mut next = event;
                while let Some(event) = next {
                    if let PeerEventKind::Disconnected { .. } = event.kind {
                        gone.push(event.peer);
                    }
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

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::net::Ipv4Addr;

    use phalanx_engine::{Setup, TickRate};
    use phalanx_netcode::quic::{Connection, Identity};
    use phalanx_netcode::testing::Mixer;
    use phalanx_netcode::{Channel, SessionConfig};

    use super::*;

    /// The address of everybody who ever came was kept as long as the session lasted.
    #[tokio::test]
    async fn who_is_gone_is_forgotten() {
        let setup = Setup::new(1, 1, TickRate::hz(60));
        let relay = RefCell::new(Relay::new(SessionConfig::new(&Mixer, setup)).unwrap());
        let identity = Identity::generate().unwrap();
        let mut listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), &identity).unwrap();
        let (addr, pin) = (listener.local_addr(), listener.pin());
        let (clock, mut interrupt) = (Clock::start(), Interrupt::never());
        let (mut known, mut named) = (Vec::new(), 0);
        let strangers = async {
            for _ in 0..5 {
                let limit = Duration::from_secs(8);
                let mut stranger = Connection::connect(addr, pin, limit).await.unwrap();
                stranger.send(Channel::Control, &[0xff; 4]);
                stranger.next().await;
                // So that the relay's loop has seen the end, too.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let told = |told: &Told<'_>| {
            if let RelayEvent::Rejected { peer, .. } = told.event {
                known.push(told.peers.len());
                named += usize::from(told.peers.contains_key(peer));
            }
        };
        tokio::select! {
            () = serve(&relay, &mut listener, &clock, &mut interrupt, told) => {}
            () = strangers => {}
        }
        assert_eq!((known.len(), named), (5, 5));
        assert!(known.iter().all(|known| *known < 5), "{known:?}");
    }
}
