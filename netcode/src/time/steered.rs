//! [`SteeredLead`]: a lead, and the controller that it follows.

use phalanx_engine::TickRate;

use super::{LeadConfig, LeadConfigError, LeadController, Scale, SlewedScale, Steering};

/// A lead that goes where its [`LeadController`] wants it: by running faster or slower, whereby the speed
/// changes no faster than configured, or at once where the controller says so.
#[derive(Clone, Debug)]
pub struct SteeredLead {
    controller: LeadController,
    /// In steps of 2^-32 ns: what a scale in steps of 2^-32 adds in a nanosecond, so that nothing is ever
    /// rounded.
    lead: i128,
    scale: SlewedScale,
    slew_ppm_per_second: u32,
    /// When it was advanced last.
    at: Option<i64>,
    /// Whether it has been anywhere: the first lead is set.
    led: bool,
}

impl SteeredLead {
    /// A lead of nothing, until the controller knows better.
    ///
    /// # Errors
    /// [`LeadConfigError`] if a constant is out of range.
    pub fn new(config: &LeadConfig) -> Result<Self, LeadConfigError> {
        let slew_ppm_per_second = config.slew_ppm_per_second;
        Ok(Self {
            controller: LeadController::new(*config)?,
            lead: 0,
            scale: SlewedScale::new(slew_ppm_per_second),
            slew_ppm_per_second,
            at: None,
            led: false,
        })
    }

    /// [`LeadController::tick_rate`].
    pub fn tick_rate(&mut self, rate: TickRate) {
        self.controller.tick_rate(rate);
    }

    /// The lead in force, nanoseconds, rounded down.
    #[must_use]
    pub fn nanos(&self) -> i64 {
        // What the controller wants is within half a century, and it is not far from that.
        i64::try_from(self.lead >> 32).unwrap_or(i64::MAX)
    }

    /// How fast the clock runs that is ahead by this lead.
    #[must_use]
    pub const fn scale(&self) -> Scale {
        self.scale.get()
    }

    /// What it follows.
    #[must_use]
    pub const fn controller(&self) -> &LeadController {
        &self.controller
    }

    /// [`LeadController::probe`].
    pub fn probe(&mut self, round_trip: i64, offset: i64) {
        self.controller.probe(round_trip, offset);
    }

    /// [`LeadController::arrival`]. What is heard at once is told before the next [`SteeredLead::advance`].
    pub fn arrival(&mut self, now: i64, sampled: i64, arrived: i64) {
        self.controller.arrival(now, sampled, arrived);
    }

    /// Goes on until `now`, nanoseconds; whether the lead was set then. A `now` before the last one is
    /// that.
    pub fn advance(&mut self, now: i64) -> bool {
        let last = self.at.unwrap_or(now);
        let now = now.max(last);
        self.at = Some(now);
        let (before, passed) = (self.nanos(), now.abs_diff(last));
        self.lead += i128::from(self.scale().deviation()) * i128::from(passed);
        self.controller.decide(now);
        let Some(wanted) = self.controller.wanted() else {
            return false;
        };
        // Much time may have passed at that speed: it goes no further than wanted.
        if (before < wanted) != (self.nanos() < wanted) {
            self.lead = i128::from(wanted) << 32;
        }
        let steering = if core::mem::replace(&mut self.led, true) {
            self.controller.steer(self.nanos())
        } else {
            Steering::Set(wanted)
        };
        match steering {
            Steering::Rate(ppm) => {
                let wanted = Scale::clamped((ppm << 32) / 1_000_000);
                self.scale.move_towards(wanted, passed);
                false
            }
            Steering::Set(lead) => {
                self.lead = i128::from(lead) << 32;
                self.scale = SlewedScale::new(self.slew_ppm_per_second);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::LateWorth;

    const MS: i64 = 1_000_000;

    /// A lead that is short was steered to from 0, and the first inputs were late.
    #[test]
    fn the_first_lead_is_set_however_short_it_is() {
        let config = LeadConfig::new(LateWorth::Balanced);
        let mut lead = SteeredLead::new(&config).unwrap();
        assert!(!lead.advance(5 * MS));
        lead.probe(20 * MS, 0);
        assert!(lead.advance(6 * MS));
        assert_eq!((lead.nanos(), lead.scale()), (12 * MS, Scale::ONE));
        assert!(!lead.advance(7 * MS));
    }

    /// However long nobody looked, it does not run past what is wanted, and the speed changes no faster than
    /// configured.
    #[test]
    fn it_goes_no_further_than_wanted() {
        let config = LeadConfig::new(LateWorth::Balanced);
        let mut lead = SteeredLead::new(&config).unwrap();
        lead.probe(20 * MS, 0);
        lead.advance(0);
        // A second round trip that took longer asks for that much more.
        lead.probe(40 * MS, 0);
        let mut now = 0;
        let mut before = 0;
        for _ in 0..10 {
            now += 16 * MS;
            assert!(!lead.advance(now));
            let change = i64::from(lead.scale().deviation()).abs_diff(before);
            let most = (u64::from(config.slew_ppm_per_second) << 32) / 1_000_000 * 16 / 1000;
            assert!(change <= most + 1, "{change}");
            before = lead.scale().deviation().into();
        }
        assert!(before > 0);
        lead.advance(now + 10_000 * MS);
        assert_eq!(lead.nanos(), 32 * MS);
    }
}
