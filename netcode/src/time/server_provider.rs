//! [`ServerProvider`]: the time that all others follow.

use super::watch::Watch;
use super::{
    Advance, Observation, Scale, TickMap, Time, TimeConfig, TimeConfigError, TimeProvider,
};

/// The server's time: its monotonic clock at the tick rate, through a [`TickMap`]. Nothing is summed,
/// so whoever wakes up late executes a tick late, and the next one on time.
///
/// Server and local time are one: an input of the server's own arrives as it is sampled.
#[derive(Clone, Debug)]
pub struct ServerProvider {
    map: TickMap,
    watch: Watch,
}

impl ServerProvider {
    /// Time as `map` says.
    ///
    /// # Errors
    /// [`TimeConfigError`] if the configuration is invalid.
    pub const fn new(map: TickMap, config: &TimeConfig) -> Result<Self, TimeConfigError> {
        match config.validate() {
            Ok(()) => Ok(Self {
                map,
                watch: Watch::new(config),
            }),
            Err(error) => Err(error),
        }
    }

    /// When each tick is due.
    #[must_use]
    pub const fn map(&self) -> &TickMap {
        &self.map
    }
}

impl TimeProvider for ServerProvider {
    /// Only a change of the rate means something to it.
    fn observe(&mut self, now: Time, observation: &Observation) {
        self.watch.see(now);
        observation.change_rate(&mut self.map);
    }

    fn advance(&mut self, now: Time) -> Advance {
        let (now, _) = self.watch.see(now);
        let server = self.map.at(now);
        let event = self.watch.event();
        Advance {
            server,
            local: server.into_space(),
            scale: Scale::ONE,
            event,
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use phalanx_engine::{Tick, TickRate};

    use super::super::{NetTime, TimeEvent};
    use super::*;

    fn provider() -> ServerProvider {
        let map = TickMap::new(Time::ZERO, NetTime::ZERO, TickRate::hz(60));
        ServerProvider::new(map, &TimeConfig::default()).unwrap()
    }

    #[test]
    fn a_rate_told_twice_changes_once() {
        let mut provider = provider();
        let change = Observation::Rate {
            at: Tick(60),
            rate: TickRate::hz(20),
        };
        provider.observe(Time::ZERO, &change);
        provider.observe(Time::ZERO, &change);
        assert_eq!(
            provider.map().due(Tick(80)),
            Time::from_nanos(2_000_000_000)
        );
    }

    #[test]
    fn sleep_is_told_once_and_moves_nothing() {
        let mut provider = provider();
        let at = |millis: u64| Time::from_nanos(millis * 1_000_000);
        assert_eq!(provider.advance(at(0)).event, None);
        assert_eq!(provider.advance(at(500)).event, None);
        let woken = provider.advance(at(5500));
        assert_eq!(
            woken.event,
            Some(TimeEvent::Suspended {
                gap: Duration::from_secs(5)
            })
        );
        assert_eq!(woken.server, NetTime::from_parts(330, 0));
        assert_eq!(provider.advance(at(5501)).event, None);
    }

    #[test]
    fn a_clock_that_goes_back_makes_it_stand() {
        let mut provider = provider();
        let newest = provider.advance(Time::from_nanos(100_000_000));
        assert_eq!(provider.advance(Time::from_nanos(50_000_000)), newest);
    }
}
