//! Files of replays: opened, held against the games that there are here, and copied.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use clap::ValueEnum;
use phalanx_engine::{
    CommandWay, GameIdentity, Record, ReplayError, SealedFrame, Simulation, Slot, Tick,
};
use phalanx_netcode::PlayOnError;
use phalanx_netcode::replay::{ReplayFileError, ReplayReader, ReplayWriter, Signature};

use crate::cli::{GameName, RulesArgs};
use crate::compare::unlike;
use crate::exit::{Exit, Failure};
use crate::file::in_words;

/// A replay in a file.
pub(crate) type Reader = ReplayReader<BufReader<File>>;

/// Opens one.
pub(crate) fn open(path: &Path) -> Result<Reader, Failure> {
    let name = path.display();
    let file = File::open(path)
        .map_err(|error| Failure::usage(format!("cannot read {name}: {}", in_words(&error))))?;
    ReplayReader::open(BufReader::new(file)).map_err(|error| failure(path, &error))
}

/// What an error of the file means.
pub(crate) fn failure(path: &Path, error: &ReplayFileError) -> Failure {
    let exit = match error {
        ReplayFileError::OtherFormat(_) => Exit::OtherVersion,
        ReplayFileError::Io(_) => Exit::Usage,
        _ => Exit::Damaged,
    };
    Failure::new(exit, format!("{}: {error}", path.display()))
}

/// What an error of the replay means.
pub(crate) fn replay_failure(path: &Path, error: &ReplayError<ReplayFileError>) -> Failure {
    match error {
        ReplayError::Record(error) => failure(path, error),
        ReplayError::NotRecorded(_) => Failure::usage(format!("{}: {error}", path.display())),
        _ => Failure::new(Exit::Damaged, format!("{}: {error}", path.display())),
    }
}

/// The rules that are recorded there.
pub(crate) fn rules(path: &Path, reader: &Reader) -> Result<RulesArgs, Failure> {
    let game = &reader.head().game;
    RulesArgs::of(game).ok_or_else(|| {
        let (name, other) = (path.display(), game.id.escape_debug());
        let games = GameName::value_variants().iter().map(GameName::to_string);
        let games = games.collect::<Vec<_>>().join(" and ");
        let message = format!("{name} is of {other}, and here are only {games}");
        Failure::new(Exit::OtherVersion, message)
    })
}

/// Whether they are those of `game` as it is here.
pub(crate) fn check<S: Simulation>(path: &Path, reader: &Reader, game: &S) -> Result<(), Failure> {
    let (theirs, ours) = (&reader.head().game, GameIdentity::of(game));
    if *theirs == ours {
        return Ok(());
    }
    let message = format!("{} is {}", path.display(), unlike(theirs, &ours));
    Err(Failure::new(Exit::OtherVersion, message))
}

/// What the signatures in a replay say.
#[derive(Default)]
pub(crate) struct Signed {
    /// The newest genuine one, of those before the first that is not.
    pub(crate) newest: Option<Signature>,
    /// The first one that whoever it names did not make.
    pub(crate) forged: Option<Tick>,
}

impl Signed {
    /// Checks all of them, up to the first that is not genuine.
    pub(crate) fn read(reader: &mut Reader) -> Result<Self, ReplayFileError> {
        let ticks: Vec<_> = reader.signed().collect();
        let mut signed = Self::default();
        for tick in ticks {
            let Some(signature) = reader.signature(tick)? else {
                continue;
            };
            if !signature.verify(reader.genesis()) {
                signed.forged = Some(tick);
                break;
            }
            signed.newest = Some(signature);
        }
        Ok(signed)
    }

    /// What is wrong with them, in words.
    pub(crate) fn wrong(&self) -> Option<String> {
        let tick = self.forged?;
        Some(format!("the signature of tick {tick} is not genuine"))
    }
}

/// What whoever plays on has to know of the frames before.
pub(crate) struct Last {
    /// The latest of them.
    pub(crate) epoch: u32,
    pub(crate) sequences: Sequences,
}

impl Last {
    /// Of whoever plays on.
    pub(crate) fn later_epoch(&self, path: &Path) -> Result<u32, Failure> {
        let later = self.epoch.checked_add(1);
        later.ok_or_else(|| play_on_failure(path, &PlayOnError::Epoch(self.epoch)))
    }
}

/// What it means that nothing goes on from there: the flags are wrong, or it is a log such as no relay seals.
pub(crate) fn play_on_failure(path: &Path, error: &PlayOnError) -> Failure {
    let exit = match error {
        PlayOnError::Config(_) => Exit::Usage,
        PlayOnError::Snapshot(_) => Exit::Internal,
        _ => Exit::Damaged,
    };
    Failure::new(exit, format!("{}: {error}", path.display()))
}

/// Per slot and way the sequence of the next command.
pub(crate) type Sequences = BTreeMap<(Slot, CommandWay), u64>;

/// Copies everything up to the tick `at`, but for the keyframe of that tick. What does not follow what was before no relay
/// sealed, and nothing goes on from it.
pub(crate) fn copy(
    path: &Path,
    reader: &mut Reader,
    at: Tick,
    writer: &mut ReplayWriter,
) -> Result<Last, Failure> {
    let failed = |error| failure(path, &error);
    let setup = reader.head().setup;
    let mut frame = SealedFrame::empty(reader.genesis());
    let mut last = Last {
        epoch: 0,
        sequences: Sequences::new(),
    };
    let signed: Vec<_> = reader.signed().collect();
    for tick in setup.first.until(at.next()) {
        reader.read(tick, &mut frame).map_err(failed)?;
        writer.frame(&frame);
        last.epoch = last.epoch.max(frame.epoch);
        for command in &frame.commands {
            let next = last.sequences.entry((command.slot, command.way()));
            let next = next.or_default();
            if command.sequence != *next {
                return Err(play_on_failure(path, &PlayOnError::Command(tick)));
            }
            *next += 1;
        }
        if let Some(digest) = reader.digest(tick).map_err(failed)? {
            writer.digest(tick, digest);
        }
        if tick < at
            && reader.keyframe_before(tick) == Some(tick)
            && let Some(keyframe) = reader.keyframe(tick).map_err(failed)?
        {
            // It was in a file, so it is not too large for one.
            let _ = writer.keyframe(&keyframe);
        }
        if signed.contains(&tick)
            && let Some(signature) = reader.signature(tick).map_err(failed)?
        {
            writer.signature(&signature);
        }
    }
    Ok(last)
}
