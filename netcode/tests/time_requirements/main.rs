//! What is asked of time, by number, and the test that states how well it has to be done. `unit` are
//! the tests in the source; the others lie here, or where their path says.
//!
//! | | what is asked | test |
//! | --- | --- | --- |
//! | T-1 | a tick is due to the nanosecond, for years, at any rational rate | unit `time/tick_map.rs`: `two_to_the_33_ticks_are_due_within_a_nanosecond`; fuzzed: `at_and_due_are_each_others_inverse` |
//! | T-2 | an input is stamped with the tick that the server executes when it arrives: of 10^6, 99.9 % | `clock.rs`: `what_is_stamped_is_not_over_when_it_arrives`, canary `a_stamp_that_is_over_is_seen` |
//! | T-3 | points and spans: sums go back bit by bit, negative ones count forward, spaces do not mix | unit `time/net_time.rs`, `time/span.rs`; rates are not part of a point, so two rates cannot be mixed: `TickMap` alone knows one |
//! | T-4 | the rate is rational, and two machines cannot play at different ones | `session.rs`: `a_client_plays_at_the_rate_of_the_relay`: it is told by the relay, and a client has none of its own to differ; the log's first hash covers it |
//! | T-5 | every tick of an update comes once, in order, with its own time and the server's | unit `time/steps.rs`: `no_tick_is_missing_or_comes_twice`, `server_time_runs_evenly_through_an_update` |
//! | T-6 | of a hitch of 5 s a few ticks are made up for, the others told of once; or all, where all are owed | `session.rs`: `a_hitch_is_caught_up_with_and_what_is_skipped_is_told`; unit `time/steps.rs`: `the_policies_differ_in_what_they_do_beyond` |
//! | T-7 | a game writes its own provider in 20 lines, and replaces one while it plays | the example of `time::TimeProvider`; `../time.rs`: `a_provider_is_replaced_in_a_running_session` |
//! | T-8 | a server is on time for a day, within 3 ms if it wakes up so late, and 1 us in the mean | `../time.rs`: `a_server_is_on_time_for_a_day`, canary `the_check_sees_a_driver_that_adds_its_oversleeping_up` |
//! | T-9 | the speed is within 0.1 % of one on a quiet link, and changes no faster than configured | `clock.rs`: `the_speed_is_even_and_changes_slowly` (`Adaptive`: 0.5 per second, to follow a route at once); `../time.rs`: `a_steered_clock_is_smooth_and_does_not_overshoot` (`Slewed`: 0.02) |
//! | T-10 | what is too far off is set once, and no tick is stamped twice | `clock.rs`: `a_sleep_of_any_length_is_over_in_a_moment`, `a_leap_is_one_reset`; `session.rs`: `a_sleep_is_over_within_three_tenths` |
//! | T-11 | a clock that only steps runs at speed one to the bit | `../time.rs`: `stepping_for_an_hour_keeps_the_rate_to_the_bit` |
//! | T-12 | every tolerance is data, and a bad one is a typed error | unit `time/config.rs`: `every_bound_has_its_error`; `time/lead/config.rs`: `a_configuration_that_cannot_be_is_refused` |
//! | T-13 | what is sent and what is shown are buffered each by itself | unit `present/playout/tests.rs`: `nothing_stands_at_the_quantile`, `what_the_policies_cost_and_save`; sending: T-19 |
//! | T-14 | one controller per link | `session.rs`: `equals_share_the_rollback`; a mesh of peers is not there yet |
//! | T-15 | a picture between two ticks, or of a part of one, never changes the world | unit `present/scene.rs`: `nobody_can_tell_whether_it_was_looked_at`, `a_partial_step_leads_to_the_next_tick` |
//! | T-16 | no tick is too large | unit `time/tick_map.rs`: `twenty_minutes_from_far_ticks_are_those_from_tick_0`; `time/unwrap.rs` |
//! | T-17 | after a sleep inputs are in time within 300 ms, whether the clock counted or stood still | as T-10; who slept through the session is told: `session.rs`: `who_sleeps_through_the_match_is_told`; unit `quic/clock.rs`: `it_goes_by_the_time_since_boot` |
//! | T-18 | nothing depends on the time of day | `sources.rs` |
//! | T-19 | inputs are placed by when earlier ones arrived | `demo/tests/time_bench.rs`: `ours_is_dominated_nowhere`; `session.rs`: `quiet_links_cost_six_milliseconds`, `a_longer_way_is_made_up_for_within_four_tenths`, `a_shorter_way_is_made_use_of_within_six_seconds`, `inputs_that_wait_for_a_picture_are_in_time` |
//! | T-20 | what the clock did is kept without allocation, and explained in words | `../clock_samples.rs`: `noting_allocates_nothing`, `a_sleep_is_found` and the others; what it costs is in `report` |
//! | T-21 | the tick rate changes as an entry of the log: equal worlds, no time lost, no input late | `session.rs`: `a_change_of_the_tick_rate_costs_nothing`; `../session.rs`: `all_execute_a_change_of_the_tick_rate_at_its_tick` |
//! | T-22 | what comes tells its tick and its age, which is never negative | `session.rs`: `everything_tells_its_age` |
//! | T-23 | platform and rider agree at every time, on all machines | unit `present/scene.rs`: `platform_and_riders_agree_at_every_time` |
//! | T-24 | the server's clock is known to 1 ms, or half of what the ways differ by and 1 ms, and how well is told | `clock.rs`: `the_estimate_is_as_good_as_the_path_allows`; `session.rs`: `a_client_knows_the_relays_clock` |
//! | T-25 | the same time passes in every world, whatever the clock and however often it is drawn | `session.rs`: `time_passes_alike_on_every_machine` |
//! | T-26 | nothing grows in a month | `../time.rs`: `a_month_shows_no_trend` |
#![expect(clippy::unwrap_used, reason = "a test")]

mod clock;
mod rig;
mod session;
mod sources;
