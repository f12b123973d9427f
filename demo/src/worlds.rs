//! [`Worlds`]: what every player holds after one tick.

use std::fs;
use std::path::{Path, PathBuf};

use phalanx_engine::limits::SLOTS_MAX;
use phalanx_engine::{Difference, Slot, Snapshot, Tick};
use phalanx_netcode::testing::World;

use crate::compare::compare;
use crate::exit::Failure;
use crate::game::Game;
use crate::snapshot_file;

/// What every player holds after one tick that it has confirmed: what is only predicted may differ.
pub(crate) struct Worlds(Vec<(Slot, Snapshot)>);

impl Worlds {
    pub(crate) fn of<G: Game>(world: &mut World<G>, players: u8, tick: Tick) -> Self {
        let snapshots = Slot::all(players).filter_map(|slot| {
            let timeline = world.client(slot).timeline()?;
            let snapshot = (tick < timeline.confirmed()).then(|| world.snapshot(slot, tick))?;
            Some((slot, snapshot?))
        });
        Self(snapshots.collect())
    }

    /// The slots of which there is nothing.
    pub(crate) fn lacking(&self, slots: u8) -> impl Iterator<Item = Slot> {
        let has = |slot: &Slot| self.0.iter().any(|(there, _)| there == slot);
        Slot::all(slots).filter(move |slot| !has(slot))
    }

    /// The first thing in which the first player and another one differ, and the two.
    pub(crate) fn first_difference<G: Game>(&self, rules: &G) -> Option<(Difference, [Slot; 2])> {
        let ((first, snapshot), others) = self.0.split_first()?;
        let differs = |(_, other): &&(Slot, Snapshot)| other.world != snapshot.world;
        let (second, other) = others.iter().find(differs)?;
        let (left, right) = (snapshot.restore(rules), other.restore(rules));
        let mut diff = compare(&left.ok()?, &right.ok()?, 1);
        let difference = diff.differences.pop()?;
        Some((difference, [*first, *second]))
    }

    /// Writes each into a file of its own. Those that another run left there would seem to belong to
    /// them: they are removed.
    pub(crate) fn write(&self, directory: &Path) -> Result<(), Failure> {
        for slot in self.lacking(SLOTS_MAX) {
            let _ = fs::remove_file(file(directory, slot));
        }
        let mut all = self.0.iter();
        all.try_for_each(|(slot, snapshot)| snapshot_file::write(&file(directory, *slot), snapshot))
    }
}

/// The file of a player's world.
pub(crate) fn file(directory: &Path, slot: Slot) -> PathBuf {
    directory.join(format!("slot-{slot}.snapshot"))
}
