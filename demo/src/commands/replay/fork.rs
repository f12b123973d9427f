//! `replay fork`: the first ticks of it as a replay of their own, and bots that play on from there.

use phalanx_engine::{
    Command, CommandWay, Entry, FrameHash, Input, Presence, Provenance, Repeat, Replay,
    SealedCommand, SealedFrame, Slot, Tick, Timeline, Window, to_bytes,
};
use phalanx_netcode::replay::ReplayWriter;
use serde::Serialize;

use super::{Reader, Stage, replay_failure, tick_of};
use crate::exit::{Exit, Failure};
use crate::file;
use crate::game::Game;
use crate::recording::interval;
use crate::replay_file::{Sequences, copy};
use crate::summary::SCHEMA_VERSION;

/// Nothing is predicted.
const WINDOW: Window = Window {
    ticks: 0,
    repeat: Repeat { ticks: 0 },
};

/// The keys, in this order.
#[derive(Serialize)]
struct Answer {
    schema_version: u32,
    command: &'static str,
    game: &'static str,
    tick: u64,
    ticks: u64,
    played_on: u64,
    checksum: String,
    exit_code: u8,
}

pub(super) fn run<G: Game>(
    stage: &Stage<'_>,
    game: G,
    mut replay: Replay<G, Reader>,
) -> Result<Exit, Failure> {
    let path = &stage.args.file;
    let at = tick_of(stage.args, replay.record())?;
    let sought = replay.seek(at);
    sought.map_err(|error| replay_failure(path, &error))?;
    let snapshot = replay.snapshot().expect("it stands after that tick");
    let mut reader = replay.into_record();
    let mut writer = ReplayWriter::new(reader.head());
    let last = copy(path, &mut reader, at, &mut writer)?;
    writer.keyframe(&snapshot).map_err(Failure::internal)?;

    let wanted = stage.args.ticks.unwrap_or_default();
    // Without a tick to seal there is no need of another one.
    let epoch = match wanted {
        0 => last.epoch,
        _ => last.later_epoch(path)?,
    };
    let timeline = Timeline::resume(game, &snapshot, WINDOW);
    let mut on = PlayOn {
        timeline: timeline.map_err(Failure::internal)?,
        sequences: last.sequences,
        epoch,
    };
    let interval = interval(snapshot.setup.rate);
    let mut played = 0;
    while played < wanted && !on.timeline.session().ended() && !stage.interrupt.is_raised() {
        let tick = on.tick(writer.head(), &mut writer);
        played += 1;
        if played % interval == 0
            && let Some(snapshot) = on.timeline.snapshot(tick)
        {
            writer.keyframe(&snapshot).map_err(Failure::internal)?;
        }
    }
    let exit = if played == wanted {
        Exit::Fine
    } else if stage.interrupt.is_raised() {
        Exit::Interrupted
    } else {
        let message = format!("the session ended by tick {at}: fork before that to play on");
        return Err(Failure::usage(message));
    };
    writer.close();
    if let Some(out) = &stage.args.out {
        file::replace(out, writer.pending())?;
    }
    let newest = writer.next().previous().unwrap_or_default();
    let checksum = on.timeline.digest(newest).unwrap_or_default().to_string();
    let ticks = writer.next().0 - snapshot.setup.first.0;
    let text = format!(
        "forked after tick {at}: {ticks} ticks, {played} of them played on by bots, checksum {checksum}"
    );
    let answer = Answer {
        schema_version: SCHEMA_VERSION,
        command: "replay fork",
        game: G::ID,
        tick: at.0,
        ticks,
        played_on: played,
        checksum,
        exit_code: exit.code(),
    };
    stage.console.result(&answer, &text)?;
    Ok(exit)
}

/// Bots that seal their own frames.
struct PlayOn<G: Game> {
    timeline: Timeline<G>,
    sequences: Sequences,
    epoch: u32,
}

impl<G: Game> PlayOn<G> {
    /// Plays a tick and writes it; returns which.
    fn tick(&mut self, previous: FrameHash, writer: &mut ReplayWriter) -> Tick {
        let (game, state) = (self.timeline.simulation(), self.timeline.state());
        let session = self.timeline.session();
        let mut frame = SealedFrame::empty(previous);
        frame.tick = self.timeline.next();
        frame.epoch = self.epoch;
        // Of a pause nothing is sealed, and whoever plays on goes on.
        let pace = session.pace();
        let paused = pace.pauses(frame.tick);
        if paused && pace.turns().is_none() {
            let at = frame.tick.next();
            frame.entries.push(Entry::Resume { at });
        }
        for slot in Slot::all(session.slots()) {
            let here = session.presence(slot) == Presence::Player && !paused;
            let input = if here {
                game.bot(state, slot)
            } else {
                G::Input::default()
            };
            let mut packed = vec![0; G::Input::BYTES as usize];
            input.pack(&mut packed);
            frame.inputs.extend(packed);
            frame.provenance.push(if here {
                Provenance::Real
            } else {
                Provenance::Neutral
            });
            let orders = if here {
                game.bot_commands(state, slot)
            } else {
                Vec::new()
            };
            for order in orders {
                let bytes = to_bytes(&order);
                if bytes.len() as u64 > u64::from(G::Command::MAX_BYTES) {
                    continue;
                }
                let way = CommandWay::of(bytes.len() as u64);
                let next = self.sequences.entry((slot, way)).or_default();
                let command = SealedCommand {
                    slot,
                    sequence: *next,
                    stamped: frame.tick,
                    bytes,
                };
                let place = command.place();
                let commands = &mut frame.commands;
                let at = commands.partition_point(|other| other.place() < place);
                commands.insert(at, command);
                // What a frame has no room for is thought of again.
                if SealedCommand::fit(frame.tick, commands) {
                    *next += 1;
                } else {
                    commands.remove(at);
                }
            }
        }
        writer.frame(&frame);
        let sealed = self.timeline.seal(&frame);
        sealed.expect("a frame of the session");
        let tick = self.timeline.advance().expect("its frame is sealed");
        if let Some(digest) = self.timeline.chained(tick) {
            writer.digest(tick, digest);
        }
        tick
    }
}
