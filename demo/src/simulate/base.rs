//! [`Base`]: a match that is forked: all of it is drawn from one seed.

use core::fmt;

use phalanx_engine::{Repeat, Rng, RngKey, Slot, Tick};
use phalanx_netcode::testing::fork::Outage;
use phalanx_netcode::testing::{Preset, Scenario};
use phalanx_netcode::{ClientConfig, LatePolicy, SessionRules};

use crate::cli::GameName;
use crate::fault::Fault;

/// Ticks of a match at which it is forked.
pub(crate) const BASE_TICKS: u64 = 600;

/// The network of matches in which it is not drawn.
const NET: Preset = Preset::Wifi;

/// How many outages a match has at most; the longest one, milliseconds.
const OUTAGES_MAX: u64 = 3;
const OUTAGE_MS: std::ops::Range<u64> = 50..1200;

/// Drift of clocks, millionths.
const DRIFT_PPM_MAX: u32 = 200;

/// A match, by all that tells it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    pub(crate) game: GameName,
    pub(crate) players: u8,
    pub(crate) seed: u64,
    /// Whether the network is drawn, or always the same.
    pub(crate) network: bool,
    /// Whether the rules of slot 1 hear too late who left.
    pub(crate) late_leave: bool,
}

impl Base {
    /// What is played, and when nothing comes through.
    pub(crate) fn draw(&self) -> (Scenario, Vec<Outage>) {
        let mut draws = RngKey::named("phalanx.simulate").with(self.seed).rng();
        let (client, rules) = self.manner(&mut draws);
        let mut scenario = Scenario {
            players: self.players,
            rate: self.game.rate(),
            seed: self.seed,
            client,
            rules,
            up: NET.conditions(),
            down: NET.conditions(),
            late_leave: self.late_leave.then_some(Slot(1)),
            ..Scenario::default()
        };
        if !self.network {
            return (scenario, Vec::new());
        }
        let net = draws.choose(&Preset::ALL).copied().unwrap_or(NET);
        scenario.up = net.conditions();
        scenario.down = net.conditions();
        scenario.drift_ppm = draws.below(DRIFT_PPM_MAX);
        let outages = (0..draws.below_u64(OUTAGES_MAX + 1)).map(|_| self.outage(&mut draws));
        (scenario, outages.collect())
    }

    /// How the clients bridge the network, and what the relay does about late inputs.
    fn manner(&self, draws: &mut Rng) -> (ClientConfig, SessionRules) {
        let lockstep = draws.chance(1, 4);
        let client = if lockstep {
            ClientConfig::new(1 + draws.below(6), 0)
        } else {
            ClientConfig::new(self.game.delay(), 8)
        };
        let policies = [
            LatePolicy::Repeat,
            LatePolicy::Repeat,
            LatePolicy::Neutral,
            LatePolicy::Wait { bound_ms: 60 },
        ];
        let rules = SessionRules {
            policy: draws
                .choose(&policies)
                .copied()
                .unwrap_or(LatePolicy::Repeat),
            repeat: Repeat { ticks: 30 },
            forwarding: !lockstep,
            ..SessionRules::default()
        };
        (client, rules)
    }

    /// Somewhere in the match or the forks of its end.
    fn outage(&self, draws: &mut Rng) -> Outage {
        let slot = draws.below(self.players.into());
        let rate = self.game.rate();
        let nanos = draws.range(OUTAGE_MS) * 1_000_000;
        let from = Tick(draws.below_u64(BASE_TICKS + 200));
        Outage {
            slot: Slot(u8::try_from(slot).unwrap_or(0)),
            from,
            until: from + 1 + rate.tick_at(nanos).0,
        }
    }
}

/// The flags that name it.
impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            game,
            players,
            seed,
            network,
            late_leave,
        } = self;
        write!(f, "--game {game} --players {players} --seed {seed}")?;
        if !network {
            write!(f, " --faults {}", Fault::Membership.name())?;
        }
        if *late_leave {
            f.write_str(" --plant leave")?;
        }
        Ok(())
    }
}
