//! The computer player: a pure function of what it sees.
//!
//! Time is cut into beats of a few ticks. At the start of a beat a bot draws what it will do, from
//! a hash of the beat and of what it sees, and holds it to the end of the beat, unless what it sees
//! changes before: a blow, an opponent who attacks.

use phalanx_engine::{Fix, Slot, mix};

use super::arena::{Arena, Phase};
use super::fighter::{Action, Facing, Fighter};
use super::moves::MovePhase;
use super::pad::Pad;

/// How long a bot holds what it does, ticks.
const BEAT_TICKS: u16 = 9;
/// Closer is near: a light attack would hit, units.
const NEAR: Fix = Fix::ratio(15, 10);
/// Closer is in between, and farther is far, units.
const FAR: Fix = Fix::ratio(42, 10);
/// An attack or projectile closer than this is a threat, units.
const THREAT: Fix = Fix::ratio(24, 10);

/// What a bot may do in a beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Wait,
    Advance,
    Retreat,
    Crouch,
    Block,
    BlockLow,
    Jump,
    JumpIn,
    JumpAway,
    Light,
    LowLight,
    Heavy,
    Special,
}

/// Plans, and how many times in a hundred each is drawn.
type Weights = &'static [(Plan, u64)];

const WHEN_NEAR: Weights = &[
    (Plan::Light, 22),
    (Plan::LowLight, 10),
    (Plan::Heavy, 16),
    (Plan::Block, 10),
    (Plan::BlockLow, 8),
    (Plan::Retreat, 20),
    (Plan::JumpAway, 8),
    (Plan::Wait, 6),
];
const WHEN_BETWEEN: Weights = &[
    (Plan::Advance, 40),
    (Plan::Special, 10),
    (Plan::Retreat, 18),
    (Plan::JumpIn, 10),
    (Plan::Crouch, 6),
    (Plan::Block, 6),
    (Plan::Heavy, 4),
    (Plan::Wait, 6),
];
const WHEN_FAR: Weights = &[
    (Plan::Advance, 50),
    (Plan::Special, 16),
    (Plan::Retreat, 8),
    (Plan::JumpIn, 12),
    (Plan::Crouch, 4),
    (Plan::Wait, 10),
];
const WHEN_THREATENED: Weights = &[
    (Plan::Block, 24),
    (Plan::BlockLow, 20),
    (Plan::Retreat, 12),
    (Plan::Crouch, 12),
    (Plan::Jump, 12),
    (Plan::Light, 10),
    (Plan::Advance, 10),
];
const IN_THE_AIR: Weights = &[(Plan::Light, 25), (Plan::Heavy, 35), (Plan::Wait, 40)];

/// What the bot in `slot` holds in this tick. Neutral if it has nobody to fight.
pub(super) fn pad(arena: &Arena, slot: Slot) -> Pad {
    let (Some(me), Some(opponent)) = (arena.fighter(slot), arena.nearest_opponent(slot)) else {
        return Pad::default();
    };
    if arena.round.phase != Phase::Fight || !me.stands() {
        return Pad::default();
    }
    // Not all bots think in the same tick.
    let clock = arena.round.left.wrapping_add(u16::from(slot.0) * 5);
    let (beat, rest) = (clock / BEAT_TICKS, clock % BEAT_TICKS);
    let weights = weights(arena, slot, me, opponent);
    let seen = [
        arena.round.number,
        slot.0.into(),
        beat,
        me.health,
        opponent.health,
    ];
    let roll = seen
        .into_iter()
        .fold(0, |hash, value| mix(hash ^ u64::from(value)));
    let ahead = me.facing.towards(me.pos.x, opponent.pos.x);
    // The clock counts down: a beat begins with its highest rest.
    press(draw(weights, roll), ahead, rest == BEAT_TICKS - 1)
}

/// What there is to choose from.
fn weights(arena: &Arena, slot: Slot, me: &Fighter, opponent: &Fighter) -> Weights {
    let distance = (opponent.pos.x - me.pos.x).abs();
    let attacked = distance < THREAT
        && opponent.action != Action::Special
        && matches!(
            opponent.attack_phase(),
            Some(MovePhase::StartUp | MovePhase::Active)
        );
    let shot_at = arena.flying().any(|(thrower, projectile)| {
        let way = me.pos.x - projectile.pos.x;
        thrower != slot && way.abs() < THREAT && projectile.facing.forward(way) > Fix::ZERO
    });
    if me.pos.y > Fix::ZERO {
        IN_THE_AIR
    } else if attacked || shot_at {
        WHEN_THREATENED
    } else if distance < NEAR {
        WHEN_NEAR
    } else if distance < FAR {
        WHEN_BETWEEN
    } else {
        WHEN_FAR
    }
}

/// The plan that `roll` draws.
fn draw(weights: Weights, roll: u64) -> Plan {
    let mut roll = roll % 100;
    for (plan, weight) in weights {
        match roll.checked_sub(*weight) {
            None => return *plan,
            Some(rest) => roll = rest,
        }
    }
    Plan::Wait
}

/// The keys for `plan`, with the opponent on the side `ahead`; `first` in the first tick of it.
fn press(plan: Plan, ahead: Facing, first: bool) -> Pad {
    use Plan::{
        Advance, Block, BlockLow, Crouch, Heavy, Jump, JumpAway, JumpIn, Light, LowLight, Retreat,
        Special,
    };
    let forwards = matches!(plan, Advance | JumpIn);
    let backwards = matches!(plan, Retreat | JumpAway);
    Pad {
        left: if ahead == Facing::Left {
            forwards
        } else {
            backwards
        },
        right: if ahead == Facing::Right {
            forwards
        } else {
            backwards
        },
        up: matches!(plan, Jump | JumpIn | JumpAway),
        down: matches!(plan, Crouch | BlockLow | LowLight),
        block: matches!(plan, Block | BlockLow),
        light: first && matches!(plan, Light | LowLight),
        heavy: first && plan == Heavy,
        special: first && plan == Special,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_parts_of_a_hundred() {
        for weights in [
            WHEN_NEAR,
            WHEN_BETWEEN,
            WHEN_FAR,
            WHEN_THREATENED,
            IN_THE_AIR,
        ] {
            assert_eq!(weights.iter().map(|(_, weight)| weight).sum::<u64>(), 100);
        }
    }
}
