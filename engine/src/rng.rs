//! [`Rng`], the random generator that is part of the state.

use crate::State;

/// PCG-XSH-RR 64/32 (O'Neill 2014), 16 bytes of state. Its stream is pinned by golden values:
/// the same seed gives the same numbers on every machine and in every version.
///
/// Keep it in the state and draw from it in `step` only; what the presentation draws would
/// be a difference between peers.
#[derive(State, Clone, Debug, PartialEq, Eq)]
pub struct Rng {
    state: u64,
    /// Which of the 2^63 sequences. Used as an odd number whatever it holds: an even one, out of a
    /// damaged state, could make a stream of zeros, and `below` would never end.
    increment: u64,
}

const MULTIPLIER: u64 = 6_364_136_223_846_793_005;

impl Rng {
    /// The generator that starts at `seed`, in the sequence number 0.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_sequence(seed, 0)
    }

    /// The generator that starts at `seed` in one of 2^63 sequences: one per purpose, so that
    /// one purpose's draws do not move another's.
    #[must_use]
    pub fn with_sequence(seed: u64, sequence: u64) -> Self {
        let mut rng = Self {
            state: 0,
            increment: (sequence << 1) | 1,
        };
        rng.advance();
        rng.state = rng.state.wrapping_add(seed);
        rng.advance();
        rng
    }

    fn advance(&mut self) {
        self.state = self
            .state
            .wrapping_mul(MULTIPLIER)
            .wrapping_add(self.increment | 1);
    }

    /// 32 uniform bits.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the generator's output function"
    )]
    pub fn next_u32(&mut self) -> u32 {
        let old = self.state;
        self.advance();
        let xorshifted = (((old >> 18) ^ old) >> 27) as u32;
        xorshifted.rotate_right((old >> 59) as u32)
    }

    /// 64 uniform bits: two draws, the higher half first.
    pub fn next_u64(&mut self) -> u64 {
        let high = u64::from(self.next_u32());
        (high << 32) | u64::from(self.next_u32())
    }

    /// A number below `bound`, each equally likely (Lemire 2019, with rejection); 0 if `bound` is.
    pub fn below(&mut self, bound: u32) -> u32 {
        let Some(reject) = bound.wrapping_neg().checked_rem(bound) else {
            return 0;
        };
        loop {
            let product = u64::from(self.next_u32()) * u64::from(bound);
            #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
            if product as u32 >= reject {
                return (product >> 32) as u32;
            }
        }
    }

    /// True in `numerator` of `denominator` cases.
    pub fn chance(&mut self, numerator: u32, denominator: u32) -> bool {
        self.below(denominator) < numerator
    }
}

/// SplitMix64's finaliser (Steele 2014): spreads the bits of a seed or counter.
#[must_use]
pub const fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_is_the_published_one() {
        // The reference program's output for seed 42, sequence 54.
        let mut rng = Rng::with_sequence(42, 54);
        let drawn = [(); 6].map(|()| rng.next_u32());
        let published = [
            0xa15c_02b7,
            0x7b47_f409,
            0xba1d_3330,
            0x83d2_f293,
            0xbfa4_784b,
            0xcbed_606e,
        ];
        assert_eq!(drawn, published);
    }

    #[test]
    fn a_damaged_generator_still_draws() {
        let mut rng = Rng {
            state: 0,
            increment: 0,
        };
        assert!(rng.below(7) < 7);
    }

    #[test]
    fn below_is_in_range_and_reaches_all() {
        let mut rng = Rng::new(1);
        let mut seen = [0_u32; 6];
        for _ in 0..6000 {
            seen[crate::index::at(rng.below(6))] += 1;
        }
        assert!(
            seen.iter().all(|count| (850..1150).contains(count)),
            "{seen:?}"
        );
        assert_eq!((rng.below(0), rng.below(1)), (0, 0));
    }
}
