//! [`Link`]: one live connection with its two channels, the same at both ends.

use std::future::pending;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use quinn::{Connection, RecvStream, SendDatagramError, SendStream};
use tokio::sync::Notify;

use super::disconnect::{Disconnect, code};
use super::settings::{CONTROL_CHUNK, CONTROL_QUEUE};
use crate::{Channel, CloseReason};

/// What one path looks like from this end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathStats {
    /// Round trip, smoothed.
    pub rtt: Duration,
    /// Bytes that may be in flight.
    pub window: u64,
    /// Packets sent so far.
    pub sent_packets: u64,
    /// Packets lost so far, of those sent.
    pub lost_packets: u64,
    /// Bytes of the largest UDP payload the path carries.
    pub mtu: u16,
    /// Bytes of the largest datagram that can be sent now.
    pub datagram_limit: usize,
    /// Bytes free in the send buffer. Less than all of it at the next tick means that the last
    /// tick's datagram still waits: the path is congested.
    pub datagram_space: usize,
}

/// What became of bytes that were to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Queued, or in vain because the connection has ended.
    Yes,
    /// Queued in the place of older datagrams.
    Displaced,
    /// Dropped: larger than the path's packets.
    TooLarge,
}

/// Copies small messages into shared blocks: one allocation serves many datagrams.
#[derive(Debug)]
pub(super) struct Scratch(BytesMut);

impl Scratch {
    /// Bytes of a block. It is freed or used again when all its datagrams are sent.
    const BLOCK: usize = 16 * 1024;

    pub(super) fn new() -> Self {
        Self(BytesMut::with_capacity(Self::BLOCK))
    }

    fn copy(&mut self, bytes: &[u8]) -> Bytes {
        self.0.extend_from_slice(bytes);
        self.0.split().freeze()
    }
}

#[derive(Debug)]
pub(super) struct Link {
    connection: Connection,
    /// Control that waits for [`Self::write_control`]; at most [`CONTROL_QUEUE`] bytes.
    queue: Mutex<Vec<u8>>,
    queued: Notify,
    closed: OnceLock<CloseReason>,
}

impl Link {
    pub(super) fn new(connection: Connection) -> Self {
        let (queue, queued, closed) = (Mutex::default(), Notify::new(), OnceLock::new());
        Self {
            connection,
            queue,
            queued,
            closed,
        }
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn send(&self, channel: Channel, bytes: &[u8], scratch: &mut Scratch) -> Sent {
        match channel {
            Channel::Datagram => self.send_datagram(bytes, scratch),
            Channel::Control => {
                self.queue_control(bytes);
                Sent::Yes
            }
        }
    }

    fn send_datagram(&self, bytes: &[u8], scratch: &mut Scratch) -> Sent {
        let displaces = self.connection.datagram_send_buffer_space() < bytes.len();
        match self.connection.send_datagram(scratch.copy(bytes)) {
            Ok(()) if displaces => Sent::Displaced,
            Err(SendDatagramError::TooLarge) => Sent::TooLarge,
            // Peers without datagrams are not let in; how a connection was lost is told elsewhere.
            _ => Sent::Yes,
        }
    }

    /// Queues `bytes`, or closes a peer that has not read what was queued before.
    fn queue_control(&self, bytes: &[u8]) {
        let mut queue = self.lock();
        if queue.len() + bytes.len() > CONTROL_QUEUE {
            drop(queue);
            self.close(CloseReason::Flooding);
            return;
        }
        queue.extend_from_slice(bytes);
        self.queued.notify_one();
    }

    /// Writes queued control until the connection ends, and then waits for ever. Two buffers take
    /// turns, so a steady peer costs no allocation.
    pub(super) async fn write_control(&self, mut stream: SendStream) {
        let mut writing = Vec::new();
        loop {
            self.queued.notified().await;
            std::mem::swap(&mut writing, &mut *self.lock());
            if stream.write_all(&writing).await.is_err() {
                return pending().await;
            }
            writing.clear();
        }
    }

    /// The next datagram; waits for ever once the connection has ended.
    pub(super) async fn read_datagram(&self) -> Bytes {
        match self.connection.read_datagram().await {
            Ok(bytes) => bytes,
            Err(_) => pending().await,
        }
    }

    /// The next piece of control, or none once the connection has ended and all that had arrived is
    /// read. Control lasts as long as the connection, so a peer that ends it alone is closed.
    pub(super) async fn read_control(&self, stream: &mut RecvStream) -> Option<Bytes> {
        match stream.read_chunk(CONTROL_CHUNK, true).await {
            Ok(Some(chunk)) => return Some(chunk.bytes),
            Err(quinn::ReadError::ConnectionLost(_)) => {}
            Ok(None) | Err(_) => self.close(CloseReason::Unexpected),
        }
        None
    }

    /// Closes at once: what is still queued is lost. The first reason counts.
    pub(super) fn close(&self, reason: CloseReason) {
        let first = *self.closed.get_or_init(|| reason);
        self.connection.close(code(first), b"");
    }

    /// Whether this end has closed it.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.get().is_some()
    }

    /// Waits for the end.
    pub(super) async fn ended(&self) -> Disconnect {
        let error = self.connection.closed().await;
        Disconnect::new(error, self.closed.get().copied())
    }

    pub(super) fn stats(&self) -> PathStats {
        let path = self.connection.stats().path;
        PathStats {
            rtt: path.rtt,
            window: path.cwnd,
            sent_packets: path.sent_packets,
            lost_packets: path.lost_packets,
            mtu: path.current_mtu,
            datagram_limit: self.connection.max_datagram_size().unwrap_or(0),
            datagram_space: self.connection.datagram_send_buffer_space(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
