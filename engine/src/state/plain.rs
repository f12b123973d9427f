//! [`PlainState`]: how much of a state is copied at every tick.

use super::{PathStep, State};
use crate::codec::Encoder;

/// What of a state is copied at every tick: all but tables that keep a journal of their own. A table in a
/// container, an option or an enum is copied with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlainState {
    /// All of it, bytes of its canonical encoding.
    pub bytes: u64,
    /// The field at the top that holds most of it, and how many bytes those are; `None` of what is
    /// no struct.
    pub largest: Option<(PathStep, u64)>,
}

impl PlainState {
    /// That of `state`. `scratch` is a buffer to reuse, one that [marks](Encoder::marking).
    pub(crate) fn of<T: State>(state: &T, scratch: &mut Encoder) -> Self {
        scratch.clear();
        let mut largest = None;
        let mut before = 0;
        state.encode_fields(scratch, &mut |field, out| {
            let bytes = out.plain_bytes() - before;
            before += bytes;
            if largest.is_none_or(|(_, most)| bytes > most) {
                largest = Some((field, bytes));
            }
        });
        Self {
            bytes: scratch.plain_bytes(),
            largest,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::{Row, State, Table, to_bytes};

    #[derive(Row, Clone)]
    struct Unit {
        health: u16,
        path: Vec<u8>,
    }

    #[derive(State, Clone)]
    enum Army {
        None,
        Some(Vec<Table<Unit>>),
    }

    #[derive(State)]
    struct World {
        tick: u32,
        units: Table<Unit>,
        map: Vec<u8>,
        copied: [Table<Unit>; 2],
        army: Army,
        spare: Option<Table<Unit>>,
    }

    fn units(count: u16) -> Table<Unit> {
        let mut table = Table::<Unit>::new();
        for health in 0..count {
            let path = vec![7; (health % 4).into()];
            table.insert(Unit { health, path });
        }
        table
    }

    fn world() -> World {
        World {
            tick: 1,
            units: units(100),
            map: vec![3; 500],
            copied: [Table::new(), Table::new()],
            army: Army::None,
            spare: None,
        }
    }

    fn plain<T: State>(state: &T) -> PlainState {
        PlainState::of(state, &mut Encoder::marking())
    }

    #[test]
    fn tables_are_not_counted_and_the_largest_field_is_named() {
        let empty_tables = 2 * 5 * 4;
        let bytes = 4 + (4 + 500) + empty_tables + 1 + 1;
        let largest = Some((PathStep::Field("map"), 504));
        assert_eq!(plain(&world()), PlainState { bytes, largest });
    }

    /// What holds a table may be copied as a whole, and the table with it.
    #[test]
    fn tables_in_what_is_copied_are_counted() {
        let table = to_bytes(&units(100)).len() as u64;
        type Change = fn(&mut World);
        let changes: [(_, Change); 3] = [
            ("copied", |world| world.copied[1] = units(100)),
            ("army", |world| world.army = Army::Some(vec![units(100)])),
            ("spare", |world| world.spare = Some(units(100))),
        ];
        for (field, change) in changes {
            let mut world = world();
            change(&mut world);
            let plain = plain(&world);
            let (name, bytes) = plain.largest.unwrap();
            assert_eq!(name, PathStep::Field(field));
            assert!((table..table + 40).contains(&bytes), "{field}: {bytes}");
        }
    }

    /// Marks lie where the cells are, and change no byte.
    #[test]
    fn marks_are_of_the_columns() {
        let world = world();
        let mut out = Encoder::marking();
        world.encode(&mut out);
        assert_eq!(out.bytes(), to_bytes(&world));
        let shapes: Vec<_> = out.marks().iter().map(|m| (m.stride, m.count)).collect();
        // Live words, generations, free places, health, and the lists as bytes.
        let lists = 100 * 4 + 25 * (1 + 2 + 3);
        assert_eq!(shapes, [(2, 7), (4, 100), (4, 0), (2, 100), (1, lists)]);
        let health = out.marks()[3];
        let begin = crate::index::slice_index(health.begin);
        assert_eq!(out.bytes()[begin..][..6], [0, 0, 1, 0, 2, 0]);
        out.clear();
        assert!(out.marks().is_empty());
        assert_eq!((out.plain_bytes(), Encoder::new().marks()), (0, &[][..]));
    }
}
