//! ggrs over UDP sockets of this machine: the same as [`loopback`](crate::loopback), for its
//! `P2PSession` and its own `UdpNonBlockingSocket`.
//!
//! The measured player has a thread of its own and sends to, and hears from, every other player by
//! a socket of each. As nothing is virtual in ggrs's sockets, the others hold back what they
//! receive from it, and what they send, for as many ticks as it is under way.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use ggrs::{Message, NonBlockingSocket, UdpNonBlockingSocket};
use phalanx_engine::{Slot, Tick};
use phalanx_netcode::Time;

use super::Player;
use crate::clock::CpuTime;
use crate::loopback::{Cost, Failure, Metronome, NAP, PATIENCE, Pace, first, join};
use crate::session::{RATE, Scene, float};

/// Ticks within which hands are shaken: 5 round trips are needed.
const HANDSHAKE_TICKS: u64 = 1000;

/// How often a free port is looked for that nobody takes meanwhile.
const PORT_TRIES: u32 = 16;

/// What the conductor tells the measured player.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A tick of the handshake.
    Poll,
    /// A tick of the match.
    Play,
    /// What is measured begins, or ends.
    Mark,
}

/// How far the measured player has come, told without a system call.
#[derive(Debug, Default)]
struct Desk {
    /// Steps done.
    done: AtomicU64,
    /// 1 once hands are shaken.
    running: AtomicU64,
}

/// What the measured player came to.
struct Flight {
    nanos: u64,
    executed: u64,
}

/// ggrs: one player of `scene` in a thread of its own, as far from every other as by our relay.
///
/// # Errors
/// [`Failure`] if a socket or ggrs fails.
pub fn udp(scene: Scene, pace: Pace) -> Result<Cost, Failure> {
    let sockets = (0..scene.players).map(|_| bind()).collect::<Result<_, _>>();
    let (addresses, mut sockets): (Vec<_>, VecDeque<_>) = Vec::into_iter(sockets?).unzip();
    let Some(socket) = sockets.pop_front() else {
        return Err(Failure::Gone);
    };
    let desk = Desk::default();
    let (steps, taken) = channel();
    let flight = thread::scope(|scope| {
        let (desk, addresses) = (&desk, &addresses);
        let near = scope.spawn(move || {
            let window = scene.window as usize;
            let player = Player::new(Slot(0), addresses, window, socket);
            fly(player, scene, &taken, desk)
        });
        let others = Others::new(scene, addresses, sockets);
        let mut conductor = Conductor {
            others,
            desk,
            steps,
            given: 0,
            metronome: Metronome::start(pace),
        };
        let conducted = conductor.conduct(scene);
        let heard = conductor.others.heard.get();
        // Without steps the player ends.
        drop(conductor);
        first(conducted, join(near)).map(|flight| (flight, heard))
    });
    let (flight, packets) = flight?;
    let all = float(scene.warm_ticks + scene.ticks);
    Ok(Cost {
        nanos: float(flight.nanos) / float(scene.ticks),
        packets: float(packets) / all,
        again: float(flight.executed) / all - 1.0,
    })
}

/// ggrs's socket at a free port. It takes no port 0, or rather does not tell which it became.
fn bind() -> Result<(SocketAddr, UdpNonBlockingSocket), Failure> {
    let mut why = String::new();
    for _ in 0..PORT_TRIES {
        let free = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|free| free.local_addr());
        let bound = free.and_then(|free| {
            let socket = UdpNonBlockingSocket::bind_to_port(free.port())?;
            Ok(((Ipv4Addr::LOCALHOST, free.port()).into(), socket))
        });
        match bound {
            Ok(bound) => return Ok(bound),
            Err(error) => why = error.to_string(),
        }
    }
    Err(Failure::Socket(why))
}

/// The measured player's thread.
fn fly(
    mut player: Player<SocketAddr>,
    scene: Scene,
    steps: &Receiver<Step>,
    desk: &Desk,
) -> Result<Flight, Failure> {
    let (mut begun, mut nanos) = (None, 0);
    loop {
        match steps.recv_timeout(PATIENCE) {
            Ok(Step::Poll) => {
                let running = player.poll();
                desk.running.store(running.into(), Ordering::Relaxed);
            }
            Ok(Step::Play) => player.advance(scene.hold).map_err(refused)?,
            Ok(Step::Mark) => nanos = begun.get_or_insert_with(CpuTime::now).elapsed_nanos(),
            Err(RecvTimeoutError::Timeout) => return Err(Failure::Silence("the player of ggrs")),
            Err(RecvTimeoutError::Disconnected) => {
                let executed = player.executed;
                return Ok(Flight { nanos, executed });
            }
        }
        desk.done.fetch_add(1, Ordering::Release);
    }
}

fn refused(error: ggrs::GgrsError) -> Failure {
    Failure::Ggrs(error.to_string())
}

struct Conductor<'a> {
    others: Others,
    desk: &'a Desk,
    steps: Sender<Step>,
    given: u64,
    metronome: Metronome,
}

impl Conductor<'_> {
    fn conduct(&mut self, scene: Scene) -> Result<(), Failure> {
        self.shake_hands()?;
        self.others.heard.set(0);
        for tick in 0..scene.warm_ticks + scene.ticks {
            if tick == scene.warm_ticks {
                self.step(Step::Mark)?;
            }
            self.play(tick)?;
        }
        self.step(Step::Mark)
    }

    fn shake_hands(&mut self) -> Result<(), Failure> {
        for _ in 0..HANDSHAKE_TICKS {
            self.others.deliver();
            self.step(Step::Poll)?;
            let others = self.others.poll();
            self.others.now.update(|now| now + 1);
            if others && self.desk.running.load(Ordering::Relaxed) == 1 {
                return Ok(());
            }
        }
        Err(Failure::Ggrs("hands are not shaken".into()))
    }

    fn play(&mut self, tick: u64) -> Result<(), Failure> {
        let at = Time::ZERO + Duration::from_nanos(RATE.nanos_at(Tick(tick)));
        if let Some(due) = self.metronome.due(at) {
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        self.others.deliver();
        self.step(Step::Play)?;
        self.others.advance()?;
        self.others.now.update(|now| now + 1);
        Ok(())
    }

    /// Lets the player do something, and waits until it has.
    fn step(&mut self, step: Step) -> Result<(), Failure> {
        self.steps.send(step).map_err(|_| Failure::Gone)?;
        self.given += 1;
        let begin = Instant::now();
        while self.desk.done.load(Ordering::Acquire) < self.given {
            if begin.elapsed() > PATIENCE {
                return Err(Failure::Silence("the others of ggrs"));
            }
            thread::sleep(NAP);
        }
        Ok(())
    }
}

/// All players that are not measured.
struct Others {
    players: Vec<Player<SocketAddr>>,
    sockets: Vec<Rc<RefCell<Slow>>>,
    now: Rc<Cell<u64>>,
    /// Packets that came from the measured player.
    heard: Rc<Cell<u64>>,
    scene: Scene,
}

impl Others {
    fn new(
        scene: Scene,
        addresses: &[SocketAddr],
        sockets: impl IntoIterator<Item = UdpNonBlockingSocket>,
    ) -> Self {
        let (now, heard) = (Rc::<Cell<_>>::default(), Rc::<Cell<_>>::default());
        let slow = sockets.into_iter().map(|socket| Slow {
            socket,
            measured: addresses[0],
            latency: scene.way * 2,
            now: Rc::clone(&now),
            heard: Rc::clone(&heard),
            received: VecDeque::new(),
            sent: VecDeque::new(),
        });
        let sockets: Vec<_> = slow.map(|slow| Rc::new(RefCell::new(slow))).collect();
        let window = scene.window as usize;
        let player = |(slot, socket): (Slot, &Rc<_>)| {
            Player::new(slot, addresses, window, Shared(Rc::clone(socket)))
        };
        let slots = Slot::all(scene.players).skip(1);
        Self {
            players: slots.zip(&sockets).map(player).collect(),
            sockets,
            now,
            heard,
            scene,
        }
    }

    /// Hands over to the system what arrives now.
    fn deliver(&self) {
        for socket in &self.sockets {
            socket.borrow_mut().deliver();
        }
    }

    fn poll(&mut self) -> bool {
        let running = self.players.iter_mut().map(Player::poll);
        running.fold(true, |all, running| all & running)
    }

    fn advance(&mut self) -> Result<(), Failure> {
        let hold = self.scene.hold;
        let mut players = self.players.iter_mut();
        players.try_for_each(|player| player.advance(hold).map_err(refused))
    }
}

/// A socket whose packets take long.
struct Slow {
    socket: UdpNonBlockingSocket,
    measured: SocketAddr,
    latency: u64,
    now: Rc<Cell<u64>>,
    heard: Rc<Cell<u64>>,
    received: VecDeque<(u64, Message)>,
    sent: VecDeque<(u64, SocketAddr, Message)>,
}

impl Slow {
    fn deliver(&mut self) {
        let now = self.now.get();
        while let Some((_, to, message)) = self.sent.pop_front_if(|(due, ..)| *due <= now) {
            self.socket.send_to(&message, &to);
        }
    }
}

/// A [`Slow`] socket of which the session has one end and the conductor the other.
struct Shared(Rc<RefCell<Slow>>);

impl NonBlockingSocket<SocketAddr> for Shared {
    fn send_to(&mut self, message: &Message, to: &SocketAddr) {
        let mut slow = self.0.borrow_mut();
        let due = slow.now.get() + slow.latency;
        slow.sent.push_back((due, *to, message.clone()));
    }

    fn receive_all_messages(&mut self) -> Vec<(SocketAddr, Message)> {
        let slow = &mut *self.0.borrow_mut();
        let (now, measured) = (slow.now.get(), slow.measured);
        let mut arrived = Vec::new();
        for (from, message) in slow.socket.receive_all_messages() {
            if from == measured {
                slow.heard.update(|heard| heard + 1);
                slow.received.push_back((now + slow.latency, message));
            } else {
                // Its sender has waited already.
                arrived.push((from, message));
            }
        }
        while let Some((_, message)) = slow.received.pop_front_if(|(due, _)| *due <= now) {
            arrived.push((measured, message));
        }
        arrived
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::ggrs::Players;
    use crate::tally::Hold;

    #[test]
    fn over_udp_it_is_the_match_that_it_is_in_memory() {
        let scene = Scene::new(3, Hold::Ticks(8), 60);
        let cost = udp(scene, Pace::Stepped).unwrap();
        let mut memory = Players::new(3, scene.hold, scene.way * 2, scene.window as usize);
        memory.run(scene.ticks);
        let again = memory.resimulated_per_tick();
        // A system that is slow to hand a packet over makes it a tick late.
        assert!((cost.again - again).abs() < 0.5, "{cost:?}, {again}");
        // To each of the two others an input and an acknowledgement.
        assert!(cost.nanos > 0.0 && cost.packets > 3.0, "{cost:?}");
    }

    #[test]
    fn every_socket_has_a_port_of_its_own() {
        let [one, two] = [(); 2].map(|()| bind().unwrap());
        assert_ne!(one.0, two.0);
    }
}
