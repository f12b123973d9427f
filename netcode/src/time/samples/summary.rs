//! [`Summary`]: what samples come to.

use core::time::Duration;

use phalanx_engine::TickRate;

use super::cause::Findings;
use super::{Cause, Happening, Quantiles, Sample, Samples};
use crate::time::ResetReason;

/// What the samples of a clock come to: only of the inputs that were kept, and of what happened since the first
/// of them. Times are microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Ticks per second.
    pub rate: TickRate,
    /// From the first input to the last one.
    pub length: Duration,
    /// Inputs stamped.
    pub inputs: u32,
    /// Of those the relay told when they arrived.
    pub told: u32,
    /// Of those came after their deadline.
    pub late: u32,
    /// Older than the newest one of which the relay told, but not told of: the report was lost, or told
    /// of another one.
    pub untold: u32,
    /// How long before their deadline inputs arrived.
    pub slack_us: Option<Quantiles>,
    /// How long before their deadline they were sampled, as the client believed.
    pub lead_us: Option<Quantiles>,
    /// The one less the other: how long the way up took, and how wrong the client is about the deadline.
    pub way_us: Option<Quantiles>,
    /// How much longer the way was than the shortest one around it, of inputs that came with their own
    /// datagram.
    pub jitter_us: Option<Quantiles>,
    /// How much faster than the tick rate the clock ran, millionths.
    pub scale_ppm: Option<Quantiles>,
    /// Ticks that were predicted.
    pub depth_ticks: Option<Quantiles>,
    /// Input delay, ticks.
    pub delay_ticks: Option<Quantiles>,
    /// Inputs that seem to have come only with a later datagram, in time or not.
    pub waited: u32,
    /// Most that such a one came later than others.
    pub waited_longest_us: i64,
    /// Ticks that were not executed when due.
    pub stalls: u32,
    /// How often the clock was set, the first time not counted.
    pub resets: u32,
    /// How often the process or the machine slept.
    pub suspensions: u32,
    /// For how long at most.
    pub asleep_longest: Duration,
    /// Ticks left out by updates that came too late.
    pub skipped_ticks: u64,
    pub(super) late_by: [u32; Cause::ALL.len()],
    pub(super) dropped_us: i64,
    pub(super) rise_us: i64,
    /// From the first input on.
    pub(super) risen_after: Option<Duration>,
    pub(super) short_us: i64,
}

impl Samples {
    /// What they come to. This allocates and takes milliseconds: not for every tick.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut findings = Findings::of(self);
        let first = self.inputs.front().copied().unwrap_or_default();
        let last = self.inputs.back().copied().unwrap_or_default();
        let margins = || self.iter().filter_map(|sample| sample.margin_us);
        let silent = self.iter().rev();
        let silent = silent.skip_while(|sample| sample.margin_us.is_none());
        let mut summary = Summary {
            rate: self.rate,
            length: last.at.since(first.at),
            inputs: count(self.iter()),
            told: count(margins()),
            late: count(margins().filter(|margin| *margin < 0)),
            untold: count(silent.filter(|sample| sample.margin_us.is_none())),
            slack_us: self.spread(|sample| sample.margin_us.map(i64::from)),
            lead_us: self.spread(|sample| Some(sample.lead_us.into())),
            way_us: self.spread(Sample::way_us),
            jitter_us: Quantiles::of(&mut findings.jitter),
            scale_ppm: self.spread(|sample| Some(sample.scale_ppm.into())),
            depth_ticks: self.spread(|sample| Some(sample.depth.into())),
            delay_ticks: self.spread(|sample| Some(sample.delay.into())),
            waited: findings.waited,
            waited_longest_us: findings.waited_longest_us,
            stalls: last.stalls.saturating_sub(first.stalls),
            resets: 0,
            suspensions: 0,
            asleep_longest: Duration::ZERO,
            skipped_ticks: 0,
            late_by: findings.late_by(),
            dropped_us: findings.dropped_us,
            rise_us: findings.rise_us,
            risen_after: findings.risen_at.map(|at| at.since(first.at)),
            short_us: findings.short_us,
        };
        // Events are kept for longer than inputs: of a long session there are older ones.
        let since = self.events().filter(|(at, _)| *at >= first.at);
        since.for_each(|(_, happening)| summary.count(happening));
        summary
    }

    fn spread(&self, value: impl Fn(&Sample) -> Option<i64>) -> Option<Quantiles> {
        let mut values: Vec<_> = self.iter().filter_map(value).collect();
        Quantiles::of(&mut values)
    }
}

impl Summary {
    fn count(&mut self, happening: Happening) {
        match happening {
            Happening::Reset {
                reason: ResetReason::First,
                ..
            } => {}
            Happening::Reset { .. } => self.resets += 1,
            Happening::Suspended { gap_us } => {
                self.suspensions += 1;
                self.asleep_longest = self.asleep_longest.max(Duration::from_micros(gap_us));
            }
            Happening::Skipped { ticks } => {
                self.skipped_ticks = self.skipped_ticks.saturating_add(ticks);
            }
        }
    }

    /// What made inputs late, and how many, the heaviest first.
    #[must_use]
    pub fn causes(&self) -> Vec<(Cause, u32)> {
        let pairs = Cause::ALL.into_iter().zip(self.late_by);
        let mut causes: Vec<_> = pairs.filter(|(_, late)| *late > 0).collect();
        causes.sort_by_key(|(_, late)| core::cmp::Reverse(*late));
        causes
    }
}

/// The rings hold a few thousand.
fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
