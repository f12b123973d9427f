//! [`Plan`]: what the flags say, checked against each other, as a [`Scenario`].

use core::fmt;
use core::time::Duration;
use std::path::PathBuf;

use phalanx_engine::{Repeat, Tick};
use phalanx_netcode::limits::{INPUT_DELAY_TICKS_MAX, KEYFRAME_TICKS_MIN, WAIT_BOUND_MAX};
use phalanx_netcode::testing::{Detour, Plant, Preset, Scenario};
use phalanx_netcode::{ClientConfig, InputDelay, LatePolicy, SessionRules};

use crate::cli::{
    ClientArgs, ComingArgs, Delay, GameArgs, GameName, Lead, LengthArgs, Mode, PlantAt, Policy,
    RulesArgs, ScenarioArgs,
};
use crate::exit::Failure;
use crate::fault::{self, Fault, asked};
use crate::vacuity::predicted_ticks;

/// The window of rollback unless told otherwise, ticks.
const WINDOW: u32 = 8;

/// For how many ticks players guess by repetition when the policy does not say, ticks.
const REPEAT: u32 = 30;

/// Least and most that a measured delay becomes, ticks: more is not played well with prediction at hand,
/// and without it there is nothing else.
const MEASURED_ROLLBACK: (u32, u32) = (0, 10);
const MEASURED_LOCKSTEP: (u32, u32) = (1, 60);

/// How much longer the way up becomes by [`Fault::Route`].
const DETOUR: Duration = Duration::from_millis(60);

/// A match to be played: the same for every clock and transport.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) command: &'static str,
    pub(crate) rules: RulesArgs,
    pub(crate) mode: Mode,
    pub(crate) lead: Lead,
    pub(crate) net: Preset,
    pub(crate) policy: Policy,
    pub(crate) idle_bots: bool,
    pub(crate) scenario: Scenario,
    /// Where it is recorded.
    pub(crate) record: Option<PathBuf>,
    /// The replay that it goes on from.
    pub(crate) from: Option<PathBuf>,
}

impl Plan {
    /// The plan that the flags of `match` make; `default` is the length without a flag for it.
    pub(crate) fn new(
        command: &'static str,
        args: &ScenarioArgs,
        default: LengthArgs,
    ) -> Result<Self, Failure> {
        check_game(&args.game)?;
        fault::check(&args.faults.faults, command)?;
        let rules = rules(args.client.mode, args.policy.policy)?;
        let client = client(&args.client, args.game.rules.game)?;
        check_window(client.window, &rules, args.policy.policy)?;
        let ticks = ticks(&args.length, &args.game)?
            .or(ticks(&default, &args.game)?)
            .unwrap_or(1);
        let plant = args.plant.plant;
        let plant = plant
            .map(|at| check_plant(at, &args.game, ticks))
            .transpose()?;
        let link = args.net.net.conditions();
        Ok(Self {
            command,
            rules: args.game.rules,
            mode: args.client.mode,
            lead: args.client.lead,
            net: args.net.net,
            policy: args.policy.policy,
            idle_bots: asked(&args.faults.faults, Fault::IdleBots),
            scenario: Scenario {
                players: args.game.players,
                rate: args.game.rate(),
                ticks,
                seed: args.game.seed,
                client,
                rules,
                up: link,
                down: link,
                plant,
                detour: asked(&args.faults.faults, Fault::Route).then_some(Detour {
                    at: Tick(ticks / 2),
                    longer: DETOUR,
                }),
                ..Scenario::default()
            },
            record: args.record.record.clone(),
            from: None,
        })
    }

    /// Whether rollbacks are to be expected: not on a cable, nor when the delay covers the path.
    pub(crate) fn predicts(&self) -> bool {
        let Scenario {
            client,
            up,
            down,
            rate,
            ..
        } = &self.scenario;
        self.mode == Mode::Rollback
            && self.net != Preset::Lan
            && predicted_ticks(up.delay, down.delay, *rate, client.delay) > 0
    }
}

/// The command that plays this again.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Scenario {
            players,
            rate,
            ticks,
            seed,
            client,
            plant,
            detour,
            ..
        } = &self.scenario;
        write!(f, "phalanx {}", self.command)?;
        let RulesArgs { game, units } = self.rules;
        if let Some(from) = &self.from {
            write!(f, " --from {}", from.display())?;
        } else {
            if game != GameName::Duel {
                write!(f, " --game {game}")?;
            }
            if let Some(units) = units {
                write!(f, " --units {units}")?;
            }
            write!(f, " --players {players}")?;
        }
        match self.mode {
            Mode::Rollback => write!(f, " --delay {} --window {}", client.delay, client.window)?,
            Mode::Lockstep => write!(f, " --mode lockstep --delay {}", client.delay)?,
        }
        if self.lead != Lead::Balanced {
            write!(f, " --lead {}", self.lead)?;
        }
        write!(f, " --policy {} --net {}", self.policy, self.net)?;
        write!(f, " --ticks {ticks}")?;
        if self.from.is_none() {
            write!(f, " --seed {seed} --tick-rate {rate}")?;
        }
        if let Some(Plant { slot, tick, .. }) = plant {
            write!(f, " --plant {slot}@{tick}")?;
        }
        let asked = [
            (Fault::IdleBots, self.idle_bots),
            (Fault::Route, detour.is_some()),
        ];
        let names = asked.iter().filter(|(_, asked)| *asked);
        let names: Vec<_> = names.map(|(fault, _)| fault.name()).collect();
        if !names.is_empty() {
            write!(f, " --faults {}", names.join(","))?;
        }
        Ok(())
    }
}

/// Checks what is played.
pub(crate) fn check_game(args: &GameArgs) -> Result<(), Failure> {
    let game = args.rules.game;
    let most = game.players_max();
    if (1..=most).contains(&args.players) {
        return Ok(());
    }
    let nearest = args.players.clamp(1, most);
    Err(Failure::usage(format!(
        "{game} has 1 to {most} players: use --players {nearest}"
    )))
}

/// Checks who may come when to a match of so many players.
pub(crate) fn check_coming(args: &ComingArgs, players: u8) -> Result<(), Failure> {
    match args.begin_with {
        Some(begin) if begin > players => Err(Failure::usage(format!(
            "a match of {players} begins with at most {players}: use --begin-with {players}"
        ))),
        Some(0) if !args.late_join => Err(Failure::usage(
            "a match that begins with nobody is joined late: add --late-join",
        )),
        Some(0) if args.linger == 0 => Err(Failure::usage(
            "a match that begins with nobody would be over at once: use --linger 30",
        )),
        _ if (1..KEYFRAME_TICKS_MIN).contains(&args.keyframes) => Err(Failure::usage(format!(
            "--keyframes is 0, or at least {KEYFRAME_TICKS_MIN}"
        ))),
        _ => Ok(()),
    }
}

/// How many ticks the flags ask for, if they do.
pub(crate) fn ticks(args: &LengthArgs, game: &GameArgs) -> Result<Option<u64>, Failure> {
    let ticks = match (args.ticks, args.duration) {
        (Some(ticks), _) => ticks,
        (None, Some(length)) => length.ticks(game.rate()),
        (None, None) => return Ok(None),
    };
    if ticks == 0 {
        return Err(Failure::usage(
            "nothing is played in less than a tick: use --ticks 1",
        ));
    }
    Ok(Some(ticks))
}

/// How the session is played.
pub(crate) fn rules(mode: Mode, policy: Policy) -> Result<SessionRules, Failure> {
    let (late, repeat) = match policy {
        Policy::Wait(bound_ms) => (LatePolicy::Wait { bound_ms }, REPEAT),
        Policy::Repeat(ticks) => (LatePolicy::Repeat, ticks),
        Policy::Neutral => (LatePolicy::Neutral, REPEAT),
    };
    if let Policy::Wait(millis) = policy
        && u128::from(millis) > WAIT_BOUND_MAX.as_millis()
    {
        let most = WAIT_BOUND_MAX.as_millis();
        return Err(Failure::usage(format!(
            "the relay waits at most {most} ms: use --policy wait:{most}"
        )));
    }
    Ok(SessionRules {
        policy: late,
        repeat: Repeat { ticks: repeat },
        forwarding: mode == Mode::Rollback,
        ..SessionRules::default()
    })
}

/// How a client plays.
pub(crate) fn client(args: &ClientArgs, game: GameName) -> Result<ClientConfig, Failure> {
    let window = match (args.mode, args.window) {
        (Mode::Lockstep, None | Some(0)) => 0,
        (Mode::Lockstep, Some(window)) => {
            return Err(Failure::usage(format!(
                "lockstep predicts nothing: leave --window away, or use --mode rollback --window {window}"
            )));
        }
        (Mode::Rollback, Some(0)) => {
            return Err(Failure::usage(
                "a window of 0 predicts nothing: use --mode lockstep, or --window 1",
            ));
        }
        (Mode::Rollback, window) => window.unwrap_or(WINDOW),
    };
    let most = phalanx_engine::limits::WINDOW_TICKS_MAX;
    if window > most {
        return Err(Failure::usage(format!(
            "a window holds at most {most} ticks: use --window {most}, with repeat:{most} as the relay's --policy"
        )));
    }
    let delay = delay(args.delay.unwrap_or(Delay::Ticks(game.delay())), window)?;
    Ok(ClientConfig {
        delay,
        window,
        worth: args.lead.into(),
    })
}

/// What is felt of the path. A measured delay leaves half of the window to be predicted: the other half is
/// for what takes longer now and then.
fn delay(delay: Delay, window: u32) -> Result<InputDelay, Failure> {
    match delay {
        Delay::Ticks(ticks) if ticks > INPUT_DELAY_TICKS_MAX => Err(Failure::usage(format!(
            "an input delay is at most {INPUT_DELAY_TICKS_MAX} ticks: use --delay {INPUT_DELAY_TICKS_MAX}, or auto"
        ))),
        Delay::Ticks(ticks) => Ok(InputDelay::Ticks(ticks)),
        Delay::Auto => {
            let (least, most) = match window {
                0 => MEASURED_LOCKSTEP,
                _ => MEASURED_ROLLBACK,
            };
            Ok(InputDelay::Measured {
                least,
                most,
                predicted: window.div_ceil(2),
            })
        }
    }
}

/// Players guess by the session's repetition, so it has to last for the whole window.
fn check_window(window: u32, rules: &SessionRules, policy: Policy) -> Result<(), Failure> {
    let repeat = rules.repeat.ticks;
    if window <= repeat {
        return Ok(());
    }
    Err(Failure::usage(match (policy, repeat) {
        (Policy::Repeat(_), 0) => format!(
            "a window of {window} ticks needs inputs repeated for as long: use --policy repeat:{window}"
        ),
        (Policy::Repeat(_), _) => format!(
            "a window of {window} ticks needs inputs repeated for as long: use --window {repeat}, or --policy repeat:{window}"
        ),
        _ => format!(
            "with --policy {policy} inputs are guessed for {repeat} ticks at most: use --window {repeat}"
        ),
    }))
}

fn check_plant(at: PlantAt, game: &GameArgs, ticks: u64) -> Result<Plant, Failure> {
    let PlantAt { slot, tick } = at;
    let last = Tick(ticks - 1);
    if slot.0 < game.players && tick <= last {
        return Ok(Plant {
            slot,
            tick,
            seed: game.seed,
        });
    }
    let nearest = PlantAt {
        slot: slot.min(phalanx_engine::Slot(game.players - 1)),
        tick: tick.min(last),
    };
    Err(Failure::usage(format!(
        "there are {} players and {ticks} ticks, counted from 0: use --plant {nearest}",
        game.players
    )))
}
