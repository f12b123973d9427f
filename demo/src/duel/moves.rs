//! The attacks: [`Move`] and its table.

use phalanx_engine::Fix;

/// An attack. It takes [`Move::start_up`], [`Move::active`] and [`Move::recovery`] ticks one after
/// the other, and may hit in the active ones only, each opponent once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Ticks before it may hit.
    pub start_up: u8,
    /// Ticks in which it may hit.
    pub active: u8,
    /// Ticks before the attacker may act again.
    pub recovery: u8,
    /// Lost health, points; a small random number is added.
    pub damage: u16,
    /// Ticks before an opponent who was hit may act again.
    pub hit_stun: u8,
    /// Ticks before an opponent who blocked may act again.
    pub block_stun: u8,
    /// Speed at which the opponent is thrown back, units per tick.
    pub push: Fix,
    /// Where it hits; a throw of a projectile does not hit by itself.
    pub reach: Option<Reach>,
}

/// A hit box in front of a standing attacker, from the middle of its feet, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Its near edge, forward.
    pub near: Fix,
    /// Its far edge, forward.
    pub far: Fix,
    /// Its lower edge.
    pub low: Fix,
    /// Its upper edge.
    pub high: Fix,
}

/// How far an attack has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovePhase {
    /// It does not hit yet.
    StartUp,
    /// It hits.
    Active,
    /// It does not hit any more.
    Recovery,
}

/// A jab: fast, and above the head of an opponent who crouches.
pub const LIGHT: Move = Move {
    start_up: 4,
    active: 3,
    recovery: 9,
    damage: 26,
    hit_stun: 11,
    block_stun: 8,
    push: Fix::ratio(1, 10),
    reach: Some(Reach {
        near: Fix::ratio(3, 10),
        far: Fix::ratio(12, 10),
        low: Fix::ratio(11, 10),
        high: Fix::ratio(15, 10),
    }),
};

/// A kick: slow, long, and hard to get under.
pub const HEAVY: Move = Move {
    start_up: 10,
    active: 4,
    recovery: 18,
    damage: 70,
    hit_stun: 20,
    block_stun: 14,
    push: Fix::ratio(2, 10),
    reach: Some(Reach {
        near: Fix::ratio(3, 10),
        far: Fix::ratio(16, 10),
        low: Fix::ratio(2, 10),
        high: Fix::ratio(13, 10),
    }),
};

/// A throw of a projectile, which does the damage.
pub const SPECIAL: Move = Move {
    start_up: 14,
    active: 2,
    recovery: 20,
    damage: 44,
    hit_stun: 16,
    block_stun: 11,
    push: Fix::ratio(15, 100),
    reach: None,
};

impl Move {
    /// How long the attacker is busy, ticks.
    #[must_use]
    pub const fn ticks(&self) -> u8 {
        self.start_up + self.active + self.recovery
    }

    /// The phase of an attack that ends in `left` ticks.
    #[must_use]
    pub const fn phase(&self, left: u8) -> MovePhase {
        if left > self.active + self.recovery {
            MovePhase::StartUp
        } else if left > self.recovery {
            MovePhase::Active
        } else {
            MovePhase::Recovery
        }
    }

    /// Whether an attack that ends in `left` ticks is in its first active tick.
    pub(super) const fn strikes_now(&self, left: u8) -> bool {
        left == self.active + self.recovery
    }

    /// Whether an attack that ends in `left` ticks is in the first tick in which it does not hit any
    /// more.
    pub(super) const fn recovers_now(&self, left: u8) -> bool {
        left == self.recovery
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_last_as_long_as_the_table_says() {
        for attack in [LIGHT, HEAVY, SPECIAL] {
            let lasts = |phase| {
                let ticks = (1..=attack.ticks()).filter(|left| attack.phase(*left) == phase);
                ticks.map(|_| 1).sum::<u8>()
            };
            assert_eq!(lasts(MovePhase::StartUp), attack.start_up);
            assert_eq!(lasts(MovePhase::Active), attack.active);
            assert_eq!(lasts(MovePhase::Recovery), attack.recovery);
        }
    }
}
