//! [`RoundTrip`]: a smoothed round trip and its deviation, as lightyear keeps them.

/// Most that a sample may exceed the mean.
const SURPRISE: f64 = 5e8;

/// Exponential means, of gain 1/12 and 1/6; samples far above the mean are cut.
#[derive(Clone, Debug, Default)]
pub(super) struct RoundTrip {
    pub(super) mean: f64,
    pub(super) deviation: f64,
    pub(super) samples: u32,
}

impl RoundTrip {
    pub(super) fn sample(&mut self, round_trip: f64) {
        self.samples += 1;
        if self.samples == 1 {
            (self.mean, self.deviation) = (round_trip, round_trip / 2.0);
            return;
        }
        let cut = (self.mean + 3.0 * self.deviation)
            .min(self.mean * 3.0)
            .min(self.mean + SURPRISE)
            .max(self.mean * 1.2);
        let sample = if self.samples > 2 {
            round_trip.min(cut)
        } else {
            round_trip
        };
        let surprise = sample - self.mean;
        self.mean += surprise / 12.0;
        self.deviation += (surprise.abs() - self.deviation) / 6.0;
    }

    /// Half the deviation.
    pub(super) fn jitter(&self) -> f64 {
        self.deviation / 2.0
    }
}
