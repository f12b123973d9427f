//! [`Spring`]: a correction that is shown little by little.

use core::time::Duration;

use super::Offset;
use crate::time::Time;

/// How corrections of one component (position, angle, …) are shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smoothing {
    settle: Duration,
    teleport: f64,
}

/// Time constants after which 5 % of an offset are left: the root of (1 + x) · e⁻ˣ = 0.05.
const SETTLE: f64 = 4.743_864_518;

/// Time constants after which an offset is zero: 4 · 10⁻⁸ of it are left.
const REST: f64 = 20.0;

impl Smoothing {
    /// 95 % of a correction within 300 ms, a time constant of 63 ms, and no teleports. See
    /// [the table](crate::present#which-method-and-how-long) for what that looks like.
    pub const DEFAULT: Self = Self {
        settle: Duration::from_millis(300),
        teleport: f64::INFINITY,
    };

    /// 95 % of a correction are shown after `settle`, all of it after 4.2 times that; with zero at
    /// once.
    #[must_use]
    pub const fn within(self, settle: Duration) -> Self {
        Self { settle, ..self }
    }

    /// An offset that would be longer than `distance`, in the value's unit, is not shown at all: the
    /// thing is at once where it is.
    #[must_use]
    pub const fn teleport_beyond(self, distance: f64) -> Self {
        Self {
            teleport: distance,
            ..self
        }
    }

    /// The time constant, seconds.
    #[must_use]
    pub fn time_constant(self) -> f64 {
        self.settle.as_secs_f64() / SETTLE
    }

    /// From a correction on until its offset is exactly zero.
    pub(crate) fn rest(self) -> Duration {
        self.settle.mul_f64(REST / SETTLE)
    }

    /// Whether a way as long as this is gone little by little; never one that is not a number.
    pub(crate) fn is_near(self, size: f64) -> bool {
        size <= self.teleport && size.is_finite()
    }
}

impl Default for Smoothing {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// An offset and how it changes, per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Motion<T> {
    pub(crate) offset: T,
    pub(crate) velocity: T,
}

impl<T: Offset> Motion<T> {
    pub(crate) const REST: Self = Self {
        offset: T::ZERO,
        velocity: T::ZERO,
    };

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            offset: self.offset.plus(other.offset),
            velocity: self.velocity.plus(other.velocity),
        }
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self {
            offset: self.offset.minus(other.offset),
            velocity: self.velocity.plus(other.velocity.times(-1.0)),
        }
    }
}

/// An offset that goes to zero as a critically damped spring does.
///
/// It solves x″ + 2ωx′ + ω²x = 0, ω = 1/τ, in closed form: with x and v as they were at the last
/// correction, t ago,
///
/// > x(t) = (x + (v + ωx) t) e^(−ωt),  x′(t) = (v − ω (v + ωx) t) e^(−ωt)
///
/// (R. Juckett, "Damped Springs", 2012; used as T. Lowe, "Critically Damped Ease-In/Ease-Out
/// Smoothing", Game Programming Gems 4, 2004, but with e^(−ωt) itself.) It is always computed from
/// the last correction, of which it knows the moment in nanoseconds: how often it is asked changes
/// nothing, not even the last bit.
///
/// A correction is added to the offset and leaves the velocity: overlapping corrections do not
/// restart it, and what is shown neither jumps nor jerks. An offset of E is fastest after τ, with
/// E / (τe): something that moves with v is never seen to move back while |E| < v · τ · e, also if
/// E is the sum of many corrections of one sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spring<T> {
    smoothing: Smoothing,
    from: Motion<T>,
    since: Time,
}

impl<T: Offset> Spring<T> {
    /// A spring at rest.
    #[must_use]
    pub const fn new(smoothing: Smoothing) -> Self {
        Self {
            smoothing,
            from: Motion::REST,
            since: Time::ZERO,
        }
    }

    /// The offset at `now`, which is not before the last correction.
    #[must_use]
    pub fn offset(&self, now: Time) -> T {
        self.motion(now).offset
    }

    /// The velocity of the offset at `now`, per second.
    #[must_use]
    pub fn velocity(&self, now: Time) -> T {
        self.motion(now).velocity
    }

    /// Adds a correction: what was shown minus what is right.
    pub fn correct(&mut self, now: Time, by: T) {
        let mut motion = self.motion(now);
        motion.offset = motion.offset.plus(by).shortest();
        self.set(now, motion);
    }

    pub(crate) fn set(&mut self, now: Time, motion: Motion<T>) {
        let near = self.smoothing.is_near(motion.offset.size());
        self.from = if near { motion } else { Motion::REST };
        self.since = now;
    }

    pub(crate) fn motion(&self, now: Time) -> Motion<T> {
        let tau = self.smoothing.time_constant();
        let age = now.since(self.since).as_secs_f64();
        if age >= tau * REST {
            return Motion::REST;
        }
        let x = age / tau;
        let decay = (-x).exp();
        let Motion { offset, velocity } = self.from;
        Motion {
            offset: offset
                .times((1.0 + x) * decay)
                .plus(velocity.times(age * decay)),
            velocity: offset
                .times(-x / tau * decay)
                .plus(velocity.times((1.0 - x) * decay)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Turn;
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn at(frame: u64, fps: u64) -> Time {
        Time::from_nanos(SECOND + frame * SECOND / fps)
    }

    /// What is shown in the common frames of both rates, with corrections of nothing in every frame.
    fn shown<T: Offset>(fps: u64, velocity: T, by: T) -> Vec<T> {
        let mut spring = Spring::new(Smoothing::DEFAULT);
        let start = Motion {
            offset: by,
            velocity,
        };
        spring.set(at(0, fps), start);
        let frame = |frame| {
            spring.correct(at(frame, fps), T::ZERO);
            (frame % (fps / 30) == 0).then(|| spring.offset(at(frame, fps)))
        };
        (0..fps / 2).filter_map(frame).collect()
    }

    #[test]
    fn the_constant_is_the_root() {
        assert!(((1.0 + SETTLE) * (-SETTLE).exp() - 0.05).abs() < 1e-9);
        let mut spring = Spring::new(Smoothing::DEFAULT);
        spring.correct(at(0, 1), 100.0);
        let settled = at(0, 1) + Duration::from_millis(300);
        assert!((spring.offset(settled) - 5.0_f64).abs() < 1e-6);
        let rest = at(0, 1) + Smoothing::DEFAULT.rest() + Duration::from_nanos(1);
        assert!(spring.offset(rest) == 0.0);
    }

    #[test]
    fn a_correction_beyond_the_threshold_is_a_teleport() {
        let mut spring = Spring::new(Smoothing::DEFAULT.teleport_beyond(50.0));
        spring.correct(at(0, 60), 40.0);
        assert!(spring.offset(at(1, 60)) > 38.0_f64);
        spring.correct(at(1, 60), 20.0);
        assert!(spring.motion(at(1, 60)) == Motion::REST);
        spring.correct(at(1, 60), f64::NAN);
        assert!(spring.offset(at(2, 60)) == 0.0);
        let mut at_once = Spring::new(Smoothing::DEFAULT.within(Duration::ZERO));
        at_once.correct(at(0, 60), 40.0_f64);
        assert!(at_once.offset(at(0, 60)) == 0.0);
    }

    #[test]
    fn an_angle_goes_on_the_way_it_went() {
        let mut spring = Spring::new(Smoothing::DEFAULT);
        spring.correct(at(0, 60), Turn(3.0));
        let before = spring.motion(at(3, 60));
        spring.correct(at(3, 60), Turn(1.0));
        let after = spring.motion(at(3, 60));
        assert!(
            after.offset.0 < 0.0,
            "half a turn and more is the other way"
        );
        assert!((after.velocity.0 - before.velocity.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn the_frame_rate_does_not_matter(by in -100.0..100.0, velocity in -500.0..500.0) {
            let (slow, fast) = (shown(30, velocity, by), shown(240, velocity, by));
            prop_assert_eq!((slow.len(), fast.len()), (15, 15));
            let scale = f64::abs(by) + f64::abs(velocity) * 0.063;
            for (slow, fast) in slow.iter().zip(&fast) {
                prop_assert!((slow - fast).abs() <= 1e-12 * scale);
            }
        }

        #[test]
        fn nor_in_single_precision(by in -100.0_f32..100.0, velocity in -500.0_f32..500.0) {
            let (slow, fast) = (shown(30, velocity, by), shown(240, velocity, by));
            let scale = f32::abs(by) + f32::abs(velocity) * 0.063;
            for (slow, fast) in slow.iter().zip(&fast) {
                prop_assert!((slow - fast).abs() <= 1e-6 * scale);
            }
        }

        /// Corrections of one sign at any times, as long as they add up to less than v · τ · e.
        #[test]
        fn nothing_is_seen_to_move_back(parts in prop::collection::vec((0_u64..30, 0.0..1.0), 1..8)) {
            let (speed, fps) = (300.0, 60);
            let bound = speed * Smoothing::DEFAULT.time_constant() * core::f64::consts::E;
            let sum: f64 = parts.iter().map(|(_, part)| part).sum::<f64>() + 1e-9;
            let mut spring = Spring::new(Smoothing::DEFAULT);
            let mut place = f64::NEG_INFINITY;
            let mut ahead = 0.0;
            for frame in 0..120 {
                let now = at(frame, fps);
                for (_, part) in parts.iter().filter(|(due, _)| *due == frame) {
                    ahead += part / sum * bound;
                    spring.correct(now, part / sum * bound);
                }
                // The world moves evenly, and every correction puts it back.
                let right = speed * now.since(Time::ZERO).as_secs_f64() - ahead;
                let shown = right + spring.offset(now);
                prop_assert!(spring.velocity(now) >= -speed * 1.000_001);
                prop_assert!(shown >= place - 1e-6, "frame {frame}");
                place = shown;
            }
        }

        /// The canary: a bit more than the bound, and it is.
        #[test]
        fn beyond_the_bound_something_moves_back(excess in 1.02..3.0) {
            let smoothing = Smoothing::DEFAULT;
            let mut spring = Spring::new(smoothing);
            spring.correct(at(0, 1), 300.0 * smoothing.time_constant() * core::f64::consts::E * excess);
            let fastest = at(0, 1) + Duration::from_secs_f64(smoothing.time_constant());
            prop_assert!(spring.velocity(fastest) < -300.0_f64);
        }
    }
}
