//! The derive of `State`: canonical bytes, refusals, undo, digests and visits, for every shape of
//! struct and enum.

#![expect(
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    reason = "positions and lengths in tests"
)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Debug;

use bytemuck::NoUninit;
use phalanx_engine::{
    Angle, DecodeError, Decoder, Digest, Encoder, Fix, Fix32, Leaf, LeafMut, Node, PathStep, Rot2,
    Schema, Slot, State, Tick, Vec2, Vec3, Visitor, VisitorMut, flip_leaf, from_bytes, mix,
    to_bytes,
};
use proptest::collection::{btree_map, btree_set, vec, vec_deque};
use proptest::prelude::*;

#[derive(State, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Nothing;

#[derive(State, Clone, Debug, PartialEq)]
struct Braces {}

#[derive(State, Clone, Debug, PartialEq)]
struct Pair(u16, bool);

#[derive(State, Clone, Debug, PartialEq)]
struct Holder<T, const N: usize>
where
    T: Copy,
{
    items: [T; N],
    one: Option<T>,
}

#[derive(State, Clone, Debug, PartialEq)]
enum Plain {
    First,
    Second,
    Third,
}

#[derive(State, Clone, Debug, PartialEq)]
enum Shape<T> {
    Unit,
    Tuple(T, Pair),
    Named { at: Tick, inner: Option<Plain> },
    Empty(),
}

/// More fields than any tuple implements a trait for, some called as the derive calls its own.
#[derive(State, Clone, Debug, PartialEq)]
struct Wide {
    undo: u8,
    node: i8,
    out: u16,
    from: i16,
    f0: u32,
    f1: i32,
    schema: u64,
    visitor: i64,
    digests: bool,
    r#type: Fix,
    angle: Angle,
    small: Fix32,
    slot: Slot,
    plain: Plain,
    last: Pair,
}

#[derive(State, Clone, Debug, PartialEq)]
struct Whole {
    wide: Wide,
    nothing: (Nothing, Braces, ()),
    holder: Holder<u16, 3>,
    shape: Shape<Fix32>,
    shapes: Vec<Shape<u8>>,
    queue: VecDeque<Pair>,
    map: BTreeMap<u16, Vec<bool>>,
    set: BTreeSet<(i8, bool)>,
    text: String,
    maybe: Option<Option<Plain>>,
}

fn any_plain() -> impl Strategy<Value = Plain> {
    prop_oneof![Just(Plain::First), Just(Plain::Second), Just(Plain::Third)]
}

fn any_pair() -> impl Strategy<Value = Pair> {
    any::<(u16, bool)>().prop_map(|(number, truth)| Pair(number, truth))
}

fn any_shape<T: Debug + Clone>(
    payload: impl Strategy<Value = T>,
) -> impl Strategy<Value = Shape<T>> {
    prop_oneof![
        Just(Shape::Unit),
        Just(Shape::Empty()),
        (payload, any_pair()).prop_map(|(payload, pair)| Shape::Tuple(payload, pair)),
        (any::<u64>(), proptest::option::of(any_plain())).prop_map(|(at, inner)| Shape::Named {
            at: Tick(at),
            inner
        }),
    ]
}

prop_compose! {
    fn any_wide()(
        unsigned in any::<(u8, u16, u32, u64, u32, u8)>(),
        signed in any::<(i8, i16, i32, i64, i64, i32)>(),
        digests in any::<bool>(),
        plain in any_plain(),
        last in any_pair(),
    ) -> Wide {
        let (undo, out, f0, schema, angle, slot) = unsigned;
        let (node, from, f1, visitor, fix, small) = signed;
        Wide {
            undo, node, out, from, f0, f1, schema, visitor, digests, plain, last,
            r#type: Fix::from_bits(fix),
            angle: Angle(angle),
            small: Fix32::from_bits(small),
            slot: Slot(slot),
        }
    }
}

prop_compose! {
    fn any_whole()(
        wide in any_wide(),
        holder in any::<([u16; 3], Option<u16>)>(),
        shape in any_shape(any::<i32>().prop_map(Fix32::from_bits)),
        shapes in vec(any_shape(any::<u8>()), 0..5),
        queue in vec_deque(any_pair(), 0..5),
        map in btree_map(any::<u16>(), vec(any::<bool>(), 0..3), 0..5),
        set in btree_set(any::<(i8, bool)>(), 0..5),
        text in "\\PC{0,6}",
        maybe in proptest::option::of(proptest::option::of(any_plain())),
    ) -> Whole {
        Whole {
            wide, shape, shapes, queue, map, set, text, maybe,
            nothing: (Nothing, Braces {}, ()),
            holder: Holder { items: holder.0, one: holder.1 },
        }
    }
}

fn wide() -> Wide {
    Wide {
        undo: 1,
        node: -2,
        out: 3,
        from: -4,
        f0: 5,
        f1: -6,
        schema: 7,
        visitor: -8,
        digests: true,
        r#type: Fix::ratio(3, 2),
        angle: Angle(10),
        small: Fix32::int(-1),
        slot: Slot(11),
        plain: Plain::Third,
        last: Pair(12, false),
    }
}

fn whole() -> Whole {
    Whole {
        wide: wide(),
        nothing: (Nothing, Braces {}, ()),
        holder: Holder {
            items: [1, 2, 3],
            one: Some(4),
        },
        shape: Shape::Tuple(Fix32::ONE, Pair(5, true)),
        shapes: vec![
            Shape::Unit,
            Shape::Named {
                at: Tick(6),
                inner: Some(Plain::Second),
            },
            Shape::Empty(),
        ],
        queue: VecDeque::from([Pair(7, false)]),
        map: BTreeMap::from([(8, vec![true]), (0x100, vec![])]),
        set: BTreeSet::from([(-1, true), (1, false)]),
        text: "é".into(),
        maybe: Some(None),
    }
}

fn digest<T: State>(state: &T) -> Digest {
    state.digest(Node::root(1, &mut Encoder::new()))
}

/// Encodes to `golden`, comes back, and refuses every truncation and any byte behind.
fn check_golden<T: State + PartialEq + Debug>(state: &T, golden: &[u8]) {
    assert_eq!(to_bytes(state), golden, "{state:?}");
    assert_eq!(from_bytes::<T>(golden).as_ref(), Ok(state));
    check_refusals::<T>(golden);
}

fn check_refusals<T: State + Debug>(bytes: &[u8]) {
    for length in 0..bytes.len() {
        let refused = from_bytes::<T>(&bytes[..length]);
        assert!(
            refused.is_err(),
            "{length} of {} bytes: {refused:?}",
            bytes.len()
        );
    }
    for extra in [0, 1, 0xff] {
        let longer = [bytes, &[extra]].concat();
        assert_eq!(
            from_bytes::<T>(&longer).err(),
            Some(DecodeError::TrailingBytes(1))
        );
    }
}

#[test]
fn canonical_bytes_are_golden() {
    check_golden(&Nothing, &[]);
    check_golden(&Braces {}, &[]);
    check_golden(&Pair(0x0102, true), &[2, 1, 1]);
    check_golden(
        &Holder {
            items: [1_u16, 2],
            one: None,
        },
        &[1, 0, 2, 0, 0],
    );
    check_golden(&Plain::Third, &[2]);
    check_golden(&Shape::<u8>::Unit, &[0]);
    check_golden(&Shape::Tuple(9_u8, Pair(1, false)), &[1, 9, 1, 0, 0]);
    check_golden(
        &Shape::<u8>::Named {
            at: Tick(3),
            inner: Some(Plain::Second),
        },
        &[2, 3, 0, 0, 0, 0, 0, 0, 0, 1, 1],
    );
    check_golden(&Shape::<u8>::Empty(), &[3]);
    let mut golden = vec![
        1, 0xfe, 3, 0, 0xfc, 0xff, 5, 0, 0, 0, 0xfa, 0xff, 0xff, 0xff,
    ];
    golden.extend(7_u64.to_le_bytes());
    golden.extend((-8_i64).to_le_bytes());
    golden.extend([1, 0, 0, 0, 0x80, 1, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0xff, 0xff]);
    golden.extend([11, 2, 12, 0, 0]);
    check_golden(&wide(), &golden);
    golden.extend([1, 0, 2, 0, 3, 0, 1, 4, 0]);
    golden.extend([1, 0, 0, 1, 0, 5, 0, 1]);
    golden.extend([3, 0, 0, 0, 0, 2, 6, 0, 0, 0, 0, 0, 0, 0, 1, 1, 3]);
    golden.extend([1, 0, 0, 0, 7, 0, 0]);
    golden.extend([2, 0, 0, 0, 8, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]);
    golden.extend([2, 0, 0, 0, 0xff, 1, 1, 0]);
    golden.extend([2, 0, 0, 0, 0xc3, 0xa9]);
    golden.extend([1, 0]);
    check_golden(&whole(), &golden);
}

/// The same fields twice: of a type that is encoded before it is hashed, and of one that is not.
macro_rules! twins {
    ($($(#[$option:meta])* $name:ident, $stance:ident;)*) => {$(
        #[derive(State, NoUninit, Clone, Copy, Debug, PartialEq)]
        #[repr(C)]
        $(#[$option])*
        struct $name {
            flags: u16,
            stance: $stance,
            alive: bool,
            at: [Fix32; 3],
            since: Tick,
        }

        #[derive(State, NoUninit, Clone, Copy, Debug, PartialEq)]
        #[repr(u8)]
        $(#[$option])*
        enum $stance { Up, Down }
    )*};
}

twins! {
    Encoded, Stance;
    #[state(bytes)] InPlace, StanceInPlace;
}

impl InPlace {
    fn new(seed: u64) -> Self {
        let bits = mix(seed) as u32;
        Self {
            flags: bits as u16,
            stance: [StanceInPlace::Up, StanceInPlace::Down][(bits & 1) as usize],
            alive: bits & 2 == 0,
            at: [1, 2, 3].map(|add| Fix32::from_bits(mix(seed + add) as i32)),
            since: Tick(mix(seed + 4)),
        }
    }
}

#[test]
fn what_is_hashed_where_it_lies_has_the_digest_of_its_encoding() {
    const {
        assert!(<[[InPlace; 2]; 3]>::IN_PLACE);
        assert!(!Encoded::IN_PLACE && !<Option<InPlace>>::IN_PLACE);
    }
    for seed in 0..100 {
        let new = |nth: u64| [1, 2].map(|half: u64| InPlace::new(10 * seed + 2 * nth + half));
        let in_place = [0, 1, 2].map(new);
        let encoded = in_place.map(|two| {
            two.map(|one| from_bytes::<Encoded>(&to_bytes(&one)).expect("the same fields"))
        });
        assert_eq!(digest(&in_place), digest(&encoded));
        assert_eq!(digest(&in_place[0][0]), digest(&encoded[0][0]));
        assert_eq!(from_bytes(&to_bytes(&encoded)), Ok(in_place));
    }
}

#[test]
fn what_says_that_it_lies_in_memory_as_encoded_does() {
    fn lies<T: State>(value: T) {
        const { assert!(T::IN_PLACE) };
        let bytes = T::bytes_of(std::slice::from_ref(&value));
        let encoded = cfg!(target_endian = "little").then(|| to_bytes(&value));
        assert_eq!(bytes, encoded.as_deref());
    }
    let number = |seed| mix(seed);
    let fix = |seed| Fix::from_bits(number(seed) as i64);
    (0..8).for_each(|seed| lies(number(seed) as u8 as i8));
    lies([number(1) as u8, 3]);
    lies([number(2) as u16, number(3) as u16]);
    lies([number(4) as i16, number(5) as i16]);
    lies([number(6) as u32, number(7) as u32]);
    lies([number(8) as i32, number(9) as i32]);
    lies([number(10), number(11)]);
    lies([number(12) as i64, number(13) as i64]);
    lies([true, false]);
    lies(fix(14));
    lies(Fix32::from_bits(number(15) as i32));
    lies(Angle(number(16) as u32));
    lies(Slot(7));
    lies(Tick(number(17)));
    lies(Vec2 {
        x: fix(18),
        y: fix(19),
    });
    lies(Vec3 {
        x: fix(20),
        y: fix(21),
        z: fix(22),
    });
    lies(Rot2 {
        cos: fix(23),
        sin: fix(24),
    });
    lies([InPlace::new(25), InPlace::new(26)]);
}

#[test]
fn values_that_a_type_does_not_have_are_refused() {
    fn refused<T: State + Debug>(bytes: &[u8], what: &'static str) {
        assert_eq!(
            from_bytes::<T>(bytes).err(),
            Some(DecodeError::Invalid(what))
        );
    }
    for tag in 3..=255 {
        refused::<Plain>(&[tag], "Plain");
        refused::<Option<()>>(&[tag], "Option");
        refused::<bool>(&[tag], "bool");
    }
    refused::<Shape<u8>>(&[4], "Shape");
    refused::<Shape<u8>>(&[1, 9, 1, 0, 2], "bool");
    refused::<String>(&[1, 0, 0, 0, 0x80], "String");
    refused::<BTreeSet<u8>>(&[2, 0, 0, 0, 2, 1], "ascending keys");
    refused::<BTreeSet<u8>>(&[2, 0, 0, 0, 1, 1], "ascending keys");
    refused::<BTreeMap<u8, u8>>(&[2, 0, 0, 0, 1, 7, 1, 7], "ascending keys");
}

/// A type that contains itself: no session takes it, but its bytes can be read.
#[derive(State, Clone, Debug, PartialEq)]
struct Nest {
    inside: Vec<Self>,
}

/// Bytes that told such a type to nest ended the process: the stack was full.
#[test]
fn containers_nest_no_deeper_than_types_may() {
    let nested = |depth: usize| {
        let mut bytes = [1, 0, 0, 0].repeat(depth);
        bytes.extend([0; 4]);
        bytes
    };
    for depth in [0, 1, 64] {
        let nest = from_bytes::<Nest>(&nested(depth)).unwrap();
        assert_eq!(to_bytes(&nest), nested(depth));
    }
    for depth in [65, 1_000_000] {
        let refused = from_bytes::<Nest>(&nested(depth));
        assert_eq!(refused, Err(DecodeError::TooDeep), "{depth}");
    }
    // Side by side there may be any number.
    let side = vec![vec![0_u8]; 100];
    assert_eq!(from_bytes(&to_bytes(&side)), Ok(side));
}

/// Written by hand, and wrongly: it holds something and writes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Silent(u8);

impl State for Silent {
    type Undo = Self;
    fn open(&mut self, undo: &mut Self) {
        undo.clone_from(self);
    }
    fn close(&mut self, _undo: &mut Self, node: Node<'_>) -> Digest {
        self.digest(node)
    }
    fn undo(&mut self, undo: &mut Self) {
        core::mem::swap(self, undo);
    }
    fn redo(&mut self, undo: &mut Self) {
        core::mem::swap(self, undo);
    }
    fn schema(schema: &mut Schema) {
        schema.leaf("Silent");
    }
    fn encode(&self, _out: &mut Encoder) {}
    fn decode(_from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self::default())
    }
    fn visit(&self, _visitor: &mut dyn Visitor) {}
    fn visit_mut(&mut self, _visitor: &mut dyn VisitorMut) {}
}

#[test]
fn elements_without_bytes_are_refused_whatever_their_count() {
    for count in [1, 2, u32::MAX] {
        let refused = from_bytes::<Vec<Silent>>(&count.to_le_bytes());
        assert!(
            matches!(refused, Err(DecodeError::TooMany(_))),
            "{count}: {refused:?}"
        );
        let refused = from_bytes::<BTreeSet<Silent>>(&count.to_le_bytes());
        assert!(
            matches!(refused, Err(DecodeError::TooMany(_))),
            "{count}: {refused:?}"
        );
    }
    assert_eq!(from_bytes::<Vec<Silent>>(&[0; 4]), Ok(vec![]));
}

/// Changes every leaf by one bit, the bit drawn from a seed.
struct FlipAll(u64);

impl VisitorMut for FlipAll {
    fn enter(&mut self, _step: PathStep) {}
    fn leaf(&mut self, leaf: &mut dyn LeafMut) {
        self.0 = mix(self.0);
        if let Some(bit) = self.0.checked_rem(leaf.bits().into()) {
            leaf.flip(bit as u32);
        }
    }
    fn leave(&mut self) {}
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_value_comes_back(state in any_whole()) {
        let bytes = to_bytes(&state);
        prop_assert_eq!(from_bytes::<Whole>(&bytes), Ok(state));
        check_refusals::<Whole>(&bytes);
    }

    #[test]
    fn bytes_that_decode_are_the_only_encoding(bytes in vec(any::<u8>(), 0..40)) {
        type Mixed = (Shape<Pair>, Vec<Plain>, BTreeMap<bool, Option<u8>>);
        if let Ok(state) = from_bytes::<Mixed>(&bytes) {
            prop_assert_eq!(to_bytes(&state), bytes);
        }
    }

    /// Undo goes back exactly, again and again with the same records, also two ticks deep; the
    /// digest of `close` is that from scratch.
    #[test]
    fn undo_restores_exactly(values in vec(any_whole(), 4), seed in any::<u64>()) {
        let mut live = values[0].clone();
        let mut records = [<Whole as State>::Undo::default(), <Whole as State>::Undo::default()];
        for round in 0..3 {
            for (tick, record) in records.iter_mut().enumerate() {
                let before = live.clone();
                live.open(record);
                live = values[(round + tick) % 4].clone();
                live.visit_mut(&mut FlipAll(seed ^ round as u64));
                let mut scratch = Encoder::new();
                let closed = live.close(record, Node::root(1, &mut scratch));
                prop_assert_eq!(closed, digest(&live));
                if round == 1 {
                    live.undo(record);
                    prop_assert_eq!(&live, &before);
                    prop_assert_eq!(digest(&live), digest(&before));
                    live.open(record);
                }
            }
            for record in records.iter_mut().rev() {
                live.undo(record);
            }
            prop_assert_eq!(&live, &values[0], "round {}", round);
        }
    }

    #[test]
    fn equal_digests_mean_equal_states(first in any_whole(), second in any_whole()) {
        prop_assert_eq!(first == second, digest(&first) == digest(&second));
    }

    #[test]
    fn a_flipped_leaf_changes_the_encoding_and_decodes(state in any_whole(), seed in any::<u64>()) {
        let mut flipped = state.clone();
        let field = flip_leaf(&mut flipped, seed);
        prop_assert!(field.is_some());
        let bytes = to_bytes(&flipped);
        prop_assert_ne!(&bytes, &to_bytes(&state), "seed {}", seed);
        prop_assert_ne!(digest(&flipped), digest(&state));
        prop_assert_eq!(from_bytes::<Whole>(&bytes), Ok(flipped));
    }
}

/// Writes down what it sees: `path = value`.
#[derive(Default)]
struct Written {
    path: Vec<PathStep>,
    lines: Vec<String>,
}

impl Written {
    fn line(&mut self, value: &dyn std::fmt::Display) {
        let path: String = self.path.iter().map(ToString::to_string).collect();
        self.lines.push(format!("{path}={value}"));
    }
}

impl Visitor for Written {
    fn enter(&mut self, step: PathStep) {
        self.path.push(step);
    }
    fn leaf(&mut self, value: Leaf) {
        self.line(&value);
    }
    fn leave(&mut self) {
        self.path.pop().expect("as many leaves as enters");
    }
}

impl VisitorMut for Written {
    fn enter(&mut self, step: PathStep) {
        self.path.push(step);
    }
    fn leaf(&mut self, leaf: &mut dyn LeafMut) {
        self.line(&leaf.bits());
    }
    fn leave(&mut self) {
        self.path.pop().expect("as many leaves as enters");
    }
}

#[derive(State, Clone)]
struct Shown {
    pair: Pair,
    shapes: Vec<Shape<Fix32>>,
    map: BTreeMap<u8, Plain>,
    none: Option<u8>,
    unit: Nothing,
    single: (i8,),
}

fn shown() -> Shown {
    Shown {
        pair: Pair(7, true),
        shapes: vec![
            Shape::Unit,
            Shape::Tuple(Fix32::ratio(-1, 4), Pair(1, false)),
            Shape::Named {
                at: Tick(9),
                inner: Some(Plain::Second),
            },
        ],
        map: BTreeMap::from([(5, Plain::First)]),
        none: None,
        unit: Nothing,
        single: (-3,),
    }
}

#[test]
fn visits_name_every_leaf_by_its_path() {
    let mut written = Written::default();
    shown().visit(&mut written);
    assert!(written.path.is_empty());
    assert_eq!(
        written.lines,
        [
            ".pair.0=7",
            ".pair.1=true",
            ".shapes[0]=Unit",
            ".shapes[1]::Tuple.0=-0.25",
            ".shapes[1]::Tuple.1.0=1",
            ".shapes[1]::Tuple.1.1=false",
            ".shapes[2]::Named.at.0=9",
            ".shapes[2]::Named.inner::Some=Second",
            ".map[0]=5",
            ".map[0]=First",
            ".none=None",
            ".single.0=-3",
        ]
    );
}

#[test]
fn visits_offer_every_value_that_can_change_in_place() {
    let mut written = Written::default();
    shown().visit_mut(&mut written);
    assert!(written.path.is_empty());
    assert_eq!(
        written.lines,
        [
            ".pair.0=16",
            ".pair.1=1",
            ".shapes[1]::Tuple.0=32",
            ".shapes[1]::Tuple.1.0=16",
            ".shapes[1]::Tuple.1.1=1",
            ".shapes[2]::Named.at.0=64",
            // From tag 1 of 3 only tag 0 is one bit away.
            ".shapes[2]::Named.inner::Some=1",
            ".map[0]=2",
            ".single.0=8",
        ]
    );
}

#[test]
fn raw_identifiers_are_shown_without_their_prefix() {
    let mut written = Written::default();
    wide().visit(&mut written);
    assert!(
        written.lines.contains(&".type=1.5".into()),
        "{:?}",
        written.lines
    );
    let schema = Schema::of::<Wide>();
    assert!(schema.text().contains(",type:Fix,"), "{}", schema.text());
}

#[test]
fn schemas_are_golden() {
    let text = |schema: Schema| schema.text().to_owned();
    assert_eq!(
        text(Schema::of::<Shown>()),
        "Shown{pair:Pair{0:u16,1:bool},shapes:Vec<Shape{Unit:(),Tuple:(0:Fix32,1:Pair{0:u16,1:bool}),\
         Named:(at:Tick{0:u64},inner:Option<Plain{First:(),Second:(),Third:()}>),Empty:()}>,\
         map:BTreeMap<u8,Plain{First:(),Second:(),Third:()}>,none:Option<u8>,unit:Nothing{},\
         single:(0:i8)}"
    );
    assert_eq!(
        text(Schema::of::<Holder<u16, 3>>()),
        "Holder{items:[u16;3],one:Option<u16>}"
    );
}

#[test]
fn over_seeds_every_field_is_flipped_and_nothing_else() {
    let fields = |state: &Whole| {
        let Whole {
            wide,
            nothing,
            holder,
            shape,
            shapes,
            queue,
            map,
            set,
            text,
            maybe,
        } = state;
        [
            to_bytes(wide),
            to_bytes(nothing),
            to_bytes(holder),
            to_bytes(shape),
            to_bytes(shapes),
            to_bytes(queue),
            to_bytes(map),
            to_bytes(set),
            to_bytes(text),
            to_bytes(maybe),
        ]
    };
    let mut original = whole();
    original.maybe = Some(Some(Plain::First));
    let mut hits = [0; 10];
    for seed in 0..700 {
        let mut flipped = original.clone();
        let field = flip_leaf(&mut flipped, seed).unwrap();
        let both = fields(&original).into_iter().zip(fields(&flipped));
        let changed: Vec<_> = both
            .enumerate()
            .filter_map(|(index, (before, after))| (before != after).then_some(index))
            .collect();
        let [changed] = changed[..] else {
            panic!("seed {seed} changed the fields {changed:?}");
        };
        hits[changed] += 1;
        assert_eq!(field, seed % 7, "seven fields have a leaf that can change");
    }
    // Nothing, a set and a text have no value that changes in place.
    assert_eq!(hits, [100, 0, 100, 100, 100, 100, 100, 0, 0, 100]);
}

#[test]
fn over_seeds_every_bit_of_a_field_is_flipped() {
    let mut seen = BTreeSet::new();
    for seed in 0..4000 {
        let mut pair = Pair(0, false);
        flip_leaf(&mut pair, seed).unwrap();
        seen.insert(to_bytes(&pair));
    }
    assert_eq!(seen.len(), 17);
}

#[test]
fn a_state_without_leaves_is_not_flipped() {
    assert_eq!(flip_leaf(&mut Nothing, 5), None);
    assert_eq!(flip_leaf(&mut Vec::<u8>::new(), 5), None);
    assert_eq!(flip_leaf(&mut 0_u8, 5), Some(0), "a leaf is its own field");
}
