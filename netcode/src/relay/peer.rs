//! [`Peer`]: a connection as the relay sees it, and how far it has come.

use phalanx_engine::Slot;

use super::budget::Budget;
use super::downstream::Downstream;
use crate::time::Time;
use crate::wire::ControlReader;

/// How far a peer has come.
#[derive(Debug)]
pub(super) enum Stage {
    /// It has not greeted yet.
    Greeting { since: Time },
    /// It has a slot.
    Seated {
        ready: bool,
        downstream: Box<Downstream>,
        slot: Slot,
    },
}

/// A connection.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) stage: Stage,
    pub(super) control_in: ControlReader,
    pub(super) control_out: Vec<u8>,
    /// A probe to return.
    pub(super) echo: Option<(u64, Time)>,
    pub(super) heard: Time,
    /// What it sent within the present second.
    pub(super) budget: Budget,
}
