//! What an order does when it is executed.
//!
//! It is the one place where something from outside comes in: whoever is named may be dead, or
//! another's; a place may be anywhere. What does not fit does nothing.

use phalanx_engine::{Id, Slot};

use super::battle::Battle;
use super::building::{BUILDINGS_MAX, Building, Structure, TRAINING_MAX};
use super::economy;
use super::movement::formation;
use super::order::{NAMED_MAX, Order, Who};
use super::place::Place;
use super::unit::{Kind, Task, Unit, WAYPOINTS_MAX};

/// Executes an order of the player of `slot`.
pub(super) fn obey(battle: &mut Battle, slot: Slot, order: &Order) {
    if !battle.plays(slot) {
        return;
    }
    match order {
        Order::Move { who, to, queued } => march(battle, &chosen(battle, slot, who), *to, *queued),
        Order::Attack { who, target } => {
            if battle.enemy(slot, *target).is_some() {
                let soldiers = chosen(battle, slot, who);
                assign(battle, &soldiers, Kind::Soldier, Task::Attack(*target));
            }
        }
        Order::Gather { who, patch } => {
            if battle.patches.row(*patch).is_some() {
                let workers = chosen(battle, slot, who);
                assign(battle, &workers, Kind::Worker, Task::Gather(*patch));
            }
        }
        Order::Build {
            worker,
            structure,
            at,
        } => build(battle, slot, *worker, *structure, *at),
        Order::Train { building } => train(battle, slot, *building),
        Order::Stop { who } => {
            for row in chosen(battle, slot, who) {
                give(battle, row, Task::Idle);
            }
        }
    }
}

/// The rows of the player's units that are meant.
fn chosen(battle: &Battle, slot: Slot, who: &Who) -> Vec<u32> {
    let units = &battle.units;
    match who {
        Who::Units(ids) => {
            let named = ids.iter().take(NAMED_MAX as usize);
            let rows = named.filter_map(|id| units.row(*id));
            rows.filter(|row| units.owner[*row] == slot).collect()
        }
        Who::In { kind, area } => {
            let of_kind = battle.units_of(slot, *kind);
            of_kind
                .filter(|row| area.contains(units.position[*row]))
                .collect()
        }
    }
}

/// Gives a unit something to do instead of all it had to do.
fn give(battle: &mut Battle, row: u32, task: Task) {
    battle.units.task.set(row, task);
    // A list that is only looked at is not copied.
    if !battle.units.waypoints[row].is_empty() {
        battle.units.waypoints.edit(row).clear();
    }
}

/// The same to all of a kind.
fn assign(battle: &mut Battle, rows: &[u32], kind: Kind, task: Task) {
    for &row in rows {
        if battle.units.kind[row] == kind {
            give(battle, row, task);
        }
    }
}

/// Each to a place of its own in a formation around `to`.
fn march(battle: &mut Battle, rows: &[u32], to: Place, queued: bool) {
    let half = battle.round.half;
    let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    for (&row, place) in rows.iter().zip(formation(to.on_plain(half), count)) {
        let goes_on = matches!(battle.units.task[row], Task::Move | Task::Attack(_));
        if !(queued && goes_on) {
            give(battle, row, Task::Move);
        }
        if battle.units.waypoints[row].len() < WAYPOINTS_MAX as usize {
            battle.units.waypoints.edit(row).push(place.on_plain(half));
        }
    }
}

fn build(battle: &mut Battle, slot: Slot, worker: Id<Unit>, structure: Structure, at: Place) {
    let units = &battle.units;
    let is_own = |row: &u32| units.owner[*row] == slot && units.kind[*row] == Kind::Worker;
    let Some(row) = units.row(worker).filter(is_own) else {
        return;
    };
    let site = site_at(battle, slot, structure, at);
    if let Some(site) = site.or_else(|| found(battle, slot, structure, at)) {
        give(battle, row, Task::Build(site));
    }
}

/// The player's site for such a building at this very place.
fn site_at(battle: &Battle, slot: Slot, structure: Structure, at: Place) -> Option<Id<Building>> {
    let buildings = &battle.buildings;
    let is_site = |row: &u32| buildings.missing[*row] > 0;
    let is_meant =
        |row: &u32| buildings.structure[*row] == structure && buildings.position[*row] == at;
    let mut sites = battle.buildings_of(slot).filter(is_site).filter(is_meant);
    buildings.id(sites.next()?)
}

/// A new site, if there is room and ore for it.
fn found(battle: &mut Battle, slot: Slot, structure: Structure, at: Place) -> Option<Id<Building>> {
    let few = battle.buildings_of(slot).count() < BUILDINGS_MAX as usize;
    let founded = few && battle.has_room(at) && economy::pay(battle, slot, structure.cost());
    founded.then(|| battle.buildings.insert(Building::site(slot, structure, at)))
}

fn train(battle: &mut Battle, slot: Slot, building: Id<Building>) {
    let buildings = &battle.buildings;
    let is_own = |row: &u32| buildings.owner[*row] == slot && buildings.missing[*row] == 0;
    let Some(row) = buildings.row(building).filter(is_own) else {
        return;
    };
    let kind = buildings.structure[row].trains();
    let room = buildings.training[row].len() < TRAINING_MAX as usize;
    if room && battle.strength(slot) < battle.units_max() && economy::pay(battle, slot, kind.cost())
    {
        economy::enlist(battle, row, kind);
    }
}
