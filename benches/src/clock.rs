//! [`CpuTime`]: how long this thread has computed.

/// A moment on this thread's own clock, which stands still while others have the processor.
#[derive(Clone, Copy, Debug)]
pub struct CpuTime(u64);

impl CpuTime {
    /// Now.
    #[must_use]
    #[cfg(unix)]
    pub fn now() -> Self {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        let (seconds, nanos) = (time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs());
        Self(seconds * 1_000_000_000 + nanos)
    }

    /// Now, on the wall's clock: this system tells no better.
    #[must_use]
    #[cfg(not(unix))]
    pub fn now() -> Self {
        use std::sync::LazyLock;
        use std::time::Instant;
        static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        Self(u64::try_from(BEGIN.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// Nanoseconds computed since then.
    #[must_use]
    pub fn elapsed_nanos(self) -> u64 {
        Self::now().0.saturating_sub(self.0)
    }
}
