//! The wire format once more, slowly: a second opinion, and a liar's tool.

/// Bits, lowest first.
#[derive(Clone, Debug, Default)]
pub struct Bits(Vec<bool>);

impl Bits {
    #[must_use]
    pub fn bits(mut self, value: u64, count: u32) -> Self {
        self.0.extend((0..count).map(|bit| value >> bit & 1 == 1));
        self
    }

    #[must_use]
    pub fn flag(self, value: bool) -> Self {
        self.bits(value.into(), 1)
    }

    /// Groups of seven bits, each behind the bit that says whether another one follows.
    #[must_use]
    pub fn count(mut self, mut value: u64) -> Self {
        loop {
            let (group, rest) = (value & 0x7f, value >> 7);
            self = self.flag(rest != 0).bits(group, 7);
            value = rest;
            if value == 0 {
                return self;
            }
        }
    }

    /// A tick as its distance from one near by: how far, doubled, and less one if it is before.
    #[must_use]
    pub fn tick(self, tick: u64, near: u64) -> Self {
        let ahead = tick.wrapping_sub(near);
        if ahead >> 63 == 0 {
            self.count(2 * ahead)
        } else {
            self.count(2 * (near.wrapping_sub(tick) - 1) + 1)
        }
    }

    /// The message of kind `kind`.
    #[must_use]
    pub fn message(self, kind: u8) -> Vec<u8> {
        let mut bytes = vec![kind];
        for chunk in self.0.chunks(8) {
            bytes.push(
                (0..)
                    .zip(chunk)
                    .fold(0, |byte, (bit, set)| byte | u8::from(*set) << bit),
            );
        }
        bytes
    }
}

/// A datagram from the relay that carries news only.
#[derive(Clone, Copy, Debug)]
pub struct News {
    pub inputs_next: u64,
    pub commands_next: u64,
    /// The large ones.
    pub large_next: u64,
    pub votes_next: u64,
    pub agreed_next: u64,
    pub epoch: u64,
    pub first: u64,
    pub acked_baseline: bool,
    /// How many inputs came new, in runs from the newest on: the distance, and how many.
    pub arrivals: &'static [(u64, u64)],
    /// Datagrams received, lost, and bursts of lost ones.
    pub path: Option<[u64; 3]>,
}

impl News {
    /// True news before anything happened.
    pub const NONE: Self = Self {
        inputs_next: 0,
        commands_next: 0,
        large_next: 0,
        votes_next: 0,
        agreed_next: 0,
        epoch: 1,
        first: 0,
        acked_baseline: false,
        arrivals: &[],
        path: None,
    };

    /// The header; frames and provisional inputs follow.
    #[must_use]
    pub fn header(self) -> Bits {
        let mut bits = Bits::default()
            .count(self.first)
            .tick(self.inputs_next, self.first)
            .count(self.commands_next)
            .flag(self.large_next > 0);
        if self.large_next > 0 {
            bits = bits.count(self.large_next);
        }
        bits = bits
            .tick(self.votes_next, self.first)
            .tick(self.agreed_next, self.first);
        for (behind, count) in self.arrivals {
            let run = bits.flag(true).flag(false).count(*behind).count(*count);
            bits = run.count(0);
        }
        bits = bits.flag(false).flag(self.path.is_some());
        let totals = self.path.iter().flatten();
        totals
            .fold(bits, |bits, total| bits.count(*total))
            .count(self.epoch)
            .flag(self.acked_baseline)
    }

    /// No frames, no inputs.
    #[must_use]
    pub fn datagram(self) -> Vec<u8> {
        self.header().flag(false).flag(false).message(2)
    }
}

/// The header of a datagram of inputs, number 0, with votes; `count` inputs and [`commands`] have to follow.
#[must_use]
pub fn inputs(frames_next: u64, first: u64, count: u64, votes_first: u64, votes: &[u64]) -> Bits {
    let mut bits = Bits::default()
        .bits(0, 16)
        .count(frames_next)
        .tick(first, frames_next)
        .count(count)
        .flag(false)
        .tick(votes_first, frames_next);
    for vote in votes {
        bits = bits.flag(true).bits(*vote, 64);
    }
    bits.flag(false)
}

/// Commands from number `first` on, each with its tick, at the end of a datagram of [`inputs`] whose
/// `frames_next` is 0.
#[must_use]
pub fn commands(bits: Bits, first: u64, commands: &[(u64, &[u8])]) -> Bits {
    let mut bits = bits.flag(true).count(first);
    for (tick, bytes) in commands {
        bits = bits.flag(true).tick(*tick, 0).bits(bytes.len() as u64, 8);
        let put = |bits: Bits, byte: &u8| bits.bits((*byte).into(), 8);
        bits = bytes.iter().fold(bits, put);
    }
    bits.flag(false)
}

/// An echo of the relay.
#[must_use]
pub fn echo(sent: u64, relay: u64) -> Vec<u8> {
    Bits::default().bits(sent, 64).bits(relay, 64).message(5)
}

/// A control message: the kind, and what follows it.
#[must_use]
pub fn control(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 1).unwrap();
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.push(kind);
    bytes.extend(body);
    bytes
}

/// A number as postcard writes it.
#[must_use]
pub fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
    bytes
}
