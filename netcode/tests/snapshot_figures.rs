//! The sizes that the page of the module `snapshot` tells, and how long it takes to find out what differs:
//! `cargo test --release -p phalanx-netcode --test snapshot_figures -- --ignored --nocapture`.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::time::Instant;

use phalanx_engine::{
    Effects, Fix, FrameHash, InputFrame, NoEffect, Provenance, Repeat, Rng, Row, SealedFrame,
    Setup, Simulation, State, Table, Tick, TickRate, Timeline, Vec2, Window,
};
use phalanx_netcode::snapshot::{pack, unpack};

/// 64 bytes.
#[derive(Row)]
struct Unit {
    position: Vec2,
    speed: Vec2,
    goal: Vec2,
    health: u32,
    kind: u8,
    owner: u8,
    order: u16,
    timer: u32,
    foe: u32,
}

#[derive(State)]
struct Army {
    rng: Rng,
    units: Table<Unit>,
}

const UNITS: u32 = 100_000;

/// Units that walk to their goals, a hundredth of them at every tick.
struct March;

impl Simulation for March {
    const ID: &'static str = "march";
    const VERSION: u32 = 1;
    type State = Army;
    type Input = u8;
    type Command = phalanx_engine::NoCommand;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Army {
        let mut rng = Rng::new(setup.seed);
        let mut units = Table::<Unit>::new();
        let far = Fix::ZERO..Fix::int(1000);
        for unit in 0..UNITS {
            let position = Vec2::new(rng.range(far.clone()), rng.range(far.clone()));
            let goal = Vec2::new(
                rng.range(far.clone()).floor(),
                rng.range(far.clone()).floor(),
            );
            let stands = rng.chance(6, 10);
            let wounds = if rng.chance(1, 4) { rng.below(90) } else { 0 };
            units.insert(Unit {
                position,
                speed: if stands {
                    Vec2::ZERO
                } else {
                    (goal - position) / Fix::int(300)
                },
                goal: if stands { position } else { goal },
                health: 100 - wounds,
                kind: u8::try_from(rng.below(12)).unwrap(),
                owner: u8::try_from(unit / (UNITS / 8)).unwrap(),
                order: u16::try_from(rng.below(5)).unwrap(),
                timer: rng.below(60),
                foe: if rng.chance(1, 5) {
                    rng.below(UNITS)
                } else {
                    0
                },
            });
        }
        Army { rng, units }
    }

    fn step(&self, army: &mut Army, _: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        let Army { rng, units } = army;
        for _ in 0..UNITS / 100 {
            let unit = rng.below(UNITS);
            if units.speed[unit] == Vec2::ZERO {
                let step = rng.in_circle(Fix::ONE / 8);
                units.speed.set(unit, step);
            }
            let speed = units.speed[unit];
            units.position.update(unit, |place| *place += speed);
            units
                .timer
                .update(unit, |timer| *timer = (*timer + 59) % 60);
            if rng.chance(1, 20) {
                units
                    .health
                    .update(unit, |health| *health = health.saturating_sub(7));
            }
        }
    }
}

#[test]
#[ignore = "only prints"]
#[expect(
    clippy::disallowed_methods,
    reason = "it measures, and asserts nothing"
)]
fn sizes() {
    let setup = Setup::new(7, 1, TickRate::hz(20));
    let repeat = Repeat { ticks: 8 };
    let mut timeline = Timeline::new(March, &setup, Window { ticks: 0, repeat }).unwrap();
    for tick in Tick::ZERO.until(Tick(202)) {
        let mut frame = SealedFrame::empty(FrameHash([0; 32]));
        (frame.tick, frame.inputs) = (tick, vec![0]);
        frame.provenance = vec![Provenance::Real];
        timeline.seal(&frame).unwrap();
        timeline.advance().unwrap();
    }
    let base = timeline.snapshot(Tick(1)).unwrap();
    println!("{} bytes", base.world.len());
    println!("whole: {} bytes", pack(&base, None).unwrap().len());
    for ticks in [1, 20, 200] {
        let snapshot = timeline.snapshot(Tick(1 + ticks)).unwrap();
        let differences = pack(&snapshot, Some(&base)).unwrap();
        println!("after {ticks} ticks: {} bytes", differences.len());
        assert!(unpack(&differences, Some(&base)).unwrap() == snapshot);
    }
    // For a player who comes back, all that a relay does while the session waits.
    let newest = timeline.snapshot(Tick(201)).unwrap();
    let kept = [&base, &newest].map(|snapshot| pack(snapshot, None).unwrap());
    for _ in 0..5 {
        let began = Instant::now();
        let [base, newest] = kept.each_ref().map(|packed| unpack(packed, None).unwrap());
        pack(&newest, Some(&base)).unwrap();
        println!("packed from two packed ones in {:?}", began.elapsed());
    }
}
