//! How fighters and projectiles look.

use ratatui::style::Color;

use super::canvas::Canvas;
use super::{Camera, SKIN, centi};
use crate::duel::{Action, Facing, Fighter, MovePhase, Projectile, Stance};

/// Forward and up from the middle of the feet, hundredths of a unit.
type Joint = (i32, i32);

/// A body by its joints, for a fighter who looks to the right.
#[derive(Clone, Copy)]
struct Pose {
    head: Joint,
    neck: Joint,
    hip: Joint,
    /// Elbow and hand of each arm, the front one first.
    arms: [[Joint; 2]; 2],
    /// Knee and foot of each leg, the front one first.
    legs: [[Joint; 2]; 2],
}

const STAND: Pose = Pose {
    head: (8, 158),
    neck: (2, 136),
    hip: (-4, 86),
    arms: [[(28, 106), (44, 128)], [(10, 100), (28, 116)]],
    legs: [[(20, 46), (22, 2)], [(-18, 44), (-30, 2)]],
};
const STEP: Pose = Pose {
    legs: [[(8, 44), (6, 2)], [(-2, 44), (-10, 2)]],
    ..STAND
};
const CROUCH: Pose = Pose {
    head: (12, 72),
    neck: (4, 54),
    hip: (-12, 30),
    arms: [[(26, 36), (42, 52)], [(12, 34), (28, 44)]],
    legs: [[(22, 34), (18, 2)], [(-32, 24), (-30, 2)]],
};
const JUMP: Pose = Pose {
    head: (8, 122),
    neck: (2, 102),
    hip: (-4, 56),
    arms: [[(28, 88), (44, 108)], [(-22, 92), (-38, 110)]],
    legs: [[(26, 52), (16, 22)], [(4, 30), (-22, 14)]],
};
const BLOCK: Pose = Pose {
    head: (-4, 154),
    neck: (-6, 132),
    hip: (-8, 84),
    arms: [[(22, 106), (26, 150)], [(12, 98), (20, 138)]],
    ..STAND
};
const HIT: Pose = Pose {
    head: (-26, 150),
    neck: (-18, 132),
    hip: (0, 86),
    arms: [[(14, 118), (34, 134)], [(-38, 112), (-46, 90)]],
    legs: [[(16, 46), (26, 2)], [(-8, 44), (-22, 2)]],
};
const DOWN: Pose = Pose {
    head: (-74, 14),
    neck: (-54, 8),
    hip: (-2, 6),
    arms: [[(-40, 22), (-22, 8)], [(-60, 2), (-80, 2)]],
    legs: [[(28, 20), (50, 4)], [(30, 4), (66, 2)]],
};
const VICTORY: Pose = Pose {
    head: (2, 156),
    arms: [[(24, 150), (26, 184)], [(-20, 150), (-22, 184)]],
    ..STAND
};
const JAB_READY: Pose = Pose {
    arms: [[(-16, 116), (6, 124)], [(10, 100), (28, 116)]],
    ..STAND
};
const JAB: Pose = Pose {
    head: (18, 156),
    neck: (14, 134),
    arms: [[(62, 130), (114, 130)], [(10, 104), (28, 112)]],
    ..STAND
};
const KICK_READY: Pose = Pose {
    head: (-8, 156),
    neck: (-8, 134),
    legs: [[(34, 94), (26, 52)], [(-12, 44), (-18, 2)]],
    ..STAND
};
const KICK: Pose = Pose {
    head: (-28, 148),
    neck: (-22, 128),
    hip: (-2, 86),
    arms: [[(4, 112), (20, 124)], [(-34, 102), (-44, 84)]],
    legs: [[(70, 92), (150, 104)], [(-8, 44), (-14, 2)]],
};
const THROW_READY: Pose = Pose {
    head: (-2, 152),
    neck: (-6, 130),
    arms: [[(-6, 98), (-34, 96)], [(-24, 104), (-44, 88)]],
    ..STAND
};
const THROW: Pose = Pose {
    head: (22, 150),
    neck: (16, 130),
    arms: [[(46, 126), (74, 126)], [(44, 112), (72, 112)]],
    ..STAND
};

/// The arms of `upper`, lower by `drop`, on the body of `body`.
const fn with_arms(body: Pose, upper: &Pose, drop: i32) -> Pose {
    let [[front_elbow, front_hand], [back_elbow, back_hand]] = upper.arms;
    Pose {
        arms: [
            [lower(front_elbow, drop), lower(front_hand, drop)],
            [lower(back_elbow, drop), lower(back_hand, drop)],
        ],
        ..body
    }
}

/// A low or flying kick: `body` with the front leg stretched to `foot`.
const fn with_kick(body: Pose, foot: Joint) -> Pose {
    let knee = (foot.0 / 2, (foot.1 + body.hip.1) / 2);
    Pose {
        legs: [[knee, foot], body.legs[1]],
        ..body
    }
}

const fn lower(joint: Joint, drop: i32) -> Joint {
    (joint.0, joint.1 - drop)
}

/// How far a body moves while the legs stay apart or together, hundredths of a unit.
const HALF_STEP: i32 = 40;

/// What a fighter's body does now.
fn pose(fighter: &Fighter, wins: bool) -> Pose {
    let active = fighter.attack_phase() == Some(MovePhase::Active);
    let starts = fighter.attack_phase() == Some(MovePhase::StartUp);
    let (body, drop) = match fighter.stance {
        Stance::Standing => (STAND, 0),
        Stance::Crouching => (CROUCH, 70),
        Stance::Airborne => (JUMP, 30),
    };
    let standing = fighter.stance == Stance::Standing;
    match fighter.action {
        Action::Down => DOWN,
        Action::Free if wins && standing => VICTORY,
        Action::Free if standing && fighter.vel.x.to_bits() != 0 => {
            // The legs pass each other as the body moves.
            let half_steps = centi(fighter.pos.x).div_euclid(HALF_STEP);
            if half_steps % 2 == 0 { STEP } else { STAND }
        }
        Action::Absent | Action::Free if !fighter.guards || fighter.stance == Stance::Airborne => {
            body
        }
        Action::Absent | Action::Free | Action::BlockStun if standing => BLOCK,
        Action::Absent | Action::Free | Action::BlockStun => with_arms(body, &BLOCK, drop),
        Action::HitStun if standing => HIT,
        Action::HitStun => with_arms(body, &HIT, drop),
        Action::Light if active => match fighter.stance {
            Stance::Standing => JAB,
            // Where the hit box is: an attack in the air hits as high as on the floor.
            Stance::Crouching => with_arms(body, &JAB, 70),
            Stance::Airborne => with_arms(body, &JAB, 12),
        },
        Action::Light if standing => JAB_READY,
        Action::Light => with_arms(body, &JAB_READY, drop),
        Action::Heavy if active => match fighter.stance {
            Stance::Standing => KICK,
            Stance::Crouching => with_kick(body, (150, 14)),
            Stance::Airborne => with_kick(body, (150, 60)),
        },
        Action::Heavy if standing => KICK_READY,
        Action::Heavy => body,
        Action::Special if starts && standing => THROW_READY,
        Action::Special if starts => with_arms(body, &THROW_READY, drop),
        Action::Special if standing => THROW,
        Action::Special => with_arms(body, &THROW, drop),
    }
}

/// Half the thickness of the trunk, hundredths of a unit.
const TRUNK: i32 = 13;
/// Half the thickness of arms and legs; at small scales they are one pixel thick.
const LIMB: i32 = 5;
/// Half the size of a head.
const HEAD: i32 = 17;
/// Half the size of a projectile.
const BALL: i32 = 22;

/// Draws `fighter`; `wins` if the round is won.
pub(super) fn draw(
    fighter: &Fighter,
    wins: bool,
    color: Color,
    camera: &Camera,
    canvas: &mut Canvas,
) {
    let pose = pose(fighter, wins);
    let (x, y) = (centi(fighter.pos.x), centi(fighter.pos.y));
    let place = |joint: Joint| match fighter.facing {
        Facing::Left => (x - joint.0, y + joint.1),
        Facing::Right => (x + joint.0, y + joint.1),
    };
    for [knee, foot] in pose.legs {
        bone(place(pose.hip), place(knee), LIMB, color, camera, canvas);
        bone(place(knee), place(foot), LIMB, color, camera, canvas);
    }
    let (neck, hip) = (place(pose.neck), place(pose.hip));
    // A blow shows, for as long as it is felt: steady, since flashes harm some people.
    let trunk = if fighter.action == Action::HitStun {
        Color::White
    } else {
        color
    };
    bone(neck, hip, TRUNK, trunk, camera, canvas);
    for [elbow, hand] in pose.arms {
        let shoulder = place(lower(pose.neck, 4));
        bone(shoulder, place(elbow), LIMB, color, camera, canvas);
        bone(place(elbow), place(hand), LIMB, color, camera, canvas);
    }
    let head = place(pose.head);
    bone(head, head, HEAD, SKIN, camera, canvas);
    if fighter.guards && fighter.stance != Stance::Airborne {
        let (low, high) = if fighter.stance == Stance::Crouching {
            (20, 80)
        } else {
            (60, 160)
        };
        let (from, to) = (place((52, low)), place((52, high)));
        bone(from, to, 0, Color::White, camera, canvas);
    }
}

/// Draws a ball with a tail.
pub(super) fn draw_projectile(
    projectile: &Projectile,
    color: Color,
    camera: &Camera,
    canvas: &mut Canvas,
) {
    let (x, y) = (centi(projectile.pos.x), centi(projectile.pos.y));
    let behind = match projectile.facing {
        Facing::Left => 50,
        Facing::Right => -50,
    };
    bone((x + behind, y), (x, y), 0, color, camera, canvas);
    bone((x, y), (x, y), BALL, color, camera, canvas);
    let (column, row) = camera.pixel(x, y);
    canvas.paint(column, row, Color::White);
}

/// Paints all pixels within `radius` of the straight way between two points, and at least a line.
fn bone(from: Joint, to: Joint, radius: i32, color: Color, camera: &Camera, canvas: &mut Canvas) {
    let pixel = |joint: Joint| camera.pixel(joint.0, joint.1);
    canvas.line(pixel(from), pixel(to), color);
    let (left, top) = pixel((from.0.min(to.0) - radius, from.1.max(to.1) + radius));
    let (right, bottom) = pixel((from.0.max(to.0) + radius, from.1.min(to.1) - radius));
    for row in top..=bottom {
        for column in left..=right {
            if is_near(camera.place(column, row), from, to, radius) {
                canvas.paint(column, row, color);
            }
        }
    }
}

/// Whether `point` lies within `radius` of the straight way between two points.
fn is_near(point: Joint, from: Joint, to: Joint, radius: i32) -> bool {
    let (along_x, along_y) = (i64::from(to.0 - from.0), i64::from(to.1 - from.1));
    let (x, y) = (i64::from(point.0 - from.0), i64::from(point.1 - from.1));
    let length_squared = (along_x * along_x + along_y * along_y).max(1);
    // How far along the way the nearest point is, as a part of `length_squared`.
    let part = (x * along_x + y * along_y).clamp(0, length_squared);
    let off_x = x * length_squared - along_x * part;
    let off_y = y * length_squared - along_y * part;
    let most = i64::from(radius) * length_squared;
    off_x * off_x + off_y * off_y <= most * most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_round_at_the_ends() {
        let near = |point| is_near(point, (0, 0), (100, 0), 10);
        assert!(near((50, 10)) && near((0, 0)) && near((-10, 0)) && near((107, 7)));
        assert!(!near((50, 11)) && !near((-11, 0)) && !near((108, 8)));
        // A way without length is a point.
        assert!(is_near((3, 4), (0, 0), (0, 0), 5) && !is_near((4, 4), (0, 0), (0, 0), 5));
    }
}
