//! [`RngKey`], randomness that nobody has to carry.

use super::{Rng, mix};

/// A place in a tree of random numbers: what a draw is for, whose it is and when. The same words
/// give the same draws, whatever else was drawn before, so that neither the order of the units nor
/// a new purpose moves anybody else's luck. It is no part of the state.
///
/// Take the generator of the state, [`Rng`], for draws whose order the rules fix; a key for what
/// units do side by side, or what may be asked at any time, and put into it everything that should
/// make a difference, the match's seed and the tick among it. Two draws with the same words are the
/// same draw.
///
/// ```
/// use phalanx_engine::RngKey;
/// const CRITICAL: RngKey = RngKey::named("critical hit");
///
/// fn is_critical(seed: u64, unit: u64, tick: u64) -> bool {
///     CRITICAL.with(seed).with(unit).with(tick).rng().chance(1, 20)
/// }
/// assert_eq!(is_critical(1, 2, 3), is_critical(1, 2, 3));
/// ```
///
/// The order of the words counts. For one key, different words never give the same key; of n keys
/// that differ otherwise, two are the same about n² times in 2⁶⁵. Not secret: who knows a few draws
/// can find the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RngKey(u64);

impl RngKey {
    /// The key of a purpose: FNV-1a (Fowler, Noll and Vo 1991) of its name, free in a constant.
    #[must_use]
    pub const fn named(purpose: &str) -> Self {
        let bytes = purpose.as_bytes();
        let mut hash = 0xcbf2_9ce4_8422_2325;
        let mut index = 0;
        while index < bytes.len() {
            hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0000_0100_0000_01b3);
            index += 1;
        }
        Self(hash)
    }

    /// The key below this one for `word`: a seed, an entity, a tick, a count of draws.
    #[must_use]
    pub const fn with(self, word: u64) -> Self {
        // Mixed before and after: the words are of one kind and could cancel one another.
        Self(mix(mix(self.0) ^ word))
    }

    /// The generator of this key, for as many draws as are needed.
    #[must_use]
    pub fn rng(self) -> Rng {
        Rng::with_sequence(mix(self.0), mix(!self.0))
    }
}
