//! Every preset's link, measured against its row.

use super::*;

/// What a preset's link did; times in microseconds, fractions in 1/1,000,000.
#[derive(Debug)]
#[expect(dead_code, reason = "printed")]
struct Measured {
    preset: Preset,
    shortest_us: u64,
    mean_us: u64,
    sigma_us: u64,
    mean_at_60_hz_us: u64,
    sigma_at_60_hz_us: u64,
    loss_ppm: u64,
    burst_us: u64,
    duplicates_ppm: u64,
    overtaken_ppm: u64,
}

/// Shortest and mean delay, and the root of the mean square of what is above `base`.
fn moments(delays: &[Vec<u64>], base: u64) -> [u64; 3] {
    let firsts: Vec<u64> = delays.iter().filter_map(|of| of.first().copied()).collect();
    let count = firsts.len() as u64;
    let shortest = firsts.iter().copied().min().unwrap();
    let squares: u128 = firsts
        .iter()
        .map(|&delay| u128::from(delay - base).pow(2))
        .sum();
    let sigma = u64::try_from((squares / u128::from(count)).isqrt()).unwrap();
    [shortest, firsts.iter().sum::<u64>() / count, sigma]
}

/// Delay and jitter, measured without what else moves an arrival: reordering, holds and ramps.
fn measure_delay(preset: Preset, interval: u64) -> [u64; 3] {
    let conditions = LinkConditions {
        reorder_per_10k: 0,
        holds: None,
        ramps: None,
        kbit_per_s: None,
        ..preset.conditions()
    };
    let base = bounded(conditions.delay);
    moments(
        &delays(&mut Link::new(conditions, 1), interval, 50_000),
        base,
    )
}

/// Loss and mean burst over 4 hours of a datagram every 4 ms.
fn measure_loss(preset: Preset) -> (u64, u64) {
    let mut link = Link::new(preset.conditions(), 2);
    let (mut lost, mut runs, mut before) = (0, 0, false);
    let (interval, count) = (4 * MS, 3_600_000);
    for index in 0..count {
        let now = link.send(Time::from_nanos(index * interval), 100) == Delivery::Lost;
        lost += u64::from(now);
        runs += u64::from(now && !before);
        before = now;
    }
    // A run of n losses spans between n - 1 and n + 1 intervals; bursts between two datagrams are
    // not seen. For exponential bursts both together make it half an interval less than n.
    let burst = (2 * lost * interval)
        .checked_div(2 * runs)
        .map_or(0, |mean| mean - interval / 2);
    (lost * 1_000_000 / count, burst)
}

/// Copies, and datagrams that arrived after a later one, at 60 Hz.
fn measure_disorder(preset: Preset) -> (u64, u64) {
    let conditions = LinkConditions {
        loss_per_10k: 0,
        holds: None,
        ..preset.conditions()
    };
    let (count, interval) = (300_000, SECOND / 60);
    let delays = delays(&mut Link::new(conditions, 3), interval, count);
    let copies = delays.iter().filter(|of| of.len() == 2).count() as u64;
    let lasts = delays
        .iter()
        .zip(0..)
        .map(|(of, index)| index * interval + of[of.len() - 1]);
    let firsts = delays
        .iter()
        .zip(0..)
        .map(|(of, index)| index * interval + of[0]);
    let overtaken = lasts
        .zip(firsts.skip(1))
        .filter(|(old, new)| old > new)
        .count() as u64;
    (copies * 1_000_000 / count, overtaken * 1_000_000 / count)
}

#[test]
fn presets_do_what_their_rows_say() {
    for preset in Preset::ALL {
        let conditions = preset.conditions();
        let [shortest, mean, sigma] = measure_delay(preset, SECOND);
        let [_, mean_at_60_hz, sigma_at_60_hz] = measure_delay(preset, SECOND / 60);
        let (loss, burst) = measure_loss(preset);
        let (duplicates, overtaken) = measure_disorder(preset);
        let measured = Measured {
            preset,
            shortest_us: shortest / 1000,
            mean_us: mean / 1000,
            sigma_us: sigma / 1000,
            mean_at_60_hz_us: mean_at_60_hz / 1000,
            sigma_at_60_hz_us: sigma_at_60_hz / 1000,
            loss_ppm: loss,
            burst_us: burst / 1000,
            duplicates_ppm: duplicates,
            overtaken_ppm: overtaken,
        };
        println!("{measured:?}");

        let (delay, jitter) = (bounded(conditions.delay), bounded(conditions.jitter));
        assert!(
            shortest >= delay && near(shortest, delay, 1),
            "{measured:?}"
        );
        // A half-normal's mean is sqrt(2 / pi) of its sigma.
        assert!(
            near(mean - delay, jitter * 7979 / 10_000, 2),
            "{measured:?}"
        );
        assert!(near(sigma, jitter, 2), "{measured:?}");
        assert!(mean_at_60_hz >= mean, "{measured:?}");
        assert!(
            near(loss, u64::from(conditions.loss_per_10k) * 100, 10),
            "{measured:?}"
        );
        if loss > 0 {
            assert!(
                near(burst, bounded(conditions.loss_burst), 10),
                "{measured:?}"
            );
        }
        let wanted = u64::from(conditions.duplicate_per_10k) * 100;
        assert!(near(duplicates, wanted, 10), "{measured:?}");
        let wanted = u64::from(conditions.reorder_per_10k) * 100;
        assert!(
            overtaken <= wanted * 11 / 10 + duplicates && overtaken >= wanted / 2,
            "{measured:?}"
        );
    }
}

#[test]
fn bursts_have_their_fraction_and_mean() {
    for preset in Preset::ALL.into_iter().skip(1) {
        let conditions = preset.conditions();
        let mut bursts = Bursts::new(&conditions, stream(4, Purpose::Bursts));
        let (mut lossy, mut count, mut now) = (0, 0, Time::ZERO);
        while count < 50_000 {
            let until = bursts.until();
            if bursts.lossy() {
                lossy += until.as_nanos() - now.as_nanos();
                count += 1;
            }
            now = until;
            bursts.advance(now);
        }
        let fraction = lossy / (now.as_nanos() / 1_000_000);
        assert!(
            near(fraction, u64::from(conditions.loss_per_10k) * 100, 2),
            "{fraction}"
        );
        assert!(
            near(lossy / count, bounded(conditions.loss_burst), 2),
            "{}",
            lossy / count
        );
    }
}
