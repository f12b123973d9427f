//! [`Machine`]: a client's machine in the virtual world: its clock, and when its process acts.

use core::time::Duration;
use std::collections::VecDeque;

use crate::channel::Channel;
use crate::time::{Time, nanos};

/// What a machine's clock does while the machine sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SleepingClock {
    /// It counts on, as on Linux by its time since boot, and on Windows.
    Counts,
    /// It stands still, as on macOS.
    Stops,
}

/// Millionths.
const MILLION: i128 = 1_000_000;

/// A clock that is not the world's, and a process that does not always act when it should.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    /// From then on, by the world, the clock has run as it does; until then it stands.
    since: Time,
    /// What it showed then.
    shown: Time,
    /// How much faster than the world's it runs, millionths.
    ppm: i32,
    /// The process does nothing before.
    awake: Time,
    /// Whether datagrams that come before are lost.
    asleep: bool,
    /// It acts only at whole multiples of this, nanoseconds; 0 if at any time.
    updates: u64,
    /// What came while it did nothing.
    held: VecDeque<(Channel, Vec<u8>)>,
}

impl Machine {
    /// One that is always there, whose clock is so much ahead of the world's at its time zero, and runs so
    /// many millionths faster.
    pub(super) const fn new(ahead: u64, ppm: i32) -> Self {
        Self {
            since: Time::ZERO,
            shown: Time::from_nanos(ahead),
            ppm,
            awake: Time::ZERO,
            asleep: false,
            updates: 0,
            held: VecDeque::new(),
        }
    }

    /// What its clock shows at `now` by the world.
    pub(super) fn local(&self, now: Time) -> Time {
        let passed = i128::from(now.as_nanos().saturating_sub(self.since.as_nanos()));
        let shown = passed * (MILLION + i128::from(self.ppm)) / MILLION;
        self.shown.offset(i64::try_from(shown).unwrap_or(i64::MAX))
    }

    /// When, by the world, its clock shows at least `local`; never before it began to run as it does.
    pub(super) fn world(&self, local: Time) -> Time {
        if local == Time::NEVER {
            return Time::NEVER;
        }
        let passed = i128::from(local.as_nanos().saturating_sub(self.shown.as_nanos()));
        let speed = MILLION + i128::from(self.ppm);
        let nanos = (passed * MILLION + speed - 1) / speed;
        self.since.offset(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// By how many millionths its clock runs faster.
    pub(super) const fn ppm(&self) -> i32 {
        self.ppm
    }

    /// From `now` on its clock runs so many millionths faster than the world's, above -10^6.
    pub(super) fn drift(&mut self, now: Time, ppm: i32) {
        (self.shown, self.since) = (self.local(now), now.max(self.since));
        self.ppm = ppm;
    }

    /// The process does nothing until `awake`.
    pub(super) fn hang(&mut self, awake: Time) {
        self.awake = self.awake.max(awake);
    }

    /// The machine sleeps until `awake`.
    pub(super) fn sleep(&mut self, now: Time, awake: Time, clock: SleepingClock) {
        self.hang(awake);
        self.asleep = true;
        if clock == SleepingClock::Stops {
            (self.shown, self.since) = (self.local(now), awake);
        }
    }

    /// The process acts only so often; at any time if `None`.
    pub(super) fn update_every(&mut self, period: Option<Duration>) {
        self.updates = period.map_or(0, nanos);
    }

    /// When the process acts if it has reason to at `time`.
    pub(super) fn acts(&self, time: Time) -> Time {
        let time = time.max(self.awake);
        if self.updates == 0 || time == Time::NEVER {
            return time;
        }
        let updates = time.as_nanos().div_ceil(self.updates);
        Time::from_nanos(updates.saturating_mul(self.updates))
    }

    /// Something came to a process that does not act now.
    pub(super) fn hold(&mut self, now: Time, channel: Channel, bytes: &[u8]) {
        if channel == Channel::Control || !self.asleep || self.awake <= now {
            self.held.push_back((channel, bytes.to_vec()));
        }
    }

    /// Nothing more is heard of what came over a connection that is gone.
    pub(super) fn forget(&mut self) {
        self.held.clear();
    }

    /// Whether something waits for the process.
    pub(super) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// The next of what came meanwhile.
    pub(super) fn held(&mut self) -> Option<(Channel, Vec<u8>)> {
        self.asleep = false;
        self.held.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn at(seconds: u64) -> Time {
        Time::from_nanos(seconds * SECOND)
    }

    #[test]
    fn a_clock_drifts_from_now_on_and_is_read_back() {
        let mut machine = Machine::new(5 * SECOND, 0);
        assert_eq!(machine.local(at(10)), at(15));
        machine.drift(at(10), -100);
        assert_eq!(machine.local(at(10)), at(15));
        assert_eq!(machine.local(at(20)), at(25).offset(-1_000_000));
        for nanos in [0, 1, 9_999, 10_000, 10_001, 7 * SECOND + 3] {
            let local = at(15) + Duration::from_nanos(nanos);
            let world = machine.world(local);
            assert!(machine.local(world) >= local);
            assert!(nanos == 0 || machine.local(world.offset(-1)) < local);
        }
        assert_eq!(machine.world(Time::NEVER), Time::NEVER);
    }

    #[test]
    fn a_sleeping_clock_counts_or_stops() {
        for (clock, shown) in [(SleepingClock::Counts, 16), (SleepingClock::Stops, 11)] {
            let mut machine = Machine::new(0, 0);
            machine.sleep(at(10), at(15), clock);
            assert_eq!(machine.local(at(16)), at(shown));
            assert_eq!(machine.world(at(shown)), at(16));
            assert_eq!(machine.acts(at(11)), at(15));
        }
        let mut machine = Machine::new(0, 0);
        machine.sleep(at(10), at(15), SleepingClock::Stops);
        assert_eq!(
            (machine.local(at(14)), machine.local(at(15))),
            (at(10), at(10))
        );
    }

    #[test]
    fn who_sleeps_misses_datagrams_and_who_hangs_finds_them() {
        let came = |machine: &mut Machine| {
            machine.hold(at(11), Channel::Datagram, b"a");
            machine.hold(at(11), Channel::Control, b"b");
            core::iter::from_fn(|| machine.held())
                .map(|(_, bytes)| bytes[0])
                .collect::<Vec<_>>()
        };
        let mut machine = Machine::new(0, 0);
        machine.hang(at(15));
        assert_eq!(came(&mut machine), b"ab");
        machine.sleep(at(10), at(15), SleepingClock::Counts);
        assert_eq!(came(&mut machine), b"b");
    }

    #[test]
    fn updates_are_at_whole_multiples() {
        let mut machine = Machine::new(0, 0);
        machine.update_every(Some(Duration::from_secs(4)));
        assert_eq!(
            [4, 5, 8].map(|time| machine.acts(at(time))),
            [at(4), at(8), at(8)]
        );
        machine.hang(at(9));
        assert_eq!(machine.acts(at(5)), at(12));
        machine.update_every(None);
        assert_eq!(machine.acts(at(10)), at(10));
        assert_eq!(machine.acts(Time::NEVER), Time::NEVER);
    }
}
