//! A clone of a virtual world goes on exactly as the original does, and neither disturbs the other.
#![expect(clippy::unwrap_used, reason = "a test")]

mod sharing;

use core::time::Duration;

use phalanx_engine::{Digest, Simulation, Slot, Tick};
use phalanx_netcode::testing::{Mixer, Plant, Preset, Scenario, World};
use sharing::Sharing;

const TICKS: u64 = 420;
const PLAYERS: u8 = 3;
const MOMENT: Duration = Duration::from_millis(5);

/// What a match came to, as far as anybody can see.
#[derive(Debug, PartialEq, Eq)]
struct Ending {
    report: String,
    /// Per client.
    clients: Vec<ClientEnding>,
    relay_events: String,
    log_head: String,
    ended_at: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct ClientEnding {
    events: String,
    effects: String,
    stats: String,
    samples: String,
    checksums: Vec<Digest>,
    planted: Option<u64>,
}

fn scenario(net: Preset, seed: u64) -> Scenario {
    Scenario {
        up: net.conditions(),
        down: net.conditions(),
        players: PLAYERS,
        ticks: TICKS,
        drift_ppm: 80,
        seed,
        ..Scenario::default()
    }
}

/// Plays until a tick is due at the relay.
fn play_to<S: Simulation>(world: &mut World<S>, tick: u64) {
    while world.deadline(Tick(tick)) > world.now() {
        let end = world.deadline(Tick(tick)).min(world.now() + MOMENT);
        world.run_until(end, |_, _, _| None);
    }
}

/// Plays to the end and looks at everything.
fn finish<S: Simulation>(world: &mut World<S>) -> Ending {
    world.run_bots();
    let clients = Slot::all(PLAYERS).map(|slot| {
        let effects = format!("{:?}", world.effects(slot).collect::<Vec<_>>());
        let client = world.client(slot);
        let timeline = client.timeline().unwrap();
        ClientEnding {
            events: format!("{:?}", world.events(slot)),
            effects,
            stats: format!("{:?}", client.stats()),
            samples: format!("{:?}", client.clock_samples()),
            checksums: (0..TICKS)
                .filter_map(|tick| timeline.digest(Tick(tick)))
                .collect(),
            planted: timeline.simulation().field(),
        }
    });
    Ending {
        clients: clients.collect(),
        report: format!("{:?}", world.report()),
        relay_events: format!("{:?}", world.relay_events()),
        log_head: world.relay().log().head().to_string(),
        ended_at: world.now().as_nanos(),
    }
}

/// Forks a match at `tick`; returns how it ends undisturbed, how the original ended, and how two clones did,
/// one of which was played while something happened to the other.
fn fork<S: Simulation<State: Clone> + Clone>(
    scenario: &Scenario,
    rules: impl Fn() -> S,
    tick: u64,
) -> [Ending; 3] {
    let new = || World::new(scenario, &rules).unwrap();
    let (mut alone, mut original) = (new(), new());
    play_to(&mut alone, tick);
    play_to(&mut original, tick);
    let (mut clone, mut disturbed) = (original.clone(), original.clone());
    // What happens to one of them is nothing to the others, neither before they go on nor after.
    disturbed.kill(Slot(1));
    let (network, up, _) = disturbed.network(Slot(0));
    let now = network.next_arrival().unwrap_or_default();
    network.cut(now, up, true);
    disturbed.run_until(disturbed.now() + 20 * MOMENT, |_, _, _| None);
    let clone_ended = finish(&mut clone);
    disturbed.run_bots();
    let original_ended = finish(&mut original);
    [finish(&mut alone), original_ended, clone_ended]
}

/// Whatever the network and whenever it is forked: at the first tick, in the middle of
/// rollbacks and notes that are under way, and where one of the players holds another world.
#[test]
fn a_clone_goes_on_like_the_original_and_disturbs_nothing() {
    for (seed, net) in (1..).zip([Preset::Lan, Preset::Wifi, Preset::Awful]) {
        for tick in [0, 1, 37, 200, 300] {
            let plant = (tick == 200).then_some(Plant {
                slot: Slot(2),
                tick: Tick(190 + 20 * seed),
                seed,
            });
            let scenario = Scenario {
                plant,
                ..scenario(net, seed)
            };
            let [alone, original, clone] = fork(&scenario, || Mixer, tick);
            assert_eq!(alone, original, "{net:?}, tick {tick}: the original");
            assert_eq!(alone, clone, "{net:?}, tick {tick}: the clone");
            let planted = alone
                .clients
                .iter()
                .filter(|client| client.planted.is_some());
            assert_eq!(planted.count(), usize::from(plant.is_some()));
        }
    }
}

/// The canary: what a clone shares with its original is seen in whichever of them plays last.
#[test]
fn a_clone_that_shares_something_is_seen() {
    let [alone, original, clone] = fork(&scenario(Preset::Wifi, 4), Sharing::default, 200);
    assert_eq!(alone, clone, "it is the first to play on");
    assert_ne!(alone.clients, original.clients);
}
