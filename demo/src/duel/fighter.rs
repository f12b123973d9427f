//! [`Fighter`]: what one player steers.

use phalanx_engine::math::shape::Aabb;
use phalanx_engine::{Fix, State, Vec2};

use super::arena::HALF_WIDTH;
use super::moves::{HEAVY, LIGHT, Move, MovePhase, SPECIAL};
use super::pad::Pad;

/// Most fighters in the arena.
pub const FIGHTERS_MAX: u8 = 8;
/// Health at the start of a round, points.
pub const HEALTH_MAX: u16 = 1000;

/// Units per tick.
const WALK: Fix = Fix::ratio(6, 100);
/// Units per tick.
const WALK_BACK: Fix = Fix::ratio(45, 1000);
/// Sideways in a jump, units per tick.
const LEAP: Fix = Fix::ratio(8, 100);
/// Upwards at the start of a jump, units per tick.
const JUMP: Fix = Fix::ratio(22, 100);
/// Units per tick, lost upwards at every tick.
const GRAVITY: Fix = Fix::ratio(11, 1000);
/// Nobody is higher, units. Only a damaged state comes there.
const CEILING: Fix = Fix::int(6);
/// What friction leaves of a speed at every tick.
const SLIDE: Fix = Fix::ratio(7, 8);

/// Half the width of a body, units.
pub(super) const HALF_BODY: Fix = Fix::ratio(4, 10);
/// Units.
const STANDING_HEIGHT: Fix = Fix::ratio(18, 10);
/// Units.
const CROUCHING_HEIGHT: Fix = Fix::ratio(9, 10);
/// In a jump the legs are drawn up, units.
const AIRBORNE_HEIGHT: Fix = Fix::ratio(14, 10);
/// How much deeper an attack hits from a crouch, units.
const CROUCHING_DROP: Fix = Fix::ratio(7, 10);

/// A fighter, or the place for one.
#[derive(State, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fighter {
    /// The middle of the feet, units.
    pub pos: Vec2,
    /// Units per tick.
    pub vel: Vec2,
    /// Points, from [`HEALTH_MAX`] down to 0.
    pub health: u16,
    /// Rounds won; saturates.
    pub wins: u16,
    /// What the fighter is doing.
    pub action: Action,
    /// Ticks until an attack or a stun ends, else 0.
    pub left: u8,
    /// How the body is held.
    pub stance: Stance,
    /// Where the fighter looks.
    pub facing: Facing,
    /// Whether an attack from the front would be blocked.
    pub guards: bool,
    /// The slots that the present attack has hit, one bit each.
    pub struck: u8,
}

/// What a [`Fighter`] is doing.
#[derive(State, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Action {
    /// Not in the round.
    #[default]
    Absent,
    /// As the pad says.
    Free,
    /// The attack [`LIGHT`].
    Light,
    /// The attack [`HEAVY`].
    Heavy,
    /// The attack [`SPECIAL`].
    Special,
    /// Was hit and cannot act.
    HitStun,
    /// Blocked and cannot act, but goes on blocking.
    BlockStun,
    /// Knocked out.
    Down,
}

/// How a body is held.
#[derive(State, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stance {
    /// Upright on the floor.
    #[default]
    Standing,
    /// Low on the floor.
    Crouching,
    /// Above the floor.
    Airborne,
}

/// Left or right.
#[derive(State, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Facing {
    /// To lower x.
    Left,
    /// To higher x.
    #[default]
    Right,
}

impl Facing {
    /// From `x` to `other`; `self` if there is no way to go.
    pub(super) fn towards(self, x: Fix, other: Fix) -> Self {
        if x == other {
            self
        } else if x < other {
            Self::Right
        } else {
            Self::Left
        }
    }

    /// The coordinate of what lies `distance` ahead.
    pub(super) fn forward(self, distance: Fix) -> Fix {
        match self {
            Self::Left => -distance,
            Self::Right => distance,
        }
    }

    /// Where the pad steers, if it steers one way.
    const fn of(pad: Pad) -> Option<Self> {
        match (pad.left, pad.right) {
            (true, false) => Some(Self::Left),
            (false, true) => Some(Self::Right),
            _ => None,
        }
    }
}

impl Action {
    /// The attack that this is, if it is one.
    #[must_use]
    pub const fn attack(self) -> Option<&'static Move> {
        match self {
            Self::Light => Some(&LIGHT),
            Self::Heavy => Some(&HEAVY),
            Self::Special => Some(&SPECIAL),
            _ => None,
        }
    }

    /// Whether it ends by itself.
    const fn is_timed(self) -> bool {
        !matches!(self, Self::Absent | Self::Free | Self::Down)
    }
}

impl Fighter {
    /// Begins a round at `x`; only the score stays.
    pub(super) fn enter(&mut self, x: Fix) {
        *self = Self {
            pos: Vec2::new(x, Fix::ZERO),
            health: HEALTH_MAX,
            action: Action::Free,
            // Towards the middle; from there on towards the nearest opponent.
            facing: Facing::Right.towards(x, Fix::ZERO),
            wins: self.wins,
            ..Self::default()
        };
    }

    /// Whether the fighter is in the round and not knocked out.
    #[must_use]
    pub const fn stands(&self) -> bool {
        !matches!(self.action, Action::Absent | Action::Down)
    }

    /// The phase of the present attack, if there is one.
    #[must_use]
    pub fn attack_phase(&self) -> Option<MovePhase> {
        self.action.attack().map(|attack| attack.phase(self.left))
    }

    /// Where the fighter can be hit.
    #[must_use]
    pub fn hurt_box(&self) -> Aabb {
        let high = match self.stance {
            Stance::Standing => STANDING_HEIGHT,
            Stance::Crouching => CROUCHING_HEIGHT,
            Stance::Airborne => AIRBORNE_HEIGHT,
        };
        Aabb::spanning(
            self.pos - Vec2::new(HALF_BODY, Fix::ZERO),
            self.pos + Vec2::new(HALF_BODY, high),
        )
    }

    /// Where the present attack hits in this tick, if it does.
    #[must_use]
    pub fn hit_box(&self) -> Option<Aabb> {
        let attack = self.action.attack()?;
        let reach = attack.reach?;
        if attack.phase(self.left) != MovePhase::Active {
            return None;
        }
        let drop = match self.stance {
            Stance::Crouching => CROUCHING_DROP,
            Stance::Standing | Stance::Airborne => Fix::ZERO,
        };
        let corner = |ahead, up| self.pos + Vec2::new(self.facing.forward(ahead), up - drop);
        Some(Aabb::spanning(
            corner(reach.near, reach.low),
            corner(reach.far, reach.high),
        ))
    }

    /// Starts what lasts `left` ticks.
    pub(super) fn begin(&mut self, action: Action, left: u8) {
        self.action = action;
        self.left = left;
        self.guards = action == Action::BlockStun;
        self.struck = 0;
    }

    /// A tick has passed: what is over ends.
    pub(super) fn pass_tick(&mut self) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 && self.action.is_timed() {
            self.begin(Action::Free, 0);
        }
    }

    /// Whether a projectile leaves the fighter in this tick.
    pub(super) fn throws_now(&self) -> bool {
        self.action == Action::Special && SPECIAL.strikes_now(self.left)
    }

    /// Whether an attack is over in this tick that has hit nobody.
    pub(super) fn misses_now(&self) -> bool {
        let missed = |attack: &Move| attack.reach.is_some() && attack.recovers_now(self.left);
        self.struck == 0 && self.action.attack().is_some_and(missed)
    }

    /// Whether the fighter may do anything, on the floor.
    pub(super) fn is_free(&self) -> bool {
        self.action == Action::Free && self.stance != Stance::Airborne
    }

    /// Does what the pad says, as far as the present action allows it.
    pub(super) fn steer(&mut self, pad: Pad, may_throw: bool) {
        if self.action != Action::Free {
            return;
        }
        let airborne = self.stance == Stance::Airborne;
        if !airborne {
            self.walk(pad);
        }
        let chosen = if pad.special && may_throw && !airborne {
            Action::Special
        } else if pad.heavy {
            Action::Heavy
        } else if pad.light {
            Action::Light
        } else {
            return;
        };
        if !airborne {
            self.vel = Vec2::ZERO;
        }
        self.begin(chosen, chosen.attack().map_or(0, Move::ticks));
    }

    /// Walks, crouches, blocks or jumps.
    fn walk(&mut self, pad: Pad) {
        let way = Facing::of(pad);
        let backwards = way.is_some_and(|way| way != self.facing);
        let go = |speed| way.map_or(Fix::ZERO, |way| way.forward(speed));
        self.guards = pad.block || backwards;
        self.stance = if pad.down {
            Stance::Crouching
        } else {
            Stance::Standing
        };
        self.vel = if pad.down || pad.block {
            Vec2::ZERO
        } else if pad.up {
            self.guards = false;
            Vec2::new(go(LEAP), JUMP)
        } else {
            Vec2::new(go(if backwards { WALK_BACK } else { WALK }), Fix::ZERO)
        };
    }

    /// One tick of motion; floor, ceiling and walls hold.
    pub(super) fn fall(&mut self) {
        if self.action != Action::Free && self.stance != Stance::Airborne {
            self.vel.x *= SLIDE;
        }
        self.vel.y -= GRAVITY;
        self.pos += self.vel;
        if self.pos.y > CEILING {
            self.pos.y = CEILING;
            self.vel.y = Fix::ZERO;
        }
        if self.pos.y > Fix::ZERO {
            self.stance = Stance::Airborne;
        } else {
            self.land();
        }
        self.shift(Fix::ZERO);
    }

    /// The feet are on the floor.
    fn land(&mut self) {
        self.pos.y = Fix::ZERO;
        self.vel.y = Fix::ZERO;
        if self.stance == Stance::Airborne {
            self.stance = Stance::Standing;
            if self.action.attack().is_some() {
                self.begin(Action::Free, 0);
            }
        }
    }

    /// Moves sideways by `way`, up to the walls.
    pub(super) fn shift(&mut self, way: Fix) {
        let most = HALF_WIDTH - HALF_BODY;
        self.pos.x = (self.pos.x + way).clamped(-most, most);
    }
}
