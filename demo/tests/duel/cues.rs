//! What is heard and seen is what happens.

use phalanx::duel::{Action, Cue, Duel, FIGHTERS_MAX, Phase};
use phalanx_engine::{Slot, SyncTest};

use crate::play::{BLOCK, JAB, NONE, Play, THROW, setup};

/// The cues of the next `ticks` ticks in which the slots hold `pads`.
fn heard(play: &mut Play, ticks: u32, pads: &[phalanx::duel::Pad]) -> Vec<Cue> {
    let mut heard = Vec::new();
    for _ in 0..ticks {
        play.step(pads);
        heard.append(&mut play.cues);
    }
    heard
}

#[test]
fn every_blow_is_told_and_nothing_else() {
    for seed in 0..4 {
        let mut play = Play::new(seed, 2);
        let (mut hits, mut blocks, mut outs, mut over) = (0, 0, 0, 0);
        for _ in 0..20_000 {
            let before = play.arena.clone();
            play.step_bots();
            let after = &play.arena;
            for (slot, (was, is)) in
                (0..FIGHTERS_MAX).zip(before.fighters.iter().zip(&after.fighters))
            {
                let mine = || {
                    play.cues
                        .iter()
                        .filter(|cue| cue.slot() == Some(Slot(slot)))
                };
                let entered = after.round.number != before.round.number;
                let lost = if entered { 0 } else { was.health - is.health };
                let told: Vec<_> = mine()
                    .filter(|cue| matches!(cue, Cue::Hit { .. } | Cue::Block(_)))
                    .collect();
                match told.as_slice() {
                    [] => assert_eq!(lost, 0),
                    [Cue::Hit { damage, .. }] => {
                        hits += 1;
                        assert_eq!(lost, *damage);
                    }
                    [Cue::Block(_)] => {
                        blocks += 1;
                        assert_eq!(is.action, Action::BlockStun);
                    }
                    more => panic!("{more:?} in one tick"),
                }
                let out = mine().any(|cue| matches!(cue, Cue::KnockOut(_)));
                let falls = is.action == Action::Down && was.action != Action::Down;
                assert_eq!(out, falls);
                outs += u32::from(out);
            }
            let ends =
                before.round.phase == Phase::Fight && after.round.phase == Phase::Intermission;
            assert_eq!(play.cues.contains(&Cue::RoundOver), ends);
            over += u32::from(ends);
        }
        assert!(
            hits > 100 && blocks > 3 && outs > 3 && over >= outs / 2,
            "seed {seed}: {hits} {blocks} {outs} {over}"
        );
    }
}

#[test]
fn a_jab_at_nobody_and_a_throw_are_told_once() {
    let mut play = Play::new(1, 2);
    play.step(&[JAB, NONE]);
    assert_eq!(heard(&mut play, 40, &[]), [Cue::Whiff(Slot(0))]);
    play.step(&[THROW, BLOCK]);
    let told = heard(&mut play, 120, &[NONE, BLOCK]);
    assert_eq!(told, [Cue::Throw(Slot(0)), Cue::Block(Slot(1))]);
}

#[test]
fn they_depend_on_the_state_alone() {
    let pads = |_, slot, arena: &_| phalanx_engine::Simulation::bot(&Duel, arena, slot);
    SyncTest::new(Duel, setup(3, 2)).run(1_200, pads).unwrap();
}
