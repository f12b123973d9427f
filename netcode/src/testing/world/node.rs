//! [`Node`]: one client of a virtual world.

use std::collections::VecDeque;

use phalanx_engine::{Simulation, Slot};

use crate::channel::PeerId;
use crate::client::{Client, Event, Output};
use crate::testing::machine::Machine;
use crate::testing::{LinkId, Planted};
use crate::time::Time;

/// One client and where it stands in the virtual world.
pub(super) struct Node<S: Simulation> {
    pub(super) client: Client<Planted<S>>,
    /// Its present connection, or the last one.
    pub(super) peer: PeerId,
    /// The slot that it has or had, also while its process is starting again.
    pub(super) slot: Option<Slot>,
    pub(super) up: LinkId,
    pub(super) down: LinkId,
    pub(super) machine: Machine,
    /// When the client is called next, on the world's clock.
    pub(super) due: Time,
    pub(super) connected: bool,
    pub(super) events: Vec<Event>,
    /// What its bot ordered and the client does not take yet.
    pub(super) orders: VecDeque<S::Command>,
}

impl<S: Simulation> Node<S> {
    pub(super) fn told(&mut self, event: Event) {
        if let Event::Joined { slot, .. } = &event {
            self.slot = Some(*slot);
            if let Some(timeline) = self.client.timeline() {
                timeline.simulation().seat(*slot);
            }
        }
        self.events.push(event);
    }

    /// Takes what the client has to tell of its end.
    pub(super) fn flush(&mut self, now: Time, buffer: &mut Vec<u8>) {
        let local = self.local(now);
        while let Output::Event(event) = self.client.poll(local, buffer) {
            self.told(event);
        }
    }

    pub(super) fn local(&self, now: Time) -> Time {
        self.machine.local(now)
    }
}

impl<S: Simulation<State: Clone> + Clone> Clone for Node<S> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            machine: self.machine.clone(),
            events: self.events.clone(),
            orders: self.orders.clone(),
            ..*self
        }
    }
}
