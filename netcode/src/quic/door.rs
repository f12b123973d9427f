//! [`Door`]: lets peers in, and serves each by one task that reports to the relay's loop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use quinn::{Endpoint, Incoming, RecvStream, SendStream};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::disconnect::{Disconnect, code};
use super::link::Link;
use super::settings::{
    DATAGRAM_BUDGET, MAX_PEERS, MAX_PENDING, PEER_CONTROL_CHUNKS, PEER_DATAGRAMS, RETRY_FROM,
    SETUP_TIMEOUT,
};
use crate::{Channel, CloseReason, PeerId};

/// What the tasks tell the loop. Of one peer: `Connected`, any `Bytes`, `Disconnected`.
#[derive(Debug)]
pub(super) enum Report {
    Connected {
        peer: PeerId,
        addr: SocketAddr,
        link: Arc<Link>,
    },
    Bytes {
        peer: PeerId,
        channel: Channel,
        bytes: Bytes,
        /// The peer's share of the queue, free again when the loop has taken the report.
        _share: OwnedSemaphorePermit,
    },
    Disconnected {
        peer: PeerId,
        reason: Disconnect,
    },
}

/// What the tasks count.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) refused: AtomicU64,
    pub(super) retried: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) behind: AtomicU64,
}

impl Counters {
    fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// What all tasks share.
#[derive(Debug)]
pub(super) struct Door {
    reports: mpsc::Sender<Report>,
    counters: Arc<Counters>,
    pending: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Door {
    pub(super) fn new(reports: mpsc::Sender<Report>, counters: Arc<Counters>) -> Arc<Self> {
        let pending = Arc::new(Semaphore::new(MAX_PENDING));
        let places = Arc::new(Semaphore::new(MAX_PEERS));
        Arc::new(Self {
            reports,
            counters,
            pending,
            places,
        })
    }

    /// Lets peers in until the endpoint is closed.
    pub(super) async fn keep(self: Arc<Self>, endpoint: Endpoint) {
        let mut last = 0;
        while let Some(incoming) = endpoint.accept().await {
            let busy = MAX_PENDING - self.pending.available_permits();
            if busy >= RETRY_FROM && !incoming.remote_address_validated() {
                Counters::count(&self.counters.retried);
                // It may always be asked for: the address is not validated.
                let _ = incoming.retry();
                continue;
            }
            let pending = Arc::clone(&self.pending).try_acquire_owned();
            let place = Arc::clone(&self.places).try_acquire_owned();
            let (Ok(pending), Ok(place)) = (pending, place) else {
                Counters::count(&self.counters.refused);
                incoming.refuse();
                continue;
            };
            last += 1;
            tokio::spawn(Arc::clone(&self).admit(incoming, PeerId(last), pending, place));
        }
    }

    /// One peer, from its handshake to its end.
    async fn admit(
        self: Arc<Self>,
        incoming: Incoming,
        peer: PeerId,
        pending: OwnedSemaphorePermit,
        _place: OwnedSemaphorePermit,
    ) {
        let Some((connection, send, receive)) = set_up(incoming).await else {
            Counters::count(&self.counters.failed);
            return;
        };
        let addr = connection.remote_address();
        let link = Arc::new(Link::new(connection));
        let connected = Report::Connected {
            peer,
            addr,
            link: Arc::clone(&link),
        };
        if self.reports.send(connected).await.is_err() {
            link.close(CloseReason::RelayStopped);
            return;
        }
        drop(pending);
        tokio::select! {
            () = self.report_control(peer, &link, receive) => {}
            () = self.report_datagrams(peer, &link) => {}
            () = link.write_control(send) => {}
            () = refuse_second_stream(&link) => {}
        }
        let reason = link.ended().await;
        // The loop is gone only when nobody listens any more.
        let _ = self
            .reports
            .send(Report::Disconnected { peer, reason })
            .await;
    }

    /// Reads no further than the loop has taken: a peer that writes on is held up by QUIC. Ends with
    /// the connection.
    async fn report_control(&self, peer: PeerId, link: &Link, mut stream: RecvStream) {
        let shares = Arc::new(Semaphore::new(PEER_CONTROL_CHUNKS));
        while let Ok(share) = Arc::clone(&shares).acquire_owned().await {
            let Some(bytes) = link.read_control(&mut stream).await else {
                return;
            };
            let channel = Channel::Control;
            let report = Report::Bytes {
                peer,
                channel,
                bytes,
                _share: share,
            };
            if self.reports.send(report).await.is_err() {
                return link.close(CloseReason::RelayStopped);
            }
        }
    }

    /// Never waits for the loop: what it cannot take now is dropped. Never ends.
    async fn report_datagrams(&self, peer: PeerId, link: &Link) {
        let shares = Arc::new(Semaphore::new(PEER_DATAGRAMS));
        loop {
            let bytes = link.read_datagram().await;
            let channel = Channel::Datagram;
            let report = Arc::clone(&shares)
                .try_acquire_owned()
                .map(|share| Report::Bytes {
                    peer,
                    channel,
                    bytes,
                    _share: share,
                });
            match report.map(|report| self.reports.try_send(report)) {
                Ok(Ok(()) | Err(TrySendError::Closed(_))) => {}
                Err(_) | Ok(Err(TrySendError::Full(_))) => Counters::count(&self.counters.behind),
            }
        }
    }
}

/// The handshake and the control stream, each in its time; closes the connection otherwise.
async fn set_up(incoming: Incoming) -> Option<(quinn::Connection, SendStream, RecvStream)> {
    let connecting = incoming.accept().ok()?;
    let connection = timeout(SETUP_TIMEOUT, connecting).await.ok()?.ok()?;
    if connection
        .max_datagram_size()
        .is_none_or(|most| most < DATAGRAM_BUDGET)
    {
        connection.close(code(CloseReason::ProtocolVersion), b"");
        return None;
    }
    let Ok(stream) = timeout(SETUP_TIMEOUT, connection.accept_bi()).await else {
        connection.close(code(CloseReason::TimedOut), b"");
        return None;
    };
    let (send, receive) = stream.ok()?;
    Some((connection, send, receive))
}

/// Closes a peer that opens one more stream. Never ends otherwise.
async fn refuse_second_stream(link: &Link) {
    match link.connection().accept_bi().await {
        Ok(_) => link.close(CloseReason::Unexpected),
        Err(_) => std::future::pending().await,
    }
}
