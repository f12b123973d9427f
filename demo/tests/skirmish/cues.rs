//! What is heard and seen is what happens.

use std::collections::BTreeSet;

use phalanx::skirmish::{Battle, Cue, Target};

use crate::play::Play;

fn alive(battle: &Battle) -> BTreeSet<(bool, u64)> {
    let units = battle.units.ids().map(|id| (true, id.to_bits()));
    let buildings = battle.buildings.ids().map(|id| (false, id.to_bits()));
    units.chain(buildings).collect()
}

#[test]
fn every_death_and_every_building_is_told_once() {
    let mut play = Play::new(64, 5, 2);
    let (mut deaths, mut shots, mut built) = (0, 0, 0);
    for tick in 0..6_000_u32 {
        let (before, round) = (alive(&play.battle), play.battle.round.number);
        let sites = |battle: &Battle| {
            let rows = battle.buildings.rows();
            rows.filter(|row| battle.buildings.missing[*row] > 0)
                .count()
        };
        let sites_before = sites(&play.battle);
        play.step_bots();
        if play.battle.round.number != round {
            continue;
        }
        let after = alive(&play.battle);
        let mut dead = Vec::new();
        let mut finished = 0;
        for cue in &play.cues {
            match *cue {
                Cue::Death {
                    who: Target::Unit(id),
                    ..
                } => dead.push((true, id.to_bits())),
                Cue::Death {
                    who: Target::Building(id),
                    ..
                } => dead.push((false, id.to_bits())),
                Cue::Shot { .. } => shots += 1,
                Cue::Built { .. } => finished += 1,
            }
        }
        dead.sort();
        let gone: Vec<_> = before.difference(&after).copied().collect();
        // Whoever has no base left is out, with all that is left.
        if dead.iter().all(|(is_unit, _)| *is_unit) {
            assert_eq!(dead, gone, "tick {tick}");
        }
        assert!(dead.iter().all(|who| gone.contains(who)), "tick {tick}");
        assert!(dead.is_sorted_by(|a, b| a < b), "tick {tick}: one twice");
        assert!(finished <= sites_before, "tick {tick}");
        deaths += dead.len();
        built += finished;
    }
    assert!(
        deaths > 50 && shots > 5 * deaths && built > 0,
        "{deaths} {shots} {built}"
    );
}
