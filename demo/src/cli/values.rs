//! Values of flags, and how they are written.

use core::fmt;
use core::net::SocketAddr;
use core::num::IntErrorKind;
use core::str::FromStr;
use core::time::Duration;

use phalanx_engine::{Slot, Tick, TickRate};

use crate::clock::rules::RuleName;
use crate::clock::scenario::Scenario;

/// Most seeds of a benchmark: more prove nothing new.
const SEEDS_MAX: u32 = 1000;

/// Most threads of `simulate`.
const THREADS_MAX: u32 = 256;

/// A length of time, as in `20s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length(pub Duration);

impl Length {
    /// How many ticks it lasts, rounded down.
    #[must_use]
    pub fn ticks(self, rate: TickRate) -> u64 {
        rate.tick_at(u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX))
            .0
    }
}

impl FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit = text.strip_prefix(digits).unwrap_or_default();
        let Ok(count) = digits.parse::<u64>() else {
            return Err(
                "a duration is a whole number and its unit, such as 500ms, 20s, 3m or 1h".into(),
            );
        };
        let millis = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "" => {
                return Err(format!(
                    "a duration has a unit: use {count}s, or --ticks {count}"
                ));
            }
            _ => {
                return Err(format!(
                    "`{unit}` is no unit of time: use {count}ms, {count}s, {count}m or {count}h"
                ));
            }
        };
        let millis = count
            .checked_mul(millis)
            .filter(|millis| *millis < MILLIS_MAX);
        millis
            .map(|millis| Self(Duration::from_millis(millis)))
            .ok_or_else(|| "a duration is shorter than ten years: use 87000h".into())
    }
}

/// A seed.
pub(super) fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// How many players; how many a game has is not known here.
pub(super) fn players(text: &str) -> Result<u8, String> {
    whole(text)
        .map(|count| u8::try_from(count).unwrap_or(u8::MAX))
        .ok_or_else(|| "players are counted in whole numbers: use 2".into())
}

/// Soldiers; how many there may be is for the game to say.
pub(super) fn units(text: &str) -> Result<u32, String> {
    whole(text)
        .map(|count| u32::try_from(count).unwrap_or(u32::MAX))
        .ok_or_else(|| "units are counted in whole numbers: use 64".into())
}

/// A window; how long it may be is not known here.
pub(super) fn few_ticks(text: &str) -> Result<u32, String> {
    whole(text)
        .map(|count| u32::try_from(count).unwrap_or(u32::MAX))
        .ok_or_else(|| "ticks are counted in whole numbers: use 8".into())
}

/// A time to wait.
pub(super) fn seconds(text: &str) -> Result<u32, String> {
    whole(text)
        .map(|count| u32::try_from(count).unwrap_or(u32::MAX))
        .ok_or_else(|| "seconds are counted in whole numbers: use 30".into())
}

/// How many lines at most.
pub(super) fn count(text: &str) -> Result<u32, String> {
    whole(text)
        .map(|count| u32::try_from(count).unwrap_or(u32::MAX))
        .ok_or_else(|| "differences are counted in whole numbers: use 20".into())
}

/// A scenario of the benchmark of clock rules.
pub(super) fn scenario(text: &str) -> Result<Scenario, String> {
    Scenario::named(text).ok_or_else(|| {
        let names = Scenario::all().into_iter().map(|scenario| scenario.name);
        unknown("scenario", &names.collect::<Vec<_>>())
    })
}

/// A rule of the benchmark of clock rules.
pub(super) fn rule(text: &str) -> Result<RuleName, String> {
    RuleName::named(text).ok_or_else(|| unknown("rule", &RuleName::ALL.map(RuleName::name)))
}

fn unknown(noun: &str, names: &[&str]) -> String {
    format!("there is no such {noun}: use one of {}", names.join(", "))
}

/// How many seeds.
pub(super) fn seeds(text: &str) -> Result<u32, String> {
    let seeds = whole(text).and_then(|seeds| u32::try_from(seeds).ok());
    seeds
        .filter(|seeds| (1..=SEEDS_MAX).contains(seeds))
        .ok_or_else(|| format!("seeds are counted from 1 to {SEEDS_MAX}: use --seeds 5"))
}

/// How many cases.
pub(super) fn cases(text: &str) -> Result<u64, String> {
    let cases = whole(text).filter(|cases| *cases > 0);
    cases.ok_or_else(|| "cases are counted from 1: use --cases 2000".into())
}

/// How many threads.
pub(super) fn threads(text: &str) -> Result<u32, String> {
    let threads = whole(text).and_then(|threads| u32::try_from(threads).ok());
    threads
        .filter(|threads| (1..=THREADS_MAX).contains(threads))
        .ok_or_else(|| format!("threads are counted from 1 to {THREADS_MAX}: use --threads 2"))
}

/// A length in ticks.
pub(super) fn ticks(text: &str) -> Result<u64, String> {
    whole(text).ok_or_else(|| "ticks are counted in whole numbers: use 1200".into())
}

/// A whole number, or the largest there is if it is larger.
fn whole(text: &str) -> Option<u64> {
    match text.parse::<u64>() {
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => Some(u64::MAX),
        count => count.ok(),
    }
}

/// A UDP address.
pub(super) fn addr(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "an address is IP:PORT, such as 127.0.0.1:4777 or [::1]:4777; names are not looked up"
            .into()
    })
}

/// Ten years, beyond which nanoseconds would not fit.
const MILLIS_MAX: u64 = 10 * 365 * 24 * 3_600_000;

/// Input delay; how long it may be is not known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// So many ticks.
    Ticks(u32),
    /// As many as the path takes, by measure.
    Auto,
}

impl FromStr for Delay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        whole(text)
            .map(|count| Self::Ticks(u32::try_from(count).unwrap_or(u32::MAX)))
            .ok_or_else(|| {
                "a delay is counted in whole numbers of ticks, or measured: use 2, or auto".into()
            })
    }
}

/// What the relay does about a late input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Waits for so many milliseconds after the deadline.
    Wait(u32),
    /// Repeats the last one for so many ticks.
    Repeat(u32),
    /// Makes it neutral.
    Neutral,
}

impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, number) = text.split_once(':').unwrap_or((text, ""));
        let number = (!number.is_empty()).then(|| number.parse::<u32>());
        match (kind, number) {
            ("wait", Some(Ok(millis))) => Ok(Self::Wait(millis)),
            ("wait", _) => Err("it waits for milliseconds: use wait:100".into()),
            ("repeat", Some(Ok(ticks))) => Ok(Self::Repeat(ticks)),
            ("repeat", _) => Err("it repeats for ticks: use repeat:30".into()),
            ("neutral", None) => Ok(Self::Neutral),
            ("neutral", _) => Err("it has no number: use neutral".into()),
            _ => Err("there are: wait:MS, repeat:TICKS and neutral".into()),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wait(millis) => write!(f, "wait:{millis}"),
            Self::Repeat(ticks) => write!(f, "repeat:{ticks}"),
            Self::Neutral => f.write_str("neutral"),
        }
    }
}

/// Where a world is changed on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlantAt {
    /// Whose.
    pub slot: Slot,
    /// After which tick's step.
    pub tick: Tick,
}

impl FromStr for PlantAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('@');
        let parsed = parts.and_then(|(slot, tick)| Some((slot.parse().ok()?, tick.parse().ok()?)));
        let (slot, tick) = parsed.ok_or("a fault is planted at SLOT@TICK: use 1@300")?;
        Ok(Self {
            slot: Slot(slot),
            tick: Tick(tick),
        })
    }
}

impl fmt::Display for PlantAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.slot, self.tick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_units() {
        let length = |text: &str| text.parse::<Length>().map(|length| length.0.as_millis());
        assert_eq!(length("250ms"), Ok(250));
        assert_eq!(length("20s"), Ok(20_000));
        assert_eq!(length("3m"), Ok(180_000));
        assert_eq!(length("1h"), Ok(3_600_000));
        for (text, hint) in [
            ("20", "use 20s, or --ticks 20"),
            ("20d", "use 20ms, 20s, 20m or 20h"),
            ("s", "such as 500ms"),
            ("", "such as 500ms"),
            ("-3s", "such as 500ms"),
            ("1.5s", "such as 500ms"),
            ("99999999999999999h", "use 87000h"),
        ] {
            let error = length(text).unwrap_err();
            assert!(error.contains(hint), "{text}: {error}");
        }
        assert_eq!(
            Length(Duration::from_secs(20)).ticks(TickRate::hz(60)),
            1200
        );
    }

    #[test]
    fn policies_read_back() {
        for policy in [Policy::Wait(100), Policy::Repeat(30), Policy::Neutral] {
            assert_eq!(policy.to_string().parse(), Ok(policy));
        }
        for (text, hint) in [
            ("wait", "wait:100"),
            ("repeat:x", "repeat:30"),
            ("neutral:1", "use neutral"),
            ("hope", "wait:MS, repeat:TICKS and neutral"),
        ] {
            let error = text.parse::<Policy>().unwrap_err();
            assert!(error.contains(hint), "{text}: {error}");
        }
    }

    #[test]
    fn delays_are_ticks_or_auto() {
        assert_eq!("0".parse(), Ok(Delay::Ticks(0)));
        assert_eq!("99999999999999999999".parse(), Ok(Delay::Ticks(u32::MAX)));
        assert_eq!("auto".parse(), Ok(Delay::Auto));
        for text in ["", "-1", "1.5", "Auto", "automatic", "2 ticks"] {
            let error = text.parse::<Delay>().unwrap_err();
            assert!(error.contains("use 2, or auto"), "{text}: {error}");
        }
    }

    #[test]
    fn plants_read_back() {
        let plant = "1@300".parse::<PlantAt>().unwrap();
        assert_eq!((plant.slot, plant.tick), (Slot(1), Tick(300)));
        assert_eq!(plant.to_string(), "1@300");
        for text in ["", "1", "1@", "@3", "300@1", "1@-1"] {
            assert!(
                text.parse::<PlantAt>().unwrap_err().contains("use 1@300"),
                "{text}"
            );
        }
    }
}
