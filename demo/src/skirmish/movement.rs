//! How units walk: where to, once in a beat; by how much, at every tick.
//!
//! A unit decides once in [`BEAT_TICKS`] ticks, and then holds its velocity. So a tick asks an
//! eighth of the units what to do, and moves all of them by adding one column to another. Whose beat
//! it is goes by blocks of rows, not by rows: what they write lies together, and a block that
//! nobody wrote to is neither kept nor hashed.

use phalanx_engine::table::BLOCK_ROWS;
use phalanx_engine::{Fix, RngKey, Vec2};

use super::battle::Battle;
use super::place::Place;
use super::unit::Task;

/// From one decision of a unit to the next, ticks: 0.4 s.
pub const BEAT_TICKS: u16 = 8;

/// Closer than this, two units make room for each other, units.
pub const SPACE: Fix = Fix::ratio(9, 10);

/// Between neighbours in a formation, units: they need not make room.
const GAP: Fix = Fix::ratio(12, 10);

/// Closer than this to a waypoint, a unit has reached it, units.
const ARRIVED: Fix = Fix::ratio(1, 2);

/// A unit makes room for no more others in a beat: a crowd in one place costs no more time than
/// others.
const CROWD_MAX: usize = 6;

/// Where those go who stand in one place.
const PARTING: RngKey = RngKey::named("parting");

/// The rows, of so many, that decide at this age of the round.
pub(super) fn on_beat(places: u32, age: u16) -> impl Iterator<Item = u32> {
    let first = u32::from(age % BEAT_TICKS) * BLOCK_ROWS;
    let round = usize::from(BEAT_TICKS) * BLOCK_ROWS as usize;
    let blocks = (first..places).step_by(round);
    blocks.flat_map(move |begin| begin..places.min(begin + BLOCK_ROWS))
}

/// Where a unit with waypoints goes: to the next one that it has not reached. With the last it is
/// done.
pub(super) fn walk(battle: &mut Battle, row: u32) -> Option<Place> {
    let units = &mut battle.units;
    let next = units.waypoints[row].first().copied();
    if next.is_some_and(|next| !units.position[row].is_within(next, ARRIVED)) {
        return next;
    }
    if next.is_some() {
        units.waypoints.edit(row).remove(0);
    }
    let next = units.waypoints[row].first().copied();
    if next.is_none() {
        units.task.set(row, Task::Idle);
    }
    next
}

/// Sends a unit on its way to `goal`, where it is before its next beat if that is near enough; or
/// lets it stand. It makes room for others in both cases.
pub(super) fn steer(battle: &mut Battle, row: u32, goal: Option<Place>) {
    let units = &battle.units;
    let here = Vec2::from(units.position[row]);
    let beat = Fix::int(BEAT_TICKS.into());
    let reach = units.kind[row].speed() * beat;
    let goal = goal.map_or(here, Vec2::from);
    let wanted = here.moved_towards(goal, reach) + room(battle, row, here);
    let end = here.moved_towards(wanted, reach);
    let velocity = (end - here) / beat;
    battle.units.velocity.set(row, velocity.into());
}

/// The way out of the others' space: half of it, for they go the other half.
fn room(battle: &Battle, row: u32, here: Vec2) -> Vec2 {
    let near = battle.near_units.within(here, SPACE);
    let others = near.filter(|other| *other != row).take(CROWD_MAX);
    let ways = others.map(|other| {
        let away = here - battle.units.position[other].into();
        if away == Vec2::ZERO {
            // In the very same place, each goes where its row says.
            PARTING.with(row.into()).rng().on_circle(SPACE / 2)
        } else {
            away.with_length((SPACE - away.length()) / 2)
        }
    });
    ways.fold(Vec2::ZERO, |sum, way| sum + way)
}

/// Moves every unit by its velocity. Blocks of units of which none moves are left alone; in others,
/// places without a unit have neither position nor velocity.
pub(super) fn advance(battle: &mut Battle) {
    let half = battle.round.half;
    // Of the columns, two can be borrowed at once.
    let units = &mut *battle.units;
    let velocities = units.velocity.chunks(BLOCK_ROWS as usize);
    for (block, velocities) in (0..).zip(velocities) {
        if velocities.iter().all(|velocity| *velocity == Place::ZERO) {
            continue;
        }
        let positions = units.position.block_mut(block);
        for (position, velocity) in positions.iter_mut().zip(velocities) {
            *position += *velocity;
            *position = position.on_plain(half);
        }
    }
}

/// `count` places side by side in a square around `middle`.
pub(super) fn formation(middle: Place, count: u32) -> impl Iterator<Item = Place> {
    let width = count.isqrt() + u32::from(count.isqrt().pow(2) < count);
    // In halves of a gap from the middle.
    let along = move |number: u32| {
        let halves = 2 * i64::from(number) + 1 - i64::from(width);
        Fix::saturating_int(halves) * (GAP / 2)
    };
    let middle = Vec2::from(middle);
    (0..count).map(move |number| {
        let offset = Vec2::new(along(number % width), along(number / width));
        Place::from(middle + offset)
    })
}
