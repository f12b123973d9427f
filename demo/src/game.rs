//! [`Game`]: what the program has to know of a game beyond its rules.

use phalanx_engine::Simulation;

use crate::duel::{Arena, Duel, FIGHTERS_MAX, Phase};

/// A game that the program can play.
pub(crate) trait Game: Simulation + Default {
    /// Most players.
    const PLAYERS_MAX: u8;

    /// How many rounds have ended; `None` if the game has no rounds.
    fn rounds(state: &Self::State) -> Option<u64>;

    /// The fight, to be drawn; `None` if there is no picture of the game.
    fn arena(state: &Self::State) -> Option<&Arena>;
}

impl Game for Duel {
    const PLAYERS_MAX: u8 = FIGHTERS_MAX;

    fn rounds(state: &Arena) -> Option<u64> {
        let begun = u64::from(state.round.number);
        Some(match state.round.phase {
            Phase::Fight => begun.saturating_sub(1),
            Phase::Intermission => begun,
        })
    }

    fn arena(state: &Arena) -> Option<&Arena> {
        Some(state)
    }
}
