//! A small world of rows and plain containers, of which every tick changes a little of everything.

#![allow(dead_code, unreachable_pub, reason = "shared by several tests")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::disallowed_types,
    reason = "drawn bits and lengths in tests"
)]

use std::collections::{BTreeMap, VecDeque};

use phalanx_engine::{
    Cell, DecodeError, Decoder, Digest, DigestVisitor, Effects, Encoder, Fix, Id, InputFrame,
    NoCommand, NoEffect, Node, Rng, Row, Schema, Setup, Simulation, State, Table, Vec2, Visitor,
    VisitorMut,
};

#[derive(State, Cell, Clone, Copy, Debug, PartialEq)]
pub enum Order {
    Stand,
    Guard(Id<Unit>),
    Gather { amount: u16, heavy: bool },
}

#[derive(Row, Clone, Debug, PartialEq)]
pub struct Unit {
    pub kind: u8,
    pub position: Vec2,
    pub order: Order,
    pub path: Vec<(u8, i16)>,
}

impl Unit {
    pub fn of(seed: u32) -> Self {
        let [a, b, c, _] = seed.to_le_bytes();
        Self {
            kind: a,
            position: Vec2::new(Fix::int(b.into()), -Fix::int(c.into())),
            order: match a % 3 {
                0 => Order::Stand,
                1 => Order::Guard(Id::default()),
                _ => Order::Gather {
                    amount: u16::from_le_bytes([b, c]),
                    heavy: b % 2 == 0,
                },
            },
            path: (0..a % 4).map(|step| (step, i16::from(b) - 100)).collect(),
        }
    }
}

#[derive(State, Clone, Debug, PartialEq)]
pub enum Weather {
    Clear,
    Rain { since: u16, drops: Vec<u8> },
    Wind(Vec2),
}

#[derive(State, Clone, Debug)]
pub struct World {
    pub rng: Rng,
    pub units: Table<Unit>,
    pub weather: Weather,
    pub scores: BTreeMap<u8, i32>,
    pub trail: VecDeque<Option<(u8, bool)>>,
    pub places: [Vec2; 2],
    pub name: String,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut units = Table::<Unit>::new();
        for seed in 0..50_u32 {
            units.insert(Unit::of(seed.wrapping_mul(0x9e37_79b9)));
        }
        Self {
            rng: Rng::new(seed),
            units,
            weather: Weather::Clear,
            scores: BTreeMap::new(),
            trail: VecDeque::new(),
            places: [Vec2::ZERO; 2],
            name: String::from("here"),
        }
    }

    /// One change of `kind`, as drawn.
    pub fn change(&mut self, kind: u8) {
        let draw = self.rng.below(1 << 16);
        let [low, high, ..] = draw.to_le_bytes();
        let row = draw % self.units.places();
        match kind % 12 {
            0 => drop(self.units.insert(Unit::of(draw << 8 | draw))),
            1 => drop(self.units.id(row).map(|id| self.units.remove(id))),
            2 if self.units.id(row).is_some() => self.units.path.edit(row).push((low, high.into())),
            3 => self
                .units
                .position
                .update(row, |position| position.x += Fix::STEP),
            4 => self.units.position.block_mut(row / 16)[0].y = Fix::int(low.into()),
            5 => drop(self.scores.insert(low % 8, high.into())),
            6 => drop(self.scores.remove(&(low % 8))),
            7 => self
                .trail
                .push_back((low > 99).then_some((high, low % 2 == 0))),
            8 => drop(self.trail.pop_front()),
            9 => self.places[usize::from(low % 2)].y += Fix::ONE,
            10 => self.name = format!("{}", low % 3),
            _ => {
                self.weather = match low % 3 {
                    0 => Weather::Clear,
                    1 => Weather::Rain {
                        since: draw as u16,
                        drops: vec![high; usize::from(low % 4)],
                    },
                    _ => Weather::Wind(Vec2::new(Fix::int(high.into()), Fix::ZERO)),
                };
            }
        }
    }
}

/// A [`World`] that goes forth again only if `REDO`.
#[derive(Clone, Debug)]
pub struct Kept<const REDO: bool>(pub World);

pub struct Rules<const REDO: bool>;

impl<const REDO: bool> Simulation for Rules<REDO> {
    const ID: &'static str = "rows";
    const VERSION: u32 = 1;
    type State = Kept<REDO>;
    type Input = u8;
    type Command = NoCommand;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Kept<REDO> {
        Kept(World::new(setup.seed))
    }

    fn step(
        &self,
        state: &mut Kept<REDO>,
        frame: &InputFrame<'_, Self>,
        _: &mut Effects<NoEffect>,
    ) {
        for (_, _, input) in frame.slots() {
            for _ in 0..3 + input % 4 {
                let kind = state.0.rng.below(12) as u8;
                state.0.change(kind.wrapping_add(input));
            }
        }
    }
}

impl<const REDO: bool> State for Kept<REDO> {
    type Undo = <World as State>::Undo;

    fn open(&mut self, undo: &mut Self::Undo) {
        self.0.open(undo);
    }
    fn close(&mut self, undo: &mut Self::Undo, node: Node<'_>) -> Digest {
        self.0.close(undo, node)
    }
    fn undo(&mut self, undo: &mut Self::Undo) {
        self.0.undo(undo);
    }
    fn redo(&mut self, undo: &mut Self::Undo) {
        if REDO {
            self.0.redo(undo);
        }
    }
    fn digest(&self, node: Node<'_>) -> Digest {
        self.0.digest(node)
    }
    fn visit_digests(&self, node: Node<'_>, visitor: &mut dyn DigestVisitor) -> Digest {
        self.0.visit_digests(node, visitor)
    }
    fn schema(schema: &mut Schema) {
        World::schema(schema);
    }
    fn encode(&self, out: &mut Encoder) {
        self.0.encode(out);
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        World::decode(from).map(Self)
    }
    fn visit(&self, visitor: &mut dyn Visitor) {
        self.0.visit(visitor);
    }
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        self.0.visit_mut(visitor);
    }
}
