//! [`Squared`], the square of a length.

use super::{Fix, exact, wide};

/// The square of a length, exact: a [`Fix`] has no room for it. Made to be compared: what is
/// nearest is found without a root.
///
/// ```
/// use phalanx_engine::{Fix, Squared, Vec2};
/// let far = Vec2::new(Fix::int(2_000_000_000), Fix::STEP);
/// assert!(far.length_squared() > Squared::of(Fix::int(2_000_000_000)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Squared(u128);

impl Squared {
    /// The square of `length`.
    #[must_use]
    pub const fn of(length: Fix) -> Self {
        let bits = length.to_bits().unsigned_abs() as u128;
        Self(bits * bits)
    }

    /// The sum of the squares of differences in bits; saturated, which takes a length of 2³² units.
    pub(super) fn sum(differences: &[i128]) -> Self {
        let squares = differences.iter().map(|bits| wide::square(*bits));
        Self(squares.fold(0, u128::saturating_add))
    }

    /// The square in units of 2⁻⁶⁴ of a squared world unit.
    #[must_use]
    pub const fn to_bits(self) -> u128 {
        self.0
    }

    /// The length, to the nearest step, saturated.
    #[must_use]
    pub fn root(self) -> Fix {
        Fix::from_bits(i64::try_from(exact::root(self.0)).unwrap_or(i64::MAX))
    }
}
