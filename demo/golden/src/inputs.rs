//! Inputs: packing at odd widths, total unpacking, and what a guess repeats; tick rates.

use phalanx_engine::{Angle, Fix32, Input, Rng, State, Tick, TickRate};

use crate::sweep::{Operand, sweep};
use crate::{Component, Tape};

pub(crate) const COMPONENTS: &[Component] = &[
    Component::new("input.unpack", |tape| {
        packed(tape, |bytes| repack(&Controls::unpack(bytes)));
    }),
    Component::new("input.is_valid", |tape| packed(tape, Controls::is_valid)),
    Component::new("input.repeated", |tape| {
        packed(tape, |bytes| repack(&Controls::unpack(bytes).repeated()));
    }),
    Component::new("tick.nanos_at", |tape| {
        sweep(tape, |(rate, tick): (Rate, u64)| {
            rate.0.nanos_at(Tick(tick))
        });
    }),
    Component::new("tick.tick_at", |tape| {
        sweep(tape, |(rate, nanos): (Rate, u64)| rate.0.tick_at(nanos));
    }),
];

/// One field of every kind, at places that are no multiples of eight bits.
#[derive(Input, Clone, Copy, Default, PartialEq)]
struct Controls {
    held: bool,
    level: i8,
    #[input(edge)]
    shots: u16,
    stance: Stance,
    stick: [i16; 2],
    aim: Angle,
    #[input(edge)]
    jump: bool,
    throttle: Fix32,
    target: u64,
    offset: i64,
}

/// Two bits, of which one value is none.
#[derive(Input, Clone, Copy, Default, PartialEq)]
enum Stance {
    #[default]
    Stand,
    Crouch,
    Lie,
}

/// What `use_of` makes of drawn bytes.
fn packed<R: State>(tape: &mut Tape<'_>, use_of: impl Fn(&[u8]) -> R) {
    let mut rng = Rng::new(3);
    for _ in 0..2000 {
        let bytes: Vec<u8> = (0..Controls::BYTES)
            .map(|_| rng.next_u32().to_le_bytes()[3])
            .collect();
        tape.note(&use_of(&bytes));
    }
}

fn repack(controls: &Controls) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..Controls::BYTES).map(|_| 0xff).collect();
    controls.pack(&mut bytes);
    bytes
}

#[derive(Clone, Copy)]
struct Rate(TickRate);

impl Operand for Rate {
    fn edges() -> Vec<Self> {
        let rates = [
            (1, 1),
            (30_000, 1001),
            (60, 1),
            (1000, 1),
            (u32::MAX, u32::MAX),
        ];
        let rate = |(numerator, denominator)| TickRate::new(numerator, denominator);
        rates
            .map(|parts| Self(rate(parts).expect("in range")))
            .into()
    }
    fn draw(rng: &mut Rng) -> Self {
        Self(TickRate::hz(1 + rng.below(1000)))
    }
}
