//! Peers that send bad bytes before they have greeted: to a session of two who play meanwhile.

use std::net::SocketAddr;
use std::time::Duration;

use phalanx_engine::Tick;
use phalanx_netcode::quic::{Connector, Disconnect, Pin};
use phalanx_netcode::testing::Mixer;
use phalanx_netcode::{Channel, CloseReason, Event};

use super::hall::{Hall, session};
use super::player::{Player, shoot};
use super::process::{Process, Relay};
use super::weapon::Weapon;
use super::{LOCALHOST, PATIENCE, named};

type Genuine = [(Channel, Vec<u8>)];

/// Finishes the handshake, and sends only bad bytes; who it was and what it was told.
async fn intrude(
    (addr, pin): (SocketAddr, Pin),
    mut weapon: Weapon,
    genuine: &Genuine,
) -> (SocketAddr, CloseReason) {
    let connector = Connector::bind(LOCALHOST).unwrap();
    let mut connection = connector.connect(addr, pin, PATIENCE).await.unwrap();
    if weapon.channel == Channel::Datagram {
        // The relay hears of a peer with its first byte of control. Some datagrams are there before.
        for _ in 0..4 {
            connection.send(Channel::Datagram, &weapon.shot(genuine));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        connection.send(Channel::Control, &[1]);
    }
    let end = shoot(&mut connection, &mut weapon, genuine).await;
    let reason = named(&end, &weapon.name());
    (connector.local_addr().unwrap(), reason)
}

/// All that a player sends in a short session.
async fn genuine() -> Vec<(Channel, Vec<u8>)> {
    let hall = Hall::open(session(&Mixer, 1, 30));
    let mut player = Player::connect(Mixer, hall.addr, hall.pin).await;
    player.play().await;
    hall.end().await;
    player.sent
}

#[tokio::test]
async fn who_sends_bad_bytes_instead_of_a_greeting_is_closed_by_name() {
    const LENGTH: u64 = 240;
    let genuine = genuine().await;
    let hall = Hall::open(session(&Mixer, 2, LENGTH));
    let place = (hall.addr, hall.pin);
    let mut first = Player::connect(Mixer, hall.addr, hall.pin).await;
    first.play_until(|client| client.slot().is_some()).await;
    let first = tokio::spawn(async move {
        let end = first.play().await;
        (end, first)
    });
    // The first strangers come while the second player is still awaited.
    let mut rejected = Vec::new();
    for weapon in Weapon::all(0) {
        rejected.push(intrude(place, weapon, &genuine).await);
    }
    let mut second = Player::connect(Mixer, hall.addr, hall.pin).await;
    let second = tokio::spawn(async move {
        let end = second.play().await;
        (end, second)
    });
    for seed in 1..8 {
        let strangers = Weapon::all(seed).map(|weapon| {
            let genuine = genuine.clone();
            tokio::spawn(async move { intrude(place, weapon, &genuine).await })
        });
        for stranger in strangers.collect::<Vec<_>>() {
            rejected.push(stranger.await.unwrap());
        }
    }
    let mut outcomes = Vec::new();
    for player in [first, second] {
        let (end, player) = player.await.unwrap();
        assert_eq!(end, Disconnect::ByPeer(CloseReason::Ended));
        let desync = |event: &Event| matches!(event, Event::Desync(_));
        assert!(!player.events.iter().any(desync));
        outcomes.push(player.outcome());
    }
    let served = hall.end().await;
    assert_eq!(outcomes[0], outcomes[1]);
    assert_eq!(outcomes[0].confirmed, Tick(LENGTH));
    assert_eq!(outcomes[0].head, served.relay.log().head());
    assert_eq!(served.relay.agreed(), Tick(LENGTH));
    for stranger in rejected {
        assert!(served.rejected.contains(&stranger), "{stranger:?}");
    }
}

#[tokio::test]
async fn a_relay_process_turns_strangers_away_by_name() {
    let genuine = genuine().await;
    let relay = Relay::start("--ticks 300");
    let players = [relay.player(), relay.player()]
        .map(|player| tokio::task::spawn_blocking(move || Process::end(player)));
    for seed in 20..23 {
        for weapon in Weapon::all(seed) {
            let case = weapon.name();
            let (addr, reason) = intrude(relay.place(), weapon, &genuine).await;
            relay.says(&format!("turned away {addr}: {reason:?}: {reason}"), &case);
        }
    }
    let [one, two] = players;
    relay.played(300, [one.await.unwrap(), two.await.unwrap()]);
}
