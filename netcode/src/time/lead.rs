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

mod config;
mod handshake;
mod surprises;
mod ways;

use phalanx_engine::TickRate;

pub use self::config::{LateWorth, LeadConfig, LeadConfigError};
use self::handshake::Handshake;
use self::surprises::Surprises;
use self::ways::{Ring, Ways};

const MS: i64 = 1_000_000;

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
    /// For about 60 ticks a second.
    configured: LeadConfig,
    /// For those that there are.
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
            configured: config,
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

    /// There are so many ticks a second from now on, instead of the 60 or so that it was configured for.
    pub fn tick_rate(&mut self, rate: TickRate) {
        self.config = self.configured.at(rate);
    }

    /// The constants in force, for the tick rate in force.
    #[must_use]
    pub const fn config(&self) -> &LeadConfig {
        &self.config
    }

    /// By how much a way differs from what is expected, if it does by so much that it tells of another clock.
    #[must_use]
    pub fn lost(&self, way: i64) -> Option<i64> {
        let apart = self.surprise(way);
        (apart.saturating_abs() > self.config.lost).then_some(apart)
    }

    /// By how much a way is longer than the floor is now; 0 if there is none yet.
    #[must_use]
    pub fn surprise(&self, way: i64) -> i64 {
        let floor = self.floors.newest();
        floor.map_or(0, |(_, floor)| way.saturating_sub(floor))
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
    }
}
