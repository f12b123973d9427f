//! Whole sessions: real clients, a real relay, and what goes wrong with their machines.

use core::time::Duration;

use phalanx_engine::{Slot, Tick, TickRate, mix};
use phalanx_netcode::testing::{
    LinkConditions, Mixer, Preset, Report, Scenario, SleepingClock, World,
};
use phalanx_netcode::time::{Span, TimeEvent, TimeSkipped};
use phalanx_netcode::{CloseReason, Event, LatePolicy, Time};

const MILLI: i64 = 1_000_000;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A link with so long ways, and a jitter with a sigma of a millisecond.
fn quiet(up: u64, down: u64, seconds: u64) -> Scenario {
    let way = |delay| LinkConditions {
        jitter: millis(1),
        ..LinkConditions::constant(millis(delay))
    };
    Scenario {
        up: way(up),
        down: way(down),
        ticks: seconds * 60,
        seed: 26,
        ..Scenario::default()
    }
}

fn world(scenario: &Scenario) -> World<Mixer> {
    World::new(scenario, || Mixer).unwrap()
}

/// The same inputs whatever the clocks do.
fn scripted(slot: Slot, tick: Tick) -> u16 {
    let word = mix((tick.0 / 7) ^ mix(u64::from(slot.0) + 1)).to_le_bytes();
    u16::from_le_bytes([word[0], word[1]])
}

fn play(world: &mut World<Mixer>, seconds: u64) {
    let end = world.deadline(Tick::ZERO) + Duration::from_secs(seconds);
    world.run_until(end, |slot, tick, _| Some(scripted(slot, tick)));
}

/// Begins, and plays the first seconds.
fn begin(scenario: &Scenario, seconds: u64) -> World<Mixer> {
    let mut world = world(scenario);
    while world.deadline(Tick::ZERO) == Time::NEVER {
        let soon = world.now() + millis(10);
        world.run_until(soon, |slot, tick, _| Some(scripted(slot, tick)));
    }
    play(&mut world, seconds);
    world
}

fn play_out(world: &mut World<Mixer>) -> Report {
    world.run_until(Time::NEVER, |slot, tick, _| Some(scripted(slot, tick)));
    world.relay().log().verify().unwrap();
    world.report()
}

/// An input by the world's clock.
#[derive(Clone, Copy, Debug)]
struct Input {
    tick: Tick,
    sampled: Time,
    /// From being sampled to the deadline of its tick, nanoseconds.
    latency: i64,
    margin_us: Option<i32>,
    scale_ppm: i32,
    depth: u16,
}

impl Input {
    fn is_late(&self) -> bool {
        self.margin_us.is_some_and(|margin| margin < 0)
    }
}

fn inputs(world: &World<Mixer>, slot: Slot) -> Vec<Input> {
    let samples = world.client(slot).clock_samples().unwrap();
    let input = |sample: &phalanx_netcode::time::samples::Sample| {
        let sampled = world.moment(slot, sample.at);
        Input {
            tick: sample.stamp,
            sampled,
            latency: world.deadline(sample.stamp).nanos_since(sampled),
            margin_us: sample.margin_us,
            scale_ppm: sample.scale_ppm,
            depth: sample.depth,
        }
    };
    samples.iter().map(input).collect()
}

fn mean(values: impl Iterator<Item = i64> + Clone) -> i64 {
    let count = i64::try_from(values.clone().count().max(1)).unwrap();
    values.sum::<i64>() / count
}

fn late(world: &World<Mixer>) -> u64 {
    Slot::all(2)
        .filter_map(|slot| world.relay().slot_stats(slot))
        .map(|stats| stats.late)
        .sum()
}

fn time_events(world: &World<Mixer>, slot: Slot) -> Vec<TimeEvent> {
    let events = world.events(slot).iter();
    let time = events.filter_map(|event| match event {
        Event::Time(event) => Some(*event),
        _ => None,
    });
    time.collect()
}

/// No input is late, and none is sampled more than 6 ms before it has to be sent; the speed is within a
/// twentieth of a percent of one.
#[test]
fn quiet_links_cost_six_milliseconds() {
    for (up, down) in [(10, 10), (40, 40), (100, 100), (80, 20), (20, 80)] {
        let mut world = begin(&quiet(up, down, 62), 60);
        assert_eq!(late(&world), 0, "{up} up, {down} down");
        for slot in Slot::all(2) {
            let inputs = inputs(&world, slot);
            let settled = || inputs.iter().filter(|input| input.tick >= Tick(120));
            let latency = mean(settled().map(|input| input.latency));
            let most = (up.cast_signed() + 6) * MILLI;
            let speed = mean(settled().map(|input| i64::from(input.scale_ppm).pow(2))).isqrt();
            assert!(latency <= most, "{up} up, {down} down: {latency} ns");
            assert!(speed <= 500, "{up} up, {down} down: {speed} ppm");
        }
        assert_eq!(play_out(&mut world).desync, None);
    }
}

/// A way up that becomes 60 ms longer is made up for within 0.4 s, at most 20 inputs late.
#[test]
fn a_longer_way_is_made_up_for_within_four_tenths() {
    for seed in 0..5 {
        let scenario = Scenario {
            seed,
            ..quiet(40, 40, 32)
        };
        let mut world = begin(&scenario, 10);
        assert_eq!(late(&world), 0);
        let (since, now) = (world.now(), world.now());
        let (network, up, _) = world.network(Slot(0));
        network.set_conditions(now, up, quiet(100, 40, 0).up);
        play(&mut world, 30);
        let inputs = inputs(&world, Slot(0));
        let missed: Vec<_> = inputs.iter().filter(|input| input.is_late()).collect();
        assert!((1..=20).contains(&missed.len()), "{}", missed.len());
        assert!(
            missed
                .iter()
                .all(|input| input.sampled < since + millis(400)),
            "{missed:?}"
        );
        assert_eq!(play_out(&mut world).desync, None);
    }
}

/// One that becomes 60 ms shorter makes no input late, and is made use of within 6 s, to 8 ms.
#[test]
fn a_shorter_way_is_made_use_of_within_six_seconds() {
    for seed in 0..5 {
        let scenario = Scenario {
            seed,
            ..quiet(100, 40, 32)
        };
        let mut world = begin(&scenario, 10);
        let now = world.now();
        let (network, up, _) = world.network(Slot(0));
        network.set_conditions(now, up, quiet(40, 40, 0).up);
        play(&mut world, 30);
        assert_eq!(late(&world), 0);
        let inputs = inputs(&world, Slot(0));
        let settled = inputs
            .iter()
            .filter(|input| input.sampled >= now + Duration::from_secs(6));
        let latency = mean(settled.map(|input| input.latency));
        assert!(latency <= 48 * MILLI, "{latency} ns");
        assert_eq!(play_out(&mut world).desync, None);
    }
}

/// Two players with equal links have equally much to put right.
#[test]
fn equals_share_the_rollback() {
    for delay in [30, 60, 90] {
        let mut world = begin(&quiet(delay, delay, 62), 60);
        let depth = |slot| {
            mean(
                inputs(&world, slot)
                    .iter()
                    .map(|input| 1000 * i64::from(input.depth)),
            )
        };
        let [left, right] = [0, 1].map(|slot| depth(Slot(slot)));
        let again = |slot| {
            let stats = world.client(Slot(slot)).stats().timeline;
            (1000 * stats.resimulated_ticks / stats.rollbacks.max(1)).cast_signed()
        };
        assert!(
            left.abs_diff(right) <= 500,
            "{left} and {right} thousandths of a tick"
        );
        assert!(
            again(0).abs_diff(again(1)) <= 500,
            "{} and {}",
            again(0),
            again(1)
        );
        assert!(again(0) > 0);
        play_out(&mut world);
    }
}

/// T-4: a client has no rate that could differ from the relay's: it is told, for its world and for its clock.
#[test]
fn a_client_plays_at_the_rate_of_the_relay() {
    for (numerator, denominator) in [(1, 1), (30_000, 1001), (50, 1), (144, 1), (1000, 1)] {
        let rate = TickRate::new(numerator, denominator).unwrap();
        let ticks = u64::from(numerator / denominator * 4);
        let mut world = world(&Scenario {
            rate,
            ticks,
            ..quiet(10, 10, 0)
        });
        let report = play_out(&mut world);
        assert_eq!((report.desync, report.agreed_ticks), (None, ticks));
        for slot in Slot::all(2) {
            let client = world.client(slot);
            assert_eq!(client.session().unwrap().rate(), rate);
            assert_eq!(client.clock_samples().unwrap().rate(), rate);
            let joined = world
                .events(slot)
                .iter()
                .any(|event| matches!(event, Event::Joined { setup, .. } if setup.rate == rate));
            assert!(joined);
        }
    }
    assert!(TickRate::new(1001, 1).is_err() && TickRate::new(0, 1).is_err());
}

/// T-6: a game that hangs for 5 s samples a few ticks when it goes on and is told once of those it skipped.
/// Where the relay waits, none is skipped.
#[test]
fn a_hitch_is_caught_up_with_and_what_is_skipped_is_told() {
    for (policy, owed) in [
        (LatePolicy::Repeat, false),
        (LatePolicy::Wait { bound_ms: 10_000 }, true),
    ] {
        let mut scenario = quiet(40, 40, 32);
        scenario.rules.policy = policy;
        let mut world = begin(&scenario, 10);
        world.hang(Slot(0), Duration::from_secs(5));
        let woke = world.now() + Duration::from_secs(5);
        let report = play_out(&mut world);
        assert_eq!((report.desync, report.agreed_ticks), (None, scenario.ticks));
        let inputs = inputs(&world, Slot(0));
        let at_once = inputs
            .iter()
            .filter(|input| (woke..woke + millis(1)).contains(&input.sampled))
            .count();
        let skipped: Vec<_> = inputs
            .windows(2)
            .filter_map(|pair| {
                let first = pair[0].tick.next();
                let ticks = pair[1].tick.since(first).unsigned_abs();
                (pair[0].tick >= pair[1].tick || ticks > 0).then_some(TimeSkipped { first, ticks })
            })
            .collect();
        let events = time_events(&world, Slot(0));
        let told = |event: &&TimeEvent| matches!(event, TimeEvent::Skipped(_));
        let told: Vec<_> = events.iter().filter(told).copied().collect();
        if owed {
            assert_eq!((skipped, told, report.late_inputs), (vec![], vec![], 0));
        } else {
            assert_eq!(at_once, 15);
            assert_eq!(
                told,
                skipped
                    .iter()
                    .map(|skipped| TimeEvent::Skipped(*skipped))
                    .collect::<Vec<_>>()
            );
            assert_eq!(told.len(), 1);
        }
    }
}

/// T-10, T-17: a machine that sleeps for 5 s is in time again within 300 ms, by one reset, and stamps nothing
/// twice.
#[test]
fn a_sleep_is_over_within_three_tenths() {
    for clock in [SleepingClock::Counts, SleepingClock::Stops] {
        for seed in 0..3 {
            let scenario = Scenario {
                seed,
                ..quiet(40, 40, 32)
            };
            let mut world = begin(&scenario, 10);
            let before = time_events(&world, Slot(0)).len();
            world.sleep(Slot(0), Duration::from_secs(5), clock);
            let woke = world.now() + Duration::from_secs(5);
            play(&mut world, 25);
            let inputs = inputs(&world, Slot(0));
            let stale = inputs
                .iter()
                .filter(|input| input.is_late() && input.sampled >= woke);
            let last = stale.map(|input| input.sampled).max();
            let events = time_events(&world, Slot(0)).split_off(before);
            assert!(last < Some(woke + millis(300)), "{clock:?}");
            let (awake, end) = (woke + millis(300), world.now());
            let since = inputs.iter().filter(|input| input.sampled >= awake);
            let told = since.filter(|input| input.sampled + millis(500) < end);
            let margins: Vec<_> = told.map(|input| input.margin_us).collect();
            assert!(margins.len() > 500 && margins.iter().all(|margin| *margin >= Some(0)));
            let set = match clock {
                SleepingClock::Counts => matches!(events[0], TimeEvent::Suspended { .. }),
                SleepingClock::Stops => matches!(events[0], TimeEvent::HardReset { .. }),
            };
            let skipped = matches!(events[1], TimeEvent::Skipped(_));
            assert!(set && skipped && events.len() == 2, "{events:?}");
            assert!(inputs.is_sorted_by(|one, next| one.tick < next.tick));
            let report = play_out(&mut world);
            assert_eq!((report.desync, report.agreed_ticks), (None, scenario.ticks));
        }
    }
}

/// T-17: who sleeps for longer than the relay hears of nobody is told that it is out; the others play on.
#[test]
fn who_sleeps_through_the_match_is_told() {
    for clock in [SleepingClock::Counts, SleepingClock::Stops] {
        let mut world = begin(&quiet(40, 40, 62), 10);
        world.sleep(Slot(0), Duration::from_secs(60), clock);
        let report = play_out(&mut world);
        assert_eq!(report.desync, None);
        assert_eq!(world.relay().log().next(), Tick(62 * 60));
        let closed = Event::Closed(Some(CloseReason::TimedOut));
        assert_eq!(world.events(Slot(0)).last(), Some(&closed));
    }
}

/// T-21: at 60, 20 and again 60 ticks a second no nanosecond is lost, all hold the same world, and no input is
/// late for it.
#[test]
fn a_change_of_the_tick_rate_costs_nothing() {
    let (slow, fast) = (TickRate::hz(20), TickRate::hz(60));
    for (up, down) in [(40, 40), (80, 20)] {
        let mut world = begin(&quiet(up, down, 40), 5);
        world.relay_mut().change_rate(slow).unwrap();
        play(&mut world, 15);
        world.relay_mut().change_rate(fast).unwrap();
        play(&mut world, 20);
        let report = play_out(&mut world);
        assert_eq!(
            (report.desync, report.agreed_ticks, report.late_inputs),
            (None, 2400, 0)
        );
        let changes = world.relay_events().iter().filter_map(|event| match event {
            phalanx_netcode::RelayEvent::PaceChanges(change) => Some(change.at.0),
            _ => None,
        });
        let changes: Vec<_> = changes.collect();
        let [down, up] = changes[..] else {
            panic!("{changes:?}")
        };
        let sixtieths = 2400 + 2 * (up - down);
        let passed = world.deadline(Tick(2400)).since(world.deadline(Tick::ZERO));
        assert_eq!(
            passed,
            Duration::from_nanos((sixtieths * 1_000_000_000).div_ceil(60))
        );
    }
}

/// T-22: what is shown tells its tick, and that its age: never negative, zero for what is to come, and right to
/// half of what the ways differ by and a few milliseconds, for which frames are sealed early.
#[test]
fn everything_tells_its_age() {
    for (up, down, ppm) in [
        (40, 40, 0),
        (80, 20, 0),
        (20, 80, 0),
        (2, 2, 0),
        (40, 40, 100),
        (40, 40, -100),
    ] {
        let mut world = begin(&quiet(up, down, 62), 1);
        assert!(world.client(Slot(0)).age(Time::ZERO, Tick::ZERO).is_some());
        world.drift(Slot(0), ppm);
        let mut worst = 0;
        for tenth in 10..600 {
            world.run_until(
                world.deadline(Tick::ZERO) + millis(tenth * 100),
                |slot, tick, _| Some(scripted(slot, tick)),
            );
            let (now, client) = (world.local(Slot(0)), world.client(Slot(0)));
            let newest = client.timeline().unwrap().confirmed().previous().unwrap();
            let age = client.age(now, newest).unwrap();
            assert!(age >= Span::ZERO);
            assert_eq!(client.age(now, newest + 1000), Some(Span::ZERO));
            let truth = world.now().nanos_since(world.deadline(newest));
            worst = worst.max((age.to_nanos(TickRate::hz(60)) - truth).abs());
            assert_eq!(
                client.age(now, newest.saturating_sub(7)).unwrap() - age,
                Span::from_ticks(7)
            );
        }
        let most = up.abs_diff(down).cast_signed() * MILLI / 2 + 6 * MILLI;
        assert!(worst <= most, "{up} up, {down} down, {ppm} ppm: {worst} ns");
    }
}

/// T-24: what a client believes of the relay's clock when a match begins.
#[test]
fn a_client_knows_the_relays_clock() {
    for (up, down) in [(1, 1), (40, 40), (100, 100), (80, 20), (20, 80)] {
        for seed in 0..5 {
            let world = begin(
                &Scenario {
                    seed,
                    ..quiet(up, down, 4)
                },
                3,
            );
            let samples = world.client(Slot(0)).clock_samples().unwrap();
            let leads = samples
                .iter()
                .map(|sample| i64::from(sample.lead_us) * 1000);
            let told = world.client(Slot(0)).stats().uncertainty().unwrap();
            for (lead, input) in leads.zip(inputs(&world, Slot(0))) {
                let error = (lead - input.latency).abs();
                let most = up.abs_diff(down).cast_signed() * MILLI / 2 + MILLI;
                assert!(error <= most, "{up} up, {down} down: {error} ns");
                assert!(Duration::from_nanos(error.unsigned_abs()) <= told);
            }
        }
    }
}

/// T-25: a clock that drifts and a machine that draws 30 or 240 pictures a second change nothing of the world.
#[test]
fn time_passes_alike_on_every_machine() {
    let scenario = Scenario {
        players: 3,
        ..quiet(30, 30, 30)
    };
    let plain = play_out(&mut begin(&scenario, 1));
    assert_eq!((plain.desync, plain.late_inputs), (None, 0));
    let mut world = begin(&scenario, 1);
    for (slot, ppm, fps) in [(0, 100, 30), (1, -100, 240), (2, 0, 144)] {
        world.drift(Slot(slot), ppm);
        world.update_every(Slot(slot), Some(Duration::from_secs(1) / fps));
    }
    let report = play_out(&mut world);
    assert_eq!((report.desync, report.agreed_ticks), (None, scenario.ticks));
}

/// An input that waits for a game to draw its picture is under way while it waits. (They were believed to be sent
/// when they were due, and at 30 pictures a second half of them was late.)
#[test]
fn inputs_that_wait_for_a_picture_are_in_time() {
    for fps in [240, 144, 60, 45, 30] {
        let mut world = begin(&quiet(40, 40, 32), 1);
        let picture = Duration::from_secs(1) / fps;
        world.update_every(Slot(0), Some(picture));
        let since = world.now();
        play(&mut world, 30);
        let inputs = inputs(&world, Slot(0));
        let learnt = inputs
            .iter()
            .filter(|input| input.sampled >= since + millis(500));
        assert_eq!(
            learnt.clone().filter(|input| input.is_late()).count(),
            0,
            "{fps}"
        );
        let latency = mean(learnt.map(|input| input.latency));
        let most = 46 * MILLI + i64::try_from(picture.as_nanos()).unwrap();
        assert!(latency <= most, "{fps}: {latency} ns");
    }
}

/// An overloaded relay seals late and catches up; nobody's world differs.
#[test]
fn an_overloaded_relay_is_caught_up_with() {
    let scenario = Scenario {
        up: Preset::Wifi.conditions(),
        down: Preset::Wifi.conditions(),
        ..quiet(0, 0, 32)
    };
    let mut world = begin(&scenario, 10);
    world.overload(Duration::from_secs(1));
    let report = play_out(&mut world);
    assert_eq!((report.desync, report.agreed_ticks), (None, scenario.ticks));
}
