//! [`Recorder`]: follows a session and writes it down.

use phalanx_engine::{Digest, FrameHash, Log, SealedFrame, Snapshot, Tick};

use super::{Head, ReplayWriter, Signature};

/// What is followed is not the session that is recorded: one that another relay began, say, to which a client came when it
/// connected again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these are another session's frames: that of tick {tick} does not follow what is recorded")]
pub struct OtherSession {
    /// The tick that would be recorded next.
    pub tick: Tick,
}

/// Makes a replay of a session while it is played. It is asked now and then, at least as often as what it
/// asks for is kept ([`HISTORY_TICKS_MAX`](phalanx_engine::limits::HISTORY_TICKS_MAX) ticks), and writes what
/// is new since the last time.
#[derive(Debug)]
pub struct Recorder {
    writer: ReplayWriter,
    /// Ticks from one keyframe, and signature, to the next.
    interval: u64,
    /// The next tick whose digest is to be written.
    digests: Tick,
    /// The next tick that is to have a keyframe.
    keyframe: Tick,
    /// The tick after the newest one that was signed.
    signed: Tick,
    frame: SealedFrame,
}

impl Recorder {
    /// A recorder of the session that `head` tells of, with a keyframe and a signature every `interval`
    /// ticks.
    #[must_use]
    pub fn new(head: &Head, interval: u64) -> Self {
        Self::go_on(head, ReplayWriter::new(head), interval)
    }

    /// A recorder that goes on with what a `writer` has of that session: its log begins with these frames.
    #[must_use]
    pub fn go_on(head: &Head, writer: ReplayWriter, interval: u64) -> Self {
        let (first, next, interval) = (head.setup.first, writer.next(), interval.max(1));
        let keyframes = next.since(first).max(0).unsigned_abs() / interval;
        Self {
            frame: SealedFrame::empty(writer.genesis()),
            writer,
            interval,
            digests: next,
            keyframe: first + ((keyframes + 1) * interval - 1),
            signed: next,
        }
    }

    /// What is to be appended to the file, and to be told to.
    pub const fn writer(&mut self) -> &mut ReplayWriter {
        &mut self.writer
    }

    /// The tick that is to have a keyframe next, if it is before `agreed`.
    #[must_use]
    pub fn due(&self, agreed: Tick) -> Option<Tick> {
        (self.keyframe < agreed).then_some(self.keyframe)
    }

    /// Writes what is new: frames of `log`, chained digests of ticks before `agreed`, and the keyframe that
    /// is [due](Recorder::due), if it could be had. Whoever has no key returns no signature. A log that is shorter than what is
    /// recorded, of a client that hears the session again from its beginning, has nothing new yet.
    ///
    /// # Errors
    /// [`OtherSession`] if its frames do not follow those that are recorded; nothing is written then.
    pub fn follow(
        &mut self,
        log: &Log,
        agreed: Tick,
        mut digest: impl FnMut(Tick) -> Option<Digest>,
        keyframe: Option<Snapshot>,
        sign: impl FnOnce(&ReplayWriter) -> Option<Signature>,
    ) -> Result<(), OtherSession> {
        let next = self.writer.next();
        if log.next() < next {
            return Ok(());
        }
        if self.head_in(log) != Some(self.writer.head()) {
            return Err(OtherSession { tick: next });
        }
        for tick in next.until(log.next()) {
            // The log is this machine's own, in memory.
            if !log.read(tick, &mut self.frame).unwrap_or(false) {
                break;
            }
            self.writer.frame(&self.frame);
        }
        let agreed = agreed.min(self.writer.next());
        for tick in self.digests.until(agreed) {
            if let Some(digest) = digest(tick) {
                self.writer.digest(tick, digest);
            }
        }
        self.digests = self.digests.max(agreed);
        // One that could not be had in time, or is too large, is done without.
        let keyframe = keyframe.filter(|world| self.due(agreed) == Some(world.tick));
        if let Some(snapshot) = keyframe {
            let _ = self.writer.keyframe(&snapshot);
        }
        while self.keyframe < agreed {
            self.keyframe += self.interval;
        }
        if self.writer.next().0 - self.signed.0 >= self.interval {
            self.sign(sign);
        }
        Ok(())
    }

    /// Hash of the newest frame that is recorded, as a log has it that is at least as long.
    fn head_in(&mut self, log: &Log) -> Option<FrameHash> {
        let next = self.writer.next();
        if log.next() == next {
            return Some(log.head());
        }
        let there = log.read(next, &mut self.frame).unwrap_or(false);
        there.then_some(self.frame.previous)
    }

    /// Writes the keyframe of `tick` as a [relay holds it](crate::Relay::newest_keyframe), besides those that are due. What is
    /// there already, or older, is left out.
    pub fn packed_keyframe(&mut self, tick: Tick, packed: &[u8]) {
        // One that cannot be written is done without.
        let _ = self.writer.packed_keyframe(tick, packed);
    }

    /// Writes a signature of all so far.
    pub fn sign(&mut self, sign: impl FnOnce(&ReplayWriter) -> Option<Signature>) {
        if self.writer.next() == self.signed {
            return;
        }
        self.signed = self.writer.next();
        if let Some(signature) = sign(&self.writer) {
            self.writer.signature(&signature);
        }
    }
}
