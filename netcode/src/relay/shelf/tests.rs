//! What is kept, what is packed, and how often.

use super::*;
use crate::relay::worlds::{accepted, id, world};
use crate::snapshot::unpack;

/// Worlds of one session, a keyframe apart, that differ in little.
fn keyframe(number: u64) -> phalanx_engine::Snapshot {
    world(300 * number + 299, 4000, 7)
}

/// A shelf with the first so many.
fn shelf(count: u64) -> Shelf {
    let mut shelf = Shelf::default();
    (0..count).for_each(|number| shelf.put(accepted(&keyframe(number))));
    shelf
}

fn is_whole(shelf: &mut Shelf, held: &[SnapshotId]) -> bool {
    let parcel = shelf.parcel(held).unwrap();
    let newest = shelf.newest().unwrap();
    let whole = Arc::ptr_eq(&parcel.packed, &newest.packed);
    assert_eq!(parcel.base.is_none(), whole);
    assert_eq!((parcel.tick, parcel.hash), (newest.tick, newest.hash));
    whole
}

#[test]
fn who_holds_one_that_is_kept_is_sent_what_differs() {
    let mut shelf = shelf(3);
    let whole = shelf.parcel(&[]).unwrap();
    assert_eq!(unpack(&whole.packed, None).as_ref(), Ok(&keyframe(2)));
    for number in 0..3 {
        let base = keyframe(number);
        let parcel = shelf.parcel(&[id(&base)]).unwrap();
        assert_eq!(parcel.base, Some(base.hash()));
        assert_eq!(
            unpack(&parcel.packed, Some(&base)).as_ref(),
            Ok(&keyframe(2))
        );
        assert!(parcel.packed.len() * 8 < whole.packed.len(), "{number}");
        let other = keyframe((number + 1) % 3);
        assert!(unpack(&parcel.packed, Some(&other)).is_err());
    }
}

/// Of several the first that is kept counts, and very many are not looked at.
#[test]
fn who_names_several_is_sent_what_differs_from_one() {
    let mut shelf = shelf(3);
    let named = [9, 1, 0].map(|number| id(&keyframe(number)));
    let parcel = shelf.parcel(&named).unwrap();
    assert_eq!(parcel.base, Some(named[1].hash));
    let none = [named[0]; SNAPSHOTS_NAMED_MAX];
    assert!(is_whole(&mut shelf, &[&none, &named[1..]].concat()));
}

#[test]
fn nothing_is_sent_while_nothing_is_kept() {
    assert!(Shelf::default().parcel(&[]).is_none());
    assert!(Shelf::default().parcel(&[id(&keyframe(0))]).is_none());
}

#[test]
fn who_names_nonsense_is_sent_the_whole() {
    let mut shelf = shelf(3);
    let SnapshotId { tick, hash } = id(&keyframe(1));
    assert!(!is_whole(&mut shelf, &[SnapshotId { tick, hash }]));
    assert!(is_whole(&mut shelf, &[]));
    for wrong in [Tick(0), Tick(299), Tick(u64::MAX)] {
        assert!(is_whole(&mut shelf, &[SnapshotId { tick: wrong, hash }]));
    }
    let hash = SnapshotHash([7; 32]);
    assert!(is_whole(&mut shelf, &[SnapshotId { tick, hash }]));
    assert!(is_whole(&mut shelf, &[id(&keyframe(9))]));
}

/// However often, and by however many: once for each pair, and for so many pairs as take a short time together.
#[test]
fn differences_are_packed_once_and_for_a_few() {
    let few = 4;
    let bytes = usize::try_from(DIFFERENCES_BYTES_MAX / (few + 1)).unwrap();
    let keyframe = |number: u64| world(300 * number + 299, bytes, 7);
    let count = few + 2;
    let mut shelf = Shelf::default();
    (0..count).for_each(|number| shelf.put(accepted(&keyframe(number))));
    let named: Vec<_> = (0..count).map(|number| id(&keyframe(number))).collect();
    let sent = |shelf: &mut Shelf| -> Vec<_> {
        let parcels = named.iter().map(|named| shelf.parcel(&[*named]).unwrap());
        parcels.map(|parcel| parcel.packed).collect()
    };
    let (before, after) = (sent(&mut shelf), sent(&mut shelf));
    assert!(before.iter().zip(&after).all(|(a, b)| Arc::ptr_eq(a, b)));
    let whole = |held: &&SnapshotId| is_whole(&mut shelf, &[**held]);
    assert_eq!(named.iter().filter(whole).count(), 2);
    assert_eq!(shelf.differences.len() as u64, few);
    // Of the next one they are packed anew.
    shelf.put(accepted(&keyframe(count)));
    assert!(shelf.differences.is_empty());
    assert!(!is_whole(&mut shelf, &[named[0]]));
    assert!(!is_whole(&mut shelf, &[id(&keyframe(count))]), "its own");
}

#[test]
fn differences_that_are_no_less_are_not_sent_and_not_packed_again() {
    let mut shelf = Shelf::default();
    // Nothing but zeros: what it does not share with the older one is all that is in that.
    let (older, mut newer) = (keyframe(0), keyframe(1));
    newer.world.fill(0);
    shelf.put(accepted(&older));
    shelf.put(accepted(&newer));
    assert!(is_whole(&mut shelf, &[id(&older)]));
    assert!(matches!(&shelf.differences[..], [(_, None)]));
    assert!(is_whole(&mut shelf, &[id(&older)]));
    assert_eq!(shelf.differences.len(), 1);
}

/// The session would wait for too long.
#[test]
fn of_large_worlds_the_whole_is_sent() {
    let most = usize::try_from(DIFFERENCES_BYTES_MAX).unwrap();
    let flat = |tick, bytes| {
        let mut snapshot = world(tick, 0, 7);
        snapshot.world.resize(bytes, 0);
        snapshot
    };
    for (older, newer, whole) in [
        (most / 2, most / 2, false),
        (most / 2, most + 1, true),
        (most + 1, most / 2, true),
    ] {
        let (older, newer) = (flat(299, older), flat(599, newer));
        let mut shelf = Shelf::default();
        shelf.put(accepted(&older));
        shelf.put(accepted(&newer));
        // Flat ones are small anyway: what is packed is told by what is known to be packed.
        shelf.parcel(&[id(&older)]);
        let tried = matches!(&shelf.differences[..], [(_, Some(_))]);
        assert_eq!(tried, !whole);
    }
}

#[test]
fn as_many_are_kept_as_there_is_room_for() {
    let count = SNAPSHOTS_KEPT as u64 + 3;
    let mut shelf = shelf(count);
    assert_eq!(shelf.kept.len(), SNAPSHOTS_KEPT);
    assert!(is_whole(&mut shelf, &[id(&keyframe(2))]));
    assert!(!is_whole(&mut shelf, &[id(&keyframe(3))]));
    // The same one again takes no room.
    shelf.put(accepted(&keyframe(count - 1)));
    assert_eq!(shelf.kept.len(), SNAPSHOTS_KEPT);

    let bytes = SNAPSHOTS_KEPT_BYTES / 9;
    let mut shelf = Shelf::default();
    for number in 0..11 {
        shelf.put(accepted(&world(number, bytes, number)));
        assert!(shelf.older_bytes() <= SNAPSHOTS_KEPT_BYTES);
    }
    assert_eq!(shelf.kept.len(), 9, "eight, and the newest");
    // What nothing is packed from takes no room when it is no longer the newest.
    let most = usize::try_from(DIFFERENCES_BYTES_MAX).unwrap();
    let large = accepted(&world(20, most, 20));
    shelf.put(large.clone());
    assert_eq!(shelf.newest().map(|kept| kept.hash), Some(large.hash));
    shelf.put(accepted(&keyframe(20)));
    assert!(shelf.kept.iter().all(|kept| kept.hash != large.hash));
}
