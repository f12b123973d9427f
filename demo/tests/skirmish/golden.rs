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
        400 00de7cfff9b898f2
        800 eb41ad96d6af3b44
        1200 3d12f2115818e93f
        1600 6ea565764ce5ba42
        2000 92e2eb7905fe93e0
    "#]];
    check(64, 2, &expected);
}

#[test]
fn eight_bots_play_as_they_did() {
    let expected = expect![[r#"
        400 9607154ebfc3814b
        800 2982d88c3dda00f9
        1200 e51a22890b8e6f11
        1600 b95a167ba4a60731
        2000 5844026742b23687
    "#]];
    check(200, 8, &expected);
}
