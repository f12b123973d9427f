//! Files of replays: what was written is what is read, however the file was cut or damaged.

#![allow(clippy::unwrap_used, reason = "test code")]

mod snapshots;

use std::io::Cursor;

use phalanx_engine::{
    Digest, Entry, FrameHash, GameIdentity, Log, Provenance, Record, Repeat, Replay, SealedCommand,
    SealedFrame, Setup, Slot, SnapshotHash, Tick, TickRate, Timeline, Verified, Window, mix,
};
use phalanx_netcode::replay::{
    Ending, Head, OtherSession, REPLAY_FORMAT, Recorder, ReplayFileError, ReplayReader,
    ReplayWriter, Signature,
};
use phalanx_netcode::snapshot::{SnapshotError, pack};
use proptest::prelude::*;
use snapshots::Herding;

const SETUP: Setup = Setup {
    first: Tick(1 << 33),
    ..Setup::new(7, 2, TickRate::hz(60))
};
const TICKS: u64 = 300;
const INTERVAL: u64 = 100;
const WINDOW: Window = Window {
    ticks: 0,
    repeat: Repeat { ticks: 0 },
};

fn head() -> Head {
    Head {
        game: GameIdentity::of(&Herding),
        setup: SETUP,
    }
}

/// What a tick of the match is made of, following `previous`.
fn frame(at: u64, previous: FrameHash) -> SealedFrame {
    let mut frame = SealedFrame::empty(previous);
    frame.tick = SETUP.first + at;
    frame.epoch = 1 + u32::from(at >= 130);
    let draw = mix(at / 4);
    frame.inputs = vec![draw.to_le_bytes()[0] % 8, draw.to_le_bytes()[1] % 2];
    let late = at % 40 > 30;
    let second = if late {
        Provenance::Repeated
    } else {
        Provenance::Real
    };
    frame.provenance = vec![Provenance::Real, second];
    if at == 0 || at == 200 {
        frame.entries = vec![Entry::Join(Slot(0)), Entry::Join(Slot(1))];
    }
    if at % 50 == 49 {
        frame.commands = vec![SealedCommand {
            slot: Slot(1),
            sequence: at,
            stamped: frame.tick,
            bytes: vec![9; 20],
        }];
    }
    frame
}

/// The whole match: its frames, chained digests, and the file.
fn recorded(close: bool) -> (Vec<SealedFrame>, Vec<Digest>, Vec<u8>) {
    let mut writer = ReplayWriter::new(&head());
    let mut timeline = Timeline::new(Herding, &SETUP, WINDOW).unwrap();
    let (mut frames, mut digests, mut file) = (Vec::new(), Vec::new(), Vec::new());
    for at in 0..TICKS {
        let frame = frame(at, writer.head());
        writer.frame(&frame);
        timeline.seal(&frame).unwrap();
        let tick = timeline.advance().unwrap();
        digests.push(timeline.chained(tick).unwrap());
        writer.digest(tick, digests[digests.len() - 1]);
        if at % INTERVAL == INTERVAL - 1 {
            writer.keyframe(&timeline.snapshot(tick).unwrap()).unwrap();
            let (head, key) = (writer.head(), [5; 32]);
            let bytes = [6; 64];
            writer.signature(&Signature {
                tick,
                head,
                key,
                bytes,
            });
        }
        frames.push(frame);
        file.extend_from_slice(writer.pending());
        writer.taken();
    }
    if close {
        writer.close();
    } else {
        writer.flush();
    }
    file.extend_from_slice(writer.pending());
    (frames, digests, file)
}

fn open(bytes: &[u8]) -> Result<ReplayReader<Cursor<&[u8]>>, ReplayFileError> {
    ReplayReader::open(Cursor::new(bytes))
}

/// Everything that can be read is what was written; returns how many ticks that were, or the error.
fn agrees(
    bytes: &[u8],
    frames: &[SealedFrame],
    digests: &[Digest],
) -> Result<u64, ReplayFileError> {
    let mut reader = open(bytes)?;
    assert_eq!(reader.head(), &head());
    let ticks = reader.next().0 - SETUP.first.0;
    assert!(ticks <= TICKS);
    let mut read = SealedFrame::empty(reader.genesis());
    for ((at, frame), digest) in (0..ticks).zip(frames).zip(digests) {
        let tick = SETUP.first + at;
        assert!(reader.read(tick, &mut read)?);
        assert_eq!(&read, frame);
        assert!(reader.digest(tick)?.is_none_or(|read| read == *digest));
        assert_eq!(
            reader.keyframe(tick)?.is_some(),
            reader.keyframe_before(tick) == Some(tick)
        );
        if let Some(signature) = reader.signature(tick)? {
            assert_eq!(
                (signature.tick, signature.key, signature.bytes),
                (tick, [5; 32], [6; 64])
            );
        }
    }
    assert!(!reader.read(SETUP.first + ticks, &mut read)?);
    Ok(ticks)
}

/// A reader would take the file for a damaged one.
#[test]
fn a_keyframe_out_of_order_is_left_out() {
    let mut timeline = Timeline::new(Herding, &SETUP, WINDOW).unwrap();
    let mut writer = ReplayWriter::new(&head());
    let mut snapshots = Vec::new();
    for at in 0..8 {
        let frame = frame(at, writer.head());
        timeline.seal(&frame).unwrap();
        let tick = timeline.advance().unwrap();
        snapshots.push(timeline.snapshot(tick).unwrap());
        if at < 7 {
            writer.frame(&frame);
        }
    }
    let packed = pack(&snapshots[5], None).unwrap();
    // The frame of tick 7 is not there, 5 is given twice, 3 comes too late.
    for at in [7, 2, 5, 5, 3, 6] {
        writer.keyframe(&snapshots[at]).unwrap();
        writer.packed_keyframe(SETUP.first + 5, &packed).unwrap();
    }
    let differs = pack(&snapshots[6], Some(&snapshots[5])).unwrap();
    let refused = writer.packed_keyframe(SETUP.first + 6, &differs);
    assert_eq!(refused, Err(SnapshotError::NeedsBase(snapshots[5].hash())));
    let refused = writer.packed_keyframe(SETUP.first + 6, b"no snapshot");
    assert_eq!(refused, Err(SnapshotError::NoSnapshot));
    writer.close();
    let mut reader = open(writer.pending()).unwrap();
    assert_eq!(reader.ending(), Ending::Closed);
    let ticks: Vec<_> = reader
        .keyframes()
        .map(|tick| tick.since(SETUP.first))
        .collect();
    assert_eq!(ticks, [5, 6]);
    let read = reader.keyframe(SETUP.first + 5).unwrap().unwrap();
    assert_eq!(read.hash(), snapshots[5].hash());
}

#[test]
fn what_was_written_is_read_by_index_and_without() {
    for close in [true, false] {
        let (frames, digests, file) = recorded(close);
        assert_eq!(agrees(&file, &frames, &digests).unwrap(), TICKS);
        let reader = open(&file).unwrap();
        let at = file.len() as u64;
        let ending = if close {
            Ending::Closed
        } else {
            Ending::Cut { at }
        };
        assert_eq!(reader.ending(), ending);
        let keyframes: Vec<_> = reader
            .keyframes()
            .map(|tick| tick.0 - SETUP.first.0)
            .collect();
        assert_eq!(keyframes, [99, 199, 299]);
        assert_eq!((reader.digests(), reader.signed().len()), (TICKS, 3));
        // 10 bytes are no chunk's.
        let sizes = reader.sizes();
        assert_eq!(sizes.total() + 10, at, "{sizes:?}");
        assert!(sizes.digests >= 8 * TICKS && sizes.frames > 0 && sizes.keyframes > 0);
    }
}

#[test]
fn it_verifies() {
    let (_, _, file) = recorded(true);
    let mut replay = Replay::new(Herding, open(&file).unwrap());
    let mut verified = Verified::default();
    while replay.verify(64, &mut verified).unwrap() {}
    assert_eq!(verified.first_bad, None);
    assert_eq!(
        (verified.ticks, verified.digests, verified.keyframes),
        (TICKS, TICKS, 3)
    );
    let tick = SETUP.first + 150;
    replay.rewind();
    let sought = replay.seek(tick).unwrap();
    assert_eq!(
        (sought.keyframe, sought.executed),
        (Some(SETUP.first + 99), 51)
    );
}

/// A crash leaves a file that ends anywhere: what is there, is there.
#[test]
fn a_file_cut_at_any_byte_is_a_prefix() {
    for close in [true, false] {
        let (frames, digests, file) = recorded(close);
        let mut most = 0;
        for length in 0..file.len() {
            match agrees(&file[..length], &frames, &digests) {
                Ok(ticks) => {
                    assert!(ticks >= most, "more bytes, fewer ticks at {length}");
                    most = ticks;
                    let ending = open(&file[..length]).unwrap().ending();
                    assert!(
                        matches!(ending, Ending::Cut { at } if at <= length as u64),
                        "{ending:?}"
                    );
                }
                Err(ReplayFileError::NoReplay) => assert_eq!(most, 0),
                Err(error) => panic!("cut at {length}: {error}"),
            }
        }
        // What follows the last frame are digests and the like.
        assert_eq!(most, TICKS);
    }
}

/// Also where the index is used, which is then not believed.
#[test]
fn a_flipped_bit_is_an_error_or_a_shorter_prefix() {
    let (mut errors, mut shorter, mut whole) = (0, 0, 0);
    for close in [true, false] {
        let (frames, digests, file) = recorded(close);
        let mut bad = file.clone();
        for at in 0..file.len() {
            let bit = 1 << (at % 8);
            bad[at] ^= bit;
            match agrees(&bad, &frames, &digests) {
                Ok(TICKS) => whole += 1,
                Ok(_) => shorter += 1,
                Err(ReplayFileError::Io(error)) => panic!("at {at}: {error}"),
                Err(_) => errors += 1,
            }
            bad[at] ^= bit;
        }
    }
    // Whole is what is left without its index, or without a signature at its end.
    assert!(
        errors > 100 && shorter > 100 && whole < 3000,
        "{errors} {shorter} {whole}"
    );
}

/// The same file with `bytes` in its index, `place` bytes into the content, and the check that fits to them.
fn with_index(file: &[u8], place: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    let trailer = file.len() - 16;
    let at: [u8; 8] = file[trailer..trailer + 8].try_into().unwrap();
    let header = usize::try_from(u64::from_le_bytes(at)).unwrap();
    let content = header + 13;
    file[content + place..][..bytes.len()].copy_from_slice(bytes);
    let checked = [&at, &file[header..header + 5], &file[content..trailer]].concat();
    file[header + 5..content].copy_from_slice(&SnapshotHash::of(&checked).0[..8]);
    file
}

/// Places, ticks and counts near the largest number: none is added to, and the file is read without the index.
#[test]
fn an_index_of_the_largest_numbers_is_refused() {
    let (frames, digests, file) = recorded(true);
    let trailer = file.len() - 16;
    let index = u64::from_le_bytes(file[trailer..trailer + 8].try_into().unwrap());
    let content = trailer - usize::try_from(index).unwrap() - 13;
    // Kind, place, first tick, count, hash.
    let entry = 1 + 8 + 8 + 4 + 32;
    assert_eq!((content % entry, content / entry > 10), (0, true));
    assert_eq!(with_index(&file, 0, &[1]), file, "the check is made right");
    let refused = |bad: &[u8], case: &str| {
        let ending = open(bad).unwrap().ending();
        assert!(matches!(ending, Ending::Cut { .. }), "{case}: {ending:?}");
        let ticks = agrees(bad, &frames, &digests);
        assert_eq!(ticks.unwrap(), TICKS, "{case}");
    };
    for less in [0, 1, 8, 12, 13, 14, 100] {
        let large = (u64::MAX - less).to_le_bytes();
        for nth in 0..content / entry {
            let case = format!("entry {nth}, {less} less");
            refused(&with_index(&file, nth * entry + 1, &large), &case);
            // Nothing is asked for by the ticks of the head.
            if nth > 0 {
                refused(&with_index(&file, nth * entry + 9, &large), &case);
                refused(&with_index(&file, nth * entry + 17, &large[4..]), &case);
            }
        }
        let mut bad = file.clone();
        bad[trailer..trailer + 8].copy_from_slice(&large);
        refused(&bad, "the place of the index");
    }
}

/// A relay that was started again with the same setup hosts another session, and its clients are there again.
#[test]
fn a_recorder_tells_another_session_from_its_own() {
    let genesis = ReplayWriter::new(&head()).genesis();
    let log = |ticks, other: bool| {
        let mut log = Log::new(genesis, SETUP.first);
        for at in 0..ticks {
            let mut frame = frame(at, log.head());
            frame.inputs[0] ^= u8::from(other && at == 3);
            log.append(&frame);
        }
        log
    };
    let mut recorder = Recorder::new(&head(), INTERVAL);
    let mut follow = |log: &Log| {
        let digest = |_| Some(Digest(1));
        let followed = recorder.follow(log, log.next(), digest, None, |_| None);
        let writer = recorder.writer();
        writer.flush();
        (followed, writer.next(), writer.pending().len())
    };
    let tick = SETUP.first + 90;
    let (followed, next, bytes) = follow(&log(90, false));
    assert_eq!((followed, next), (Ok(()), tick));
    for ticks in [90, 91, 250] {
        let error = Err(OtherSession { tick });
        assert_eq!(follow(&log(ticks, true)), (error, tick, bytes), "{ticks}");
    }
    let mut away = Log::new(genesis, SETUP.first + 1000);
    away.append(&SealedFrame {
        tick: away.next(),
        ..frame(0, genesis)
    });
    assert_eq!(follow(&away), (Err(OtherSession { tick }), tick, bytes));
    // Heard again from the beginning, be it whose it may.
    for other in [false, true] {
        assert_eq!(follow(&log(89, other)), (Ok(()), tick, bytes));
    }
    assert_eq!(follow(&log(120, false)).1, SETUP.first + 120);
}

#[test]
fn what_is_no_replay_of_here_is_refused_by_name() {
    let (_, _, file) = recorded(true);
    let mut other = file.clone();
    other[8] += 1;
    let format = REPLAY_FORMAT + 1;
    assert!(matches!(open(&other), Err(ReplayFileError::OtherFormat(found)) if found == format));
    assert!(matches!(
        open(b"what is this? nothing"),
        Err(ReplayFileError::NoReplay)
    ));
    assert!(matches!(open(&[]), Err(ReplayFileError::NoReplay)));
}

#[test]
#[should_panic(expected = "in order")]
fn a_gap_is_not_written() {
    let mut writer = ReplayWriter::new(&head());
    let head = writer.head();
    writer.frame(&frame(1, head));
}

#[cfg(feature = "sign")]
#[test]
fn a_signature_is_of_its_frames_and_key() {
    use phalanx_netcode::replay::SigningKey;
    let key = SigningKey::from_seed(&[3; 32]).unwrap();
    let (genesis, head) = (FrameHash([1; 32]), FrameHash([2; 32]));
    let good = key.sign(genesis, Tick(9), head);
    assert!(good.verify(genesis));
    assert_eq!(good.key, key.public());
    assert!(!good.verify(head), "another session");
    assert!(
        !Signature {
            tick: Tick(8),
            ..good
        }
        .verify(genesis)
    );
    assert!(
        !Signature {
            head: genesis,
            ..good
        }
        .verify(genesis)
    );
    let other = SigningKey::from_seed(&[4; 32]).unwrap().public();
    assert!(!Signature { key: other, ..good }.verify(genesis));
    assert!(SigningKey::generate().unwrap().public() != SigningKey::generate().unwrap().public());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Hostile bytes behind a head, and anywhere.
    #[test]
    fn no_bytes_panic(mut bytes: Vec<u8>, at in 0_usize..400, length in 0_usize..400) {
        let _ = open(&bytes);
        let (_, _, mut file) = recorded(true);
        let at = at.min(file.len());
        let end = (at + length).min(file.len());
        file.splice(at..end, bytes.drain(..));
        if let Ok(mut reader) = open(&file) {
            let mut frame = SealedFrame::empty(reader.genesis());
            for tick in SETUP.first.until(reader.next().min(SETUP.first + TICKS)) {
                let _ = reader.read(tick, &mut frame);
                let _ = (reader.digest(tick), reader.keyframe(tick).is_ok(), reader.signature(tick).is_ok());
            }
        }
    }

    /// Any frames at all.
    #[test]
    fn any_log_comes_back(draws in prop::collection::vec((any::<[u8; 2]>(), 0_u8..6, 0_u8..3), 1..200)) {
        let mut writer = ReplayWriter::new(&head());
        let mut frames = Vec::new();
        for (at, (inputs, rare, late)) in (0_u64..).zip(draws) {
            let mut frame = frame(at, writer.head());
            frame.inputs = inputs.to_vec();
            frame.provenance[1] = [Provenance::Real, Provenance::Repeated, Provenance::Neutral][usize::from(late)];
            frame.epoch = u32::from(rare == 5);
            if rare == 1 {
                frame.entries.push(Entry::End);
            }
            if rare == 2 {
                let bytes = inputs.to_vec();
                let (slot, sequence, stamped) = (Slot(1), 1 << 40, frame.tick);
                frame.commands.push(SealedCommand { slot, sequence, stamped, bytes });
            }
            writer.frame(&frame);
            frames.push(frame);
        }
        writer.close();
        let mut reader = open(writer.pending()).unwrap();
        let mut read = SealedFrame::empty(reader.genesis());
        for frame in &frames {
            prop_assert!(reader.read(frame.tick, &mut read).unwrap());
            prop_assert_eq!(&read, frame);
        }
        prop_assert_eq!(reader.hash(writer.next().saturating_sub(1)).unwrap(), Some(writer.head()));
    }
}
