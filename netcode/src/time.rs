//! Time: moments on a machine's clock, points on the session's tick line, and what relates them.
//!
//! There are two kinds of time here. A [`Time`] is nanoseconds of one machine's monotonic clock. A
//! [`NetTime`] is a point on the line of ticks that a session's machines share: a whole tick and a
//! fraction of it, read in one of three spaces that the compiler keeps apart ([`Server`], [`Local`],
//! [`Render`]). Two of them differ by a [`Span`]. A [`TickMap`] says when each point is due; it alone
//! knows the tick rate, so a point is the same whatever happens to that.
//!
//! A [`TimeProvider`] tells a machine where it stands: [`ServerProvider`] on the server, on a client
//! [`Adaptive`], [`FixedBuffers`], [`Slewed`] or [`StepOnly`] around it or another, or a game's own. [`NetClock`]
//! holds one and lets it be replaced. [`Steps`] turns what it says into ticks to execute. [`samples`]
//! remember how it went, and say in words why inputs were late.
//!
//! Everything is whole numbers, and the clock is passed in: the same calls give the same bits
//! everywhere. Nothing allocates while time passes.

mod adaptive;
mod clock;
mod config;
mod discipline;
mod fixed_buffers;
mod lead;
mod moment;
mod net_time;
mod provider;
pub mod samples;
mod scale;
mod server_provider;
mod span;
mod steered;
mod steps;
mod tick_map;
mod unwrap;
mod watch;

pub use adaptive::{Adaptive, AdaptiveError};
pub use clock::NetClock;
pub use config::{TimeConfig, TimeConfigError};
pub use discipline::{Slewed, StepOnly};
pub use fixed_buffers::FixedBuffers;
pub use lead::{LateWorth, LeadConfig, LeadConfigError, LeadController, Steering};
pub use moment::Time;
pub(crate) use moment::nanos;
pub use net_time::{Local, NetTime, Render, Server, Space};
pub use provider::{Advance, BoxedProvider, Observation, ResetReason, TimeEvent, TimeProvider};
pub use scale::{Scale, ScaleError, SlewedScale};
pub use server_provider::ServerProvider;
pub use span::Span;
pub use steered::SteeredLead;
pub use steps::{Beyond, Due, Step, Steps, TimeSkipped};
pub use tick_map::{TickMap, TickMapError};
pub use unwrap::{low16, low32, unwrap_delta, unwrap16, unwrap32};
