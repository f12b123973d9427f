//! The random generator.

use phalanx_engine::{Fix, Fix32, Rng, RngKey, Uniform, mix};

use crate::sweep::{Operand, sweep};
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
    Component::new("rng.below_u64", |tape| {
        draws(tape, |rng, index| {
            rng.below_u64((1 << 63 | u64::from(index)) >> (index % 64))
        });
    }),
    Component::new("rng.range_i32", ranges::<i32>),
    Component::new("rng.range_u32", ranges::<u32>),
    Component::new("rng.range_i64", ranges::<i64>),
    Component::new("rng.range_u64", ranges::<u64>),
    Component::new("rng.range_fix", ranges::<Fix>),
    Component::new("rng.range_fix32", ranges::<Fix32>),
    Component::new("rng.unit", |tape| draws(tape, |rng, _| rng.unit())),
    Component::new("rng.angle", |tape| draws(tape, |rng, _| rng.angle())),
    Component::new("rng.on_circle", |tape| {
        draws(tape, |rng, index| rng.on_circle(radius(index)));
    }),
    Component::new("rng.in_circle", |tape| {
        draws(tape, |rng, index| rng.in_circle(radius(index)));
    }),
    Component::new("rng.shuffle", |tape| {
        picks(tape, |rng, items, _| {
            rng.shuffle(items);
            items.to_vec()
        });
    }),
    Component::new("rng.sample", |tape| {
        picks(tape, |rng, items, index| {
            rng.sample(items, index % 5).to_vec()
        });
    }),
    Component::new("rng.choose", |tape| {
        picks(tape, |rng, items, _| rng.choose(items).copied());
    }),
    Component::new("rng.choose_weighted", |tape| {
        picks(tape, |rng, items, index| {
            // Their sum goes beyond a word.
            let weight = |item: &u8| u32::MAX.wrapping_mul(u32::from(*item)) >> (index % 32);
            rng.choose_weighted(items, weight).copied()
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
    Component::new("rng.key", |tape| {
        sweep(tape, |(purpose, entity, tick): (u16, u64, u64)| {
            let key = RngKey::named(&format!("purpose {purpose}"));
            key.with(entity).with(tick).rng()
        });
    }),
];

fn draws<R: phalanx_engine::State>(tape: &mut Tape<'_>, draw: impl Fn(&mut Rng, u32) -> R) {
    for sequence in 0..4 {
        let mut rng = Rng::with_sequence(mix(sequence), sequence);
        for index in 0..DRAWS / 4 {
            tape.note(&draw(&mut rng, index));
        }
    }
}

/// Draws from ranges with drawn ends, of which half are empty.
fn ranges<N: Operand + Uniform + phalanx_engine::State>(tape: &mut Tape<'_>) {
    draws(tape, |rng, _| {
        let (start, end) = <(N, N)>::draw(rng);
        rng.range(start..end)
    });
}

/// Draws from slices of up to ten items.
fn picks<R: phalanx_engine::State>(
    tape: &mut Tape<'_>,
    pick: impl Fn(&mut Rng, &mut [u8], u32) -> R,
) {
    draws(tape, |rng, index| {
        let mut items: Vec<u8> = (0..10)
            .take(usize::from(mix(index.into()).to_le_bytes()[0] % 11))
            .collect();
        pick(rng, &mut items, index)
    });
}

/// Of all magnitudes; some are zero.
fn radius(index: u32) -> Fix {
    Fix::from_bits((1 << 62 | i64::from(index)) >> (index % 64))
}
