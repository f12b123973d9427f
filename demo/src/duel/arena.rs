//! [`Arena`], the state of the game.

use phalanx_engine::{Fix, Rng, Slot, State};

use super::fighter::{FIGHTERS_MAX, Fighter};
use super::projectile::{PER_FIGHTER, Projectile};

/// From the middle of the arena to either wall, units.
pub const HALF_WIDTH: Fix = Fix::int(9);
/// Longest round, ticks: 99 s.
pub const ROUND_TICKS: u16 = 99 * 60;
/// From the end of a round to the next one, ticks: 3 s.
pub const INTERMISSION_TICKS: u16 = 3 * 60;

/// Everything that changes in a match.
#[derive(State, Clone, Debug, PartialEq, Eq)]
pub struct Arena {
    /// Varies the damage of a hit; nothing else is left to chance.
    pub rng: Rng,
    /// The round.
    pub round: Round,
    /// The fighter of each slot.
    pub fighters: [Fighter; FIGHTERS_MAX as _],
    /// The projectiles of each slot.
    pub projectiles: [[Projectile; PER_FIGHTER as _]; FIGHTERS_MAX as _],
}

/// Where the match stands.
#[derive(State, Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// How many rounds have begun; saturates.
    pub number: u16,
    /// What is going on.
    pub phase: Phase,
    /// Ticks until it ends.
    pub left: u16,
    /// How many fighters this round began with.
    pub entrants: u8,
}

/// What is going on in a [`Round`].
#[derive(State, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The round is over, the next one has not begun: pads are ignored and nothing hits.
    Intermission,
    /// Fighters fight.
    Fight,
}

impl Arena {
    /// The state before tick 0, where an intermission ends.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rng: Rng::new(seed),
            round: Round {
                number: 0,
                phase: Phase::Intermission,
                left: 0,
                entrants: 0,
            },
            fighters: Default::default(),
            projectiles: Default::default(),
        }
    }

    /// The fighter of `slot`, if the slot may have one.
    #[must_use]
    pub fn fighter(&self, slot: Slot) -> Option<&Fighter> {
        self.fighters.get(usize::from(slot.0))
    }

    /// The projectiles in flight, each with the slot of its thrower.
    pub fn flying(&self) -> impl Iterator<Item = (Slot, &Projectile)> {
        Slot::all(FIGHTERS_MAX)
            .zip(&self.projectiles)
            .flat_map(|(slot, own)| own.iter().map(move |projectile| (slot, projectile)))
            .filter(|(_, projectile)| projectile.is_flying())
    }

    /// The standing opponent nearest to the fighter of `slot`; the lowest slot of several.
    #[must_use]
    pub fn nearest_opponent(&self, slot: Slot) -> Option<&Fighter> {
        let x = self.fighter(slot)?.pos.x;
        Slot::all(FIGHTERS_MAX)
            .zip(&self.fighters)
            .filter(|(other, fighter)| *other != slot && fighter.stands())
            .map(|(_, fighter)| fighter)
            .min_by_key(|fighter| (fighter.pos.x - x).abs())
    }
}
