//! The session of Phalanx between clients and a relay, without I/O: time and bytes are passed in.

mod channel;
mod time;

pub use channel::{Channel, CloseReason};
pub use time::Time;
