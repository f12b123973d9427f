//! Samples of a client's clock: what they keep, what they say of planted trouble, and what a file of them
//! may hold. Nothing of it allocates while the session runs.
#![expect(clippy::unwrap_used, reason = "a test")]

use core::fmt::Write as _;
use core::time::Duration;

use allocation_counter::measure;
use expect_test::expect;
use phalanx_engine::{Slot, Tick, TickRate, mix};
use phalanx_netcode::Time;
use phalanx_netcode::limits::{CLOCK_EVENTS_MAX, CLOCK_SAMPLES_MAX};
use phalanx_netcode::testing::{LinkConditions, Mixer, Scenario, World};
use phalanx_netcode::time::samples::{Cause, Happening, Sample, Samples};
use phalanx_netcode::time::{NetTime, ResetReason, Span, TimeEvent};
use proptest::prelude::*;

const RATE: TickRate = TickRate::hz(60);
const TICKS: u64 = 4000;

/// A session in which everything goes well, but for what a test plants. Times are microseconds.
struct Planted {
    lead: fn(u64) -> i64,
    /// How long the datagram of a tick takes; `None` if it is lost.
    way: fn(u64) -> Option<i64>,
    /// Ticks in which nothing is stamped.
    asleep: core::ops::Range<u64>,
    happening: Option<(u64, Happening)>,
}

impl Default for Planted {
    fn default() -> Self {
        Self {
            lead: |_| 46_000,
            way: |tick| Some(40_000 + noise(tick, 400)),
            asleep: 0..0,
            happening: None,
        }
    }
}

/// From 0 to `most`, the bell of four dice.
fn noise(tick: u64, most: i64) -> i64 {
    let die = |nth: u64| i64::try_from(mix(tick * 4 + nth) % 1001).unwrap();
    (die(0) + die(1) + die(2) + die(3)) * most / 4000
}

fn at(tick: u64) -> Time {
    Time::from_nanos(9_000_000_000 + RATE.nanos_at(Tick(tick)))
}

impl Planted {
    fn play(&self) -> Samples {
        let mut samples = Samples::new(RATE);
        let awake = |tick: &u64| !self.asleep.contains(tick);
        for tick in (0..TICKS).filter(awake) {
            if let Some((_, happening)) = self.happening.filter(|(when, _)| *when == tick) {
                samples.happened(at(tick), happening);
            }
            let lead = (self.lead)(tick);
            samples.stamped(Sample {
                stamp: Tick(tick),
                at: at(tick),
                lead_us: i32::try_from(lead).unwrap(),
                ..Sample::default()
            });
            // Every datagram carries what was not acknowledged: the first one that comes counts.
            let arrivals = (tick..tick + 30).filter(awake).filter_map(|later| {
                let way = (self.way)(later)?;
                Some(at(later).nanos_since(at(tick)) / 1000 + way)
            });
            samples.arrived(Tick(tick), lead - arrivals.min().unwrap());
        }
        samples
    }

    /// The words, and that this cause is the heaviest.
    fn says(&self, cause: Cause, words: expect_test::Expect) {
        let summary = self.play().summary();
        assert_eq!(
            summary.causes().first().map(|(cause, _)| *cause),
            Some(cause)
        );
        let late: u32 = summary.causes().iter().map(|(_, late)| late).sum();
        assert_eq!(late, summary.late, "every late input has a cause");
        words.assert_eq(&summary.explain());
    }
}

#[test]
fn what_goes_well_is_said() {
    let planted = Planted::default();
    let summary = planted.play().summary();
    assert_eq!((summary.inputs, summary.late, summary.untold), (4000, 0, 0));
    assert_eq!(summary.causes(), []);
    expect!["all in time: 5.6 ms of slack to spare"].assert_eq(&summary.explain());

    let lead = |_| 66_000;
    let early = Planted { lead, ..planted };
    expect!["all in time: 26 ms of slack to spare, more than a tick"]
        .assert_eq(&early.play().summary().explain());
}

#[test]
fn jitter_is_found() {
    let planted = Planted {
        lead: |_| 78_000,
        way: |tick| Some(40_000 + noise(tick, 45_000)),
        ..Planted::default()
    };
    planted.says(
        Cause::Jitter,
        expect!["late 0.3 % (12 of 4000): uplink jitter p99 26 ms, at most 31 ms"],
    );
}

#[test]
fn loss_is_found() {
    let planted = Planted {
        lead: |_| 62_000,
        way: |tick| (tick % 200 > 1).then(|| 40_000 + noise(tick, 3000)),
        ..Planted::default()
    };
    planted.says(
        Cause::Loss,
        expect!["late 0.5 % (20 of 4000): datagrams lost or held, up to 35 ms"],
    );
}

#[test]
fn a_longer_route_is_found() {
    let planted = Planted {
        lead: |tick| if tick < 1024 { 46_000 } else { 106_000 },
        way: |tick| Some(noise(tick, 400) + if tick < 1000 { 40_000 } else { 100_000 }),
        ..Planted::default()
    };
    planted.says(
        Cause::Route,
        expect!["late 0.6 % (24 of 4000): way up 60 ms longer, first at 16.7 s"],
    );
}

#[test]
fn a_sleep_is_found() {
    let gap_us = 5_000_000;
    let planted = Planted {
        lead: |tick| {
            if (1300..1310).contains(&tick) {
                -20_000
            } else {
                46_000
            }
        },
        asleep: 1000..1300,
        happening: Some((1300, Happening::Suspended { gap_us })),
        ..Planted::default()
    };
    planted.says(
        Cause::Suspension,
        expect!["late 0.3 % (10 of 3700): asleep for 5.0 s"],
    );
}

#[test]
fn a_reset_is_found() {
    let by_us = -300_000;
    let reason = ResetReason::Threshold;
    let planted = Planted {
        lead: |tick| {
            if (1300..1310).contains(&tick) {
                30_000
            } else {
                46_000
            }
        },
        happening: Some((1300, Happening::Reset { by_us, reason })),
        ..Planted::default()
    };
    planted.says(
        Cause::Reset,
        expect!["late 0.3 % (10 of 4000): clock set, lead 16 ms shorter"],
    );
    // The first one is how a session begins.
    let reason = ResetReason::First;
    let first = Planted {
        happening: Some((1300, Happening::Reset { by_us, reason })),
        ..planted
    };
    first.says(
        Cause::Lead,
        expect!["late 0.3 % (10 of 4000): lead up to 10 ms too short for any way"],
    );
}

#[test]
fn a_lead_that_is_too_short_is_found() {
    let planted = Planted {
        lead: |tick| if tick < 20 { 30_000 } else { 46_000 },
        ..Planted::default()
    };
    planted.says(
        Cause::Lead,
        expect!["late 0.5 % (20 of 4000): lead up to 10 ms too short for any way"],
    );
}

#[test]
fn several_causes_stand_by_their_weight() {
    let gap_us = 5_000_000;
    let planted = Planted {
        lead: |tick| {
            if (1300..1305).contains(&tick) {
                -20_000
            } else {
                62_000
            }
        },
        way: |tick| (tick % 200 > 1).then(|| 40_000 + noise(tick, 3000)),
        asleep: 1000..1300,
        happening: Some((1300, Happening::Suspended { gap_us })),
    };
    planted.says(Cause::Loss, expect!["late 0.6 % (23 of 3700): datagrams lost or held, up to 35 ms (18); asleep for 5.0 s (5)"]);
}

#[test]
fn what_is_not_known_is_said() {
    let mut samples = Samples::new(RATE);
    assert_eq!(samples.summary().explain(), "no inputs");
    samples.stamped(Sample::default());
    let words = "nothing known: the relay told of none of 1 inputs";
    assert_eq!(samples.summary().explain(), words);
    samples.happened(Time::ZERO, Happening::Skipped { ticks: 7 });
    samples.stamped(Sample {
        stamp: Tick(1),
        ..Sample::default()
    });
    samples.arrived(Tick(1), 1000);
    let summary = samples.summary();
    assert_eq!(summary.untold, 1);
    let words = "all in time: 1.0 ms of slack to spare; 7 ticks skipped";
    assert_eq!(summary.explain(), words);
}

#[test]
fn a_window_that_is_too_short_is_said() {
    let explained = |stalls: u32, depth: u16| {
        let mut samples = Samples::new(RATE);
        for tick in 0..100 {
            samples.stamped(Sample {
                stamp: Tick(tick.into()),
                stalls: stalls * tick / 99,
                depth,
                ..Sample::default()
            });
            samples.arrived(Tick(tick.into()), 1000);
        }
        samples.summary().explain()
    };
    let all = "all in time: 1.0 ms of slack to spare";
    assert_eq!(explained(10, 8), format!("{all}; stalled 10 times"));
    let short = "stalled at 90 ticks: the window is short";
    assert_eq!(explained(90, 8), format!("{all}; {short}"));
    // Lockstep was told the same, and has none.
    let short = "stalled at 90 ticks: the input delay is short";
    assert_eq!(explained(90, 0), format!("{all}; {short}"));
}

#[test]
fn the_newest_are_kept_and_the_first_word_counts() {
    let mut samples = Samples::new(RATE);
    let most = CLOCK_SAMPLES_MAX as u64;
    // Every third tick is skipped.
    let stamps = || (0..2 * most).filter(|tick| tick % 3 != 0).map(Tick);
    for stamp in stamps() {
        let at = at(stamp.0);
        samples.stamped(Sample {
            stamp,
            at,
            ..Sample::default()
        });
    }
    let kept: Vec<_> = samples.iter().map(|sample| sample.stamp).collect();
    assert_eq!(kept.len(), CLOCK_SAMPLES_MAX);
    assert!(
        kept.iter()
            .rev()
            .eq(stamps().collect::<Vec<_>>().iter().rev().take(kept.len()))
    );

    let before = samples.clone();
    samples.arrived(Tick(1), 5);
    samples.arrived(Tick(3 * (most / 2)), 5);
    samples.arrived(Tick(u64::MAX), 5);
    let (stamp, at) = (*kept.last().unwrap(), Time::ZERO);
    samples.stamped(Sample {
        stamp,
        at,
        ..Sample::default()
    });
    assert_eq!(samples, before, "none of these is kept, or new");

    samples.arrived(kept[7], i64::MIN);
    samples.arrived(kept[7], 5);
    assert_eq!(samples.iter().nth(7).unwrap().margin_us, Some(i32::MIN));
    (0..2 * CLOCK_EVENTS_MAX as u64)
        .for_each(|ticks| samples.happened(at, Happening::Skipped { ticks }));
    assert_eq!(samples.events().len(), CLOCK_EVENTS_MAX);
}

/// The ring of events reaches further back than that of inputs: a minute's report told of the resets of an
/// hour before.
#[test]
fn what_happened_before_the_oldest_input_is_not_told() {
    let mut samples = Samples::new(RATE);
    let (by_us, reason) = (-1500, ResetReason::Threshold);
    let gap_us = 5_000_000;
    for tick in 0..CLOCK_SAMPLES_MAX as u64 + 100 {
        if [50, 99, 100, 4000].contains(&tick) {
            samples.happened(at(tick), Happening::Reset { by_us, reason });
            samples.happened(at(tick), Happening::Suspended { gap_us });
            samples.happened(at(tick), Happening::Skipped { ticks: 3 });
        }
        samples.stamped(Sample {
            stamp: Tick(tick),
            at: at(tick),
            ..Sample::default()
        });
    }
    assert_eq!(samples.iter().next().unwrap().stamp, Tick(100));
    let summary = samples.summary();
    let told = (summary.resets, summary.suspensions, summary.skipped_ticks);
    assert_eq!(told, (2, 2, 6));
}

#[test]
fn events_of_a_provider_are_kept_in_microseconds() {
    let mut samples = Samples::new(RATE);
    let (from, to) = (NetTime::ZERO, NetTime::at(Span::from_ticks(-30)));
    let reason = ResetReason::Threshold;
    samples.event(at(0), TimeEvent::HardReset { from, to, reason });
    let gap = Duration::from_millis(1500);
    samples.event(at(1), TimeEvent::Suspended { gap });
    let events: Vec<_> = samples.events().map(|(_, happening)| happening).collect();
    let (by_us, gap_us) = (-500_000, 1_500_000);
    assert_eq!(
        events,
        [
            Happening::Reset { by_us, reason },
            Happening::Suspended { gap_us }
        ]
    );
}

/// A match in the virtual world, with a way up of 60 ms that is as long as the way down.
#[test]
fn a_client_notes_every_input() {
    let way = LinkConditions::constant(Duration::from_millis(60));
    let (up, down, ticks) = (way, way, 900);
    let scenario = Scenario {
        up,
        down,
        ticks,
        ..Scenario::default()
    };
    let mut world = World::new(&scenario, || Mixer).unwrap();
    assert!(world.client(Slot(0)).clock_samples().is_none());
    world.run_bots();
    for slot in Slot::all(scenario.players) {
        let samples = world.client(slot).clock_samples().unwrap();
        let summary = samples.summary();
        assert!(u64::from(summary.inputs) >= ticks, "{summary:?}");
        assert!(u64::from(summary.told) > ticks / 2, "{summary:?}");
        assert_eq!(summary.late, 0);
        let way = summary.way_us.unwrap();
        // A microsecond for each figure that is rounded down.
        assert!((59_998..=60_002).contains(&way.p50), "{way:?}");
        let delay = i64::from(scenario.client.delay.at_start());
        assert_eq!(summary.delay_ticks.unwrap().max, delay);
        // Up and down and the slack are over seven ticks, of which the delay hides one.
        assert_eq!(summary.depth_ticks.unwrap().p50, 6);
        let words = summary.explain();
        assert!(words.starts_with("all in time"), "{words}");
    }
}

#[test]
fn noting_allocates_nothing() {
    let mut samples = None;
    let started = measure(|| samples = Some(Samples::new(RATE))).count_total;
    assert!(started > 0, "the start is counted");
    let mut samples = samples.unwrap();
    let noted = measure(|| {
        for tick in 0..3 * CLOCK_SAMPLES_MAX as u64 {
            let (stamp, at) = (Tick(tick), at(tick));
            samples.stamped(Sample {
                stamp,
                at,
                ..Sample::default()
            });
            samples.arrived(Tick(tick.saturating_sub(9)), 5600);
            let gap = Duration::from_secs(5);
            samples.event(at, TimeEvent::Suspended { gap });
        }
    });
    assert_eq!(noted.count_total, 0);
}

fn csv(samples: &Samples) -> String {
    let mut text = Vec::new();
    samples.write_csv(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn the_file_is_as_it_was() {
    let mut samples = Samples::new(TickRate::new(60_000, 1001).unwrap());
    let reason = ResetReason::First;
    samples.happened(Time::from_nanos(1), Happening::Reset { by_us: -5, reason });
    samples.stamped(Sample {
        stamp: Tick(7),
        at: Time::from_nanos(2),
        lead_us: 46_000,
        scale_ppm: -12,
        delay: 1,
        depth: 3,
        stalls: 4,
        margin_us: None,
    });
    samples.arrived(Tick(7), -250);
    samples.happened(Time::from_nanos(3), Happening::Suspended { gap_us: 9 });
    samples.happened(Time::from_nanos(3), Happening::Skipped { ticks: 2 });
    expect![[r#"
        row,at_ns,stamp_tick,lead_us,margin_us,scale_ppm,delay_ticks,depth_ticks,stalls_total,event_us,event_ticks,reason,rate_hz
        session,,,,,,,,,,,,60000/1001
        reset,1,,,,,,,,-5,,first,
        input,2,7,46000,-250,-12,1,3,4,,,,
        suspended,3,,,,,,,,9,,,
        skipped,3,,,,,,,,,2,,
    "#]].assert_eq(&csv(&samples));
    let with_returns = csv(&samples).replace('\n', "\r\n");
    assert_eq!(Samples::read_csv(with_returns.as_bytes()).unwrap(), samples);
}

/// What is wrong is said, with the line.
#[test]
fn files_of_something_else_are_refused_in_words() {
    let good = csv(&Planted::default().play());
    let head: Vec<_> = good.lines().take(3).collect();
    let [header, session, input] = head.try_into().unwrap();
    let refused = |text: &[u8]| Samples::read_csv(text).unwrap_err().to_string();
    let told = |lines: &[&str]| refused(lines.join("\n").as_bytes());
    let other = "line 1: the header is not that of samples of a clock";
    assert_eq!(told(&[]), other);
    assert_eq!(told(&["a,b,c"]), other);
    let version = "line 1: the columns are those of another version";
    for header in [&header.replace("_us", "_ms"), "row,at_ns"] {
        assert_eq!(told(&[header, session]), version);
    }
    let rate = "the tick rate has to stand in the first row, and only there";
    assert_eq!(told(&[header]), format!("line 2: {rate}"));
    assert_eq!(told(&[header, input]), format!("line 2: {rate}"));
    assert_eq!(told(&[header, session, session]), format!("line 3: {rate}"));
    let order = "out of order: ticks rise from input to input, and time does not go back";
    assert_eq!(
        told(&[header, session, input, input]),
        format!("line 4: {order}")
    );
    let wrong_rate = session.replace("60", "0");
    let out = "line 2: `rate_hz` is missing, out of range or no number";
    assert_eq!(told(&[header, &wrong_rate]), out);
    let cut = [header.as_bytes(), b"\n\xff\xfe"].concat();
    assert_eq!(refused(&cut), "line 2: not text");

    let mut many = good
        .lines()
        .take(2)
        .fold(String::new(), |all, line| all + line + "\n");
    for tick in 0..=CLOCK_SAMPLES_MAX {
        writeln!(many, "input,{tick},{tick},0,,0,0,0,0,,,,").unwrap();
    }
    let line = CLOCK_SAMPLES_MAX + 3;
    let words = format!("line {line}: more than 4096 inputs or 256 events");
    assert_eq!(refused(many.as_bytes()), words);
}

#[test]
fn rows_that_are_none_are_refused_in_words() {
    let good = csv(&Planted::default().play());
    let head: Vec<_> = good.lines().take(3).collect();
    let [header, session, input] = head.try_into().unwrap();
    let third = |line: &str| {
        let text = [header, session, line, input].join("\n");
        Samples::read_csv(text.as_bytes()).unwrap_err().to_string()
    };
    for (line, problem) in [
        (",".repeat(11), "line 3: 12 columns instead of 13"),
        (",".repeat(13), "line 3: 14 columns instead of 13"),
        (String::new(), "line 3: 1 columns instead of 13"),
        (",".repeat(256), "line 3: 257 columns instead of 13"),
        (",".repeat(257), "line 3: longer than 256 bytes"),
        (
            input.replace("input", "inputs"),
            "line 3: the row is none of session, input, reset, suspended and skipped",
        ),
        (
            input.replace("46000", "2147483648"),
            "line 3: `lead_us` is missing, out of range or no number",
        ),
        (
            input.replace("46000", ""),
            "line 3: `lead_us` is missing, out of range or no number",
        ),
        (
            input.replace("46000", "46.0"),
            "line 3: `lead_us` is missing, out of range or no number",
        ),
        (
            format!("{input}60"),
            "line 3: `rate_hz` has to be empty in such a row",
        ),
        (
            "reset,5,,,,,,,,5,,because,".into(),
            "line 3: `reason` is missing, out of range or no number",
        ),
        (
            "suspended,5,,,,,,,,-5,,,".into(),
            "line 3: `event_us` is missing, out of range or no number",
        ),
        (
            "skipped,5,,,,,,,,5,5,,".into(),
            "line 3: `event_us` has to be empty in such a row",
        ),
    ] {
        assert_eq!(third(&line), problem, "{line}");
    }
}

/// A source that ends in the middle of a word.
#[test]
fn a_file_that_cannot_be_read_is_told() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let error = Samples::read_csv(std::io::BufReader::new(Broken)).unwrap_err();
    assert_eq!(error.to_string(), "the disk is gone");
}

fn happenings() -> impl Strategy<Value = Happening> {
    let reasons = prop::sample::select(vec![
        ResetReason::First,
        ResetReason::Threshold,
        ResetReason::Suspended,
        ResetReason::Replaced,
    ]);
    prop_oneof![
        (any::<i64>(), reasons).prop_map(|(by_us, reason)| Happening::Reset { by_us, reason }),
        any::<u64>().prop_map(|gap_us| Happening::Suspended { gap_us }),
        any::<u64>().prop_map(|ticks| Happening::Skipped { ticks }),
    ]
}

prop_compose! {
    fn sample()(
        times in (any::<u64>(), any::<u64>()),
        steering in (any::<i32>(), any::<i32>()),
        ticks in (any::<u16>(), any::<u16>(), any::<u32>()),
        told in any::<Option<i32>>(),
    ) -> Sample {
        Sample {
            stamp: Tick(times.0),
            at: Time::from_nanos(times.1),
            lead_us: steering.0,
            scale_ppm: steering.1,
            delay: ticks.0,
            depth: ticks.1,
            stalls: ticks.2,
            margin_us: told,
        }
    }
}

prop_compose! {
    fn any_samples()(
        rate in (1..1000_u32, 1..1000_u32).prop_filter_map("a rate", |(n, d)| TickRate::new(n, d).ok()),
        mut inputs in prop::collection::vec(sample(), 0..50),
        events in prop::collection::vec((any::<u64>(), happenings()), 0..20),
    ) -> Samples {
        inputs.sort_by_key(|sample| sample.stamp);
        let mut samples = Samples::new(rate);
        inputs.into_iter().for_each(|sample| samples.stamped(sample));
        let events = events.into_iter();
        events.for_each(|(at, what)| samples.happened(Time::from_nanos(at), what));
        samples
    }
}

proptest! {
    #[test]
    fn files_read_back(samples in any_samples()) {
        let read = Samples::read_csv(csv(&samples).as_bytes()).unwrap();
        prop_assert_eq!(&read, &samples);
        // Whatever is in it has a summary, and words.
        prop_assert!(!samples.summary().explain().is_empty());
    }

    /// Whatever a file holds, it is read or refused.
    #[test]
    fn any_file_is_read_or_refused(
        samples in any_samples(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = csv(&samples).into_bytes();
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        if let Ok(read) = Samples::read_csv(&bytes[..]) {
            prop_assert!(!read.summary().explain().is_empty());
        }
    }
}
