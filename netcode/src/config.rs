//! What a session is played by: data, chosen by the relay's host and told to every client.

use core::time::Duration;

use phalanx_engine::limits::COMMAND_BYTES_MAX;
use phalanx_engine::{FrameHash, GameIdentity, Input, Repeat, Setup, SetupError, Simulation};
use serde::{Deserialize, Serialize};

use crate::limits::{
    COMMAND_BYTES_PER_SECOND_MAX, COMMANDS_PER_SECOND_MAX, FORWARDING_SLOTS_MAX,
    KEYFRAME_TICKS_MIN, UPLOAD_BYTES_PER_SECOND_MAX, WAIT_BOUND_MAX,
};
use crate::resume::ResumeKey;
use crate::wire::FrameShape;

/// What the relay does at the deadline of a tick for a slot whose input is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LatePolicy {
    /// Waits for it, at most for this long after the deadline; then repeats, and does not wait for that slot
    /// again before an input of its is in time.
    Wait {
        /// Longest wait, milliseconds, at most [`WAIT_BOUND_MAX`].
        bound_ms: u32,
    },
    /// Repeats the tick before, for at most [`SessionRules::repeat`] ticks; then neutral.
    Repeat,
    /// Makes it neutral.
    Neutral,
}

/// The part of the configuration that clients are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRules {
    /// What happens to a late input.
    pub policy: LatePolicy,
    /// How long a missing input is repeated, by players who guess and by the relay.
    pub repeat: Repeat,
    /// Whether inputs are forwarded before they are sealed: yes for rollback, useless in lockstep.
    pub forwarding: bool,
    /// How much every player may order.
    pub commands: CommandBudget,
    /// How long after its player is gone the computer takes a slot, milliseconds; `None`: it stays absent.
    pub bot_after_ms: Option<u32>,
    /// How often every player may pause the session; 0: only the relay's host does.
    pub pauses: u8,
    /// After how many ticks, again and again, the relay has a player send it a snapshot, for those who come
    /// later or back: 0 (never, and they execute every tick from the first) or at least [`KEYFRAME_TICKS_MIN`].
    pub keyframe_ticks: u32,
    /// How fast that player sends it, bytes per second, 1 to [`UPLOAD_BYTES_PER_SECOND_MAX`].
    pub upload_bytes_per_s: u32,
}

impl Default for SessionRules {
    /// Late inputs are repeated for 30 ticks, inputs are forwarded, slots stay absent, players do not
    /// pause, and there is a snapshot every 600 ticks, sent with 64 KiB per second.
    fn default() -> Self {
        Self {
            policy: LatePolicy::Repeat,
            repeat: Repeat { ticks: 30 },
            forwarding: true,
            commands: CommandBudget::default(),
            bot_after_ms: None,
            pauses: 0,
            keyframe_ticks: 600,
            upload_bytes_per_s: 64 * 1024,
        }
    }
}

/// How much one player may order. Up to one second's worth at once; what is more waits, and is sealed
/// when there is budget for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandBudget {
    /// Commands per second, 1 to [`COMMANDS_PER_SECOND_MAX`].
    pub commands_per_s: u32,
    /// Bytes of their encodings per second, from that of the longest command to
    /// [`COMMAND_BYTES_PER_SECOND_MAX`].
    pub bytes_per_s: u32,
}

impl Default for CommandBudget {
    /// More than a person gives: 256 commands and 64 KiB per second.
    fn default() -> Self {
        Self {
            commands_per_s: 256,
            bytes_per_s: 64 * 1024,
        }
    }
}

impl CommandBudget {
    fn is_valid(self) -> bool {
        (1..=COMMANDS_PER_SECOND_MAX).contains(&self.commands_per_s)
            && (COMMAND_BYTES_MAX..=COMMAND_BYTES_PER_SECOND_MAX).contains(&self.bytes_per_s)
    }
}

/// Everything the relay knows of the game: no code, only data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionConfig {
    /// What clients must play.
    pub game: GameIdentity,
    /// What the session starts from.
    pub setup: Setup,
    /// How it is played.
    pub rules: SessionRules,
    /// The packed neutral input.
    pub neutral: Vec<u8>,
    /// Which packed bits may be repeated.
    pub repeat_mask: Vec<u8>,
    /// How many ticks the session has; `None`: until everybody has left.
    pub length: Option<u64>,
    /// The match begins when so many players are ready; with 0, at once. The others come when they will, if
    /// [`late_join`](SessionConfig::late_join) lets them.
    pub players_min: u8,
    /// Whether a player who was not there at the beginning may take a slot that nobody has.
    pub late_join: bool,
    /// How long the session goes on when nobody is there and somebody may come, late or back; `None`: for ever.
    pub linger: Option<Duration>,
    /// What players who lost their connection come back with, for as long as [`reserve`](SessionConfig::reserve)
    /// says; `None`: they do not, and their slots are free. If all of them lose it together, the session goes on for
    /// them only if it [lingers](SessionConfig::linger).
    pub resume: Option<ResumeKey>,
    /// How long a slot is kept for a player who lost its connection; `None`: as long as the session lasts.
    pub reserve: Option<Duration>,
    /// The relay's epoch.
    pub epoch: u32,
}

/// Why a [`SessionConfig`] was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The session starts from what none can start from.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The packed input is empty or too large, or neutral value and mask have another length.
    #[error(
        "the packed input has 1 to {} bytes, as have its neutral value and mask",
        phalanx_engine::limits::INPUT_BYTES_MAX
    )]
    Input,
    /// Commands are too long, or have no room for a byte.
    #[error("a command has 1 to {} bytes", COMMAND_BYTES_MAX)]
    Command,
    /// A budget that the longest command never has, or none at all.
    #[error(
        "a player's budget is 1 to {COMMANDS_PER_SECOND_MAX} commands and {COMMAND_BYTES_MAX} to {COMMAND_BYTES_PER_SECOND_MAX} bytes per second"
    )]
    CommandBudget,
    /// The policy waits for too long.
    #[error("the policy waits at most {} s", WAIT_BOUND_MAX.as_secs())]
    WaitBound,
    /// It would begin with more players than it has slots, or with none, and end at once.
    #[error(
        "a match begins with at most as many players as it has slots; if it begins with none, others may join it late, and it lingers"
    )]
    Players,
    /// Players would hold snapshots too often, or send them too fast or never.
    #[error(
        "there are at least {KEYFRAME_TICKS_MIN} ticks from one keyframe to the next, or no keyframes, and snapshots are sent with 1 to {UPLOAD_BYTES_PER_SECOND_MAX} bytes per second"
    )]
    Keyframes,
    /// A session without a tick.
    #[error("a session has at least one tick")]
    Length,
}

impl SessionConfig {
    /// A session of `simulation` that starts from `setup`: late inputs are repeated for 30 ticks,
    /// inputs are forwarded; it begins when all are there, and goes on until everybody has left.
    #[must_use]
    pub fn new<S: Simulation>(simulation: &S, setup: Setup) -> Self {
        let mut neutral = vec![0; S::Input::BYTES as usize];
        S::Input::default().pack(&mut neutral);
        Self {
            game: GameIdentity::of(simulation),
            setup,
            rules: SessionRules::default(),
            neutral,
            repeat_mask: S::Input::REPEAT.to_vec(),
            length: None,
            players_min: setup.slots,
            late_join: false,
            linger: Some(Duration::ZERO),
            resume: None,
            reserve: None,
            epoch: 1,
        }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// [`ConfigError`] says which is out of range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let bytes = self.game.input_bytes;
        let input_fits = (1..=phalanx_engine::limits::INPUT_BYTES_MAX).contains(&bytes)
            && [&self.neutral, &self.repeat_mask]
                .iter()
                .all(|part| part.len() == bytes as usize);
        self.setup.validate()?;
        if !input_fits {
            Err(ConfigError::Input)
        } else if !(1..=COMMAND_BYTES_MAX).contains(&self.game.command_bytes) {
            Err(ConfigError::Command)
        } else if !self.rules.commands.is_valid() {
            Err(ConfigError::CommandBudget)
        } else if self.wait_bound() > WAIT_BOUND_MAX {
            Err(ConfigError::WaitBound)
        } else if self.length == Some(0) {
            Err(ConfigError::Length)
        } else if self.players_min > self.setup.slots
            || (self.players_min == 0 && (!self.late_join || self.linger == Some(Duration::ZERO)))
        {
            Err(ConfigError::Players)
        } else if (1..KEYFRAME_TICKS_MIN).contains(&self.rules.keyframe_ticks)
            || !(1..=UPLOAD_BYTES_PER_SECOND_MAX).contains(&self.rules.upload_bytes_per_s)
        {
            Err(ConfigError::Keyframes)
        } else {
            Ok(())
        }
    }

    /// How long after its deadline a tick may still be waited for.
    #[must_use]
    pub fn wait_bound(&self) -> Duration {
        match self.rules.policy {
            LatePolicy::Wait { bound_ms } => Duration::from_millis(bound_ms.into()),
            LatePolicy::Repeat | LatePolicy::Neutral => Duration::ZERO,
        }
    }

    /// Hash that the first sealed frame carries.
    #[must_use]
    pub fn genesis(&self) -> FrameHash {
        FrameHash::genesis(&self.game, &self.setup)
    }

    pub(crate) fn shape(&self) -> FrameShape {
        FrameShape {
            slots: self.setup.slots,
            input_bytes: self.game.input_bytes,
        }
    }

    /// Whether inputs are forwarded before they are sealed.
    pub(crate) fn forwards(&self) -> bool {
        self.rules.forwarding && (2..=FORWARDING_SLOTS_MAX).contains(&self.setup.slots)
    }
}
