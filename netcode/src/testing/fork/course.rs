//! [`Course`]: a match in the virtual world, tick by tick, watched by somebody who compares what players hold.

use core::time::Duration;

use phalanx_engine::{Digest, Simulation, Slot, Snapshot, Tick};

use super::Finding;
use crate::client::ClientConfig;
use crate::relay::Relay;
use crate::testing::{Scenario, World, WorldError};
use crate::time::Time;

/// By then everybody plays, or somebody never will.
const BEGUN_BY: Time = Time::from_nanos(30_000_000_000);

/// By so much later a match that was ended is over.
const OVER_AFTER: Duration = Duration::from_secs(20);

/// A time in which nothing comes through between a player and the relay, both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Whose.
    pub slot: Slot,
    /// It begins when this tick is due at the relay, and is over when `until` is.
    pub from: Tick,
    /// See there.
    pub until: Tick,
}

pub(super) struct Course<S: Simulation> {
    pub(super) world: World<S>,
    rules: S,
    client: ClientConfig,
    outages: Vec<Outage>,
    players: u8,
    first: Tick,
    /// The tick that is due now at the relay.
    tick: Tick,
    begun: bool,
    /// Who is not there any more.
    gone: Vec<Slot>,
    /// Of all ticks that everybody has confirmed who is there.
    checksums: Vec<Digest>,
}

impl<S: Simulation<State: Clone> + Clone> Clone for Course<S> {
    fn clone(&self) -> Self {
        Self {
            world: self.world.clone(),
            rules: self.rules.clone(),
            outages: self.outages.clone(),
            gone: self.gone.clone(),
            checksums: self.checksums.clone(),
            ..*self
        }
    }
}

impl<S: Simulation<State: Clone> + Clone> Course<S> {
    pub(super) fn new(
        scenario: &Scenario,
        rules: &S,
        outages: Vec<Outage>,
    ) -> Result<Self, WorldError> {
        Ok(Self {
            world: World::new(scenario, || rules.clone())?,
            rules: rules.clone(),
            client: scenario.client,
            outages,
            players: scenario.players,
            first: scenario.first,
            tick: scenario.first,
            begun: false,
            gone: Vec::new(),
            checksums: Vec::new(),
        })
    }

    pub(super) const fn tick(&self) -> Tick {
        self.tick
    }

    pub(super) const fn relay(&self) -> &Relay {
        self.world.relay()
    }

    /// The newest tick that everybody has confirmed.
    pub(super) fn newest(&self) -> Option<Tick> {
        self.compared().previous_since(self.first)
    }

    /// The tick after that.
    fn compared(&self) -> Tick {
        self.first + self.checksums.len() as u64
    }

    /// The checksums of `tick` and all that come after it.
    pub(super) fn checksums_from(&self, tick: Tick) -> &[Digest] {
        let before = usize::try_from(tick.since(self.first)).unwrap_or(0);
        self.checksums.get(before..).unwrap_or_default()
    }

    /// The world after a tick that everybody has confirmed.
    pub(super) fn snapshot(&mut self, tick: Tick) -> Option<Snapshot> {
        self.world.snapshot(Slot(0), tick)
    }

    /// Plays until the first tick is due.
    pub(super) fn begin(&mut self) -> Result<(), Finding> {
        while !self.begun {
            let now = self.world.now();
            if now >= BEGUN_BY {
                return Err(Finding::NotBegun);
            }
            let due = self.world.deadline(self.tick);
            self.begun = due <= now;
            let soon = due.min(now + Duration::from_millis(10));
            self.world.run_until(soon, |_, _, _| None);
            // Time stands still where everybody has gone.
            if self.world.now() < soon {
                return Err(Finding::NotBegun);
            }
        }
        Ok(())
    }

    /// Plays until the next tick is due.
    pub(super) fn advance(&mut self) -> Result<(), Finding> {
        self.tick = self.tick.next();
        let due = self.world.deadline(self.tick);
        self.world.run_until(due, |_, _, _| None);
        for index in 0..self.outages.len() {
            let Outage { slot, from, until } = self.outages[index];
            if self.tick == until {
                self.world.plug(slot);
            } else if self.tick == from {
                self.world.unplug(slot);
            }
        }
        self.compare()
    }

    /// From now on `slot` is not there.
    pub(super) fn goes(&mut self, slot: Slot) {
        self.gone.push(slot);
    }

    /// From now on `slot` is there again.
    pub(super) fn returns(&mut self, slot: Slot) {
        self.gone.retain(|gone| *gone != slot);
    }

    /// Another process claims `slot`; `false` if the one that had it had not even got its token.
    pub(super) fn restarts(&mut self, slot: Slot) -> bool {
        if self.world.client(slot).token().is_none() {
            return false;
        }
        let restarted = self.world.restart(slot, self.rules.clone(), self.client);
        restarted.expect("it was in range before");
        self.returns(slot);
        true
    }

    fn present(&self) -> impl Iterator<Item = Slot> {
        Slot::all(self.players).filter(|slot| !self.gone.contains(slot))
    }

    /// The first tick that somebody has not confirmed.
    fn confirmed(&self) -> Tick {
        let confirmed = self.present().map(|slot| {
            let timeline = self.world.client(slot).timeline();
            timeline.map_or(self.first, |timeline| timeline.confirmed())
        });
        confirmed.min().unwrap_or(self.first)
    }

    /// Compares what players hold after every tick that all have confirmed by now.
    fn compare(&mut self) -> Result<(), Finding> {
        for tick in self.compared().until(self.confirmed()) {
            let held = |slot| self.world.client(slot).timeline()?.digest(tick);
            let mut held = self.present().filter_map(held);
            let first = held.next();
            let differs = held.any(|digest| Some(digest) != first);
            drop(held);
            if differs {
                return Err(Finding::Desync(tick));
            }
            self.checksums.extend(first);
        }
        match self.relay().disagreement() {
            Some(disagreement) => Err(Finding::Desync(disagreement.tick)),
            None => Ok(()),
        }
    }

    /// Ends the match with the next frame, plays until it is over, and sees that everybody came that far.
    pub(super) fn end(&mut self) -> Result<(), Finding> {
        for index in 0..self.outages.len() {
            self.world.plug(self.outages[index].slot);
        }
        self.world.relay_mut().end();
        let over = self.world.now() + OVER_AFTER;
        while !self.relay().is_finished() && self.world.now() < over {
            let soon = self.world.now() + Duration::from_millis(500);
            self.world.run_until(soon.min(over), |_, _, _| None);
            self.compare()?;
            // Time stands still where the match is over.
            if self.world.now() < soon.min(over) {
                break;
            }
        }
        let (sealed, agreed) = (self.relay().log().next(), self.relay().agreed());
        let confirmed = self.confirmed();
        let since = |tick: Tick| tick.since(self.first).unsigned_abs();
        if let Some(slot) = self.present().find(|slot| self.is_lost(*slot)) {
            return Err(Finding::Lost(slot));
        }
        if (agreed, confirmed, self.compared()) == (sealed, sealed, sealed) {
            return Ok(());
        }
        Err(Finding::NotAgreed {
            sealed: since(sealed),
            agreed: since(agreed),
            confirmed: since(confirmed),
        })
    }

    /// Whether the client in `slot` plays no more, though the match has not come to its end there.
    fn is_lost(&self, slot: Slot) -> bool {
        use crate::client::Event::{Closed, Ended};
        let events = self.world.events(slot);
        let closed = events.iter().any(|event| matches!(event, Closed(_)));
        closed && !events.contains(&Ended)
    }
}
