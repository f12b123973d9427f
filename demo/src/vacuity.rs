//! [`Evidence`]: whether a desync test could have found anything.

use core::time::Duration;

use phalanx_engine::{Tick, TickRate};
use phalanx_netcode::InputDelay;

/// Inputs must change on at least one of this many ticks: 5 %.
const CHANGES_ONE_IN: u64 = 20;

/// Rollbacks per minute, over all players, below which prediction was not tested.
const ROLLBACKS_PER_MINUTE: u64 = 20;

/// What a test has seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence {
    /// Ticks executed by everybody.
    pub(crate) ticks: u64,
    /// Ticks per second.
    pub(crate) rate: TickRate,
    /// Ticks on which any slot's input changed.
    pub(crate) input_changes: u64,
    /// Rounds ended; `None` in a game without rounds.
    pub(crate) rounds: Option<u64>,
    /// A match of this length has to end a round.
    pub(crate) round_within: Option<Duration>,
    /// Rollbacks of all players.
    pub(crate) rollbacks: u64,
    /// Whether the network and the delay leave a tick to predict: see [`predicted_ticks`].
    pub(crate) predicts: bool,
}

impl Evidence {
    /// Why the test proves nothing; empty if it proves something.
    pub(crate) fn lacks(&self) -> Vec<String> {
        let Self {
            ticks,
            rate,
            input_changes,
            rounds,
            round_within,
            rollbacks,
            predicts,
        } = *self;
        let played = Duration::from_nanos(rate.nanos_at(Tick(ticks)));
        let mut lacks = Vec::new();
        if ticks == 0 || input_changes.saturating_mul(CHANGES_ONE_IN) < ticks {
            lacks.push(format!(
                "inputs changed or commands came on {input_changes} of {ticks} ticks, fewer than 5 %"
            ));
        }
        if rounds == Some(0) && round_within.is_some_and(|within| played >= within) {
            lacks.push(format!("no round ended within {} s", played.as_secs()));
        }
        let rollbacks_per_hour = u128::from(rollbacks) * 3600 * 1_000_000_000;
        let wanted = u128::from(ROLLBACKS_PER_MINUTE * 60) * played.as_nanos();
        if predicts && rollbacks_per_hour < wanted {
            lacks.push(format!(
                "{rollbacks} rollbacks in {} s, fewer than {ROLLBACKS_PER_MINUTE} per minute",
                played.as_secs()
            ));
        }
        lacks
    }
}

/// How many ticks a player predicts at least over a path with these one-way delays: as many periods
/// as the way up, the way down and the smallest margin take, less the input delay.
pub(crate) fn predicted_ticks(
    up: Duration,
    down: Duration,
    rate: TickRate,
    delay: InputDelay,
) -> u64 {
    let path = u64::try_from((up + down).as_nanos()).unwrap_or(u64::MAX);
    // The margin is more than nothing: a path of exactly n periods takes n + 1.
    let needed = rate.tick_at(path).0.saturating_add(1);
    let delay = match delay {
        InputDelay::Ticks(ticks) => ticks.into(),
        InputDelay::Measured {
            least,
            most,
            predicted,
        } => needed
            .saturating_sub(predicted.into())
            .clamp(least.into(), most.into()),
    };
    needed.saturating_sub(delay)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HZ: TickRate = TickRate::hz(60);

    /// Three minutes of a lively match.
    const GOOD: Evidence = Evidence {
        ticks: 10_800,
        rate: HZ,
        input_changes: 540,
        rounds: Some(1),
        round_within: Some(Duration::from_secs(180)),
        rollbacks: 60,
        predicts: true,
    };

    #[test]
    fn a_lively_match_proves_something() {
        assert!(GOOD.lacks().is_empty());
    }

    #[test]
    fn still_inputs_prove_nothing() {
        let lacks = Evidence {
            input_changes: 539,
            ..GOOD
        }
        .lacks();
        assert_eq!(
            lacks,
            ["inputs changed or commands came on 539 of 10800 ticks, fewer than 5 %"]
        );
        assert_eq!(Evidence { ticks: 0, ..GOOD }.lacks().len(), 1);
    }

    #[test]
    fn three_minutes_without_a_round_prove_nothing() {
        let none = Evidence {
            rounds: Some(0),
            ..GOOD
        };
        assert_eq!(none.lacks(), ["no round ended within 180 s"]);
        assert!(
            Evidence {
                ticks: 10_799,
                ..none
            }
            .lacks()
            .is_empty()
        );
        for none in [
            Evidence {
                rounds: None,
                ..none
            },
            Evidence {
                round_within: None,
                ..none
            },
        ] {
            assert!(none.lacks().is_empty());
        }
    }

    #[test]
    fn prediction_must_have_been_wrong_now_and_then() {
        let few = Evidence {
            rollbacks: 59,
            ..GOOD
        };
        assert_eq!(
            few.lacks(),
            ["59 rollbacks in 180 s, fewer than 20 per minute"]
        );
        assert!(
            Evidence {
                predicts: false,
                ..few
            }
            .lacks()
            .is_empty()
        );
        // Ten seconds have to have a sixth of them.
        let short = Evidence {
            ticks: 600,
            rounds: Some(0),
            ..GOOD
        };
        assert!(
            Evidence {
                rollbacks: 4,
                ..short
            }
            .lacks()
            .is_empty()
        );
        assert_eq!(
            Evidence {
                rollbacks: 3,
                ..short
            }
            .lacks()
            .len(),
            1
        );
    }

    #[test]
    fn reasons_add_up() {
        let nothing = Evidence {
            input_changes: 0,
            rounds: Some(0),
            rollbacks: 0,
            ..GOOD
        };
        assert_eq!(nothing.lacks().len(), 3);
    }

    #[test]
    fn the_path_says_what_is_predicted() {
        let ms = Duration::from_millis;
        let predicted = |way, delay| predicted_ticks(way, way, HZ, InputDelay::Ticks(delay));
        assert_eq!(predicted(ms(15), 0), 2);
        assert_eq!(predicted(ms(15), 1), 1);
        assert_eq!(predicted(ms(15), 2), 0);
        assert_eq!(predicted(ms(15), 9), 0);
        // Three ticks up and down: lockstep at full rate from a delay of 7 on.
        let three = ms(50);
        assert_eq!(predicted(three, 6), 1);
        assert_eq!(predicted(three, 7), 0);
    }

    /// Seven ticks of way: what is measured covers as much of it as it may.
    #[test]
    fn a_measured_delay_leaves_what_it_is_told_to() {
        let way = Duration::from_millis(50);
        let predicted = |least, most, predicted| {
            let delay = InputDelay::Measured {
                least,
                most,
                predicted,
            };
            predicted_ticks(way, way, HZ, delay)
        };
        assert_eq!(predicted(0, 10, 4), 4);
        assert_eq!(predicted(0, 10, 8), 7);
        assert_eq!(predicted(0, 2, 4), 5);
        assert_eq!(predicted(1, 60, 0), 0);
    }
}
