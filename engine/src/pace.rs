//! [`Pace`]: how fast a session runs, and the change of it that is to come.

use crate::State;
use crate::session::Entry;
use crate::tick::{Tick, TickRate};

/// A change of the tick rate.
#[derive(State, Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateChange {
    /// The first tick at the new rate.
    pub at: Tick,
    /// The new rate.
    pub rate: TickRate,
}

/// The tick rate in force, and the change that is to come, if there is one.
///
/// It follows from the entries of the sealed frames alone, in the order of their ticks, so that
/// whoever has the frames and no game knows it, too: the relay, for its deadlines, and a client for its
/// clock, which has to hear of a change before it executes the frame that names it.
///
/// ```
/// use phalanx_engine::{Entry, Pace, RateChange, Tick, TickRate};
///
/// let (at, rate) = (Tick(300), TickRate::hz(20));
/// let mut pace = Pace::new(TickRate::hz(60));
/// assert_eq!(pace.begin(Tick(60), &[Entry::Rate { at, rate }]), Some(RateChange { at, rate }));
/// pace.begin(Tick(299), &[]);
/// assert_eq!(pace.rate(), TickRate::hz(60));
/// pace.begin(Tick(300), &[]);
/// assert_eq!(pace.rate(), TickRate::hz(20));
/// ```
#[derive(State, Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    rate: TickRate,
    pending: Option<RateChange>,
}

impl Pace {
    /// A session's pace before its first tick, `rate` being that of its [`Setup`](crate::Setup).
    #[must_use]
    pub const fn new(rate: TickRate) -> Self {
        Self {
            rate,
            pending: None,
        }
    }

    /// Begins `tick`, whose sealed frame has these entries: first the pending change takes effect, if
    /// it is for this tick, then what the entries name becomes pending, and is returned.
    ///
    /// A change that is not for a later tick, or that comes while another one is pending, changes
    /// nothing. So what was once returned happens, and each at a later tick than the one before: a
    /// clock is told of a change once, and never that it is off again.
    pub fn begin(&mut self, tick: Tick, entries: &[Entry]) -> Option<RateChange> {
        if let Some(due) = self.pending.take_if(|change| change.at <= tick) {
            self.rate = due.rate;
        }
        if self.pending.is_some() {
            return None;
        }
        self.pending = entries.iter().find_map(|entry| match *entry {
            Entry::Rate { at, rate } if at > tick => Some(RateChange { at, rate }),
            _ => None,
        });
        self.pending
    }

    /// The rate in force at the tick that was begun last.
    #[must_use]
    pub const fn rate(&self) -> TickRate {
        self.rate
    }

    /// The change that is to come.
    #[must_use]
    pub const fn pending(&self) -> Option<RateChange> {
        self.pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Slot;

    const HZ_20: TickRate = TickRate::hz(20);
    const HZ_60: TickRate = TickRate::hz(60);

    fn change(at: u64, rate: TickRate) -> (Entry, RateChange) {
        let at = Tick(at);
        (Entry::Rate { at, rate }, RateChange { at, rate })
    }

    #[test]
    fn a_change_takes_effect_at_its_tick() {
        let mut pace = Pace::new(HZ_60);
        let (entry, told) = change(7, HZ_20);
        assert_eq!(
            pace.begin(Tick(3), &[Entry::Join(Slot(0)), entry]),
            Some(told)
        );
        assert_eq!((pace.rate(), pace.pending()), (HZ_60, Some(told)));
        for tick in Tick(4).until(Tick(7)) {
            assert_eq!(pace.begin(tick, &[]), None);
            assert_eq!(pace.rate(), HZ_60, "tick {tick}");
        }
        pace.begin(Tick(7), &[]);
        assert_eq!((pace.rate(), pace.pending()), (HZ_20, None));
    }

    #[test]
    fn a_change_for_a_tick_that_is_not_later_changes_nothing() {
        let mut pace = Pace::new(HZ_60);
        for at in [0, 4, 5] {
            let (entry, _) = change(at, HZ_20);
            assert_eq!(pace.begin(Tick(5), &[entry]), None);
            assert_eq!(pace, Pace::new(HZ_60), "for tick {at}");
        }
        let (late, _) = change(5, HZ_20);
        let (fits, told) = change(6, HZ_20);
        assert_eq!(pace.begin(Tick(5), &[late, fits]), Some(told));
    }

    #[test]
    fn while_one_is_pending_another_changes_nothing() {
        let mut pace = Pace::new(HZ_60);
        let ((first, told), (second, _)) = (change(6, HZ_20), change(9, TickRate::hz(30)));
        assert_eq!(pace.begin(Tick(2), &[first, second]), Some(told));
        assert_eq!(pace.begin(Tick(3), &[second]), None);
        assert_eq!(pace.pending(), Some(told));
        // At its tick it is no longer pending: the next one may be named there.
        let (third, told) = change(7, HZ_60);
        assert_eq!(pace.begin(Tick(6), &[third]), Some(told));
        assert_eq!((pace.rate(), pace.pending()), (HZ_20, Some(told)));
    }
}
