//! Bytes that claim more than they hold cost no more memory than they are worth. One test per
//! process: it counts what the whole process allocates.

#![expect(clippy::disallowed_types, reason = "the sizes of allocations")]

use std::alloc::System;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Debug;

use phalanx_engine::{Decoder, FrameHash, SealedFrame, Session, State, from_bytes};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes allocated while `work` runs, freed or not.
fn allocated<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let region = Region::new(ALLOCATOR);
    let result = work();
    let change = region.change();
    let grown = usize::try_from(change.bytes_reallocated).unwrap_or(0);
    (result, change.bytes_allocated + grown)
}

/// One kilobyte in memory, of which 128 elements come one after the other.
type Big = [u64; 128];

/// 64 kilobytes in memory, one byte if it is not there.
type Huge = Option<[Big; 64]>;

/// Refused, and at most `multiple` bytes allocated per byte given.
fn check<T: State + Debug>(bytes: &[u8], multiple: usize) {
    let (refused, cost) = allocated(|| from_bytes::<T>(bytes).err());
    let name = std::any::type_name::<T>();
    assert!(refused.is_some(), "{name}: {bytes:?}");
    let most = bytes.len() * multiple;
    assert!(cost <= most, "{name}: {cost} bytes allocated for {bytes:?}");
}

#[test]
fn a_forged_count_allocates_no_more_than_its_bytes_are_worth() {
    for count in [1025, 0xff_ffff, u32::MAX] {
        for extra in [0, 1, 8, 64] {
            let bytes = [&count.to_le_bytes()[..], &vec![0; extra]].concat();
            check::<Vec<u8>>(&bytes, 16);
            check::<Vec<u64>>(&bytes, 16);
            check::<VecDeque<(bool, u32)>>(&bytes, 32);
            check::<Vec<Big>>(&bytes, 64);
            check::<Vec<[Big; 64]>>(&bytes, 64);
            check::<String>(&bytes, 1);
            check::<BTreeSet<u16>>(&bytes, 16);
            check::<BTreeMap<u8, Big>>(&bytes, 64);
            check::<Session>(&bytes, 16);
        }
    }
    // Every level of nesting claims as much as it can.
    let nested = [0xff; 24];
    check::<Vec<Vec<Vec<Vec<u8>>>>>(&nested, 16);
    check::<Vec<VecDeque<BTreeMap<u8, Vec<Big>>>>>(&nested, 16);

    // An element of one byte may be large in memory: that is the stated multiple.
    let mut absent = u32::MAX.to_le_bytes().to_vec();
    absent.extend([0; 40]);
    check::<Vec<Huge>>(&absent, 4 * size_of::<Huge>());

    let mut bytes = vec![0; 44];
    for count in [130, u32::MAX] {
        bytes.truncate(44);
        bytes.extend(count.to_le_bytes());
        let mut frame = SealedFrame::empty(FrameHash([0; 32]));
        let (refused, cost) = allocated(|| frame.decode(&mut Decoder::new(&bytes)).is_err());
        assert!(refused && cost == 0, "{count} entries cost {cost} bytes");
    }
}
