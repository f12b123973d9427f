//! Who comes to a [`World`], goes, and comes back.

use std::collections::VecDeque;

use phalanx_engine::{Simulation, Slot, mix};

use super::node::Node;
use super::{World, WorldError};
use crate::channel::{CloseReason, PeerId};
use crate::client::{Client, ClientConfig, Event};
use crate::resume::ResumeToken;
use crate::testing::machine::Machine;
use crate::testing::{LinkConditions, Planted};
use crate::time::Time;

impl<S: Simulation> World<S> {
    /// Cuts the connection of the client in `slot`: both ends notice at once. See [`World::cut`] for one
    /// that the relay does not notice.
    pub fn kill(&mut self, slot: Slot) {
        self.cut(slot);
        let peer = self.node(slot).peer;
        self.relay.disconnected(peer, None);
        self.relay_due = self.now.max(self.relay_awake);
    }

    /// Cuts the connection of the client in `slot`, which alone notices: the relay thinks for some time that
    /// it is silent.
    pub fn cut(&mut self, slot: Slot) {
        let index = self.node_index(slot);
        let node = &mut self.nodes[index];
        node.connected = false;
        node.due = Time::NEVER;
        node.client.disconnected(None);
        node.flush(self.now, &mut self.buffer);
    }

    /// Takes the network of the client in `slot` away: from now on nothing arrives, either way, and nobody is
    /// told.
    pub fn unplug(&mut self, slot: Slot) {
        self.cut_links(slot, true);
    }

    /// Gives it back: datagrams are lost, and what was sent on the stream is sent again.
    pub fn plug(&mut self, slot: Slot) {
        self.cut_links(slot, false);
    }

    fn cut_links(&mut self, slot: Slot, cut: bool) {
        let now = self.now;
        let (network, up, down) = self.network(slot);
        network.cut(now, up, cut);
        network.cut(now, down, cut);
    }

    /// Gives the client in `slot`, whose connection is gone, another one: over links like those it had, from
    /// the same process.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn reconnect(&mut self, slot: Slot) {
        let index = self.node_index(slot);
        self.replug(index);
        let node = &mut self.nodes[index];
        node.client.reconnect();
    }

    /// Lets the player in `slot`, whose process died, start it again and claim its slot; `simulation` are its rules.
    ///
    /// # Errors
    /// [`WorldError`] if `config` is out of range.
    ///
    /// # Panics
    /// If there is no such slot, or the relay does not take players back.
    pub fn restart(
        &mut self,
        slot: Slot,
        simulation: S,
        config: ClientConfig,
    ) -> Result<(), WorldError> {
        let index = self.node_index(slot);
        let token = self.nodes[index].client.token();
        let token = token.expect("the relay takes players back");
        let mut client = Client::new(Planted::new(simulation, None), config)?;
        client.claim(token);
        self.replug(index);
        let node = &mut self.nodes[index];
        node.client = client;
        node.orders.clear();
        Ok(())
    }

    /// Lets another player come, over links of those conditions; returns its place among all who came.
    ///
    /// # Errors
    /// [`WorldError`] if `config` is out of range.
    pub fn come(
        &mut self,
        simulation: S,
        config: ClientConfig,
        conditions: (LinkConditions, LinkConditions),
    ) -> Result<usize, WorldError> {
        let place = self.nodes.len();
        let client = Client::new(Planted::new(simulation, None), config)?;
        let machine = Machine::new(mix(place as u64 + 1) >> 14, 0);
        self.add(client, machine, conditions);
        Ok(place)
    }

    pub(super) fn add(
        &mut self,
        client: Client<Planted<S>>,
        machine: Machine,
        (up, down): (LinkConditions, LinkConditions),
    ) {
        let peer = self.new_peer();
        self.nodes.push(Node {
            client,
            peer,
            slot: None,
            up: self.network.add_link(up),
            down: self.network.add_link(down),
            machine,
            due: self.now,
            connected: true,
            events: Vec::new(),
            orders: VecDeque::new(),
        });
    }

    /// Lets the player who has just come to that place claim a slot.
    ///
    /// # Panics
    /// If nobody came there.
    pub fn claim(&mut self, place: usize, token: ResumeToken) {
        let node = &mut self.nodes[place];
        node.client.claim(token);
    }

    /// Why the connection of the player at that place was closed, if it was.
    pub fn closed(&self, place: usize) -> Option<CloseReason> {
        self.nodes
            .get(place)?
            .events
            .iter()
            .rev()
            .find_map(|event| match event {
                Event::Closed(reason) => *reason,
                _ => None,
            })
    }

    /// The slot of the player who came at that place, once it has one.
    pub fn slot_of(&self, place: usize) -> Option<Slot> {
        self.nodes.get(place)?.client.slot()
    }

    fn new_peer(&mut self) -> PeerId {
        let peer = PeerId(self.peers);
        self.peers += 1;
        self.relay.connected(self.now, peer);
        self.relay_due = self.now.max(self.relay_awake);
        peer
    }

    /// Another connection over fresh links: nothing of the old one arrives any more.
    fn replug(&mut self, index: usize) {
        let peer = self.new_peer();
        let node = &mut self.nodes[index];
        let conditions = [node.up, node.down].map(|link| *self.network.conditions(link));
        node.up = self.network.add_link(conditions[0]);
        node.down = self.network.add_link(conditions[1]);
        node.peer = peer;
        node.connected = true;
        node.machine.forget();
        node.due = node.machine.acts(self.now);
    }

    /// Lets the client in `slot` leave.
    pub fn leave(&mut self, slot: Slot) {
        let index = self.node_index(slot);
        let node = &mut self.nodes[index];
        node.client.leave();
        node.due = node.machine.acts(self.now);
    }
}
