//! Snapshots: of every tick that is kept, enough to go on from, and only what they say.

#![expect(
    clippy::cast_possible_truncation,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

mod rows;

use phalanx_engine::limits::HISTORY_TICKS_MAX;
use phalanx_engine::{
    DecodeError, Digest, Effects, Encoder, FrameHash, GameIdentity, InputFrame, Node, Provenance,
    Repeat, RestoreError, Schema, SealedFrame, Session, Setup, Simulation, Snapshot, SnapshotHash,
    State, Tick, TickRate, Timeline, Window, from_bytes, mix, to_bytes,
};
use rows::{Kept, Rules};

type Game = Rules<true>;
const RULES: Game = Rules;

const SETUP: Setup = Setup::new(5, 3, TickRate::hz(20));

const REPEAT: Repeat = Repeat { ticks: 12 };

/// What the relay seals of a tick: one slot whose inputs come in time, one of whose runs of up to 20
/// ticks do not, and one who never sends any.
fn frame(before: Option<&SealedFrame>, tick: Tick) -> SealedFrame {
    let mut frame = SealedFrame::empty(FrameHash([0; 32]));
    frame.tick = tick;
    let draw = mix(tick.0 / 3) as u8 % 4;
    let gone = tick.0 % 50 >= 30;
    let since = (tick.0 % 50).saturating_sub(29) as u32;
    let last = before.map_or(0, |frame| frame.inputs[1]);
    let second = if gone {
        REPEAT.guess(last, since)
    } else {
        draw ^ 1
    };
    frame.inputs = vec![draw, second, 0];
    let filled = if since > REPEAT.ticks {
        Provenance::Neutral
    } else {
        Provenance::Repeated
    };
    let second = if gone { filled } else { Provenance::Real };
    frame.provenance = vec![Provenance::Real, second, Provenance::Neutral];
    frame
}

/// A match of 700 sealed ticks, and six predicted ones.
fn played() -> (Timeline<Game>, Vec<SealedFrame>) {
    let window = Window {
        ticks: 12,
        repeat: REPEAT,
    };
    let mut timeline = Timeline::new(RULES, &SETUP, window).unwrap();
    let mut frames = Vec::<SealedFrame>::new();
    for tick in Tick::ZERO.until(Tick(700)) {
        frames.push(frame(frames.last(), tick));
        while timeline.next() < tick + 6 && timeline.advance().is_ok() {}
        timeline.seal(&frames[tick.0 as usize]).unwrap();
    }
    while timeline.next() < Tick(706) && timeline.advance().is_ok() {}
    assert_eq!(timeline.confirmed(), Tick(700));
    assert!(timeline.stats().rollbacks > 50);
    (timeline, frames)
}

/// The digest of a world, from scratch.
fn digest((session, state): &(Session, Kept<true>)) -> Digest {
    let mut scratch = Encoder::new();
    let key = Schema::of::<Kept<true>>().fingerprint();
    let mut root = Node::root(key, &mut scratch);
    let session = session.digest(root.child(0));
    let state = state.digest(root.child(1));
    root.fold(&[session, state])
}

/// One that tells everything.
fn some() -> Snapshot {
    played().0.snapshot(Tick(640)).unwrap()
}

#[test]
fn every_kept_tick_has_its_snapshot_and_no_other() {
    let (mut timeline, _) = played();
    let live = to_bytes(timeline.state());
    let oldest = Tick(700 - u64::from(HISTORY_TICKS_MAX));
    assert_eq!(timeline.snapshot(oldest.saturating_sub(1)), None);
    assert_eq!(timeline.snapshot(Tick(706)), None);
    let mut chained = None;
    for tick in oldest.until(Tick(706)) {
        let snapshot = timeline.snapshot(tick).unwrap();
        assert_eq!(snapshot.game, GameIdentity::of(&RULES));
        assert_eq!((snapshot.setup, snapshot.tick), (SETUP, tick));
        assert_eq!(Some(snapshot.checksum), timeline.digest(tick));
        let chain = chained.map(|before: Digest| before.chain(snapshot.checksum));
        assert_eq!(
            snapshot.chained,
            chain.unwrap_or(snapshot.chained),
            "{tick}"
        );
        if tick < Tick(700) {
            assert_eq!(Some(snapshot.chained), timeline.chained(tick));
        }
        chained = Some(snapshot.chained);
        let world = snapshot.restore(&RULES).unwrap();
        assert_eq!(timeline.look(tick, to_bytes), Some(to_bytes(&world.1)));
    }
    assert_eq!(to_bytes(timeline.state()), live);
}

/// Who has nothing else plays on as everybody does, and guesses what everybody guesses.
#[test]
fn a_snapshot_is_all_that_it_takes_to_go_on() {
    let (mut timeline, frames) = played();
    for tick in [Tick(450), Tick(475), Tick(499), Tick(640)] {
        let snapshot = timeline.snapshot(tick).unwrap();
        let world = snapshot.restore(&RULES).unwrap();
        let (session, mut state) = world;
        for later in tick.next().until(Tick(700)) {
            let inputs = &frames[later.0 as usize].inputs;
            let mut undo = <Kept<true> as State>::Undo::default();
            state.open(&mut undo);
            RULES.step(
                &mut state,
                &InputFrame::new(later, &session, &[], &[], inputs),
                &mut Effects::new(),
            );
            let key = Schema::of::<Kept<true>>().fingerprint();
            let mut scratch = Encoder::new();
            state.close(&mut undo, Node::root(key, &mut scratch).child(1));
            let world = (session.clone(), state);
            assert_eq!(Some(digest(&world)), timeline.digest(later), "{later}");
            state = world.1;
        }
        let next = &frames[tick.next().0 as usize];
        for (slot, missing) in snapshot.missing.iter().enumerate() {
            if next.provenance[slot] != Provenance::Real {
                let guess = REPEAT.guess(snapshot.inputs[slot], missing + 1);
                assert_eq!(guess, next.inputs[slot], "slot {slot} after {tick}");
            }
        }
        let since = (tick.0 % 50).saturating_sub(29) as u32;
        assert_eq!(snapshot.missing, [0, since, tick.0 as u32 + 1]);
    }
}

#[test]
fn canonical_bytes_are_golden() {
    let snapshot = Snapshot {
        game: GameIdentity {
            id: "ab".into(),
            version: 3,
            schema: 0x0102_0304_0506_0708,
            commands: 0x0a0b_0c0d_0e0f_1011,
            content: [9; 32],
            input_bytes: 2,
            command_bytes: 150,
        },
        setup: Setup {
            first: Tick(3),
            ..Setup::new(4, 2, TickRate::new(30_000, 1001).unwrap())
        },
        tick: Tick(5),
        checksum: Digest(6),
        chained: Digest(7),
        inputs: vec![1, 2, 3, 4],
        missing: vec![0, 8],
        world: vec![0xaa, 0xbb],
        marks: Vec::new(),
    };
    let mut golden = vec![2, 0, 0, 0, b'a', b'b', 3, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1];
    golden.extend([0x11, 0x10, 0xf, 0xe, 0xd, 0xc, 0xb, 0xa]);
    golden.extend([9; 32]);
    golden.extend([2, 0, 0, 0, 150, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 2]);
    golden.extend([0x30, 0x75, 0, 0, 0xe9, 3, 0, 0]);
    for number in [3, 5, 6, 7_u64] {
        golden.extend(number.to_le_bytes());
    }
    golden.extend([1, 2, 3, 4, 0, 0, 0, 0, 8, 0, 0, 0, 0xaa, 0xbb]);
    let mut out = Encoder::new();
    snapshot.encode(&mut out);
    assert_eq!(out.bytes(), golden);
    assert_eq!(Snapshot::decode(&golden), Ok(snapshot));
}

#[test]
fn canonical_bytes_are_read_back_and_no_others() {
    let snapshot = some();
    assert!(snapshot.marks.len() > 5);
    let mut out = Encoder::new();
    snapshot.encode(&mut out);
    let bytes = out.into_bytes();
    assert!(bytes.ends_with(&snapshot.world));
    assert_eq!(SnapshotHash::of(&bytes), snapshot.hash());
    let marks = Vec::new();
    let plain = Snapshot { marks, ..snapshot };
    assert_eq!(Snapshot::decode(&bytes), Ok(plain.clone()));
    // The head is as long as it says; where the world ends only the game knows.
    for length in 0..bytes.len() - plain.world.len() {
        assert!(Snapshot::decode(&bytes[..length]).is_err(), "{length}");
    }
    for at in 0..bytes.len() - plain.world.len() {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        let other = Snapshot::decode(&bytes);
        assert_ne!(other, Ok(plain.clone()), "{at}");
    }
}

#[test]
fn a_head_holds_what_a_session_can_have() {
    let snapshot = some();
    let decode = |change: fn(&mut Snapshot)| {
        let mut snapshot = snapshot.clone();
        change(&mut snapshot);
        let mut out = Encoder::new();
        snapshot.encode(&mut out);
        Snapshot::decode(out.bytes()).map(drop)
    };
    assert_eq!(decode(|_| ()), Ok(()));
    let invalid = |what| Err(DecodeError::Invalid(what));
    let slots = invalid("a number of slots");
    assert_eq!(decode(|snapshot| snapshot.setup.slots = 0), slots);
    assert_eq!(decode(|snapshot| snapshot.setup.slots = 65), slots);
    let size = invalid("the size of an input");
    assert_eq!(decode(|snapshot| snapshot.game.input_bytes = 0), size);
    assert_eq!(decode(|snapshot| snapshot.game.input_bytes = 65), size);
}

#[test]
fn what_is_no_world_of_the_game_is_refused() {
    let snapshot = some();
    let restore = |change: fn(&mut Snapshot)| {
        let mut snapshot = snapshot.clone();
        change(&mut snapshot);
        snapshot.restore(&RULES).map(|world| digest(&world))
    };
    assert_eq!(restore(|_| ()), Ok(snapshot.checksum));
    type Change = fn(&mut Snapshot);
    let others: [Change; 5] = [
        |snapshot| snapshot.game.id.push('2'),
        |snapshot| snapshot.game.version += 1,
        |snapshot| snapshot.game.schema ^= 1,
        |snapshot| snapshot.game.content[0] ^= 1,
        |snapshot| snapshot.game.input_bytes += 1,
    ];
    for other in others {
        let refused = restore(other);
        assert!(matches!(refused, Err(RestoreError::OtherGame(_))));
    }
    let short = restore(|snapshot| snapshot.world.truncate(snapshot.world.len() - 1));
    assert_eq!(short, Err(DecodeError::UnexpectedEnd.into()));
    let long = restore(|snapshot| snapshot.world.push(0));
    assert_eq!(long, Err(DecodeError::TrailingBytes(1).into()));
    let other = restore(|snapshot| snapshot.checksum.0 ^= 1);
    assert!(matches!(other, Err(RestoreError::Checksum { .. })));
    let other = restore(|snapshot| snapshot.setup.seed ^= 1);
    assert_eq!(other, Err(RestoreError::Session));
    let other = restore(|snapshot| snapshot.setup.slots -= 1);
    assert_eq!(other, Err(RestoreError::Session));
}

/// A bit of the world is either no world of the game, or another one.
#[test]
fn every_bit_of_the_world_is_in_the_checksum() {
    let snapshot = some();
    for at in 0..snapshot.world.len() {
        let mut other = snapshot.clone();
        other.world[at] ^= 1 << (at % 8);
        assert!(other.restore(&RULES).is_err(), "{at}");
    }
    // Seed, roster, rate, speed, no change to come, not paused nor to be, not ended.
    let session = from_bytes::<Session>(&snapshot.world[..8 + 4 + 3 + 8 + 4 + 1 + 1 + 1 + 1]);
    assert_eq!(session.map(|session| session.slots()), Ok(3));
}
