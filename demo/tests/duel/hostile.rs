//! Random pads and damaged states: the step is total, and nothing but the state decides it.

use phalanx::duel::{Duel, FIGHTERS_MAX, Pad};
use phalanx_engine::{
    Entry, Rng, Simulation, Slot, SyncTest, flip_leaf, from_bytes, mix, to_bytes,
};

use crate::play::{Play, setup};

fn any_pad(rng: &mut Rng) -> Pad {
    Pad::from(rng.next_u32().to_le_bytes()[0])
}

#[test]
fn random_pads_play_alike_again() {
    for slots in [1, 2, 8] {
        let mut rng = Rng::new(slots.into());
        let report = SyncTest::new(Duel, setup(3, slots)).run(20_000, |_, _, _| any_pad(&mut rng));
        assert!(report.is_ok(), "{report:?}");
    }
}

#[test]
fn the_encoding_is_small_and_has_one_size() {
    let mut play = Play::new(1, 2);
    let bytes = to_bytes(&play.arena).len();
    println!("{bytes} bytes");
    assert!(bytes < 1000, "{bytes}");
    (0..2_000).for_each(|_| play.step_bots());
    assert_eq!(to_bytes(&play.arena).len(), bytes);
}

#[test]
fn every_field_can_be_damaged_and_no_damage_stops_the_match() {
    for seed in 0..40 {
        let mut rng = Rng::new(seed);
        let mut play = Play::new(seed, FIGHTERS_MAX);
        let mut damaged = [false; 4];
        for _ in 0..800 {
            let field = flip_leaf(&mut play.arena, rng.next_u64()).unwrap();
            let place = damaged.iter_mut().zip(0..).find(|(_, of)| *of == field);
            *place.unwrap().0 = true;
            let entry = match rng.below(64) {
                0 => Some(Entry::Join(Slot(rng.below(8).to_le_bytes()[0]))),
                1 => Some(Entry::Leave(Slot(rng.below(8).to_le_bytes()[0]))),
                _ => None,
            };
            let pads: Vec<_> = (0..FIGHTERS_MAX).map(|_| any_pad(&mut rng)).collect();
            play.step_with(entry.as_slice(), |arena, slot| {
                let pad = Slot::all(FIGHTERS_MAX)
                    .zip(&pads)
                    .find(|(of, _)| *of == slot);
                // Half of them bots, so that these see damaged states too.
                match pad {
                    Some((_, pad)) if slot.0 % 2 == 0 => *pad,
                    _ => Duel.bot(arena, slot),
                }
            });
        }
        assert_eq!(damaged, [true; 4]);
    }
}

#[test]
fn bytes_that_decode_can_be_played() {
    let bytes = to_bytes(&Play::new(1, FIGHTERS_MAX).arena);
    let mut played = 0;
    for seed in 0..400 {
        let mut hostile = bytes.clone();
        let mut rng = Rng::new(mix(seed));
        // Signs and low bits: far out of range as a number, often valid as an enum's tag.
        for byte in &mut hostile {
            if rng.chance(1, 32) {
                *byte = rng.next_u32().to_le_bytes()[0] & 0x81;
            }
        }
        if let Ok(arena) = from_bytes(&hostile) {
            let mut play = Play::new(seed, FIGHTERS_MAX);
            play.arena = arena;
            (0..300).for_each(|_| play.step_bots());
            played += 1;
        }
    }
    assert!(played > 20, "{played}");
}
