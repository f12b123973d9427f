//! [`SteeredLead`]: a lead, and the controller that it follows.

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
        })
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
        match self.controller.steer(self.nanos()) {
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
