//! A session of a day: nothing that it is measured by has a trend, and it takes no more memory in its last
//! hour than in any other.
//!
//! Two players, one clock 100 millionths too fast and one as much too slow. The session is cut into 24 parts;
//! of each figure the slope over the parts is compared with its confidence interval. Everything is virtual
//! and drawn from a seed: a figure is the same every time.
#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    clippy::print_stdout,
    reason = "a test, and its statistics"
)]

use core::time::Duration;

use allocation_counter::measure;
use phalanx_engine::{Slot, Tick, TickRate, mix};
use phalanx_netcode::Time;
use phalanx_netcode::testing::{LinkConditions, Mixer, Preset, Scenario, World};

const PLAYERS: u8 = 2;
const PARTS: u64 = 24;
const DRIFT_PPM: u32 = 100;
const HZ: u64 = 60;
const HOUR: u64 = 3600 * HZ;
/// How often the clocks' samples are read: they remember 4096 inputs.
const LOOK_TICKS: u64 = 50 * HZ;
/// By then it is known how an input arrived.
const REPORTED_AFTER: u64 = 2 * HZ;

/// Bytes that were allocated and not freed again.
const KEPT: &str = "bytes kept";

/// What a part of the session came to, or what was counted up to it: by name, a number.
type Figures = Vec<(String, f64)>;

struct Watched {
    world: World<Mixer>,
    start: Time,
    /// Per player the first stamp that was not looked at.
    looked: Vec<Tick>,
    /// Inputs, their leads and slacks in microseconds, since the last part began.
    sums: Vec<[f64; 3]>,
    /// What is counted since the start, at the last part's end.
    counted: Figures,
    allocations: u64,
    kept_bytes: i64,
    /// Largest difference of a deadline from where it belongs, nanoseconds.
    tick_error: u128,
}

impl Watched {
    /// A session of `ticks`, and some more to end in.
    fn new(net: LinkConditions, ticks: u64) -> Self {
        let ticks = ticks + 10 * HZ;
        let scenario = Scenario {
            players: PLAYERS,
            ticks,
            up: net,
            down: net,
            drift_ppm: DRIFT_PPM,
            ..Scenario::default()
        };
        let mut world = World::new(&scenario, || Mixer).unwrap();
        // The log grows by its frames: they, and the commands in them, get their room first.
        world.reserve(u32::try_from(ticks * 5 / 4).unwrap());
        while world.relay().deadline(Tick::ZERO) == Time::NEVER {
            let soon = world.now() + Duration::from_millis(10);
            world.run_until(soon, |_, _, _| None);
        }
        let start = world.relay().deadline(Tick::ZERO);
        let players = usize::from(PLAYERS);
        let mut watched = Self {
            start,
            looked: vec![Tick::ZERO; players],
            sums: vec![[0.0; 3]; players],
            counted: Vec::new(),
            allocations: 0,
            kept_bytes: 0,
            tick_error: 0,
            world,
        };
        watched.counted = watched.count();
        watched
    }

    fn count(&self) -> Figures {
        let mut counts = Vec::new();
        for slot in Slot::all(PLAYERS) {
            let stats = self.world.client(slot).stats();
            let late = self.world.relay().slot_stats(slot).unwrap().late;
            for (name, count) in [
                ("late inputs", late),
                ("stalls", stats.stalls),
                ("rollbacks", stats.timeline.rollbacks),
                ("ticks executed again", stats.timeline.resimulated_ticks),
            ] {
                counts.push((format!("{name} of {slot}"), count as f64));
            }
        }
        counts.push(("allocations".into(), self.allocations as f64));
        counts.push((KEPT.into(), self.kept_bytes as f64));
        counts
    }

    /// Plays the part that ends with `end`.
    fn part(&mut self, end: Tick) -> Figures {
        while self.world.relay().log().next() < end {
            let next = self.world.relay().log().next();
            let until = end.min(next + LOOK_TICKS);
            for tick in next.until(until) {
                let deadline = self.world.relay().deadline(tick);
                let error = tick_error(tick, deadline.nanos_since(self.start));
                self.tick_error = self.tick_error.max(error);
            }
            let until = self.world.relay().deadline(until);
            let world = &mut self.world;
            let spent = measure(|| {
                world.run_until(until, |_, _, _| None);
                // A game forgets what it was told.
                Slot::all(PLAYERS).for_each(|slot| drop(world.take_events(slot)));
            });
            self.allocations += spent.count_total;
            self.kept_bytes += spent.bytes_current;
            self.look();
        }
        let counted = self.count();
        let before = core::mem::replace(&mut self.counted, counted);
        let pairs = self.counted.iter().zip(before);
        let mut part: Figures = pairs
            .map(|((name, now), (_, before))| (name.clone(), now - before))
            .collect();
        for (slot, sums) in Slot::all(PLAYERS).zip(&mut self.sums) {
            let [inputs, lead, slack] = core::mem::take(sums);
            part.push((format!("lead of {slot}, us"), lead / inputs));
            part.push((format!("slack of {slot}, us"), slack / inputs));
        }
        part
    }

    /// Adds up what the clocks noted since the last time.
    fn look(&mut self) {
        for (slot, (looked, sums)) in
            Slot::all(PLAYERS).zip(self.looked.iter_mut().zip(&mut self.sums))
        {
            let client = self.world.client(slot);
            let end = self
                .world
                .relay()
                .log()
                .next()
                .saturating_sub(REPORTED_AFTER);
            let ppm = f64::from(self.world.clock_ppm(slot));
            let samples = client.clock_samples().unwrap().iter();
            for sample in samples.filter(|sample| (*looked..end).contains(&sample.stamp)) {
                let Some(slack) = sample.margin_us else {
                    continue; // It never came.
                };
                // The client takes its clock for the relay's: what that is wrong by is no lead.
                let wrong = sample.stamp.0 as f64 / HZ as f64 * ppm;
                let seen = [1.0, f64::from(sample.lead_us) + wrong, f64::from(slack)];
                sums.iter_mut()
                    .zip(seen)
                    .for_each(|(sum, seen)| *sum += seen);
            }
            *looked = end.max(*looked);
        }
    }
}

/// How far from its place a tick is that is due so many nanoseconds after tick 0.
fn tick_error(tick: Tick, due: i64) -> u128 {
    // The first nanosecond at which its time has come.
    let exact = (u128::from(tick.0) * 1_000_000_000).div_ceil(HZ.into());
    i128::from(due).abs_diff(exact.cast_signed())
}

/// The slope of the least squares line through the values at 0, 1, 2, ..., and half the width of its 99.99 %
/// confidence interval: of so many figures one would often lie outside a narrower one by chance.
fn slope(values: &[f64]) -> (f64, f64) {
    /// Student's t for 21 degrees of freedom: 23 values.
    const T: f64 = 4.784;
    assert_eq!(values.len(), 23);
    let n = values.len() as f64;
    let middle = (n - 1.0) / 2.0;
    let mean = values.iter().sum::<f64>() / n;
    let at = || (0..values.len()).map(|part| part as f64 - middle);
    let spread: f64 = at().map(|at| at * at).sum();
    let together: f64 = at()
        .zip(values)
        .map(|(at, value)| at * (value - mean))
        .sum();
    let slope = together / spread;
    let off = at()
        .zip(values)
        .map(|(at, value)| value - mean - slope * at);
    let off: f64 = off.map(|off| off * off).sum();
    (slope, T * (off / (n - 2.0) / spread).sqrt())
}

/// Whether the values rise or fall.
fn has_trend(values: &[f64]) -> bool {
    let (slope, half) = slope(values);
    slope.abs() > half
}

/// Plays, prints every figure of the first, a middle and the last part, and names those that have a trend.
/// The first part is left out: buffers get their size in it, and the clocks find their lead.
fn trends(net: LinkConditions, ticks: u64) -> Vec<String> {
    let mut watched = Watched::new(net, ticks);
    let parts = (1..=PARTS).map(|part| watched.part(Tick(ticks * part / PARTS)));
    let parts: Vec<Figures> = parts.collect();
    let mut trends = Vec::new();
    for (index, (name, first)) in parts[0].iter().enumerate() {
        let values: Vec<_> = parts.iter().skip(1).map(|part| part[index].1).collect();
        let (slope, half) = slope(&values);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let (second, last) = (values[0], values[22]);
        println!(
            "{name:>26}: parts 1, 2 .. 24: {first:.1}, {second:.1} .. {last:.1}; mean {mean:.1}, slope {slope:.3} +- {half:.3}"
        );
        if has_trend(&values) {
            trends.push(name.clone());
        }
    }
    assert_eq!(watched.tick_error, 0, "nanoseconds");
    let kept = parts.iter().skip(1).flatten();
    let kept: f64 = kept
        .filter(|(name, _)| name == KEPT)
        .map(|(_, bytes)| bytes)
        .sum();
    println!("{kept} bytes kept since the first part");
    assert!(kept < 64.0 * 1024.0, "{kept} bytes");
    watched.world.run_bots();
    watched.world.relay().log().verify().unwrap();
    let report = watched.world.report();
    println!("{report:?}");
    assert_eq!(
        (report.desync, report.agreed_ticks),
        (None, ticks + 10 * HZ)
    );
    trends
}

/// The canary: a rise by a fifth of the noise from part to part is seen, and noise alone is none.
#[test]
fn a_trend_is_seen() {
    for seed in 0..20 {
        let noise = |part: u64| (mix(seed << 32 | part) % 1000) as f64 / 1000.0;
        let has = |rise: f64| {
            let values = (0..23).map(|part| noise(part) + rise * part as f64);
            has_trend(&values.collect::<Vec<_>>())
        };
        assert!(has(0.2) && has(-0.2), "seed {seed}");
    }
    assert!(!has_trend(&[7.0; 23]));
    let noise: Vec<_> = (0..23).map(|part| f64::from(part % 3)).collect();
    assert!(!has_trend(&noise));
}

/// The canary: deadlines that are added up from periods in whole nanoseconds are seen at the second tick.
#[test]
fn a_rounded_period_is_seen() {
    let period = TickRate::hz(60).period_nanos();
    let errors = [0, 1, 2, 24 * HOUR].map(|tick| {
        let due = period * tick;
        tick_error(Tick(tick), due.cast_signed())
    });
    assert_eq!(errors, [0, 1, 2, 3_456_000]);
}

const QUIET: LinkConditions = LinkConditions {
    jitter: Duration::from_millis(1),
    ..LinkConditions::constant(Duration::from_millis(20))
};

#[test]
fn two_hours_over_wifi_have_no_trend() {
    assert_eq!(trends(Preset::Wifi.conditions(), 2 * HOUR), [""; 0]);
}

#[test]
fn two_hours_over_a_quiet_link_have_no_trend() {
    assert_eq!(trends(QUIET, 2 * HOUR), [""; 0]);
}

#[test]
#[ignore = "a day over wifi takes minutes"]
fn a_day_over_wifi_has_no_trend() {
    assert_eq!(trends(Preset::Wifi.conditions(), 24 * HOUR), [""; 0]);
}

#[test]
#[ignore = "a day takes minutes"]
fn a_day_over_a_quiet_link_has_no_trend() {
    assert_eq!(trends(QUIET, 24 * HOUR), [""; 0]);
}
