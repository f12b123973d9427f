//! [`Rule`]: when a client stamps its inputs, from what a client can know.

use super::{RATE, SECOND};

/// When a client stamps its inputs.
///
/// It sees its own clock, what the server's packets say, and nothing else.
pub trait Rule {
    /// A packet of the server arrived, `now` on the client's clock.
    fn hear(&mut self, now: i64, packet: &ServerPacket);

    /// An input is about to be stamped.
    fn wake(&mut self, now: i64) {
        let _ = now;
    }

    /// What stamps the inputs; `None` until the rule knows enough to begin. While there is none the
    /// client answers every packet with a probe.
    fn stamps(&mut self) -> Option<&mut Stamps>;
}

/// What the server says at the end of every tick.
#[derive(Clone, Debug, Default)]
pub struct ServerPacket {
    /// The tick it executes next.
    pub tick: i64,
    /// When it was sent.
    pub sent: i64,
    /// By how many ticks the newest input is older than the last executed tick; less than 0 if it waits.
    pub age: i64,
    /// The client's newest packet that arrived.
    pub echo: Option<Echo>,
    /// The inputs that have come since the last packet that got through.
    pub arrivals: Vec<Arrival>,
}

/// A packet of the client that the server has seen.
#[derive(Clone, Copy, Debug)]
pub struct Echo {
    /// When it was sent, on the client's clock.
    pub sent: i64,
    /// When it arrived, on the server's.
    pub received: i64,
}

impl Echo {
    /// Round trip of an echo that came back in `packet`, without the time it lay at the server. Less than 0
    /// if the client's clock stood still meanwhile.
    #[must_use]
    pub const fn round_trip(self, now: i64, packet: &ServerPacket) -> f64 {
        ((now - self.sent) - (packet.sent - self.received)) as f64
    }

    /// How much further the server's clock is, if both ways take equally long.
    #[must_use]
    pub fn offset(self, now: i64, packet: &ServerPacket) -> f64 {
        ((self.received - self.sent) as f64 + (packet.sent - now) as f64) / 2.0
    }
}

/// The first copy of an input that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When it was sampled, on the client's clock.
    pub sampled: i64,
    /// When it arrived, on the server's.
    pub arrived: i64,
}

/// A steered clock: its time is the time at which an input that is sampled now will be executed.
#[derive(Clone, Debug)]
pub struct Stamps {
    /// How much further it is than the client's clock.
    pub ahead: f64,
    /// Its rate against the client's clock.
    pub rate: f64,
    /// How often it was set instead of steered.
    pub resets: u32,
    at: i64,
}

impl Stamps {
    /// It begins.
    #[must_use]
    pub const fn new(now: i64, ahead: f64) -> Self {
        Self {
            ahead,
            rate: 1.0,
            resets: 0,
            at: now,
        }
    }

    /// Goes on until now, at its rate.
    pub const fn advance(&mut self, now: i64) {
        self.ahead += (self.rate - 1.0) * (now - self.at) as f64;
        self.at = now;
    }

    /// Is set, and counts it.
    pub const fn reset(&mut self, ahead: f64) {
        self.ahead = ahead;
        self.rate = 1.0;
        self.resets += 1;
    }

    /// Is set, counts it, and keeps its rate.
    pub const fn jump(&mut self, ahead: f64) {
        self.ahead = ahead;
        self.resets += 1;
    }

    /// Its time, `now` being that of the last [`Stamps::advance`].
    #[must_use]
    pub const fn time(&self, now: i64) -> f64 {
        now as f64 + self.ahead
    }

    /// The last tick that is due at a time of this clock.
    #[must_use]
    pub fn tick(time: f64) -> i64 {
        (time * RATE as f64 / SECOND as f64) as i64
    }
}
