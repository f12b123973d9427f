//! [`Tick`], the index of a sealed frame and its simulation step, and the exact [`TickRate`].

use core::fmt;
use core::num::NonZeroU32;
use core::ops::{Add, AddAssign};
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::State;
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::digest::{Digest, Node};
use crate::limits::TICK_RATE_HZ_MAX;
use crate::math::Fix;
use crate::state::{LeafMut, PathStep, Schema, Visitor, VisitorMut};

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// Index of a sealed frame and of the fixed simulation step that executes it.
///
/// A tick only grows within a session; differences are signed ([`Tick::since`]).
/// Addition saturates, so that a tick read from the wire can never wrap.
#[derive(
    State,
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    bytemuck::Pod,
    bytemuck::Zeroable,
)]
#[repr(transparent)]
#[state(bytes)]
pub struct Tick(pub u64);

impl Tick {
    /// The first tick of a session that is not one that is played on: see
    /// [`Setup::first`](crate::Setup::first).
    pub const ZERO: Self = Self(0);

    /// The tick after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The tick before this one, or `None` at tick 0.
    #[must_use]
    pub const fn previous(self) -> Option<Self> {
        match self.0.checked_sub(1) {
            Some(tick) => Some(Self(tick)),
            None => None,
        }
    }

    /// The tick before this one in a session that begins at `first`, or `None` if there is none.
    #[must_use]
    pub const fn previous_since(self, first: Self) -> Option<Self> {
        if self.0 > first.0 {
            self.previous()
        } else {
            None
        }
    }

    /// How many ticks lie between `earlier` and this one, negative if it is later than this one.
    /// Saturates at the bounds of `i64`.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        if self.0 >= earlier.0 {
            let ticks = self.0 - earlier.0;
            if ticks > i64::MAX as u64 {
                i64::MAX
            } else {
                ticks.cast_signed()
            }
        } else {
            let ticks = earlier.0 - self.0;
            if ticks > i64::MAX as u64 {
                i64::MIN
            } else {
                -ticks.cast_signed()
            }
        }
    }

    /// The tick `ticks` before this one, at the least tick 0.
    #[must_use]
    pub const fn saturating_sub(self, ticks: u64) -> Self {
        Self(self.0.saturating_sub(ticks))
    }

    /// All ticks from this one up to, but not including, `end`, in order.
    pub fn until(self, end: Self) -> impl DoubleEndedIterator<Item = Self> {
        (self.0..end.0).map(Self)
    }
}

impl Add<u64> for Tick {
    type Output = Self;
    fn add(self, ticks: u64) -> Self {
        Self(self.0.saturating_add(ticks))
    }
}

impl AddAssign<u64> for Tick {
    fn add_assign(&mut self, ticks: u64) {
        *self = *self + ticks;
    }
}

impl fmt::Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Ticks per second as an exact fraction, from 1 to 1000 Hz; 30000/1001 is a rate like any other.
///
/// ```
/// use phalanx_engine::{Tick, TickRate};
/// let rate: TickRate = "30000/1001".parse()?;
/// // No rounding error builds up: tick 30000 lies exactly 1001 s after tick 0.
/// assert_eq!(rate.nanos_at(Tick(30_000)), 1_001_000_000_000);
/// # Ok::<(), phalanx_engine::TickRateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(u32, u32)", into = "(u32, u32)")]
pub struct TickRate {
    numerator: NonZeroU32,
    denominator: NonZeroU32,
}

/// Why a [`TickRate`] was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TickRateError {
    /// The rate is below 1 or above 1000 ticks per second.
    #[error("a tick rate lies between 1 and {TICK_RATE_HZ_MAX} Hz")]
    OutOfRange,
    /// The text is not `N` or `N/D`.
    #[error("a tick rate is written N or N/D, such as 60 or 30000/1001")]
    Syntax,
}

impl TickRate {
    /// `numerator / denominator` ticks per second.
    ///
    /// # Errors
    /// [`TickRateError::OutOfRange`] below 1 Hz or above [`TICK_RATE_HZ_MAX`].
    pub const fn new(numerator: u32, denominator: u32) -> Result<Self, TickRateError> {
        let (Some(n), Some(d)) = (NonZeroU32::new(numerator), NonZeroU32::new(denominator)) else {
            return Err(TickRateError::OutOfRange);
        };
        if n.get() < d.get() || n.get() as u64 > d.get() as u64 * TICK_RATE_HZ_MAX as u64 {
            return Err(TickRateError::OutOfRange);
        }
        Ok(Self {
            numerator: n,
            denominator: d,
        })
    }

    /// A whole number of ticks per second.
    ///
    /// # Panics
    /// Outside 1 to [`TICK_RATE_HZ_MAX`]; in a constant that is a compile error.
    #[must_use]
    pub const fn hz(ticks_per_second: u32) -> Self {
        match Self::new(ticks_per_second, 1) {
            Ok(rate) => rate,
            Err(_) => panic!("a tick rate lies between 1 and 1000 Hz"),
        }
    }

    /// Numerator of the fraction.
    #[must_use]
    pub const fn numerator(self) -> u32 {
        self.numerator.get()
    }

    /// Denominator of the fraction.
    #[must_use]
    pub const fn denominator(self) -> u32 {
        self.denominator.get()
    }

    /// Nanoseconds from the start of tick 0 to the start of `tick`, rounded down once (never
    /// accumulated). Saturates after about 584 years.
    #[must_use]
    pub fn nanos_at(self, tick: Tick) -> u64 {
        let scaled = u128::from(tick.0) * NANOS_PER_SECOND * u128::from(self.denominator.get());
        u64::try_from(scaled / u128::from(self.numerator.get())).unwrap_or(u64::MAX)
    }

    /// The tick that runs `nanos` nanoseconds after the start of tick 0: the newest one whose
    /// [`TickRate::nanos_at`] is not later.
    #[must_use]
    pub fn tick_at(self, nanos: u64) -> Tick {
        // nanos_at rounds down, so the bound has to be asked for one nanosecond later.
        let scaled = (u128::from(nanos) + 1) * u128::from(self.numerator.get()) - 1;
        let tick = scaled / (NANOS_PER_SECOND * u128::from(self.denominator.get()));
        Tick(u64::try_from(tick).unwrap_or(u64::MAX))
    }

    /// Length of one tick in nanoseconds, rounded down. For scheduling use [`TickRate::nanos_at`],
    /// which does not add this rounding up.
    #[must_use]
    pub fn period_nanos(self) -> u64 {
        self.nanos_at(Tick(1))
    }

    /// Length of one tick in seconds, rounded to the nearest 2^-32: what a step moves things by.
    #[must_use]
    pub fn seconds_per_tick(self) -> Fix {
        let (n, d) = (self.numerator(), self.denominator());
        let bits = (u128::from(d) << 32 | u128::from(n / 2)) / u128::from(n);
        // A tick takes at most a second.
        Fix::from_bits(i64::try_from(bits).unwrap_or(i64::MAX))
    }
}

impl TryFrom<(u32, u32)> for TickRate {
    type Error = TickRateError;
    fn try_from((numerator, denominator): (u32, u32)) -> Result<Self, TickRateError> {
        Self::new(numerator, denominator)
    }
}

impl From<TickRate> for (u32, u32) {
    fn from(rate: TickRate) -> Self {
        (rate.numerator(), rate.denominator())
    }
}

/// Its parts in the tree of a state.
const PARTS: [PathStep; 2] = [PathStep::Field("numerator"), PathStep::Field("denominator")];

/// As a struct of two `u32`; what would be no rate is not decoded.
impl State for TickRate {
    const WIDTH: Option<u32> = Some(8);
    type Undo = Option<Self>;
    fn open(&mut self, undo: &mut Option<Self>) {
        *undo = Some(*self);
    }
    fn close(&mut self, _undo: &mut Option<Self>, node: Node<'_>) -> Digest {
        self.digest(node)
    }
    fn undo(&mut self, undo: &mut Option<Self>) {
        let copy = undo
            .as_mut()
            .expect("a state is undone only after it was opened");
        core::mem::swap(self, copy);
    }
    fn redo(&mut self, undo: &mut Option<Self>) {
        self.undo(undo);
    }
    fn schema(schema: &mut Schema) {
        schema.group("TickRate{", "}", |schema| {
            schema.field("numerator", u32::schema);
            schema.field("denominator", u32::schema);
        });
    }
    fn encode(&self, out: &mut Encoder) {
        self.numerator().encode(out);
        self.denominator().encode(out);
    }
    fn encode_fixed(&self, out: &mut [u8]) {
        self.denominator()
            .encode_next(self.numerator().encode_next(out));
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let (numerator, denominator) = State::decode(from)?;
        Self::new(numerator, denominator).map_err(|_| DecodeError::Invalid("a tick rate"))
    }
    fn visit(&self, visitor: &mut dyn Visitor) {
        for (part, value) in PARTS
            .into_iter()
            .zip([self.numerator(), self.denominator()])
        {
            visitor.enter(part);
            value.visit(visitor);
            visitor.leave();
        }
    }
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        for (part, mask) in PARTS.into_iter().zip([(1, 0), (0, 1)]) {
            visitor.enter(part);
            let mut leaf = RatePart { rate: *self, mask };
            visitor.leaf(&mut leaf);
            *self = leaf.rate;
            visitor.leave();
        }
    }
}

/// Numerator or denominator, while it is offered for change: a bit may flip only if the result is
/// again a rate.
struct RatePart {
    rate: TickRate,
    /// The part's lowest bit in both.
    mask: (u32, u32),
}

impl RatePart {
    fn valid(&self) -> impl Iterator<Item = TickRate> + use<> {
        let (mask, parts) = (self.mask, <(u32, u32)>::from(self.rate));
        (0..u32::BITS).filter_map(move |bit| {
            TickRate::new(parts.0 ^ mask.0 << bit, parts.1 ^ mask.1 << bit).ok()
        })
    }
}

impl LeafMut for RatePart {
    fn bits(&self) -> u32 {
        self.valid().map(|_| 1).sum()
    }
    fn flip(&mut self, bit: u32) {
        if let Some(rate) = self.valid().nth(bit as _) {
            self.rate = rate;
        }
    }
}

impl FromStr for TickRate {
    type Err = TickRateError;
    fn from_str(text: &str) -> Result<Self, TickRateError> {
        let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
        let parse = |part: &str| part.parse().map_err(|_| TickRateError::Syntax);
        Self::new(parse(numerator)?, parse(denominator)?)
    }
}

impl fmt::Display for TickRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.denominator.get() == 1 {
            write!(f, "{}", self.numerator)
        } else {
            write!(f, "{}/{}", self.numerator, self.denominator)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::state::{flip_leaf, from_bytes, to_bytes};

    #[test]
    fn differences_are_signed_and_saturate() {
        assert_eq!(Tick(3).since(Tick(5)), -2);
        assert_eq!(Tick(5).since(Tick(3)), 2);
        assert_eq!(Tick(u64::MAX).since(Tick(0)), i64::MAX);
        assert_eq!(Tick(0).since(Tick(u64::MAX)), i64::MIN);
        assert_eq!(Tick(u64::MAX) + 7, Tick(u64::MAX));
    }

    #[test]
    fn rates_are_checked() {
        assert!(TickRate::new(0, 1).is_err());
        assert!(TickRate::new(1, 0).is_err());
        assert!(TickRate::new(1, 2).is_err());
        assert!(TickRate::new(1001, 1).is_err());
        assert_eq!("60".parse(), Ok(TickRate::hz(60)));
        assert_eq!("sixty".parse::<TickRate>(), Err(TickRateError::Syntax));
        assert_eq!(
            TickRate::new(30_000, 1001)
                .map(|r| alloc::format!("{r}"))
                .unwrap(),
            "30000/1001"
        );
    }

    #[test]
    fn a_rate_in_a_state_is_two_numbers() {
        let rate = TickRate::new(30_000, 1001).unwrap();
        let bytes = to_bytes(&rate);
        assert_eq!(bytes, to_bytes(&(30_000_u32, 1001_u32)));
        let mut fixed = [7; 8];
        rate.encode_fixed(&mut fixed);
        assert_eq!(bytes, fixed);
        assert_eq!(from_bytes(&bytes), Ok(rate));
        let (mut state, mut undo) = (rate, None);
        state.open(&mut undo);
        state = TickRate::hz(20);
        state.undo(&mut undo);
        assert_eq!(state, rate);
        state.redo(&mut undo);
        assert_eq!(state, TickRate::hz(20));
    }

    /// A bit that is changed on purpose leaves a rate, which is another one.
    #[test]
    fn every_change_of_a_rate_is_a_rate() {
        for rate in [
            (1, 1),
            (60, 1),
            (1000, 1),
            (30_000, 1001),
            (u32::MAX, u32::MAX),
        ] {
            let rate = TickRate::try_from(rate).unwrap();
            for seed in 0..200 {
                let mut changed = rate;
                assert!(flip_leaf(&mut changed, seed).is_some());
                assert_ne!(changed, rate);
                assert_eq!(from_bytes(&to_bytes(&changed)), Ok(changed), "{rate}");
            }
        }
    }

    #[test]
    fn a_tick_takes_its_part_of_a_second() {
        let seconds = |n, d| TickRate::new(n, d).unwrap().seconds_per_tick();
        assert_eq!(seconds(1, 1), Fix::ONE);
        assert_eq!(seconds(60, 1), Fix::ratio(1, 60));
        assert_eq!(seconds(30_000, 1001), Fix::ratio(1001, 30_000));
        assert_eq!(seconds(1_500_000, 1500), Fix::ratio(1, 1000));
        assert_eq!(seconds(u32::MAX, u32::MAX), Fix::ONE);
        assert_eq!(
            seconds(u32::MAX, 1 << 31),
            Fix::ratio(1, 2) + Fix::from_bits(1)
        );
    }

    proptest! {
        #[test]
        fn tick_at_inverts_nanos_at(n in 1u32..=1_000_000, d in 1u32..=1_000_000, tick in 0u64..1 << 34) {
            prop_assume!(n >= d && u64::from(n) <= 1000 * u64::from(d));
            let rate = TickRate::new(n, d).unwrap();
            let start = rate.nanos_at(Tick(tick));
            prop_assert_eq!(rate.tick_at(start), Tick(tick));
            prop_assert_eq!(rate.tick_at(rate.nanos_at(Tick(tick + 1)) - 1), Tick(tick));
        }
    }
}
