//! A relay goes on with a log that another one began.

use phalanx_engine::{Entry, Log, LogError, Presence, Provenance, Session, Slot, Snapshot, Tick};

use super::Relay;
use super::schedule::Schedule;
use super::sealer::{Sealer, scratch_frame};
use crate::config::{ConfigError, SessionConfig};
use crate::snapshot::SnapshotError;

/// Why a relay does not go on with a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlayOnError {
    /// The configuration is out of range.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A frame cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log, or the snapshot, is of another session than the one that is configured.
    #[error("that is of another session")]
    OtherSession,
    /// The session was over.
    #[error("the session ended by tick {0}")]
    Ended(Tick),
    /// The log was sealed in a later epoch than the one that is configured, or in the same one.
    #[error("the log was sealed in epoch {0}: who goes on has a later one")]
    Epoch(u32),
    /// A command of that tick is not the next one of its slot, as it is in every log that a relay sealed.
    #[error("a command of tick {0} is not the next one of its slot")]
    Command(Tick),
    /// There is no frame of the snapshot's tick.
    #[error("the snapshot is of tick {0}, which the log does not have")]
    NoTick(Tick),
    /// The snapshot cannot be kept.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

impl Relay {
    /// A relay that goes on with `log`, for the session that `config` describes: the same game and setup, a later
    /// epoch. Its own log begins with those frames, so that it is the whole session again.
    ///
    /// Nobody is there any more: the first frame it seals says so ([`Entry::Leave`]) of every player who is not back by then
    /// ([`Entry::Join`]). The match goes on when
    /// [`players_min`](SessionConfig::players_min) players are ready. Each of them comes as one that comes late does, whatever
    /// [`late_join`](SessionConfig::late_join) says: from `snapshot`, if there is one, which is of a tick of the log, or else by
    /// executing all of it. Where the computer played it does, until somebody takes the slot, and where a player was it comes
    /// as if all of them had been lost with the log's last tick ([`bot_after_ms`](crate::SessionRules::bot_after_ms)). What was paused is, and
    /// [`length`](SessionConfig::length) counts the log's ticks, too. [`Relay::agreed`] begins after the log, whose ticks nobody votes
    /// for again. Claims of its players are worth nothing if [`resume`](SessionConfig::resume) is a key of its own, as it should be.
    ///
    /// # Errors
    /// [`PlayOnError`].
    pub fn play_on(
        config: SessionConfig,
        log: Log,
        snapshot: Option<&Snapshot>,
    ) -> Result<Self, PlayOnError> {
        let mut relay = Self::new(config)?;
        let (setup, next) = (relay.config.setup, log.next());
        if log.first() != setup.first {
            return Err(PlayOnError::OtherSession);
        }
        let mut session = Session::new(&setup);
        let mut frame = scratch_frame(&relay.config);
        for tick in setup.first.until(next) {
            log.read(tick, &mut frame)?;
            let begins = tick > setup.first || frame.previous == relay.config.genesis();
            let shape = relay.config.shape();
            let fits = (frame.inputs.len(), frame.provenance.len())
                == (shape.inputs_len(), shape.slots.into());
            if !(begins && fits) {
                return Err(PlayOnError::OtherSession);
            }
            if frame.epoch >= relay.config.epoch {
                return Err(PlayOnError::Epoch(frame.epoch));
            }
            session.begin(tick, &frame.entries);
            if session.ended() {
                return Err(PlayOnError::Ended(tick));
            }
            for (seat, provenance) in relay.seats.iter_mut().zip(&frame.provenance) {
                let real = *provenance == Provenance::Real;
                seat.missing = if real {
                    0
                } else {
                    seat.missing.saturating_add(1)
                };
            }
            for entry in &frame.entries {
                if let Entry::Join(slot) = *entry
                    && let Some(seat) = relay.seats.get_mut(usize::from(slot.0))
                {
                    seat.left = Some(next);
                }
            }
            for command in &frame.commands {
                let seat = relay.seats.get_mut(usize::from(command.slot.0));
                if !seat.is_some_and(|seat| seat.commands.sealed_before(command)) {
                    return Err(PlayOnError::Command(tick));
                }
            }
        }
        if let Some(snapshot) = snapshot {
            relay.begin_from(snapshot, next)?;
        }
        for (slot, seat) in Slot::all(setup.slots).zip(&mut relay.seats) {
            seat.begin_at(next);
            match session.presence(slot) {
                Presence::Player => relay.entries.push(Entry::Leave(slot)),
                Presence::Absent => {}
                Presence::Bot => (seat.presence, seat.left) = (Presence::Bot, None),
            }
        }
        relay.schedule = Schedule::go_on(next, session.pace());
        relay.sealer = Sealer::go_on(&relay.config, log);
        relay.ballot.go_on(next);
        Ok(relay)
    }

    /// Whoever comes goes on from `snapshot`.
    fn begin_from(&mut self, snapshot: &Snapshot, next: Tick) -> Result<(), PlayOnError> {
        if (&snapshot.game, &snapshot.setup) != (&self.config.game, &self.config.setup) {
            return Err(PlayOnError::OtherSession);
        }
        if snapshot.tick < self.config.setup.first || snapshot.tick >= next {
            return Err(PlayOnError::NoTick(snapshot.tick));
        }
        self.keyframes.begin_from(snapshot)?;
        Ok(())
    }
}
