//! Random orders and damaged states: the step is total.

use phalanx::skirmish::{Area, Building, Kind, Order, Patch, Place, Structure, Target, Unit, Who};
use phalanx_engine::{
    Entry, Fix32, Id, Rng, Row, Slot, Table, flip_leaf, from_bytes, mix, to_bytes,
};

use crate::play::Play;

/// An id that lived, lives, or never did.
fn any_id<R: Row>(table: &Table<R>, rng: &mut Rng) -> Id<R> {
    let row = rng.below(table.places().saturating_add(3));
    let known = table.id(row).filter(|_| !rng.chance(1, 20));
    let generation = rng.below(4);
    known
        .unwrap_or_else(|| from_bytes(&to_bytes(&(row, generation))).expect("an id is two numbers"))
}

/// A place on the plain, or anywhere.
fn any_place(rng: &mut Rng) -> Place {
    let mut along = || {
        let bits = rng.next_u32().cast_signed();
        Fix32::from_bits(if rng.chance(1, 10) { bits } else { bits >> 9 })
    };
    Place::new(along(), along())
}

fn any_who(play: &Play, rng: &mut Rng) -> Who {
    let units = &play.battle.units;
    if rng.chance(1, 3) {
        let kind = if rng.chance(1, 3) {
            Kind::Worker
        } else {
            Kind::Soldier
        };
        let (from, to) = (any_place(rng), any_place(rng));
        let area = Area { from, to };
        return Who::In { kind, area };
    }
    let count = rng.below(24);
    Who::Units((0..count).map(|_| any_id(units, rng)).collect())
}

/// An order of the player of `slot`, who sometimes means well.
fn any_order(play: &Play, slot: Slot, rng: &mut Rng) -> Order {
    let battle = &play.battle;
    let (units, buildings, patches): (&Table<Unit>, &Table<Building>, &Table<Patch>) =
        (&battle.units, &battle.buildings, &battle.patches);
    let who = any_who(play, rng);
    match rng.below(12) {
        0..4 => Order::Move {
            who,
            to: any_place(rng),
            queued: rng.chance(1, 2),
        },
        4 => Order::Attack {
            who,
            target: Target::Unit(any_id(units, rng)),
        },
        5 => Order::Attack {
            who,
            target: Target::Building(any_id(buildings, rng)),
        },
        6..8 => Order::Gather {
            who,
            patch: any_id(patches, rng),
        },
        8..10 => {
            let structure = if rng.chance(1, 3) {
                Structure::Base
            } else {
                Structure::Barracks
            };
            let own = battle.units_of(slot, Kind::Worker).next();
            let own = own
                .and_then(|row| units.id(row))
                .filter(|_| rng.chance(1, 2));
            let worker = own.unwrap_or_else(|| any_id(units, rng));
            Order::Build {
                worker,
                structure,
                at: any_place(rng),
            }
        }
        10 => Order::Train {
            building: any_id(buildings, rng),
        },
        _ => Order::Stop { who },
    }
}

/// So many orders of anybody.
fn any_orders(play: &Play, rng: &mut Rng, count: u32) -> Vec<(Slot, Order)> {
    let orders = (0..count).map(|_| {
        let slot = Slot(rng.below(10).to_le_bytes()[0]);
        (slot, any_order(play, slot, rng))
    });
    let mut orders: Vec<_> = orders.collect();
    orders.sort_by_key(|(slot, _)| *slot);
    orders
}

fn any_entry(rng: &mut Rng) -> Option<Entry> {
    let slot = Slot(rng.below(8).to_le_bytes()[0]);
    match rng.below(400) {
        0..3 => Some(Entry::Join(slot)),
        3 => Some(Entry::Leave(slot)),
        _ => None,
    }
}

#[test]
fn random_orders_break_no_rule() {
    let mut done = (0, 0, 0);
    for seed in 0..24 {
        let mut rng = Rng::new(mix(seed));
        let slots = [1, 2, 3, 8][usize::try_from(seed % 4).expect("small")];
        let mut play = Play::new(64, seed, slots);
        for player in &mut play.battle.players {
            player.ore = 5_000;
        }
        for _ in 0..600 {
            let entry = any_entry(&mut rng);
            let count = rng.below(4);
            let orders = any_orders(&play, &mut rng, count);
            play.step_with(entry.as_slice(), &orders);
            play.check();
        }
        let units = &play.battle.units;
        done.0 += u32::from(units.places() > units.len());
        done.1 += u32::from(play.battle.buildings.places() > u32::from(slots));
        done.2 += units
            .rows()
            .map(|row| u32::from(units.waypoints[row].len() > 1))
            .sum::<u32>();
    }
    println!("{done:?}");
    assert!(
        done.0 > 12 && done.1 > 12 && done.2 > 100,
        "{done:?} is hardly an order"
    );
}

#[test]
fn bytes_that_decode_can_be_ordered() {
    let (mut orders, mut rng) = (0, Rng::new(7));
    let mut play = Play::new(64, 7, 2);
    for _ in 0..4_000 {
        let mut bytes = to_bytes(&any_order(&play, Slot(0), &mut rng));
        for byte in &mut bytes {
            if rng.chance(1, 16) {
                *byte = rng.next_u32().to_le_bytes()[0];
            }
        }
        if let Ok(order) = from_bytes::<Order>(&bytes) {
            play.order(rng.next_u32().to_le_bytes()[0] & 3, order);
            play.check();
            orders += 1;
        }
    }
    assert!(orders > 500, "{orders}");
}

#[test]
fn no_damage_stops_the_match() {
    for seed in 0..30 {
        let mut rng = Rng::new(seed);
        let mut play = Play::new(40, seed, 4);
        let mut fields = std::collections::BTreeSet::new();
        for _ in 0..800 {
            for _ in 0..3 {
                fields.extend(flip_leaf(&mut play.battle, rng.next_u64()));
            }
            let count = rng.below(3);
            let orders = any_orders(&play, &mut rng, count);
            play.step_with(any_entry(&mut rng).as_slice(), &orders);
            play.step_bots();
        }
        assert!(fields.len() >= 3, "{fields:?}");
    }
}

#[test]
fn bytes_that_decode_can_be_played() {
    let bytes = to_bytes(&Play::new(30, 1, 4).battle);
    let mut played = 0;
    for seed in 0..200 {
        let mut hostile = bytes.clone();
        let mut rng = Rng::new(mix(seed));
        for byte in &mut hostile {
            if rng.chance(1, 400) {
                *byte ^= rng.next_u32().to_le_bytes()[0] & 0x81;
            }
        }
        if let Ok(battle) = from_bytes(&hostile) {
            let mut play = Play::new(30, seed, 4);
            play.battle = battle;
            play.wait_bots(200);
            played += 1;
        }
    }
    assert!(played > 20, "{played}");
}
