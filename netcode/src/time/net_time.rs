//! [`NetTime`], a point on the session's tick line, in one of three [`Space`]s.

use core::fmt;
use core::hash::Hash;
use core::marker::PhantomData;
use core::ops::{Add, AddAssign, Sub, SubAssign};

use phalanx_engine::Tick;

use super::Span;

/// Whose reading of the tick line a [`NetTime`] is: [`Server`], [`Local`] or [`Render`].
pub trait Space: Copy + Default + fmt::Debug + Ord + Hash + sealed::Sealed + 'static {}

mod sealed {
    #[expect(unnameable_types, reason = "nobody else is to add a space")]
    pub trait Sealed {}
}

macro_rules! space {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name;
        impl sealed::Sealed for $name {}
        impl Space for $name {}
    };
}

space! {
    /// Where the server stands (or, on a client, that part of it which can be known by now).
    ///
    /// It is no other space's time:
    /// ```compile_fail,E0308
    /// use phalanx_netcode::time::{Local, NetTime, Server};
    /// let local: NetTime<Local> = NetTime::<Server>::ZERO;
    /// ```
    Server
}
space! {
    /// The tick at which an input sampled now will be executed.
    ///
    /// It cannot be subtracted from another space's time by mistake ([`NetTime::ahead_of`] does that
    /// on purpose):
    /// ```compile_fail,E0308
    /// use phalanx_netcode::time::{Local, NetTime, Server};
    /// let lead = NetTime::<Local>::ZERO - NetTime::<Server>::ZERO;
    /// ```
    Local
}
space! {
    /// What is shown.
    ///
    /// It cannot be compared with another space's time:
    /// ```compile_fail,E0308
    /// use phalanx_netcode::time::{NetTime, Render, Server};
    /// let shown = NetTime::<Render>::ZERO <= NetTime::<Server>::ZERO;
    /// ```
    Render
}

/// A point on the session's tick line: a whole tick (`i64`, negative before the start) and a fraction
/// of it in steps of 2^-64, read in the space `S`.
///
/// The fraction always counts forwards: a quarter of a tick before the start is tick -1 and three
/// quarters. There is no rate in it, so a change of rate changes no point, and two rates cannot be
/// mixed: a [`TickMap`](super::TickMap) alone knows when a point is due. Operators saturate.
///
/// ```
/// use phalanx_netcode::time::{NetTime, Server, Span};
/// let start = NetTime::<Server>::ZERO;
/// let before = start - Span::from_parts(0, 1 << 62);
/// assert_eq!((before.tick(), before.fraction()), (-1, 3 << 62));
/// assert_eq!(before + Span::from_parts(0, 1 << 62), start);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetTime<S: Space> {
    since_start: Span,
    space: PhantomData<S>,
}

impl<S: Space> NetTime<S> {
    /// The start of tick 0.
    pub const ZERO: Self = Self::at(Span::ZERO);

    /// `since_start` after the start of tick 0.
    #[must_use]
    pub const fn at(since_start: Span) -> Self {
        Self {
            since_start,
            space: PhantomData,
        }
    }

    /// `fraction` * 2^-64 tick after the start of `tick`.
    #[must_use]
    pub const fn from_parts(tick: i64, fraction: u64) -> Self {
        Self::at(Span::from_parts(tick, fraction))
    }

    /// The start of `tick`; ticks beyond 2^63 - 1 count as that one.
    #[must_use]
    pub const fn start_of(tick: Tick) -> Self {
        let whole = if tick.0 > i64::MAX as u64 {
            i64::MAX
        } else {
            tick.0.cast_signed()
        };
        Self::from_parts(whole, 0)
    }

    /// The tick under way, negative before the start.
    #[must_use]
    pub const fn tick(self) -> i64 {
        self.since_start.ticks()
    }

    /// How much of it has passed, in steps of 2^-64.
    #[must_use]
    pub const fn fraction(self) -> u64 {
        self.since_start.fraction()
    }

    /// The tick under way, or `None` before the start.
    #[must_use]
    pub const fn to_tick(self) -> Option<Tick> {
        match self.tick() {
            before if before < 0 => None,
            tick => Some(Tick(tick.cast_unsigned())),
        }
    }

    /// How far this is from the start of tick 0.
    #[must_use]
    pub const fn since_start(self) -> Span {
        self.since_start
    }

    /// How far this is from `earlier`; zero if that lies ahead. The age of what is stamped with it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Span {
        (self - earlier).max(Span::ZERO)
    }

    /// The point `ticks` whole ticks before this one.
    #[must_use]
    pub fn ticks_ago(self, ticks: u32) -> Self {
        self - Span::from_ticks(ticks.into())
    }

    /// The point later by `span`, or `None` beyond the line.
    #[must_use]
    pub fn checked_add(self, span: Span) -> Option<Self> {
        self.since_start.checked_add(span).map(Self::at)
    }

    /// The point earlier by `span`, or `None` beyond the line.
    #[must_use]
    pub fn checked_sub(self, span: Span) -> Option<Self> {
        self.since_start.checked_sub(span).map(Self::at)
    }

    /// How far this is from `earlier`, negative if that lies ahead; `None` if no [`Span`] is so long.
    #[must_use]
    pub fn checked_since(self, earlier: Self) -> Option<Span> {
        self.since_start.checked_sub(earlier.since_start)
    }

    /// How far this is ahead of a point read in another space: a lead, or a delay.
    #[must_use]
    pub fn ahead_of<O: Space>(self, other: NetTime<O>) -> Span {
        self.since_start - other.since_start
    }

    /// The same point of the line in another space. The only way from one space to another: for who
    /// makes a space's time out of another's, as providers do.
    #[must_use]
    pub const fn into_space<O: Space>(self) -> NetTime<O> {
        NetTime::at(self.since_start)
    }
}

impl<S: Space> From<Tick> for NetTime<S> {
    fn from(tick: Tick) -> Self {
        Self::start_of(tick)
    }
}

impl<S: Space> Add<Span> for NetTime<S> {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self::at(self.since_start + span)
    }
}

impl<S: Space> AddAssign<Span> for NetTime<S> {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl<S: Space> Sub<Span> for NetTime<S> {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self::at(self.since_start - span)
    }
}

impl<S: Space> SubAssign<Span> for NetTime<S> {
    fn sub_assign(&mut self, span: Span) {
        *self = *self - span;
    }
}

impl<S: Space> Sub for NetTime<S> {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        self.since_start - earlier.since_start
    }
}

/// Ticks with three digits, rounded towards zero.
impl<S: Space> fmt::Display for NetTime<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.since_start, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Point = NetTime<Server>;

    /// What a sum is, digit by digit with the carry written out.
    fn sum_by_words(a: (i64, u64), b: (i64, u64)) -> Option<(i64, u64)> {
        let (fraction, carry) = a.1.overflowing_add(b.1);
        let ticks = i128::from(a.0) + i128::from(b.0) + i128::from(carry);
        Some((i64::try_from(ticks).ok()?, fraction))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn sums_are_those_of_the_words_and_go_back_bit_by_bit(a: (i64, u64), b: (i64, u64)) {
            let (point, span) = (Point::from_parts(a.0, a.1), Span::from_parts(b.0, b.1));
            let sum = point.checked_add(span);
            prop_assert_eq!(sum.map(|sum| (sum.tick(), sum.fraction())), sum_by_words(a, b));
            if let Some(sum) = sum {
                prop_assert_eq!(point + span, sum);
                prop_assert_eq!(sum - span, point);
                prop_assert_eq!(sum.checked_sub(span), Some(point));
                prop_assert_eq!(sum.checked_since(point), Some(span));
                prop_assert_eq!(sum - point, span);
            }
        }

        #[test]
        fn order_is_that_of_tick_then_fraction(a: (i64, u64), b: (i64, u64)) {
            prop_assert_eq!(Point::from_parts(a.0, a.1).cmp(&Point::from_parts(b.0, b.1)), a.cmp(&b));
        }

        #[test]
        fn an_age_is_never_negative(a: (i64, u64), b: (i64, u64)) {
            prop_assert!(Point::from_parts(a.0, a.1).since(Point::from_parts(b.0, b.1)) >= Span::ZERO);
        }
    }

    #[test]
    fn before_the_start_ticks_are_negative_and_fractions_count_forwards() {
        let point = Point::ZERO - Span::from_parts(2, 1 << 62);
        assert_eq!((point.tick(), point.fraction()), (-3, 3 << 62));
        assert_eq!(point.to_tick(), None);
        assert_eq!((point + Span::from_ticks(3)).to_tick(), Some(Tick::ZERO));
        assert_eq!(Point::start_of(Tick(7)).ticks_ago(9).tick(), -2);
        assert_eq!(Point::start_of(Tick(u64::MAX)).tick(), i64::MAX);
        assert_eq!(point.to_string(), "-2.250");
    }

    #[test]
    fn a_lead_is_asked_for_by_name() {
        let local = NetTime::<Local>::start_of(Tick(7));
        let server = Point::start_of(Tick(5));
        assert_eq!(local.ahead_of(server), Span::from_ticks(2));
        assert_eq!(server.into_space::<Local>() + Span::from_ticks(2), local);
    }
}
