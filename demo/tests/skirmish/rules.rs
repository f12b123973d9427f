//! What happens without orders.

use phalanx::skirmish::{
    BEAT_TICKS, Battle, DAMAGE, Kind, Place, RANGE, RELOAD_TICKS, SPACE, Structure, Target, Unit,
};
use phalanx_engine::{Fix, Fix32, Slot, Table, Vec2, to_bytes};

use crate::play::{Play, place};

#[test]
fn units_in_one_place_part() {
    for count in [2, 3, 20, 80] {
        let mut play = Play::bare();
        let ids: Vec<_> = (0..count)
            .map(|_| play.unit(0, Kind::Soldier, Place::ZERO))
            .collect();
        play.wait(600);
        let places: Vec<_> = ids.iter().map(|id| Vec2::from(play.place(*id))).collect();
        let mut nearest = Fix::MAX;
        for (number, one) in places.iter().enumerate() {
            for other in &places[..number] {
                nearest = nearest.min(one.distance(*other));
            }
        }
        assert!(nearest > SPACE / 2, "{count} units: {nearest}");
        play.check();
    }
}

#[test]
fn who_makes_room_stays_on_the_plain() {
    let mut play = Play::bare();
    let corner = Place::new(play.battle.round.half, -play.battle.round.half);
    for _ in 0..30 {
        play.unit(0, Kind::Worker, corner);
    }
    for _ in 0..300 {
        play.wait(1);
        play.check();
    }
}

/// Ticks until each of `count` shots was felt by a worker at this distance in hundredths.
fn shots(distance: i32, count: usize) -> Vec<u16> {
    let mut play = Play::bare();
    play.unit(0, Kind::Soldier, Place::ZERO);
    let x = Fix::ratio(distance, 100).saturating_to_fix32();
    let victim = play.unit(1, Kind::Worker, Place::new(x, Fix32::ZERO));
    let mut shots = Vec::new();
    for tick in 0..100 {
        let before = play.see(victim).health;
        play.wait(1);
        let Some(Unit { health, .. }) = play.battle.units.get(victim) else {
            break;
        };
        if health < before {
            assert_eq!(before - health, DAMAGE);
            shots.push(tick);
        }
        if shots.len() == count {
            break;
        }
    }
    shots
}

#[test]
fn a_soldier_shoots_at_who_comes_near_and_reloads() {
    let [first, second, third] = shots(399, 3)[..] else {
        panic!("no shots");
    };
    assert!(first < BEAT_TICKS);
    assert_eq!([second - first, third - second], [RELOAD_TICKS; 2]);
    assert_eq!(RANGE, Fix::int(4));
    assert!(shots(401, 3).is_empty());
}

#[test]
fn units_are_shot_at_before_buildings_and_the_nearest_first() {
    let mut play = Play::bare();
    play.unit(0, Kind::Soldier, place(36, 36));
    let ids =
        [place(39, 36), place(34, 36), place(36, 35)].map(|at| play.unit(1, Kind::Worker, at));
    let base = play.base(1);
    let mut died = Vec::new();
    for _ in 0..400 {
        play.wait(1);
        let hit = play.battle.buildings.get(base).map(|base| base.health);
        for id in ids
            .into_iter()
            .filter(|id| play.battle.units.row(*id).is_none())
        {
            if !died.contains(&id) {
                died.push(id);
            }
        }
        let unhurt = hit == Some(Structure::Base.health());
        assert!(unhurt || died.len() == ids.len(), "{died:?}");
    }
    assert_eq!(died, [ids[2], ids[1], ids[0]]);
    let left = play.battle.buildings.get(base).map(|base| base.health);
    assert!(left < Some(Structure::Base.health()));
}

#[test]
fn equals_who_shoot_at_each_other_both_die() {
    let mut play = Play::bare();
    for (slot, x) in [(0, 0), (1, 3)] {
        play.unit(slot, Kind::Soldier, place(x, 0));
    }
    play.wait(200);
    assert!(play.battle.units.is_empty());
    assert_eq!(play.battle.buildings.len(), 2);
}

#[test]
fn a_target_that_died_is_no_one_else() {
    let mut play = Play::bare();
    let soldier = play.unit(0, Kind::Soldier, place(-20, 0));
    let victim = play.unit(1, Kind::Worker, place(20, 0));
    let target = Target::Unit(victim);
    let task = phalanx::skirmish::Task::Attack(target);
    let row = play.battle.units.row(soldier).expect("a soldier");
    play.battle.units.task.set(row, task);
    play.battle.units.remove(victim);
    play.unit(1, Kind::Worker, place(20, 0));
    play.wait(BEAT_TICKS);
    assert_eq!(play.see(soldier).task, phalanx::skirmish::Task::Idle);
}

#[test]
fn what_is_not_in_tables_is_small() {
    let mut play = Play::new(10_000, 1, 8);
    let Battle {
        units,
        buildings,
        patches,
        ..
    } = &mut play.battle;
    assert_eq!(units.len(), 10_000 + 8 * 4);
    (*units, *buildings, *patches) = (Table::new(), Table::new(), Table::new());
    let bytes = to_bytes(&play.battle).len();
    assert!(bytes < 4096, "{bytes}");
    assert!(!play.battle.plays(Slot(8)));
}
