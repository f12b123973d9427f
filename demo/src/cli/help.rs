//! What `--help` says after the flags: defaults, units, examples, exit codes.

use crate::exit::Exit;

const UNITS: &str =
    "Units: delay, window and --ticks are ticks; a DURATION is a number with ms, s, m or h.";

pub(super) fn program() -> String {
    let examples = "\
Examples:
  phalanx                                    20 s of duel between two bots over emulated wifi
  phalanx desync-test --net awful --seed 7   three minutes of it in a second or two
  phalanx COMMAND --help                     flags, defaults and examples of a command";
    format!("{UNITS}\n\n{examples}\n\n{}", Exit::help())
}

fn command(examples: &str) -> String {
    format!("{UNITS}\n\nExamples:\n{examples}\n\n{}", Exit::help())
}

pub(super) fn of_match() -> String {
    command(
        "  phalanx match
  phalanx match --players 4 --net mobile --for 60s
  phalanx match --plant 1@300          must exit 10
  phalanx match --from there.replay --record on.replay

The length is counted from tick 0, or from the end of the replay, in real time; default
20s.",
    )
}

pub(super) fn of_desync_test() -> String {
    command(
        "  phalanx desync-test --net awful --seed 7
  phalanx desync-test --plant 1@4321   must exit 10 with first_bad_tick 4321
  phalanx desync-test --faults idle-bots   must exit 11

The length is virtual time; default 3m.",
    )
}

pub(super) fn of_simulate() -> String {
    command(
        "  phalanx simulate --for 60s --seed 7
  phalanx simulate --cases 2000 --game skirmish
  phalanx simulate --every-tick   more than a hundred thousand cases

A case is a match of bots that is cloned at a tick; something happens to the clone, it is played on
for 300 ticks, and then all who are left hold the same worlds as its log executed again. A failure
is told with the command that repeats it.",
    )
}

pub(super) fn of_sync_test() -> String {
    command(
        "  phalanx sync-test
  phalanx sync-test --players 4 --ticks 5000
  phalanx sync-test --faults hidden-state   must exit 15

The length is virtual time; default 20000 ticks.",
    )
}

pub(super) fn of_relay() -> String {
    command(
        "  phalanx relay --players 2
  phalanx relay --listen 0.0.0.0:4777 --for 10m --json

The ready line is `listening ADDR pin HEX`. The length is that of each session, in real time;
default: until nobody is there or comes back.",
    )
}

pub(super) fn of_play() -> String {
    command(
        "  phalanx play --connect 127.0.0.1:4777 --pin HEX --bot

HEX stands in the relay's ready line.",
    )
}

pub(super) fn of_diff() -> String {
    command(
        "  phalanx desync-test --plant 1@500 --snapshots found
  phalanx diff found/slot-0.snapshot found/slot-1.snapshot   must exit 10

The snapshots are whole ones of one game. Exit 0: they hold the same world.",
    )
}

pub(super) fn of_time_bench() -> String {
    command(
        "  phalanx time-bench --svg rules.svg
  phalanx time-bench --scenario wifi --scenario bloat --rule ours --rule ngo
  phalanx time-bench --scenario day-fast --seeds 1

Exit 15: another engine's rule has fewer late inputs than one of ours and less latency too, both
beyond the 95 % interval over the seeds. One seed proves nothing. Interrupted, it says what was played so far,
marked as partial, and draws nothing.",
    )
}

/// Of its two ways. What clap makes of flags that belong to one of them alone puts them beside files again.
pub(super) const USAGE_OF_TIME_REPORT: &str = "phalanx time-report [OPTIONS]
       phalanx time-report [--svg <FILE>] [--json] <FILE>...";

pub(super) fn of_time_report() -> String {
    command(
        "  phalanx time-report --net mobile --svg clocks.svg
  phalanx match --time-csv clocks
  phalanx time-report clocks/slot-0.csv clocks/slot-1.csv

A file holds what a client's clock did for its last 4096 inputs. Late inputs are told with their
causes, the heaviest first, and what can be done about each. Without files a match is played; its
length is virtual time, default 60s.",
    )
}

pub(super) fn of_replay() -> String {
    command(
        "  phalanx match --record fight.replay
  phalanx replay info fight.replay
  phalanx replay verify fight.replay --key HEX
  phalanx replay seek fight.replay --tick 600 --out there.snapshot
  phalanx replay play fight.replay
  phalanx replay fork fight.replay --tick 600 --out other.replay --ticks 600

Exit 12: a tick is not what was recorded, or the replay not signed as asked; 13: damaged;
14: of another format, game, version or content than here.",
    )
}
