//! [`Stamps`]: which tick an input is stamped with, and when.

use phalanx_engine::{PaceChange, Tick, TickRate};

use crate::limits::INPUTS_AHEAD_MAX;
use crate::ring::position;
use crate::time::samples::{Sample, Samples};
use crate::time::{
    Adaptive, Advance, Beyond, LateWorth, LeadConfig, Local, NetClock, NetTime, Observation,
    Server, Steps, TickMap, Time, TimeConfig, TimeEvent, TimeProvider,
};
use crate::wire::Arrival;

/// Stamps whose moment is remembered, ticks; longer than an arrival takes to be reported.
const STAMPS: u64 = 512;

/// Of a longer silence only so much is made up for, as a part of a second: the rest is too late.
const MADE_UP_PARTS: u32 = 4;

/// The client's clock, and the stamps that it makes due.
///
/// Every tick is stamped once, in order. When the machine slept, or the game took long for a picture, the
/// stamps that are overdue come at once; if they are very many, and nobody waits for them, the oldest are
/// skipped, which is told.
#[derive(Clone, Debug)]
pub(crate) struct Stamps {
    clock: NetClock,
    steps: Steps,
    /// The newest tick rate that was told.
    rate: TickRate,
    waits: bool,
    /// When each tick was due to be stamped.
    due: Box<[(Tick, Time)]>,
    /// What happened to the clock, and the ticks that were skipped.
    events: [Option<TimeEvent>; 2],
    samples: Samples,
}

/// What a clock is started with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start<'a> {
    /// Where the relay is thought to stand.
    pub(crate) map: TickMap,
    /// Its answers to the probes, from which that was guessed.
    pub(crate) echoes: &'a [Observation],
    /// No tick before this one is stamped.
    pub(crate) first: Tick,
    pub(crate) worth: LateWorth,
    /// Whether the relay waits for inputs that come late.
    pub(crate) waits: bool,
}

impl Stamps {
    /// A clock that stamps nothing whose moment has passed at `now`.
    pub(crate) fn start(now: Time, start: &Start<'_>) -> Self {
        let rate = start.map.rate();
        let lead = LeadConfig::new(start.worth);
        let time = time_config(rate, start.waits);
        // Constants, which the tests of `time` validate for all rates.
        let mut provider = Adaptive::new(start.map, &lead, &time).expect("constants are valid");
        for echo in start.echoes {
            provider.observe(now, echo);
        }
        let mut clock = NetClock::new(Box::new(provider), start.map);
        let local = clock.advance(now).local;
        let first = start.first.max(upcoming(local));
        let steps = Steps::new(first, &time).expect("constants are valid");
        let kept = usize::try_from(STAMPS).unwrap_or(0);
        Self {
            clock,
            steps,
            rate,
            waits: start.waits,
            due: vec![(Tick::ZERO, Time::NEVER); kept].into(),
            events: [None; 2],
            samples: Samples::new(rate),
        }
    }

    /// Stamps nothing before `from`, and nothing whose moment has passed at `now`; returns the first tick.
    pub(crate) fn restart(&mut self, now: Time, from: Tick) -> Tick {
        let first = from.max(self.upcoming(now));
        let time = time_config(self.rate, self.waits);
        self.steps = Steps::new(first, &time).expect("constants are valid");
        first
    }

    /// The first tick whose moment has not passed at `now`.
    pub(crate) fn upcoming(&mut self, now: Time) -> Tick {
        upcoming(self.clock.advance(now).local)
    }

    /// The tick that is stamped next.
    pub(crate) const fn next(&self) -> Tick {
        self.steps.next()
    }

    /// When that is due, as far as is known now.
    pub(crate) fn next_time(&self) -> Time {
        self.clock.due(NetTime::start_of(self.next()))
    }

    /// Passes to the next stamp, if it is due.
    pub(crate) fn advance(&mut self, now: Time) -> Option<Tick> {
        if now < self.next_time() {
            return None;
        }
        let advance = self.see(now);
        let mut due = self.steps.advance(advance.local, advance.server);
        let skipped = due.skipped();
        let tick = due.next()?.tick;
        if let Some(skipped) = skipped {
            let event = TimeEvent::Skipped(skipped);
            self.samples.event(now, event);
            self.events[1].get_or_insert(event);
        }
        // An input that waited for a game to draw its picture was on its way since it was due: so the lead
        // covers that, too.
        let due = self.clock.was_due(NetTime::start_of(tick));
        self.due[position(tick, STAMPS)] = (tick, due);
        Some(tick)
    }

    /// Lets the clock see that the client is alive, which it has to be more often than ticks may be due.
    pub(crate) fn see(&mut self, now: Time) -> Advance {
        let advance = self.clock.advance(now);
        if let Some(event) = advance.event {
            self.samples.event(now, event);
            self.events[0].get_or_insert(event);
        }
        advance
    }

    /// Notes the input that was just stamped; what the clock knows of it is filled in.
    pub(crate) fn note(&mut self, sample: Sample) {
        let ahead = self.clock.ahead(sample.at, NetTime::start_of(sample.stamp)) / 1000;
        let bound = i64::from(i32::MAX);
        let lead_us = i32::try_from(ahead.clamp(-bound, bound)).unwrap_or(0);
        self.samples.stamped(Sample {
            lead_us,
            scale_ppm: self.clock.scale().ppm(),
            ..sample
        });
    }

    /// What the clock did.
    pub(crate) const fn samples(&self) -> &Samples {
        &self.samples
    }

    /// Takes the relay's report of when inputs came; what it says of ticks before `from` is known.
    pub(crate) fn arrived(&mut self, now: Time, arrival: Arrival, from: Tick) {
        for tick in arrival.first.max(from).until(arrival.end()) {
            let margin_ns = arrival.margin_ns(tick, self.clock.map());
            self.samples.arrived(tick, margin_ns / 1000);
            let (stamped, sampled) = self.due[position(tick, STAMPS)];
            if stamped == tick && sampled != Time::NEVER {
                let arrival = Observation::Arrival {
                    tick,
                    sampled,
                    margin_ns,
                };
                self.clock.observe(now, &arrival);
            }
        }
    }

    /// The tick rate or the speed will change.
    pub(crate) fn rate(&mut self, now: Time, change: PaceChange) {
        let (at, rate) = (change.at, change.real_rate());
        self.clock.observe(now, &Observation::Rate { at, rate });
        // From now on, though some ticks are of the rate before: too many are made up for, not too few.
        let fastest = if rate.period_nanos() < self.rate.period_nanos() {
            rate
        } else {
            self.rate
        };
        let time = time_config(fastest, self.waits);
        self.steps.configure(&time).expect("constants are valid");
        self.rate = rate;
        self.samples.tick_rate(rate);
    }

    /// Where the relay's time is at `now`.
    pub(crate) fn relay(&self, now: Time) -> Option<NetTime<Server>> {
        self.clock.server(now)
    }

    /// How long the tick is that is stamped next, nanoseconds.
    pub(crate) fn period_nanos(&self) -> u64 {
        let next = NetTime::start_of(self.next());
        self.clock.map().rate_at(next).period_nanos()
    }

    /// The newest sealed frame came, that of `tick`.
    pub(crate) fn frame(&mut self, now: Time, tick: Tick) {
        let received = now;
        self.clock
            .observe(now, &Observation::Frame { tick, received });
    }

    /// How far ahead of where the relay was first thought to be stamps are now, nanoseconds.
    pub(crate) fn lead_nanos(&self) -> i64 {
        self.clock.lead()
    }

    /// What happened to the clock.
    pub(crate) fn poll_event(&mut self) -> Option<TimeEvent> {
        self.events.iter_mut().find_map(Option::take)
    }

    /// Lets another provider tell the time.
    pub(crate) fn replace(&mut self, provider: Box<dyn TimeProvider>) -> Box<dyn TimeProvider> {
        self.clock.replace(provider)
    }
}

/// The first tick whose moment has not passed.
fn upcoming(local: NetTime<Local>) -> Tick {
    local.to_tick().map_or(Tick::ZERO, Tick::next)
}

/// How overdue stamps are made up for.
fn time_config(rate: TickRate, waits: bool) -> TimeConfig {
    let per_second = rate.numerator() / rate.denominator();
    let most = u32::try_from(INPUTS_AHEAD_MAX).unwrap_or(u32::MAX);
    let default = TimeConfig::default();
    TimeConfig {
        steps_max: (per_second / MADE_UP_PARTS).clamp(default.steps_max, most),
        // Whom the relay waits for owes every tick.
        beyond: if waits { Beyond::RunAll } else { Beyond::Drop },
        ..default
    }
}
