//! [`Preset`]: the named networks of the program's `--net`.

use core::fmt;
use core::num::NonZeroU32;
use core::str::FromStr;
use core::time::Duration;

use super::conditions::{Holds, LinkConditions, Ramps};

/// A named kind of network: the conditions of each direction of a client's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Preset {
    /// A cable: 1 ms, 100 Mbit/s, no loss.
    Lan,
    /// A home's radio: 15 ms, 0.5 % loss, and holds of 20-120 ms about every 5 s.
    Wifi,
    /// A telephone: 40 ms, 2 % loss, and ramps of +150 ms every 30 s.
    Mobile,
    /// Another continent: 90 ms, 0.5 % loss.
    Far,
    /// What nobody should play on: 100 ms, 10 % loss, 1 Mbit/s.
    Awful,
}

/// One row of the table of presets: milliseconds, except for the jitter in microseconds; fractions
/// in 1/10,000; then kbit/s.
struct Row {
    delay_ms: u64,
    jitter_us: u64,
    loss: (u32, u64),
    duplicate: u32,
    reorder: u32,
    kbit_per_s: u32,
}

impl Preset {
    /// All presets, the kindest first.
    pub const ALL: [Self; 5] = [Self::Lan, Self::Wifi, Self::Mobile, Self::Far, Self::Awful];

    /// The name that `--net` takes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lan => "lan",
            Self::Wifi => "wifi",
            Self::Mobile => "mobile",
            Self::Far => "far",
            Self::Awful => "awful",
        }
    }

    #[rustfmt::skip] // A table reads as one.
    const fn row(self) -> Row {
        match self {
            Self::Lan => Row { delay_ms: 1, jitter_us: 200, loss: (0, 30), duplicate: 0, reorder: 0, kbit_per_s: 100_000 },
            Self::Wifi => Row { delay_ms: 15, jitter_us: 4_000, loss: (50, 30), duplicate: 10, reorder: 50, kbit_per_s: 20_000 },
            Self::Mobile => Row { delay_ms: 40, jitter_us: 12_000, loss: (200, 60), duplicate: 50, reorder: 100, kbit_per_s: 5_000 },
            Self::Far => Row { delay_ms: 90, jitter_us: 4_000, loss: (50, 30), duplicate: 0, reorder: 50, kbit_per_s: 20_000 },
            Self::Awful => Row { delay_ms: 100, jitter_us: 40_000, loss: (1_000, 50), duplicate: 200, reorder: 500, kbit_per_s: 1_000 },
        }
    }

    /// The conditions of one direction of a link.
    #[must_use]
    pub const fn conditions(self) -> LinkConditions {
        let row = self.row();
        LinkConditions {
            jitter: Duration::from_micros(row.jitter_us),
            loss_per_10k: row.loss.0,
            loss_burst: Duration::from_millis(row.loss.1),
            duplicate_per_10k: row.duplicate,
            reorder_per_10k: row.reorder,
            kbit_per_s: NonZeroU32::new(row.kbit_per_s),
            holds: match self {
                Self::Wifi => Some(Holds {
                    period: Duration::from_secs(5),
                    shortest: Duration::from_millis(20),
                    longest: Duration::from_millis(120),
                }),
                _ => None,
            },
            ramps: match self {
                Self::Mobile => Some(Ramps {
                    period: Duration::from_secs(30),
                    length: Duration::from_secs(6),
                    peak: Duration::from_millis(150),
                }),
                _ => None,
            },
            ..LinkConditions::constant(Duration::from_millis(row.delay_ms))
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no [`Preset`]'s.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no network is called `{name}`: use lan, wifi, mobile, far or awful")]
pub struct ParsePresetError {
    /// The name as it was given.
    pub name: String,
}

impl FromStr for Preset {
    type Err = ParsePresetError;

    fn from_str(name: &str) -> Result<Self, ParsePresetError> {
        let found = Self::ALL.into_iter().find(|preset| preset.name() == name);
        found.ok_or_else(|| ParsePresetError {
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_flag() {
        let names = Preset::ALL.map(Preset::name);
        assert_eq!(names, ["lan", "wifi", "mobile", "far", "awful"]);
        for preset in Preset::ALL {
            assert_eq!(preset.to_string().parse(), Ok(preset));
        }
        let error = "Wifi".parse::<Preset>().unwrap_err().to_string();
        assert_eq!(
            error,
            "no network is called `Wifi`: use lan, wifi, mobile, far or awful"
        );
        for name in names {
            assert!(error.contains(name));
        }
    }
}
