//! Who loses the connection while the others are still awaited.
#![expect(clippy::unwrap_used, reason = "a test")]

use core::time::Duration;

use phalanx_engine::Slot;
use phalanx_netcode::testing::{Mixer, Preset, Scenario, World};
use phalanx_netcode::{ClientConfig, CloseReason};

/// A lobby of two, in which somebody waits in slot 0.
fn lobby() -> World<Mixer> {
    let scenario = Scenario::default();
    let session = scenario.session(&Mixer);
    let mut world = World::vacant(&scenario, session, Mixer).unwrap();
    come(&mut world);
    wait(&mut world);
    assert_eq!(world.client(Slot(0)).slot(), Some(Slot(0)));
    world
}

fn come(world: &mut World<Mixer>) {
    let net = Preset::Lan.conditions();
    world
        .come(Mixer, ClientConfig::default(), (net, net))
        .unwrap();
}

fn wait(world: &mut World<Mixer>) {
    let end = world.now() + Duration::from_millis(500);
    world.run_until(end, |_, _, _| None);
}

/// Regression: nothing was kept, so the claim was refused for good.
#[test]
fn the_slot_is_there_if_nobody_took_it() {
    for restarts in [false, true] {
        let mut world = lobby();
        world.kill(Slot(0));
        if restarts {
            let config = ClientConfig::default();
            world.restart(Slot(0), Mixer, config).unwrap();
        } else {
            world.reconnect(Slot(0));
        }
        wait(&mut world);
        come(&mut world);
        let end = world.now() + Duration::from_secs(20);
        world.run_until(end, |_, _, _| None);
        assert_eq!(world.relay().agreed().0, 600, "restarts: {restarts}");
    }
}

#[test]
fn it_is_not_if_somebody_did() {
    let mut world = lobby();
    let token = world.client(Slot(0)).token().unwrap();
    world.kill(Slot(0));
    come(&mut world);
    wait(&mut world);
    assert_eq!(world.slot_of(1), Some(Slot(0)));
    come(&mut world);
    world.claim(2, token);
    wait(&mut world);
    assert_eq!(world.closed(2), Some(CloseReason::UnknownToken));
}
