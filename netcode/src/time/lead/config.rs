//! [`LeadConfig`]: the constants of a lead.

use phalanx_engine::TickRate;
use serde::{Deserialize, Serialize};

use super::MS;
use super::surprises::{MEMORY_MAX, RAISED_EVERY};
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

/// The constants of a [`LeadController`](super::LeadController). Times are nanoseconds.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::LeadController;

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
}
