//! [`Pace`]: how fast a session runs, whether it does, and the changes of it that are to come.

use crate::State;
use crate::session::Entry;
use crate::tick::{Tick, TickRate};

/// How much faster than real time a session runs: a fraction. The rules do not notice: a tick is as much of
/// the game's time as before, only sooner over.
#[derive(State, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
    /// So many times as fast,
    pub numerator: u16,
    /// and so many times as slow.
    pub denominator: u16,
}

impl Speed {
    /// As fast as real time.
    pub const NORMAL: Self = Self::times(1);

    /// So many times as fast.
    #[must_use]
    pub const fn times(numerator: u16) -> Self {
        Self {
            numerator,
            denominator: 1,
        }
    }

    /// Ticks per second of real time, at `rate` ticks per second of the game's; `None` if there are
    /// [none such](TickRate::new).
    #[must_use]
    pub fn of(self, rate: TickRate) -> Option<TickRate> {
        let numerator = u64::from(rate.numerator()) * u64::from(self.numerator);
        let denominator = u64::from(rate.denominator()) * u64::from(self.denominator);
        let common = greatest_common_divisor(numerator, denominator).max(1);
        let numerator = u32::try_from(numerator / common).ok()?;
        let denominator = u32::try_from(denominator / common).ok()?;
        TickRate::new(numerator, denominator).ok()
    }
}

/// Euclid's algorithm.
const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A change of the tick rate or of the speed.
#[derive(State, Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceChange {
    /// The first tick at which it is in force.
    pub at: Tick,
    /// Ticks per second of the game's time from then on.
    pub rate: TickRate,
    /// How fast that passes.
    pub speed: Speed,
}

impl PaceChange {
    /// Ticks per second of real time.
    #[must_use]
    pub fn real_rate(&self) -> TickRate {
        // One without is never pending.
        self.speed.of(self.rate).unwrap_or(self.rate)
    }
}

/// The tick rate and the speed in force, whether the session is paused, and what is to change.
///
/// It follows from the entries of the sealed frames alone, in the order of their ticks, so that
/// whoever has the frames and no game knows it, too: the relay, for its deadlines, and a client for its
/// clock, which has to hear of a change before it executes the frame that names it.
///
/// ```
/// use phalanx_engine::{Entry, Pace, PaceChange, Speed, Tick, TickRate};
///
/// let (at, rate, speed) = (Tick(300), TickRate::hz(20), Speed::NORMAL);
/// let mut pace = Pace::new(TickRate::hz(60));
/// let change = pace.begin(Tick(60), &[Entry::Rate { at, rate }]);
/// assert_eq!(change, Some(PaceChange { at, rate, speed }));
/// pace.begin(Tick(299), &[]);
/// assert_eq!(pace.rate(), TickRate::hz(60));
/// pace.begin(Tick(300), &[Entry::Pause { at: Tick(320) }]);
/// assert_eq!(pace.rate(), TickRate::hz(20));
/// assert!(!pace.paused());
/// pace.begin(Tick(320), &[]);
/// assert!(pace.paused());
/// ```
#[derive(State, Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    rate: TickRate,
    speed: Speed,
    pending: Option<PaceChange>,
    paused: bool,
    /// From when on it is paused if it is not, and is not if it is.
    turns: Option<Tick>,
}

impl Pace {
    /// A session's pace before its first tick, `rate` being that of its [`Setup`](crate::Setup).
    #[must_use]
    pub const fn new(rate: TickRate) -> Self {
        Self {
            rate,
            speed: Speed::NORMAL,
            pending: None,
            paused: false,
            turns: None,
        }
    }

    /// Begins `tick`, whose sealed frame has these entries: first the pending changes take effect, if
    /// they are for this tick, then what the entries name becomes pending. Returns the change of rate or
    /// speed that became so.
    ///
    /// A change that is not for a later tick, or that comes while another one of its kind is pending
    /// (rate and speed are one kind, pausing and going on the other), changes
    /// nothing. So what was once returned happens, and each at a later tick than the one before: a
    /// clock is told of a change once, and never that it is off again. Nor does a pause of what is
    /// paused, or a rate that at the speed in force is none.
    pub fn begin(&mut self, tick: Tick, entries: &[Entry]) -> Option<PaceChange> {
        if let Some(due) = self.pending.take_if(|change| change.at <= tick) {
            (self.rate, self.speed) = (due.rate, due.speed);
        }
        if self.turns.take_if(|at| *at <= tick).is_some() {
            self.paused = !self.paused;
        }
        let mut told = None;
        for entry in entries {
            let (at, rate, speed) = match *entry {
                Entry::Rate { at, rate } => (at, rate, self.speed),
                Entry::Speed { at, speed } => (at, self.rate, speed),
                Entry::Pause { at } => {
                    self.turn(tick, at, true);
                    continue;
                }
                Entry::Resume { at } => {
                    self.turn(tick, at, false);
                    continue;
                }
                _ => continue,
            };
            if self.pending.is_none() && at > tick && speed.of(rate).is_some() {
                self.pending = Some(PaceChange { at, rate, speed });
                told = self.pending;
            }
        }
        told
    }

    fn turn(&mut self, tick: Tick, at: Tick, pauses: bool) {
        if self.turns.is_none() && at > tick && self.paused != pauses {
            self.turns = Some(at);
        }
    }

    /// The tick rate in force at the tick that was begun last.
    #[must_use]
    pub const fn rate(&self) -> TickRate {
        self.rate
    }

    /// The speed in force.
    #[must_use]
    pub const fn speed(&self) -> Speed {
        self.speed
    }

    /// Ticks per second of real time.
    #[must_use]
    pub fn real_rate(&self) -> TickRate {
        self.speed.of(self.rate).unwrap_or(self.rate)
    }

    /// The change of rate or speed that is to come.
    #[must_use]
    pub const fn pending(&self) -> Option<PaceChange> {
        self.pending
    }

    /// Whether the tick that was begun last is of a pause: it is not executed.
    #[must_use]
    pub const fn paused(&self) -> bool {
        self.paused
    }

    /// Whether `tick`, the one after that which was begun last, is of a pause.
    #[must_use]
    pub fn pauses(&self, tick: Tick) -> bool {
        self.paused != self.turns.is_some_and(|at| at <= tick)
    }

    /// The tick from which on the session stands still or goes on, whichever it does not do now; `None`
    /// if that is not to change.
    #[must_use]
    pub const fn turns(&self) -> Option<Tick> {
        self.turns
    }

    /// Whether what is pending is for ticks after `tick`, as it is once that was begun.
    pub(crate) fn is_after(&self, tick: Tick) -> bool {
        let pending = self.pending.map(|change| change.at).into_iter();
        let mut changes = pending.chain(self.turns());
        changes.all(|at| at > tick)
            && self
                .pending
                .is_none_or(|change| change.speed.of(change.rate).is_some())
            && self.speed.of(self.rate).is_some()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::session::Slot;

    const HZ_20: TickRate = TickRate::hz(20);
    const HZ_60: TickRate = TickRate::hz(60);

    fn change(at: u64, rate: TickRate) -> (Entry, PaceChange) {
        let (at, speed) = (Tick(at), Speed::NORMAL);
        (Entry::Rate { at, rate }, PaceChange { at, rate, speed })
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

    #[test]
    fn a_session_stands_still_from_one_tick_to_another() {
        let mut pace = Pace::new(HZ_60);
        let (pause, resume) = (Entry::Pause { at: Tick(4) }, Entry::Resume { at: Tick(9) });
        // It is not paused yet, and cannot go on.
        assert_eq!(pace.begin(Tick(0), &[resume, pause]), None);
        for tick in Tick(1).until(Tick(14)) {
            assert_eq!(
                pace.turns().is_some(),
                [1..=4, 7..=9].iter().any(|at| at.contains(&tick.0))
            );
            let at = |tick: u64| Tick(tick);
            let entries = match tick.0 {
                2 => vec![Entry::Pause { at: at(3) }],
                6 => vec![
                    Entry::Pause { at: at(7) },
                    resume,
                    Entry::Resume { at: at(7) },
                ],
                8 => vec![Entry::Resume { at: at(20) }],
                _ => vec![],
            };
            let foretold = pace.pauses(tick);
            pace.begin(tick, &entries);
            assert_eq!(pace.paused(), (4..9).contains(&tick.0), "tick {tick}");
            assert_eq!(foretold, pace.paused(), "tick {tick}");
        }
    }

    #[test]
    fn a_speed_changes_how_fast_ticks_come_and_not_what_they_are() {
        let mut pace = Pace::new(HZ_60);
        let speed = Speed {
            numerator: 3,
            denominator: 2,
        };
        let told = pace
            .begin(Tick(0), &[Entry::Speed { at: Tick(2), speed }])
            .unwrap();
        assert_eq!(told.real_rate(), TickRate::hz(90));
        assert_eq!(pace.real_rate(), HZ_60);
        pace.begin(Tick(2), &[]);
        assert_eq!((pace.rate(), pace.speed()), (HZ_60, speed));
        assert_eq!(pace.real_rate(), TickRate::hz(90));
        // The speed stays as it is when the rate changes.
        let told = pace.begin(Tick(3), &[change(5, HZ_20).0]).unwrap();
        assert_eq!((told.speed, told.real_rate()), (speed, TickRate::hz(30)));
    }

    #[test]
    fn a_speed_at_which_there_are_no_ticks_changes_nothing() {
        let mut pace = Pace::new(HZ_60);
        for (numerator, denominator) in [(0, 1), (1, 0), (0, 0), (1, 61), (17, 1), (u16::MAX, 1)] {
            let speed = Speed {
                numerator,
                denominator,
            };
            let entry = Entry::Speed { at: Tick(9), speed };
            assert_eq!(pace.begin(Tick(1), &[entry]), None, "{speed:?}");
        }
        assert_eq!(pace, Pace::new(HZ_60));
        let fits = Entry::Speed {
            at: Tick(9),
            speed: Speed::times(16),
        };
        assert!(pace.begin(Tick(1), &[fits]).is_some());
    }
}
