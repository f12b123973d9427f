//! `match --from`: what was recorded is played on, and is one session again.
#![expect(clippy::unwrap_used, reason = "a test")]

mod program;

use std::fs;
use std::io::Cursor;
use std::path::Path;

use phalanx_engine::{Entry, Record, SealedCommand, SealedFrame, Slot, Tick};
use phalanx_netcode::replay::{ReplayReader, ReplayWriter, SigningKey};
use program::{directory, object, refused};

/// A match in a file, and `b.replay`, its ticks up to the one given.
fn recorded(here: &Path, args: &str, tick: u64) {
    assert_eq!(
        object(here, &format!("desync-test {args} --record a.replay")).0,
        0
    );
    let fork = format!("replay fork a.replay --tick {tick} --out b.replay");
    assert_eq!(object(here, &fork).0, 0);
}

/// Its frames, in a file that is written on.
fn rewritten(path: &Path) -> ReplayWriter {
    let mut reader = ReplayReader::open(Cursor::new(fs::read(path).unwrap())).unwrap();
    let mut writer = ReplayWriter::new(reader.head());
    let mut frame = SealedFrame::empty(reader.genesis());
    while reader.read(writer.next(), &mut frame).unwrap() {
        writer.frame(&frame);
    }
    writer
}

fn frames(path: &Path) -> Vec<SealedFrame> {
    let mut reader = ReplayReader::open(Cursor::new(fs::read(path).unwrap())).unwrap();
    let mut frame = SealedFrame::empty(reader.genesis());
    let ticks = reader.head().setup.first.until(reader.next());
    let read = |tick| {
        assert!(reader.read(tick, &mut frame).unwrap());
        frame.clone()
    };
    ticks.map(read).collect()
}

#[test]
fn a_match_goes_on_from_any_tick_and_is_whole() {
    for (game, seed, tick, more) in [
        ("--players 3", 3, 299, 180),
        ("--game skirmish --units 8", 4, 80, 60),
    ] {
        let here = directory(&format!("whole-{seed}"));
        recorded(
            &here,
            &format!("{game} --net lan --seed {seed} --ticks 600"),
            tick,
        );
        let args = format!("match --from b.replay --net lan --ticks {more} --record c.replay");
        let (code, played) = object(&here, &args);
        assert_eq!(code, 0, "{played}");
        for key in ["ticks", "confirmed_ticks", "agreed_ticks"] {
            assert_eq!(played[key].as_u64(), Some(more), "{key}: {played}");
        }
        assert_eq!(played["seed"], seed.to_string());

        let (code, verified) = object(&here, "replay verify c.replay");
        let ticks = tick + 1 + more;
        assert_eq!(code, 0, "{verified}");
        for key in ["ticks", "digests"] {
            assert_eq!(verified[key].as_u64(), Some(ticks), "{key}: {verified}");
        }
        assert_eq!(verified["signed_to"].as_u64(), Some(ticks - 1));
        assert_eq!(verified["checksum"], played["checksum"]);
        let sought = format!("replay seek c.replay --tick {}", tick + 9);
        assert_eq!(object(&here, &sought).1["executed"].as_u64(), Some(9));

        let [before, after] = ["b.replay", "c.replay"].map(|name| frames(&here.join(name)));
        assert_eq!(after[..before.len()], before);
        let on = &after[before.len()..];
        assert!(on[0].entries.contains(&Entry::Join(Slot(0))), "{:?}", on[0]);
        assert!(on.iter().all(|frame| frame.epoch == before[0].epoch + 1));
    }
}

/// Nobody who could end a pause is there any more.
#[test]
fn a_match_that_was_cut_in_a_pause_goes_on() {
    let here = directory("pause");
    recorded(&here, "--ticks 120", 60);
    let mut writer = rewritten(&here.join("b.replay"));
    let mut frame = frames(&here.join("b.replay")).pop().unwrap();
    for tick in writer.next().until(writer.next() + 40) {
        frame.tick = tick;
        frame.previous = writer.head();
        frame.entries = vec![Entry::Pause { at: tick.next() }];
        writer.frame(&frame);
    }
    writer.close();
    fs::write(here.join("b.replay"), writer.pending()).unwrap();

    object(
        &here,
        "match --from b.replay --net lan --ticks 300 --record c.replay",
    );
    let (code, verified) = object(&here, "replay verify c.replay");
    assert_eq!(
        (code, verified["ticks"].as_u64()),
        (0, Some(401)),
        "{verified}"
    );
    let resumed = |frame: &SealedFrame| {
        let resumes = |entry: &Entry| matches!(entry, Entry::Resume { .. });
        frame.entries.iter().any(resumes)
    };
    assert!(frames(&here.join("c.replay")).iter().any(resumed));
}

#[test]
fn what_cannot_be_played_on_is_refused_by_name() {
    let here = directory("refused");
    recorded(&here, "--ticks 120", 60);
    let refuse = |args: &str, code, words: &str| {
        refused(
            &here,
            &format!("match --from {args} --ticks 9"),
            code,
            words,
        );
    };
    refuse("a.replay", 2, "--tick 118 --out OTHER");
    refuse("missing.replay", 2, "no such file");
    refuse(
        "b.replay --players 3",
        2,
        "cannot be used with '--players <N>'",
    );
    refuse("b.replay --seed 3", 2, "cannot be used with '--seed <S>'");
    refuse(
        "b.replay --record ./b.replay",
        2,
        "give --record another file",
    );

    let file = fs::read(here.join("b.replay")).unwrap();
    let save = |name: &str, bytes: &[u8]| fs::write(here.join(name), bytes).unwrap();
    save("none.replay", b"a file of something else");
    refuse("none.replay", 13, "none.replay");
    let mut reader = ReplayReader::open(Cursor::new(&file[..])).unwrap();
    let head = reader.head().clone();
    save("empty.replay", ReplayWriter::new(&head).pending());
    refuse("empty.replay", 2, "empty.replay has no ticks");
    let mut crowd = head.clone();
    crowd.setup.slots = 9;
    save("crowd.replay", ReplayWriter::new(&crowd).pending());
    refuse(
        "crowd.replay",
        2,
        "crowd.replay has 9 players, and a match of duel has at most 8: it",
    );
    let mut newer = head.clone();
    newer.game.version = 99;
    save("newer.replay", ReplayWriter::new(&newer).pending());
    refuse(
        "newer.replay",
        14,
        "version 99 of duel, and here is version",
    );
    let mut other = head.clone();
    other.game.content[0] ^= 1;
    save("other.replay", ReplayWriter::new(&other).pending());
    refuse("other.replay", 14, "a duel with other content");

    let mut writer = ReplayWriter::new(&head);
    let mut frame = SealedFrame::empty(reader.genesis());
    for tick in head.setup.first.until(reader.next()) {
        reader.read(tick, &mut frame).unwrap();
        writer.frame(&frame);
        let mut digest = reader.digest(tick).unwrap().unwrap();
        digest.0 ^= u64::from(tick == Tick(40));
        writer.digest(tick, digest);
    }
    writer.close();
    save("forged.replay", writer.pending());
    refuse("forged.replay", 12, "tick 40 is not what was recorded");
}

#[test]
fn what_is_signed_but_not_genuinely_is_not_gone_on_with() {
    let here = directory("signature");
    recorded(&here, "--ticks 120", 60);
    let key = SigningKey::from_seed(&[7; 32]).unwrap();
    for genuine in [true, false] {
        let mut writer = rewritten(&here.join("b.replay"));
        let last = writer.next().previous().unwrap();
        let mut signature = key.sign(writer.genesis(), last, writer.head());
        signature.bytes[9] ^= u8::from(!genuine);
        writer.signature(&signature);
        writer.close();
        fs::write(here.join("signed.replay"), writer.pending()).unwrap();
        let args = "match --from signed.replay --net lan --ticks 60 --record c.replay";
        if genuine {
            assert_eq!(object(&here, args).0, 0);
            fs::remove_file(here.join("c.replay")).unwrap();
        } else {
            refused(&here, args, 12, "the signature of tick 60 is not genuine");
            assert!(!here.join("c.replay").exists());
        }
    }
}

/// Of what a crash cut off nothing follows; behind damage there may be the better part of the match.
#[test]
fn a_damaged_recording_is_not_silently_cut() {
    let here = directory("damaged");
    recorded(&here, "--ticks 400", 360);
    let mut writer = rewritten(&here.join("b.replay"));
    writer.flush();
    let file = writer.pending().to_owned();
    let on = "match --from b.replay --net lan --ticks 60 --record c.replay";
    let damaged = {
        let mut file = file.clone();
        let middle = file.len() / 2;
        file[middle] ^= 1;
        file
    };
    fs::write(here.join("b.replay"), damaged).unwrap();
    let last = frames(&here.join("b.replay")).pop().unwrap().tick;
    assert!((1..359).contains(&last.0), "{last}");
    let fork = format!("replay fork b.replay --tick {last} --out ");
    refused(&here, on, 13, &fork);
    assert!(!here.join("c.replay").exists());
    // What is said there can be done.
    assert_eq!(object(&here, &format!("{fork}d.replay")).0, 0);
    assert_eq!(object(&here, &on.replace("b.replay", "d.replay")).0, 0);

    fs::write(here.join("b.replay"), &file[..file.len() - 9]).unwrap();
    assert_eq!(object(&here, on).0, 0);
    assert_eq!(object(&here, "replay verify c.replay").0, 0);
}

/// Who counts on from there would come to the end of the numbers.
#[test]
fn a_log_that_no_relay_sealed_is_damaged_not_an_internal_error() {
    let here = directory("unsealable");
    recorded(&here, "--ticks 120", 60);
    let command = |slot, sequence| SealedCommand {
        slot: Slot(slot),
        sequence,
        stamped: Tick(61),
        bytes: Vec::new(),
    };
    let cases = [
        (Some(command(0, 0)), 7, None),
        (Some(command(0, u64::MAX)), 7, Some("is not the next one")),
        (Some(command(0, 1)), 7, Some("is not the next one")),
        (None, u32::MAX, Some("was sealed in epoch 4294967295")),
    ];
    let play_on = "match --from c.replay --net lan --ticks 60";
    let fork = "replay fork c.replay --tick 61 --out d.replay --ticks 9";
    for (command, epoch, words) in cases {
        let mut writer = rewritten(&here.join("b.replay"));
        let mut frame = frames(&here.join("b.replay")).pop().unwrap();
        (frame.tick, frame.previous, frame.epoch) = (Tick(61), writer.head(), epoch);
        frame.commands.extend(command);
        writer.frame(&frame);
        writer.close();
        fs::write(here.join("c.replay"), writer.pending()).unwrap();
        for args in [play_on, fork] {
            match words {
                None => assert_eq!(object(&here, args).0, 0, "{args}"),
                Some(words) => refused(&here, args, 13, words),
            }
        }
    }
    assert_eq!(object(&here, fork.trim_end_matches(" --ticks 9")).0, 0);
}
