//! Ways to the relay on which packets are cut and changed, from the first one on: no more than
//! noise.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use phalanx_netcode::Channel;
use tokio::net::UdpSocket;

use super::LOCALHOST;
use super::process::{Process, Relay};
use super::weapon::Weapon;

/// Largest UDP payload on a loopback interface.
const PAYLOAD: usize = 65_536;

/// A way to `relay` for one player. Every packet arrives, in both directions, and before or after
/// each a damaged copy of it.
struct Wire {
    addr: SocketAddr,
    damaged: Arc<AtomicU64>,
}

impl Wire {
    async fn lay(relay: SocketAddr, seed: u64) -> Self {
        let here = Arc::new(UdpSocket::bind(LOCALHOST).await.unwrap());
        let there = Arc::new(UdpSocket::bind(LOCALHOST).await.unwrap());
        there.connect(relay).await.unwrap();
        let damaged = Arc::<AtomicU64>::default();
        let addr = here.local_addr().unwrap();
        let counter = Arc::clone(&damaged);
        tokio::spawn(async move {
            let mut weapons: Vec<_> = Weapon::all(seed)
                .filter(|weapon| weapon.channel == Channel::Datagram)
                .collect();
            let (mut up, mut down) = (vec![0; PAYLOAD], vec![0; PAYLOAD]);
            let mut player = None;
            for number in 0.. {
                let (bytes, rising) = tokio::select! {
                    // An error here tells that somebody is gone; the test sees it elsewhere.
                    packet = here.recv_from(&mut up) => {
                        let Ok((len, from)) = packet else { continue };
                        player = Some(from);
                        (up[..len].to_vec(), true)
                    }
                    packet = there.recv(&mut down) => {
                        let Ok(len) = packet else { continue };
                        (down[..len].to_vec(), false)
                    }
                };
                let kind = number % weapons.len();
                let genuine = [(Channel::Datagram, bytes.clone())];
                let bad = weapons[kind].shot(&genuine);
                counter.fetch_add(1, Ordering::Relaxed);
                let pair = if number / weapons.len() % 2 == 0 {
                    [bad, bytes]
                } else {
                    [bytes, bad]
                };
                for bytes in pair {
                    let _ = match (rising, player) {
                        (true, _) => there.send(&bytes).await,
                        (false, Some(player)) => here.send_to(&bytes, player).await,
                        (false, None) => Ok(0),
                    };
                }
            }
        });
        Self { addr, damaged }
    }
}

#[tokio::test]
async fn damaged_packets_are_noise() {
    let relay = Relay::start("--ticks 300");
    let (addr, _) = relay.place();
    let pin = &relay.pin;
    let (mut wires, mut players) = (Vec::new(), Vec::new());
    for seed in 0..2 {
        let wire = Wire::lay(addr, seed).await;
        let (args, to) = ("play --bot --json", wire.addr);
        let player = Process::start(&format!("{args} --connect {to} --pin {pin}"));
        wires.push(wire);
        players.push(tokio::task::spawn_blocking(move || player.end()));
    }
    let two = players.pop().unwrap().await.unwrap();
    let one = players.pop().unwrap().await.unwrap();
    relay.played(300, [one, two]);
    for wire in wires {
        let damaged = wire.damaged.load(Ordering::Relaxed);
        assert!(damaged > 300, "{damaged}");
    }
}
