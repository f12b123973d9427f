//! What the relay tells a client of its way up: when its inputs came, and which datagrams did not.

use phalanx_engine::Tick;

use super::WireError;
use super::bits::{BitReader, BitWriter};
use crate::limits::{ARRIVALS_PER_DATAGRAM_MAX, INPUTS_PER_DATAGRAM_MAX};
use crate::time::{NetTime, TickMap};

/// Inputs that came new in one datagram: those of the ticks `first..first + count`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) first: Tick,
    /// How many, at least one.
    pub(crate) count: u64,
    /// Microseconds from their arrival to the deadline of `first`; negative if it was late.
    pub(crate) margin_us: i64,
}

impl Arrival {
    /// The tick after the last.
    pub(crate) fn end(&self) -> Tick {
        self.first + self.count
    }

    /// Nanoseconds to the deadline of one of its ticks, by the ticks' lengths in `map`.
    pub(crate) fn margin_ns(self, tick: Tick, map: &TickMap) -> i64 {
        let first = self.margin_us.saturating_mul(1000);
        if tick == self.first {
            return first; // As a rule the only one.
        }
        let [begin, end] = [self.first, tick].map(NetTime::start_of);
        first.saturating_add(map.nanos_between(begin, end))
    }
}

/// The newest arrivals of one client, the oldest first. An input comes new once, so the ticks of a
/// later arrival lie behind those of an earlier one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Arrivals {
    list: [Arrival; ARRIVALS_PER_DATAGRAM_MAX],
    count: usize,
}

impl Arrivals {
    pub(crate) fn as_slice(&self) -> &[Arrival] {
        &self.list[..self.count]
    }

    /// Forgets the `count` oldest.
    pub(crate) fn forget(&mut self, count: usize) {
        self.list.copy_within(count..self.count, 0);
        self.count -= count;
    }

    /// Adds one at the end; returns whether the oldest had to go for it.
    pub(crate) fn push(&mut self, arrival: Arrival) -> bool {
        let full = self.count == ARRIVALS_PER_DATAGRAM_MAX;
        if full {
            self.forget(1);
        }
        self.list[self.count] = arrival;
        self.count += 1;
        full
    }

    /// Writes them, the newest first: each as the distance to the one after it, the very newest to
    /// `inputs_next`. Most are of one input, and the next follows at once: a bit says so.
    pub(crate) fn put(&self, inputs_next: Tick, bits: &mut BitWriter<'_>) {
        let mut end = inputs_next;
        for arrival in self.as_slice().iter().rev() {
            let behind = end.since(arrival.end()).max(0).unsigned_abs();
            let usual = behind == 0 && arrival.count == 1;
            bits.put_bool(true);
            bits.put_bool(usual);
            if !usual {
                bits.put_count(behind);
                bits.put_count(arrival.count);
            }
            bits.put_signed(arrival.margin_us);
            end = arrival.first;
        }
        bits.put_bool(false);
    }

    /// Reads what [`Arrivals::put`] wrote: all lie before `inputs_next`, none beside another.
    pub(crate) fn take(inputs_next: Tick, bits: &mut BitReader<'_>) -> Result<Self, WireError> {
        let mut arrivals = Self::default();
        let mut end = inputs_next.0;
        while bits.take_bool()? {
            if arrivals.count == ARRIVALS_PER_DATAGRAM_MAX {
                return Err(WireError::OutOfRange("the number of arrivals"));
            }
            let (behind, count) = if bits.take_bool()? {
                (0, 1)
            } else {
                (bits.take_count()?, bits.take_count()?)
            };
            if !(1..=INPUTS_PER_DATAGRAM_MAX).contains(&count) {
                return Err(WireError::OutOfRange("the number of inputs that arrived"));
            }
            let first = end
                .checked_sub(behind)
                .and_then(|end| end.checked_sub(count));
            end = first.ok_or(WireError::OutOfRange("the tick of an arrival"))?;
            arrivals.list[arrivals.count] = Arrival {
                first: Tick(end),
                count,
                margin_us: bits.take_signed()?,
            };
            arrivals.count += 1;
        }
        arrivals.list[..arrivals.count].reverse();
        Ok(arrivals)
    }
}

impl PartialEq for Arrivals {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Arrivals {}

/// What became of a client's datagrams so far, in the order of their numbers: of all before one that
/// is [`PathReport::counted`]. Running totals, as in the receiver reports of RTP (RFC 3550, section
/// 6.4.1), so that a lost report hides nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PathReport {
    pub(crate) received: u64,
    pub(crate) lost: u64,
    /// Runs of lost ones: their mean length is `lost / bursts`.
    pub(crate) bursts: u64,
}

impl PathReport {
    /// How many are told of.
    pub(crate) const fn counted(&self) -> u64 {
        self.received.saturating_add(self.lost)
    }

    pub(crate) fn put(&self, bits: &mut BitWriter<'_>) {
        bits.put_count(self.received);
        bits.put_count(self.lost);
        bits.put_count(self.bursts);
    }

    /// Reads what [`PathReport::put`] wrote; the numbers fit together.
    pub(crate) fn take(bits: &mut BitReader<'_>) -> Result<Self, WireError> {
        let report = Self {
            received: bits.take_count()?,
            lost: bits.take_count()?,
            bursts: bits.take_count()?,
        };
        // Each burst holds a lost one at least.
        let whole = report.received.checked_add(report.lost).is_some();
        if whole && report.bursts <= report.lost && (report.bursts > 0 || report.lost == 0) {
            Ok(report)
        } else {
            Err(WireError::OutOfRange("a count of datagrams"))
        }
    }
}

#[cfg(test)]
mod tests {
    use phalanx_engine::TickRate;
    use proptest::prelude::*;

    use super::*;
    use crate::time::Time;

    /// Arrivals as they come about, and the relay's next tick: runs with holes between them.
    fn arrivals() -> impl Strategy<Value = (Arrivals, Tick)> {
        let hole = prop_oneof![4 => Just(0), 1 => 1_u64..300];
        let count = prop_oneof![4 => Just(1), 1 => 1..=INPUTS_PER_DATAGRAM_MAX];
        let margin = prop_oneof![-20_000..20_000_i64, any::<i64>()];
        let runs = prop::collection::vec((hole, count, margin), 0..=ARRIVALS_PER_DATAGRAM_MAX);
        (0..u64::MAX / 2, runs, 0_u64..3).prop_map(|(mut next, runs, behind)| {
            let mut arrivals = Arrivals::default();
            for (hole, count, margin_us) in runs {
                let first = Tick(next + hole);
                arrivals.push(Arrival {
                    first,
                    count,
                    margin_us,
                });
                next = first.0 + count;
            }
            (arrivals, Tick(next + behind))
        })
    }

    fn written(arrivals: &Arrivals, next: Tick) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut bits = BitWriter::new(&mut bytes);
        arrivals.put(next, &mut bits);
        bits.finish();
        bytes
    }

    fn map(hz: u32) -> TickMap {
        TickMap::new(Time::ZERO, NetTime::ZERO, TickRate::hz(hz))
    }

    #[test]
    fn what_comes_every_tick_is_short() {
        let mut arrivals = Arrivals::default();
        for tick in 998..1000 {
            arrivals.push(Arrival {
                first: Tick(tick),
                count: 1,
                margin_us: 8000,
            });
        }
        let bytes = written(&arrivals, Tick(1000));
        assert_eq!(bytes.len(), 5, "two bits and two bytes each, and a bit");
    }

    #[test]
    fn each_tick_has_its_own_deadline() {
        let map = map(60);
        let arrival = Arrival {
            first: Tick(1),
            count: 3,
            margin_us: -20_000,
        };
        assert_eq!(arrival.end(), Tick(4));
        let margins = [1, 2, 3].map(|tick| arrival.margin_ns(Tick(tick), &map));
        assert_eq!(margins, [-20_000_000, -3_333_333, 13_333_333]);
    }

    /// What a liar may write, and what the reader says.
    #[test]
    fn lies_are_refused() {
        let refused = |next: u64, runs: &[(u64, u64)]| {
            let mut bytes = Vec::new();
            let mut bits = BitWriter::new(&mut bytes);
            for (behind, count) in runs {
                bits.put_bool(true);
                bits.put_bool(false);
                bits.put_count(*behind);
                bits.put_count(*count);
                bits.put_signed(0);
            }
            bits.put_bool(false);
            bits.finish();
            Arrivals::take(Tick(next), &mut BitReader::new(&bytes)).err()
        };
        let range = |what| Some(WireError::OutOfRange(what));
        assert_eq!(refused(400, &[(0, 128); 3]), None);
        assert_eq!(refused(16, &[(0, 1); 16]), None);
        assert_eq!(refused(17, &[(0, 1); 17]), range("the number of arrivals"));
        let inputs = "the number of inputs that arrived";
        assert_eq!(refused(400, &[(0, 0)]), range(inputs));
        assert_eq!(refused(400, &[(0, 129)]), range(inputs));
        assert_eq!(refused(400, &[(0, u64::MAX)]), range(inputs));
        let tick = "the tick of an arrival";
        assert_eq!(refused(5, &[(0, 6)]), range(tick));
        assert_eq!(refused(5, &[(u64::MAX, 1)]), range(tick));
        assert_eq!(refused(5, &[(1, 2), (0, 3)]), range(tick));
    }

    #[test]
    fn totals_fit_together() {
        let read = |received, lost, bursts| {
            let report = PathReport {
                received,
                lost,
                bursts,
            };
            let mut bytes = Vec::new();
            let mut bits = BitWriter::new(&mut bytes);
            report.put(&mut bits);
            bits.finish();
            let read = PathReport::take(&mut BitReader::new(&bytes));
            assert!(read.is_err() || read == Ok(report));
            read.is_ok()
        };
        assert!(read(0, 0, 0) && read(u64::MAX, 0, 0) && read(5, 3, 1) && read(0, 3, 3));
        assert!(!read(5, 3, 0), "lost in no burst");
        assert!(!read(5, 3, 4), "a burst of none");
        assert!(!read(5, 0, 1), "a burst of none");
        assert!(!read(u64::MAX, 1, 1), "more than can be numbered");
    }

    proptest! {
        #[test]
        fn arrivals_come_back((arrivals, next) in arrivals()) {
            let bytes = written(&arrivals, next);
            let mut bits = BitReader::new(&bytes);
            prop_assert_eq!(Arrivals::take(next, &mut bits), Ok(arrivals));
            prop_assert_eq!(bits.finish(), Ok(()));
            for cut in 0..bytes.len() {
                let read = Arrivals::take(next, &mut BitReader::new(&bytes[..cut]));
                prop_assert!(read.is_err() || bytes[cut..].iter().all(|byte| *byte == 0));
            }
        }

        /// Whatever is read lies in order, before the relay's next tick, within the limits.
        #[test]
        fn any_bytes_are_arrivals_or_refused(bytes: Vec<u8>, next: u64) {
            if let Ok(arrivals) = Arrivals::take(Tick(next), &mut BitReader::new(&bytes)) {
                let list = arrivals.as_slice();
                let ends = list.iter().skip(1).map(|arrival| arrival.first);
                for (arrival, limit) in list.iter().zip(ends.chain([Tick(next)])) {
                    prop_assert!(arrival.count >= 1 && arrival.end() <= limit);
                    let map = map(1000);
                    let mut ticks = 0;
                    for tick in arrival.first.until(arrival.end()) {
                        let _ = arrival.margin_ns(tick, &map);
                        ticks += 1;
                    }
                    prop_assert_eq!(ticks, arrival.count);
                }
            }
        }

        /// A full list forgets the oldest, and says so.
        #[test]
        fn the_newest_stay(count in 0_u64..40, forget in 0_usize..16) {
            let (mut arrivals, mut model) = (Arrivals::default(), Vec::new());
            for tick in 0..count {
                let arrival = Arrival { first: Tick(tick), count: 1, margin_us: 0 };
                model.push(arrival);
                let dropped = model.len() > ARRIVALS_PER_DATAGRAM_MAX;
                prop_assert_eq!(arrivals.push(arrival), dropped);
                model.drain(..usize::from(dropped));
            }
            let forget = forget.min(model.len());
            arrivals.forget(forget);
            prop_assert_eq!(arrivals.as_slice(), &model[forget..]);
        }
    }
}
