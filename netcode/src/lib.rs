//! The session of Phalanx between clients and a relay, without I/O: time and bytes are passed in.
//!
//! A game drives a [`Client`], and does what its [`Event`]s tell; a host drives a [`Relay`], which tells it
//! [`RelayEvent`]s. `docs/sessions.md` in the repository is one page of everything that can happen between them:
//! who comes, leaves, is lost and comes back, pauses and paces, what is kept, and what goes wrong.
//! [`testing::World`] plays all of it in one thread.

mod channel;
mod client;
mod config;
mod delay;
mod histogram;
mod keyframe_ticks;
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
pub use relay::{PaceError, PlayOnError, Relay, RelayEvent, RelayOutput, SlotStats};
pub use resume::{NoToken, ResumeKey, ResumeToken};
pub use time::Time;
pub use vote::Disagreement;
