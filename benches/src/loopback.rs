//! One player behind real sockets of this machine.
//!
//! The measured player has a thread of its own, with its own tokio runtime, and nothing else
//! computes there: [`CpuTime`](crate::clock::CpuTime) of that thread is what its session, QUIC and
//! the kernel's half of every system call take. Everybody else, the relay too, is conducted from
//! the calling thread.
//!
//! Sockets are real, ticks are not waited for: the conductor passes virtual time in and goes on as
//! soon as all that was sent has arrived. The figure is that of a real player all the same:
//!
//! - The virtual world delays what travels ([`Scene::way`](crate::session::Scene::way)), so the
//!   player hears the same things at the same ticks, and as often, as in `session/core`.
//! - The player sleeps in its runtime until a packet or its moment comes, and each wakes it on its
//!   own. A moment comes as a message from the conductor in the place of a timer that goes off; a
//!   timer is set and dropped beside it, as in the driver of the program.
//! - QUIC's timers do run on real time. But one of its packets goes each way per tick, carries the
//!   acknowledgement of the other, and is far below the least congestion window. So neither at
//!   60 Hz (a tick is shorter than the 25 ms for which an acknowledgement may wait) nor faster does
//!   anything wait for a timer or for the window: the packets per tick are the same at both, and
//!   the lines tell them.
//! - ggrs reads its own clock and reports the quality of each path five times a second, so that in
//!   fewer seconds it sends less: one packet in fifteen, in its favour.
//!
//! What is not that of a real player are the caches, which nobody has emptied in the meantime, and
//! a processor that has not slept. At 60 Hz the same work takes both sides more, and ours by the
//! larger factor. Therefore the full report measures [`Pace::RealTime`], too; beside it, the loop of
//! the program's driver with a clock of its own took the same within the noise.

mod desk;
mod far;
mod near;

use std::convert::Infallible;
use std::io;
use std::iter::once;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use phalanx_engine::Tick;
use phalanx_netcode::quic::{BindError, ConnectError, Disconnect, IdentityError};
use phalanx_netcode::{Channel, Time};
use tokio::runtime::{Builder, Runtime};

use crate::session::{Local, Player, RATE, Recorder, Scene, float};
use desk::{Desk, Step};
use far::Far;
use near::Flight;

/// How long anything may take that should take a moment.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// How long the conductor sleeps between two looks.
pub(crate) const NAP: Duration = Duration::from_micros(20);

/// How fast ticks follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as all that was sent arrives.
    Stepped,
    /// At the tick rate.
    RealTime,
}

/// What one player took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Nanoseconds computed per tick.
    pub nanos: f64,
    /// UDP packets sent per tick.
    pub packets: f64,
    /// Ticks executed again, per tick.
    pub again: f64,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No runtime for sockets.
    #[error("cannot start a runtime: {0}")]
    Runtime(io::Error),
    /// No certificate for the relay.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// No QUIC socket.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// No other socket.
    #[error("cannot bind a UDP socket: {0}")]
    Socket(String),
    /// The player does not reach the relay.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// It was connected, and is no more.
    #[error("the connection ended: {0}")]
    Disconnected(Disconnect),
    /// ggrs does not go on.
    #[error("ggrs: {0}")]
    Ggrs(String),
    /// Something sent did not arrive, or the other side is stuck.
    #[error("{who} waited for the other side for {limit} s in vain", who = .0, limit = PATIENCE.as_secs())]
    Silence(&'static str),
    /// The measured player has ended; its own failure says why.
    #[error("the measured player has ended")]
    Gone,
}

/// When things are due, in real time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Metronome(Option<Instant>);

impl Metronome {
    pub(crate) fn start(pace: Pace) -> Self {
        Self((pace == Pace::RealTime).then(Instant::now))
    }

    /// When to go on to `at`, if that is to be waited for.
    pub(crate) fn due(self, at: Time) -> Option<Instant> {
        self.0?.checked_add(at.since(Time::ZERO))
    }
}

/// Our session: one player of `scene` over QUIC, the others in memory.
///
/// # Errors
/// [`Failure`] if a socket or a connection fails.
pub fn quic(scene: Scene, pace: Pace) -> Result<Cost, Failure> {
    let mut players = scene.players();
    let Some(measured) = players.next() else {
        return Err(Failure::Gone);
    };
    let flight = fly(measured, pace, |far, mark| {
        let others = players.map(|player| Seat::Here(player.into()));
        let mut recorder = Recorder::new(scene, once(Seat::There(far)).chain(others));
        recorder.run_until(Tick(scene.warm_ticks))?;
        mark();
        recorder.run_until(Tick(scene.warm_ticks + scene.ticks))?;
        mark();
        Ok(())
    })?;
    let executed = flight.player.confirmed().0;
    Ok(Cost {
        again: float(flight.player.resimulated()) / float(executed.max(1)),
        ..flight.cost(scene.ticks)
    })
}

/// QUIC alone, below which no session can get: one datagram up and one down per tick, each of about
/// the size that the session's have at eight players. Of `scene` only the ticks count.
///
/// # Errors
/// [`Failure`] if a socket or a connection fails.
pub fn alone(scene: Scene, pace: Pace) -> Result<Cost, Failure> {
    let flight = fly(Bare { due: Time::ZERO }, pace, |far, mark| {
        for tick in 0..scene.warm_ticks + scene.ticks {
            if tick == scene.warm_ticks {
                mark();
            }
            let at = Time::ZERO + Duration::from_nanos(RATE.nanos_at(Tick(tick)));
            far.pump(at, |_, _| {})?;
            let half = at + Duration::from_nanos(RATE.period_nanos() / 2);
            far.handle(half, Channel::Datagram, &[0; BARE_DOWN]);
            far.pump(half, |_, _| {})?;
        }
        mark();
        Ok(())
    })?;
    Ok(flight.cost(scene.ticks))
}

/// Bytes of a datagram up in [`alone`].
const BARE_UP: usize = 44;
/// Bytes of a datagram down in [`alone`].
const BARE_DOWN: usize = 39;

/// A player that sends a datagram per tick, whatever comes.
struct Bare {
    due: Time,
}

impl Player for Bare {
    type Error = Infallible;

    fn handle(&mut self, _at: Time, _channel: Channel, _bytes: &[u8]) {}

    fn pump(&mut self, at: Time, mut send: impl FnMut(Channel, &[u8])) -> Result<Time, Infallible> {
        while self.due <= at {
            if self.due == Time::ZERO {
                // A relay hears of nobody before the first byte of control.
                send(Channel::Control, &[0]);
            }
            send(Channel::Datagram, &[0; BARE_UP]);
            self.due += Duration::from_nanos(RATE.period_nanos());
        }
        Ok(self.due)
    }
}

/// A player in the conductor's match.
enum Seat<'a> {
    Here(Box<Local>),
    There(&'a mut Far),
}

impl Player for Seat<'_> {
    type Error = Failure;

    fn handle(&mut self, at: Time, channel: Channel, bytes: &[u8]) {
        match self {
            Self::Here(player) => player.handle(at, channel, bytes),
            Self::There(player) => player.handle(at, channel, bytes),
        }
    }

    fn pump(&mut self, at: Time, send: impl FnMut(Channel, &[u8])) -> Result<Time, Failure> {
        match self {
            Self::Here(player) => {
                let Ok(due) = player.pump(at, send);
                Ok(due)
            }
            Self::There(player) => player.pump(at, send),
        }
    }
}

/// Lets `player` fly in a thread of its own, as `conduct` wants, which is given the other end of
/// its connection, and what marks the begin and the end of what is measured.
fn fly<P>(
    player: P,
    pace: Pace,
    conduct: impl FnOnce(&mut Far, &dyn Fn()) -> Result<(), Failure>,
) -> Result<Flight<P>, Failure>
where
    P: Player<Error = Infallible> + Send,
{
    let desk = Arc::<Desk>::default();
    let (steps, taken) = tokio::sync::mpsc::unbounded_channel();
    let mut far = Far::open(Arc::clone(&desk), steps.clone(), Metronome::start(pace))?;
    let relay = far.relay();
    thread::scope(|scope| {
        let near = scope.spawn(move || near::fly(player, relay, taken, &desk));
        // If the player has ended, the conductor notices by itself.
        let tell = |step| {
            let _ = steps.send(step);
        };
        let conducted = conduct(&mut far, &|| tell(Step::Mark));
        tell(Step::End);
        let flight = join(near);
        first(conducted, flight)
    })
}

pub(crate) fn join<T>(near: thread::ScopedJoinHandle<'_, T>) -> T {
    near.join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// What the measured side came to, or the failure from which the other's followed.
pub(crate) fn first<T>(
    conducted: Result<(), Failure>,
    measured: Result<T, Failure>,
) -> Result<T, Failure> {
    match (conducted, measured) {
        (Ok(()) | Err(Failure::Gone), measured) => measured,
        (Err(failure), _) => Err(failure),
    }
}

fn runtime() -> Result<Runtime, Failure> {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().map_err(Failure::Runtime)
}

#[cfg(test)]
mod tests {
    use phalanx_netcode::quic::Pin;

    use super::*;
    use crate::tally::Hold;

    #[test]
    fn a_player_behind_quic_plays_the_same_match() {
        let scene = Scene::new(3, Hold::Ticks(8), 60);
        let cost = quic(scene, Pace::Stepped).unwrap();
        let again = crate::session::Clients::resimulated_per_tick(&crate::session::record(scene));
        assert!((cost.again - again).abs() < 0.05, "{cost:?}, {again}");
        assert!(cost.nanos > 0.0 && cost.packets >= 1.0, "{cost:?}");
    }

    #[test]
    fn quic_alone_sends_a_packet_per_tick() {
        let cost = alone(Scene::new(1, Hold::Ever, 60), Pace::Stepped).unwrap();
        assert!(cost.nanos > 0.0 && cost.packets >= 1.0, "{cost:?}");
    }

    #[test]
    fn a_failure_ends_both_sides_and_is_told() {
        let desk = Arc::<Desk>::default();
        let (steps, taken) = tokio::sync::mpsc::unbounded_channel();
        let mut far = Far::open(Arc::clone(&desk), steps, Metronome::start(Pace::Stepped)).unwrap();
        let (addr, _) = far.relay();
        let player = Bare { due: Time::ZERO };
        let (conducted, flight) = thread::scope(|scope| {
            let near = scope.spawn(|| near::fly(player, (addr, Pin([0; 32])), taken, &desk));
            (far.pump(Time::ZERO, |_, _| {}), join(near))
        });
        assert!(matches!(conducted, Err(Failure::Gone)));
        let told = first(conducted.map(drop), flight.map(drop)).unwrap_err();
        assert!(told.to_string().contains("pin"), "{told}");
    }

    #[test]
    fn the_conductors_failure_is_told_as_well() {
        let told = first(Err(Failure::Silence("somebody")), Ok(())).unwrap_err();
        assert_eq!(
            told.to_string(),
            "somebody waited for the other side for 5 s in vain"
        );
    }
}
