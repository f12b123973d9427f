use phalanx_engine::{
    Effects, Fix, Input, InputFrame, NoCommand, NoEffect, Setup, Simulation, State, SyncTest,
    TickRate, Vec2, mix,
};
use phalanx_netcode::{
    Time,
    testing::{Preset, Scenario, World},
};

#[derive(Input, Clone, Copy, Default, PartialEq)]
struct Pad {
    left: bool,
    right: bool,
    #[input(edge)]
    jump: bool,
}

#[derive(State, Clone)]
struct Runner {
    pos: Vec2,
    climb: Fix,
}

#[derive(State)]
struct Race {
    runners: Vec<Runner>,
}

struct Rules;

impl Simulation for Rules {
    const ID: &'static str = "race";
    const VERSION: u32 = 1;
    type State = Race;
    type Input = Pad;
    type Command = NoCommand;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Race {
        Race {
            runners: vec![
                Runner {
                    pos: Vec2::ZERO,
                    climb: Fix::ZERO
                };
                setup.slots.into()
            ],
        }
    }

    fn step(&self, race: &mut Race, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        for ((_, _, pad), runner) in frame.slots().zip(&mut race.runners) {
            runner.pos.x += Fix::ratio(i32::from(pad.right) - i32::from(pad.left), 8);
            if pad.jump && runner.pos.y == Fix::ZERO {
                runner.climb = Fix::ratio(1, 2);
            }
            runner.pos.y = (runner.pos.y + runner.climb).max(Fix::ZERO);
            runner.climb -= Fix::ratio(1, 32);
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Somebody who presses other keys every 6 ticks.
    let keys = |seed: u64| {
        let k = mix(seed / 6);
        Pad {
            left: k & 1 > 0,
            right: k & 2 > 0,
            jump: k & 4 > 0,
        }
    };

    // Alone: rewind and replay at every tick, digests from scratch, encode and decode.
    let setup = Setup::new(7, 2, TickRate::hz(60));
    SyncTest::new(Rules, setup).run(2_000, |tick, slot, _| {
        keys(tick.0 + 999 * u64::from(slot.0))
    })?;

    // A minute of two players and a relay over an awful network, in a fraction of a second.
    let net = Preset::Awful.conditions();
    let scenario = Scenario {
        up: net,
        down: net,
        ticks: 3_600,
        seed: 7,
        ..Scenario::default()
    };
    let mut world = World::new(&scenario, || Rules)?;
    world.run_until(Time::NEVER, |slot, tick, _| {
        Some(keys(tick.0 + 999 * u64::from(slot.0)))
    });
    assert_eq!(world.report().desync, None);
    assert_eq!(world.report().agreed_ticks, 3_600);
    println!(
        "in sync: {} ticks alike on both sides",
        world.report().agreed_ticks
    );
    Ok(())
}
