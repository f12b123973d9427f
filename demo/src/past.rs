//! [`Past`]: the recorded session that a match goes on with.

use std::path::{Path, PathBuf};

use phalanx_engine::{Log, Record, Replay, SealedFrame, Snapshot, TickRate, Verified};
use phalanx_netcode::replay::{Ending, Head, ReplayWriter};
use phalanx_netcode::{Relay, SessionConfig};

use crate::cli::{GameArgs, RulesArgs};
use crate::exit::{Exit, Failure};
use crate::game::Game;
use crate::interrupt::Interrupt;
use crate::replay_file::{Reader, Signed, copy, failure, play_on_failure, replay_failure};

/// Ticks between two looks at Ctrl-C.
const SLICE: u64 = 1000;

/// What was recorded, and the world at its end.
pub(crate) struct Past {
    path: PathBuf,
    log: Log,
    end: Snapshot,
    /// Of whoever goes on.
    epoch: u32,
    /// Ticks per second of real time at its end.
    rate: TickRate,
    rounds: Option<u64>,
    head: Head,
    /// All of it, to be written on.
    writer: ReplayWriter,
}

impl Past {
    /// Reads the replay at `path`, and executes it: nothing is built on what does not verify.
    pub(crate) fn read<G: Game>(
        path: &Path,
        reader: Reader,
        game: G,
        interrupt: &Interrupt,
    ) -> Result<Self, Failure> {
        whole(path, &reader)?;
        let name = path.display();
        let (mut replay, mut verified) = (Replay::new(game, reader), Verified::default());
        while replay
            .verify(SLICE, &mut verified)
            .map_err(|error| replay_failure(path, &error))?
        {
            if interrupt.is_raised() {
                let message = format!("interrupted while {name} was executed");
                return Err(Failure::new(Exit::Interrupted, message));
            }
        }
        if let Some(tick) = verified.first_bad {
            let message = format!("{name} does NOT verify: tick {tick} is not what was recorded");
            return Err(Failure::new(Exit::Unverified, message));
        }
        let (rate, ended) = (
            replay.session().pace().real_rate(),
            replay.session().ended(),
        );
        let rounds = replay.look(G::rounds);
        let Some(end) = replay.snapshot() else {
            return Err(Failure::usage(format!("{name} has no ticks")));
        };
        let mut reader = replay.into_record();
        let signed = Signed::read(&mut reader).map_err(|error| failure(path, &error))?;
        if let Some(why) = signed.wrong() {
            let message = format!("{name} does NOT verify: {why}");
            return Err(Failure::new(Exit::Unverified, message));
        }
        if ended {
            let (last, before) = (end.tick, end.tick.saturating_sub(1));
            return Err(Failure::usage(format!(
                "the session in {name} ended by tick {last}: cut it before that, with phalanx replay fork {name} --tick {before} --out OTHER"
            )));
        }
        let mut writer = ReplayWriter::new(reader.head());
        let last = copy(path, &mut reader, end.tick, &mut writer)?;
        writer.keyframe(&end).map_err(Failure::internal)?;
        Ok(Self {
            path: path.to_owned(),
            log: log(&mut reader).map_err(|error| failure(path, &error))?,
            end,
            epoch: last.later_epoch(path)?,
            rate,
            rounds,
            head: reader.head().clone(),
            writer,
        })
    }

    /// Its ticks.
    pub(crate) const fn ticks(&self) -> u64 {
        self.log.next().0 - self.log.first().0
    }

    /// The tick that comes next, as a number.
    pub(crate) const fn next(&self) -> u64 {
        self.log.next().0
    }

    /// Rounds that ended in it.
    pub(crate) fn rounds(&self) -> u64 {
        self.rounds.unwrap_or(0)
    }

    /// The flags of a match of the same game and players, at the rate at which it goes on.
    pub(crate) fn game(&self, rules: RulesArgs) -> GameArgs {
        GameArgs {
            rules,
            players: self.head.setup.slots,
            seed: self.head.setup.seed,
            tick_rate: Some(self.rate),
        }
    }

    /// A relay that goes on with it as `config` says, and what is recorded of it so far.
    pub(crate) fn into_relay(
        self,
        config: SessionConfig,
    ) -> Result<(Relay, (Head, ReplayWriter)), Failure> {
        let config = SessionConfig {
            setup: self.head.setup,
            length: config
                .length
                .map(|ticks| ticks.saturating_add(self.ticks())),
            epoch: self.epoch,
            ..config
        };
        let relay = Relay::play_on(config, self.log, Some(&self.end))
            .map_err(|error| play_on_failure(&self.path, &error))?;
        Ok((relay, (self.head, self.writer)))
    }
}

/// Nothing was lost in the middle: what a crash cut off is an end as good as any, but where bytes are not as they were
/// written, more may follow, which whoever goes on should know of.
fn whole(path: &Path, reader: &Reader) -> Result<(), Failure> {
    let Ending::Damaged { at } = reader.ending() else {
        return Ok(());
    };
    let name = path.display();
    let mut message = format!("{name} is damaged after byte {at}");
    if let Some(last) = reader.next().previous_since(reader.head().setup.first) {
        message += &format!(
            ": to go on from tick {last}, the last one before that, cut it with phalanx replay fork {name} --tick {last} --out OTHER"
        );
    }
    Err(Failure::new(Exit::Damaged, message))
}

/// All frames.
fn log(reader: &mut Reader) -> Result<Log, phalanx_netcode::replay::ReplayFileError> {
    let mut log = Log::new(reader.genesis(), reader.head().setup.first);
    let mut frame = SealedFrame::empty(reader.genesis());
    while reader.read(log.next(), &mut frame)? {
        log.append(&frame);
    }
    Ok(log)
}

#[cfg(test)]
mod tests {
    use phalanx_engine::Tick;

    use super::*;
    use crate::duel::Duel;
    use crate::replay_file::open;

    /// The first hundred ticks of a recording.
    fn past(name: &str) -> Past {
        let whole = Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/replays/duel-1.replay"
        ));
        let mut reader = open(whole).unwrap();
        let mut writer = ReplayWriter::new(reader.head());
        copy(whole, &mut reader, Tick(99), &mut writer).unwrap();
        writer.close();
        let name = format!("phalanx-past-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, writer.pending()).unwrap();
        let past = Past::read(&path, open(&path).unwrap(), Duel, &Interrupt::never());
        std::fs::remove_file(&path).unwrap();
        past.unwrap()
    }

    /// What comes before it is counted, too, and there are no more ticks than that.
    #[test]
    fn a_match_of_all_ticks_that_there_are_goes_on() {
        for (more, length) in [(60, 160), (u64::MAX, u64::MAX)] {
            let past = past(&more.to_string());
            let config = SessionConfig {
                length: Some(more),
                ..SessionConfig::new(&Duel, past.head.setup)
            };
            let (relay, _) = past.into_relay(config).unwrap();
            assert_eq!(relay.config().length, Some(length));
        }
    }
}
