//! [`Scenario`]: what a link and a clock go through.

use super::SECOND;

/// One link between a client and its server, and the client's clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Least time on the way up, milliseconds.
    pub up_ms: f64,
    /// Least time on the way down, milliseconds.
    pub down_ms: f64,
    /// Deviation of the half-normal delay of each packet, milliseconds.
    pub jitter_ms: f64,
    /// Share of packets that are lost, in bursts of mean 33 ms: of time, so that sending more packets
    /// does not help.
    pub loss: f64,
    /// Both ways hold everything back for 20 to 120 ms, about every 5 s, as radios do.
    pub holds: bool,
    /// What a queue adds both ways at the top of a ramp, every 30 s, milliseconds.
    pub bloat_ms: f64,
    /// What the way up has more from [`EVENT`] on, milliseconds.
    pub step_ms: f64,
    /// How much too fast the client's clock is, millionths.
    pub ppm: f64,
    /// Whether the client's machine sleeps from [`EVENT`] on.
    pub sleep: Option<Sleep>,
    /// How long it lasts.
    pub length: i64,
}

/// What the client's clock does while the machine sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sleep {
    /// It goes on.
    ClockCounts,
    /// It stands still.
    ClockStops,
}

/// When the one thing happens that happens once.
pub const EVENT: i64 = 150 * SECOND;

/// How long a machine sleeps.
pub const SLEEP: i64 = 5 * SECOND;

const MINUTES: i64 = 300 * SECOND;
const DAY: i64 = 86_400 * SECOND;

impl Scenario {
    const fn new(name: &'static str, up_ms: f64, down_ms: f64, jitter_ms: f64) -> Self {
        Self {
            name,
            up_ms,
            down_ms,
            jitter_ms,
            loss: 0.0,
            holds: false,
            bloat_ms: 0.0,
            step_ms: 0.0,
            ppm: 50.0,
            sleep: None,
            length: MINUTES,
        }
    }

    /// All of them; those of a day last.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let new = Self::new;
        let with = |base: Self, change: fn(&mut Self)| {
            let mut scenario = base;
            change(&mut scenario);
            scenario
        };
        let day = |name, ppm| Self {
            ppm,
            length: DAY,
            ..new(name, 40.0, 40.0, 3.0)
        };
        vec![
            new("rtt-20", 10.0, 10.0, 1.0),
            new("rtt-80", 40.0, 40.0, 1.0),
            new("rtt-200", 100.0, 100.0, 1.0),
            new("jitter", 40.0, 40.0, 8.0),
            with(new("loss-2", 40.0, 40.0, 8.0), |s| s.loss = 0.02),
            with(new("loss-10", 40.0, 40.0, 3.0), |s| s.loss = 0.10),
            with(new("wifi", 20.0, 20.0, 2.0), |s| s.holds = true),
            with(new("bloat", 40.0, 40.0, 2.0), |s| s.bloat_ms = 150.0),
            new("slow-up", 80.0, 20.0, 3.0),
            new("slow-down", 20.0, 80.0, 3.0),
            with(new("step-up", 40.0, 40.0, 3.0), |s| s.step_ms = 60.0),
            with(new("step-down", 100.0, 40.0, 3.0), |s| s.step_ms = -60.0),
            with(new("sleep-counts", 40.0, 40.0, 3.0), |s| {
                s.sleep = Some(Sleep::ClockCounts);
            }),
            with(new("sleep-stops", 40.0, 40.0, 3.0), |s| {
                s.sleep = Some(Sleep::ClockStops);
            }),
            day("day-fast", 100.0),
            day("day-slow", -100.0),
        ]
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|one| one.name == name)
    }

    /// Whether it lasts a day, and is played only when it is asked for.
    #[must_use]
    pub const fn is_long(&self) -> bool {
        self.length > MINUTES
    }

    /// When a rule begins to find its way back, if something happens once.
    #[must_use]
    pub fn recovery_begins(&self) -> Option<i64> {
        if self.sleep.is_some() {
            Some(EVENT + SLEEP)
        } else {
            (self.step_ms != 0.0).then_some(EVENT)
        }
    }

    /// Whether the client's machine sleeps at `time`.
    #[must_use]
    pub fn asleep(&self, time: i64) -> bool {
        self.sleep.is_some() && (EVENT..EVENT + SLEEP).contains(&time)
    }
}
