//! The emulated network: links that delay, lose and repeat, repeatable from a seed.
//!
//! A [`Link`] decides when bytes arrive and holds none, so that it serves both a proxy between real
//! sockets and the virtual [`Network`], which carries bytes through one thread's memory. All of it
//! is integer arithmetic on passed-in times: a run repeats from its seed on every machine.

mod conditions;
pub mod fork;
mod link;
mod machine;
mod mixer;
mod network;
mod planted;
mod preset;
mod random;
mod scenario;
mod world;

pub use conditions::{Holds, LinkConditions, Ramps};
pub use link::{Delivery, Link};
pub use machine::SleepingClock;
pub use mixer::{Mixed, Mixer, Note, Ping};
pub use network::{Arrival, LinkCounters, LinkId, Network};
pub use planted::{Plant, Planted};
pub use preset::{ParsePresetError, Preset};
pub use scenario::{Detour, Scenario};
pub use world::{Report, World, WorldError};
