//! [`View`]: what there is to draw at a moment, to be read and never written.

use phalanx_engine::{Digest, Effects, InputFrame, Simulation, Slot, State, Tick, Timeline};

use super::Offset;
use crate::time::Time;

/// How far the time between two ticks has gone by: a fraction in Q16, from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alpha(u32);

impl Alpha {
    /// The earlier of the two ticks.
    pub const ZERO: Self = Self(0);
    /// The later of the two ticks.
    pub const ONE: Self = Self(1 << 16);

    /// `bits` / 65,536, at most 1.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        if bits > Self::ONE.0 {
            Self::ONE
        } else {
            Self(bits)
        }
    }

    /// The fraction times 65,536.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// How far it is at `now`, if it is 1 at `end`, having begun `period` nanoseconds before.
    #[must_use]
    pub fn towards(end: Time, period: u64, now: Time) -> Self {
        let left = u128::from(end.as_nanos().saturating_sub(now.as_nanos()));
        let gone = u128::from(period).saturating_sub(left) << 16;
        let bits = gone.checked_div(period.into());
        bits.map_or(Self::ONE, |bits| {
            Self::from_bits(u32::try_from(bits).unwrap_or(u32::MAX))
        })
    }

    /// The fraction as a number.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        f64::from(self.0) / 65_536.0
    }

    /// What lies between two values, angles on the shorter way.
    #[must_use]
    pub fn between<T: Offset>(self, earlier: T, later: T) -> T {
        let way = later.minus(earlier);
        earlier.plus(way.times(self.to_f64())).shortest()
    }
}

/// A moment in a match: between the states after two ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The later of the two.
    pub tick: Tick,
    /// How far the time between the two has gone by.
    pub alpha: Alpha,
}

/// What there is to draw: the states after the last two executed ticks, and how far the time between
/// them has gone by.
///
/// Whoever holds it can read states, and nothing else: there is no way through it to one that can
/// be written to.
///
/// ```
/// # use phalanx_netcode::{present::View, testing::Mixer};
/// # fn draw(mut view: View<'_, Mixer>) {
/// view.previous(|state| state.ticks + 1);
/// # }
/// ```
///
/// ```compile_fail,E0594
/// # use phalanx_netcode::{present::View, testing::Mixer};
/// # fn draw(mut view: View<'_, Mixer>) {
/// view.previous(|state| state.ticks += 1);
/// # }
/// ```
///
/// A thing that is at `a` after the earlier tick and at `b` after the later one is drawn at
/// `view.moment().alpha.between(a, b)`. That is one tick behind the live state;
/// [`View::partial_step`] is the other way.
pub struct View<'a, S: Simulation> {
    timeline: &'a mut Timeline<S>,
    now: Time,
    moment: Moment,
}

impl<'a, S: Simulation> View<'a, S> {
    /// The view of `timeline` at `now`; `None` if it has executed nothing yet.
    #[must_use]
    pub fn new(timeline: &'a mut Timeline<S>, now: Time, alpha: Alpha) -> Option<Self> {
        let tick = timeline.next().previous_since(timeline.setup().first)?;
        Some(Self {
            timeline,
            now,
            moment: Moment { tick, alpha },
        })
    }

    /// When it is drawn.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// What is to be drawn: something between the states before and after [`Moment::tick`].
    pub const fn moment(&self) -> Moment {
        self.moment
    }

    /// The live state, after [`Moment::tick`].
    pub const fn state(&self) -> &S::State {
        self.timeline.state()
    }

    /// Shows the state one tick before the live one; `None` at the first tick.
    pub fn previous<T>(&mut self, see: impl FnOnce(&S::State) -> T) -> Option<T> {
        let tick = self.moment.tick.previous()?;
        self.look(tick, see)
    }

    /// Shows the state after an executed `tick` that is still kept, as [`Timeline::look`] does.
    pub fn look<T>(&mut self, tick: Tick, see: impl FnOnce(&S::State) -> T) -> Option<T> {
        self.timeline.look(tick, see)
    }

    /// Digest of the world after `tick`, as [`Timeline::digest`] tells it.
    pub fn digest(&self, tick: Tick) -> Option<Digest> {
        self.timeline.digest(tick)
    }

    /// Whether the live state is the session's last. It may then be before one that was shown: of a
    /// tick that was predicted and is not part of the session.
    pub fn ended(&self) -> bool {
        self.timeline.session().ended()
    }

    /// The newest tick that is confirmed; `None` if none is.
    pub fn confirmed(&self) -> Option<Tick> {
        let first = self.timeline.setup().first;
        self.timeline.confirmed().previous_since(first)
    }

    /// Another number than before if a state that was shown before may be another one now.
    pub(crate) const fn revision(&self) -> u64 {
        self.timeline.stats().resimulated_ticks
    }

    /// The state one tick beyond the live one, as a copy to be thrown away: the next tick executed
    /// with everybody's last input repeated, nobody's commands and no entry. Drawing
    /// `alpha.between(live, ahead)` instead of `alpha.between(previous, live)` shows the world one
    /// tick earlier, for the price of a guess that is often wrong: a thing that turns is shown
    /// overshooting by up to one tick of its way.
    ///
    /// The rules know only whole ticks; a part of one is a way between two. The copy is made through
    /// the canonical encoding, because a state need not be `Clone`: it costs encoding, hashing and
    /// decoding of the whole world, `Simulation::rebuild` and one step, with allocations. That is
    /// nothing for a fighting game and too much for a large strategy game; do it once per tick and
    /// not per frame. The live state, its digest and its records stay what they are.
    ///
    /// `None` if the session has ended.
    pub fn partial_step(&mut self) -> Option<S::State> {
        let tick = self.moment.tick;
        if self.ended() {
            return None;
        }
        let snapshot = self.timeline.snapshot(tick)?;
        let simulation = self.timeline.simulation();
        let (session, mut state) = snapshot.restore(simulation).ok()?;
        let repeat = self.timeline.window().repeat;
        let slots = Slot::all(session.slots()).zip(&snapshot.missing);
        let inputs: Vec<S::Input> = slots
            .map(|(slot, missing)| {
                let last = self.timeline.input(tick, slot).unwrap_or_default();
                repeat.guess(last, missing.saturating_add(1))
            })
            .collect();
        // As every tick begins: a `Grid` is empty then. Nobody is going to take it back.
        state.open(&mut <S::State as State>::Undo::default());
        let frame = InputFrame::new(tick.next(), &session, &[], &[], &inputs);
        simulation.step(&mut state, &frame, &mut Effects::new());
        Some(state)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Turn;
    use super::*;

    #[test]
    fn alpha_goes_from_0_to_1_and_no_further() {
        let period = 16_666_666;
        let end = Time::from_nanos(1_000_000_000);
        let at = |nanos| Alpha::towards(end, period, end.offset(nanos));
        assert_eq!(at(0), Alpha::ONE);
        assert_eq!(at(1_000_000), Alpha::ONE);
        assert_eq!(at(-8_333_333), Alpha::from_bits(1 << 15));
        assert_eq!(at(-16_666_666), Alpha::ZERO);
        assert_eq!(at(-90_000_000), Alpha::ZERO);
        assert_eq!(Alpha::towards(Time::NEVER, period, end), Alpha::ZERO);
        assert_eq!(Alpha::towards(end, 0, end), Alpha::ONE);
        assert_eq!(Alpha::from_bits(70_000), Alpha::ONE);
    }

    #[test]
    fn what_lies_between_is_on_the_shorter_way() {
        let half = Alpha::from_bits(1 << 15);
        assert!(half.between(3.0, 5.0) == 4.0_f64);
        let turned = half.between(Turn(3.0), Turn(-3.0));
        assert!((turned.0.abs() - core::f64::consts::PI).abs() < 1e-12);
    }
}
