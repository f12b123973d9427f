//! [`Weapon`]: bytes that should not have been sent, repeatable from a seed.

use phalanx_engine::Rng;
use phalanx_netcode::Channel;

/// What is done to genuine bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Harm {
    /// Bytes of no meaning.
    Random,
    /// The end is missing.
    Truncated,
    /// One to three bits are another.
    Flipped,
    /// Bytes of no meaning behind a genuine beginning.
    Spliced,
}

const HARMS: [Harm; 4] = [Harm::Random, Harm::Truncated, Harm::Flipped, Harm::Spliced];

/// Makes one kind of bad bytes for one channel.
pub(crate) struct Weapon {
    pub(crate) channel: Channel,
    pub(crate) harm: Harm,
    seed: u64,
    rng: Rng,
    fired: u32,
}

/// Shots that may happen to be legal, or the beginning of a longer message. Then comes what is
/// certainly no message.
const SHOTS: u32 = 200;

impl Weapon {
    /// One of each kind.
    pub(crate) fn all(seed: u64) -> impl Iterator<Item = Self> {
        let kinds = [Channel::Datagram, Channel::Control]
            .into_iter()
            .flat_map(|channel| HARMS.map(|harm| (channel, harm)));
        kinds.zip(0..).map(move |((channel, harm), kind)| Self {
            channel,
            harm,
            seed,
            rng: Rng::with_sequence(seed, kind),
            fired: 0,
        })
    }

    /// What to send next to somebody who should long have closed the connection after twice as many
    /// shots.
    pub(crate) fn fire(&mut self, genuine: &[(Channel, Vec<u8>)]) -> (Channel, Vec<u8>) {
        self.fired += 1;
        assert!(self.fired < 2 * SHOTS, "{}: not closed", self.name());
        if self.fired <= SHOTS {
            (self.channel, self.shot(genuine))
        } else {
            (Channel::Datagram, vec![0xff; 8])
        }
    }

    /// Bad bytes, made of one of `genuine`, which were sent on either channel.
    pub(crate) fn shot(&mut self, genuine: &[(Channel, Vec<u8>)]) -> Vec<u8> {
        let count = genuine
            .iter()
            .filter(|(channel, _)| *channel == self.channel)
            .count();
        let pick = self.below(count);
        let mut bytes = genuine
            .iter()
            .filter(|(channel, _)| *channel == self.channel)
            .nth(pick)
            .map(|(_, bytes)| bytes.clone())
            .unwrap_or_default();
        let len = bytes.len();
        match self.harm {
            Harm::Random => {
                bytes.clear();
                self.extend(&mut bytes);
            }
            Harm::Truncated => bytes.truncate(self.below(len)),
            Harm::Flipped => {
                for _ in 0..=self.below(3) {
                    let bit = self.below(len * 8);
                    if let Some(byte) = bytes.get_mut(bit / 8) {
                        *byte ^= 1 << (bit % 8);
                    }
                }
            }
            Harm::Spliced => {
                bytes.truncate(self.below(len.min(24)));
                self.extend(&mut bytes);
            }
        }
        bytes
    }

    fn extend(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(64) {
            bytes.push(self.rng.next_u32().to_le_bytes()[3]);
        }
    }

    /// A number below `bound`, or 0.
    fn below(&mut self, bound: usize) -> usize {
        let bound = u32::try_from(bound).unwrap();
        usize::try_from(self.rng.below(bound.max(1))).unwrap()
    }

    /// What a failure prints.
    pub(crate) fn name(&self) -> String {
        let Self {
            channel,
            harm,
            seed,
            ..
        } = self;
        format!("seed {seed}, {harm:?} bytes by {channel:?}")
    }
}

#[test]
fn a_weapon_repeats_from_its_seed_and_never_shoots_what_is_genuine() {
    let genuine = [
        (Channel::Datagram, (0..90).collect()),
        (Channel::Control, vec![1, 0, 0, 0, 1]),
    ];
    let shots = |seed: u64| -> Vec<Vec<u8>> {
        let shots =
            Weapon::all(seed).flat_map(|mut weapon| [(); 50].map(|()| weapon.shot(&genuine)));
        shots.collect()
    };
    assert_eq!(shots(1), shots(1));
    assert_ne!(shots(1), shots(2));
    let whole = |shot: &&Vec<u8>| genuine.iter().any(|(_, bytes)| bytes == *shot);
    // Two bits may be flipped back by accident, as rarely as one is picked twice.
    assert!(shots(1).iter().filter(whole).count() < 5);
}
