//! Hours, days and a month of time, in virtual time: nothing drifts, nothing is skipped unsaid.

use core::error::Error;
use core::time::Duration;

use phalanx_engine::{Rng, Tick, TickRate};
use phalanx_netcode::Time;
use phalanx_netcode::time::{
    Adaptive, Advance, Beyond, FixedBuffers, LateWorth, LeadConfig, NetClock, NetTime, Observation,
    ResetReason, Scale, Server, ServerProvider, Slewed, Span, StepOnly, Steps, TickMap, TimeConfig,
    TimeEvent, TimeProvider,
};

const HZ_60: TickRate = TickRate::hz(60);
const MILLI: i64 = 1_000_000;
const HOUR: u64 = 3_600_000_000_000;
/// A boot time like any other.
const START: Time = Time::from_nanos(123_456_789_123);

fn map(rate: TickRate) -> TickMap {
    TickMap::new(START, NetTime::ZERO, rate)
}

fn server() -> ServerProvider {
    ServerProvider::new(map(HZ_60), &TimeConfig::default()).expect("valid")
}

/// A machine whose clock differs from true time, and its way to a server that stands where
/// [`map`] says at true time. All in nanoseconds.
struct Link {
    rng: Rng,
    up: i64,
    down: i64,
    /// Each way takes up to this much longer.
    jitter: u64,
    ppm: i64,
    ahead: i64,
    truth: TickMap,
}

impl Link {
    fn new(seed: u64, up: i64, down: i64, jitter: i64, ppm: i64) -> Self {
        let (rng, jitter) = (Rng::new(seed), jitter.cast_unsigned());
        Self {
            rng,
            up,
            down,
            jitter,
            ppm,
            ahead: 777 * MILLI,
            truth: map(HZ_60),
        }
    }

    /// What the machine's clock shows `passed` after the start.
    fn clock(&self, passed: i64) -> Time {
        START.offset(passed + passed / 1_000_000 * self.ppm + self.ahead)
    }

    fn jitter(&mut self) -> i64 {
        self.rng.below_u64(self.jitter + 1).cast_signed()
    }

    /// Asks the server `passed` after the start: when the answer comes, and what it says.
    fn ask(&mut self, passed: i64) -> (i64, Observation) {
        let answered = passed + self.up + self.jitter();
        let back = answered + self.down + self.jitter();
        let relay = self.truth.at(START.offset(answered));
        let (sent, received) = (self.clock(passed), self.clock(back));
        (
            back,
            Observation::Echo {
                sent,
                relay,
                received,
            },
        )
    }
}

/// Plays `seconds` on `link`: a question every 100 ms, an update every 16.6 ms (from `from` on);
/// `look` sees true time, the machine's clock, and where it stands.
fn play(
    link: &mut Link,
    provider: &mut dyn TimeProvider,
    (from, seconds): (i64, i64),
    mut look: impl FnMut(&mut Link, i64, Time, &Advance),
) {
    let (mut ask, mut answers) = (from, std::collections::VecDeque::new());
    for passed in (from..from + seconds * 1000 * MILLI).step_by(16_600_000) {
        while ask <= passed {
            answers.push_back(link.ask(ask));
            ask += 100 * MILLI;
        }
        while let Some((_, observation)) = answers.pop_front_if(|(at, _)| *at <= passed) {
            provider.observe(link.clock(passed), &observation);
        }
        let now = link.clock(passed);
        let advance = provider.advance(now);
        look(link, passed, now, &advance);
    }
}

fn fixed() -> FixedBuffers {
    FixedBuffers::new(map(HZ_60), &TimeConfig::default()).expect("valid")
}

/// Runs a server for `ticks`; a driver sleeps until 3 ms after `due` and wakes up to 3 ms before or
/// after that, half of the times each. How far off each tick was executed: worst, and the sum.
fn off_by(ticks: u64, mut due: impl FnMut(&ServerProvider, Tick, Time) -> Time) -> (i64, i64) {
    let mut provider = server();
    let mut steps = Steps::new(Tick::ZERO, &TimeConfig::default()).expect("valid");
    let (mut rng, mut jitter) = (Rng::new(24), 0);
    let (mut now, mut worst, mut sum) = (START, 0, 0);
    for tick in 0..ticks {
        // Every second one mirrors the one before: what the clock adds is all that is left in the sum.
        jitter = if tick % 2 == 0 {
            rng.range(-3 * MILLI..3 * MILLI + 1)
        } else {
            -jitter
        };
        now = due(&provider, Tick(tick), now).offset(3 * MILLI + jitter);
        let advance = provider.advance(now);
        let due = steps.advance(advance.local, advance.server);
        assert_eq!(due.skipped(), None);
        for step in due {
            let off = now.nanos_since(START + Duration::from_nanos(HZ_60.nanos_at(step.tick)))
                - 3 * MILLI;
            worst = worst.max(off.abs());
            sum += off;
        }
    }
    (worst, sum)
}

#[test]
fn a_server_is_on_time_for_a_day() {
    let ticks = 24 * 3600 * 60;
    let (worst, sum) = off_by(ticks, |provider, tick, _| provider.map().due(tick));
    assert!(worst <= 3 * MILLI + 1, "{worst} ns");
    assert!(sum.unsigned_abs() / ticks < 1000, "{sum} ns in all");
}

#[test]
fn the_check_sees_a_driver_that_adds_its_oversleeping_up() {
    let period = HZ_60.period_nanos().cast_signed();
    let (worst, sum) = off_by(600, |_, _, now| now.offset(period));
    assert!(worst > 8 * MILLI && sum / 600 > 1000);
}

#[test]
fn a_month_shows_no_trend() {
    let mut provider = server();
    let config = TimeConfig {
        beyond: Beyond::RunAll,
        ..TimeConfig::default()
    };
    let mut steps = Steps::new(Tick::ZERO, &config).unwrap();
    let (mut rng, mut expected) = (Rng::new(30), 0);
    for hour in 0..30 * 24 {
        // Ten seconds tick by tick, then the rest of the hour in one update.
        let first = provider
            .map()
            .at(START.offset((hour * HOUR).cast_signed()))
            .tick()
            + 1;
        for tick in first..first + 600 {
            let due = provider.map().due(Tick(tick.cast_unsigned()));
            let now = due.offset(rng.range(0..6 * MILLI));
            let advance = provider.advance(now);
            // Exactly: 0 <= elapsed * rate - position < 1, in 2^-64 ticks, all times 10^9.
            let elapsed = i128::from(now.nanos_since(START));
            let error =
                ((elapsed * 60) << 64) - advance.server.since_start().bits() * 1_000_000_000;
            assert!((0..1_000_000_000).contains(&error), "hour {hour}");
            let late = due.nanos_since(START) * 60 - tick * 1_000_000_000;
            assert!((0..60).contains(&late), "hour {hour}");
            for step in steps.advance(advance.local, advance.server) {
                assert_eq!(step.tick, Tick(expected));
                expected += 1;
            }
            assert_eq!(expected, tick.cast_unsigned() + 1);
        }
    }
    assert!(expected > 155_000_000);
}

#[test]
fn no_update_allocates() {
    let mut provider: Box<dyn TimeProvider> =
        Box::new(StepOnly::new(fixed(), map(HZ_60), &TimeConfig::default()).unwrap());
    let mut steps = Steps::new(Tick::ZERO, &TimeConfig::default()).unwrap();
    let mut link = Link::new(1, 20 * MILLI, 20 * MILLI, MILLI, 0);
    let echoes: Vec<_> = (0..600).map(|index| link.ask(index * 16 * MILLI)).collect();
    let used = allocation_counter::measure(|| {
        for (index, (at, echo)) in echoes.iter().enumerate() {
            let now = link.clock(*at);
            provider.observe(now, echo);
            let rate = if index % 2 == 0 {
                HZ_60
            } else {
                TickRate::hz(50)
            };
            provider.observe(
                now,
                &Observation::Rate {
                    at: Tick(index as u64 + 1),
                    rate,
                },
            );
            let advance = provider.advance(now);
            steps.advance(advance.local, advance.server).for_each(drop);
        }
    });
    assert_eq!(used.count_total, 0);
    assert!(steps.next() > Tick(300));
}

#[test]
fn stamps_of_fixed_buffers_arrive_in_time_whatever_the_path() {
    let mut rng = Rng::new(7);
    let (mut stamped, mut late) = (0u32, 0u32);
    for seed in 0..200 {
        let (up, down) = (rng.range(0..150 * MILLI), rng.range(0..150 * MILLI));
        let jitter = rng.range(0..8 * MILLI);
        let mut link = Link::new(seed, up, down, jitter, rng.range(-100..101));
        let mut provider = fixed();
        let mut events = 0;
        play(
            &mut link,
            &mut provider,
            (0, 30),
            |link, passed, _, advance| {
                events += u32::from(advance.event.is_some());
                assert_eq!(advance.scale, Scale::ONE);
                if passed < 1000 * MILLI {
                    return;
                }
                let arrival = START.offset(passed + up + link.jitter());
                let at_arrival = link.truth.at(arrival);
                stamped += 1;
                late += u32::from(advance.local.tick() < at_arrival.tick());
                // The asymmetry cancels: the buffer of two ticks is neither used up nor doubled.
                let margin = advance.local.ahead_of(at_arrival);
                assert!(
                    margin > Span::TICK && margin < Span::from_ticks(3),
                    "{margin} ticks"
                );
                // What is shown could be here, the jitter (below half a tick) aside.
                let known = link.truth.at(START.offset(passed - down));
                assert!(advance.server < known && known - advance.server < Span::from_ticks(2));
            },
        );
        assert_eq!(
            events, 1,
            "the guess was wrong by 777 ms, nothing else happened"
        );
    }
    assert_eq!((stamped > 300_000, late), (true, 0));
}

#[test]
fn without_a_buffer_that_check_sees_late_stamps() {
    let config = TimeConfig {
        send_buffer_milliticks: 0,
        ..TimeConfig::default()
    };
    let mut provider = FixedBuffers::new(map(HZ_60), &config).unwrap();
    let mut late = 0;
    let mut link = Link::new(1, 50 * MILLI, 50 * MILLI, 8 * MILLI, 0);
    play(
        &mut link,
        &mut provider,
        (0, 30),
        |link, passed, _, advance| {
            let arrival = START.offset(passed + 50 * MILLI + link.jitter());
            let at_arrival = link.truth.at(arrival);
            late += u32::from(advance.local.tick() < at_arrival.tick());
        },
    );
    assert!(late > 100);
}

#[test]
fn stepping_for_an_hour_keeps_the_rate_to_the_bit() {
    let config = TimeConfig {
        hard_reset_ms: 40,
        ..TimeConfig::default()
    };
    let inner = FixedBuffers::new(map(HZ_60), &config).unwrap();
    let reference = map(HZ_60);
    let mut stepping = StepOnly::new(inner, reference, &config).unwrap();
    let mut link = Link::new(11, 30 * MILLI, 50 * MILLI, 3 * MILLI, 100);
    let limit = Span::from_nanos(40 * MILLI, HZ_60) + Span::from_nanos(1, HZ_60);
    let (mut resets, mut offset) = (0, None);
    let mut errors = vec![];
    play(
        &mut link,
        &mut stepping,
        (0, 3600),
        |link, passed, now, advance| {
            assert_eq!(advance.scale, Scale::ONE);
            if let Some(TimeEvent::HardReset { to, .. }) = advance.event {
                assert_eq!((to - advance.server).abs().ticks(), 0);
                (resets, offset) = (resets + 1, None);
            }
            let at = reference.due_at(advance.server).nanos_since(now);
            let offset = *offset.get_or_insert(at);
            assert_eq!(reference.at(now.offset(offset)), advance.server);
            errors.push((passed, link.truth.at(START.offset(passed)) - advance.server));
        },
    );
    // 100 ppm are 360 ms in an hour: at 40 ms each nine steps at most, and the first answer's.
    assert!((8..=11).contains(&resets), "{resets} resets");
    let target = Span::from_nanos(40 * MILLI, HZ_60) + Span::TICK;
    let worst = errors.iter().filter(|(passed, _)| *passed > 1000 * MILLI);
    let worst = worst
        .map(|(_, error)| (*error - target).abs())
        .max()
        .unwrap();
    assert!(
        worst < limit + Span::from_nanos(6 * MILLI, HZ_60),
        "{worst} ticks"
    );
}

#[test]
fn a_steered_clock_is_smooth_and_does_not_overshoot() {
    let config = TimeConfig::default();
    let mut slewed = Slewed::new(fixed(), map(HZ_60), &config).unwrap();
    let mut link = Link::new(5, 40 * MILLI, 40 * MILLI, MILLI, 50);
    play(&mut link, &mut slewed, (0, 30), |_, _, _, _| ());
    // Quiet: within a tenth of a percent.
    let small = Scale::from_ppm(1000).unwrap().deviation();
    let mut before: Option<(Time, Advance)> = None;
    let mut smooth = |now: Time, advance: &Advance| {
        if let Some((then, last)) = before.replace((now, *advance)) {
            let change = advance.scale.deviation().abs_diff(last.scale.deviation());
            let allowed = now.nanos_since(then) * 86 / 1000; // 2 % of 2^32 per second: 85.9 per us
            assert!(
                i64::from(change) <= allowed,
                "{change} in {:?}",
                now.since(then)
            );
            assert!(advance.local > last.local && advance.server > last.server);
            assert_eq!(advance.event, None);
        }
    };
    play(
        &mut link,
        &mut slewed,
        (30_000 * MILLI, 30),
        |_, _, now, advance| {
            assert!(
                advance.scale.deviation().abs() <= small,
                "{}",
                advance.scale
            );
            smooth(now, advance);
        },
    );
    // The way up and the way down become 60 ms longer: 3.6 ticks more lead.
    (link.up, link.down) = (100 * MILLI, 100 * MILLI);
    let mut fastest = Scale::ONE;
    play(
        &mut link,
        &mut slewed,
        (60_000 * MILLI, 30),
        |link, passed, now, advance| {
            smooth(now, advance);
            fastest = fastest.max(advance.scale);
            let arrival = link.truth.at(START.offset(passed + 100 * MILLI));
            let margin = advance.local.ahead_of(arrival);
            assert!(margin < Span::from_parts(2, 1 << 62), "{margin} ticks");
            assert!(passed < 75_000 * MILLI || margin > Span::from_parts(1, 3 << 62));
        },
    );
    assert_eq!(fastest, Scale::from_ppm(10_000).unwrap());
}

#[test]
fn a_sleep_costs_one_reset_and_no_tick_twice() {
    for counts in [true, false] {
        let mut provider = StepOnly::new(fixed(), map(HZ_60), &TimeConfig::default()).unwrap();
        let mut steps = Steps::new(Tick::ZERO, &TimeConfig::default()).unwrap();
        let mut link = Link::new(3, 40 * MILLI, 40 * MILLI, MILLI, 0);
        let (mut newest, mut events, mut margin) = (None, vec![], Span::ZERO);
        let mut look = |link: &mut Link, passed: i64, _: Time, advance: &Advance| {
            events.extend(advance.event.map(|event| (passed, event)));
            for step in steps.advance(advance.local, advance.server) {
                assert!(newest < Some(step.tick));
                newest = Some(step.tick);
            }
            margin = advance
                .local
                .ahead_of(link.truth.at(START.offset(passed + 40 * MILLI)));
        };
        play(&mut link, &mut provider, (0, 10), &mut look);
        if !counts {
            link.ahead -= 5000 * MILLI;
        }
        play(&mut link, &mut provider, (15_000 * MILLI, 10), &mut look);
        assert!(
            margin > Span::TICK && margin < Span::from_ticks(3),
            "{margin} ticks"
        );
        events.retain(|(passed, _)| *passed > 10_000 * MILLI);
        match (counts, events.as_slice()) {
            (true, [(15_000_000_000, TimeEvent::Suspended { gap })]) => {
                assert!(*gap > Duration::from_secs(5) && *gap < Duration::from_millis(5020));
            }
            (false, [(at, TimeEvent::HardReset { from, to, .. })]) => {
                assert!(*at < 15_300 * MILLI && *to - *from > Span::from_ticks(299));
            }
            (_, other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_answer_that_slept_on_its_way_is_not_believed() {
    let mut provider = fixed();
    let mut link = Link::new(2, 20 * MILLI, 20 * MILLI, 0, 0);
    play(&mut link, &mut provider, (0, 2), |_, _, _, _| ());
    let (_, observation) = link.ask(2000 * MILLI);
    let Observation::Echo { sent, relay, .. } = observation else {
        panic!("{observation:?}");
    };
    let received = link.clock(7000 * MILLI);
    let expected = provider.clone().advance(received);
    provider.observe(
        received,
        &Observation::Echo {
            sent,
            relay,
            received,
        },
    );
    assert_eq!(provider.advance(received), expected);
    assert!(matches!(expected.event, Some(TimeEvent::Suspended { .. })));
}

#[test]
fn a_rate_changes_at_its_tick_on_every_machine() -> Result<(), Box<dyn Error>> {
    let mut link = Link::new(9, 30 * MILLI, 30 * MILLI, 0, 0);
    let rate = TickRate::hz(20);
    link.truth.change_rate(Tick(600), rate)?;
    let config = TimeConfig::default();
    let stepping = StepOnly::new(fixed(), map(HZ_60), &config)?;
    let steered = Slewed::new(fixed(), map(HZ_60), &config)?;
    let mut play_on = |provider: &mut dyn TimeProvider, check: &dyn Fn(i64, Span, i64)| {
        provider.observe(
            START,
            &Observation::Rate {
                at: Tick(600),
                rate,
            },
        );
        play(&mut link, provider, (0, 60), |link, passed, _, advance| {
            let arrival = link.truth.at(START.offset(passed + 30 * MILLI));
            let nanos = link
                .truth
                .nanos_between(arrival, advance.local.into_space());
            check(passed, advance.local.ahead_of(arrival), nanos);
        });
    };
    // Without steering an input is the same 33 ms early throughout: no time is lost at the change.
    play_on(&mut { stepping }, &|passed, _, nanos| {
        assert!(
            passed < 1000 * MILLI || (nanos - 33_333_333).abs() < 10,
            "{nanos} ns"
        );
    });
    // With it, it comes to be two of the longer ticks early.
    play_on(&mut { steered }, &|passed, margin, _| {
        let off = (margin - Span::from_ticks(2)).abs();
        assert!(
            passed < 30_000 * MILLI || off < Span::from_parts(0, 1 << 59),
            "{margin} ticks"
        );
    });
    Ok(())
}

#[test]
fn a_provider_is_replaced_in_a_running_session() {
    let map = TickMap::new(START, NetTime::ZERO, HZ_60);
    let mut clock = NetClock::new(Box::new(server()), map);
    let at = |seconds: i64| START.offset(seconds * 1000 * MILLI / 4);
    assert_eq!(clock.advance(at(1)).event, None);
    let line = TickMap::new(START, NetTime::from_parts(60, 0), HZ_60);
    let follower = StepOnly::new(server(), line, &TimeConfig::default()).unwrap();
    drop(clock.replace(Box::new(follower)));
    let from = NetTime::<Server>::from_parts(15, 0);
    let (to, reason) = (NetTime::from_parts(30, 0), ResetReason::Replaced);
    let taken_over = clock.advance(at(2));
    assert_eq!(
        taken_over.event,
        Some(TimeEvent::HardReset { from, to, reason })
    );
    assert_eq!(clock.advance(at(3)).event, None);
}

#[test]
fn a_clock_that_goes_back_makes_time_stand() -> Result<(), Box<dyn Error>> {
    for mut provider in everyone()? {
        provider.advance(START);
        let newest = provider.advance(START.offset(100 * MILLI));
        let again = provider.advance(START.offset(50 * MILLI));
        assert_eq!((again.server, again.local), (newest.server, newest.local));
        assert!(provider.advance(START.offset(200 * MILLI)).server > newest.server);
    }
    Ok(())
}

/// Reads its map and sees to nothing.
#[derive(Clone, Debug)]
struct Careless(TickMap);

impl TimeProvider for Careless {
    fn observe(&mut self, _: Time, _: &Observation) {}
    fn advance(&mut self, now: Time) -> Advance {
        let server = self.0.at(now);
        Advance {
            server,
            local: server.into_space(),
            scale: Scale::ONE,
            event: None,
        }
    }
}

/// Whoever follows it sees to that.
#[test]
fn a_clock_that_goes_back_does_not_reset_who_follows() -> Result<(), Box<dyn Error>> {
    let config = TimeConfig::default();
    let followers: [Box<dyn TimeProvider>; 2] = [
        Box::new(StepOnly::new(Careless(map(HZ_60)), map(HZ_60), &config)?),
        Box::new(Slewed::new(Careless(map(HZ_60)), map(HZ_60), &config)?),
    ];
    for mut follower in followers {
        follower.advance(START);
        let newest = follower.advance(START.offset(1000 * MILLI));
        let again = follower.advance(START.offset(500 * MILLI));
        assert_eq!((again.server, again.event), (newest.server, None));
        assert_eq!(again.scale, Scale::ONE);
    }
    Ok(())
}

fn everyone() -> Result<[Box<dyn TimeProvider>; 5], Box<dyn Error>> {
    let config = TimeConfig::default();
    Ok([
        Box::new(server()),
        Box::new(fixed()),
        Box::new(Adaptive::new(
            map(HZ_60),
            &LeadConfig::new(LateWorth::Balanced),
            &config,
        )?),
        Box::new(StepOnly::new(fixed(), map(HZ_60), &config)?),
        Box::new(Slewed::new(fixed(), map(HZ_60), &config)?),
    ])
}

/// Any bits as a tick, a moment or a point: mostly near the edges of what they may be.
fn wild(rng: &mut Rng) -> u64 {
    let edge = [0, 1 << 31, 1 << 32, 1 << 63, u64::MAX, START.as_nanos()][rng.below(6) as usize];
    match rng.below(3) {
        0 => edge,
        1 => edge
            .wrapping_add(rng.below_u64(1 << 34))
            .wrapping_sub(1 << 33),
        _ => rng.next_u64(),
    }
}

#[test]
fn nothing_that_is_observed_makes_time_go_wrong() -> Result<(), Box<dyn Error>> {
    let mut rng = Rng::new(66);
    for _ in 0..300 {
        let mut providers = everyone()?;
        let mut steps = Steps::new(Tick::ZERO, &TimeConfig::default())?;
        let mut newest = None;
        for _ in 0..60 {
            let rng = &mut rng;
            let now = Time::from_nanos(wild(rng));
            let tick = Tick(wild(rng));
            let observation = match rng.below(5) {
                0 => Observation::Arrival {
                    tick,
                    sampled: Time::from_nanos(wild(rng)),
                    margin_ns: wild(rng).cast_signed(),
                },
                1 => Observation::Frame {
                    tick,
                    received: Time::from_nanos(wild(rng)),
                },
                2 => Observation::Rate {
                    at: tick,
                    rate: TickRate::hz(1 + rng.below(1000)),
                },
                _ => Observation::Echo {
                    sent: Time::from_nanos(wild(rng)),
                    relay: NetTime::from_parts(wild(rng).cast_signed(), wild(rng)),
                    received: Time::from_nanos(wild(rng)),
                },
            };
            for provider in &mut providers {
                provider.observe(now, &observation);
                let advance = provider.advance(now);
                assert!(advance.scale >= Scale::MIN && advance.scale <= Scale::MAX);
                for step in steps.advance(advance.local, advance.server) {
                    assert!(newest < Some(step.tick));
                    newest = Some(step.tick);
                }
            }
        }
    }
    Ok(())
}
