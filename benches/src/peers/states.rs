//! Others who keep a world: by copies of all of it.
//!
//! The hash is ours, XXH3-64, in the implementation that asks the processor for its widest
//! instructions at run time.

use std::hint::black_box;

use hecs::{Entity, World};
use twox_hash::XxHash3_64;

use crate::state::{COLUMNS, Churn, DEPTH, FIELD, Keeper, WINDOW};

/// A row as everybody has it.
type Values = [u64; COLUMNS];

fn hash(rows: &[Values]) {
    black_box(XxHash3_64::oneshot(bytemuck::cast_slice(rows)));
}

fn add(row: &mut Values, whole: bool, step: u64) {
    if whole {
        for cell in row {
            *cell = cell.wrapping_add(step);
        }
    } else {
        row[FIELD] = row[FIELD].wrapping_add(step);
    }
}

fn write(values: &mut [Values], churn: Churn, rows: &[u32], step: u64) {
    if churn.is_all() {
        for row in values {
            add(row, churn.whole, step);
        }
    } else {
        for &row in rows {
            add(&mut values[row as usize], churn.whole, step);
        }
    }
}

/// As users of ggrs do: a clone is saved, and cloned again when it is loaded.
pub struct Cloned {
    live: Vec<Values>,
    ring: [Option<Vec<Values>>; WINDOW],
    tick: usize,
}

impl Keeper for Cloned {
    fn new(rows: u32) -> Self {
        Self {
            live: vec![[0; COLUMNS]; rows as usize],
            ring: Default::default(),
            tick: 0,
        }
    }

    fn write(&mut self, churn: Churn, rows: &[u32], step: u64) {
        write(&mut self.live, churn, rows, step);
    }

    fn save(&mut self) {
        self.ring[self.tick % WINDOW] = Some(black_box(self.live.clone()));
        hash(&self.live);
        self.tick += 1;
    }

    fn restore(&mut self) {
        self.tick -= DEPTH;
        let kept = &self.ring[(self.tick - 1) % WINDOW];
        if let Some(kept) = kept {
            self.live = kept.clone();
        }
    }

    fn row(&self, row: u32) -> Values {
        self.live[row as usize]
    }
}

/// Copies into memory that is there already.
pub struct Copied {
    live: Vec<Values>,
    ring: [Vec<Values>; WINDOW],
    tick: usize,
}

impl Keeper for Copied {
    fn new(rows: u32) -> Self {
        let live = vec![[0; COLUMNS]; rows as usize];
        Self {
            ring: std::array::from_fn(|_| live.clone()),
            live,
            tick: 0,
        }
    }

    fn write(&mut self, churn: Churn, rows: &[u32], step: u64) {
        write(&mut self.live, churn, rows, step);
    }

    fn save(&mut self) {
        self.ring[self.tick % WINDOW].copy_from_slice(&self.live);
        hash(&self.live);
        self.tick += 1;
    }

    fn restore(&mut self) {
        self.tick -= DEPTH;
        self.live
            .copy_from_slice(&self.ring[(self.tick - 1) % WINDOW]);
    }

    fn row(&self, row: u32) -> Values {
        self.live[row as usize]
    }
}

/// Entities and their component in an ECS without history: all are taken out, and written back.
pub struct Extracted {
    world: World,
    entities: Vec<Entity>,
    ring: [(Vec<Entity>, Vec<Values>); WINDOW],
    tick: usize,
}

impl Keeper for Extracted {
    fn new(rows: u32) -> Self {
        let mut world = World::new();
        let zeros = (0..rows).map(|_| (Values::default(),));
        let entities = world.spawn_batch(zeros).collect();
        Self {
            world,
            entities,
            ring: Default::default(),
            tick: 0,
        }
    }

    fn write(&mut self, churn: Churn, rows: &[u32], step: u64) {
        if churn.is_all() {
            for row in self.world.query_mut::<&mut Values>() {
                add(row, churn.whole, step);
            }
        } else {
            let mut view = self.world.view_mut::<&mut Values>();
            for &row in rows {
                if let Some(row) = view.get_mut(self.entities[row as usize]) {
                    add(row, churn.whole, step);
                }
            }
        }
    }

    fn save(&mut self) {
        let (entities, values) = &mut self.ring[self.tick % WINDOW];
        entities.clear();
        values.clear();
        for (entity, row) in self.world.query_mut::<(Entity, &Values)>() {
            entities.push(entity);
            values.push(*row);
        }
        hash(values);
        self.tick += 1;
    }

    fn restore(&mut self) {
        self.tick -= DEPTH;
        let (entities, values) = &self.ring[(self.tick - 1) % WINDOW];
        let mut view = self.world.view_mut::<&mut Values>();
        for (entity, kept) in entities.iter().zip(values) {
            if let Some(row) = view.get_mut(*entity) {
                *row = *kept;
            }
        }
    }

    fn row(&self, row: u32) -> Values {
        let entity = self.entities[row as usize];
        self.world
            .get::<&Values>(entity)
            .map_or([0; COLUMNS], |row| *row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::plain::{Encoded, InPlace, Plain};
    use crate::state::{Run, Tabled, agree};

    fn churns(rows: u32) -> impl Iterator<Item = Churn> {
        let permilles = [10, 100, 1000].into_iter();
        permilles.flat_map(move |permille| {
            [(false, false), (false, true), (true, false), (true, true)].map(
                |(scattered, whole)| Churn {
                    rows,
                    permille,
                    scattered,
                    whole,
                },
            )
        })
    }

    #[test]
    fn all_hold_the_same() {
        for churn in churns(1000) {
            assert!(agree::<Tabled, Cloned>(churn), "{churn:?}");
            assert!(agree::<Tabled, Copied>(churn), "{churn:?}");
            assert!(agree::<Tabled, Extracted>(churn), "{churn:?}");
        }
        let scattered = Churn {
            rows: 32,
            permille: 100,
            scattered: true,
            whole: false,
        };
        assert!(agree::<Plain<Encoded, 31>, Copied>(scattered));
        let more = Churn {
            rows: 64,
            ..scattered
        };
        assert!(agree::<Plain<Encoded, 63>, Copied>(more));
        assert!(agree::<Plain<InPlace, 63>, Copied>(more));
    }

    /// Keeps nothing.
    struct Forgetful(Copied);

    impl Keeper for Forgetful {
        fn new(rows: u32) -> Self {
            Self(Copied::new(rows))
        }
        fn write(&mut self, churn: Churn, rows: &[u32], step: u64) {
            self.0.write(churn, rows, step);
        }
        fn save(&mut self) {}
        fn restore(&mut self) {}
        fn row(&self, row: u32) -> Values {
            self.0.row(row)
        }
    }

    #[test]
    fn who_does_not_go_back_is_found_out() {
        for churn in churns(1000) {
            assert!(!agree::<Tabled, Forgetful>(churn), "{churn:?}");
        }
    }

    #[test]
    fn every_tick_writes_to_as_many_rows_as_it_is_told() {
        for churn in churns(1000) {
            let mut run = Run::<Copied>::new(churn);
            for _ in 0..40 {
                let old = run.values();
                run.play(1);
                let new = run.values();
                let changed = old.iter().zip(&new).filter(|(old, new)| old != new);
                let cells =
                    changed.map(|(old, new)| old.iter().zip(new).filter(|(a, b)| a != b).count());
                let cells: Vec<_> = cells.collect();
                assert_eq!(cells.len(), churn.written() as usize);
                let each = if churn.whole { COLUMNS } else { 1 };
                assert!(cells.iter().all(|count| *count == each));
            }
        }
    }
}
