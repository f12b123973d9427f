//! [`MachineClock`]: one machine's clock in the virtual world.

use crate::time::Time;

const MILLION: i128 = 1_000_000;

/// A clock that is ahead of the world's and runs faster or slower than it.
#[derive(Clone, Copy, Debug)]
pub(super) struct MachineClock {
    /// By how much it was ahead at the world's time zero, nanoseconds.
    ahead: i64,
    /// By how many millionths it runs faster.
    ppm: i32,
}

impl MachineClock {
    /// Most by which a clock runs faster or slower, millionths.
    pub(super) const PPM_MAX: u32 = 100_000;

    pub(super) fn new(ahead: i64, ppm: i32) -> Self {
        let most = Self::PPM_MAX.cast_signed();
        Self {
            ahead,
            ppm: ppm.clamp(-most, most),
        }
    }

    /// By how many millionths it runs faster.
    pub(super) const fn ppm(self) -> i32 {
        self.ppm
    }

    /// What it shows at `now`, rounded down: nothing is summed, so nothing is lost over a day.
    pub(super) fn at(self, now: Time) -> Time {
        let passed = i128::from(now.as_nanos()) * (MILLION + i128::from(self.ppm));
        moment(passed.div_euclid(MILLION) + i128::from(self.ahead))
    }

    /// The first moment of the world at which it shows `shown`.
    pub(super) fn when(self, shown: Time) -> Time {
        if shown == Time::NEVER {
            return Time::NEVER;
        }
        let passed = (i128::from(shown.as_nanos()) - i128::from(self.ahead)) * MILLION;
        let speed = MILLION + i128::from(self.ppm);
        moment(-(-passed).div_euclid(speed))
    }
}

fn moment(nanos: i128) -> Time {
    u64::try_from(nanos.max(0)).map_or(Time::NEVER, Time::from_nanos)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: u64 = 86_400_000_000_000;

    #[test]
    fn a_hundred_millionths_are_8_64_seconds_a_day() {
        let (day, ahead) = (Time::from_nanos(DAY), 5);
        let shown = |ppm| MachineClock::new(ahead, ppm).at(day).as_nanos();
        assert_eq!(shown(0), DAY + 5);
        assert_eq!(shown(100), DAY + 8_640_000_000 + 5);
        assert_eq!(shown(-100), DAY - 8_640_000_000 + 5);
    }

    proptest! {
        #[test]
        fn it_shows_a_moment_when_it_comes_to_it(
            shown in 0..4 * DAY, ahead in 0..DAY.cast_signed(), ppm in -100_000..=100_000i32,
        ) {
            let clock = MachineClock::new(ahead, ppm);
            let (shown, when) = (Time::from_nanos(shown), clock.when(Time::from_nanos(shown)));
            prop_assert!(clock.at(when) >= shown);
            prop_assert!(when == Time::ZERO || clock.at(when.offset(-1)) < shown);
        }
    }
}
