//! The command line: what may be typed, and what it says about itself.

mod help;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use phalanx_engine::TickRate;
use phalanx_netcode::quic::Pin;
use phalanx_netcode::testing::Preset;
use phalanx_netcode::testing::fork::Incident;
use phalanx_netcode::time::LateWorth;

use crate::clock::rules::RuleName;
use crate::clock::scenario::Scenario;
pub use crate::fault::{Fault, FaultName};
pub use values::{Delay, Length, PlantAt, Policy};

/// Where a relay listens unless told otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:4777";

/// Deterministic lockstep and rollback: matches, desync tests, relay and player.
#[derive(Debug, Parser)]
#[command(name = "phalanx", version, after_help = help::program(), max_term_width = 100)]
#[command(disable_help_subcommand = true)]
pub struct Cli {
    /// What to do; without arguments: match.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play a match of bots over a real relay on this machine, with emulated links, in real time
    #[command(after_help = help::of_match())]
    Match(MatchArgs),
    /// Play the same match in the virtual world at full speed and compare all states
    #[command(after_help = help::of_desync_test())]
    DesyncTest(DesyncTestArgs),
    /// Fork many matches in the virtual world, and let something happen to the session in each fork
    #[command(after_help = help::of_simulate())]
    Simulate(SimulateArgs),
    /// Play alone, without network: rewind, encode, decode and digest every tick
    #[command(after_help = help::of_sync_test())]
    SyncTest(SyncTestArgs),
    /// Serve sessions, one after the other
    #[command(after_help = help::of_relay())]
    Relay(RelayArgs),
    /// Play in a session of a relay
    #[command(after_help = help::of_play())]
    Play(PlayArgs),
    /// Say what differs between two snapshots
    #[command(after_help = help::of_diff())]
    Diff(DiffArgs),
    /// Compare when clients stamp their inputs: by our rule, and by those of other engines
    #[command(after_help = help::of_time_bench())]
    TimeBench(TimeBenchArgs),
    /// Say how the clocks of clients went, and why their inputs were late
    #[command(after_help = help::of_time_report(), override_usage = help::USAGE_OF_TIME_REPORT)]
    TimeReport(TimeReportArgs),
    /// Say what is in a replay, verify it, seek in it, show it, or fork it
    #[command(after_help = help::of_replay())]
    Replay(ReplayArgs),
}

/// A game that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GameName {
    /// The fighting game.
    Duel,
    /// The strategy game.
    Skirmish,
}

impl core::fmt::Display for GameName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Duel => "duel",
            Self::Skirmish => "skirmish",
        })
    }
}

/// How a client bridges the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Execute at once with guessed inputs, and again when a guess was wrong.
    Rollback,
    /// Execute only what the relay has sealed.
    Lockstep,
}

/// What a late input is worth to a client, in latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lead {
    /// Little: less latency, more late inputs, which rollback hides.
    LatencyFirst,
    /// One late input in a hundred is worth 50 ms.
    Balanced,
    /// Much: late inputs are lost.
    NeverLate,
}

impl core::fmt::Display for Lead {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::LatencyFirst => "latency-first",
            Self::Balanced => "balanced",
            Self::NeverLate => "never-late",
        })
    }
}

impl From<Lead> for LateWorth {
    fn from(lead: Lead) -> Self {
        match lead {
            Lead::LatencyFirst => Self::LatencyFirst,
            Lead::Balanced => Self::Balanced,
            Lead::NeverLate => Self::NeverLate,
        }
    }
}

/// By which rules.
#[derive(Clone, Copy, Debug, Args)]
pub struct RulesArgs {
    /// The game
    #[arg(long, value_enum, default_value = "duel")]
    pub game: GameName,
    /// Soldiers that a round of skirmish begins with, of all players together [default: 64]
    #[arg(long, value_name = "N", value_parser = values::units, allow_negative_numbers = true)]
    pub units: Option<u32>,
}

/// What is played.
#[derive(Clone, Copy, Debug, Args)]
pub struct GameArgs {
    /// Flattened.
    #[command(flatten)]
    pub rules: RulesArgs,
    /// How many players
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = values::players, allow_negative_numbers = true)]
    pub players: u8,
    /// Seed of everything that is drawn: the game, the network, the clocks (u64)
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = values::seed, allow_negative_numbers = true)]
    pub seed: u64,
    /// Ticks per second, from 1 to 1000, such as 60 or 30000/1001 [default: 60; skirmish: 20]
    #[arg(long, value_name = "N[/D]", allow_negative_numbers = true)]
    pub tick_rate: Option<TickRate>,
}

impl GameArgs {
    /// Ticks per second.
    #[must_use]
    pub fn rate(&self) -> TickRate {
        self.tick_rate.unwrap_or(self.rules.game.rate())
    }
}

/// How clients play.
#[derive(Clone, Copy, Debug, Args)]
pub struct ClientArgs {
    /// How clients bridge the network
    #[arg(long, value_enum, default_value = "rollback")]
    pub mode: Mode,
    /// Input delay: ticks, or auto, as many as measured [default: 1; skirmish: 0]
    #[arg(long, value_name = "X|auto", allow_negative_numbers = true)]
    pub delay: Option<Delay>,
    /// Most predicted ticks; rollback only [default: 8]
    #[arg(long, value_name = "W", value_parser = values::few_ticks, allow_negative_numbers = true)]
    pub window: Option<u32>,
    /// What a late input is worth, in latency
    #[arg(long, value_enum, default_value = "balanced")]
    pub lead: Lead,
}

/// What happens to late inputs.
#[derive(Clone, Copy, Debug, Args)]
pub struct PolicyArgs {
    /// What the relay does about a late input: wait:MS (milliseconds, then repeat), repeat:TICKS
    /// (then neutral) or neutral
    #[arg(long, default_value = "repeat:30")]
    pub policy: Policy,
}

/// Over which network.
#[derive(Clone, Copy, Debug, Args)]
pub struct NetArgs {
    /// The network, each direction of each client's link: lan, wifi, mobile, far or awful
    #[arg(long, value_name = "PRESET", default_value = "wifi")]
    pub net: Preset,
}

/// How long.
#[derive(Clone, Copy, Debug, Args)]
pub struct LengthArgs {
    /// Length as a time, such as 500ms, 20s, 3m or 1h
    #[arg(long = "for", value_name = "DURATION", conflicts_with = "ticks")]
    pub duration: Option<Length>,
    /// Length in ticks
    #[arg(long, value_name = "N", value_parser = values::ticks, allow_negative_numbers = true)]
    pub ticks: Option<u64>,
}

/// What is broken on purpose.
#[derive(Clone, Debug, Args)]
pub struct FaultArgs {
    /// Faults put in on purpose, or all
    #[arg(long, value_name = "NAME[,NAME]", value_delimiter = ',')]
    pub faults: Vec<FaultName>,
    /// Say which faults there are
    #[arg(long)]
    pub list_faults: bool,
}

/// Where a world is changed on purpose.
#[derive(Clone, Copy, Debug, Args)]
pub struct PlantArgs {
    /// Change one bit of the state of the player in SLOT after TICK
    #[arg(long, value_name = "SLOT@TICK")]
    pub plant: Option<PlantAt>,
}

/// Who may come when, and come back.
#[derive(Clone, Copy, Debug, Args)]
pub struct ComingArgs {
    /// Let players join a match that runs, as long as there is a slot
    #[arg(long)]
    pub late_join: bool,
    /// With how many players a match begins; 0: at once, to be joined late [default: all]
    #[arg(long, value_name = "N", value_parser = values::players, allow_negative_numbers = true)]
    pub begin_with: Option<u8>,
    /// How long a match goes on in which nobody is, but somebody may come, late or back
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = values::seconds, allow_negative_numbers = true)]
    pub linger: u32,
    /// How long after its player is gone the computer takes a slot, until the player is back
    /// [default: never]
    #[arg(long, value_name = "SECONDS", value_parser = values::seconds, allow_negative_numbers = true)]
    pub bot_after: Option<u32>,
    /// How often a player sends a snapshot for those who come late or back; 0: never, and they
    /// execute every tick
    #[arg(long, value_name = "TICKS", default_value_t = 600, value_parser = values::few_ticks, allow_negative_numbers = true)]
    pub keyframes: u32,
}

/// Where it is recorded.
#[derive(Clone, Debug, Args)]
pub struct RecordArgs {
    /// Record the match to FILE, for replay
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}

/// What is said.
#[derive(Clone, Copy, Debug, Args)]
pub struct OutputArgs {
    /// Results as JSON, one object a line; the last line is the summary
    #[arg(long)]
    pub json: bool,
    /// No progress
    #[arg(long)]
    pub quiet: bool,
}

/// What is played, by whom, over what.
#[derive(Clone, Debug, Args)]
#[expect(missing_docs, reason = "flattened: see their types")]
pub struct ScenarioArgs {
    #[command(flatten)]
    pub game: GameArgs,
    #[command(flatten)]
    pub client: ClientArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub net: NetArgs,
    #[command(flatten)]
    pub length: LengthArgs,
    #[command(flatten)]
    pub plant: PlantArgs,
    #[command(flatten)]
    pub faults: FaultArgs,
    #[command(flatten)]
    pub record: RecordArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Flags of `match`.
#[derive(Clone, Debug, Args)]
pub struct MatchArgs {
    /// Flattened.
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Play on from the end of a replay: its game, players and seed; the length is that of what is
    /// played
    #[arg(long, value_name = "FILE", conflicts_with_all = ["game", "units", "players", "seed", "tick_rate", "plant"])]
    pub from: Option<PathBuf>,
    /// Draw the fight in the terminal, with the figures of every player
    #[arg(long, conflicts_with_all = ["json", "quiet"])]
    pub watch: bool,
    /// Write what every player's clock did to DIR/slot-N.csv, for time-report
    #[arg(long, value_name = "DIR")]
    pub time_csv: Option<PathBuf>,
}

/// Flags of `desync-test`: those of `match`, which differs only in clock and transport.
#[derive(Clone, Debug, Args)]
pub struct DesyncTestArgs {
    /// Flattened.
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Write every player's world to DIR/slot-N.snapshot: that of the first bad tick, or else of the
    /// last agreed one
    #[arg(long, value_name = "DIR")]
    pub snapshots: Option<PathBuf>,
}

/// What `simulate` can break on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mistake {
    /// The rules of the player in slot 1 hear a tick too late who left.
    Leave,
}

/// Flags of `simulate`.
#[derive(Clone, Debug, Args)]
pub struct SimulateArgs {
    /// The game [default: both]
    #[arg(long, value_enum)]
    pub game: Option<GameName>,
    /// How many players, at least 2 [default: 2, 4 and 8]
    #[arg(long, value_name = "N", value_parser = values::players, allow_negative_numbers = true)]
    pub players: Option<u8>,
    /// Seed of the first match; each further one has the next (u64)
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = values::seed, allow_negative_numbers = true)]
    pub seed: u64,
    /// For how long new cases are begun, in real time, such as 60s [default: 60s, or until all are played]
    #[arg(long = "for", value_name = "DURATION")]
    pub duration: Option<Length>,
    /// How many cases at most
    #[arg(long, value_name = "N", value_parser = values::cases, allow_negative_numbers = true)]
    pub cases: Option<u64>,
    /// Fork five matches of every kind at every tick, with everything that may happen
    #[arg(long, conflicts_with = "tick")]
    pub every_tick: bool,
    /// Fork one match of every kind, at this tick alone
    #[arg(long, value_name = "T", value_parser = values::ticks, allow_negative_numbers = true)]
    pub tick: Option<u64>,
    /// What happens: leave, kill, replace, rejoin, pause, rate, speed, delay, game or nothing [default: all of them]
    #[arg(long, value_name = "NAME")]
    pub incident: Option<Incident>,
    /// How many threads [default: as many as the machine runs at once]
    #[arg(long, value_name = "N", value_parser = values::threads, allow_negative_numbers = true)]
    pub threads: Option<u32>,
    /// Flattened.
    #[command(flatten)]
    pub faults: FaultArgs,
    /// A mistake put in on purpose, which has to be found
    #[arg(long, value_enum, hide = true)]
    pub plant: Option<Mistake>,
    /// Flattened.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Flags of `sync-test`.
#[derive(Clone, Debug, Args)]
#[expect(missing_docs, reason = "flattened: see their types")]
pub struct SyncTestArgs {
    #[command(flatten)]
    pub game: GameArgs,
    #[command(flatten)]
    pub length: LengthArgs,
    #[command(flatten)]
    pub faults: FaultArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Flags of `relay`.
#[derive(Clone, Debug, Args)]
#[expect(missing_docs, reason = "flattened: see their types")]
pub struct RelayArgs {
    /// UDP address to listen at; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = DEFAULT_LISTEN, value_parser = values::addr)]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub game: GameArgs,
    /// Whether inputs are forwarded before they are sealed (rollback) or not (lockstep)
    #[arg(long, value_enum, default_value = "rollback")]
    pub mode: Mode,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub coming: ComingArgs,
    /// Execute the game here, too: that judges whose world is another one, and keeps the snapshots for those
    /// who come late or back. The game is the one that is played
    #[arg(long, value_enum, value_name = "GAME")]
    pub referee: Option<GameName>,
    #[command(flatten)]
    pub length: LengthArgs,
    #[command(flatten)]
    pub record: RecordArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Flags of `play`.
#[derive(Clone, Debug, Args)]
#[expect(missing_docs, reason = "flattened: see their types")]
pub struct PlayArgs {
    /// UDP address of the relay
    #[arg(long, value_name = "ADDR", default_value = DEFAULT_LISTEN, value_parser = values::addr)]
    pub connect: SocketAddr,
    /// The relay's pin: 64 hexadecimal digits, as its ready line says
    #[arg(long, value_name = "HEX")]
    pub pin: Pin,
    #[command(flatten)]
    pub rules: RulesArgs,
    #[command(flatten)]
    pub client: ClientArgs,
    /// Let a bot play, without a terminal
    #[arg(long)]
    pub bot: bool,
    /// For how long a lost connection is tried again; 0: not at all
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = values::seconds, allow_negative_numbers = true)]
    pub reconnect: u32,
    /// Keep in FILE what the player comes back with if this process dies: the same command, started
    /// again, goes on
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    #[command(flatten)]
    pub record: RecordArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What is done with a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReplayAction {
    /// Say what is in it.
    Info,
    /// Execute it, and compare every tick with what was recorded.
    Verify,
    /// Go to a tick.
    Seek,
    /// Show it in the terminal, or execute it without one.
    Play,
    /// Write a replay of its first ticks, to be played on from.
    Fork,
}

/// Flags of `replay`.
#[derive(Clone, Debug, Args)]
#[expect(missing_docs, reason = "flattened: see its type")]
pub struct ReplayArgs {
    /// What to do
    #[arg(value_name = "ACTION", value_enum)]
    pub action: ReplayAction,
    /// File of a replay
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Tick to seek, to fork after, or to begin at (play)
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub tick: Option<u64>,
    /// Where to write the snapshot (seek) or the new replay (fork)
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Key that has to have signed it, up to its last tick: 64 hexadecimal digits; verify only
    #[arg(long, value_name = "HEX")]
    pub key: Option<Pin>,
    /// Ticks that bots play on after the fork
    #[arg(long, value_name = "N", value_parser = values::ticks, allow_negative_numbers = true)]
    pub ticks: Option<u64>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Flags of `diff`.
#[derive(Clone, Debug, Args)]
#[expect(missing_docs, reason = "flattened: see its type")]
pub struct DiffArgs {
    /// File of a snapshot
    #[arg(value_name = "A")]
    pub left: PathBuf,
    /// File of another one
    #[arg(value_name = "B")]
    pub right: PathBuf,
    /// Most differences that are said one by one
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = values::count, allow_negative_numbers = true)]
    pub limit: u32,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Flags of `time-bench`.
#[derive(Clone, Debug, Args)]
#[expect(missing_docs, reason = "flattened: see its type")]
pub struct TimeBenchArgs {
    /// A link and a clock, may be said again [default: all that do not last a day]
    #[arg(long, value_name = "NAME", value_parser = values::scenario)]
    pub scenario: Vec<Scenario>,
    /// A rule, may be said again [default: all]
    #[arg(long, value_name = "NAME", value_parser = values::rule)]
    pub rule: Vec<RuleName>,
    /// How often each rule plays each scenario
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = values::seeds, allow_negative_numbers = true)]
    pub seeds: u32,
    /// Draw late inputs over latency, a plot for each scenario
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Flags of a match, which whoever reads files does not play.
const PLAYED: [&str; 14] = [
    "game",
    "units",
    "players",
    "seed",
    "tick_rate",
    "mode",
    "delay",
    "window",
    "lead",
    "policy",
    "net",
    "duration",
    "ticks",
    "csv",
];

/// Flags of `time-report`.
#[derive(Clone, Debug, Args)]
#[expect(missing_docs, reason = "flattened: see their types")]
pub struct TimeReportArgs {
    /// Files of samples, one for each clock, as --csv and `match --time-csv` write them; without any
    /// a match is played in the virtual world
    #[arg(value_name = "FILE", conflicts_with_all = PLAYED)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub game: GameArgs,
    #[command(flatten)]
    pub client: ClientArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub net: NetArgs,
    #[command(flatten)]
    pub length: LengthArgs,
    /// Write every player's samples to DIR/slot-N.csv
    #[arg(long, value_name = "DIR")]
    pub csv: Option<PathBuf>,
    /// Draw leads, margins, late inputs and rates over time, a picture for each clock
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
}
