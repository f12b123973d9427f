//! [`Clock`]: the machine's monotonic clock as [`Time`].
#![cfg_attr(
    not(any(target_os = "linux", target_os = "android")),
    expect(
        clippy::disallowed_methods,
        reason = "the driver is where time and sockets enter"
    )
)]

use core::time::Duration;

use crate::Time;

/// Turns the machine's monotonic clock into [`Time`]: nanoseconds since this clock was made. The
/// only place of the crate that reads a clock; one per machine and session, copied where needed.
///
/// Whether time goes on while the machine is suspended depends on the machine: on Linux and Android it does
/// (`CLOCK_BOOTTIME`), on Windows too, on macOS and elsewhere it may stand still. The clocks of a session see
/// either, and are in time again within a moment of waking.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Reading,
    /// Where it stood then.
    from: Time,
}

impl Clock {
    /// A clock that stands at [`Time::ZERO`] now.
    #[must_use]
    pub fn start() -> Self {
        Self::starting_at(Time::ZERO)
    }

    /// A clock that stands at `time` now: for a session that goes on from there, be it from a virtual world.
    #[must_use]
    pub fn starting_at(time: Time) -> Self {
        Self {
            start: Reading::now(),
            from: time,
        }
    }

    /// The moment now.
    #[must_use]
    pub fn now(&self) -> Time {
        self.from + self.start.elapsed()
    }

    /// Waits until `time`, and up to about 1 ms longer: tokio's timers count whole milliseconds.
    /// Returns at once if it has passed, and never for [`Time::NEVER`].
    ///
    /// tokio's timers stand still while the machine is suspended, on Linux too: one that is waited for then
    /// rings later by up to the suspension. Who also waits for packets is woken by the first of them.
    pub async fn sleep_until(&self, time: Time) {
        match time {
            Time::NEVER => std::future::pending().await,
            _ => tokio::time::sleep(time.since(self.now())).await,
        }
    }
}

/// What the machine's clock showed.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[derive(Clone, Copy, Debug)]
struct Reading {
    since_boot: Duration,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Reading {
    fn now() -> Self {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        // Never negative.
        let since_boot = Duration::try_from(now).unwrap_or_default();
        Self { since_boot }
    }

    fn elapsed(self) -> Duration {
        Self::now().since_boot.saturating_sub(self.since_boot)
    }
}

/// What the machine's clock showed.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[derive(Clone, Copy, Debug)]
struct Reading(std::time::Instant);

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl Reading {
    fn now() -> Self {
        Self(std::time::Instant::now())
    }

    fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_goes_on_from_where_it_is_told() {
        let from = Time::from_nanos(7_200_000_000_000);
        let clock = Clock::starting_at(from);
        assert!(clock.now() >= from);
        assert!(clock.now() < from + Duration::from_secs(3600));
    }

    #[tokio::test]
    async fn sleeps_until_the_moment_and_never_less() {
        let clock = Clock::start();
        let deadline = clock.now() + Duration::from_millis(20);
        clock.sleep_until(deadline).await;
        assert!(clock.now() >= deadline);
        clock.sleep_until(Time::ZERO).await;
        let never = tokio::time::timeout(Duration::from_millis(20), clock.sleep_until(Time::NEVER));
        assert!(never.await.is_err());
    }

    /// It counts from when the machine was started, suspensions included.
    #[cfg(target_os = "linux")]
    #[test]
    fn it_goes_by_the_time_since_boot() {
        use rustix::time::{ClockId, clock_gettime};
        let boot = || Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap();
        let before = boot();
        let clock = Clock::start();
        let now = clock.start.since_boot + Duration::from_nanos(clock.now().as_nanos());
        assert!((before..=boot()).contains(&now));
    }
}
