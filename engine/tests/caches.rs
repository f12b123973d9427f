//! Cache fields: undone with the state, absent from its canonical form, and found when stale.

use std::collections::{BTreeMap, VecDeque};

use phalanx_engine::{
    Digest, Effects, Encoder, InputFrame, Leaf, NoCommand, NoEffect, Node, PathStep, Row, Schema,
    Setup, Simulation, Slot, State, SyncTest, SyncTestError, Table, Tick, TickRate, Visitor,
    flip_leaf, from_bytes, mix, to_bytes,
};

#[derive(State, Clone, Debug, Default, PartialEq)]
struct Army {
    units: Vec<u32>,
    #[state(cache)]
    strength: u64,
    morale: u8,
}

/// The same army, had it no cache.
mod plain {
    #[derive(phalanx_engine::State)]
    pub(super) struct Army {
        pub(super) units: Vec<u32>,
        pub(super) morale: u8,
    }
}

impl Army {
    fn new(units: &[u32]) -> Self {
        let mut army = Self {
            units: units.to_vec(),
            ..Self::default()
        };
        army.count();
        army
    }

    fn count(&mut self) {
        self.strength = self.units.iter().copied().map(u64::from).sum();
    }
}

fn digest<T: State>(state: &T) -> Digest {
    state.digest(Node::root(5, &mut Encoder::new()))
}

fn caches<T: State>(state: &T) -> Vec<u8> {
    let mut out = Encoder::new();
    state.encode_caches(&mut out);
    out.into_bytes()
}

#[test]
fn the_canonical_form_is_that_of_a_struct_without_the_cache() {
    let army = Army::new(&[3, 4]);
    let without = plain::Army {
        units: vec![3, 4],
        morale: 0,
    };
    assert_eq!(army.strength, 7);
    assert_eq!(to_bytes(&army), to_bytes(&without));
    assert_eq!(digest(&army), digest(&without));
    assert_eq!(
        Schema::of::<Army>().text(),
        Schema::of::<plain::Army>().text()
    );

    let decoded: Army = from_bytes(&to_bytes(&army)).unwrap();
    assert_eq!(
        decoded,
        Army {
            strength: 0,
            ..army
        }
    );
}

#[test]
fn nobody_visits_a_cache() {
    #[derive(Default)]
    struct Names(Vec<String>);
    impl Visitor for Names {
        fn enter(&mut self, step: PathStep) {
            self.0.push(step.to_string());
        }
        fn leaf(&mut self, _value: Leaf) {}
        fn leave(&mut self) {}
    }
    let mut army = Army::new(&[3]);
    let mut names = Names::default();
    army.visit(&mut names);
    assert_eq!(names.0, [".units", "[0]", ".morale"]);
    for seed in 0..100 {
        flip_leaf(&mut army, seed);
        assert_eq!(army.strength, 3);
    }
}

#[test]
fn a_cache_is_undone_with_the_rest() {
    let mut army = Army::new(&[1]);
    let before = army.clone();
    let mut scratch = Encoder::new();
    let mut undo = [(); 3].map(|()| <Army as State>::Undo::default());
    for undo in &mut undo {
        army.open(undo);
        army.units.push(9);
        army.count();
        let closed = army.close(undo, Node::root(5, &mut scratch));
        assert_eq!(closed, digest(&army));
    }
    assert_eq!(army.strength, 28);
    let after = army.clone();
    undo.iter_mut().rev().for_each(|undo| army.undo(undo));
    assert_eq!(army, before);
    undo.iter_mut().for_each(|undo| army.redo(undo));
    assert_eq!(army, after);
}

/// An army below each container that there is.
#[derive(State, Clone, Default)]
struct Everywhere {
    array: [Army; 1],
    option: Option<Army>,
    vec: Vec<Army>,
    queue: VecDeque<Army>,
    map: BTreeMap<u8, Army>,
    tuple: (u8, Army),
    table: Table<Country>,
    side: Side,
    #[state(cache)]
    nested: Army,
}

#[derive(Row)]
struct Country {
    armies: Vec<Army>,
}

#[derive(State, Clone)]
enum Side {
    One { army: Army },
    None,
}

impl Default for Side {
    fn default() -> Self {
        Self::One {
            army: Army::default(),
        }
    }
}

#[test]
fn caches_are_reached_through_every_container() {
    type Reach = fn(&mut Everywhere) -> &mut Army;
    let reach: [Reach; 9] = [
        |all| &mut all.array[0],
        |all| all.option.as_mut().unwrap(),
        |all| &mut all.vec[0],
        |all| &mut all.queue[0],
        |all| all.map.get_mut(&3).unwrap(),
        |all| &mut all.tuple.1,
        |all| match &mut all.side {
            Side::One { army } => army,
            Side::None => unreachable!(),
        },
        |all| &mut all.table.armies.edit(0)[0],
        |all| &mut all.nested,
    ];
    let mut all = Everywhere {
        option: Some(Army::default()),
        vec: vec![Army::default()],
        queue: [Army::default()].into(),
        map: [(3, Army::default())].into(),
        ..Everywhere::default()
    };
    let armies = vec![Army::default()];
    all.table.insert(Country { armies });
    let mut before = caches(&all);
    for (index, reach) in reach.into_iter().enumerate() {
        let bytes = to_bytes(&all);
        reach(&mut all).strength = 1;
        let after = caches(&all);
        assert_ne!(after, before, "{index}");
        assert_eq!(to_bytes(&all), bytes, "{index}");
        before = after;
    }
    all.side = Side::None;
    assert_ne!(caches(&all), before);
}

/// What is wrong with a [`War`].
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// From [`FAULT_AT`] on, `step` forgets the second army's cache.
    Stale,
    /// `rebuild` does nothing.
    NotRebuilt,
    /// `rebuild` does nothing, and `step` does not use the cache.
    NotRebuiltNorUsed,
    /// `rebuild` changes more than caches.
    Meddling,
}

const FAULT_AT: Tick = Tick(70);

struct War(Fault);

#[derive(State)]
struct Field {
    armies: Vec<Army>,
    sum: u64,
    #[state(cache)]
    strength: u64,
}

impl Field {
    fn count(&mut self) {
        self.strength = self.armies.iter().map(|army| army.strength).sum();
    }
}

impl Simulation for War {
    const ID: &'static str = "war";
    const VERSION: u32 = 1;
    type State = Field;
    type Input = u8;
    type Command = NoCommand;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Field {
        let mut field = Field {
            armies: vec![Army::new(&[5; 4]); setup.slots.into()],
            sum: 0,
            strength: 0,
        };
        field.count();
        field
    }

    fn step(&self, field: &mut Field, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        if self.0 != Fault::NotRebuiltNorUsed {
            field.sum = mix(field.sum ^ field.strength);
        }
        for ((slot, _, input), army) in frame.slots().zip(&mut field.armies) {
            army.units.rotate_left(1);
            army.units[0] = u32::from(input);
            let stale = self.0 == Fault::Stale && frame.tick() >= FAULT_AT && slot == Slot(1);
            if !stale {
                army.count();
            }
        }
        field.count();
    }

    fn rebuild(&self, field: &mut Field) {
        match self.0 {
            Fault::NotRebuilt | Fault::NotRebuiltNorUsed => {}
            Fault::Meddling => field.sum += 1,
            Fault::None | Fault::Stale => {
                field.armies.iter_mut().for_each(Army::count);
                field.count();
            }
        }
    }
}

fn war(fault: Fault) -> Result<u64, SyncTestError> {
    let setup = Setup::new(3, 2, TickRate::hz(60));
    SyncTest::new(War(fault), setup)
        .run(200, |tick, slot, _| {
            mix(tick.0 << 8 | u64::from(slot.0)).to_le_bytes()[0] | 1
        })
        .map(|report| report.ticks)
}

/// Its rules use the cache of the tick before, so it has to be undone as well.
#[test]
fn a_right_cache_passes() {
    assert_eq!(war(Fault::None), Ok(200));
}

#[test]
fn a_stale_cache_is_found_at_its_tick_and_by_its_name() {
    let found = war(Fault::Stale).unwrap_err();
    let expected = SyncTestError::Cache {
        tick: FAULT_AT,
        cache: "Army.strength[1]".into(),
    };
    assert_eq!(found, expected);
    assert_eq!(found.tick(), FAULT_AT);
    for part in ["tick 70", "Army.strength[1]"] {
        assert!(found.to_string().contains(part), "{found}");
    }
}

#[test]
fn a_cache_that_is_not_rebuilt_is_found_whether_or_not_the_rules_use_it() {
    for fault in [Fault::NotRebuilt, Fault::NotRebuiltNorUsed] {
        let expected = SyncTestError::Cache {
            tick: Tick::ZERO,
            cache: "Army.strength[0]".into(),
        };
        assert_eq!(war(fault), Err(expected), "{fault:?}");
    }
}

#[test]
fn a_rebuild_that_changes_the_state_is_found() {
    let tick = Tick::ZERO;
    assert_eq!(war(Fault::Meddling), Err(SyncTestError::Rebuild { tick }));
}
