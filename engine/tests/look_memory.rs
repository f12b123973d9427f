//! Looking at old ticks allocates nothing. One test per process: it counts what the whole process
//! allocates.

#![expect(clippy::disallowed_types, reason = "counts of allocations")]

mod rows;

use std::alloc::System;

use phalanx_engine::{Repeat, Setup, Tick, TickRate, Timeline, Window};
use rows::Rules;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn looking_allocates_nothing() {
    let setup = Setup::new(5, 2, TickRate::hz(20));
    let repeat = Repeat { ticks: 60 };
    let window = Window { ticks: 60, repeat };
    let mut timeline = Timeline::new(Rules::<true>, &setup, window).unwrap();
    while timeline.advance().is_ok() {}
    assert_eq!(timeline.next(), Tick(60));

    let region = Region::new(ALLOCATOR);
    for tick in 0..60 {
        let seen = timeline.look(Tick(tick), |state| state.0.units.len());
        assert!(seen.is_some_and(|units| units > 20));
    }
    let change = region.change();
    assert_eq!((change.allocations, change.reallocations), (0, 0));

    // The canary.
    let region = Region::new(ALLOCATOR);
    let copy = timeline.look(Tick(0), |state| state.0.name.clone());
    assert!(copy.is_some() && region.change().allocations == 1);
}
