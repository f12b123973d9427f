//! Who shoots at whom, and who dies of it.

use phalanx_engine::{Effects, Fix, Vec2};

use super::battle::{Battle, remove_rows};
use super::building::BUILDING_RADIUS;
use super::cue::Cue;
use super::place::Place;
use super::unit::{Kind, Target, Task};

/// How far a soldier shoots, to the skin of a target, units.
pub const RANGE: Fix = Fix::int(4);
/// What a shot takes, points.
pub const DAMAGE: u16 = 10;
/// From one shot of a soldier to the next, and from one look around to the next, ticks.
pub const RELOAD_TICKS: u16 = 16;

/// Where a unit with the order to attack goes: to its target, until that is in range. If the target
/// is no more, it has nothing to do but what was queued.
pub(super) fn pursue(battle: &mut Battle, row: u32, target: Target) -> Option<Place> {
    let Some((place, radius)) = battle.enemy(battle.units.owner[row], target) else {
        let idle = battle.units.waypoints[row].is_empty();
        let task = if idle { Task::Idle } else { Task::Move };
        battle.units.task.set(row, task);
        return None;
    };
    let here = battle.units.position[row];
    (!here.is_within(place, RANGE + radius)).then_some(place)
}

/// Lets a soldier who may shoot do so, if there is an enemy in range. Whoever dies of it still does
/// what it does at this tick: all shots of a tick are fired at once.
pub(super) fn shoot(battle: &mut Battle, row: u32, cues: &mut Effects<Cue>) {
    let age = battle.round.age;
    let units = &mut battle.units;
    if units.kind[row] != Kind::Soldier || age < units.ready[row] {
        return;
    }
    units.ready.set(row, age.saturating_add(RELOAD_TICKS));
    if let Some(target) = aim(battle, row) {
        if let Some(unit) = battle.units.id(row) {
            let at = battle.units.position[row];
            cues.emit(Cue::Shot { unit, at });
        }
        hit(battle, target, cues);
    }
}

/// The target that was ordered, if it is in range; else the nearest enemy who is, units first.
fn aim(battle: &Battle, row: u32) -> Option<Target> {
    let units = &battle.units;
    let (place, owner) = (units.position[row], units.owner[row]);
    if let Task::Attack(target) = units.task[row]
        && let Some((at, radius)) = battle.enemy(owner, target)
        && place.is_within(at, RANGE + radius)
    {
        return Some(target);
    }
    let here = Vec2::from(place);
    let is_enemy = |row| units.owner[row] != owner;
    if let Some(row) = battle.near_units.nearest(here, RANGE, is_enemy) {
        return units.id(row).map(Target::Unit);
    }
    let buildings = &battle.buildings;
    let is_enemy = |row| buildings.owner[row] != owner;
    let near = battle
        .near_buildings
        .nearest(here, RANGE + BUILDING_RADIUS, is_enemy);
    near.and_then(|row| buildings.id(row)).map(Target::Building)
}

fn hit(battle: &mut Battle, target: Target, cues: &mut Effects<Cue>) {
    let Battle {
        units, buildings, ..
    } = battle;
    let (row, health) = match target {
        Target::Unit(id) => (units.row(id), &mut units.health),
        Target::Building(id) => (buildings.row(id), &mut buildings.health),
    };
    let Some(row) = row else {
        return;
    };
    let lived = health[row] > 0;
    health.update(row, |health| *health = health.saturating_sub(DAMAGE));
    if lived && health[row] == 0 {
        let at = match target {
            Target::Unit(_) => units.position[row],
            Target::Building(_) => buildings.position[row],
        };
        cues.emit(Cue::Death { who: target, at });
    }
}

/// Removes who has no health left.
pub(super) fn bury(battle: &mut Battle) {
    remove_rows(&mut battle.units, |units, row| units.health[row] == 0);
    remove_rows(&mut battle.buildings, |buildings, row| {
        buildings.health[row] == 0
    });
}
