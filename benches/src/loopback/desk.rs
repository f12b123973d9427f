//! [`Desk`]: what the conductor and the measured player know of each other. Neither makes a system
//! call for it, which would be counted.

use std::sync::atomic::{AtomicU64, Ordering};

use phalanx_netcode::Time;

/// What the conductor tells the measured player.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Its moment has come.
    Wake,
    /// What is measured begins, or ends.
    Mark,
    /// That was all.
    End,
}

/// How far the measured player has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// When it has something to do again, ns.
    pub(super) due: u64,
    /// Bytes it has sent.
    pub(super) sent: u64,
    /// Bytes it has taken.
    pub(super) taken: u64,
    /// How often it was woken.
    pub(super) woken: u64,
}

#[derive(Debug, Default)]
pub(super) struct Desk {
    now: AtomicU64,
    due: AtomicU64,
    sent: AtomicU64,
    taken: AtomicU64,
    woken: AtomicU64,
}

impl Desk {
    pub(super) fn now(&self) -> Time {
        Time::from_nanos(self.now.load(Ordering::Acquire))
    }

    pub(super) fn set_now(&self, now: Time) {
        self.now.store(now.as_nanos(), Ordering::Release);
    }

    /// Tells how far the player has come. Whoever sees that all was taken sees the rest, too.
    pub(super) fn publish(&self, progress: Progress) {
        self.due.store(progress.due, Ordering::Relaxed);
        self.sent.store(progress.sent, Ordering::Relaxed);
        self.taken.store(progress.taken, Ordering::Release);
        self.woken.store(progress.woken, Ordering::Release);
    }

    pub(super) fn progress(&self) -> Progress {
        let woken = self.woken.load(Ordering::Acquire);
        let taken = self.taken.load(Ordering::Acquire);
        Progress {
            due: self.due.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            taken,
            woken,
        }
    }
}
