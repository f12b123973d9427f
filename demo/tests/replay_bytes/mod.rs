//! Bytes of anybody read as a replay: what the fuzz target `replay_bytes` calls.

// The tests and the fuzz target use their own parts of this module.
#![allow(dead_code, unreachable_pub, reason = "shared by several crates")]
#![allow(clippy::unwrap_used, reason = "test code")]

use std::io::Cursor;

use phalanx::duel::Duel;
use phalanx::skirmish::Skirmish;
use phalanx_engine::{
    Decoder, Encoder, GameIdentity, Provenance, Record, Replay, SealedFrame, Setup, Simulation,
    SnapshotHash, Tick, TickRate, Verified,
};
use phalanx_netcode::replay::{Head, ReplayReader, ReplayWriter};

/// As what the bytes behind the first one are read.
pub const FILE: u8 = 0;
/// A file whose chunks have the right checks, which no fuzzer finds.
pub const CHUNKS: u8 = 1;
/// The [bodies](body) of frames of a duel, one after the other.
pub const DUEL: u8 = 2;
/// The same of a skirmish.
pub const SKIRMISH: u8 = 3;

/// The skirmish that is played.
pub const GAME: Skirmish = Skirmish { units: 8 };

type Reader = ReplayReader<Cursor<Vec<u8>>>;

/// The fuzz target: the first byte says as what the others are read.
///
/// # Panics
/// If what is read is no chain of frames, what is written is not what is read, or a replay that verifies is
/// not the same wherever it is sought from.
pub fn replay_bytes(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else {
        return;
    };
    match kind % 4 {
        FILE => check(bytes.to_vec()),
        CHUNKS => check(mended(bytes)),
        DUEL => check(written(&Duel, TickRate::hz(60), bytes)),
        _ => check(written(&GAME, TickRate::hz(20), bytes)),
    }
}

/// Bytes before the first chunk, before the content of each, and the kind of the last one.
const PREAMBLE: usize = 10;
const HEADER: usize = 13;
const INDEX: u8 = 6;

/// The same file with the check that every chunk should have.
pub fn mended(file: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    let mut at = PREAMBLE;
    while let Some(header) = file.get(at..at + HEADER) {
        let kind = header[0];
        let length = u32::from_le_bytes(header[1..5].try_into().unwrap());
        let content = at + HEADER..at + HEADER + usize::try_from(length).unwrap();
        let Some(content) = file.get(content) else {
            break;
        };
        let place = u64::try_from(at).unwrap().to_le_bytes();
        let check = SnapshotHash::of(&[&place, &header[..5], content].concat());
        let next = at + HEADER + content.len();
        file[at + 5..at + HEADER].copy_from_slice(&check.0[..8]);
        if kind == INDEX {
            break;
        }
        at = next;
    }
    file
}

/// Bytes of tick, epoch and hash at the front of a frame's canonical ones.
const PREFIX: usize = 8 + 4 + 32;

/// What else is in a frame, as canonical bytes.
pub fn body(frame: &SealedFrame) -> Vec<u8> {
    let mut out = Encoder::new();
    frame.encode(&mut out);
    out.into_bytes().split_off(PREFIX)
}

/// Most frames that are made of bytes: a few chunks.
const FRAMES_MAX: usize = 200;

/// The replay of the frames whose bodies these are; it reads as it was written.
fn written<S: Simulation>(game: &S, rate: TickRate, bodies: &[u8]) -> Vec<u8> {
    let game = GameIdentity::of(game);
    let input = usize::try_from(game.input_bytes).unwrap();
    let setup = Setup::new(1, 2, rate);
    let mut writer = ReplayWriter::new(&Head { game, setup });
    let mut frames = Vec::new();
    let mut rest = bodies.to_vec();
    while frames.len() < FRAMES_MAX && !rest.is_empty() {
        let mut head = SealedFrame::empty(writer.head());
        head.tick = writer.next();
        let mut bytes = Encoder::new();
        head.encode(&mut bytes);
        let bytes = [&bytes.bytes()[..PREFIX], &rest].concat();
        let (mut from, mut frame) = (Decoder::new(&bytes), head);
        if frame.decode(&mut from).is_err() {
            break;
        }
        rest = from.take_rest().to_vec();
        frame.provenance.resize(2, Provenance::Real);
        frame.inputs.resize(2 * input, 0);
        writer.frame(&frame);
        frames.push(frame);
    }
    writer.close();
    let file = writer.pending().to_vec();
    let mut reader = ReplayReader::open(Cursor::new(file.clone())).unwrap();
    let mut read = SealedFrame::empty(reader.genesis());
    for frame in &frames {
        assert!(reader.read(frame.tick, &mut read).unwrap());
        assert_eq!(read, *frame);
    }
    assert_eq!(reader.next(), writer.next());
    file
}

/// Whatever can be done with a file.
fn check(file: Vec<u8>) {
    let length = u64::try_from(file.len()).unwrap();
    let Ok(mut reader) = ReplayReader::open(Cursor::new(file)) else {
        return;
    };
    assert!(reader.sizes().total() <= length);
    read(&mut reader);
    let game = reader.head().game.clone();
    if game == GameIdentity::of(&Duel) {
        execute(Duel, reader);
    } else if game == GameIdentity::of(&GAME) {
        execute(GAME, reader);
    }
}

/// All that is in it: the frames up to one that cannot be read are a chain.
fn read(reader: &mut Reader) {
    let (first, mut previous) = (reader.head().setup.first, reader.genesis());
    let (mut frame, mut scratch) = (SealedFrame::empty(previous), Encoder::new());
    for tick in first.until(reader.next()) {
        let Ok(there) = reader.read(tick, &mut frame) else {
            break;
        };
        assert!(there && frame.tick == tick && frame.previous == previous);
        previous = frame.hash(&mut scratch);
        let _ = reader.digest(tick);
    }
    let ticks: Vec<Tick> = reader.keyframes().collect();
    for tick in ticks {
        let _ = reader.keyframe(tick);
    }
    let ticks: Vec<Tick> = reader.signed().collect();
    for tick in ticks {
        let _ = reader.signature(tick);
    }
}

/// Executes it, and seeks in it: what verifies is the same from any keyframe.
fn execute<S: Simulation>(game: S, reader: Reader) {
    let (first, next) = (reader.head().setup.first, reader.next());
    let mut replay = Replay::new(game, reader);
    let mut verified = Verified::default();
    let whole = loop {
        match replay.verify(100, &mut verified) {
            Ok(true) => {}
            Ok(false) => break verified.first_bad.is_none(),
            Err(_) => break false,
        }
    };
    assert!(verified.ticks <= next.0 - first.0);
    let checksum = replay.checksum();
    let Some(last) = next.previous_since(first) else {
        return;
    };
    for tick in [first, Tick(first.0.midpoint(last.0)), first, last] {
        let sought = replay.seek(tick);
        assert!(sought.is_ok() || !whole);
    }
    assert!(replay.checksum() == checksum || !whole);
}
