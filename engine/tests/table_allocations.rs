//! What a large table takes of memory: nothing for a steady tick, and little for what it was.

#![expect(clippy::disallowed_types, reason = "positions in the ring of records")]

use allocation_counter::measure;
use phalanx_engine::table::TableUndo;
use phalanx_engine::{Encoder, Id, Node, Row, State, Table, Vec2, mix};

/// Rows of the table.
const ROWS: u32 = 100_000;

/// Rows of a tick that are written to here and there: one percent.
const WRITTEN: u32 = ROWS / 100;

/// Rows of a tick that are removed, as many that are added, and lists that are edited.
const SOME: u32 = 50;

/// Steps of every path.
const STEPS: u16 = 6;

#[derive(Row)]
struct Unit {
    position: Vec2,
    velocity: Vec2,
    health: u64,
    energy: u64,
    target: u64,
    orders: u64,
    path: Vec<(u16, u16)>,
}

impl Unit {
    /// Of a number; its path is still empty.
    fn new(number: u64) -> Self {
        Self {
            position: Vec2::ZERO,
            velocity: Vec2::ZERO,
            health: number,
            energy: number,
            target: 0,
            orders: 0,
            path: Vec::new(),
        }
    }
}

/// A table and the records of its past.
struct World {
    units: Table<Unit>,
    ids: Vec<Id<Unit>>,
    ring: Vec<TableUndo<Unit>>,
    tick: u64,
    scratch: Encoder,
}

impl World {
    fn new(window: usize) -> Self {
        let mut units = Table::<Unit>::new();
        let ids: Vec<_> = (0..ROWS.into())
            .map(|number| units.insert(Unit::new(number)))
            .collect();
        let mut world = Self {
            units,
            ids,
            ring: (0..window).map(|_| TableUndo::default()).collect(),
            tick: 0,
            scratch: Encoder::new(),
        };
        for row in 0..ROWS {
            world.walk(row);
        }
        world
    }

    /// Gives a row a path.
    fn walk(&mut self, row: u32) {
        let path = self.units.path.edit(row);
        (0..STEPS).for_each(|step| path.push((step, step)));
    }

    /// Some row, another one for every `draw` of a tick.
    fn row(&self, draw: u32) -> u32 {
        u32::try_from(mix(self.tick << 32 | u64::from(draw)) % u64::from(ROWS)).unwrap_or(0)
    }

    fn tick(&mut self, work: impl FnOnce(&mut Self)) {
        let record = usize::try_from(self.tick).unwrap_or(0) % self.ring.len();
        self.units.open(&mut self.ring[record]);
        work(self);
        let node = Node::root(1, &mut self.scratch);
        self.units.close(&mut self.ring[record], node);
        self.tick += 1;
    }

    /// Writes to rows here and there.
    fn scatter(&mut self, rows: u32) {
        for draw in 0..rows {
            let row = self.row(draw);
            self.units.health.update(row, |health| *health += 1);
        }
    }

    /// As many come as go, and paths change but do not grow.
    fn replace(&mut self) {
        for draw in 0..SOME {
            let row = self.row(WRITTEN + draw);
            let place = usize::try_from(row).unwrap_or(0);
            assert!(self.units.remove(self.ids[place]));
            self.ids[place] = self.units.insert(Unit::new(self.tick));
            assert_eq!(self.units.row(self.ids[place]), Some(row));
            self.walk(row);
            let row = self.row(WRITTEN + SOME + draw);
            self.units.path.edit(row).rotate_left(1);
        }
    }

    /// Allocations of a hundred ticks after as many, in all of which `work` is done, too.
    fn steady(&mut self, work: impl Fn(&mut Self)) -> u64 {
        let mut allocations = 0;
        for tick in 0..200 {
            let count = measure(|| {
                self.tick(|world| {
                    world.scatter(WRITTEN);
                    world.replace();
                    work(world);
                });
            });
            if tick >= 100 {
                allocations += count.count_total;
            }
        }
        allocations
    }
}

#[test]
fn a_steady_tick_allocates_nothing() {
    assert_eq!(World::new(9).steady(|_| ()), 0);
}

/// The canary: what is not steady is seen.
#[test]
fn a_list_that_grows_is_seen() {
    let grow = |world: &mut World| world.units.path.edit(7).push((1, 1));
    assert_ne!(World::new(9).steady(grow), 0);
}

/// Bytes held by a second's records, when so many rows are written to in a tick.
fn held(rows: u32) -> i64 {
    let mut world = World::new(60);
    // The first digests are those of everything.
    world.tick(|_| ());
    let ticks = 2 * world.ring.len();
    let memory = measure(|| (0..ticks).for_each(|_| world.tick(|world| world.scatter(rows))));
    memory.bytes_current
}

#[test]
fn a_window_of_sixty_ticks_fits_into_four_megabytes() {
    let most = 4 << 20;
    let bytes = held(WRITTEN);
    assert!(
        (60 * i64::from(WRITTEN) * 8..=most).contains(&bytes),
        "{bytes}"
    );
    // The canary: it is what is written that counts.
    assert!(held(4 * WRITTEN) > most);
}

/// Into an encoder that was used before; and one that marks takes no more, once it was.
#[test]
fn encoding_allocates_nothing() {
    let world = World::new(1);
    for mut out in [Encoder::new(), Encoder::marking()] {
        let first = measure(|| world.units.encode(&mut out));
        assert!(first.count_total > 0, "{first:?}");
        let bytes = out.bytes().len();
        out.clear();
        let again = measure(|| world.units.encode(&mut out));
        assert_eq!((again.count_total, out.bytes().len()), (0, bytes));
    }
}
