//! [`Referee`]: executes a session beside its relay.

use phalanx_engine::{
    Digest, GameIdentity, SealedFrame, Simulation, Slot, Tick, Timeline, Window, WindowError,
};

use crate::config::SessionConfig;
use crate::keyframe_ticks::KeyframeTicks;
use crate::relay::Relay;
use crate::snapshot::SnapshotError;

/// A peer without a slot, a picture and a network: it executes every frame that the relay next to it seals,
/// and nothing else. What it holds is what the rules say, so that it
///
/// - judges whose world is another one, also where all players agree on it, or there is only one of them;
/// - gives the relay the snapshots that those who come late or back go on from: no player is asked for them,
///   nor believed;
/// - says at the end what the session came to.
///
/// It is as deterministic as any player, and costs the relay's machine what a session costs one of them.
///
/// ```
/// use phalanx_engine::Slot;
/// use phalanx_netcode::Referee;
/// use phalanx_netcode::testing::{Mixer, Scenario, World};
///
/// let mut world = World::new(&Scenario::default(), || Mixer)?;
/// let mut referee = Referee::new(Mixer, world.relay().config())?;
/// world.run_bots();
/// while referee.follow(world.relay_mut(), || true)? > 0 {}
/// assert_eq!(referee.audit(world.relay()).ticks, 600);
/// assert!(referee.audit(world.relay()).wrong.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Referee<S: Simulation> {
    timeline: Timeline<S>,
    frame: SealedFrame,
}

/// Why there is no referee.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefereeError {
    /// The session plays another game than the referee knows.
    #[error("the session plays {}, version {}, and not the referee's game as it is here", .0.id, .0.version)]
    OtherGame(GameIdentity),
    /// Inputs are repeated for longer than a timeline can.
    #[error(transparent)]
    Window(#[from] WindowError),
}

/// What a session came to, as its rules say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Ticks executed.
    pub ticks: u64,
    /// The world's digest after the last of them.
    pub checksum: Option<Digest>,
    /// Per slot whose players ever held another world, the first tick after which one did.
    pub wrong: Vec<(Slot, Tick)>,
}

impl<S: Simulation> Referee<S> {
    /// A referee of the session that `config` describes, before its first tick.
    ///
    /// # Errors
    /// [`RefereeError`] if it cannot execute that session.
    pub fn new(simulation: S, config: &SessionConfig) -> Result<Self, RefereeError> {
        if GameIdentity::of(&simulation) != config.game {
            return Err(RefereeError::OtherGame(config.game.clone()));
        }
        let repeat = config.rules.repeat;
        let window = Window { ticks: 0, repeat };
        Ok(Self {
            timeline: Timeline::new(simulation, &config.setup, window)?,
            frame: SealedFrame::empty(config.genesis()),
        })
    }

    /// Executes what `relay` has sealed since the last call, as long as there is time for `more`, which is asked before
    /// each tick but the first; judges the players' votes; and gives the relay the snapshots of keyframe ticks.
    /// Returns how many ticks it executed.
    ///
    /// To be called soon after every tick: of ticks that are [long over](crate::limits::VOTES_KEPT) no votes are kept.
    ///
    /// # Errors
    /// [`SnapshotError`] if the world is too large to be kept as a snapshot.
    ///
    /// # Panics
    /// If `relay` is that of another session.
    pub fn follow(
        &mut self,
        relay: &mut Relay,
        mut more: impl FnMut() -> bool,
    ) -> Result<u64, SnapshotError> {
        let mut executed = 0;
        let config = relay.config();
        let keyframes = KeyframeTicks::new(config.setup.first, config.rules.keyframe_ticks);
        while self.timeline.next() < relay.log().next() && (executed == 0 || more()) {
            let tick = self.timeline.next();
            let there = relay.log().read(tick, &mut self.frame);
            assert_eq!(there, Ok(true), "a log in memory reads what it wrote");
            // Frames come in order, one at a time, from a log that is chained.
            let sealed = self.timeline.seal(&self.frame);
            sealed.expect("the next frame of the session");
            let advanced = self.timeline.advance();
            advanced.expect("a sealed tick can be executed");
            executed += 1;
            if let Some(chained) = self.timeline.chained(tick) {
                relay.judge(tick, chained);
            }
            if keyframes.contains(tick)
                && let Some(snapshot) = self.timeline.snapshot(tick)
            {
                relay.keep(&snapshot)?;
            }
        }
        Ok(executed)
    }

    /// The world, and what led to it.
    pub const fn timeline(&self) -> &Timeline<S> {
        &self.timeline
    }

    /// What the session came to so far; `wrong` is what `relay` knows of whom this referee judged.
    pub fn audit(&self, relay: &Relay) -> Audit {
        let (first, next) = (self.timeline.setup().first, self.timeline.next());
        let last = next.previous_since(first);
        Audit {
            ticks: next.0 - first.0,
            checksum: last.and_then(|last| self.timeline.digest(last)),
            wrong: relay.verdicts().to_vec(),
        }
    }
}
