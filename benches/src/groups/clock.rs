//! Group `clock`: what it costs to see a client's clock.

use core::hint::black_box;

use phalanx_engine::{Tick, TickRate};
use phalanx_netcode::Time;
use phalanx_netcode::limits::CLOCK_SAMPLES_MAX;
use phalanx_netcode::time::samples::{Sample, Samples};

use super::Told;
use crate::claim::{Claim, Effort};
use crate::clock::CpuTime;

/// An input is told of so many ticks after it was stamped.
const TOLD_AFTER: u64 = 6;

/// A round is so often as many ticks as elsewhere: each of them takes so little.
const REPEATED: u64 = 1000;

pub(super) fn run(effort: Effort, told: &mut Told<'_>) {
    let ticks = effort.ticks * REPEATED;
    let name = "clock/samples an input stamped, another told of";
    told(Ok(Claim::figure(name.into(), effort, || samples(ticks))));
}

/// Nanoseconds per tick, in a ring that is full.
fn samples(ticks: u64) -> f64 {
    let rate = TickRate::hz(60);
    let mut samples = Samples::new(rate);
    let stamped = |tick: u64| Sample {
        stamp: Tick(tick),
        at: Time::from_nanos(tick * rate.period_nanos()),
        lead_us: 46_000,
        ..Sample::default()
    };
    let full = CLOCK_SAMPLES_MAX as u64;
    (0..full).for_each(|tick| samples.stamped(stamped(tick)));
    let begin = CpuTime::now();
    for tick in full..full + ticks {
        samples.stamped(black_box(stamped(tick)));
        samples.arrived(black_box(Tick(tick - TOLD_AFTER)), 5600);
    }
    let nanos = begin.elapsed_nanos();
    black_box(&samples);
    nanos as f64 / ticks as f64
}
