//! A mirrored fight plays mirrored: no rule favours a side.

use phalanx::duel::{Action, Arena, Duel, Facing, Pad};
use phalanx_engine::{Rng, Simulation, Slot, Vec2};

use crate::play::Play;

fn mirror_facing(facing: Facing) -> Facing {
    match facing {
        Facing::Left => Facing::Right,
        Facing::Right => Facing::Left,
    }
}

fn mirror_vec(vector: Vec2) -> Vec2 {
    Vec2::new(-vector.x, vector.y)
}

fn mirror(arena: &Arena) -> Arena {
    let mut mirrored = arena.clone();
    for fighter in &mut mirrored.fighters {
        // The facing of one who is absent is nothing: it stays as a new one has it.
        if fighter.action != Action::Absent {
            fighter.pos = mirror_vec(fighter.pos);
            fighter.vel = mirror_vec(fighter.vel);
            fighter.facing = mirror_facing(fighter.facing);
        }
    }
    for projectile in mirrored.projectiles.iter_mut().flatten() {
        projectile.pos = mirror_vec(projectile.pos);
        projectile.facing = mirror_facing(projectile.facing);
    }
    mirrored
}

fn mirror_pad(pad: Pad) -> Pad {
    Pad {
        left: pad.right,
        right: pad.left,
        ..pad
    }
}

/// Plays a match and its mirror image side by side. Rounds begin at fixed places, so the image
/// begins anew with each.
fn check(seed: u64, slots: u8, ticks: u32, pad: &mut dyn FnMut(&Arena, Slot) -> Pad) {
    let mut play = Play::new(seed, slots);
    let mut image = Play::new(seed, slots);
    image.arena = mirror(&play.arena);
    for _ in 0..ticks {
        let pads: Vec<_> = Slot::all(slots)
            .map(|slot| pad(&play.arena, slot))
            .collect();
        let mirrored: Vec<_> = pads.iter().copied().map(mirror_pad).collect();
        for slot in Slot::all(slots) {
            let bots = (Duel.bot(&play.arena, slot), Duel.bot(&image.arena, slot));
            assert_eq!(mirror_pad(bots.0), bots.1, "{slot}");
        }
        let round = play.arena.round.number;
        play.step(&pads);
        image.step(&mirrored);
        if play.arena.round.number != round {
            image.arena = mirror(&play.arena);
        }
        assert_eq!(mirror(&play.arena), image.arena);
    }
}

#[test]
fn mirrored_bots_play_mirrored() {
    for slots in [2, 3, 8] {
        check(slots.into(), slots, 10_000, &mut |arena, slot| {
            Duel.bot(arena, slot)
        });
    }
}

#[test]
fn mirrored_inputs_play_mirrored() {
    for seed in 0..8 {
        let mut rng = Rng::new(seed);
        let mut held = [Pad::default(); 2];
        check(seed, 2, 4_000, &mut |_, slot| {
            let [first, second] = &mut held;
            let pad = if slot == Slot(0) { first } else { second };
            if rng.chance(1, 8) {
                *pad = Pad::from(rng.next_u32().to_le_bytes()[0]);
            }
            *pad
        });
    }
}
