//! [`Hall`]: a relay within the test, over QUIC.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use phalanx_engine::{Setup, Simulation, Slot, TickRate};
use phalanx_netcode::quic::{Clock, Disconnect, Identity, Listener, PeerEvent, PeerEventKind, Pin};
use phalanx_netcode::{CloseReason, PeerId, Relay, RelayEvent, RelayOutput, SessionConfig};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{LOCALHOST, PATIENCE};

/// A relay for one session.
pub(crate) struct Hall {
    pub(crate) addr: SocketAddr,
    pub(crate) pin: Pin,
    served: JoinHandle<Served>,
}

/// What a relay has seen.
pub(crate) struct Served {
    pub(crate) relay: Relay,
    /// Who was turned away, by its address.
    pub(crate) rejected: Vec<(SocketAddr, CloseReason)>,
    pub(crate) left: Vec<(Slot, Option<CloseReason>)>,
}

/// A session of `rules` at 60 Hz.
pub(crate) fn session<S: Simulation>(rules: &S, slots: u8, ticks: u64) -> SessionConfig {
    let rate = TickRate::hz(60);
    let setup = Setup::new(9, slots, rate);
    let mut config = SessionConfig::new(rules, setup);
    config.length = Some(ticks);
    config
}

pub(crate) fn listener() -> Listener {
    Listener::bind(LOCALHOST, &Identity::generate().unwrap()).unwrap()
}

impl Hall {
    pub(crate) fn open(config: SessionConfig) -> Self {
        let listener = listener();
        let (addr, pin) = (listener.local_addr(), listener.pin());
        let served = Served {
            relay: Relay::new(config).unwrap(),
            rejected: Vec::new(),
            left: Vec::new(),
        };
        let served = tokio::spawn(serve(served, listener));
        Self { addr, pin, served }
    }

    /// Waits until everybody is gone.
    pub(crate) async fn end(self) -> Served {
        timeout(PATIENCE, self.served).await.unwrap().unwrap()
    }
}

async fn serve(mut served: Served, mut listener: Listener) -> Served {
    let clock = Clock::start();
    let mut addrs = BTreeMap::new();
    let mut buffer = Vec::new();
    loop {
        let due = loop {
            match served.relay.poll(clock.now(), &mut buffer) {
                RelayOutput::Transmit { peer, channel } => listener.send(peer, channel, &buffer),
                RelayOutput::Close { peer, reason } => listener.close(peer, reason),
                RelayOutput::Event(event) => served.note(event, &addrs),
                RelayOutput::Timeout(due) => break due,
            }
        };
        if served.relay.is_finished() {
            listener.stop(CloseReason::RelayStopped);
            let _ = timeout(PATIENCE, listener.drained()).await;
            return served;
        }
        tokio::select! {
            event = listener.next() => {
                let event = event.unwrap();
                if let PeerEventKind::Connected { addr } = event.kind {
                    addrs.insert(event.peer, addr);
                }
                take(&mut served.relay, &clock, event);
            }
            () = clock.sleep_until(due) => {}
        }
    }
}

/// Gives `relay` what a peer did.
pub(crate) fn take(relay: &mut Relay, clock: &Clock, event: PeerEvent) {
    let PeerEvent { peer, kind } = event;
    match kind {
        PeerEventKind::Connected { .. } => relay.connected(clock.now(), peer),
        PeerEventKind::Bytes { channel, bytes } => {
            relay.handle(clock.now(), peer, channel, &bytes);
        }
        PeerEventKind::Disconnected { reason } => relay.disconnected(
            peer,
            match reason {
                Disconnect::ByPeer(reason) | Disconnect::Locally(reason) => Some(reason),
                _ => None,
            },
        ),
    }
}

impl Served {
    fn note(&mut self, event: RelayEvent, addrs: &BTreeMap<PeerId, SocketAddr>) {
        match event {
            RelayEvent::Rejected { peer, reason } => self.rejected.push((addrs[&peer], reason)),
            RelayEvent::Left { slot, reason } => self.left.push((slot, reason)),
            _ => {}
        }
    }
}
