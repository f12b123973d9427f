//! Tables against the model, and what of them is promised beside it.

#![expect(clippy::disallowed_types, reason = "positions in vectors")]

mod harness;

use harness::reader::Reader;
use harness::table_model::{History, Order, Outcome, PLACES_MAX, Step, Unit, digest, play};
use phalanx_engine::{
    Cell, DecodeError, Decoder, Encoder, Id, Leaf, Node, PathStep, Rng, Row, State, Table, Visitor,
    flip_leaf, from_bytes, to_bytes,
};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #[test]
    fn tables_do_what_the_model_does(data in vec(any::<u8>(), 0..1500)) {
        play(&data, None);
    }

    /// No bytes make a table that no table is.
    #[test]
    fn forged_bytes_are_refused_or_mean_themselves(data in vec(any::<u8>(), 0..150), at: prop::sample::Index, byte: u8) {
        let mut history = History::new(None);
        history.step(&Step::Tick(Reader::new(&data).table_operations()));
        let mut bytes = to_bytes(&history.table);
        *at.get_mut(&mut bytes) = byte;
        if let Ok(mut table) = from_bytes::<Table<Unit>>(&bytes) {
            prop_assert_eq!(&to_bytes(&table), &bytes);
            let mut undo = Default::default();
            table.open(&mut undo);
            table.insert(Unit::of(3));
            let ids: Vec<_> = table.ids().collect();
            ids.into_iter().for_each(|id| assert!(table.remove(id)));
            table.close(&mut undo, Node::root(1, &mut Encoder::new()));
            table.undo(&mut undo);
            prop_assert_eq!(to_bytes(&table), bytes);
        }
    }

    /// Every bit of every leaf is in the digest.
    #[test]
    fn a_flipped_leaf_is_seen(count in 1..80_u32, seed: u64) {
        #[derive(State)]
        struct World { units: Table<Unit>, other: u8 }
        let mut world = World { units: Table::new(), other: 0 };
        for seed in 0..count {
            world.units.insert(Unit::of(seed.wrapping_mul(0x9e37_79b9)));
        }
        let mut undo = Default::default();
        let mut scratch = Encoder::new();
        world.open(&mut undo);
        let before = world.close(&mut undo, Node::root(7, &mut scratch));
        world.open(&mut undo);
        let field = flip_leaf(&mut world, seed);
        prop_assert_eq!(field, Some(seed % 2));
        let after = world.close(&mut undo, Node::root(7, &mut scratch));
        prop_assert_ne!(before, after);
        prop_assert_eq!(digest(&world), after);
        world.undo(&mut undo);
        prop_assert_eq!(digest(&world), before);
    }
}

#[test]
fn random_cases_reach_every_corner() {
    let mut sum = Outcome::default();
    for seed in 0..40 {
        let mut rng = Rng::new(seed);
        let data: Vec<_> = (0..1500).map(|_| rng.next_u32().to_le_bytes()[0]).collect();
        let outcome = play(&data, None);
        sum.places = sum.places.max(outcome.places);
        sum.ticks += outcome.ticks;
        sum.depth = sum.depth.max(outcome.depth);
        sum.redone += outcome.redone;
        sum.stale += outcome.stale;
        sum.reused += outcome.reused;
    }
    assert_eq!(sum.places, PLACES_MAX, "{sum:?}");
    assert!(sum.ticks > 400 && sum.depth > 15, "{sum:?}");
    assert!(sum.redone > 60, "{sum:?}");
    assert!(sum.stale > 1000 && sum.reused > 1000, "{sum:?}");
}

#[test]
fn an_enum_is_as_wide_as_its_widest_variant() {
    assert_eq!(Order::BYTES, 9);
    let mut bytes = [0; 9];
    Order::Gather {
        amount: 0x0201,
        heavy: true,
    }
    .encode_cell(&mut bytes);
    assert_eq!(bytes, [2, 1, 2, 1, 0, 0, 0, 0, 0]);
    let decode = |bytes: [u8; 9]| Order::decode_cell(&mut Decoder::new(&bytes));
    assert_eq!(
        decode(bytes),
        Ok(Order::Gather {
            amount: 0x0201,
            heavy: true
        })
    );
    let refused = Err(DecodeError::Invalid("Order"));
    assert_eq!(decode([2, 1, 2, 1, 0, 0, 0, 0, 1]), refused);
    assert_eq!(decode([3, 0, 0, 0, 0, 0, 0, 0, 0]), refused);
    assert_eq!(Order::ZERO, Order::Stand);
}

/// In the struct of columns, `Self` would be another type.
#[test]
fn a_row_may_say_self() {
    #[derive(Row, Clone, Debug, PartialEq)]
    struct Link {
        next: Id<Self>,
        others: Vec<(Id<Self>, [u8; Self::MARKS])>,
    }
    impl Link {
        const MARKS: usize = 2;
    }
    let mut links = Table::<Link>::new();
    let first = links.insert(Link {
        next: Id::default(),
        others: Vec::new(),
    });
    let second = Link {
        next: first,
        others: vec![(first, [1; Link::MARKS])],
    };
    let id = links.insert(second.clone());
    assert_eq!(links.row(links.next[1]), Some(0));
    assert_eq!(links.get(id), Some(second));
}

/// Equal contents in two places, or in another order, are another state.
#[test]
fn places_are_part_of_the_state() {
    let table = |seeds: &[u32]| {
        let mut table = Table::<Unit>::new();
        for seed in seeds {
            table.insert(Unit::of(*seed));
        }
        table
    };
    assert_ne!(digest(&table(&[1, 2])), digest(&table(&[2, 1])));
    // The free list's order decides who comes where.
    let free = |order: [usize; 2]| {
        let mut table = table(&[1, 2, 3]);
        let ids: Vec<_> = table.ids().collect();
        order
            .iter()
            .for_each(|place| assert!(table.remove(ids[*place])));
        digest(&table)
    };
    assert_ne!(free([0, 1]), free([1, 0]));
}

#[test]
fn paths_name_row_and_field() {
    #[derive(Default)]
    struct Paths(String, Vec<String>);
    impl Visitor for Paths {
        fn enter(&mut self, step: PathStep) {
            self.0 += &step.to_string();
            self.0.push('|');
        }
        fn leaf(&mut self, value: Leaf) {
            self.1.push(format!("{} {value}", self.0));
        }
        fn leave(&mut self) {
            self.0.pop();
            self.0.truncate(self.0.rfind('|').map_or(0, |end| end + 1));
        }
    }
    let mut table = Table::<Unit>::new();
    let first = table.insert(Unit::of(4));
    table.remove(first);
    let id = table.insert(Unit {
        order: Order::Guard(first),
        ..Unit::of(4)
    });
    assert_eq!(id.to_string(), "0:2");
    let mut paths = Paths::default();
    table.visit(&mut paths);
    let lines: Vec<_> = paths.1.iter().map(String::as_str).collect();
    assert_eq!(
        lines,
        [
            "[0:2]|.type| 4",
            "[0:2]|.position|.x| 0",
            "[0:2]|.position|.y| 0",
            "[0:2]|.order|::Guard|.0| 0:1",
            "[0:2]|.load|::Some| 0",
        ]
    );
}

/// The word of the living rows comes after its count.
#[test]
fn a_row_that_lives_beyond_the_end_is_refused() {
    let mut table = Table::<Unit>::new();
    table.insert(Unit::of(1));
    let mut bytes = to_bytes(&table);
    assert_eq!(bytes[..6], [1, 0, 0, 0, 1, 0]);
    bytes[4] = 2;
    let refused = from_bytes::<Table<Unit>>(&bytes).err();
    assert_eq!(refused, Some(DecodeError::Invalid("Table")));
}
