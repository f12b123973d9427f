//! [`Peer`]: a connection as the relay sees it, and how far it has come.

use phalanx_engine::Slot;

use super::budget::Budget;
use super::download::Download;
use super::downstream::Downstream;
use crate::channel::CloseReason;
use crate::limits::PROTOCOL_VERSION;
use crate::time::Time;
use crate::wire::ControlReader;

/// How far a peer has come.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// It has not greeted yet.
    Greeting { since: Time },
    /// It has a slot.
    Seated {
        slot: Slot,
        standing: Standing,
        downstream: Box<Downstream>,
        /// When it last came further on its way.
        progressed: Time,
        /// The snapshot that it goes on from, until it has it.
        download: Option<Download>,
    },
}

/// How far a player is on its way into the match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It measures the clocks.
    Arriving,
    /// It takes the snapshot that it goes on from.
    Loading,
    /// It waits for the match to begin.
    Ready,
    /// It is sent frames.
    Running,
}

/// A connection.
#[derive(Clone, Debug)]
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

impl Peer {
    /// Why what it sent is no message: of another version of the protocol it may be one.
    pub(super) fn unreadable(&self) -> CloseReason {
        let version = self.control_in.greeted_version();
        let other = version.is_some_and(|version| version != PROTOCOL_VERSION);
        match self.stage {
            Stage::Greeting { .. } if other => CloseReason::ProtocolVersion,
            _ => CloseReason::Malformed,
        }
    }

    /// What it is sent of the match, if it is sent frames.
    pub(super) fn running(&mut self) -> Option<(Slot, &mut Downstream)> {
        match &mut self.stage {
            Stage::Seated {
                slot,
                standing: Standing::Running,
                downstream,
                ..
            } => Some((*slot, downstream)),
            _ => None,
        }
    }
}
