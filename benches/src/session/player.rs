//! [`Player`]: a client's end of a match, wherever it is; [`Local`]: in this thread.

use core::convert::Infallible;

use phalanx_engine::{Slot, Tick};
use phalanx_netcode::{Channel, Client, Output, Time};

use crate::tally::{Hold, Tally};

/// A client's end of a match.
pub(crate) trait Player {
    /// Why it cannot go on.
    type Error;

    /// Bytes from the relay came.
    fn handle(&mut self, at: Time, channel: Channel, bytes: &[u8]);

    /// Does all that is to be done; returns when there is more.
    fn pump(&mut self, at: Time, send: impl FnMut(Channel, &[u8])) -> Result<Time, Self::Error>;
}

/// A client in this thread.
pub(crate) struct Local {
    client: Client<Tally>,
    hold: Hold,
    buffer: Vec<u8>,
}

impl Local {
    pub(crate) const fn new(client: Client<Tally>, hold: Hold) -> Self {
        let buffer = Vec::new();
        Self {
            client,
            hold,
            buffer,
        }
    }

    pub(crate) fn confirmed(&self) -> Tick {
        let timeline = self.client.timeline();
        timeline.map_or(Tick::ZERO, |timeline| timeline.confirmed())
    }

    /// Ticks executed again so far.
    pub(crate) fn resimulated(&self) -> u64 {
        self.client.stats().timeline.resimulated_ticks
    }
}

impl Player for Local {
    type Error = Infallible;

    fn handle(&mut self, at: Time, channel: Channel, bytes: &[u8]) {
        self.client.handle(at, channel, bytes);
    }

    fn pump(&mut self, at: Time, send: impl FnMut(Channel, &[u8])) -> Result<Time, Infallible> {
        Ok(pump(
            &mut self.client,
            self.hold,
            at,
            &mut self.buffer,
            send,
        ))
    }
}

/// Polls a client until there is nothing more to do; returns when there is again.
#[inline]
pub(super) fn pump(
    client: &mut Client<Tally>,
    hold: Hold,
    now: Time,
    buffer: &mut Vec<u8>,
    mut send: impl FnMut(Channel, &[u8]),
) -> Time {
    loop {
        match client.poll(now, buffer) {
            Output::Transmit(channel) => send(channel, buffer),
            Output::Timeout(due) if due <= now => {
                let slot = client.slot().unwrap_or(Slot(0));
                client.update(now, |tick, _| hold.input(slot, tick));
            }
            Output::Timeout(due) => return due,
            Output::Event(_) => {}
            Output::Close(reason) => panic!("the client closed: {reason:?}"),
        }
    }
}
