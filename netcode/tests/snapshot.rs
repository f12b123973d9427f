//! Snapshots as bytes: there and back, whole and as differences; and bytes that are none.
#![expect(clippy::unwrap_used, reason = "a test")]

mod snapshots;

use phalanx_engine::{Encoder, Mark, Snapshot, SnapshotHash, State, Tick, mix};
use phalanx_netcode::limits::{SNAPSHOT_BYTES_MAX, SNAPSHOT_COLUMNS_MAX};
use phalanx_netcode::snapshot::{SnapshotError, base_of, pack, unpack};
use proptest::prelude::*;
use snapshots::{Herding, canonical, frame, packed, played, two};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_packed_is_unpacked(seed in 0..u64::MAX, ticks in 2..200_u64, back in 1..150_u64) {
        let mut timeline = played(seed, ticks);
        let newer = timeline.snapshot(Tick(ticks - 1)).unwrap();
        let older = timeline.snapshot(Tick((ticks - 1).saturating_sub(back))).unwrap();
        let whole = pack(&newer, None).unwrap();
        prop_assert!(unpack(&whole, None).as_ref() == Ok(&newer));
        prop_assert_eq!(base_of(&whole), Ok(None));
        newer.restore(&Herding).unwrap();

        // Forth and back in time, and from what was itself unpacked.
        for (base, snapshot) in [(&older, &newer), (&newer, &older), (&newer, &newer)] {
            let differences = pack(snapshot, Some(base)).unwrap();
            prop_assert_eq!(base_of(&differences), Ok(Some(base.hash())));
            prop_assert!(unpack(&differences, Some(base)).as_ref() == Ok(snapshot));
            let base = unpack(&pack(base, None).unwrap(), None).unwrap();
            prop_assert!(unpack(&differences, Some(&base)).as_ref() == Ok(snapshot));
            // Where the columns of the base are is in the bytes, too.
            let base = Snapshot { marks: Vec::new(), ..base };
            prop_assert!(unpack(&differences, Some(&base)).as_ref() == Ok(snapshot));
        }
    }

    /// Marks are advice: whatever they say, the same snapshot comes back.
    #[test]
    fn any_marks_will_do(seed in 0..u64::MAX) {
        let (older, mut newer) = two(7);
        let mut draw = seed;
        newer.marks = (0..40).map(|_| {
            draw = mix(draw);
            let [a, b, c, d, ..] = draw.to_le_bytes();
            Mark {
                begin: u64::from(a) << (d % 64),
                stride: u32::from(b) << (d % 7),
                count: u64::from(c) << (d / 4),
            }
        }).collect();
        for base in [None, Some(&older)] {
            let back = unpack(&pack(&newer, base).unwrap(), base).unwrap();
            prop_assert!(canonical(&back) == canonical(&newer));
        }
    }
}

/// Both ways of packing, with what it takes to unpack them.
fn both() -> [(Vec<u8>, Option<Snapshot>, Snapshot); 2] {
    let (older, newer) = two(77);
    let (whole, differences) = (pack(&newer, None), pack(&newer, Some(&older)));
    [
        (whole.unwrap(), None, newer.clone()),
        (differences.unwrap(), Some(older), newer),
    ]
}

#[test]
fn every_truncation_and_every_further_byte_is_refused() {
    for (bytes, base, _) in both() {
        for length in 0..bytes.len() {
            assert!(unpack(&bytes[..length], base.as_ref()).is_err(), "{length}");
        }
        let longer = [&bytes[..], &[0]].concat();
        let refused = unpack(&longer, base.as_ref());
        assert_eq!(refused, Err(SnapshotError::Compression));
        // Nor a second frame, or one to be skipped.
        let skipped = [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0];
        for second in [&frame(&[])[..], &skipped] {
            let longer = [&bytes[..], second].concat();
            let refused = unpack(&longer, base.as_ref());
            assert_eq!(refused, Err(SnapshotError::Compression));
        }
    }
}

#[test]
fn every_changed_bit_is_refused_or_changes_nothing() {
    for (bytes, base, snapshot) in both() {
        let mut same = 0;
        for bit in 0..8 * bytes.len() {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            match unpack(&changed, base.as_ref()) {
                Ok(other) => {
                    assert!(canonical(&other) == canonical(&snapshot), "bit {bit}");
                    same += 1;
                }
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
        // A few bits have no meaning: in a compressed block, or where a column without cells begins.
        let bits = 8 * bytes.len();
        assert!(same * 50 < bits, "{same} of {bits}");
    }
}

#[test]
fn differences_need_the_snapshot_that_they_are_from() {
    let (older, newer) = two(5);
    let differences = pack(&newer, Some(&older)).unwrap();
    let wanted = older.hash();
    let alone = unpack(&differences, None);
    assert_eq!(alone, Err(SnapshotError::NeedsBase(wanted)));
    for other in [&newer, &two(6).0] {
        let given = other.hash();
        let refused = unpack(&differences, Some(other));
        assert_eq!(refused, Err(SnapshotError::OtherBase { wanted, given }));
    }
    // A whole one needs none.
    let whole = pack(&newer, None).unwrap();
    assert_eq!(unpack(&whole, Some(&older)), Ok(newer));
}

#[test]
fn what_begins_otherwise_is_named() {
    let whole = both()[0].0.clone();
    for bytes in [&b""[..], b"phlxsna", b"PNG", &[0; 100]] {
        assert_eq!(unpack(bytes, None), Err(SnapshotError::NoSnapshot));
        assert_eq!(base_of(bytes), Err(SnapshotError::NoSnapshot));
    }
    let mut other = whole.clone();
    other[8] = 2;
    assert_eq!(unpack(&other, None), Err(SnapshotError::OtherFormat(2)));
    let mut other = whole;
    other[11] ^= 1;
    assert_eq!(unpack(&other, None), Err(SnapshotError::Damaged));
}

/// The page of the module, put together by hand.
#[test]
fn the_format_is_the_one_described() {
    let (older, mut newer) = two(5);
    newer.world.truncate(40);
    newer.marks = vec![Mark {
        begin: 10,
        stride: 2,
        count: 9,
    }];
    newer.world[10..28].copy_from_slice(b"abABzz\0\0\0\0\0\0\0\0\0\0yx");
    let bytes = canonical(&newer);
    let world = bytes.len() - newer.world.len();

    let table = |columns: &[Mark], world: usize| {
        let mut out = Encoder::new();
        out.put_count(columns.len());
        for mark in columns {
            (mark.begin + world as u64).encode(&mut out);
            mark.stride.encode(&mut out);
            mark.count.encode(&mut out);
        }
        out.into_bytes()
    };
    let outside = [&bytes[..world + 10], &bytes[world + 28..]].concat();
    let cells = b"\x07\x01aAzybBzx";
    let body = [&table(&newer.marks, world)[..], &outside, cells].concat();
    let whole = packed(newer.hash().0, None, bytes.len() as u64, &body);
    assert_eq!(unpack(&whole, None).as_ref(), Ok(&newer));
    let ours = pack(&newer, None).unwrap();
    let head = 8 + 2 + 1 + 32 + 8;
    assert_eq!(ours[..head], whole[..head]);
    assert_eq!(zstd::decode_all(&ours[head..]).unwrap(), body);

    // From itself, nothing differs; and the other snapshot's columns are told.
    let base = canonical(&newer);
    let tables = [table(&newer.marks, world), table(&newer.marks, world)].concat();
    let zeros = vec![0; base.len() - 18 + 2];
    let hash = newer.hash().0;
    let body = [tables, zeros].concat();
    let differences = packed(hash, Some(hash), base.len() as u64, &body);
    assert_eq!(unpack(&differences, Some(&newer)).as_ref(), Ok(&newer));
    let refused = unpack(&differences, Some(&older));
    assert!(matches!(refused, Err(SnapshotError::OtherBase { .. })));
}

/// A body without a snapshot's hash: all that comes before is checked before.
fn body(length: u64, columns: &[(u64, u32, u64)], rest: &[u8]) -> Result<(), SnapshotError> {
    let mut out = Encoder::new();
    out.put_count(columns.len());
    for (begin, stride, count) in columns {
        begin.encode(&mut out);
        stride.encode(&mut out);
        count.encode(&mut out);
    }
    out.put(rest);
    unpack(&packed([0; 32], None, length, out.bytes()), None).map(drop)
}

#[test]
fn columns_lie_where_columns_can_be() {
    let damaged = Err(SnapshotError::Damaged);
    let columns = Err(SnapshotError::Columns);
    // These are read up to the hash.
    assert_eq!(body(4, &[], &[1; 4]), damaged);
    assert_eq!(body(4, &[(2, 1, 2)], &[9, 9, 3, 1, 1]), damaged);
    assert_eq!(body(4, &[(2, 1, 0), (2, 2, 1)], &[9, 9, 0]), damaged);
    for (begin, stride, count) in [
        (3, 1, 2),
        (0, 0, 4),
        (0, 1, 5),
        (5, 1, 0),
        (0, u32::MAX, 1),
        (0, 4, u64::MAX / 2),
        (u64::MAX, 1, 1),
        (1, 4096, u64::MAX / 4096 + 1),
    ] {
        let refused = body(4, &[(begin, stride, count)], &[0; 9]);
        assert_eq!(refused, columns, "{begin} {stride} {count}");
    }
    assert_eq!(body(4, &[(2, 1, 2), (0, 1, 2)], &[0; 2]), columns);
    assert_eq!(body(4, &[(0, 1, 3), (2, 1, 2)], &[0; 2]), columns);
    let many = vec![(0, 1, 0); SNAPSHOT_COLUMNS_MAX + 1];
    assert_eq!(body(4, &many, &[0; 4]), columns);
    assert_eq!(body(4, &many[1..], &[0; 4]), damaged);
    // Too little, too much, a bit for a cell that is not there.
    assert_eq!(body(4, &[(2, 1, 2)], &[9, 9, 3, 1]), columns);
    assert_eq!(body(4, &[(2, 1, 2)], &[9, 9, 3, 1, 1, 1]), columns);
    assert_eq!(body(4, &[(2, 1, 2)], &[9, 9, 7, 1, 1, 1]), columns);
    let malformed = body(4, &[], &[]);
    assert_eq!(malformed, columns);
}

/// A few bytes that say or hold much take no memory.
#[test]
fn bombs_are_refused_before_they_are_opened() {
    let zeros = vec![0; 64 * 1024 * 1024];
    let bomb = zstd::bulk::compress(&zeros, 1).unwrap();
    assert!(bomb.len() < 16 * 1024);
    let small = packed([0; 32], None, 1000, &[]);
    let head = 8 + 2 + 1 + 32 + 8;
    let bomb = [&small[..head], &bomb].concat();
    let large = packed([0; 32], None, SNAPSHOT_BYTES_MAX + 1, &[]);
    let endless = packed([0; 32], None, u64::MAX, &[]);
    for bytes in [bomb, large, endless] {
        let mut refused = Ok(());
        let allocated = allocation_counter::measure(|| {
            refused = unpack(&bytes, None).map(drop);
        });
        assert_eq!(refused, Err(SnapshotError::TooLarge));
        assert!(allocated.bytes_max < 4096, "{allocated:?}");
    }
    // A frame that does not say how much it holds, and one that says less.
    let mut streamed = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    std::io::Write::write_all(&mut streamed, &[0; 1000]).unwrap();
    let streamed = streamed.finish().unwrap();
    let mut short = frame(&[0; 1000]);
    short[5] -= 1;
    for body in [streamed, short] {
        let bytes = [&small[..head], &body].concat();
        assert_eq!(unpack(&bytes, None), Err(SnapshotError::Compression));
    }
}

#[test]
fn what_is_too_large_is_not_packed() {
    let (mut snapshot, _) = two(5);
    snapshot.world = vec![0; usize::try_from(SNAPSHOT_BYTES_MAX).unwrap()];
    assert_eq!(pack(&snapshot, None), Err(SnapshotError::TooLarge));
}

/// What did not change takes next to nothing.
#[test]
fn differences_are_small() {
    let mut timeline = played(99, 200);
    let (older, newer) = (timeline.snapshot(Tick(198)), timeline.snapshot(Tick(199)));
    let (older, newer) = (older.unwrap(), newer.unwrap());
    let whole = pack(&newer, None).unwrap().len();
    let differences = pack(&newer, Some(&older)).unwrap().len();
    let nothing = pack(&newer, Some(&newer)).unwrap().len();
    assert!(differences * 5 < whole * 2, "{differences} of {whole}");
    assert!(nothing * 4 < whole, "{nothing} of {whole}");
    let hash = SnapshotHash::of(&canonical(&newer));
    assert_eq!(newer.hash(), hash);
}
