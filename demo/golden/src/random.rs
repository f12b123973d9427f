//! The random generator.

use phalanx_engine::{Rng, mix};

use crate::sweep::sweep;
use crate::{Component, Tape};

const DRAWS: u32 = 10_000;

pub(crate) const COMPONENTS: &[Component] = &[
    Component::new("rng.u32", |tape| draws(tape, |rng, _| rng.next_u32())),
    Component::new("rng.u64", |tape| draws(tape, |rng, _| rng.next_u64())),
    Component::new("rng.below", |tape| {
        // Bounds near 2^31 are those that reject most.
        draws(tape, |rng, index| {
            rng.below((1 << 31 | index) >> (index % 32))
        });
    }),
    Component::new("rng.chance", |tape| {
        draws(tape, |rng, index| rng.chance(index % 7, 7));
    }),
    Component::new("rng.state", |tape| {
        draws(tape, |rng, _| {
            rng.next_u32();
            rng.clone()
        });
    }),
    Component::new("rng.mix", |tape| sweep(tape, mix)),
];

fn draws<R: phalanx_engine::State>(tape: &mut Tape<'_>, draw: impl Fn(&mut Rng, u32) -> R) {
    for sequence in 0..4 {
        let mut rng = Rng::with_sequence(mix(sequence), sequence);
        for index in 0..DRAWS / 4 {
            tape.note(&draw(&mut rng, index));
        }
    }
}
