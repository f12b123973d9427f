//! The session of Phalanx between clients and a relay, without I/O: time and bytes are passed in.

mod channel;
mod client;
mod config;
mod delay;
mod histogram;
pub mod limits;
mod link;
pub mod present;
#[cfg(feature = "quic")]
pub mod quic;
mod referee;
mod relay;
pub mod replay;
mod resume;
mod ring;
pub mod snapshot;
pub mod testing;
pub mod time;
mod vote;
mod wire;

pub use channel::{Channel, CloseReason, PeerId};
pub use client::{Client, ClientConfig, ClientConfigError, ClientStats, Event, Output, Progress};
pub use config::{CommandBudget, ConfigError, LatePolicy, SessionConfig, SessionRules};
pub use delay::InputDelay;
pub use histogram::Histogram;
pub use link::{CommandError, PathStats};
pub use referee::{Audit, Referee, RefereeError};
pub use relay::{PaceError, Relay, RelayEvent, RelayOutput, SlotStats};
pub use resume::{NoToken, ResumeKey, ResumeToken};
pub use time::Time;
pub use vote::Disagreement;
