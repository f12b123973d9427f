//! [`Projectile`], what a special attack throws.

use phalanx_engine::math::shape::Aabb;
use phalanx_engine::{Fix, State, Vec2};

use super::arena::HALF_WIDTH;
use super::fighter::{Facing, Fighter};

/// Most projectiles that one fighter has in flight.
pub const PER_FIGHTER: u32 = 2;

/// Units per tick.
const SPEED: Fix = Fix::ratio(14, 100);
/// How long a projectile flies, ticks.
const FLIGHT_TICKS: u8 = 80;
/// Half its width and half its height, units.
const RADIUS: Fix = Fix::ratio(25, 100);
/// Where it leaves a fighter, from the middle of its feet: above the head of one who crouches.
const MUZZLE: Vec2 = Vec2::new(Fix::ratio(8, 10), Fix::ratio(12, 10));

/// A projectile, or a place for one.
#[derive(State, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Projectile {
    /// Its middle, units.
    pub pos: Vec2,
    /// Where it flies.
    pub facing: Facing,
    /// Ticks until it is gone; 0 if it is.
    pub left: u8,
}

impl Projectile {
    /// One that leaves `fighter` now.
    pub(super) fn thrown_by(fighter: &Fighter) -> Self {
        let forward = fighter.facing.forward(MUZZLE.x);
        Self {
            pos: fighter.pos + Vec2::new(forward, MUZZLE.y),
            facing: fighter.facing,
            left: FLIGHT_TICKS,
        }
    }

    /// Whether it is in the air.
    #[must_use]
    pub const fn is_flying(&self) -> bool {
        self.left > 0
    }

    /// Where it hits.
    #[must_use]
    pub fn hit_box(&self) -> Aabb {
        Aabb::around(self.pos, Vec2::new(RADIUS, RADIUS))
    }

    /// One tick of flight; the walls stop it.
    pub(super) fn fly(&mut self) {
        self.pos.x += self.facing.forward(SPEED);
        self.left = if self.pos.x.abs() > HALF_WIDTH {
            0
        } else {
            self.left.saturating_sub(1)
        };
    }
}
