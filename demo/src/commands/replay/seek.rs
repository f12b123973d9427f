//! `replay seek`: the world after one tick of it.

use phalanx_engine::Replay;
use phalanx_netcode::Time;
use phalanx_netcode::quic::Clock;
use serde::Serialize;

use super::{Reader, Stage, replay_failure, tick_of};
use crate::exit::{Exit, Failure};
use crate::game::Game;
use crate::snapshot_file;
use crate::summary::{SCHEMA_VERSION, Thousandths};

/// The keys, in this order.
#[derive(Serialize)]
struct Answer {
    schema_version: u32,
    command: &'static str,
    game: &'static str,
    tick: u64,
    checksum: String,
    keyframe: Option<u64>,
    executed: u64,
    wall_s: Thousandths,
    exit_code: u8,
}

pub(super) fn run<G: Game>(
    stage: &Stage<'_>,
    mut replay: Replay<G, Reader>,
) -> Result<Exit, Failure> {
    let path = &stage.args.file;
    let tick = tick_of(stage.args, replay.record())?;
    let clock = Clock::start();
    let sought = replay.seek(tick);
    let sought = sought.map_err(|error| replay_failure(path, &error))?;
    let wall = clock.now().since(Time::ZERO);
    let checksum = replay.checksum().unwrap_or_default().to_string();
    if let Some(out) = &stage.args.out
        && let Some(snapshot) = replay.snapshot()
    {
        snapshot_file::write(out, &snapshot)?;
    }
    let from = sought.keyframe.map_or_else(
        || "from the beginning".into(),
        |tick| format!("from the keyframe of tick {tick}"),
    );
    let text = format!(
        "tick {tick}, checksum {checksum}\n{} ticks executed {from}, in {} ms",
        sought.executed,
        wall.as_millis()
    );
    let answer = Answer {
        schema_version: SCHEMA_VERSION,
        command: "replay seek",
        game: G::ID,
        tick: tick.0,
        checksum,
        keyframe: sought.keyframe.map(|tick| tick.0),
        executed: sought.executed,
        wall_s: Thousandths::seconds(wall),
        exit_code: Exit::Fine.code(),
    };
    stage.console.result(&answer, &text)?;
    Ok(Exit::Fine)
}
