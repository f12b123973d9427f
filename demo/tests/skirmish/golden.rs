//! The checksums of matches between bots. They change only when the rules, the bots or the canonical
//! encoding do; raise `Skirmish::VERSION` then.

use std::fmt::Write;

use expect_test::{Expect, expect};
use phalanx_engine::{Encoder, Node, State};

use crate::play::Play;

/// A digest of the battle every so many ticks.
fn check(units: u32, slots: u8, expected: &Expect) {
    let mut play = Play::new(units, 1, slots);
    let mut digests = String::new();
    for tick in 1..=2_000 {
        play.step_bots();
        if tick % 400 == 0 {
            let digest = play.battle.digest(Node::root(0, &mut Encoder::new()));
            writeln!(digests, "{tick} {digest}").expect("a string grows");
        }
    }
    expected.assert_eq(&digests);
}

#[test]
fn two_bots_play_as_they_did() {
    check(64, 2, &expect![[""]]);
}

#[test]
fn eight_bots_play_as_they_did() {
    check(200, 8, &expect![[""]]);
}
