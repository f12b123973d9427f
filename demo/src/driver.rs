//! The thin loops between the sans-I/O session and real time and sockets.

mod dial;
#[cfg(test)]
mod long_match;
mod pilot;
mod proxy;
mod serve;

pub(crate) use dial::{Dial, Unconnected};
pub(crate) use pilot::{Bot, Ending, Pilot, fly};
pub(crate) use proxy::{Path, Traffic};
pub(crate) use serve::{Told, serve};
