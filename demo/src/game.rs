//! [`Game`]: what the program has to know of a game beyond its rules.

use core::time::Duration;

use clap::ValueEnum;
use phalanx_engine::{GameIdentity, Simulation, TickRate};

use crate::cli::{GameName, RulesArgs};
use crate::duel::{self, Arena, Duel, FIGHTERS_MAX, Phase};
use crate::exit::Failure;
use crate::person::Controls;
use crate::skirmish::{self, Battle, SOLDIERS_MAX, Skirmish};
use crate::tui::{ArenaView, BattleView, Commander, Keyboard, Picture};

/// A game that the program can play.
pub(crate) trait Game: Simulation + Copy {
    /// Most players.
    const PLAYERS_MAX: u8;

    /// A match of this length has to end a round, or nothing much was played.
    const ROUND_WITHIN: Option<Duration>;

    /// How many rounds have ended; `None` if the game has no rounds.
    fn rounds(state: &Self::State) -> Option<u64>;

    /// What a person plays it with.
    type Controls: Controls<Self>;

    /// The game as somebody sees it who watches, and what flashes at the moment.
    fn picture<'a>(state: &'a Self::State, cues: &'a [Self::Effect]) -> Picture<'a>;
}

impl Game for Duel {
    const PLAYERS_MAX: u8 = FIGHTERS_MAX;
    const ROUND_WITHIN: Option<Duration> = Some(Duration::from_secs(180));
    type Controls = Keyboard;

    fn rounds(state: &Arena) -> Option<u64> {
        let begun = u64::from(state.round.number);
        Some(match state.round.phase {
            Phase::Fight => begun.saturating_sub(1),
            Phase::Intermission => begun,
        })
    }

    fn picture<'a>(arena: &'a Arena, cues: &'a [duel::Cue]) -> Picture<'a> {
        ArenaView::new(arena).cues(cues).into()
    }
}

impl Game for Skirmish {
    const PLAYERS_MAX: u8 = skirmish::PLAYERS_MAX;
    // Ten thousand soldiers take their time.
    const ROUND_WITHIN: Option<Duration> = None;
    type Controls = Commander;

    fn rounds(battle: &Battle) -> Option<u64> {
        let begun = u64::from(battle.round.number);
        Some(match battle.round.phase {
            skirmish::Phase::War => begun.saturating_sub(1),
            skirmish::Phase::Intermission => begun,
        })
    }

    fn picture<'a>(battle: &'a Battle, cues: &'a [skirmish::Cue]) -> Picture<'a> {
        BattleView::new(battle).cues(cues).into()
    }
}

impl GameName {
    /// Ticks per second, unless told otherwise.
    pub(crate) const fn rate(self) -> TickRate {
        match self {
            Self::Duel => TickRate::hz(60),
            Self::Skirmish => TickRate::hz(20),
        }
    }

    /// Input delay in ticks, unless told otherwise.
    pub(crate) const fn delay(self) -> u32 {
        match self {
            Self::Duel => 1,
            Self::Skirmish => 0,
        }
    }

    /// Most players.
    pub(crate) const fn players_max(self) -> u8 {
        match self {
            Self::Duel => Duel::PLAYERS_MAX,
            Self::Skirmish => Skirmish::PLAYERS_MAX,
        }
    }
}

impl RulesArgs {
    /// The flags that name the rules of a game that was played, if it is one of ours.
    pub(crate) fn of(played: &GameIdentity) -> Option<Self> {
        let mut names = GameName::value_variants().iter().copied();
        let game = names.find(|name| name.to_string() == played.id)?;
        let units = match game {
            GameName::Duel => None,
            GameName::Skirmish => Some(Skirmish::of_content(&played.content).units),
        };
        Some(Self { game, units })
    }
}

/// The rules that the flags name.
pub(crate) fn duel(args: &RulesArgs) -> Result<Duel, Failure> {
    match args.units {
        None => Ok(Duel),
        Some(_) => Err(Failure::usage(
            "a duel has no units: leave --units away, or use --game skirmish",
        )),
    }
}

/// The same.
pub(crate) fn skirmish(args: &RulesArgs) -> Result<Skirmish, Failure> {
    let units = args.units.unwrap_or(Skirmish::default().units);
    if units <= SOLDIERS_MAX {
        return Ok(Skirmish { units });
    }
    Err(Failure::usage(format!(
        "a round of skirmish begins with at most {SOLDIERS_MAX} soldiers: use --units {SOLDIERS_MAX}"
    )))
}

/// Does `$do` with `$rules`, the rules of the game that [`RulesArgs`] name.
macro_rules! with_rules {
    ($args:expr, $rules:ident => $do:expr) => {
        match $args.game {
            $crate::cli::GameName::Duel => {
                let $rules = $crate::game::duel(&$args)?;
                $do
            }
            $crate::cli::GameName::Skirmish => {
                let $rules = $crate::game::skirmish(&$args)?;
                $do
            }
        }
    };
}
pub(crate) use with_rules;
