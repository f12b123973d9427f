//! [`TimeConfig`]: what the clocks of a session tolerate, and when they act.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Beyond, Span};
use crate::limits::{SCALE_PPM_MAX, STEPS_MAX, TIME_BUFFER_TICKS_MAX, TIME_THRESHOLD_MAX};

/// Tolerances, thresholds and caps of a session's clocks. Data: it may be read from a file, sent,
/// and changed. What is made from one checks it first. [`Adaptive`](super::Adaptive) takes from it only when a
/// process was suspended; how it steers and when it sets is [`LeadConfig`](super::LeadConfig)'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeConfig {
    /// Most ticks of one update (1 to [`STEPS_MAX`]; 8).
    pub steps_max: u32,
    /// What happens to those beyond.
    pub beyond: Beyond,
    /// How far a client's server time stays behind what it can know, thousandths of a tick, up to
    /// [`TIME_BUFFER_TICKS_MAX`] ticks (1000).
    pub receive_buffer_milliticks: u32,
    /// How much earlier than needed inputs are to arrive, thousandths of a tick, likewise (2000).
    pub send_buffer_milliticks: u32,
    /// An error of the clock beyond this is jumped over, milliseconds, at most
    /// [`TIME_THRESHOLD_MAX`] (250).
    pub hard_reset_ms: u32,
    /// A process that was not heard of for this long was suspended, milliseconds, likewise (500).
    pub suspended_ms: u32,
    /// An error of the clock up to this is left alone, microseconds, less than what is jumped over
    /// (500).
    pub dead_band_us: u32,
    /// How much faster or slower a clock may run to correct an error, millionths, up to
    /// [`SCALE_PPM_MAX`] (10,000).
    pub scale_ppm: u32,
    /// How fast that may change, millionths per second, at least 1 (20,000).
    pub slew_ppm_per_second: u32,
}

impl Default for TimeConfig {
    fn default() -> Self {
        Self {
            steps_max: 8,
            beyond: Beyond::Drop,
            receive_buffer_milliticks: 1000,
            send_buffer_milliticks: 2000,
            hard_reset_ms: 250,
            suspended_ms: 500,
            dead_band_us: 500,
            scale_ppm: 10_000,
            slew_ppm_per_second: 20_000,
        }
    }
}

/// Why a [`TimeConfig`] was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeConfigError {
    /// No step per update, or too many.
    #[error("an update has 1 to {STEPS_MAX} steps, not {0}")]
    Steps(u32),
    /// A buffer is too long.
    #[error("a buffer has at most {TIME_BUFFER_TICKS_MAX} ticks, not {0} thousandths of one")]
    Buffer(u32),
    /// The hard reset has no threshold, or one that is too high.
    #[error("the clock is reset at 1 ms to {max} s, not at {0} ms", max = TIME_THRESHOLD_MAX.as_secs())]
    HardReset(u32),
    /// A suspension has no threshold, or one that is too high.
    #[error("a suspension is seen at 1 ms to {max} s, not at {0} ms", max = TIME_THRESHOLD_MAX.as_secs())]
    Suspended(u32),
    /// What is left alone is not less than what is jumped over.
    #[error(
        "an error of {dead_band_us} us is left alone, and one of {hard_reset_ms} ms jumped over"
    )]
    DeadBand {
        /// Microseconds.
        dead_band_us: u32,
        /// Milliseconds.
        hard_reset_ms: u32,
    },
    /// The clock cannot correct an error, or would run too fast.
    #[error("a clock runs 1 to {SCALE_PPM_MAX} ppm faster or slower, not {0}")]
    Scale(u32),
    /// The speed of the clock could never change, or at once.
    #[error("the speed of a clock changes by 1 to 1000000 ppm per second, not by {0}")]
    Slew(u32),
}

impl TimeConfig {
    /// Whether all values lie within their bounds.
    ///
    /// # Errors
    /// The first that does not.
    pub const fn validate(&self) -> Result<(), TimeConfigError> {
        const BUFFER_MAX: u32 = TIME_BUFFER_TICKS_MAX * 1000;
        let threshold_max = TIME_THRESHOLD_MAX.as_millis();
        if self.steps_max == 0 || self.steps_max > STEPS_MAX {
            return Err(TimeConfigError::Steps(self.steps_max));
        }
        if self.receive_buffer_milliticks > BUFFER_MAX {
            return Err(TimeConfigError::Buffer(self.receive_buffer_milliticks));
        }
        if self.send_buffer_milliticks > BUFFER_MAX {
            return Err(TimeConfigError::Buffer(self.send_buffer_milliticks));
        }
        if self.hard_reset_ms == 0 || self.hard_reset_ms as u128 > threshold_max {
            return Err(TimeConfigError::HardReset(self.hard_reset_ms));
        }
        if self.suspended_ms == 0 || self.suspended_ms as u128 > threshold_max {
            return Err(TimeConfigError::Suspended(self.suspended_ms));
        }
        if self.dead_band_us as u64 >= self.hard_reset_ms as u64 * 1000 {
            let (dead_band_us, hard_reset_ms) = (self.dead_band_us, self.hard_reset_ms);
            return Err(TimeConfigError::DeadBand {
                dead_band_us,
                hard_reset_ms,
            });
        }
        if self.scale_ppm == 0 || self.scale_ppm > SCALE_PPM_MAX {
            return Err(TimeConfigError::Scale(self.scale_ppm));
        }
        if self.slew_ppm_per_second == 0 || self.slew_ppm_per_second > 1_000_000 {
            return Err(TimeConfigError::Slew(self.slew_ppm_per_second));
        }
        Ok(())
    }

    /// [`TimeConfig::receive_buffer_milliticks`] as it is reckoned with.
    #[must_use]
    pub const fn receive_buffer(&self) -> Span {
        milliticks(self.receive_buffer_milliticks)
    }

    /// [`TimeConfig::send_buffer_milliticks`] as it is reckoned with.
    #[must_use]
    pub const fn send_buffer(&self) -> Span {
        milliticks(self.send_buffer_milliticks)
    }

    /// [`TimeConfig::hard_reset_ms`] as a duration.
    #[must_use]
    pub const fn hard_reset(&self) -> Duration {
        Duration::from_millis(self.hard_reset_ms as u64)
    }

    /// [`TimeConfig::dead_band_us`] as a duration.
    #[must_use]
    pub const fn dead_band(&self) -> Duration {
        Duration::from_micros(self.dead_band_us as u64)
    }

    /// [`TimeConfig::suspended_ms`] as a duration.
    #[must_use]
    pub const fn suspended(&self) -> Duration {
        Duration::from_millis(self.suspended_ms as u64)
    }
}

const fn milliticks(thousandths: u32) -> Span {
    Span::from_bits(((thousandths as i128) << 64) / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(change: impl Fn(&mut TimeConfig)) -> Result<(), TimeConfigError> {
        let mut config = TimeConfig::default();
        change(&mut config);
        config.validate()
    }

    #[test]
    fn every_bound_has_its_error() {
        use TimeConfigError as E;
        assert_eq!(verdict(|_| ()), Ok(()));
        for steps in [0, STEPS_MAX + 1] {
            assert_eq!(verdict(|c| c.steps_max = steps), Err(E::Steps(steps)));
        }
        assert_eq!(
            verdict(|c| c.receive_buffer_milliticks = 120_001),
            Err(E::Buffer(120_001))
        );
        assert_eq!(
            verdict(|c| c.send_buffer_milliticks = 120_001),
            Err(E::Buffer(120_001))
        );
        for ms in [0, 60_001, u32::MAX] {
            assert_eq!(verdict(|c| c.hard_reset_ms = ms), Err(E::HardReset(ms)));
            assert_eq!(verdict(|c| c.suspended_ms = ms), Err(E::Suspended(ms)));
        }
        let dead_band = E::DeadBand {
            dead_band_us: 250_000,
            hard_reset_ms: 250,
        };
        assert_eq!(verdict(|c| c.dead_band_us = 250_000), Err(dead_band));
        for ppm in [0, 1_000_001] {
            assert_eq!(verdict(|c| c.scale_ppm = ppm), Err(E::Scale(ppm)));
            assert_eq!(verdict(|c| c.slew_ppm_per_second = ppm), Err(E::Slew(ppm)));
        }
        assert_eq!(
            verdict(|c| c.scale_ppm = SCALE_PPM_MAX + 1),
            Err(E::Scale(SCALE_PPM_MAX + 1))
        );
    }

    #[test]
    fn it_is_data() {
        let config = TimeConfig {
            beyond: Beyond::Spread,
            ..TimeConfig::default()
        };
        let bytes = postcard::to_allocvec(&config).unwrap();
        assert_eq!(postcard::from_bytes(&bytes), Ok(config));
    }
}
