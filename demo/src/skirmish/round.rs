//! How rounds begin and end.

use phalanx_engine::{Angle, Fix, Fix32, Presence, Session, Slot, Vec2};

use super::Skirmish;
use super::battle::{Battle, PLAYERS_MAX, Phase, Player, ROUND_TICKS, Round, remove_rows};
use super::building::{Building, Structure};
use super::combat::RELOAD_TICKS;
use super::movement::formation;
use super::patch::Patch;
use super::place::Place;
use super::unit::{Kind, Unit};

/// What a player begins with, ore.
const ORE: u32 = 300;
/// How many workers a player begins with.
const WORKERS: u32 = 4;
/// Patches around a base.
const HOME_PATCHES: u32 = 4;
/// Ore in one of them.
const HOME_ORE: u32 = 600;
/// Patches farther away, for each player.
const FAR_PATCHES: u32 = 2;
/// Ore in one of them.
const FAR_ORE: u32 = 1500;
/// From a base to its patches, units.
const PATCH_DISTANCE: Fix = Fix::int(7);
/// From a base to its workers, units.
const WORKER_DISTANCE: Fix = Fix::int(4);

/// Everybody who is there begins anew, in the order of the slots around the middle of the plain; the
/// order moves on by one place per round.
pub(super) fn begin(rules: &Skirmish, battle: &mut Battle, session: &Session) {
    clear(battle);
    let here = |slot: &Slot| session.presence(*slot) != Presence::Absent;
    let players = || Slot::all(PLAYERS_MAX).filter(here);
    let entrants = players().map(|_| 1).sum::<u8>();
    let seats = u32::from(entrants.max(1));
    let soldiers = rules.soldiers();
    let round = &mut battle.round;
    let first = u32::from(round.number);
    *round = Round {
        number: round.number.saturating_add(1),
        phase: Phase::War,
        age: 0,
        entrants,
        muster: soldiers / seats,
        half: half_side(soldiers),
    };
    for (slot, seat) in players().zip(first..) {
        let direction = Vec2::from_angle(Angle::turns(seat % seats, seats));
        settle(battle, slot, direction);
    }
    let reach = battle.round.half.to_fix() / 2;
    for _ in 0..FAR_PATCHES * u32::from(entrants) {
        let point = battle.rng.in_circle(reach);
        place_patch(battle, point, FAR_ORE);
    }
}

/// From the middle of a plain for so many soldiers to its border, units.
fn half_side(soldiers: u32) -> Fix32 {
    Fix32::saturating_int(i64::from(24 + 2 * soldiers.isqrt()))
}

/// Gives a player a base in that direction from the middle, patches around it, and units
/// before it.
fn settle(battle: &mut Battle, slot: Slot, direction: Vec2) {
    if let Some(player) = battle.players.get_mut(usize::from(slot.0)) {
        (player.plays, player.ore) = (true, ORE);
    }
    let home = direction * (battle.round.half.to_fix() * Fix::ratio(7, 10));
    let base = Building::new(slot, Structure::Base, home.into());
    battle.buildings.insert(base);
    let turn = battle.rng.angle();
    for number in 0..HOME_PATCHES {
        let way = Vec2::from_angle(turn + Angle::turns(number, HOME_PATCHES));
        place_patch(battle, home + way * PATCH_DISTANCE, HOME_ORE);
    }
    let muster = battle.round.muster;
    let depth = Fix::saturating_int(muster.isqrt().into());
    let troops = [
        (Kind::Worker, WORKERS, WORKER_DISTANCE),
        (Kind::Soldier, muster, WORKER_DISTANCE * 2 + depth),
    ];
    for (kind, count, distance) in troops {
        let middle = home - direction * distance;
        // They do not all look around at the same tick.
        let ready = (0..RELOAD_TICKS).cycle();
        for (place, ready) in formation(middle.into(), count).zip(ready) {
            let place = place.on_plain(battle.round.half);
            let unit = Unit::new(slot, kind, place);
            battle.units.insert(Unit { ready, ..unit });
        }
    }
}

fn place_patch(battle: &mut Battle, point: Vec2, ore: u32) {
    let position = Place::from(point).on_plain(battle.round.half);
    battle.patches.insert(Patch { position, ore });
}

/// Nothing is left on the plain, and nobody plays.
fn clear(battle: &mut Battle) {
    for player in &mut battle.players {
        *player = Player {
            plays: false,
            ore: 0,
            ..*player
        };
    }
    remove_rows(&mut battle.units, |_, _| true);
    remove_rows(&mut battle.buildings, |_, _| true);
    remove_rows(&mut battle.patches, |_, _| true);
}

/// Whoever left, or has no base any more, is out; with the last but one of them, or with its time,
/// the round ends.
pub(super) fn judge(battle: &mut Battle, session: &Session) {
    for slot in Slot::all(PLAYERS_MAX) {
        let left = session.presence(slot) == Presence::Absent;
        if battle.plays(slot) && (left || battle.bases_of(slot).next().is_none()) {
            defeat(battle, slot);
        }
    }
    if is_over(battle, session) {
        end(battle);
    }
}

/// Takes a player out of the round, with all that they have.
fn defeat(battle: &mut Battle, slot: Slot) {
    if let Some(player) = battle.players.get_mut(usize::from(slot.0)) {
        player.plays = false;
    }
    remove_rows(&mut battle.units, |units, row| units.owner[row] == slot);
    remove_rows(&mut battle.buildings, |buildings, row| {
        buildings.owner[row] == slot
    });
}

/// A player alone practises until somebody waits.
fn is_over(battle: &Battle, session: &Session) -> bool {
    let contested = battle.round.entrants > 1;
    let mut slots = Slot::all(PLAYERS_MAX);
    let waits = slots.any(|slot| session.presence(slot) != Presence::Absent && !battle.plays(slot));
    let playing = battle.players.iter().filter(|player| player.plays);
    battle.round.age >= ROUND_TICKS || ((contested || waits) && playing.count() < 2)
}

/// The leader wins.
fn end(battle: &mut Battle) {
    if battle.round.entrants > 1
        && let Some(slot) = battle.leader()
        && let Some(player) = battle.players.get_mut(usize::from(slot.0))
    {
        player.wins = player.wins.saturating_add(1);
    }
    battle.round.phase = Phase::Intermission;
    battle.round.age = 0;
}
