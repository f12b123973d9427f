//! Time: moments on a machine's clock.

mod moment;

pub use moment::Time;
pub(crate) use moment::nanos;
