//! What a link does, each property by itself; every preset against its row in `presets`.

use expect_test::expect;
use proptest::prelude::*;

use super::super::{Holds, Preset, Ramps};
use super::*;

mod presets;

const MS: u64 = 1_000_000;
const SECOND: u64 = 1000 * MS;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Nanoseconds from sending to each arrival of `count` datagrams, sent every `interval`
/// nanoseconds; empty where one is lost.
fn delays(link: &mut Link, interval: u64, count: u64) -> Vec<Vec<u64>> {
    let send = |index| {
        let now = Time::from_nanos(index * interval);
        let delivery = link.send(now, 100);
        delivery
            .arrivals()
            .map(|at| at.as_nanos() - now.as_nanos())
            .collect()
    };
    (0..count).map(send).collect()
}

/// Whether `measured` is `wanted` to within `percent` of it.
fn near(measured: u64, wanted: u64, percent: u64) -> bool {
    measured.abs_diff(wanted) * 100 <= wanted * percent
}

#[test]
fn total_loss_and_none() {
    let total = LinkConditions {
        loss_per_10k: 20_000,
        ..LinkConditions::PERFECT
    };
    let mut link = Link::new(total, 1);
    assert!(delays(&mut link, SECOND, 100).iter().all(Vec::is_empty));
    // 200 ms, doubled 8 times, from 99 s on.
    assert_eq!(
        link.send_reliable(Time::ZERO, 1),
        Time::from_nanos(150 * SECOND)
    );

    let mut link = Link::new(LinkConditions::constant(ms(7)), 1);
    assert!(
        delays(&mut link, 1000, 1000)
            .iter()
            .all(|of| of == &[7 * MS])
    );
    assert_eq!(
        link.send_reliable(Time::ZERO, u32::MAX),
        Time::from_nanos(7 * MS + 999_000)
    );
}

#[test]
fn a_seed_gives_its_arrivals_and_no_others() {
    let run = |seed| {
        delays(
            &mut Link::new(Preset::Awful.conditions(), seed),
            SECOND / 60,
            1000,
        )
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn first_arrivals_are_pinned() {
    let mut golden = String::new();
    for preset in Preset::ALL {
        let mut link = Link::new(preset.conditions(), 42);
        let nanos = delays(&mut link, SECOND / 30, 1000).concat();
        let stream = link.send_reliable(Time::from_nanos(34 * SECOND), 1000);
        let sum: u64 = nanos.iter().sum();
        golden += &format!("{preset}: {:?} .. {sum}, {stream:?}\n", &nanos[..4]);
    }
    expect![[r#"
        lan: [1177585, 1233760, 1046802, 1367818] .. 1175989204, Time(34001290462)
        wifi: [18431718, 19555214, 15816049, 22236377] .. 19469461028, Time(34018409254)
        mobile: [50335156, 53705644, 42488149, 61749132] .. 63218112102, Time(34051027763)
        far: [93431718, 94555214, 90816049, 97236377] .. 93635012790, Time(34093409254)
        awful: [134717189, 145952149, 112618816, 172763774] .. 126038596142, Time(34342092544)
    "#]]
    .assert_eq(&golden);
}

#[test]
fn more_packets_do_not_move_the_bursts() {
    let conditions = LinkConditions {
        kbit_per_s: None,
        ..Preset::Awful.conditions()
    };
    let lost = |interval: u64, every: usize| -> Vec<bool> {
        let sent = delays(
            &mut Link::new(conditions, 5),
            interval,
            600 * SECOND / interval,
        );
        sent.iter().step_by(every).map(Vec::is_empty).collect()
    };
    let once = lost(10 * MS, 1);
    assert!(once.contains(&true));
    assert_eq!(once, lost(5 * MS, 2));
    assert_eq!(once, lost(MS, 10));
}

#[test]
fn bandwidth_and_queue_are_bounds() {
    // 1000 bytes take 8 ms; five times as much is sent.
    let conditions = LinkConditions {
        kbit_per_s: NonZeroU32::new(1000),
        queue: ms(100),
        ..LinkConditions::constant(ms(10))
    };
    let mut link = Link::new(conditions, 1);
    let mut arrived = Vec::new();
    for index in 0..6250 {
        let now = Time::from_nanos(index * 8 * MS / 5);
        match link.send(now, 1000) {
            Delivery::Arrives { at, again: None } => {
                // Delay, own transmission, and at most the queue.
                assert!((18 * MS..=118 * MS).contains(&at.as_nanos().abs_diff(now.as_nanos())));
                arrived.push(at);
            }
            other => assert_eq!(other, Delivery::QueueFull),
        }
    }
    assert!(arrived.windows(2).all(|pair| pair[1] >= pair[0] + ms(8)));
    // 10 s of sending, and what was in the queue at its end.
    assert!((1250..=1264).contains(&arrived.len()), "{}", arrived.len());
}

#[test]
fn stream_and_datagrams_share_the_bandwidth() {
    let conditions = LinkConditions {
        kbit_per_s: NonZeroU32::new(1000),
        ..LinkConditions::PERFECT
    };
    let mut link = Link::new(conditions, 1);
    // 16 ms each at half of the bandwidth.
    assert_eq!(
        link.send_reliable(Time::ZERO, 1000),
        Time::from_nanos(16 * MS)
    );
    assert_eq!(
        link.send_reliable(Time::ZERO, 1000),
        Time::from_nanos(32 * MS)
    );
    let arrivals = [(); 3].map(|()| link.send(Time::ZERO, 1000).arrivals().next().unwrap());
    assert_eq!(
        arrivals,
        [16, 32, 40].map(|millis| Time::from_nanos(millis * MS))
    );
}

#[test]
fn holds_deliver_at_once_at_their_end() {
    let holds = Preset::Wifi.conditions().holds.unwrap();
    let conditions = LinkConditions {
        holds: Some(holds),
        ..LinkConditions::constant(ms(15))
    };
    let sent = delays(&mut Link::new(conditions, 6), MS, 600_000);
    let mut ends = std::collections::BTreeMap::<u64, u64>::new();
    for (of, index) in sent.iter().zip(0..) {
        if of[0] > 15 * MS {
            *ends.entry(index * MS + of[0]).or_default() += 1;
        }
    }
    // 600 s with one about every 5 s; each held what was due in its 20-120 ms.
    assert!((100..=135).contains(&ends.len()), "{}", ends.len());
    assert!(
        ends.values().all(|held| (20..=121).contains(held)),
        "{ends:?}"
    );
    let mean = ends.values().sum::<u64>() / ends.len() as u64;
    assert!((60..80).contains(&mean), "{mean}");
}

#[test]
fn holds_look_ahead_as_they_pass() {
    let holds = Holds {
        period: ms(50),
        shortest: ms(1),
        longest: ms(60),
    };
    let start = HoldTimes::new(Time::ZERO, holds, stream(1, Purpose::Holds));
    let mut passed = start.clone();
    for due in (0..5000).map(|millis| Time::from_nanos(millis * MS)) {
        passed.advance(due);
        assert_eq!(start.release(due), passed.release(due));
        assert!(start.release(due) >= due);
    }
}

#[test]
fn ramps_rise_and_fall_in_order() {
    let ramps: Ramps = Preset::Mobile.conditions().ramps.unwrap();
    let conditions = LinkConditions {
        ramps: Some(ramps),
        ..LinkConditions::constant(ms(40))
    };
    let delays = delays(&mut Link::new(conditions, 7), 10 * MS, 9000).concat();
    assert_eq!(delays.iter().min(), Some(&(40 * MS)));
    let peaks = delays
        .windows(3)
        .filter(|of| of[0] < of[1] && of[1] > of[2])
        .count();
    assert!((2..=3).contains(&peaks), "{peaks} in 90 s");
    assert!(near(*delays.iter().max().unwrap(), 190 * MS, 1));
    // 6 of 30 s.
    let ramped = delays.iter().filter(|&&delay| delay > 40 * MS).count();
    assert!((1700..=1900).contains(&ramped), "{ramped}");
}

#[test]
fn conditions_change_without_overtaking() {
    let mut link = Link::new(LinkConditions::constant(ms(100)), 1);
    let at = |millis| Time::from_nanos(millis * MS);
    let arrives = |at| Delivery::Arrives { at, again: None };
    assert_eq!(link.send(at(0), 1), arrives(at(100)));
    link.set_conditions(at(10), Preset::Lan.conditions());
    link.set_conditions(at(10), LinkConditions::constant(ms(5)));
    assert_eq!(link.send(at(10), 1), arrives(at(100)));
    assert_eq!(link.send(at(96), 1), arrives(at(101)));
    link.set_conditions(
        at(200),
        LinkConditions {
            loss_per_10k: 10_000,
            ..LinkConditions::PERFECT
        },
    );
    assert_eq!(link.send(at(200), 1), Delivery::Lost);
    link.set_conditions(at(300), LinkConditions::PERFECT);
    assert_eq!(link.send(at(300), 1), arrives(at(300)));
}

#[test]
fn other_changes_leave_the_processes_alone() {
    let conditions = LinkConditions {
        kbit_per_s: None,
        ..Preset::Wifi.conditions()
    };
    let queue = Duration::ZERO; // Without a bandwidth it changes nothing.
    let other = LinkConditions {
        queue,
        ..conditions
    };
    let mut changed = Link::new(conditions, 9);
    let mut same = Link::new(conditions, 9);
    changed.set_conditions(Time::from_nanos(SECOND), other);
    for millis in 1000..100_000 {
        let now = Time::from_nanos(millis * MS);
        assert_eq!(changed.send(now, 1), same.send(now, 1));
    }
}

prop_compose! {
    fn any_conditions()(
        delay in 0_u64..200, jitter in 0_u64..80, loss_per_10k in 0_u32..6000,
        burst in 0_u64..300, duplicate_per_10k in 0_u32..12_000, reorder_per_10k in 0_u32..12_000,
        kbit_per_s in 0_u32..3000, queue in 0_u64..300, held in any::<bool>(), peak in 0_u64..400,
    ) -> LinkConditions {
        LinkConditions {
            jitter: ms(jitter),
            loss_per_10k,
            loss_burst: ms(burst),
            duplicate_per_10k,
            reorder_per_10k,
            kbit_per_s: NonZeroU32::new(kbit_per_s),
            queue: ms(queue),
            holds: held.then(|| Holds { period: ms(300), shortest: ms(burst), longest: ms(100) }),
            ramps: Some(Ramps { period: ms(2000), length: ms(queue), peak: ms(peak) }),
            ..LinkConditions::constant(ms(delay))
        }
    }
}

proptest! {
    #[test]
    fn nothing_arrives_before_its_delay_or_out_of_order(
        conditions in any_conditions(),
        seed in any::<u64>(),
        sends in prop::collection::vec((0_u64..100, 0_u32..2000, any::<bool>()), 1..200),
    ) {
        let mut link = Link::new(conditions, seed);
        let (mut now, mut stream, mut datagram) = (Time::ZERO, Time::ZERO, Time::ZERO);
        for (millis, bytes, reliable) in sends {
            now += ms(millis);
            if reliable {
                let at = link.send_reliable(now, bytes);
                prop_assert!(at >= now + conditions.delay && at >= stream);
                stream = at;
                continue;
            }
            for at in link.send(now, bytes).arrivals() {
                prop_assert!(at >= now + conditions.delay);
                if conditions.reorder_per_10k == 0 {
                    prop_assert!(at >= datagram);
                    datagram = at;
                }
            }
        }
    }
}
