//! [`Game`]: what the program has to know of a game beyond its rules.

use core::time::Duration;

use phalanx_engine::{Simulation, TickRate};

use crate::cli::{GameName, RulesArgs};
use crate::duel::{Arena, Duel, FIGHTERS_MAX, Phase};
use crate::exit::Failure;

/// A game that the program can play.
pub(crate) trait Game: Simulation + Clone {
    /// Most players.
    const PLAYERS_MAX: u8;

    /// A match of this length has to end a round, or nothing much was played.
    const ROUND_WITHIN: Option<Duration>;

    /// How many rounds have ended; `None` if the game has no rounds.
    fn rounds(state: &Self::State) -> Option<u64>;

    /// The fight, to be drawn; `None` if there is no picture of the game.
    fn arena(state: &Self::State) -> Option<&Arena>;
}

impl Game for Duel {
    const PLAYERS_MAX: u8 = FIGHTERS_MAX;
    const ROUND_WITHIN: Option<Duration> = Some(Duration::from_secs(180));

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

impl GameName {
    /// Ticks per second, unless told otherwise.
    pub(crate) const fn rate(self) -> TickRate {
        match self {
            Self::Duel => TickRate::hz(60),
        }
    }

    /// Input delay in ticks, unless told otherwise.
    pub(crate) const fn delay(self) -> u32 {
        match self {
            Self::Duel => 1,
        }
    }

    /// Most players.
    pub(crate) const fn players_max(self) -> u8 {
        match self {
            Self::Duel => Duel::PLAYERS_MAX,
        }
    }
}

/// The rules that the flags name.
pub(crate) fn duel(args: &RulesArgs) -> Result<Duel, Failure> {
    match args.units {
        None => Ok(Duel),
        Some(_) => Err(Failure::usage("a duel has no units: leave --units away")),
    }
}

/// Does `$do` with `$rules`, the rules of the game that [`RulesArgs`] name.
macro_rules! with_rules {
    ($args:expr, $rules:ident => $do:expr) => {
        match $args.game {
            $crate::cli::GameName::Duel => {
                let $rules = $crate::game::duel(&$args)?;
                $do
            }
        }
    };
}
pub(crate) use with_rules;
