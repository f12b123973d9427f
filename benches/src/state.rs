//! A world that is kept at every tick, so that it can be taken back: what is written to it, and what
//! all who keep it have to do.

pub mod plain;

use std::hint::black_box;

use phalanx_engine::{Encoder, Id, Node, Row, State, Table, mix, table::TableUndo};

use crate::clock::CpuTime;
use crate::session::float;

/// Numbers of eight bytes in a row.
pub const COLUMNS: usize = 8;

/// Records of the past that everybody holds.
pub const WINDOW: usize = 9;

/// Ticks that are taken back at once.
pub const DEPTH: usize = 8;

/// Which rows a tick writes to, and how much of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Churn {
    /// All rows that there are.
    pub rows: u32,
    /// Those of a thousand that are written to.
    pub permille: u32,
    /// Drawn from all rows, not side by side.
    pub scattered: bool,
    /// All of a row, not one number.
    pub whole: bool,
}

impl Churn {
    /// How many rows a tick writes to.
    #[must_use]
    pub fn written(&self) -> u32 {
        let rows = u64::from(self.rows) * u64::from(self.permille) / 1000;
        u32::try_from(rows).unwrap_or(self.rows)
    }

    /// Whether it is all rows, which a game then does not write to one by one.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.permille == 1000
    }

    /// The rows of a tick, none twice; nothing if it is all.
    fn draw(&self, tick: u64) -> Vec<u32> {
        if self.is_all() {
            return Vec::new();
        }
        let rows = u64::from(self.rows);
        let draw = |bound: u64, seed: u64| u32::try_from(mix(seed) % bound).unwrap_or(0);
        if !self.scattered {
            let first = draw(rows - u64::from(self.written()) + 1, tick);
            return (first..first + self.written()).collect();
        }
        let mut met = vec![false; self.rows as usize];
        let mut drawn = Vec::new();
        let mut seed = tick << 32;
        while drawn.len() < self.written() as usize {
            seed += 1;
            let row = draw(rows, seed);
            if !std::mem::replace(&mut met[row as usize], true) {
                drawn.push(row);
            }
        }
        drawn
    }
}

/// Who keeps a world of rows, all of which are zero at the start.
pub trait Keeper {
    /// What is special about the world that it keeps, behind a comma.
    const KIND: &'static str = "";
    /// Keeps so many rows.
    fn new(rows: u32) -> Self;
    /// Adds `step` to what is written to: to all rows if `churn` says so, else to `rows`; to the whole
    /// row or to its number [`FIELD`].
    fn write(&mut self, churn: Churn, rows: &[u32], step: u64);
    /// Ends a tick: keeps what there is, and computes its digest.
    fn save(&mut self);
    /// Goes back to what was kept [`DEPTH`] ticks before the last.
    fn restore(&mut self);
    /// What a row holds.
    fn row(&self, row: u32) -> [u64; COLUMNS];
}

/// The number that is written to if the whole row is not.
pub const FIELD: usize = 3;

/// What is measured of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The writes.
    Write,
    /// Keeping and digesting what they left.
    Save,
    /// Both.
    Tick,
    /// Going back by [`DEPTH`] ticks.
    Restore,
}

/// How often the rows are drawn anew before they come again.
const DRAWS: u64 = 16;

/// A world that is written to and kept, tick by tick.
pub struct Run<K> {
    keeper: K,
    churn: Churn,
    draws: Vec<Vec<u32>>,
    tick: u64,
}

impl<K: Keeper> Run<K> {
    /// Before the first tick.
    #[must_use]
    pub fn new(churn: Churn) -> Self {
        Self {
            keeper: K::new(churn.rows),
            churn,
            draws: (0..DRAWS).map(|tick| churn.draw(tick)).collect(),
            tick: 0,
        }
    }

    fn write(&mut self) {
        let rows = &self.draws[(self.tick % DRAWS) as usize];
        self.keeper.write(self.churn, rows, mix(self.tick) | 1);
    }

    fn save(&mut self) {
        self.keeper.save();
        self.tick += 1;
    }

    /// Plays some ticks.
    pub fn play(&mut self, ticks: u64) {
        for _ in 0..ticks {
            self.write();
            self.save();
        }
    }

    /// Goes back by [`DEPTH`] ticks.
    pub fn restore(&mut self) {
        self.keeper.restore();
        self.tick -= DEPTH as u64;
    }

    /// Plays `warm` ticks and then `ticks`; returns the nanoseconds of the part in one of the latter.
    pub fn nanos(&mut self, part: Part, warm: u64, ticks: u64) -> f64 {
        self.play(warm);
        let mut nanos = 0;
        let begin = CpuTime::now();
        for _ in 0..ticks {
            match part {
                Part::Tick => self.play(1),
                Part::Write => {
                    nanos += time(|| self.write());
                    self.save();
                }
                Part::Save => {
                    self.write();
                    nanos += time(|| self.save());
                }
                Part::Restore => {
                    self.play(DEPTH as u64);
                    nanos += time(|| self.restore());
                }
            }
        }
        if part == Part::Tick {
            nanos = begin.elapsed_nanos();
        }
        float(nanos) / float(ticks)
    }

    /// The values of all rows.
    #[must_use]
    pub fn values(&self) -> Vec<[u64; COLUMNS]> {
        let rows = 0..self.churn.rows;
        rows.map(|row| self.keeper.row(row)).collect()
    }
}

fn time(work: impl FnOnce()) -> u64 {
    let begin = CpuTime::now();
    work();
    begin.elapsed_nanos()
}

/// Whether two keepers hold the same after the same writes, and the same when they went back.
#[must_use]
pub fn agree<A: Keeper, B: Keeper>(churn: Churn) -> bool {
    let (mut ours, mut theirs) = (Run::<A>::new(churn), Run::<B>::new(churn));
    let ticks = WINDOW as u64 + 2;
    ours.play(ticks);
    theirs.play(ticks);
    let old = ours.values();
    let mut same = old == theirs.values();
    ours.play(DEPTH as u64);
    theirs.play(DEPTH as u64);
    let new = ours.values();
    same &= new != old && new == theirs.values();
    ours.restore();
    theirs.restore();
    same &= ours.values() == old && theirs.values() == old;
    ours.play(DEPTH as u64);
    theirs.play(DEPTH as u64);
    same && ours.values() == new && theirs.values() == new
}

/// A row of eight numbers.
#[derive(Row, Clone, Copy)]
struct Unit {
    a: u64,
    b: u64,
    c: u64,
    d: u64,
    e: u64,
    f: u64,
    g: u64,
    h: u64,
}

impl From<[u64; COLUMNS]> for Unit {
    fn from([a, b, c, d, e, f, g, h]: [u64; COLUMNS]) -> Self {
        Self {
            a,
            b,
            c,
            d,
            e,
            f,
            g,
            h,
        }
    }
}

impl From<Unit> for [u64; COLUMNS] {
    fn from(unit: Unit) -> Self {
        let Unit {
            a,
            b,
            c,
            d,
            e,
            f,
            g,
            h,
        } = unit;
        [a, b, c, d, e, f, g, h]
    }
}

/// Our table. A tick is always open, except while it goes back.
pub struct Tabled {
    table: Table<Unit>,
    ids: Vec<Id<Unit>>,
    ring: Vec<TableUndo<Unit>>,
    tick: usize,
    scratch: Encoder,
}

/// Of the digests.
pub(crate) const KEY: u64 = 7;

impl Tabled {
    fn open(&mut self) {
        self.table.open(&mut self.ring[self.tick % WINDOW]);
    }

    fn close(&mut self) {
        let node = Node::root(KEY, &mut self.scratch);
        black_box(self.table.close(&mut self.ring[self.tick % WINDOW], node));
    }

    fn undo(&mut self) {
        self.table.undo(&mut self.ring[self.tick % WINDOW]);
    }
}

impl Keeper for Tabled {
    fn new(rows: u32) -> Self {
        let mut table = Table::<Unit>::new();
        let zero = Unit::from([0; COLUMNS]);
        let ids = (0..rows).map(|_| table.insert(zero)).collect();
        let mut this = Self {
            table,
            ids,
            ring: (0..WINDOW).map(|_| TableUndo::default()).collect(),
            tick: 0,
            scratch: Encoder::new(),
        };
        this.open();
        this
    }

    fn write(&mut self, churn: Churn, rows: &[u32], step: u64) {
        let units = &mut *self.table;
        let add = |column: &mut phalanx_engine::Column<u64>| {
            let cells = column.all_mut().iter_mut();
            cells.for_each(|cell| *cell = cell.wrapping_add(step));
        };
        match (churn.is_all(), churn.whole) {
            (true, true) => {
                add(&mut units.a);
                add(&mut units.b);
                add(&mut units.c);
                add(&mut units.d);
                add(&mut units.e);
                add(&mut units.f);
                add(&mut units.g);
                add(&mut units.h);
            }
            (true, false) => add(&mut units.d),
            (false, true) => {
                for &row in rows {
                    let id = self.ids[row as usize];
                    let unit = self.table.get(id).map(<[u64; COLUMNS]>::from);
                    let unit: [u64; COLUMNS] = unit.unwrap_or_default();
                    let unit = unit.map(|cell| cell.wrapping_add(step));
                    self.table.set(id, unit.into());
                }
            }
            (false, false) => {
                for &row in rows {
                    units.d.set(row, units.d[row].wrapping_add(step));
                }
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
        let unit = self.table.get(self.ids[row as usize]);
        unit.map_or([0; COLUMNS], Into::into)
    }
}
