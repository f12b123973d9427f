//! Relays that send bad bytes: their clients end with a reason.

use std::net::SocketAddr;
use std::time::Duration;

use phalanx_engine::Tick;
use phalanx_netcode::quic::{Clock, Disconnect, Listener, PeerEventKind, Pin};
use phalanx_netcode::testing::Mixer;
use phalanx_netcode::{Channel, CloseReason, Event, PeerId, Relay, RelayOutput, SessionConfig};

use super::duel::Duel;
use super::hall::{listener, session, take};
use super::player::Player;
use super::process::{Process, object};
use super::weapon::Weapon;

/// When the relay begins to send bad bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Instead of taking the client in.
    Greeting,
    /// While the client measures the round trip, and waits for others.
    Lobby,
    /// In play.
    Running,
}

const STAGES: [Stage; 3] = [Stage::Greeting, Stage::Lobby, Stage::Running];

/// A relay of one client that turns into a liar.
struct Liar {
    relay: Relay,
    listener: Listener,
    clock: Clock,
    client: Option<PeerId>,
    sent: Vec<(Channel, Vec<u8>)>,
}

impl Liar {
    fn new(config: SessionConfig) -> Self {
        Self {
            relay: Relay::new(config).unwrap(),
            listener: listener(),
            clock: Clock::start(),
            client: None,
            sent: Vec::new(),
        }
    }

    fn place(&self) -> (SocketAddr, Pin) {
        (self.listener.local_addr(), self.listener.pin())
    }

    /// Whether it has been honest for long enough.
    fn is_at(&self, stage: Stage) -> bool {
        match stage {
            Stage::Greeting => !self.sent.is_empty(),
            Stage::Lobby => self.sent.len() > 4,
            Stage::Running => self.relay.log().next() > Tick(20),
        }
    }

    /// Serves as a relay should, until `stage`.
    async fn serve(&mut self, stage: Stage) {
        let mut buffer = Vec::new();
        loop {
            let due = loop {
                match self.relay.poll(self.clock.now(), &mut buffer) {
                    RelayOutput::Transmit { peer, channel } => {
                        self.sent.push((channel, buffer.clone()));
                        if stage != Stage::Greeting {
                            self.listener.send(peer, channel, &buffer);
                        }
                    }
                    RelayOutput::Close { peer, reason } => panic!("{peer} is closed: {reason}"),
                    RelayOutput::Event(_) => {}
                    RelayOutput::Timeout(due) => break due,
                }
            };
            if self.is_at(stage) {
                return;
            }
            tokio::select! {
                event = self.listener.next() => {
                    let event = event.unwrap();
                    self.client = Some(event.peer);
                    take(&mut self.relay, &self.clock, event);
                }
                () = self.clock.sleep_until(due) => {}
            }
        }
    }

    /// Sends bad bytes until the client is gone.
    async fn lie(&mut self, weapon: &mut Weapon) -> Disconnect {
        let client = self.client.unwrap();
        loop {
            let (channel, bytes) = weapon.fire(&self.sent);
            self.listener.send(client, channel, &bytes);
            let until = tokio::time::Instant::now() + Duration::from_millis(4);
            while let Ok(event) = tokio::time::timeout_at(until, self.listener.next()).await {
                if let PeerEventKind::Disconnected { reason } = event.unwrap().kind {
                    return reason;
                }
            }
        }
    }
}

/// A client's session with a liar ends with a reason, which both ends know.
async fn deceived(stage: Stage, mut weapon: Weapon) {
    let case = format!("{stage:?}, {}", weapon.name());
    let slots = if stage == Stage::Running { 1 } else { 2 };
    let mut liar = Liar::new(session(&Mixer, slots, 600));
    let (addr, pin) = liar.place();
    let client = tokio::spawn(async move {
        let mut player = Player::connect(Mixer, addr, pin).await;
        let end = player.play().await;
        (end, player)
    });
    liar.serve(stage).await;
    let told = liar.lie(&mut weapon).await;
    let (end, player) = client.await.unwrap();
    let Disconnect::Locally(reason) = end else {
        panic!("{case}: {end:?}");
    };
    let bad = [CloseReason::Malformed, CloseReason::Unexpected];
    assert!(bad.contains(&reason), "{case}: {reason:?}");
    assert_eq!(
        player.events.last(),
        Some(&Event::Closed(Some(reason))),
        "{case}"
    );
    assert_eq!(told, Disconnect::ByPeer(reason), "{case}");
}

#[tokio::test]
async fn a_client_of_a_relay_that_sends_bad_bytes_ends_with_a_reason() {
    for seed in 0..4 {
        let cases = STAGES
            .into_iter()
            .flat_map(|stage| Weapon::all(seed).map(move |weapon| (stage, weapon)))
            .map(|(stage, weapon)| tokio::spawn(deceived(stage, weapon)));
        for case in cases.collect::<Vec<_>>() {
            case.await.unwrap();
        }
    }
}

/// The same with the program as the client.
#[tokio::test]
async fn a_player_process_says_what_a_bad_relay_did() {
    for (stage, weapon) in [(Stage::Greeting, 0), (Stage::Lobby, 4), (Stage::Running, 0)] {
        let mut weapon = Weapon::all(3).nth(weapon).unwrap();
        let case = format!("{stage:?}, {}", weapon.name());
        let slots = if stage == Stage::Running { 1 } else { 2 };
        let mut liar = Liar::new(session(&Duel, slots, 600));
        let (addr, pin) = liar.place();
        let player = Process::start(&format!("play --bot --json --connect {addr} --pin {pin}"));
        liar.serve(stage).await;
        let told = liar.lie(&mut weapon).await;
        let Disconnect::ByPeer(reason) = told else {
            panic!("{case}: {told:?}");
        };
        let ended = tokio::task::spawn_blocking(move || player.end());
        let (code, line, error) = ended.await.unwrap();
        assert_eq!(code, 21, "{case}: {line} {error}");
        assert_eq!(object(&line)["exit_code"], 21, "{case}");
        let words = format!("the relay is lost: closed here: {reason}");
        assert!(error.contains(&words), "{case}: {error}");
    }
}
