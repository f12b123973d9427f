//! A small world, as a fighting game has it: plain fields, no table.

use std::hint::black_box;

use phalanx_engine::{Encoder, Fix, Node, State, Tick, Vec2, to_bytes};

use super::{COLUMNS, Churn, DEPTH, FIELD, KEY, Keeper, WINDOW};

/// Somebody in the fight.
pub trait Body: State + Copy + Default {
    /// What is special about it, behind a comma.
    const KIND: &'static str;

    /// A number of it.
    fn number(&mut self) -> &mut Fix;
}

/// Bodies of the same fields: 64 bytes, as many as a row of the others.
macro_rules! bodies {
    ($($(#[$options:meta])* $name:ident, $kind:literal;)*) => {$(
        #[derive(State, Clone, Copy, Default)]
        $(#[$options])*
        pub struct $name {
            position: Vec2,
            velocity: Vec2,
            health: u32,
            stunned: u32,
            action: u16,
            frame: u16,
            combo: u16,
            facing: i16,
            last_hit: Tick,
            flags: u64,
        }

        impl Body for $name {
            const KIND: &'static str = $kind;

            fn number(&mut self) -> &mut Fix {
                &mut self.velocity.y
            }
        }
    )*};
}

bodies! {
    /// As anybody would write it; it lies in memory as the compiler likes.
    Encoded, "";
    /// It is hashed where it lies.
    #[derive(bytemuck::NoUninit)]
    #[repr(C)]
    #[state(bytes)]
    InPlace, ", #[state(bytes)]";
}

/// 64 bytes more than there are bodies.
#[derive(State, Clone)]
struct Fight<B: Body, const BODIES: usize> {
    bodies: [B; BODIES],
    scores: [u64; COLUMNS],
}

/// Keeps a fight. Its bodies are the rows, and the scores are the last one.
pub struct Plain<B: Body, const BODIES: usize> {
    fight: Fight<B, BODIES>,
    ring: [<Fight<B, BODIES> as State>::Undo; WINDOW],
    tick: usize,
    scratch: Encoder,
}

impl<B: Body, const BODIES: usize> Plain<B, BODIES> {
    fn open(&mut self) {
        self.fight.open(&mut self.ring[self.tick % WINDOW]);
    }

    fn close(&mut self) {
        let node = Node::root(KEY, &mut self.scratch);
        black_box(self.fight.close(&mut self.ring[self.tick % WINDOW], node));
    }

    fn undo(&mut self) {
        self.fight.undo(&mut self.ring[self.tick % WINDOW]);
    }
}

impl<B: Body, const BODIES: usize> Keeper for Plain<B, BODIES> {
    const KIND: &'static str = B::KIND;

    fn new(rows: u32) -> Self {
        assert_eq!(rows as usize, BODIES + 1);
        let mut this = Self {
            fight: Fight {
                bodies: [B::default(); BODIES],
                scores: [0; COLUMNS],
            },
            ring: std::array::from_fn(|_| Default::default()),
            tick: 0,
            scratch: Encoder::new(),
        };
        this.open();
        this
    }

    /// One number of a row.
    fn write(&mut self, churn: Churn, rows: &[u32], step: u64) {
        assert!(!churn.whole && !churn.is_all());
        for &row in rows {
            if let Some(body) = self.fight.bodies.get_mut(row as usize) {
                let number = body.number();
                let bits = number.to_bits().cast_unsigned();
                *number = Fix::from_bits(bits.wrapping_add(step).cast_signed());
            } else {
                let score = &mut self.fight.scores[FIELD];
                *score = score.wrapping_add(step);
            }
        }
    }

    fn save(&mut self) {
        self.close();
        self.tick += 1;
        self.open();
    }

    fn restore(&mut self) {
        self.close();
        self.undo();
        for _ in 0..DEPTH {
            self.tick -= 1;
            self.undo();
        }
        self.open();
    }

    fn row(&self, row: u32) -> [u64; COLUMNS] {
        let body = self.fight.bodies.get(row as usize);
        body.map_or(self.fight.scores, |body| {
            let bytes = to_bytes(body);
            std::array::from_fn(|word| {
                let word = bytes.iter().skip(8 * word).take(8).rev();
                word.fold(0, |word, &byte| word << 8 | u64::from(byte))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fight_is_as_large_as_its_rows() {
        let two = Plain::<Encoded, 31>::new(32);
        assert_eq!(to_bytes(&two.fight).len(), 2048);
        let four = Plain::<InPlace, 63>::new(64);
        assert_eq!(to_bytes(&four.fight).len(), 4096);
    }
}
