//! [`Forwarder`]: a network between a player and the relay that can be cut, and can move.
#![allow(unreachable_pub, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::Duration;

/// Carries UDP between one player and the relay, as long as it is not dropped.
pub struct Forwarder {
    /// Where the player has to connect to.
    pub addr: String,
    way: Arc<Way>,
}

struct Way {
    relay: String,
    near: UdpSocket,
    /// The socket that the relay sees.
    far: Mutex<Arc<UdpSocket>>,
    player: Mutex<Option<SocketAddr>>,
    cut: AtomicBool,
    over: AtomicBool,
}

impl Forwarder {
    pub fn towards(relay: &str) -> Self {
        let near = socket();
        let addr = near.local_addr().unwrap().to_string();
        let way = Arc::new(Way {
            relay: relay.into(),
            near,
            far: Mutex::new(Arc::new(socket())),
            player: Mutex::default(),
            cut: AtomicBool::new(false),
            over: AtomicBool::new(false),
        });
        let up = Arc::clone(&way);
        spawn(move || up.carry_up());
        let forwarder = Self { addr, way };
        forwarder.rebind();
        forwarder
    }

    /// Loses everything for so long.
    pub fn cut_for(&self, time: Duration) {
        self.way.cut.store(true, Ordering::Relaxed);
        sleep(time);
        self.way.cut.store(false, Ordering::Relaxed);
    }

    /// From now on the relay hears from another port; what it sends to the one before is lost.
    pub fn rebind(&self) {
        let far = Arc::new(socket());
        far.connect(&self.way.relay).unwrap();
        *self.way.far.lock().unwrap() = Arc::clone(&far);
        let down = Arc::clone(&self.way);
        spawn(move || down.carry_down(&far));
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.way.over.store(true, Ordering::Relaxed);
    }
}

impl Way {
    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    fn carry_up(&self) {
        let mut packet = [0; 65_536];
        while !self.over.load(Ordering::Relaxed) {
            if let Ok((length, from)) = self.near.recv_from(&mut packet) {
                *self.player.lock().unwrap() = Some(from);
                if !self.is_cut() {
                    // What cannot be sent is lost, as in any network.
                    let _ = self.far.lock().unwrap().send(&packet[..length]);
                }
            }
        }
    }

    /// Until the relay's packets come to another socket.
    fn carry_down(&self, far: &Arc<UdpSocket>) {
        let mut packet = [0; 65_536];
        while !self.over.load(Ordering::Relaxed) && Arc::ptr_eq(far, &self.far.lock().unwrap()) {
            let received = far.recv(&mut packet);
            let player = *self.player.lock().unwrap();
            if let (Ok(length), Some(player), false) = (received, player, self.is_cut()) {
                let _ = self.near.send_to(&packet[..length], player);
            }
        }
    }
}

/// A socket that nobody waits at for long.
fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    socket
}
