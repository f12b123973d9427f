//! Who is asked, what is taken, and what closes its sender.

use super::*;
use crate::relay::worlds::{id, world};
use crate::snapshot::{pack, packed_max, unpack};

const INTERVAL: u32 = 300;
const WORLD_BYTES: usize = 3 * SNAPSHOT_PIECE_BYTES;

/// The tick of a keyframe.
fn at(number: u64) -> Tick {
    Tick(u64::from(INTERVAL) * number + 299)
}

fn snapshot(number: u64) -> Snapshot {
    world(at(number).0, WORLD_BYTES, 7)
}

/// What honest players hold after it.
fn held(snapshot: &Snapshot) -> Held {
    let mut canonical = phalanx_engine::Encoder::new();
    snapshot.encode(&mut canonical);
    Held {
        hash: snapshot.hash(),
        bytes: canonical.bytes().len() as u64,
    }
}

fn keyframes(slots: u8) -> Keyframes {
    Keyframes::new(Tick::ZERO, slots, INTERVAL)
}

/// All of `slots` vote for the same; returns whom that asks.
fn vote(keyframes: &mut Keyframes, slots: u8, number: u64, held: Held) -> Vec<Slot> {
    let votes = Slot::all(slots).map(|slot| keyframes.vote(slot, at(number), held, slots.into()));
    votes.filter_map(Result::unwrap).collect()
}

/// Sends `packed` piece by piece; returns what became of the last, or the first that was refused.
fn send(
    keyframes: &mut Keyframes,
    slot: Slot,
    number: u64,
    packed: &[u8],
) -> Result<Piece, CloseReason> {
    let mut left = packed.len() as u64;
    let mut last = Ok(Piece::TooLate);
    for piece in packed.chunks(SNAPSHOT_PIECE_BYTES) {
        left -= piece.len() as u64;
        last = keyframes.take(slot, at(number), left, piece);
        if last.is_err() {
            break;
        }
    }
    last
}

/// A keyframe that goes as it should: it is asked for, sent, and kept.
fn accept(keyframes: &mut Keyframes, slots: u8, number: u64) -> Slot {
    let snapshot = snapshot(number);
    let asked = vote(keyframes, slots, number, held(&snapshot));
    let [slot] = asked[..] else {
        panic!("one is asked: {asked:?}");
    };
    match send(keyframes, slot, number, &pack(&snapshot, None).unwrap()) {
        Ok(Piece::Last(accepted, read)) => {
            assert_eq!(*read, snapshot);
            keyframes.accept(accepted);
        }
        other => panic!("{other:?}"),
    }
    let newest = keyframes.newest().unwrap();
    assert_eq!((newest.tick, newest.hash), (at(number), snapshot.hash()));
    slot
}

#[test]
fn more_than_half_have_to_hold_the_same() {
    let (ours, theirs) = (held(&snapshot(0)), held(&world(at(0).0, WORLD_BYTES, 8)));
    let longer = Held {
        bytes: ours.bytes + 1,
        ..ours
    };
    let asked = |players, votes: &[(u8, Held)]| {
        let mut keyframes = keyframes(4);
        let mut asked = votes.iter().map(|(slot, held)| {
            let asked = keyframes.vote(Slot(*slot), at(0), *held, players);
            asked.unwrap()
        });
        asked.find_map(|asked| asked)
    };
    assert_eq!(asked(1, &[(3, ours)]), Some(Slot(3)));
    assert_eq!(asked(2, &[(0, ours)]), None, "half of them");
    assert_eq!(asked(3, &[(0, ours), (1, ours)]), Some(Slot(0)));
    assert_eq!(asked(4, &[(0, ours), (1, ours)]), None);
    assert_eq!(
        asked(4, &[(0, theirs), (1, ours), (2, ours), (3, ours)]),
        Some(Slot(1))
    );
    assert_eq!(
        asked(4, &[(0, theirs), (1, theirs), (2, ours), (3, ours)]),
        None
    );
    assert_eq!(asked(3, &[(0, ours), (1, longer)]), None, "another length");
    // Nobody has two votes, or another one than the first.
    assert_eq!(asked(3, &[(0, ours), (0, ours)]), None);
    assert_eq!(asked(3, &[(0, theirs), (0, ours), (1, ours)]), None);
}

#[test]
fn only_keyframe_ticks_are_voted_for_and_no_old_ones() {
    let ours = held(&snapshot(0));
    for tick in [0, 1, 298, 300, u64::MAX] {
        let voted = keyframes(1).vote(Slot(0), Tick(tick), ours, 1);
        assert_eq!(voted, Err(CloseReason::Malformed), "{tick}");
    }
    let voted = Keyframes::new(Tick::ZERO, 1, 0).vote(Slot(0), at(0), ours, 1);
    assert_eq!(voted, Err(CloseReason::Malformed), "there are none");
    let mut keyframes = keyframes(3);
    assert_eq!(keyframes.vote(Slot(0), at(1), ours, 3), Ok(None));
    assert_eq!(
        keyframes.vote(Slot(1), at(0), ours, 1),
        Ok(None),
        "it is over"
    );
    assert_eq!(keyframes.vote(Slot(1), at(1), ours, 3), Ok(Some(Slot(0))));
}

#[test]
fn each_is_asked_in_turn() {
    let mut keyframes = keyframes(3);
    let asked: Vec<_> = (0..6)
        .map(|number| accept(&mut keyframes, 3, number))
        .collect();
    // The second vote makes a majority: the third player has not said yet that it holds the same.
    assert_eq!(asked, [0, 1, 0, 1, 0, 1].map(Slot));
    for number in 0..6 {
        let parcel = keyframes.parcel(&[id(&snapshot(number))]).unwrap();
        assert_eq!(parcel.tick, at(5));
    }
    assert_eq!(
        vote(&mut keyframes, 3, 5, held(&snapshot(5))),
        [],
        "it is here"
    );
}

#[test]
fn one_is_asked_at_a_time_and_not_for_ever() {
    let mut keyframes = keyframes(2);
    let snapshot_of = |number| held(&snapshot(number));
    assert_eq!(vote(&mut keyframes, 2, 0, snapshot_of(0)), [Slot(0)]);
    for number in 1..UPLOAD_KEYFRAMES_MAX {
        assert_eq!(vote(&mut keyframes, 2, number, snapshot_of(number)), []);
    }
    // Something comes of it: it has as long again.
    let packed = pack(&snapshot(0), None).unwrap();
    let (piece, rest) = packed.split_at(SNAPSHOT_PIECE_BYTES);
    let left = rest.len() as u64;
    let came = keyframes.take(Slot(0), at(0), left, piece);
    assert!(matches!(came, Ok(Piece::More(bytes)) if bytes == piece.len() as u64));
    for number in UPLOAD_KEYFRAMES_MAX..2 * UPLOAD_KEYFRAMES_MAX - 1 {
        assert_eq!(vote(&mut keyframes, 2, number, snapshot_of(number)), []);
    }
    let number = 2 * UPLOAD_KEYFRAMES_MAX - 1;
    assert_eq!(
        vote(&mut keyframes, 2, number, snapshot_of(number)),
        [Slot(1)]
    );
    // What the slow one sends is no lie, and for nothing.
    let late = keyframes.take(Slot(0), at(0), left - 1, &rest[..1]);
    assert!(matches!(late, Ok(Piece::TooLate)));
    let packed = pack(&snapshot(number), None).unwrap();
    let sent = send(&mut keyframes, Slot(1), number, &packed);
    assert!(matches!(sent, Ok(Piece::Last(..))));
}

#[test]
fn who_does_not_have_it_any_more_says_so() {
    let mut keyframes = keyframes(1);
    assert_eq!(vote(&mut keyframes, 1, 0, held(&snapshot(0))), [Slot(0)]);
    let none = keyframes.take(Slot(0), at(0), 0, &[]);
    assert!(matches!(none, Ok(Piece::TooLate)));
    accept(&mut keyframes, 1, 1);
}

#[test]
fn what_was_not_asked_for_closes_its_sender() {
    let mut keyframes = keyframes(2);
    assert_eq!(vote(&mut keyframes, 2, 0, held(&snapshot(0))), [Slot(0)]);
    for (slot, tick) in [(1, at(0)), (0, at(1)), (0, Tick(0))] {
        let taken = keyframes.take(Slot(slot), tick, 5, &[1]);
        assert_eq!(taken.err(), Some(CloseReason::Unexpected));
    }
}

#[test]
fn pieces_that_do_not_add_up_close_their_sender() {
    let piece = [1; SNAPSHOT_PIECE_BYTES];
    let length = SNAPSHOT_PIECE_BYTES as u64;
    let short = &piece[1..];
    let cases: [&[(u64, &[u8])]; 7] = [
        &[(5, &[])],
        &[(5, short)],
        &[(length, &piece), (0, &[])],
        &[(length, &piece), (length, &piece)],
        &[(length + 1, &piece), (0, &piece)],
        &[(UPLOAD_BYTES_MAX, &piece)],
        &[(u64::MAX, &piece)],
    ];
    for pieces in cases {
        let mut keyframes = keyframes(1);
        assert_eq!(vote(&mut keyframes, 1, 0, held(&snapshot(0))), [Slot(0)]);
        let (last, before) = pieces.split_last().unwrap();
        for (left, piece) in before {
            assert!(keyframes.take(Slot(0), at(0), *left, piece).is_ok());
        }
        let taken = keyframes.take(Slot(0), at(0), last.0, last.1);
        assert_eq!(taken.err(), Some(CloseReason::Malformed));
    }
}

/// Votes for `held`, and sends `packed`.
fn forged(held: Held, packed: &[u8]) -> Option<CloseReason> {
    let mut keyframes = keyframes(1);
    assert_eq!(vote(&mut keyframes, 1, 0, held), [Slot(0)]);
    let sent = send(&mut keyframes, Slot(0), 0, packed);
    assert!(keyframes.newest().is_none());
    sent.err()
}

#[test]
fn another_one_than_was_voted_for_closes_its_sender() {
    let (right, packed) = (held(&snapshot(0)), pack(&snapshot(0), None).unwrap());
    assert_eq!(forged(right, &packed), None, "it would be taken");
    let malformed = Some(CloseReason::Malformed);
    for other in [snapshot(1), world(at(0).0, WORLD_BYTES, 8)] {
        let other_packed = pack(&other, None).unwrap();
        assert_eq!(forged(right, &other_packed), malformed);
        // With the right hash in its head.
        let mut renamed = other_packed;
        renamed[11..43].copy_from_slice(&right.hash.0);
        assert_eq!(forged(right, &renamed), malformed);
    }
    // All voted for it, but it is of another tick.
    let other = snapshot(1);
    let other_packed = pack(&other, None).unwrap();
    assert_eq!(forged(held(&other), &other_packed), malformed);
    // Nothing can be told from a snapshot that the relay may not have.
    let differences = pack(&snapshot(0), Some(&other)).unwrap();
    assert_eq!(forged(right, &differences), malformed);
    assert_eq!(forged(right, &[7]), malformed);
    assert_eq!(forged(right, &packed[..packed.len() - 1]), malformed);
}

/// What it holds at most is what was voted for.
#[test]
fn a_lie_about_the_length_is_no_way_around_the_limits() {
    let (right, packed) = (held(&snapshot(0)), pack(&snapshot(0), None).unwrap());
    for bytes in [0, 1, right.bytes - 1] {
        let lie = Held { bytes, ..right };
        assert_eq!(
            forged(lie, &packed),
            Some(CloseReason::Malformed),
            "{bytes}"
        );
    }
    let most = SNAPSHOT_HOSTED_BYTES_MAX;
    for bytes in [right.bytes + 1, most] {
        let lie = Held { bytes, ..right };
        assert_eq!(forged(lie, &packed), None, "more is no harm");
    }
    for bytes in [most + 1, u64::MAX] {
        let lie = Held { bytes, ..right };
        assert_eq!(vote(&mut keyframes(1), 1, 0, lie), [], "{bytes}");
    }
}

/// A few bytes that say that they are very many.
#[test]
fn a_bomb_is_not_unpacked() {
    let right = held(&snapshot(0));
    let packed = pack(&snapshot(0), None).unwrap();
    let bomb = zstd::bulk::compress(&vec![0; 64 << 20], 1).unwrap();
    let bomb = [&packed[..51], &bomb].concat();
    assert!(bomb.len() < 64 * 1024);
    // Its head may be honest about what comes, or not.
    for length in [right.bytes, 64 << 20, u64::MAX] {
        let mut bomb = bomb.clone();
        bomb[43..51].copy_from_slice(&length.to_le_bytes());
        let mut keyframes = keyframes(1);
        assert_eq!(vote(&mut keyframes, 1, 0, right), [Slot(0)]);
        let mut refused = None;
        let memory = allocation_counter::measure(|| {
            refused = send(&mut keyframes, Slot(0), 0, &bomb).err();
        });
        assert_eq!(refused, Some(CloseReason::Malformed));
        assert!(memory.bytes_max < 1 << 20, "{memory:?}");
    }
}

/// The right world, in many more bytes than it takes: blocks of none of it are as good a frame.
#[test]
fn a_small_world_in_very_many_bytes_is_refused() {
    let right = held(&snapshot(0));
    let packed = pack(&snapshot(0), None).unwrap();
    let (head, frame) = packed.split_at(51);
    let header = 1 + usize::from(frame[4] & 0x20 == 0) + [1, 2, 4, 8][usize::from(frame[4] >> 6)];
    let (header, blocks) = frame.split_at(4 + header);
    let bloated = |bytes: usize| [head, header, &vec![0; bytes / 3 * 3], blocks].concat();
    let most = usize::try_from(packed_max(right.bytes)).unwrap();
    let fits = bloated(most - packed.len());
    assert_eq!(unpack(&fits, None).as_ref(), Ok(&snapshot(0)));
    assert_eq!(forged(right, &fits), None);
    assert_eq!(forged(right, &bloated(most)), Some(CloseReason::Malformed));
}

#[test]
fn an_honest_pack_is_never_too_large() {
    for bytes in [0, 1, 8, 1000, 100_000, 3 << 20] {
        let snapshot = world(299, bytes, 5);
        let packed = pack(&snapshot, None).unwrap().len() as u64;
        assert!(packed <= packed_max(held(&snapshot).bytes), "{bytes}");
    }
}

#[test]
fn who_goes_takes_its_vote_and_its_snapshot_along() {
    let mut keyframes = keyframes(3);
    let ours = held(&snapshot(0));
    assert_eq!(keyframes.vote(Slot(0), at(0), ours, 3), Ok(None));
    keyframes.vacate(Slot(0));
    assert_eq!(
        keyframes.vote(Slot(1), at(0), ours, 2),
        Ok(None),
        "it is alone"
    );
    assert_eq!(keyframes.vote(Slot(2), at(0), ours, 2), Ok(Some(Slot(1))));
    keyframes.vacate(Slot(1));
    let gone = keyframes.take(Slot(1), at(0), 5, &[1]);
    assert_eq!(
        gone.err(),
        Some(CloseReason::Unexpected),
        "whoever has its place now"
    );
    // The next one is another's.
    assert_eq!(vote(&mut keyframes, 3, 1, held(&snapshot(1))), [Slot(0)]);
    keyframes.vacate(Slot(2));
    let packed = pack(&snapshot(1), None).unwrap();
    let sent = send(&mut keyframes, Slot(0), 1, &packed);
    assert!(matches!(sent, Ok(Piece::Last(..))), "and no harm to it");
}

#[test]
fn with_a_referee_nobody_is_asked() {
    let mut keyframes = keyframes(1);
    assert_eq!(vote(&mut keyframes, 1, 0, held(&snapshot(0))), [Slot(0)]);
    keyframes.keep(&snapshot(0)).unwrap();
    let late = keyframes.take(Slot(0), at(0), 5, &[1; 8]);
    assert!(matches!(late, Ok(Piece::TooLate)));
    assert_eq!(vote(&mut keyframes, 1, 1, held(&snapshot(1))), []);
    keyframes.keep(&snapshot(1)).unwrap();
    let parcel = keyframes.parcel(&[id(&snapshot(0))]).unwrap();
    assert_eq!(
        (parcel.tick, parcel.base),
        (at(1), Some(snapshot(0).hash()))
    );
}
