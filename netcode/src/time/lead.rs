//! [`LeadController`]: how far ahead inputs are to be stamped, from how long they took.
//!
//! The server tells of every input when its first copy arrived. That, less when it was sampled by the
//! client's clock, is the input's *way*: one-way delay, difference of the clocks, and what loss and
//! repetition took. It does not depend on what was stamped, so that steering does not feed back into it, and
//! asymmetric routes do not matter. The wanted lead is
//!
//! > floor of the ways + what the policy makes of the surprises + guard
//!
//! where the **floor** is a prediction: the shortest way of a short while, or more when the newest ways
//! show that the route has become longer or is about to. A **surprise** is by how much an input took longer
//! than the floor *as it was predicted when the input was stamped*. Hence the surprises cover all that the
//! prediction gets wrong, delays of the reports included, however it is made (as in conformal prediction;
//! Vovk, Gammerman and Shafer 2005). The policy chooses among the surprises of the last minute or so the one
//! that costs least, a late input being worth so much latency.
//!
//! Integers only, in nanoseconds; memory of a fixed size; no clock: time is passed in.

use phalanx_engine::TickRate;
use serde::{Deserialize, Serialize};

use crate::limits::{LEAD_TIME_MAX, SCALE_PPM_MAX};

/// What a late input is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LateWorth {
    /// Little: rollback hides it.
    LatencyFirst,
    /// 50 ms of latency for one input in a hundred.
    #[default]
    Balanced,
    /// Much: late inputs are lost.
    NeverLate,
}

/// The constants of a [`LeadController`]. Times are nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadConfig {
    /// What it would be worth in latency if all inputs were in time instead of late.
    pub late_cost: i64,
    /// Added to every lead.
    pub guard: i64,
    /// How long a surprise counts: after so many inputs it weighs 1/e.
    pub memory: u32,
    /// The floor is the shortest way of so long.
    pub floor_window: i64,
    /// A ramp is three such times in a row, each of which began higher than the one before.
    pub trend_window: i64,
    /// If even the shortest way of so long is above the floor, the route has become longer.
    pub shift_window: i64,
    /// What a shift may exceed a common surprise by before it counts.
    pub shift_margin: i64,
    /// A way that is shorter than the floor by more tells of another clock, not of a fast link; one that is
    /// longer by more of a standstill, which no lead makes up for.
    pub lost: i64,
    /// Ways that are too long for so long are no standstill but another clock, too.
    pub standstill: i64,
    /// How often the lead is chosen.
    pub interval: i64,
    /// How long catching up takes, and the fastest it may be, millionths.
    pub catch_up: (i64, i64),
    /// How long giving back takes, and the fastest it may be, millionths.
    pub give_back: (i64, i64),
    /// Errors below this are let be.
    pub dead_band: i64,
    /// A lead too short by more is set instead of steered; too long by the second. A ramp is foreseen by the
    /// first at most.
    pub set_beyond: (i64, i64),
    /// How fast the speed may change, millionths per second.
    pub slew_ppm_per_second: u32,
}

/// A [`LeadConfig`] was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeadConfigError {
    /// A time is negative or too long.
    #[error("{name} is 0 to {} s, not {nanos} ns", LEAD_TIME_MAX.as_secs())]
    Time {
        /// Which.
        name: &'static str,
        /// What it was.
        nanos: i64,
    },
    /// A time that something is divided by, or waits for, is 0.
    #[error("{0} is more than 0 ns")]
    Zero(&'static str),
    /// Nothing, or too much, is remembered.
    #[error("a surprise counts for 1 to {MEMORY_MAX} inputs, not {0}")]
    Memory(u32),
    /// A speed out of range.
    #[error("a clock runs 0 to {SCALE_PPM_MAX} ppm faster or slower, not {0}")]
    Speed(i64),
    /// A speed that never, or too suddenly, changes.
    #[error("the speed of a clock changes by 1 to {SLEW_MAX} ppm per second, not by {0}")]
    Slew(u32),
}

/// A second from nothing to the hundredfold of what is possible: at once.
const SLEW_MAX: u32 = 10_000_000;

const MS: i64 = 1_000_000;

impl LeadConfig {
    /// For games of about 60 ticks a second.
    #[must_use]
    pub const fn new(policy: LateWorth) -> Self {
        Self {
            late_cost: match policy {
                LateWorth::LatencyFirst => 1_000 * MS,
                LateWorth::Balanced => 5_000 * MS,
                LateWorth::NeverLate => 20_000 * MS,
            },
            guard: 1_500_000,
            memory: 3600,
            floor_window: 500 * MS,
            trend_window: 80 * MS,
            shift_window: 70 * MS,
            shift_margin: MS,
            lost: 1_000 * MS,
            standstill: 3_000 * MS,
            interval: 50 * MS,
            catch_up: (100 * MS, 100_000),
            give_back: (500 * MS, 80_000),
            dead_band: 200_000,
            set_beyond: (42 * MS, 250 * MS),
            slew_ppm_per_second: 500_000,
        }
    }

    /// The same for another tick rate: a surprise counts for about as long, and what is
    /// asked of the last moments is asked of a few inputs at least.
    #[must_use]
    pub fn at(self, rate: TickRate) -> Self {
        let second = u128::from(rate.numerator()) * u128::from(self.memory);
        let inputs = second / (60 * u128::from(rate.denominator()));
        let memory = u32::try_from(inputs).unwrap_or(MEMORY_MAX);
        let ticks = |ticks: u64| i64::try_from(ticks * rate.period_nanos()).unwrap_or(i64::MAX);
        Self {
            memory: memory.clamp(RAISED_EVERY, MEMORY_MAX),
            floor_window: self.floor_window.max(ticks(16)),
            trend_window: self.trend_window.max(ticks(4)),
            shift_window: self.shift_window.max(ticks(4)),
            ..self
        }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// [`LeadConfigError`] says which is out of range.
    pub fn validate(&self) -> Result<(), LeadConfigError> {
        use LeadConfigError as E;
        let most = i64::try_from(LEAD_TIME_MAX.as_nanos()).unwrap_or(i64::MAX);
        for (name, nanos, divides) in [
            ("the cost of late inputs", self.late_cost, false),
            ("the guard", self.guard, false),
            ("the floor's window", self.floor_window, true),
            ("the trend's window", self.trend_window, true),
            ("the shift's window", self.shift_window, true),
            ("the shift's margin", self.shift_margin, false),
            ("the difference to another clock", self.lost, true),
            ("a standstill", self.standstill, false),
            ("the interval", self.interval, false),
            ("the time to catch up", self.catch_up.0, true),
            ("the time to give back", self.give_back.0, true),
            ("the dead band", self.dead_band, false),
            ("what is set instead of caught up", self.set_beyond.0, true),
            ("what is set instead of given back", self.set_beyond.1, true),
        ] {
            if !(0..=most).contains(&nanos) {
                return Err(E::Time { name, nanos });
            }
            if divides && nanos == 0 {
                return Err(E::Zero(name));
            }
        }
        if !(1..=MEMORY_MAX).contains(&self.memory) {
            return Err(E::Memory(self.memory));
        }
        for speed in [self.catch_up.1, self.give_back.1] {
            if !(0..=i64::from(SCALE_PPM_MAX)).contains(&speed) {
                return Err(E::Speed(speed));
            }
        }
        if !(1..=SLEW_MAX).contains(&self.slew_ppm_per_second) {
            return Err(E::Slew(self.slew_ppm_per_second));
        }
        Ok(())
    }
}

/// How to reach the wanted lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steering {
    /// Play faster or slower by so many millionths.
    Rate(i64),
    /// Set the lead.
    Set(i64),
}

/// Chooses a lead and steers towards it.
#[derive(Clone, Debug)]
pub struct LeadController {
    config: LeadConfig,
    handshake: Handshake,
    ways: Ways,
    floors: Ring<(i64, i64), FLOORS>,
    surprises: Surprises,
    /// Since when ways have been too long.
    standing: Option<i64>,
    decided: Option<i64>,
    wanted: Option<i64>,
}

/// No way is longer, nor shorter than its negative: half a century.
const FAR: i64 = i64::MAX / 6;

/// Floors that are remembered: for longer than an input and its report are under way.
const FLOORS: usize = 64;

impl LeadController {
    /// One that knows nothing.
    ///
    /// # Errors
    /// [`LeadConfigError`] if a constant is out of range.
    pub fn new(config: LeadConfig) -> Result<Self, LeadConfigError> {
        config.validate()?;
        Ok(Self {
            config,
            handshake: Handshake::default(),
            ways: Ways::default(),
            floors: Ring::default(),
            surprises: Surprises::default(),
            standing: None,
            decided: None,
            wanted: None,
        })
    }

    /// By how much a way differs from what is expected, if it does by so much that it tells of another clock.
    #[must_use]
    pub fn lost(&self, way: i64) -> Option<i64> {
        let (_, floor) = self.floors.newest()?;
        let apart = way.saturating_sub(floor);
        (apart.saturating_abs() > self.config.lost).then_some(apart)
    }

    /// A round trip before the first input, and how much further it says the server's clock is.
    pub fn probe(&mut self, round_trip: i64, offset: i64) {
        self.handshake
            .probe(round_trip.clamp(0, FAR), offset.clamp(-FAR, FAR));
        if self.floors.newest().is_none() {
            self.wanted = self.handshake.lead();
        }
    }

    /// The server told, `now`, that an input sampled at `sampled` (both on the client's clock) arrived at
    /// `arrived` (on the server's) for the first time.
    pub fn arrival(&mut self, now: i64, sampled: i64, arrived: i64) {
        // Both may be anything: the server says so. FAR leaves room for sums.
        let way = arrived.saturating_sub(sampled).clamp(-FAR, FAR);
        let lost = self.lost(way);
        if self.stands_still(now, way) {
            return;
        }
        if lost.is_some() {
            self.ways = Ways::default();
            self.floors = Ring::default();
            self.decided = None;
        }
        self.ways.hear(now, sampled, way);
        let floor = self.floors.iter().find(|(made, _)| *made <= sampled);
        if let Some((_, floor)) = floor {
            self.surprises.push(way - floor, self.config.memory);
        }
    }

    /// Whether this way is of a standstill or of what was held up by it.
    fn stands_still(&mut self, now: i64, way: i64) -> bool {
        let longer = self.floors.newest().map_or(0, |(_, floor)| way - floor);
        let bound = match self.standing {
            Some(_) => self.config.lost / 4,
            None => self.config.lost,
        };
        if longer <= bound {
            self.standing = None;
            return false;
        }
        let since = *self.standing.get_or_insert(now);
        let stands = now - since < self.config.standstill;
        if !stands {
            self.standing = None;
        }
        stands
    }

    /// Chooses the lead again if it is time to, after the arrivals of a packet.
    pub fn decide(&mut self, now: i64) {
        let due = self
            .decided
            .is_none_or(|last| now - last >= self.config.interval);
        let Some(floor) = due.then(|| self.predict(now)).flatten() else {
            return;
        };
        self.decided = Some(now);
        self.floors.push((now, floor));
        if let Some(surprise) = self.surprises.cheapest(self.config.late_cost) {
            self.wanted = Some(floor + surprise + self.config.guard);
        }
    }

    /// How much further than the client's clock the time should be that inputs are stamped with; `None` until
    /// the first probe.
    #[must_use]
    pub const fn wanted(&self) -> Option<i64> {
        self.wanted
    }

    /// How to get from this lead to the wanted one.
    #[must_use]
    pub fn steer(&self, lead: i64) -> Steering {
        let Some(wanted) = self.wanted else {
            return Steering::Rate(0);
        };
        let error = wanted.saturating_sub(lead);
        let (short, long) = self.config.set_beyond;
        if error > short || error < -long {
            return Steering::Set(wanted);
        }
        if error.abs() < self.config.dead_band {
            return Steering::Rate(0);
        }
        let (time, most) = if error > 0 {
            self.config.catch_up
        } else {
            self.config.give_back
        };
        Steering::Rate((error * 1_000_000 / time).clamp(-most, most))
    }

    /// The floor that an input sampled now will find.
    fn predict(&self, now: i64) -> Option<i64> {
        let config = &self.config;
        let floor = self.ways.shortest(now, 0, config.floor_window)?;
        let common = self.surprises.median().max(0) + config.shift_margin;
        let shifted = self
            .ways
            .shortest(now, 0, config.shift_window)
            .map_or(floor, |recent| recent - common);
        Some(
            floor
                .max(shifted)
                .max(self.rising(now, common).unwrap_or(floor)),
        )
    }

    /// Where a ramp will be when an input sampled now is under way.
    fn rising(&self, now: i64, common: i64) -> Option<i64> {
        let step = self.config.trend_window;
        let shortest = |nth: i64| self.ways.shortest(now, nth * step, (nth + 1) * step);
        let (newest, middle, oldest) = (shortest(0)?, shortest(1)?, shortest(2)?);
        // The shortest of several spread less than single ones.
        let least = common * 3 / 5;
        let rises = newest - middle > least && middle - oldest > least;
        // What is known is as old as the newest input that is known of.
        let age = now.saturating_sub(self.ways.heard.newest()?.sampled);
        let ahead = age.clamp(0, self.config.lost) + step / 2;
        let more = ((newest - oldest) / 2).saturating_mul(ahead) / step;
        // A burst may look like a ramp: for what is not known yet the clock is not set.
        let (steered, _) = self.config.set_beyond;
        rises.then(|| newest + more.min(steered))
    }
}

/// What round trips say before there are inputs.
#[derive(Clone, Copy, Debug, Default)]
struct Handshake {
    best: Option<(i64, i64)>,
    longest: i64,
}

/// What is added to the lead that the shortest round trip asks for, beside the spread of the others.
const START_GUARD: i64 = 2 * MS;

impl Handshake {
    fn probe(&mut self, round_trip: i64, offset: i64) {
        self.longest = self.longest.max(round_trip);
        if self.best.is_none_or(|(best, _)| round_trip < best) {
            self.best = Some((round_trip, offset));
        }
    }

    fn lead(&self) -> Option<i64> {
        let (best, offset) = self.best?;
        Some(offset + best / 2 + (self.longest - best) + START_GUARD)
    }
}

/// The last so many of something.
#[derive(Clone, Debug)]
struct Ring<T, const N: usize> {
    entries: [T; N],
    /// How many there have been.
    pushed: usize,
}

impl<T: Copy + Default, const N: usize> Default for Ring<T, N> {
    fn default() -> Self {
        Self {
            entries: [T::default(); N],
            pushed: 0,
        }
    }
}

impl<T: Copy, const N: usize> Ring<T, N> {
    fn push(&mut self, entry: T) {
        self.entries[self.pushed % N] = entry;
        self.pushed += 1;
    }

    /// From the newest on.
    fn iter(&self) -> impl Iterator<Item = T> + '_ {
        let oldest = self.pushed.saturating_sub(N);
        (oldest..self.pushed).rev().map(|i| self.entries[i % N])
    }

    fn newest(&self) -> Option<T> {
        self.iter().next()
    }

    fn newest_mut(&mut self) -> Option<&mut T> {
        let newest = self.pushed.checked_sub(1)?;
        Some(&mut self.entries[newest % N])
    }
}

/// How long an input took.
#[derive(Clone, Copy, Debug, Default)]
struct Way {
    heard: i64,
    sampled: i64,
    way: i64,
}

/// The newest ways: more than are heard of in the floor's window.
#[derive(Clone, Debug, Default)]
struct Ways {
    heard: Ring<Way, 64>,
}

/// Ways that are heard of within so long are kept as one, so that the newest 64 reach back as far at any
/// tick rate.
const GRAIN: i64 = 8 * MS;

impl Ways {
    fn hear(&mut self, now: i64, sampled: i64, way: i64) {
        if let Some(newest) = self.heard.newest_mut()
            && now - newest.heard < GRAIN
        {
            newest.sampled = newest.sampled.max(sampled);
            newest.way = newest.way.min(way);
            return;
        }
        let heard = now;
        self.heard.push(Way {
            heard,
            sampled,
            way,
        });
    }

    /// The shortest one that was heard of between these ages.
    fn shortest(&self, now: i64, from: i64, to: i64) -> Option<i64> {
        self.heard
            .iter()
            .skip_while(|way| now - way.heard < from)
            .take_while(|way| now - way.heard <= to)
            .map(|way| way.way)
            .min()
    }
}

/// The surprises of the inputs, counted in bins; older ones count less.
///
/// Instead of making the old ones lighter at every input, which would touch every bin, the new ones are made
/// heavier, and all are made lighter now and then.
#[derive(Clone, Debug)]
struct Surprises {
    bins: Box<[u32; BINS]>,
    /// All from here on are empty: most are, and nobody walks them.
    end: usize,
    /// What all weigh.
    all: i64,
    /// What the next one weighs.
    weight: u32,
    pushed: u32,
}

/// A bin is a quarter of a millisecond; the last one is everything above.
const BIN: i64 = MS / 4;
const BINS: usize = 1024;

/// The lightest and the heaviest an input may weigh when it comes. All bins together weigh less than the
/// heaviest times [`MEMORY_MAX`], and half as much again, and fit in a bin.
const LIGHTEST: u32 = 1 << 10;
const HEAVIEST: u32 = 1 << 18;

/// How often the weight of the next ones is raised, inputs.
const RAISED_EVERY: u32 = 64;

/// Longest memory, inputs.
const MEMORY_MAX: u32 = 1 << 13;

impl Default for Surprises {
    fn default() -> Self {
        Self {
            bins: Box::new([0; BINS]),
            end: 0,
            all: 0,
            weight: LIGHTEST,
            pushed: 0,
        }
    }
}

impl Surprises {
    fn push(&mut self, surprise: i64, memory: u32) {
        let bin = usize::try_from(surprise / BIN).map_or(0, |bin| bin.min(BINS - 1));
        self.bins[bin] += self.weight;
        self.end = self.end.max(bin + 1);
        self.all += i64::from(self.weight);
        self.pushed = self.pushed.wrapping_add(1);
        if self.pushed.is_multiple_of(RAISED_EVERY) {
            let epochs = memory.max(RAISED_EVERY) / RAISED_EVERY;
            self.weight += self.weight / epochs;
        }
        if self.weight >= HEAVIEST {
            let lighter = HEAVIEST / LIGHTEST;
            self.weight /= lighter;
            for bin in &mut self.bins[..self.end] {
                *bin /= lighter;
            }
            let filled = self.filled().iter().rposition(|weight| *weight > 0);
            self.end = filled.map_or(0, |last| last + 1);
            self.all = self.filled().iter().map(|weight| i64::from(*weight)).sum();
        }
    }

    fn filled(&self) -> &[u32] {
        &self.bins[..self.end]
    }

    /// What half of them do not exceed.
    fn median(&self) -> i64 {
        let mut left = self.all / 2;
        let bin = self.filled().iter().position(|weight| {
            left -= i64::from(*weight);
            left < 0
        });
        bin.unwrap_or(0) as i64 * BIN
    }

    /// The one at which latency and the cost of those above it are least together; at least the median.
    fn cheapest(&self, late_cost: i64) -> Option<i64> {
        let all = self.all;
        let mut above = 0;
        let mut best = None;
        let filled = self.filled().iter().enumerate().filter(|(_, n)| **n > 0);
        for (bin, weight) in filled.rev() {
            if above > all / 2 {
                break;
            }
            let surprise = (bin as i64 + 1) * BIN;
            let late = i128::from(late_cost) * i128::from(above) / i128::from(all);
            let cost = i128::from(surprise) + late;
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, surprise));
            }
            above += i64::from(*weight);
        }
        best.map(|(_, surprise)| surprise)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TICK: i64 = 16_666_667;

    fn balanced() -> LeadController {
        LeadController::new(LeadConfig::new(LateWorth::Balanced)).unwrap()
    }

    /// Inputs of `ticks` are heard of a tick after they arrived.
    fn feed(
        controller: &mut LeadController,
        ticks: core::ops::Range<i64>,
        way: impl Fn(i64) -> i64,
    ) {
        for tick in ticks {
            let sampled = tick * TICK;
            let arrived = sampled + way(tick);
            let now = arrived + TICK;
            controller.arrival(now, sampled, arrived);
            controller.decide(now);
        }
    }

    fn wanted_us(controller: &LeadController) -> i64 {
        controller.wanted().unwrap_or(0) / 1000
    }

    #[test]
    fn a_steady_way_wants_itself_a_bin_and_the_guard() {
        let mut controller = balanced();
        feed(&mut controller, 0..600, |_| 40 * MS);
        assert_eq!(wanted_us(&controller), 41_750);
    }

    /// One input in a hundred that takes 30 ms more is worth less than 50 ms, one in a thousand is not.
    #[test]
    fn a_policy_weighs_late_inputs_against_latency() {
        let wanted = |policy, every| {
            let mut controller = LeadController::new(LeadConfig::new(policy)).unwrap();
            let late = |tick| if tick % every == 0 { 70 * MS } else { 40 * MS };
            feed(&mut controller, 1..7200, late);
            wanted_us(&controller)
        };
        assert!(wanted(LateWorth::Balanced, 100) > 70_000);
        assert!(wanted(LateWorth::Balanced, 1000) < 45_000);
        assert!(wanted(LateWorth::LatencyFirst, 100) < 45_000);
        assert!(wanted(LateWorth::NeverLate, 400) > 70_000);
    }

    #[test]
    fn a_longer_route_is_covered_within_a_tenth_of_a_second() {
        let mut controller = balanced();
        let step = |tick| if tick < 600 { 40 * MS } else { 100 * MS };
        feed(&mut controller, 0..606, step);
        assert!(
            wanted_us(&controller) > 98_000,
            "{}",
            wanted_us(&controller)
        );
        feed(&mut controller, 606..1200, step);
        assert!(
            wanted_us(&controller) < 105_000,
            "{}",
            wanted_us(&controller)
        );
    }

    #[test]
    fn a_ramp_is_covered_while_it_lasts() {
        let mut controller = balanced();
        let ramp = |tick: i64| 40 * MS + (tick - 600).max(0) * MS;
        feed(&mut controller, 0..630, ramp);
        assert!(
            wanted_us(&controller) > 71_000,
            "{}",
            wanted_us(&controller)
        );
    }

    /// A tenth of a second in which every way is longer than the one before is no ramp of half a second in a
    /// second: the lead was set to that, and a quarter of a second later back.
    #[test]
    fn a_ramp_that_is_only_foreseen_sets_nothing() {
        let mut controller = balanced();
        let burst = |tick: i64| 40 * MS + (tick - 600).max(0) * 16 * MS;
        feed(&mut controller, 0..609, burst);
        let now = 609 * TICK + burst(608);
        let newest = controller.ways.shortest(now, 0, 80 * MS).unwrap();
        let rising = controller.rising(now, MS).unwrap();
        assert_eq!(rising - newest, controller.config.set_beyond.0);
    }

    #[test]
    fn another_clock_is_seen_with_the_first_input() {
        let mut controller = balanced();
        let mut hear = |tick: i64, way: i64| {
            let (now, sampled) = (tick * TICK + 60 * MS, tick * TICK);
            controller.arrival(now, sampled, sampled + way);
            controller.decide(now);
            wanted_us(&controller)
        };
        for tick in 0..600 {
            hear(tick, 40 * MS);
        }
        assert_eq!(hear(600, -4_960 * MS), -4_958_250);
    }

    /// Six seconds' inputs that come at once were late, and those after them are not; if it goes on, the
    /// clock is another one.
    #[test]
    fn a_standstill_is_not_made_up_for() {
        let mut controller = balanced();
        feed(&mut controller, 0..600, |_| 40 * MS);
        let stood = |tick: i64| (960 - tick).max(0) * TICK + 40 * MS;
        for tick in 600..961 {
            let arrived = 960 * TICK + 40 * MS;
            assert_eq!(arrived - tick * TICK, stood(tick));
            controller.arrival(arrived + TICK, tick * TICK, arrived);
        }
        controller.decide(961 * TICK + 40 * MS);
        assert!(
            wanted_us(&controller) < 1_050_000,
            "{}",
            wanted_us(&controller)
        );
        feed(&mut controller, 961..1000, |_| 40 * MS);
        assert!(
            wanted_us(&controller) < 45_000,
            "{}",
            wanted_us(&controller)
        );
        feed(&mut controller, 1000..1180, |_| 5_040 * MS);
        assert!(
            wanted_us(&controller) < 45_000,
            "{}",
            wanted_us(&controller)
        );
        feed(&mut controller, 1180..1190, |_| 5_040 * MS);
        assert_eq!(wanted_us(&controller), 5_041_750);
    }

    #[test]
    fn old_surprises_fade() {
        let mut surprises = Surprises::default();
        (0..3600).for_each(|_| surprises.push(100 * MS, 3600));
        (0..3600).for_each(|_| surprises.push(0, 3600));
        let thousandths = i64::from(surprises.bins[400]) * 1000 / surprises.all;
        // e^-1 of e^-1 + 1.
        assert!((thousandths - 269).abs() < 30, "{thousandths}");
        (0..100_000).for_each(|_| surprises.push(0, 3600));
        assert_eq!(surprises.bins[400], 0);
    }

    #[test]
    fn it_steers_up_faster_than_down_and_sets_what_is_far() {
        let mut controller = balanced();
        feed(&mut controller, 0..600, |_| 40 * MS);
        let wanted = controller.wanted().unwrap_or(0);
        let steer = |error| controller.steer(wanted - error);
        assert_eq!(steer(100_000), Steering::Rate(0));
        assert_eq!(steer(MS), Steering::Rate(10_000));
        assert_eq!(steer(30 * MS), Steering::Rate(100_000));
        assert_eq!(steer(-MS), Steering::Rate(-2_000));
        assert_eq!(steer(-20 * MS), Steering::Rate(-40_000));
        assert_eq!(steer(-100 * MS), Steering::Rate(-80_000));
        assert_eq!(steer(43 * MS), Steering::Set(wanted));
        assert_eq!(steer(-251 * MS), Steering::Set(wanted));
    }

    #[test]
    fn a_configuration_that_cannot_be_is_refused() {
        use LeadConfigError as E;
        let verdict = |change: fn(&mut LeadConfig)| {
            let mut config = LeadConfig::new(LateWorth::Balanced);
            change(&mut config);
            LeadController::new(config).map(drop)
        };
        assert_eq!(verdict(|_| ()), Ok(()));
        let time = |name, nanos| Err(E::Time { name, nanos });
        assert_eq!(verdict(|c| c.guard = -1), time("the guard", -1));
        let beyond = 60 * 1000 * MS + 1;
        assert_eq!(
            verdict(|c| c.lost = 60 * 1000 * MS + 1),
            time("the difference to another clock", beyond)
        );
        assert_eq!(
            verdict(|c| c.catch_up.0 = 0),
            Err(E::Zero("the time to catch up"))
        );
        assert_eq!(verdict(|c| c.memory = 0), Err(E::Memory(0)));
        assert_eq!(verdict(|c| c.give_back.1 = 100_001), Err(E::Speed(100_001)));
        assert_eq!(verdict(|c| c.slew_ppm_per_second = 0), Err(E::Slew(0)));
        for rate in [
            TickRate::hz(1),
            TickRate::hz(20),
            TickRate::new(30_000, 1001).unwrap(),
            TickRate::hz(1000),
        ] {
            let config = LeadConfig::new(LateWorth::NeverLate).at(rate);
            assert_eq!(config.validate(), Ok(()), "{rate}");
        }
        let config = LeadConfig::new(LateWorth::Balanced);
        assert_eq!(config.at(TickRate::hz(60)), config);
    }

    /// At any rate the floor is the shortest way of half a second.
    #[test]
    fn a_thousand_ways_a_second_are_looked_back_on_as_far() {
        let mut ways = Ways::default();
        for ms in 0..2000 {
            ways.hear(ms * MS, ms * MS, if ms == 1510 { 10 } else { 20 });
        }
        assert_eq!(ways.shortest(1999 * MS, 0, 500 * MS), Some(10));
        assert_eq!(ways.shortest(1999 * MS, 0, 400 * MS), Some(20));
    }

    proptest! {
        /// Whatever a server says.
        #[test]
        fn nothing_panics(
            told in prop::collection::vec((any::<i64>(), any::<i64>(), 0..1_000_000_000_i64), 0..50),
            lead in any::<i64>(),
        ) {
            let mut controller = balanced();
            let mut now = 0;
            for (sampled, arrived, later) in told {
                now += later;
                controller.probe(sampled, arrived);
                controller.arrival(now, sampled, arrived);
                controller.decide(now);
                let _ = controller.steer(lead);
            }
        }

        /// The weights of the longest memory fit, whatever falls into one bin.
        #[test]
        fn weights_fit(surprise in any::<i64>(), memory in 1..=MEMORY_MAX) {
            let mut surprises = Surprises::default();
            (0..200_000).for_each(|_| surprises.push(surprise, memory));
            prop_assert!(surprises.cheapest(i64::MAX).is_some());
        }
    }
}
