//! [`Scenario`]: what is played, by whom, over what: the data behind every test of a session.

use core::time::Duration;

use phalanx_engine::{Setup, Simulation, Slot, Tick, TickRate};

use super::{LinkConditions, Plant};
use crate::client::ClientConfig;
use crate::config::{SessionConfig, SessionRules};
use crate::resume::ResumeKey;
use crate::time::Time;

/// One match: the same whether it is played in the virtual world or over real sockets.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Players, one per slot.
    pub players: u8,
    /// Ticks per second.
    pub rate: TickRate,
    /// The first tick.
    pub first: Tick,
    /// How many ticks are played.
    pub ticks: u64,
    /// Seed of everything that is drawn: the game's, the network's, the clocks'.
    pub seed: u64,
    /// How every client plays.
    pub client: ClientConfig,
    /// How the session is played.
    pub rules: SessionRules,
    /// Each client's way to the relay.
    pub up: LinkConditions,
    /// The relay's way to each client.
    pub down: LinkConditions,
    /// How much faster than the relay's the clocks of the players with even slots run, and slower those of
    /// the others, millionths; at most 100,000.
    pub drift_ppm: u32,
    /// A fault put in on purpose.
    pub plant: Option<Plant>,
    /// The rules of the player in this slot hear a tick too late that somebody left: the canary of tests of
    /// what happens to a session.
    pub late_leave: Option<Slot>,
    /// A change of the network on the way.
    pub detour: Option<Detour>,
}

/// Most by which a clock of a scenario runs faster or slower, millionths.
const DRIFT_PPM_MAX: u32 = 100_000;

/// A moment from which every client's way up takes longer, for the rest of the match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detour {
    /// When this tick is due at the relay.
    pub at: Tick,
    /// How much longer.
    pub longer: Duration,
}

impl Detour {
    /// When it begins, the session's first tick being due at `begun`.
    #[must_use]
    pub fn moment(&self, begun: Time, setup: &Setup) -> Time {
        let ticks = self.at.0.saturating_sub(setup.first.0);
        begun + Duration::from_nanos(setup.rate.nanos_at(Tick(ticks)))
    }

    /// What becomes of a link.
    #[must_use]
    pub fn after(&self, conditions: LinkConditions) -> LinkConditions {
        LinkConditions {
            delay: conditions.delay + self.longer,
            ..conditions
        }
    }
}

impl Default for Scenario {
    /// Two players, 60 Hz, ten seconds of rollback over a perfect network.
    fn default() -> Self {
        Self {
            players: 2,
            rate: TickRate::hz(60),
            first: Tick::ZERO,
            ticks: 600,
            seed: 1,
            client: ClientConfig::default(),
            rules: SessionRules::default(),
            up: LinkConditions::PERFECT,
            down: LinkConditions::PERFECT,
            drift_ppm: 0,
            plant: None,
            late_leave: None,
            detour: None,
        }
    }
}

impl Scenario {
    /// What the game starts from.
    #[must_use]
    pub const fn setup(&self) -> Setup {
        Setup {
            first: self.first,
            ..Setup::new(self.seed, self.players, self.rate)
        }
    }

    /// How much faster than the relay's the clock of the machine is that greets as the one of `slot`.
    pub(super) fn clock_ppm(&self, slot: Slot) -> i32 {
        let ppm = self.drift_ppm.min(DRIFT_PPM_MAX).cast_signed();
        if slot.0.is_multiple_of(2) { ppm } else { -ppm }
    }

    /// The session that the relay is to host; players who lost their connection may come back.
    #[must_use]
    pub fn session<S: Simulation>(&self, simulation: &S) -> SessionConfig {
        let mut config = SessionConfig::new(simulation, self.setup());
        config.rules = self.rules;
        config.length = Some(self.ticks);
        config.resume = Some(ResumeKey([7; 32]));
        config
    }
}
