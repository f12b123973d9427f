//! [`Steps`]: which ticks to execute in one update.

use phalanx_engine::Tick;
use serde::{Deserialize, Serialize};

use super::{Local, NetTime, Server, Span, TimeConfig, TimeConfigError};

/// What happens to ticks beyond the most that one update may execute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Beyond {
    /// The oldest are skipped, which is told; the newest are executed, and the next update is on
    /// time. For worlds that are made good afterwards; not for a session whose ticks all count.
    #[default]
    Drop,
    /// They are left to the next updates: none is skipped, none is late by more than it takes to
    /// catch up ([`Steps::behind`] says how many there are).
    Spread,
    /// They are executed all the same: for who renders nothing and waits for nobody.
    RunAll,
}

/// Ticks that will not be executed, because an update came so late that there were too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSkipped {
    /// The first of them.
    pub first: Tick,
    /// How many.
    pub ticks: u64,
}

/// A tick to execute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which. It is its own fixed time: as a point, the start of the tick, whenever it is executed.
    pub tick: Tick,
    /// Where server time stood when local time came to this tick.
    pub server: NetTime<Server>,
    /// How many come before it in this update.
    pub index: u64,
    /// How many there are in this update.
    pub total: u64,
}

impl Step {
    /// Its fixed time, as a point on the line.
    #[must_use]
    pub const fn local(&self) -> NetTime<Local> {
        NetTime::start_of(self.tick)
    }
}

/// Turns time that passes into ticks to execute: each once, in order.
///
/// Local time that goes back yields nothing until it has caught up: no tick comes twice.
///
/// ```
/// use phalanx_engine::Tick;
/// use phalanx_netcode::time::{NetTime, Steps, TimeConfig, TimeSkipped};
/// let mut steps = Steps::new(Tick::ZERO, &TimeConfig::default())?;
/// assert_eq!(steps.advance(NetTime::from_parts(0, 0), NetTime::ZERO).count(), 1);
/// // At 60 Hz the game hangs for 5 s: 300 ticks are due, 8 are executed at once, 292 skipped.
/// let due = steps.advance(NetTime::from_parts(300, 0), NetTime::from_parts(300, 0));
/// assert_eq!(due.skipped(), Some(TimeSkipped { first: Tick(1), ticks: 292 }));
/// assert_eq!(due.map(|step| step.tick.0).collect::<Vec<_>>(), (293..=300).collect::<Vec<_>>());
/// # Ok::<(), phalanx_netcode::time::TimeConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Steps {
    next: Tick,
    max: u64,
    beyond: Beyond,
    /// The newest times seen.
    seen: Option<Reading>,
    skipped: u64,
}

/// Local time, and how far it was ahead of server time.
#[derive(Clone, Copy, Debug)]
struct Reading {
    local: NetTime<Local>,
    lead: Span,
}

impl Steps {
    /// Begins with `first`; nothing is due while local time is before it.
    ///
    /// # Errors
    /// [`TimeConfigError`] if the configuration is invalid.
    pub const fn new(first: Tick, config: &TimeConfig) -> Result<Self, TimeConfigError> {
        if let Err(error) = config.validate() {
            return Err(error);
        }
        let max = config.steps_max as u64;
        Ok(Self {
            next: first,
            max,
            beyond: config.beyond,
            seen: None,
            skipped: 0,
        })
    }

    /// The ticks that are due now that local and server time are these. One that is not taken from
    /// the iterator stays due.
    #[must_use = "ticks are executed as they are taken"]
    pub fn advance(&mut self, local: NetTime<Local>, server: NetTime<Server>) -> Due<'_> {
        let to = Reading {
            local,
            lead: local.ahead_of(server),
        };
        let from = self.seen.replace(to).unwrap_or(to);
        let due = local
            .to_tick()
            .map_or(0, |newest| newest.next().0.saturating_sub(self.next.0));
        let beyond = due.saturating_sub(self.max);
        let (total, skipped) = match self.beyond {
            Beyond::RunAll => (due, 0),
            Beyond::Spread => (due - beyond, 0),
            Beyond::Drop => (due - beyond, beyond),
        };
        let event = TimeSkipped {
            first: self.next,
            ticks: skipped,
        };
        self.next += skipped;
        self.skipped = self.skipped.saturating_add(skipped);
        let skipped = (skipped > 0).then_some(event);
        Due {
            steps: self,
            from,
            to,
            index: 0,
            total,
            skipped,
        }
    }

    /// The next tick to execute.
    #[must_use]
    pub const fn next(&self) -> Tick {
        self.next
    }

    /// How many ticks are due and not executed.
    #[must_use]
    pub fn behind(&self) -> u64 {
        let newest = self.seen.and_then(|seen| seen.local.to_tick());
        newest.map_or(0, |newest| newest.next().0.saturating_sub(self.next.0))
    }

    /// How many ticks were skipped, ever.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Follows another configuration from now on.
    ///
    /// # Errors
    /// [`TimeConfigError`] if it is invalid; the one in force stays.
    pub const fn configure(&mut self, config: &TimeConfig) -> Result<(), TimeConfigError> {
        if let Err(error) = config.validate() {
            return Err(error);
        }
        (self.max, self.beyond) = (config.steps_max as u64, config.beyond);
        Ok(())
    }

    /// Goes on with `next`, as after joining or a resynchronization: the state is that before it.
    pub const fn resume(&mut self, next: Tick) {
        self.next = next;
    }
}

/// The ticks of one update, in order. See [`Steps::advance`].
#[derive(Debug)]
pub struct Due<'a> {
    steps: &'a mut Steps,
    from: Reading,
    to: Reading,
    index: u64,
    total: u64,
    skipped: Option<TimeSkipped>,
}

impl Due<'_> {
    /// What was skipped before the first of them.
    #[must_use]
    pub const fn skipped(&self) -> Option<TimeSkipped> {
        self.skipped
    }

    /// How far local time was ahead of server time when it came to `point`, on the straight line
    /// between the last two updates; as in the earlier of them for a tick that was due before.
    fn lead_at(&self, point: NetTime<Local>) -> Span {
        let change = self.to.lead - self.from.lead;
        let (way, whole) = (point - self.from.local, self.to.local - self.from.local);
        if change == Span::ZERO || way <= Span::ZERO {
            return self.from.lead;
        }
        let (way, whole) = (way.bits().unsigned_abs(), whole.bits().unsigned_abs());
        let cut = (u128::BITS - whole.leading_zeros()).saturating_sub(u64::BITS);
        let part = ((way >> cut) << 32) / (whole >> cut).max(1);
        let part = i64::try_from(part.min(1 << 32)).unwrap_or(0);
        self.from.lead + change.times_q32(part)
    }
}

impl Iterator for Due<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if self.index == self.total {
            return None;
        }
        let tick = self.steps.next;
        let local = NetTime::start_of(tick);
        let server = local.into_space() - self.lead_at(local);
        let step = Step {
            tick,
            server,
            index: self.index,
            total: self.total,
        };
        self.steps.next = tick.next();
        self.index += 1;
        Some(step)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.total - self.index);
        (left.unwrap_or(usize::MAX), left.ok())
    }
}

#[cfg(test)]
mod tests {
    use phalanx_engine::TickRate;
    use proptest::prelude::*;

    use super::super::{TickMap, Time};
    use super::*;

    fn steps(beyond: Beyond) -> Steps {
        Steps::new(
            Tick::ZERO,
            &TimeConfig {
                beyond,
                ..TimeConfig::default()
            },
        )
        .unwrap()
    }

    fn ticks(steps: &mut Steps, tick: i64) -> Vec<u64> {
        let local = NetTime::from_parts(tick, 0);
        steps
            .advance(local, local.into_space())
            .map(|step| step.tick.0)
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn no_tick_is_missing_or_comes_twice(
            updates in proptest::collection::vec(prop_oneof![0u64..40_000_000, 0u64..10_000_000_000], 1..200),
            beyond in prop_oneof![Just(Beyond::Drop), Just(Beyond::Spread), Just(Beyond::RunAll)],
        ) {
            let map = TickMap::new(Time::ZERO, NetTime::ZERO, TickRate::new(60_000, 1001).unwrap());
            let (mut steps, mut now, mut expected) = (steps(beyond), Time::ZERO, 0);
            for nanos in updates {
                now = now.offset(nanos.cast_signed());
                let server = map.at(now);
                let due = steps.advance(server.into_space(), server);
                if let Some(skipped) = due.skipped() {
                    prop_assert_eq!(beyond, Beyond::Drop);
                    prop_assert_eq!((skipped.first, due.total), (Tick(expected), 8));
                    expected += skipped.ticks;
                }
                let (mut count, total) = (0, due.total);
                prop_assert!(total <= 8 || beyond == Beyond::RunAll);
                for step in due {
                    prop_assert_eq!((step.tick, step.index, step.total), (Tick(expected), count, total));
                    prop_assert_eq!(step.server, step.local().into_space());
                    prop_assert!(map.due(step.tick) <= now);
                    expected += 1;
                    count += 1;
                }
                prop_assert_eq!(count, total);
                prop_assert_eq!(steps.next(), Tick(expected));
                if beyond != Beyond::Spread {
                    prop_assert!(map.due(steps.next()) > now);
                }
                prop_assert_eq!(steps.behind(), (server.tick().cast_unsigned() + 1).saturating_sub(expected));
            }
        }

        #[test]
        fn server_time_runs_evenly_through_an_update(
            local in 0i64..1 << 40, ticks in 1i64..600, lead in 0i64..30, more in -2_000_000i64..2_000_000,
        ) {
            // The truth: the lead changes by `more` millionths of a tick per tick.
            let mut steps = steps(Beyond::RunAll);
            let lead_at = |passed: i64| {
                Span::from_ticks(lead) + Span::from_bits((i128::from(passed * more) << 64) / 1_000_000)
            };
            let (from, to) = (NetTime::from_parts(local, 0), NetTime::from_parts(local + ticks, 0));
            steps.resume(from.to_tick().unwrap());
            assert_eq!(steps.advance(from, from.into_space() - lead_at(0)).count(), 1);
            for step in steps.advance(to, to.into_space() - lead_at(ticks)) {
                let passed = step.local().tick() - local;
                let truth = step.local().into_space() - lead_at(passed);
                // A part in 2^32 of a change of at most 1200 ticks.
                prop_assert!((step.server - truth).abs() < Span::from_parts(0, 1 << 44));
            }
        }
    }

    #[test]
    fn the_policies_differ_in_what_they_do_beyond() {
        for (beyond, first, second) in [
            (Beyond::Drop, (293..=300).collect::<Vec<_>>(), vec![301]),
            (Beyond::Spread, (1..=8).collect(), (9..=16).collect()),
            (Beyond::RunAll, (1..=300).collect(), vec![301]),
        ] {
            let mut steps = steps(beyond);
            assert_eq!(ticks(&mut steps, 0), [0]);
            assert_eq!(ticks(&mut steps, 300), first);
            assert_eq!(ticks(&mut steps, 301), second);
            assert_eq!(
                steps.skipped(),
                if beyond == Beyond::Drop { 292 } else { 0 }
            );
        }
    }

    #[test]
    fn time_that_goes_back_repeats_nothing() {
        let mut steps = steps(Beyond::Drop);
        assert!(ticks(&mut steps, -5).is_empty());
        assert_eq!(ticks(&mut steps, 3), [0, 1, 2, 3]);
        assert!(ticks(&mut steps, -2).is_empty());
        assert!(ticks(&mut steps, 3).is_empty());
        assert_eq!(ticks(&mut steps, 4), [4]);
    }

    #[test]
    fn a_tick_that_was_not_taken_stays_due() {
        let mut steps = steps(Beyond::Drop);
        let local = NetTime::from_parts(2, 0);
        assert_eq!(
            steps
                .advance(local, NetTime::ZERO)
                .next()
                .map(|step| step.tick),
            Some(Tick(0))
        );
        assert_eq!(steps.behind(), 2);
        assert_eq!(ticks(&mut steps, 3), [1, 2, 3]);
    }

    #[test]
    fn who_joins_a_long_session_does_not_begin_at_its_start() {
        let mut steps = steps(Beyond::RunAll);
        steps.resume(Tick(1 << 40));
        assert_eq!(ticks(&mut steps, 1 << 40), [1 << 40]);
    }

    #[test]
    fn the_end_of_the_line_is_no_panic() {
        let mut steps = steps(Beyond::Drop);
        let (end, begin) = (NetTime::at(Span::MAX), NetTime::at(Span::MIN));
        assert_eq!(
            steps
                .advance(NetTime::at(Span::MIN), NetTime::at(Span::MAX))
                .count(),
            0
        );
        assert_eq!(steps.advance(end, begin).count(), 8);
        assert_eq!(steps.advance(end, begin).count(), 0);
    }
}
