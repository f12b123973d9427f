//! [`Clock`]: the machine's monotonic clock as [`Time`].
#![expect(
    clippy::disallowed_methods,
    reason = "the driver is where time and sockets enter"
)]

use std::time::Instant;

use crate::Time;
use crate::time::nanos;

/// Turns the machine's monotonic clock into [`Time`]: nanoseconds since this clock was made. The
/// only place of the crate that reads a clock; one per machine and session, copied where needed.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that stands at [`Time::ZERO`] now.
    #[must_use]
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    /// The moment now.
    #[must_use]
    pub fn now(&self) -> Time {
        Time::from_nanos(nanos(self.start.elapsed()))
    }

    /// Waits until `time`, and up to about 1 ms longer: tokio's timers count whole milliseconds.
    /// Returns at once if it has passed, and never for [`Time::NEVER`].
    pub async fn sleep_until(&self, time: Time) {
        let deadline = self.start.checked_add(time.since(Time::ZERO));
        match deadline {
            Some(deadline) if time != Time::NEVER => {
                tokio::time::sleep_until(deadline.into()).await;
            }
            _ => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

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
}
