//! Any schedule of inputs, sealed frames and advances gives what playing the sealed frames from
//! tick 0 gives.

#![expect(clippy::cast_possible_truncation, reason = "drawn bits in tests")]

mod harness;

use harness::chaos::{Chaos, Forgetful, Leaky, Order};
use harness::rollback_model::{Match, Operation, Outcome, Way, play};
use phalanx_engine::{Entry, Repeat, Rng, Setup, Slot, Stall, Tick, TickRate, Window};
use proptest::collection::vec;
use proptest::prelude::*;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

fn setup(slots: u8) -> Setup {
    Setup::new(7, slots, TickRate::hz(60))
}

const fn window(ticks: u32, repeat: u32) -> Window {
    Window {
        ticks,
        repeat: Repeat { ticks: repeat },
    }
}

/// The random case of a seed.
fn case(seed: u64) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    (0..1000).map(|_| rng.below(256) as u8).collect()
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn any_schedule_gives_what_the_sealed_frames_give(data in vec(any::<u8>(), 0..1500)) {
        play(&data, || Chaos).map_err(TestCaseError::fail)?;
    }
}

#[test]
fn random_schedules_reach_every_corner() {
    let mut sum = Outcome::default();
    let (mut ended, mut changed) = (0, 0);
    for seed in 0..60 {
        let outcome = play(&case(seed), || Chaos).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        sum.confirmed = sum.confirmed.max(outcome.confirmed);
        sum.rollbacks += outcome.rollbacks;
        sum.rollback_depth_max = sum.rollback_depth_max.max(outcome.rollback_depth_max);
        sum.invalid_inputs += outcome.invalid_inputs;
        sum.commands += outcome.commands;
        sum.invalid_commands += outcome.invalid_commands;
        sum.refused += outcome.refused;
        sum.paused += outcome.paused;
        sum.bot_ticks += outcome.bot_ticks;
        ended += u32::from(outcome.ended);
        changed += u32::from(outcome.rate_changed);
    }
    assert!(sum.confirmed > 600, "the ring goes round: {sum:?}");
    assert!(sum.rollbacks > 200, "{sum:?}");
    assert_eq!(sum.rollback_depth_max, 16, "the whole window: {sum:?}");
    assert!(sum.invalid_inputs > 100 && sum.refused > 100, "{sum:?}");
    assert!(sum.commands > 100 && sum.invalid_commands > 20, "{sum:?}");
    assert!(sum.paused > 300 && sum.bot_ticks > 300, "{sum:?}");
    assert!((1..50).contains(&ended), "{ended} of 60 sessions ended");
    assert!(changed > 20, "{changed} of 60 sessions changed their rate");
}

#[test]
fn rules_that_read_hidden_memory_are_found() {
    let mut found = 0;
    for seed in 0..40 {
        let honest = play(&case(seed), || Chaos).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        let leaky = play(&case(seed), Leaky::default);
        assert!(
            honest.rollbacks == 0 || leaky.is_err(),
            "seed {seed} was executed again without a finding"
        );
        found += u32::from(leaky.is_err());
    }
    assert!(found > 20, "found in {found} of 40 cases");
}

#[test]
fn a_state_that_does_not_undo_is_found() {
    let found = (0..40).filter(|seed| play(&case(*seed), || Forgetful).is_err());
    let found = found.count();
    assert!(found > 10, "found in {found} of 40 cases");
}

fn any_way() -> impl Strategy<Value = Way> {
    let real = any::<[u8; 2]>().prop_map(|bytes| Way::Real(phalanx_engine::Input::unpack(&bytes)));
    prop_oneof![
        Just(Way::Missing),
        Just(Way::Held),
        any::<[u8; 2]>().prop_map(Way::Raw),
        real
    ]
}

proptest! {
    #![proptest_config(config(300))]

    /// A guess and the relay's repetition are one function, also after bytes that are no input.
    #[test]
    fn a_tick_that_the_relay_repeats_is_no_rollback(
        past in vec((any_way(), any_way()), 1..20),
        ticks in 1_u8..17,
        more in 0_u32..6,
        silent in any::<bool>(),
    ) {
        let ticks_u32 = u32::from(ticks);
        let mut game = Match::new(|| Chaos, setup(2), window(ticks_u32, ticks_u32 + more));
        for (index, (first, second)) in past.iter().enumerate() {
            let entries = if index == 0 { vec![Entry::Join(Slot(0))] } else { Vec::new() };
            game.relay.seal(&[*first, if silent { Way::Missing } else { *second }], entries, Vec::new());
        }
        let known = game.relay.frames.len() as u8;
        for operation in [
            Operation::DeliverMany { count: known, reversed: false },
            Operation::Advance { ticks: known },
            Operation::Advance { ticks },
            Operation::SealMany { ticks, way: Way::Missing },
            Operation::DeliverMany { count: ticks, reversed: true },
        ] {
            game.apply(&operation).map_err(TestCaseError::fail)?;
        }
        prop_assert_eq!(game.timeline.stats().rollbacks, 0, "case {:?}", past);
        prop_assert_eq!(game.timeline.confirmed(), Tick(u64::from(known) + u64::from(ticks)));
    }
}

#[test]
fn rolling_back_deeper_and_deeper_ends_where_the_sealed_frames_do() {
    let mut game = Match::new(|| Chaos, setup(2), window(16, 16));
    let order = |stick| Order {
        stick,
        fire: true,
        ..Order::default()
    };
    for tick in 0..16 {
        game.relay
            .seal(&[Way::Real(order(tick)), Way::Held], Vec::new(), Vec::new());
    }
    game.apply(&Operation::Advance { ticks: 16 }).unwrap();
    for offset in (0..16).rev() {
        game.apply(&Operation::Deliver { offset }).unwrap();
        assert_eq!(game.timeline.next(), Tick(offset.unsigned_abs()));
        if offset > 0 {
            let ticks = 16 - offset.unsigned_abs() as u8;
            game.apply(&Operation::Advance { ticks }).unwrap();
            assert_eq!(game.timeline.can_advance(), Err(Stall::WindowFull));
        }
    }
    let outcome = game.finish(&Chaos).unwrap();
    assert_eq!((outcome.confirmed, outcome.rollback_depth_max), (16, 16));
}
