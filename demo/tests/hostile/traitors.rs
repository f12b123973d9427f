//! Players who were taken in, played for a while, and then send bad bytes.

use phalanx_engine::{Presence, Slot, Tick};
use phalanx_netcode::quic::Disconnect;
use phalanx_netcode::testing::Mixer;
use phalanx_netcode::{CloseReason, Event};

use super::duel::Duel;
use super::hall::{Hall, Served, session};
use super::named;
use super::player::{Outcome, Player};
use super::process::{Process, Relay};
use super::weapon::{Harm, Weapon};

/// Ticks of a session: the last traitor is gone long before.
const LENGTH: u64 = 480;

/// Those who play to the end have the first slots.
const HONEST: u8 = 2;

async fn honest(mut player: Player<Mixer>, case: String) -> Player<Mixer> {
    let end = player.play().await;
    assert_eq!(end, Disconnect::ByPeer(CloseReason::Ended), "{case}");
    assert!(player.events.contains(&Event::Ended), "{case}");
    player
}

/// Two honest players, and one traitor with each weapon, one after the other.
async fn betrayed(seed: u64) {
    let weapons: Vec<_> = Weapon::all(seed).collect();
    let slots = HONEST + u8::try_from(weapons.len()).unwrap();
    let hall = Hall::open(session(&Mixer, slots, LENGTH));
    let mut players = Vec::new();
    for _ in 0..slots {
        let mut player = Player::connect(Mixer, hall.addr, hall.pin).await;
        player.play_until(|client| client.slot().is_some()).await;
        players.push(player);
    }
    let traitors = players.split_off(HONEST.into());
    let honest: Vec<_> = players
        .into_iter()
        .map(|player| tokio::spawn(honest(player, format!("seed {seed}"))))
        .collect();
    let traitors: Vec<_> = traitors
        .into_iter()
        .zip(weapons)
        .zip(0..)
        .map(|((mut player, mut weapon), number)| {
            tokio::spawn(async move {
                player.play_to(20 + 12 * number).await;
                let slot = player.client.slot().unwrap();
                let end = player.attack(&mut weapon).await;
                (slot, player.addr, named(&end, &weapon.name()), weapon)
            })
        })
        .collect();
    let (mut gone, mut ends) = (Vec::new(), Vec::new());
    for traitor in traitors {
        gone.push(traitor.await.unwrap());
    }
    for player in honest {
        ends.push(player.await.unwrap());
    }
    let served = hall.end().await;
    for (slot, addr, reason, weapon) in gone {
        let case = weapon.name();
        assert!(served.rejected.contains(&(addr, reason)), "{case}");
        assert!(served.left.contains(&(slot, Some(reason))), "{case}");
        for player in &ends {
            let session = player.client.session().unwrap();
            assert_eq!(session.presence(slot), Presence::Absent, "{case}");
        }
    }
    agree(&served, &ends, &format!("seed {seed}"));
}

/// The honest ones played the whole session, and the same one.
fn agree(served: &Served, players: &[Player<Mixer>], case: &str) {
    served.relay.log().verify().unwrap();
    let outcomes: Vec<Outcome> = players.iter().map(Player::outcome).collect();
    for outcome in &outcomes {
        assert_eq!(outcome.confirmed, Tick(LENGTH), "{case}");
        assert_eq!(outcome.head, served.relay.log().head(), "{case}");
        assert_eq!(outcome.chained, outcomes[0].chained, "{case}");
    }
    for player in players {
        let (slot, session) = (player.client.slot().unwrap(), player.client.session());
        assert_eq!(session.unwrap().presence(slot), Presence::Player, "{case}");
    }
    // A flipped bit may be one of a vote: a lie that no bytes show, told to all as a desync. The
    // honest ones never contradict each other.
    if let Some(disagreement) = served.relay.disagreement() {
        let honest = |(slot, _): &&(Slot, _)| slot.0 < HONEST;
        let votes = disagreement.votes.iter().filter(honest);
        let votes: Vec<_> = votes.map(|(_, digest)| *digest).collect();
        assert!(votes.iter().all(|vote| *vote == votes[0]), "{case}");
    }
}

#[tokio::test]
async fn who_sends_bad_bytes_in_play_is_closed_and_the_others_play_on() {
    let sessions: Vec<_> = (0..4).map(|seed| tokio::spawn(betrayed(seed))).collect();
    for session in sessions {
        session.await.unwrap();
    }
}

/// The same with the program itself: relay and two players are processes.
#[tokio::test]
async fn processes_play_on_when_a_player_sends_bad_bytes() {
    // Not those that may flip a bit of a vote: that would be a desync, as the players' exit codes say.
    let harms = [Harm::Random, Harm::Truncated];
    let weapons: Vec<_> = Weapon::all(7)
        .filter(|weapon| harms.contains(&weapon.harm))
        .collect();
    let relay = Relay::start(&format!("--players {} --ticks 420", 2 + weapons.len()));
    let honest = [relay.player(), relay.player()]
        .map(|player| tokio::task::spawn_blocking(move || Process::end(player)));
    let (addr, pin) = relay.place();
    let traitors: Vec<_> = weapons
        .into_iter()
        .zip(0..)
        .map(|(mut weapon, number)| {
            tokio::spawn(async move {
                let mut player = Player::connect(Duel, addr, pin).await;
                player.play_to(20 + 20 * number).await;
                let end = player.attack(&mut weapon).await;
                (player.addr, named(&end, &weapon.name()), weapon)
            })
        })
        .collect();
    for traitor in traitors {
        let (addr, reason, weapon) = traitor.await.unwrap();
        relay.says(
            &format!("turned away {addr}: {reason:?}: {reason}"),
            &weapon.name(),
        );
    }
    let [one, two] = honest;
    relay.played(420, [one.await.unwrap(), two.await.unwrap()]);
}

/// A player whose process is killed says no goodbye: it is absent once it was silent for 10 s. The
/// other plays on.
#[tokio::test]
async fn the_slot_of_a_killed_player_is_absent() {
    let relay = Relay::start("--ticks 840");
    let mut victim = relay.player();
    let (addr, pin) = relay.place();
    let mut survivor = Player::connect(Duel, addr, pin).await;
    survivor.play_to(60).await;
    let session = survivor.client.session().unwrap();
    let slot = survivor.client.slot().unwrap();
    let other = Slot(1 - slot.0);
    assert_eq!(session.presence(other), Presence::Player);
    victim.child.kill().unwrap();
    let end = survivor.play().await;
    assert_eq!(end, Disconnect::ByPeer(CloseReason::Ended));
    let session = survivor.client.session().unwrap();
    assert_eq!(session.presence(other), Presence::Absent);
    assert_eq!(session.presence(slot), Presence::Player);
    assert_eq!(survivor.outcome().confirmed, Tick(840));
}
