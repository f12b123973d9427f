//! Who hits whom, and what it does.

use phalanx_engine::math::shape::Aabb;
use phalanx_engine::{Effects, Fix, Slot};

use super::arena::Arena;
use super::cue::Cue;
use super::fighter::{Action, Facing, Fighter, Stance};
use super::moves::{Move, SPECIAL};

/// Damage varies by less than this, points. A power of two: no draw is ever rejected.
const DAMAGE_SPREAD: u32 = 4;
/// A block lets one part in this many through.
const CHIP_DIVISOR: u16 = 8;
/// The attacker recoils from a hit at one part in this many of the opponent's speed.
const RECOIL_DIVISOR: Fix = Fix::int(2);

/// One hit.
struct Blow {
    attack: &'static Move,
    /// Where it throws the opponent.
    way: Facing,
}

/// Lets everything hit that touches an opponent. All look first, then all is struck: fighters who
/// hit each other in the same tick both are hit. An opponent takes one blow per tick.
pub(super) fn strike(arena: &mut Arena, cues: &mut Effects<Cue>) {
    let hit_boxes = arena.fighters.map(|fighter| fighter.hit_box());
    if hit_boxes.iter().all(Option::is_none) && arena.flying().next().is_none() {
        return;
    }
    let victims = arena.fighters;
    let mut blows = victims.map(|_| None);
    for ((slot, victim), blow) in (0..).zip(&victims).zip(&mut blows) {
        if victim.stands() {
            let hurt_box = victim.hurt_box();
            *blow = hit_by_fighter(arena, &hit_boxes, slot, victim, &hurt_box)
                .or_else(|| hit_by_projectile(arena, slot, &hurt_box));
        }
    }
    for ((slot, victim), blow) in (0..).map(Slot).zip(&mut arena.fighters).zip(blows) {
        if let Some(blow) = blow {
            let before = victim.health;
            suffer(victim, &blow, arena.rng.below(DAMAGE_SPREAD));
            let damage = before - victim.health;
            cues.emit(match victim.action {
                Action::BlockStun => Cue::Block(slot),
                _ => Cue::Hit { slot, damage },
            });
            if victim.action == Action::Down {
                cues.emit(Cue::KnockOut(slot));
            }
        }
    }
}

/// The first fighter's attack that hits `victim`; it will not hit them again.
fn hit_by_fighter(
    arena: &mut Arena,
    hit_boxes: &[Option<Aabb>],
    slot: u8,
    victim: &Fighter,
    hurt_box: &Aabb,
) -> Option<Blow> {
    let bit = 1 << slot;
    let attackers = (0..).zip(&mut arena.fighters).zip(hit_boxes);
    for ((other, attacker), hit_box) in attackers {
        let (Some(hit_box), Some(attack)) = (hit_box, attacker.action.attack()) else {
            continue;
        };
        if other == slot || attacker.struck & bit != 0 || !hit_box.overlaps(hurt_box) {
            continue;
        }
        let way = attacker.facing.towards(attacker.pos.x, victim.pos.x);
        attacker.struck |= bit;
        if attacker.stance != Stance::Airborne {
            attacker.vel.x = -way.forward(attack.push / RECOIL_DIVISOR);
        }
        return Some(Blow { attack, way });
    }
    None
}

/// The first projectile of another slot that hits; it is gone then.
fn hit_by_projectile(arena: &mut Arena, slot: u8, hurt_box: &Aabb) -> Option<Blow> {
    let others = (0..).zip(&mut arena.projectiles);
    let hit = others
        .filter(|(other, _)| *other != slot)
        .flat_map(|(_, own)| own)
        .find(|projectile| projectile.is_flying() && projectile.hit_box().overlaps(hurt_box))?;
    hit.left = 0;
    Some(Blow {
        attack: &SPECIAL,
        way: hit.facing,
    })
}

/// What a blow does to the one it hits.
fn suffer(victim: &mut Fighter, blow: &Blow, extra: u32) {
    let blocked = victim.guards && victim.stance != Stance::Airborne && victim.facing != blow.way;
    let extra = u16::try_from(extra).unwrap_or(0);
    let damage = blow.attack.damage.saturating_add(extra);
    let damage = if blocked {
        damage / CHIP_DIVISOR
    } else {
        damage
    };
    victim.health = victim.health.saturating_sub(damage);
    victim.vel.x = blow.way.forward(blow.attack.push);
    if victim.health == 0 {
        victim.begin(Action::Down, 0);
    } else if blocked {
        victim.begin(Action::BlockStun, blow.attack.block_stun);
    } else {
        victim.begin(Action::HitStun, blow.attack.hit_stun);
    }
}
