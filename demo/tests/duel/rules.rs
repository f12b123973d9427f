//! Each rule of a fight, one by one.

use phalanx::duel::{
    Action, HALF_WIDTH, HEALTH_MAX, HEAVY, INTERMISSION_TICKS, LIGHT, Move, MovePhase, PER_FIGHTER,
    Pad, ROUND_TICKS, SPECIAL, Stance,
};
use phalanx_engine::{Fix, Slot};

use crate::play::{BLOCK, DOWN, JAB, KICK, LEFT, NONE, Play, RIGHT, THROW, UP};

/// Plays `pad` at tick 1 of a fight face to face; returns after how many ticks the opponent, who
/// holds `defence`, lost health, and the fight in that tick.
fn time_of_hit(pad: Pad, defence: Pad) -> Option<(u8, Play)> {
    let mut play = Play::face_to_face(100);
    play.step(&[pad, defence]);
    for ticks in 1..=120 {
        if play.fighter(1).health < HEALTH_MAX {
            return Some((ticks, play));
        }
        play.step(&[NONE, defence]);
    }
    None
}

#[test]
fn an_attack_hits_in_its_first_active_tick_once() {
    for (pad, attack) in [(JAB, LIGHT), (KICK, HEAVY)] {
        let (ticks, mut play) = time_of_hit(pad, NONE).unwrap();
        assert_eq!(ticks, attack.start_up + 1);
        assert_eq!(play.fighter(0).attack_phase(), Some(MovePhase::Active));
        let health = play.fighter(1).health;
        let damage = HEALTH_MAX - health;
        assert!((attack.damage..attack.damage + 4).contains(&damage));
        play.hold(60, &[]);
        assert_eq!(play.fighter(1).health, health);
    }
}

#[test]
fn an_attack_misses_in_start_up_and_recovery() {
    for (pad, attack) in [(JAB, LIGHT), (KICK, HEAVY)] {
        let mut play = Play::face_to_face(800);
        play.step(&[pad]);
        while let Some(phase) = play.fighter(0).attack_phase() {
            assert_eq!(
                play.fighter(0).hit_box().is_some(),
                phase == MovePhase::Active
            );
            // Whoever comes in reach only after the active ticks is not hit.
            if phase == MovePhase::Recovery {
                play.arena.fighters[1].pos.x = play.fighter(0).pos.x + Fix::ONE;
            }
            play.step(&[]);
        }
        assert_eq!(play.fighter(1).health, HEALTH_MAX);
        assert_eq!(play.action(0), Action::Free, "{attack:?}");
    }
}

#[test]
fn a_busy_fighter_cannot_attack_until_the_last_attack_is_over() {
    let mut play = Play::face_to_face(800);
    play.step(&[KICK]);
    for _ in 1..HEAVY.ticks() {
        play.step(&[JAB]);
        assert_eq!(play.action(0), Action::Heavy);
    }
    play.step(&[JAB]);
    assert_eq!(play.action(0), Action::Light);
}

#[test]
fn a_hit_stuns_and_throws_back() {
    let (_, mut play) = time_of_hit(KICK, NONE).unwrap();
    let x = play.fighter(1).pos.x;
    for _ in 1..HEAVY.hit_stun {
        play.step(&[NONE, JAB]);
        assert_eq!(play.action(1), Action::HitStun);
    }
    play.step(&[NONE, JAB]);
    assert_eq!(play.action(1), Action::Light);
    assert!(play.fighter(1).pos.x > x + Fix::ONE);
    assert!(
        play.fighter(0).pos.x < Fix::ratio(-1, 2),
        "the attacker recoils"
    );
}

#[test]
fn a_block_lets_little_through() {
    let low = Pad {
        down: true,
        ..BLOCK
    };
    let back_low = Pad {
        down: true,
        ..RIGHT
    };
    let attacks: [(Pad, Move); 2] = [(KICK, HEAVY), (THROW, SPECIAL)];
    for (pad, attack) in attacks {
        for defence in [BLOCK, RIGHT, low, back_low] {
            let Some((_, mut play)) = time_of_hit(pad, defence) else {
                assert!(
                    defence.down && attack == SPECIAL,
                    "it flies over who is low"
                );
                continue;
            };
            let chip = HEALTH_MAX - play.fighter(1).health;
            assert!(chip > 0 && chip < attack.damage / 4);
            let x = play.fighter(1).pos.x;
            for _ in 1..attack.block_stun {
                play.step(&[NONE, JAB]);
                assert_eq!(play.action(1), Action::BlockStun);
                assert!(play.fighter(1).guards);
            }
            play.step(&[NONE, JAB]);
            assert_eq!(play.action(1), Action::Light);
            assert!(play.fighter(1).pos.x > x);
        }
    }
}

#[test]
fn a_block_holds_only_to_the_front() {
    let mut play = Play::new(1, 3);
    let [a, b, c, ..] = &mut play.arena.fighters;
    b.pos.x = Fix::ZERO;
    a.pos.x = Fix::ratio(-8, 10);
    c.pos.x = Fix::ONE;
    play.step(&[NONE, BLOCK, KICK]);
    play.hold(20, &[NONE, BLOCK, NONE]);
    assert!(
        HEALTH_MAX - play.fighter(1).health >= HEAVY.damage,
        "b looks at a, who is nearer"
    );
}

#[test]
fn who_crouches_is_under_a_jab_but_not_under_a_kick() {
    assert!(time_of_hit(JAB, DOWN).is_none());
    assert!(time_of_hit(KICK, DOWN).is_some());
    assert!(time_of_hit(Pad { down: true, ..JAB }, NONE).is_some());
}

#[test]
fn a_jump_goes_up_comes_down_and_over_the_opponent() {
    let mut play = Play::face_to_face(200);
    play.step(&[Pad { up: true, ..RIGHT }]);
    let mut highest = Fix::ZERO;
    let mut ticks = 0;
    while play.fighter(0).stance == Stance::Airborne {
        highest = highest.max(play.fighter(0).pos.y);
        play.step(&[]);
        ticks += 1;
    }
    assert!((30..50).contains(&ticks), "{ticks}");
    assert!(highest > Fix::int(2) && highest < Fix::int(3), "{highest}");
    assert_eq!(play.fighter(0).pos.y, Fix::ZERO);
    assert!(play.fighter(0).pos.x > play.fighter(1).pos.x);
    play.step(&[]);
    assert!(
        play.fighter(0).facing != play.fighter(1).facing,
        "they turned"
    );
}

#[test]
fn landing_ends_an_attack() {
    let mut play = Play::face_to_face(800);
    play.step(&[UP]);
    play.hold(36, &[]);
    play.step(&[KICK]);
    assert_eq!(
        (play.action(0), play.fighter(0).stance),
        (Action::Heavy, Stance::Airborne)
    );
    play.hold(6, &[]);
    assert_eq!(
        (play.action(0), play.fighter(0).stance),
        (Action::Free, Stance::Standing)
    );
}

#[test]
fn bodies_do_not_pass_and_walls_hold() {
    let mut play = Play::face_to_face(300);
    play.hold(100, &[RIGHT, LEFT]);
    let (a, b) = (play.fighter(0), play.fighter(1));
    assert!(a.pos.x < b.pos.x && !a.hurt_box().overlaps(&b.hurt_box()));
    play.hold(400, &[LEFT, RIGHT]);
    assert_eq!(play.fighter(0).hurt_box().min.x, -HALF_WIDTH);
    assert_eq!(play.fighter(1).hurt_box().max.x, HALF_WIDTH);
}

#[test]
fn a_projectile_flies_and_expires() {
    let mut play = Play::face_to_face(1600);
    play.hold(1, &[THROW]);
    play.hold(SPECIAL.start_up.into(), &[]);
    let (thrower, thrown) = play.arena.flying().next().unwrap();
    let (x, left) = (thrown.pos.x, thrown.left);
    assert_eq!(thrower, Slot(0));
    for _ in 1..left {
        play.step(&[]);
    }
    let last = play.arena.flying().next().unwrap().1;
    assert!(last.pos.x > x + Fix::int(8));
    play.step(&[]);
    assert_eq!(play.arena.flying().count(), 0);
    assert_eq!(play.fighter(1).health, HEALTH_MAX, "out of its range");
}

#[test]
fn a_projectile_hits_once_and_can_be_jumped() {
    let mut play = Play::face_to_face(500);
    play.step(&[THROW]);
    play.hold(60, &[]);
    let damage = HEALTH_MAX - play.fighter(1).health;
    assert!((SPECIAL.damage..SPECIAL.damage + 4).contains(&damage));
    assert_eq!(play.arena.flying().count(), 0);

    let mut play = Play::face_to_face(500);
    play.step(&[THROW]);
    play.hold(24, &[]);
    play.step(&[NONE, UP]);
    play.hold(60, &[]);
    assert_eq!(play.fighter(1).health, HEALTH_MAX);
}

#[test]
fn a_fighter_has_few_projectiles_in_flight() {
    let mut play = Play::face_to_face(1600);
    let mut most = 0;
    for _ in 0..200 {
        play.step(&[THROW, DOWN]);
        most = most.max(play.arena.flying().count());
    }
    assert_eq!(most as u64, u64::from(PER_FIGHTER));
}

#[test]
fn fighters_who_hit_at_once_are_both_hit() {
    let mut play = Play::face_to_face(100);
    play.step(&[JAB, JAB]);
    play.hold(LIGHT.start_up.into(), &[]);
    assert_eq!(
        (play.action(0), play.action(1)),
        (Action::HitStun, Action::HitStun)
    );
}

#[test]
fn a_knock_out_ends_the_round_and_the_next_one_begins() {
    let mut play = Play::face_to_face(100);
    play.arena.fighters[1].health = 1;
    play.step(&[JAB]);
    play.hold(LIGHT.start_up.into(), &[]);
    assert_eq!(play.action(1), Action::Down);
    assert!(!play.fights());
    assert_eq!((play.fighter(0).wins, play.fighter(1).wins), (1, 0));
    let x = play.fighter(0).pos.x;
    play.hold(u32::from(INTERMISSION_TICKS), &[LEFT, LEFT]);
    assert!(
        !play.fights() && (play.fighter(0).pos.x - x).abs() < Fix::ONE,
        "pads do nothing"
    );
    play.step(&[]);
    assert!(play.fights());
    assert_eq!(play.arena.round.number, 2);
    assert_eq!((play.fighter(0).wins, play.fighter(1).wins), (1, 0));
    assert_eq!(play.fighter(1).health, HEALTH_MAX);
}

#[test]
fn the_timer_ends_the_round_for_the_healthier() {
    for (health, wins) in [(HEALTH_MAX, (0, 0)), (HEALTH_MAX - 1, (0, 1))] {
        let mut play = Play::new(1, 2);
        play.arena.fighters[0].health = health;
        play.hold(u32::from(ROUND_TICKS) - 2, &[]);
        assert!(play.fights());
        play.step(&[]);
        assert!(!play.fights());
        assert_eq!((play.fighter(0).wins, play.fighter(1).wins), wins);
    }
}

#[test]
fn damage_is_the_only_chance() {
    let damages: std::collections::BTreeSet<_> = (0..64)
        .map(|seed| {
            let mut play = Play::new(seed, 2);
            let quiet = play.arena.rng.clone();
            play.hold(100, &[UP, DOWN]);
            play.hold(100, &[THROW, DOWN]);
            assert_eq!(play.arena.rng, quiet);
            play.arena.fighters[1].pos.x = play.fighter(0).pos.x + Fix::ONE;
            play.step(&[KICK]);
            play.hold(HEAVY.start_up.into(), &[]);
            HEALTH_MAX - play.fighter(1).health
        })
        .collect();
    assert!(
        damages
            .iter()
            .all(|damage| (HEAVY.damage..HEAVY.damage + 4).contains(damage))
    );
    assert_eq!(damages.len(), 4);
}
