//! [`Player`]: a client over QUIC within the test, played by the game's bot.

use std::net::SocketAddr;
use std::time::Duration;

use phalanx_engine::{Digest, FrameHash, Simulation, Slot, Tick};
use phalanx_netcode::quic::{Clock, Connection, ConnectionEvent, Connector, Disconnect, Pin};
use phalanx_netcode::{Channel, Client, ClientConfig, Event, Output, Time};

use super::weapon::Weapon;
use super::{LOCALHOST, PATIENCE};

/// A client over QUIC, and all that it said and heard.
pub(crate) struct Player<S: Simulation> {
    rules: S,
    pub(crate) client: Client<S>,
    pub(crate) connection: Connection,
    pub(crate) addr: SocketAddr,
    pub(crate) events: Vec<Event>,
    /// What the client had sent.
    pub(crate) sent: Vec<(Channel, Vec<u8>)>,
    clock: Clock,
}

/// What two players who played the same session have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) confirmed: Tick,
    pub(crate) head: FrameHash,
    /// Of all ticks.
    pub(crate) chained: Digest,
}

impl<S: Simulation + Copy> Player<S> {
    pub(crate) async fn connect(rules: S, addr: SocketAddr, pin: Pin) -> Self {
        let connector = Connector::bind(LOCALHOST).unwrap();
        let connection = connector.connect(addr, pin, PATIENCE).await.unwrap();
        Self {
            rules,
            client: Client::new(rules, ClientConfig::default()).unwrap(),
            connection,
            addr: connector.local_addr().unwrap(),
            events: Vec::new(),
            sent: Vec::new(),
            clock: Clock::start(),
        }
    }

    /// Plays to the end of the connection.
    pub(crate) async fn play(&mut self) -> Disconnect {
        self.play_until(|_| false).await.unwrap()
    }

    /// Plays until `enough` holds, or to the end of the connection.
    pub(crate) async fn play_until(
        &mut self,
        enough: impl Fn(&Client<S>) -> bool,
    ) -> Option<Disconnect> {
        let mut end = None;
        loop {
            let due = self.pump();
            if end.is_some() || enough(&self.client) {
                return end;
            }
            tokio::select! {
                event = self.connection.next() => match event {
                    ConnectionEvent::Bytes { channel, bytes } => {
                        self.client.handle(self.clock.now(), channel, &bytes);
                    }
                    ConnectionEvent::Closed(disconnect) => {
                        self.client.disconnected(match &disconnect {
                            Disconnect::ByPeer(reason) => Some(*reason),
                            _ => None,
                        });
                        end = Some(disconnect);
                    }
                },
                () = self.clock.sleep_until(due) => {}
            }
        }
    }

    /// Plays until the tick is confirmed.
    pub(crate) async fn play_to(&mut self, tick: u64) {
        let confirmed = |client: &Client<S>| {
            let timeline = client.timeline();
            timeline.is_some_and(|timeline| timeline.confirmed() > Tick(tick))
        };
        let end = self.play_until(confirmed).await;
        assert_eq!(end, None, "before tick {tick}");
    }

    fn pump(&mut self) -> Time {
        let mut buffer = Vec::new();
        loop {
            let now = self.clock.now();
            match self.client.poll(now, &mut buffer) {
                Output::Transmit(channel) => {
                    self.connection.send(channel, &buffer);
                    self.sent.push((channel, buffer.clone()));
                }
                Output::Event(event) => self.events.push(event),
                Output::Close(reason) => self.connection.close(reason),
                Output::Timeout(due) if due <= now => {
                    let slot = self.client.slot().unwrap_or(Slot(0));
                    let rules = &self.rules;
                    self.client.update(now, |_, state| rules.bot(state, slot));
                }
                Output::Timeout(due) => return due,
            }
        }
    }

    /// Sends bad bytes instead of playing, until the relay closes the connection.
    pub(crate) async fn attack(&mut self, weapon: &mut Weapon) -> Disconnect {
        let genuine = std::mem::take(&mut self.sent);
        shoot(&mut self.connection, weapon, &genuine).await
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let timeline = self.client.timeline().unwrap();
        let confirmed = timeline.confirmed();
        Outcome {
            confirmed,
            head: self.client.log_head().unwrap(),
            chained: timeline.chained(confirmed.previous().unwrap()).unwrap(),
        }
    }
}

/// Sends bad bytes until the relay closes `connection`.
pub(crate) async fn shoot(
    connection: &mut Connection,
    weapon: &mut Weapon,
    genuine: &[(Channel, Vec<u8>)],
) -> Disconnect {
    loop {
        let (channel, bytes) = weapon.fire(genuine);
        connection.send(channel, &bytes);
        let until = tokio::time::Instant::now() + Duration::from_millis(4);
        while let Ok(event) = tokio::time::timeout_at(until, connection.next()).await {
            if let ConnectionEvent::Closed(end) = event {
                return end;
            }
        }
    }
}
