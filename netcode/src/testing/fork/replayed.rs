//! The log of a match, executed again without a network.

use phalanx_engine::{
    Log, LogError, Record, Replay, SealedFrame, Setup, Simulation, Snapshot, Tick,
};

use super::{Course, Finding};

/// A log, and perhaps one snapshot to begin from.
struct Recorded<'a> {
    setup: Setup,
    log: &'a Log,
    keyframe: Option<&'a Snapshot>,
}

impl Record for Recorded<'_> {
    type Error = LogError;

    fn setup(&self) -> &Setup {
        &self.setup
    }

    fn next(&self) -> Tick {
        self.log.next()
    }

    fn read(&mut self, tick: Tick, frame: &mut SealedFrame) -> Result<bool, LogError> {
        self.log.read(tick, frame)
    }

    fn keyframe_before(&self, tick: Tick) -> Option<Tick> {
        let keyframe = self.keyframe.map(|keyframe| keyframe.tick);
        keyframe.filter(|keyframe| *keyframe <= tick)
    }

    fn keyframe(&mut self, tick: Tick) -> Result<Option<Snapshot>, LogError> {
        Ok(self
            .keyframe
            .filter(|keyframe| keyframe.tick == tick)
            .cloned())
    }
}

/// Executes the match again, from the keyframe or its first tick on, and compares every tick's checksum with
/// what the players held.
pub(super) fn compare<S: Simulation<State: Clone> + Clone>(
    rules: S,
    course: &Course<S>,
    keyframe: Option<&Snapshot>,
) -> Result<(), Finding> {
    let (log, setup) = (course.relay().log(), course.relay().config().setup);
    let from = keyframe.map_or(setup.first, |keyframe| keyframe.tick);
    let held = course.checksums_from(from);
    let mut replay = Replay::new(
        rules,
        Recorded {
            setup,
            log,
            keyframe,
        },
    );
    for (tick, held) in from.until(log.next()).zip(held) {
        let executed = replay.seek(tick);
        executed.map_err(|error| Finding::Log(error.to_string()))?;
        if replay.checksum() != Some(*held) {
            return Err(Finding::Replay(tick));
        }
    }
    Ok(())
}
