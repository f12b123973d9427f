//! Peers that greet in order, but play something else; and the program as such a peer.

use phalanx_engine::{Effects, InputFrame, NoCommand, NoEffect, Setup, Simulation, Slot};
use phalanx_netcode::quic::{ConnectionEvent, Connector, Disconnect, PeerEventKind};
use phalanx_netcode::testing::Mixer;
use phalanx_netcode::{Channel, Client, ClientConfig, CloseReason, Event, Output, Time};
use tokio::time::timeout;

use super::duel::{Arena, Duel, Pad};
use super::hall::{Hall, listener, session};
use super::player::Player;
use super::process::{Process, Relay, object};
use super::{LOCALHOST, PATIENCE};

/// The duel with another version of its rules, or other content.
#[derive(Clone, Copy, Debug, Default)]
struct Other<const VERSION: u32, const CONTENT: u8>;

type OtherVersion = Other<{ Duel::VERSION + 1 }, 0>;
type OtherContent = Other<{ Duel::VERSION }, 1>;

impl<const VERSION: u32, const CONTENT: u8> Simulation for Other<VERSION, CONTENT> {
    const ID: &'static str = Duel::ID;
    const VERSION: u32 = VERSION;
    type State = Arena;
    type Input = Pad;
    type Command = NoCommand;
    type Effect = NoEffect;

    fn content_hash(&self) -> [u8; 32] {
        Duel.content_hash().map(|byte| byte ^ CONTENT)
    }

    fn start(&self, setup: &Setup) -> Arena {
        Duel.start(setup)
    }

    fn step(&self, state: &mut Arena, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        Duel.step(state, &frame.handed_on(), &mut Effects::new());
    }

    fn bot(&self, state: &Arena, slot: Slot) -> Pad {
        Duel.bot(state, slot)
    }
}

/// Greets the relay as a player of `rules`; it says why that cannot be.
async fn refused<S: Simulation + Copy>(rules: S, relay: &Relay, expected: CloseReason) {
    let (addr, pin) = relay.place();
    let mut player = Player::connect(rules, addr, pin).await;
    let end = player.play().await;
    assert_eq!(end, Disconnect::ByPeer(expected));
    assert_eq!(player.events, [Event::Closed(Some(expected))]);
    told(relay, player.addr, expected);
}

fn told(relay: &Relay, addr: impl std::fmt::Display, reason: CloseReason) {
    let line = format!("turned away {addr}: {reason:?}: {reason}");
    relay.says(&line, "an impostor");
}

/// Greets as somebody who speaks another version of the protocol.
async fn foreign_protocol(relay: &Relay) {
    let (addr, pin) = relay.place();
    let mut hello = Vec::new();
    let mut client = Client::new(Duel, ClientConfig::default()).unwrap();
    let output = client.poll(Time::ZERO, &mut hello);
    assert_eq!(output, Output::Transmit(Channel::Control));
    // Behind the length and the kind of message stands the version.
    assert_eq!(hello[4..6], [0, 5]);
    hello[5] = 4;
    let connector = Connector::bind(LOCALHOST).unwrap();
    let mut connection = connector.connect(addr, pin, PATIENCE).await.unwrap();
    connection.send(Channel::Control, &hello);
    let end = timeout(PATIENCE, connection.next()).await.unwrap();
    let reason = CloseReason::ProtocolVersion;
    assert_eq!(end, ConnectionEvent::Closed(Disconnect::ByPeer(reason)));
    told(relay, connector.local_addr().unwrap(), reason);
}

async fn all_impostors(relay: &Relay) {
    refused(Mixer, relay, CloseReason::WrongGame).await;
    refused(OtherVersion::default(), relay, CloseReason::WrongVersion).await;
    refused(OtherContent::default(), relay, CloseReason::WrongContent).await;
    foreign_protocol(relay).await;
}

#[tokio::test]
async fn who_plays_something_else_is_refused_by_name_and_nobody_minds() {
    let relay = Relay::start("--ticks 300");
    let end = |player: Process| tokio::task::spawn_blocking(move || player.end());
    let first = end(relay.player());
    // While a player is still awaited, and in play.
    all_impostors(&relay).await;
    let second = end(relay.player());
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    all_impostors(&relay).await;
    relay.played(300, [first.await.unwrap(), second.await.unwrap()]);
}

/// The canary: the wrapper itself is no reason for a refusal.
#[tokio::test]
async fn the_same_game_under_another_type_is_taken_in() {
    let hall = Hall::open(session(&Duel, 1, 30));
    let same = Other::<{ Duel::VERSION }, 0>;
    let mut player = Player::connect(same, hall.addr, hall.pin).await;
    assert_eq!(player.play().await, Disconnect::ByPeer(CloseReason::Ended));
    hall.end().await;
}

fn program(hall: &Hall) -> Process {
    let (addr, pin) = (hall.addr, hall.pin);
    Process::start(&format!("play --bot --json --connect {addr} --pin {pin}"))
}

async fn says_refused(player: Process, reason: CloseReason) {
    let ended = tokio::task::spawn_blocking(move || player.end());
    let (code, line, error) = ended.await.unwrap();
    assert_eq!(code, 20, "{reason:?}: {line} {error}");
    assert_eq!(object(&line)["exit_code"], 20, "{reason:?}");
    let words = format!("refused by the relay: {reason}");
    assert!(error.contains(&words), "{reason:?}: {error}");
}

#[tokio::test]
async fn the_program_says_that_a_relay_plays_something_else() {
    let halls = [
        (Hall::open(session(&Mixer, 2, 60)), CloseReason::WrongGame),
        (
            Hall::open(session(&OtherVersion::default(), 2, 60)),
            CloseReason::WrongVersion,
        ),
        (
            Hall::open(session(&OtherContent::default(), 2, 60)),
            CloseReason::WrongContent,
        ),
    ];
    for (hall, reason) in halls {
        says_refused(program(&hall), reason).await;
    }
}

#[tokio::test]
async fn the_program_says_every_refusal() {
    let mut listener = listener();
    let (addr, pin) = (listener.local_addr(), listener.pin());
    let reasons = CloseReason::ALL.into_iter();
    for reason in reasons.filter(|reason| reason.is_refusal()) {
        let player = Process::start(&format!("play --bot --json --connect {addr} --pin {pin}"));
        let peer = loop {
            let event = timeout(PATIENCE, listener.next()).await.unwrap().unwrap();
            if let PeerEventKind::Connected { .. } = event.kind {
                break event.peer;
            }
        };
        listener.close(peer, reason);
        says_refused(player, reason).await;
    }
}
