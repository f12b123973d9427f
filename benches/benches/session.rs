//! Criterion over the group `session`: what a tick of the session costs, to find out what a change
//! does to it. The figures that we publish are those of `report`.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use phalanx_benches::duel::Rewinder;
use phalanx_benches::session::{Clients, Hub, Scene, record};
use phalanx_benches::tally::Hold;

/// Ticks of one measured run.
const TICKS: u64 = 300;

/// The time of `iterations` runs of so many `ticks`; `run` returns the nanoseconds of one tick.
fn time(iterations: u64, ticks: u64, mut run: impl FnMut() -> f64) -> Duration {
    let runs = (0..iterations).map(|_| Duration::from_secs_f64(run()) / 1_000_000_000);
    runs.sum::<Duration>() * u32::try_from(ticks).unwrap_or(u32::MAX)
}

fn session(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("session");
    group
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    for players in [2, 4, 8] {
        for hold in Hold::ALL {
            let parameters = format!("{players} players, K={hold}");
            let trace = record(Scene::new(players, hold, TICKS));
            // One element is one tick of one player.
            let all = TICKS * u64::from(players);
            group.throughput(Throughput::Elements(all));
            group.bench_function(BenchmarkId::new("core", &parameters), |bencher| {
                bencher.iter_custom(|count| time(count, all, || Clients::new(&trace).run()));
            });
            #[cfg(feature = "peers")]
            {
                let mut ggrs = phalanx_benches::peers::ggrs::Players::new(players, hold, 4, 8);
                group.bench_function(BenchmarkId::new("ggrs", &parameters), |bencher| {
                    bencher.iter_custom(|count| time(count, all, || ggrs.run(TICKS)));
                });
            }
            group.throughput(Throughput::Elements(TICKS));
            group.bench_function(BenchmarkId::new("relay", &parameters), |bencher| {
                bencher.iter_custom(|count| time(count, TICKS, || Hub::new(&trace).run()));
            });
        }
    }
    group.throughput(Throughput::Elements(1));
    let mut rewinder = Rewinder::new();
    group.bench_function("rollback duel, 8 ticks at every tick", |bencher| {
        bencher.iter(|| rewinder.advance());
    });
    group.finish();
}

criterion_group!(benches, session);
criterion_main!(benches);
