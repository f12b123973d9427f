//! Each order, one by one; and what one may not do.

use phalanx::skirmish::{
    BEAT_TICKS, BUILDING_GAP, BUILDINGS_MAX, Kind, NAMED_MAX, Order, Place, Structure,
    TRAINING_MAX, Target, Task, Unit, WAYPOINTS_MAX, Who,
};
use phalanx_engine::{Command, Fix32, Id, Slot, to_bytes};

use crate::play::{Play, close, place, soldiers_within};

fn march(who: Who, to: Place) -> Order {
    let queued = false;
    Order::Move { who, to, queued }
}

fn then(who: Who, to: Place) -> Order {
    let queued = true;
    Order::Move { who, to, queued }
}

#[test]
fn a_unit_walks_to_its_place_and_stays_there() {
    let mut play = Play::bare();
    let id = play.unit(0, Kind::Soldier, place(-10, 0));
    play.order(0, march(Who::units([id]), place(10, 0)));
    assert_eq!(play.see(id).task, Task::Move);
    play.wait(BEAT_TICKS + 50);
    let x = play.place(id).x;
    assert!(
        (Fix32::int(-1)..Fix32::int(3)).contains(&x),
        "{x} is half way"
    );
    play.wait(70);
    assert_eq!(play.see(id).task, Task::Idle);
    assert!(close(play.place(id), place(10, 0), 1));
    let before = play.place(id);
    play.wait(50);
    assert_eq!(play.place(id), before, "it rests");
}

#[test]
fn queued_places_are_walked_to_one_after_the_other() {
    let mut play = Play::bare();
    let id = play.unit(0, Kind::Worker, Place::ZERO);
    let who = || Who::units([id]);
    let places = [place(5, 0), place(5, 5), place(0, 5)];
    for at in places {
        play.order(0, then(who(), at));
    }
    assert_eq!(play.see(id).waypoints, places);
    let mut reached = 0;
    for _ in 0..150 {
        play.wait(1);
        if places
            .get(reached)
            .is_some_and(|at| close(play.place(id), *at, 50))
        {
            reached += 1;
        }
    }
    assert_eq!((reached, play.see(id).task), (3, Task::Idle));
    // An order that is not queued replaces what was.
    play.order(0, then(who(), place(9, 9)));
    play.order(0, march(who(), place(-9, -9)));
    assert_eq!(play.see(id).waypoints, [place(-9, -9)]);
    for _ in 0..20 {
        play.order(0, then(who(), place(1, 2)));
    }
    assert_eq!(play.see(id).waypoints.len(), WAYPOINTS_MAX as usize);
}

#[test]
fn a_box_means_own_units_of_the_kind_inside_and_they_walk_in_formation() {
    let mut play = Play::bare();
    let inside: Vec<_> = (0..9)
        .map(|x| play.unit(0, Kind::Soldier, place(x - 4, 0)))
        .collect();
    let others = [
        play.unit(0, Kind::Worker, place(0, 1)),
        play.unit(0, Kind::Soldier, place(6, 0)),
    ];
    let foreign = play.unit(1, Kind::Soldier, place(0, -5));
    play.order(0, march(soldiers_within(5), place(-10, -10)));
    for id in inside.iter().copied() {
        assert_eq!(play.see(id).task, Task::Move);
    }
    for id in others.into_iter().chain([foreign]) {
        assert_eq!(play.see(id).task, Task::Idle);
    }
    play.battle.units.remove(foreign);
    play.wait(200);
    for (number, id) in inside.iter().copied().enumerate() {
        assert_eq!(play.see(id).task, Task::Idle);
        assert!(close(play.place(id), place(-10, -10), 250));
        for other in &inside[..number] {
            assert!(
                !close(play.place(id), play.place(*other), 60),
                "they have room"
            );
        }
    }
}

#[test]
fn an_attacker_goes_to_the_target_and_shoots_it_dead() {
    let mut play = Play::bare();
    let attacker = play.unit(0, Kind::Soldier, place(-10, 0));
    let victim = play.unit(1, Kind::Worker, place(10, 0));
    let who = Who::units([attacker]);
    let target = Target::Unit(victim);
    play.order(
        0,
        Order::Attack {
            who: who.clone(),
            target,
        },
    );
    play.order(0, then(who.clone(), place(0, 20)));
    while play.battle.units.get(victim).is_some() {
        assert_eq!(play.see(attacker).task, Task::Attack(target));
        play.wait(1);
        assert!(play.battle.round.age < 400);
    }
    assert!(!close(play.place(attacker), place(10, 0), 200), "from afar");
    play.wait(BEAT_TICKS);
    assert_eq!(
        play.see(attacker).task,
        Task::Move,
        "and then what was queued"
    );
    play.wait(200);
    assert!(close(play.place(attacker), place(0, 20), 50));
    // Nobody attacks the dead, or their own.
    let own = Target::Building(play.base(0));
    for target in [target, own] {
        play.order(
            0,
            Order::Attack {
                who: who.clone(),
                target,
            },
        );
        assert_eq!(play.see(attacker).task, Task::Idle);
    }
}

#[test]
fn a_building_can_be_attacked() {
    let mut play = Play::bare();
    let attacker = play.unit(0, Kind::Soldier, place(20, 38));
    let base = play.base(1);
    let full = Structure::Base.health();
    let target = Target::Building(base);
    let who = Who::units([attacker]);
    play.order(0, Order::Attack { who, target });
    play.wait(200);
    let left = play.battle.buildings.get(base).map(|base| base.health);
    assert!(left.is_some_and(|left| left > 0 && left < full), "{left:?}");
}

#[test]
fn workers_gather_until_the_ground_is_empty() {
    let mut play = Play::bare();
    let patch = play.patch(place(-30, -38), 25);
    let next = play.patch(place(-30, -30), 5);
    let worker = play.unit(0, Kind::Worker, place(-34, -38));
    let soldier = play.unit(0, Kind::Soldier, place(-34, -34));
    let who = Who::units([worker, soldier]);
    let start = play.ore(0);
    play.order(0, Order::Gather { who, patch });
    assert_eq!(play.see(soldier).task, Task::Idle, "a soldier does not dig");
    let mut ores = vec![start];
    for _ in 0..900 {
        play.wait(1);
        play.check();
        if ores.last() != Some(&play.ore(0)) {
            ores.push(play.ore(0));
        }
    }
    assert_eq!(
        ores,
        [start, start + 10, start + 20, start + 25, start + 30]
    );
    assert_eq!(play.see(worker).task, Task::Idle);
    assert!(play.battle.patches.is_empty());
    let who = Who::units([worker]);
    play.order(0, Order::Gather { who, patch: next });
    assert_eq!(play.see(worker).task, Task::Idle, "nothing is left");
}

fn barracks(worker: Id<Unit>, at: Place) -> Order {
    let structure = Structure::Barracks;
    Order::Build {
        worker,
        structure,
        at,
    }
}

#[test]
fn a_worker_builds_and_another_goes_on() {
    let mut play = Play::bare();
    let (first, second) = (
        play.unit(0, Kind::Worker, Place::ZERO),
        play.unit(0, Kind::Worker, place(0, 3)),
    );
    let cost = Structure::Barracks.cost();
    let (start, at) = (play.ore(0), place(5, 0));
    play.order(0, barracks(first, at));
    assert_eq!(play.ore(0), start - cost);
    play.wait(100);
    play.battle.units.remove(first);
    play.wait(50);
    let site = play.battle.buildings_of(Slot(0)).last().expect("a site");
    let missing = play.battle.buildings.missing[site];
    assert!((1..Structure::Barracks.building_ticks()).contains(&missing));
    play.wait(50);
    assert_eq!(play.battle.buildings.missing[site], missing, "nobody works");
    play.order(0, barracks(second, at));
    assert_eq!(play.ore(0), start - cost, "it is paid for");
    play.wait(400);
    assert_eq!(play.battle.buildings.missing[site], 0);
    assert_eq!(
        play.battle.buildings.health[site],
        Structure::Barracks.health()
    );
    assert_eq!(play.see(second).task, Task::Idle);
}

#[test]
fn nobody_builds_where_there_is_no_room_or_without_ore() {
    let mut play = Play::bare();
    let worker = play.unit(0, Kind::Worker, Place::ZERO);
    let soldier = play.unit(0, Kind::Soldier, place(0, 2));
    let foreign = play.unit(1, Kind::Worker, place(9, 9));
    play.patch(place(10, 0), 10);
    let beside = Place::new(Fix32::int(10), BUILDING_GAP.saturating_to_fix32());
    let before = play.ore(0);
    let refused = [
        (worker, place(-38, -37)),
        (worker, beside),
        (worker, place(200, 0)),
        (worker, Place::new(Fix32::MAX, Fix32::MIN)),
        (soldier, place(5, 5)),
        (foreign, place(5, 5)),
    ];
    for (id, at) in refused {
        play.order(0, barracks(id, at));
        assert_eq!((play.ore(0), play.battle.buildings.len()), (before, 2));
    }
    play.battle.players[0].ore = Structure::Barracks.cost() - 1;
    play.order(0, barracks(worker, place(5, 5)));
    assert_eq!(play.battle.buildings.len(), 2);
    play.battle.players[0].ore += 1;
    play.order(0, barracks(worker, place(5, 5)));
    assert_eq!((play.ore(0), play.battle.buildings.len()), (0, 3));
    // A player has so many buildings, and no more.
    play.battle.players[0].ore = 100_000;
    for x in -5..15 {
        play.order(0, barracks(worker, place(x * 5 - 20, 20)));
    }
    let own = play.battle.buildings_of(Slot(0)).count();
    assert_eq!(own, BUILDINGS_MAX as usize);
}

#[test]
fn a_base_trains_workers_one_after_the_other() {
    let mut play = Play::bare();
    let building = play.base(0);
    let train = Order::Train { building };
    let start = play.ore(0);
    for _ in 0..TRAINING_MAX + 3 {
        play.order(0, train.clone());
    }
    let cost = Kind::Worker.cost();
    assert_eq!(
        play.ore(0),
        start - TRAINING_MAX * cost,
        "no more wait than may"
    );
    play.order(1, train);
    assert_eq!(play.ore(1), 1000, "a foreign base");
    let workers = |play: &Play| play.battle.units_of(Slot(0), Kind::Worker).count();
    for count in 0..TRAINING_MAX as usize {
        assert_eq!(workers(&play), count);
        play.wait(Kind::Worker.training_ticks());
    }
    assert_eq!(workers(&play), TRAINING_MAX as usize);
    play.check();
}

#[test]
fn a_player_has_so_many_units_and_no_more() {
    let mut play = Play::bare();
    let building = play.base(0);
    for number in 1..play.battle.units_max() {
        let x = i16::try_from(number % 30).unwrap_or_default();
        play.unit(0, Kind::Worker, place(x, 0));
    }
    let start = play.ore(0);
    play.order(0, Order::Train { building });
    play.order(0, Order::Train { building });
    assert_eq!(play.ore(0), start - Kind::Worker.cost());
}

#[test]
fn stop_ends_everything() {
    let mut play = Play::bare();
    let id = play.unit(0, Kind::Soldier, Place::ZERO);
    let who = Who::units([id]);
    play.order(0, march(who.clone(), place(20, 0)));
    play.order(0, then(who.clone(), place(20, 20)));
    play.wait(30);
    play.order(0, Order::Stop { who });
    play.wait(BEAT_TICKS);
    let Unit {
        position,
        task,
        waypoints,
        ..
    } = play.see(id);
    assert_eq!((task, waypoints.len()), (Task::Idle, 0));
    play.wait(20);
    assert_eq!(play.place(id), position);
}

#[test]
fn the_dead_and_strangers_do_not_obey() {
    let mut play = Play::bare();
    let own = play.unit(0, Kind::Soldier, Place::ZERO);
    let foreign = play.unit(1, Kind::Soldier, place(20, 0));
    let dead = play.unit(0, Kind::Soldier, place(0, 20));
    play.battle.units.remove(dead);
    // Its place is taken by another one: the id does not mean that one.
    let heir = play.unit(0, Kind::Soldier, place(0, 20));
    let who = Who::units([dead, foreign, Id::default(), own]);
    play.order(0, march(who.clone(), place(-20, 0)));
    let tasks = [own, foreign, heir].map(|id| play.see(id).task);
    assert_eq!(tasks, [Task::Move, Task::Idle, Task::Idle]);
    // Nor those who are named after so many others, or whoever a slot beyond the players names.
    let many = (0..NAMED_MAX).map(|_| dead).chain([heir]).collect();
    play.order(0, march(Who::Units(many), place(-20, 0)));
    play.order(200, march(Who::units([heir]), place(-20, 0)));
    assert_eq!(play.see(heir).task, Task::Idle);
}

/// The widest order; a test of its own, for who makes an order wider has to look at the limit.
#[test]
fn the_longest_order_is_short() {
    let who = Who::units((0..100).map(|_| Id::default()));
    let target = Target::Building(Id::default());
    let orders = [
        then(who.clone(), Place::ZERO),
        Order::Attack {
            who: who.clone(),
            target,
        },
        Order::Gather {
            who: who.clone(),
            patch: Id::default(),
        },
        barracks(Id::default(), Place::ZERO),
        Order::Train {
            building: Id::default(),
        },
        Order::Stop { who },
    ];
    let longest = orders.iter().map(|order| to_bytes(order).len()).max();
    assert_eq!(longest, Some(143));
    assert!(longest <= Some(Order::MAX_BYTES as usize));
}
