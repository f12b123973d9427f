//! [`Adaptive`]: a client's time by how long its inputs and the server's frames took.

use core::time::Duration;

use phalanx_engine::{Tick, TickRate};

use super::watch::Watch;
use super::{
    Advance, LeadConfig, LeadConfigError, Local, NetTime, Observation, ResetReason, Server,
    SteeredLead, TickMap, Time, TimeConfig, TimeConfigError, TimeEvent, TimeProvider,
};
use crate::limits::LEAD_MAX;

/// A client's time that measures, and follows what it measured.
///
/// Local time is ahead of the server's by what the inputs took on their way up: a [`SteeredLead`] is fed
/// with the server's reports. Server time is behind it by what the frames took on their way down: another
/// one is fed with those. Each is steered by itself: faster or slower within the limits of the
/// configuration, or set where it is far off; server time, for which nothing is late, only where it is as
/// far off as a lead that is set back. Nothing else is estimated; the map that all starts from may be wrong by
/// any amount, which cancels.
///
/// A frame that seems to come long before it was sent says that this machine's clock stood still, as some do
/// while the machine sleeps; an input of ours that seems to come so that it leapt.
/// Then the map is wrong by that, and is moved; both times are set with it. After a sleep in
/// which a clock that counts may have drifted by more than what is set, frames tell the time anew, and local
/// time stands until one came.
#[derive(Clone, Debug)]
pub struct Adaptive {
    map: TickMap,
    /// The rate that the leads go by.
    rate: TickRate,
    up: Way,
    down: Way,
    watch: Watch,
    /// Whether a lead was set before.
    running: bool,
    /// Since when frames tell of another clock, and the shortest way of them.
    doubted: Option<(Time, i64)>,
    /// Where local time stands until the server was heard of, after a sleep so long that the clock may be
    /// far off: nothing is to be stamped that is not due yet.
    held: Option<NetTime<Local>>,
    /// What a clock may be off by and nobody minds, nanoseconds.
    far: i64,
    /// Since when the map has been where it is. What was sampled before does not fit to it.
    moved: Time,
    /// A reset that was not told yet.
    reset: Option<TimeEvent>,
}

/// One direction.
#[derive(Clone, Debug)]
struct Way {
    lead: SteeredLead,
    /// The shortest way ever, nanoseconds, by the map as it is. What is merely shorter than of late was held
    /// up before; the clock is another one if it was never so short.
    shortest: i64,
    /// By how much shorter that is.
    lost: i64,
}

impl Way {
    fn new(config: &LeadConfig) -> Result<Self, LeadConfigError> {
        Ok(Self {
            lead: SteeredLead::new(config)?,
            shortest: i64::MAX,
            lost: config.lost,
        })
    }

    /// Takes what came `arrived` that was `sent`; or says by how much too early that was for any clock but
    /// another one.
    fn early(&mut self, sent: i64, arrived: i64) -> Option<i64> {
        let way = arrived.saturating_sub(sent);
        let early = self.lead.controller().lost(way);
        let never_so_short = way < self.shortest.saturating_sub(self.lost);
        let early = early.filter(|early| *early < 0 && never_so_short);
        if early.is_none() {
            self.shortest = self.shortest.min(way);
        }
        early
    }
}

/// Local time is at most so far ahead of server time, nanoseconds: what a path takes both ways. Beyond
/// that somebody lies.
const AHEAD_MAX: i64 = 2 * LEAD_MAX.as_secs().cast_signed() * 1_000_000_000;

/// Clocks differ by at most one part in so many (500 ppm).
const DRIFT_PARTS: i64 = 2000;

/// How long frames may come of which only the newest tells the time.
const CATCHING_UP: Duration = Duration::from_millis(50);

/// Why there is no [`Adaptive`] provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdaptiveError {
    /// A constant of the controllers is out of range.
    #[error(transparent)]
    Lead(#[from] LeadConfigError),
    /// One of the clock is.
    #[error(transparent)]
    Time(#[from] TimeConfigError),
}

impl Adaptive {
    /// Follows a server that stands where `map` says; that may be a guess. `lead` is for about 60 ticks a
    /// second: [`LeadConfig::at`] makes of it what the session has.
    ///
    /// # Errors
    /// [`AdaptiveError`] if a configuration is invalid.
    pub fn new(map: TickMap, lead: &LeadConfig, time: &TimeConfig) -> Result<Self, AdaptiveError> {
        time.validate()?;
        let (_, far) = lead.set_beyond;
        let set_beyond = (far, far);
        let mut provider = Self {
            map,
            rate: map.rate(),
            up: Way::new(lead)?,
            // Nothing is late for server time, which would go back: it is steered unless it is far off.
            down: Way::new(&LeadConfig {
                set_beyond,
                ..*lead
            })?,
            watch: Watch::new(time),
            running: false,
            doubted: None,
            held: None,
            far,
            moved: Time::ZERO,
            reset: None,
        };
        provider.tick_rate(map.rate());
        Ok(provider)
    }

    fn tick_rate(&mut self, rate: TickRate) {
        self.rate = rate;
        self.up.lead.tick_rate(rate);
        self.down.lead.tick_rate(rate);
    }

    /// How far local time is ahead of where the map has the server, nanoseconds. It is never behind server time,
    /// nor further ahead of it than twice [`LEAD_MAX`], whatever the server reports.
    #[must_use]
    pub fn lead(&self) -> i64 {
        let least = self.down.lead.nanos().saturating_neg();
        self.up
            .lead
            .nanos()
            .clamp(least, least.saturating_add(AHEAD_MAX))
    }

    /// When a point of the tick line is due by the map.
    fn due(&self, point: NetTime<Server>) -> i64 {
        i64::try_from(self.map.due_nanos(point)).unwrap_or(i64::MAX)
    }

    fn server(&self, now: Time) -> NetTime<Server> {
        self.map
            .at_offset(now, self.down.lead.nanos().saturating_neg())
    }

    fn frame(&mut self, now: Time, tick: Tick, received: Time) {
        let (sent, received) = (self.due(NetTime::start_of(tick)), signed(received));
        let way = received.saturating_sub(sent);
        if let Some((_, shortest)) = &mut self.doubted {
            *shortest = way.min(*shortest);
        } else if self.held.is_some() || self.down.early(sent, received).is_some() {
            self.doubted = Some((now, way));
        } else {
            // The server's clock by the map may be anywhere beside this machine's, on which predictions are
            // dated: the one that counts is that which was in force when the frame came.
            let arrived = received.saturating_add(way);
            self.down.lead.arrival(signed(now), received, arrived);
        }
    }

    /// A sign of life at `now`, which is given back as it does not go back.
    fn see(&mut self, now: Time) -> Time {
        let lead = self.lead();
        let (now, slept) = self.watch.see(now);
        if nanos(slept) / DRIFT_PARTS > self.far {
            let asleep = self
                .map
                .at_offset(now.offset(nanos(slept).saturating_neg()), lead);
            // From the start of a tick, so that whoever asks when the next one is due asks that often.
            let held = asleep.to_tick().unwrap_or(Tick::ZERO);
            self.held.get_or_insert(NetTime::start_of(held));
        }
        self.settle(now);
        now
    }

    /// Moves the map for frames that tell of another clock. Who wakes up is given old ones, too: the newest
    /// counts.
    fn settle(&mut self, now: Time) {
        if let Some((since, way)) = self.doubted
            && now.since(since) >= CATCHING_UP
        {
            self.doubted = None;
            self.held = None;
            let apart = self.down.lead.controller().surprise(way);
            if apart.saturating_abs() > self.far {
                self.shift(now, apart);
            }
        }
    }

    fn arrival(&mut self, now: Time, tick: Tick, sampled: Time, margin_ns: i64) {
        let sampled = signed(sampled);
        let arrived = self.due(NetTime::start_of(tick)).saturating_sub(margin_ns);
        match self.up.early(sampled, arrived) {
            // It was sampled by the clock as it was before.
            Some(early) => self.shift(now, early.saturating_neg()),
            None => self.up.lead.arrival(signed(now), sampled, arrived),
        }
    }

    /// This machine's clock is another one: the server is due so much later by it.
    fn shift(&mut self, now: Time, nanos: i64) {
        let from = self.server(now);
        self.map.shift(nanos);
        self.up.shortest = self.up.shortest.saturating_add(nanos);
        self.down.shortest = self.down.shortest.saturating_sub(nanos);
        self.moved = now;
        let (to, reason) = (self.server(now), ResetReason::Suspended);
        self.reset = Some(TimeEvent::HardReset { from, to, reason });
    }

    fn echo(&mut self, sent: Time, relay: NetTime<Server>, received: Time) {
        let round_trip = signed(received) - signed(sent);
        let middle = signed(sent) + round_trip / 2;
        // What the map adds to a way up it takes from one down.
        let ahead = self.due(relay).saturating_sub(middle);
        self.up.lead.probe(round_trip, ahead);
        self.down.lead.probe(round_trip, ahead.saturating_neg());
    }
}

impl TimeProvider for Adaptive {
    fn observe(&mut self, now: Time, observation: &Observation) {
        observation.change_rate(&mut self.map);
        let now = self.see(now);
        match *observation {
            Observation::Arrival {
                tick,
                sampled,
                margin_ns,
            } if sampled >= self.moved => self.arrival(now, tick, sampled, margin_ns),
            Observation::Frame { tick, received } => self.frame(now, tick, received),
            Observation::Echo {
                sent,
                relay,
                received,
            } if sent <= received && sent >= self.watch.awake_since() => {
                self.echo(sent, relay, received);
            }
            Observation::Arrival { .. } | Observation::Echo { .. } | Observation::Rate { .. } => {}
        }
    }

    fn advance(&mut self, now: Time) -> Advance {
        let now = self.see(now);
        let behind = self.down.lead.nanos();
        let set = [&mut self.up, &mut self.down].map(|way| way.lead.advance(signed(now)));
        let server = self.server(now);
        if set.contains(&true) {
            let from = self.map.at_offset(now, behind.saturating_neg());
            let reason = if self.running {
                ResetReason::Threshold
            } else {
                ResetReason::First
            };
            self.running = true;
            let to = server;
            // One that was not told yet began earlier.
            self.reset
                .get_or_insert(TimeEvent::HardReset { from, to, reason });
        }
        let rate = self.map.rate_at(server);
        if rate != self.rate {
            self.tick_rate(rate);
        }
        let local = self.map.at_offset(now, self.lead()).into_space();
        let local = self.held.map_or(local, |held| held.min(local));
        Advance {
            server,
            local,
            scale: self.up.lead.scale(),
            event: self.watch.event().or_else(|| self.reset.take()),
        }
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

fn signed(time: Time) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::time::LateWorth;

    const MS: u64 = 1_000_000;

    /// Server time after each frame, the way down being `ways` milliseconds long, and how often it was set.
    fn server_time(ways: impl Fn(u64) -> u64) -> (Vec<NetTime<Server>>, usize) {
        let map = TickMap::new(Time::ZERO, NetTime::ZERO, TickRate::hz(60));
        let lead = LeadConfig::new(LateWorth::Balanced);
        let mut provider = Adaptive::new(map, &lead, &TimeConfig::default()).unwrap();
        let (sent, relay) = (Time::ZERO, NetTime::ZERO);
        let received = Time::from_nanos(2 * MS);
        let echo = Observation::Echo {
            sent,
            relay,
            received,
        };
        provider.observe(received, &echo);
        let (mut times, mut sets) = (Vec::new(), 0);
        for tick in 0..1200 {
            let now = map.due(Tick(tick)) + Duration::from_millis(ways(tick));
            let (tick, received) = (Tick(tick), now);
            provider.observe(now, &Observation::Frame { tick, received });
            let advance = provider.advance(now);
            times.push(advance.server);
            sets += usize::from(matches!(advance.event, Some(TimeEvent::HardReset { .. })));
        }
        (times, sets)
    }

    /// It was set back for every burst of losses.
    #[test]
    fn server_time_does_not_go_back_for_a_longer_way() {
        let (straight, first) = server_time(|_| 40);
        let (longer, sets) = server_time(|tick| if tick < 600 { 40 } else { 140 });
        assert_eq!((first, sets), (1, 1));
        assert!(longer.is_sorted());
        // Both frames of the last tick came when it says that they had: 100 ms later.
        let behind = |times: &[NetTime<Server>], nth: u64| {
            let due = NetTime::start_of(Tick(nth));
            times[usize::try_from(nth).unwrap()] - due
        };
        let apart = behind(&longer, 1199) - behind(&straight, 1199);
        assert!(apart.to_nanos(TickRate::hz(60)).unsigned_abs() < 15 * MS);
    }

    /// Predictions are dated by this machine's clock, and ways were looked up among them by the map's: one that
    /// was a guess, minutes off, found none, and server time never followed a drift.
    #[test]
    fn server_time_follows_a_drift_however_wrong_the_first_map_is() {
        for (off, ppm) in [
            (0, 100),
            (1000, 100),
            (1000, -100),
            (-1000, 100),
            (-1000, -100),
        ] {
            let begun = Time::from_nanos(2_000_000 * MS);
            let truth = TickMap::new(begun, NetTime::ZERO, TickRate::hz(60));
            let map = TickMap::new(
                begun.offset(off * 1_000_000_000),
                NetTime::ZERO,
                truth.rate(),
            );
            let lead = LeadConfig::new(LateWorth::Balanced);
            let mut provider = Adaptive::new(map, &lead, &TimeConfig::default()).unwrap();
            for tick in (0..216_000).map(Tick) {
                let passed = truth.due(tick).nanos_since(begun);
                let received =
                    truth.due(tick).offset(passed / 1_000_000 * ppm) + Duration::from_millis(40);
                provider.observe(received, &Observation::Frame { tick, received });
                let server = provider.advance(received).server;
                let behind = (NetTime::start_of(tick) - server).to_nanos(truth.rate());
                let settled = tick < Tick(600) || behind.unsigned_abs() < 5 * MS;
                assert!(settled, "{off} s, {ppm} ppm, tick {tick}: {behind} ns");
            }
        }
    }

    /// From the tick of the change on, and not from when it was told.
    #[test]
    fn the_constants_follow_the_tick_rate() {
        let map = TickMap::new(Time::ZERO, NetTime::ZERO, TickRate::hz(60));
        let lead = LeadConfig::new(LateWorth::Balanced);
        let mut provider = Adaptive::new(map, &lead, &TimeConfig::default()).unwrap();
        let (at, rate) = (Tick(120), TickRate::hz(5));
        provider.observe(Time::ZERO, &Observation::Rate { at, rate });
        for (ms, rate) in [(1990, TickRate::hz(60)), (2010, rate)] {
            provider.advance(Time::from_nanos(ms * MS));
            for way in [&provider.up, &provider.down] {
                let config = way.lead.controller().config();
                assert_eq!(config.floor_window, lead.at(rate).floor_window);
            }
        }
    }

    #[test]
    fn server_time_is_set_where_it_is_far_off() {
        let (_, sets) = server_time(|tick| if tick < 600 { 40 } else { 440 });
        assert_eq!(sets, 2);
    }
}
