//! [`Reporter`]: what one client is told of its way up.

use super::reception::Reception;
use crate::limits::PATH_REPORT_INTERVAL;
use crate::wire::{Arrival, Arrivals, PathReport};

/// Gathers what is to be reported, until it was told often enough.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reporter {
    /// What is not told twice yet; of more than a datagram tells the newest.
    arrivals: Arrivals,
    /// So many of the oldest were told once.
    told: usize,
    reception: Reception,
    /// Datagrams to the client since it was told of its own.
    since_path: u32,
}

impl Reporter {
    /// Inputs came new.
    pub(crate) fn arrived(&mut self, arrival: Arrival) {
        if self.arrivals.push(arrival) {
            self.told = self.told.saturating_sub(1);
        }
    }

    /// A datagram came with these low bits of its number.
    pub(crate) fn received(&mut self, number: u16) {
        self.reception.receive(number);
    }

    /// The totals, if the next datagram is one that carries them.
    pub(crate) fn path(&mut self) -> Option<PathReport> {
        self.since_path = (self.since_path + 1) % PATH_REPORT_INTERVAL;
        (self.since_path == 0).then(|| self.reception.report())
    }

    /// What goes into the next datagram: every arrival in two of them, so that a lost one does not
    /// hide it.
    pub(crate) fn arrivals(&mut self) -> Arrivals {
        let arrivals = self.arrivals;
        self.arrivals.forget(self.told);
        self.told = self.arrivals.as_slice().len();
        arrivals
    }
}

#[cfg(test)]
mod tests {
    use phalanx_engine::Tick;
    use proptest::prelude::*;

    use super::*;
    use crate::limits::ARRIVALS_PER_DATAGRAM_MAX;

    fn arrival(tick: u64) -> Arrival {
        Arrival {
            first: Tick(tick),
            count: 1,
            margin_us: 0,
        }
    }

    fn ticks(told: &Arrivals) -> Vec<u64> {
        let ticks = told.as_slice().iter().map(|arrival| arrival.first.0);
        ticks.collect()
    }

    #[test]
    fn every_arrival_is_told_twice_in_a_row() {
        let mut reporter = Reporter::default();
        let mut told = Vec::new();
        for tick in 0..3 {
            reporter.arrived(arrival(tick));
            told.push(ticks(&reporter.arrivals()));
        }
        told.push(ticks(&reporter.arrivals()));
        told.push(ticks(&reporter.arrivals()));
        assert_eq!(told, [vec![0], vec![0, 1], vec![1, 2], vec![2], vec![]]);
    }

    #[test]
    fn totals_are_told_now_and_then() {
        let mut reporter = Reporter::default();
        let mut told = Vec::new();
        for number in 0..60 {
            if number != 20 {
                reporter.received(number);
            }
            told.extend(reporter.path());
        }
        let report = |received, lost, bursts| PathReport {
            received,
            lost,
            bursts,
        };
        assert_eq!(told, [report(0, 0, 0), report(0, 0, 0), report(16, 0, 0)]);
        (60..64).for_each(|number| reporter.received(number));
        told.extend((0..4).filter_map(|_| reporter.path()));
        assert_eq!(told.last(), Some(&report(31, 1, 1)));
    }

    proptest! {
        /// Against a slow model: each arrival with how often it was told, without a bound but one
        /// that is kept by dropping the oldest.
        #[test]
        fn of_too_many_the_oldest_are_not_told(orders in prop::collection::vec(0_u64..25, 1..40)) {
            let (mut reporter, mut model, mut next) = (Reporter::default(), Vec::new(), 0);
            for come in orders {
                for tick in next..next + come {
                    reporter.arrived(arrival(tick));
                    model.push((tick, 0));
                }
                next += come;
                let dropped = model.len().saturating_sub(ARRIVALS_PER_DATAGRAM_MAX);
                model.drain(..dropped);
                model.iter_mut().for_each(|(_, told)| *told += 1);
                let expected: Vec<_> = model.iter().map(|(tick, _)| *tick).collect();
                prop_assert_eq!(ticks(&reporter.arrivals()), expected);
                model.retain(|(_, told)| *told < 2);
            }
        }
    }
}
