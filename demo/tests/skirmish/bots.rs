//! What matches between bots look like.

use phalanx::skirmish::{Kind, Order, Place, Skirmish};
use phalanx_engine::{Command, NoInput, Simulation, Slot, SyncTest, mix, to_bytes};

use crate::play::{Play, setup};

/// Three minutes.
const TICKS: u32 = 3 * 60 * 20;

/// What happened in a match.
#[derive(Debug, Default)]
struct Counts {
    ticks: u32,
    /// Ticks at which anybody ordered something.
    ordered: u32,
    /// Most orders that bots gave at one tick.
    most: usize,
    rounds: u32,
    trained: u32,
    built: u32,
    died: u32,
}

impl Counts {
    fn play(&mut self, play: &mut Play, ticks: u32) {
        for _ in 0..ticks {
            let battle = &play.battle;
            let (units, buildings) = (battle.units.len(), battle.buildings.len());
            let war = play.is_war();
            let orders = play.step_bots();
            self.ticks += 1;
            self.ordered += u32::from(orders > 0);
            self.most = self.most.max(orders);
            self.rounds += u32::from(war && !play.is_war());
            if war && play.is_war() {
                let battle = &play.battle;
                self.trained += battle.units.len().saturating_sub(units);
                self.died += units.saturating_sub(battle.units.len());
                self.built += battle.buildings.len().saturating_sub(buildings);
            }
        }
    }
}

#[test]
fn two_bots_end_a_round_in_three_minutes() {
    for seed in 0..10 {
        let mut counts = Counts::default();
        let mut play = Play::new(64, mix(seed), 2);
        counts.play(&mut play, TICKS);
        println!("{counts:?}");
        assert!(counts.rounds >= 1, "{counts:?}");
        assert!(
            counts.trained > 5 && counts.built > 1 && counts.died > 20,
            "{counts:?}"
        );
        assert!(counts.ordered * 10 >= counts.ticks, "{counts:?}");
        assert!(counts.most <= 8, "{counts:?}");
    }
}

#[test]
fn orders_that_come_late_end_a_round_as_well() {
    for seed in 0..4 {
        let mut play = Play::new(64, mix(seed), 2);
        (0..TICKS).for_each(|_| play.step_late_bots(10));
        play.check();
        assert!(play.battle.round.number > 1);
    }
}

#[test]
fn any_number_of_bots_ends_a_round_by_the_rules() {
    for slots in 1..=8 {
        let mut counts = Counts::default();
        let mut play = Play::new(64, mix(slots.into()), slots);
        for _ in 0..TICKS / 50 {
            counts.play(&mut play, 50);
            play.check();
        }
        println!("{slots}: {counts:?}");
        assert!(counts.rounds >= 1, "{counts:?}");
        let seldom = if slots == 1 { 20 } else { 10 };
        assert!(counts.ordered * seldom >= counts.ticks, "{counts:?}");
    }
}

#[test]
fn bots_think_of_few_orders_at_a_time_and_of_short_ones() {
    let mut play = Play::new(500, 1, 4);
    for _ in 0..1000 {
        for slot in Slot::all(4) {
            let orders = play.rules.bot_commands(&play.battle, slot);
            assert!(orders.len() <= 8);
            let lengths = orders.iter().map(|order| to_bytes(order).len());
            assert!(lengths.max() <= Some(Order::MAX_BYTES as usize));
        }
        play.step_bots();
    }
}

#[test]
fn ten_thousand_units_are_all_on_their_way() {
    let mut play = Play::new(10_000, 1, 2);
    play.wait_bots(150);
    play.check();
    let units = &play.battle.units;
    let moving = units
        .velocity
        .iter()
        .filter(|velocity| **velocity != Place::ZERO);
    assert!(moving.count() > 9_900);
    let soldiers = play.battle.units_of(Slot(0), Kind::Soldier).count();
    assert_eq!(soldiers, 5_000);
}

#[test]
fn bots_play_alike_wherever_they_are_computed() {
    for slots in [1, 2, 8] {
        let bots = SyncTest::new(Skirmish::default(), setup(u64::from(slots), slots));
        let report = bots.run(2_000, |_, _, _| NoInput).unwrap();
        assert_eq!(report.ticks, 2_000);
        assert!(report.commands > 100, "{report:?}");
    }
}
