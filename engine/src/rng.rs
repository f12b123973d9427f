//! [`Rng`], the random generator that is part of the state, and [`RngKey`], which needs no state.

mod key;
mod pick;
mod range;
#[cfg(test)]
mod tests;

pub use key::RngKey;
pub use range::Uniform;

use crate::{Angle, Fix, State, Vec2};

/// PCG-XSH-RR 64/32 (O'Neill 2014), 16 bytes of state. Its stream is pinned by golden values:
/// the same seed gives the same numbers on every machine and in every version, and so does every
/// method here.
///
/// Keep it in the state and draw from it in `step` only; what the presentation draws would
/// be a difference between peers. Every draw moves the ones after it: where the order of drawing is
/// not the game's to decide, or one unit's luck must not hang on another's, take an [`RngKey`].
///
/// **Time.** What has a bound rejects some words and draws again, so that all results are equally
/// likely. Less than half of all words are rejected, for [`in_circle`](Self::in_circle) too: fewer
/// than two tries on average, and more than 64 less often than once in 2⁶⁴.
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
        if bound == 0 {
            return 0;
        }
        loop {
            if let Some(number) = share(self.next_u32(), bound) {
                return number;
            }
        }
    }

    /// A number below `bound`, each equally likely, out of two words at a try; 0 if `bound` is.
    pub fn below_u64(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        loop {
            if let Some(number) = share_u64(self.next_u64(), bound) {
                return number;
            }
        }
    }

    /// A number in `range`, each equally likely; fixed-point numbers step by step. If the range is
    /// empty, its start, without a draw.
    ///
    /// ```
    /// use phalanx_engine::{Fix, Rng};
    /// let mut rng = Rng::new(7);
    /// assert!((-3..4).contains(&rng.range(-3..4)));
    /// let spread = Fix::ratio(1, 10);
    /// assert!(rng.range(-spread..spread) < spread);
    /// ```
    pub fn range<T: Uniform>(&mut self, range: core::ops::Range<T>) -> T {
        T::draw(self, range)
    }

    /// A number from 0 up to but not including 1, each step equally likely; one word.
    pub fn unit(&mut self) -> Fix {
        Fix::from_bits(self.next_u32().into())
    }

    /// An angle, each equally likely; one word.
    pub fn angle(&mut self) -> Angle {
        Angle(self.next_u32())
    }

    /// A point on the circle of that radius around the origin, in an equally likely direction and
    /// rounded to a step; one word.
    pub fn on_circle(&mut self, radius: Fix) -> Vec2 {
        Vec2::from_angle(self.angle()) * radius
    }

    /// A point of the disc of that radius around the origin, each of its steps equally likely; the
    /// origin if the radius is not above 0.
    pub fn in_circle(&mut self, radius: Fix) -> Vec2 {
        if radius <= Fix::ZERO {
            return Vec2::ZERO;
        }
        let reach = radius.to_bits();
        let sides = 2 * reach.unsigned_abs() + 1;
        loop {
            let [x, y] = [(); 2].map(|()| self.below_u64(sides).cast_signed().wrapping_sub(reach));
            let point = Vec2::new(Fix::from_bits(x), Fix::from_bits(y));
            if point.is_within(Vec2::ZERO, radius) {
                return point;
            }
        }
    }

    /// True in `numerator` of `denominator` cases.
    pub fn chance(&mut self, numerator: u32, denominator: u32) -> bool {
        self.below(denominator) < numerator
    }
}

/// Which of `bound` equal shares of all words this one is in, unless it is one too many (Lemire
/// 2019). The bound is not 0.
#[expect(clippy::cast_possible_truncation, reason = "the lower half")]
const fn share(word: u32, bound: u32) -> Option<u32> {
    let product = word as u64 * bound as u64;
    let low = product as u32;
    // The remainder is below the bound: mostly it need not be known.
    if low < bound && low < bound.wrapping_neg() % bound {
        return None;
    }
    Some((product >> u32::BITS) as u32)
}

/// The same for long words.
#[expect(clippy::cast_possible_truncation, reason = "the lower half")]
const fn share_u64(word: u64, bound: u64) -> Option<u64> {
    let product = word as u128 * bound as u128;
    let low = product as u64;
    if low < bound && low < bound.wrapping_neg() % bound {
        return None;
    }
    Some((product >> u64::BITS) as u64)
}

/// SplitMix64's finaliser (Steele 2014): spreads the bits of a seed or counter.
#[must_use]
pub const fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
