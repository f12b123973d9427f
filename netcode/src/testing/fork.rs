//! [`ForkTest`]: a match, forked at whatever tick, to see that the session bears whatever happens to it then.

mod course;
mod incident;
mod replayed;

use phalanx_engine::{Digest, Entry, RngKey, SealedFrame, Simulation, Slot, Snapshot, Tick};

use self::course::Course;
pub use self::course::Outage;
use self::incident::Script;
pub use self::incident::{Incident, ParseIncidentError};
use super::{Scenario, WorldError};

/// For so many ticks a match is played on after an incident, and ends then.
pub const RUN_ON_TICKS: u64 = 300;

/// So often the match keeps a snapshot, from which forks are executed again, ticks.
const KEYFRAME_TICKS: u64 = 60;

/// One in so many forks is executed again from the first tick.
const FROM_THE_START: u64 = 100;

/// What is wrong with a session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// Two players hold different worlds.
    #[error("players hold different worlds since tick {0}")]
    Desync(Tick),
    /// The players hold one world, and the log says another.
    #[error("executed from its log the match has another world since tick {0}")]
    Replay(Tick),
    /// The log cannot be executed.
    #[error("the match cannot be executed from its log: {0}")]
    Log(String),
    /// Not everybody came to play.
    #[error("the match has not begun")]
    NotBegun,
    /// A player lost the session, or never got it.
    #[error("the player in slot {0} was lost")]
    Lost(Slot),
    /// What should have happened could not, or is not in the log.
    #[error("what was to happen did not, or was not sealed: {0}")]
    NotSealed(String),
    /// The match did not end, or not all of it was confirmed and agreed by those who were there.
    #[error("{agreed} of {sealed} ticks are agreed, and {confirmed} confirmed by everybody")]
    NotAgreed {
        /// Ticks sealed.
        sealed: u64,
        /// Ticks agreed.
        agreed: u64,
        /// Ticks confirmed by the slowest player.
        confirmed: u64,
    },
}

/// What a fork came to.
#[derive(Clone, Debug)]
pub struct Forked {
    /// The checksum of every tick from the one at which it was forked on: agreed by all, and the same when
    /// the log is executed again.
    pub checksums: Vec<Digest>,
}

/// A match of bots that is played tick by tick and forked on the way.
///
/// A fork is a clone of the whole virtual world, to which an [`Incident`] happens. It is played on for
/// [`RUN_ON_TICKS`] and ended, and then
///
/// - everybody who is still there has confirmed and agreed on every tick, with equal checksums;
/// - what happened is in the log;
/// - the log, executed again without a network from a snapshot before the incident (of one fork in a
///   hundred from the first tick), has these checksums.
///
/// All that is drawn comes from the scenario's seed, the tick and the incident: a fork is repeated by these,
/// whichever others there were.
///
/// ```
/// use phalanx_engine::Tick;
/// use phalanx_netcode::testing::fork::{ForkTest, Incident};
/// use phalanx_netcode::testing::{Mixer, Preset, Scenario};
///
/// let net = Preset::Mobile.conditions();
/// let scenario = Scenario { up: net, down: net, players: 3, seed: 7, ..Scenario::default() };
/// let mut test = ForkTest::new(&scenario, Mixer, Vec::new())?;
/// test.go_to(Tick(100))?;
/// for incident in Incident::ALL {
///     test.fork(incident)?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ForkTest<S: Simulation> {
    rules: S,
    scenario: Scenario,
    course: Course<S>,
    keyframes: Vec<Snapshot>,
}

impl<S: Simulation<State: Clone> + Clone> ForkTest<S> {
    /// The match of `scenario`, of any length, before its first tick, with `outages` on the way. Its rules let every
    /// player pause. There are two players at least: who leaves is to leave somebody behind.
    ///
    /// # Errors
    /// [`WorldError`] if the scenario is out of range.
    pub fn new(scenario: &Scenario, rules: S, outages: Vec<Outage>) -> Result<Self, WorldError> {
        let mut scenario = scenario.clone();
        scenario.rules.pauses = scenario.rules.pauses.max(1);
        // It is ended by the relay's host.
        scenario.ticks = u64::MAX / 4;
        let course = Course::new(&scenario, &rules, outages)?;
        Ok(Self {
            rules,
            scenario,
            course,
            keyframes: Vec::new(),
        })
    }

    /// The tick that is due now at the relay.
    pub const fn tick(&self) -> Tick {
        self.course.tick()
    }

    /// Plays until `tick` is due at the relay; nothing if it was already.
    ///
    /// # Errors
    /// [`Finding`] if that goes wrong by itself.
    pub fn go_to(&mut self, tick: Tick) -> Result<(), Finding> {
        self.course.begin()?;
        while self.course.tick() < tick {
            self.course.advance()?;
            let kept = self.keyframes.last().map(|kept| kept.tick);
            let due = kept.map_or(self.scenario.first, Tick::next) + KEYFRAME_TICKS;
            if let Some(keyframe) = self.course.newest().filter(|newest| *newest >= due) {
                self.keyframes.extend(self.course.snapshot(keyframe));
            }
        }
        Ok(())
    }

    /// Forks the match where it stands, and plays the fork to its end. The match itself is left as it is.
    ///
    /// # Errors
    /// [`Finding`] says what is wrong with it.
    pub fn fork(&self, incident: Incident) -> Result<Forked, Finding> {
        let at = self.tick();
        let key = RngKey::named("phalanx.fork")
            .with(self.scenario.seed)
            .with(at.0);
        let mut draws = key.with(incident as u64).rng();
        let mut course = self.course.clone();
        course.begin()?;
        let mut script = Script::new(incident, at, &self.scenario, &mut draws);
        for _ in 0..RUN_ON_TICKS {
            script.go_on(&mut course);
            course.advance()?;
        }
        course.end()?;
        self.is_in_the_log(&script, &course)?;
        let from_start = draws.below_u64(FROM_THE_START) == 0;
        let keyframe = self.keyframes.last().filter(|_| !from_start);
        replayed::compare(self.rules.clone(), &course, keyframe)?;
        let checksums = course.checksums_from(at).to_vec();
        Ok(Forked { checksums })
    }

    /// Whether all that was done is told by the log.
    fn is_in_the_log(&self, script: &Script, course: &Course<S>) -> Result<(), Finding> {
        let log = course.relay().log();
        let mut frame = SealedFrame::empty(log.head());
        let mut entries: Vec<Entry> = Vec::new();
        // The relay may be behind its deadlines.
        for tick in self.course.relay().log().next().until(log.next()) {
            let read = log.read(tick, &mut frame);
            read.map_err(|error| Finding::Log(error.to_string()))?;
            entries.append(&mut frame.entries);
        }
        match script.missing(&entries) {
            Some(act) => Err(Finding::NotSealed(act.to_string())),
            None => Ok(()),
        }
    }
}
