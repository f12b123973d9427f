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
    let expected = expect![[r#"
        400 f1794b46891d55fb
        800 42ef3d3dcd857826
        1200 24893c8860085b06
        1600 57b9a96000812060
        2000 121386e56883894f
    "#]];
    check(64, 2, &expected);
}

#[test]
fn eight_bots_play_as_they_did() {
    let expected = expect![[r#"
        400 9d689ab5e835e75f
        800 8a86cea7f74352b5
        1200 042e71e1e5ba0337
        1600 4735f6a4ff7d79bf
        2000 68315860d098ae2f
    "#]];
    check(200, 8, &expected);
}
