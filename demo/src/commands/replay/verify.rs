//! `replay verify`: every tick executed again, and held against what was recorded.

use phalanx_engine::{Record, Replay, Verified};
use phalanx_netcode::Time;
use phalanx_netcode::quic::Clock;
use phalanx_netcode::replay::{Ending, Signature};
use serde::Serialize;

use super::{Reader, Stage, ending, failure, hex, replay_failure};
use crate::exit::{Exit, Failure};
use crate::game::Game;
use crate::grouped::Grouped;
use crate::progress::Progress;
use crate::replay_file::Signed;
use crate::summary::{SCHEMA_VERSION, Thousandths};

/// Ticks between two looks at Ctrl-C.
const SLICE: u64 = 1000;

/// The keys, in this order.
#[derive(Serialize)]
struct Answer {
    schema_version: u32,
    command: &'static str,
    game: &'static str,
    ticks: u64,
    digests: u64,
    keyframes: u64,
    first_bad_tick: Option<u64>,
    checksum: Option<String>,
    signed_by: Option<String>,
    signed_to: Option<u64>,
    ending: String,
    wall_s: Thousandths,
    speed: u64,
    exit_code: u8,
}

pub(super) fn run<G: Game>(
    stage: &Stage<'_>,
    mut replay: Replay<G, Reader>,
) -> Result<Exit, Failure> {
    let path = &stage.args.file;
    let (first, next) = (replay.record().head().setup.first, replay.record().next());
    let rate = replay.record().head().setup.rate;
    let (clock, mut progress) = (Clock::start(), Progress::new(stage.console));
    let (whole, mut verified) = (next.0 - first.0, Verified::default());
    let mut interrupted = false;
    while !interrupted
        && replay
            .verify(SLICE, &mut verified)
            .map_err(|error| replay_failure(path, &error))?
    {
        interrupted = stage.interrupt.is_raised();
        if progress.is_due(clock.now(), verified.ticks, whole) {
            progress.show(&format!("tick {} of {whole}", verified.ticks));
        }
    }
    progress.wipe();
    let wall = clock.now().since(Time::ZERO);
    let checksum = replay.checksum().map(|checksum| checksum.to_string());
    let mut reader = replay.into_record();
    let (signature, refused) = signed(stage, &mut reader)?;
    let played = rate.nanos_at(phalanx_engine::Tick(verified.ticks));
    let speed = u128::from(played) / wall.as_nanos().max(1);
    let (exit, verdict) = match (verified.first_bad, refused, reader.ending()) {
        (Some(tick), ..) => (
            Exit::Unverified,
            format!("does NOT verify: tick {tick} is not what was recorded"),
        ),
        (None, Some(why), _) => (Exit::Unverified, format!("does NOT verify: {why}")),
        (None, None, Ending::Damaged { at }) => (
            Exit::Damaged,
            format!("verifies so far, but is damaged after byte {at}"),
        ),
        _ if interrupted => (Exit::Interrupted, "interrupted; verifies so far".into()),
        _ if verified.digests == 0 => (Exit::Fine, "holds together; nothing to compare".into()),
        _ => (Exit::Fine, "verifies".into()),
    };
    let answer = Answer {
        schema_version: SCHEMA_VERSION,
        command: "replay verify",
        game: G::ID,
        ticks: verified.ticks,
        digests: verified.digests,
        keyframes: verified.keyframes,
        first_bad_tick: verified.first_bad.map(|tick| tick.0),
        checksum,
        signed_by: signature.map(|signature| hex(&signature.key)),
        signed_to: signature.map(|signature| signature.tick.0),
        ending: ending(reader.ending()),
        wall_s: Thousandths::seconds(wall),
        speed: u64::try_from(speed).unwrap_or(u64::MAX),
        exit_code: exit.code(),
    };
    let signed = match (&answer.signed_by, answer.signed_to) {
        (Some(key), Some(tick)) => format!("signed up to tick {tick} by {key}"),
        _ => "not signed".into(),
    };
    let text = format!(
        "{verdict}: {} ticks, {} digests, {} keyframes, {} times real time\n{signed}\n{}",
        answer.ticks,
        answer.digests,
        answer.keyframes,
        Grouped(answer.speed),
        answer.ending,
    );
    stage.console.result(&answer, &text)?;
    Ok(exit)
}

/// The newest genuine signature, and why the replay is not signed as it should be.
fn signed(
    stage: &Stage<'_>,
    reader: &mut Reader,
) -> Result<(Option<Signature>, Option<String>), Failure> {
    let signed = Signed::read(reader).map_err(|error| failure(&stage.args.file, &error))?;
    let (newest, wrong) = (signed.newest, signed.wrong());
    if wrong.is_some() {
        return Ok((newest, wrong));
    }
    let refused = match (stage.args.key, newest) {
        (Some(_), None) => Some("it is not signed".into()),
        (Some(key), Some(signature)) if key.0 != signature.key => {
            Some(format!("it is signed by {}", hex(&signature.key)))
        }
        // What comes after may be anybody's.
        (Some(_), Some(signature)) if signature.tick.next() < reader.next() => Some(format!(
            "it is signed up to tick {} only, of {}",
            signature.tick,
            reader.next().saturating_sub(1)
        )),
        _ => None,
    };
    Ok((newest, refused))
}
