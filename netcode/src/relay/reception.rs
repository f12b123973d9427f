//! [`Reception`]: which datagrams of one client arrived, by their running numbers.

use phalanx_engine::Tick;

use crate::time::low16;
use crate::wire::PathReport;

/// A datagram that has not come when so many later ones are known of is lost: half a second at 60 Hz,
/// more than any order that is worth waiting for.
const REORDER_WINDOW: u32 = u32::BITS;

/// Counts what arrived and what was lost, in the order in which it was sent, however it came.
///
/// As a receiver of RTP does for its reports (RFC 3550, section 6.4.1 and appendix A.3), but each number
/// counts once, and runs of lost ones are counted, too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reception {
    /// The number after the newest that came. The first datagram is number 0.
    next: u64,
    /// Which of the last [`REORDER_WINDOW`] before `next` came; the newest is the lowest bit.
    came: u32,
    /// Whether the last one that was counted was lost.
    losing: bool,
    report: PathReport,
}

impl Reception {
    /// What became of all datagrams that are older than the window.
    pub(crate) const fn report(&self) -> PathReport {
        self.report
    }

    /// A datagram came; `number` is the low 16 bits of its number, and stands for the nearest to the
    /// next (RFC 1982). One from before the window counts as lost already.
    pub(crate) fn receive(&mut self, number: u16) {
        let ahead = number.wrapping_sub(low16(Tick(self.next))).cast_signed();
        if ahead >= 0 {
            self.pass(u64::from(ahead.unsigned_abs()) + 1);
        }
        let back = if ahead >= 0 {
            0
        } else {
            !ahead.cast_unsigned()
        };
        self.came |= 1_u32.checked_shl(back.into()).unwrap_or(0);
    }

    /// Moves the window on by `count` numbers, and counts those that leave it.
    fn pass(&mut self, count: u64) {
        let within = count.min(REORDER_WINDOW.into());
        for _ in 0..within {
            let oldest = self.came >> (REORDER_WINDOW - 1) == 1;
            // Before the first datagram there are none to be lost.
            if self.next >= u64::from(REORDER_WINDOW) {
                self.count(oldest, 1);
            }
            self.came <<= 1;
            self.next += 1;
        }
        // Of those that come and go at once none arrived.
        self.count(false, count - within);
        self.next += count - within;
    }

    fn count(&mut self, came: bool, count: u64) {
        if count == 0 {
            return;
        }
        if came {
            self.report.received += count;
        } else {
            self.report.lost += count;
            self.report.bursts += u64::from(!self.losing);
        }
        self.losing = !came;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reception(numbers: impl IntoIterator<Item = u64>) -> PathReport {
        let mut reception = Reception::default();
        for number in numbers {
            reception.receive(low16(Tick(number)));
        }
        reception.report()
    }

    fn report(received: u64, lost: u64, bursts: u64) -> PathReport {
        PathReport {
            received,
            lost,
            bursts,
        }
    }

    #[test]
    fn gaps_are_lost_and_runs_of_them_are_bursts() {
        // Of the first 100 every tenth, and 50 to 54; the window is behind them.
        let lost = |number: &u64| number.is_multiple_of(10) || (50..55).contains(number);
        let numbers = (0..100 + 32).filter(|number| *number >= 100 || !lost(number));
        assert_eq!(reception(numbers), report(86, 14, 10));
        assert_eq!(reception(0..32), report(0, 0, 0), "nothing is known yet");
        assert_eq!(reception(0..33), report(1, 0, 0));
        assert_eq!(reception([40]), report(0, 9, 1), "also before the first");
    }

    #[test]
    fn what_is_late_by_less_than_the_window_is_not_lost() {
        let late = |by: u64| (0..10).chain(11..10 + by).chain([10]).chain(10 + by..100);
        assert_eq!(reception(late(32)), report(68, 0, 0));
        assert_eq!(reception(late(33)), report(67, 1, 1));
    }

    #[test]
    fn a_long_outage_is_one_burst() {
        let numbers = (0..100).chain(30_000..30_040);
        assert_eq!(reception(numbers), report(108, 29_900, 1));
    }

    proptest! {
        /// Numbers in any order, some twice, from anywhere, against a list of all of them.
        #[test]
        fn it_counts_what_a_list_says(
            steps in prop::collection::vec((prop_oneof![8 => Just(1_u64), 3 => 1_u64..40, 1 => 1_u64..30_000], 0_u64..45), 1..300),
        ) {
            let (mut sent, mut numbers) = (0, Vec::new());
            for (skip, back) in steps {
                sent += skip;
                numbers.push(sent - 1);
                numbers.push((sent - 1).saturating_sub(back));
            }
            let (mut came, mut next) = (vec![false; usize::try_from(sent).unwrap()], 0);
            for number in &numbers {
                next = next.max(number + 1);
                // Who leaves the window is lost, and comes too late.
                came[usize::try_from(*number).unwrap()] |= *number + 32 >= next;
            }
            let counted = &came[..came.len().saturating_sub(32)];
            let received = counted.iter().filter(|came| **came).count() as u64;
            let bursts = counted.chunk_by(|a, b| a == b).filter(|run| !run[0]).count() as u64;
            let lost = counted.len() as u64 - received;
            prop_assert_eq!(reception(numbers), report(received, lost, bursts));
        }

        /// Whatever a liar numbers: the totals are in order, and it costs little.
        #[test]
        fn any_numbers_are_counted(numbers: Vec<u16>) {
            let mut reception = Reception::default();
            let mut before = reception.report();
            for number in numbers {
                reception.receive(number);
                let now = reception.report();
                prop_assert!(now.bursts <= now.lost && now.counted() >= before.counted());
                before = now;
            }
        }
    }
}
