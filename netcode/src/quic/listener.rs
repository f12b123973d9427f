//! [`Listener`]: the relay's end, all peers in one queue.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use quinn::Endpoint;
use tokio::sync::mpsc;

use super::disconnect::{Disconnect, code};
use super::door::{Counters, Door, Report};
use super::identity::{Identity, Pin};
use super::link::{Link, PathStats, Scratch, Sent};
use super::settings::{EVENT_QUEUE, relay_config};
use super::socket::{self, BindError, SocketWarning};
use crate::{Channel, CloseReason, PeerId};

/// Something a peer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerEvent {
    /// Who did it.
    pub peer: PeerId,
    /// What it did.
    pub kind: PeerEventKind,
}

/// What a peer did. First it is `Connected`, at last `Disconnected`, each exactly once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerEventKind {
    /// It has finished the handshake and sent its first byte of control.
    Connected {
        /// Where it connected from. It may move later.
        addr: SocketAddr,
    },
    /// It sent bytes.
    Bytes {
        /// How they travelled.
        channel: Channel,
        /// A whole datagram, or any piece of the control stream.
        bytes: Bytes,
    },
    /// It is gone.
    Disconnected {
        /// How it ended.
        reason: Disconnect,
    },
}

/// What a listener has counted since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListenerStats {
    /// Peers connected now.
    pub peers: usize,
    /// Handshakes refused because too many were under way or every place was taken.
    pub refused: u64,
    /// Handshakes asked to show first that their address is their own.
    pub retried: u64,
    /// Handshakes that failed, and peers that opened no control stream in time.
    pub failed: u64,
    /// Datagrams received and dropped because the loop was behind.
    pub datagrams_behind: u64,
    /// Datagrams not sent because they were larger than the path's packets.
    pub datagrams_too_large: u64,
    /// Datagrams queued in the place of older ones, which were dropped unsent.
    pub datagrams_displaced: u64,
}

/// The relay's end of all connections, owned by one loop. Dropping it closes them with
/// [`CloseReason::RelayStopped`].
#[derive(Debug)]
pub struct Listener {
    endpoint: Endpoint,
    addr: SocketAddr,
    pin: Pin,
    warning: Option<SocketWarning>,
    reports: mpsc::Receiver<Report>,
    peers: BTreeMap<PeerId, Arc<Link>>,
    counters: Arc<Counters>,
    too_large: u64,
    displaced: u64,
    scratch: Scratch,
}

impl Listener {
    /// Listens at `addr`; port 0 takes a free one.
    pub fn bind(addr: SocketAddr, identity: &Identity) -> Result<Self, BindError> {
        let (endpoint, warning) = socket::endpoint(addr, Some(relay_config(identity)))?;
        let addr = endpoint
            .local_addr()
            .map_err(|source| BindError::Io { addr, source })?;
        let (sender, reports) = mpsc::channel(EVENT_QUEUE);
        let counters = Arc::<Counters>::default();
        let door = Door::new(sender, Arc::clone(&counters));
        // Ends by itself once the endpoint is closed.
        tokio::spawn(door.keep(endpoint.clone()));
        let (peers, scratch) = (BTreeMap::new(), Scratch::new());
        let (pin, too_large, displaced) = (identity.pin(), 0, 0);
        Ok(Self {
            endpoint,
            addr,
            pin,
            warning,
            reports,
            peers,
            counters,
            too_large,
            displaced,
            scratch,
        })
    }

    /// The address it listens at, with its port.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// What clients have to know.
    #[must_use]
    pub const fn pin(&self) -> Pin {
        self.pin
    }

    /// Whether the system granted smaller socket buffers than asked for.
    #[must_use]
    pub const fn warning(&self) -> Option<SocketWarning> {
        self.warning
    }

    /// Waits for the next event; none once [`stop`](Self::stop) was called and every peer is told
    /// `Disconnected`. May be cancelled at any time: nothing is lost.
    pub async fn next(&mut self) -> Option<PeerEvent> {
        loop {
            let report = self.reports.recv().await?;
            if let Some(event) = self.take(report) {
                return Some(event);
            }
        }
    }

    /// The next event if there is one already.
    pub fn try_next(&mut self) -> Option<PeerEvent> {
        loop {
            let report = self.reports.try_recv().ok()?;
            if let Some(event) = self.take(report) {
                return Some(event);
            }
        }
    }

    /// Sends to a peer without waiting. A datagram displaces the oldest of those that could not yet
    /// be sent, and is dropped if it is too large; control is queued, and a peer with too much of it
    /// queued is closed with [`CloseReason::Flooding`]. Nothing happens for a peer that is gone.
    pub fn send(&mut self, peer: PeerId, channel: Channel, bytes: &[u8]) {
        let Some(link) = self.peers.get(&peer) else {
            return;
        };
        match link.send(channel, bytes, &mut self.scratch) {
            Sent::Yes => {}
            Sent::Displaced => self.displaced += 1,
            Sent::TooLarge => self.too_large += 1,
        }
    }

    /// Closes a peer at once; control that is still queued for it is lost. None of its bytes are
    /// told any more, only `Disconnected`.
    pub fn close(&mut self, peer: PeerId, reason: CloseReason) {
        if let Some(link) = self.peers.get(&peer) {
            link.close(reason);
        }
    }

    /// Closes every peer and lets nobody in any more.
    pub fn stop(&mut self, reason: CloseReason) {
        self.peers.values().for_each(|link| link.close(reason));
        self.endpoint.close(code(reason), b"");
    }

    /// Waits, after [`stop`](Self::stop), until every peer was told so, or for a few round trips: a
    /// process that ends earlier leaves its peers to their timeouts.
    pub async fn drained(&self) {
        self.endpoint.wait_idle().await;
    }

    /// The path to a connected peer.
    #[must_use]
    pub fn path(&self, peer: PeerId) -> Option<PathStats> {
        self.peers.get(&peer).map(|link| link.stats())
    }

    /// What was counted so far.
    #[must_use]
    pub fn stats(&self) -> ListenerStats {
        let Counters {
            refused,
            retried,
            failed,
            behind,
        } = &*self.counters;
        ListenerStats {
            peers: self.peers.len(),
            refused: refused.load(Ordering::Relaxed),
            retried: retried.load(Ordering::Relaxed),
            failed: failed.load(Ordering::Relaxed),
            datagrams_behind: behind.load(Ordering::Relaxed),
            datagrams_too_large: self.too_large,
            datagrams_displaced: self.displaced,
        }
    }

    fn take(&mut self, report: Report) -> Option<PeerEvent> {
        let (peer, kind) = match report {
            Report::Connected { peer, addr, link } => {
                self.peers.insert(peer, link);
                (peer, PeerEventKind::Connected { addr })
            }
            Report::Bytes {
                peer,
                channel,
                bytes,
                _share: _,
            } => {
                if self.peers.get(&peer).is_none_or(|link| link.is_closed()) {
                    return None;
                }
                (peer, PeerEventKind::Bytes { channel, bytes })
            }
            Report::Disconnected { peer, reason } => {
                self.peers.remove(&peer);
                (peer, PeerEventKind::Disconnected { reason })
            }
        };
        Some(PeerEvent { peer, kind })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop(CloseReason::RelayStopped);
    }
}
