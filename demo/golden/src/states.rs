//! The canonical form of a state with every kind of leaf and container: schema, bytes, digests,
//! undo, and back from the bytes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use phalanx_engine::{
    Angle, Digest, Encoder, Fix, Fix32, Node, Rng, Schema, Slot, State, Tick, Vec2, flip_leaf,
    from_bytes, to_bytes,
};

use crate::sweep::Operand;
use crate::{Component, Tape};

/// How often the state changes.
const CHANGES: u64 = 600;

pub(crate) const COMPONENTS: &[Component] = &[
    Component::new("state.schema", |tape| {
        let schema = Schema::of::<Everything>();
        tape.note(&schema.text().to_owned());
        tape.note(&schema.fingerprint());
    }),
    Component::new("state.bytes", |tape| {
        changes(tape, |tape, after| tape.note(after));
    }),
    Component::new("state.digest", |tape| {
        changes(tape, |tape, after| tape.note(&digest(after).0));
    }),
    Component::new("state.decode", |tape| {
        changes(tape, |tape, after| {
            let decoded: Everything = from_bytes(&to_bytes(after)).expect("its own bytes");
            tape.note(&decoded);
        });
    }),
    Component::new("state.close_and_undo", close_and_undo),
    Component::new("state.flip", |tape| {
        let mut everything = Everything::default();
        for seed in 0..CHANGES {
            everything.change(&mut Rng::new(seed));
            let field = flip_leaf(&mut everything, seed);
            tape.note(&(field, everything.clone()));
        }
    }),
];

/// Every type that a state may hold.
#[derive(State, Clone, Default)]
struct Everything {
    unsigned: (u8, u16, u32, u64),
    signed: (i8, i16, i32, i64),
    truth: bool,
    world: Fix,
    small: Fix32,
    heading: Angle,
    place: Vec2,
    tick: Tick,
    slot: Option<Slot>,
    rng: Option<Rng>,
    name: String,
    hits: [u16; 5],
    shape: Shape,
    trail: Vec<Vec2>,
    queue: VecDeque<Shape>,
    marks: BTreeSet<i32>,
    scores: BTreeMap<u16, Option<Fix>>,
    nested: Vec<Vec<u8>>,
}

/// An enum with every kind of variant.
#[derive(State, Clone, Default)]
enum Shape {
    #[default]
    Nothing,
    Circle(Fix),
    Area {
        corner: Vec2,
        size: (Fix32, Fix32),
    },
}

impl Shape {
    fn draw(rng: &mut Rng) -> Self {
        match rng.below(3) {
            0 => Self::Nothing,
            1 => Self::Circle(Fix::draw(rng)),
            _ => {
                let (corner, size) = Operand::draw(rng);
                Self::Area { corner, size }
            }
        }
    }
}

impl Everything {
    /// Draws every field anew, or changes it a little.
    fn change(&mut self, rng: &mut Rng) {
        let bits = rng.next_u64();
        let [b0, b1, b2, b3, b4, b5, b6, b7] = bits.to_le_bytes();
        let word = u32::from_le_bytes([b0, b1, b2, b3]);
        self.unsigned = (b7, u16::from_le_bytes([b6, b5]), word, bits);
        let (a, b, c, d) = self.unsigned;
        self.signed = (
            a.cast_signed(),
            b.cast_signed(),
            c.cast_signed(),
            d.cast_signed(),
        );
        self.truth = rng.chance(1, 2);
        self.world = Operand::draw(rng);
        self.small = Operand::draw(rng);
        self.heading = Operand::draw(rng);
        self.place = Operand::draw(rng);
        self.tick += u64::from(rng.below(1000));
        self.slot = rng.chance(2, 3).then_some(Slot(b4));
        self.rng = rng.chance(2, 3).then(|| Rng::new(bits));
        self.name = format!("größer als {}", self.world);
        self.hits.rotate_left(1);
        self.hits[0] = b;
        self.shape = Shape::draw(rng);
        self.grow_and_shrink(rng);
    }

    fn grow_and_shrink(&mut self, rng: &mut Rng) {
        if rng.chance(1, 10) {
            self.trail.clear();
            self.nested.clear();
        }
        self.trail.push(Operand::draw(rng));
        self.nested.push(self.world.to_bits().to_le_bytes().into());
        self.queue.push_back(Shape::draw(rng));
        if rng.chance(1, 2) {
            self.queue.pop_front();
        }
        let number = rng.below(64);
        if !self.marks.insert(number.cast_signed() - 32) {
            self.marks.pop_first();
        }
        let score = rng.chance(3, 4).then(|| Operand::draw(rng));
        self.scores.insert(self.unsigned.1 % 32, score);
    }
}

fn digest(everything: &Everything) -> Digest {
    everything.digest(Node::root(1, &mut Encoder::new()))
}

/// `see` is shown the state after every change.
fn changes(tape: &mut Tape<'_>, see: impl Fn(&mut Tape<'_>, &Everything)) {
    let mut rng = Rng::new(4);
    let mut everything = Everything::default();
    for _ in 0..CHANGES {
        everything.change(&mut rng);
        see(tape, &everything);
    }
}

/// As a timeline does: `open`, change, `close`; going back gives the digest from before.
fn close_and_undo(tape: &mut Tape<'_>) {
    let mut scratch = Encoder::new();
    let mut undo = <Everything as State>::Undo::default();
    let mut rng = Rng::new(5);
    let mut everything = Everything::default();
    for round in 0..CHANGES {
        let before = digest(&everything);
        everything.open(&mut undo);
        everything.change(&mut rng);
        let closed = everything.close(&mut undo, Node::root(1, &mut scratch));
        assert_eq!(
            closed,
            digest(&everything),
            "kept up to date and from scratch"
        );
        tape.note(&closed.0);
        if round % 3 != 0 {
            everything.undo(&mut undo);
            assert_eq!(digest(&everything), before, "undone");
            tape.note(&everything);
        }
    }
}
