//! The computer player: a pure function of what it sees.
//!
//! A bot thinks now and then, and gives a few orders then. It sees what they did only some ticks
//! later, so no order may do harm if it is given twice.

use phalanx_engine::{Fix, Fix32, Id, Rng, RngKey, Slot, Vec2};

use super::battle::{Battle, PLAYERS_MAX};
use super::building::{Building, Structure};
use super::order::{Order, Who};
use super::place::{Area, Place};
use super::unit::{Kind, Target, Task};

/// Where barracks are built.
const SITE: RngKey = RngKey::named("bot's site");
/// Whether and where the scout goes.
const SCOUT: RngKey = RngKey::named("bot's scout");
/// Who is the enemy.
const ENEMY: RngKey = RngKey::named("bot's enemy");
/// On which way soldiers go.
const FLANK: RngKey = RngKey::named("bot's flank");
/// From one thought to the next, ticks.
const THINK_TICKS: u16 = 10;
/// A bot has another enemy after so many ticks.
const CAMPAIGN_TICKS: u16 = 600;
/// Workers that a bot wants.
const WORKERS: usize = 8;
/// Barracks that a bot wants.
const BARRACKS: usize = 3;
/// A bot stays at home so long, ticks.
const OPENING_TICKS: u16 = 240;
/// A bot sends out no fewer soldiers.
const SQUAD_MIN: usize = 5;
/// So many idle soldiers are too many to be named: a bot sends all who are near one of them.
const ARMY: usize = 64;
/// From a base to barracks, units.
const BARRACKS_DISTANCE: Fix = Fix::int(6);
/// Closer than this to a base, soldiers are told to attack it, units.
const STORM_DISTANCE: Fix = Fix::int(12);

/// What the bot in `slot` orders at this tick.
pub(super) fn orders(battle: &Battle, slot: Slot) -> Vec<Order> {
    // Not all bots think in the same tick.
    let clock = battle.round.age.saturating_add(u16::from(slot.0) * 3);
    if !battle.plays(slot) || !clock.is_multiple_of(THINK_TICKS) {
        return Vec::new();
    }
    let orders = [
        gather(battle, slot),
        build(battle, slot),
        train(battle, slot, Structure::Base),
        train(battle, slot, Structure::Barracks),
        scout(battle, slot),
    ];
    let mut orders: Vec<_> = orders.into_iter().flatten().collect();
    orders.extend(fight(battle, slot));
    orders
}

/// What is left to chance: the same for a bot whenever it is asked, and another at every `time`.
fn chance(purpose: RngKey, battle: &Battle, slot: Slot, time: u16) -> Rng {
    let words = [battle.round.number, slot.0.into(), time];
    let key = words
        .into_iter()
        .fold(purpose, |key, word| key.with(word.into()));
    key.rng()
}

/// The player's first base.
fn home(battle: &Battle, slot: Slot) -> Option<Place> {
    let base = battle.bases_of(slot).next()?;
    Some(battle.buildings.position[base])
}

/// Workers who do nothing gather.
fn gather(battle: &Battle, slot: Slot) -> Option<Order> {
    let idle = |row: &u32| battle.units.task[*row] == Task::Idle;
    let workers = battle.units_of(slot, Kind::Worker).filter(idle);
    let workers: Vec<_> = workers.filter_map(|row| battle.units.id(row)).collect();
    let patch = battle.nearest_patch(home(battle, slot)?)?;
    let patch = battle.patches.id(patch)?;
    let who = Who::units(workers.iter().copied());
    (!workers.is_empty()).then_some(Order::Gather { who, patch })
}

/// A worker builds barracks, if there are too few, or goes on with those that nobody builds.
fn build(battle: &Battle, slot: Slot) -> Option<Order> {
    let (units, buildings) = (&battle.units, &battle.buildings);
    let builds = |row: &u32| matches!(units.task[*row], Task::Build(_));
    if battle.units_of(slot, Kind::Worker).any(|row| builds(&row)) {
        return None;
    }
    let structure = Structure::Barracks;
    let worker = units.id(battle.units_of(slot, Kind::Worker).next()?)?;
    let is_barracks = |row: &u32| buildings.structure[*row] == structure;
    let site = battle
        .buildings_of(slot)
        .filter(is_barracks)
        .find(|row| buildings.missing[*row] > 0);
    if let Some(site) = site {
        let at = buildings.position[site];
        return Some(Order::Build {
            worker,
            structure,
            at,
        });
    }
    let few = battle.buildings_of(slot).filter(is_barracks).count() < BARRACKS;
    let rich = battle.players.get(usize::from(slot.0))?.ore >= structure.cost();
    let way = chance(SITE, battle, slot, battle.round.age).on_circle(BARRACKS_DISTANCE);
    let at = Place::from(Vec2::from(home(battle, slot)?) + way);
    (few && rich).then_some(Order::Build {
        worker,
        structure,
        at,
    })
}

/// A building where nobody is trained trains somebody.
fn train(battle: &Battle, slot: Slot, structure: Structure) -> Option<Order> {
    let buildings = &battle.buildings;
    let enough = battle.units_of(slot, Kind::Worker).count() >= WORKERS;
    let rich = battle.players.get(usize::from(slot.0))?.ore >= structure.trains().cost();
    if !rich || (structure == Structure::Base && enough) {
        return None;
    }
    let is_free = |row: &u32| {
        let stands = buildings.structure[*row] == structure && buildings.missing[*row] == 0;
        stands && buildings.training[*row].is_empty()
    };
    let row = battle.buildings_of(slot).find(is_free)?;
    Some(Order::Train {
        building: buildings.id(row)?,
    })
}

/// Now and then, one soldier goes to see another part of the plain.
fn scout(battle: &Battle, slot: Slot) -> Option<Order> {
    let mut chance = chance(SCOUT, battle, slot, battle.round.age);
    let goes = chance.chance(3, 4);
    let scout = battle.units_of(slot, Kind::Soldier).last()?;
    let who = Who::units(battle.units.id(scout));
    let half = battle.round.half;
    let to = Place::new(chance.range(-half..half), chance.range(-half..half));
    let queued = false;
    goes.then_some(Order::Move { who, to, queued })
}

/// Soldiers who do nothing defend their base, or go to the enemy's and attack it.
fn fight(battle: &Battle, slot: Slot) -> Vec<Order> {
    let units = &battle.units;
    let idle = |row: &u32| units.task[*row] == Task::Idle;
    let idle: Vec<_> = battle.units_of(slot, Kind::Soldier).filter(idle).collect();
    let Some(first) = idle.first() else {
        return Vec::new();
    };
    if let Some(target) = intruder(battle, slot) {
        let who = squad(battle, &idle);
        return vec![Order::Attack { who, target }];
    }
    match enemy_base(battle, slot) {
        Some(base) if !waits(battle, slot, idle.len()) => {
            let who = squad(battle, &idle);
            invade(battle, slot, who, units.position[*first], base)
        }
        _ => Vec::new(),
    }
}

/// A few soldiers wait for more, as long as some may come.
fn waits(battle: &Battle, slot: Slot, soldiers: usize) -> bool {
    let opening = battle.round.age < OPENING_TICKS && soldiers <= ARMY;
    let hopes = battle.units_of(slot, Kind::Worker).next().is_some();
    opening || (hopes && soldiers < SQUAD_MIN)
}

/// Some of the soldiers; if they are an army, all who are near the first of them.
fn squad(battle: &Battle, soldiers: &[u32]) -> Who {
    let units = &battle.units;
    match soldiers {
        [first, ..] if soldiers.len() > ARMY => Who::In {
            kind: Kind::Soldier,
            area: Area::around(units.position[*first], battle.round.half / Fix32::int(8)),
        },
        _ => Who::units(soldiers.iter().filter_map(|row| units.id(*row))),
    }
}

/// From `here` to the enemy's base, on a way of their own; there, they attack it.
fn invade(battle: &Battle, slot: Slot, who: Who, here: Place, base: Id<Building>) -> Vec<Order> {
    let target = Target::Building(base);
    let Some((at, _)) = battle.enemy(slot, target) else {
        return Vec::new();
    };
    if here.is_within(at, STORM_DISTANCE) {
        return vec![Order::Attack { who, target }];
    }
    let way = [(flank(battle, slot, here, at), false), (at, true)];
    let order = |(to, queued)| Order::Move {
        who: who.clone(),
        to,
        queued,
    };
    way.map(order).to_vec()
}

/// An enemy's soldier who is at the player's base.
fn intruder(battle: &Battle, slot: Slot) -> Option<Target> {
    let (home, units) = (home(battle, slot)?, &battle.units);
    let is_enemy = |row: &u32| units.owner[*row] != slot && units.kind[*row] == Kind::Soldier;
    let mut enemies = units.rows().filter(is_enemy);
    let near = enemies.find(|row| units.position[*row].is_within(home, STORM_DISTANCE))?;
    units.id(near).map(Target::Unit)
}

/// The base that the player's campaign is against.
fn enemy_base(battle: &Battle, slot: Slot) -> Option<Id<Building>> {
    let enemies = Slot::all(PLAYERS_MAX).filter(|other| *other != slot && battle.plays(*other));
    let enemies: Vec<_> = enemies.collect();
    let campaign = battle.round.age / CAMPAIGN_TICKS;
    let enemy = *chance(ENEMY, battle, slot, campaign).choose(&enemies)?;
    battle.buildings.id(battle.bases_of(enemy).next()?)
}

/// A place half way, and up to a sixth of the way aside.
fn flank(battle: &Battle, slot: Slot, from: Place, to: Place) -> Place {
    let (from, to) = (Vec2::from(from), Vec2::from(to));
    let most = Fix::ratio(1, 6);
    let aside = chance(FLANK, battle, slot, battle.round.age).range(-most..most);
    let half_way = from.lerp(to, Fix::ratio(1, 2));
    Place::from(half_way + (to - from).perpendicular() * aside)
}
