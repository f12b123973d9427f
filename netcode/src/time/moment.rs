//! [`Time`]: a moment on one machine's monotonic clock, passed in by whoever drives.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};
use core::time::Duration;

/// Nanoseconds since an arbitrary moment, the same for all calls on one machine. Never wall time.
/// Arithmetic saturates; 64 bits last for 584 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The arbitrary moment itself.
    pub const ZERO: Self = Self(0);
    /// Later than every other moment: a timer that is not set.
    pub const NEVER: Self = Self(u64::MAX);

    /// `nanos` nanoseconds after [`Time::ZERO`].
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since [`Time::ZERO`].
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; zero if it lies in the future.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Nanoseconds from `earlier` to this moment, negative if `earlier` is later.
    #[must_use]
    pub const fn nanos_since(self, earlier: Self) -> i64 {
        if self.0 >= earlier.0 {
            let nanos = self.0 - earlier.0;
            if nanos > i64::MAX as u64 {
                i64::MAX
            } else {
                nanos.cast_signed()
            }
        } else {
            let nanos = earlier.0 - self.0;
            if nanos > i64::MAX as u64 {
                i64::MIN
            } else {
                -nanos.cast_signed()
            }
        }
    }

    /// This moment moved by `nanos`, which may be negative.
    #[must_use]
    pub const fn offset(self, nanos: i64) -> Self {
        Self(self.0.saturating_add_signed(nanos))
    }
}

/// `duration` in whole nanoseconds, at most 584 years.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Add<Duration> for Time {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }
}

impl AddAssign<Duration> for Time {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Time {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(duration)))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0 / 1_000_000;
        write!(f, "{}.{:03} s", millis / 1000, millis % 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        let late = Time::from_nanos(u64::MAX - 1);
        assert_eq!(late + Duration::from_secs(1), Time::NEVER);
        assert_eq!(Time::ZERO - Duration::from_secs(1), Time::ZERO);
        assert_eq!(Time::ZERO.since(late), Duration::ZERO);
        assert_eq!(Time::from_nanos(3).nanos_since(Time::from_nanos(5)), -2);
        assert_eq!(Time::NEVER.nanos_since(Time::ZERO), i64::MAX);
        assert_eq!(Time::from_nanos(1_234_567_890).to_string(), "1.234 s");
    }
}
