//! [`Far`]: the conductor's end of the measured player's connection.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use phalanx_netcode::quic::{Bytes, Identity, Listener, PeerEvent, PeerEventKind, Pin};
use phalanx_netcode::{Channel, PeerId, Time};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedSender;

use super::desk::{Desk, Step};
use super::{Failure, Metronome, NAP, PATIENCE, runtime};
use crate::session::Player;

/// A player that is somewhere else: what it is given travels by QUIC, and what it sends comes back
/// the same way, at the same moment of virtual time.
pub(super) struct Far {
    runtime: Runtime,
    line: Line,
}

struct Line {
    listener: Listener,
    peer: Option<PeerId>,
    desk: Arc<Desk>,
    steps: UnboundedSender<Step>,
    metronome: Metronome,
    /// What the player is given next.
    outbox: Vec<(Channel, Vec<u8>)>,
    /// Bytes given to the player.
    given: u64,
    /// How often it was woken.
    woken: u64,
    /// Bytes that came from it.
    received: u64,
    inbox: Vec<(Channel, Bytes)>,
}

impl Far {
    /// A relay's end at a free port, which the player can connect to.
    pub(super) fn open(
        desk: Arc<Desk>,
        steps: UnboundedSender<Step>,
        metronome: Metronome,
    ) -> Result<Self, Failure> {
        let runtime = runtime()?;
        let identity = Identity::generate()?;
        let listener = runtime
            .block_on(async { Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), &identity) })?;
        let line = Line {
            listener,
            peer: None,
            desk,
            steps,
            metronome,
            outbox: Vec::new(),
            given: 0,
            woken: 0,
            received: 0,
            inbox: Vec::new(),
        };
        Ok(Self { runtime, line })
    }

    /// Where the player has to connect to.
    pub(super) const fn relay(&self) -> (SocketAddr, Pin) {
        (self.line.listener.local_addr(), self.line.listener.pin())
    }
}

impl Player for Far {
    type Error = Failure;

    fn handle(&mut self, _at: Time, channel: Channel, bytes: &[u8]) {
        // It leaves with the next pump: not before its moment, which may have to be waited for.
        self.line.outbox.push((channel, bytes.into()));
    }

    fn pump(&mut self, at: Time, mut send: impl FnMut(Channel, &[u8])) -> Result<Time, Failure> {
        self.runtime.block_on(self.line.step(at))?;
        for (channel, bytes) in self.line.inbox.drain(..) {
            send(channel, &bytes);
        }
        Ok(Time::from_nanos(self.line.desk.progress().due))
    }
}

impl Line {
    /// Lets the player do all that it has to do at `at`.
    async fn step(&mut self, at: Time) -> Result<(), Failure> {
        if let Some(due) = self.metronome.due(at) {
            tokio::time::sleep_until(due.into()).await;
        }
        self.desk.set_now(at);
        if self.outbox.is_empty() {
            self.steps.send(Step::Wake).map_err(|_| Failure::Gone)?;
            self.woken += 1;
        }
        // What it is given wakes it as well. Nobody sends to a player that has not come yet.
        for (channel, bytes) in self.outbox.drain(..) {
            if let Some(peer) = self.peer {
                self.listener.send(peer, channel, &bytes);
                self.given += bytes.len() as u64;
            }
        }
        self.settle().await
    }

    /// Waits until everything has arrived, at both ends.
    async fn settle(&mut self) -> Result<(), Failure> {
        let begin = Instant::now();
        loop {
            tokio::task::yield_now().await;
            while let Some(event) = self.listener.try_next() {
                self.take(event)?;
            }
            let progress = self.desk.progress();
            if progress.taken == self.given
                && progress.woken == self.woken
                && progress.sent == self.received
            {
                return Ok(());
            }
            if self.steps.is_closed() {
                return Err(Failure::Gone);
            }
            if begin.elapsed() > PATIENCE {
                return Err(Failure::Silence("the relay"));
            }
            thread::sleep(NAP);
        }
    }

    fn take(&mut self, PeerEvent { peer, kind }: PeerEvent) -> Result<(), Failure> {
        match kind {
            PeerEventKind::Connected { .. } => self.peer = Some(peer),
            PeerEventKind::Bytes { channel, bytes } => {
                self.received += bytes.len() as u64;
                self.inbox.push((channel, bytes));
            }
            PeerEventKind::Disconnected { reason } => return Err(Failure::Disconnected(reason)),
        }
        Ok(())
    }
}
