//! Our session, recorded and replayed.
//!
//! Client and relay are functions of what they are told. So a match is played once, every call is
//! written down ([`record`]), and the calls of one side alone are made again for measuring
//! ([`Clients`], [`Hub`]), as often as wanted: without the network, without the other side, and
//! without a clock read between two calls.

mod player;
mod record;
mod replay;

pub(crate) use player::{Local, Player};
pub(crate) use record::{RATE, Recorder};
pub use record::{Scene, Trace, record};
pub(crate) use replay::float;
pub use replay::{Clients, Hub};
