//! [`Fairness`]: what the relay counted of a slot, for people and for programs.

use phalanx_engine::Slot;
use phalanx_netcode::{Relay, SlotStats};
use serde::Serialize;

use crate::summary::Thousandths;

/// Of one slot. The fields are the keys of the JSON object, in its order.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Fairness {
    slot: u8,
    real: u64,
    repeated: u64,
    neutral: u64,
    absent: u64,
    bot: u64,
    paused: u64,
    late: u64,
    came_late: u64,
    latest_ms: Thousandths,
    held_up: u64,
    waited_ms: Thousandths,
    lost: u64,
    returned: u64,
}

/// A player of whose ticks others decided so many of a hundred is told of.
const WORTH_TELLING_PERCENT: u64 = 1;

/// Heads of the table.
const HEADS: [&str; 14] = [
    "slot",
    "own",
    "repeated",
    "neutral",
    "absent",
    "computer",
    "paused",
    "late",
    "came",
    "latest ms",
    "held up",
    "waited ms",
    "lost",
    "back",
];

impl Fairness {
    /// Of every slot, by the relay.
    pub(crate) fn of_relay(relay: &Relay) -> Vec<Self> {
        let slots = Slot::all(relay.config().setup.slots);
        let stats: Vec<_> = slots.filter_map(|slot| relay.slot_stats(slot)).collect();
        Self::all(&stats)
    }

    /// Of every slot, in the order of slots.
    pub(crate) fn all(stats: &[SlotStats]) -> Vec<Self> {
        (0..)
            .zip(stats)
            .map(|(slot, stats)| Self::of(slot, stats))
            .collect()
    }

    fn of(slot: u8, stats: &SlotStats) -> Self {
        Self {
            slot,
            real: stats.real,
            repeated: stats.repeated,
            neutral: stats.neutral,
            absent: stats.absent,
            bot: stats.bot,
            paused: stats.paused,
            late: stats.late,
            came_late: stats.came_late,
            latest_ms: Thousandths::millis(stats.latest),
            held_up: stats.held_up,
            waited_ms: Thousandths::millis(stats.waited),
            lost: stats.lost,
            returned: stats.returned,
        }
    }

    /// Ticks at which a player had it.
    const fn played(&self) -> u64 {
        self.real + self.repeated + self.neutral
    }

    /// Whether its player decided, or was to decide, any tick.
    pub(crate) const fn was_played(&self) -> bool {
        self.played() > 0
    }

    /// Ticks that its player was to decide and did not.
    pub(crate) const fn late(&self) -> u64 {
        self.late
    }

    /// A line for each slot, below one of heads.
    pub(crate) fn table(slots: &[Self]) -> String {
        let heads = core::iter::once(HEADS.map(String::from));
        let lines: Vec<_> = heads.chain(slots.iter().map(Self::cells)).collect();
        let widths: [usize; HEADS.len()] = core::array::from_fn(|column| {
            let cells = lines.iter().map(|cells| cells[column].len());
            cells.max().unwrap_or(0)
        });
        let line = |cells: &[String; HEADS.len()]| {
            let cells = cells.iter().zip(widths);
            let cells: Vec<_> = cells
                .map(|(cell, width)| format!("{cell:>width$}"))
                .collect();
            cells.join("  ")
        };
        lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn cells(&self) -> [String; HEADS.len()] {
        [
            self.slot.to_string(),
            self.real.to_string(),
            self.repeated.to_string(),
            self.neutral.to_string(),
            self.absent.to_string(),
            self.bot.to_string(),
            self.paused.to_string(),
            self.late.to_string(),
            self.came_late.to_string(),
            self.latest_ms.to_string(),
            self.held_up.to_string(),
            self.waited_ms.to_string(),
            self.lost.to_string(),
            self.returned.to_string(),
        ]
    }

    /// What is worth telling of some slots, in a line; nothing if all were served alike.
    pub(crate) fn told(slots: &[Self]) -> Option<String> {
        let told: Vec<_> = slots.iter().filter_map(Self::words).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    fn words(&self) -> Option<String> {
        let mut said = Vec::new();
        let played = self.played();
        if self.late > 0 && self.late * 100 >= played * WORTH_TELLING_PERCENT {
            let (late, came, latest) = (self.late, self.came_late, self.latest_ms);
            said.push(format!(
                "{late} of {played} inputs late, of which {came} came, at most {latest} ms after the deadline"
            ));
        }
        if self.held_up > 0 {
            said.push(format!("the others waited {} ms for it", self.waited_ms));
        }
        if self.lost > 0 {
            said.push(format!(
                "connection lost: {}, back: {}",
                self.lost, self.returned
            ));
        }
        (!said.is_empty()).then(|| format!("slot {}: {}", self.slot, said.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    fn fair() -> SlotStats {
        SlotStats {
            real: 1_000,
            neutral: 1,
            late: 9,
            ..SlotStats::default()
        }
    }

    #[test]
    fn only_what_is_worth_it_is_told() {
        let mut slots = [fair(), fair()];
        assert_eq!(Fairness::told(&Fairness::all(&slots)), None);
        slots[1] = SlotStats {
            real: 90,
            repeated: 10,
            late: 10,
            came_late: 8,
            latest: Duration::from_micros(12_500),
            held_up: 2,
            waited: Duration::from_millis(120),
            lost: 1,
            ..SlotStats::default()
        };
        let words = "slot 1: 10 of 100 inputs late, of which 8 came, at most 12.500 ms after the deadline, \
            the others waited 120.000 ms for it, connection lost: 1, back: 0";
        assert_eq!(
            Fairness::told(&Fairness::all(&slots)).as_deref(),
            Some(words)
        );
    }

    #[test]
    fn a_table_has_a_line_for_each_slot() {
        let slots = [
            fair(),
            SlotStats {
                bot: u64::MAX,
                ..fair()
            },
        ];
        let table = Fairness::table(&Fairness::all(&slots));
        let ends: Vec<_> = table.lines().map(str::len).collect();
        assert!(
            ends.len() == 3 && ends[0] == ends[1] && ends[1] == ends[2],
            "{table}"
        );
        let lines = table.lines().map(|line| line.split_whitespace().collect());
        let lines: Vec<Vec<_>> = lines.collect();
        assert_eq!(
            lines[1],
            [
                "0", "1000", "0", "1", "0", "0", "0", "9", "0", "0.000", "0", "0.000", "0", "0"
            ]
        );
        assert_eq!(lines[2][5], u64::MAX.to_string());
    }
}
