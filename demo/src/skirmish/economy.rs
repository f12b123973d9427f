//! How ore becomes buildings and units.

use phalanx_engine::{Effects, Fix, Id, RngKey, Slot, Vec2};

use super::battle::Battle;
use super::building::{BUILDING_RADIUS, Building};
use super::cue::Cue;
use super::movement::BEAT_TICKS;
use super::patch::Patch;
use super::place::Place;
use super::unit::{Kind, Task, Unit};

/// What a worker carries, ore.
pub const LOAD: u16 = 10;
/// How long a worker digs for a load, ticks.
pub const DIG_TICKS: u16 = 32;
/// Where a building lets a unit out.
const DOOR: RngKey = RngKey::named("door");
/// How far a worker reaches, units.
const REACH: Fix = Fix::ratio(3, 2);

/// Where a worker goes who gathers: to the patch, or the nearest one if that is no more.
pub(super) fn gather(battle: &mut Battle, row: u32, patch: Id<Patch>) -> Option<Place> {
    let here = battle.units.position[row];
    let patches = &battle.patches;
    let at = patches.row(patch).or_else(|| battle.nearest_patch(here));
    let Some((at, patch)) = at.and_then(|at| Some((at, patches.id(at)?))) else {
        battle.units.task.set(row, Task::Idle);
        return None;
    };
    let place = battle.patches.position[at];
    let (task, goal) = if here.is_within(place, REACH) {
        let until = battle.round.age.saturating_add(DIG_TICKS);
        (Task::Dig { patch, until }, None)
    } else {
        (Task::Gather(patch), Some(place))
    };
    battle.units.task.set(row, task);
    goal
}

/// Lets a worker take its load out of the ground, once it has dug it.
pub(super) fn dig(battle: &mut Battle, row: u32, patch: Id<Patch>, until: u16) {
    if battle.round.age < until {
        return;
    }
    let Battle { units, patches, .. } = battle;
    let Some(at) = patches.row(patch) else {
        // Others were quicker.
        return units.task.set(row, Task::Gather(patch));
    };
    let left = patches.ore[at];
    let load = u16::try_from(left).map_or(LOAD, |left| left.min(LOAD));
    let left = left - u32::from(load);
    if left > 0 {
        patches.ore.set(at, left);
    } else {
        patches.remove(patch);
    }
    units.task.set(row, Task::Carry { patch, load });
}

/// Where a worker goes who carries a load: home. There it goes to the player.
pub(super) fn carry(battle: &mut Battle, row: u32, patch: Id<Patch>, load: u16) -> Option<Place> {
    let (here, owner) = (battle.units.position[row], battle.units.owner[row]);
    let home = battle.nearest_base(owner, here)?;
    let home = battle.buildings.position[home];
    if !here.is_within(home, BUILDING_RADIUS + REACH) {
        return Some(home);
    }
    if let Some(player) = battle.players.get_mut(usize::from(owner.0)) {
        player.ore = player.ore.saturating_add(load.into());
    }
    battle.units.task.set(row, Task::Gather(patch));
    None
}

/// Where a worker goes who builds: to the site. There it works for a beat.
pub(super) fn build(
    battle: &mut Battle,
    row: u32,
    site: Id<Building>,
    cues: &mut Effects<Cue>,
) -> Option<Place> {
    let here = battle.units.position[row];
    let Battle {
        units, buildings, ..
    } = battle;
    let at = buildings.row(site).filter(|at| buildings.missing[*at] > 0);
    let Some(at) = at else {
        units.task.set(row, Task::Idle);
        return None;
    };
    let place = buildings.position[at];
    if !here.is_within(place, BUILDING_RADIUS + REACH) {
        return Some(place);
    }
    let structure = buildings.structure[at];
    let beats = structure.building_ticks() / BEAT_TICKS;
    let (full, gain) = (structure.health(), structure.health() / beats);
    buildings
        .missing
        .update(at, |missing| *missing = missing.saturating_sub(BEAT_TICKS));
    buildings
        .health
        .update(at, |health| *health = health.saturating_add(gain).min(full));
    if buildings.missing[at] == 0 {
        let (building, at) = (site, place);
        cues.emit(Cue::Built { building, at });
    }
    None
}

/// Pays out of the player's ore, if there is enough.
pub(super) fn pay(battle: &mut Battle, slot: Slot, cost: u32) -> bool {
    let Some(player) = battle.players.get_mut(usize::from(slot.0)) else {
        return false;
    };
    let left = player.ore.checked_sub(cost);
    player.ore = left.unwrap_or(player.ore);
    left.is_some()
}

/// Begins to train a unit in one of the player's buildings, next to those who are trained there.
pub(super) fn enlist(battle: &mut Battle, row: u32, kind: Kind) {
    let age = battle.round.age;
    let buildings = &mut battle.buildings;
    if buildings.training[row].is_empty() {
        buildings
            .ready
            .set(row, age.saturating_add(kind.training_ticks()));
    }
    buildings.training.edit(row).push(kind);
}

/// Lets those out who are trained.
pub(super) fn graduate(battle: &mut Battle) {
    let (age, half) = (battle.round.age, battle.round.half);
    let Battle {
        units, buildings, ..
    } = battle;
    for row in 0..buildings.places() {
        let Some(kind) = buildings.training[row].first().copied() else {
            continue;
        };
        if age < buildings.ready[row] {
            continue;
        }
        let rest = buildings.training.edit(row);
        rest.remove(0);
        if let Some(next) = rest.first() {
            let ready = age.saturating_add(next.training_ticks());
            buildings.ready.set(row, ready);
        }
        // Not all come out on the same side, and the state's generator is for the map.
        let luck = DOOR.with(row.into()).with(age.into());
        let way = luck.rng().on_circle(BUILDING_RADIUS + Fix::ONE);
        let door = Place::from(Vec2::from(buildings.position[row]) + way);
        let unit = Unit::new(buildings.owner[row], kind, door.on_plain(half));
        units.insert(unit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::skirmish::building::Structure;

    #[test]
    fn a_building_has_its_health_when_it_stands() {
        for structure in [Structure::Base, Structure::Barracks] {
            let site = Building::site(Slot(0), structure, Place::ZERO);
            let beats = site.missing.div_ceil(BEAT_TICKS);
            let gain = structure.health() / (structure.building_ticks() / BEAT_TICKS);
            assert!(site.health + beats * gain >= structure.health());
        }
    }
}
