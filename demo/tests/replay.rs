//! `--record` and `replay`: what was played is what is recorded, sought, verified and forked.
#![expect(clippy::unwrap_used, reason = "a test")]

mod program;

use std::fs;
use std::io::Cursor;
use std::path::Path;

use phalanx::duel::Duel;
use phalanx::skirmish::Skirmish;
use phalanx_engine::{Record, Replay, SealedFrame, Simulation, Tick, Verified, mix};
use phalanx_netcode::replay::{ReplayReader, ReplayWriter, SigningKey};
use program::{directory, object, refused, text};
use serde_json::Value;

/// The last checksum of an object.
fn checksum(object: &Value) -> &str {
    object["checksum"].as_str().unwrap()
}

#[test]
fn a_match_is_recorded_verified_sought_and_forked() {
    let here = directory("match");
    let (code, played) = object(&here, "desync-test --ticks 3600 --seed 3 --record a.replay");
    assert_eq!(code, 0);

    let (code, info) = object(&here, "replay info a.replay");
    assert_eq!(
        (code, info["ticks"].as_u64(), info["digests"].as_u64()),
        (0, Some(3600), Some(3600))
    );
    assert_eq!(
        (info["ending"].as_str(), info["keyframes"].as_u64()),
        (Some("closed"), Some(6))
    );
    // Checksums told apart, inputs of bots take less than 3 bytes per tick and player.
    let frames = info["bytes_frames"].as_u64().unwrap();
    assert!(frames <= 3 * 2 * 3600 && frames > 0, "{frames}");
    assert!(info["bytes_digests"].as_u64().unwrap() >= 8 * 3600);

    let (code, verified) = object(&here, "replay verify a.replay");
    assert_eq!((code, &verified["first_bad_tick"]), (0, &Value::Null));
    assert_eq!(checksum(&verified), checksum(&played));
    let (code, shown) = object(&here, "replay play a.replay");
    assert_eq!((code, checksum(&shown)), (0, checksum(&played)));

    let (code, sought) = object(&here, "replay seek a.replay --tick 1234 --out a.snapshot");
    assert_eq!(
        (
            code,
            sought["keyframe"].as_u64(),
            sought["executed"].as_u64()
        ),
        (0, Some(1199), Some(35))
    );

    let (code, forked) = object(&here, "replay fork a.replay --tick 1234 --out b.replay");
    assert_eq!((code, forked["ticks"].as_u64()), (0, Some(1235)));
    assert_eq!(checksum(&forked), checksum(&sought));
    let (code, _) = object(&here, "replay seek b.replay --tick 1234 --out b.snapshot");
    assert_eq!(code, 0);
    assert_eq!(object(&here, "diff a.snapshot b.snapshot").0, 0);

    // Played on from there by bots, which is another match that holds together as well.
    let (code, on) = object(
        &here,
        "replay fork a.replay --tick 1234 --ticks 1000 --out c.replay",
    );
    assert_eq!((code, on["played_on"].as_u64()), (0, Some(1000)));
    let (code, verified) = object(&here, "replay verify c.replay");
    assert_eq!((code, verified["ticks"].as_u64()), (0, Some(2235)));
    assert_eq!(checksum(&verified), checksum(&on));
    // Who is refused keeps the file that was there.
    fs::write(here.join("d.replay"), "old").unwrap();
    let fork = "replay fork a.replay --tick 3599 --ticks 9 --out d.replay";
    refused(&here, fork, 2, "fork before that");
    assert_eq!(fs::read(here.join("d.replay")).unwrap(), b"old");
}

#[test]
fn bots_take_at_most_three_bytes_per_tick_and_player_on_any_network() {
    let here = directory("bytes");
    for (players, net) in [(2, "lan"), (2, "awful"), (4, "mobile"), (8, "wifi")] {
        let args =
            format!("desync-test --players {players} --net {net} --ticks 3600 --record a.replay");
        object(&here, &args);
        let (_, info) = object(&here, "replay info a.replay");
        let (ticks, frames) = (
            info["ticks"].as_u64().unwrap(),
            info["bytes_frames"].as_u64().unwrap(),
        );
        assert_eq!(ticks, 3600);
        assert!(
            frames <= 3 * players * ticks,
            "{players} on {net}: {frames} bytes"
        );
    }
}

/// What was written again as a file that holds together, but for what `change` does to it.
fn written_again(file: &[u8], change: impl Fn(&mut SealedFrame), other: Option<Tick>) -> Vec<u8> {
    let mut reader = ReplayReader::open(Cursor::new(file)).unwrap();
    let mut writer = ReplayWriter::new(reader.head());
    let mut frame = SealedFrame::empty(reader.genesis());
    for tick in reader.head().setup.first.until(reader.next()) {
        reader.read(tick, &mut frame).unwrap();
        frame.previous = writer.head();
        change(&mut frame);
        writer.frame(&frame);
        let mut digest = reader.digest(tick).unwrap().unwrap();
        digest.0 ^= u64::from(other == Some(tick));
        writer.digest(tick, digest);
    }
    let key = SigningKey::from_seed(&[1; 32]).unwrap();
    let last = writer.next().previous().unwrap();
    writer.signature(&key.sign(writer.genesis(), last, writer.head()));
    writer.close();
    writer.pending().to_vec()
}

/// The canaries of `verify`.
#[test]
fn what_does_not_verify_is_exit_12_and_damage_13() {
    let here = directory("canary");
    object(&here, "desync-test --ticks 600 --record a.replay");
    let file = fs::read(here.join("a.replay")).unwrap();
    let save = |name: &str, bytes: &[u8]| fs::write(here.join(name), bytes).unwrap();

    save("good.replay", &written_again(&file, |_| {}, None));
    let (code, good) = object(&here, "replay verify good.replay");
    assert_eq!((code, good["signed_to"].as_u64()), (0, Some(599)));
    let key = good["signed_by"].as_str().unwrap();
    assert_eq!(
        object(&here, &format!("replay verify good.replay --key {key}")).0,
        0
    );
    // What bots played on from there nobody signed.
    let fork = "replay fork good.replay --tick 599 --ticks 100 --out on.replay";
    refused(&here, fork, 2, "the session ended by tick 599");
    let fork = "replay fork good.replay --tick 590 --out cut.replay";
    assert_eq!(object(&here, fork).0, 0);
    let verify = format!("replay verify cut.replay --key {key}");
    assert_eq!(object(&here, &verify).0, 12);
    let other = "0".repeat(64);
    assert_eq!(
        object(&here, &format!("replay verify good.replay --key {other}")).0,
        12
    );
    assert_eq!(
        object(&here, &format!("replay verify a.replay --key {key}")).0,
        12,
        "not signed"
    );

    // Whoever is stunned may press what he likes, for a while.
    let input = |frame: &mut SealedFrame| {
        if frame.tick >= Tick(321) {
            frame.inputs[1] ^= 0b11;
        }
    };
    save("input.replay", &written_again(&file, input, None));
    let (code, bad) = object(&here, "replay verify input.replay");
    assert_eq!(code, 12);
    let first = bad["first_bad_tick"].as_u64().unwrap();
    assert!((321..400).contains(&first), "{first}");
    save(
        "digest.replay",
        &written_again(&file, |_| {}, Some(Tick(77))),
    );
    let (code, bad) = object(&here, "replay verify digest.replay");
    assert_eq!((code, bad["first_bad_tick"].as_u64()), (12, Some(77)));

    let mut flipped = file.clone();
    flipped[file.len() / 2] ^= 1;
    save("flipped.replay", &flipped);
    refused(&here, "replay verify flipped.replay", 13, "flipped.replay");
    save("cut.replay", &file[..file.len() / 2]);
    let (code, cut) = object(&here, "replay verify cut.replay");
    assert_eq!(code, 0, "a crash is no damage");
    assert!(
        cut["ending"].as_str().unwrap().starts_with("not closed"),
        "{cut}"
    );
    save("none.replay", b"a file of something else");
    refused(&here, "replay info none.replay", 13, "none.replay");
    let mut format = file.clone();
    format[8] = 9;
    save("format.replay", &format);
    refused(&here, "replay info format.replay", 14, "format 9");
}

#[test]
fn another_game_or_version_is_exit_14_and_named_both_ways() {
    let here = directory("other");
    object(&here, "desync-test --ticks 60 --record a.replay");
    let file = fs::read(here.join("a.replay")).unwrap();
    let head = ReplayReader::open(Cursor::new(&file[..]))
        .unwrap()
        .head()
        .clone();
    let mut newer = head.clone();
    newer.game.version = 99;
    let mut chess = head;
    chess.game.id = "chess".into();
    for (head, words) in [
        (newer, "version 99 of duel, and here is version"),
        (chess, "of chess, and here are only duel"),
    ] {
        fs::write(here.join("b.replay"), ReplayWriter::new(&head).pending()).unwrap();
        refused(&here, "replay verify b.replay", 14, words);
    }
}

/// Names in files of anybody neither move the terminal nor make lines of their own.
#[test]
fn names_of_strangers_are_escaped() {
    let here = directory("strangers");
    object(&here, "desync-test --ticks 60 --record a.replay");
    let file = fs::read(here.join("a.replay")).unwrap();
    let reader = ReplayReader::open(Cursor::new(&file[..])).unwrap();
    let mut head = reader.head().clone();
    head.game.id = "\u{1b}[2J\u{9b}31mchess\nnot signed".into();
    fs::write(here.join("b.replay"), ReplayWriter::new(&head).pending()).unwrap();

    let escaped = r"\u{1b}[2J\u{9b}31mchess\nnot signed";
    let (code, told) = text(&here, "replay info b.replay");
    assert_eq!(code, 0);
    assert!(
        told.starts_with(&format!("{escaped} version 1, ")),
        "{told:?}"
    );
    refused(&here, "replay verify b.replay", 14, escaped);
    let (code, info) = object(&here, "replay info b.replay");
    assert_eq!((code, info["game"].as_str()), (0, Some(&*head.game.id)));
    let (_, json) = text(&here, "replay info b.replay --json");
    for said in [told, json] {
        let moves = said.contains(|c: char| c.is_control() && c != '\n');
        assert!(!moves, "{said:?}");
    }
}

#[test]
fn flags_of_another_action_are_refused() {
    let here = directory("flags");
    object(&here, "desync-test --ticks 60 --record a.replay");
    for (args, words) in [
        (
            "info a.replay --tick 3",
            "--tick belongs to replay seek, play, fork:",
        ),
        ("seek a.replay --tick 3 --key 00", "64 hexadecimal digits"),
        ("seek a.replay", "add --tick T"),
        ("seek a.replay --tick 60", "use --tick 59"),
        ("fork a.replay --tick 3", "add --out FILE"),
        (
            "verify a.replay --ticks 3",
            "--ticks belongs to replay fork",
        ),
        ("info missing.replay", "no such file"),
    ] {
        refused(&here, &format!("replay {args}"), 2, words);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_does_not_end_the_match() {
    let here = directory("full");
    let (code, played) = object(&here, "desync-test --ticks 600 --record /dev/full");
    assert_eq!((code, played["agreed_ticks"].as_u64()), (1, Some(600)));
}

/// Virtual hours: a seek executes the ticks since the keyframe before, and reads no other one.
#[test]
fn any_tick_of_two_hours_is_within_an_interval() {
    let here = directory("hours");
    let (code, _) = object(&here, "desync-test --for 2h --net lan --record a.replay");
    assert_eq!(code, 0);
    let file = fs::read(here.join("a.replay")).unwrap();
    let reader = ReplayReader::open(Cursor::new(&file[..])).unwrap();
    let ticks = reader.next().0;
    assert_eq!((ticks, reader.keyframes().len()), (432_000, 720));
    let digests = ReplayReader::open(Cursor::new(&file[..])).unwrap();
    let (mut replay, mut digests) = (Replay::new(Duel, reader), digests);
    for turn in 0..100 {
        let tick = Tick(mix(turn) % ticks);
        let sought = replay.seek(tick).unwrap();
        assert!(sought.executed <= 600, "{sought:?}");
        let snapshot = replay.snapshot().unwrap();
        assert_eq!(Some(snapshot.chained), digests.digest(tick).unwrap());
    }
}

fn golden<S: Simulation>(simulation: S, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/replays")
        .join(name);
    let file = fs::read(&path).unwrap();
    let mut replay = Replay::new(simulation, ReplayReader::open(Cursor::new(file)).unwrap());
    assert_eq!(replay.record().head().game.id, S::ID);
    let mut verified = Verified::default();
    while replay.verify(1000, &mut verified).unwrap() {}
    assert_eq!(verified.first_bad, None, "{name}");
    assert!(
        verified.ticks >= 240 && verified.digests >= 240 && verified.keyframes >= 1,
        "{verified:?}"
    );
    let mut reader = replay.into_record();
    let tick = reader.signed().last().unwrap();
    let signature = reader.signature(tick).unwrap().unwrap();
    assert!(signature.verify(reader.genesis()));
}

/// Files of format 1 as they were written when it was new. What can no longer be read is a new format; what
/// no longer verifies is a new version of the game, and a new file then:
/// `phalanx match --ticks 660 --record demo/tests/replays/duel-1.replay`, and with `--game skirmish --units 8 --ticks 260`.
#[test]
fn files_of_format_1_are_read() {
    golden(Duel, "duel-1.replay");
    golden(Skirmish { units: 8 }, "skirmish-1.replay");
}
