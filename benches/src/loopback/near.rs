//! The measured player: the loop of the program's driver, with time passed in.

use std::convert::Infallible;
use std::net::SocketAddr;

use phalanx_netcode::quic::{Connection, ConnectionEvent, Pin};
use tokio::sync::mpsc::UnboundedReceiver;

use super::desk::{Desk, Progress, Step};
use super::{Cost, Failure, PATIENCE, runtime};
use crate::clock::CpuTime;
use crate::session::{Player, float};

/// A player after its last tick.
pub(super) struct Flight<P> {
    pub(super) player: P,
    /// Nanoseconds computed and packets sent, from the first mark to the last.
    measured: (u64, u64),
}

impl<P> Flight<P> {
    /// What each of `ticks` took; of the ticks executed again nothing is known here.
    pub(super) fn cost(&self, ticks: u64) -> Cost {
        let (nanos, packets) = self.measured;
        Cost {
            nanos: float(nanos) / float(ticks),
            packets: float(packets) / float(ticks),
            again: 0.0,
        }
    }
}

/// Plays until told to end.
pub(super) fn fly<P: Player<Error = Infallible>>(
    player: P,
    (addr, pin): (SocketAddr, Pin),
    steps: UnboundedReceiver<Step>,
    desk: &Desk,
) -> Result<Flight<P>, Failure> {
    runtime()?.block_on(async {
        let connection = Connection::connect(addr, pin, PATIENCE).await?;
        drive(player, connection, steps, desk).await
    })
}

async fn drive<P: Player<Error = Infallible>>(
    mut player: P,
    mut connection: Connection,
    mut steps: UnboundedReceiver<Step>,
    desk: &Desk,
) -> Result<Flight<P>, Failure> {
    let mut progress = Progress::default();
    let (mut begun, mut measured) = (None, (0, 0));
    loop {
        let Ok(due) = player.pump(desk.now(), |channel, bytes| {
            progress.sent += bytes.len() as u64;
            connection.send(channel, bytes);
        });
        progress.due = due.as_nanos();
        desk.publish(progress);
        tokio::select! {
            // A mark counts for all that comes after it.
            biased;
            step = steps.recv() => match step {
                Some(Step::Wake) => progress.woken += 1,
                Some(Step::Mark) => {
                    let packets = connection.stats().path.sent_packets;
                    let (clock, before) = *begun.get_or_insert((CpuTime::now(), packets));
                    measured = (clock.elapsed_nanos(), packets - before);
                }
                Some(Step::End) | None => return Ok(Flight { player, measured }),
            },
            event = connection.next() => match event {
                ConnectionEvent::Bytes { channel, bytes } => {
                    progress.taken += bytes.len() as u64;
                    player.handle(desk.now(), channel, &bytes);
                }
                ConnectionEvent::Closed(disconnect) => {
                    return Err(Failure::Disconnected(disconnect));
                }
            },
            () = tokio::time::sleep(PATIENCE) => return Err(Failure::Silence("the player")),
        }
    }
}
