//! [`Rig`]: a client's clock as a client runs it, and a relay that is always on time, with nothing else.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use phalanx_engine::{Rng, Tick, TickRate};
use phalanx_netcode::Time;
use phalanx_netcode::time::{
    Adaptive, LateWorth, LeadConfig, NetClock, NetTime, Observation, Server, Steps, TickMap,
    TimeConfig, TimeEvent, TimeProvider as _,
};

pub(crate) const MILLI: i64 = 1_000_000;
pub(crate) const SECOND: i64 = 1000 * MILLI;
pub(crate) const HZ_60: TickRate = TickRate::hz(60);

/// A path, and the clock at its end. Nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    pub(crate) up: i64,
    pub(crate) down: i64,
    /// Sigma of the half-normal that is added each way; the order stays.
    pub(crate) sigma: i64,
    pub(crate) ppm: i64,
}

/// An input, in true time since the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamped {
    pub(crate) tick: Tick,
    pub(crate) at: i64,
    /// How long before the deadline it arrived.
    pub(crate) margin: i64,
    pub(crate) scale_ppm: i32,
}

/// What is on its way to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Word {
    Arrival {
        tick: Tick,
        sampled: Time,
        margin_ns: i64,
    },
    Frame(Tick),
}

/// An answer, and where the relay was when it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Echo {
    sent: Time,
    relay: NetTime<Server>,
    pub(crate) received: Time,
    pub(crate) truth: NetTime<Server>,
}

impl Echo {
    pub(crate) const fn observation(&self) -> Observation {
        let Self {
            sent,
            relay,
            received,
            ..
        } = *self;
        Observation::Echo {
            sent,
            relay,
            received,
        }
    }
}

/// The client's clock, the relay, and the words between them. All times are true, since the start, at which
/// tick 0 is due.
pub(crate) struct Rig {
    rng: Rng,
    path: Path,
    now: i64,
    /// What the client's clock showed at the start, less what it slept through.
    shown: Time,
    clock: NetClock,
    steps: Steps,
    truth: TickMap,
    words: BinaryHeap<Reverse<(i64, Word)>>,
    /// What was sent last, on either way, arrives then at the earliest.
    last: [i64; 2],
    framed: Tick,
    pub(crate) stamped: Vec<Stamped>,
    pub(crate) events: Vec<(i64, TimeEvent)>,
}

impl Rig {
    pub(crate) fn new(seed: u64, path: Path, worth: LateWorth) -> Self {
        let mut rng = Rng::new(seed);
        let truth = TickMap::new(
            Time::ZERO + core::time::Duration::from_hours(1),
            NetTime::ZERO,
            HZ_60,
        );
        let shown = Time::from_nanos(rng.below_u64(1 << 50) + (1 << 43));
        let config = TimeConfig {
            steps_max: 15,
            ..TimeConfig::default()
        };
        let now = -SECOND;
        let unset = NetClock::new(Box::new(adaptive(truth, worth, &config)), truth);
        let steps = Steps::new(Tick::ZERO, &config).expect("valid");
        let mut rig = Self {
            rng,
            path,
            now,
            shown,
            truth,
            steps,
            clock: unset,
            words: BinaryHeap::new(),
            last: [i64::MIN; 2],
            framed: Tick::ZERO,
            stamped: vec![],
            events: vec![],
        };
        rig.shake_hands(worth, &config);
        rig
    }

    /// Eight questions, 20 ms apart; what the one that was answered soonest says is the first guess.
    fn shake_hands(&mut self, worth: LateWorth, config: &TimeConfig) {
        let start = self.now;
        let echoes = (0..8).map(|nth| self.ask(start + nth * 20 * MILLI));
        let echoes: Vec<_> = echoes.collect();
        self.now = start + SECOND / 2;
        let best = echoes
            .iter()
            .min_by_key(|echo| echo.received.since(echo.sent));
        let best = best.expect("eight");
        let middle = best.sent + best.received.since(best.sent) / 2;
        let map = TickMap::new(middle, best.relay, HZ_60);
        let mut provider = adaptive(map, worth, config);
        let now = self.local(self.now);
        for echo in echoes {
            provider.observe(now, &echo.observation());
        }
        self.clock = NetClock::new(Box::new(provider), map);
        let local = self.clock.advance(now).local;
        self.steps
            .resume(local.to_tick().map_or(Tick::ZERO, Tick::next));
    }

    pub(crate) fn local(&self, at: i64) -> Time {
        self.shown.offset(at + at * self.path.ppm / 1_000_000)
    }

    fn true_time(&self, local: Time) -> i64 {
        let shown = i128::from(local.nanos_since(self.shown)) * 1_000_000;
        let speed = i128::from(1_000_000 + self.path.ppm);
        i64::try_from(shown.div_euclid(speed)).expect("within a day") + 1
    }

    pub(crate) fn relay_at(&self, at: i64) -> NetTime<Server> {
        self.truth.at(self.truth.due(Tick::ZERO).offset(at))
    }

    pub(crate) fn deadline(&self, tick: Tick) -> i64 {
        self.truth.due(tick).nanos_since(self.truth.due(Tick::ZERO))
    }

    fn arrival(&mut self, way: usize, sent: i64) -> i64 {
        let half = self.path.sigma / 2;
        let jitter: i64 = (0..12).map(|_| self.rng.range(-half..half + 1)).sum();
        let base = [self.path.up, self.path.down][way];
        self.last[way] = self.last[way].max(sent + base + jitter.abs());
        self.last[way]
    }

    /// A question to the relay, asked then.
    pub(crate) fn ask(&mut self, asked: i64) -> Echo {
        let answered = self.arrival(0, asked);
        let back = self.arrival(1, answered);
        Echo {
            sent: self.local(asked),
            relay: self.relay_at(answered),
            received: self.local(back),
            truth: self.relay_at(back),
        }
    }

    pub(crate) const fn truth(&self) -> &TickMap {
        &self.truth
    }

    /// From now on the ways are these.
    pub(crate) fn reroute(&mut self, up: i64, down: i64) {
        (self.path.up, self.path.down) = (up, down);
    }

    /// The machine sleeps; what comes meanwhile is lost.
    pub(crate) fn sleep(&mut self, duration: i64, counts: bool) {
        self.now += duration;
        while self
            .words
            .peek()
            .is_some_and(|Reverse((at, _))| *at < self.now)
        {
            self.words.pop();
        }
        self.framed = self
            .relay_at(self.now - self.path.down)
            .to_tick()
            .unwrap_or(Tick::ZERO)
            .next();
        if !counts {
            self.shown = self.shown.offset(-duration);
        }
    }

    /// The machine's clock leaps.
    pub(crate) fn leap(&mut self, by: i64) {
        self.shown = self.shown.offset(by);
    }

    /// Plays until then.
    pub(crate) fn play(&mut self, until: i64) {
        while self.deadline(self.framed) < until {
            let arrives = self.arrival(1, self.deadline(self.framed));
            self.words
                .push(Reverse((arrives, Word::Frame(self.framed))));
            self.framed = self.framed.next();
        }
        loop {
            let stamp = self.true_time(self.clock.due(NetTime::start_of(self.steps.next())));
            let word = self.words.peek().map_or(i64::MAX, |Reverse((at, _))| *at);
            if word.min(stamp) >= until {
                self.now = until;
                return;
            }
            self.now = self.now.max(word.min(stamp));
            if word <= stamp {
                self.hear();
            } else {
                self.stamp();
            }
        }
    }

    fn hear(&mut self) {
        let Some(Reverse((_, word))) = self.words.pop() else {
            return;
        };
        let now = self.local(self.now);
        let observation = match word {
            Word::Arrival {
                tick,
                sampled,
                margin_ns,
            } => Observation::Arrival {
                tick,
                sampled,
                margin_ns,
            },
            Word::Frame(tick) => Observation::Frame {
                tick,
                received: now,
            },
        };
        self.clock.observe(now, &observation);
    }

    fn stamp(&mut self) {
        let now = self.local(self.now);
        let advance = self.clock.advance(now);
        self.events
            .extend(advance.event.map(|event| (self.now, event)));
        let due = self.steps.advance(advance.local, advance.server);
        let skipped = due.skipped().map(TimeEvent::Skipped);
        self.events.extend(skipped.map(|event| (self.now, event)));
        for tick in due.map(|step| step.tick).collect::<Vec<_>>() {
            let arrived = self.arrival(0, self.now);
            let margin = self.deadline(tick) - arrived;
            let scale_ppm = advance.scale.ppm();
            self.stamped.push(Stamped {
                tick,
                at: self.now,
                margin,
                scale_ppm,
            });
            // The next frame tells of it, and the one after that.
            let told = self.relay_at(arrived).tick() + 1;
            let told = Tick(u64::try_from(told).unwrap_or(0));
            let back = self.arrival_of_frame(told);
            self.words.push(Reverse((
                back,
                Word::Arrival {
                    tick,
                    sampled: now,
                    margin_ns: margin,
                },
            )));
        }
    }

    /// With the frame of that tick, which may be drawn again: it only has to be as likely.
    fn arrival_of_frame(&mut self, tick: Tick) -> i64 {
        let half = self.path.sigma / 2;
        let jitter: i64 = (0..12).map(|_| self.rng.range(-half..half + 1)).sum();
        self.deadline(tick) + self.path.down + jitter.abs()
    }
}

fn adaptive(map: TickMap, worth: LateWorth, config: &TimeConfig) -> Adaptive {
    Adaptive::new(map, &LeadConfig::new(worth), config).expect("valid")
}

/// The standard deviation of the speed, millionths.
pub(crate) fn speed_sigma(stamped: &[Stamped]) -> i64 {
    let squares: i64 = stamped
        .iter()
        .map(|one| i64::from(one.scale_ppm).pow(2))
        .sum();
    (squares / i64::try_from(stamped.len().max(1)).expect("few")).isqrt()
}
