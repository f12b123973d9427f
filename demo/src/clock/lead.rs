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
//! Vovk, Gammerman and Shafer 2005). The policy chooses among the surprises of the last half minute the one
//! that costs least, a late input being worth so much latency.
//!
//! Integers only, in nanoseconds; memory of a fixed size; no clock: time is passed in.

/// What a late input is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatePolicy {
    /// Little: rollback hides it.
    LatencyFirst,
    /// 50 ms of latency for one input in a hundred.
    Balanced,
    /// Much: late inputs are lost.
    NeverLate,
}

/// The constants of a [`LeadController`]. Times are nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadConfig {
    /// What it would be worth in latency if all inputs were in time instead of late.
    pub late_cost: i64,
    /// Added to every lead.
    pub guard: i64,
    /// The floor is the shortest way of so long.
    pub floor_window: i64,
    /// If even the shortest way of so long is above the floor, the route has become longer.
    pub shift_window: i64,
    /// What a shift may exceed a common surprise by before it counts.
    pub shift_margin: i64,
    /// A way that differs by more from the floor tells of another clock, not of a slow link.
    pub lost: i64,
    /// How often the lead is chosen.
    pub interval: i64,
    /// How long catching up takes, and the fastest it may be, millionths.
    pub catch_up: (i64, i64),
    /// How long giving back takes, and the fastest it may be, millionths.
    pub give_back: (i64, i64),
    /// Errors below this are let be.
    pub dead_band: i64,
    /// A lead too short by more is set instead of steered; too long by the second.
    pub set_beyond: (i64, i64),
}

const MS: i64 = 1_000_000;

impl LeadConfig {
    /// For games of about 60 ticks a second.
    #[must_use]
    pub const fn new(policy: LatePolicy) -> Self {
        Self {
            late_cost: match policy {
                LatePolicy::LatencyFirst => 1_000 * MS,
                LatePolicy::Balanced => 5_000 * MS,
                LatePolicy::NeverLate => 20_000 * MS,
            },
            guard: 1_500_000,
            floor_window: 300 * MS,
            shift_window: 70 * MS,
            shift_margin: MS,
            lost: 1_000 * MS,
            interval: 50 * MS,
            catch_up: (100 * MS, 100_000),
            give_back: (500 * MS, 40_000),
            dead_band: 200_000,
            set_beyond: (42 * MS, 250 * MS),
        }
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
    decided: Option<i64>,
    wanted: Option<i64>,
}

/// Floors that are remembered: for longer than an input and its report are under way.
const FLOORS: usize = 64;

impl LeadController {
    /// One that knows nothing.
    #[must_use]
    pub fn new(config: LeadConfig) -> Self {
        Self {
            config,
            handshake: Handshake::default(),
            ways: Ways::default(),
            floors: Ring::default(),
            surprises: Surprises::default(),
            decided: None,
            wanted: None,
        }
    }

    /// A round trip before the first input, and how much further it says the server's clock is.
    pub fn probe(&mut self, round_trip: i64, offset: i64) {
        self.handshake.probe(round_trip, offset);
        if self.decided.is_none() {
            self.wanted = self.handshake.lead();
        }
    }

    /// The server told, `now`, that an input sampled at `sampled` (both on the client's clock) arrived at
    /// `arrived` (on the server's) for the first time.
    pub fn arrival(&mut self, now: i64, sampled: i64, arrived: i64) {
        let way = arrived - sampled;
        if let Some((_, floor)) = self.floors.newest()
            && (way - floor).abs() > self.config.lost
        {
            self.ways = Ways::default();
            self.floors = Ring::default();
        }
        self.ways.heard.push(Way {
            heard: now,
            sampled,
            way,
        });
        let floor = self.floors.since(|(made, _)| *made <= sampled);
        if let Some((_, floor)) = floor {
            self.surprises.push(way - floor);
        }
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
        let error = wanted - lead;
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

    /// Where a ramp will be when an input sampled now is under way: each third of the floor's window began
    /// higher than the one before.
    fn rising(&self, now: i64, common: i64) -> Option<i64> {
        let third = self.config.floor_window / 3;
        let shortest = |nth: i64| self.ways.shortest(now, nth * third, (nth + 1) * third);
        let (newest, middle, oldest) = (shortest(0)?, shortest(1)?, shortest(2)?);
        let rises = newest - middle > common && middle - oldest > common;
        let age = now - self.ways.heard.newest()?.sampled;
        let per_third = (newest - oldest) / 2;
        rises.then(|| newest + per_third * (age + third / 2) / third)
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

    /// The newest one for which this is so.
    fn since(&self, is: impl Fn(&T) -> bool) -> Option<T> {
        self.iter().find(is)
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

impl Ways {
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

/// The surprises of the last inputs, counted in bins.
#[derive(Clone, Debug)]
struct Surprises {
    last: Box<[u16; MEMORY]>,
    pushed: usize,
    bins: Box<[u16; BINS]>,
}

/// Inputs whose surprises are remembered: half a minute of them.
const MEMORY: usize = 1800;

/// A bin is a quarter of a millisecond; the last one is everything above.
const BIN: i64 = MS / 4;
const BINS: usize = 1024;

impl Default for Surprises {
    fn default() -> Self {
        Self {
            last: Box::new([0; MEMORY]),
            pushed: 0,
            bins: Box::new([0; BINS]),
        }
    }
}

impl Surprises {
    fn push(&mut self, surprise: i64) {
        let bin = (surprise / BIN).clamp(0, BINS as i64 - 1) as u16;
        let oldest = core::mem::replace(&mut self.last[self.pushed % MEMORY], bin);
        if self.pushed >= MEMORY {
            self.bins[usize::from(oldest)] -= 1;
        }
        self.bins[usize::from(bin)] += 1;
        self.pushed += 1;
    }

    fn count(&self) -> i64 {
        self.pushed.min(MEMORY) as i64
    }

    /// What half of them do not exceed.
    fn median(&self) -> i64 {
        let mut left = self.count() / 2;
        let bin = self.bins.iter().position(|n| {
            left -= i64::from(*n);
            left < 0
        });
        bin.unwrap_or(0) as i64 * BIN
    }

    /// The one at which latency and the cost of those above it are least together; at least the median.
    fn cheapest(&self, late_cost: i64) -> Option<i64> {
        let all = self.count();
        let mut above = 0;
        let mut best = None;
        for (bin, n) in self.bins.iter().enumerate().rev().filter(|(_, n)| **n > 0) {
            if above > all / 2 {
                break;
            }
            let surprise = (bin as i64 + 1) * BIN;
            let cost = surprise + late_cost * above / all;
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, surprise));
            }
            above += i64::from(*n);
        }
        best.map(|(_, surprise)| surprise)
    }
}
