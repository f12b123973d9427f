//! [`Effects`]: what a step tells the presentation, and [`EffectEvent`]: how that is told, once.
//!
//! A sound must be heard when its tick is executed, which is before anybody knows whether the tick is
//! right. So an effect is first *predicted*, and then *confirmed* or *cancelled*, each exactly once,
//! however often its tick is executed again:
//!
//! ```text
//!                        emitted                   its tick confirmed
//!   (nothing) ─────────────────────────> Predicted ─────────────────> Confirmed
//!       │                                 │     ^
//!       │                    tick undone  │     │  emitted again within its tolerance:
//!       │                                 v     │  nobody is told
//!       │                                 adrift ────────────────────> Cancelled
//!       │                                        all ticks within its tolerance confirmed
//!       │
//!       └── emitted and confirmed at once, or told when confirmed only ──> Confirmed
//! ```
//!
//! **Which is which.** An effect is known by its [`EffectKey`] and by its number among those of the same
//! key in one tick. A corrected tick that emits such a one no more than [`Effect::tolerance`] ticks
//! away from where one that is adrift *was predicted* means that one: it is neither played again nor
//! taken back. Of several, it means the one that was predicted for this very tick, else the one whose
//! time runs out first. The distance is always to the tick that was told, so that an effect corrected
//! again and again does not wander off.
//!
//! **In what order.** `Predicted` as ticks are executed, in the order emitted. `Confirmed` by tick, in
//! the order emitted: which effects are confirmed, in which order and with which values is, on every
//! peer, what executing the log once gives. `Cancelled` after the `Confirmed` of the last tick within
//! the tolerance, or of the session's last tick; by key. A timeline that [jumps](crate::Timeline::jump) or
//! [restarts](crate::Timeline::restart) cancels at once, by key, all that is predicted. Of one [`EffectId`],
//! `Predicted` is before the other.
//!
//! **What is not told.** An effect whose tick was confirmed when it was first executed, as every one in
//! lockstep, is told as `Confirmed` alone, with `predicted: None`; and so is one that came while
//! [`EFFECTS_PREDICTED_MAX`](crate::limits::EFFECTS_PREDICTED_MAX) were predicted. A timeline tells of what it executes itself:
//! nothing before the state or snapshot it begins with, and looking back executes nothing. Effects
//! are in no state, digest, encoding or snapshot. Ids are a timeline's own.

use alloc::vec::Vec;
use core::fmt;

use crate::limits::EFFECTS_PER_TICK_MAX;
use crate::tick::Tick;

mod ledger;

pub(crate) use ledger::Ledger;

/// Something that a game tells its presentation: a sound, a flash, a shake of the camera.
///
/// ```
/// use phalanx_engine::{Effect, EffectKey};
///
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// enum Noise {
///     Step { who: u8 },
///     Hit { who: u8, damage: u16 },
///     Death { who: u8 },
/// }
///
/// impl Effect for Noise {
///     fn key(&self) -> EffectKey {
///         match *self {
///             Self::Step { who } => EffectKey::new(0, who),
///             Self::Hit { who, .. } => EffectKey::new(1, who),
///             Self::Death { who } => EffectKey::new(2, who),
///         }
///     }
///
///     /// A hit that turns out to be a tick or two later is still that hit.
///     fn tolerance(&self) -> u32 {
///         match self {
///             Self::Step { .. } => 6,
///             _ => 3,
///         }
///     }
///
///     /// Nobody wants to hear somebody die who then lives on.
///     fn confirmed_only(&self) -> bool {
///         matches!(self, Self::Death { .. })
///     }
/// }
/// ```
pub trait Effect: Copy + PartialEq + fmt::Debug + 'static {
    /// What it is, and whose: by this an effect is known again when its tick is executed again. What
    /// may come out otherwise, such as how loud it is, is no part of it.
    fn key(&self) -> EffectKey;

    /// By how many ticks a correction may move it, one way or the other, and it is still the same; at
    /// most [`EFFECT_TOLERANCE_TICKS_MAX`](crate::limits::EFFECT_TOLERANCE_TICKS_MAX). What is longer
    /// apart is played again. It is also how long a wrong one waits until it is cancelled.
    fn tolerance(&self) -> u32 {
        2
    }

    /// Whether it is told only when its tick is confirmed, and never taken back.
    fn confirmed_only(&self) -> bool {
        false
    }
}

/// For games that tell nothing: there is no such value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoEffect {}

impl Effect for NoEffect {
    fn key(&self) -> EffectKey {
        match *self {}
    }
}

/// By what an effect is known again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectKey {
    /// Which sound or picture it is.
    pub kind: u32,
    /// Whose: a slot, an [`Id`](crate::Id::to_bits)'s bits, or 0.
    pub entity: u64,
}

impl EffectKey {
    /// The key of a `kind` of effect at some `entity`.
    #[must_use]
    pub fn new(kind: u32, entity: impl Into<u64>) -> Self {
        let entity = entity.into();
        Self { kind, entity }
    }
}

/// Numbers what a timeline tells of, from 0 on, in the order in which it was first told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId(pub u64);

/// What became of an effect. The [module](crate::effects) says when, and in which order.
///
/// ```
/// # use phalanx_engine::*;
/// # #[derive(Clone, Copy, Debug, PartialEq)] struct Bang;
/// # impl Effect for Bang {
/// #     fn key(&self) -> EffectKey { EffectKey::new(0, 0_u32) }
/// #     fn tolerance(&self) -> u32 { 1 }
/// # }
/// # struct Rules;
/// # impl Simulation for Rules {
/// #     const ID: &'static str = "bang"; const VERSION: u32 = 1;
/// #     type State = u8; type Input = bool; type Command = NoCommand; type Effect = Bang;
/// #     fn start(&self, _: &Setup) -> u8 { 0 }
/// #     fn step(&self, _: &mut u8, frame: &InputFrame<'_, Self>, effects: &mut Effects<Bang>) {
/// #         if frame.input(Slot(0)) { effects.emit(Bang); }
/// #     }
/// # }
/// # let sealed = |tick, fires: bool| {
/// #     let mut frame = SealedFrame::empty(FrameHash([0; 32]));
/// #     frame.tick = Tick(tick);
/// #     frame.inputs = vec![fires.into()];
/// #     frame.provenance = vec![Provenance::Real];
/// #     frame
/// # };
/// # let setup = Setup::new(1, 1, TickRate::hz(60));
/// # let window = Window { ticks: 8, repeat: Repeat { ticks: 8 } };
/// # let mut timeline = Timeline::new(Rules, &setup, window)?;
/// // Forwarded by the relay: a bang at tick 0, one at tick 1, none at ticks 2 and 3.
/// for (tick, fires) in [(0, true), (1, true), (2, false), (3, false)] {
///     timeline.provide(Tick(tick), Slot(0), fires);
///     timeline.advance().unwrap();
/// }
/// let told: Vec<_> = timeline.effects().collect();
/// let (first, second) = (EffectId(0), EffectId(1));
/// assert_eq!(told, [
///     EffectEvent::Predicted { id: first, tick: Tick(0), effect: Bang },
///     EffectEvent::Predicted { id: second, tick: Tick(1), effect: Bang },
/// ]);
///
/// // The relay has it otherwise: nothing at tick 1.
/// for (tick, fires) in [(0, true), (1, false), (2, false)] {
///     timeline.seal(&sealed(tick, fires))?;
///     while timeline.next() < Tick(4) { timeline.advance().unwrap(); }
/// }
/// let told: Vec<_> = timeline.effects().collect();
/// assert_eq!(told, [
///     EffectEvent::Confirmed { id: first, tick: Tick(0), effect: Bang, predicted: Some(Tick(0)) },
///     // Tick 2 was the last one that could have been a tick late.
///     EffectEvent::Cancelled { id: second, tick: Tick(1), effect: Bang },
/// ]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EffectEvent<E> {
    /// A tick that may yet change emitted it: play it. One of the others follows.
    Predicted {
        /// Which it is.
        id: EffectId,
        /// The tick that emitted it.
        tick: Tick,
        /// What it is.
        effect: E,
    },
    /// The log has it. Play it now if it was not predicted; else it plays already.
    Confirmed {
        /// Which it is.
        id: EffectId,
        /// The tick that emitted it.
        tick: Tick,
        /// What it is: in what its key does not say, perhaps another than was predicted.
        effect: E,
        /// For which tick it was predicted, within its tolerance of `tick`; `None` if nothing was told
        /// of it before.
        predicted: Option<Tick>,
    },
    /// It did not happen: stop it, fade it out, or let it be.
    Cancelled {
        /// Which it is.
        id: EffectId,
        /// The tick for which it was predicted.
        tick: Tick,
        /// What was predicted.
        effect: E,
    },
}

impl<E: Copy> EffectEvent<E> {
    /// Which effect it is about.
    #[must_use]
    pub const fn id(&self) -> EffectId {
        match *self {
            Self::Predicted { id, .. }
            | Self::Confirmed { id, .. }
            | Self::Cancelled { id, .. } => id,
        }
    }

    /// What is to be played now, if anything: at its first word of an effect.
    #[must_use]
    pub const fn plays(&self) -> Option<E> {
        match *self {
            Self::Predicted { effect, .. }
            | Self::Confirmed {
                effect,
                predicted: None,
                ..
            } => Some(effect),
            Self::Confirmed { .. } | Self::Cancelled { .. } => None,
        }
    }
}

/// What a step emits into.
///
/// It takes [`EFFECTS_PER_TICK_MAX`] effects of a tick, the first ones; what is more is left out, on every peer alike,
/// and counted. A step cannot read what is in it: effects decide nothing.
#[derive(Clone, Debug)]
pub struct Effects<E> {
    emitted: Vec<E>,
    left_out: u32,
}

impl<E> Default for Effects<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Effects<E> {
    /// None yet. Whoever calls [`Simulation::step`](crate::Simulation::step) by itself needs one.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            emitted: Vec::new(),
            left_out: 0,
        }
    }

    /// Tells the presentation of `effect`.
    pub fn emit(&mut self, effect: E) {
        if (self.emitted.len() as u64) < u64::from(EFFECTS_PER_TICK_MAX) {
            self.emitted.push(effect);
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// Takes out what was emitted, in that order, and begins anew.
    pub fn take(&mut self) -> impl Iterator<Item = E> {
        self.left_out = 0;
        self.emitted.drain(..)
    }

    /// What was emitted, for whoever called the step.
    pub(crate) fn emitted(&self) -> &[E] {
        &self.emitted
    }

    /// How many were left out.
    pub(crate) const fn left_out(&self) -> u32 {
        self.left_out
    }

    pub(crate) fn clear(&mut self) {
        self.emitted.clear();
        self.left_out = 0;
    }
}
