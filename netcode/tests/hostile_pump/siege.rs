//! Sessions under attack: one honest player, and one in whose name bytes are sent. Also what the
//! fuzz targets call.

use core::time::Duration;
use std::collections::BTreeSet;

use phalanx_engine::Tick;
use phalanx_engine::limits::FIRST_TICK_MAX;
use phalanx_netcode::testing::Mixer;
use phalanx_netcode::{CloseReason, Event, PeerId};

use super::{Packet, Pump, Wide, config, wide_config};

pub const SECOND: Duration = Duration::from_secs(1);

/// The kind of a datagram with a part of a frame.
pub const FRAGMENT: u8 = 3;

/// Ticks of a short match.
pub const LENGTH: u64 = 30;

/// Where a session stands when the bytes come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Connected, nothing sent.
    Greeting,
    /// Taken in, not ready.
    Lobby,
    /// The match runs.
    Running,
    /// The last tick is sealed.
    Ended,
}

pub const STAGES: [Stage; 4] = [Stage::Greeting, Stage::Lobby, Stage::Running, Stage::Ended];

/// The honest player's position, and that of the one in whose name bytes are sent.
pub const HONEST: usize = 0;
pub const MALLORY: usize = 1;

/// A session of two at `stage`; from here on only the test speaks for the second.
pub fn session_at(stage: Stage) -> Pump<Mixer> {
    session_from(Tick::ZERO, stage)
}

/// The same of a session that begins at `first`.
pub fn session_from(first: Tick, stage: Stage) -> Pump<Mixer> {
    let mut config = config(2, LENGTH);
    config.setup.first = first;
    let mut pump = Pump::mixers(config);
    match stage {
        Stage::Greeting => {}
        Stage::Lobby => pump.run(SECOND / 10),
        Stage::Running => pump.start(),
        Stage::Ended => {
            pump.start();
            while pump.relay.log().next() < first + LENGTH {
                pump.step();
            }
        }
    }
    pump
}

/// Packets of a real match, `count` of each kind and direction, spread over it. The kind is the
/// first byte of a datagram, and the message of control bytes.
pub fn golden(count: usize) -> Vec<Packet> {
    let mut pump = Pump::new(wide_config(16, LENGTH), || Wide);
    pump.record = Some(Vec::new());
    pump.run(20 * SECOND);
    let mut record = pump.record.take().unwrap();
    record.retain(|(_, packet)| packet.datagram && packet.bytes[0] == FRAGMENT);
    // A small game, with a hole that the stream fills, and one who leaves.
    let mut pump = Pump::mixers(config(2, 200));
    pump.record = Some(Vec::new());
    pump.start();
    pump.chairs[HONEST].cut_down = true;
    pump.run(3 * SECOND / 2);
    pump.chairs[HONEST].cut_down = false;
    pump.chairs[MALLORY].client.leave();
    pump.run(20 * SECOND);
    record.extend(pump.record.take().unwrap());

    let kind = |packet: &Packet| {
        let tag = if packet.datagram { 0 } else { 4 };
        (packet.up, packet.datagram, packet.bytes[tag])
    };
    let kinds: BTreeSet<_> = record.iter().map(|(_, packet)| kind(packet)).collect();
    // Datagrams: inputs, probe; frames, fragment, echo. Control: hello, ready, stamping, leave;
    // welcome, start, frames.
    assert_eq!(kinds.len(), 5 + 4 + 3, "{kinds:?}");
    let mut golden = Vec::new();
    for wanted in kinds {
        let of_kind = record.iter().map(|(_, packet)| packet);
        let of_kind: Vec<_> = of_kind.filter(|packet| kind(packet) == wanted).collect();
        let step = of_kind.len().div_ceil(count);
        golden.extend(of_kind.into_iter().step_by(step).cloned());
    }
    golden
}

/// Ends a session in which the second player did what it did: the first is unharmed.
pub fn honest_ends_whole(mut pump: Pump<Mixer>, case: &str) {
    pump.relay.disconnected(PeerId(MALLORY as u64), None);
    let begun = pump.relay.log().next() > pump.relay.log().first() || !pump.start_is_open();
    if !begun {
        pump.join(Mixer);
    }
    pump.finish(20 * SECOND);
    pump.relay.log().verify().unwrap();
    let honest = &pump.chairs[HONEST];
    let end = Event::Closed(Some(CloseReason::Ended));
    assert_eq!(honest.events.last(), Some(&end), "{case}");
    let confirmed = honest.client.timeline().unwrap().confirmed();
    assert_eq!(confirmed, pump.relay.log().next(), "{case}");
    let head = pump.relay.log().head();
    assert_eq!(honest.client.log_head(), Some(head), "{case}");
}

/// The bit of the first byte by which a fuzzer's session begins late.
pub const LATE: u8 = 4;

/// Reads what a fuzzer made: a session, then orders of one byte, some with a length and bytes.
struct Orders<'a> {
    bytes: &'a [u8],
}

/// What a fuzzer may do.
enum Order {
    Wait(u8),
    Send {
        datagram: bool,
        stranger: bool,
        bytes: Vec<u8>,
    },
}

impl Orders<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    /// The stage, and beside it whether the session begins as late as one can.
    fn session(&mut self) -> Pump<Mixer> {
        let byte = self.byte().unwrap_or(0);
        let first = if byte & LATE == 0 { 0 } else { FIRST_TICK_MAX };
        let stage = usize::from(byte) % STAGES.len();
        session_from(Tick(first), STAGES[stage])
    }

    fn next(&mut self) -> Option<Order> {
        let order = self.byte()?;
        if order & 1 == 0 {
            return Some(Order::Wait(order >> 1));
        }
        let length = usize::from(u16::from_le_bytes([self.byte()?, self.byte()?]));
        let (bytes, rest) = self.bytes.split_at(length.min(self.bytes.len()));
        self.bytes = rest;
        Some(Order::Send {
            datagram: order & 2 == 0,
            stranger: order & 4 != 0,
            bytes: bytes.to_vec(),
        })
    }
}

/// A file of a corpus: `packet`, sent at `stage`, as [`relay_bytes`] and [`client_bytes`] read it.
pub fn order_bytes(stage: Stage, packet: &Packet) -> Vec<u8> {
    let stage = STAGES.iter().position(|known| *known == stage).unwrap();
    let length = u16::try_from(packet.bytes.len()).unwrap().to_le_bytes();
    let order = if packet.datagram { 1 } else { 3 };
    let mut bytes = vec![u8::try_from(stage).unwrap(), order, length[0], length[1]];
    bytes.extend(&packet.bytes);
    bytes.push(40);
    bytes
}

/// Orders to a relay in the name of Mallory and of strangers; the honest player is unharmed.
pub fn relay_bytes(data: &[u8]) {
    let mut orders = Orders { bytes: data };
    let mut pump = orders.session();
    pump.chairs[MALLORY].connected = false;
    let mut stranger = None;
    while let Some(order) = orders.next() {
        match order {
            Order::Wait(steps) => (0..steps).for_each(|_| pump.step()),
            Order::Send {
                datagram,
                stranger: strange,
                bytes,
            } => {
                let peer = if strange {
                    *stranger.get_or_insert_with(|| {
                        let peer = pump.join(Mixer);
                        pump.chairs.last_mut().unwrap().connected = false;
                        peer
                    })
                } else {
                    PeerId(MALLORY as u64)
                };
                pump.inject(&Packet {
                    peer,
                    up: true,
                    datagram,
                    bytes,
                });
                pump.pump_relay();
            }
        }
    }
    if let Some(peer) = stranger {
        pump.relay.disconnected(peer, None);
    }
    honest_ends_whole(pump, "fuzzed");
}

/// Orders to a client in the relay's name: it plays on, or closes with a reason.
pub fn client_bytes(data: &[u8]) {
    let mut orders = Orders { bytes: data };
    let mut pump = orders.session();
    while let Some(order) = orders.next() {
        match order {
            Order::Wait(steps) => (0..steps).for_each(|_| pump.step()),
            Order::Send {
                datagram, bytes, ..
            } => {
                let peer = PeerId(HONEST as u64);
                pump.inject(&Packet {
                    peer,
                    up: false,
                    datagram,
                    bytes,
                });
                pump.step();
            }
        }
    }
    pump.run(SECOND / 2);
    let chair = &pump.chairs[HONEST];
    let closed = matches!(chair.events.last(), Some(Event::Closed(Some(_))));
    assert!(chair.connected || closed, "{:?}", chair.events);
}
