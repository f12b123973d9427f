//! A game with a table, its snapshots, and what the fuzz target `snapshot_bytes` calls.

// Every test and every fuzz target uses its own part of this module.
#![allow(dead_code, unreachable_pub, reason = "shared by several crates")]
#![allow(clippy::unwrap_used, reason = "test code")]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use phalanx_engine::{
    Effects, Encoder, Fix, FrameHash, InputFrame, NoEffect, Provenance, Repeat, Rng, Row,
    SealedFrame, Setup, Simulation, Snapshot, State, Table, Tick, TickRate, Timeline, Vec2, Window,
    mix,
};
use phalanx_netcode::limits::SNAPSHOT_BYTES_MAX;
use phalanx_netcode::snapshot::{base_of, pack, unpack};

#[derive(Row, Clone, Debug)]
pub struct Beast {
    pub position: Vec2,
    pub speed: Vec2,
    pub health: u16,
    pub kind: u8,
    pub seen: Option<Tick>,
    pub path: Vec<u8>,
}

#[derive(State, Debug)]
pub struct Herd {
    pub rng: Rng,
    pub beasts: Table<Beast>,
    pub scores: BTreeMap<u8, i32>,
}

/// Beasts that come, move and go.
pub struct Herding;

impl Simulation for Herding {
    const ID: &'static str = "herding";
    const VERSION: u32 = 3;
    type State = Herd;
    type Input = u8;
    type Command = phalanx_engine::NoCommand;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Herd {
        let mut herd = Herd {
            rng: Rng::new(setup.seed),
            beasts: Table::new(),
            scores: BTreeMap::new(),
        };
        for _ in 0..setup.seed % 100 {
            herd.come();
        }
        herd
    }

    fn step(&self, herd: &mut Herd, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        let tick = frame.tick();
        for (slot, _, input) in frame.slots() {
            *herd.scores.entry(slot.0 / 2).or_default() += i32::from(input);
        }
        match herd.rng.below(6) {
            0 => herd.come(),
            1 => herd.go(),
            _ => {}
        }
        let places = herd.beasts.places();
        for _ in 0..places.div_ceil(20) {
            let row = herd.rng.below(places);
            if herd.beasts.id(row).is_some() {
                let speed = herd.beasts.speed[row];
                herd.beasts.position.update(row, |place| *place += speed);
                herd.beasts.seen.set(row, Some(tick));
            }
        }
    }
}

impl Herd {
    fn come(&mut self) {
        let rng = &mut self.rng;
        let position = Vec2::new(rng.range(Fix::ZERO..Fix::int(500)), Fix::int(7));
        let path = (0..rng.below(4)).map(|step| u8::try_from(step * 3).unwrap());
        let beast = Beast {
            position,
            speed: Vec2::new(rng.range(-Fix::ONE..Fix::ONE), Fix::ONE / 3),
            health: 100,
            kind: u8::try_from(rng.below(7)).unwrap(),
            seen: None,
            path: path.collect(),
        };
        self.beasts.insert(beast);
    }

    fn go(&mut self) {
        let row = self.rng.below(self.beasts.places().max(1));
        if let Some(id) = self.beasts.id(row) {
            self.beasts.remove(id);
        }
    }
}

/// A match of so many sealed ticks.
pub fn played(seed: u64, ticks: u64) -> Timeline<Herding> {
    let setup = Setup::new(seed, 3, TickRate::hz(20));
    let repeat = Repeat { ticks: 30 };
    let mut timeline = Timeline::new(Herding, &setup, Window { ticks: 8, repeat }).unwrap();
    for tick in Tick::ZERO.until(Tick(ticks)) {
        let mut frame = SealedFrame::empty(FrameHash([0; 32]));
        frame.tick = tick;
        frame.inputs = mix(tick.0 ^ seed).to_le_bytes()[..3].to_vec();
        frame.provenance = vec![Provenance::Real; 3];
        timeline.seal(&frame).unwrap();
        timeline.advance().unwrap();
    }
    timeline
}

/// Two snapshots of one match.
pub fn two(seed: u64) -> (Snapshot, Snapshot) {
    let mut timeline = played(seed, 60);
    let older = timeline.snapshot(Tick(40)).unwrap();
    (older, timeline.snapshot(Tick(59)).unwrap())
}

/// The canonical bytes.
pub fn canonical(snapshot: &Snapshot) -> Vec<u8> {
    let mut out = Encoder::new();
    snapshot.encode(&mut out);
    out.into_bytes()
}

/// A zstd frame that holds `content` as it is (RFC 8878): one segment, blocks of up to 128 KiB.
pub fn frame(content: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0];
    frame.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
    let mut blocks: Vec<_> = content.chunks(128 * 1024).collect();
    if blocks.is_empty() {
        blocks.push(&[]);
    }
    let count = blocks.len();
    for (number, block) in blocks.into_iter().enumerate() {
        let last = u32::from(number + 1 == count);
        let header = u32::try_from(block.len()).unwrap() << 3 | last;
        frame.extend(&header.to_le_bytes()[..3]);
        frame.extend(block);
    }
    frame
}

/// A packed snapshot as its page describes it: head, and a frame that holds `body`.
pub fn packed(hash: [u8; 32], base: Option<[u8; 32]>, length: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = b"phlxsnap".to_vec();
    bytes.extend(1_u16.to_le_bytes());
    bytes.push(base.is_some().into());
    bytes.extend(hash);
    bytes.extend(base.into_iter().flatten());
    bytes.extend(length.to_le_bytes());
    bytes.extend(frame(body));
    bytes
}

/// What holds of all bytes: they are refused, or a snapshot that comes back from its own packing.
fn check(bytes: &[u8], base: Option<&Snapshot>) {
    let Ok(snapshot) = unpack(bytes, base) else {
        return;
    };
    assert!(canonical(&snapshot).len() as u64 <= SNAPSHOT_BYTES_MAX);
    assert!(
        base_of(bytes)
            .unwrap()
            .is_none_or(|hash| Some(hash) == base.map(Snapshot::hash))
    );
    for base in [None, base] {
        let again = pack(&snapshot, base).unwrap();
        assert!(unpack(&again, base).as_ref() == Ok(&snapshot));
    }
    restore(&snapshot);
}

/// Whatever is restored has the checksum that was told.
fn restore(snapshot: &Snapshot) {
    if let Ok((_, herd)) = snapshot.restore(&Herding) {
        let state = phalanx_engine::to_bytes(&herd);
        assert!(snapshot.world.ends_with(&state));
    }
}

/// What differences are from.
static BASE: LazyLock<Snapshot> = LazyLock::new(|| two(5).0);

/// The fuzz target: the first byte says as what the others are read.
///
/// # Panics
/// If bytes that are read have another meaning once they are written again.
pub fn snapshot_bytes(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else {
        return;
    };
    match kind % 5 {
        0 => check(bytes, None),
        1 => check(bytes, Some(&BASE)),
        // Past the compression and without a hash, which no fuzzer finds.
        2 | 3 => {
            let Some((length, body)) = bytes.split_first_chunk() else {
                return;
            };
            let base = (kind % 5 == 3).then_some(&*BASE);
            let hash = base.map(|base| base.hash().0);
            let length = u16::from_le_bytes(*length);
            check(&packed([0; 32], hash, length.into(), body), base);
        }
        _ => {
            if let Ok(snapshot) = Snapshot::decode(bytes) {
                assert!(canonical(&snapshot) == bytes);
                check(&pack(&snapshot, None).unwrap(), None);
            }
        }
    }
}
