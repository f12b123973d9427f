//! [`TickMap`]: when each point of the tick line is due.

use phalanx_engine::{Tick, TickRate};

use super::span::{nanos_of, ticks_of};
use super::{NetTime, Server, Span, Time};
use crate::limits::RATE_SEGMENTS_MAX;

/// Which point of the tick line belongs to which moment of one machine's clock, for a tick rate that
/// may change at ticks.
///
/// A list of segments: from a point on, due at a moment, a rate. Within one, tick `n` after its start
/// is due `n * denominator / numerator` seconds after it, computed by one multiplication and division
/// in 128 bits: nothing is ever summed, so nothing drifts. The moment at which a segment starts is
/// kept to 2^-64 ns, rounded down, so that a change of rate does not round, either: less than 2^-64 ns each,
/// and a point that is due at a whole nanosecond is due there after any number of them.
///
/// A point is **due** at the first whole nanosecond at which the line has reached it; `due` rounds up,
/// [`TickMap::at`] down, and thus `at(due(p)) >= p > at(due(p) - 1 ns)`, for every point `p`, and
/// `due(at(t)) == t`, for every moment. (`TickRate::nanos_at` rounds down: it is the same
/// nanosecond or the one before.)
///
/// ```
/// use phalanx_engine::{Tick, TickRate};
/// use phalanx_netcode::Time;
/// use phalanx_netcode::time::{NetTime, TickMap};
/// let mut map = TickMap::new(Time::ZERO, NetTime::ZERO, TickRate::hz(60));
/// map.change_rate(Tick(60), TickRate::hz(20))?;
/// map.change_rate(Tick(80), TickRate::hz(60))?;
/// assert_eq!(map.due(Tick(140)), Time::from_nanos(3_000_000_000));
/// assert_eq!(map.at(Time::from_nanos(1_500_000_000)), NetTime::start_of(Tick(70)));
/// # Ok::<(), phalanx_netcode::time::TickMapError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickMap {
    /// The first `count`, oldest first.
    segments: [Segment; RATE_SEGMENTS_MAX],
    count: usize,
}

/// A rate, from a point on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    from: NetTime<Server>,
    /// When that is: nanoseconds, and 2^-64 of one.
    nanos: i128,
    part: u64,
    rate: TickRate,
}

/// Why a change of the rate was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TickMapError {
    /// The rate changes only at ticks after that of the last change.
    #[error("the tick rate already changed at {last}: it cannot change at tick {at}")]
    NotLater {
        /// Where it was to change.
        at: Tick,
        /// From where the newest rate is in force.
        last: NetTime<Server>,
    },
}

impl TickMap {
    /// A line that is at `from` at the moment `start`, and goes on at `rate`.
    #[must_use]
    pub fn new(start: Time, from: NetTime<Server>, rate: TickRate) -> Self {
        let segment = Segment {
            from,
            nanos: start.as_nanos().into(),
            part: 0,
            rate,
        };
        Self {
            segments: [segment; RATE_SEGMENTS_MAX],
            count: 1,
        }
    }

    /// From `tick` on, the rate is `rate`. All that lies before stays where it is, to the bit.
    ///
    /// At most [`RATE_SEGMENTS_MAX`] rates are kept: the oldest is forgotten then, which moves nothing
    /// that lies after it; the oldest one kept counts for all that lies before.
    ///
    /// # Errors
    /// [`TickMapError::NotLater`] if `tick` is not after the last change, or after the line's origin.
    pub fn change_rate(&mut self, tick: Tick, rate: TickRate) -> Result<(), TickMapError> {
        let from = NetTime::start_of(tick);
        let last = self.newest();
        if from <= last.from {
            return Err(TickMapError::NotLater {
                at: tick,
                last: last.from,
            });
        }
        let (nanos, part) = last.end(from);
        if self.count == RATE_SEGMENTS_MAX {
            self.segments.rotate_left(1);
            self.count -= 1;
        }
        self.segments[self.count] = Segment {
            from,
            nanos,
            part,
            rate,
        };
        self.count += 1;
        Ok(())
    }

    /// Moves the whole line by `nanos` nanoseconds: every point is due that much later.
    pub fn shift(&mut self, nanos: i64) {
        for segment in &mut self.segments {
            // Far more than the clock has is never needed, and must not add up.
            let bound = 1 << 64;
            segment.nanos = (segment.nanos + i128::from(nanos)).clamp(-bound, bound);
        }
    }

    /// Where the line is at `now`, rounded down to 2^-64 tick.
    #[must_use]
    pub fn at(&self, now: Time) -> NetTime<Server> {
        self.at_nanos(now.as_nanos().into())
    }

    /// Where it is at `now` moved by `offset` nanoseconds, which may lie before [`Time::ZERO`].
    pub(super) fn at_offset(&self, now: Time, offset: i64) -> NetTime<Server> {
        self.at_nanos(i128::from(now.as_nanos()) + i128::from(offset))
    }

    fn at_nanos(&self, nanos: i128) -> NetTime<Server> {
        let begun = |segment: &&Segment| (segment.nanos, segment.part) <= (nanos, 0);
        let segment = self
            .kept()
            .iter()
            .rev()
            .find(begun)
            .unwrap_or(&self.segments[0]);
        segment.at(nanos)
    }

    /// When `tick` is due.
    #[must_use]
    pub fn due(&self, tick: Tick) -> Time {
        self.due_at(NetTime::start_of(tick))
    }

    /// When `point` is due: the first nanosecond at which the line has reached it. Saturates at
    /// [`Time::ZERO`] and [`Time::NEVER`].
    #[must_use]
    pub fn due_at(&self, point: NetTime<Server>) -> Time {
        let nanos = self.due_nanos(point);
        if nanos < 0 {
            return Time::ZERO;
        }
        u64::try_from(nanos).map_or(Time::NEVER, Time::from_nanos)
    }

    /// Where `point` is due, also before [`Time::ZERO`].
    pub(super) fn due_nanos(&self, point: NetTime<Server>) -> i128 {
        let (nanos, part) = self.segment(point).due(point);
        nanos + i128::from(part > 0)
    }

    /// From `from` to `to`, nanoseconds, each end being due at a whole one; negative if `to` is
    /// earlier. Saturates after 292 years.
    #[must_use]
    pub fn nanos_between(&self, from: NetTime<Server>, to: NetTime<Server>) -> i64 {
        let nanos = self.due_nanos(to) - self.due_nanos(from);
        i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
    }

    /// The rate in force at `point`.
    #[must_use]
    pub fn rate_at(&self, point: NetTime<Server>) -> TickRate {
        self.segment(point).rate
    }

    /// The rate in force in the end.
    #[must_use]
    pub fn rate(&self) -> TickRate {
        self.newest().rate
    }

    fn kept(&self) -> &[Segment] {
        &self.segments[..self.count]
    }

    fn newest(&self) -> Segment {
        self.segments[self.count - 1]
    }

    fn segment(&self, point: NetTime<Server>) -> &Segment {
        let begun = |segment: &&Segment| segment.from <= point;
        self.kept()
            .iter()
            .rev()
            .find(begun)
            .unwrap_or(&self.segments[0])
    }
}

impl Segment {
    /// When `point` is due by this rate, to 2^-64 ns, rounded up.
    fn due(&self, point: NetTime<Server>) -> (i128, u64) {
        let (nanos, part) = nanos_of((point - self.from).bits(), self.rate);
        let (part, carry) = self.part.overflowing_add(part);
        (self.nanos + nanos + i128::from(carry), part)
    }

    /// When the next rate takes over at `point`: rounded down to 2^-64 ns, but not to a whole nanosecond
    /// at which the line has not reached it.
    fn end(&self, point: NetTime<Server>) -> (i128, u64) {
        let (nanos, part) = nanos_of((self.from - point).bits(), self.rate);
        let (part, borrow) = self.part.overflowing_sub(part);
        match part {
            0 => self.due(point),
            part => (self.nanos - nanos - i128::from(borrow), part),
        }
    }

    /// Where the line is at `nanos` by this rate.
    fn at(&self, nanos: i128) -> NetTime<Server> {
        let (part, borrow) = 0u64.overflowing_sub(self.part);
        let elapsed = nanos - self.nanos - i128::from(borrow);
        self.from + Span::from_bits(ticks_of(elapsed, part, self.rate))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HZ_60: TickRate = TickRate::hz(60);

    fn rates() -> [TickRate; 4] {
        [
            HZ_60,
            TickRate::new(60_000, 1001).unwrap(),
            TickRate::hz(144),
            TickRate::hz(128),
        ]
    }

    /// How far `due` is from the exact fraction, in parts of a nanosecond: `numerator` ones.
    fn error(rate: TickRate, ticks: u64, nanos: u64) -> i128 {
        i128::from(nanos) * i128::from(rate.numerator())
            - i128::from(ticks) * i128::from(rate.denominator()) * 1_000_000_000
    }

    #[test]
    fn two_to_the_33_ticks_are_due_within_a_nanosecond() {
        for rate in rates() {
            let map = TickMap::new(Time::ZERO, NetTime::ZERO, rate);
            for ticks in (0..=1u64 << 33)
                .step_by(99_991)
                .chain((1 << 33) - 1000..=1 << 33)
            {
                let due = map.due(Tick(ticks));
                let error = error(rate, ticks, due.as_nanos());
                assert!(
                    (0..rate.numerator().into()).contains(&error),
                    "tick {ticks} at {rate}"
                );
                assert!(due.as_nanos() - rate.nanos_at(Tick(ticks)) <= 1);
                // As `at` never falls, this also says that every tick is due after the one before.
                assert_eq!(map.at(due).tick(), ticks.cast_signed());
                assert!(ticks == 0 || map.at(due.offset(-1)).tick() == ticks.cast_signed() - 1);
            }
        }
    }

    #[test]
    fn twenty_minutes_from_far_ticks_are_those_from_tick_0() {
        for (origin, rate) in [(1 << 31) - 600, (1 << 32) - 600, 1u64 << 48]
            .into_iter()
            .flat_map(|origin| rates().map(|rate| (origin, rate)))
        {
            let start = Time::from_nanos(77);
            let near = TickMap::new(start, NetTime::ZERO, rate);
            let far = TickMap::new(start, NetTime::start_of(Tick(origin)), rate);
            for tick in 0..20 * 60 * 60 {
                let due = near.due(Tick(tick));
                assert_eq!(far.due(Tick(origin + tick)), due);
                assert_eq!(far.at(due).tick(), (origin + tick).cast_signed());
            }
        }
    }

    #[test]
    fn a_rate_that_changes_and_changes_back_costs_no_time() {
        let mut map = TickMap::new(Time::from_nanos(5), NetTime::ZERO, HZ_60);
        let untouched = map;
        for round in 0..1000 {
            map.change_rate(Tick(round * 80 + 60), TickRate::hz(20))
                .unwrap();
            map.change_rate(Tick(round * 80 + 80), HZ_60).unwrap();
        }
        // Every round lasts two seconds; 60 Hz has no whole period, so a rounded change would show.
        assert_eq!(map.due(Tick(80_000)), Time::from_nanos(2_000_000_000_005));
        assert_eq!(map.due(Tick(80_001)), Time::from_nanos(2_000_016_666_672));
        assert_eq!(
            map.rate_at(NetTime::start_of(Tick(79_999))),
            TickRate::hz(20)
        );
        assert_eq!(untouched.due(Tick(60)), Time::from_nanos(1_000_000_005));
    }

    /// Changes at sixtieths of a second, of which two in three are no whole number of nanoseconds.
    #[test]
    fn whole_nanoseconds_stay_whole_over_any_number_of_changes() {
        let mut map = TickMap::new(Time::ZERO, NetTime::ZERO, HZ_60);
        let (mut tick, mut sixtieths) = (Tick::ZERO, 0_u64);
        let rates = [TickRate::hz(20), HZ_60].into_iter().cycle();
        for (round, rate) in (0..2000).zip(rates) {
            let ticks = round % 7 + 1;
            sixtieths += ticks * u64::from(60 / map.rate().numerator());
            tick += ticks;
            let before = map;
            map.change_rate(tick, rate).unwrap();
            assert_eq!(map.due(tick), before.due(tick));
            let nanos = (sixtieths * 1_000_000_000).div_ceil(60);
            assert_eq!(map.due(tick), Time::from_nanos(nanos), "change {round}");
        }
    }

    /// A relay may name any tick for a change.
    #[test]
    fn a_change_that_never_comes_moves_nothing() {
        for (slow, fast) in [(1, 1000), (1000, 1)] {
            let rate = TickRate::new(u32::MAX, u32::MAX.div_ceil(slow)).unwrap();
            let mut map = TickMap::new(Time::from_nanos(u64::MAX - 1), NetTime::ZERO, rate);
            let before = map;
            map.change_rate(Tick(u64::MAX), TickRate::hz(fast)).unwrap();
            assert_eq!(map.due(Tick(1000)), before.due(Tick(1000)));
            assert_eq!(map.due(Tick(u64::MAX)), Time::NEVER);
            assert!(map.at(Time::NEVER) < NetTime::start_of(Tick(1000)));
            assert!(map.change_rate(Tick(u64::MAX), rate).is_err());
        }
    }

    #[test]
    fn forgetting_the_oldest_rate_moves_nothing_after_it() {
        let rate = |index: u32| TickRate::new(60_000 + index, 1001).unwrap();
        let mut map = TickMap::new(Time::ZERO, NetTime::ZERO, rate(0));
        let mut exact_parts = vec![];
        for index in 1..40 {
            let before = map;
            let tick = Tick(u64::from(index) * 7);
            map.change_rate(tick, rate(index)).unwrap();
            exact_parts.push((tick, map.due(tick)));
            assert_eq!(map.due(tick), before.due(tick));
            let kept = exact_parts.len().saturating_sub(RATE_SEGMENTS_MAX);
            for (tick, due) in &exact_parts[kept..] {
                assert_eq!(map.due(*tick), *due);
            }
        }
        let error = map.change_rate(Tick(39 * 7), HZ_60);
        assert!(matches!(
            error,
            Err(TickMapError::NotLater { at: Tick(273), .. })
        ));
    }

    #[test]
    fn before_its_origin_the_line_goes_on_backwards() {
        let map = TickMap::new(Time::from_nanos(1_000_000_000), NetTime::ZERO, HZ_60);
        assert_eq!(map.at(Time::ZERO), NetTime::from_parts(-60, 0));
        assert_eq!(map.due_at(NetTime::from_parts(-61, 0)), Time::ZERO);
        assert_eq!(
            map.nanos_between(NetTime::from_parts(-120, 0), NetTime::ZERO),
            2_000_000_000
        );
        assert_eq!(map.due_at(NetTime::at(Span::MAX)), Time::NEVER);
        assert!(map.at(Time::NEVER) > NetTime::ZERO);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn at_and_due_are_each_others_inverse(
            start in 0u64..1 << 62, from in (-1i64 << 31..=1 << 60, any::<u64>()), moment in 0u64..1 << 62,
            changes in proptest::collection::vec((1u64..1 << 30, 1u32..=1_000_000, 1u32..=1000), 0..6),
            shift in -(1i64 << 40)..1 << 40,
        ) {
            let origin = NetTime::from_parts(from.0, from.1);
            let mut map = TickMap::new(Time::from_nanos(start), origin, HZ_60);
            let mut tick = Tick(u64::try_from(from.0).unwrap_or(0));
            for (ticks, denominator, hz) in changes {
                tick += ticks;
                map.change_rate(tick, TickRate::new(denominator * hz, denominator).unwrap()).unwrap();
                let due = map.due(tick);
                prop_assert!(map.at(due) >= NetTime::start_of(tick));
                prop_assert!(map.at(due.offset(-1)) < NetTime::start_of(tick));
            }
            map.shift(shift);
            let now = Time::from_nanos(moment);
            let point = map.at(now);
            prop_assert_eq!(map.due_at(point), now);
            prop_assert!(map.at(now.offset(1)) > point);
            prop_assert_eq!(map.due_at(point + Span::from_bits(1)), now.offset(1));
        }
    }
}
