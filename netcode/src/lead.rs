//! [`StampClock`]: when a client samples, stamps and executes; its lead follows what the relay
//! measured.

use core::time::Duration;

use phalanx_engine::{Tick, TickRate};

use crate::limits::LEAD_MAX;
use crate::ring::position;
use crate::time::{Time, nanos};

/// Arrivals remembered: about two seconds at 60 Hz.
const SAMPLES: usize = 128;

/// Leads remembered, by stamped tick; longer than an arrival takes to be reported.
const STAMPS: usize = 512;

/// Of 100 inputs this many may come later than planned.
const LATE_PER_HUNDRED: usize = 5;

/// New samples between two corrections.
const CORRECT_EVERY: u32 = 8;

/// A difference of this many ticks is jumped over, not slewed.
const JUMP_TICKS: i64 = 10;

/// The client's tick clock.
///
/// At clock tick `n` a client samples the input of tick `n + x` (x: the input delay), sends it, and
/// executes tick `n`. That happens `lead` before the relay's deadline of tick `n + x`, so that the
/// input is there in time. The lead starts as half the measured round trip plus a margin. From then
/// on the relay's reports decide: margin minus lead is how long the way up took (and how wrong the
/// clocks were), whatever lead was in force; the lead is set so that all but [`LATE_PER_HUNDRED`] of
/// the recent inputs would have come with the margin to spare. It moves slowly, in both directions.
#[derive(Debug)]
pub(crate) struct StampClock {
    rate: TickRate,
    delay: u64,
    /// When the deadline of tick 0 is, on this machine's clock.
    anchor: Time,
    lead: i64,
    wanted: i64,
    margin: i64,
    /// The next clock tick.
    next: Tick,
    /// The lead in force when a tick was stamped.
    stamped: Box<[(Tick, i64)]>,
    samples: Vec<i64>,
    oldest_sample: usize,
    fresh: u32,
}

impl StampClock {
    /// A clock for a session whose tick 0 has its deadline at `anchor`; `round_trip` is measured.
    /// Ticks whose moment has passed at `now` are not stamped.
    pub(crate) fn start(
        now: Time,
        rate: TickRate,
        delay: u32,
        anchor: Time,
        round_trip: Duration,
    ) -> Self {
        let margin = i64::try_from(rate.period_nanos() / 4).unwrap_or(0);
        let lead = signed(nanos(round_trip.min(LEAD_MAX)) / 2) + margin;
        let mut clock = Self {
            rate,
            delay: delay.into(),
            anchor,
            lead,
            wanted: lead,
            margin,
            next: Tick::ZERO,
            stamped: vec![(Tick::ZERO, 0); STAMPS].into(),
            samples: Vec::with_capacity(SAMPLES),
            oldest_sample: 0,
            fresh: 0,
        };
        let late = now.nanos_since(clock.next_time());
        if late > 0 {
            clock.next = rate.tick_at(late.unsigned_abs()).next();
        }
        clock
    }

    /// When the next clock tick is due.
    pub(crate) fn next_time(&self) -> Time {
        let deadline = self.rate.nanos_at(self.next + self.delay);
        (self.anchor + Duration::from_nanos(deadline)).offset(-self.lead)
    }

    /// The next clock tick, and the tick that its input is stamped with.
    pub(crate) fn next(&self) -> (Tick, Tick) {
        (self.next, self.next + self.delay)
    }

    /// Passes to the next clock tick, if it is due.
    pub(crate) fn advance(&mut self, now: Time) -> Option<(Tick, Tick)> {
        if now < self.next_time() {
            return None;
        }
        let (clock, stamp) = self.next();
        self.stamped[position(stamp, STAMPS as u64)] = (stamp, self.lead);
        self.next = clock.next();
        self.slew();
        Some((clock, stamp))
    }

    /// Takes the relay's report of how long before its deadline the input of `tick` came.
    pub(crate) fn report(&mut self, tick: Tick, margin_us: i64) {
        let (stamped, lead) = self.stamped[position(tick, STAMPS as u64)];
        if stamped != tick {
            return;
        }
        let bound = signed(nanos(LEAD_MAX));
        let spare = margin_us
            .saturating_mul(1000)
            .saturating_sub(lead)
            .clamp(-bound, bound);
        if self.samples.len() < SAMPLES {
            self.samples.push(spare);
        } else {
            self.samples[self.oldest_sample] = spare;
            self.oldest_sample = (self.oldest_sample + 1) % SAMPLES;
        }
        self.fresh += 1;
        if self.fresh >= CORRECT_EVERY {
            self.fresh = 0;
            self.correct();
        }
    }

    fn correct(&mut self) {
        let mut sorted = [0; SAMPLES];
        let sorted = &mut sorted[..self.samples.len()];
        sorted.copy_from_slice(&self.samples);
        let rank = sorted.len() * LATE_PER_HUNDRED / 100;
        let (_, low, _) = sorted.select_nth_unstable(rank);
        self.wanted = (self.margin - *low).clamp(-signed(nanos(LEAD_MAX)), signed(nanos(LEAD_MAX)));
    }

    /// Moves the lead towards the wanted one: up to 1/16 of a tick earlier or 1/64 later per tick.
    fn slew(&mut self) {
        let period = signed(self.rate.period_nanos());
        let difference = self.wanted - self.lead;
        self.lead += if difference.abs() > JUMP_TICKS * period {
            difference
        } else {
            difference.clamp(-period / 64, period / 16)
        };
    }

    /// The lead in force.
    pub(crate) const fn lead_nanos(&self) -> i64 {
        self.lead
    }
}

fn signed(nanos: u64) -> i64 {
    i64::try_from(nanos).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: TickRate = TickRate::hz(60);

    /// Runs the clock over a path up that takes `up` nanoseconds; returns the margins in the end.
    fn margins_after(ticks: u64, guess: Duration, up: impl Fn(u64) -> i64) -> Vec<i64> {
        let anchor = Time::from_nanos(5_000_000_000);
        let mut clock = StampClock::start(Time::ZERO, RATE, 2, anchor, guess);
        let mut margins = Vec::new();
        for _ in 0..ticks {
            let now = clock.next_time();
            let (_, stamp) = clock.advance(now).unwrap();
            let arrival = now.offset(up(stamp.0));
            let deadline = anchor + Duration::from_nanos(RATE.nanos_at(stamp));
            let margin = deadline.nanos_since(arrival);
            margins.push(margin);
            clock.report(stamp, margin / 1000);
        }
        margins
    }

    #[test]
    fn a_constant_path_leaves_exactly_the_margin() {
        let margins = margins_after(600, Duration::from_millis(100), |_| 50_000_000);
        let period = signed(RATE.period_nanos());
        assert!(
            margins.iter().all(|margin| (0..=period).contains(margin)),
            "{margins:?}"
        );
        assert!((margins[599] - period / 4).abs() < 2000);
    }

    #[test]
    fn an_asymmetric_path_is_corrected() {
        // 90 ms up and 10 ms down look like 50 ms.
        let margins = margins_after(600, Duration::from_millis(100), |_| 90_000_000);
        assert!(margins[0] < 0);
        assert!(margins[300..].iter().all(|margin| *margin > 0));
    }

    #[test]
    fn a_longer_route_is_followed_up_and_down() {
        let up = |tick| {
            if (300..900).contains(&tick) {
                120_000_000
            } else {
                40_000_000
            }
        };
        let margins = margins_after(2400, Duration::from_millis(80), up);
        assert!(margins[600..850].iter().all(|margin| *margin > 0));
        assert!(
            margins[2300..]
                .iter()
                .all(|margin| *margin < signed(RATE.period_nanos()))
        );
    }

    #[test]
    fn one_late_input_in_a_hundred_does_not_move_it() {
        let up = |tick| {
            if tick % 100 == 50 {
                400_000_000
            } else {
                40_000_000
            }
        };
        let margins = margins_after(1000, Duration::from_millis(80), up);
        assert!((margins[999] - signed(RATE.period_nanos()) / 4).abs() < 2000);
    }

    #[test]
    fn who_starts_late_skips_what_has_passed() {
        let anchor = Time::from_nanos(1_000_000_000);
        let now = Time::from_nanos(2_000_000_000);
        let clock = StampClock::start(now, RATE, 0, anchor, Duration::ZERO);
        assert!(clock.next_time() > now);
        assert!(clock.next_time() <= now + Duration::from_nanos(RATE.period_nanos()));
    }
}
