//! One tick of the game.

use phalanx_engine::{Effects, InputFrame};

use super::battle::{Battle, INTERMISSION_TICKS, Phase, ROUND_TICKS};
use super::cue::Cue;
use super::place::Place;
use super::unit::Task;
use super::{Skirmish, combat, economy, movement, obey, round};

/// Executes one tick.
pub(super) fn step(
    rules: &Skirmish,
    battle: &mut Battle,
    frame: &InputFrame<'_, Skirmish>,
    cues: &mut Effects<Cue>,
) {
    if battle.round.phase == Phase::Intermission {
        if battle.round.age < INTERMISSION_TICKS {
            battle.round.age += 1;
            return;
        }
        round::begin(rules, battle, frame.session());
    }
    for given in frame.commands() {
        obey::obey(battle, given.slot, &given.command);
    }
    battle.index();
    for row in movement::on_beat(battle.units.places(), battle.round.age) {
        if battle.units.id(row).is_some() {
            let goal = act(battle, row, cues);
            combat::shoot(battle, row, cues);
            movement::steer(battle, row, goal);
        }
    }
    movement::advance(battle);
    economy::graduate(battle);
    combat::bury(battle);
    battle.round.age = battle.round.age.min(ROUND_TICKS - 1) + 1;
    round::judge(battle, frame.session());
}

/// What a unit does at its beat, and where it goes.
fn act(battle: &mut Battle, row: u32, cues: &mut Effects<Cue>) -> Option<Place> {
    match battle.units.task[row] {
        Task::Idle => None,
        Task::Move => movement::walk(battle, row),
        Task::Attack(target) => combat::pursue(battle, row, target),
        Task::Gather(patch) => economy::gather(battle, row, patch),
        Task::Dig { patch, until } => {
            economy::dig(battle, row, patch, until);
            None
        }
        Task::Carry { patch, load } => economy::carry(battle, row, patch, load),
        Task::Build(site) => economy::build(battle, row, site, cues),
    }
}
