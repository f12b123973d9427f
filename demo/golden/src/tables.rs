//! A world of rows: everything that is told of it while ticks are played, taken back, deeper a
//! second time, and played otherwise.

use std::collections::VecDeque;

use phalanx_engine::table::BLOCK_ROWS;
use phalanx_engine::{
    Angle, Cell, Digest, DigestNode, DigestVisitor, Encoder, Fix, Fix32, Fold, Grid, Id, Node,
    PathStep, Rng, Row, Schema, Slot, State, Table, Tick, Vec2, diff, flip_leaf, from_bytes,
    to_bytes,
};

use crate::sweep::Operand;
use crate::{Component, Tape};

/// How many ticks are played, of which some are taken back.
const TICKS: u32 = 400;

/// Most ticks that are taken back at once.
const BACK_TICKS: u32 = 9;

/// Ticks that can be taken back.
const KEPT_TICKS: usize = 16;

pub(crate) const COMPONENTS: &[Component] = &[
    Component::new("table.schema", |tape| {
        let schema = Schema::of::<World>();
        tape.note(&schema.text().to_owned());
        tape.note(&schema.fingerprint());
    }),
    Component::new("table.bytes", |tape| {
        play(|world, _| tape.note(world));
    }),
    Component::new("table.checksum", |tape| {
        play(|_, checksum| tape.note(&checksum.0));
    }),
    Component::new("table.columns", |tape| {
        play(|world, _| tape.note(&columns(world)));
    }),
    Component::new("table.decode", |tape| {
        play(|world, _| {
            let decoded: World = from_bytes(&to_bytes(world)).expect("its own bytes");
            tape.note(&digest(&decoded).0);
            tape.note(&decoded);
        });
    }),
    Component::new("table.diff", differences),
    Component::new("table.ids", |tape| {
        play(|World { units, .. }, _| {
            let targets = units.rows().map(|row| units.row(units.target[row]));
            tape.note(&(units.ids().collect::<Vec<_>>(), targets.collect::<Vec<_>>()));
        });
    }),
    Component::new("table.grid", |tape| {
        play(|world, _| tape.note(&neighbours(world)));
    }),
    Component::new("table.flip", |tape| {
        let mut seed = 0;
        play(|world, _| {
            let mut world = world.clone();
            let field = flip_leaf(&mut world, seed);
            tape.note(&(field, world));
            seed += 1;
        });
    }),
];

#[derive(State, Cell, Clone, Copy, PartialEq)]
enum Order {
    Stand,
    Guard(Id<Unit>),
    March { to: Vec2, pace: Fix32 },
    Mine(u8, bool),
}

#[derive(State, Cell, Clone, Copy, PartialEq)]
struct Body {
    heading: Angle,
    size: (Fix32, i16),
    owner: Option<Slot>,
}

/// A column of every kind.
#[derive(Row, Clone)]
struct Unit {
    place: Vec2,
    reach: Fix,
    pace: Fix32,
    target: Id<Self>,
    order: Order,
    hits: [u16; 3],
    body: Body,
    awake: bool,
    kind: u8,
    age: u16,
    seen: u32,
    born: Tick,
    score: u64,
    path: Vec<Vec2>,
    names: Vec<String>,
}

/// A row of few bytes, which come and go.
#[derive(Row, Clone)]
struct Shell {
    left: i8,
}

#[derive(State, Clone)]
struct World {
    units: Table<Unit>,
    tick: Tick,
    shells: Table<Shell>,
}

impl Order {
    fn draw(rng: &mut Rng, somebody: Id<Unit>) -> Self {
        match rng.below(4) {
            0 => Self::Stand,
            1 => Self::Guard(somebody),
            2 => Self::March {
                to: near(rng),
                pace: Operand::draw(rng),
            },
            _ => Self::Mine(3, rng.chance(1, 2)),
        }
    }
}

impl Unit {
    fn draw(rng: &mut Rng) -> Self {
        let score = u64::draw(rng);
        let [a, b, c, ..] = score.to_le_bytes();
        Self {
            place: near(rng),
            reach: Operand::draw(rng),
            pace: Operand::draw(rng),
            target: Id::default(),
            order: Order::Stand,
            hits: [a.into(), u16::draw(rng), b.into()],
            body: Body {
                heading: Operand::draw(rng),
                size: Operand::draw(rng),
                owner: rng.chance(1, 2).then_some(Slot(c)),
            },
            awake: rng.chance(1, 2),
            kind: b,
            age: u16::draw(rng),
            seen: u32::draw(rng),
            born: Tick(u64::draw(rng)),
            score,
            path: (0..c % 4).map(|_| near(rng)).collect(),
            names: (0..a % 3).map(|number| format!("Ä{number}")).collect(),
        }
    }
}

/// A place in the middle of the world, where others are.
fn near(rng: &mut Rng) -> Vec2 {
    let mut number = || rng.range(-Fix::int(30)..Fix::int(30));
    Vec2::new(number(), number())
}

impl World {
    fn start() -> Self {
        let (mut rng, mut units) = (Rng::new(8), Table::<Unit>::new());
        for _ in 0..3 * BLOCK_ROWS + 1 {
            units.insert(Unit::draw(&mut rng));
        }
        Self {
            units,
            tick: Tick::ZERO,
            shells: Table::new(),
        }
    }

    /// A tick's work.
    fn step(&mut self, rng: &mut Rng) {
        self.tick += 1;
        for _ in 0..rng.below(10) {
            self.come_and_go(rng);
        }
        for _ in 0..rng.below(20) {
            self.write(rng);
        }
    }

    /// Somebody, who may have been there once.
    fn anybody(&self, rng: &mut Rng) -> Id<Unit> {
        let row = rng.below(self.units.places());
        self.units.id(row).unwrap_or(self.units.target[row])
    }

    fn come_and_go(&mut self, rng: &mut Rng) {
        let somebody = self.anybody(rng);
        match rng.below(8) {
            0..3 => drop(self.units.insert(Unit::draw(rng))),
            3..5 => drop(self.units.remove(somebody)),
            5 => drop(self.units.set(somebody, Unit::draw(rng))),
            6 => drop(self.shells.insert(Shell { left: -3 })),
            _ => {
                let shells: Vec<_> = self.shells.ids().step_by(2).collect();
                for id in shells {
                    self.shells.remove(id);
                }
            }
        }
    }

    /// Also where nobody lives.
    fn write(&mut self, rng: &mut Rng) {
        let somebody = self.anybody(rng);
        let row = rng.below(self.units.places());
        let units = &mut *self.units;
        match rng.below(12) {
            0..3 => units
                .place
                .update(row, |place| *place += near(rng) / Fix::int(8)),
            3 => units.target.set(row, somebody),
            4 => units.order.set(row, Order::draw(rng, somebody)),
            5 => units
                .body
                .update(row, |body| body.heading += Angle(1 << 20)),
            6 => units.path.edit(row).push(near(rng)),
            7 => units.path.edit(row).clear(),
            8 => units.names.edit(row).insert(0, String::from("ß")),
            9 => {
                let hits = units.hits.block_mut(row / BLOCK_ROWS);
                hits.iter_mut().for_each(|hits| hits.rotate_left(1));
            }
            10 => units.age.all_mut().iter_mut().for_each(|age| *age ^= 1),
            _ => {
                let columns = units.pace.all_mut().iter_mut().zip(units.reach.iter());
                columns.for_each(|(pace, reach)| *pace += reach.saturating_to_fix32());
            }
        }
    }
}

/// Seeds of digests are of the schema, as they are in a match.
fn root(scratch: &mut Encoder) -> Node<'_> {
    Node::root(Schema::of::<World>().fingerprint(), scratch)
}

fn digest(world: &World) -> Digest {
    world.digest(root(&mut Encoder::new()))
}

/// Plays as a late player does: some ticks are taken back, some of them played again as they were and
/// others otherwise. `see` is shown the world and its checksum after every tick played or taken back.
fn play(mut see: impl FnMut(&World, Digest)) {
    let (mut world, mut rng) = (World::start(), Rng::new(9));
    let mut scratch = Encoder::new();
    let mut kept: VecDeque<<World as State>::Undo> = VecDeque::new();
    for _ in 0..TICKS {
        let recycled = (kept.len() == KEPT_TICKS).then(|| kept.pop_front());
        let mut undo = recycled.flatten().unwrap_or_default();
        world.open(&mut undo);
        world.step(&mut rng);
        let checksum = world.close(&mut undo, root(&mut scratch));
        assert_eq!(checksum, digest(&world), "kept up to date and from scratch");
        kept.push_back(undo);
        see(&world, checksum);
        if rng.chance(1, 3) {
            let back = rng.below(BACK_TICKS) + 1;
            take_back(&mut world, &mut kept, back, rng.below(back), &mut see);
        }
    }
}

/// Takes back the newest `back` ticks, and then the taking back of `forth` of them.
fn take_back(
    world: &mut World,
    kept: &mut VecDeque<<World as State>::Undo>,
    back: u32,
    forth: u32,
    see: &mut impl FnMut(&World, Digest),
) {
    let mut taken = Vec::new();
    for mut undo in (0..back).map_while(|_| kept.pop_back()) {
        world.undo(&mut undo);
        see(world, digest(world));
        taken.push(undo);
    }
    for mut undo in (0..forth).map_while(|_| taken.pop()) {
        world.redo(&mut undo);
        see(world, digest(world));
        kept.push_back(undo);
    }
}

/// The digests of all columns, as they are kept, and their rows.
fn columns(world: &World) -> Vec<(u32, u64)> {
    #[derive(Default)]
    struct Columns(Vec<(u32, u64)>);
    impl DigestVisitor for Columns {
        fn enter(&mut self, _: PathStep) {}
        fn node(&mut self, node: DigestNode) {
            if let Fold::Blocks { rows } = node.fold {
                self.0.push((rows, node.digest.0));
            }
        }
        fn leave(&mut self) {}
    }
    let mut columns = Columns::default();
    world.visit_digests(root(&mut Encoder::new()), &mut columns);
    columns.0
}

/// Most differences that are told of: fewer than there are at times.
const DIFFERENCES_MAX: u32 = 200;

/// What differs from an earlier world, as text.
fn differences(tape: &mut Tape<'_>) {
    let mut last = World::start();
    play(|world, checksum| {
        let diff = diff(&last, world, DIFFERENCES_MAX);
        tape.note(&diff.to_string());
        tape.note(&(diff.blocks, diff.blocks_opened));
        if checksum.0 % 3 == 0 {
            last = world.clone();
        }
    });
}

/// Of every fourth unit, who is near it, in the order in which the grid tells them, and who is nearest.
fn neighbours(world: &World) -> Vec<(Vec<u32>, Option<u32>)> {
    let units = &world.units;
    let mut grid = Grid::new(Fix::int(6));
    grid.fill(units.rows().map(|row| (row, units.place[row])));
    let near = |row: u32| {
        let (place, reach) = (units.place[row], Fix::int(5));
        let within = grid.within(place, reach).collect();
        (within, grid.nearest(place, reach, |other| other != row))
    };
    units.rows().step_by(4).map(near).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every question of a component has every kind of answer.
    #[test]
    fn the_world_has_everything_to_be_asked_for() {
        let (mut seen, mut stale, mut living, mut reused) = (0, 0, 0, 0);
        let (mut few, mut most) = (u32::MAX, 0);
        let (mut alone, mut together) = (0, 0);
        let (mut missing, mut told) = (0, 0);
        let mut last = World::start();
        play(|world, _| {
            let units = &world.units;
            seen += 1;
            few = few.min(units.len());
            most = most.max(units.places());
            for row in units.rows() {
                match units.row(units.target[row]) {
                    Some(_) => living += 1,
                    None if units.target[row] == Id::default() => {}
                    None => stale += 1,
                }
            }
            reused += units.ids().filter(|id| to_bytes(id)[4] > 1).count();
            for (within, nearest) in neighbours(world) {
                assert!(!within.is_empty(), "itself");
                alone += u32::from(nearest.is_none());
                together += u32::from(within.len() > 2);
            }
            let diff = diff(&last, world, DIFFERENCES_MAX);
            missing += u32::from(diff.more);
            told += u32::from(!diff.more && !diff.differences.is_empty());
            last = world.clone();
        });
        assert!(seen > 2 * TICKS, "{seen} worlds are seen");
        assert!(few > 20 && most < 400, "{few} to {most} units");
        assert!(stale > 500 && living > 500 && reused > 500);
        assert!(alone > 500 && together > 500, "{alone}, {together}");
        assert!(missing > 20 && told > 500, "{missing}, {told}");
    }
}
