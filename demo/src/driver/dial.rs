//! [`Dial`]: how a player reaches the relay, and reaches it again when the connection is lost.

use core::cell::RefCell;
use core::time::Duration;
use std::net::SocketAddr;

use phalanx_engine::Simulation;
use phalanx_netcode::quic::{Clock, ConnectError, Connection, Disconnect, Pin};
use phalanx_netcode::{Client, CloseReason, Time};

use super::pilot::{Ending, Pilot, fly};
use crate::interrupt::Interrupt;

/// How long the relay may take to answer.
pub(crate) const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// How often the pilot is shown that the connection is not there yet.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// From one attempt to the next: at first, and at most. It doubles.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Where the relay is, and how stubbornly a player goes there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dial {
    pub(crate) relay: SocketAddr,
    /// Whom to expect there.
    pub(crate) pin: Pin,
    /// For how long a lost connection is tried again; zero: it is not.
    pub(crate) again: Duration,
}

/// Why there never was a connection.
#[derive(Debug)]
pub(crate) enum Unconnected {
    /// The handshake failed.
    Failed(ConnectError),
    /// The pilot, or an interrupt, did not want it any more.
    GivenUp,
}

impl Dial {
    /// Connects and lets `pilot` play to the end, over another connection whenever one is lost.
    ///
    /// # Errors
    /// [`Unconnected`] if the first connection did not come about.
    pub(crate) async fn play<S: Simulation, P: Pilot<S>>(
        &self,
        client: &RefCell<Client<S>>,
        pilot: &mut P,
        clock: &Clock,
        interrupt: &mut Interrupt,
    ) -> Result<Ending, Unconnected> {
        let connecting = Connection::connect(self.relay, self.pin, CONNECT_WITHIN);
        let connected = attend(connecting, client, pilot, clock, interrupt).await;
        let mut connection = connected
            .ok_or(Unconnected::GivenUp)?
            .map_err(Unconnected::Failed)?;
        let mut ending = Ending::NOT_YET;
        let mut lost_until = Time::NEVER;
        loop {
            let joined = ending.joined;
            fly(client, connection, pilot, clock, interrupt, &mut ending).await;
            if !self.comes_back(client, &ending) || interrupt.is_raised() {
                break;
            }
            if joined < ending.joined {
                // Not one that failed before the relay took the player back.
                lost_until = clock.now() + self.again;
            }
            pilot.lost("the connection is lost: trying again");
            let again = self.again(clock, lost_until);
            match attend(again, client, pilot, clock, interrupt).await {
                Some(Ok(another)) => connection = another,
                Some(Err(refusal)) => {
                    ending.refusal = refusal;
                    break;
                }
                None => {
                    if !interrupt.is_raised() {
                        ending.disconnect = Some(Disconnect::Locally(CloseReason::Left));
                    }
                    break;
                }
            }
            client.borrow_mut().reconnect();
        }
        pilot.over();
        Ok(ending)
    }

    /// Whether the connection was lost rather than ended, and there is a slot to come back to.
    fn comes_back<S: Simulation>(&self, client: &RefCell<Client<S>>, ending: &Ending) -> bool {
        let lost = ending.disconnect.as_ref().is_some_and(is_loss);
        lost && !self.again.is_zero()
            && ending.ended == Time::NEVER
            && client.borrow().token().is_some()
    }

    /// Tries until `until`, with growing pauses.
    ///
    /// # Errors
    /// What the relay refuses the connection for, if that is for good.
    async fn again(&self, clock: &Clock, until: Time) -> Result<Connection, Option<ConnectError>> {
        let mut pause = PAUSE;
        loop {
            tokio::time::sleep(pause).await;
            pause = PAUSE_MAX.min(pause * 2);
            let left = until.since(clock.now());
            if left.is_zero() {
                return Err(None);
            }
            let limit = left.min(CONNECT_WITHIN);
            match Connection::connect(self.relay, self.pin, limit).await {
                Ok(connection) => return Ok(connection),
                Err(error) if is_final(&error) => return Err(Some(error)),
                Err(_) => {}
            }
        }
    }
}

/// Waits for `work`, while the pilot sees what there is; `None` if it has seen enough, or is interrupted.
async fn attend<S: Simulation, P: Pilot<S>, T>(
    work: impl Future<Output = T>,
    client: &RefCell<Client<S>>,
    pilot: &mut P,
    clock: &Clock,
    interrupt: &mut Interrupt,
) -> Option<T> {
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Some(done),
            () = interrupt.raised() => return None,
            // Whoever looks at the terminal sees why nothing happens, and may give up.
            () = tokio::time::sleep(LOOK_EVERY) => {
                if !pilot.shown(clock.now(), &mut client.borrow_mut()) {
                    return None;
                }
            }
        }
    }
}

/// Whether the network failed, and not one of the two ends; or a snapshot was none, which is asked for in another way
/// over the next connection.
const fn is_loss(disconnect: &Disconnect) -> bool {
    matches!(
        disconnect,
        Disconnect::TimedOut
            | Disconnect::Lost
            | Disconnect::Transport(_)
            | Disconnect::ByPeer(CloseReason::TimedOut)
            | Disconnect::Locally(CloseReason::BadSnapshot)
    )
}

/// Whether another attempt would end the same way.
const fn is_final(error: &ConnectError) -> bool {
    match error {
        ConnectError::WrongPin { .. }
        | ConnectError::VersionMismatch
        | ConnectError::Refused(_)
        | ConnectError::Address(_) => true,
        ConnectError::Timeout { .. }
        | ConnectError::Busy
        | ConnectError::Bind(_)
        | ConnectError::Transport(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_end_said_is_not_tried_again() {
        for reason in CloseReason::ALL {
            let lost = reason == CloseReason::TimedOut;
            assert_eq!(is_loss(&Disconnect::ByPeer(reason)), lost, "{reason:?}");
            let again = reason == CloseReason::BadSnapshot;
            assert_eq!(is_loss(&Disconnect::Locally(reason)), again, "{reason:?}");
        }
        assert!(is_loss(&Disconnect::TimedOut));
        assert!(is_loss(&Disconnect::Lost));
    }
}
