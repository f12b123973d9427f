//! Effects over a network: every player hears what happened, exactly once, and takes back what did not.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};

use phalanx_engine::{
    Effect, EffectEvent, Effects, Input, InputFrame, Session, Setup, Simulation, Slot, Tick,
};
use phalanx_netcode::testing::{Mixer, Ping, Preset, Scenario, World};
use phalanx_netcode::{ClientConfig, Time};

const PLAYERS: u8 = 3;

type Heard = Vec<EffectEvent<Ping>>;

/// What every player of a match heard, and what the log of it tells.
fn play(net: Preset, window: u32, seed: u64) -> (Vec<Heard>, Vec<(Tick, Ping)>) {
    let net = net.conditions();
    let scenario = Scenario {
        up: net,
        down: net,
        seed,
        players: PLAYERS,
        ticks: 900,
        client: ClientConfig::new(1, window),
        ..Scenario::default()
    };
    let mut world = World::new(&scenario, || Mixer).unwrap();
    let mut heard = vec![Heard::new(); PLAYERS.into()];
    let mut till = Time::ZERO;
    while world.report().agreed_ticks < scenario.ticks {
        till += core::time::Duration::from_millis(40);
        let bot = |slot, _, state: &_| Some(Mixer.bot(state, slot));
        world.run_until(till, bot);
        for (slot, heard) in Slot::all(PLAYERS).zip(&mut heard) {
            let state = world.client(slot).state();
            let notes = state.map(|state| Mixer.bot_commands(state, slot));
            for note in notes.into_iter().flatten() {
                let _ = world.command(slot, &note);
            }
            heard.extend(world.effects(slot));
        }
        assert!(
            till < Time::ZERO + core::time::Duration::from_secs(60),
            "it ends"
        );
    }
    let log = told_by_the_log(&world, &scenario.setup());
    (heard, log)
}

/// What executing the log once tells.
fn told_by_the_log(world: &World<Mixer>, setup: &Setup) -> Vec<(Tick, Ping)> {
    let (mut session, mut state) = (Session::new(setup), Mixer.start(setup));
    let mut told = Vec::new();
    let mut effects = Effects::new();
    for frame in world.relay().log().frames() {
        let frame = frame.unwrap();
        session.begin(frame.tick, &frame.entries);
        let commands = frame.commands.iter();
        let commands: Vec<_> = commands
            .filter_map(|command| command.given(frame.tick))
            .collect();
        let inputs: Vec<_> = frame.inputs.chunks(2).map(u16::unpack).collect();
        let input = InputFrame::new(frame.tick, &session, &frame.entries, &commands, &inputs);
        Mixer.step(&mut state, &input, &mut effects);
        told.extend(effects.take().map(|ping| (frame.tick, ping)));
    }
    told
}

/// Checks what one player heard; returns how much was predicted, cancelled and moved.
fn check(heard: &Heard, log: &[(Tick, Ping)]) -> [usize; 3] {
    let (mut open, mut over) = (BTreeMap::new(), BTreeSet::new());
    let mut confirmed = Vec::new();
    let [mut predictions, mut cancelled, mut moved] = [0; 3];
    for event in heard {
        assert!(!over.contains(&event.id()), "{event:?} of what is over");
        match *event {
            EffectEvent::Predicted { id, tick, effect } => {
                predictions += 1;
                assert!(!effect.confirmed_only(), "{event:?}");
                assert_eq!(open.insert(id, tick), None, "{event:?} twice");
            }
            EffectEvent::Confirmed {
                id,
                tick,
                effect,
                predicted,
            } => {
                assert_eq!(open.remove(&id), predicted, "{event:?}");
                moved += usize::from(predicted.is_some_and(|before| before != tick));
                confirmed.push((tick, effect));
                over.insert(id);
            }
            EffectEvent::Cancelled { id, tick, .. } => {
                cancelled += 1;
                assert_eq!(open.remove(&id), Some(tick), "{event:?}");
                over.insert(id);
            }
        }
    }
    assert!(open.is_empty(), "no word more of {open:?}");
    assert_eq!(confirmed, log);
    [predictions, cancelled, moved]
}

#[test]
fn every_player_hears_what_the_log_tells_whatever_the_network_does() {
    let mut sums = [0; 3];
    for (net, seed) in [Preset::Lan, Preset::Wifi, Preset::Mobile, Preset::Awful]
        .into_iter()
        .zip(1..)
    {
        let (heard, log) = play(net, 12, seed);
        assert!(log.len() > 300, "{} effects", log.len());
        for heard in &heard {
            let counts = check(heard, &log);
            sums.iter_mut()
                .zip(counts)
                .for_each(|(sum, count)| *sum += count);
        }
    }
    let [predictions, cancelled, moved] = sums;
    assert!(
        predictions > 1_000 && cancelled > 50 && moved > 10,
        "{sums:?}"
    );
}

#[test]
fn in_lockstep_nothing_is_predicted() {
    let (heard, log) = play(Preset::Wifi, 0, 9);
    for heard in &heard {
        assert_eq!(check(heard, &log), [0; 3]);
    }
}
