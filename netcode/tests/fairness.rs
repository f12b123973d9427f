//! Whether the relay's figures of every slot say who had a fair match, and who made others wait.
#![expect(clippy::unwrap_used, reason = "a test")]

use core::time::Duration;

use phalanx_engine::{Presence, Provenance, SealedFrame, Session, Setup, Slot, Tick};
use phalanx_netcode::testing::{Mixer, Preset, Scenario, World};
use phalanx_netcode::{ClientConfig, LatePolicy, SlotStats};
use proptest::prelude::*;

const PLAYERS: u8 = 3;
const BOUND: Duration = Duration::from_millis(500);
const WAIT: LatePolicy = LatePolicy::Wait { bound_ms: 500 };

fn over(preset: Preset, policy: LatePolicy) -> Scenario {
    let net = preset.conditions();
    let mut scenario = Scenario {
        players: PLAYERS,
        ticks: 1800,
        seed: 3,
        up: net,
        down: net,
        ..Scenario::default()
    };
    scenario.rules.policy = policy;
    scenario
}

/// A match whose players have these networks, each its own; slots are given in the order in which they come.
fn match_over(networks: [Preset; PLAYERS as usize], policy: LatePolicy) -> World<Mixer> {
    let scenario = Scenario {
        ticks: 5400,
        ..over(Preset::Lan, policy)
    };
    let session = scenario.session(&Mixer);
    let mut world = World::vacant(&scenario, session, Mixer).unwrap();
    for (slot, preset) in Slot::all(PLAYERS).zip(networks) {
        let net = preset.conditions();
        let place = world.come(Mixer, ClientConfig::default(), (net, net));
        play(&mut world, 1000);
        assert_eq!(world.slot_of(place.unwrap()), Some(slot));
    }
    world
}

fn play(world: &mut World<Mixer>, millis: u64) {
    let end = world.now() + Duration::from_millis(millis);
    world.run_until(end, |_, _, _| None);
}

/// Plays until that tick is sealed.
fn play_to(world: &mut World<Mixer>, tick: u64) {
    while world.relay().log().next() <= Tick(tick) && !world.relay().is_finished() {
        play(world, 5);
    }
}

fn frames(world: &World<Mixer>) -> Vec<SealedFrame> {
    world.relay().log().frames().map(Result::unwrap).collect()
}

fn stats(world: &World<Mixer>) -> Vec<SlotStats> {
    let slots = Slot::all(PLAYERS);
    let stats = slots.map(|slot| world.relay().slot_stats(slot).unwrap());
    assert_eq!(world.relay().slot_stats(Slot(PLAYERS)), None);
    stats.collect()
}

/// What a tick was for a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Was {
    Real,
    Repeated,
    Neutral,
    Absent,
    Bot,
    Paused,
}

/// What the log alone says of every tick of a slot.
fn told(setup: &Setup, frames: &[SealedFrame], slot: Slot) -> Vec<Was> {
    let mut session = Session::new(setup);
    let was = |frame: &SealedFrame| {
        session.begin(frame.tick, &frame.entries);
        let provenance = frame.provenance[usize::from(slot.0)];
        match (session.paused(), session.presence(slot), provenance) {
            (true, _, provenance) => {
                assert_eq!(provenance, Provenance::Neutral, "nothing counts");
                Was::Paused
            }
            (false, Presence::Absent, _) => Was::Absent,
            (false, Presence::Bot, _) => Was::Bot,
            (false, Presence::Player, Provenance::Real) => Was::Real,
            (false, Presence::Player, Provenance::Repeated) => Was::Repeated,
            (false, Presence::Player, Provenance::Neutral) => Was::Neutral,
        }
    };
    frames.iter().map(was).collect()
}

/// Says of which slot the figures are not what the log says.
fn differs(setup: &Setup, frames: &[SealedFrame], stats: &[SlotStats]) -> Option<Slot> {
    let differs = |(slot, stats): &(Slot, &SlotStats)| {
        let told = told(setup, frames, *slot);
        let count = |wanted| told.iter().filter(|was| **was == wanted).count() as u64;
        let of_log = SlotStats {
            real: count(Was::Real),
            repeated: count(Was::Repeated),
            neutral: count(Was::Neutral),
            absent: count(Was::Absent),
            bot: count(Was::Bot),
            paused: count(Was::Paused),
            ..**stats
        };
        of_log != **stats || stats.sealed() != frames.len() as u64
    };
    let mut slots = Slot::all(PLAYERS).zip(stats);
    slots.find(differs).map(|(slot, _)| slot)
}

/// What the figures promise of each other.
fn assert_consistent(world: &World<Mixer>) {
    let (setup, frames, stats) = (world.relay().config().setup, frames(world), stats(world));
    assert_eq!(differs(&setup, &frames, &stats), None, "{stats:?}");
    let bound = world.relay().config().wait_bound();
    for of in stats {
        let none = of.came_late == 0;
        assert!(
            of.came_late <= of.late && none == of.latest.is_zero(),
            "{of:?}"
        );
        assert!(of.late <= of.repeated + of.neutral, "{of:?}");
        let most = bound * u32::try_from(of.held_up).unwrap();
        assert!(
            of.waited <= most && (of.held_up == 0) == of.waited.is_zero(),
            "{of:?}"
        );
        assert!(
            of.returned <= of.lost && of.lost <= of.returned + 1,
            "{of:?}"
        );
    }
}

/// What happens to a slot.
#[derive(Clone, Copy, Debug)]
enum Incident {
    Kill,
    Back,
    Leave,
    Unplug,
    Plug,
    Hang,
    Bot,
    Pause,
    Resume,
}

fn happens(world: &mut World<Mixer>, slot: Slot, incident: Incident) {
    let half = Duration::from_millis(500);
    match incident {
        Incident::Kill => world.kill(slot),
        Incident::Back => world.reconnect(slot),
        Incident::Leave => world.leave(slot),
        Incident::Unplug => world.unplug(slot),
        Incident::Plug => world.plug(slot),
        Incident::Hang => world.hang(slot, half),
        Incident::Bot => _ = world.relay_mut().seat_bot(slot),
        // Refused where it does not fit: as good.
        Incident::Pause => _ = world.relay_mut().pause(half),
        Incident::Resume => _ = world.relay_mut().resume(half),
    }
}

fn incident() -> impl Strategy<Value = Incident> {
    use Incident::{Back, Bot, Hang, Kill, Leave, Pause, Plug, Resume, Unplug};
    let often = prop::sample::select(vec![Kill, Unplug, Plug, Hang, Bot, Pause, Resume]);
    prop_oneof![6 => often, 4 => Just(Back), 1 => Just(Leave)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens: every tick is counted once, as what the log says of it.
    #[test]
    fn every_tick_is_counted_as_the_log_has_it(
        seed: u64,
        preset in prop::sample::select(Preset::ALL.to_vec()),
        policy in prop::sample::select(vec![LatePolicy::Repeat, LatePolicy::Neutral, WAIT]),
        bot_after_ms in prop::option::of(0_u32..2000),
        incidents in prop::collection::vec((0_u64..120, 0..PLAYERS, incident()), 0..16),
    ) {
        let mut scenario = Scenario { seed, ..over(preset, policy) };
        scenario.rules.bot_after_ms = bot_after_ms;
        let mut world = World::new(&scenario, || Mixer).unwrap();
        play_to(&mut world, 20);
        for (ticks, slot, incident) in incidents {
            let next = world.relay().log().next().0;
            play_to(&mut world, next + ticks);
            happens(&mut world, Slot(slot), incident);
            assert_consistent(&world);
        }
        world.run_bots();
        assert_consistent(&world);
    }
}

/// The canary of what compares the figures with the log.
#[test]
fn a_figure_that_is_wrong_by_one_is_seen() {
    let mut world = World::new(&over(Preset::Mobile, LatePolicy::Repeat), || Mixer).unwrap();
    world.run_bots();
    let (setup, mut frames, mut stats) =
        (world.relay().config().setup, frames(&world), stats(&world));
    assert_eq!(differs(&setup, &frames, &stats), None);
    stats[1].repeated += 1;
    stats[1].real -= 1;
    assert_eq!(differs(&setup, &frames, &stats), Some(Slot(1)));
    stats[1].repeated -= 1;
    stats[1].real += 1;
    frames.pop();
    assert_eq!(differs(&setup, &frames, &stats), Some(Slot(0)));
}

/// Slots whose players had more than one tick in 500 decided for them.
fn disadvantaged(stats: &[SlotStats]) -> Vec<Slot> {
    let slots = Slot::all(PLAYERS).zip(stats);
    let poor = slots.filter(|(_, of)| (of.repeated + of.neutral) * 500 > of.played());
    poor.map(|(slot, _)| slot).collect()
}

/// Slots that others waited for, for more than 50 ms.
fn awaited(stats: &[SlotStats]) -> Vec<Slot> {
    let slots = Slot::all(PLAYERS).zip(stats);
    let slow = slots.filter(|(_, of)| of.waited > Duration::from_millis(50));
    slow.map(|(slot, _)| slot).collect()
}

#[test]
fn whose_network_is_bad_has_the_figures_of_it() {
    use Preset::{Awful, Lan};
    for (networks, bad) in [
        // The canary: who is to blame is seen by the network, not by the slot.
        ([Lan, Lan, Lan], vec![]),
        ([Lan, Lan, Awful], vec![Slot(2)]),
        ([Awful, Lan, Lan], vec![Slot(0)]),
        ([Awful, Lan, Awful], vec![Slot(0), Slot(2)]),
    ] {
        for policy in [LatePolicy::Repeat, LatePolicy::Neutral] {
            let mut world = match_over(networks, policy);
            world.run_bots();
            assert_consistent(&world);
            let stats = stats(&world);
            assert_eq!(
                disadvantaged(&stats),
                bad,
                "{networks:?} {policy:?}: {stats:?}"
            );
            assert_eq!(awaited(&stats), []);
            for slot in &bad {
                let of = stats[usize::from(slot.0)];
                // But for the first tick, for which nobody samples with an input delay of 1.
                let delay = u64::from(policy == LatePolicy::Repeat);
                let (by, other) = match policy {
                    LatePolicy::Neutral => (of.neutral, of.repeated),
                    _ => (of.repeated, of.neutral),
                };
                assert!(
                    by > 0 && other == delay && of.came_late * 2 > of.late,
                    "{of:?}"
                );
            }
        }
        let mut world = match_over(networks, WAIT);
        world.run_bots();
        assert_consistent(&world);
        let stats = stats(&world);
        assert_eq!(awaited(&stats), bad, "{networks:?}: {stats:?}");
        assert_eq!(disadvantaged(&stats), [], "others wait instead: {stats:?}");
    }
}

/// What is done about a player whose network fails, step by step, and back.
#[test]
fn a_slot_goes_from_its_player_to_the_computer_and_back() {
    let mut scenario = over(Preset::Lan, LatePolicy::Repeat);
    scenario.rules.bot_after_ms = Some(2000);
    let mut world = World::new(&scenario, || Mixer).unwrap();
    play_to(&mut world, 299);
    world.unplug(Slot(1));
    play_to(&mut world, 1199);
    world.plug(Slot(1));
    world.reconnect(Slot(1));
    world.run_bots();
    assert_consistent(&world);
    let setup = world.relay().config().setup;
    let told = told(&setup, &frames(&world), Slot(1));
    let runs: Vec<_> = told
        .chunk_by(PartialEq::eq)
        .map(|run| (run[0], run.len()))
        .collect();
    let [
        // For the first tick nobody samples with an input delay of 1.
        (Was::Neutral, 1),
        (Was::Real, real),
        (Was::Repeated, 30),
        (Was::Neutral, neutral),
        // The rules' grace.
        (Was::Absent, 120),
        (Was::Bot, bot),
        (Was::Real, _),
    ] = runs[..]
    else {
        panic!("{runs:?}");
    };
    // Until it was silent for 10 s.
    assert!(
        (295..310).contains(&real) && (560..=600).contains(&(30 + neutral)),
        "{runs:?}"
    );
    assert!(
        (1200..1230).contains(&(1 + real + 30 + neutral + 120 + bot)),
        "{runs:?}"
    );
    let [others @ .., _] = &stats(&world)[..] else {
        unreachable!("there are slots");
    };
    let of = others[1];
    assert_eq!(
        (of.lost, of.returned, of.late),
        (1, 1, 30 + of.neutral - 1),
        "{of:?}"
    );
    assert_eq!((others[0].lost, others[0].real), (0, 1799), "{others:?}");
}

/// One bound is lost for a player who is gone, and that is said to the nanosecond.
#[test]
fn waiting_is_counted_in_time_and_ticks() {
    let mut world = World::new(&over(Preset::Lan, WAIT), || Mixer).unwrap();
    play_to(&mut world, 300);
    world.unplug(Slot(1));
    play(&mut world, 3000);
    let before = stats(&world);
    assert_eq!((before[1].held_up, before[1].waited), (1, BOUND));
    assert!(before[1].late > 100 && before[1].came_late == 0);
    world.plug(Slot(1));
    world.run_bots();
    assert_consistent(&world);
    for slot in [0, 2] {
        assert_eq!(stats(&world)[slot].waited, Duration::ZERO);
    }
}

/// While a tick waits the deadlines of later ones pass: whoever holds up the first is not counted once more for each
/// of them.
#[test]
fn a_moment_of_waiting_counts_once() {
    let mut world = World::new(&over(Preset::Lan, WAIT), || Mixer).unwrap();
    play_to(&mut world, 300);
    let hangs = Duration::from_millis(300);
    world.hang(Slot(2), hangs);
    world.run_bots();
    assert_consistent(&world);
    let of = stats(&world)[2];
    // Its inputs were ahead by a few ticks.
    assert!(of.waited < hangs && of.waited > hangs / 2, "{of:?}");
    assert!(of.held_up < 5 && of.late == 0, "{of:?}");
    assert_eq!(awaited(&stats(&world)), [Slot(2)]);
}

#[test]
fn of_two_who_are_missing_each_has_its_own_time() {
    let mut world = World::new(&over(Preset::Lan, WAIT), || Mixer).unwrap();
    play_to(&mut world, 300);
    let [short, long] = [200, 400].map(Duration::from_millis);
    world.hang(Slot(1), short);
    world.hang(Slot(0), long);
    world.run_bots();
    assert_consistent(&world);
    let [first, second, third] = stats(&world)[..] else {
        unreachable!("there are three slots");
    };
    assert!(first.waited > short && first.waited < long, "{first:?}");
    assert!(
        second.waited > short / 2 && second.waited < short,
        "{second:?}"
    );
    assert_eq!(third.waited, Duration::ZERO);
}

/// A pause is nobody's fault.
#[test]
fn ticks_of_a_pause_are_counted_apart() {
    let mut world = World::new(&over(Preset::Lan, LatePolicy::Repeat), || Mixer).unwrap();
    play_to(&mut world, 300);
    world.relay_mut().pause(Duration::from_secs(5)).unwrap();
    play(&mut world, 7000);
    world.kill(Slot(0));
    world.relay_mut().resume(Duration::from_secs(1)).unwrap();
    world.run_bots();
    assert_consistent(&world);
    let stats = stats(&world);
    let paused = stats[0].paused;
    assert!((150..200).contains(&paused), "{stats:?}");
    assert!(stats.iter().all(|of| of.paused == paused));
    let calm = SlotStats {
        real: 1799 - paused,
        neutral: 1,
        paused,
        ..SlotStats::default()
    };
    assert_eq!(stats[1..], [calm, calm]);
    assert_eq!((stats[0].lost, stats[0].returned), (1, 0));
    assert_eq!(stats[0].absent, 1799 - paused - stats[0].real);
}

/// They belong to the slot, through any number of connections.
#[test]
fn who_comes_back_goes_on_where_it_was() {
    let mut world = World::new(&over(Preset::Lan, LatePolicy::Repeat), || Mixer).unwrap();
    for times in 1..=3 {
        let next = world.relay().log().next().0;
        play_to(&mut world, next + 200);
        let before = stats(&world)[1];
        // The second time it is back before the relay knows that it was gone.
        if times == 2 {
            world.cut(Slot(1));
        } else {
            world.kill(Slot(1));
        }
        world.reconnect(Slot(1));
        play(&mut world, 2000);
        let of = stats(&world)[1];
        assert_eq!((of.lost, of.returned), (times, times));
        assert!(of.real > before.real && of.absent > before.absent, "{of:?}");
    }
    world.leave(Slot(1));
    world.run_bots();
    assert_consistent(&world);
    assert_eq!(stats(&world)[1].lost, 3, "who leaves is not lost");
}

/// What the session's end, and the host who stops it, close is no lost connection.
#[test]
fn an_end_is_no_loss() {
    for stops in [false, true] {
        let mut world = World::new(&over(Preset::Wifi, LatePolicy::Repeat), || Mixer).unwrap();
        play_to(&mut world, 300);
        if stops {
            world.relay_mut().stop();
        }
        world.run_bots();
        let lost: Vec<_> = stats(&world).iter().map(|of| of.lost).collect();
        assert_eq!(lost, [0, 0, 0], "stops: {stops}");
    }
}
