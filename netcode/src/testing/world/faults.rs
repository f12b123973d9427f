//! What goes wrong on the machines of a [`World`]. What goes wrong between them is the
//! [`Network`](crate::testing::Network)'s.

use core::time::Duration;

use phalanx_engine::{Simulation, Slot, Tick};

use super::World;
use crate::testing::SleepingClock;
use crate::time::Time;

impl<S: Simulation> World<S> {
    /// The machine in `slot` sleeps from now on: its process does nothing for so long, and datagrams that
    /// come meanwhile are lost.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn sleep(&mut self, slot: Slot, duration: Duration, clock: SleepingClock) {
        let index = self.node_index(slot);
        let (now, node) = (self.now, &mut self.nodes[index]);
        node.machine.sleep(now, now + duration, clock);
        node.due = node.machine.acts(now);
    }

    /// The process in `slot` hangs from now on: it does nothing for so long, and finds then what came
    /// meanwhile.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn hang(&mut self, slot: Slot, duration: Duration) {
        let index = self.node_index(slot);
        let (now, node) = (self.now, &mut self.nodes[index]);
        node.machine.hang(now + duration);
        node.due = node.machine.acts(now);
    }

    /// From now on the clock of the machine in `slot` runs so many millionths faster than the world's.
    ///
    /// # Panics
    /// If there is no such slot, or the clock would not run: at -10^6 or below.
    pub fn drift(&mut self, slot: Slot, ppm: i32) {
        assert!(ppm > -1_000_000, "a clock runs forward");
        let index = self.node_index(slot);
        let (now, node) = (self.now, &mut self.nodes[index]);
        node.machine.drift(now, ppm);
        node.due = node.machine.acts(now);
    }

    /// From now on the client in `slot` is called only once in every `period`, as by a game that does all
    /// when it draws a picture; whenever it has something to do if `None`.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn update_every(&mut self, slot: Slot, period: Option<Duration>) {
        let index = self.node_index(slot);
        let (now, node) = (self.now, &mut self.nodes[index]);
        node.machine.update_every(period);
        node.due = node.machine.acts(now);
    }

    /// The relay does nothing for so long from now on, and finds then what came meanwhile.
    pub fn overload(&mut self, duration: Duration) {
        self.relay_awake = self.now + duration;
        self.relay_due = self.relay_awake;
    }

    /// What the clock of the machine in `slot` shows now.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn local(&self, slot: Slot) -> Time {
        self.node(slot).machine.local(self.now)
    }

    /// When, by the world, the clock of the machine in `slot` shows `local`; for a moment since it last
    /// slept, or its speed changed.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn moment(&self, slot: Slot, local: Time) -> Time {
        self.node(slot).machine.world(local)
    }

    /// When the relay seals `tick` at the latest, whoever it waits for; [`Time::NEVER`] before the match has
    /// begun.
    pub fn deadline(&self, tick: Tick) -> Time {
        self.relay.deadline(tick)
    }
}
