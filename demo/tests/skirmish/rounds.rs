//! How rounds begin and end; players who come and go.

use phalanx::skirmish::{INTERMISSION_TICKS, Kind, PLAYERS_MAX, ROUND_TICKS, Skirmish};
use phalanx_engine::{Entry, Simulation, Slot};

use crate::play::Play;

fn wins(play: &Play) -> Vec<u16> {
    let slots = usize::from(play.session.slots());
    play.battle
        .players
        .iter()
        .take(slots)
        .map(|player| player.wins)
        .collect()
}

#[test]
fn everybody_begins_alike() {
    for slots in 1..=PLAYERS_MAX {
        let play = Play::new(64, 1, slots);
        play.check();
        assert!(play.is_war());
        assert_eq!(
            (play.battle.round.number, play.battle.round.entrants),
            (1, slots)
        );
        for slot in Slot::all(slots) {
            let count = |kind| play.battle.units_of(slot, kind).count();
            assert_eq!(count(Kind::Soldier), usize::from(64 / slots));
            assert_eq!(count(Kind::Worker), 4);
            assert_eq!(play.battle.bases_of(slot).count(), 1);
        }
    }
}

#[test]
fn who_loses_the_last_base_is_out_and_the_last_one_wins() {
    let mut play = Play::new(64, 1, 3);
    let patches = play.battle.patches.len();
    for (slot, left) in [(1, 2), (0, 1)] {
        let base = play.base(slot);
        let row = play.battle.buildings.row(base).expect("a base");
        play.battle.buildings.health.set(row, 0);
        play.wait(1);
        play.check();
        assert_eq!(play.battle.units.len(), left * (64 / 3 + 4));
        assert_eq!(play.battle.buildings.len(), left);
    }
    assert!(!play.is_war());
    assert_eq!(wins(&play), [0, 0, 1]);
    play.wait(INTERMISSION_TICKS);
    assert!(!play.is_war());
    play.wait(1);
    assert!(play.is_war());
    assert_eq!(
        (play.battle.round.number, play.battle.round.entrants),
        (2, 3)
    );
    assert_eq!(play.battle.patches.len(), patches);
    assert_eq!(wins(&play), [0, 0, 1]);
    play.check();
}

#[test]
fn time_ends_the_round_for_the_one_with_the_most_units() {
    for (extra, expected) in [(false, [0, 0]), (true, [0, 1])] {
        let mut play = Play::bare();
        if extra {
            play.unit(1, Kind::Worker, crate::play::place(0, 0));
        }
        play.wait(ROUND_TICKS - play.battle.round.age - 1);
        assert!(play.is_war());
        play.wait(1);
        assert!(!play.is_war());
        assert_eq!(wins(&play), expected);
    }
}

#[test]
fn who_leaves_is_out_and_comes_back_with_the_next_round() {
    let mut play = Play::new(64, 1, 3);
    play.step_with(&[Entry::Leave(Slot(1))], &[]);
    play.check();
    assert!(play.is_war() && !play.battle.plays(Slot(1)));
    play.step_with(&[Entry::Join(Slot(1))], &[]);
    assert!(!play.battle.plays(Slot(1)));
    play.step_with(&[Entry::Leave(Slot(2))], &[]);
    assert!(!play.is_war());
    assert_eq!(wins(&play), [1, 0, 0]);
    play.wait(INTERMISSION_TICKS + 1);
    assert_eq!(play.battle.round.entrants, 2);
    assert!(play.battle.plays(Slot(1)));
}

#[test]
fn a_player_alone_practises_until_somebody_joins() {
    let mut play = Play::empty(64, 1, 2);
    play.step_with(&[Entry::Join(Slot(1))], &[]);
    play.wait_bots(500);
    assert!(play.is_war());
    play.step_with(&[Entry::Join(Slot(0))], &[]);
    assert!(!play.is_war());
    assert_eq!(wins(&play), [0, 0], "over nobody");
    play.wait(INTERMISSION_TICKS + 1);
    assert_eq!(play.battle.round.entrants, 2);
}

#[test]
fn an_empty_plain_and_slots_beyond_the_eighth_do_no_harm() {
    let mut empty = Play::empty(64, 1, 2);
    for _ in 0..2 * ROUND_TICKS {
        assert_eq!(empty.step_bots(), 0);
        empty.check();
    }
    let mut crowded = Play::new(64, 1, PLAYERS_MAX + 2);
    crowded.wait_bots(500);
    assert_eq!(crowded.battle.round.entrants, PLAYERS_MAX);
    crowded.check();
}

#[test]
fn any_number_of_soldiers_can_be_asked_for() {
    for units in [0, 1, 7, 20_000, u32::MAX] {
        let mut play = Play::new(units, 1, 2);
        play.wait_bots(20);
        play.check();
        assert!(play.is_war());
    }
}

#[test]
fn peers_with_other_numbers_of_soldiers_do_not_meet() {
    let content = |units| Skirmish { units }.content_hash();
    assert_ne!(content(64), content(65));
    assert_eq!(Skirmish::default().units, 64);
}
