//! Slots that come and go.

use phalanx::duel::{Action, FIGHTERS_MAX, HEALTH_MAX, INTERMISSION_TICKS};
use phalanx_engine::{Entry, Slot};

use crate::play::{LEFT, NONE, Play, RIGHT};

#[test]
fn who_is_there_at_tick_0_fights_at_once() {
    let mut play = Play::empty(1, 4);
    play.step_with(&[Entry::Join(Slot(0)), Entry::Join(Slot(2))], |_, _| NONE);
    assert!(play.fights());
    assert_eq!((play.arena.round.number, play.arena.round.entrants), (1, 2));
    let here: Vec<_> = (0..4)
        .map(|slot| play.action(slot) != Action::Absent)
        .collect();
    assert_eq!(here, [true, false, true, false]);
}

#[test]
fn who_leaves_drops_out_and_the_last_one_wins() {
    let mut play = Play::new(1, 3);
    play.step_with(&[Entry::Leave(Slot(0))], |_, _| NONE);
    assert_eq!(play.action(0), Action::Absent);
    assert!(play.fights());
    play.step_with(&[Entry::Leave(Slot(2))], |_, _| NONE);
    assert!(!play.fights());
    assert_eq!(play.fighter(1).wins, 1);
}

#[test]
fn who_joins_late_enters_with_the_next_round() {
    let mut play = Play::new(1, 3);
    play.step_with(&[Entry::Leave(Slot(2))], |_, _| NONE);
    play.step_with(&[Entry::Join(Slot(2))], |_, _| NONE);
    play.hold(100, &[NONE, NONE, RIGHT]);
    assert_eq!(play.action(2), Action::Absent);
    play.arena.fighters[0].health = 0;
    play.arena.fighters[0].action = Action::Down;
    play.step(&[]);
    assert!(!play.fights());
    play.hold(u32::from(INTERMISSION_TICKS) + 1, &[]);
    assert_eq!(play.arena.round.entrants, 3);
    assert_eq!(
        (play.action(2), play.fighter(2).health),
        (Action::Free, HEALTH_MAX)
    );
}

#[test]
fn a_fighter_alone_practises_until_somebody_joins() {
    let mut play = Play::empty(1, 2);
    play.step_with(&[Entry::Join(Slot(1))], |_, _| NONE);
    let x = play.fighter(1).pos.x;
    play.hold(50, &[NONE, LEFT]);
    assert!(play.fights() && play.fighter(1).pos.x < x);
    play.step_with(&[Entry::Join(Slot(0))], |_, _| NONE);
    assert!(!play.fights());
    assert_eq!(play.fighter(1).wins, 0, "over nobody");
    play.hold(u32::from(INTERMISSION_TICKS) + 1, &[]);
    assert!(play.fights());
    assert_eq!(play.arena.round.entrants, 2);
}

#[test]
fn an_empty_arena_and_slots_beyond_the_eighth_do_no_harm() {
    let mut empty = Play::empty(1, 2);
    (0..20_000).for_each(|_| empty.step_bots());
    let mut crowded = Play::new(1, FIGHTERS_MAX + 2);
    (0..2_000).for_each(|_| crowded.step_bots());
    assert_eq!(crowded.arena.round.entrants, FIGHTERS_MAX);
}
