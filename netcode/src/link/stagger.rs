//! [`Stagger`]: whether each datagram of inputs goes out a second time, a part of a tick later.

use core::time::Duration;

use crate::limits::RESEND_INTERVAL;
use crate::time::Time;
use crate::wire::PathReport;

/// Datagrams over which loss is measured, twice as many while each is sent twice: at the rate that is
/// worth a copy two are lost among them, and seven seconds at 60 Hz are soon enough.
const WINDOW: u64 = 400;

/// Below this loss, per thousand, twice the datagrams buy too little.
const LOSS_PER_MILLE_MIN: u64 = 5;

/// Lost datagrams per burst, as a fraction, up to which a loss at the distance of a tick counts as
/// single: a quarter of the losses follow another. Nearly as many do by chance at the highest loss that
/// a game is played over.
const SINGLE: (u64, u64) = (4, 3);

/// Lost datagrams per burst from which the copies are lost with what they copy: a third of the losses
/// follow another at the mean distance, and nearly half at that of a copy, the shorter one of two.
const COVERED: (u64, u64) = (3, 2);

/// The copy comes this fraction of a tick later, 6.25 ms at 60 Hz: far enough for many a burst to be over,
/// and clearly sooner than the next tick's datagram, which holds the same inputs.
const DISTANCE: (u64, u64) = (3, 8);

/// After losses that covered the copies they are not tried again for this long.
const REST: Duration = Duration::from_secs(30);

/// What a client knows of its way up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PathStats {
    /// Datagrams of inputs sent.
    pub sent: u64,
    /// Lost ones among those that the relay has told of.
    pub lost: u64,
    /// Runs of lost ones.
    pub bursts: u64,
    /// Whether datagrams are sent twice at present.
    pub duplicating: bool,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    /// Once each; not otherwise before this moment.
    Once(Time),
    Twice,
}

/// Decides from the relay's counts how often datagrams are sent, and when.
///
/// Every datagram carries all that is not acknowledged: that outlasts any burst, but what is lost comes a
/// tick later, with the next one. A copy saves most of that tick if the loss of one datagram says little about
/// the next. So copies are sent, one for each datagram with a new input at the most, while at least
/// [`LOSS_PER_MILLE_MIN`] is lost and losses are single. They are numbered like all others, and
/// losses are then measured at the shorter distance: if they come in bursts that cover the copies, these stop,
/// and are tried again after [`REST`] at the earliest.
///
/// Why not always: where loss comes in bursts of time, copies double the packets for nothing. How
/// receivers tell bursts from single losses: RFC 3611, section 4.7.2.
#[derive(Clone, Debug)]
pub(crate) struct Stagger {
    mode: Mode,
    sent: u64,
    /// Whether the next datagram carries an input for the first time.
    fresh: bool,
    /// Whether the last one is to be sent again.
    again: bool,
    newest: PathReport,
    /// Where the present window begins; none while what is told of was sent at another distance.
    begin: Option<PathReport>,
    /// The first datagram that was sent in this mode.
    since: u64,
}

impl Default for Stagger {
    fn default() -> Self {
        Self {
            mode: Mode::Once(Time::ZERO),
            sent: 0,
            fresh: false,
            again: false,
            newest: PathReport::default(),
            begin: Some(PathReport::default()),
            since: 0,
        }
    }
}

impl Stagger {
    /// How many datagrams were sent; the number of the next one.
    pub(crate) const fn sent(&self) -> u64 {
        self.sent
    }

    pub(crate) const fn stats(&self) -> PathStats {
        PathStats {
            sent: self.sent,
            lost: self.newest.lost,
            bursts: self.newest.bursts,
            duplicating: matches!(self.mode, Mode::Twice),
        }
    }

    /// Whether the next datagram copies the last one: all in it but inputs and commands can wait.
    pub(crate) const fn copies(&self) -> bool {
        self.again && !self.fresh
    }

    /// There is a new input for the next datagram.
    pub(crate) fn stamped(&mut self) {
        self.fresh = true;
    }

    /// A datagram goes out; says how long after it the next one follows if nothing new comes before. `period`
    /// is a tick, nanoseconds.
    pub(crate) fn send(&mut self, period: u64) -> Duration {
        self.sent += 1;
        let new = core::mem::take(&mut self.fresh);
        self.again = new && matches!(self.mode, Mode::Twice);
        if self.again {
            let (part, whole) = DISTANCE;
            Duration::from_nanos(period * part / whole).min(RESEND_INTERVAL)
        } else {
            RESEND_INTERVAL
        }
    }

    /// Takes the relay's totals. More than was sent is a lie.
    pub(crate) fn report(&mut self, now: Time, report: PathReport) -> bool {
        if report.counted() > self.sent {
            return false;
        }
        if report.counted() <= self.newest.counted() {
            return true; // Overtaken, or nothing new.
        }
        self.newest = report;
        if let Some(begin) = self.begin {
            if report.counted() - begin.counted() >= WINDOW {
                self.judge(now, begin);
            }
        } else if report.counted() >= self.since {
            self.begin = Some(report);
        }
        true
    }

    /// Goes over to the other mode if the losses since `begin`, of a window at least, speak for it.
    fn judge(&mut self, now: Time, begin: PathReport) {
        let counted = self.newest.counted() - begin.counted();
        let lost = self.newest.lost.saturating_sub(begin.lost);
        let bursts = self.newest.bursts.saturating_sub(begin.bursts);
        let worth = lost * 1000 >= counted * LOSS_PER_MILLE_MIN;
        let per_burst = |(losses, of): (u64, u64)| (lost * of).cmp(&(bursts * losses));
        let mode = match self.mode {
            Mode::Once(from) if worth && from <= now && per_burst(SINGLE).is_le() => Mode::Twice,
            Mode::Twice if worth && per_burst(COVERED).is_ge() => Mode::Once(now + REST),
            Mode::Twice if counted < 2 * WINDOW => return,
            Mode::Twice if !worth => Mode::Once(now),
            _ => {
                self.begin = Some(self.newest);
                return;
            }
        };
        self.mode = mode;
        self.since = self.sent;
        self.begin = None;
    }

    /// One that does not look at what is lost, for comparison.
    #[cfg(test)]
    pub(crate) fn fixed(twice: bool) -> Self {
        let mode = if twice {
            Mode::Twice
        } else {
            Mode::Once(Time::ZERO)
        };
        Self {
            mode,
            begin: None,
            since: u64::MAX,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A tick at 60 Hz, nanoseconds.
    const PERIOD: u64 = 16_666_666;

    /// A stagger, its clock, and a relay that counts at once and tells every 16th time.
    struct Path {
        stagger: Stagger,
        now: Time,
        totals: PathReport,
        losing: bool,
    }

    impl Path {
        fn new() -> Self {
            Self {
                stagger: Stagger::default(),
                now: Time::from_nanos(5_000_000_000),
                totals: PathReport::default(),
                losing: false,
            }
        }

        fn twice(&self) -> bool {
            self.stagger.stats().duplicating
        }

        fn send(&mut self, lost: bool) -> Duration {
            let pause = self.stagger.send(PERIOD);
            self.totals.received += u64::from(!lost);
            self.totals.lost += u64::from(lost);
            self.totals.bursts += u64::from(lost && !self.losing);
            self.losing = lost;
            if self.stagger.sent().is_multiple_of(16) {
                assert!(self.stagger.report(self.now, self.totals));
            }
            pause
        }

        /// Plays `ticks` ticks; `lost` says so of the n-th datagram from now on.
        fn play(&mut self, ticks: u64, lost: impl Fn(u64) -> bool) {
            let from = self.stagger.sent();
            for _ in 0..ticks {
                self.stagger.stamped();
                let twice = self.twice();
                let pause = self.send(lost(self.stagger.sent() - from));
                assert_eq!(pause < RESEND_INTERVAL, twice);
                assert_eq!(self.stagger.copies(), twice);
                if twice {
                    let again = self.send(lost(self.stagger.sent() - from));
                    assert_eq!(again, RESEND_INTERVAL, "not a third time");
                    assert!(!self.stagger.copies());
                }
                self.now += Duration::from_nanos(PERIOD);
            }
        }
    }

    fn every(count: u64) -> impl Fn(u64) -> bool {
        move |number| number % count == count - 1
    }

    /// `length` in a row of every `count`.
    fn runs(count: u64, length: u64) -> impl Fn(u64) -> bool {
        move |number| number % count < length
    }

    #[test]
    fn single_losses_are_answered_and_their_end_is_seen() {
        let mut path = Path::new();
        path.play(399, every(40));
        assert!(!path.twice(), "not yet measured");
        path.play(1, every(40));
        assert!(path.twice());
        path.stagger.stamped();
        assert_eq!(path.send(false), Duration::from_nanos(PERIOD * 3 / 8));
        path.play(2000, every(40));
        assert!(path.twice(), "while there is loss");
        path.play(840, |_| false);
        assert!(!path.twice());
        path.play(800, every(40));
        assert!(path.twice(), "and at once when it comes back");
    }

    #[test]
    fn a_short_quiet_does_not_end_it() {
        let mut path = Path::new();
        path.play(400, every(40));
        assert!(path.twice());
        path.play(380, |_| false);
        assert!(path.twice());
        path.play(40, |_| false);
        assert!(!path.twice());
    }

    #[test]
    fn half_a_percent_is_where_it_begins() {
        for (count, twice) in [(200, true), (201, false)] {
            let mut path = Path::new();
            path.play(400, every(count));
            assert_eq!(path.twice(), twice, "one of {count}");
        }
    }

    #[test]
    fn bursts_at_the_distance_of_a_tick_are_not_answered() {
        let mut path = Path::new();
        path.play(4000, runs(60, 2));
        assert_eq!(path.stagger.sent(), 4000);
        path.play(4000, |number| runs(60, 2)(number) || number % 60 == 30);
        assert_eq!(path.stagger.sent(), 8000, "nor where every second is one");
    }

    #[test]
    fn bursts_that_cover_the_copies_end_it_for_half_a_minute() {
        let mut path = Path::new();
        path.play(400, every(40));
        assert!(path.twice());
        // Half of 400 datagrams fit into 200 ticks; 16 of them until they are told of.
        path.play(224, runs(50, 2));
        assert!(!path.twice());
        let rest = 30 * 60 - 20;
        path.play(rest, every(40));
        assert!(!path.twice());
        path.play(420, every(40));
        assert!(path.twice(), "then it is tried again");
    }

    #[test]
    fn what_was_sent_at_another_distance_is_not_judged() {
        let mut path = Path::new();
        path.play(399, every(40));
        // Sent in the old way, and told of after the change: two of three lost.
        (0..60).for_each(|_| {
            path.stagger.send(PERIOD);
        });
        let report = |received, lost, bursts| PathReport {
            received,
            lost,
            bursts,
        };
        assert!(path.stagger.report(path.now, report(390, 10, 10)));
        assert!(path.twice());
        for told in [report(405, 25, 18), report(409, 50, 28)] {
            assert!(path.stagger.report(path.now, told));
            path.totals = told;
        }
        path.play(190, every(40));
        assert!(path.twice(), "these alone are no window yet");
        path.play(100, every(40));
        assert!(
            path.twice(),
            "and with those that count it is one of single losses"
        );
    }

    #[test]
    fn lies_are_refused_and_old_reports_ignored() {
        let mut path = Path::new();
        path.play(100, every(10));
        let report = |received, lost| PathReport {
            received,
            lost,
            bursts: lost,
        };
        assert!(!path.stagger.report(path.now, report(100, 1)));
        assert!(!path.stagger.report(path.now, report(u64::MAX, 0)));
        assert!(!path.stagger.report(path.now, report(u64::MAX, u64::MAX)));
        let stats = path.stagger.stats();
        assert!(path.stagger.report(path.now, report(0, 50)));
        assert_eq!(path.stagger.stats(), stats);
        assert!(path.stagger.report(path.now, report(0, 100)));
        assert_eq!(path.stagger.stats().lost, 100);
    }

    proptest! {
        /// Whatever a relay tells: at the most two datagrams for each input, nothing else happens.
        #[test]
        fn any_reports_are_taken_or_refused(
            orders in prop::collection::vec((0_u64..1000, 0_u64..400, 0_u64..400, 0_u64..400), 0..60),
        ) {
            let (mut path, mut ticks) = (Path::new(), 0);
            for (play, received, lost, bursts) in orders {
                for _ in 0..play {
                    path.stagger.stamped();
                    let again = path.stagger.send(PERIOD) < RESEND_INTERVAL;
                    prop_assert_eq!(again, path.twice());
                    if again {
                        prop_assert_eq!(path.stagger.send(PERIOD), RESEND_INTERVAL);
                    }
                }
                ticks += play;
                path.totals.received += received;
                path.totals.lost += lost;
                path.totals.bursts = path.totals.bursts / 2 + bursts;
                if !path.stagger.report(path.now, path.totals) {
                    path.totals = path.stagger.newest;
                }
            }
            prop_assert!(path.stagger.sent() <= 2 * ticks);
        }
    }
}
