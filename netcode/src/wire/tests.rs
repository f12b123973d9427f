//! The format as a whole: golden bytes of every message, and round trips of the large ones.

use expect_test::{Expect, expect};
use phalanx_engine::{
    Decoder, Digest, Encoder, Entry, FrameHash, GameIdentity, Provenance, Repeat, SealedCommand,
    SealedFrame, Setup, Slot, SnapshotHash, Speed, Tick, TickRate,
};
use proptest::prelude::*;
use serde::Serialize;

use super::*;
use crate::config::{CommandBudget, LatePolicy, SessionRules};
use crate::limits::FRAME_BYTES_MAX;
use crate::resume::ResumeKey;

fn golden(bytes: &[u8], expected: &Expect) {
    let hex: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    expected.assert_eq(&hex.join(" "));
}

fn control(message: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::new();
    encode_control(message, &mut out);
    out
}

#[test]
fn control_messages_of_clients_are_golden() {
    let game = GameIdentity {
        id: "duel".to_owned(),
        version: 3,
        schema: 0x0102_0304_0506_0708,
        commands: 0x0101_0101_0101_0101,
        content: [9; 32],
        input_bytes: 2,
        command_bytes: 150,
    };
    let hello = FromClient::Hello(Hello {
        protocol: 5,
        game,
        token: None,
        held: Some(Position {
            next: Tick(300),
            head: FrameHash([5; 32]),
        }),
        whole: true,
        snapshots: vec![SnapshotId {
            tick: Tick(599),
            hash: SnapshotHash([6; 32]),
        }],
    });
    golden(
        &control(&hello),
        &expect![
            "85 00 00 00 00 05 04 64 75 65 6c 03 88 8e 98 a8 c0 e0 80 81 01 81 82 84 88 90 a0 c0 80 01 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 02 96 01 00 01 ac 02 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 01 01 d7 04 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06"
        ],
    );
    golden(&control(&FromClient::Ready), &expect!["01 00 00 00 01"]);
    golden(
        &control(&FromClient::Stamping(Tick(300))),
        &expect!["03 00 00 00 02 ac 02"],
    );
    let short = [FromClient::Leave, FromClient::Pause, FromClient::Resume];
    golden(
        &short.map(|message| control(&message)).concat(),
        &expect!["01 00 00 00 03 01 00 00 00 05 01 00 00 00 06"],
    );
    let command = FromClient::Command(LargeCommand {
        sequence: 200,
        stamped: Tick(300),
        bytes: vec![7; 3],
    });
    let keyframe = FromClient::Keyframe {
        tick: Tick(599),
        hash: SnapshotHash([6; 32]),
        bytes: 300,
    };
    golden(
        &control(&keyframe),
        &expect![
            "25 00 00 00 07 d7 04 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 ac 02"
        ],
    );
    let (tick, left, piece) = (Tick(599), 300, vec![1, 2, 3]);
    golden(
        &control(&FromClient::Upload { tick, left, piece }),
        &expect!["09 00 00 00 08 d7 04 ac 02 03 01 02 03"],
    );
    golden(
        &control(&FromClient::Received(300)),
        &expect!["03 00 00 00 09 ac 02"],
    );
    golden(
        &control(&command),
        &expect!["09 00 00 00 04 c8 01 ac 02 03 07 07 07"],
    );
}

#[test]
fn control_messages_of_the_relay_are_golden() {
    let welcome = Welcome {
        slot: Slot(1),
        setup: Setup::new(300, 2, TickRate::hz(60)),
        rules: SessionRules {
            policy: LatePolicy::Wait { bound_ms: 200 },
            repeat: Repeat { ticks: 30 },
            forwarding: true,
            commands: CommandBudget {
                commands_per_s: 300,
                bytes_per_s: 1 << 16,
            },
            bot_after_ms: Some(300),
            pauses: 3,
            keyframe_ticks: 600,
            upload_bytes_per_s: 1 << 16,
        },
        epoch: 7,
        commands: CommandNumbers {
            small: 200,
            large: 2,
        },
        token: Some(ResumeKey([1; 32]).token(FrameHash([2; 32]), Slot(1), 1)),
        stamps: Tick(300),
        origin: Origin::Snapshot {
            hash: SnapshotHash([3; 32]),
            bytes: 300,
            head: FrameHash([4; 32]),
            base: Some(SnapshotHash([5; 32])),
        },
    };
    golden(
        &control(&FromRelay::Welcome(Box::new(welcome))),
        &expect![
            "a6 00 00 00 00 01 ac 02 02 3c 01 00 00 c8 01 1e 01 ac 02 80 80 04 01 ac 02 03 d8 04 80 80 04 07 01 06 4a 4f 7d 39 52 34 50 6a cc c7 7e 86 0f fe a9 41 19 b3 e2 9a 1d a3 37 63 38 89 24 d4 19 c2 e8 c8 01 02 ac 02 02 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 ac 02 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 04 01 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05 05"
        ],
    );
    let start = FromRelay::Start {
        at: Tick(300),
        deadline: 1 << 40,
        rate: TickRate::hz(60),
        change: Some((Tick(400), TickRate::hz(20))),
    };
    golden(
        &control(&start),
        &expect!["10 00 00 00 01 ac 02 80 80 80 80 80 20 3c 01 01 90 03 14 01"],
    );
    let frames = control(&FromRelay::Frames(vec![1, 2, 3]));
    golden(&frames, &expect!["05 00 00 00 02 03 01 02 03"]);
    golden(
        &control(&FromRelay::Desync(Tick(200))),
        &expect!["03 00 00 00 03 c8 01"],
    );
    golden(
        &control(&FromRelay::Wanted(Tick(200))),
        &expect!["03 00 00 00 04 c8 01"],
    );
    golden(
        &control(&FromRelay::Received(300)),
        &expect!["03 00 00 00 06 ac 02"],
    );
    golden(
        &control(&FromRelay::Chosen(Tick(200))),
        &expect!["03 00 00 00 07 c8 01"],
    );
    let piece = FromRelay::Snapshot(vec![1, 2, 3]);
    golden(&control(&piece), &expect!["05 00 00 00 05 03 01 02 03"]);
}

/// A tick that the reader knows.
const NEAR: Tick = Tick(125);

const SHAPE: FrameShape = FrameShape {
    slots: 2,
    input_bytes: 2,
};

fn arrivals(of: &[(u64, u64, i64)]) -> Arrivals {
    let mut arrivals = Arrivals::default();
    for (first, count, margin_us) in of {
        arrivals.push(Arrival {
            first: Tick(*first),
            count: *count,
            margin_us: *margin_us,
        });
    }
    arrivals
}

fn relay_header() -> RelayHeader {
    RelayHeader {
        inputs_next: Tick(130),
        commands: CommandNumbers {
            small: 3,
            large: 200,
        },
        votes_next: Tick(120),
        agreed_next: Tick(119),
        arrivals: arrivals(&[(125, 3, 3000), (129, 1, -250)]),
        path: Some(PathReport {
            received: 190,
            lost: 4,
            bursts: 3,
        }),
        epoch: 1,
        first: Tick(125),
        acked_baseline: true,
    }
}

fn datagram(write: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

#[test]
fn datagrams_of_inputs_are_golden() {
    let inputs = datagram(|out| {
        let header = InputHeader {
            number: 0x1234,
            frames_next: Tick(125),
            first: Tick(131),
            count: 2,
            acked_baseline: true,
            votes_first: Tick(120),
        };
        let votes = [Digest(0x1122_3344_5566_7788)].into_iter();
        let mut bits = Datagram::inputs(out, &header, votes);
        bits.put_delta(&[1, 2], &[1, 3]);
        bits.put_delta(&[1, 3], &[1, 3]);
        bits.put_bool(true);
        bits.put_count(5);
        bits.put_bool(true);
        bits.put_tick(Tick(133), Tick(125));
        put_command(&mut bits, &[0xcc, 0xdd]);
        bits.put_bool(false);
        bits.finish();
    });
    golden(
        &inputs,
        &expect!["01 34 12 fa 18 04 25 22 de 99 55 11 cd 88 44 e8 80 0a 41 04 98 bb 01"],
    );
}

#[test]
fn datagrams_of_frames_are_golden() {
    let frames = datagram(|out| {
        let mut frame = blank_frame(SHAPE, &[0, 0]);
        frame.tick = Tick(125);
        frame.entries = vec![Entry::Leave(Slot(1)), Entry::End];
        let command = |sequence, stamped, bytes| SealedCommand {
            slot: Slot(1),
            sequence,
            stamped: Tick(stamped),
            bytes,
        };
        frame.commands = vec![
            command(200, 122, vec![0xcc, 0xdd]),
            command(201, 125, vec![0xee]),
            command(7, 120, vec![0x55; 201]),
        ];
        frame.provenance = vec![Provenance::Real, Provenance::Neutral];
        frame.inputs = vec![1, 2, 0, 0];
        let mut scratch = Encoder::new();
        let mut bits = Datagram::frames(out, &relay_header());
        let mut frames = FramesWriter::new(&mut bits, SHAPE, &[1, 1, 9, 9], &mut scratch);
        assert!(frames.put(&frame, 1000));
        frames.finish();
        bits.put_bool(false);
        bits.finish();
    });
    golden(
        &frames,
        &expect![
            "02 fa 14 06 23 05 24 2c 3e 37 48 c0 20 9c cb 3e 01 04 03 81 0b 18 04 04 08 1c 10 10 29 60 40 80 b9 3b 80 00 77 01 0e 0a 93 41 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 55 15 54 c0 01 02 00"
        ],
    );
}

#[test]
fn other_datagrams_are_golden() {
    let fragment = FragmentHeader {
        tick: Tick(300),
        index: 1,
        count: 3,
    };
    let fragment = datagram(|out| Datagram::fragment(out, fragment, &[0xaa, 0xbb]));
    golden(&fragment, &expect!["03 59 04 01 03 aa bb"]);
    golden(
        &datagram(|out| Datagram::probe(out, 258)),
        &expect!["04 02 01 00 00 00 00 00 00"],
    );
    golden(
        &datagram(|out| Datagram::echo(out, 258, 1)),
        &expect!["05 02 01 00 00 00 00 00 00 01 00 00 00 00 00 00 00"],
    );
}

#[test]
fn every_message_is_read_back() {
    let mut reader = ControlReader::default();
    reader.push(&control(&FromRelay::Desync(Tick(200))));
    assert_eq!(reader.next(), Ok(Some(FromRelay::Desync(Tick(200)))));
    assert_eq!(reader.next::<FromRelay>(), Ok(None));

    let mut out = Vec::new();
    Datagram::frames(&mut out, &relay_header()).finish();
    match ToClient::decode(&out).unwrap() {
        ToClient::Frames(header, _) => assert_eq!(header, relay_header()),
        _ => panic!("frames are frames"),
    }
    let header = FragmentHeader {
        tick: Tick(u64::MAX),
        index: 15,
        count: 16,
    };
    out.clear();
    Datagram::fragment(&mut out, header, &[1, 2]);
    match ToClient::decode(&out).unwrap() {
        ToClient::Fragment(read, piece) => assert_eq!((read, piece), (header, &[1, 2][..])),
        _ => panic!("a fragment is a fragment"),
    }
}

/// Everything at once: all slots leave, join and end, every input changed, and as many commands as there
/// are room, short or long ones.
#[test]
fn the_longest_frame_has_its_limits() {
    let shape = FrameShape {
        slots: 64,
        input_bytes: 64,
    };
    for (count, length) in [(128_u64, 43), (37, 200), (2, 4075)] {
        let command = |sequence| SealedCommand {
            slot: Slot(63),
            // None follows upon another.
            sequence: u64::MAX - 2 * (count - sequence),
            stamped: Tick(0),
            bytes: vec![7; length],
        };
        let mut frame = blank_frame(shape, &[0; 64]);
        frame.tick = Tick(u64::MAX - 1);
        frame.commands = (0..count).map(command).collect();
        frame.entries = Slot::all(64).map(Entry::Leave).collect();
        frame.entries.extend(Slot::all(64).map(Entry::Join));
        frame.entries.push(Entry::End);
        let (at, rate) = (Tick(u64::MAX), TickRate::hz(1000));
        frame.entries.push(Entry::Rate { at, rate });
        frame.inputs.fill(1);
        frame.provenance = vec![Provenance::Neutral; 64];

        let mut canonical = Encoder::new();
        frame.encode(&mut canonical);
        let most = phalanx_engine::limits::SEALED_FRAME_BYTES_MAX as usize;
        assert!(canonical.bytes().len() <= most);
        let mut from = Decoder::new(canonical.bytes());
        assert_eq!(frame.clone().decode(&mut from), Ok(()));

        let (mut out, mut scratch) = (Vec::new(), Encoder::new());
        let header = RelayHeader {
            inputs_next: Tick(u64::MAX),
            commands: CommandNumbers {
                small: u64::MAX,
                large: u64::MAX,
            },
            votes_next: Tick(u64::MAX),
            agreed_next: Tick(u64::MAX),
            // What is sent in pieces or by the stream tells of none.
            arrivals: Arrivals::default(),
            path: None,
            epoch: u32::MAX,
            first: frame.tick,
            acked_baseline: false,
        };
        let mut bits = Datagram::frames_body(&mut out, &header);
        let mut frames = FramesWriter::new(&mut bits, shape, &[0; 64 * 64], &mut scratch);
        assert!(frames.put(&frame, usize::MAX));
        frames.finish();
        bits.put_bool(false);
        bits.finish();
        assert!(out.len() <= FRAME_BYTES_MAX, "{} bytes", out.len());
        assert!(out.len() > FRAME_BYTES_MAX * 4 / 5, "{} bytes", out.len());

        let Ok(ToClient::Frames(_, mut bits)) = ToClient::decode_frames(&out) else {
            panic!("frames are frames")
        };
        let mut read = blank_frame(shape, &[0; 64]);
        let mut bytes = Vec::new();
        let mut frames = FramesReader::new(shape, frame.tick, &mut bytes);
        assert_eq!(frames.next(&mut bits, &mut read), Ok(true));
        (read.epoch, read.previous) = (frame.epoch, frame.previous);
        assert_eq!(read, frame);
    }
}

fn provenance() -> impl Strategy<Value = Provenance> {
    prop::sample::select(&[Provenance::Real, Provenance::Repeated, Provenance::Neutral])
}

fn entry() -> impl Strategy<Value = Entry> {
    prop_oneof![
        any::<u8>().prop_map(|slot| Entry::Join(Slot(slot))),
        any::<u8>().prop_map(|slot| Entry::Leave(Slot(slot))),
        Just(Entry::End),
        (any::<u64>(), 1_u32..=1000, 1_u32..1000).prop_map(|(at, hz, parts)| {
            let rate = TickRate::new(hz * parts, parts).unwrap();
            Entry::Rate { at: Tick(at), rate }
        }),
        any::<u8>().prop_map(|slot| Entry::Bot(Slot(slot))),
        (any::<u64>(), any::<u16>(), any::<u16>()).prop_map(|(at, numerator, denominator)| {
            let (at, speed) = (
                Tick(at),
                Speed {
                    numerator,
                    denominator,
                },
            );
            Entry::Speed { at, speed }
        }),
        any::<u64>().prop_map(|at| Entry::Pause { at: Tick(at) }),
        any::<u64>().prop_map(|at| Entry::Resume { at: Tick(at) }),
        (any::<u32>(), any::<u64>()).prop_map(|(kind, value)| Entry::Game { kind, value }),
    ]
}

fn command(slots: u8) -> impl Strategy<Value = SealedCommand> {
    let length = prop_oneof![8 => 0_usize..=200, 1 => 201_usize..=1000];
    let bytes = length.prop_flat_map(|length| prop::collection::vec(any::<u8>(), length));
    // Often one follows upon the other. The frame of the stamp, or a later one, holds it.
    let sequence = prop_oneof![any::<u64>(), 0_u64..9];
    let stamped = prop_oneof![Just(u64::MAX), any::<u64>(), 0_u64..9];
    (0..slots, sequence, stamped, bytes).prop_map(|(slot, sequence, stamped, bytes)| {
        SealedCommand {
            slot: Slot(slot),
            sequence,
            stamped: Tick(stamped),
            bytes,
        }
    })
}

/// A shape, the inputs before, and frames of that shape; inputs mostly stay the same.
fn frames() -> impl Strategy<Value = (FrameShape, Vec<u8>, Vec<SealedFrame>)> {
    (1_u8..=8, 1_u32..=9).prop_flat_map(|(slots, input_bytes)| {
        let shape = FrameShape { slots, input_bytes };
        let inputs = prop::collection::vec(
            prop::sample::select(vec![0, 0, 0, 7, 255]),
            shape.inputs_len(),
        );
        let entries =
            prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(entry(), 1..40)];
        let provenances = prop_oneof![
            Just(vec![Provenance::Real; slots.into()]),
            prop::collection::vec(provenance(), usize::from(slots)),
        ];
        let commands =
            prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(command(slots), 1..40)];
        let frame = (inputs.clone(), entries, commands, provenances).prop_map(
            |(inputs, entries, mut commands, provenance)| {
                commands.sort_by_key(SealedCommand::place);
                commands.dedup_by_key(|command| command.place());
                while !SealedCommand::fit(Tick(u64::MAX), &commands) {
                    commands.pop();
                }
                let mut frame = SealedFrame::empty(FrameHash([0; 32]));
                (frame.inputs, frame.entries, frame.provenance) = (inputs, entries, provenance);
                frame.commands = commands;
                frame
            },
        );
        (Just(shape), inputs, prop::collection::vec(frame, 0..20))
    })
}

proptest! {
    /// What the writer takes the reader returns; what it refuses leaves no trace.
    #[test]
    fn frames_come_back((shape, before, mut sealed) in frames(), first in 0..u64::MAX / 2, limit in 1_usize..400) {
        for (tick, frame) in (first..).zip(&mut sealed) {
            frame.tick = Tick(tick);
            for command in &mut frame.commands {
                command.stamped = command.stamped.min(frame.tick);
            }
        }
        let (mut out, mut scratch) = (Vec::new(), Encoder::new());
        let mut bits = BitWriter::new(&mut out);
        let mut writer = FramesWriter::new(&mut bits, shape, &before, &mut scratch);
        let taken = sealed.iter().take_while(|frame| writer.put(frame, limit)).count();
        writer.finish();
        bits.finish();
        prop_assert!(out.len() <= limit);

        let mut frame = blank_frame(shape, &vec![0; shape.input_len()]);
        frame.inputs.copy_from_slice(&before);
        let (mut reader, mut bytes) = (BitReader::new(&out), Vec::new());
        let mut frames = FramesReader::new(shape, Tick(first), &mut bytes);
        for expected in &sealed[..taken] {
            prop_assert_eq!(frames.next(&mut reader, &mut frame), Ok(true));
            prop_assert_eq!(&frame, expected);
        }
        prop_assert_eq!(frames.next(&mut reader, &mut frame), Ok(false));
        prop_assert_eq!(reader.finish(), Ok(()));

        // Cut anywhere it is refused, and never read as something longer.
        for cut in 0..out.len() {
            let mut reader = BitReader::new(&out[..cut]);
            let mut frames = FramesReader::new(shape, Tick(first), &mut bytes);
            frame.inputs.copy_from_slice(&before);
            let read = (0..=taken).find(|_| frames.next(&mut reader, &mut frame) != Ok(true));
            prop_assert!(read.is_some());
        }
    }

    /// Commands come back with their numbers and ticks; too many or too long ones do not.
    #[test]
    fn commands_come_back(first in 0..u64::MAX / 2, commands in prop::collection::vec((any::<u64>(), prop::collection::vec(any::<u8>(), 0..210)), 1..20)) {
        let mut out = Vec::new();
        let mut bits = BitWriter::new(&mut out);
        bits.put_bool(true);
        bits.put_count(first);
        for (tick, bytes) in &commands {
            bits.put_bool(true);
            bits.put_tick(Tick(*tick), NEAR);
            put_command(&mut bits, bytes);
        }
        bits.put_bool(false);
        bits.finish();
        let mut read = Vec::new();
        let result = ToRelay::commands(NEAR, &mut BitReader::new(&out), |sequence, tick, bytes| {
            assert_eq!(sequence, first + read.len() as u64);
            read.push((tick.0, bytes));
            Ok(())
        });
        let right = commands.len() <= 16 && commands.iter().all(|(_, bytes)| bytes.len() <= 200);
        prop_assert_eq!(result.is_ok(), right);
        prop_assert!(!right || read == commands);
    }

    /// A run of inputs, each a difference, is what one byte after the other says.
    #[test]
    fn input_runs_come_back(baseline: [u8; 3], run: Vec<[u8; 3]>) {
        let mut out = Vec::new();
        let mut bits = BitWriter::new(&mut out);
        let mut before = baseline;
        let mut model = Vec::new();
        for value in &run {
            bits.put_delta(&before, value);
            model.push(before != *value);
            if before != *value {
                for (before, value) in before.iter().zip(value) {
                    model.push(before != value);
                    if before != value {
                        model.extend((0..8).map(|bit| value >> bit & 1 == 1));
                    }
                }
            }
            before = *value;
        }
        bits.finish();
        let slow: Vec<u8> = model
            .chunks(8)
            .map(|byte| (0..).zip(byte).fold(0, |sum, (bit, set)| sum | u8::from(*set) << bit))
            .collect();
        prop_assert_eq!(&out, &slow);
        let mut reader = BitReader::new(&out);
        let mut value = baseline;
        for expected in run {
            reader.take_delta(&mut value).unwrap();
            prop_assert_eq!(value, expected);
        }
    }

    /// Bytes of a stranger are read or refused; nothing else happens.
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, kind in 0_u8..7) {
        let bytes = [&[kind][..], &bytes].concat();
        if let Ok(ToRelay::Inputs(_, mut bits)) = ToRelay::decode(&bytes) {
            let mut votes = 0;
            let _ = ToRelay::votes(&mut bits, |_| votes += 1);
            prop_assert!(votes <= 64);
            let mut commands = 0;
            let _ = ToRelay::commands(NEAR, &mut bits, |_, _, bytes| {
                commands += 1;
                assert!(bytes.len() <= 200);
                Ok(())
            });
            prop_assert!(commands <= 16);
        }
        if let Ok(ToClient::Frames(header, mut bits)) = ToClient::decode(&bytes) {
            let (mut frame, mut bytes) = (blank_frame(SHAPE, &[0, 0]), Vec::new());
            let mut frames = FramesReader::new(SHAPE, header.first, &mut bytes);
            let read = (0..100).find(|_| frames.next(&mut bits, &mut frame) != Ok(true));
            prop_assert!(read.is_some(), "frames end");
        }
        let mut reader = ControlReader::default();
        reader.push(&bytes);
        let _ = reader.next::<FromRelay>();
    }
}
