use std::fmt::Write;

use expect_test::expect;
use phalanx_engine::{Tick, TickRate, mix};
use proptest::prelude::*;

use super::*;
use crate::testing::{Link, Preset};

const SEND: Duration = Duration::from_nanos(16_666_667);
const FRAME: Duration = Duration::from_nanos(6_944_444);

/// When content was complete up to which tick, and what was shown at which frame after it.
struct Run {
    frames: Vec<(Time, Duration, bool)>,
    stats: PlayoutStats,
    /// Mean of what was buffered, after the first ten seconds.
    buffered: Duration,
}

impl Run {
    fn play(policy: PlayoutPolicy, arrivals: &[(Time, u64)], end: Time) -> Self {
        let mut playout = Playout::new(policy);
        let mut arrivals = arrivals.iter().peekable();
        let (mut now, mut frames) = (Time::ZERO, Vec::new());
        let (mut buffered, mut counted) = (Duration::ZERO, 0);
        while now < end {
            now += FRAME;
            while let Some((at, tick)) = arrivals.next_if(|(at, _)| *at <= now) {
                let content = TickRate::hz(60).nanos_at(Tick(*tick));
                playout.arrived(*at, Duration::from_nanos(content));
            }
            if let Some(shown) = playout.advance(now) {
                let standing = playout.playing.as_ref().is_some_and(|own| own.standing);
                frames.push((now, shown, standing));
                if now > SETTLED {
                    buffered += playout.buffered();
                    counted += 1;
                }
            }
        }
        Self {
            frames,
            stats: playout.stats(),
            buffered: buffered / counted.max(1),
        }
    }

    /// Of 10,000 frames after `from` this many stood still.
    fn stood_per_10k(&self, from: Time) -> u64 {
        let after = || self.frames.iter().filter(|frame| frame.0 > from);
        let stood = after().filter(|frame| frame.2).count();
        stood as u64 * 10_000 / (after().count() as u64).max(1)
    }

    /// The speed is within 2 %, it never goes back, and it rides over.
    fn assert_lawful(&self) {
        let mut underrun = None::<Time>;
        for pair in self.frames.windows(2) {
            let [(before, from, _), (now, to, standing)] = *pair else {
                continue;
            };
            let (passed, shown) = (now.since(before), to.saturating_sub(from));
            assert!(to >= from, "{now}: the render time goes back");
            let most = passed + passed / 50 + Duration::from_nanos(2);
            assert!(shown <= most, "{now}: {shown:?} in {passed:?}");
            if standing {
                underrun = Some(now);
            } else if !from.is_zero() && !pair[0].2 {
                let least = passed - passed / 50 - Duration::from_nanos(2);
                assert!(shown >= least, "{now}: {shown:?} in {passed:?}");
            }
            // The frame that ran out may have been a fast one.
            if !standing && underrun.is_some_and(|at| now.since(at) < RIDE_OVER) {
                let even = passed + Duration::from_nanos(2);
                assert!(shown <= even, "{now}: faster right after an underrun");
            }
        }
    }
}

const SETTLED: Time = Time::from_nanos(10_000_000_000);

/// Every datagram completes all before it, as sealed frames do.
fn over(preset: Preset, seconds: u64, seed: u64) -> Vec<(Time, u64)> {
    let mut link = Link::new(preset.conditions(), seed);
    let sent = (0..seconds * 60).flat_map(|tick| {
        let now = Time::ZERO + SEND * u32::try_from(tick).unwrap();
        let arrivals: Vec<_> = link.send(now, 120).arrivals().collect();
        arrivals.into_iter().map(move |at| (at, tick))
    });
    let mut arrivals: Vec<_> = sent.collect();
    arrivals.sort_unstable();
    arrivals
}

/// One late arrival makes as many frames stand as it is late, so these are more.
#[test]
fn what_the_policies_cost_and_save() {
    let mut table = String::from(
        "preset  policy        buffered ms  of 10,000: late arrivals  frames that stand\n",
    );
    for preset in Preset::ALL {
        let arrivals = over(preset, 600, 7);
        for policy in [
            PlayoutPolicy::LatencyFirst,
            PlayoutPolicy::Balanced,
            PlayoutPolicy::NeverLate,
        ] {
            let run = Run::play(policy, &arrivals, Time::from_nanos(599_000_000_000));
            run.assert_lawful();
            let (name, stood) = (format!("{policy:?}"), run.stood_per_10k(SETTLED));
            let buffered = run.buffered.as_millis();
            let late = run.stats.underruns * 10_000 / (599 * 60);
            // What is later than anything was before is always late.
            assert!(late <= policy.late_per_10k() + 2, "{preset}, {name}");
            writeln!(
                table,
                "{preset:7} {name:13} {buffered:11} {late:25} {stood:18}"
            )
            .unwrap();
        }
    }
    expect![[r#"
        preset  policy        buffered ms  of 10,000: late arrivals  frames that stand
        lan     LatencyFirst            9                         0                  0
        lan     Balanced                9                         0                  0
        lan     NeverLate               9                         0                  0
        wifi    LatencyFirst           58                        32                 75
        wifi    Balanced               77                        16                 30
        wifi    NeverLate             136                         1                  2
        mobile  LatencyFirst          149                        19                 40
        mobile  Balanced              156                        13                 34
        mobile  NeverLate             321                         1                  5
        far     LatencyFirst           31                        39                 45
        far     Balanced               36                        16                 29
        far     NeverLate             127                         1                  3
        awful   LatencyFirst          143                        35                101
        awful   Balanced              157                        20                 68
        awful   NeverLate             360                         2                  4
    "#]]
    .assert_eq(&table);
}

#[test]
fn a_spike_is_ridden_over() {
    // Even, but for two holds of 150 ms, one second apart.
    let due = |tick: u64| Time::ZERO + SEND * u32::try_from(tick).unwrap();
    let held = |at: Time| {
        [20_000, 21_000].into_iter().find_map(|start| {
            let start = Time::ZERO + Duration::from_millis(start);
            let end = start + Duration::from_millis(150);
            (start <= at && at < end).then_some(end)
        })
    };
    let arrivals: Vec<_> = (0..30 * 60)
        .map(|tick| (held(due(tick)).unwrap_or(due(tick)), tick))
        .collect();
    let run = Run::play(
        PlayoutPolicy::LatencyFirst,
        &arrivals,
        Time::from_nanos(29_000_000_000),
    );
    run.assert_lawful();
    assert_eq!(run.stats.underruns, 1, "the second hold is not seen");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Where lateness is bounded, nothing ever stands still once the bound was seen.
    #[test]
    fn nothing_stands_at_the_quantile(jitter in 0_u64..80, seed in any::<u64>()) {
        let mut complete = Time::ZERO;
        let arrivals: Vec<_> = (0..90 * 60_u64).map(|tick| {
            // Every second one is as late as any is.
            let late = if tick % 60 == 0 { jitter } else { mix(seed ^ tick) % (jitter + 1) };
            let at = Time::ZERO + SEND * u32::try_from(tick).unwrap() + Duration::from_millis(late);
            complete = complete.max(at);
            (complete, tick)
        }).collect();
        let run = Run::play(PlayoutPolicy::NeverLate, &arrivals, Time::from_nanos(89_000_000_000));
        run.assert_lawful();
        prop_assert_eq!(run.stood_per_10k(SETTLED), 0);
    }

    /// Whatever arrives whenever: no panic, and the laws hold.
    #[test]
    fn any_arrivals_are_played_lawfully(steps in prop::collection::vec((0_u64..400_000_000, 0_u64..40), 1..200)) {
        let (mut now, mut tick) = (Time::ZERO, 0);
        let arrivals: Vec<_> = steps.iter().map(|(pause, ticks)| {
            now += Duration::from_nanos(*pause);
            tick += ticks;
            (now, tick)
        }).collect();
        Run::play(PlayoutPolicy::Balanced, &arrivals, now + Duration::from_secs(1)).assert_lawful();
    }
}

/// The canary of the test of policies: without the margin that the quantile asks for there are stalls.
#[test]
fn without_its_quantile_it_stands() {
    let arrivals = over(Preset::Awful, 60, 3);
    let proper = Run::play(
        PlayoutPolicy::NeverLate,
        &arrivals,
        Time::from_nanos(59_000_000_000),
    );
    let mut playout = Playout::new(PlayoutPolicy::NeverLate);
    let (mut now, mut arrivals) = (Time::ZERO, arrivals.iter().peekable());
    while now < Time::from_nanos(59_000_000_000) {
        now += FRAME;
        while let Some((at, tick)) = arrivals.next_if(|(at, _)| *at <= now) {
            playout.arrived(
                *at,
                Duration::from_nanos(TickRate::hz(60).nanos_at(Tick(*tick))),
            );
            if let Some(playing) = &mut playout.playing {
                playing.lateness = Lateness::new(now);
            }
        }
        playout.advance(now);
    }
    let (blind, proper) = (playout.stats(), proper.stats);
    assert!(
        blind.underruns > 2 * proper.underruns,
        "{blind:?}, {proper:?}"
    );
    assert!(blind.stood > 2 * proper.stood, "{blind:?}, {proper:?}");
}

#[test]
fn old_lateness_is_forgotten_by_time() {
    let mut lateness = Lateness::new(Time::ZERO);
    for tick in 0..100_u64 {
        lateness.record(Time::ZERO + SEND * 100, 300 * BIN * i64::from(tick == 0));
    }
    assert_eq!(lateness.quantile(50), 301 * BIN);
    assert_eq!(lateness.quantile(100), BIN);
    // Half an hour of silence: nothing is left, and it takes no longer than that of a minute.
    lateness.forget(Time::from_nanos(1_800_000_000_000));
    assert_eq!(lateness.total, 0);
    lateness.forget(Time::NEVER);
    assert_eq!(lateness.quantile(0), 0);
}

#[test]
fn a_shorter_way_is_made_use_of_within_seconds() {
    let due = |tick: u64| Time::ZERO + SEND * u32::try_from(tick).unwrap();
    let way = |tick| Duration::from_millis(if tick < 20 * 60 { 100 } else { 40 });
    let mut complete = Time::ZERO;
    let arrivals: Vec<_> = (0..30 * 60)
        .map(|tick| {
            complete = complete.max(due(tick) + way(tick));
            (complete, tick)
        })
        .collect();
    let run = Run::play(
        PlayoutPolicy::NeverLate,
        &arrivals,
        Time::from_nanos(29_000_000_000),
    );
    run.assert_lawful();
    let behind = |at: u64| {
        let frame = run
            .frames
            .iter()
            .find(|frame| frame.0 >= Time::from_nanos(at));
        let (now, shown, _) = *frame.unwrap();
        now.since(Time::ZERO + shown).as_millis()
    };
    // A tick, a bin, and what the way takes; 60 ms at 2 % are 3 s.
    assert_eq!(behind(19_000_000_000), 117);
    assert_eq!(behind(24_000_000_000), 57);
}
