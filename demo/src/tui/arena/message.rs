//! What is written over the fight, and who has won.

use phalanx_engine::Slot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::duel::{Action, Arena, FIGHTERS_MAX, Fighter, Phase, ROUND_TICKS};
use crate::tui::message::announce;

/// How long the number of a round is shown, ticks.
const ANNOUNCED_TICKS: u16 = 75;
/// How long the call to fight is shown after that, ticks.
const CALLED_TICKS: u16 = 30;

/// What is to be said about `arena`: large, and small below.
fn text(arena: &Arena) -> Option<(String, String)> {
    let round = &arena.round;
    let begun = ROUND_TICKS.saturating_sub(round.left);
    let say = |large: &str, small: &str| Some((large.to_owned(), small.to_owned()));
    match round.phase {
        Phase::Intermission if round.number == 0 => say("WAITING", "for players"),
        Phase::Intermission => {
            let knocked_out = |fighter: &Fighter| fighter.action == Action::Down;
            let over = if arena.fighters.iter().any(knocked_out) {
                "K.O."
            } else {
                "TIME"
            };
            say(over, &verdict(arena))
        }
        Phase::Fight if round.entrants < 2 => say("WAITING", "for an opponent"),
        Phase::Fight if begun < ANNOUNCED_TICKS => say(&format!("ROUND {}", round.number), ""),
        Phase::Fight if begun < ANNOUNCED_TICKS + CALLED_TICKS => say("FIGHT!", ""),
        Phase::Fight => None,
    }
}

/// Whether `fighter` has won the round that is over: alone to have the most health.
pub(super) fn is_winner(arena: &Arena, fighter: &Fighter) -> bool {
    let standing = || arena.fighters.iter().filter(|other| other.stands());
    let as_fit = standing().filter(|other| other.health >= fighter.health);
    arena.round.phase == Phase::Intermission
        && arena.round.entrants > 1
        && fighter.stands()
        && as_fit.count() == 1
}

fn verdict(arena: &Arena) -> String {
    let winner = Slot::all(FIGHTERS_MAX)
        .zip(&arena.fighters)
        .find(|(_, fighter)| is_winner(arena, fighter));
    winner.map_or_else(
        || "a draw".to_owned(),
        |(slot, _)| format!("slot {} wins", slot.0),
    )
}

/// Writes what is to be said near the top of `stage`, above the heads.
pub(super) fn render(arena: &Arena, stage: Rect, buf: &mut Buffer) {
    if let Some((large, small)) = text(arena) {
        announce(&large, &small, stage, buf);
    }
}
