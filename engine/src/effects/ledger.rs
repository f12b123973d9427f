//! [`Ledger`]: what was emitted by ticks that are not confirmed, what was told of it, and what is to be
//! told.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{Effect, EffectEvent, EffectId, EffectKey, Effects};
use crate::index::at;
use crate::limits::{
    EFFECT_EVENTS_MAX, EFFECT_TOLERANCE_TICKS_MAX, EFFECTS_PREDICTED_MAX, HISTORY_TICKS_MAX,
};
use crate::tick::Tick;

/// Room from the start for so many effects of a whole window: a busier moment than any before it is no reason to
/// allocate, unless it is an unusual one.
const RESERVED: u32 = 128;

/// An effect's key, and its number among those of the same key in its tick.
type Name = (EffectKey, u32);

/// What the presentation was told of an effect when it was predicted.
#[derive(Clone, Copy, Debug)]
struct Prediction<E> {
    id: EffectId,
    tick: Tick,
    effect: E,
}

impl<E: Effect> Prediction<E> {
    fn tolerance(&self) -> u64 {
        self.effect
            .tolerance()
            .min(EFFECT_TOLERANCE_TICKS_MAX)
            .into()
    }

    /// The last tick that may emit it.
    fn last(&self) -> Tick {
        self.tick + self.tolerance()
    }

    /// Whether an effect of the same name at `tick` is this one.
    fn is_at(&self, tick: Tick) -> bool {
        self.tick.since(tick).unsigned_abs() <= self.tolerance()
    }
}

/// An effect of an executed tick that is not confirmed.
#[derive(Clone, Debug)]
struct Emitted<E> {
    tick: Tick,
    name: Name,
    effect: E,
    /// What of it was told, if anything.
    told: Option<Prediction<E>>,
}

/// A prediction whose tick was undone.
#[derive(Clone, Debug)]
struct Adrift<E> {
    name: Name,
    last: Tick,
    /// `None` once a tick has emitted it again.
    told: Option<Prediction<E>>,
}

/// The effects of a timeline.
#[derive(Clone, Debug)]
pub(crate) struct Ledger<E> {
    /// What the tick that is being executed emits into.
    step: Effects<E>,
    /// Positions in `step` by name: scratch.
    order: Vec<u32>,
    /// Of all executed ticks that are not confirmed, by tick, in the order emitted.
    emitted: VecDeque<Emitted<E>>,
    /// By name, then by last tick, then by id.
    adrift: Vec<Adrift<E>>,
    /// How many predictions are neither confirmed nor cancelled.
    open: u32,
    next: EffectId,
    events: VecDeque<EffectEvent<E>>,
    missed: u64,
}

impl<E: Effect> Ledger<E> {
    pub(crate) fn new() -> Self {
        Self {
            step: Effects::new(),
            order: Vec::with_capacity(at(RESERVED)),
            emitted: VecDeque::with_capacity(at(RESERVED)),
            adrift: Vec::with_capacity(at(RESERVED)),
            open: 0,
            next: EffectId(0),
            events: VecDeque::with_capacity(at(RESERVED)),
            missed: 0,
        }
    }

    /// What the next tick emits into: empty.
    pub(crate) fn begin(&mut self) -> &mut Effects<E> {
        self.step.clear();
        &mut self.step
    }

    /// The next event that nobody has fetched.
    pub(crate) fn pop(&mut self) -> Option<EffectEvent<E>> {
        self.events.pop_front()
    }

    /// How many events nobody fetched in time.
    pub(crate) const fn missed(&self) -> u64 {
        self.missed
    }

    /// Notes what `tick`, just executed, has emitted, and tells what nobody was told; returns how many effects were left
    /// out. A tick that is `certain` is going to be confirmed at once.
    pub(crate) fn executed(&mut self, tick: Tick, certain: bool) -> u32 {
        for effect in self.step.emitted() {
            self.emitted.push_back(Emitted {
                tick,
                name: (effect.key(), 0),
                effect: *effect,
                told: None,
            });
        }
        let first = self.number();
        for index in first..self.emitted.len() {
            let Emitted { name, effect, .. } = self.emitted[index];
            let mut told = self.found_again(name, tick);
            let silent = certain || effect.confirmed_only() || self.open >= EFFECTS_PREDICTED_MAX;
            if told.is_none() && !silent {
                let id = self.id();
                self.open += 1;
                told = Some(Prediction { id, tick, effect });
                self.tell(EffectEvent::Predicted { id, tick, effect });
            }
            self.emitted[index].told = told;
        }
        self.step.left_out()
    }

    /// Numbers those of the same key among the effects of the newest tick; returns the position of the
    /// first one.
    #[expect(clippy::disallowed_types, reason = "a position in memory")]
    fn number(&mut self) -> usize {
        let Self {
            emitted,
            order,
            step,
            ..
        } = self;
        let first = emitted.len() - step.emitted().len();
        order.clear();
        order.extend((0..).zip(emitted.range(first..)).map(|(index, _)| index));
        let key = |emitted: &VecDeque<Emitted<E>>, index: u32| emitted[first + at(index)].name.0;
        #[expect(
            clippy::disallowed_methods,
            reason = "no two are equal, and a stable sort allocates"
        )]
        order.sort_unstable_by_key(|index| (key(emitted, *index), *index));
        let mut before: Option<Name> = None;
        for index in order {
            let name = &mut emitted[first + at(*index)].name;
            if let Some((key, number)) = before
                && key == name.0
            {
                name.1 = number + 1;
            }
            before = Some(*name);
        }
        first
    }

    /// Takes the prediction that an effect of this name at `tick` means, if there is one.
    fn found_again(&mut self, name: Name, tick: Tick) -> Option<Prediction<E>> {
        let first = self.adrift.partition_point(|adrift| adrift.name < name);
        let same = self.adrift[first..].iter_mut();
        let same = same.take_while(|adrift| adrift.name == name);
        let mut meant = None;
        for Adrift { told, .. } in same {
            match told {
                Some(one) if one.tick == tick => return told.take(),
                Some(one) if meant.is_none() && one.is_at(tick) => meant = Some(told),
                _ => {}
            }
        }
        meant?.take()
    }

    /// Notes that all executed ticks from `first` on are undone.
    pub(crate) fn undone(&mut self, first: Tick) {
        let before = self.adrift.len();
        while let Some(undone) = self.emitted.pop_back_if(|emitted| emitted.tick >= first) {
            if let Some(told) = undone.told {
                self.adrift.push(Adrift {
                    name: undone.name,
                    last: told.last(),
                    told: Some(told),
                });
            }
        }
        if self.adrift.len() > before {
            self.adrift.retain(|adrift| adrift.told.is_some());
            #[expect(
                clippy::disallowed_methods,
                reason = "no two are equal, and a stable sort allocates"
            )]
            self.adrift.sort_unstable_by_key(|adrift| {
                let id = adrift.told.map(|told| told.id);
                (adrift.name, adrift.last, id)
            });
        }
    }

    /// Notes that `tick`, the first one that was not, is confirmed, and that it is the session's last one if `ended`.
    pub(crate) fn confirmed(&mut self, tick: Tick, ended: bool) {
        while let Some(emitted) = self.emitted.pop_front_if(|emitted| emitted.tick == tick) {
            let Emitted { effect, told, .. } = emitted;
            if told.is_some() {
                self.open -= 1;
            }
            let id = told.map_or_else(|| self.id(), |told| told.id);
            let predicted = told.map(|told| told.tick);
            self.tell(EffectEvent::Confirmed {
                id,
                tick,
                effect,
                predicted,
            });
        }
        let mut adrift = core::mem::take(&mut self.adrift);
        adrift.retain(|adrift| match adrift.told {
            None => false,
            Some(told) if adrift.last <= tick || ended => {
                self.open -= 1;
                let Prediction { id, tick, effect } = told;
                self.tell(EffectEvent::Cancelled { id, tick, effect });
                false
            }
            Some(_) => true,
        });
        self.adrift = adrift;
        self.forget(tick);
    }

    /// Takes back all that was predicted: nobody is going to see what becomes of it.
    pub(crate) fn abandon(&mut self) {
        self.undone(Tick::ZERO);
        for adrift in core::mem::take(&mut self.adrift) {
            if let Some(Prediction { id, tick, effect }) = adrift.told {
                self.tell(EffectEvent::Cancelled { id, tick, effect });
            }
        }
        self.open = 0;
    }

    fn id(&mut self) -> EffectId {
        let id = self.next;
        self.next = EffectId(id.0 + 1);
        id
    }

    fn tell(&mut self, event: EffectEvent<E>) {
        if self.events.len() as u64 >= u64::from(EFFECT_EVENTS_MAX) {
            self.events.pop_front();
            self.missed += 1;
        }
        self.events.push_back(event);
    }

    /// Forgets what nobody has fetched for so long that nobody is going to.
    fn forget(&mut self, confirmed: Tick) {
        let old = |event: &mut EffectEvent<E>| {
            let (EffectEvent::Predicted { tick, .. }
            | EffectEvent::Confirmed { tick, .. }
            | EffectEvent::Cancelled { tick, .. }) = *event;
            confirmed.since(tick) > i64::from(HISTORY_TICKS_MAX)
        };
        while self.events.pop_front_if(old).is_some() {
            self.missed += 1;
        }
    }
}
