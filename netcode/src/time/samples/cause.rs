//! [`Cause`]: why inputs were late, as far as their ways tell.
//!
//! The *way* of an input is its lead less its margin: how long it took, whatever the lead was. The *floor*
//! is the least way of the inputs around it, and its *surprise* is how much longer its own was. A late
//! input is blamed on the first of these without which it would have been in time: on a sleep just then, on
//! a reset that made the lead shorter, on its surprise, on the floor's *rise* over that of the seconds
//! before. On none of them: the lead was too short for any way.
//!
//! A lost datagram shows by a surprise of a tick or more, as its inputs come with the next one. So does one
//! that was overtaken: where jitter itself reaches a tick, a surprise is a loss only beyond what the
//! jitter makes.

use core::time::Duration;

use phalanx_engine::TickRate;

use super::{Happening, Samples};
use crate::time::{ResetReason, Time};

/// What made an input late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The process or the machine slept just before.
    Suspension,
    /// The clock was set just before, and its lead shorter.
    Reset,
    /// The way up became longer, and the clock had not followed yet.
    Route,
    /// Its datagram was lost or held, and it came with a later one.
    Loss,
    /// Its datagram took longer than others.
    Jitter,
    /// The lead was too short even for the shortest way.
    Lead,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Suspension,
        Self::Reset,
        Self::Route,
        Self::Loss,
        Self::Jitter,
        Self::Lead,
    ];

    /// One word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Suspension => "suspension",
            Self::Reset => "reset",
            Self::Route => "route",
            Self::Loss => "loss",
            Self::Jitter => "jitter",
            Self::Lead => "lead",
        }
    }

    /// What can be done about it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Suspension => {
                "keep the process running in the background; the clock has recovered by itself"
            }
            Self::Reset => {
                "see what came before: a link that was slow for a while, or a clock that leaps"
            }
            Self::Route => {
                "nothing, if it is rare: the clock follows; if it recurs, something else fills the uplink at those times"
            }
            Self::Loss => {
                "let late inputs weigh more, and the lead outlasts short bursts; else a cable, or less on the uplink"
            }
            Self::Jitter => {
                "let late inputs weigh more, which buys lead for latency; else a cable, or less on the uplink"
            }
            Self::Lead => {
                "normal in the first seconds; later the way up is longer than the longest lead, or the clock does not follow"
            }
        }
    }

    const fn index(self) -> usize {
        self as usize
    }
}

/// How far around an input its floor looks, nanoseconds.
const AROUND: i64 = 500_000_000;

/// For how long a clock may not yet have followed a longer way, nanoseconds.
const FOLLOWED_WITHIN: i64 = 2_000_000_000;

/// For how long what happened to a clock is to blame.
const TROUBLE: Duration = Duration::from_secs(1);

/// An input this long before a sleep may have been still to send.
const UNSENT: Duration = Duration::from_millis(250);

/// An input of whose arrival the relay told.
#[derive(Clone, Copy, Debug)]
struct Told {
    stamp: u64,
    at: Time,
    margin: i64,
    way: i64,
    surprise: i64,
    rise: i64,
    /// Whether it was sampled around a sleep.
    slept: bool,
    /// By how much resets had just made the lead shorter.
    dropped: i64,
}

/// What the ways tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    late_by: [u32; Cause::ALL.len()],
    /// The surprises of inputs that came with their own datagram.
    pub(super) jitter: Vec<i64>,
    /// Inputs that came with a later datagram, and the greatest surprise of them.
    pub(super) waited: u32,
    pub(super) waited_longest_us: i64,
    /// Most that resets made a lead shorter, of inputs that were late for it.
    pub(super) dropped_us: i64,
    /// The greatest rise that made inputs late.
    pub(super) rise_us: i64,
    /// When the first of them was sampled.
    pub(super) risen_at: Option<Time>,
    /// Most that a lead was short of even the shortest way.
    pub(super) short_us: i64,
}

impl Findings {
    pub(super) const fn late_by(&self) -> [u32; Cause::ALL.len()] {
        self.late_by
    }

    pub(super) fn of(samples: &Samples) -> Self {
        let ways = ways(samples);
        let yardstick = Yardstick::of(&ways, samples.rate());
        let mut findings = Self::default();
        for (index, told) in ways.iter().enumerate() {
            let waited = yardstick.waited(told, ways.get(index + 1));
            if !told.slept {
                findings.spread(told, waited);
            }
            if told.margin < 0 {
                findings.blame(told, waited, &yardstick);
            }
        }
        findings
    }

    fn spread(&mut self, told: &Told, waited: bool) {
        if waited {
            self.waited += 1;
            self.waited_longest_us = self.waited_longest_us.max(told.surprise);
        } else {
            self.jitter.push(told.surprise);
        }
    }

    fn blame(&mut self, told: &Told, waited: bool, yardstick: &Yardstick) {
        let late = -told.margin;
        let risen = told.rise >= yardstick.rise;
        let cause = if told.slept {
            Cause::Suspension
        } else if told.dropped >= late {
            Cause::Reset
        } else if told.surprise >= late && waited {
            Cause::Loss
        } else if told.surprise >= late {
            Cause::Jitter
        } else if risen && told.surprise + told.rise >= late {
            Cause::Route
        } else {
            Cause::Lead
        };
        self.late_by[cause.index()] += 1;
        match cause {
            Cause::Reset => self.dropped_us = self.dropped_us.max(told.dropped),
            Cause::Route => {
                self.rise_us = self.rise_us.max(told.rise);
                self.risen_at.get_or_insert(told.at);
            }
            Cause::Lead => self.short_us = self.short_us.max(late - told.surprise),
            _ => {}
        }
    }
}

/// From where on a surprise is a loss, and a rise another route.
struct Yardstick {
    tick: i64,
    loss: i64,
    rise: i64,
}

impl Yardstick {
    fn of(ways: &[Told], rate: TickRate) -> Self {
        let mut surprises: Vec<_> = ways.iter().map(|told| told.surprise).collect();
        surprises.sort_unstable();
        // What a quarter of them exceeds hardly feels the losses, and three times of it one normal
        // surprise in a thousand.
        let common = surprises.get(surprises.len() * 3 / 4).copied().unwrap_or(0);
        let tick = i64::try_from(rate.period_nanos() / 1000).unwrap_or(i64::MAX);
        Self {
            tick,
            loss: (tick - tick / 8).max(common * 3),
            rise: (tick / 8).max(common),
        }
    }

    /// Whether an input seems to have come with the next one's datagram or a later one. Of several that
    /// come at once the relay may tell of one only.
    fn waited(&self, told: &Told, next: Option<&Told>) -> bool {
        let by_itself = next
            .filter(|next| next.stamp == told.stamp + 1)
            .is_some_and(|next| {
                let later = next.at.nanos_since(told.at) / 1000 + next.way - told.way;
                later >= self.tick / 2
            });
        told.surprise >= self.loss && !by_itself
    }
}

/// The ways of all inputs that were told of.
fn ways(samples: &Samples) -> Vec<Told> {
    let troubles = Trouble::all(samples);
    let told = samples.iter().filter_map(|sample| {
        let around = || {
            let troubles = troubles.iter();
            troubles.filter(|trouble| trouble.concerns(sample.at))
        };
        let (margin, way) = (sample.margin_us?, sample.way_us()?);
        Some(Told {
            stamp: sample.stamp.0,
            at: sample.at,
            margin: margin.into(),
            way,
            surprise: 0,
            rise: 0,
            slept: around().any(|trouble| trouble.dropped.is_none()),
            dropped: around().filter_map(|trouble| trouble.dropped).sum(),
        })
    });
    let mut ways: Vec<_> = told.collect();
    for index in 0..ways.len() {
        let Told { at, way, .. } = ways[index];
        let until = |within| {
            let until = ways[..=index].iter().rev();
            until.take_while(move |told| at.nanos_since(told.at) <= within)
        };
        let from = ways[index..].iter();
        let (before, after) = (
            Side::of(until(AROUND)),
            Side::of(from.take_while(|told| told.at.nanos_since(at) <= AROUND)),
        );
        let floor = before.floor(after);
        let earlier = Side::of(until(FOLLOWED_WITHIN)).least;
        ways[index].surprise = way - floor;
        ways[index].rise = (floor - earlier).max(0);
    }
    ways
}

/// So few inputs may all have come with a later datagram.
const FEW: u32 = 8;

/// The inputs on one side of one, itself among them.
#[derive(Clone, Copy)]
struct Side {
    least: i64,
    inputs: u32,
}

impl Side {
    fn of<'a>(told: impl Iterator<Item = &'a Told>) -> Self {
        let none = Self {
            least: i64::MAX,
            inputs: 0,
        };
        told.fold(none, |side, told| Self {
            least: side.least.min(told.way),
            inputs: side.inputs + 1,
        })
    }

    /// Where the route changes, the least of both sides would be that of the shorter route also where the
    /// longer one is used: each side has to hold a short way. At the ends of what is known one must do.
    fn floor(self, other: Self) -> i64 {
        if self.inputs.min(other.inputs) < FEW {
            self.least.min(other.least)
        } else {
            self.least.max(other.least)
        }
    }
}

/// What happened to the clock, and when inputs were sampled that it may have made late.
struct Trouble {
    from: Time,
    until: Time,
    /// By how much it made the lead shorter; `None` if it was a sleep.
    dropped: Option<i64>,
}

impl Trouble {
    fn all(samples: &Samples) -> Vec<Self> {
        let events = samples.events();
        let troubles = events.filter_map(|(when, happening)| Self::of(samples, when, happening));
        troubles.collect()
    }

    fn of(samples: &Samples, when: Time, happening: Happening) -> Option<Self> {
        let until = when + TROUBLE;
        match happening {
            Happening::Suspended { gap_us } => Some(Self {
                from: when - Duration::from_micros(gap_us) - UNSENT,
                until,
                dropped: None,
            }),
            Happening::Reset { reason, .. } => match reason {
                ResetReason::First => None,
                ResetReason::Suspended => Some(Self {
                    from: when,
                    until,
                    dropped: None,
                }),
                ResetReason::Threshold | ResetReason::Replaced => {
                    let after = samples.inputs.partition_point(|sample| sample.at < when);
                    let lead = |index: usize| Some(i64::from(samples.inputs.get(index)?.lead_us));
                    let (before, after) = (after.checked_sub(1).and_then(lead)?, lead(after)?);
                    Some(Self {
                        from: when,
                        until,
                        dropped: Some((before - after).max(0)),
                    })
                }
            },
            Happening::Skipped { .. } => None,
        }
    }

    fn concerns(&self, at: Time) -> bool {
        (self.from..=self.until).contains(&at)
    }
}
