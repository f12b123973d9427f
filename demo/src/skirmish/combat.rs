//! Who shoots at whom, and who dies of it.

use phalanx_engine::{Fix, Slot, Vec2};

use super::battle::Battle;
use super::building::BUILDING_RADIUS;
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
/// what he does at this tick: all shots of a tick are fired at once.
pub(super) fn shoot(battle: &mut Battle, row: u32) {
    let age = battle.round.age;
    let units = &mut battle.units;
    if units.kind[row] != Kind::Soldier || age < units.ready[row] {
        return;
    }
    units.ready.set(row, age.saturating_add(RELOAD_TICKS));
    match aim(battle, row) {
        Some(Target::Unit(id)) => {
            if let Some(row) = battle.units.row(id) {
                let health = &mut battle.units.health;
                health.update(row, |health| *health = health.saturating_sub(DAMAGE));
            }
        }
        Some(Target::Building(id)) => {
            if let Some(row) = battle.buildings.row(id) {
                let health = &mut battle.buildings.health;
                health.update(row, |health| *health = health.saturating_sub(DAMAGE));
            }
        }
        None => {}
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

/// Removes who has no health left.
pub(super) fn bury(battle: &mut Battle) {
    let Battle {
        units, buildings, ..
    } = battle;
    let dead = units.rows().filter(|row| units.health[*row] == 0);
    let dead: Vec<_> = dead.filter_map(|row| units.id(row)).collect();
    for id in dead {
        units.remove(id);
    }
    let ruins = buildings.rows().filter(|row| buildings.health[*row] == 0);
    let ruins: Vec<_> = ruins.filter_map(|row| buildings.id(row)).collect();
    for id in ruins {
        buildings.remove(id);
    }
}

/// Takes a player out of the round, with all that he has.
pub(super) fn defeat(battle: &mut Battle, slot: Slot) {
    if let Some(player) = battle.players.get_mut(usize::from(slot.0)) {
        player.plays = false;
    }
    let Battle {
        units, buildings, ..
    } = battle;
    let own = units
        .ids()
        .filter(|id| units.row(*id).is_some_and(|row| units.owner[row] == slot));
    for id in own.collect::<Vec<_>>() {
        units.remove(id);
    }
    let own = buildings.ids().filter(|id| {
        buildings
            .row(*id)
            .is_some_and(|row| buildings.owner[row] == slot)
    });
    for id in own.collect::<Vec<_>>() {
        buildings.remove(id);
    }
}
