//! The streams are pinned, the draws are fair, and keys have nothing to do with one another.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::{prop_assert, proptest};

use super::*;
use crate::Fix32;
use crate::index::at;

#[test]
fn stream_is_the_published_one() {
    // The reference program's output for seed 42, sequence 54.
    let mut rng = Rng::with_sequence(42, 54);
    let drawn = [(); 6].map(|()| rng.next_u32());
    let published = [
        0xa15c_02b7,
        0x7b47_f409,
        0xba1d_3330,
        0x83d2_f293,
        0xbfa4_784b,
        0xcbed_606e,
    ];
    assert_eq!(drawn, published);
}

#[test]
fn a_damaged_generator_still_draws() {
    let mut rng = Rng {
        state: 0,
        increment: 0,
    };
    assert!(rng.below(7) < 7);
    assert!(rng.below_u64(7) < 7);
    assert!(rng.in_circle(Fix::STEP).is_within(Vec2::ZERO, Fix::STEP));
}

/// The first four draws of a kind.
fn first<T: core::fmt::Debug>(mut draw: impl FnMut(&mut Rng) -> T) -> String {
    let mut rng = Rng::new(2026);
    format!("{:?}", [(); 4].map(|()| draw(&mut rng)))
}

#[test]
fn every_draw_is_pinned() {
    let items = [1, 2, 3, 4, 5, 6, 7];
    let drawn = [
        ("u64", first(Rng::next_u64)),
        ("below", first(|rng| rng.below(1_000_003))),
        ("below_u64", first(|rng| rng.below_u64(u64::MAX / 3 * 2))),
        ("chance", first(|rng| rng.chance(1, 3))),
        ("i32", first(|rng| rng.range(-5..6))),
        ("i64", first(|rng| rng.range(i64::MIN..i64::MAX))),
        ("Fix", first(|rng| rng.range(-Fix::ONE..Fix::int(2)))),
        ("Fix32", first(|rng| rng.range(-Fix32::ONE..Fix32::ONE))),
        ("unit", first(Rng::unit)),
        ("angle", first(Rng::angle)),
        ("on_circle", first(|rng| rng.on_circle(Fix::int(9)))),
        ("in_circle", first(|rng| rng.in_circle(Fix::int(9)))),
        ("choose", first(|rng| rng.choose(&items).copied())),
        (
            "weighted",
            first(|rng| rng.choose_weighted(&items, |item| *item).copied()),
        ),
        (
            "shuffle",
            first(|rng| {
                let mut items = items;
                rng.shuffle(&mut items);
                items
            }),
        ),
        (
            "sample",
            first(|rng| {
                let mut items = items;
                rng.sample(&mut items, 3).to_vec()
            }),
        ),
    ];
    let text: String = drawn
        .iter()
        .map(|(name, first)| format!("{name} {first}\n"))
        .collect();
    expect_test::expect![[r#"
        u64 [13530858049756204711, 2893753729336238300, 7372152741085348435, 8010185794455291607]
        below [733511, 913883, 156871, 377143]
        below_u64 [4914768494056898956, 5340123862970194404, 10857598171089619484, 2237605934476810189]
        chance [false, false, true, false]
        i32 [3, 5, -4, -1]
        i64 [4307486012901428902, -6329618307518537509, -1851219295769427374, -1213186242399484202]
        Fix [1.2005278537981212139129638671875, -0.5293878880329430103302001953125, 0.19893560255877673625946044921875, 0.3026991258375346660614013671875]
        Fix32 [0.467010498046875, 0.8277587890625, -0.6862640380859375, -0.2457275390625]
        unit [0.733509284444153308868408203125, 0.91388026787899434566497802734375, 0.15687070391140878200531005859375, 0.377142003737390041351318359375]
        angle [Angle(3150398388), Angle(3925085863), Angle(673754543), Angle(1619812572)]
        on_circle [Vec2 { x: -0.93086030124686658382415771484375, y: -8.95173162664286792278289794921875 }, Vec2 { x: 7.714254610240459442138671875, y: -4.6357605415396392345428466796875 }, Vec2 { x: 4.97090957988984882831573486328125, y: 7.50267005455680191516876220703125 }, Vec2 { x: -6.449032134376466274261474609375, y: 6.277737214230000972747802734375 }]
        in_circle [Vec2 { x: 4.20316712395288050174713134765625, y: -6.176327328197658061981201171875 }, Vec2 { x: -1.80638638394884765148162841796875, y: -1.1838052435778081417083740234375 }, Vec2 { x: -1.08194002206437289714813232421875, y: -5.72487675934098660945892333984375 }, Vec2 { x: -1.0555032505653798580169677734375, y: 1.8424692214466631412506103515625 }]
        choose [Some(6), Some(7), Some(2), Some(3)]
        weighted [Some(6), Some(3), Some(5), Some(5)]
        shuffle [[6, 7, 3, 5, 1, 2, 4], [4, 3, 7, 1, 2, 6, 5], [4, 7, 3, 2, 1, 5, 6], [1, 5, 2, 3, 6, 7, 4]]
        sample [[6, 7, 3], [3, 4, 7], [4, 3, 7], [1, 7, 3]]
    "#]].assert_eq(&text);
}

#[test]
fn names_hash_as_published() {
    // From the authors' test vectors.
    let published = [
        ("", 0xcbf2_9ce4_8422_2325_u64),
        ("a", 0xaf63_dc4c_8601_ec8c),
        ("foobar", 0x8594_4171_f739_67e8),
    ];
    for (name, hash) in published {
        assert_eq!(
            format!("{:?}", RngKey::named(name)),
            format!("RngKey({hash})")
        );
    }
}

#[test]
fn keys_are_pinned() {
    let key = RngKey::named("critical hit").with(7).with(3).with(1000);
    let mut rng = key.rng();
    let drawn = [(); 4].map(|()| rng.next_u32());
    let pinned =
        expect_test::expect!["RngKey(ce1e7cba5dfe337a) [9a06f643, 927a5372, 30d1fdad, 65990350]"];
    pinned.assert_eq(&format!("{key:x?} {drawn:08x?}"));
}

/// For every value the words that give it are one run, and all runs are as long: found by asking
/// at their ends.
#[test]
fn every_number_has_as_many_words() {
    for bound in (1..300).chain([1 << 16, 1_000_003]) {
        let whole = 1_u64 << 32;
        let rejected = whole % u64::from(bound);
        for value in (0..bound).take(1000) {
            let before = u64::from(value) * whole;
            let first = (before + rejected).div_ceil(bound.into());
            let after = (before + whole).div_ceil(bound.into());
            assert_eq!(
                after - first,
                whole / u64::from(bound),
                "{value} of {bound}"
            );
            let asked = |word: u64| u32::try_from(word).ok().and_then(|word| share(word, bound));
            assert_eq!((asked(first), asked(after - 1)), (Some(value), Some(value)));
            assert_ne!(asked(after), Some(value));
            assert_ne!(first.checked_sub(1).and_then(asked), Some(value));
        }
    }
}

/// The same for long words.
#[test]
fn every_long_number_has_as_many_words() {
    for bound in (1..300).chain([1 << 40, 1_000_003, u64::MAX - 58]) {
        let whole = 1_u128 << 64;
        let rejected = whole % u128::from(bound);
        for value in (0..bound).take(1000).chain([bound - 1]) {
            let before = u128::from(value) * whole;
            let first = (before + rejected).div_ceil(bound.into());
            let after = (before + whole).div_ceil(bound.into());
            assert_eq!(
                after - first,
                whole / u128::from(bound),
                "{value} of {bound}"
            );
            let asked = |word: u128| {
                u64::try_from(word)
                    .ok()
                    .and_then(|word| share_u64(word, bound))
            };
            assert_eq!((asked(first), asked(after - 1)), (Some(value), Some(value)));
            assert_ne!(asked(after), Some(value));
            assert_ne!(first.checked_sub(1).and_then(asked), Some(value));
        }
    }
}

#[test]
fn ranges_reach_both_ends_and_nothing_else() {
    let mut rng = Rng::new(5);
    let mut seen = [false; 7];
    for _ in 0..200 {
        seen[at((rng.range(-3_i32..4) + 3).unsigned_abs())] = true;
    }
    assert_eq!(seen, [true; 7]);
    let before = rng.clone();
    let [low, high] = [i64::MIN, i64::MAX];
    assert_eq!((rng.range(4..4), rng.range(high..low)), (4, i64::MAX));
    assert_eq!((rng.below(0), rng.below_u64(0)), (0, 0));
    assert_eq!(
        (rng.choose::<u8>(&[]), rng.in_circle(-Fix::ONE)),
        (None, Vec2::ZERO)
    );
    assert_eq!(rng.choose_weighted(&[1, 2], |_| 0), None);
    rng.shuffle::<u8>(&mut []);
    assert_eq!(rng, before, "a draw from nothing");
    assert_eq!(rng.range(7_u64..8), 7);
    assert_eq!(rng.range(i32::MAX - 1..i32::MAX), i32::MAX - 1);
    let near = rng.range(Fix::ONE..Fix::ONE + Fix::STEP);
    assert_eq!(near, Fix::ONE);
}

/// Pearson's sum over cells of equal weight, times the expected count.
fn scatter(counts: &[u64]) -> u64 {
    let expected = counts.iter().sum::<u64>() / counts.len() as u64;
    counts
        .iter()
        .map(|count| count.abs_diff(expected).pow(2))
        .sum::<u64>()
        / expected
}

/// Counts `draws` numbers below 256 and fails if they scatter more or less than all but one in a
/// thousand fair ones would, on either side: 255 degrees of freedom.
fn is_fair(draws: u64, mut draw: impl FnMut() -> u32) -> bool {
    let mut counts = [0; 256];
    for _ in 0..draws {
        counts[at(draw())] += 1;
    }
    (190..=331).contains(&scatter(&counts))
}

const DRAWS: u64 = 256 * 256;

#[test]
fn draws_are_fair() {
    let rng = &mut Rng::new(11);
    let top = |bits: i64| u32::try_from(bits >> 24).unwrap();
    assert!(is_fair(DRAWS, || rng.below(256)));
    assert!(is_fair(DRAWS, || rng.below(768) / 3));
    assert!(is_fair(DRAWS, || rng.next_u32() & 255));
    assert!(is_fair(DRAWS, || u32::try_from(rng.below_u64(768) / 3).unwrap()));
    assert!(is_fair(DRAWS, || (rng.range(-1280_i32..1280) + 1280)
        .unsigned_abs()
        / 10));
    assert!(is_fair(DRAWS, || top(rng.unit().to_bits())));
    assert!(is_fair(DRAWS, || rng.angle().0 >> 24));
    let range = Fix::int(-3)..Fix::int(5);
    assert!(is_fair(DRAWS, || top((rng.range(range.clone())
        + Fix::int(3))
    .to_bits()
        >> 3)));
    // Rings of equal area: the square of the distance.
    let radius = Fix::int(1 << 12);
    assert!(is_fair(DRAWS, || {
        let square = rng.in_circle(radius).length_squared().to_bits();
        u32::try_from(square >> (64 + 24 - 8)).unwrap().min(255)
    }));
    // And the draw after a draw.
    assert!(is_fair(DRAWS, || rng.below(16) * 16 + rng.below(16)));
}

#[test]
fn unfair_draws_are_seen() {
    // The canary: what a remainder would do, a draw that is too even, and a slight lean.
    let mut rng = Rng::new(12);
    assert!(!is_fair(DRAWS, || rng.below(300) % 256));
    let mut count = 0;
    assert!(!is_fair(DRAWS, || {
        count += 1;
        count % 256
    }));
    assert!(!is_fair(DRAWS, || if rng.chance(1, 100) {
        7
    } else {
        rng.below(256)
    }));
}

/// All 120 orders of five, 1000 times each: 119 degrees of freedom, one in a thousand beyond.
#[test]
fn orders_are_fair() {
    let mut rng = Rng::new(13);
    let mut counts = alloc::collections::BTreeMap::new();
    for _ in 0..120_000 {
        let mut items = [0, 1, 2, 3, 4];
        rng.shuffle(&mut items);
        *counts.entry(items).or_insert(0) += 1;
    }
    let counts: Vec<u64> = counts.into_values().collect();
    assert_eq!(counts.len(), 120);
    let scatter = scatter(&counts);
    assert!((75..=174).contains(&scatter), "{scatter}");
}

#[test]
fn samples_are_fair_and_distinct() {
    let mut rng = Rng::new(14);
    let mut counts = alloc::collections::BTreeMap::new();
    for _ in 0..60_000 {
        let mut items = [0, 1, 2, 3, 4];
        let sample = rng.sample(&mut items, 3).to_vec();
        *counts.entry(sample).or_insert(0) += 1;
        items.sort();
        assert_eq!(items, [0, 1, 2, 3, 4]);
    }
    let counts: Vec<u64> = counts.into_values().collect();
    // 5 · 4 · 3 orders; 59 degrees of freedom.
    assert_eq!(counts.len(), 60);
    let scatter = scatter(&counts);
    assert!((30..=99).contains(&scatter), "{scatter}");
    assert_eq!(rng.sample(&mut [1, 2], 9).len(), 2);
    assert_eq!(rng.sample(&mut [1, 2], 0).len(), 0);
}

#[test]
fn weights_are_shares() {
    let mut rng = Rng::new(15);
    let weights = [1, 0, 2, 5, 0];
    let mut counts = [0_u64; 5];
    for _ in 0..80_000 {
        let index = rng.choose_weighted(&[0, 1, 2, 3, 4], |index| weights[at(*index)]);
        counts[at(*index.unwrap())] += 1;
    }
    assert_eq!((counts[1], counts[4]), (0, 0));
    // Within five standard deviations of 10,000, 20,000 and 50,000.
    for (index, expected, slack) in [(0, 10_000, 468), (2, 20_000, 613), (3, 50_000, 685)] {
        let count: u64 = counts[index];
        assert!(count.abs_diff(expected) <= slack, "{counts:?}");
    }
    // The sum goes beyond a word.
    let heavy = rng.choose_weighted(&[u32::MAX; 4], |weight| *weight);
    assert_eq!(heavy, Some(&u32::MAX));
}

#[test]
fn all_of_the_smallest_disc_is_reached() {
    let mut rng = Rng::new(16);
    let mut counts = [0_u64; 9];
    for _ in 0..50_000 {
        let Vec2 { x, y } = rng.in_circle(Fix::STEP);
        let cell = 3 * (x.to_bits() + 1) + y.to_bits() + 1;
        counts[at(u32::try_from(cell).unwrap())] += 1;
    }
    // The middle and its four neighbours, each within five standard deviations of a fifth.
    for (cell, count) in (0_u64..).zip(counts) {
        let expected = if [1, 3, 4, 5, 7].contains(&cell) {
            10_000
        } else {
            0
        };
        assert!(count.abs_diff(expected) <= 447, "{counts:?}");
        assert!(expected > 0 || count == 0, "{counts:?}");
    }
}

#[test]
fn every_bit_of_a_key_changes_every_bit_of_a_draw() {
    const ROUNDS: u64 = 1000;
    let draw = |words: [u64; 3]| {
        let key = words
            .iter()
            .fold(RngKey::named("avalanche"), |key, word| key.with(*word));
        key.rng().next_u64()
    };
    for word in 0..3 {
        for bit in 0..64 {
            let mut changes = [0_u32; 64];
            for round in 0..ROUNDS {
                // Counters, as games have them.
                let words = [round / 100, round % 100, round];
                let mut other = words;
                other[word] ^= 1 << bit;
                let changed = draw(words) ^ draw(other);
                for (index, count) in (0..).zip(&mut changes) {
                    *count += u32::try_from(changed >> index & 1).unwrap();
                }
            }
            // Half of the rounds, within six standard deviations.
            let half = changes.iter().all(|count| (405..=595).contains(count));
            assert!(half, "word {word}, bit {bit}: {changes:?}");
        }
    }
}

#[test]
fn neighbours_have_nothing_in_common() {
    let damage = RngKey::named("damage").with(1);
    let draw = |key: RngKey| key.rng().below(256);
    let mut count = 0;
    let mut next = || {
        count += 1;
        count
    };
    assert!(is_fair(DRAWS, || draw(damage.with(next()))));
    assert!(is_fair(DRAWS, || draw(damage.with(3).with(next()))));
    assert!(is_fair(DRAWS, || draw(damage.with(next()).with(3))));
    // Entity against entity, tick against tick, purpose against purpose, seed against seed.
    let mut apart = |one: fn(u64) -> RngKey, other: fn(u64) -> RngKey| {
        is_fair(DRAWS, || {
            let count = next();
            draw(one(count)) ^ draw(other(count))
        })
    };
    let base = |count| RngKey::named("damage").with(count).with(5).with(7);
    assert!(apart(base, |count| RngKey::named("damage")
        .with(count)
        .with(6)
        .with(7)));
    assert!(apart(base, |count| RngKey::named("damage")
        .with(count)
        .with(5)
        .with(8)));
    assert!(apart(base, |count| RngKey::named("damage")
        .with(count)
        .with(7)
        .with(5)));
    assert!(apart(base, |count| RngKey::named("armour")
        .with(count)
        .with(5)
        .with(7)));
    assert!(apart(base, |count| RngKey::named("damage")
        .with(count + 1)
        .with(5)
        .with(7)));
    // The canary: the same words are the same draw.
    assert!(!apart(base, base));
}

#[test]
fn words_do_not_cancel() {
    let key = RngKey::named("x");
    assert_ne!(key.with(5).with(5), key.with(7).with(7));
    assert_ne!(key.with(5).with(7), key.with(7).with(5));
    assert_ne!(key.with(0), key);
    assert_ne!(key.with(0).with(0), key.with(0));
}

proptest! {
    #[test]
    fn every_draw_is_in_its_range(
        state: u64,
        increment: u64,
        a: i64,
        b: i64,
        short: (i32, i32),
        bits: i64,
    ) {
        let mut rng = Rng { state, increment };
        let (low, high) = (a.min(b), a.max(b));
        prop_assert!(low == high || (low..high).contains(&rng.range(low..high)));
        let (low, high) = (short.0.min(short.1), short.0.max(short.1));
        prop_assert!(low == high || (low..high).contains(&rng.range(low..high)));
        prop_assert!((Fix::ZERO..Fix::ONE).contains(&rng.unit()));
        let radius = Fix::from_bits(bits);
        let point = rng.in_circle(radius);
        prop_assert!(point == Vec2::ZERO || point.is_within(Vec2::ZERO, radius));
        let edge = rng.on_circle(radius).length();
        prop_assert!((edge - radius.abs()).abs() <= Fix::from_bits(4) + radius.abs() * Fix::STEP);
    }
}
