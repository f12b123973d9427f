//! [`RecordFile`]: a replay that is written while the match is played.

use core::time::Duration;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use phalanx_engine::{Digest, GameIdentity, Log, Simulation, Snapshot, Tick, TickRate};
use phalanx_netcode::replay::{Head, OtherSession, Recorder, ReplayWriter, Signature, SigningKey};
use phalanx_netcode::{Client, Relay};

use crate::console::complain;
use crate::exit::Failure;
use crate::file::in_words;

/// How often what is new is recorded, where time is real.
pub(crate) const RECORD_EVERY: Duration = Duration::from_millis(100);

/// From one keyframe, and signature, to the next, seconds: so much is executed again by a seek.
const INTERVAL_S: u64 = 10;

/// Ticks from one keyframe to the next.
pub(crate) fn interval(rate: TickRate) -> u64 {
    rate.tick_at(INTERVAL_S * 1_000_000_000).0
}

/// A file that a match is recorded to. It is made when there is something to be written; what goes wrong
/// is told once, and the match goes on without it.
pub(crate) struct RecordFile {
    /// The name that was given, and that of the file.
    given: PathBuf,
    path: PathBuf,
    open: Option<(Recorder, File)>,
    /// What is there already stays, and the name gets a number, this one or a later; `None`: it is replaced.
    number: Option<u64>,
    key: Option<Rc<SigningKey>>,
    /// What there is already of the session that is recorded.
    past: Option<(Head, ReplayWriter)>,
    failed: Option<String>,
}

impl RecordFile {
    /// The file that a flag names, in place of what is there; a relay has a `key` to sign with.
    pub(crate) fn new(path: &Path, key: Option<Rc<SigningKey>>) -> Self {
        Self {
            given: path.to_owned(),
            path: path.to_owned(),
            open: None,
            number: None,
            key,
            past: None,
            failed: None,
        }
    }

    /// The same of a process that somebody may have started again after a crash, and which keeps what that one recorded: the
    /// first name that is free, with `number` or a later one.
    pub(crate) fn numbered(self, number: u64) -> Self {
        let number = Some(number);
        Self { number, ..self }
    }

    /// The same of a session that is gone on with: the file begins with its `past`.
    pub(crate) fn after(self, past: (Head, ReplayWriter)) -> Self {
        let past = Some(past);
        Self { past, ..self }
    }

    /// The tick of which a keyframe is wanted, if it is before `agreed`.
    pub(crate) fn due(&self, agreed: Tick) -> Option<Tick> {
        self.open.as_ref()?.0.due(agreed)
    }

    /// Writes what a relay has sealed since the last time, and the keyframe that is due, if somebody has it; and the newest
    /// one that the relay holds itself.
    pub(crate) fn follow_relay(&mut self, relay: &Relay, keyframe: Option<Snapshot>) {
        let (log, config) = (relay.log(), relay.config());
        let head = || Head {
            game: config.game.clone(),
            setup: config.setup,
        };
        let digest = |tick| relay.chained(tick);
        self.follow(head, log, relay.agreed(), digest, keyframe);
        if let Some((recorder, _)) = &mut self.open
            && let Some((tick, packed)) = relay.newest_keyframe()
        {
            recorder.packed_keyframe(tick, packed);
        }
        self.write();
    }

    /// Writes what a client has heard since the last time.
    pub(crate) fn follow_client<S: Simulation>(&mut self, client: &mut Client<S>) {
        // What is agreed is confirmed here, but for what is still on its way.
        let confirmed = client.timeline().map(|timeline| timeline.confirmed());
        let agreed = client.agreed().min(confirmed.unwrap_or_default());
        let keyframe = self.due(agreed).and_then(|tick| client.snapshot(tick));
        let (Some(timeline), Some(log)) = (client.timeline(), client.log()) else {
            return;
        };
        let head = || Head {
            game: GameIdentity::of(timeline.simulation()),
            setup: *timeline.setup(),
        };
        let digest = |tick| timeline.chained(tick);
        self.follow(head, log, agreed, digest, keyframe);
        self.write();
    }

    fn follow(
        &mut self,
        head: impl FnOnce() -> Head,
        log: &Log,
        agreed: Tick,
        digest: impl FnMut(Tick) -> Option<Digest>,
        keyframe: Option<Snapshot>,
    ) {
        if log.next() == log.first() || self.failed.is_some() {
            return;
        }
        if self.open.is_none() {
            self.create(&head());
        }
        if let Some((recorder, _)) = &mut self.open {
            let sign = |writer: &ReplayWriter| sign(self.key.as_deref(), writer);
            if let Err(error) = recorder.follow(log, agreed, digest, keyframe, sign) {
                self.stop(&error);
            }
        }
    }

    /// Signs and closes the file.
    ///
    /// # Errors
    /// What went wrong, be it long ago.
    pub(crate) fn close(mut self) -> Result<(), Failure> {
        if let Some((recorder, _)) = &mut self.open {
            recorder.sign(|writer| sign(self.key.as_deref(), writer));
            recorder.writer().close();
        }
        self.write();
        if let Some((_, file)) = &self.open
            && let Err(error) = file.sync_all()
        {
            self.fail(&error);
        }
        self.failed
            .map_or(Ok(()), |message| Err(Failure::internal(message)))
    }

    fn create(&mut self, head: &Head) {
        match self.create_file() {
            Ok(file) => {
                let (past, interval) = (self.past.take(), interval(head.setup.rate));
                let recorder = match past {
                    Some((head, writer)) => Recorder::go_on(&head, writer, interval),
                    None => Recorder::new(head, interval),
                };
                self.open = Some((recorder, file));
            }
            Err(error) => self.fail(&error),
        }
    }

    fn create_file(&mut self) -> io::Result<File> {
        let Some(wanted) = self.number else {
            return File::create(&self.path);
        };
        let mut number = wanted;
        let file = loop {
            self.path = path_of(&self.given, number);
            match File::create_new(&self.path) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                Err(_) if has_content(&self.path) => number += 1,
                // A pipe, or an empty file made for this, has nothing to lose.
                Err(_) => break File::create(&self.path)?,
                Ok(file) => break file,
            }
        };
        if number > wanted {
            let (there, name) = (path_of(&self.given, wanted), self.path.display());
            let there = there.display();
            complain(&format!(
                "{there} is there already, and stays: recording to {name}"
            ));
        }
        Ok(file)
    }

    fn write(&mut self) {
        let Some((recorder, file)) = &mut self.open else {
            return;
        };
        let writer = recorder.writer();
        let written = file.write_all(writer.pending());
        writer.taken();
        if let Err(error) = written {
            self.fail(&error);
        }
    }

    /// What is recorded is whole, and stays; what is played now is no part of it.
    fn stop(&mut self, error: &OtherSession) {
        if let Some((recorder, _)) = &mut self.open {
            recorder.writer().close();
        }
        self.write();
        if self.open.take().is_some() {
            let message = format!("recording to {} stopped: {error}", self.path.display());
            complain(&format!("{message}; the match goes on"));
            self.failed = Some(message);
        }
    }

    fn fail(&mut self, error: &io::Error) {
        let (name, words) = (self.path.display(), in_words(error));
        let message = format!("cannot record to {name}: {words}");
        complain(&format!("{message}; the match goes on"));
        self.open = None;
        self.failed = Some(message);
    }
}

/// All frames so far, signed.
fn sign(key: Option<&SigningKey>, writer: &ReplayWriter) -> Option<Signature> {
    let tick = writer.next().previous()?;
    key.map(|key| key.sign(writer.genesis(), tick, writer.head()))
}

fn has_content(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() > 0)
}

/// The file with that `number`: the first one has the name that was given.
fn path_of(path: &Path, number: u64) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut name = format!("{stem}-{number}");
    if let Some(extension) = path.extension() {
        name.push('.');
        name.push_str(&extension.to_string_lossy());
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use phalanx_engine::{Input, Provenance, Record, SealedFrame, Setup};
    use phalanx_netcode::replay::Ending;

    use super::*;
    use crate::duel::Duel;

    #[test]
    fn every_number_has_a_file_of_its_own() {
        let path = |number| path_of(Path::new("a/night.replay"), number);
        assert_eq!(path(1), Path::new("a/night.replay"));
        assert_eq!(path(12), Path::new("a/night-12.replay"));
        assert_eq!(path_of(Path::new("x"), 2), Path::new("x-2"));
    }

    #[test]
    fn another_session_is_not_recorded_into_the_file_of_the_first() {
        let name = format!("phalanx-other-session-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let head = || Head {
            game: GameIdentity::of(&Duel),
            setup: Setup::new(7, 1, TickRate::hz(60)),
        };
        let genesis = ReplayWriter::new(&head()).genesis();
        let log = |ticks, epoch| {
            let mut log = Log::new(genesis, Tick::ZERO);
            for tick in Tick::ZERO.until(Tick(ticks)) {
                let mut frame = SealedFrame::empty(log.head());
                (frame.tick, frame.epoch) = (tick, epoch);
                frame.inputs = vec![0; <Duel as Simulation>::Input::BYTES as usize];
                frame.provenance = vec![Provenance::Real];
                log.append(&frame);
            }
            log
        };
        let mut file = RecordFile::new(&path, None);
        for (ticks, epoch) in [(50, 1), (50, 2), (90, 2), (90, 1)] {
            let log = log(ticks, epoch);
            file.follow(head, &log, Tick::ZERO, |_| None, None);
            file.write();
        }
        let failure = file.close().unwrap_err();
        let words = "these are another session's frames";
        assert!(failure.message.contains(words), "{}", failure.message);
        let reader = crate::replay_file::open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(reader.next(), Tick(50));
        assert_eq!(reader.ending(), Ending::Closed);
    }

    #[test]
    fn what_is_there_stays_unless_it_is_empty() {
        let name = format!("phalanx-numbered-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        let path = |name: &str| directory.join(name);
        fs::write(path("x"), "of the crash").unwrap();
        fs::write(path("x-2"), "").unwrap();
        let taken = || {
            let mut file = RecordFile::new(&path("x"), None).numbered(1);
            file.create_file().unwrap().write_all(b"new").unwrap();
            file.path
        };
        assert_eq!([taken(), taken()], [path("x-2"), path("x-3")]);
        assert_eq!(fs::read(path("x")).unwrap(), b"of the crash");
        fs::remove_dir_all(&directory).unwrap();
    }
}
